"""The recorder: a Faust app that puts into the store what people and dashboards ask for, and archives the hours that are complete.

Faust reads, in order and a partition at a time; the writing is `recording.py`. What counts as read is what the store has written: its own position.
A store that is away loses nothing and delays nobody: the same write is tried again with back-off, and reading pauses once enough waits.
"""

import asyncio
import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import faust
import structlog

from alerts.archive import Archive
from alerts.judge import Revisions
from alerts.place_series import PlaceSeries
from alerts.recording import READS, Recording
from alerts.store.opening import open_store
from alerts.store.store import Store, StoreAway
from ingest import transport
from ingest.log import EVENTS, Entry, Log, open_log
from ingest.records import Unreadable
from ingest.revisions import current_site
from ingest.settings import Settings
from ingest.site import Site

say = structlog.get_logger()

MOST_WAITING = 16 << 20  # bytes of records that wait for the store before reading pauses; ours
MOST_ENTRIES = 2_000  # records of one write; ours
BUFFER = 64  # records that Faust holds for us beyond that
GATHER = 0.2  # s that a write waits for more: few large writes cost a store less; ours
IDLE = 1.0  # s without anything to write, after which archives and retention get their turn
KEEP_EVERY = 3_600.0  # s between two runs of retention; ours
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # s of back-off; ours


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class BackOff:
    """How long to wait before the next try: doubled each time, spread by half so that many do not come at once."""

    def __init__(self, spread: Callable[[], float] = random.random) -> None:
        self._spread = spread
        self._next = FIRST_WAIT

    def wait(self) -> float:
        """Seconds."""
        wait, self._next = self._next, min(self._next * 2, LONGEST_WAIT)
        return wait * (0.5 + self._spread())

    def reset(self) -> None:
        self._next = FIRST_WAIT


class Patience:
    """Does what the store is asked for, again and again while it is away. `wait(seconds)` returns True when it is to stop."""

    def __init__(self, wait: Callable[[float], bool], back_off: BackOff | None = None) -> None:
        self._wait = wait
        self._back_off = back_off or BackOff()
        self.away = False

    def do(self, what: Callable[[], object]) -> bool:
        """True once it is done; False when it is to stop before."""
        while True:
            try:
                what()
            except StoreAway as away:
                wait = self._back_off.wait()
                if not self.away:
                    say.warning("the store is away; nothing is lost", why=str(away), again_in=round(wait, 1))
                self.away = True
                if self._wait(wait):
                    return False
                continue
            self._back_off.reset()
            if self.away:
                say.info("the store is back")
            self.away = False
            return True


