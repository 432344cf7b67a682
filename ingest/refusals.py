"""What the door turns away, and why: a closed list of reasons, kept raw so that an installer sees what the device really said."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct, msgpack

from ingest.records import Codec

REASONS: dict[str, str] = {
    "topic": "the topic is not coast/{area}/{device}/{kind} with [a-z0-9-]{1,40}",
    "kind": "no such kind",
    "ours": "a kind that only our own processes write",
    "device": "the site does not know the device",
    "area": "the site does not know the area of the topic",
    "permission": "the site does not let this device say this kind",
    "gateway": "the site does not let this gateway speak for the device",
    "mismatch": "`device` in the object is not the topic's",
    "parse": "neither a JSON object nor a MessagePack map, or broken",
    "missing": "a required field is missing",
    "type": "a field is of the wrong type",
    "range": "a field is out of its range, or not one of its words",
    "crs": "a coordinate system other than wgs-84, cgcs2000, gcj-02",
    "clock": "`ts` is over 24 h off (7 days for action, trip, shift, work, permit) after the correction",
    "large": "over 64 KiB, or a batch over 512 KiB",
    "batch": "a batch of over 1,000 objects, or of what are not objects",
    "nmea": "sentences that cannot be decoded",
    "cap": "CAP XML that cannot be taken",
    "retained": "a retained copy of what is no status",
}


class Refused(Struct, frozen=True, array_like=True, gc=False):
    """One message, or one object of a batch, that was turned away. `reason` is a key of `REASONS`."""

    received: int  # ms
    topic: str
    device: str
    reason: str
    detail: str
    payload: bytes


_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(list[Refused]).decode
KEPT = 64 * 1024  # bytes of a payload that are kept at most
_RECORD = 400 * 1024  # bytes of payloads a record of the log


def pack(codec: Codec, refused: Sequence[Refused]) -> list[bytes]:
    """Values of records for the log's topic `refused`: as few as stay under the log's limit."""
    values: list[bytes] = []
    part: list[Refused] = []
    size = 0
    for one in refused:
        if part and size + len(one.payload) > _RECORD:
            values.append(codec.pack_bytes(_encode(part)))
            part, size = [], 0
        part.append(one)
        size += len(one.payload) + 200
    return [*values, codec.pack_bytes(_encode(part))] if part else values


def unpack(codec: Codec, value: bytes) -> list[Refused]:
    """Raises `records.Unreadable` for a format byte that this version does not know."""
    return _decode(codec.unpack_bytes(value))


def reason_of(fault: BaseException) -> str:
    """The reason code of what a decoder raised."""
    text = str(fault)
    if isinstance(fault, msgspec.ValidationError):
        if "missing required" in text:
            return "missing"
        if text.startswith("Expected") and ", got " in text:
            return "type"
        return "range"
    return "range" if text.startswith("Expected a time") else "parse"


def detail_of(fault: BaseException) -> str:
    return str(fault)[:300] or type(fault).__name__


def as_dict(refused: Refused) -> dict[str, Any]:
    return msgspec.structs.asdict(refused)
