"""M05: people stay at a listed smuggling-risk point at night: one for ten minutes, or three for five.

Only the time inside the smuggling window counts, so that who fishes there since the evening is not told at its first minute. Nobody is recognised again:
a dwell is that of a track. It is silent by itself: no light, no voice. A landing or vehicles close by make it orange.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from ingest.site import Area, Site, Zone
from ingest.sun import latest_window
from ingest.zones import in_force, in_season, staffed
from models.batch import Batch
from models.columns import PERSON
from models.following import Following, Measures, Track
from models.model import RANK, Finding, FoundLevel
from models.nearby import Patrols, Recent
from models.parameters import parameter, placed
from models.permits import Permits
from models.places import places_of
from models.subjects import Devices
from models.zone_entry import Entry, finding_of

MINUTE, HOUR = 60_000, 3_600_000  # ms
SCAN = 5_000  # ms of log time between two judgements
RESTRICTED = {"sensitivity": "restricted"}


@dataclass
class Memory:
    following: Following = field(default_factory=Following)
    entries: dict[str, Entry] = field(default_factory=dict)
    permits: Permits = field(default_factory=Permits)
    patrols: Patrols = field(default_factory=Patrols)
    recent: Recent = field(default_factory=Recent)
    scanned: int = -1


@dataclass(frozen=True)
class Loitering:
    code: ClassVar[str] = "M05"
    name: ClassVar[str] = "loitering"
    memory_version: ClassVar[int] = 2
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ("looks", "objects", "visits")
    rare: ClassVar[tuple[str, ...]] = ("permit", "unit")
    hears: ClassVar[tuple[str, ...]] = ("M06", "M07")
    in_place: ClassVar[bool] = False  # permits and patrols matter at ticks

    window_begin: int = parameter(22 * 60, "min", "warning-models §0.4", 0, 1439, "since local midnight: the smuggling window's begin")
    window_end: int = parameter(5 * 60 + 30, "min", "warning-models §0.4", 0, 1439, "its end")
    dwell: int = parameter(10 * MINUTE, "ms", "warning-models M05, ours", MINUTE // 2, 12 * HOUR, "of one, for yellow")
    together: int = parameter(3, "persons", "warning-models M05, ours", 2, 100, "who need not stay so long ...")
    shorter: int = parameter(5 * MINUTE, "ms", "warning-models M05, ours", MINUTE // 2, 12 * HOUR, "... but only that")
    near: float = parameter(500.0, "m", "warning-models M05", 0, 5_000, "of a landing or of vehicles, for orange")
    within: int = parameter(HOUR, "ms", "warning-models M05", 0, 12 * HOUR, "since these stood last")
    score: float = parameter(0.5, "1", "ours", 0, 1, "of a look that counts, at least")
    sure: int = parameter(3, "looks", "ours", 1, 50, "that must count ...")
    looks: int = parameter(20, "looks", "ours: a small figure is found 3 times in 10", 1, 200, "... of so many in a row")
    height: float = parameter(0.01, "1", "ours", 0, 1, "of the frame that the box must be tall at least")
    gap: int = parameter(30_000, "ms", "ours", 500, 10 * MINUTE, "unseen after which a track is gone")
    linked: float = parameter(5.0, "m", "ours", 0, 50, "from where a track was lost, within which a new one goes on with its time")
    patrol: float = parameter(100.0, "m", "ours", 0, 2_000, "of the point: a patrol so near is taken for the people seen")
    empty: int = parameter(10 * MINUTE, "ms", "warning-models M05", 1_000, HOUR, "that ends it")
    lost: int = parameter(30 * MINUTE, "ms", "ours", MINUTE, 24 * HOUR, "without a look of the camera that ends it too")

    def start(self, _site: Site, _area: Area, _devices: Devices) -> Memory:
        return Memory()

    def migrate(self, memory: Memory, _old: Devices, _new: Devices) -> Memory:
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        memory.permits.note(batch.rare, site)
        memory.patrols.note(batch.rare)
        if len(batch.looks.nth):
            places = places_of(site, batch.devices.area)
            by = Measures(self.score, self.height, 0.0, self.sure, self.looks, self.gap, self.linked)
            window = latest_window(site, batch.now, self.window_begin, self.window_end)
            memory.following.note(batch, site, places, places.rows("risk_point"), (PERSON,), by, window)
        if batch.tick and batch.now // SCAN != memory.scanned and (memory.following.zones or memory.entries or memory.recent.found):
            memory.scanned = batch.now // SCAN
            yield from self._judge(memory, batch, site)

    def _judge(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        memory.recent.note(batch.standing, self.hears, batch.now, self.within)
        memory.permits.forget(batch.now)
        for name in sorted({*memory.following.zones, *memory.entries}):
            zone = site.zone.get(name)
            own = self if zone is None else placed(self, site, zone)
            opened, closed = latest_window(site, batch.now, own.window_begin, own.window_end)
            if zone is None or batch.now >= closed or not in_force(site, zone, batch.now):
                entry = memory.entries.pop(name, None)
                if entry is not None:
                    yield own.told(name, entry, "over", [], opened, batch, site)
                continue
            yield from own.judge(memory, zone, opened, batch, site)
        memory.following.forget(batch.now, max(self.gap, self.empty), self.lost)

    def judge(self, memory: Memory, zone: Zone, opened: int, batch: Batch, site: Site) -> Iterator[Finding]:
        """One risk point; `opened`: when the window began, ms."""
        entry = memory.entries.get(zone.id)
        there = memory.following.present(zone.id, self.gap)
        if entry is not None and there:
            entry.renew(max(there, key=lambda track: (track.last, track.camera)), batch.heard)
        elif entry is not None and entry.emptied(memory.following.looked(entry.camera), batch.heard, self.empty, self.lost):
            del memory.entries[zone.id]
            yield self.told(zone.id, entry, "over", [], opened, batch, site)
            return
        level, code = self._standing(memory, zone, there, opened, batch, site)
        if level == "over" or self._known(memory, zone, batch, site):
            return
        if entry is None:
            latest = max(there, key=lambda track: (track.last, track.camera))
            entry = memory.entries[zone.id] = Entry(level, code, latest.last, latest.last, latest.camera, batch.heard)
        elif RANK[level] < RANK[entry.level] or (level == entry.level and (code == entry.code or code != "gathered")):
            return
        entry.level, entry.code = level, code
        yield self.told(zone.id, entry, level, there, opened, batch, site)

    def _standing(self, memory: Memory, zone: Zone, there: list[Track], opened: int, batch: Batch, site: Site) -> tuple[FoundLevel, str]:
        stays = [track.last - max(track.since, opened) for track in there]
        alone, gathered = any(stay >= self.dwell for stay in stays), sum(stay >= self.shorter for stay in stays) >= self.together
        if not alone and not gathered:
            return "over", ""
        places = places_of(site, batch.devices.area)
        if memory.recent.found and memory.recent.near_zone(places, places.row[zone.id], self.near):
            return "orange", "with_landing"
        return "yellow", "gathered" if gathered else "loiters"

    def _known(self, memory: Memory, zone: Zone, batch: Batch, site: Site) -> bool:
        """Whether they have leave, or work there at this time of the year, or are our own patrol."""
        places = places_of(site, batch.devices.area)
        return (
            staffed(site, zone, batch.now)
            or memory.permits.on_foot(zone.id, batch.now)
            or in_season(site, "farm", zone.id, batch.now)
            or memory.patrols.near_zone(places, places.row[zone.id], self.patrol, batch.now - self.empty)
        )

    def told(self, zone: str, entry: Entry, level: FoundLevel, there: list[Track], opened: int, batch: Batch, site: Site) -> Finding:
        stay = max((track.last - max(track.since, opened) for track in there), default=0)
        return finding_of(
            self.code, zone, level, entry.code, there, batch, site, occurred=entry.last if level == "over" else entry.began,
            values={"minutes": stay // MINUTE} if there else {}, **RESTRICTED,
        )  # fmt: skip
