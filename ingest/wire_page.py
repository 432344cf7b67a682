"""The reference page of the wire, made from the code: kinds with their fields, units and ranges, who may say them, and why messages are refused."""

import types
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from ingest.events import KINDS, OURS, URGENT, Event
from ingest.quantities import meta_of
from ingest.refusals import REASONS
from ingest.wire import BATCH, OBJECTS, SINGLE
from ingest.wire_forms import OURS_ONLY, hints, is_time, wire_name
from ingest.wire_permissions import KINDS_OF_TYPE

_COMMON = frozenset(Event.__struct_fields__)
_WORDS = {int: "whole number", float: "number", str: "text", bool: "true or false"}


def page() -> str:
    """Markdown."""
    parts = [
        "# What devices say: the kinds, made from the code",
        f"One object: at most {SINGLE // 1024} KiB. A gateway's array: at most {OBJECTS:,} objects and {BATCH // 1024} KiB.",
        "Every object may have `ts` (required, but for sos, distress, tamper, status, done), `sent`, `seq`, `boot`, `drill`, `crs`.",
        *(_kind(row) for row in KINDS if row.__struct_config__.tag not in OURS),
        "## Who may say what",
        "A site may permit a device more (`kinds`).",
        "| type of device | kinds |\n|---|---|\n" + "\n".join(f"| {kind} | {', '.join(sorted(said))} |" for kind, said in KINDS_OF_TYPE.items()),
        "## Why a message is refused",
        "| reason | meaning |\n|---|---|\n" + "\n".join(f"| `{code}` | {meaning} |" for code, meaning in REASONS.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _kind(row: type[Event]) -> str:
    kind = str(row.__struct_config__.tag)
    head = f"## {kind}" + (" (urgent session)" if kind in URGENT else "")
    rows = _rows(row)
    if not rows:
        return head
    return f"{head}\n\n| field | values | unit | range | required |\n|---|---|---|---|---|\n" + "\n".join(rows)


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
