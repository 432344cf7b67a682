"""The bridge: MQTT into the log. What was readable becomes one commit for all areas; only then is the broker told that we have it.

Two sessions, so that a press never queues behind heartbeats. A tick a second an area. When the disk fills, the bulk stops being acknowledged and
waits at the broker, while urgent batches go into the reserve. Nothing here judges: it reads through the door, and adds `received`.
"""

import select
import signal
import time
from collections.abc import Callable
from typing import Any

import structlog

from ingest.bridge_session import Arrived, Session
from ingest.bridge_writer import Held, Writer
from ingest.events import URGENT, Event
from ingest.gaps import Gaps, recent
from ingest.log import Log, LogFull, Taken, open_log
from ingest.records import Codec
from ingest.refusals import Refused
from ingest.revisions import current_site
from ingest.settings import Settings
from ingest.site import Site
from ingest.ticks import EVERY, Hearing, last_tick, latest
from ingest.wire import LIFE, Door

log = structlog.get_logger()

LONGEST = 0.05  # s that a batch may stay open
GATHER = 0.005  # s that a few bulk messages wait for more, since every record costs its readers the same; a press waits for nothing
FEW = 80  # messages; below what the embedded broker lets out before it is answered, so that it is never held up
MESSAGES = 500  # in a batch
DEAF = 15_000  # ms without the probe on a standing connection: it is made anew
AWAY = 5  # s without a connection, then people are told
DISPLACED = 3  # times in a minute, then another bridge has our name and we are the older
FLOOD = 600  # refusals a minute
FULL = 1.0  # s until urgent messages that found no room at all are asked for again
HELD = 50_000  # events kept in memory while the log is full; the broker's window nearly always ends it before
_URGENT_FILTERS = tuple(f"coast/+/+/{kind}" for kind in sorted(URGENT))


