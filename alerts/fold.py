"""The fold: (memory of an area, what it heard) -> (memory, alerts, pages, commands). It reads no clock, no network and no file.

One step takes one record of the log. Events go through the intake in the log's order, the models judge them (heavy kinds by column), and what they
find, what people did and what time brought meets in the life cycle, again in the log's order. Cutting the log elsewhere changes nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ingest.system_codes import SYSTEM_CODES
from msgspec import Struct, msgpack, structs

from alerts.alert import Alert, Command, Outcomes, Page
from alerts.intake import Intake, Known
from alerts.life_cycle import Changes, LifeCycle
from ingest.events import PEOPLE, URGENT, Event, Heartbeat, Position, SiteChange, Sos, Status, System, Tick, kind_of
from ingest.records import Batch as Record
from ingest.site import Area, Site
from models import memory as memories
from models.catalogue import models_for
from models.columns import NO_HEARTBEATS, NO_POSITIONS, Batch, Rare, between, heartbeats_of, positions_of
from models.model import Finding, Model
from models.sos import SosCall
from models.subjects import Devices, Vessel, Vessels

VERSION = 1
LATE = 600_000  # ms: older events go to the time series only; wire document
LATE_PEOPLE = 7 * 86_400_000  # ms: people's entries still take effect; wire document
_URGENT = frozenset({*URGENT, "done"})  # never refused or made late by `ts`
_NAN = float("nan")


class Heard(NamedTuple):
    """A step's events, sorted out: columns, rare events by index, and the log's time at each."""

    heartbeats: list[tuple[int, int, int, bool, bool, float, float]]
    positions: list[tuple[int, int, int, int, int, float, float, float, float, bool]]
    rare: list[Rare]
    people: list[Rare]  # for the life cycle
    answers: list[tuple[int, str]]  # devices to be told again how their alert stands
    times: list[int]  # now at each event


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


class Gap(ValueError):
    """A record was asked for that does not follow the last one: the worker must stop."""


class Fold:
    """One area's memory, and its step."""

    def __init__(self, site: Site, area: Area, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.site, self.area, self.overrides = site, area, overrides
        self.models: tuple[Model, ...] = models_for(site, overrides)
        self.devices = Devices(site, area)
        self.vessels = Vessels()
        self.intake = Intake()
        self.memory: dict[str, Any] = {model.code: model.start(site, area, self.devices) for model in self.models}
        self.disabled: dict[str, int] = {}  # model -> its version when it failed
        self.life = LifeCycle(site, area)
        self.offset, self.now, self.heard, self.connects = -1, 0, 0, 0

    def step(self, offset: int, record: Record, sites: Mapping[str, Site] | None = None) -> Outcomes:
        """Judge one record. `sites` gives the revisions that a `site` event may name. A lower offset is skipped; a hole raises `Gap`."""
        if offset <= self.offset:
            return Outcomes(area=self.area.id, offset=self.offset, now=self.now)
        if self.offset >= 0 and offset != self.offset + 1:
            raise Gap(f"{self.area.id}: after offset {self.offset} came {offset}")
        gathered = _Gathered()
        for events in _runs(record.events):
            if isinstance(events[0], SiteChange):
                self._change_site(events[0], sites or {}, gathered)
            else:
                self._judge(events, gathered)
        self.offset = offset
        return gathered.outcomes(self.area.id, offset, self.now)

    def _judge(self, events: list[Event], gathered: "_Gathered") -> None:
        heard = self._hear(events)
        found = [finding for model in self.models if model.code not in self.disabled for finding in self._ask(model, heard, events)]
        inputs: list[tuple[int, int, Any]] = [(finding.index, 0, finding) for finding in found]
        inputs += [(rare.index, 1, rare) for rare in heard.people]
        inputs += [(index, 2, device) for index, device in heard.answers]
        inputs.sort(key=lambda each: each[:2])  # stable: models in the catalogue's order
        for index, _, each in inputs:
            now = heard.times[index]
            gathered.add(self.life.tick_to(now))
            if isinstance(each, Finding):
                gathered.add(self.life.finding(structs.replace(each, raised=now), now))
            elif isinstance(each, Rare):
                gathered.add(self._person(each, now))
            elif (command := self.life.box_state(each)) is not None:
                gathered.commands.append(command)
        gathered.add(self.life.tick_to(self.now))

    # Hearing

    def _hear(self, events: list[Event]) -> Heard:
        heard = Heard([], [], [], [], [], [])
        now, rows, take, vessels = self.now, self.devices.row, self.intake.take, self.vessels
        for index, event in enumerate(events):
            kind = type(event)
            now = max(now, event.received)
            heard.times.append(now)
            if kind is Heartbeat:
                assert isinstance(event, Heartbeat)
                at, _, repetition, restarted, clock = take(event, False)
                row = rows.get(event.device)
                if row is not None and not repetition:
                    battery = event.battery
                    heard.heartbeats.append((index, row, at, event.received - at <= LATE, restarted, clock, _NAN if battery is None else battery))
            elif kind is Position:
                assert isinstance(event, Position)
                at, _, repetition, _, _ = take(event, False)
                vessel = vessels.heard(event)
                if event.position is not None and not repetition and event.received - at <= LATE:
                    longitude, latitude = event.position
                    heard.positions.append(
                        (
                            index, vessel, rows.get(event.device, -1), at, event.received - at, longitude, latitude,
                            _NAN if event.sog is None else event.sog, _NAN if event.cog is None else event.cog, event.owner,
                        )
                    )  # fmt: skip
            elif kind is Tick:
                assert isinstance(event, Tick)
                now = max(now, event.now)
                heard.times[-1] = now
                self.heard, self.connects = max(self.heard, event.heard), event.connects
            else:
                self._hear_rare(index, event, heard)
        self.now = now
        return heard

    def _hear_rare(self, index: int, event: Event, heard: Heard) -> None:
        kind = kind_of(event)
        urgent = kind in _URGENT
        at, late, repetition, _, _ = self.intake.take(event, urgent)
        if kind == "system":
            heard.people.append(Rare(index, event, event.received, drill=False, late=None))
            return
        if repetition:
            if isinstance(event, Sos):
                heard.answers.append((index, event.device))
            return
        if kind in PEOPLE:
            if event.received - at <= LATE_PEOPLE:
                heard.people.append(Rare(index, event, at, drill=False, late=late))
            return
        if not urgent and event.received - at > LATE:
            return
        if isinstance(event, Status):
            at = event.received
            if event.state == "online":
                heard.answers.append((index, event.device))
        heard.rare.append(Rare(index, event, at, event.drill, late))

    # Judging

    def _ask(self, model: Model, heard: Heard, events: list[Event]) -> list[Finding]:
        """The model's findings for these events. An exception disables it in this area; in M01 it costs that event only, which is told raw."""
        found: list[Finding] = []
        last = len(events) - 1
        for batch in self._batches(model, heard, events):
            try:
                found.extend(model.step(self.memory[model.code], batch, self.site))
            except Exception as broken:  # noqa: BLE001 — poison: a function of its input, so it replays the same
                if model.code == SosCall.code:
                    found.extend(_raw_press(rare) for rare in batch.rare)
                else:
                    self.disabled[model.code] = model.memory_version
                found.append(_model_failed(model, broken, batch.index if batch.rare else last, self.now))
                if model.code in self.disabled:
                    break
        return found

    def _batches(self, model: Model, heard: Heard, events: list[Event]) -> Iterator[Batch]:
        """Cut so that each rare event that the model reads stands alone, in order."""
        beats = heartbeats_of(heard.heartbeats) if "heartbeats" in model.columns else NO_HEARTBEATS
        fixes = positions_of(heard.positions) if "positions" in model.columns else NO_POSITIONS
        rare = [self._with_drill(each) for each in heard.rare if kind_of(each.event) in model.rare]
        tick = isinstance(events[-1], Tick)
        start = 0
        for each in rare:
            if each.index > start and (len(beats.index) or len(fixes.index)):
                yield self._batch(heard.times[each.index - 1], each.index - 1, between(beats, start, each.index), between(fixes, start, each.index))
            yield self._batch(heard.times[each.index], each.index, NO_HEARTBEATS, NO_POSITIONS, (each,))
            start = each.index + 1
        end = len(events)
        if start < end and (tick or len(beats.index) or len(fixes.index)):
            yield self._batch(heard.times[-1], end - 1, between(beats, start, end), between(fixes, start, end), tick=tick)

    def _batch(self, now: int, index: int, beats: Any, fixes: Any, rare: tuple[Rare, ...] = (), *, tick: bool = False) -> Batch:
        return Batch(now, self.heard, self.connects, index, tick, beats, fixes, rare, self.devices, self.vessels)

    def _with_drill(self, rare: Rare) -> Rare:
        """A claimed drill counts only for a device of a running exercise."""
        return rare._replace(drill=rare.drill and self.life.in_exercise(rare.event.device, rare.at))

    def _person(self, rare: Rare, now: int) -> Changes:
        if isinstance(rare.event, System):
            return self.life.finding(_system_finding(rare.event, rare.index, now), now)
        return self.life.event(rare.event, now, rare.late if rare.late is not None and rare.late > LATE else None)

    # Sites and snapshots

    def _change_site(self, event: SiteChange, sites: Mapping[str, Site], gathered: "_Gathered") -> None:
        new = sites.get(event.revision)
        self.now = max(self.now, event.received)
        if new is None or new.revision == self.site.revision or self.area.id not in new.area_of:
            return
        gathered.add(self.life.tick_to(self.now))
        area, devices = new.area_of[self.area.id], Devices(new, new.area_of[self.area.id])
        models = models_for(new, self.overrides)
        for model in models:
            self.memory[model.code] = model.migrate(self.memory[model.code], self.devices, devices)
        self.site, self.area, self.devices, self.models = new, area, devices, models
        gathered.add(self.life.migrate(new, area))

    def snapshot(self) -> bytes:
        return msgpack.encode(
            Saved(
                version=VERSION, site=self.site.revision, offset=self.offset, now=self.now, heard=self.heard, connects=self.connects,
                intake=self.intake.known, counts=(self.intake.repeated, self.intake.outdated), vessels=self.vessels.all,
                models={model.code: (model.memory_version, memories.pack(self.memory[model.code])) for model in self.models},
                disabled=self.disabled, life=self.life.snapshot(),
            )
        )  # fmt: skip

    @classmethod
    def restore(cls, packed: bytes, sites: Mapping[str, Site], area_number: int, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> "Fold":
        """Raises KeyError where the snapshot's site revision is not among `sites`, msgspec.DecodeError where it is no snapshot."""
        saved = msgpack.decode(packed, type=Saved)
        site = sites[saved.site]
        fold = cls(site, site.area_by_number[area_number], overrides)
        fold.offset, fold.now, fold.heard, fold.connects = saved.offset, saved.now, saved.heard, saved.connects
        fold.intake = Intake(saved.intake)
        fold.intake.repeated, fold.intake.outdated = saved.counts
        fold.vessels = Vessels(saved.vessels)
        for model in fold.models:
            version, memory = saved.models.get(model.code, (0, b""))
            if version == model.memory_version:
                fold.memory[model.code] = memories.unpack(model.memory, memory)
                if saved.disabled.get(model.code) == version:
                    fold.disabled[model.code] = version
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


def _runs(events: list[Any]) -> Iterator[list[Event]]:
    """Runs of events; ticks and `site` events stand alone, so that what was heard before them is judged by what was known before them."""
    run: list[Event] = []
    for event in events:
        if isinstance(event, SiteChange | Tick):
            if run:
                yield run
            yield [event]
            run = []
        else:
            run.append(event)
    if run:
        yield run


def _raw_press(rare: Rare) -> Finding:
    return Finding(
        model=SosCall.code, subject=rare.event.device, level="red", code="pressed", index=rare.index, cause=f"raw/{rare.event.device}/{rare.event.received}",
        occurred=rare.at, flags=("unjudged",), drill=False, again=True, answers=rare.event.device,
    )  # fmt: skip


def _model_failed(model: Model, broken: Exception, index: int, now: int) -> Finding:
    return Finding(
        model="SYS", subject=f"models/{model.code}", level="red", code="model_disabled", index=index, cause=f"{model.code}/{now}", occurred=now,
        values={"model": model.code, "error": f"{type(broken).__name__}: {broken}"[:200]},
    )  # fmt: skip


def _system_finding(event: System, index: int, now: int) -> Finding:
    """What our own processes say of themselves, by the table of codes; an unknown code is yellow."""
    known = SYSTEM_CODES.get((event.part, event.code))
    level = known.level if known else "yellow"
    subject = "/".join(str(each) for each in (event.part, event.code, event.values.get("subject")) if each)
    return Finding(
        model="SYS", subject=subject, level="over" if event.clear else level, code=event.code, index=index, cause=f"{subject}/{event.received}",
        occurred=event.received, values={"part": event.part, **event.values},
    )  # fmt: skip