class Waiting:
    """Records that are read and not yet written, in order, each once. Full: whoever brings more waits."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._entries: list[Entry] = []
        self._bytes = 0
        self.next: dict[tuple[str, int], int] = {}  # the offset wanted next, by topic and partition
        self.room, self.some = asyncio.Event(), asyncio.Event()
        self.room.set()

    def add(self, entry: Entry) -> None:
        """What was brought before is brought again after a rebalance: dropped."""
        where = entry.topic, entry.partition
        if entry.offset < self.next.get(where, 0):
            return
        self.next[where] = entry.offset + 1
        self._entries.append(entry)
        self._bytes += len(entry.value)
        self.some.set()
        if self._bytes >= self._most or len(self._entries) >= MOST_ENTRIES:
            self.room.clear()

    def take(self) -> list[Entry]:
        entries, self._entries, self._bytes = self._entries, [], 0
        self.some.clear()
        self.room.set()
        return entries


def seats_of(site: Site) -> Mapping[str, str]:
    """Person -> seat, else post."""
    return {person.id: person.seat or person.post for person in site.people}


def main(settings: Settings) -> int:
    """Blocks until SIGTERM or SIGINT (0), or until something fell (1)."""
    os.nice(5)  # it may lag behind when the machine is busy; a press may not
    return asyncio.run(Recorder(settings).run())


class Recorder:
    """The shell: starts, wires, stops."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.waiting = Waiting()
        self.stopping = threading.Event()
        self.patience = Patience(self.stopping.wait)
        self.stopped = asyncio.Event()
        self.status = 0

    async def run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._stop)
        log = open_log(self.settings.log_url)
        site = current_site(log, self.settings.site)
        opened: list[Store] = []
        if not await asyncio.to_thread(self.patience.do, lambda: opened.append(open_store(self.settings))):
            return 0
        areas = {area.number: area.id for area in site.areas}
        places = [PlaceSeries(site, area, Revisions(log, site)) for area in site.areas]
        recording = Recording(opened[0], areas, seats_of(site), now_ms, places)
        if not await asyncio.to_thread(self.patience.do, lambda: self._find_starts(log, recording, places, max(areas) + 1)):
            return 0
        app = self._app(max(areas) + 1)
        async with app:
            writing = asyncio.create_task(self._write(log, recording, Archive(log, self.settings.home / "archive", areas)))
            await self.stopped.wait()
            self.waiting.some.set()
            await writing
            self.waiting.room.set()
        opened[0].close()
        log.close()
        if (failure := transport.failure_of(app)) is not None:
            say.error("the log failed", why=str(failure))
            return 1
        return self.status

    def _stop(self) -> None:
        self.stopping.set()
        self.stopped.set()

    def _find_starts(self, log: Log, recording: Recording, places: list[PlaceSeries], partitions: int) -> None:
        for each in places:
            each.begin(recording.store, now_ms())
        for topic in READS:
            for partition in {*range(partitions), *log.partitions(topic)}:
                self.waiting.next[topic, partition] = recording.start_at(topic, partition, log.bounds(topic, partition))

    def _app(self, partitions: int) -> faust.App:
        transport.register()
        app = faust.App(
            "recorder", broker=transport.address(self.settings.log_url), store="memory://", web_enabled=False, autodiscover=False, topic_disable_leader=True,
            topic_allow_declare=False, datadir=str(Path(self.settings.home) / "faust"), loop=asyncio.get_running_loop(), stream_buffer_maxsize=BUFFER,
        )  # fmt: skip
        transport.start_at(app, lambda topic, partition: self.waiting.next.get((topic, partition)))
        for topic in READS:
            app.transport.declare(topic, partitions)
            channel = app.topic(topic, value_type=bytes, value_serializer="raw", key_type=bytes, key_serializer="raw")
            app.agent(channel, name=f"recording-{topic}")(self._agent(topic))
        return app

    def _agent(self, topic: str) -> Callable[[Any], Any]:
        async def recording(stream: Any) -> None:
            async for event in stream.events():
                message = event.message
                await self.waiting.room.wait()
                if not self.stopping.is_set():
                    self.waiting.add(Entry(topic, message.partition, message.offset, round(message.timestamp * 1000), None, event.value, ()))

        return recording

    async def _write(self, log: Log, recording: Recording, archive: Archive) -> None:
        """The one that writes, in a thread, so that Faust goes on living while a store is slow."""
        kept = 0.0
        while not self.stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.waiting.some.wait(), IDLE)
            if entries := self.waiting.take():
                await asyncio.to_thread(self._write_these, log, recording, entries)
                await asyncio.sleep(GATHER)
            elif time.monotonic() - kept > KEEP_EVERY or not kept:
                kept = time.monotonic()
                await asyncio.to_thread(self.patience.do, lambda: recording.store.keep(now_ms()))
            else:
                await asyncio.to_thread(archive.step, log.partitions(EVENTS), now_ms())
        self.stopped.set()

    def _write_these(self, log: Log, recording: Recording, entries: list[Entry]) -> None:
        try:
            taken = recording.take(entries)
        except Unreadable as wrong:
            say.error("a record cannot be read by this version", why=str(wrong))
            self.status = 1
            self.stopping.set()  # seen by `_write`
            return
        if self.patience.do(lambda: recording.write(taken)):
            log.save_positions("recorder", taken.positions)  # for retention and `doctor`; the store's own is what counts
