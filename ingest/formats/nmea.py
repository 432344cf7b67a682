"""AIVDM sentences of an AIS receiver into events. What pyais decodes, in the words of `ingest/events.py`; what it cannot, with the reason.

A message may be cut into several sentences, over several payloads: the pieces wait in a small buffer, aged by `received` and never by a
clock of ours, so that the same lines give the same events. "Not available" of AIS (181/91, 102.3, 360, 511) becomes None.
Source: ITU-R M.1371-5; TAG blocks: NMEA 0183 4.10; beacons: IEC 61097-14, MMSI 970 (SART), 972 (MOB), 974 (EPIRB).
"""

import re
from collections.abc import Callable, Sequence
from functools import reduce
from operator import xor
from typing import Any, NamedTuple

from msgspec import Struct
from pyais.exceptions import AISBaseException
from pyais.messages import MSG_CLASS, bit_vector

from ingest.events import Distress, Event, Position

PENDING = 64  # messages of which pieces are waited for, per decoder; ours
PIECES_AGE = 30_000  # ms of `received` that a piece waits for the others; ours
BEACONS = {"970": "sart", "972": "mob", "974": "epirb"}
# Least bits of the messages that we read (M.1371-5; type 5 is sent with 420 to 426, part A of 24 with 160 or 168; 1 to 3 are whole up to the radio's own bits).
LEAST_BITS = {1: 149, 2: 149, 3: 149, 5: 420, 9: 168, 14: 46, 18: 168, 19: 312, 24: 160, 27: 96}
# A broadcast text of a ship is a distress only if it says so; that of a beacon always is.
CRY = re.compile(r"\b(MAYDAY|SOS|DISTRESS|MOB|MAN OVERBOARD|SINKING|ABANDON)")

_LINE = re.compile(r"(?:\\([^\\]*)\\)?([!$].*)", re.DOTALL)
_SENTENCE = re.compile(r"!([A-Z]{2}VD[MO]),([1-9]),([1-9]),(\d?),([^,]?),([0-W`-w]*),([0-5])\*([0-9A-Fa-f]{2})", re.ASCII)


class Tag(NamedTuple):
    """What a TAG block said: `c` in ms, `s`, and the number of the group `g`."""

    time: int | None = None
    source: str = ""
    group: str = ""


class Pending(Struct, gc=False):
    """The pieces of a message so far, by number from 1."""

    since: int  # ms, `received` of the first
    tag: Tag
    pieces: dict[int, tuple[str, int]]  # payload, fill bits


class Decoder:
    """One for each connection. `decode` is a function of what it was given so far."""

    def __init__(self) -> None:
        self.pending: dict[tuple[str, ...], Pending] = {}  # in the order of their first piece

    def decode(self, lines: Sequence[str], received: int, device: str) -> tuple[list[Event], list[str]]:
        """The events of these lines in order, and why sentences were not decoded. `received` in ms; `device` is the receiver.

        `ts` of an event is the TAG block's time, else None. Ship's own sentences (VDO), base stations, aids to navigation, messages
        of other types, other NMEA sentences and comments are passed over without a word.
        """
        events: list[Event] = []
        reasons = self._age(received)
        for line in lines:
            try:
                whole = self._assemble(line.strip(), received, device)
                if whole is not None and (event := _event(*whole, received, device)) is not None:
                    events.append(event)
            except Undecodable as why:
                reasons.append(f"{why}: {line.strip()[:120]}")
        return events, reasons

    def _age(self, received: int) -> list[str]:
        old = [key for key, pending in self.pending.items() if received - pending.since > PIECES_AGE]
        return [_incomplete(key, self.pending.pop(key)) for key in old]

    def _assemble(self, line: str, received: int, device: str) -> tuple[str, int, Tag] | None:
        """(payload, fill bits, tag) once all pieces are there."""
        if not line or line.startswith("#"):
            return None
        parts = _LINE.fullmatch(line)
        if parts is None:
            raise Undecodable("not an NMEA sentence")
        tag = _tag(parts[1]) if parts[1] else Tag()
        if parts[2][3:6] not in {"VDM", "VDO"}:
            return None
        sentence = _SENTENCE.match(parts[2])
        if sentence is None:
            raise Undecodable("not a well-formed AIVDM sentence")
        if _checksum(sentence[0][1:-3]) != int(sentence[8], 16):
            raise Undecodable("wrong checksum")
        if sentence[1].endswith("VDO"):
            return None
        count, number, payload, fill = int(sentence[2]), int(sentence[3]), sentence[6], int(sentence[7])
        if number > count:
            raise Undecodable(f"piece {number} of {count}")
        if count == 1:
            return payload, fill, tag
        slot = ("g", tag.group) if tag.group else (tag.source, sentence[5], sentence[4])
        return self._collect((device, sentence[1], sentence[2], *slot), number, (payload, fill), received, tag)

    def _collect(self, key: tuple[str, ...], number: int, piece: tuple[str, int], received: int, tag: Tag) -> tuple[str, int, Tag] | None:
        pending = self.pending.get(key)
        if pending is None or number in pending.pieces:  # the sequence number (0 to 9) came round again
            self.pending.pop(key, None)
            self.pending[key] = pending = Pending(received, tag, {})
        pending.pieces[number] = piece
        if tag.time is not None and pending.tag.time is None:
            pending.tag = tag
        count = int(key[2])
        if len(pending.pieces) == count:
            del self.pending[key]
            pieces = [pending.pieces[n] for n in range(1, count + 1)]
            return "".join(payload for payload, _ in pieces), pieces[-1][1], pending.tag
        if len(self.pending) > PENDING:
            oldest = next(iter(self.pending))
            raise Undecodable(_incomplete(oldest, self.pending.pop(oldest)))
        return None


