"""The named form of every kind: the JSON or MessagePack object of the wire, derived from the log's rows so that a field is written once.

A form differs from its row in this: keys have names (`class`, `from`, `device` where Python needs others), times may be RFC 3339 or milliseconds,
integers and texts are bounded, and what only our own processes may say (`flags`, `owner`, `waters`, `retained`, `raw`) is absent, except in recordings of ours.
"""

import types
import typing
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from ingest.events import KINDS, Event, Millis, Permit, Text, Word, Work

Whole = Annotated[int, Meta(ge=-(2**53), le=2**53)]  # what JSON, JavaScript and MessagePack all keep
Moment = Millis | Annotated[datetime, Meta(tz=True)]  # RFC 3339 with an offset, or ms
OURS_ONLY = ("flags", "owner", "waters", "retained", "raw", "replaces")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LAST = 253_402_300_799_999  # ms, end of the year 9999
_LONGEST = 2_000  # characters of a text, where its field does not say less

BROKEN = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError, OverflowError)  # what a decoder may raise


class Form(Struct, frozen=True):
    """How one kind stands on the wire. `build` makes the row from a decoded object."""

    kind: str
    row: type[Event]
    named: type[Struct]
    json: Callable[[bytes], Any]
    json_list: Callable[[bytes], list[Any]]
    packed: Callable[[bytes], Any]
    packed_list: Callable[[bytes], list[Any]]
    times: tuple[str, ...]  # fields that are times, `ts` and `sent` apart
    has_source: bool  # `device` in the object names the source, and is no field of the kind
    build: Callable[[Any, str, int, tuple[str, ...]], Event]


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970. Raises `ValueError` before that."""
    found = (moment - EPOCH) // _MILLISECOND
    if found < 0:
        raise ValueError("Expected a time of 1970 or later")
    return found


def wire_name(row: type[Struct], field: str) -> str:
    """`class_` is `class` on the wire; a work order's subject is its `device`."""
    if row is Work and field == "subject":
        return "device"
    return field.rstrip("_")


@cache
def hints(row: type[Struct]) -> dict[str, Any]:
    return get_type_hints(row, include_extras=True)


def is_time(annotation: Any) -> bool:
    if any(isinstance(meta, Meta) and meta.le == _LAST for meta in getattr(annotation, "__metadata__", ())):
        return True
    return get_origin(annotation) in (Union, types.UnionType) and any(is_time(part) for part in get_args(annotation))


def is_rows(annotation: Any) -> bool:
    """Whether structs stand inside, which have names on the wire and none in the log."""
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return True
    return any(is_rows(part) for part in get_args(annotation))


@cache
def _named_struct(row: type[Struct]) -> type[Struct]:
    return msgspec.defstruct(f"Named{row.__name__}", [_field(row, name) for name in row.__struct_fields__], kw_only=True, gc=False)


def _field(row: type[Struct], name: str) -> tuple[str, Any, Any]:
    default = next(f for f in msgspec.structs.fields(row) if f.name == name)
    options: dict[str, Any] = {"name": wire_name(row, name)}
    if default.default is not msgspec.NODEFAULT:
        options["default"] = default.default
    elif default.default_factory is not msgspec.NODEFAULT:
        options["default_factory"] = default.default_factory
    return name, _wire_type(hints(row)[name]), msgspec.field(**options)


def _wire_type(annotation: Any) -> Any:
    """The same type as the wire has it."""
    if annotation is int:
        return Whole
    if annotation is str:
        return Annotated[str, Meta(max_length=_LONGEST)]
    if is_time(annotation) and get_origin(annotation) not in (Union, types.UnionType):
        return Moment
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return _named_struct(annotation)
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return Union[tuple(_wire_type(part) for part in parts)]  # noqa: UP007  # built from a tuple
    if origin is tuple:
        return tuple[tuple(part if part is ... else _wire_type(part) for part in parts)]  # type: ignore[misc]  # built from a tuple
    return annotation


