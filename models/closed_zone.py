"""M04: somebody is where nobody may be: inside a closed zone, a vehicle or a person, and still there after the voice has asked them twice to leave.

What counts is a look that is sure: good enough a score, tall enough, half a metre inside the edge. Animals, shadows and waves are none. Who has a permit
for the zone, or comes in its staff's hours, is not reported. A camera that is blind or silent empties no zone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from ingest.site import Area, Site
from ingest.sun import is_night
from ingest.zones import in_force, staffed
from models.batch import Batch
from models.columns import BICYCLE, CAR, MOTORCYCLE, PERSON, TRUCK, VAN
from models.following import Following, Measures, Track
from models.model import Finding, FoundLevel
from models.parameters import parameter, placed
from models.permits import Permits
from models.places import places_of
from models.subjects import Devices
from models.zone_entry import Entry, finding_of

KINDS = (PERSON, CAR, VAN, TRUCK, MOTORCYCLE, BICYCLE)
MINUTE = 60_000  # ms


@dataclass
class Memory:
    following: Following = field(default_factory=Following)
    entries: dict[str, Entry] = field(default_factory=dict)
    permits: Permits = field(default_factory=Permits)


@dataclass(frozen=True)
class ClosedZone:
    code: ClassVar[str] = "M04"
    name: ClassVar[str] = "closed_zone"
    memory_version: ClassVar[int] = 3
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ("looks", "objects", "visits")
    rare: ClassVar[tuple[str, ...]] = ("permit",)
    hears: ClassVar[tuple[str, ...]] = ()
    in_place: ClassVar[bool] = False  # permits matter at ticks

    score: float = parameter(0.5, "1", "warning-models M04", 0, 1, "of a look that counts, at least")
    sure: int = parameter(3, "looks", "warning-models M04", 1, 50, "that must count ...")
    looks: int = parameter(5, "looks", "warning-models M04", 1, 50, "... of so many in a row")
    weak: int = parameter(20, "looks", "ours: a small figure is found 3 times in 10", 0, 200, "or one more of so many in a row; 0: no")
    dwell: int = parameter(3_000, "ms", "warning-models M04", 0, 60 * MINUTE, "inside, for yellow")
    height: float = parameter(0.011, "1", "ours: 12 of 1080 lines", 0, 1, "of the frame that the box must be tall at least")
    edge: float = parameter(0.5, "m", "warning-models M04", 0, 50, "inside the edge, at least")
    gap: int = parameter(15_000, "ms", "ours", 500, 10 * MINUTE, "unseen after which a track is gone")
    near: float = parameter(3.0, "m", "ours", 0, 50, "from where a track was lost, within which a new one goes on with its time")
    pace: float = parameter(1.5, "m/s", "ours: a walk", 0, 20, "at which it may have gone on meanwhile")
    stays: int = parameter(90_000, "ms", "warning-models M04: voices at 0 and 30 s, and 60 s", MINUTE // 2, 60 * MINUTE, "still inside, for orange")
    empty: int = parameter(60_000, "ms", "warning-models M04", 1_000, 60 * MINUTE, "that ends it")
    lost: int = parameter(30 * MINUTE, "ms", "ours", MINUTE, 24 * 60 * MINUTE, "without a look of the camera that ends it too")

    def start(self, _site: Site, _area: Area, _devices: Devices) -> Memory:
        return Memory()

    def migrate(self, memory: Memory, _old: Devices, _new: Devices) -> Memory:
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        memory.permits.note(batch.rare, site)
        if len(batch.looks.nth):
            places = places_of(site, batch.devices.area)
            by = Measures(self.score, self.height, self.edge, self.sure, self.looks, self.gap, self.near, weak=self.weak, pace=self.pace)
            memory.following.note(batch, site, places, places.rows("closed"), KINDS, by)
        if batch.tick and (memory.following.zones or memory.entries):
            yield from self._judge(memory, batch, site)

    def _judge(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        for name in sorted({*memory.following.zones, *memory.entries}):
            zone, entry = site.zone.get(name), memory.entries.get(name)
            if zone is None or not in_force(site, zone, batch.now) or staffed(site, zone, batch.now) or memory.permits.on_foot(name, batch.now):
                if entry is not None:
                    yield self._told(name, entry, "over", entry.code, [], batch, site)
                    del memory.entries[name]
                continue
            own = placed(self, site, zone)
            inside = [track for track in memory.following.present(name, own.gap) if track.dwell >= own.dwell]
            yield from own.judge(memory, name, inside, batch, site)
        memory.following.forget(batch.now, max(self.gap, self.empty), self.lost)
        memory.permits.forget(batch.now)

    def judge(self, memory: Memory, name: str, inside: list[Track], batch: Batch, site: Site) -> Iterator[Finding]:
        entry = memory.entries.get(name)
        if inside:
            latest = max(inside, key=lambda track: (track.last, track.camera))
            if entry is None:
                night = is_night(batch.devices.area.origin, batch.now)
                level, code = ("orange", "entered_at_night") if night else ("yellow", "entered")
                entry = memory.entries[name] = Entry(level, code, latest.last, latest.last, latest.camera, batch.heard)  # type: ignore[arg-type]  # a pair of literals
                yield self._told(name, entry, entry.level, code, inside, batch, site)
            entry.renew(latest, batch.heard)
            if entry.code != "stays" and entry.last - entry.began >= self.stays:
                entry.level, entry.code = "orange", "stays"
                yield self._told(name, entry, "orange", "stays", inside, batch, site)
        elif entry is not None and entry.emptied(memory.following.looked(entry.camera), batch.heard, self.empty, self.lost):
            yield self._told(name, entry, "over", entry.code, [], batch, site)
            del memory.entries[name]

    def _told(self, zone: str, entry: Entry, level: FoundLevel, code: str, inside: list[Track], batch: Batch, site: Site) -> Finding:
        return finding_of(
            self.code, zone, level, code, inside, batch, site, occurred=entry.last if level == "over" else max(entry.began, 0),
            values={"seconds": max(0, entry.last - entry.began) // 1000} if code == "stays" else {},
        )  # fmt: skip
