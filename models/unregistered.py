"""M11: a boat that is not what it should be: a name that no registry knows, a name whose boat is elsewhere, two boats under one number, or no name at all.

A name on a hull counts when most of five readings agree. A number that needs more than sixty knots between its fixes, again and again, is used twice. A boat
that a camera follows for two minutes, and that neither shows a name nor says by AIS or Beidou where it is, is unknown. Restricted: nothing is lit or called.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ingest.events import Hull
from ingest.geo import metres
from ingest.site import Area, Site, Vessel
from ingest.sun import in_window
from models.association import KN, vessel_near
from models.batch import Batch
from models.boats import Boats, Measures
from models.columns import Floats, Ints, rounds
from models.memory import grown
from models.model import Finding, FoundLevel
from models.parameters import parameter
from models.places import places_of
from models.subjects import Devices

NEVER = -1
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000  # ms
LEVELS: tuple[FoundLevel, ...] = ("over", "blue", "yellow", "orange")
PROVINCES = "京津沪渝冀晋辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云陕甘青蒙宁新藏"
# Province, one or two characters of the county, what it fishes or carries, five digits. Source: S-NAME
NAME = re.compile(rf"[{PROVINCES}][一-龥]{{1,2}}渔(?:运|油|水|冷|养|指)?\d{{5}}")
OFFICIAL = re.compile(r"海警|海巡|海监|渔政|公安|边防|海事|救助")
DEGREE = 111_195.0  # m of a degree of latitude, on the sphere: 0.5 % off at most
READINGS = 200  # hulls read lately, kept at most; ours


@dataclass
class Read:
    """What was read on one hull: [text, score] of the last readings. Event times in ms."""

    camera: str
    at: int
    track: int = NEVER  # of the boat, as the looks have it
    texts: list[str] = field(default_factory=list)
    place: list[float] = field(default_factory=list)  # longitude, latitude; empty: not said
    image: str = ""
    score: float = 0.0


@dataclass
class Memory:
    at: Ints  # int64[n] by vessel row: the fix before, NEVER: none
    longitude: Floats
    latitude: Floats
    jumps: dict[int, list[list[float]]] = field(default_factory=dict)  # vessel row -> [event time, knots] of the latest jumps
    hulls: dict[str, Read] = field(default_factory=dict)  # camera/track -> what was read
    boats: Boats = field(default_factory=Boats)
    told: dict[str, list[Any]] = field(default_factory=dict)  # subject -> level, code, last true at (log ms)
    scanned: int = NEVER


@dataclass(frozen=True)
class Unregistered:
    code: ClassVar[str] = "M11"
    name: ClassVar[str] = "unregistered"
    memory_version: ClassVar[int] = 2
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ("positions", "looks", "objects")
    rare: ClassVar[tuple[str, ...]] = ("hull",)
    hears: ClassVar[tuple[str, ...]] = ()
    in_place: ClassVar[bool] = False  # decided at ticks

    vote: int = parameter(5, "readings", "warning-models M11", 1, 50, "of one hull, the last ones ...")
    agree: int = parameter(3, "readings", "warning-models M11: a majority", 1, 50, "... of which so many must agree")
    score: float = parameter(0.5, "1", "ours", 0, 1, "of a reading or a look that counts, at least")
    apart: float = parameter(2_000.0, "m", "warning-models M11", 100, 100_000, "from the hull to the registered boat's own fix: a copied name")
    fresh: int = parameter(10 * MINUTE, "ms", "ours", MINUTE, HOUR, "age at which a fix still says where a vessel is")
    fastest: float = parameter(60.0, "kn", "warning-models §0.4", 20, 200, "that no boat here makes")
    slack: float = parameter(1_000.0, "m", "ours: clocks and fixes err", 0, 20_000, "more than that speed explains")
    jumps: int = parameter(4, "jumps", "ours: one stray fix makes two", 2, 1_000, "in a day, for a number that is used twice")
    day: int = parameter(DAY, "ms", "warning-models M11", HOUR, 30 * DAY, "in which two names or those jumps count")
    length: float = parameter(5.0, "m", "warning-models M11", 1, 100, "of a boat that should have a name and a locator")
    dwell: int = parameter(2 * MINUTE, "ms", "warning-models M11", 10 * SECOND, HOUR, "followed so long without either")
    known: float = parameter(200.0, "m", "warning-models M11", 10, 2_000, "from the boat, within which a vessel's fix tells who it is")
    window_begin: int = parameter(22 * 60, "min", "warning-models §0.4", 0, 1439, "since local midnight: the smuggling window's begin")
    window_end: int = parameter(5 * 60 + 30, "min", "warning-models §0.4", 0, 1439, "its end")
    reach: float = parameter(3_000.0, "m", "ours", 100, 20_000, "from the shore within which boats are followed")
    gap: int = parameter(MINUTE, "ms", "ours", 500, 10 * MINUTE, "unseen after which a track is gone")
    linked: float = parameter(15.0, "m", "ours", 0, 100, "from where a track was lost, within which a new one goes on with its time")
    left: int = parameter(30 * MINUTE, "ms", "ours", MINUTE, 24 * HOUR, "after it was true last, that ends it")

    def start(self, _site: Site, _area: Area, _devices: Devices) -> Memory:
        return Memory(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0))

    def migrate(self, memory: Memory, _old: Devices, _new: Devices) -> Memory:
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        for rare in batch.rare:
            if isinstance(rare.event, Hull):
                self._read(memory, rare.event, rare.at, batch.devices)
        if len(batch.positions.nth):
            self._fixes(memory, batch)
        if len(batch.looks.nth):
            memory.boats.note(batch, places_of(site, batch.devices.area), Measures(self.score, self.reach, self.gap, self.linked, self.linked, 0.0))
        if batch.tick and batch.now // (10 * SECOND) != memory.scanned:
            memory.scanned = batch.now // (10 * SECOND)
            if memory.hulls or memory.jumps or memory.boats.of or memory.told or batch.vessels.renamed:
                yield from self._judge(memory, batch, site)

    def _read(self, memory: Memory, event: Hull, at: int, devices: Devices) -> None:
        text, row = normal(event.text), devices.row.get(event.device, NEVER)
        if not text or row < 0 or (event.score is not None and event.score < self.score):
            return
        key = f"{event.device}/{event.track if event.track is not None else text}"
        read = memory.hulls.setdefault(key, Read(event.device, at))
        if at < read.at:
            return
        read.at, read.texts, read.score = at, [*read.texts, text][-self.vote :], max(read.score, event.score or 0.0)
        if event.track is not None:
            read.track = int(devices.tracks(np.array([row]), [event.track])[0])
        read.place, read.image = [*event.position] if event.position else read.place, event.image or read.image
        while len(memory.hulls) > READINGS:
            del memory.hulls[min(memory.hulls, key=lambda name: (memory.hulls[name].at, name))]

    def _fixes(self, memory: Memory, batch: Batch) -> None:
        """Fixes that their vessel's fix before cannot explain. Of the same time or older than it they say nothing."""
        count = len(batch.vessels)
        memory.at = grown(memory.at, count, NEVER)
        memory.longitude, memory.latitude = grown(memory.longitude, count, np.nan), grown(memory.latitude, count, np.nan)
        for fixes in rounds(batch.positions):
            subject, at, longitude, latitude = fixes.subject, fixes.at, fixes.longitude, fixes.latitude
            seconds = (at - memory.at[subject]) / SECOND
            north = (latitude - memory.latitude[subject]) * DEGREE
            east = ((longitude - memory.longitude[subject] + 180) % 360 - 180) * DEGREE * np.cos(np.radians(latitude))
            away = np.hypot(east, north)  # NaN: the first of its vessel
            new = seconds > 0
            for i in np.flatnonzero(new & (away > self.slack + self.fastest * KN * seconds)).tolist():
                self._jump(memory, int(subject[i]), int(at[i]), float(away[i] / seconds[i]) / KN)
            subject = subject[new]
            memory.at[subject], memory.longitude[subject], memory.latitude[subject] = at[new], longitude[new], latitude[new]

    def _jump(self, memory: Memory, row: int, at: int, knots: float) -> None:
        memory.jumps[row] = [*memory.jumps.get(row, []), [at, round(knots, 1)]][-self.jumps :]

    # What it comes to

    def _judge(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        window = in_window(site, batch.now, self.window_begin, self.window_end)
        now: dict[str, tuple[int, str, dict[str, Any]]] = {}
        for subject, level, code, values in (
            *self._names(memory, batch, site, window=window), *self._numbers(memory, batch, site), *self._nameless(memory, batch, site, window=window),
        ):  # fmt: skip
            if subject not in now or level > now[subject][0]:
                now[subject] = level, code, values
        for subject in dict.fromkeys([*memory.told, *now]):
            level, code, values = now.get(subject, (0, "", {}))
            before = memory.told.get(subject)
            if level:
                memory.told[subject] = [
                    max(level, before[0]) if before else level,
                    code if not before or level >= before[0] else before[1],
                    batch.now,
                ]
                if before is None or level > before[0] or (level == before[0] and code != before[1]):
                    yield self._finding(subject, level, code, values, batch, site)
            elif before is not None and batch.now - before[2] >= self.left:
                del memory.told[subject]
                yield self._finding(subject, 0, before[1], {}, batch, site)
        memory.hulls = {key: read for key, read in memory.hulls.items() if batch.now - read.at <= self.left}
        memory.jumps = {row: each for row, each in memory.jumps.items() if batch.now - each[-1][0] <= self.day}
        memory.boats.forget(batch.now, self.left, self.left)

    def _names(self, memory: Memory, batch: Batch, site: Site, *, window: bool) -> Iterator[tuple[str, int, str, dict[str, Any]]]:
        """By what is read on hulls."""
        registry = _registry(site)
        for read in memory.hulls.values():
            text, votes = Counter(read.texts).most_common(1)[0]
            if votes < self.agree or batch.now - read.at > self.gap:
                continue
            camera = site.device.get(read.camera)
            place = (read.place[0], read.place[1]) if read.place else camera.position if camera else None
            values = {"hull": text, "position": list(place) if place else None, "image": read.image, "confidence": read.score or None}
            known = registry.get(text)
            if known is not None:
                if known.kind != "official" and self.code not in known.whitelist and (away := self._elsewhere(known, place, batch)) is not None:
                    yield text, 3, "copied_name", {**values, "metres": away, "boat": known.id}
            elif NAME.fullmatch(text) and not OFFICIAL.search(text):
                alike = sorted(name for name, boat in registry.items() if boat.home and _one_off(name, text))
                if alike:
                    yield text, 1, "misread_name", {**values, "probable": alike[0]}
                else:
                    heard = place is not None and vessel_near(batch, place, read.at, self.known, self.fresh)
                    yield text, 3 if window or not heard else 2, "unknown_name", values

    def _elsewhere(self, boat: Vessel, place: tuple[float, float] | None, batch: Batch) -> int | None:
        """Metres to the registered boat's own fresh fix, where that is far from the hull."""
        row = batch.vessels.row.get(batch.vessels.identity.get(boat.mmsi or boat.terminal, ""), NEVER)
        latest = batch.vessels.latest
        if place is None or not 0 <= row < len(latest.at) or latest.at[row] < 0 or abs(batch.now - int(latest.at[row])) > self.fresh:
            return None
        away = metres(place, (float(latest.longitude[row]), float(latest.latitude[row])))
        sailed = float(np.nan_to_num(latest.sog[row], nan=0.0)) * KN * (batch.now - int(latest.at[row])) / SECOND  # it may have come from there
        return round(away) if away - abs(sailed) > self.apart else None

    def _numbers(self, memory: Memory, batch: Batch, site: Site) -> Iterator[tuple[str, int, str, dict[str, Any]]]:
        """Numbers that are used twice: by their jumps, or by two names."""
        for row, jumps in memory.jumps.items():
            vessel, last = batch.vessels.all[row], jumps[-1][0]
            often = len(jumps) >= self.jumps and last - jumps[0][0] <= self.day and batch.now - last <= self.left
            if often and _owned(batch, row) and vessel.asset == "ship" and not _listed(site, vessel.id):
                fastest = max(knots for _, knots in jumps)
                yield vessel.id, 2, "used_twice", {"knots": fastest, "jumps": len(jumps), "name": vessel.name, **_where(batch, row)}
        for row in batch.vessels.renamed:
            vessel = batch.vessels.all[row]
            if batch.now - vessel.renamed <= self.day and _owned(batch, row) and vessel.asset == "ship" and not _listed(site, vessel.id):
                yield vessel.id, 2, "two_names", {"name": vessel.name, "other": vessel.other, **_where(batch, row)}

    def _nameless(self, memory: Memory, batch: Batch, site: Site, *, window: bool) -> Iterator[tuple[str, int, str, dict[str, Any]]]:
        """Boats in sight without name and locator."""
        places = places_of(site, batch.devices.area)
        named = {read.track for read in memory.hulls.values()}
        for track, boat in memory.boats.present(self.gap):
            place = boat.longitude, boat.latitude
            if boat.length is None or boat.length < self.length or batch.now - boat.last > self.gap:
                continue
            if track in named or vessel_near(batch, place, boat.last, self.known, self.fresh):
                boat.unknown = boat.last
                continue
            boat.unknown = since = boat.last if boat.unknown == NEVER else boat.unknown
            segment = boat.subject or places.segment_at(place)
            if boat.last - since >= self.dwell and boat.looks >= self.vote and segment:
                boat.subject = segment
                values = {
                    "position": list(place),
                    "length": round(boat.length, 1),
                    "minutes": (boat.last - since) // MINUTE,
                    "image": boat.name,
                    "confidence": round(boat.score, 2),
                }
                yield segment, 3 if window else 2, "nameless", values

    def _finding(self, subject: str, level: int, code: str, values: dict[str, Any], batch: Batch, site: Site) -> Finding:
        at = values.get("position")
        position = (round(at[0], 6), round(at[1], 6)) if at else None
        segment = subject if subject in site.segment else places_of(site, batch.devices.area).segment_at(position)
        kept = {key: value for key, value in values.items() if value not in (None, "") and key not in ("position", "image", "confidence")}
        return Finding(
            model=self.code, subject=subject, level=LEVELS[level], code=code, index=batch.nth, cause=f"{subject}/{batch.now}", occurred=batch.now,
            values=kept, position=position, segment=segment, evidence=(values["image"],) if values.get("image") else (),
            confidence=values.get("confidence"), sensitivity="restricted",
        )  # fmt: skip


def normal(text: str) -> str:
    """A name as it is compared: no spaces and points, full-width digits and letters as plain ones."""
    plain = "".join(chr(ord(each) - 0xFEE0) if 0xFF01 <= ord(each) <= 0xFF5E else each for each in text)
    return re.sub(r"[\s·.\-_,。、]+", "", plain).upper()


def _registry(site: Site) -> dict[str, Vessel]:
    """Names and plates of the registered boats. Kept with the site."""
    kept: dict[str, Vessel] | None = site.__dict__.get("hull_names")
    if kept is None:
        kept = {normal(text): vessel for vessel in site.vessels for text in (vessel.name, vessel.plate) if text}
        site.__dict__["hull_names"] = kept
    return kept


def _one_off(one: str, other: str) -> bool:
    """Whether two names differ in one character only."""
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 1


def _listed(site: Site, vessel: str) -> bool:
    known = site.vessel.get(vessel)
    return known is not None and (known.kind == "official" or Unregistered.code in known.whitelist)


def _owned(batch: Batch, row: int) -> bool:
    """Whether the vessel is this area's: where areas meet, one of them tells."""
    return row < len(batch.vessels.latest.owner) and bool(batch.vessels.latest.owner[row])


def _where(batch: Batch, row: int) -> dict[str, Any]:
    latest = batch.vessels.latest
    longitude, latitude = float(latest.longitude[row]), float(latest.latitude[row])
    return {"position": [longitude, latitude]} if np.isfinite(longitude + latitude) else {}
