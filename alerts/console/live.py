"""Follows the log in this process and tells the browsers: a view, a ring of numbered messages, and those who wait for the next one.

What stood before comes from `recall.py`: alerts at the start, out of the log; what devices and vessels said last a little later, out of the store.
"""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import structlog

from alerts.alert import Outcomes
from alerts.console.recall import LATELY, Library, recalled, standing
from alerts.console.view import Message, View, is_open, sees
from alerts.lag import READERS, behind
from alerts.outcomes import unpack
from alerts.store.store import StoreAway
from alerts.watchdog import UNANSWERED
from ingest.events import SiteChange, Sos
from ingest.log import ALERTS, EVENTS, REFUSED, Entry, Log
from ingest.records import Codec
from ingest.refusals import unpack as unpack_refused
from ingest.revisions import site_at
from ingest.site import Site

POLL = 0.015  # s between looks at the log
RING = 5_000  # messages kept for a browser that comes back
EVENTS_BACK = 1_500  # records of `events` read at the start: the last minutes
ALERTS_BACK = 2_000  # records of `alerts` read at the start beyond the snapshot, for what was closed and what boxes were told: some hours
REFUSED_BACK = 100  # records of `refused` read at the start
PEOPLE_BACK = 100_000  # records of `events` looked through at the start for what people did here: hours, and under a second
PEOPLES = (("people", "1"),)  # header of the records that hold what people did at a console
AGAIN = 5.0  # s until the store is asked again while it is away, or behind the records that this console has read
log = structlog.get_logger()


