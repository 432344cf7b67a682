"""The outbox: what is to be delivered, to whom, by which channel, how it went; and how far the log was read. On disk, one transaction a step.

States: wanted, sending, sent, failed, expired, superseded. A crash between sending and its mark leaves `sending`, which is sent again.
The caller gives the time (ms); nothing here reads a clock.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from alerts.alert import Alert
from alerts.channels.console import SCHEMA as CONSOLE_SCHEMA
from alerts.channels.message import Message

SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY, alert TEXT NOT NULL, person TEXT NOT NULL, channel TEXT NOT NULL, reason TEXT NOT NULL, step INTEGER NOT NULL,
  revision INTEGER NOT NULL, rank INTEGER NOT NULL, level TEXT NOT NULL, message BLOB NOT NULL, wanted INTEGER NOT NULL, expires INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'wanted', tries INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL, began INTEGER, next_channel INTEGER,
  UNIQUE (alert, person, channel, reason, step, revision));
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, due);
CREATE INDEX IF NOT EXISTS deliveries_expiring ON deliveries (expires) WHERE state = 'wanted';
CREATE INDEX IF NOT EXISTS deliveries_next ON deliveries (next_channel) WHERE next_channel IS NOT NULL;
CREATE TABLE IF NOT EXISTS attempts (id INTEGER PRIMARY KEY, delivery INTEGER NOT NULL, at INTEGER NOT NULL, channel TEXT NOT NULL, result TEXT NOT NULL,
  detail TEXT NOT NULL, duration INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS attempts_delivery ON attempts (delivery);
CREATE TABLE IF NOT EXISTS alerts (id TEXT PRIMARY KEY, area TEXT NOT NULL, key TEXT NOT NULL, revision INTEGER NOT NULL, closed INTEGER NOT NULL,
  quiet INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS alerts_open ON alerts (area) WHERE closed = 0;
CREATE TABLE IF NOT EXISTS positions (topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, partition));
CREATE TABLE IF NOT EXISTS presses (name TEXT PRIMARY KEY, device TEXT NOT NULL, received INTEGER NOT NULL, answered INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS answers (device TEXT PRIMARY KEY, upto INTEGER NOT NULL);
"""
IN_VAIN = 3  # tries after which a target counts as away; ours
_ROW = "id, alert, person, channel, reason, step, revision, rank, level, message, wanted, expires, state, tries, began"
KEPT = 90 * 86_400_000  # ms that the audit of deliveries is kept; ours


class Delivery(NamedTuple):
    id: int
    alert: str
    person: str
    channel: str
    reason: str
    step: int
    revision: int
    rank: int  # place of the channel in the person's order
    level: str
    message: bytes
    wanted: int
    expires: int
    state: str
    tries: int
    began: int | None  # ms, first attempt


class Known(NamedTuple):
    """An alert as the outbox knows it. Pages of revisions below `quiet` are superseded: somebody acknowledged at `quiet`."""

    alert: Alert
    closed: bool
    quiet: int


_encode = msgspec.msgpack.Encoder().encode
_message = msgspec.msgpack.Decoder(Message).decode
_alert = msgspec.msgpack.Decoder(Alert).decode


