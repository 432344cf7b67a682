"""One area's fold with its memory in the log: loads the newest snapshot, judges record after record, and says what is to be appended.

This is the processor without its engine, so that tests and other engines drive the same thing.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import structlog

from alerts import snapshots
from alerts.alert import Outcomes
from alerts.fold import Fold
from alerts.hearing import Poisoned
from alerts.outcomes import pack
from alerts.past import judged, logged
from ingest.events import System, Tick
from ingest.log import ALERTS, EVENTS, SITES, Log, Record
from ingest.records import Batch, Codec
from ingest.revisions import site_at
from ingest.site import Site

say = structlog.get_logger()

EVERY = 10_000  # ms of log time between snapshots; architecture
MOST = 500  # events from which on nothing more is joined; architecture


class Joined(NamedTuple):
    """Records in a row that are judged as one."""

    first: int
    last: int  # offsets
    batch: Batch


class Revisions(Mapping[str, Site]):
    """Site revisions as the log keeps them, read when asked for."""

    def __init__(self, log: Log, first: Site) -> None:
        self._log, self._known = log, {first.revision: first}

    def __getitem__(self, revision: str) -> Site:
        if revision not in self._known:
            self._known[revision] = site_at(self._log, revision)
        return self._known[revision]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


class Judge:
    """`wanted` is the next offset of the area's events: that of the durable snapshot + 1."""

    def __init__(self, log: Log, site: Site, number: int, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.number, self.sites, self.codec = number, Revisions(log, site), Codec()
        found, self.torn = snapshots.newest(log, number)
        if found is None:
            self.fold = Fold(site, site.area_by_number[number], overrides)
            self.slot = "A"
        else:
            self.fold = Fold.restore(found.memory, self.sites, number, overrides)
            self.slot = snapshots.other(found.head.slot)
        self.lost = max(0, log.bounds(EVENTS, number)[0] - self.fold.offset - 1)  # records that retention took before they were judged
        self.fold.offset += self.lost
        self.saved, self.saved_at = self.fold.offset, self.fold.now
        self._log = log
        self._known = self._fresh = self.fold.snapshot()  # judged from again where a model fails among several events
        self.skips = skipped(log, number)
        self.overrides = overrides

    @property
    def wanted(self) -> int:
        return self.saved + 1

    def take(self, waiting: Iterable[tuple[int, bytes]]) -> list[Record]:
        """Judge the records of `events` that wait: (offset, value) each, in order. What comes out is to be appended before the next snapshot's head.

        Raises `Unreadable`, `Gap`.
        """
        out = []
        for joined in together((offset, self.codec.unpack(value)) for offset, value in waiting if offset not in self.skips):
            self._pass_skipped()
            outcomes = self._judge(joined)
            if outcomes.alerts or outcomes.pages or outcomes.commands:
                out.append(Record(ALERTS, self.number, pack(outcomes)))
        self._pass_skipped()
        return out

    def _judge(self, joined: Joined) -> Outcomes:
        try:
            return self.fold.step(joined.last, joined.batch, self.sites, first=joined.first)
        except Poisoned as poisoned:
            say.error(
                "a model failed among several events; they are judged again one by one",
                area=self.fold.area.id,
                offset=joined.first,
                why=str(poisoned),
            )
            self.fold = judged(self._begin, lambda begin: logged(self._log, self.number, begin, joined.first), self.sites, self.skips)
            self.fold.be_careful()
            return self.fold.step(joined.last, joined.batch, self.sites, first=joined.first)

    def _pass_skipped(self) -> None:
        while self.fold.offset + 1 in self.skips:
            self.fold.offset += 1

    def _begin(self) -> Fold:
        return Fold.restore(self._known, self.sites, self.number, self.overrides)

    def due(self) -> bool:
        """Whether a snapshot is due by the log's time."""
        return self.fold.offset > self.saved and self.fold.now - self.saved_at >= EVERY

    def snapshot(self) -> list[Record]:
        """The list of open alerts, chunks and head, in the order in which they must reach the log; then call `kept`."""
        fold = self.fold
        standing = Outcomes(area=fold.area.id, offset=fold.offset, now=fold.now, open=fold.life.open_list())
        self._fresh = fold.snapshot()
        return [Record(ALERTS, self.number, pack(standing)), *snapshots.records(self.number, self.slot, fold.offset, self._fresh)]

    def kept(self, offset: int, at: int) -> None:
        """The snapshot up to `offset` is on disk."""
        self.saved, self.saved_at, self.slot = offset, at, snapshots.other(self.slot)
        self._known = self._fresh

    def complaints(self, now: int) -> list[Record]:
        """What went wrong while loading, as `system` events for the log."""
        told = [("snapshot_torn", {"torn": self.torn})] if self.torn else []
        told += [("log_lost", {"records": self.lost})] if self.lost else []
        events = [System(device="processor", received=now, part="processor", code=code, values=values) for code, values in told]
        return [Record(EVENTS, self.number, self.codec.pack(Batch(self.fold.site.revision, list(events))))] if events else []


def together(records: Iterable[tuple[int, Batch]]) -> Iterator[Joined]:
    """Small records that wait as fewer large ones, which cost less: never across a tick, a hole or the door's site."""
    held: Joined | None = None
    for offset, batch in records:
        if held is not None and (held.last + 1 != offset or held.batch.site != batch.site or len(held.batch.events) >= MOST):
            yield held
            held = None
        held = Joined(offset, offset, batch) if held is None else Joined(held.first, offset, Batch(batch.site, held.batch.events + batch.events))
        if batch.events and type(batch.events[-1]) is Tick:
            yield held
            held = None
    if held is not None:
        yield held


def skip(number: int, offset: int) -> Record:
    """Says in the log that a record of `events` is not to be judged: it stopped the worker again and again. Replay keeps to it too."""
    return Record(SITES, 0, b"skip", f"skip/{number}/{offset}".encode())


def skipped(log: Log, number: int) -> set[int]:
    found: set[int] = set()
    at, end = log.bounds(SITES, 0)
    while at < end and (entries := log.read(SITES, 0, at)):
        for entry in entries:
            kind, _, rest = (entry.key or b"").partition(b"/")
            area, _, offset = rest.partition(b"/")
            if kind == b"skip" and area == str(number).encode():
                found.add(int(offset))
        at = entries[-1].offset + 1
    return found
