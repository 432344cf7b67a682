"""What a store holds: one table a measurement, one typed column a field. The event kinds' own definitions are the source; ours are added by hand.

The same list makes the SQLite tables, types the line protocol, and is what dashboards and documentation read (`quantities`).
Left out on purpose: texts that people wrote, names of people and telephone numbers, lists, and identifiers without end.
"""

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

from msgspec import inspect

from alerts.store.store import Point
from ingest.events import KINDS, Event, Position, SiteChange, Tick, TrackedObject

ColumnType = Literal["float", "int", "bool", "str"]
Value = float | int | str | bool
DAY = 86_400_000  # ms
TEXT_LIMIT = 256  # characters of a text field; ours

# Short technical words that are worth a column though they are no enumeration. Never people, never free text.
WORDS = frozenset({"preset", "lamp", "actual", "firmware", "zone", "channel", "source", "code", "seat", "point", "harbour", "activity"})
NOT_KEPT = frozenset({"device", "received", "ts", "sent", "seq", "boot", "flags"})  # of every event; `received` is kept as `delay`
STATIC = ("name", "callsign", "imo", "ship_type", "length", "destination", "class")  # of a position: the vessel, not the fix

# Which field names the subject; everywhere else the device.
SUBJECTS = {"position": "vessel", "distress": "vessel", "trip": "vessel", "permit": "vessel", "unit": "unit", "patrol": "unit", "system": "part"}


class Column(NamedTuple):
    """`low`, `high`, `resolution` in `unit`; None where it is no quantity."""

    name: str
    type: ColumnType
    unit: str = ""
    low: float | None = None
    high: float | None = None
    resolution: float | None = None


class Table(NamedTuple):
    """`subject`: the tag that names whom a row is about. `tags`: further tags beside `area`. `keep`: ms, None: for ever."""

    name: str
    subject: str
    columns: tuple[Column, ...]
    keep: int | None
    tags: tuple[str, ...] = ()


DELAY = Column("delay", "int", "ms")  # from the event's time to `received`
LONLAT = (Column("lon", "float", "deg", -180, 180, 1e-6), Column("lat", "float", "deg", -90, 90, 1e-6))
CLASSES: tuple[str, ...] = tuple(next(f for f in inspect.type_info(TrackedObject).fields if f.name == "class_").type.values)  # type: ignore[attr-defined]  # a struct's, a Literal's

# Days to keep a kind; ours. What a court or a report asks for stays longest, what a picture gives every second shortest.
_DAYS = {"tracks": 30, "camera": 90, "heartbeat": 180, "position": 180, "receiver": 180, "light": 365}
_DAYS_ELSE = 3 * 365


def public(name: str) -> str:
    """A field's name outside: `class_` is `class`."""
    return name.rstrip("_")


def _column(name: str, kind: inspect.Type) -> tuple[Column, ...]:
    """Columns of one field, none where it is not kept."""
    if isinstance(kind, inspect.UnionType):
        kinds = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
        return _column(name, kinds[0]) if len(kinds) == 1 else ()
    extra: Mapping[str, object] = {}
    if isinstance(kind, inspect.Metadata):
        extra, kind = kind.extra or {}, kind.type
    match kind:
        case inspect.BoolType():
            return (Column(name, "bool"),)
        case inspect.IntType():
            return (Column(name, "int"),)
        case inspect.FloatType():
            return (Column(name, "float", str(extra.get("unit", "")), kind.ge, kind.le, _number(extra.get("resolution"))),)
        case inspect.LiteralType():
            return (Column(name, "str"),)
        case inspect.StrType() if name in WORDS:
            return (Column(name, "str"),)
        case inspect.TupleType() if name == "position":
            return LONLAT
        case _:
            return ()


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _of_kind(kind: type[Event]) -> Table:
    name = kind_of_type(kind)
    columns: list[Column] = []
    for field in inspect.type_info(kind).fields:  # type: ignore[attr-defined]  # a struct's
        if field.name not in NOT_KEPT and field.name != "owner":
            columns += _column(public(field.name), field.type)
    if name == "tracks":
        columns += [Column(count, "int") for count in ("objects", "in_water", *CLASSES)]
    if name == "position":
        columns = [column for column in columns if column.name not in STATIC]
    if SUBJECTS.get(name) is not None:
        columns.append(Column("heard_by", "str"))  # the device that said it
    columns.append(DELAY)
    return Table(name, SUBJECTS.get(name, "device"), tuple(columns), _DAYS.get(name, _DAYS_ELSE) * DAY)


def kind_of_type(kind: type[Event]) -> str:
    return str(kind.__struct_config__.tag)


def _vessel() -> Table:
    """The static part of positions, one row a vessel and hour: what a ship says of itself."""
    fields = {public(field.name): field.type for field in inspect.type_info(Position).fields}  # type: ignore[attr-defined]  # a struct's
    columns = [Column(name, "str") for name in ("name", "callsign", "destination")]
    for name in ("imo", "ship_type", "length", "class"):
        columns += _column(name, fields[name])
    return Table("vessel", "vessel", tuple(columns), 3 * 365 * DAY)


