"""A CAP 1.2 message (OASIS, 2010) as a bulletin. Documents with a DTD or entities are refused: they are how XML is made to explode."""

from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

import msgspec

from ingest.events import Bulletin
from ingest.wire_forms import milliseconds

_NAMESPACE = "{urn:oasis:names:tc:emergency:cap:1.2}"
_COLOUR = {"minor": "blue", "moderate": "yellow", "severe": "orange", "extreme": "red"}
_MESSAGE = {"alert": "alert", "update": "update", "cancel": "cancel"}
_TYPES = (  # words in <event>, Chinese and English, in the order to be tried
    ("typhoon", ("typhoon", "台风", "tropical")), ("tsunami", ("tsunami", "海啸")), ("surge", ("surge", "风暴潮")), ("wave", ("wave", "海浪", "surf")),
    ("fog", ("fog", "大雾", "海雾")), ("thunderstorm", ("thunder", "雷", "convect", "强对流")), ("wind", ("wind", "风", "gale")),
    ("moratorium", ("moratorium", "休渔")), ("recall", ("recall", "召回")), ("closure", ("closure", "封")), ("navigation", ("navigation", "航行")),
)  # fmt: skip


class Unfit(ValueError):
    """Not CAP, or without what a bulletin needs."""


def bulletin_of(payload: bytes, device: str, received: int) -> Bulletin:
    """Raises `Unfit`."""
    if b"<!DOCTYPE" in payload or b"<!ENTITY" in payload or b"\x00" in payload:
        raise Unfit("a DTD or an entity")
    try:
        root = ET.fromstring(payload.decode())  # noqa: S314  # no DTD, see above
    except (ET.ParseError, UnicodeError, ValueError) as fault:
        raise Unfit(str(fault)) from fault
    if root.tag != f"{_NAMESPACE}alert":
        raise Unfit(f"{root.tag[:80]} is no CAP 1.2 alert")
    info = root.find(f"{_NAMESPACE}info")
    message = _text(root, "msgType").lower()
    if message not in _MESSAGE:
        raise Unfit(f"msgType {message[:40]}")
    if info is None:
        raise Unfit("no info")
    found: dict[str, Any] = {
        "kind": "bulletin",
        "device": device,
        "received": received,
        "ts": _time(_text(root, "sent")),
        "id": _text(root, "identifier"),
        "issuer": _text(info, "senderName") or _text(root, "sender") or None,
        "type": _type_of(_text(info, "event")),
        "message": message,
        "colour": _COLOUR.get(_text(info, "severity").lower()),
        "onset": _time(_text(info, "onset") or _text(info, "effective")),
        "expires": _time(_text(info, "expires")),
        "drill": _text(root, "status").lower() in ("exercise", "test"),
    }
    polygon = _text(info, "area/polygon")
    if polygon:
        found["polygon"] = _ring(polygon)
    rows = [found.get("kind"), *(found.get(name, _default(name)) for name in Bulletin.__struct_fields__)]
    try:
        return msgspec.convert(rows, Bulletin)
    except msgspec.ValidationError as fault:
        raise Unfit(str(fault)) from fault


def _default(name: str) -> Any:
    return next(field.default for field in msgspec.structs.fields(Bulletin) if field.name == name)


def _text(node: ET.Element, path: str) -> str:
    return (node.findtext("/".join(f"{_NAMESPACE}{part}" for part in path.split("/"))) or "").strip()


def _time(text: str) -> int | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise Unfit(f"a time without an offset: {text[:40]}")
        return milliseconds(moment)
    except ValueError as fault:
        raise Unfit(str(fault)) from fault


def _type_of(event: str) -> str:
    lower = event.lower()
    for kind, words in _TYPES:
        if any(word in lower for word in words):
            return kind
    raise Unfit(f"no type for the event {event[:60]!r}")


def _ring(text: str) -> list[list[float]]:
    """CAP writes latitude,longitude."""
    try:
        return [[float(longitude), float(latitude)] for latitude, longitude in (point.split(",") for point in text.split())]
    except ValueError as fault:
        raise Unfit(str(fault)) from fault
