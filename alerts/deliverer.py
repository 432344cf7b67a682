"""The deliverer: reads what the fold decided, and does not rest until each page is sent, or known to be impossible, or not needed any more.

It also watches the rest (`watchdog.py`), ticks when the bridge does not, and tells an outside heartbeat URL that it lives.
"""

import random
import shutil
import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping

import structlog

from alerts import watchdog
from alerts.channels.apprise import Apprise
from alerts.channels.console import Console
from alerts.channels.device import Device
from alerts.channels.message import Failed, Message, Retry, Sender, Sent
from alerts.channels.webhook import Webhook
from alerts.lanes import WIDTH, Ended, Lanes, scheme
from alerts.outbox import Delivery, Outbox, message_of
from alerts.outcomes import unpack
from alerts.own_words import OwnWords
from alerts.reconcile import DEVICE, channels_of, delivery_id, reconcile, want
from ingest.audience import people_for
from ingest.events import Action
from ingest.log import ALERTS, EVENTS, SITES, Log
from ingest.records import Codec
from ingest.settings import Settings
from ingest.site import Area, Channel, Site
from ingest.system_codes import SYSTEM_CODES

log = structlog.get_logger()
READER = "deliverer"
BASE, MOST = 1_000, 60_000  # ms, exponential back-off; ours
ROOM = 4 << 20  # bytes that the outbox must find free; ours: its write-ahead log before it is taken over
MOST_RED = 15_000  # ms; a red is tried again sooner; ours
OVER = 10 * 60_000  # ms that an alert is over before its waiting pages are dropped: it may come back; ours
GIVE_UP = 3  # tries of blue and yellow on one channel, if there is another; ours
_VERBS = frozenset(Action.__annotations__["do"].__args__) | {"escalated", "overdue", "due", "suppressed", "unsuppressed", "placed", "ignored"}


