"""Recordings: JSON Lines of what was received, plain, `.gz` or `.zst`; what `replay` reads, `log export` writes, and the simulator can write.

Lines with `area` and `offset` are the log's own: they passed the door once and are taken as they stand. Others go through the door now.
"""

import base64
import gzip
import heapq
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain, groupby
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
import zstandard
from msgspec import Raw, Struct

from ingest.events import Event, Tick, kind_of
from ingest.log import EVENTS, Entry, Log
from ingest.records import Batch, Codec
from ingest.refusals import Refused
from ingest.wire import _NAME, Door, decode_one
from ingest.wire_forms import BROKEN, EPOCH, ROWS, form_of, milliseconds, name_object, settle_times

ORDER = 600_000  # ms within which lines may be out of order
EVENTS_A_BATCH = 500
TICK = 1_000  # ms
FOR_EVER = 1 << 62  # ms
_FIRST = 100_000  # lines looked at, at most, to learn whether a recording has its own ticks


class Line(NamedTuple):
    number: int  # of the line in the file, from 1
    received: int  # ms
    topic: str
    payload: bytes
    area: str | int | None = None
    offset: int | None = None
    site: str | None = None
    retained: bool = False
    snapshot: bytes | None = None  # JSON; only of the first line
    sites: dict[str, str] | None = None  # revision -> packed site, base64: on the first line that names it


class _Row(Struct):
    received: str | int = ""
    topic: str = ""
    payload: Raw = Raw()  # empty: absent; immutable
    text: str | None = None
    base64: str | None = None
    area: str | int | None = None
    offset: int | None = None
    site: str | None = None
    retained: bool = False
    snapshot: Raw = Raw()
    sites: dict[str, str] | None = None


_decode = msgspec.json.Decoder(_Row).decode


def read_recording(path: Path) -> Iterator[Line]:
    """Its lines in order of `received`. Raises ValueError with the line's number where one cannot be read or is over 10 min out of order."""
    lines = _lines(path)
    first = next(lines, None)
    if first is not None and first.snapshot is not None:
        yield first
        first = next(lines, None)
    if first is None:
        return
    lines = chain((first,), lines)
    yield from lines if first.offset is not None else _sorted(lines)


def _lines(path: Path) -> Iterator[Line]:
    with _open(path) as file:
        for number, text in enumerate(file, 1):
            if text.strip():
                yield _line(number, text)


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]  # reads as one
    if path.suffix == ".zst":
        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(path.open("rb"), closefd=True))
    return path.open("rb")


def _line(number: int, text: bytes) -> Line:
    try:
        row = _decode(text)
        if bytes(row.snapshot) and number == 1:
            return Line(1, 0, "", b"", snapshot=bytes(row.snapshot), sites=row.sites)
        received = row.received if isinstance(row.received, int) else _moment(row.received)
        payload = bytes(row.payload) or (row.text.encode() if row.text is not None else base64.b64decode(row.base64 or ""))
    except BROKEN as fault:
        raise ValueError(f"line {number}: {fault}") from fault
    if not row.topic:
        raise ValueError(f"line {number}: no topic")
    return Line(number, received, row.topic, payload, row.area, row.offset, row.site, row.retained, sites=row.sites)


def _moment(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"`received` without an offset: {text}")
    return milliseconds(moment)


def _sorted(lines: Iterable[Line]) -> Iterator[Line]:
    waiting: list[tuple[int, int, Line]] = []
    newest = 0
    for line in lines:
        if line.received < newest - ORDER:
            raise ValueError(f"line {line.number}: received {newest - line.received} ms before a line above it; at most {ORDER} can be put in order")
        newest = max(newest, line.received)
        heapq.heappush(waiting, (line.received, line.number, line))
        while waiting[0][0] < newest - ORDER:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


def batches(lines: Iterator[Line], door: Door, refused: list[Refused] | None = None) -> Iterator[tuple[int, int | None, Batch]]:
    """(area number, offset or None, batch), in order: what the fold takes. `refused`, where given, gathers what the door turned away."""
    first = next((line for line in lines if line.snapshot is None), None)
    if first is None:
        return
    lines = chain((first,), lines)
    if first.offset is not None:
        yield from _as_logged(lines, door)
    else:
        yield from _through_the_door(lines, Door(door.site, recorded=True), refused)


def _as_logged(lines: Iterator[Line], door: Door) -> Iterator[tuple[int, int | None, Batch]]:
    """A record of the log again, whole: the bridge never let one run past a tick."""
    areas = door.site.area_of
    for (area, offset, site), group in groupby(lines, key=lambda line: (line.area, line.offset, line.site)):
        events: list[Any] = []
        for line in group:
            if line.offset is None or line.area is None:
                raise ValueError(f"line {line.number}: `area` and `offset` on every line, or on none")
            try:
                events.append(reread(line.topic, line.payload, line.received))
            except BROKEN as fault:
                raise ValueError(f"line {line.number}: {fault}") from fault
        if isinstance(area, str) and area not in areas:
            raise ValueError(f"the site has no area {area}, which the recording names")
        yield areas[area].number if isinstance(area, str) else int(area or 0), offset, Batch(site or door.site.revision, events)


