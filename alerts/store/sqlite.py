"""The default store: one SQLite file with a typed table a measurement, made from the table of quantities.

A row's key is (subject, at, sub, area, further tags), so writing again changes nothing and one subject's row of days is read in order.
Writing and the read position are one transaction. WAL: the console reads while the recorder writes. Runs in the caller's thread.
"""

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from alerts.store.shapes import columns_of, merged
from alerts.store.store import Point, Refusal, Rejected, StoreAway
from alerts.store.tables import ALERT, DAY, TABLES, TYPES, Table, fault, subject_of

_SQL = {"float": "REAL", "int": "INTEGER", "bool": "INTEGER", "str": "TEXT"}
REFUSED_KEPT = 90 * DAY  # ms; ours
REJECTED_KEPT = 90 * DAY  # ms; ours
REFUSED_MOST = 200_000  # rows; a babbling device must not fill the disk; ours

_FIXED = """
CREATE TABLE IF NOT EXISTS latest (measurement TEXT, subject TEXT, area TEXT, at INTEGER, sub INTEGER, tags TEXT, fields TEXT,
    PRIMARY KEY (measurement, subject, area)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alerts (id TEXT PRIMARY KEY, revision INTEGER, area TEXT, model TEXT, level TEXT, state TEXT, open INTEGER,
    subject TEXT, segment TEXT, raised INTEGER, updated INTEGER, shape TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS alerts_open ON alerts (open, updated DESC);
CREATE INDEX IF NOT EXISTS alerts_updated ON alerts (updated DESC);
CREATE INDEX IF NOT EXISTS alerts_area ON alerts (area, updated DESC);
CREATE TABLE IF NOT EXISTS alert_changes (id TEXT, revision INTEGER, updated INTEGER, shape TEXT, PRIMARY KEY (id, revision)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS alert_changes_updated ON alert_changes (updated);
CREATE TABLE IF NOT EXISTS refused (number INTEGER PRIMARY KEY, at INTEGER, topic TEXT, device TEXT, reason TEXT, detail TEXT, payload BLOB,
    UNIQUE (at, topic, reason, payload));
CREATE INDEX IF NOT EXISTS refused_device ON refused (device, at);
CREATE TABLE IF NOT EXISTS rejected (at INTEGER, measurement TEXT, point TEXT, reason TEXT, UNIQUE (measurement, point, reason));
CREATE TABLE IF NOT EXISTS positions (topic TEXT, partition INTEGER, next INTEGER, PRIMARY KEY (topic, partition)) WITHOUT ROWID;
"""


def _name(table: str) -> str:
    """Tables of measurements have a prefix: `alert` and `alerts` are two things, and `action` is a word of SQL."""
    return f"m_{table}"


def _key(table: Table) -> tuple[str, ...]:
    return ("subject", "at", "sub", "area", *table.tags)


def _schema(table: Table) -> str:
    columns = [f'"{name}" {"INTEGER" if name in {"at", "sub"} else "TEXT"} NOT NULL' for name in _key(table)]
    columns += [f'"{column.name}" {_SQL[column.type]}' for column in table.columns if column.name not in table.tags]
    return f'CREATE TABLE IF NOT EXISTS "{_name(table.name)}" ({", ".join(columns)}, PRIMARY KEY ({", ".join(_key(table))})) WITHOUT ROWID, STRICT'


def _insert(table: Table) -> str:
    """A second writing of the same key joins the fields, the later one winning: as InfluxDB does."""
    names = [column.name for column in table.columns]
    quoted = ", ".join(f'"{name}"' for name in (*_key(table), *names))
    marks = ", ".join("?" * (len(_key(table)) + len(names)))
    update = ", ".join(f'"{name}" = coalesce(excluded."{name}", "{name}")' for name in names)
    return f'INSERT INTO "{_name(table.name)}" ({quoted}) VALUES ({marks}) ON CONFLICT DO UPDATE SET {update}'  # noqa: S608 - names are ours


_INSERTS = {table.name: _insert(table) for table in TABLES.values()}
_NAMES = {table.name: tuple(column.name for column in table.columns) for table in TABLES.values()}
_LATEST = """INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    fields = CASE WHEN (excluded.at, excluded.sub) = (at, sub) THEN json_patch(fields, excluded.fields) ELSE excluded.fields END,
    tags = excluded.tags, at = excluded.at, sub = excluded.sub WHERE excluded.at > at OR (excluded.at = at AND excluded.sub >= sub)"""
