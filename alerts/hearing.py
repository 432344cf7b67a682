"""Hearing and judging: an area's events go through the intake in the log's order, and every model says what it finds.

Heavy kinds become columns, rare ones stay events; each model gets them cut so that it sees every rare event in its place. A model that raises is disabled
in this area and told; M01 never is.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

from msgspec import structs

from alerts.intake import Intake
from alerts.looks import Seen
from alerts.waters import Gone, Waters
from ingest.events import KINDS, PEOPLE, URGENT, Distress, Event, Heartbeat, Position, Sos, Status, Tick, Tracks
from ingest.site import Area, Site
from models.batch import Batch, Rare
from models.catalogue import models_for
from models.columns import NOTHING, Heartbeats, Looks, Objects, Positions, Visits, between, columns_of
from models.model import Finding, Model
from models.places import places_of
from models.sos import SosCall
from models.standing import Findings
from models.subjects import Devices, Vessels

LATE = 600_000  # ms: older events go to the time series only; wire document
LATE_PEOPLE = 7 * 86_400_000  # ms: people's entries still take effect; wire document
_URGENT = frozenset({*URGENT, "done"})  # never refused or made late by `ts`
_NAN = float("nan")


class Poisoned(RuntimeError):
    """A model raised in the middle of several events, and nobody knows at which: memory is spoilt. Judge them again from a copy, one by one."""


class Heard(NamedTuple):
    """A step's events, sorted out: columns, rare events by index, and the log's time at each."""

    heartbeats: list[tuple[int, int, int, bool, bool, float, float]]
    positions: list[tuple[int, int, int, int, int, float, float, float, float, bool]]
    seen: Seen
    rare: dict[str, list[Rare]]  # by kind
    people: list[Rare]  # for the life cycle
    answers: list[tuple[int, str]]  # devices to be told again how their alert stands
    times: list[int]  # now at each event
    gone: list[Gone]


class Hearing:
    """What an area has heard so far: devices' clocks, vessels, and the memory of every model."""

    def __init__(self, site: Site, area: Area, overrides: Mapping[str, Mapping[str, Any]] | None = None, *, staged: bool = False) -> None:
        self.site, self.area, self.overrides = site, area, overrides
        self.staged = staged  # it hears an exercise (drills.py)
        self.models: tuple[Model, ...] = models_for(site, overrides)
        self.devices = Devices(site, area)
        self.vessels, self.waters = Vessels(site.identity), Waters()
        self.intake = Intake(self.devices.row)
        self.standing = Findings(_heard(self.models))
        self.memory: dict[str, Any] = {model.code: model.start(site, area, self.devices) for model in self.models}
        self.disabled: dict[str, int] = {}  # model -> its version when it failed
        self._wanted = frozenset(
            kind for kind, name in _KIND_OF.items() if name in {"system", *_URGENT, *PEOPLE, *(each for model in self.models for each in model.rare)}
        )
        self.now, self.heard, self.connects = 0, -1, 0  # `heard` is unknown until the first tick

    def take(self, events: list[Event]) -> tuple[Heard, list[Finding]]:
        """One run of events (a tick only alone) and what the models find in it, model by model."""
        heard = self._hear(events)
        tick = type(events[-1]) is Tick
        assert not tick or len(events) == 1
        columns = NOTHING_BY_NAME if tick else self._columns(heard)
        same = (self._batch(heard.times[-1], 0, columns, tick=True),) if tick else ()  # most of a quiet day
        found: list[Finding] = []
        for model in self.models:
            if model.code not in self.disabled:
                mine = self._ask(model, same or self._batches(model, heard, columns, len(events)), len(events))
                for finding in mine:
                    self.standing.note(finding)
                found += mine
        return heard, found

    def change_site(self, new: Site) -> None:
        """Every memory moves to the new revision's rows."""
        area = new.area_of[self.area.id]
        devices, models = Devices(new, area), models_for(new, self.overrides)
        for model in models:
            self.memory[model.code] = model.migrate(self.memory[model.code], self.devices, devices)
        self.standing.hear(_heard(models))
        self.intake.place(devices.row)
        self.vessels.identity = new.identity
        self.site, self.area, self.devices, self.models = new, area, devices, models

    def _hear(self, events: list[Event]) -> Heard:
        heard = Heard([], [], Seen(), {}, [], [], [], [])
        now, beat, note, wanted = self.now, self.intake.beat, self.intake.note, self._wanted
        beats, times = heard.heartbeats, heard.times
        looks = any(name in model.columns for model in self.models for name in ("looks", "objects", "visits"))
        for index, event in enumerate(events):
            received = event.received
            if received > now:
                now = received
            times.append(now)
            kind = type(event)
            if kind is Heartbeat:
                taken = beat(event)  # type: ignore[arg-type]  # `type(…) is` costs half of isinstance here
                if taken is not None and taken[0] >= 0:
                    row, at, restarted, clock = taken
                    battery = event.battery  # type: ignore[attr-defined]  # a Heartbeat, as above: `type(…) is` costs half of isinstance
                    beats.append((index, row, at, received - at <= LATE, restarted, clock, _NAN if battery is None else battery))
            elif kind is Position:
                self._hear_position(index, event, heard)
            elif kind is Tracks and looks:
                self._hear_tracks(index, event, heard)
            elif kind is Tick:
                assert isinstance(event, Tick)
                now = times[-1] = max(now, event.now)
                self.heard, self.connects = max(self.heard, event.heard), event.connects
            elif kind in wanted:
                self._hear_rare(index, event, heard)
            else:
                note(event)
        self.now = now
        return heard

    def _hear_position(self, index: int, event: Any, heard: Heard) -> None:
        at = self.intake.fix(event)
        if at is None:
            return
        vessel = self.vessels.heard(event)
        late = event.received - at
        if event.position is not None and late <= LATE:
            longitude, latitude = event.position
            sog, cog = event.sog, event.cog
            receiver = self.devices.row.get(event.device, -1)
            owner = self._owns(index, event, at, heard) if event.waters else event.owner
            heard.positions.append(
                (index, vessel, receiver, at, late, longitude, latitude, _NAN if sog is None else sog, _NAN if cog is None else cog, owner)
            )

    def _owns(self, index: int, event: Any, at: int, heard: Heard) -> bool:
        """Whether the vessel is this area's, where areas meet. A beacon elsewhere says so each time; a fix, when the owner changes."""
        vessel = self.vessels.identity.get(event.vessel, event.vessel)
        own, before = self.area.number, self.waters.owners.get(vessel, (-1, 0))[0]
        now = self.waters.owner(vessel, event.waters, at)
        beacon = type(event) is Distress
        if now != own and (before == own or beacon):
            heard.gone.append(Gone(index, event.vessel if beacon else vessel, now, beacon))  # M01 calls a beacon as it calls itself
        return now == own

    def _hear_tracks(self, index: int, event: Any, heard: Heard) -> None:
        taken = self.intake.look(event)
        if taken is not None and taken[0] >= 0 and event.received - taken[1] <= LATE:
            heard.seen.add(index, taken[0], taken[1], event)

    def _columns(self, heard: Heard) -> dict[str, Any]:
        """Every heavy kind; the vessels' latest fixes move on with them."""
        fixes = columns_of(Positions, heard.positions)
        if len(fixes.nth):
            self.vessels.seen(fixes, self.heard)
        looks, objects, declared = heard.seen.columns(self.devices)
        visits = places_of(self.site, self.area).visits(objects, declared) if len(objects.nth) else NOTHING[Visits]
        return {
            "heartbeats": columns_of(Heartbeats, heard.heartbeats), "positions": fixes, "looks": looks, "objects": objects, "visits": visits,
        }  # fmt: skip

    def _hear_rare(self, index: int, event: Event, heard: Heard) -> None:
        kind = _KIND_OF[type(event)]
        if kind == "system":
            heard.people.append(Rare(index, event, event.received, drill=False, late=None))
            return
        urgent = kind in _URGENT
        taken = self.intake.take(event, urgent)
        if taken is None:
            if isinstance(event, Sos):
                heard.answers.append((index, event.device))
            return
        at, late, _, _ = taken
        if kind in PEOPLE:
            if event.received - at <= LATE_PEOPLE:
                entered = Rare(index, event, at, drill=False, late=late)
                heard.people.append(entered)
                heard.rare.setdefault(kind, []).append(entered)  # for the models that read it: trips and permits
            return
        if not urgent and event.received - at > LATE:
            return
        if kind == "bulletin" and event.drill and not self.staged:
            return  # an office's exercise or test is for those who take part
        if isinstance(event, Status):
            at = event.received
            if event.state == "online":
                heard.answers.append((index, event.device))
        elif isinstance(event, Distress) and event.waters and event.vessel:
            event = structs.replace(event, owner=self._owns(index, event, at, heard))
        heard.rare.setdefault(kind, []).append(Rare(index, event, at, self.staged and event.drill, late))

    # Judging

    def _ask(self, model: Model, batches: Iterable[Batch], events: int) -> list[Finding]:
        """The model's findings in these pieces of so many events. An exception disables it in this area; in M01 it costs that event only, which is told raw.

        Raises `Poisoned` where the exception may be any of several events'.
        """
        found: list[Finding] = []
        for batch in batches:
            try:
                found.extend(model.step(self.memory[model.code], batch, self.site))
            except Exception as broken:  # poison: a function of its input, so it replays the same
                if model.code == SosCall.code:
                    found.extend(_raw_call(rare, self.site) for rare in batch.rare if _calls_for_help(rare.event))
                elif events > 1 and len(batch.rare) + sum(len(getattr(batch, name).nth) for name in _COLUMNS) > 1:
                    raise Poisoned(f"{model.code}: {type(broken).__name__}: {broken}") from broken
                else:
                    self.disabled[model.code] = model.memory_version
                found.append(_model_failed(model, broken, batch.nth, batch.now))
                if model.code in self.disabled:
                    break
        return found

    def _batches(self, model: Model, heard: Heard, columns: dict[str, Any], end: int) -> Iterator[Batch]:
        """Cut so that each rare event that the model reads in its place stands alone, in order; the others come with the last piece."""
        full = any(len(columns[name].nth) for name in model.columns)
        rare = _of_kinds(heard.rare, model.rare) if heard.rare else []
        if not (full or rare):
            return
        mine = {**NOTHING_BY_NAME, **{name: columns[name] for name in model.columns}} if full else NOTHING_BY_NAME
        alone = model.in_place
        if not alone:
            yield self._batch(heard.times[-1], end - 1, mine, tuple(rare))
            return
        loose: tuple[Rare, ...] = ()
        if isinstance(alone, tuple):
            rare = _of_kinds(heard.rare, alone)
            loose = tuple(_of_kinds(heard.rare, tuple(kind for kind in model.rare if kind not in alone)))
        start = 0
        for each in rare:
            if each.nth > start and full:
                yield self._batch(heard.times[each.nth - 1], each.nth - 1, {name: between(mine[name], start, each.nth) for name in mine})
            yield self._batch(heard.times[each.nth], each.nth, NOTHING_BY_NAME, (each,))
            start = each.nth + 1
        if loose or (start < end and full):
            rest = mine if start == 0 else {name: between(mine[name], start, end) for name in mine}
            yield self._batch(heard.times[-1], end - 1, rest, loose)

    def _batch(self, now: int, index: int, columns: dict[str, Any], rare: tuple[Rare, ...] = (), *, tick: bool = False) -> Batch:
        return Batch(
            now, self.heard, self.connects, index, tick, rare=rare, devices=self.devices, vessels=self.vessels, standing=self.standing, **columns
        )


