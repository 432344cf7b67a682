"""M08: too many people in one place: more than it is approved for, too little room for each on a beach, or so dense somewhere that people get hurt.

Every ten seconds the latest looks of the cameras are laid over each other: who is within two metres of somebody that another camera saw is one person, and a
camera that finds seven of ten counts each for 1.4. The median of the last minute is judged, so that a flicker is nothing. A place without a fresh look is
unknown: nothing rises and nothing falls there. Density is that of the densest square of five metres, since a crush is local.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ingest.events import Crowd as Counted
from ingest.site import Area, Site, Zone
from ingest.zones import in_force, number
from models.batch import Batch
from models.columns import PERSON, Floats
from models.model import RANK, Finding, FoundLevel
from models.pairs import pairs_within
from models.parameters import parameter, placed
from models.places import places_of
from models.subjects import Devices

MINUTE, HOUR = 60_000, 3_600_000  # ms
SLOT = 10_000  # ms of log time between two counts
CELLS = 4_000_000  # of a metre that are added up at most; ours
LEVELS: tuple[FoundLevel, ...] = ("over", "blue", "yellow", "orange", "red")
KINDS = ("bathing", "closed", "gleaning", "road")  # zones in which people are counted: where a capacity is given, and on every beach


@dataclass
class Look:
    """What one camera, or who counts for itself, said of a zone last. `at`: event time, ms; `heard`: ms of hearing when it came."""

    at: int
    heard: int
    count: float = 0.0  # of who counts for itself; cameras give points
    east: list[float] = field(default_factory=list)  # m, of the persons seen
    north: list[float] = field(default_factory=list)
    nameless: int = 0  # persons whom the camera gives no position


@dataclass
class Count:
    """A zone: its last counts, and what was told. Times in ms of hearing."""

    persons: list[float] = field(default_factory=list)  # a slot each, the newest last
    density: list[float] = field(default_factory=list)  # persons/m2, the same
    known: int = 0  # of the last slot that had a fresh look
    level: int = 0
    code: str = ""
    since: int = 0  # event time of the first telling
    below: int = -1  # since when it is under what it was told for


@dataclass
class Memory:
    looks: dict[str, dict[str, Look]] = field(default_factory=dict)  # zone -> camera -> its latest look
    counts: dict[str, Count] = field(default_factory=dict)
    scanned: int = -1


@dataclass(frozen=True)
class Crowd:
    code: ClassVar[str] = "M08"
    name: ClassVar[str] = "crowd"
    memory_version: ClassVar[int] = 1
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ("looks", "objects", "visits")
    rare: ClassVar[tuple[str, ...]] = ("crowd",)
    hears: ClassVar[tuple[str, ...]] = ("M17",)
    in_place: ClassVar[bool] = False  # counts matter at ticks

    busy: float = parameter(0.8, "1", "warning-models M08", 0.1, 1, "of the capacity, for blue")
    beach: float = parameter(5.0, "m2/person", "S-CAP-BEACH: GB/T 50298-2018, 5 to 10", 0, 100, "less room on a beach is yellow; 0: do not judge")
    dense: float = parameter(2.0, "persons/m2", "Fruin: people slow down", 0.1, 10, "for yellow")
    contact: float = parameter(3.5, "persons/m2", "Fruin: 3.57, people touch", 0.1, 10, "for orange ...")
    contact_for: int = parameter(3 * MINUTE, "ms", "warning-models M08", 0, HOUR, "... so long")
    crush: float = parameter(4.0, "persons/m2", "warning-models M08", 0.1, 10, "for red ...")
    crush_for: int = parameter(MINUTE, "ms", "warning-models M08", 0, HOUR, "... so long")
    square: float = parameter(5.0, "m", "ours", 1, 50, "side of the square in which density is taken")
    score: float = parameter(0.4, "1", "ours", 0, 1, "of a look that counts, at least")
    same: float = parameter(2.0, "m", "ours", 0, 20, "between two whom two cameras see, for one person")
    median: int = parameter(6, "counts", "warning-models M08: 1 min", 1, 60, "of ten seconds each, whose median is judged")
    fresh: int = parameter(MINUTE, "ms", "ours", SLOT, HOUR, "of hearing that a camera's look counts for")
    hysteresis: float = parameter(0.9, "1", "warning-models M08", 0.1, 1, "of a threshold, under which it falls ...")
    falls: int = parameter(10 * MINUTE, "ms", "warning-models M08", 0, 6 * HOUR, "... after so long")
    lost: int = parameter(HOUR, "ms", "ours", MINUTE, 24 * HOUR, "without a fresh look that ends it")

    def start(self, _site: Site, _area: Area, _devices: Devices) -> Memory:
        return Memory()

    def migrate(self, memory: Memory, _old: Devices, _new: Devices) -> Memory:
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        for rare in batch.rare:
            if isinstance(rare.event, Counted) and rare.event.zone in site.zone:
                looks = memory.looks.setdefault(rare.event.zone, {})
                before = looks.get(rare.event.device)
                if before is None or rare.at >= before.at:
                    looks[rare.event.device] = Look(rare.at, batch.heard, count=float(rare.event.count))
        if len(batch.looks.nth):
            self._note(memory, batch, site)
        if batch.tick and batch.now // SLOT != memory.scanned:
            memory.scanned = batch.now // SLOT
            if memory.looks or memory.counts:
                yield from self._judge(memory, batch, site)

    # What the cameras saw last

    def _note(self, memory: Memory, batch: Batch, site: Site) -> None:
        """The latest look of each camera at each zone in which it sees, or saw lately, somebody."""
        visits, places = batch.visits, places_of(site, batch.devices.area)
        rows = [row for row in places.rows(*KINDS) if site.zones[row].kind == "bathing" or "capacity" in site.zones[row].properties]
        hits = np.flatnonzero((visits.kind == PERSON) & (visits.score >= self.score) & np.isin(visits.zone, rows)) if len(visits.nth) and rows else ()
        if not len(hits) and not memory.looks:
            return
        seen: dict[int, dict[int, list[int]]] = {}  # nth -> zone -> visits
        for i in hits:
            seen.setdefault(int(visits.nth[i]), {}).setdefault(int(visits.zone[i]), []).append(int(i))
        lately: dict[str, set[str]] = {}  # camera -> zones
        for name, looks in memory.looks.items():
            for camera in looks:
                lately.setdefault(camera, set()).add(name)
        for nth, subject, at in zip(batch.looks.nth.tolist(), batch.looks.subject.tolist(), batch.looks.at.tolist(), strict=True):
            camera = batch.devices.all[subject].id
            now = seen.get(nth, {})
            for zone in sorted({site.zones[row].id for row in now} | lately.get(camera, set())):
                before = memory.looks.get(zone, {}).get(camera)
                if before is not None and at < before.at:
                    continue
                lately.setdefault(camera, set()).add(zone)
                memory.looks.setdefault(zone, {})[camera] = self._look(batch, now.get(places.row.get(zone, -1), []), at, site)

    def _look(self, batch: Batch, visits: list[int], at: int, site: Site) -> Look:
        look = Look(at, batch.heard)
        if visits:
            objects = batch.objects
            first = int(np.searchsorted(objects.nth, batch.visits.nth[visits[0]]))
            row = {int(objects.track[i]): i for i in range(first, int(np.searchsorted(objects.nth, batch.visits.nth[visits[0]], "right")))}
            of = [row[int(batch.visits.track[i])] for i in visits]
            east, north = places_of(site, batch.devices.area).local(objects.longitude[of], objects.latitude[of])
            placed_so = np.isfinite(east + north)
            look.east, look.north = np.round(east[placed_so], 1).tolist(), np.round(north[placed_so], 1).tolist()
            look.nameless = int((~placed_so).sum())
        return look

    # What it comes to

    def _judge(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        rough = any(RANK[finding.level] >= RANK["yellow"] for finding in batch.standing.of("M17"))
        for name in sorted({*memory.looks, *memory.counts}):
            zone = site.zone.get(name)
            count = memory.counts.setdefault(name, Count(known=batch.heard))
            if zone is None:
                del memory.counts[name]
                memory.looks.pop(name, None)
                if count.level:
                    yield self._told(name, count, 0, batch, site)
                continue
            own = placed(self, site, zone)
            own.count(memory, count, zone, batch, site)
            yield from own.judge(count, zone, batch, site, rough=rough)
            if not count.level and batch.heard - count.known > own.lost:
                del memory.counts[name]
                memory.looks.pop(name, None)

    def count(self, memory: Memory, count: Count, zone: Zone, batch: Batch, site: Site) -> None:
        """One more count of a zone, where a look at it is fresh."""
        fresh = {camera: look for camera, look in memory.looks.get(zone.id, {}).items() if batch.heard - look.heard <= self.fresh}
        if not fresh:
            return
        count.known = batch.heard
        seen, densest = self._persons(fresh, site)
        persons = max(seen, *(look.count for look in fresh.values()))
        count.persons = [*count.persons, round(persons, 1)][-60:]
        count.density = [*count.density, round(max(densest, persons / _surface(zone, batch, site)), 3)][-60:]

    def _persons(self, looks: dict[str, Look], site: Site) -> tuple[float, float]:
        """(persons, persons/m2 of the densest square), each camera's finds weighed by what it misses; whom two cameras see is one."""
        found = [(1 / _finds(site, camera), look) for camera, look in sorted(looks.items())]
        east: Floats = np.array([each for _, look in found for each in look.east])
        north: Floats = np.array([each for _, look in found for each in look.north])
        weight: Floats = np.array([share for share, look in found for _ in look.east])
        camera = np.array([n for n, (_, look) in enumerate(found) for _ in look.east], dtype=np.int64)
        if len(east) and self.same > 0 and len(set(camera.tolist())) > 1:
            one, other = pairs_within(east, north, self.same)
            twice = {max(a, b) for a, b in zip(one.tolist(), other.tolist(), strict=True) if camera[a] != camera[b]}
            keep = np.array([i not in twice for i in range(len(east))])
            east, north, weight = east[keep], north[keep], weight[keep]
        densest = densest_square(east, north, weight, self.square) if len(east) else 0.0
        return float(weight.sum()) + sum(share * look.nameless for share, look in found), densest

    def judge(self, count: Count, zone: Zone, batch: Batch, site: Site, *, rough: bool) -> Iterator[Finding]:
        """One zone. It rises at once, and falls after ten minutes under nine tenths of what it was told for."""
        if count.known != batch.heard and batch.heard - count.known <= self.lost:
            return
        judged = bool(count.persons) and in_force(site, zone, batch.now) and batch.heard - count.known <= self.lost
        surface = _surface(zone, batch, site)
        level, code = self._level(count, zone, surface, 1.0, rough=rough) if judged else (0, "")
        held, held_code = self._level(count, zone, surface, self.hysteresis, rough=rough) if judged else (0, "")
        if level > count.level:
            count.since = count.since if count.level else batch.now
        elif held >= count.level:
            count.below = -1
            return
        elif judged and (count.below < 0 or batch.heard - count.below < self.falls):
            count.below = batch.heard if count.below < 0 else count.below
            return
        else:
            level, code = held, held_code or count.code
        count.level, count.code, count.below = level, code, -1
        yield self._told(zone.id, count, level, batch, site)

    def _level(self, count: Count, zone: Zone, surface: float, share: float, *, rough: bool) -> tuple[int, str]:
        """(level, code) of the counts, with every threshold at a `share` of itself."""
        persons, density = self._median(count.persons), self._median(count.density)
        enough = len(count.persons) >= self.median
        capacity = number(zone, "capacity")
        if enough and density >= self.crush * share and self._lasts(count, self.crush * share, self.crush_for):
            return 4, "crush"
        level, code = 0, ""
        if enough and density >= self.contact * share and self._lasts(count, self.contact * share, self.contact_for):
            level, code = 3, "contact"
        elif enough and density >= self.dense * share:
            level, code = 2, "dense"
        elif enough and capacity is not None and persons >= capacity * share:
            level, code = 2, "full"
        elif enough and zone.kind == "bathing" and self.beach > 0 and persons > 0 and surface / persons < self.beach / share:
            level, code = 2, "narrow"
        elif enough and capacity is not None and persons >= self.busy * capacity * share:
            level, code = 1, "busy"
        return (min(3, level + 1) if level and rough else level), code

    def _median(self, counts: list[float]) -> float:
        return float(np.median(counts[-self.median :])) if counts else 0.0

    def _lasts(self, count: Count, least: float, long: int) -> bool:
        slots = max(1, long // SLOT)
        return len(count.density) >= slots and float(np.sort(count.density[-slots:])[slots // 10]) >= least  # one count in ten may be a slip

    def _told(self, zone: str, count: Count, level: int, batch: Batch, site: Site) -> Finding:
        persons, density = self._median(count.persons), self._median(count.density)
        where = site.zone.get(zone)
        places = places_of(site, batch.devices.area)
        along = places.segments_along(places.row[zone]).tolist() if zone in places.row else []
        capacity = number(where, "capacity") if where else None
        surface = _surface(where, batch, site) if where else 0.0
        values = {
            "zone": zone, "zone_zh": where.name_zh if where else zone, "zone_en": where.name_en if where else zone, "persons": round(persons),
            "capacity": None if capacity is None else round(capacity), "percent": round(100 * persons / capacity) if capacity else None,
            "density": round(density, 1), "room": round(surface / persons, 1) if persons >= 1 else None, "inflow": self._inflow(count),
        }  # fmt: skip
        return Finding(
            model=self.code, subject=zone, level=LEVELS[level], code=count.code, index=batch.nth, cause=f"{zone}/{count.since}", occurred=batch.now,
            values={key: value for key, value in values.items() if value is not None}, segment=site.segments[along[0]].id if along else "",
        )  # fmt: skip

    def _inflow(self, count: Count) -> int | None:
        """Persons a minute more, over the last five minutes or what is known of them."""
        known = count.persons[-(5 * MINUTE // SLOT + self.median) :]
        if len(known) < 3 * self.median:
            return None
        minutes = (len(known) - self.median) * SLOT / MINUTE
        return round(float(np.median(known[-self.median :]) - np.median(known[: self.median])) / minutes)


def densest_square(east: Floats, north: Floats, weight: Floats, side: float) -> float:
    """Persons/m2 of the densest square of `side` m, wherever it lies: squares are tried at every fifth of their side."""
    step = side / 5
    column, row = (np.floor(metres / step).astype(np.int64) for metres in (east - east.min(), north - north.min()))
    if (int(column.max()) + 6) * (int(row.max()) + 6) > CELLS:  # persons far apart: the squares that hold somebody, on four grids
        return max(_on_grid(east + shift, north + other, weight, side) for shift in (0, side / 2) for other in (0, side / 2))
    cells = np.zeros((int(column.max()) + 6, int(row.max()) + 6))
    np.add.at(cells, (column + 1, row + 1), weight)
    sums = cells.cumsum(axis=0).cumsum(axis=1)
    return float((sums[5:, 5:] - sums[:-5, 5:] - sums[5:, :-5] + sums[:-5, :-5]).max()) / side**2


def _on_grid(east: Floats, north: Floats, weight: Floats, side: float) -> float:
    squares = np.stack([np.floor(east / side), np.floor(north / side)], axis=1)
    _, which = np.unique(squares, axis=0, return_inverse=True)
    return float(np.bincount(which.ravel(), weights=weight).max()) / side**2


def _finds(site: Site, camera: str) -> float:
    device = site.device.get(camera)
    return 1.0 if device is None or device.finds is None else device.finds


def _surface(zone: Zone, batch: Batch, site: Site) -> float:
    """m2 that people can use: what the site says, else the ring's own."""
    said = number(zone, "surface")
    places = places_of(site, batch.devices.area)
    return said if said is not None else max(1.0, float(places.shapes[places.row[zone.id]].area))
