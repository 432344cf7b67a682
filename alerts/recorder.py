"""The recorder: everything of the log that people and dashboards ask for goes into the store; hours that are complete go into the archive.

A store that is away loses nothing and delays nobody: the same write is tried again with back-off, and nothing is read meanwhile.
"""

import random
import signal
import threading
import time
from collections.abc import Callable, Mapping
from types import FrameType

import structlog

from alerts.archive import Archive
from alerts.recording import READS, Recording, Taken
from alerts.store.opening import open_store
from alerts.store.store import Store, StoreAway
from ingest.log import EVENTS, Entry, Log, open_log
from ingest.settings import Settings
from ingest.site import Site

READER = "recorder"
LIMIT = 64  # records of one partition in one write; at most 512 KiB each
PAUSE = 0.1  # s between two looks while nothing comes; ours
GATHER = 0.2  # s that a write waits for more: few large writes cost a store less; ours
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # s of back-off; ours
KEEP_EVERY = 3_600.0  # s between two runs of retention; ours

_log = structlog.get_logger()


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


class Recorder:
    """Reads on in all partitions and writes. `wait(seconds)` returns True when it is to stop."""

    def __init__(self, log: Log, recording: Recording, wait: Callable[[float], bool], back_off: BackOff | None = None) -> None:
        self._log_of, self._recording, self._wait = log, recording, wait
        self._back_off = back_off or BackOff()
        self._next: dict[tuple[str, int], int] = {}
        self.away_since: float | None = None

    def turn(self) -> int:
        """One read and its write; the number of entries. Blocks while the store is away. Raises `Unreadable`."""
        entries: list[Entry] = []
        for topic in READS:
            for partition in self._log_of.partitions(topic):
                if (topic, partition) not in self._next:
                    bounds = self._log_of.bounds(topic, partition)
                    start = self._steadily(lambda t=topic, p=partition, b=bounds: self._recording.start_at(t, p, b))  # type: ignore[misc]  # bound early
                    if start is None:
                        return 0
                    self._next[topic, partition] = start
                entries += self._log_of.read(topic, partition, self._next[topic, partition], LIMIT)
        if not entries:
            return 0
        taken = self._recording.take(entries)
        if self._steadily(lambda: self._write(taken)) is None:
            return 0  # told to stop: what was not written is read again
        for topic, partition, offset in taken.positions:
            self._next[topic, partition] = offset
        self._log_of.save_positions(READER, taken.positions)  # for retention and `doctor`; the store's own is what counts
        return len(entries)

    def _write(self, taken: Taken) -> int:
        self._recording.write(taken)
        return taken.entries

    def _steadily(self, what: Callable[[], int]) -> int | None:
        """Does it, again and again while the store is away. None when it is to stop."""
        while True:
            try:
                done = what()
            except StoreAway as away:
                wait = self._back_off.wait()
                if self.away_since is None:
                    self.away_since = time.monotonic()
                    _log.warning("the store is away, nothing is lost", reason=str(away), again_in=round(wait, 1))
                if self._wait(wait):
                    return None
                continue
            self._back_off.reset()
            if self.away_since is not None:
                _log.info("the store is back", away_for=round(time.monotonic() - self.away_since, 1))
                self.away_since = None
            return done


def seats_of(site: Site) -> Mapping[str, str]:
    """Person -> seat, else post."""
    return {person.id: person.seat or person.post for person in site.people}


def main(settings: Settings) -> int:
    """Blocks until SIGTERM or SIGINT."""
    stop = threading.Event()

    def asked(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)
    from ingest.revisions import current_site  # noqa: PLC0415 - shapely, only where a site is read

    log = open_log(settings.log_url)
    site = current_site(log, settings.site)
    back_off = BackOff()
    store: Store | None = None
    while store is None:
        try:
            store = open_store(settings)
        except StoreAway as away:
            _log.warning("the store cannot be opened", reason=str(away))
            if stop.wait(back_off.wait()):
                return 0
    areas = {area.number: area.id for area in site.areas}
    recording = Recording(store, areas, seats_of(site), now_ms)
    archive = Archive(log, settings.home / "archive", areas)
    _run(log, store, Recorder(log, recording, stop.wait), archive, stop)
    store.close()
    log.close()
    return 0


def _run(log: Log, store: Store, recorder: Recorder, archive: Archive, stop: threading.Event) -> None:
    kept = 0.0
    while not stop.is_set():
        if time.monotonic() - kept > KEEP_EVERY or not kept:
            kept = time.monotonic()
            try:
                store.keep(now_ms())
            except StoreAway as away:
                _log.warning("retention of the store waits", reason=str(away))
        if recorder.turn():
            stop.wait(GATHER)
            continue
        archive.step(log.partitions(EVENTS), now_ms())
        while not stop.is_set() and not log.changed():
            stop.wait(PAUSE)
