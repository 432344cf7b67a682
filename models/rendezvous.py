"""M13: two vessels came together at sea and lie side by side, slow, where there is no harbour: goods or people may be handed over.

Once a minute of the log the vessels' latest fixes are paired. A pair counts only if one of the two was heard under way before: what has been moored since
it was first heard came from nowhere. A run survives missing fixes; it ends when the two are seen apart, or after 70 min without fixes.
Of the two one may say nothing: a camera sees a boat beside a vessel that lies slow, and nobody else says that it is there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ingest.site import Area, Site
from ingest.sun import in_window, is_night
from models.batch import Batch
from models.beside import Beside, Stay
from models.columns import Floats, Ints, Truths
from models.following import away
from models.memory import grown
from models.model import Finding, FoundLevel
from models.pairs import cells_of, crowded, pairs_within
from models.parameters import parameter
from models.permits import Permits
from models.places import places_of
from models.subjects import Devices

NEVER = -1
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000  # ms
LEVELS: tuple[FoundLevel, ...] = ("over", "blue", "yellow", "orange")
AT_WORK = frozenset(
    {31, 32, 35, 50, 51, 52, 53, 54, 55, 58}
)  # ITU-R M.1371: tow, military, pilot, rescue, tug, port tender, antipollution, police, medical


@dataclass
class Run:
    """Two vessels near each other. Times of fixes in ms; `apart` in ms of hearing."""

    start: int
    last: int  # when they were seen together last
    newest: int  # fix that was judged last
    close: int = NEVER  # within the shorter distance since
    metres: float = 0.0  # at the last look
    missed: int = 0  # looks in a row that do not fit
    apart: int = NEVER
    level: int = 0
    code: str = ""


@dataclass
class Memory:
    sailed: Truths  # bool[n] by vessel row: it was heard under way
    runs: dict[tuple[int, int], Run]
    anchorages: dict[int, int]  # cell of the site's grid -> when many lay there last
    permits: Permits
    beside: Beside = field(default_factory=Beside)
    scanned: int = NEVER


@dataclass(frozen=True)
class Rendezvous:
    code: ClassVar[str] = "M13"
    name: ClassVar[str] = "rendezvous"
    memory_version: ClassVar[int] = 3
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ("positions", "looks", "objects")
    rare: ClassVar[tuple[str, ...]] = ("permit",)
    hears: ClassVar[tuple[str, ...]] = ()
    in_place: ClassVar[bool] = False  # permits matter at ticks

    near: float = parameter(100.0, "m", "warning-models M13 tier A", 10, 500, "side by side")
    dwell: int = parameter(10 * MINUTE, "ms", "warning-models M13 tier A", MINUTE, 24 * HOUR, "side by side")
    wide: float = parameter(500.0, "m", "S-GFW encounters", 50, 2_000, "together")
    long: int = parameter(2 * HOUR, "ms", "S-GFW encounters", MINUTE, 48 * HOUR, "together")
    slow: float = parameter(2.0, "kn", "S-GFW encounters", 0.1, 10, "slower vessels lie or drift; one that was faster has been under way")
    tow: float = parameter(1.2, "kn", "S-RTEC tugging", 0.1, 10, "two that are faster, apart and on one course tow or trawl")
    course: float = parameter(60.0, "degrees", "S-RTEC tugging", 0, 180, "their courses differ by at most so much")
    alongside: float = parameter(50.0, "m", "ours", 0, 500, "nearer than that two drift together, and do not tow")
    window_begin: int = parameter(22 * 60, "min", "warning-models §0.4", 0, 1439, "since local midnight: the smuggling window's begin")
    window_end: int = parameter(5 * 60 + 30, "min", "warning-models §0.4", 0, 1439, "its end")
    fresh: int = parameter(10 * MINUTE, "ms", "warning-models M13", MINUTE, HOUR, "age at which a fix still says where a vessel is")
    misses: int = parameter(2, "looks", "ours", 1, 20, "in a row that must not fit, to end a run: one fix may stray")
    gone: float = parameter(1_000.0, "m", "warning-models M13", 100, 10_000, "apart, for an alert to end")
    left: int = parameter(10 * MINUTE, "ms", "warning-models M13", 0, HOUR, "so long apart")
    gap: int = parameter(70 * MINUTE, "ms", "S-GFW max_gap", MINUTE, 24 * HOUR, "without fixes that ends a run")
    one_sided: int = parameter(30 * MINUTE, "ms", "S-RTEC", MINUTE, 24 * HOUR, "that a boat which says nothing lies beside a slow vessel")
    score: float = parameter(0.5, "1", "ours", 0, 1, "of a boat in a camera's look, at least")
    crowd: int = parameter(6, "vessels", "ours", 3, 1_000, "lying in one place that make it an anchorage")
    learned: int = parameter(7 * DAY, "ms", "ours", HOUR, 365 * DAY, "that an anchorage is remembered")

    def start(self, _site: Site, _area: Area, _devices: Devices) -> Memory:
        return Memory(np.empty(0, dtype=np.bool_), {}, {}, Permits())

    def migrate(self, memory: Memory, _old: Devices, _new: Devices) -> Memory:
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        memory.permits.note(batch.rare, site)
        if len(batch.positions.nth):
            memory.sailed = grown(memory.sailed, len(batch.vessels), False)
            memory.sailed[batch.positions.subject[batch.positions.sog >= self.slow]] = True
        if len(batch.looks.nth):
            memory.beside.note(batch, self.score)
        if batch.tick and batch.now // MINUTE != memory.scanned:
            memory.scanned = batch.now // MINUTE
            memory.permits.forget(batch.now)
            lying = self._meet(memory, batch, site)
            for pair in list(memory.runs):
                yield from self._follow(memory, pair, batch, site)
            memory.beside.forget(batch.now, self.gap)
            if memory.beside.tracks or memory.beside.stays:
                yield from self._beside(memory, lying, batch, site)

    # Who is together

    def _meet(self, memory: Memory, batch: Batch, site: Site) -> Ints:
        """New runs, of those that lie outside shelters and crowds; the rows of these."""
        latest, count, places = batch.vessels.latest, len(batch.vessels), places_of(site, batch.devices.area)
        known = np.isfinite(latest.longitude[:count]) & np.isfinite(latest.latitude[:count]) & (latest.at[:count] >= 0)
        lying = known & ~(latest.sog[:count] >= self.slow)
        rows = np.flatnonzero(lying & (batch.heard - latest.heard[:count] <= self.gap))
        if not len(rows):
            return rows
        east, north = places.local(latest.longitude[rows], latest.latitude[rows])
        sheltered = places.sheltered(latest.longitude[rows], latest.latitude[rows])
        recent, apart = batch.heard - latest.heard[rows] <= self.fresh, rows
        for distance, cell in ((self.near, 3 * self.near), (self.wide, 2 * self.wide)):
            full = self._anchorages(memory, east, north, cell, batch.now)
            at = np.flatnonzero(~full & ~sheltered & recent)
            apart = rows[at] if distance == self.near else apart
            one, other = pairs_within(east[at], north[at], distance)
            for a, b in zip(rows[at[one]].tolist(), rows[at[other]].tolist(), strict=True):
                pair = (min(a, b), max(a, b))
                if pair not in memory.runs and (memory.sailed[a] or memory.sailed[b]) and _ours(pair, batch) and self._suspect(pair, batch, site):
                    begin = int(max(latest.at[a], latest.at[b]))
                    memory.runs[pair] = Run(begin, begin, NEVER)
        return apart

    def _anchorages(self, memory: Memory, east: Floats, north: Floats, size: float, now: int) -> Truths:
        """bool[n]: in a crowd, or where one lay within the days that are remembered."""
        full = crowded(east, north, size, self.crowd)
        cells: Ints = cells_of(east, north, size) * 4 + int(size > 2 * self.wide - 1)  # two grids, one table
        for cell in sorted(set(cells[full].tolist())):
            memory.anchorages[cell] = now
        if memory.anchorages:
            memory.anchorages = {cell: at for cell, at in memory.anchorages.items() if now - at <= self.learned}
            full = full | np.isin(cells, np.fromiter(memory.anchorages, dtype=np.int64, count=len(memory.anchorages)))
        return full

    def _suspect(self, pair: Iterable[int], batch: Batch, site: Site) -> bool:
        """Not buoys, pilots, tugs and the like, and not those that are known here."""
        vessels = [batch.vessels.all[row] for row in pair]
        registered = [site.vessel.get(vessel.id) for vessel in vessels]
        known = any(each is not None and (each.kind == "official" or self.code in each.whitelist) for each in registered)
        return not known and all(vessel.asset == "ship" and vessel.ship_type not in AT_WORK for vessel in vessels)

    # What becomes of them

    def _follow(self, memory: Memory, pair: tuple[int, int], batch: Batch, site: Site) -> Iterator[Finding]:
        run, latest, (a, b) = memory.runs[pair], batch.vessels.latest, pair
        newest = int(max(latest.at[a], latest.at[b]))
        if newest > run.newest and abs(int(latest.at[a]) - int(latest.at[b])) <= self.fresh:
            run.newest = newest
            self._look(run, pair, batch, site)
        silent = batch.heard - int(max(latest.heard[a], latest.heard[b])) > self.gap
        done = run.apart != NEVER and batch.heard - run.apart >= self.left
        over = silent or done or not self._suspect(pair, batch, site) or self._permitted(memory, pair, batch, site)
        if over or (run.level == 0 and run.missed >= self.misses):
            del memory.runs[pair]
            if run.level:
                yield self._finding(run, pair, 0, run.code, batch, site)
            return
        level, code = self._standing(memory, run, pair, batch, site)
        if level > run.level or (level == run.level and code != run.code and level):
            run.level, run.code = level, code
            yield self._finding(run, pair, level, code, batch, site)

    def _look(self, run: Run, pair: tuple[int, int], batch: Batch, site: Site) -> None:
        latest, rows = batch.vessels.latest, list(pair)
        east, north = places_of(site, batch.devices.area).local(latest.longitude[rows], latest.latitude[rows])
        run.metres = round(float(np.hypot(east[1] - east[0], north[1] - north[0])), 1)
        fast, slowest = bool((latest.sog[rows] >= self.slow).any()), float(latest.sog[rows].min())
        turn = abs((float(latest.cog[pair[0]] - latest.cog[pair[1]]) + 180) % 360 - 180) if np.isfinite(latest.cog[rows]).all() else np.inf
        towing = slowest >= self.tow and turn <= self.course and run.metres > self.alongside
        fits = run.metres <= self.wide and not fast and not towing
        run.missed = 0 if fits else run.missed + 1
        if fits:
            run.last = run.newest
        if fits and run.metres <= self.near:
            run.close = run.newest if run.close == NEVER else run.close
        elif run.metres > 2 * self.near or run.missed >= self.misses:
            run.close = NEVER
        if run.metres <= self.gone:
            run.apart = NEVER
        elif run.apart == NEVER:
            run.apart = batch.heard

    def _standing(self, memory: Memory, run: Run, pair: tuple[int, int], batch: Batch, site: Site) -> tuple[int, str]:
        if run.close != NEVER and run.last - run.close >= self.dwell:
            if _one_group(pair, batch, site):
                return 2, "same_group"
            hidden = in_window(site, run.last, self.window_begin, self.window_end) or self._unlit(memory, pair[0], run.last, batch)
            return (3 if hidden else 2), "alongside"
        return (2, "together") if run.last - run.start >= self.long and not _one_group(pair, batch, site) else (0, "")

    def _unlit(self, memory: Memory, row: int, at: int, batch: Batch) -> bool:
        """A camera sees a boat without a light there, by night."""
        here = float(batch.vessels.latest.longitude[row]), float(batch.vessels.latest.latitude[row])
        dark = any(each.dark and at - each.at <= self.fresh and away(here, each.place) <= self.near for each in memory.beside.tracks.values())
        return dark and is_night(here, at)

    def _permitted(self, memory: Memory, pair: tuple[int, ...], batch: Batch, site: Site) -> bool:
        """A permit for one of them, or for everybody, in the zone where they lie."""
        vessels, latest = {batch.vessels.all[row].id for row in pair}, batch.vessels.latest
        places = places_of(site, batch.devices.area)
        at = latest.longitude[pair[0] : pair[0] + 1], latest.latitude[pair[0] : pair[0] + 1]
        zones = [places.row[zone] for zone in memory.permits.afloat(vessels, batch.now) if zone in places.row]
        return any(float(places.to_zone(zone, *at)[0]) <= 0 for zone in zones)

    # One that says nothing

    def _beside(self, memory: Memory, lying: Ints, batch: Batch, site: Site) -> Iterator[Finding]:
        beside, latest = memory.beside, batch.vessels.latest
        mine = lying[latest.owner[lying] & [self._suspect((row,), batch, site) for row in lying.tolist()]] if len(lying) else lying
        beside.look(batch, mine, memory.sailed, self.near, self.fresh)
        for row, stay in list(beside.stays.items()):
            ended = beside.ended(row, self.left) or batch.now - stay.last > self.gap or self._permitted(memory, (row,), batch, site)
            if ended:
                del beside.stays[row]
            if (ended and stay.told) or (not ended and not stay.told and stay.came and stay.last - stay.start >= self.one_sided):
                stay.told = not ended
                yield self._told_beside(row, stay, batch, site)

    def _told_beside(self, row: int, stay: Stay, batch: Batch, site: Site) -> Finding:
        vessel, latest = batch.vessels.all[row], batch.vessels.latest
        known, position = site.vessel.get(vessel.id), (round(float(latest.longitude[row]), 6), round(float(latest.latitude[row]), 6))
        return Finding(
            model=self.code, subject=vessel.id, level="orange" if stay.told else "over", code="one_sided", index=batch.nth, cause=f"{vessel.id}/{stay.start}",
            occurred=stay.last, position=position, segment=places_of(site, batch.devices.area).segment_at(position), sensitivity="restricted",
            evidence=(stay.evidence,), confidence=round(stay.score, 2),
            values={"one": vessel.id, "one_name": (known.name if known is not None else vessel.name) or vessel.id, "metres": round(stay.metres), "minutes": (stay.last - stay.start) // MINUTE, "since": stay.start, "dark": stay.dark},
        )  # fmt: skip

    def _finding(self, run: Run, pair: tuple[int, int], level: int, code: str, batch: Batch, site: Site) -> Finding:
        vessels, latest = [batch.vessels.all[row] for row in pair], batch.vessels.latest
        names = [(known.name if (known := site.vessel.get(each.id)) else each.name) or each.id for each in vessels]
        position = round(float(latest.longitude[pair[0]]), 6), round(float(latest.latitude[pair[0]]), 6)
        since = run.start if run.close == NEVER else run.close
        first, second = sorted(each.id for each in vessels)
        return Finding(
            model=self.code, subject=f"{first}+{second}", level=LEVELS[level], code=code, index=batch.nth, cause=f"{first}+{second}/{run.start}",
            occurred=run.last, position=position, segment=places_of(site, batch.devices.area).segment_at(position), sensitivity="restricted",
            values={"one": vessels[0].id, "other": vessels[1].id, "one_name": names[0], "other_name": names[1], "metres": round(run.metres), "minutes": (run.last - since) // MINUTE, "since": since},
        )  # fmt: skip


def _ours(pair: tuple[int, int], batch: Batch) -> bool:
    """Where areas meet both hear the pair; the area that owns the first of the two names tells."""
    return bool(batch.vessels.latest.owner[min(pair, key=lambda row: batch.vessels.all[row].id)])


def _one_group(pair: tuple[int, int], batch: Batch, site: Site) -> bool:
    groups = [known.group if (known := site.vessel.get(batch.vessels.all[row].id)) else "" for row in pair]
    return groups[0] != "" and groups[0] == groups[1]