class Deliverer:
    """`step(now)` does all that is due; `now` in ms. `site` is asked again when the topic `sites` grew."""

    def __init__(self, settings: Settings, book: Log, site: Callable[[], Site], senders: Mapping[str, Sender], seed: int | None = None) -> None:
        self.settings, self.book, self.site_now, self.site = settings, book, site, site()
        self.outbox = Outbox(settings.home / "outbox.db")
        self.console = Console(self.outbox.database)
        self.lanes = Lanes(senders)
        self.codec = Codec()
        self.random = random.Random(seed)  # noqa: S311 — jitter
        self.seen: dict[int, watchdog.Seen] = {}
        self.words = OwnWords(book, self.outbox, self.codec, self.site.revision)
        failed = [key[2] for key in self.words.standing if key[1] == "channel_failed"]
        self.in_a_row = dict.fromkeys(failed, watchdog.FAILED)  # channel -> failed attempts since it last delivered
        self.sites = self.book.bounds(SITES, 0)[1]
        self.second = 0
        self.outbox.resume()

    def step(self, now: int, wait: float = 0.0) -> None:
        """Read, mark, send; watch once a second."""
        keep_room(self.book, self.settings)
        for area in self.site.areas:
            self._read_alerts(area, now)
        self._mark(self.lanes.ended(wait), now)
        self._advance(now)
        self._send(now)
        if now - self.second >= 1_000:
            self.second = now
            self._drop_over(now)
            self._watch(now)

    def _read_alerts(self, area: Area, now: int) -> None:
        """To the end, then all rows and the position in one transaction."""
        start = following = self.outbox.position(ALERTS, area.number) or 0
        records, lost = [], 0
        while entries := self.book.read(ALERTS, area.number, following):
            lost += entries[0].offset - following if following else 0  # the first start begins where the log does
            records += [unpack(entry.value, self.codec) for entry in entries]
            following = entries[-1].offset + 1
        if following == start:
            return
        seen = self._seen(area, now)
        seen.outcomes = now
        late: list[str] = []
        with self.outbox.transaction():
            reconcile(self.outbox, self.site, records, now)
            for alert in (alert for outcomes in records for alert in outcomes.alerts):
                if alert.model == "M01" and alert.change.what not in _VERBS:
                    late += [alert.subject] if self.outbox.answer(alert.subject, alert.updated) else []
            self.outbox.save_position(ALERTS, area.number, following)
        if lost:
            self.words.say(area, watchdog.Verdict(watchdog.US, "retention", {"subject": area.id, "records": lost}), now, clear=False)
        for device in late:  # it was paged raw, and now has its alert
            self.words.say(area, watchdog.Verdict(watchdog.US, "press_unanswered", {"subject": device}), now, clear=True)

    def _mark(self, ended: list[Ended], now: int) -> None:
        if not ended:
            return
        with self.outbox.transaction():
            for each in ended:
                self._mark_one(each, now)

    def _mark_one(self, each: Ended, now: int) -> None:
        row, result = each.row, each.result
        urgent = row.level in {"red", "orange"}
        if row.channel != DEVICE:  # a box that is away is the box's fault, not the channel's
            self.in_a_row[row.channel] = 0 if isinstance(result, Sent) else self.in_a_row.get(row.channel, 0) + 1
        if isinstance(result, Sent):
            self.outbox.mark(row, "sent", now, "sent", "", each.duration)
            self.outbox.settle(row)
            return
        if isinstance(result, Failed) or (row.tries + 1 >= GIVE_UP and not urgent and self._following(row)):
            self.outbox.mark(row, "failed", now, "failed", result.reason, each.duration)
        else:
            after = result.after if isinstance(result, Retry) else 0
            self.outbox.mark(row, "wanted", now, "retry", result.reason, each.duration, now + max(after, self._back_off(row)))
            if not urgent:
                return
        self._next_channel(row, now)

    def _drop_over(self, now: int) -> None:
        """A target was away, and what it should have told has been over for a while: nobody is paged for it any more."""
        for name in self.outbox.in_vain():
            known = self.outbox.known(name)
            if known is not None and known.alert.condition == "over" and now - (known.alert.over or now) >= OVER:
                self.outbox.supersede(name, known.alert.revision + 1)

    def _back_off(self, row: Delivery) -> int:
        most = MOST_RED if row.level == "red" else MOST
        return int(min(most, BASE * 2 ** min(row.tries, 10)) * self.random.uniform(0.5, 1.5))

    def _next_channel(self, row: Delivery, now: int) -> None:
        """The one after this in the person's order, unless the person is reached."""
        channel = self._following(row)
        if channel is not None and not self.outbox.reached(row):
            expires = max(row.expires, now + 60_000)  # whoever is tried last has a minute at least
            self.outbox.want(message_of(row), row.person, channel.id, row.rank + 1, row.step, now, expires)

    def _following(self, row: Delivery) -> Channel | None:
        """The channel after this one in the person's order. The last is tried until the page's time is over; a command has none."""
        person = self.site.person.get(row.person)
        channels = () if row.channel == DEVICE or person is None else channels_of(self.site, person)
        return channels[row.rank + 1] if row.rank + 1 < len(channels) else None

    def _advance(self, now: int) -> None:
        """Pages laid down and not looked at, and those past their time: the next channel's turn."""
        with self.outbox.transaction():
            for row in [*self.outbox.unanswered(now), *self.outbox.overdue(now)]:
                self._next_channel(row, now)

    def _send(self, now: int) -> None:
        rows = self.outbox.due(now, {**self.lanes.room(), "console": 500}, WIDTH)
        if not rows:
            return
        channels = {channel.id: channel for channel in self.site.channels}
        laid: list[tuple[Delivery, Channel]] = []
        away: list[tuple[Delivery, Channel]] = []
        for row in rows:
            channel = channels.get(row.channel) or Channel(row.channel, f"{'device' if row.channel == DEVICE else 'console'}:")
            (laid if scheme(channel) == "console" else away).append((row, channel))
        with self.outbox.transaction():
            self.outbox.begin(rows, now)
            for row, channel in laid:
                self.console.send(message_of(row), self.site.person.get(row.person), channel, channel.timeout)
                self.outbox.mark(row, "sent", now, "laid", "", 0, now + channel.timeout)
        for row, channel in away:
            self.lanes.submit(row, message_of(row), self.site.person.get(row.person), channel, channel.timeout)

    # Watching

    def _seen(self, area: Area, now: int) -> watchdog.Seen:
        """An area starts as if all were well now."""
        return self.seen.setdefault(area.number, watchdog.Seen(area.id, bridge=now, outcomes=now))

    def _watch(self, now: int) -> None:
        if (end := self.book.bounds(SITES, 0)[1]) != self.sites:
            self.sites, self.site = end, self.site_now()
            self.words.revision = self.site.revision
        for area in self.site.areas:
            self._read_events(area, now)
            self._stand_in(area, now)
            self._tell(area, watchdog.judge(self._seen(area, now), now), now)
        free = shutil.disk_usage(self.settings.home).free
        waited = now - self.outbox.oldest_due(now)
        in_a_row = {channel.id: self.in_a_row.get(channel.id, 0) for channel in self.site.channels}
        ours = [*watchdog.judge_machine(free), *watchdog.judge_delivery(in_a_row, waited)]
        self._tell(self.site.lowest_area, ours, now, machine=True)
        self._page_raw(now)
        self._mirror()

    def _read_events(self, area: Area, now: int) -> None:
        """From where we stopped; the first time from the end, as older presses were answered or are beyond knowing."""
        seen = self._seen(area, now)
        kept = self.outbox.position(EVENTS, area.number)
        start = following = kept if kept is not None else max(0, self.book.bounds(EVENTS, area.number)[1] - 100)
        with self.outbox.transaction():
            while entries := self.book.read(EVENTS, area.number, following):
                following = entries[-1].offset + 1
                for entry in entries:
                    presses = any(name == "presses" and count != "0" for name, count in entry.headers)
                    for press in watchdog.look(seen, entry.value, presses, self.codec):
                        self.outbox.press(watchdog.press_name(press), press.device, press.received)
            if following != start or kept is None:
                self.outbox.save_position(EVENTS, area.number, following)

    def _stand_in(self, area: Area, now: int) -> None:
        seen = self._seen(area, now)
        tick = watchdog.stand_in(seen, now)
        if tick is not None and self.words.append(area.number, [tick]):
            seen.standing_in, seen.tick = now, tick

    def _tell(self, area: Area, verdicts: list[watchdog.Verdict], now: int, machine: bool = False) -> None:
        for verdict in self.words.tell(area, verdicts, now, machine=machine):
            self._page_system(area, verdict, now)

    def _page_system(self, area: Area, verdict: watchdog.Verdict, now: int) -> None:
        row = SYSTEM_CODES[verdict.part, verdict.code]
        about = str(verdict.values.get("subject", area.id))
        subject = "-".join(dict.fromkeys(("SYS", verdict.part, verdict.code, about, area.id)))
        self._page(area, subject, "system", row.level, "", (row.zh, row.en), now, now, ("room", "shift_leader", "installer"))

    def _page_raw(self, now: int) -> None:
        """A press that the fold did not answer goes to people as it is."""
        for name, device, received in watchdog.unanswered(self.outbox.open_presses(), now):
            known = self.site.device.get(device)
            area = self.site.area_of[known.area] if known else self.site.lowest_area
            place = known.place if known else device
            text = (f"{place} 有人按下报警,系统未生成预警", f"{place}: button pressed, the system raised no alert")
            self._page(area, f"press-{delivery_id(name)}", "press", "red", place, text, received, now, ("room", "shift_leader"))
            with self.outbox.transaction():
                self.outbox.paged_raw(name)
            self.words.say(area, watchdog.Verdict(watchdog.US, "press_unanswered", {"subject": device, "at": received}), now, clear=False)

    def _page(
        self, area: Area, subject: str, reason: str, level: str, place: str, text: tuple[str, str], at: int, now: int, to: tuple[str, ...]
    ) -> None:
        revision = 0 if reason == "press" else now
        message = Message(
            id=delivery_id(subject, reason, revision), at=at, reason=reason, level=level, subject=subject, place=place,  # type: ignore[arg-type]  # a Level, from the table
            zh=text[0], en=text[1], revision=revision,
        )  # fmt: skip
        with self.outbox.transaction():
            for person in people_for(self.site, to, area.id, ""):
                want(self.outbox, self.site, message, person, 0, now)

    def _mirror(self) -> None:
        """What the log did not take is tried again, and retention learns what we still need."""
        self.words.pay()
        positions = [(topic, area.number, self.outbox.position(topic, area.number) or 0) for topic in (ALERTS, EVENTS) for area in self.site.areas]
        self.book.save_positions(READER, positions)

    def close(self) -> None:
        self._mirror()
        self.outbox.close()


