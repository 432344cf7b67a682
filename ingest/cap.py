"""A CAP 1.2 message (OASIS, 2010) as a bulletin. Documents with a DTD or entities are refused: they are how XML is made to explode."""

import math
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

import msgspec

from ingest.events import Bulletin
from ingest.geo import from_local
from ingest.wire_forms import milliseconds

_NAMESPACE = "{urn:oasis:names:tc:emergency:cap:1.2}"
_COLOUR = {"minor": "blue", "moderate": "yellow", "severe": "orange", "extreme": "red"}
_SEVERITY = ("unknown", *_COLOUR)  # rising
_MESSAGE = {"alert": "alert", "update": "update", "cancel": "cancel"}
_DRILL = {"actual": False, "exercise": True, "test": True}  # drafts and messages between systems are for nobody
_TYPES = (  # words in <event>, Chinese and English, in the order to be tried
    ("typhoon", ("typhoon", "台风", "tropical", "hurricane", "cyclone")), ("tsunami", ("tsunami", "海啸")), ("surge", ("surge", "风暴潮", "coastal flood")),
    ("wave", ("wave", "海浪", "surf", "swell", "hazardous seas", "rip current", "coastal event")), ("fog", ("fog", "大雾", "海雾")),
    ("thunderstorm", ("thunder", "雷", "convect", "强对流", "squall", "special marine")), ("wind", ("wind", "风", "gale", "small craft", "storm")),
    ("moratorium", ("moratorium", "休渔")), ("recall", ("recall", "召回")), ("closure", ("closure", "封")), ("navigation", ("navigation", "航行")),
)  # fmt: skip
CIRCLE = 32  # corners of a circle; the ring lies outside of it
KILOMETRE = 1_000.0


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
    message, status = _text(root, "msgType").lower(), _text(root, "status").lower()
    if message not in _MESSAGE:
        raise Unfit(f"msgType {message[:40]}")
    if status not in _DRILL:
        raise Unfit(f"status {status[:40]}")
    infos = root.findall(f"{_NAMESPACE}info")
    if not infos and message != "cancel":
        raise Unfit("no info")
    info = max(infos, key=_severity, default=root)  # of several the gravest: languages repeat it, areas differ
    found: dict[str, Any] = {
        "kind": "bulletin",
        "device": device,
        "received": received,
        "ts": _time(_text(root, "sent")),
        "id": _text(root, "identifier"),
        "issuer": _text(info, "senderName") or _text(root, "sender") or None,
        "type": _type_of(_text(info, "event")) if infos else "navigation",  # a cancellation needs to say only what it takes back
        "message": message,
        "colour": _COLOUR.get(_text(info, "severity").lower()),
        "onset": _time(_text(info, "onset") or _text(info, "effective")),
        "expires": _time(_text(info, "expires")),
        "drill": _DRILL[status],
        "replaces": _references(_text(root, "references")),
    }
    if ring := _outline(info):
        found["polygon"] = ring
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


def _severity(info: ET.Element) -> int:
    said = _text(info, "severity").lower()
    return _SEVERITY.index(said) if said in _SEVERITY else 0


def _references(text: str) -> list[str]:
    """Identifiers of the messages that this one replaces: `sender,identifier,sent` each, with spaces between."""
    parts = [each.split(",") for each in text.split()]
    return [each[1] for each in parts if len(each) > 2 and each[1]]


def _outline(info: ET.Element) -> list[list[float]]:
    """One ring about all polygons and circles; where they are several and apart their hull, since a warning too many is read and one too few is not."""
    rings = [_ring(each.text or "") for each in info.findall(f"{_NAMESPACE}area/{_NAMESPACE}polygon")]
    rings += [_circle(each.text or "") for each in info.findall(f"{_NAMESPACE}area/{_NAMESPACE}circle")]
    if len(rings) < 2:
        return rings[0] if rings else []
    import shapely  # noqa: PLC0415 — rare

    whole = shapely.union_all([shapely.make_valid(shapely.Polygon(ring)) for ring in rings if len(ring) > 2])
    if whole.geom_type != "Polygon":
        whole = whole.convex_hull
    return [[x, y] for x, y in whole.exterior.coords] if whole.geom_type == "Polygon" else []


def _ring(text: str) -> list[list[float]]:
    """CAP writes latitude,longitude."""
    try:
        ring = [[float(longitude), float(latitude)] for latitude, longitude in (point.split(",") for point in text.split())]
    except ValueError as fault:
        raise Unfit(str(fault)) from fault
    if not all(abs(longitude) <= 180 and abs(latitude) <= 90 for longitude, latitude in ring):
        raise Unfit("a polygon that leaves the Earth")
    return ring


def _circle(text: str) -> list[list[float]]:
    """`latitude,longitude radius`, in km."""
    try:
        middle, radius = text.split()
        latitude, longitude = map(float, middle.split(","))
        reach = float(radius) * KILOMETRE / math.cos(math.pi / CIRCLE)
    except ValueError as fault:
        raise Unfit(str(fault)) from fault
    if not (abs(latitude) <= 89 and 0 <= reach < 5e6):
        raise Unfit(f"circle {text[:60]}")
    turns = [2 * math.pi * n / CIRCLE for n in range(CIRCLE)]
    return [list(from_local((longitude, latitude), reach * math.sin(turn), reach * math.cos(turn))) for turn in turns]