class Live:
    def __init__(self, site: Site, events: Log, now: Callable[[], int]) -> None:
        self.site, self.log, self.now = site, events, now
        self.view = View(site)
        self.began = now()
        self.epoch = secrets.token_hex(4)  # numbers of an earlier run mean nothing to this one
        self.number = 0
        self.ring: deque[tuple[int, Message]] = deque(maxlen=RING)
        self.stopping = False
        self.whole = False  # the store has told what was last before this console looked
        self._presses: dict[
            int, list[tuple[int, int, str]]
        ] = {}  # area -> offset, ms when it came, place: of presses that nobody may have judged yet
        self._first: dict[int, int] = {}  # area -> offset of `events` from which this console has read
        self._codec = Codec()
        self._next: dict[tuple[str, int], int] = {}
        self._woken = asyncio.Event()

    def start(self) -> None:
        """Read what stands: every alert that the fold remembers, what happened to alerts since and some hours before, the last minutes of `events`."""
        for area in self.site.areas:
            self._begin(area.number)
        while self.look():
            self.ring.clear()
        self.view.flush()

    def _begin(self, number: int) -> None:
        self._read_back(number)
        for topic, back in ((EVENTS, EVENTS_BACK), (REFUSED, REFUSED_BACK)):
            first, end = self.log.bounds(topic, number)
            self._next[topic, number] = max(first, end - back)
        self._first[number] = self._next[EVENTS, number]
        self._read_duty(number, self._next[EVENTS, number])

    def _read_duty(self, number: int, end: int) -> None:
        """Shifts, silences and work orders that were set before the last minutes: only records that say so are unpacked."""
        at = max(self.log.bounds(EVENTS, number)[0], end - PEOPLE_BACK)
        while at < end and (entries := self.log.read(EVENTS, number, at, min(2_000, end - at))):
            for entry in entries:
                if entry.offset < end and PEOPLES[0] in entry.headers:
                    self.view.batch(number, self._codec.unpack(entry.value))
            at = entries[-1].offset + 1

    def _read_back(self, number: int) -> None:
        """`alerts` back to where the processor's snapshot was made, or some hours further; then what the snapshot has and these records have not."""
        offset, alerts, trips, exercises = standing(self.log, number)
        first, end = self.log.bounds(ALERTS, number)
        self._next[ALERTS, number] = end
        found: list[Outcomes] = []
        at, reached = end, False
        while at > first and not (reached and end - at >= ALERTS_BACK):
            begin = max(first, at - 500)
            entries = [entry for entry in self.log.read(ALERTS, number, begin, at - begin) if entry.offset < at]
            found += [unpack(entry.value, self._codec) for entry in reversed(entries)]
            reached = reached or any(outcomes.offset <= offset for outcomes in found[-len(entries) :])
            at = begin
        for outcomes in reversed(found):
            self.view.outcomes(number, outcomes)
        self.view.standing(alerts, offset)
        self.view.trips.update(trips)
        self.view.exercises.update(exercises)

    async def recall(self, library: Library) -> None:
        """Ask the store what was last before this console looked, until it has all that the log's tail begins after. Ends then."""
        told = False
        while library.exists and not self.whole:
            positions = {number: self.log.position("recorder", EVENTS, number) or 0 for number in self._first}
            try:
                self.view.recalled(await library.ask(lambda store: recalled(store, self.now() - LATELY)))
                self.whole = all(positions[number] >= first for number, first in self._first.items() if number in positions)
            except StoreAway as away:
                if not told:
                    log.warning("the store does not answer: older values of devices are missing on the page", why=str(away))
                told = True
            if not self.whole:
                await asyncio.sleep(AGAIN)

    async def follow(self) -> None:
        """Until `stopping`. A log that cannot be read ends the process: the supervisor starts it again."""
        flushed = 0
        while not self.stopping:
            if self.log.changed():
                while self.look():  # noqa: ASYNC110  # other browsers are answered between two reads
                    await asyncio.sleep(0)
            if self.now() - flushed >= 1_000:
                flushed = self.now()
                self.tell([*self.view.flush(), Message("chain", self.chain())])
            await asyncio.sleep(POLL)

    def look(self) -> int:
        """Take what is new; how many records it was. Alerts first."""
        taken = 0
        for (topic, number), offset in sorted(self._next.items()):
            entries = self.log.read(topic, number, offset, 200)
            for entry in entries:
                self.tell(self._take(entry))
            if entries:
                self._next[topic, number] = entries[-1].offset + 1
            taken += len(entries)
        return taken

    def _take(self, entry: Entry) -> list[Message]:
        if entry.topic == ALERTS:
            return self.view.outcomes(entry.partition, unpack(entry.value, self._codec))
        if entry.topic == REFUSED:
            return self.view.turned_away(unpack_refused(self._codec, entry.value))
        batch = self._codec.unpack(entry.value)
        pressed = [event for event in batch.events if isinstance(event, Sos) and event.state == "pressed"]
        self._presses.setdefault(entry.partition, []).extend((entry.offset, event.received, self._place(event.device)) for event in pressed)
        changes = [event.revision for event in batch.events if isinstance(event, SiteChange)]
        return (self._resite(changes[-1]) if changes else []) + self.view.batch(entry.partition, batch)

    def _resite(self, revision: str) -> list[Message]:
        """The site as it is from here on: new boxes and people are known at once, and the browsers read the coast again."""
        if revision == self.site.revision:
            return []
        try:
            self.site = site_at(self.log, revision)
        except KeyError as missing:
            log.warning("a site revision is not in the log", why=str(missing))
            return []
        self.view.resite(self.site)
        for area in self.site.areas:
            if (EVENTS, area.number) not in self._next:
                self._begin(area.number)
        return [Message("site", {"revision": revision})]

    def tell(self, messages: list[Message]) -> None:
        for message in messages:
            self.number += 1
            self.ring.append((self.number, message))
        if messages:
            self._woken.set()
            self._woken = asyncio.Event()

    def chain(self) -> dict[str, Any]:
        """How each link stands: age of the tick, age of the proof that the broker carries, and how far the readers are behind."""
        now = self.now()
        rows = {}
        for area in self.site.areas:
            seen = self.view.areas[area.number]
            rows[area.id] = {
                "tick": now - seen.ticked if seen.ticked else None,
                "broker": now - seen.rose if seen.rose else None,
                "behind": {role: behind(self.log, role, area.number, now, self.began) for role in READERS},
                "judged": seen.judged,
                "unjudged": self._unjudged(area.number, now),
            }
        system = sum(a.model == "SYS" and is_open(a) for a in self.view.alerts.values())
        return {"now": now, "areas": rows, "system": system, "whole": self.whole, "floods": self.view.floods()}

    def _unjudged(self, number: int, now: int) -> list[str]:
        """Places of presses that stand in the log and that the processor has not got to in time: they must not wait for it to be seen."""
        reached = self.log.position("judged", EVENTS, number) or 0
        waiting = self._presses[number] = [each for each in self._presses.get(number, ()) if each[0] >= reached]
        return list(dict.fromkeys(place for _, at, place in waiting if now - at > UNANSWERED))

    def _place(self, device: str) -> str:
        known = self.site.device.get(device)
        return known.place if known is not None and known.place else device

    async def stream(self, who: str, after: str) -> AsyncIterator[str]:
        """Server-sent events from `after` on ("epoch-number"); `reset` where that is gone: the page then reads the whole state again.

        `who` is looked up at each message: a revision of the site may take a role, or the person, away.
        """
        epoch, _, number = after.partition("-")
        last = int(number) if epoch == self.epoch and number.isdigit() else -1
        if last < 0 or (self.ring and last < self.ring[0][0] - 1) or last > self.number:
            yield f"id: {self.epoch}-{self.number}\nevent: reset\ndata: {{}}\n\n"
            last = self.number
        yield "retry: 1000\n\n"
        quiet = 0.0
        while not self.stopping and (person := self.site.person.get(who)) is not None:
            woken = self._woken
            fresh = list(reversed(_since(self.ring, last)))
            for at, message in fresh:
                last = at
                if sees(self.site.person.get(who, person), message):
                    yield f"id: {self.epoch}-{at}\nevent: {message.kind}\ndata: {json.dumps(message.body, ensure_ascii=False, separators=(',', ':'))}\n\n"
                    quiet = 0.0
            if not fresh:
                try:
                    await asyncio.wait_for(woken.wait(), 0.25)
                except TimeoutError:
                    quiet += 0.25
            if quiet >= 10:
                quiet = 0.0
                yield ": still here\n\n"


def _since(ring: deque[tuple[int, Message]], last: int) -> list[tuple[int, Message]]:
    """Newest first."""
    fresh = []
    for pair in reversed(ring):
        if pair[0] <= last:
            break
        fresh.append(pair)
    return fresh
