"""The fold: (memory of an area, what it heard) -> (memory, alerts, pages, commands). It reads no clock, no network and no file.

One step takes one record of the log. What the models find (`hearing.py`), what people did and what time brought meets in the life cycle, in the log's
order. Cutting the log elsewhere changes nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct, msgpack, structs

from alerts.alert import Alert, Command, Outcomes, Page
from alerts.drills import Drill, World, is_world
from alerts.hearing import LATE, Heard, Hearing
from alerts.intake import Intake, Known
from alerts.life_cycle.board import Changes
from alerts.life_cycle.life import LifeCycle
from alerts.waters import Gone, Waters
from ingest.events import Event, Exercise, SiteChange, System, Tick
from ingest.exercises import is_staged
from ingest.records import Batch
from ingest.site import Area, Site
from ingest.system_codes import SYSTEM_CODES
from models import memory as memories
from models.batch import Rare
from models.model import Finding
from models.subjects import Latest, Vessel, Vessels

VERSION = 1
To = Literal["real", "staged", "both"]  # by whose models an event is judged
Input = tuple[int, int, int, Any, bool]  # row of its event, rank among those of one event, the log's time, what it is, whether it is a drill's
_ALONE = frozenset({SiteChange, Tick, Exercise})
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
    world: bytes = b""
    drill: bytes = b""  # the same of the models of what is staged, while there are any
    kinds: tuple[str, ...] = ()  # staged so far


class Gap(ValueError):
    """A record was asked for that does not follow the last one: the worker must stop."""


class Fold:
    """One area's memory, and its step."""

    def __init__(self, site: Site, area: Area, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.hearing = Hearing(site, area, overrides)
        self.life = LifeCycle(site, area)
        self.area, self.overrides = area, overrides
        self.world = World()
        self.drill: Drill | None = None  # while an exercise runs in which something was staged
        self.offset = -1
        self._careful_until = 0  # ms

    @property
    def now(self) -> int:
        return self.hearing.now

    @property
    def site(self) -> Site:
        return self.hearing.site

    def step(self, offset: int, batch: Batch, sites: Mapping[str, Site] | None = None, *, first: int | None = None) -> Outcomes:
        """Judge one record, or those from `first` to `offset` as one. `sites` gives the revisions that a `site` event may name.

        A lower offset is skipped; a hole raises `Gap`.

        Raises `Poisoned` where a model failed among several events; this fold is then of no use any more.
        """
        if offset <= self.offset:
            return Outcomes(area=self.area.id, offset=self.offset, now=self.now)
        begin = offset if first is None else first
        if self.offset >= 0 and begin != self.offset + 1:
            raise Gap(f"{self.area.id}: after offset {self.offset} came {begin}")
        gathered = _Gathered()
        for events in _runs(batch.events, one_by_one=self.now < self._careful_until):
            if isinstance(events[0], SiteChange):
                self._change_site(events[0], sites or {}, gathered)
            else:
                for run, to in self._parted(events):
                    self._judge(run, gathered, to)
                if type(events[0]) is Tick:
                    self._end_drill(gathered)
        self.offset = offset
        return gathered.outcomes(self.area.id, offset, self.now)

    def be_careful(self) -> None:
        """Judge event by event for a while, which is the result by definition, and shows at which event a model fails."""
        self._careful_until = max(self.now, 1) + CAREFUL

    def _parted(self, events: list[Event]) -> Iterator[tuple[list[Event], "To"]]:
        """Runs that the coast's models hear, those of what is staged, or both; each is to be judged before the next is asked for."""
        exercises = self.life.exercises
        if not exercises or (self.drill is None and not any(event.drill for event in events)):
            yield events, "real"
            return
        run: list[Event] = []
        before: To = "real"
        for event in events:
            to: To = "real"
            if is_staged(event, exercises.values()):
                to = "staged"
            elif self.drill is not None and is_world(event, exercises, max(self.now, event.received)):
                to = "both"
            if to != before and run:
                yield run, before
                run = []
            if to == "staged" and self.drill is None:
                self.drill = Drill(self.site, self.area, self.overrides)
                self.drill.begin(self.hearing, self.world, exercises)
            before = to
            run.append(event)
        if run:
            yield run, before

    def _judge(self, events: list[Event], gathered: "_Gathered", to: "To") -> None:
        now, inputs = self.now, []
        if to != "staged":
            heard, found = self.hearing.take(events)
            self.world.note(heard)
            inputs = _in_order(heard, found)
        if to != "real" and self.drill is not None:
            heard, found = self.drill.take(events, now, self.life.exercises)
            self.hearing.now = max(self.now, self.drill.hearing.now)
            inputs += _in_order(heard._replace(people=[]), found, drill=True)  # what people enter is entered once
            inputs.sort(key=lambda each: each[:2])
        for _, _, now, each, drill in inputs:
            gathered.add(self.life.tick_to(now))
            if isinstance(each, Finding):
                gathered.add(self.life.finding(structs.replace(each, raised=now), now))
            elif isinstance(each, Rare):
                gathered.add(self._person(each, now))
            elif isinstance(each, Gone):
                area = self.site.area_by_number.get(each.to)
                gathered.add(self.life.gone(each.vessel, area.id if area else str(each.to), now, beacon=each.beacon, drill=drill))
            elif (command := self.life.box_state(each)) is not None:
                gathered.commands.append(command)
        gathered.add(self.life.tick_to(self.now))

    def _end_drill(self, gathered: "_Gathered") -> None:
        if self.drill is not None and not any(span.runs(self.now) for span in self.life.exercises.values()):
            self.drill = None
            gathered.add(self.life.drills_end(self.now))

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
        if self.drill is not None:
            self.drill.hearing.change_site(new)
        self.area = self.hearing.area
        gathered.add(self.life.migrate(new, self.area))

    def snapshot(self) -> bytes:
        drill = self.drill
        return msgpack.encode(
            structs.replace(
                _saved(self.hearing, self.offset), life=self.life.snapshot(), world=self.world.pack(),
                drill=b"" if drill is None else msgpack.encode(_saved(drill.hearing, self.offset)), kinds=() if drill is None else tuple(sorted(drill.kinds)),
            )
        )  # fmt: skip

    @classmethod
    def restore(cls, packed: bytes, sites: Mapping[str, Site], area_number: int, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> "Fold":
        """Raises KeyError where the snapshot's site revision is not among `sites`, msgspec.DecodeError where it is no snapshot."""
        saved = msgpack.decode(packed, type=Saved)
        site = sites[saved.site]
        fold = cls(site, site.area_by_number[area_number], overrides)
        fold.offset = saved.offset
        _restore(fold.hearing, saved)
        if saved.world:
            fold.world = World.unpack(saved.world)
        if saved.drill:
            fold.drill = Drill(site, fold.area, overrides, saved.kinds)
            _restore(fold.drill.hearing, msgpack.decode(saved.drill, type=Saved))
        fold.life = LifeCycle.restore(saved.life, site, fold.area)
        return fold


def _saved(hearing: Hearing, offset: int) -> Saved:
    return Saved(
        version=VERSION, site=hearing.site.revision, offset=offset, now=hearing.now, heard=hearing.heard, connects=hearing.connects,
        intake=hearing.intake.known, counts=(hearing.intake.repeated, hearing.intake.outdated), vessels=hearing.vessels.all,
        models={model.code: (model.memory_version, memories.pack(hearing.memory[model.code])) for model in hearing.models},
        disabled=hearing.disabled, life=b"", latest=memories.pack(hearing.vessels.latest), standing=hearing.standing.all(), owners=hearing.waters.owners,
    )  # fmt: skip


def _restore(hearing: Hearing, saved: Saved) -> None:
    hearing.now, hearing.heard, hearing.connects = saved.now, saved.heard, saved.connects
    hearing.intake = Intake(hearing.devices.row, saved.intake)
    hearing.intake.repeated, hearing.intake.outdated = saved.counts
    hearing.vessels = Vessels(hearing.site.identity, saved.vessels, memories.unpack(Latest, saved.latest) if saved.latest else None)
    hearing.waters = Waters(saved.owners)
    for finding in saved.standing:
        hearing.standing.note(finding)
    for model in hearing.models:
        version, memory = saved.models.get(model.code, (0, b""))
        if version == model.memory_version:
            hearing.memory[model.code] = memories.unpack(model.memory, memory)
            if saved.disabled.get(model.code) == version:
                hearing.disabled[model.code] = version


def _in_order(heard: Heard, found: list[Finding], *, drill: bool = False) -> list[Input]:
    """What the life cycle takes, in the log's order; models in the catalogue's."""
    inputs: list[tuple[int, int, Any]] = [(finding.index, 0, finding) for finding in found]
    inputs += [(rare.nth, 1, rare) for rare in heard.people]
    inputs += [(each.nth, 1, each) for each in heard.gone]
    inputs += [(index, 2, device) for index, device in heard.answers]
    inputs.sort(key=lambda each: each[:2])
    return [(index, rank, heard.times[index], each, drill) for index, rank, each in inputs]


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
    """Runs of events. What stands alone: ticks and `site` events, so that what was heard before them is judged by what was known before them, and exercises,
    which say of what follows whether it is staged."""
    run: list[Event] = []
    for event in events:
        if one_by_one or type(event) in _ALONE:
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
