"""M10: the tide will cut off the way out of a place where people are: how long they have, against how long they need.

For each zone with a `path_height` the water's height an hour ahead is known: the predicted tide, moved by what the gauge measures above it (the surge). The way
out counts as cut a margin below its height; with the rule of twelfths that margin is the rule's own error. Nobody seen inside: one early call an hour before,
from the boxes. In the dark the way takes half as long again. What was told does not fall while people are inside.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ingest.events import Crowd, Tide
from ingest.site import Area, Site, Zone
from ingest.sun import is_night
from ingest.tide import above_chart, tide_of
from ingest.zones import number
from models.batch import Batch
from models.columns import BOAT, PERSON, Floats
from models.following import Following, Measures, Track
from models.model import RANK, Finding, FoundLevel
from models.parameters import parameter, placed
from models.permits import Permits
from models.places import places_of
from models.sensors import believed, stuck_sensors
from models.subjects import Devices
from models.zone_entry import Entry, finding_of

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000  # ms
SCAN = 10 * SECOND  # of log time between two judgements
AHEAD = 240  # min that the water is known ahead; ours
LEVELS: tuple[FoundLevel, ...] = ("over", "blue", "yellow", "orange", "red")
CODES = ("", "tide_rises", "leave_now", "hurry", "too_late")
GAUGE = 500  # samples kept at most; ours


class Water(NamedTuple):
    """The water of an area in this minute and those that come."""

    minute: int
    levels: Floats  # float64[AHEAD + 1], m above chart datum
    margin: float  # m that a prediction of this kind may be off
    source: str
    surge: float


@dataclass
class Memory:
    following: Following = field(default_factory=Following)
    entries: dict[str, Entry] = field(default_factory=dict)
    counted: dict[str, list[float]] = field(default_factory=dict)  # zone -> event time ms, count of who counts for itself, ms of hearing
    gauge: list[list[float]] = field(default_factory=list)  # [event time ms, m above the prediction]
    water: list[float] = field(default_factory=list)  # the latest measured level: event time, m above chart datum, ms of hearing
    permits: Permits = field(default_factory=Permits)
    called: dict[str, int] = field(default_factory=dict)  # zone -> the cut that was called early, ms
    stuck: list[str] = field(default_factory=list)  # gauges that M02 holds for stuck
    scanned: int = -1


@dataclass(frozen=True)
class Stranding:
    code: ClassVar[str] = "M10"
    name: ClassVar[str] = "stranding"
    memory_version: ClassVar[int] = 3
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ("looks", "objects", "visits")
    rare: ClassVar[tuple[str, ...]] = ("tide", "crowd", "permit")
    hears: ClassVar[tuple[str, ...]] = ("M02", "M17")
    in_place: ClassVar[bool] = False  # decided at ticks

    margin: float = parameter(0.10, "m", "warning-models M10", 0, 2, "below the way's height at which it counts as cut")
    early: int = parameter(60 * MINUTE, "ms", "warning-models M10, ours", MINUTE, 6 * HOUR, "before the cut: blue, and the early call")
    leave: int = parameter(30 * MINUTE, "ms", "warning-models M10, ours", MINUTE, 6 * HOUR, "before it: yellow ...")
    leave_walks: float = parameter(2.0, "walks", "warning-models M10", 1, 10, "... or so many times the way, whichever is longer")
    hurry: int = parameter(15 * MINUTE, "ms", "warning-models M10, ours", MINUTE, 6 * HOUR, "before it: orange ...")
    hurry_walks: float = parameter(1.5, "walks", "warning-models M10", 1, 10, "... or so many times the way")
    walk: float = parameter(15.0, "min", "ours", 0, 600, "to safety, where the zone does not say it")
    dark: float = parameter(1.5, "1", "warning-models M10, ours", 1, 5, "times as long at night")
    surge: int = parameter(30 * MINUTE, "ms", "warning-models M10", MINUTE, 6 * HOUR, "over which the gauge is compared with the prediction")
    gauged: int = parameter(HOUR, "ms", "ours", MINUTE, 12 * HOUR, "of hearing that the gauge's last word counts for")
    ebb: float = parameter(0.3, "m", "warning-models M10", 0, 5, "below the way's height at which the place is safe again")
    score: float = parameter(0.4, "1", "ours", 0, 1, "of a look that counts, at least: better one too many")
    sure: int = parameter(2, "looks", "ours", 1, 50, "that must count ...")
    looks: int = parameter(20, "looks", "ours: a small figure is found 3 times in 10", 1, 200, "... of so many in a row")
    linked: float = parameter(10.0, "m", "ours", 0, 50, "from where a track was lost, within which a new one is the same person")
    empty: int = parameter(5 * MINUTE, "ms", "warning-models M10", SECOND, HOUR, "unseen, for a person to be gone and the zone empty")
    lost: int = parameter(2 * HOUR, "ms", "ours", MINUTE, 24 * HOUR, "without a look of the camera that ends it too")

    def start(self, _site: Site, _area: Area, _devices: Devices) -> Memory:
        return Memory()

    def migrate(self, memory: Memory, _old: Devices, _new: Devices) -> Memory:
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        memory.permits.note(batch.rare, site)
        for rare in batch.rare:
            if isinstance(rare.event, Tide):
                self._gauge(memory, rare.event, rare.at, batch, site)
            elif isinstance(rare.event, Crowd) and rare.event.zone in site.zone:
                memory.counted[rare.event.zone] = [rare.at, float(rare.event.count), batch.heard]
        zones = _zones(site, batch.devices.area)
        if len(batch.looks.nth) and zones:
            places = places_of(site, batch.devices.area)
            by = Measures(self.score, 0.0, 0.0, self.sure, self.looks, self.empty, self.linked)
            memory.following.note(batch, site, places, tuple(places.row[zone.id] for zone in zones), (PERSON, BOAT), by)
        if batch.tick and zones and batch.now // SCAN != memory.scanned:
            memory.scanned = batch.now // SCAN
            yield from self._judge(memory, zones, batch, site)

    def _gauge(self, memory: Memory, event: Tide, at: int, batch: Batch, site: Site) -> None:
        said, tide = believed(site, "level", event.level), tide_of(site, batch.devices.area.id)
        level = None if said is None else above_chart(site.tide, said, event.datum)
        if level is None or event.device in memory.stuck:
            return
        if not memory.water or at >= memory.water[0]:
            memory.water = [at, level, batch.heard]
        predicted = float(tide.level(at)[0]) if tide is not None else float("nan")
        if np.isfinite(predicted):
            memory.gauge = [*memory.gauge, [at, round(level - predicted, 3)]][-GAUGE:]

    # Water

    def _water(self, memory: Memory, batch: Batch, site: Site) -> Water | None:
        """The water ahead; None where nothing is known of it. Without a prediction, or after a printed table has ended, only the gauge's present level."""
        tide, minute = tide_of(site, batch.devices.area.id), batch.now // MINUTE
        measured = bool(memory.water) and batch.heard - memory.water[2] <= self.gauged
        levels = np.full(1, np.nan) if tide is None else tide.level((minute + np.arange(AHEAD + 1, dtype=np.int64)) * MINUTE)
        if tide is None or np.isnan(levels[0]):
            return Water(minute, np.full(1, memory.water[1]), self.margin, "gauge", 0.0) if measured else None
        memory.gauge = [row for row in memory.gauge if memory.gauge[-1][0] - row[0] <= self.surge]
        surge = round(float(np.mean([row[1] for row in memory.gauge])), 2) if measured and memory.gauge else 0.0
        margin = self.margin if tide.source == "harmonic" or measured else max(self.margin, tide.error)
        return Water(minute, levels + surge, margin, tide.source + ("+gauge" if measured else ""), surge)

    # What it comes to

    def _judge(self, memory: Memory, zones: tuple[Zone, ...], batch: Batch, site: Site) -> Iterator[Finding]:
        stuck = sorted(stuck_sensors(batch.standing, "level"))
        if not set(stuck) <= set(memory.stuck):  # what it said since it sticks is not known apart: the prediction alone, until a gauge speaks again
            memory.water, memory.gauge = [], []
        memory.stuck = stuck
        people = {zone.id for zone in zones if memory.following.zones.get(zone.id) or memory.counted.get(zone.id)}
        water = self._water(memory, batch, site)
        if water is not None:
            rough = any(RANK[finding.level] >= RANK["yellow"] for finding in batch.standing.of("M17"))
            night = bool(people) and is_night(batch.devices.area.origin, batch.now)
            for zone in zones:
                yield from placed(self, site, zone).judge(memory, zone, water, batch, site, rough=rough, night=night)
        memory.permits.forget(batch.now)
        memory.following.forget(batch.now, self.empty, self.lost)

    def judge(self, memory: Memory, zone: Zone, water: Water, batch: Batch, site: Site, *, rough: bool, night: bool) -> Iterator[Finding]:
        path = number(zone, "path_height")
        assert path is not None  # of these zones all have one
        there = memory.following.present(zone.id, self.empty)
        inside = [track for track in there if track.kind == PERSON]
        counted = self._counted(memory, zone, batch)
        now, cut = float(water.levels[0]), self._cut(water, path)
        entry = memory.entries.get(zone.id)
        if entry is not None and inside:
            entry.renew(max(inside, key=lambda track: (track.last, track.camera)), batch.heard)
        elif entry is not None and counted:
            entry.last, entry.heard = batch.now, batch.heard
        boats = len(inside) < len(there)  # somebody's boat lies with them
        level = self._level(zone, water, path, cut, rough=rough, night=night) if inside or counted else 0
        if level and memory.permits.on_foot(zone.id, batch.now):
            level = 1 if level < 4 or boats else level
        code = "cut_off" if level == 4 and now >= path else CODES[level]
        if not level and not entry and cut is not None and cut - batch.now <= self.early and now < path and self._not_called(memory, zone, cut):
            level, code, memory.called[zone.id] = 1, "early", cut
        if level and (
            entry is None or level > RANK[entry.level] or (code != entry.code and "early" in (code, entry.code)) or code == "cut_off" != entry.code
        ):
            if entry is None:
                seen = max(inside, key=lambda track: (track.last, track.camera)) if inside else None
                entry = memory.entries[zone.id] = Entry(
                    LEVELS[level], code, batch.now, seen.last if seen else batch.now, seen.camera if seen else "", batch.heard
                )
            entry.level, entry.code = LEVELS[level], code
            yield self._told(zone, entry, LEVELS[level], inside, counted, water, cut, night, batch, site)
        elif entry is not None and self._done(memory, entry, now, path, cut, inside, counted, batch):
            del memory.entries[zone.id]
            yield self._told(zone, entry, "over", [], 0, water, cut, night, batch, site)

    def _cut(self, water: Water, path: float) -> int | None:
        """When rising water cuts the way, ms; None: not within the time that is known. What ebbs from it now cuts nothing."""
        over = water.levels >= path - water.margin
        if len(over) > 1 and over[0] and water.levels[1] < water.levels[0]:
            over[: len(over) if over.all() else int(np.argmin(over))] = False
        return (water.minute + int(np.argmax(over))) * MINUTE if over.any() else None

    def _level(self, zone: Zone, water: Water, path: float, cut: int | None, *, rough: bool, night: bool) -> int:
        said = number(zone, "walk")
        walk = (self.walk if said is None else said) * (self.dark if night else 1.0) * MINUTE
        if float(water.levels[0]) >= path:
            return 4
        if cut is None:
            return 0
        left = cut - water.minute * MINUTE
        if left <= walk:
            return 4
        level = 0
        if left <= max(self.hurry, self.hurry_walks * walk):
            level = 3
        elif left <= max(self.leave, self.leave_walks * walk):
            level = 2
        elif left <= self.early:
            level = 1
        return min(3, level + 1) if level and rough else level

    def _counted(self, memory: Memory, zone: Zone, batch: Batch) -> int:
        """Persons by who counts for itself, where it spoke within the last minutes."""
        known = memory.counted.get(zone.id)
        if known is None or batch.heard - known[2] > self.empty:
            memory.counted.pop(zone.id, None)
            return 0
        return round(known[1])

    def _not_called(self, memory: Memory, zone: Zone, cut: int) -> bool:
        """Once a tide: the next is hours away."""
        return abs(cut - memory.called.get(zone.id, -10 * HOUR)) > 3 * HOUR

    def _done(self, memory: Memory, entry: Entry, now: float, path: float, cut: int | None, inside: list[Track], counted: int, batch: Batch) -> bool:
        if entry.code == "early" and not inside and not counted:
            return now >= path or cut is None
        if now < path - self.ebb and cut is None:
            return True  # it ebbs
        if inside or counted:
            return False
        return entry.emptied(memory.following.looked(entry.camera), batch.heard, self.empty, self.lost) or (
            not entry.camera and batch.heard - entry.heard >= self.empty
        )

    def _told(
        self,
        zone: Zone,
        entry: Entry,
        level: FoundLevel,
        inside: list[Track],
        counted: int,
        water: Water,
        cut: int | None,
        night: bool,
        batch: Batch,
        site: Site,
    ) -> Finding:
        said = number(zone, "walk")
        values: dict[str, Any] = {
            "persons": max(len(inside), counted), "level": round(float(water.levels[0]), 2), "path": number(zone, "path_height"), "source": water.source,
            "walk": round((self.walk if said is None else said) * (self.dark if night else 1.0)), "surge": water.surge or None,
        }  # fmt: skip
        if cut is not None:
            values |= {"cut": cut, "minutes": max(0, cut - batch.now) // MINUTE}
        return finding_of(
            self.code, zone.id, level, entry.code, inside, batch, site, occurred=entry.last if level == "over" else batch.now,
            values={key: value for key, value in values.items() if value is not None} if level != "over" else {},
        )  # fmt: skip


def _zones(site: Site, area: Area) -> tuple[Zone, ...]:
    """The area's zones that a tide can cut off. Kept with the site."""
    kept: dict[str, tuple[Zone, ...]] = site.__dict__.setdefault("cut_off", {})
    if area.id not in kept:
        kept[area.id] = tuple(zone for zone in site.zones if number(zone, "path_height") is not None and (not zone.areas or area.id in zone.areas))
    return kept[area.id]
