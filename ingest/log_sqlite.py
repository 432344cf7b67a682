"""The log on one SQLite file, shared by all processes of a machine.

WAL with synchronous=FULL: what `append` returned is on disk. One writer at a time, readers never wait. A record's row number is its stream's number
and its offset in one integer, so that reading on is a walk along the table itself. The next offsets stand in a table of their own that never restarts.
"""

import errno
import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from ingest.log import Claim, Entry, LogBroken, LogFull, Record, Retained, Taken
from ingest.log_reserve import Reserve
from ingest.log_retention import SHIFT, retain

PATIENCE = 30.0  # s that a writer waits for its turn; ours: longer than any checkpoint, shorter than a supervisor's
PAUSE = 0.0005  # s between two tries. SQLite's own handler sleeps up to 0.1 s, which a press would feel
READ_BYTES = 8 << 20  # of values that one `read` returns at most: 500 of the largest records would be 256 MB
T = TypeVar("T")
_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS streams (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, partition INTEGER NOT NULL,
    next INTEGER NOT NULL, bytes INTEGER NOT NULL, UNIQUE (topic, partition));
CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, key BLOB, headers BLOB, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS positions (reader TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
    PRIMARY KEY (reader, topic, partition)) WITHOUT ROWID;
"""
_READ = "SELECT id, at, key, headers, value FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
_INSERT = "INSERT INTO records (id, at, key, headers, value) VALUES (?, ?, ?, ?, ?)"

_pack_headers = msgspec.json.Encoder().encode
_unpack_headers = msgspec.json.Decoder(tuple[tuple[str, str], ...]).decode


def _wall() -> int:
    return time.time_ns() // 1_000_000


class FileClaim:
    """A lock on a file beside the log: the kernel lets go of it when the process ends."""

    def __init__(self, path: Path, name: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._file, 64, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            raise Taken(f"{name} runs already on this log (process {owner}, {path}): stop it first, or give this one other areas") from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


class SqliteLog:
    """`ingest.log.Log` on the file at `path`. Safe to share between threads, which then take turns; each process opens its own.

    `limit`: bytes above which bulk raises `LogFull` although the disk has room (None: the disk alone limits). `reserve`: bytes kept back for urgent
    batches, made by whoever asks for it, respected by all; 0 leaves it as it is. `clock`: ms, stamps entries.
    """

    def __init__(self, path: str | Path, *, limit: int | None = None, reserve: int = 0, clock: Callable[[], int] = _wall) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._lock = threading.RLock()
        self._streams: dict[tuple[str, int], int] = {}
        self._wrote = True
        self._version = -1
        self.reserve = Reserve(self.path.with_name(self.path.name + ".reserve"))
        while True:
            try:
                self._db = self._connect()
                break
            except LogFull:  # even the files of WAL need a little room
                if not self.reserve.release():
                    raise
        if reserve:
            self.reserve.make(reserve)
        page = self._one("PRAGMA page_size")
        self._pages = None if limit is None else (limit // page, (limit + reserve) // page)
        if self._pages:
            self._one(f"PRAGMA max_page_count = {self._pages[0]}")

    def append(self, records: Sequence[Record], *, urgent: bool = False) -> list[int]:
        if not records:
            return []
        offsets = self.write(lambda db: self._insert(db, records), urgent=urgent)
        self._wrote = True
        return offsets

    def read(self, topic: str, partition: int, offset: int, limit: int = 500) -> list[Entry]:
        with self._lock:
            stream = self._stream(topic, partition)
            if stream is None or limit <= 0:
                return []
            base, room, entries = stream << SHIFT, READ_BYTES, []
            rows = self._patiently(lambda: self._db.execute(_READ, (base + max(offset, 0), (stream + 1) << SHIFT, limit)))
            for row, at, key, headers, value in rows:
                entries.append(Entry(topic, partition, row - base, at, key, value, _unpack_headers(headers) if headers else ()))
                room -= len(value)
                if room <= 0:
                    break
            rows.close()  # an open reader would hold the WAL
            return entries

    def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        with self._lock:
            query = "SELECT next, (SELECT min(id) FROM records WHERE id >= s.id << ? AND id < (s.id + 1) << ?) - (s.id << ?) FROM streams s"
            row = self._patiently(
                lambda: self._db.execute(query + " WHERE topic = ? AND partition = ?", (SHIFT, SHIFT, SHIFT, topic, partition)).fetchone()
            )
        if row is None:
            return 0, 0
        return (row[0] if row[1] is None else row[1]), row[0]

    def partitions(self, topic: str) -> list[int]:
        with self._lock:
            return [row[0] for row in self._all("SELECT partition FROM streams WHERE topic = ? ORDER BY partition", topic)]

    def size(self, topic: str, partition: int) -> int:
        with self._lock:
            rows = self._all("SELECT bytes FROM streams WHERE topic = ? AND partition = ?", topic, partition)
        return rows[0][0] if rows else 0

    def position(self, reader: str, topic: str, partition: int) -> int | None:
        with self._lock:
            rows = self._all("SELECT next FROM positions WHERE reader = ? AND topic = ? AND partition = ?", reader, topic, partition)
        return rows[0][0] if rows else None

    def save_positions(self, reader: str, positions: Sequence[tuple[str, int, int]]) -> None:
        if not positions:
            return
        rows = [(reader, *position) for position in positions]
        statement = "INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?)"
        self.write(lambda db: db.executemany(statement, rows), urgent=True)  # an unsaved position would hold retention, and the disk stay full

    def changed(self) -> bool:
        with self._lock:
            version = self._one("PRAGMA data_version")  # of other connections' commits only
            changed, self._wrote, self._version = self._wrote or version != self._version, False, version
            return changed

    def retain(self, cap: int, now: int, floors: Mapping[tuple[str, int], int] | None = None) -> Retained:
        return retain(self, cap, now, floors or {})

    def claim(self, name: str) -> Claim:
        safe = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)
        return FileClaim(self.path.with_name(f"{self.path.name}.{safe}.lock"), name)

    def make_room(self, beside: Path) -> bool:
        return beside.stat().st_dev == self.path.parent.stat().st_dev and self.reserve.release()

    def close(self) -> None:
        with self._lock:
            self._db.close()
            self.reserve.close()

    def used(self) -> int:
        """Bytes of the file that hold something; freed pages are used again before it grows."""
        with self._lock:
            return (self._one("PRAGMA page_count") - self._one("PRAGMA freelist_count")) * self._one("PRAGMA page_size")

    def write(self, body: Callable[[sqlite3.Connection], T], *, urgent: bool) -> T:
        """Run `body` in one transaction: all or nothing. Bulk is refused while the reserve is not whole; urgent runs again on what it gives up."""
        with self._lock:
            while True:
                try:
                    return self._once(body, urgent=urgent)
                except LogFull:
                    if not (urgent and self.reserve.release()):
                        raise

    def _once(self, body: Callable[[sqlite3.Connection], T], *, urgent: bool) -> T:
        if urgent and self._pages:
            self._one(f"PRAGMA max_page_count = {self._pages[1]}")
        self._patiently(lambda: self._db.execute("BEGIN IMMEDIATE"))
        try:
            if not urgent and not self.reserve.whole():
                raise LogFull(errno.ENOSPC, "the disk is full: what is left is kept for urgent batches", str(self.path))
            result = body(self._db)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) in _FULL:
                raise LogFull(errno.ENOSPC, f"the log is full: {error}", str(self.path)) from error
            raise LogBroken(errno.EIO, f"the log cannot be written: {error}", str(self.path)) from error
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if urgent and self._pages:
                self._one(f"PRAGMA max_page_count = {self._pages[0]}")
        return result

    def _insert(self, db: sqlite3.Connection, records: Sequence[Record]) -> list[int]:
        nexts: dict[int, list[int]] = {}  # stream: [next offset, bytes added]
        rows, offsets = [], []
        at = self._clock()
        for topic, partition, value, key, headers in records:
            stream = self._stream(topic, partition) or self._new_stream(db, topic, partition)
            if stream not in nexts:
                nexts[stream] = [self._all("SELECT next FROM streams WHERE id = ?", stream)[0][0], 0]
            tail = nexts[stream]
            rows.append(((stream << SHIFT) + tail[0], at, key, _pack_headers(headers) if headers else None, value))
            offsets.append(tail[0])
            tail[0] += 1
            tail[1] += len(value) + len(key or b"")
        db.executemany(_INSERT, rows)
        db.executemany("UPDATE streams SET next = ?, bytes = bytes + ? WHERE id = ?", [(*tail, stream) for stream, tail in nexts.items()])
        return offsets

    def _stream(self, topic: str, partition: int) -> int | None:
        known = self._streams.get((topic, partition))
        if known is None:
            rows = self._all("SELECT id FROM streams WHERE topic = ? AND partition = ?", topic, partition)
            if not rows:
                return None
            known = rows[0][0]
            if not self._db.in_transaction:  # else the row may still be rolled back
                self._streams[topic, partition] = known
        return known

    @staticmethod
    def _new_stream(db: sqlite3.Connection, topic: str, partition: int) -> int:
        row = db.execute("INSERT INTO streams (topic, partition, next, bytes) VALUES (?, ?, 0, 0) RETURNING id", (topic, partition)).fetchall()
        return int(row[0][0])

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            deadline = time.monotonic() + PATIENCE
            for statement in ("PRAGMA auto_vacuum = INCREMENTAL", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"):
                _patiently(lambda statement=statement: db.execute(statement).fetchall(), deadline)  # type: ignore[misc]  # a lambda's default
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'positions'").fetchall():
                _patiently(lambda: db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;"), deadline)
        except sqlite3.Error as error:
            db.close()
            if error.sqlite_errorcode in _FULL:
                raise LogFull(errno.ENOSPC, f"no room to open the log: {error}", str(self.path)) from error
            raise
        return db

    def _patiently(self, action: Callable[[], T]) -> T:
        return _patiently(action, time.monotonic() + PATIENCE)

    def query(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """Of retention and the doctor: a question to the file itself."""
        with self._lock:
            return self._all(text, *values)

    def _all(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self._patiently(lambda: self._db.execute(query, values).fetchall())

    def _one(self, query: str) -> int:
        return int(self._all(query)[0][0])


def _patiently(action: Callable[[], T], deadline: float) -> T:
    while True:
        try:
            return action()
        except sqlite3.OperationalError as busy:
            if busy.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE)