class Undecodable(ValueError):
    """Why a sentence gave no event. Never leaves `Decoder.decode`."""


def _incomplete(key: tuple[str, ...], pending: Pending) -> str:
    return f"message incomplete: {len(pending.pieces)} of {key[2]} pieces within {PIECES_AGE // 1000} s"


def _checksum(text: str) -> int:
    return reduce(xor, text.encode("latin-1", "replace"), 0)


def _tag(block: str) -> Tag:
    """A block with a wrong checksum tells nothing; the sentence after it has its own."""
    text, star, check = block.partition("*")
    if not star or f"{_checksum(text):02X}" != check.upper().rjust(2, "0"):
        return Tag()
    fields = dict(field.split(":", 1) for field in text.split(",") if ":" in field)
    time = fields.get("c", "")
    group = fields.get("g", "").split("-")
    return Tag(_millis(int(time)) if time.isdecimal() and len(time) <= 14 else None, fields.get("s", ""), group[2] if len(group) == 3 else "")


def _millis(time: int) -> int:
    """TAG times are seconds, from some receivers milliseconds: seconds would only be that many in the year 5138."""
    return time if time > 100_000_000_000 else time * 1000


def _event(payload: str, fill: int, tag: Tag, received: int, device: str) -> Event | None:
    bits = bit_vector(payload.encode("ascii"), fill)
    if not payload or len(bits) < 38:
        raise Undecodable("message too short to name its sender")
    kind = int(bits.get(0, 6))
    if kind not in LEAST_BITS:
        return None
    if len(bits) < LEAST_BITS[kind]:
        raise Undecodable(f"message of type {kind} with {len(bits)} bits of {LEAST_BITS[kind]}")
    mmsi = str(bits.get(8, 30))
    if len(mmsi) != 9:
        raise Undecodable(f"MMSI {mmsi} is not of 9 digits")
    if mmsi.startswith("99"):  # an aid to navigation
        return None
    try:
        said = MSG_CLASS[kind].from_vector(bits)
    except (AISBaseException, LookupError, ValueError, TypeError) as broken:
        raise Undecodable(f"message of type {kind}: {broken}") from broken
    head: dict[str, Any] = {"device": device, "received": received, "ts": tag.time, "vessel": mmsi}
    if kind == 14:
        return _safety_text(said, mmsi, head)
    if mmsi[:3] in BEACONS and getattr(said, "status", None) in {14, 15}:
        return Distress(source=BEACONS[mmsi[:3]], test=said.status == 15, position=_place(said), sog=_below(said.speed, 102.3), **head)
    return Position(**_FIELDS[kind](said), **head)


def _safety_text(said: Any, mmsi: str, head: dict[str, Any]) -> Distress:
    text = _text(said.text) or ""
    source = BEACONS.get(mmsi[:3])
    if source is None and not CRY.search(text.upper()):
        raise Undecodable(f"safety message of {mmsi} that is no distress: {text}")
    return Distress(source=source or "text", test="TEST" in text.upper(), raw=text.encode(), **head)


def _place(said: Any) -> tuple[float, float] | None:
    if said.lon is None or said.lat is None or abs(said.lon) > 180 or abs(said.lat) > 90:
        return None
    return float(said.lon), float(said.lat)


def _below(value: float | None, limit: float) -> float | None:
    """None at and beyond AIS's "not available" and what would not be of the quantity's range."""
    return None if value is None or value >= limit else float(value)


def _text(text: str | None) -> str | None:
    """AIS text ends at the first @."""
    return (text or "").partition("@")[0].strip() or None


def _moving(said: Any) -> dict[str, Any]:
    return {"position": _place(said), "sog": _below(said.speed, 102.3), "cog": _below(said.course, 360)}


def _class_a(said: Any) -> dict[str, Any]:
    return {**_moving(said), "heading": _below(said.heading, 360), "nav_status": int(said.status), "class_": "A"}


def _class_b(said: Any) -> dict[str, Any]:
    return {**_moving(said), "heading": _below(said.heading, 360), "class_": "B"}


def _aircraft(said: Any) -> dict[str, Any]:
    return {**_moving(said), "sog": _below(said.speed, 201)}  # 1023 is not available; over 200 kn is beyond the quantity's range


def _long_range(said: Any) -> dict[str, Any]:
    return {**_moving(said), "sog": _below(said.speed, 63), "nav_status": int(said.status)}


def _hull(said: Any) -> dict[str, Any]:
    length = (getattr(said, "to_bow", 0) or 0) + (getattr(said, "to_stern", 0) or 0)
    return {"ship_type": int(said.ship_type or 0) or None, "length": float(length) or None}


def _voyage(said: Any) -> dict[str, Any]:
    named = {"name": _text(said.shipname), "callsign": _text(said.callsign), "destination": _text(said.destination)}
    return {**_hull(said), **named, "imo": said.imo or None, "class_": "A"}


def _extended_b(said: Any) -> dict[str, Any]:
    return {**_class_b(said), **_hull(said), "name": _text(said.shipname)}


def _static_b(said: Any) -> dict[str, Any]:
    if said.partno == 0:
        return {"name": _text(said.shipname), "class_": "B"}
    return {**_hull(said), "callsign": _text(said.callsign), "class_": "B"}


_FIELDS: dict[int, Callable[[Any], dict[str, Any]]] = {
    1: _class_a, 2: _class_a, 3: _class_a, 5: _voyage, 9: _aircraft, 18: _class_b, 19: _extended_b, 24: _static_b, 27: _long_range,
}  # fmt: skip
