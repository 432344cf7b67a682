"""Retention of the SQLite log: compaction, and making room at the cap without taking from those who must not miss anything."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from ingest.log import ALERTS, COMMANDS, COMPACTED, EVENTS, HOLDERS, REFUSED, Passed, Retained
from ingest.log_reserve import STEP, Reserve

ORDER = (EVENTS, REFUSED, COMMANDS, ALERTS)  # what goes first; `events` are archived before
NEEDS = {EVENTS: "processor", ALERTS: "deliverer", COMMANDS: "deliverer"}  # until this reader has saved a position, nothing of the topic goes
REFUSALS = 20  # refused messages may take 1/n of the cap, so that a flood of them never pushes out what was heard; ours
SLACK = 20  # stops 1/n below the cap, so that it is not reached again at once; ours
PIECE = 100  # records a transaction: writers wait for no more than this
SHIFT = 40  # bits of an offset in a record's row number: 10^12 records a stream

T = TypeVar("T")


class File(Protocol):
    """What retention needs of `SqliteLog`."""

    reserve: Reserve

    def used(self) -> int: ...

    def write(self, body: Callable[[sqlite3.Connection], T], *, urgent: bool) -> T: ...

    def query(self, text: str, *values: object) -> list[tuple[Any, ...]]: ...


def retain(log: File, cap: int, now: int, floors: Mapping[tuple[str, int], int]) -> Retained:
    """See `ingest.log.Log.retain`. In small transactions, on the reserve if need be: a full disk is just when it must work."""
    removed = sum(_compact(log, stream) for stream, topic, _, _ in _streams(log) if topic in COMPACTED)
    removed += _trim_refusals(log, cap // REFUSALS, floors)
    passed: dict[tuple[str, str, int], int] = {}
    goal = cap - cap // SLACK
    if log.used() > cap:
        for readers in ("all", "holders"):
            for stream, topic, partition, following in _streams(log):
                if log.used() <= goal:
                    break
                saved = dict(log.query("SELECT reader, next FROM positions WHERE topic = ? AND partition = ?", topic, partition))
                if topic not in ORDER or (topic in NEEDS and NEEDS[topic] not in saved):
                    continue
                held = [at for reader, at in saved.items() if readers == "all" or reader in HOLDERS]
                floor = min(following, floors.get((topic, partition), following), *held)
                count, first = _remove(log, stream, floor, goal)
                removed += count
                for reader, at in saved.items():
                    if at < first and count:
                        key = (reader, topic, partition)
                        passed[key] = passed.get(key, 0) + min(count, first - at)
    if missing := log.reserve.missing():
        _give_back(log, missing + 2 * STEP)
    used = log.used()
    lost = tuple(Passed(*key, count) for key, count in sorted(passed.items()))
    return Retained(bytes=used, removed=removed, passed=lost, over=used > cap, reach=_reach(log, now))


def _trim_refusals(log: File, share: int, floors: Mapping[tuple[str, int], int]) -> int:
    """Remove the oldest refusals beyond their share of bytes, divided among the areas; never before `floors`."""
    removed = 0
    streams = [row for row in _streams(log) if row[1] == REFUSED]
    for stream, topic, partition, following in streams:
        floor = min(following, floors.get((topic, partition), following))
        own = share // len(streams)
        while log.query("SELECT bytes FROM streams WHERE id = ?", stream)[0][0] > own:
            rows = log.query("SELECT id FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", stream << SHIFT, (stream << SHIFT) + floor, PIECE)
            if not rows:
                break
            removed += _delete(log, stream, [row[0] for row in rows])
    return removed


def _streams(log: File) -> Iterator[tuple[int, str, int, int]]:
    """(number, topic, partition, next), in the order in which they give."""
    rows = log.query("SELECT id, topic, partition, next FROM streams")
    rank = {topic: place for place, topic in enumerate(ORDER)}
    yield from sorted(((row[0], row[1], row[2], row[3]) for row in rows), key=lambda row: (rank.get(row[1], len(rank)), row[2]))


def _remove(log: File, stream: int, floor: int, goal: int) -> tuple[int, int]:
    """Remove the oldest before `floor` until the goal is met: (how many, the first offset that is kept)."""
    removed, end, kept = 0, (stream << SHIFT) + floor, 0
    while log.used() > goal:
        rows = log.query("SELECT id FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", stream << SHIFT, end, PIECE)
        if not rows:
            break
        removed += _delete(log, stream, [row[0] for row in rows])
        kept = rows[-1][0] - (stream << SHIFT) + 1
    return removed, kept


def _compact(log: File, stream: int) -> int:
    """Keep the last record of each key."""
    newest: dict[bytes, int] = {}
    stale = []
    for row, key in log.query(
        "SELECT id, key FROM records WHERE id >= ? AND id < ? AND key IS NOT NULL ORDER BY id", stream << SHIFT, (stream + 1) << SHIFT
    ):
        if key in newest:
            stale.append(newest[key])
        newest[key] = row
    return sum(_delete(log, stream, stale[start : start + PIECE]) for start in range(0, len(stale), PIECE))


def _delete(log: File, stream: int, rows: list[int]) -> int:
    def body(db: sqlite3.Connection) -> int:
        freed = count = 0
        for row in rows:  # another process may have removed it meanwhile
            for (size,) in db.execute("DELETE FROM records WHERE id = ? RETURNING length(value) + coalesce(length(key), 0)", (row,)).fetchall():
                freed, count = freed + size, count + 1
        db.execute("UPDATE streams SET bytes = bytes - ? WHERE id = ?", (freed, stream))
        return count

    return log.write(body, urgent=True)


def _give_back(log: File, wanted: int) -> None:
    """Return freed pages to the disk, so that the reserve can be filled up and bulk be written again."""
    pages = wanted // log.query("PRAGMA page_size")[0][0] + 1

    def body(db: sqlite3.Connection) -> None:
        for _ in range(1000):
            db.execute("PRAGMA incremental_vacuum(1)")  # Python's module steps such a statement once, so it frees one page whatever is asked

    for _ in range(0, pages, 1000):
        if not log.query("PRAGMA freelist_count")[0][0]:
            break
        log.write(body, urgent=True)
    log.query("PRAGMA wal_checkpoint(TRUNCATE)")  # the file shrinks only at a checkpoint
    log.reserve.whole()


def _reach(log: File, now: int) -> int:
    oldest = [
        rows[0][0]
        for stream, topic, _, _ in _streams(log)
        if topic == EVENTS
        and (rows := log.query("SELECT at FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT 1", stream << SHIFT, (stream + 1) << SHIFT))
    ]
    return max(0, now - min(oldest)) if oldest else 0