class Bridge:
    """One thread: `turn` reads, commits, acknowledges. The clocks are arguments."""

    def __init__(
        self, settings: Settings, journal: Log, site: Site, *, wall: Callable[[], int], steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._log, self._wall, self._steady = settings, journal, wall, steady
        self._codec = Codec()
        named = [name.strip() for name in settings.areas.split(",") if name.strip()]
        self._named = named
        self.take_site(site)
        last = [last_tick(journal, self._codec, area) for area in sorted(self.areas)]
        self._now, heard, self._connects = latest(last)
        self._hearing = {"bulk": Hearing(heard), "urgent": Hearing(0)}
        suffix = "-".join(named) or "all"
        self.urgent = Session(settings, f"coast-{site.id}-{suffix}-urgent", _URGENT_FILTERS)
        self.bulk = Session(settings, f"coast-{site.id}-{suffix}-bulk", ("coast/#",))
        self._writer = Writer(journal, self._codec)
        self._gaps = Gaps()
        for area in sorted(self.areas):
            self._gaps.remember(recent(journal, self._codec, area))
        self._next_tick = 0.0
        self._next_minute = self._steady() + 60
        self._refused = 0
        self._told: dict[str, float] = {}  # code -> monotonic s at which it is over
        self._was_connected, self._connected_at = True, self._steady()
        self._held: Held | None = None  # bulk that the full log did not take

    def take_site(self, site: Site) -> None:
        """Judge by this revision from here on."""
        self.site, self.door = site, Door(site)
        self.areas = {area.number for area in site.areas if not self._named or area.id in self._named}
        if not self.areas:
            raise ValueError(f"none of the areas {self._named} is in the site: it has {[area.id for area in site.areas]}")

    def _received(self) -> int:
        self._now = max(self._now, self._wall())  # never falls
        return self._now

    def turn(self, longest_wait: float = 1.0) -> None:
        """Wait for something, take what is readable, commit, acknowledge; tick when it is time."""
        now = self._steady()
        for session in (self.urgent, self.bulk):
            session.tend(now)
        self._wait(max(0.0, min(longest_wait, self._next_tick - now)))
        found: list[tuple[int, Event]] = []
        refused: list[tuple[int, Refused]] = []
        urgent_mids: list[int] = []
        bulk_found: list[tuple[int, Event]] = []
        bulk_mids: list[int] = []
        deadline = self._steady() + LONGEST
        gathered = deadline - LONGEST + GATHER
        while True:
            pressed = self._take(self.urgent, found, refused, urgent_mids)
            some = False
            if self._held is None or len(self._held.found) < HELD:
                some = self._take(self.bulk, bulk_found, refused, bulk_mids) is not None
            now = self._steady()
            if pressed or len(urgent_mids) + len(bulk_mids) >= MESSAGES or now > deadline:
                break
            if pressed is None and not some:
                if urgent_mids or not 0 < len(bulk_mids) < FEW or now >= gathered:
                    break
                self._linger(gathered - now)
        tick = self._steady() >= self._next_tick
        if tick:
            self._second(found)
        self._commit(found, urgent_mids, bulk_found, bulk_mids, refused, tick=tick)

    def _wait(self, seconds: float) -> None:
        sockets = [one.socket for one in (self.urgent, self.bulk) if one.socket is not None]
        if not sockets:
            time.sleep(min(seconds, 0.05))
            return
        writing = [one.socket for one in (self.urgent, self.bulk) if one.socket is not None and one.wants_write]
        if not any(getattr(one, "pending", int)() for one in sockets):
            select.select(sockets, writing, [], seconds)

    def _linger(self, seconds: float) -> None:
        """Let bulk pile up, unless something urgent comes."""
        if self.urgent.socket is None:
            time.sleep(seconds)
        elif not getattr(self.urgent.socket, "pending", int)():
            select.select([self.urgent.socket], [], [], seconds)

    def _take(self, session: Session, found: list[tuple[int, Event]], refused: list[tuple[int, Refused]], mids: list[int]) -> bool | None:
        """Read once. None: nothing there; True: a press among it."""
        arrived = session.read()
        if not arrived:
            return None
        received, pressed = self._received(), False
        for message in arrived:
            if message.mid:
                mids.append(message.mid)
            pressed |= self._one(session, message, received, found, refused)
        return pressed

    def _one(self, session: Session, message: Arrived, received: int, found: list[tuple[int, Event]], refused: list[tuple[int, Refused]]) -> bool:
        topic = message.topic
        kind = topic[topic.rfind("/") + 1 :]
        if kind in URGENT:
            if session is self.bulk and topic.count("/") == 3:
                return False  # the urgent session brings it
        elif topic == session.probe_topic:
            self._hearing["urgent" if session is self.urgent else "bulk"].came_back(message.payload, int(self._steady() * 1000))
            return False
        elif kind == "do":
            return False  # ours, going down
        events, turned_away = self.door.read(topic, message.payload, received, retained=message.retained)
        areas = self.areas
        for area, event in events:
            if area in areas:
                found.append((area, event))
                self._gaps.note(event)
        for one in turned_away:
            area = self.door.area_of(topic)
            if area in areas:
                refused.append((area, one))
                self._gaps.refused(one)
        return kind in LIFE

    def _second(self, found: list[tuple[int, Event]]) -> None:
        """Once a second: probes, self-health, the site's revision. The tick itself is the writer's, last in each area's batch."""
        now = self._steady()
        self._next_tick = max(self._next_tick + EVERY / 1000, now + EVERY / 2000)
        for name, session in (("urgent", self.urgent), ("bulk", self.bulk)):
            hearing = self._hearing[name]
            if not session.connected or (session is self.bulk and self._held):  # what is not in the log is not heard
                hearing.forget()
            else:
                if hearing.waiting(int(now * 1000)) > DEAF:
                    session.drop("the probe does not come back")
                    hearing.forget()
                    continue
                session.publish_probe(hearing.send(int(now * 1000)))
        connected = self.urgent.connected and self.bulk.connected
        if connected:
            self._connected_at = now
        away = now - self._connected_at > AWAY
        if away == self._was_connected:
            self._was_connected = not away
            self.tell(found, "broker_lost", {"address": "{}:{}".format(*self._settings.broker)}, clear=not away)
        if now >= self._next_minute:
            self._next_minute = now + 60
            self._minute(found)

    def _minute(self, found: list[tuple[int, Event]]) -> None:
        """Codes and what clears them: `system_codes.py`."""
        now = self._steady()
        lost = self._gaps.lost(self._received())
        if lost:
            worst = sorted(lost.items(), key=lambda one: (-one[1], one[0]))[:10]
            self.tell(found, "seq_gap", {"messages": sum(lost.values()), "devices": len(lost), "worst": dict(worst)})
            self._told["seq_gap"] = now + 3_600
        if self._refused > FLOOD:
            self.tell(found, "refused_flood", {"a_minute": self._refused})
            self._told["refused_flood"] = now + 600
        for code in [code for code, until in self._told.items() if now >= until]:
            del self._told[code]
            self.tell(found, code, {}, clear=True)
        self._refused = 0

    def tell(self, found: list[tuple[int, Event]], code: str, values: dict[str, Any], *, clear: bool = False) -> None:
        log.warning("self-health", code=code, clear=clear, **values)
        found.extend((area, self._writer.system(code, values, self._received(), clear=clear)) for area in sorted(self.areas))

    def _commit(
        self, found: list[tuple[int, Event]], urgent_mids: list[int], bulk_found: list[tuple[int, Event]], bulk_mids: list[int],
        refused: list[tuple[int, Refused]], *, tick: bool,
    ) -> None:  # fmt: skip
        self._refused += len(refused)
        ticks = {}
        if tick:
            connects = self._connects + self.bulk.connects
            ticks = {area: self._writer.tick(self._received(), self._hearing["bulk"].heard, connects) for area in self.areas}
        revision = self.site.revision
        if self._held is None:
            try:
                self._writer.append(revision, [*found, *bulk_found], ticks, refused)
            except LogFull:
                self._held = Held(revision, bulk_found, refused, bulk_mids, self.bulk.connects)
                self.tell(found, "log_full", {})
            else:
                self.urgent.acknowledge(urgent_mids)
                self.bulk.acknowledge(bulk_mids)
                return
        else:
            held = self._held
            held.found.extend(bulk_found)
            held.refused.extend(refused)
            if held.connects != self.bulk.connects:  # the broker says again what it was not told that we have
                held.mids.clear()
                self._held = held = held._replace(connects=self.bulk.connects)
            held.mids.extend(bulk_mids)
            if tick:
                self._retry(found)
        try:
            self._writer.append(revision, found, ticks, [], urgent=True)
        except LogFull:
            log.error("the log's reserve is full too: urgent messages wait at the broker")  # noqa: TRY400  # a state, no bug
            self.urgent.drop("the log is full", FULL)
            return
        self.urgent.acknowledge(urgent_mids)

    def _retry(self, found: list[tuple[int, Event]]) -> None:
        held = self._held
        assert held is not None
        try:
            self._writer.append(held.revision, held.found, {}, held.refused)
        except LogFull:
            return
        self._held = None
        self.bulk.acknowledge(held.mids)
        self.tell(found, "log_full", {}, clear=True)

    def close(self) -> None:
        for session in (self.urgent, self.bulk):
            session.close()


def main(settings: Settings) -> int:
    """Run until told to stop. 0: stopped; 1: another bridge has these areas."""
    stopping = False

    def stop(_number: int, _frame: Any) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    journal = open_log(settings.log_url, reserve=settings.log_reserve)
    try:
        site = current_site(journal, settings.site)
        named = {one.strip() for one in settings.areas.split(",") if one.strip()}
        claims = [journal.claim(f"bridge-{area.number}") for area in site.areas if not named or area.id in named]
    except Taken as fault:
        log.error("a bridge runs already", reason=str(fault))  # noqa: TRY400  # the reason is all that helps
        return 1
    bridge = Bridge(settings, journal, site, wall=lambda: time.time_ns() // 1_000_000)
    checked = 0.0
    try:
        while not stopping:
            bridge.turn()
            now = time.monotonic()
            if now - checked >= 1:
                checked = now
                newest = current_site(journal, settings.site)
                if newest.revision != bridge.site.revision:
                    bridge.take_site(newest)
                    log.info("site revision", revision=newest.revision)
                if max(one.displaced(now) for one in (bridge.urgent, bridge.bulk)) >= DISPLACED:
                    log.error("another bridge took our sessions three times in a minute: this one, the older, ends")
                    return 1
    finally:
        bridge.close()
        for claim in claims:
            claim.release()
        journal.close()
    return 0
