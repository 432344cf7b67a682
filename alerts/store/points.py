"""Events as points: every number, flag and short enumerated word of an event, under its kind, at its own time. Nothing personal.

Derived from the kinds' definitions (see `tables.py`), so a new field of a kind is stored without a line here.
"""

import zlib
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from alerts.store.store import Point
from alerts.store.tables import CLASSES, STATIC, SUBJECTS, TEXT_LIMIT, TYPES, Value
from ingest.events import Distress, Event, Position, SiteChange, Tick, Tracks

SUBS = 1_000_000  # places within a ms
FUTURE = 60_000  # ms that a device's clock may run ahead before `received` is believed instead; the wire's clock fault
DAY = 86_400_000  # ms, beyond which the wire does not believe a `ts`
HOUR = 3_600_000  # ms


def time_of(event: Event) -> int:
    """The event's time in ms, from the event alone, so that reading the log again gives the same points.

    `ts` as the device said it; corrected by `received` - `sent` where that shows a clock fault (to the whole second, as each delivery has its own
    delay); `received` where `ts` is missing, in the future or over a day off. The fold knows clocks better, but its memory is not the recorder's.
    """
    ts, received = event.ts, event.received
    if ts is None:
        return received
    if event.sent is not None and abs(received - event.sent) > FUTURE:
        ts += round((received - event.sent) / 1000) * 1000
    if ts - received > FUTURE or received - ts > DAY:
        return received
    return max(ts, 0)


def sub_of(event: Event) -> int:
    """0..999,999: the place within the ms, so that two presses of one ms stay two, and a repetition stays one.

    The device's own counter, shifted by its boot: neighbours in the count never collide. Without a counter a hash of what was said.
    A tag for `seq` or `boot` would make a series of every event, a plain field would let the second overwrite the first.
    """
    if event.seq is not None:
        return (event.seq + zlib.crc32(str(event.boot).encode())) % SUBS
    return zlib.crc32(repr((event.device, event.ts, *_said(event))).encode()) % SUBS


def _said(event: Event) -> tuple[object, ...]:
    return tuple(getattr(event, name) for name in event.__struct_fields__ if name not in {"received", "sent", "flags"})


Reader = Callable[[Event], tuple[Any, ...]]
_READERS: dict[type[Event], tuple[str, tuple[str, ...], frozenset[str], str, Reader]] = {}


def _reader(kind: type[Event]) -> tuple[str, tuple[str, ...], frozenset[str], str, Reader]:
    """(measurement, field names, those of text, attribute of the subject, getter) of a kind, made once."""
    name = str(kind.__struct_config__.tag)
    types = TYPES[name]
    attributes = kind.__struct_fields__
    names = tuple(column for column in types if column in attributes or f"{column}_" in attributes)
    read = attrgetter(*(column if column in attributes else f"{column}_" for column in names), "drill")  # twice `drill`: always a tuple
    texts = frozenset(column for column in names if types[column] == "str")
    return name, names, texts, SUBJECTS.get(name, "device"), read


def points_of(event: Event, area: str) -> Iterator[Point]:
    """The points of one event: mostly one; none for ticks, site changes and copies for a neighbouring area."""
    kind = event.__class__
    if kind is Tick or kind is SiteChange or (isinstance(event, Position | Distress) and not event.owner):
        return
    known = _READERS.get(kind)
    if known is None:
        known = _READERS[kind] = _reader(kind)
    name, names, texts, subject, read = known
    fields: dict[str, Value] = {}
    for column, value in zip(names, read(event), strict=False):
        if value is not None and value is not False:
            fields[column] = value if column not in texts else str(value)[:TEXT_LIMIT]
        elif value is False and column != "drill":
            fields[column] = False
    at = time_of(event)
    fields["delay"] = event.received - at
    who = getattr(event, subject)
    tag = subject if who else "device"
    if tag != "device":
        fields["heard_by"] = event.device
    position = getattr(event, "position", None)
    if position is not None:
        fields["lon"], fields["lat"] = position
    if isinstance(event, Tracks):
        _count(event, fields)
    if isinstance(event, Position):
        yield from _ship(event, area, at)
        if position is None:
            return
    yield Point(name, {"area": area, tag: who or event.device}, fields, at, sub_of(event))


def _count(event: Tracks, fields: dict[str, Value]) -> None:
    """Objects by class. Nobody's picture, track or place: the evidence has those."""
    counts = dict.fromkeys(CLASSES, 0)
    water = 0
    for thing in event.objects:
        counts[thing.class_] += 1
        water += bool(thing.in_water)
    fields.update(counts, objects=len(event.objects), in_water=water)


_STATIC = {name: f"{name}_" if name == "class" else name for name in STATIC}


def _ship(event: Position, area: str, at: int) -> Iterator[Point]:
    """What the vessel says of itself, once an hour: the parts that come apart (AIS 24A, 24B) meet in one point."""
    fields: dict[str, Value] = {}
    for name, attribute in _STATIC.items():
        value = getattr(event, attribute)
        if value is not None and value != "":
            fields[name] = value
    if fields:
        yield Point("vessel", {"area": area, "vessel": event.vessel}, fields, at - at % HOUR)
