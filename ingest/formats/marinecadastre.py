"""The AIS table of the US Coast Guard (MarineCadastre: MMSI, BaseDateTime, LAT, LON, SOG, …) into wire payloads, in the order of time.

Source of the columns: marinecadastre.gov, AIS data dictionary. Times are UTC without an offset. "Not available" (102.3, 360, 511) becomes absent.
"""

import csv
import gzip
import heapq
import io
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple, cast

import msgspec

from ingest.formats.nmea import BEACONS

RUN = 50_000  # rows sorted at once, some 50 MB; ours


class Row(NamedTuple):
    """One row as the wire says it: `at` in ms, `kind` is `position` or `distress`."""

    at: int
    kind: str
    payload: dict[str, Any]


_READ = msgspec.json.Decoder(Row).decode


def read(path: Path) -> Iterator[Row | str]:
    """The rows of a `.csv` or `.csv.gz` in the order of time (of one time in the file's order); before them, as texts, why rows were left out.

    Such a file holds millions of rows that are only roughly in order, so it is sorted in pieces of `RUN` rows on disk.
    """
    with ExitStack() as files:
        raw: IO[bytes] = files.enter_context(path.open("rb"))
        if path.suffix == ".gz":
            plain = files.enter_context(gzip.open(raw))
            raw = cast("IO[bytes]", plain)
        rows = decode(io.TextIOWrapper(raw, encoding="utf-8", newline=""))
        runs = []
        while piece := list(islice(rows, RUN)):
            yield from (row for row in piece if isinstance(row, str))
            run = files.enter_context(TemporaryFile())
            for row in sorted((row for row in piece if not isinstance(row, str)), key=lambda row: row.at):
                run.write(msgspec.json.encode(row) + b"\n")
            run.seek(0)
            runs.append(map(_READ, run))
        yield from heapq.merge(*runs, key=lambda row: row.at)


def decode(lines: Iterable[str]) -> Iterator[Row | str]:
    """The rows of a table with a header line, in its order; a text where a row cannot be used: the line's number and why."""
    for number, record in enumerate(csv.DictReader(lines), start=2):
        mmsi = (record.get("MMSI") or "").strip()
        if len(mmsi) != 9 or not mmsi.isdecimal():
            yield f"line {number}: MMSI {mmsi[:20]} is not of 9 digits"
            continue
        try:
            yield _row(mmsi, record)
        except (ValueError, KeyError, TypeError) as wrong:
            yield f"line {number}: {wrong}"


def _row(mmsi: str, record: dict[str, str]) -> Row:
    at = round(datetime.fromisoformat(record["BaseDateTime"]).replace(tzinfo=UTC).timestamp() * 1000)
    longitude, latitude = float(record["LON"]), float(record["LAT"])
    if abs(longitude) > 180 or abs(latitude) > 90:
        raise ValueError(f"no position: {longitude}, {latitude}")
    status = _number(record.get("Status"), 16)
    seen: dict[str, Any] = {"ts": at, "vessel": mmsi, "position": [longitude, latitude], "sog": _number(record.get("SOG"), 102.3)}
    if mmsi[:3] in BEACONS and status in {14, 15}:
        return Row(at, "distress", {**seen, "source": BEACONS[mmsi[:3]], "test": status == 15})
    imo = (record.get("IMO") or "").removeprefix("IMO")
    seen |= {
        "system": "ais",
        "cog": _number(record.get("COG"), 360),
        "heading": _number(record.get("Heading"), 360),
        "nav_status": None if status is None else int(status),
        "name": (record.get("VesselName") or "").strip() or None,
        "callsign": (record.get("CallSign") or "").strip() or None,
        "imo": int(imo) or None if imo.isdecimal() else None,
        "ship_type": int(kind) if (kind := _number(record.get("VesselType"), 1025)) else None,
        "length": _number(record.get("Length"), 1023) or None,
        "class": cls if (cls := record.get("TransceiverClass")) in {"A", "B"} else None,
    }
    return Row(at, "position", {name: value for name, value in seen.items() if value is not None})


def _number(text: str | None, limit: float) -> float | None:
    """None where nothing is written, and outside 0 ≤ value < limit."""
    if not text:
        return None
    value = float(text)
    return value if 0 <= value < limit else None