class Outbox:
    """Raises sqlite3.Error where the disk fails: the process stops and begins again from what is on it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.database = sqlite3.connect(path, timeout=10, isolation_level=None)
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=FULL")
        self.database.executescript(SCHEMA + CONSOLE_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.database.execute("ROLLBACK")
            raise
        self.database.execute("COMMIT")

    # What is wanted

    def want(self, message: Message, person: str, channel: str, rank: int, step: int, now: int, expires: int, due: int | None = None) -> None:
        """Once: the same (alert, person, channel, reason, step, revision) again changes nothing."""
        self.database.execute(
            "INSERT OR IGNORE INTO deliveries (alert, person, channel, reason, step, revision, rank, level, message, wanted, expires, due)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (message.subject, person, channel, message.reason, step, message.revision, rank, message.level, _encode(message), now, expires,
             now if due is None else due),
        )  # fmt: skip

    def refuse(self, message: Message, person: str, step: int, now: int, why: str) -> None:
        """Nobody can be reached so: kept for the audit as failed."""
        self.want(message, person, "", 0, step, now, now)
        row = self.database.execute(
            "SELECT id FROM deliveries WHERE alert=? AND person=? AND channel='' AND state='wanted'", (message.subject, person)
        ).fetchone()
        if row is not None:
            self._attempt(row[0], now, "", "failed", why, 0)
            self.database.execute("UPDATE deliveries SET state='failed' WHERE id=?", row)

    def supersede(self, alert: str, below: int, keep: Collection[str] = ("closed",)) -> None:
        """What still waits for this alert's revisions under `below` is not sent any more, but for the reasons in `keep`."""
        marks = ",".join("?" * len(keep))
        self.database.execute(
            f"UPDATE deliveries SET state='superseded', next_channel=NULL WHERE alert=? AND revision<? AND state='wanted' AND reason NOT IN ({marks})",  # noqa: S608 — only marks
            (alert, below, *keep),
        )
        self.database.execute("UPDATE deliveries SET next_channel=NULL WHERE alert=? AND revision<? AND state='sent'", (alert, below))

    def replace(self, alert: str, person: str, revision: int) -> None:
        """A later page comes: what this person could not be told of the same alert, tried in vain, is not sent any more."""
        self.database.execute(
            "UPDATE deliveries SET state='superseded', next_channel=NULL WHERE alert=? AND person=? AND revision<? AND state='wanted' AND tries>=?"
            " AND reason<>'closed'",
            (alert, person, revision, IN_VAIN),
        )

    def in_vain(self) -> list[str]:
        """Alerts of which somebody could not be told yet, tried in vain."""
        rows = self.database.execute("SELECT DISTINCT alert FROM deliveries WHERE state='wanted' AND tries>=? AND channel<>'device'", (IN_VAIN,))
        return [row[0] for row in rows]

    def told(self, alert: str) -> set[str]:
        """Whom something about this alert reached, or may have reached."""
        found = self.database.execute(
            "SELECT DISTINCT person FROM deliveries WHERE alert=? AND channel<>'device' AND reason<>'closed'"
            " AND (state IN ('sent','sending') OR EXISTS (SELECT 1 FROM attempts WHERE delivery=deliveries.id AND result='retry'))",
            (alert,),
        )
        return {row[0] for row in found}

    # Alerts as last heard

    def known(self, alert: str) -> Known | None:
        row = self.database.execute("SELECT body, closed, quiet FROM alerts WHERE id=?", (alert,)).fetchone()
        return Known(_alert(row[0]), bool(row[1]), row[2]) if row else None

    def remember(self, alert: Alert, closed: bool, quiet: int) -> None:
        self.database.execute(
            "INSERT INTO alerts VALUES (?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET revision=excluded.revision, closed=excluded.closed,"
            " quiet=excluded.quiet, body=excluded.body",
            (alert.id, alert.area, alert.key, alert.revision, closed, quiet, _encode(alert)),
        )

    def open_alerts(self, area: str) -> list[str]:
        return [row[0] for row in self.database.execute("SELECT id FROM alerts WHERE area=? AND closed=0 ORDER BY id", (area,))]

    # How far the log was read

    def position(self, topic: str, partition: int) -> int | None:
        row = self.database.execute("SELECT next FROM positions WHERE topic=? AND partition=?", (topic, partition)).fetchone()
        return int(row[0]) if row else None

    def save_position(self, topic: str, partition: int, following: int) -> None:
        self.database.execute("INSERT OR REPLACE INTO positions VALUES (?,?,?)", (topic, partition, following))

    # Sending

    def resume(self) -> int:
        """After a start: what was being sent is sent again. How many."""
        return self.database.execute("UPDATE deliveries SET state='wanted' WHERE state='sending'").rowcount

    def due(self, now: int, room: Mapping[str, int], others: int, limit: int = 200) -> list[Delivery]:
        """Wanted now, red first; of each channel at most `room` (channels not in it: `others`), so that a dead one hides nobody."""
        found: list[Delivery] = []
        for (channel,) in self.database.execute("SELECT DISTINCT channel FROM deliveries WHERE state='wanted' AND due<=?", (now,)).fetchall():
            rows = self.database.execute(
                f"SELECT {_ROW} FROM deliveries WHERE state='wanted' AND channel=? AND due<=? AND expires>?"  # noqa: S608 — our own words
                " ORDER BY CASE level WHEN 'red' THEN 0 WHEN 'orange' THEN 1 WHEN 'yellow' THEN 2 ELSE 3 END, id LIMIT ?",
                (channel, now, now, min(limit, room.get(channel, others))),
            )
            found += [Delivery(*row) for row in rows]
        return found

    def oldest_due(self, now: int) -> int:
        """Since when (ms) the longest waiting page to a person is due; `now` if none is."""
        found = self.database.execute(
            "SELECT MIN(due) FROM deliveries WHERE state='wanted' AND channel<>'device' AND due<=? AND expires>?", (now, now)
        )
        return int(found.fetchone()[0] or now)

    def begin(self, rows: Sequence[Delivery], now: int) -> None:
        self.database.executemany("UPDATE deliveries SET state='sending', began=COALESCE(began, ?) WHERE id=?", [(now, row.id) for row in rows])

    def mark(self, row: Delivery, state: str, now: int, result: str, detail: str, duration: int, due: int | None = None) -> None:
        """An attempt ended. `due`: when it is tried again, or the next channel's turn where it was laid down unseen."""
        self._attempt(row.id, now, row.channel, result, detail, duration)
        following = due if state == "sent" else None
        self.database.execute(
            "UPDATE deliveries SET state=?, tries=tries+1, due=COALESCE(?, due), next_channel=? WHERE id=? AND state='sending'",
            (state, due, following, row.id),
        )

    def settle(self, row: Delivery) -> None:
        """The person is reached: the other channels of this page are not needed any more."""
        self.database.execute(
            "UPDATE deliveries SET state=CASE state WHEN 'wanted' THEN 'superseded' ELSE state END, next_channel=NULL"
            " WHERE alert=? AND person=? AND reason=? AND step=? AND revision=? AND id<>?",
            (row.alert, row.person, row.reason, row.step, row.revision, row.id),
        )

    def reached(self, row: Delivery) -> bool:
        """By a channel that says so, or seen on the console."""
        found = self.database.execute(
            "SELECT 1 FROM deliveries d WHERE alert=? AND person=? AND reason=? AND step=? AND revision=? AND state='sent' AND ("
            " (channel<>'console' AND EXISTS (SELECT 1 FROM attempts WHERE delivery=d.id AND result='sent'))"
            " OR EXISTS (SELECT 1 FROM console_pages c WHERE c.person=d.person AND c.alert=d.alert AND c.reason=d.reason"
            " AND c.revision=d.revision AND seen IS NOT NULL))",
            (row.alert, row.person, row.reason, row.step, row.revision),
        ).fetchone()
        return found is not None

    def unanswered(self, now: int) -> list[Delivery]:
        """Laid down, but nobody looked within the channel's time: the next channel's turn. Each is given once."""
        rows = [Delivery(*row) for row in self.database.execute(f"SELECT {_ROW} FROM deliveries WHERE next_channel<=?", (now,))]  # noqa: S608 — our own words
        self.database.executemany("UPDATE deliveries SET next_channel=NULL WHERE id=?", [(row.id,) for row in rows])
        return rows

    def overdue(self, now: int) -> list[Delivery]:
        """Past their time to live: expired, or failed where it was tried."""
        rows = [Delivery(*row) for row in self.database.execute(f"SELECT {_ROW} FROM deliveries WHERE state='wanted' AND expires<=?", (now,))]  # noqa: S608 — our own words
        self.database.executemany(
            "UPDATE deliveries SET state=CASE tries WHEN 0 THEN 'expired' ELSE 'failed' END WHERE id=?", [(row.id,) for row in rows]
        )
        return rows

    # Presses that the watchdog saw

    def press(self, name: str, device: str, received: int) -> None:
        """Its alert may have been read before it."""
        self.database.execute(
            "INSERT OR IGNORE INTO presses VALUES (?1,?2,?3,COALESCE((SELECT upto>=?3 FROM answers WHERE device=?2),0))", (name, device, received)
        )

    def answer(self, device: str, upto: int) -> bool:
        """Presses of the device received up to `upto` (ms) have their alert. True where one of them had been paged raw."""
        self.database.execute("INSERT INTO answers VALUES (?,?) ON CONFLICT (device) DO UPDATE SET upto=MAX(upto, excluded.upto)", (device, upto))
        raw = self.database.execute("SELECT 1 FROM presses WHERE device=? AND received<=? AND answered=2", (device, upto)).fetchone()
        self.database.execute("UPDATE presses SET answered=1 WHERE device=? AND received<=? AND answered<>1", (device, upto))
        return raw is not None

    def paged_raw(self, name: str) -> None:
        self.database.execute("UPDATE presses SET answered=2 WHERE name=?", (name,))

    def open_presses(self) -> list[tuple[str, str, int]]:
        """(name, device, received) of those without an alert."""
        return self.database.execute("SELECT name, device, received FROM presses WHERE answered=0 ORDER BY received, name").fetchall()

    # Audit

    def counts(self) -> dict[str, int]:
        return dict(self.database.execute("SELECT state, COUNT(*) FROM deliveries GROUP BY state").fetchall())

    def audit(self, alert: str) -> list[tuple[str, str, str, int, str, str, int]]:
        """(person, channel, reason, at, result, detail, duration ms) of every attempt, oldest first."""
        return self.database.execute(
            "SELECT person, a.channel, reason, at, result, detail, duration FROM attempts a JOIN deliveries d ON d.id=a.delivery WHERE alert=? ORDER BY a.id",
            (alert,),
        ).fetchall()

    def keep(self, now: int) -> None:
        """Remove what is past its retention; nothing that still waits, nothing of an open alert."""
        old = now - KEPT
        self.database.execute("DELETE FROM attempts WHERE at<?", (old,))
        self.database.execute(
            "DELETE FROM deliveries WHERE wanted<? AND state NOT IN ('wanted','sending') AND alert NOT IN (SELECT id FROM alerts WHERE closed=0)",
            (old,),
        )
        self.database.execute("DELETE FROM console_pages WHERE at<? AND seen IS NOT NULL", (old,))
        self.database.execute("DELETE FROM presses WHERE received<? AND answered>0", (old,))

    def close(self) -> None:
        self.database.close()

    def _attempt(self, delivery: int, at: int, channel: str, result: str, detail: str, duration: int) -> None:
        self.database.execute(
            "INSERT INTO attempts (delivery, at, channel, result, detail, duration) VALUES (?,?,?,?,?,?)",
            (delivery, at, channel, result, detail[:500], duration),
        )


def message_of(row: Delivery) -> Message:
    return _message(row.message)