def _through_the_door(lines: Iterator[Line], door: Door, refused: list[Refused] | None) -> Iterator[tuple[int, int | None, Batch]]:
    head = []
    for line in lines:
        head.append(line)
        if line.received - head[0].received > ORDER or len(head) >= _FIRST:
            break
    ticking = any(line.topic.endswith("/tick") for line in head)
    revision = door.site.revision
    waiting: dict[int, list[Any]] = {number: [] for number in sorted(door.site.area_by_number)}
    due = head[0].received + TICK
    for line in chain(head, lines):
        while not ticking and line.received > due:
            yield from _tick(waiting, due, revision)
            due += TICK
        events, turned_away = door.read(line.topic, line.payload, line.received, retained=line.retained)
        if refused is not None:
            refused.extend(turned_away)
        for area, event in events:
            gathered = waiting.setdefault(area, [])
            gathered.append(event)
            if isinstance(event, Tick) or len(gathered) >= EVENTS_A_BATCH:
                waiting[area] = []
                yield area, None, Batch(revision, gathered)
    if ticking:
        yield from ((area, None, Batch(revision, gathered)) for area, gathered in waiting.items() if gathered)
    else:
        yield from _tick(waiting, due, revision)


def _tick(waiting: dict[int, list[Any]], now: int, revision: str) -> Iterator[tuple[int, int | None, Batch]]:
    """The end of a second in every area, also where nothing came."""
    for area, gathered in waiting.items():
        waiting[area] = []
        yield area, None, Batch(revision, [*gathered, Tick(device="bridge", received=now, ts=now, now=now, heard=now)])


def write(event: Event, area: str) -> tuple[str, dict[str, Any]]:
    """(topic, payload) that `reread` makes the same event of, with what the door found (`flags`, `owner`, `waters`, `raw`)."""
    payload = name_object(event)
    device = event.device
    if not _NAME.fullmatch(device):  # a gateway named what no topic can
        device, payload["device"] = "unnamed", event.device
    return f"coast/{area}/{device}/{kind_of(event)}", payload


def reread(topic: str, payload: bytes, received: int) -> Event:
    """The event that `write` wrote. Raises `wire_forms.BROKEN`."""
    levels = topic.split("/")
    if len(levels) != 4 or levels[3] not in ROWS:
        raise ValueError(f"no such topic in a log: {topic}")
    form = form_of(ROWS[levels[3]], ours=True)
    named = decode_one(form, payload)
    settle_times(form, named)
    device = named.device if form.has_source and named.device is not None else levels[2]
    return form.build(named, device, received, ())


_json = msgspec.json.Encoder(order="deterministic").encode


def rfc3339(moment: int) -> str:
    """UTC with milliseconds."""
    when = datetime.fromtimestamp(moment // 1000, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{moment % 1000:03d}Z" if moment >= 0 else EPOCH.isoformat()


def export(
    log: Log, areas: Mapping[int, str], begins: Mapping[int, int] | None = None, end: int = FOR_EVER, snapshot: Mapping[str, Any] | None = None
) -> Iterator[str]:
    """Lines (with their end) of what the log took from `begins` (area -> offset; the first kept where it says none) until `end` ms, by reception.

    `snapshot` is the first line where the export does not begin at offset 0: the memory's keeper gives it.
    """
    codec = Codec()
    if snapshot is not None:
        yield _json({"snapshot": snapshot}).decode() + "\n"
    read = [_entries(log, area, (begins or {}).get(area, 0), end) for area in sorted(areas)]
    for entry in heapq.merge(*read, key=lambda entry: (entry.at, entry.partition, entry.offset)):
        yield from record_lines(codec.unpack(entry.value), areas[entry.partition], entry.offset)


def record_lines(batch: Batch, area: str, offset: int) -> Iterator[str]:
    """One record of the log as lines (with their end) that `batches` makes the same record of."""
    for event in batch.events:
        topic, payload = write(event, area)
        line = {"received": rfc3339(event.received), "topic": topic, "payload": payload, "area": area, "offset": offset, "site": batch.site}
        yield _json(line).decode() + "\n"


def _entries(log: Log, area: int, begin: int, end: int) -> Iterator[Entry]:
    offset, last = log.bounds(EVENTS, area)
    offset = max(offset, begin)
    while offset < last:
        page = log.read(EVENTS, area, offset)
        if not page:
            return
        for entry in page:
            if entry.at >= end:
                return
            yield entry
        offset = page[-1].offset + 1
