"""How batches of events stand in the log: a format byte, then zstd over MessagePack arrays.

A record holds what was readable for one area at once; a tick, where there is one, is its last event.
"""

import zstandard
from msgspec import DecodeError, Struct, msgpack

from ingest.events import AnyEvent

FORMAT = 1  # first byte of a record; a row's fields are only added at its end, otherwise this rises
LIMIT = 512 * 1024  # bytes of a record at most
_PACKED = bytes([FORMAT])


class Batch(Struct, frozen=True, array_like=True, gc=False):
    """What one area heard. `site` is the revision by which the door looked devices up."""

    site: str
    events: list[AnyEvent]


class Unreadable(ValueError):
    """A record that this version cannot read: an unknown format byte or broken bytes. The worker must stop, not skip."""


_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(Batch).decode


class Codec:
    """Packs and unpacks records. One a thread: the zstd contexts are kept, as making them costs more than small batches do."""

    def __init__(self, level: int = 1) -> None:
        self._compress = zstandard.ZstdCompressor(level=level).compress
        self._decompress = zstandard.ZstdDecompressor().decompress

    def pack(self, batch: Batch) -> bytes:
        return _PACKED + self._compress(_encode(batch))

    def unpack(self, value: bytes) -> Batch:
        """Raises `Unreadable`."""
        try:
            return _decode(self.unpack_bytes(value))
        except DecodeError as broken:  # ValidationError is one
            raise Unreadable(str(broken)) from broken

    def pack_bytes(self, plain: bytes) -> bytes:
        """Any MessagePack or JSON document in the same envelope: outcomes, snapshots."""
        return _PACKED + self._compress(plain)

    def unpack_bytes(self, value: bytes) -> bytes:
        if value[:1] != _PACKED:
            raise Unreadable(f"record format {value[:1]!r}; this version reads {_PACKED!r}")
        try:
            return self._decompress(memoryview(value)[1:], max_output_size=1 << 27)
        except zstandard.ZstdError as broken:
            raise Unreadable(str(broken)) from broken
