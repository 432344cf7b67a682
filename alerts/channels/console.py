"""Pages that the console shows, and sounds until they are seen: a table in the outbox, so that page and mark are one transaction."""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from alerts.channels.message import Message, Result, Sent
from ingest.site import Channel, Person

SCHEMA = """
CREATE TABLE IF NOT EXISTS console_pages (
  id INTEGER PRIMARY KEY, message TEXT NOT NULL, person TEXT NOT NULL, alert TEXT NOT NULL, revision INTEGER NOT NULL, reason TEXT NOT NULL,
  level TEXT NOT NULL, place TEXT NOT NULL, zh TEXT NOT NULL, en TEXT NOT NULL, at INTEGER NOT NULL, seen INTEGER, UNIQUE (message, person));
CREATE INDEX IF NOT EXISTS console_unseen ON console_pages (person) WHERE seen IS NULL;
"""
_COLUMNS = "id, alert, revision, reason, level, place, zh, en, at"


class ConsolePage(Struct, frozen=True):
    id: int
    alert: str
    revision: int
    reason: str
    level: str
    place: str
    zh: str
    en: str
    at: int  # ms


class Console:
    """Sender. Used on the outbox's own connection, by its own thread."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def send(self, message: Message, person: Person | None, _channel: Channel, _timeout: int) -> Result:
        self._database.execute(
            "INSERT OR IGNORE INTO console_pages (message, person, alert, revision, reason, level, place, zh, en, at) VALUES (?,?,?,?,?,?,?,?,?,?)",
            (message.id, person.id if person else "", message.subject, message.revision, message.reason, message.level, message.place,
             message.zh, message.en, message.at),
        )  # fmt: skip
        return Sent(seen=False)


def unseen(person: str, outbox: Path) -> list[ConsolePage]:
    """Oldest first. `outbox` is `settings.home / "outbox.db"`; where there is none yet, nothing is unseen."""
    if not outbox.exists():
        return []
    with _open(outbox) as database:
        rows = database.execute(f"SELECT {_COLUMNS} FROM console_pages WHERE person=? AND seen IS NULL ORDER BY id", (person,)).fetchall()  # noqa: S608 — our own words
    database.close()
    return [ConsolePage(*row) for row in rows]


def mark_seen(person: str, ids: Sequence[int], outbox: Path) -> None:
    """The person's console showed these: no other channel is tried for them."""
    with _open(outbox) as database:
        now = int(time.time() * 1000)
        database.executemany("UPDATE console_pages SET seen=? WHERE id=? AND person=? AND seen IS NULL", [(now, each, person) for each in ids])
    database.close()


def _open(outbox: Path) -> sqlite3.Connection:
    database = sqlite3.connect(outbox, timeout=5)
    database.execute("PRAGMA synchronous=FULL")
    return database
