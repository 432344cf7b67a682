"""The reference page of the wire, made from the code: kinds with their fields, units and ranges, who may say them, and why messages are refused."""

import types
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from ingest.events import KINDS, OURS, PEOPLE, URGENT, Event
from ingest.quantities import meta_of
from ingest.refusals import REASONS
from ingest.wire import BATCH, OBJECTS, SINGLE
from ingest.wire_forms import OURS_ONLY, hints, is_time, wire_name
from ingest.wire_permissions import KINDS_OF_TYPE

_COMMON = frozenset(Event.__struct_fields__)
GROUPS = {  # who says them
    "Call boxes and lights": ("sos", "talk", "heartbeat", "tamper", "rescue", "light", "selftest", "status", "done"),
    "Cameras": ("camera", "tracks", "crowd", "hull", "plate"),
    "Vessels and the sea": ("nmea", "position", "distress", "receiver", "tide", "wave", "weather", "water", "bulletin"),
    "People, from the page": tuple(str(row.__struct_config__.tag) for row in KINDS if row.__struct_config__.tag in PEOPLE),
    "The system itself": ("system", "tick", "site"),
}
BESIDE = {  # what a kind may be said in beside JSON
    "bulletin": "CAP 1.2 XML is taken too: the gravest `info`, `event` by its words, `severity` as colour, every polygon and circle of its areas as one outline. "
    "`references` of an update or a cancellation take back what they name; `status` `Exercise` and `Test` are drills; any other but `Actual` is refused.\n\n",
}
NMEA = (
    "`lines`: list of AIVDM or AIVDO sentences, with or without TAG block; or the bare text as the payload"  # decoded at the door: no row of the log
)
_COMMON_FIELDS = """Fields that every object may have:

| field | meaning |
|---|---|
| `ts` | device clock when it happened: ms since 1970 UTC, or RFC 3339 with an offset. Required, but for sos, distress, tamper, status, done |
| `sent` | device clock when the packet leaves; it shows the clock's error |
| `seq` | counter of this device, +1 an event, 0 after a restart |
| `boot` | never used twice by a device; (device, boot, seq, ts) names the event, and all four equal is a repetition |
| `drill` | staged; counts only for a device of a running exercise |
| `crs` | of the positions: `wgs-84` (default), `cgcs2000`, `gcj-02` (converted) |

Urgent kinds have a session of their own: a press never queues behind heartbeats. What is refused, and why, stands at the end. \
Everything on `…/sos` and `…/distress` raises, whatever its payload, except a valid `released` and a repetition."""
_WORDS = {int: "whole number", float: "number", str: "text", bool: "true or false"}


def page() -> str:
    """Markdown."""
    rows = {str(row.__struct_config__.tag): row for row in KINDS}
    parts = [
        "# What devices say",
        "Topic: `coast/{area}/{device}/{kind}`, QoS 1, retained for `status` only.",
        (
            f"Payload: one JSON object or one MessagePack map, at most {SINGLE // 1024} KiB; or a gateway's array of at most {OBJECTS:,} objects "
            f"and {BATCH // 1024} KiB, where `device` in an object names the source."
        ),
        _COMMON_FIELDS,
    ]
    for who, kinds in GROUPS.items():
        if not OURS.issuperset(kinds):
            parts += [f"## {who}", *(_kind(rows[kind]) if kind in rows else f"### {kind}\n\n{NMEA}." for kind in kinds)]
    parts += [
        "## Who may say what",
        "A site may permit a device more (`kinds`).",
        "| type of device | kinds |\n|---|---|\n" + "\n".join(f"| {kind} | {', '.join(sorted(said))} |" for kind, said in KINDS_OF_TYPE.items()),
        "## Why a message is refused",
        "| reason | meaning |\n|---|---|\n" + "\n".join(f"| `{code}` | {meaning} |" for code, meaning in REASONS.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _kind(row: type[Event]) -> str:
    kind = str(row.__struct_config__.tag)
    head = f"### {kind}" + (" (urgent)" if kind in URGENT else "")
    rows = _rows(row)
    if not rows:
        return head + "\n\nNo fields of its own."
    return f"{head}\n\n{BESIDE.get(kind, '')}| field | values | unit | range | required |\n|---|---|---|---|---|\n" + "\n".join(rows)


def _rows(row: type[Struct], prefix: str = "") -> list[str]:
    found = []
    is_event = issubclass(row, Event)
    for field in msgspec.structs.fields(row):
        if is_event and (field.name in _COMMON or field.name in OURS_ONLY):
            continue
        annotation = hints(row)[field.name]
        name = prefix + wire_name(row, field.name)
        meta = meta_of(annotation)
        unit = str((meta.extra or {}).get("unit", "")) if meta else ""
        limits = f"{meta.ge:g} … {meta.le:g}" if meta and meta.ge is not None and meta.le is not None and not _is_place(annotation) else ""
        found.append(f"| `{name}` | {_said(annotation)} | {unit} | {limits} | {'yes' if field.required else ''} |")
        inner = _inner(annotation)
        if inner is not None:
            found += _rows(inner, f"{name}.")
    return found


def _inner(annotation: Any) -> type[Struct] | None:
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return annotation
    return next((inner for part in get_args(annotation) if (inner := _inner(part)) is not None), None)


def _is_place(annotation: Any) -> bool:
    return "[longitude, latitude]" in _said(annotation)


def _said(annotation: Any) -> str:
    """The values in words."""
    if is_time(annotation):
        return "time"
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_said(part) for part in parts if part is not type(None)))
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin is tuple:
        if parts[-1] is ...:
            return f"list of {_said(parts[0])}"
        return "[longitude, latitude]" if len(parts) == 2 else f"list of {len(parts)} numbers"
    bare = getattr(annotation, "__origin__", annotation) if hasattr(annotation, "__metadata__") else annotation
    metas = [meta for meta in getattr(annotation, "__metadata__", ()) if isinstance(meta, Meta)]
    limit = f" of up to {metas[0].max_length} characters" if metas and metas[0].max_length else ""
    if isinstance(bare, type) and issubclass(bare, Struct):
        return "object"
    return _WORDS.get(bare, str(bare)) + limit
