"""What the deliverer says in the log about itself and the others: each verdict when it begins and when it ends, across a full log and a restart.

Kept in the outbox's file: what the log was told, so that what ends while we are down is cleared at the next start; and what a full log still owes.
"""

from collections.abc import Sequence

import msgspec
import structlog

from alerts import watchdog
from alerts.outbox import Outbox
from ingest.events import Event, System
from ingest.log import EVENTS, Log, LogFull, Record
from ingest.records import Batch, Codec
from ingest.site import Area

log = structlog.get_logger()

Key = tuple[str, str, str, str]  # of a verdict about ourselves: part, code, subject, area
SCHEMA = """
CREATE TABLE IF NOT EXISTS standing (part TEXT NOT NULL, code TEXT NOT NULL, subject TEXT NOT NULL, area TEXT NOT NULL, machine INTEGER NOT NULL,
  PRIMARY KEY (part, code, subject, area));
CREATE TABLE IF NOT EXISTS owed (id INTEGER PRIMARY KEY, area INTEGER NOT NULL, event BLOB NOT NULL);
"""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(System).decode


class OwnWords:
    """`revision`: of the site, as it is now."""

    def __init__(self, book: Log, outbox: Outbox, codec: Codec, revision: str) -> None:
        self.book, self.database, self.codec, self.revision = book, outbox.database, codec, revision
        self.database.executescript(SCHEMA)
        rows = self.database.execute("SELECT part, code, subject, area, machine FROM standing").fetchall()
        self.standing: dict[Key, bool] = {
            (row[0], row[1], row[2], row[3]): bool(row[4]) for row in rows
        }  # is it the machine's, rather than an area's
        self.paged: set[Key] = set()

    def append(self, area: int, events: Sequence[Event]) -> bool:
        """False where the log is full."""
        try:
            self.book.append([Record(EVENTS, area, self.codec.pack(Batch(self.revision, list(events))))], urgent=True)  # type: ignore[arg-type]  # each is one of AnyEvent
        except LogFull as full:
            log.warning("nothing can be appended to the log", reason=str(full))
            return False
        return True

    def say(self, area: Area, verdict: watchdog.Verdict, now: int, *, clear: bool) -> None:
        """After what is still owed, so that a clear never overtakes its beginning."""
        event = System(device=watchdog.US, received=now, part=verdict.part, code=verdict.code, values=verdict.values, clear=clear)
        self.database.execute("INSERT INTO owed (area, event) VALUES (?,?)", (area.number, _encode(event)))
        self.pay()

    def pay(self) -> None:
        """Append what is owed, oldest first; a crash between the two says it twice: one alert, counted twice."""
        for row, area, event in self.database.execute("SELECT id, area, event FROM owed ORDER BY id").fetchall():
            if not self.append(area, [_decode(event)]):
                return
            self.database.execute("DELETE FROM owed WHERE id=?", (row,))

    def tell(self, area: Area, verdicts: Sequence[watchdog.Verdict], now: int, *, machine: bool) -> list[watchdog.Verdict]:
        """Each verdict enters the log when it begins and when it ends. Gives those that are to be paged directly, each once, though the log is full."""
        found: dict[Key, watchdog.Verdict] = {(each.part, each.code, str(each.values.get("subject", "")), area.id): each for each in verdicts}
        for key, verdict in found.items():
            if key not in self.standing:
                self.say(area, verdict, now, clear=False)
                self.standing[key] = machine
                self.database.execute("INSERT OR REPLACE INTO standing VALUES (?,?,?,?,?)", (*key, machine))
        paged = [key for key, verdict in found.items() if verdict.paged and key not in self.paged]
        self.paged.update(paged)
        for key in [key for key, of_machine in self.standing.items() if key[3] == area.id and of_machine == machine and key not in found]:
            self.say(area, watchdog.Verdict(key[0], key[1], {"subject": key[2]} if key[2] else {}), now, clear=True)
            del self.standing[key]
            self.database.execute("DELETE FROM standing WHERE part=? AND code=? AND subject=? AND area=?", key)
            self.paged.discard(key)
        return [found[key] for key in paged]
