"""Hourly archives of the log's events: one compressed file an area and hour, with its checksum beside, so that last month can still be replayed.

A file holds whole records, in order, one JSON line an event, in the form of a recording. It is written under another name and renamed when it is whole;
the position `archive` in the log moves only then, and retention passes nothing that is not archived.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog
import zstandard

from ingest.log import EVENTS, Log
from ingest.recording import record_lines
from ingest.recording_sites import with_sites
from ingest.records import Codec

READER = "archive"
HOUR = 3_600_000  # ms
GRACE = 60_000  # ms after the hour's end until it is closed: a record's stamp may lag behind; ours
AGAIN = 60_000  # ms until an hour that found no room is tried again; ours
CHUNK = 64  # records read at once

_log = structlog.get_logger()


def hours(folder: Path, area: str) -> list[Path]:
    """The archived hours of an area, oldest first."""
    return sorted((folder / area).glob("*.jsonl.zst"), key=lambda path: int(path.name.removesuffix(".jsonl.zst").rpartition("-")[2]))


class Archive:
    """Writes the hours that are over. One step does one hour at most, so that the recorder is never away for long."""

    def __init__(self, log: Log, folder: Path, areas: Mapping[int, str]) -> None:
        self._of, self._folder, self._areas = log, folder, areas
        self._codec = Codec()
        self._not_before: dict[int, int] = {}  # partition -> ms at which its hour is over

    def step(self, partitions: Sequence[int], now: int) -> Path | None:
        """Archive the oldest whole hour of the first partition that has one; None where there is nothing to do, or no room (asked again later)."""
        for partition in partitions:
            if now < self._not_before.get(partition, 0):
                continue
            position = self._of.position(READER, EVENTS, partition) or 0
            first = self._of.read(EVENTS, partition, position, 1)
            if not first:
                continue
            end = first[0].at - first[0].at % HOUR + HOUR
            if now < end + GRACE:
                self._not_before[partition] = end + GRACE
                continue
            try:
                return self._hour(partition, first[0].offset, end)
            except OSError as full:
                _log.warning("an hour could not be archived", partition=partition, why=str(full))
                self._not_before[partition] = now + AGAIN
        return None

    def _hour(self, partition: int, offset: int, end: int) -> Path:
        area = self._areas.get(partition) or f"area-{partition}"
        name = datetime.fromtimestamp((end - HOUR) / 1000, UTC).strftime("%Y-%m-%dT%HZ")
        path = self._folder / area / f"{name}-{offset}.jsonl.zst"
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        try:
            with part.open("wb") as file:
                with zstandard.ZstdCompressor(level=6).stream_writer(file, closefd=False) as packed:
                    following = self._copy(packed, partition, offset, end, area)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            part.unlink(missing_ok=True)  # half an hour's file would keep a full disk full
            raise
        with part.open("rb") as whole:
            digest = hashlib.file_digest(whole, "sha256").hexdigest()
        path.with_name(path.name + ".sha256").write_text(f"{digest}  {path.name}\n")
        part.replace(path)
        self._of.save_positions(READER, [(EVENTS, partition, following)])
        _log.info("an hour is archived", area=area, hour=name, bytes=path.stat().st_size)
        return path

    def _copy(self, packed: zstandard.ZstdCompressionWriter, partition: int, offset: int, end: int, area: str) -> int:
        """Returns the offset that follows the hour."""
        following = offset

        def lines() -> Iterator[str]:
            nonlocal following
            while entries := self._of.read(EVENTS, partition, following, CHUNK):
                for entry in entries:
                    if entry.at >= end:
                        return
                    yield from record_lines(self._codec.unpack(entry.value), area, entry.offset)
                    following = entry.offset + 1

        for line in with_sites(self._of, lines()):
            packed.write(line.encode())
        return following