def keep_room(book: Log, settings: Settings) -> None:
    """On a full disk the log's reserve gives the outbox its room: a page is as urgent as its press."""
    if shutil.disk_usage(settings.home).free < ROOM:
        book.make_room(settings.home)


def main(settings: Settings) -> int:
    """Blocks until SIGTERM or SIGINT."""
    from ingest.log import open_log  # noqa: PLC0415 — the site's readers are heavy, tests need none of them
    from ingest.revisions import current_site  # noqa: PLC0415 — as above

    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    book, device = open_log(settings.log_url), Device(settings)
    claim = book.claim(READER)
    keep_room(book, settings)
    deliverer = Deliverer(settings, book, lambda: current_site(book, settings.site), {"webhook": Webhook(), "apprise": Apprise(), "device": device})
    beat = kept = 0
    while not stopping.is_set():
        now = time.time_ns() // 1_000_000
        deliverer.step(now, wait=0.01)
        if settings.heartbeat_url and now - beat >= 60_000:
            beat = now
            threading.Thread(target=_heartbeat, args=(settings.heartbeat_url,), daemon=True).start()
        if now - kept >= 3_600_000:
            kept = now
            deliverer.outbox.keep(now)
    deliverer.close()
    device.close()
    claim.release()
    book.close()
    return 0


def _heartbeat(url: str) -> None:
    try:
        with urllib.request.urlopen(url, timeout=20):  # noqa: S310 — the operator's own setting
            pass
    except (OSError, ValueError) as away:
        log.warning("the outside heartbeat did not answer", reason=str(away))
