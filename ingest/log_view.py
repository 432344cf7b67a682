"""What stands in the log, for people: rows for `log ls`, and entries as JSON-able dicts for `log tail`."""

import base64
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import msgpack, structs

from ingest.events import kind_of
from ingest.log import EVENTS, TOPICS, Entry, Log
from ingest.records import Codec, Unreadable

PAUSE = 0.2  # s between two looks while following; ours: a reader's patience, not a machine's


class Row(NamedTuple):
    topic: str
    partition: int
    first: int  # first kept offset
    next: int
    bytes: int  # of the keys and values that are kept


def ls(log: Log) -> list[Row]:
    """One row a topic and partition that was ever written to."""
    return [
        Row(topic, partition, *log.bounds(topic, partition), log.size(topic, partition)) for topic in TOPICS for partition in log.partitions(topic)
    ]


def tail(
    log: Log, topic: str, area: int | None = None, *, follow: bool = False, last: int = 10, sleep: Callable[[float], None] = time.sleep
) -> Iterator[dict[str, Any]]:
    """The `last` entries of each partition (of the area with this number only, if given), oldest first; with `follow` then what comes, without end."""
    codec = Codec()
    wanted = log.partitions(topic) if area is None else [area]
    nexts = {partition: max(log.bounds(topic, partition)[0], log.bounds(topic, partition)[1] - last) for partition in wanted}
    while True:
        found = [entry for partition in nexts for entry in log.read(topic, partition, nexts[partition])]
        for entry in sorted(found, key=lambda entry: (entry.at, entry.partition, entry.offset)):
            nexts[entry.partition] = entry.offset + 1
            yield readable(entry, codec)
        if not found:
            if not follow:
                return
            sleep(PAUSE)
        if follow and area is None:
            nexts |= {partition: 0 for partition in log.partitions(topic) if partition not in nexts}


def readable(entry: Entry, codec: Codec) -> dict[str, Any]:
    """An entry with its value decoded: a batch of events by name, any other document as it stands; what cannot be read says why."""
    row: dict[str, Any] = {"topic": entry.topic, "partition": entry.partition, "offset": entry.offset, "at": entry.at, "bytes": len(entry.value)}
    if entry.key is not None:
        row["key"] = entry.key.decode(errors="backslashreplace")
    if entry.headers:
        row["headers"] = dict(entry.headers)
    try:
        if entry.topic == EVENTS:
            batch = codec.unpack(entry.value)
            row["site"] = batch.site
            row["events"] = [{"kind": kind_of(event), **_plain(structs.asdict(event))} for event in batch.events]
        else:
            row["value"] = _document(codec.unpack_bytes(entry.value))
    except (Unreadable, msgspec.DecodeError) as broken:
        row["unreadable"] = str(broken)
    return row


def _document(plain: bytes) -> Any:
    for decode in (msgspec.json.decode, msgpack.decode):  # no MessagePack map or array begins as JSON does
        try:
            return _plain(decode(plain))
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return _plain(plain)


def _plain(value: Any) -> Any:
    """Without what is not available, and without bytes, which JSON has not."""
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, msgspec.Struct):
        return _plain(structs.asdict(value))
    if isinstance(value, dict):
        return {(key if isinstance(key, str) else str(key)): _plain(part) for key, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
