"""M06: a boat lands where there is no berth, or comes for the shore at night with nobody knowing it.

A boat lies ashore when for a minute it stays on its spot within fifty metres of the waterline, out of every berth, harbour and farm, after it was seen to come.
By day that is worth a look, in the smuggling window a patrol; and there two people who leave a boat that shows no light, or that nobody knows by AIS or
Beidou, or that vehicles wait for, are a landing in progress: red. It is silent by itself: no light, no voice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, NamedTuple

import numpy as np

from ingest.site import Area, Site
from ingest.sun import in_window
from ingest.zones import in_season
from models.association import vessel_near
from models.batch import Batch
from models.boats import Boat, Boats, Measures
from models.columns import Floats, Truths
from models.following import SIGMAS, away
from models.memory import grown
from models.model import RANK, Finding, FoundLevel
from models.nearby import Recent
from models.parameters import parameter
from models.permits import Permits
from models.places import places_of
from models.subjects import Devices
from models.waterline import off_waterline

KN = 1852.0 / 3600.0  # m/s
NEVER = -1
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000  # ms
SCAN = 5 * SECOND  # of log time between two judgements
FARM = 1_000.0  # m from a zone in which farm work is on; ours


@dataclass
class Entry:
    """What was told of a vessel or of a segment of shore. Event times in ms, `heard` in ms of hearing."""

    level: FoundLevel
    code: str
    began: int
    last: int  # when it was true last
    camera: str  # that saw it; empty: by its own fixes
    heard: int


class Seen(NamedTuple):
    """One boat as it is judged now."""

    subject: str  # vessel that it is known as, else the segment of shore
    vessel: str
    level: FoundLevel
    code: str
    boat: Boat


@dataclass
class Memory:
    sailed: Truths  # bool[n] by vessel row: it was heard under way
    east: Floats  # float64[n] by vessel row: where the vessel was when its place was judged last, local m
    north: Floats
    boats: Boats = field(default_factory=Boats)
    lying: dict[int, int] = field(default_factory=dict)  # vessel row -> since when it lies at the shore, event ms
    entries: dict[str, Entry] = field(default_factory=dict)
    permits: Permits = field(default_factory=Permits)
    recent: Recent = field(default_factory=Recent)
    scanned: int = -1


@dataclass(frozen=True)
class Landing:
    code: ClassVar[str] = "M06"
    name: ClassVar[str] = "landing"
    memory_version: ClassVar[int] = 2
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ("positions", "looks", "objects")
    rare: ClassVar[tuple[str, ...]] = ("permit",)
    hears: ClassVar[tuple[str, ...]] = ("M07",)
    in_place: ClassVar[bool] = False  # permits matter at ticks

    shore: float = parameter(50.0, "m", "warning-models M06", 0, 500, "from the waterline, for a boat to be ashore")
    dwell: int = parameter(MINUTE, "ms", "warning-models M06", 10 * SECOND, HOUR, "on its spot")
    still: float = parameter(10.0, "m", "ours: 0.3 kn for a minute", 1, 100, "within which it may seem to move")
    slow: float = parameter(0.5, "kn", "S-GFW", 0.1, 5, "a vessel whose fixes are slower lies still")
    sailing: float = parameter(2.0, "kn", "S-GFW", 0.2, 20, "one that was faster has been under way")
    came: float = parameter(20.0, "m", "warning-models M06: min displacement", 0, 500, "that it must have moved since it was seen first")
    persons: int = parameter(2, "persons", "warning-models M06", 1, 50, "who leave it")
    leaves: float = parameter(25.0, "m", "ours", 1, 200, "from the boat, within which they came with it")
    fast: float = parameter(5.0, "kn", "S-RTEC", 1, 50, "towards the shore ...")
    inside: float = parameter(300.0, "m", "warning-models M06, ours", 0, 5_000, "... within so many, unknown and out of the fairway: yellow")
    racing: float = parameter(20.0, "kn", "warning-models M06, ours", 1, 80, "towards the shore and unknown: orange")
    known: float = parameter(200.0, "m", "warning-models M11", 0, 2_000, "from the boat, within which a vessel's fix tells who it is")
    fresh: int = parameter(10 * MINUTE, "ms", "ours", MINUTE, HOUR, "age at which a fix still does")
    window_begin: int = parameter(22 * 60, "min", "warning-models §0.4", 0, 1439, "since local midnight: the smuggling window's begin")
    window_end: int = parameter(5 * 60 + 30, "min", "warning-models §0.4", 0, 1439, "its end")
    near: float = parameter(500.0, "m", "warning-models M07", 0, 5_000, "of vehicles that wait")
    within: int = parameter(HOUR, "ms", "warning-models M07", 0, 12 * HOUR, "since these stood last")
    reach: float = parameter(1_000.0, "m", "ours", 100, 5_000, "from the shore within which boats are followed")
    score: float = parameter(0.5, "1", "ours", 0, 1, "of a look that counts, at least")
    looks: int = parameter(3, "looks", "ours", 1, 100, "that must count")
    gap: int = parameter(MINUTE, "ms", "ours", 500, 10 * MINUTE, "unseen after which a track is gone")
    linked: float = parameter(15.0, "m", "ours", 0, 100, "from where a track was lost, within which a new one goes on with its time")
    gone: float = parameter(200.0, "m", "warning-models M06", 0, 2_000, "from the waterline, for it to have left ...")
    left: int = parameter(5 * MINUTE, "ms", "warning-models M06", SECOND, HOUR, "... so long")
    lost: int = parameter(30 * MINUTE, "ms", "ours", MINUTE, 24 * HOUR, "without a look of the camera, or a fix, that ends it too")

    def start(self, _site: Site, _area: Area, _devices: Devices) -> Memory:
        return Memory(np.empty(0, dtype=np.bool_), np.empty(0), np.empty(0))

    def migrate(self, memory: Memory, _old: Devices, _new: Devices) -> Memory:
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        memory.permits.note(batch.rare, site)
        if len(batch.positions.nth):
            memory.sailed = grown(memory.sailed, len(batch.vessels), False)
            memory.sailed[batch.positions.subject[batch.positions.sog >= self.sailing]] = True
        if len(batch.looks.nth):
            by = Measures(self.score, self.reach, self.gap, self.linked, self.still, self.leaves)
            memory.boats.note(batch, places_of(site, batch.devices.area), by)
        if batch.tick and batch.now // SCAN != memory.scanned:
            memory.scanned = batch.now // SCAN
            yield from self._judge(memory, batch, site)

    def _judge(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        self._lying(memory, batch, site)
        if not (memory.boats.of or memory.lying or memory.entries):
            return
        memory.recent.note(batch.standing, self.hears, batch.now, self.within)
        memory.permits.forget(batch.now)
        window = in_window(site, batch.now, self.window_begin, self.window_end)
        worst: dict[str, Seen] = {}
        for seen in (*self._by_camera(memory, batch, site, window=window), *self._by_fixes(memory, batch, site, window=window)):
            before = worst.get(seen.subject)
            if before is None or RANK[seen.level] > RANK[before.level]:
                worst[seen.subject] = seen
        for subject in dict.fromkeys([*memory.entries, *worst]):
            yield from self._tell(memory, subject, worst.get(subject), batch, site)
        memory.boats.forget(batch.now, max(self.gap, self.left), self.lost)

    # By camera

    def _by_camera(self, memory: Memory, batch: Batch, site: Site, *, window: bool) -> Iterator[Seen]:
        """What each boat in sight comes to. Where it is to the waterline is noted on the way."""
        there, places = memory.boats.present(self.gap), places_of(site, batch.devices.area)
        longitude, latitude = np.array([boat.longitude for _, boat in there]), np.array([boat.latitude for _, boat in there])
        if not there:
            memory.boats.landed = []
            return
        off = off_waterline(site, batch.devices.area, longitude, latitude, batch.now)
        fairway, segments = places.inside(("fairway",), longitude, latitude), places.segments_at(longitude, latitude)
        memory.boats.landed = []
        for n, (key, boat) in enumerate(there):
            boat.off = float(off[n])
            if not boat.way or boat.last > boat.way[-1][0]:
                boat.way = [each for each in boat.way if boat.last - each[0] <= MINUTE] + [[boat.last, boat.off, boat.longitude, boat.latitude]]
            if boat.looks < self.looks or boat.moved < self.came:
                continue  # its way is noted from its first look on: who races in is here for half a minute
            if boat.off <= self.shore and boat.moved >= self.came:
                memory.boats.landed.append(key)
            if segments[n] < 0 or self._has_leave(memory, boat, batch, site, hides=window and boat.dark):
                continue
            vessel = vessel_near(batch, (boat.longitude, boat.latitude), boat.last, self.known, self.fresh)
            registered = site.vessel.get(vessel)
            if registered is not None and (registered.kind in ("official", "tender") or self.code in registered.whitelist):
                continue
            level, code = self._level(memory, boat, vessel, batch, site, window=window, fairway=bool(fairway[n]))
            if boat.off < self.gone or level != "over":
                subject = boat.subject or vessel or site.segments[int(segments[n])].id
                boat.subject = subject if level != "over" else boat.subject
                yield Seen(subject, vessel, level, code, boat)

    def _level(self, memory: Memory, boat: Boat, vessel: str, batch: Batch, site: Site, *, window: bool, fairway: bool) -> tuple[FoundLevel, str]:
        if boat.off <= self.shore and boat.last - boat.stands >= self.dwell and boat.moved >= self.came:
            if len(boat.people) >= self.persons:
                places, at = places_of(site, batch.devices.area), (boat.longitude, boat.latitude)
                hidden = boat.dark or not vessel or bool(memory.recent.near_point(places, at, self.near))
                return ("red", "landing") if window and hidden else ("orange" if window else "yellow", "persons_land")
            return ("orange" if window else "yellow"), "lands"
        if not window or vessel or fairway:
            return "over", ""
        knots = _towards_shore(boat.way, boat.error)
        if knots >= self.racing:
            return "orange", "races_in"
        return ("yellow", "comes_in") if knots >= self.fast and boat.off <= self.inside else ("over", "")

    def _has_leave(self, memory: Memory, boat: Boat, batch: Batch, site: Site, *, hides: bool) -> bool:
        """Farm work that is on near, or a permit for everybody where it lies: rowing clubs, oyster farmers. No farm's work hides in the dark."""
        here, places = (np.array([boat.longitude]), np.array([boat.latitude])), places_of(site, batch.devices.area)
        leave = memory.permits.afloat((), batch.now)
        for row, zone in enumerate(site.zones):
            if zone.id in leave and float(places.to_zone(row, *here)[0]) <= self.gone:
                return True
            works = zone.kind == "aquaculture" and not hides and in_season(site, "farm", zone.id, batch.now)
            if works and float(places.to_zone(row, *here)[0]) <= FARM:
                return True
        return False

    # By the vessel's own fixes

    def _lying(self, memory: Memory, batch: Batch, site: Site) -> None:
        """Vessels that lie still at the shore now. Geometry is asked only of those that are slow and have moved since it was asked last.

        The straight pieces of a site without an outline of its land are no waterline to a vessel's fix: there cameras alone tell.
        """
        if not site.shoreline:
            return
        count, latest = len(batch.vessels), batch.vessels.latest
        memory.sailed = grown(memory.sailed, count, False)
        memory.east, memory.north = grown(memory.east, count, np.nan), grown(memory.north, count, np.nan)
        for row in [row for row in memory.lying if not latest.sog[row] < self.slow or batch.heard - latest.heard[row] > self.lost]:
            del memory.lying[row]
            memory.east[row] = np.nan  # where it comes to lie again is asked again
        slow = np.flatnonzero((latest.sog[:count] < self.slow) & memory.sailed[:count] & latest.owner[:count])
        if not len(slow):
            return
        places = places_of(site, batch.devices.area)
        east, north = places.local(latest.longitude[slow], latest.latitude[slow])
        moved = ~(np.hypot(east - memory.east[slow], north - memory.north[slow]) <= 2 * self.still)
        rows, longitude, latitude = slow[moved], latest.longitude[slow[moved]], latest.latitude[slow[moved]]
        memory.east[rows], memory.north[rows] = np.round(east[moved], 1), np.round(north[moved], 1)
        if not len(rows):
            return
        close = places.segments_at(longitude, latitude, self.reach) >= 0
        close[close] = ~places.sheltered(longitude[close], latitude[close])
        close[close] = off_waterline(site, batch.devices.area, longitude[close], latitude[close], batch.now) <= self.shore
        for row, ashore in zip(rows.tolist(), close.tolist(), strict=True):
            if ashore:
                memory.lying[row] = int(latest.at[row])
            else:
                memory.lying.pop(row, None)

    def _by_fixes(self, memory: Memory, batch: Batch, site: Site, *, window: bool) -> Iterator[Seen]:
        latest = batch.vessels.latest
        for row, since in memory.lying.items():
            vessel = batch.vessels.all[row]
            registered = site.vessel.get(vessel.id)
            known = registered is not None and (registered.kind in ("official", "tender") or self.code in registered.whitelist)
            if known or vessel.asset != "ship" or int(latest.at[row]) - since < self.dwell:
                continue
            place = float(latest.longitude[row]), float(latest.latitude[row])
            boat = Boat("", int(latest.at[row]), *place, since, place, place, length=vessel.length, off=0.0)
            if not self._has_leave(memory, boat, batch, site, hides=False):
                yield Seen(vessel.id, vessel.id, "orange" if window else "yellow", "lands", boat)

    # What is told

    def _tell(self, memory: Memory, subject: str, seen: Seen | None, batch: Batch, site: Site) -> Iterator[Finding]:
        entry = memory.entries.get(subject)
        if seen is not None and seen.boat.off < self.gone and entry is not None and seen.boat.last > entry.last:
            entry.last, entry.camera, entry.heard = seen.boat.last, seen.boat.camera, batch.heard
        if seen is not None and seen.level != "over":
            if entry is None:
                entry = memory.entries[subject] = Entry(seen.level, seen.code, seen.boat.last, seen.boat.last, seen.boat.camera, batch.heard)
            elif RANK[seen.level] < RANK[entry.level] or (seen.level == entry.level and (seen.code == entry.code or seen.code != "persons_land")):
                return
            entry.level, entry.code = seen.level, seen.code
            yield self._finding(subject, entry, seen, batch, site)
            return
        if entry is None:
            return
        looked = memory.boats.looks.get(entry.camera)
        row = batch.vessels.row.get(subject, -1) if not entry.camera else -1
        away = row >= 0 and row not in memory.lying and batch.heard - entry.heard >= self.left
        if away or (looked is not None and looked - entry.last >= self.left) or batch.heard - entry.heard >= self.lost:
            del memory.entries[subject]
            yield self._finding(subject, entry, None, batch, site)

    def _finding(self, subject: str, entry: Entry, seen: Seen | None, batch: Batch, site: Site) -> Finding:
        boat = seen.boat if seen else None
        position = None if boat is None else (round(boat.longitude, 6), round(boat.latitude, 6))
        segment = places_of(site, batch.devices.area).segment_at(position) if position else subject if subject in site.segment else ""
        row = batch.vessels.row.get(seen.vessel, -1) if seen else -1
        registered = site.vessel.get(seen.vessel) if seen else None
        name = registered.name if registered else (batch.vessels.all[row].name or seen.vessel) if seen and row >= 0 else ""
        values = {} if boat is None else {
            "vessel": seen.vessel if seen else "", "boat_zh": name or "身份不明船只", "boat_en": name or "an unknown boat",
            "metres": max(0, round(boat.off)) if np.isfinite(boat.off) else None, "persons": len(boat.people), "dark": boat.dark or None,
            "minutes": (boat.last - boat.stands) // MINUTE, "length": boat.length,
        }  # fmt: skip
        return Finding(
            model=self.code, subject=subject, level="over" if seen is None else entry.level, code=entry.code, index=batch.nth, cause=f"{subject}/{entry.began}",
            occurred=entry.last if seen is None else entry.began, values={key: value for key, value in values.items() if value not in (None, "")},
            position=position, segment=segment, evidence=(boat.name,) if boat and boat.name else (),
            confidence=round(boat.score, 2) if boat and boat.name else None, sensitivity="restricted",
        )  # fmt: skip


def _towards_shore(way: list[list[float]], error: float) -> float:
    """Knots towards the shore, of the fastest stretch of ten seconds or more up to now. It must near without its first and its last place too: one may be false."""
    best = 0.0
    for first, second in pairwise(way):
        ms = way[-1][0] - first[0]
        if ms >= 10 * SECOND and _nears(second, way[-1], error) > 0 and _nears(first, way[-2], error) > 0:
            best = max(best, _nears(first, way[-1], error) / ms * SECOND / KN)
    return best


def _nears(first: list[float], last: list[float], error: float) -> float:
    """Metres from one place of a boat's way to another, less two standard errors of both; 0 along the shore and out to sea."""
    closing, way = first[1] - last[1], away((first[2], first[3]), (last[2], last[3]))
    return max(0.0, way - SIGMAS * 2**0.5 * error) if closing >= way / 2 else 0.0
