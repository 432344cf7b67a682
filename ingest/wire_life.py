"""Calls for help: whatever came on …/sos or …/distress becomes an event that raises. Nothing is refused here; what was wrong becomes a flag."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from ingest.events import Distress, Event, Sos
from ingest.wire_checks import check
from ingest.wire_forms import BROKEN, milliseconds, settle_times

if TYPE_CHECKING:
    from ingest.refusals import Refused
    from ingest.wire import Door, Route

KEPT = 64 * 1024  # bytes of a payload that are kept
OBJECTS = 1_000
_WORDS = {"sos": ("channel", ("button", "voice")), "distress": ("source", ("sart", "mob", "epirb", "beidou", "dsc"))}
_BIGGEST = 2**53
_Aware = Annotated[datetime, msgspec.Meta(tz=True)]


def read(door: "Door", route: "Route", payload: bytes, received: int) -> "tuple[list[tuple[int, Event]], list[Refused]]":
    """At least one event, always."""
    text = payload.lstrip(b" \t\r\n")
    pieces = _pieces(text) if len(payload) <= 8 * KEPT else None
    if pieces is None:
        pieces = [text]
    found: list[tuple[int, Event]] = []
    for piece in pieces:
        event, area = _event(door, route, piece, payload if len(pieces) == 1 else piece, received)
        found.extend(door.send(event, area))
    return found, []


def _pieces(text: bytes) -> list[bytes] | None:
    """The objects of a gateway's array; None if it is none."""
    from ingest.wire import is_batch  # noqa: PLC0415  # the door imports this module

    if not is_batch(text[:1]):
        return None
    try:
        packed = msgspec.json if text[:1] == b"[" else msgspec.msgpack
        pieces = [bytes(raw) for raw in packed.decode(text, type=list[msgspec.Raw])]
    except BROKEN:
        return None
    whole = 0 < len(pieces) <= OBJECTS and all(piece[:1] == b"{" or 0x80 <= piece[0] <= 0x8F or piece[0] in (0xDE, 0xDF) for piece in pieces)
    return pieces if whole else None


def _event(door: "Door", route: "Route", text: bytes, raw: bytes, received: int) -> tuple[Event, int]:
    from ingest.wire import decode_one  # noqa: PLC0415  # the door imports this module

    form, flags = route.form, route.flags
    assert form is not None
    try:
        if len(text) > KEPT:
            raise ValueError  # kept, cut
        named = decode_one(form, text)
        settle_times(form, named)
        fault = check(form.kind, named)
        if fault is not None:
            raise ValueError(fault[1])  # one way for all that is odd
    except BROKEN:
        return _odd(door, route, text, raw, received)
    device, area, flags = _source(door, route, named.device, flags)
    word, known = _WORDS[form.kind]
    value = getattr(named, word)
    if value is not None and value not in known:
        flags = (*flags, "odd")
    if named.ts is None or (named.sent is None and abs(received - named.ts) > 86_400_000):
        flags = (*flags, "clock")
    return form.build(named, device, received, flags), area


def _source(door: "Door", route: "Route", named: str | None, flags: tuple[str, ...]) -> tuple[str, int, tuple[str, ...]]:
    """Who calls: the topic's device, or whom a gateway names. A gateway that may not, is believed all the same, and flagged."""
    if not named or named == route.device:
        return route.device, route.area, flags
    fault = door.speaks_for(route.device, named, route.kind)
    device = door.site.device.get(named)
    if device is None or device.area not in door.site.area_of:
        return named, route.area, tuple(dict.fromkeys((*flags, "unplaced", "odd")))
    flags = tuple(flag for flag in flags if flag != "unplaced")
    return named, door.site.area_of[device.area].number, flags if fault is None else tuple(dict.fromkeys((*flags, "odd")))


def _odd(door: "Door", route: "Route", text: bytes, raw: bytes, received: int) -> tuple[Event, int]:
    """Raised from what can be understood of it; its name is kept where it has one, so that a repetition is known as such."""
    said = _anything(text)
    named = said.get("device")
    device, area, flags = _source(door, route, named if isinstance(named, str) and len(named) <= 128 else None, route.flags)
    flags = tuple(dict.fromkeys((*flags, "odd")))
    ts, sent = _moment(said.get("ts")), _moment(said.get("sent"))
    if ts is None:
        flags = (*flags, "clock")
    if len(raw) > KEPT:
        flags = (*flags, "truncated")
    common: dict[str, Any] = {"device": device, "received": received, "ts": ts, "sent": sent, "flags": flags, "raw": raw[:KEPT]}
    common["seq"] = _whole(said.get("seq"))
    boot = said.get("boot")
    common["boot"] = boot if isinstance(boot, str) and len(boot) <= 128 else _whole(boot)
    common["drill"] = said.get("drill") is True
    if route.kind == "sos":
        return Sos(**common), area
    vessel = said.get("vessel")
    if isinstance(vessel, int | str) and not isinstance(vessel, bool):
        common["vessel"] = str(vessel)[:128]
    common["test"] = False
    return Distress(**common), area


def _anything(text: bytes) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(text) if text[:1] == b"{" else msgspec.msgpack.decode(text)
    except BROKEN:
        return {}
    return said if isinstance(said, dict) else {}


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and -_BIGGEST <= value <= _BIGGEST else None


def _moment(value: Any) -> int | None:
    if isinstance(value, str):
        try:
            return milliseconds(msgspec.convert(value, _Aware))
        except BROKEN:
            return None
    found = _whole(value)
    return found if found is not None and 0 <= found <= 253_402_300_799_999 else None
