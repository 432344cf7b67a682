"""The fold: (memory of an area, what it heard) -> (memory, alerts, pages, commands). It reads no clock, no network and no file.

One step takes one record of the log. What the models find (`hearing.py`), what people did and what time brought meets in the life cycle, in the log's
order. Cutting the log elsewhere changes nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, msgpack, structs

from alerts.alert import Alert, Command, Outcomes, Page
from alerts.hearing import LATE, Hearing
from alerts.intake import Intake, Known
from alerts.life_cycle.board import Changes
from alerts.life_cycle.life import LifeCycle
from alerts.waters import Gone, Waters
from ingest.events import Event, SiteChange, System, Tick
from ingest.records import Batch
from ingest.site import Area, Site
from ingest.system_codes import SYSTEM_CODES
from models import memory as memories
from models.batch import Rare
from models.model import Finding
from models.subjects import Latest, Vessel, Vessels

VERSION = 1
CAREFUL = 10_000  # ms of log time in which events are judged one by one after a model failed among several; ours


class Saved(Struct, frozen=True):
    """A snapshot. A model whose memory has another version starts empty and says so; the life cycle always migrates."""

    version: int
    site: str
    offset: int
    now: int
    heard: int
    connects: int
    intake: dict[str, Known]
    counts: tuple[int, int]
    vessels: list[Vessel]
    models: dict[str, tuple[int, bytes]]
    disabled: dict[str, int]
    life: bytes
    latest: bytes = b""  # the vessels' latest fixes
    standing: list[Finding] = []
    owners: dict[str, tuple[int, int]] = {}  # vessel -> (area, when told), where areas meet


class Gap(ValueError):
    """A record was asked for that does not follow the last one: the worker must stop."""


class Fold:
    """One area's memory, and its step."""

    def __init__(self, site: Site, area: Area, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.hearing = Hearing(site, area, overrides)
        self.life = LifeCycle(site, area)
        self.area = area
        self.offset = -1
        self._careful_until = 0  # ms

    @property
    def now(self) -> int:
        return self.hearing.now

    @property
    def site(self) -> Site:
        return self.hearing.site

    def step(self, offset: int, batch: Batch, sites: Mapping[str, Site] | None = None) -> Outcomes:
        """Judge one record. `sites` gives the revisions that a `site` event may name. A lower offset is skipped; a hole raises `Gap`.

        Raises `Poisoned` where a model failed among several events; this fold is then of no use any more.
        """
        if offset <= self.offset:
            return Outcomes(area=self.area.id, offset=self.offset, now=self.now)
        if self.offset >= 0 and offset != self.offset + 1:
            raise Gap(f"{self.area.id}: after offset {self.offset} came {offset}")
        gathered = _Gathered()
        for events in _runs(batch.events, one_by_one=self.now < self._careful_until):
            if isinstance(events[0], SiteChange):
                self._change_site(events[0], sites or {}, gathered)
            else:
                self._judge(events, gathered)
        self.offset = offset
        return gathered.outcomes(self.area.id, offset, self.now)

    def be_careful(self) -> None:
        """Judge event by event for a while, which is the result by definition, and shows at which event a model fails."""
        self._careful_until = max(self.now, 1) + CAREFUL

    def _judge(self, events: list[Event], gathered: "_Gathered") -> None:
        heard, found = self.hearing.take(events, self.life.in_exercise)
        inputs: list[tuple[int, int, Any]] = [(finding.index, 0, finding) for finding in found]
        inputs += [(rare.nth, 1, rare) for rare in heard.people]
        inputs += [(each.nth, 1, each) for each in heard.gone]
        inputs += [(index, 2, device) for index, device in heard.answers]
        inputs.sort(key=lambda each: each[:2])  # stable: models in the catalogue's order
        for index, _, each in inputs:
            now = heard.times[index]
            gathered.add(self.life.tick_to(now))
            if isinstance(each, Finding):
                gathered.add(self.life.finding(structs.replace(each, raised=now), now))
            elif isinstance(each, Rare):
                gathered.add(self._person(each, now))
            elif isinstance(each, Gone):
                area = self.site.area_by_number.get(each.to)
                gathered.add(self.life.gone(each.vessel, area.id if area else str(each.to), now, beacon=each.beacon))
            elif (command := self.life.box_state(each)) is not None:
                gathered.commands.append(command)
        gathered.add(self.life.tick_to(self.now))

    def _person(self, rare: Rare, now: int) -> Changes:
        if isinstance(rare.event, System):
            return self.life.finding(_system_finding(rare.event, rare.nth), now)
        return self.life.event(rare.event, now, rare.late if rare.late is not None and rare.late > LATE else None)

    def _change_site(self, event: SiteChange, sites: Mapping[str, Site], gathered: "_Gathered") -> None:
        new = sites.get(event.revision)
        self.hearing.now = max(self.now, event.received)
        if new is None or new.revision == self.site.revision or self.area.id not in new.area_of:
            return
        gathered.add(self.life.tick_to(self.now))
        self.hearing.change_site(new)
        self.area = self.hearing.area
        gathered.add(self.life.migrate(new, self.area))

    def snapshot(self) -> bytes:
        hearing = self.hearing
        return msgpack.encode(
            Saved(
                version=VERSION, site=self.site.revision, offset=self.offset, now=self.now, heard=hearing.heard, connects=hearing.connects,
                intake=hearing.intake.known, counts=(hearing.intake.repeated, hearing.intake.outdated), vessels=hearing.vessels.all,
                models={model.code: (model.memory_version, memories.pack(hearing.memory[model.code])) for model in hearing.models},
                disabled=hearing.disabled, life=self.life.snapshot(), latest=memories.pack(hearing.vessels.latest), standing=hearing.standing.all(),
                owners=hearing.waters.owners,
            )
        )  # fmt: skip

    @classmethod
    def restore(cls, packed: bytes, sites: Mapping[str, Site], area_number: int, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> "Fold":
        """Raises KeyError where the snapshot's site revision is not among `sites`, msgspec.DecodeError where it is no snapshot."""
        saved = msgpack.decode(packed, type=Saved)
        site = sites[saved.site]
        fold = cls(site, site.area_by_number[area_number], overrides)
        hearing, fold.offset = fold.hearing, saved.offset
        hearing.now, hearing.heard, hearing.connects = saved.now, saved.heard, saved.connects
        hearing.intake = Intake(hearing.devices.row, saved.intake)
        hearing.intake.repeated, hearing.intake.outdated = saved.counts
        hearing.vessels = Vessels(site.identity, saved.vessels, memories.unpack(Latest, saved.latest) if saved.latest else None)
        hearing.waters = Waters(saved.owners)
        for finding in saved.standing:
            hearing.standing.note(finding)
        for model in hearing.models:
            version, memory = saved.models.get(model.code, (0, b""))
            if version == model.memory_version:
                hearing.memory[model.code] = memories.unpack(model.memory, memory)
                if saved.disabled.get(model.code) == version:
                    hearing.disabled[model.code] = version
        fold.life = LifeCycle.restore(saved.life, site, fold.area)
        return fold


class _Gathered:
    """What a step gave so far."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.pages: list[Page] = []
        self.commands: list[Command] = []

    def add(self, changes: Changes) -> None:
        self.alerts.extend(changes.alerts)
        self.pages.extend(changes.pages)
        self.commands.extend(changes.commands)

    def outcomes(self, area: str, offset: int, now: int) -> Outcomes:
        return Outcomes(area=area, offset=offset, now=now, alerts=tuple(self.alerts), pages=tuple(self.pages), commands=tuple(self.commands))


def _runs(events: list[Any], *, one_by_one: bool) -> Iterator[list[Event]]:
    """Runs of events; ticks and `site` events stand alone, so that what was heard before them is judged by what was known before them."""
    run: list[Event] = []
    for event in events:
        if one_by_one or isinstance(event, SiteChange | Tick):
            if run:
                yield run
            yield [event]
            run = []
        else:
            run.append(event)
    if run:
        yield run


def _system_finding(event: System, index: int) -> Finding:
    """What our own processes say of themselves, by the table of codes; an unknown code is yellow."""
    known = SYSTEM_CODES.get((event.part, event.code))
    level = known.level if known else "yellow"
    subject = "/".join(str(each) for each in (event.part, event.code, event.values.get("subject")) if each)
    return Finding(
        model="SYS", subject=subject, level="over" if event.clear else level, code=event.code, index=index, cause=f"{subject}/{event.received}",
        occurred=event.received, values={"part": event.part, **event.values},
    )  # fmt: skip
