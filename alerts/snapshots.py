"""An area's memory in the topic `changelog`: two slots by turns, each in chunks, a head last. A torn one falls back to the one before.

Keys: `A/0`, `A/1`, … the chunks; `A` the head (slot, count, hash, offset). The head is written after its chunks, so a head without them is a torn snapshot.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import zstandard
from msgspec import Struct, msgpack

from ingest.log import CHANGELOG, Log, Record

CHUNK = 512 * 1024  # bytes; architecture


class Head(Struct, frozen=True):
    slot: str
    count: int
    hash: str
    offset: int  # of the last record that the memory includes


class Snapshot(NamedTuple):
    head: Head
    memory: bytes


def records(partition: int, slot: str, offset: int, memory: bytes) -> list[Record]:
    """Chunks, then the head: to be appended in this order."""
    packed = zstandard.ZstdCompressor(level=1).compress(memory)
    chunks = [packed[at : at + CHUNK] for at in range(0, len(packed), CHUNK)] or [b""]
    head = Head(slot, len(chunks), hashlib.sha256(packed).hexdigest(), offset)
    pieces = [Record(CHANGELOG, partition, chunk, f"{slot}/{i}".encode()) for i, chunk in enumerate(chunks)]
    return [*pieces, Record(CHANGELOG, partition, msgpack.encode(head), slot.encode())]


def newest(log: Log, partition: int) -> tuple[Snapshot | None, int]:
    """The newest whole snapshot of an area, and how many newer ones were torn."""
    last = dict(_all(log, partition))
    heads = [msgpack.decode(value, type=Head) for key, value in last.items() if b"/" not in key]
    torn = 0
    for head in sorted(heads, key=lambda each: -each.offset):
        packed = b"".join(last.get(f"{head.slot}/{i}".encode(), b"") for i in range(head.count))
        if hashlib.sha256(packed).hexdigest() == head.hash:
            return Snapshot(head, unpacked(packed)), torn
        torn += 1
    return None, torn


def whole(log: Log, partition: int) -> Iterator[Snapshot]:
    """Every whole snapshot that the log still holds, oldest first: those of the last minute, as compaction leaves one a slot."""
    chunks: dict[bytes, bytes] = {}
    for key, value in _all(log, partition):
        chunks[key] = value
        if b"/" in key:
            continue
        head = msgpack.decode(value, type=Head)
        packed = b"".join(chunks.get(f"{head.slot}/{i}".encode(), b"") for i in range(head.count))
        if hashlib.sha256(packed).hexdigest() == head.hash:
            yield Snapshot(head, unpacked(packed))


def unpacked(packed: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=1 << 30)


def other(slot: str) -> str:
    return "B" if slot == "A" else "A"


def _all(log: Log, partition: int) -> Iterator[tuple[bytes, bytes]]:
    at, end = log.bounds(CHANGELOG, partition)
    while at < end:
        entries = log.read(CHANGELOG, partition, at)
        if not entries:
            return
        for entry in entries:
            if entry.key is not None:
                yield entry.key, entry.value
        at = entries[-1].offset + 1
