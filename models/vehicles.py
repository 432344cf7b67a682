"""M07: vehicles stand by the shore at night: one for ten minutes, three, a truck or a crane; and with a landing or a rendezvous close by it is a transfer.

Only what stands for two minutes counts, in the smuggling window, on a road or at a risk point and not in a parking place. A place is a segment of shore: a
vehicle belongs to the nearest, and what stands in the next segments is counted with it. It is silent by itself: no light, no voice.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np

from ingest.events import Plate
from ingest.site import Area, Site
from ingest.sun import in_window, latest_window
from ingest.village import Plate as Known
from ingest.village import local_day
from ingest.zones import in_season, minutes, staffed
from models.batch import Batch
from models.columns import CAR, CRANE, TRUCK, VAN
from models.following import Following, Measures, Track
from models.model import RANK, Finding, FoundLevel
from models.nearby import Patrols, Recent
from models.parameters import parameter
from models.permits import Permits
from models.places import places_of
from models.subjects import Devices
from models.zone_entry import Entry

MINUTE, HOUR = 60_000, 3_600_000  # ms
SCAN = 5_000  # ms of log time between two judgements
KINDS = (CAR, VAN, TRUCK, CRANE)
HEAVY = (TRUCK, CRANE)
PLATES = 2_000  # read lately, kept at most; ours


class Standing(NamedTuple):
    """A vehicle that stands, and where: the nearest segment of shore, or a zone where the site has none."""

    track: Track
    place: str


@dataclass
class Memory:
    following: Following = field(default_factory=Following)
    entries: dict[str, Entry] = field(default_factory=dict)  # segment -> what was told
    permits: Permits = field(default_factory=Permits)
    patrols: Patrols = field(default_factory=Patrols)
    recent: Recent = field(default_factory=Recent)
    plates: dict[int, str] = field(default_factory=dict)  # track -> keyed plate
    scanned: int = -1


@dataclass(frozen=True)
class Vehicles:
    code: ClassVar[str] = "M07"
    name: ClassVar[str] = "vehicles"
    memory_version: ClassVar[int] = 2
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ("looks", "objects", "visits")
    rare: ClassVar[tuple[str, ...]] = ("plate", "permit", "unit")
    hears: ClassVar[tuple[str, ...]] = ("M06", "M13")
    in_place: ClassVar[bool] = False  # plates, permits and patrols matter at ticks

    window_begin: int = parameter(22 * 60, "min", "warning-models §0.4", 0, 1439, "since local midnight: the smuggling window's begin")
    window_end: int = parameter(5 * 60 + 30, "min", "warning-models §0.4", 0, 1439, "its end")
    stopped: int = parameter(2 * MINUTE, "ms", "warning-models M07", 0, HOUR, "standing, for a vehicle to count")
    still: float = parameter(8.0, "m", "ours", 1, 100, "within which a vehicle that stands may seem to move")
    alone: int = parameter(10 * MINUTE, "ms", "warning-models M07, ours", MINUTE, 12 * HOUR, "standing, for one vehicle to be blue")
    several: int = parameter(3, "vehicles", "warning-models M07, ours", 2, 100, "for yellow")
    near: float = parameter(500.0, "m", "warning-models M07", 0, 5_000, "of a landing or a rendezvous, for red")
    within: int = parameter(HOUR, "ms", "warning-models M07", 0, 12 * HOUR, "since these stood last")
    score: float = parameter(0.5, "1", "ours", 0, 1, "of a look that counts, at least")
    sure: int = parameter(3, "looks", "ours", 1, 50, "that must count ...")
    looks: int = parameter(10, "looks", "ours", 1, 200, "... of so many in a row")
    gap: int = parameter(30_000, "ms", "ours", 500, 10 * MINUTE, "unseen after which a track is gone")
    linked: float = parameter(8.0, "m", "ours", 0, 50, "from where a track was lost, within which a new one goes on with its time")
    patrol: float = parameter(100.0, "m", "ours", 0, 2_000, "of a patrol: the vehicle is taken for it")
    empty: int = parameter(10 * MINUTE, "ms", "warning-models M07", 1_000, HOUR, "that ends it")
    lost: int = parameter(30 * MINUTE, "ms", "ours", MINUTE, 24 * HOUR, "without a look of the camera that ends it too")

    def start(self, _site: Site, _area: Area, _devices: Devices) -> Memory:
        return Memory()

    def migrate(self, memory: Memory, _old: Devices, _new: Devices) -> Memory:
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        memory.permits.note(batch.rare, site)
        memory.patrols.note(batch.rare)
        for rare in batch.rare:
            row = batch.devices.row.get(rare.event.device, -1) if isinstance(rare.event, Plate) else -1
            if isinstance(rare.event, Plate) and rare.event.track is not None and row >= 0:
                track = int(batch.devices.tracks(np.array([row]), [rare.event.track])[0])
                memory.plates = dict([*memory.plates.items(), (track, rare.event.keyed)][-PLATES:])
        if len(batch.looks.nth):
            places = places_of(site, batch.devices.area)
            by = Measures(self.score, 0.0, 0.0, self.sure, self.looks, self.gap, self.linked, self.still)
            window = latest_window(site, batch.now, self.window_begin, self.window_end)
            memory.following.note(batch, site, places, places.rows("road", "risk_point"), KINDS, by, window)
        if batch.tick and batch.now // SCAN != memory.scanned and (memory.following.zones or memory.entries or memory.recent.found):
            memory.scanned = batch.now // SCAN
            yield from self._judge(memory, batch, site)

    def _judge(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        memory.recent.note(batch.standing, self.hears, batch.now, self.within)
        memory.permits.forget(batch.now)
        dark = batch.now < latest_window(site, batch.now, self.window_begin, self.window_end)[1]
        left = self._standing(memory, batch, site) if dark else []
        many = Counter(each.place for each in left)
        for place in dict.fromkeys([*memory.entries, *sorted(many, key=lambda place: (-many[place], place))]):
            here = [each for each in left if _beside(site, each.place, place)]
            left = [each for each in left if each not in here]
            if here or place in memory.entries:
                yield from self._at(memory, place, here, batch, site, dark=dark)
        memory.following.forget(batch.now, max(self.gap, self.empty), self.lost)

    def _standing(self, memory: Memory, batch: Batch, site: Site) -> list[Standing]:
        """The vehicles that count, each once however many zones hold it, in the order of their tracks."""
        zones: dict[int, list[str]] = {}
        tracks: dict[int, Track] = {}
        for zone, of in memory.following.zones.items():
            if zone in site.zone:
                for key, track in of.items():
                    looked = memory.following.looks[track.camera][1]
                    if track.confirmed and looked - track.last <= self.gap and track.last - track.stands >= self.stopped:
                        zones.setdefault(key, []).append(zone)
                        tracks[key] = track
        if not tracks:
            return []
        keys, places = sorted(tracks), places_of(site, batch.devices.area)
        longitude, latitude = (np.array([getattr(tracks[key], name) for key in keys]) for name in ("longitude", "latitude"))
        parked, segments = places.inside(("parking",), longitude, latitude), places.segments_at(longitude, latitude)
        found = []
        for n, key in enumerate(keys):
            place = site.segments[int(segments[n])].id if segments[n] >= 0 else _beside_zone(site, batch, zones[key][0])
            if not parked[n] and not self._known(memory, key, tracks[key], zones[key], batch, site):
                found.append(Standing(tracks[key], place))
        return found

    def _known(self, memory: Memory, key: int, track: Track, zones: list[str], batch: Batch, site: Site) -> bool:
        """Whether it has leave, works there at this time, is on the list of known plates, or is our own patrol's."""
        plate = memory.plates.get(key, "")
        if plate and any(_expected(site, known, batch.now) for known in site.plates if known.keyed == plate):
            return True
        for name in zones:
            zone = site.zone[name]
            if staffed(site, zone, batch.now) or memory.permits.on_foot(name, batch.now) or in_season(site, "farm", name, batch.now):
                return True
        at = track.longitude, track.latitude
        return memory.patrols.near_point(places_of(site, batch.devices.area), at, self.patrol, batch.now - self.empty)

    def _at(self, memory: Memory, place: str, here: list[Standing], batch: Batch, site: Site, *, dark: bool) -> Iterator[Finding]:
        """One place, with what stands there."""
        entry, tracks = memory.entries.get(place), [each.track for each in here]
        latest = max(tracks, key=lambda track: (track.last, track.camera)) if tracks else None
        if entry is not None and latest is not None:
            entry.renew(latest, batch.heard)
        elif entry is not None and (not dark or entry.emptied(memory.following.looked(entry.camera), batch.heard, self.empty, self.lost)):
            del memory.entries[place]
            yield self._finding(place, entry, "over", [], (), batch, site)
            return
        if latest is None:
            return
        level, code, parts = self._level(memory, tracks, batch, site)
        if entry is None and level != "over":
            entry = memory.entries[place] = Entry(level, code, latest.last, latest.last, latest.camera, batch.heard)
        elif entry is None or RANK[level] < RANK[entry.level] or (level == entry.level and (code == entry.code or code != "heavy")):
            return
        entry.level, entry.code = level, code
        yield self._finding(place, entry, level, tracks, parts, batch, site)

    def _level(self, memory: Memory, tracks: list[Track], batch: Batch, site: Site) -> tuple[FoundLevel, str, tuple[tuple[str, str], ...]]:
        placed_so = [track for track in tracks if track.longitude == track.longitude]  # NaN: the camera gives no position
        for track in placed_so if memory.recent.found else ():
            parts = memory.recent.near_point(places_of(site, batch.devices.area), (track.longitude, track.latitude), self.near)
            if parts:
                return "red", "transfer", parts
        if any(track.kind in HEAVY for track in tracks):
            return "yellow", "heavy", ()
        if len(tracks) >= self.several:
            return "yellow", "several", ()
        if not in_season(site, "holiday", "", batch.now) and any(track.last - track.stands >= self.alone for track in tracks):
            return "blue", "stands", ()
        return "over", "", ()

    def _finding(
        self, place: str, entry: Entry, level: FoundLevel, tracks: list[Track], parts: tuple[tuple[str, str], ...], batch: Batch, site: Site
    ) -> Finding:
        segment = site.segment.get(place)
        known = [track for track in tracks if track.longitude == track.longitude]
        position = (round(known[-1].longitude, 6), round(known[-1].latitude, 6)) if known else None
        surest = sorted(tracks, key=lambda track: (-track.score, track.name))
        values = {
            "vehicles": len(tracks), "heavy": sum(track.kind in HEAVY for track in tracks), "dark": sum(track.dark for track in tracks),
            "minutes": max((track.last - track.stands for track in tracks), default=0) // MINUTE, "near": [f"{model} {subject}" for model, subject in parts],
        }  # fmt: skip
        return Finding(
            model=self.code, subject=place, level=level, code=entry.code, index=batch.nth, cause=f"{place}/{entry.began}",
            occurred=entry.last if level == "over" else entry.began, values=values if tracks else {}, position=position,
            segment=segment.id if segment else "", evidence=tuple(dict.fromkeys(track.name for track in surest))[:3],
            confidence=round(surest[0].score, 2) if surest else None, sensitivity="restricted", parts=parts,
        )  # fmt: skip


def _beside(site: Site, one: str, other: str) -> bool:
    """Whether two places are the same, or segments next to each other."""
    a, b = site.segment.get(one), site.segment.get(other)
    return one == other or (a is not None and b is not None and a.line == b.line and abs(a.index - b.index) <= 1)


def _beside_zone(site: Site, batch: Batch, zone: str) -> str:
    """The segment beside a zone, for a vehicle without a position; the zone where there is none."""
    places = places_of(site, batch.devices.area)
    along = places.segments_along(places.row[zone]).tolist()
    return site.segments[along[0]].id if along else zone


def _expected(site: Site, plate: Known, now: int) -> bool:
    return in_window(site, now, *minutes(plate.hours)) and not (plate.until and local_day(site.time_zone, now) > plate.until)