_ALERT = """INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET revision = excluded.revision,
    area = excluded.area, model = excluded.model, level = excluded.level, state = excluded.state, open = excluded.open, subject = excluded.subject,
    segment = excluded.segment, raised = excluded.raised, updated = excluded.updated, shape = excluded.shape WHERE excluded.revision >= revision"""

_json = msgspec.json.Encoder().encode
_plain = msgspec.json.decode


class SqliteStore:
    """See `alerts/store/store.py` for the contract."""

    def __init__(self, path: Path) -> None:
        """Opens or creates. Raises `StoreAway`."""
        self._lock = threading.Lock()  # the console asks from several threads of its own
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")  # what a power cut takes is read from the log again, the position going back with it
            self._db.execute("PRAGMA cache_size=-8000")
            self._prepare()
        except (OSError, sqlite3.Error) as away:
            raise StoreAway(f"{path}: {away}") from away

    def _prepare(self) -> None:
        """Tables that are missing, and columns that a newer version added."""
        known = {row[0] for row in self._db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if "positions" not in known:
            self._db.executescript(_FIXED)
        for table in TABLES.values():
            if _name(table.name) not in known:
                self._db.execute(_schema(table))
                continue
            there = {row[1] for row in self._db.execute(f'PRAGMA table_info("{_name(table.name)}")')}
            for column in table.columns:
                if column.name not in there:
                    self._db.execute(f'ALTER TABLE "{_name(table.name)}" ADD COLUMN "{column.name}" {_SQL[column.type]}')

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise
            except sqlite3.Error as away:
                raise StoreAway(str(away)) from away

    def _ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._db.execute(sql, values).fetchall()
            except sqlite3.Error as away:
                raise StoreAway(str(away)) from away

    # Writing

    def write(
        self, points: Sequence[Point], alerts: Sequence[Mapping[str, Any]], refusals: Sequence[Refusal], positions: Sequence[tuple[str, int, int]]
    ) -> list[Rejected]:
        rows, latest, rejected = _sorted(points)
        with self._transaction() as db:
            for measurement, of_it in rows.items():
                db.executemany(_INSERTS[measurement], of_it)
            db.executemany(_LATEST, [(m, s, a, p.at, p.sub, _text(p.tags), _text(p.fields)) for (m, s, a), p in latest.items()])
            for shape in alerts:
                columns = columns_of(shape)
                text = _text(shape)
                db.execute(_ALERT, (*columns, text))
                db.execute("INSERT OR REPLACE INTO alert_changes VALUES (?, ?, ?, ?)", (shape["id"], shape["revision"], columns[-1], text))
            db.executemany("INSERT OR IGNORE INTO refused (at, topic, device, reason, detail, payload) VALUES (?, ?, ?, ?, ?, ?)", refusals)
            db.executemany(
                "INSERT OR IGNORE INTO rejected VALUES (?, ?, ?, ?)",
                [(min(max(r.point.at, 0), 1 << 62), r.point.measurement, repr(tuple(r.point))[:4_000], r.reason) for r in rejected],
            )
            db.executemany("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", positions)
        return rejected

    def position(self, topic: str, partition: int) -> int | None:
        rows = self._ask("SELECT next FROM positions WHERE topic = ? AND partition = ?", topic, partition)
        return int(rows[0][0]) if rows else None

    # Reading

    def alerts(self, *, open_only: bool = True, area: str = "", since: int = 0, limit: int = 500) -> list[dict[str, Any]]:
        where, values = ["updated >= ?"], [since]
        if open_only:
            where.append("open = 1")
        more = [area] if area else []
        sql = f"SELECT shape FROM alerts WHERE {' AND '.join(where + ['area = ?'] * len(more))} ORDER BY updated DESC, id LIMIT ?"  # noqa: S608 - ours
        return [_plain(row[0]) for row in self._ask(sql, *values, *more, limit)]

    def history(self, alert: str) -> list[dict[str, Any]]:
        return [_plain(row[0]) for row in self._ask("SELECT shape FROM alert_changes WHERE id = ? ORDER BY revision", alert)]

    def latest(self, measurement: str, area: str = "", since: int = 0) -> dict[str, Point]:
        where = "measurement = ? AND at >= ?" + (" AND area = ?" if area else "")
        sql = f"SELECT subject, tags, fields, at, sub FROM latest WHERE {where} ORDER BY at, sub"  # noqa: S608 - ours
        rows = self._ask(sql, measurement, since, *([area] if area else []))
        return {subject: Point(measurement, _plain(tags), _typed(measurement, _plain(fields)), at, sub) for subject, tags, fields, at, sub in rows}

    def refused(self, device: str = "", limit: int = 100) -> list[Refusal]:
        where, values = ("WHERE device = ?", [device]) if device else ("", [])
        sql = f"SELECT at, topic, device, reason, detail, payload FROM refused {where} ORDER BY at DESC, number DESC LIMIT ?"  # noqa: S608 - ours
        return [Refusal(*row) for row in self._ask(sql, *values, limit)]

    def rejected(self, limit: int = 100) -> list[tuple[int, str, str, str]]:
        """(at, measurement, point as text, reason) of what no store may take, newest first."""
        return [
            (row[0], row[1], row[2], row[3])
            for row in self._ask("SELECT at, measurement, point, reason FROM rejected ORDER BY rowid DESC LIMIT ?", limit)
        ]

    def series(self, measurement: str, subject: str, name: str, since: int, until: int, limit: int = 5_000) -> list[tuple[int, float]]:
        """The newest `limit` of [since, until). Unknown names give nothing; a word is no number and gives nothing."""
        if TYPES.get(measurement, {}).get(name, "str") == "str":
            return []
        sql = f"""SELECT at, "{name}" FROM "{_name(measurement)}" WHERE subject = ? AND at >= ? AND at < ? AND "{name}" IS NOT NULL
            ORDER BY at DESC, sub DESC LIMIT ?"""  # noqa: S608 - names are of the table of quantities
        return [(at, float(value)) for at, value in reversed(self._ask(sql, subject, since, until, limit))]

    # Upkeep

    def keep(self, now: int) -> None:
        for table in TABLES.values():
            if table.keep is not None:
                self._drop(table, now - table.keep)
        with self._transaction() as db:
            kept = ALERT.keep or 0
            db.execute("DELETE FROM alerts WHERE open = 0 AND updated < ?", (now - kept,))
            db.execute("DELETE FROM alert_changes WHERE updated < ? AND id NOT IN (SELECT id FROM alerts)", (now - kept,))
            db.execute("DELETE FROM refused WHERE at < ? OR number <= (SELECT max(number) FROM refused) - ?", (now - REFUSED_KEPT, REFUSED_MOST))
            db.execute("DELETE FROM rejected WHERE at < ?", (now - REJECTED_KEPT,))

    def _drop(self, table: Table, before: int) -> None:
        """One transaction a subject: nobody waits long for the file, and the key itself finds the rows."""
        for (subject,) in self._ask("SELECT DISTINCT subject FROM latest WHERE measurement = ?", table.name):
            with self._transaction() as db:
                db.execute(f'DELETE FROM "{_name(table.name)}" WHERE subject = ? AND at < ?', (subject, before))  # noqa: S608 - names are ours
                db.execute("DELETE FROM latest WHERE measurement = ? AND subject = ? AND at < ?", (table.name, subject, before))

    def close(self) -> None:
        with self._lock:
            self._db.close()


Rows = dict[str, list[tuple[object, ...]]]
Latest = dict[tuple[str, str, str], Point]


def _sorted(points: Sequence[Point]) -> tuple[Rows, Latest, list[Rejected]]:
    """Rows by measurement, the last point of each subject, and what cannot be taken."""
    rows: Rows = defaultdict(list)
    latest: Latest = {}
    rejected = []
    for point in points:
        why = fault(point)
        if why:
            rejected.append(Rejected(point, why))
            continue
        measurement, tags, fields, at, sub = point
        subject, area, get = subject_of(point), tags.get("area", ""), fields.get
        table = TABLES[measurement]
        more = tuple(tags.get(name, "") for name in table.tags) if table.tags else ()
        rows[measurement].append((subject, at, sub, area, *more, *[get(name) for name in _NAMES[measurement]]))
        who = (measurement, subject, area)
        last = latest.get(who)
        if last is None or (at, sub) > (last.at, last.sub):
            latest[who] = point
        elif (at, sub) == (last.at, last.sub):
            latest[who] = merged(last, point)
    return rows, latest, rejected


def _text(value: object) -> str:
    return _json(value).decode()


def _typed(measurement: str, fields: dict[str, Any]) -> dict[str, Any]:
    """JSON writes 20.0 as 20.0 but an int given for a float stays an int: give each its type back."""
    types = TYPES.get(measurement, {})
    return {name: float(value) if types.get(name) == "float" else value for name, value in fields.items()}