def _fields(row: type[Event], *, ours: bool) -> list[tuple[str, Any, Any]]:
    fields = []
    for name in row.__struct_fields__:
        if name in ("device", "received", "ts", "sent") or (name in OURS_ONLY and not ours):
            continue
        field = _field(row, name)
        if name == "vessel" and row.__name__ in ("Position", "Distress"):  # an MMSI may come as a number
            field = (name, field[1] | Annotated[int, Meta(ge=0, le=2**53)], field[2])
        if row.__name__ == "Position" and name == "heading":  # 511: not available
            field = (name, Annotated[float, Meta(ge=0, le=511)] | None, field[2])
        fields.append(field)
    fields += [("ts", Moment | None, None), ("sent", Moment | None, None), ("crs", str | None, None)]
    if row not in (Work, Permit):
        fields.append(("device", Word | None, None))
    return fields


def _builder(row: type[Event], names: set[str]) -> Callable[[Any, str, int, tuple[str, ...]], Event]:
    """`row(device=device, …, battery=o.battery, …)`, written out once a kind: four times as fast as a conversion by name."""
    scope: dict[str, Any] = {"row": row}
    arguments = ["device=device", "received=received"]
    if "flags" not in names:
        arguments.append("flags=flags")
    for name in row.__struct_fields__:
        if name not in names or name in ("device", "received"):
            continue
        annotation = hints(row)[name]
        if is_rows(annotation):
            scope[f"lift_{name}"] = _lift(annotation)
            arguments.append(f"{name}=lift_{name}(o.{name})")
        else:
            arguments.append(f"{name}=o.{name}")
    source = f"lambda o, device, received, flags: row({', '.join(arguments)})"
    return typing.cast("Callable[[Any, str, int, tuple[str, ...]], Event]", eval(source, scope))  # noqa: S307  # our own field names only


def _lift(annotation: Any) -> Callable[[Any], Any]:
    def lift(named: Any) -> Any:
        return None if named is None else msgspec.convert(named, annotation, from_attributes=True)

    return lift


@cache
def form_of(row: type[Event], *, ours: bool = False) -> Form:
    """The form of a kind; `ours`: as our own recordings write it, with what the door had found."""
    fields = _fields(row, ours=ours)
    named = msgspec.defstruct(f"Wire{row.__name__}", fields, kw_only=True, gc=False)
    times = tuple(name for name in row.__struct_fields__ if name not in ("ts", "sent") and is_time(hints(row)[name]))
    return Form(
        kind=str(row.__struct_config__.tag),
        row=row,
        named=named,
        json=msgspec.json.Decoder(named).decode,
        json_list=msgspec.json.Decoder(list[named]).decode,  # type: ignore[valid-type]  # made at run time
        packed=msgspec.msgpack.Decoder(named).decode,
        packed_list=msgspec.msgpack.Decoder(list[named]).decode,  # type: ignore[valid-type]  # made at run time
        times=times,
        has_source=row not in (Work, Permit),
        build=_builder(row, {name for name, _, _ in fields}),
    )


def settle_times(form: Form, named: Any) -> None:
    """RFC 3339 becomes milliseconds, in place. Raises `ValueError` before 1970."""
    ts, sent = named.ts, named.sent
    if ts is not None and type(ts) is not int:
        named.ts = milliseconds(ts)
    if sent is not None and type(sent) is not int:
        named.sent = milliseconds(sent)
    for name in form.times:
        value = getattr(named, name)
        if value is not None and type(value) is not int:
            setattr(named, name, milliseconds(value))


def name_object(event: Event) -> dict[str, Any]:
    """The wire's object of an event with all that the log keeps but `device` and `received`; what is not available, or as by default, is left out."""
    row = type(event)
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(row):
        value = getattr(event, field.name)
        if field.name in ("device", "received") or value is None or (value == field.default and field.name != "ts"):
            continue
        found[wire_name(row, field.name)] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Struct):
        return {wire_name(type(value), name): _plain(getattr(value, name)) for name in value.__struct_fields__ if getattr(value, name) is not None}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value


ROWS: dict[str, type[Event]] = {str(row.__struct_config__.tag): row for row in KINDS}
__all__ = [
    "BROKEN", "EPOCH", "OURS_ONLY", "ROWS", "Form", "Text", "form_of", "hints", "is_rows", "is_time", "milliseconds", "name_object", "settle_times",
    "wire_name",
]  # fmt: skip