_COLUMNS: dict[str, type[Any]] = {"heartbeats": Heartbeats, "positions": Positions, "looks": Looks, "objects": Objects, "visits": Visits}
NOTHING_BY_NAME: dict[str, Any] = {name: NOTHING[kind] for name, kind in _COLUMNS.items()}


_KIND_OF: dict[type[Event], str] = {kind: str(kind.__struct_config__.tag) for kind in KINDS}


def _of_kinds(rare: dict[str, list[Rare]], kinds: tuple[str, ...]) -> list[Rare]:
    """Those of these kinds, in the log's order."""
    here = [rare[kind] for kind in kinds if kind in rare]
    return here[0] if len(here) == 1 else sorted(chain.from_iterable(here), key=lambda each: each.nth)


def _heard(models: tuple[Model, ...]) -> list[str]:
    """The codes that some model hears."""
    return sorted({code for model in models for code in model.hears})


def _calls_for_help(event: Event) -> bool:
    return isinstance(event, Distress) or (isinstance(event, Sos) and event.state == "pressed")


def _raw_call(rare: Rare, site: Site) -> Finding:
    """What M01 could not judge is told as it came."""
    event = rare.event
    finding = Finding(
        model=SosCall.code, subject=event.device, level="red", code="pressed", index=rare.nth, cause=f"raw/{event.device}/{event.received}",
        occurred=rare.at, flags=("unjudged",), drill=False, again=True,
    )  # fmt: skip
    if isinstance(event, Distress):
        return structs.replace(finding, subject=event.vessel or event.device, code="beacon", position=event.position)
    device = site.device.get(event.device)
    if device is None:
        return structs.replace(finding, answers=event.device)
    return structs.replace(finding, answers=event.device, segment=device.segment, place=device.place, position=device.position)


def _model_failed(model: Model, broken: Exception, index: int, now: int) -> Finding:
    return Finding(
        model="SYS", subject=f"models/{model.code}", level="red", code="model_disabled", index=index, cause=f"{model.code}/{now}", occurred=now,
        values={"model": model.code, "error": f"{type(broken).__name__}: {broken}"[:200]},
    )  # fmt: skip