def _ints(*names: str, unit: str = "") -> tuple[Column, ...]:
    return tuple(Column(name, "int", unit) for name in names)


ALERT = Table(
    "alert",
    "subject",
    (
        *(Column(name, "str") for name in ("id", "key", "change", "condition", "response", "state", "suppressed", "code", "segment", "outcome")),
        *_ints("rank", "revision", "count", "units", "audience"),
        *(Column(name, "bool") for name in ("open", "drill", "restricted")),
        Column("confidence", "float", "1", 0, 1, 0.001),
        *LONLAT,
        *_ints("delivered", "acknowledge", "dispatch", "arrive", "close", unit="ms"),  # from `raised`; `delivered` from what occurred to `raised`
    ),
    3 * 365 * DAY,
    ("model", "level"),
)
PIPELINE = Table(
    "pipeline",
    "part",
    (
        *_ints("events", "records", "refused", "alerts", "pages", "commands", "presses", "connects"),
        Column("events_per_second", "float", "1/s"),
        Column("refused_per_minute", "float", "1/min"),
        Column("batch", "float", "1"),  # events a record
        *_ints("lag", "lag_max", "unheard", unit="ms"),  # received to read; `unheard`: `now` - `heard`
    ),
    365 * DAY,
)
RECORDER = Table("recorder", "part", (*_ints("points", "rejected", "entries"), *_ints("took", "lag", unit="ms")), 365 * DAY)
ALERT_HEALTH = Table(
    "alert_health",
    "seat",
    (
        *_ints("raised", "red", "standing", "stale", "chattering"),
        Column("red_share", "float", "1", 0, 1, 0.001),
        Column("flood", "bool"),
    ),
    3 * 365 * DAY,
)

PLACE = (
    Table(  # a segment, zone, post or area: its colour as a rank, 0 calm to 4 red; `public`: without what is restricted; the first alert of `alerts`
        "place",
        "place",
        (*_ints("level", "public", "alerts"), *(Column(name, "str") for name in ("model", "code", "why"))),
        3 * 365 * DAY,
    )
)
MODELS = tuple(f"M{number:02}" for number in range(1, 18))  # not read from the models, whose arrays whoever only reads a store need not load
SIGHT = {"blind": 0, "partly": 1, "watching": 2}
WATCH = Table(  # how well each model watches a segment, as `SIGHT`, and why not better: reason/means
    "watch",
    "segment",
    (*_ints("worst", *MODELS), *(Column(f"{model}_why", "str") for model in MODELS)),
    3 * 365 * DAY,
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        *(_of_kind(kind) for kind in KINDS if kind not in (Tick, SiteChange)), _vessel(), ALERT, PIPELINE, RECORDER, ALERT_HEALTH, PLACE, WATCH
    )
}  # fmt: skip
TYPES: dict[str, dict[str, ColumnType]] = {table.name: {column.name: column.type for column in table.columns} for table in TABLES.values()}


class Quantity(NamedTuple):
    """A row of the table of quantities, for docs and dashboards."""

    measurement: str
    field: str
    unit: str
    low: float | None
    high: float | None
    resolution: float | None
    type: ColumnType


def quantities() -> list[Quantity]:
    """Everything that a store holds, in the order of the tables."""
    return [Quantity(table.name, c.name, c.unit, c.low, c.high, c.resolution, c.type) for table in TABLES.values() for c in table.columns]


def subject_of(point: Point) -> str:
    """Whom a point is about; empty where its tags do not say."""
    tags = point.tags
    return tags.get(TABLES[point.measurement].subject) or tags.get("device", "")


def fault(point: Point) -> str:
    """Why no store may take this point; empty where there is nothing against it. The same for every store, so that they hold the same."""
    types = TYPES.get(point.measurement)
    if types is None:
        return f"unknown measurement {point.measurement}"
    if not point.fields:
        return "no fields"
    for name, tag in point.tags.items():
        if not tag.isprintable() or "\\" in tag or len(tag) > 128:  # a backslash at the end of a tag cannot be written in line protocol
            return f"tag {name} is not a plain text of at most 128 characters"
    for name, value in point.fields.items():
        kind = types.get(name)
        if kind == "float":
            if (value.__class__ is not float and value.__class__ is not int) or not math.isfinite(value):
                return f"{name} is not a finite number: {value!r}"
        elif kind == "int":
            if value.__class__ is not int or not -(1 << 63) <= value < 1 << 63:
                return f"{name} is not a 64-bit integer: {value!r}"
        elif kind == "str":
            if value.__class__ is not str or len(value) > TEXT_LIMIT:
                return f"{name} is not a text of at most {TEXT_LIMIT} characters"
        elif kind is None:
            return f"unknown field {name}"
        elif value.__class__ is not bool:
            return f"{name} is not true or false: {value!r}"
    if not 0 <= point.at < 1 << 43 or not 0 <= point.sub < 1_000_000:
        return f"time out of range: {point.at}+{point.sub}"
    return ""
