"""Outcomes as bytes: how a record of the topic `alerts` is written by the processor and read by deliverer, recorder and console."""

import msgspec

from alerts.alert import Outcomes
from ingest.records import Codec, Unreadable

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Outcomes).decode


def pack(outcomes: Outcomes, codec: Codec | None = None) -> bytes:
    """One record. Whoever packs many gives the codec of its own thread: its zstd contexts cost more than a small record does."""
    return (codec or Codec()).pack_bytes(_encode(outcomes))


def unpack(value: bytes, codec: Codec | None = None) -> Outcomes:
    """Raises `Unreadable`: the reader must stop, not skip."""
    plain = (codec or Codec()).unpack_bytes(value)
    try:
        return _decode(plain)
    except msgspec.MsgspecError as broken:
        raise Unreadable(str(broken)) from broken
