"""M09: somebody is in the water who should not be there: outside a bathing zone, at night, or in one when the sea is rough. Better one too many.

Seen by one camera alone it is orange and asks to be confirmed; nobody answering for twenty seconds makes it red. It is red at once with a second sign: a press
or a lifebuoy taken near, or a second camera. It never ends by itself: only a person's outcome ends it, and who was lost in the water is not forgotten. Who is
still seen is said again every few seconds, so that an alert closed too early is raised anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ingest.events import Rescue, Sos, Water
from ingest.site import Area, Site
from ingest.sun import is_night
from ingest.zones import in_force
from models.batch import Batch
from models.following import away
from models.model import RANK, Finding, FoundLevel
from models.parameters import parameter
from models.places import places_of
from models.subjects import Devices
from models.swimmers import Measures, Swimmer, Swimmers

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000  # ms
SIGNS = 200  # presses and lifebuoys kept at most; ours
LEVELS: tuple[FoundLevel, ...] = ("over", "orange", "orange", "red")
# Below which water temperature (degrees C), after so many minutes, exhaustion may come: lower times. Source: S-COLD; the first row is ours
EXHAUSTION = ((4.0, 15), (10.0, 30), (16.0, 60), (21.0, 120), (27.0, 180))


@dataclass
class Memory:
    swimmers: Swimmers = field(default_factory=Swimmers)
    signs: list[list[Any]] = field(default_factory=list)  # event time ms, longitude, latitude, "press" or "lifebuoy", device
    scanned: int = -1
    water: list[float] = field(default_factory=list)  # the latest: event time, degrees C or NaN, current m/s or NaN, its direction or NaN


@dataclass(frozen=True)
class PersonInWater:
    code: ClassVar[str] = "M09"
    name: ClassVar[str] = "person_in_water"
    memory_version: ClassVar[int] = 2
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ("looks", "objects", "visits")
    rare: ClassVar[tuple[str, ...]] = ("sos", "rescue", "water")
    hears: ClassVar[tuple[str, ...]] = ("M17",)
    in_place: ClassVar[bool] = False  # decided at ticks

    score: float = parameter(0.4, "1", "warning-models M09", 0, 1, "of a look that counts")
    weak: float = parameter(0.25, "1", "warning-models M09", 0, 1, "of a look that counts for a question only")
    share: float = parameter(0.6, "1", "warning-models M09", 0, 1, "of the looks in which it must be there")
    span: int = parameter(4 * SECOND, "ms", "warning-models M09", 0, MINUTE, "over which")
    least: int = parameter(3, "looks", "ours: a camera may look more slowly than once a second", 2, 30, "over which at least")
    answer: int = parameter(20 * SECOND, "ms", "warning-models M09", SECOND, HOUR, "unanswered, for red")
    near: float = parameter(400.0, "m", "ours: two boxes", 0, 5_000, "of a press or a lifebuoy taken, for red at once")
    sign: int = parameter(5 * MINUTE, "ms", "ours", 0, HOUR, "between these and the look")
    same: float = parameter(15.0, "m", "ours", 0, 200, "between what two cameras see, for one person")
    edge: float = parameter(3.0, "m", "ours", 0, 100, "seaward of the waterline, at least: positions err")
    depth: float = parameter(0.7, "m", "ours: knee-deep is no danger", 0, 5, "of water over a gleaning flat from which it is water")
    aboard: float = parameter(8.0, "m", "ours", 0, 100, "from a boat: it is aboard")
    fastest: float = parameter(2.5, "m/s", "ours: nobody swims faster", 0.5, 30, "what is faster is a bird, a board or a craft")
    height: float = parameter(0.004, "1", "ours", 0, 1, "of the frame that the box must be tall at least")
    link: float = parameter(15.0, "m", "ours", 0, 100, "from where a track was lost, for a new one to be the same person")
    keep: int = parameter(30 * MINUTE, "ms", "ours", MINUTE, 24 * HOUR, "for which who was lost in the water is followed on")
    still: int = parameter(5 * SECOND, "ms", "ours", SECOND, HOUR, "between two words of somebody who was told and is still seen")
    buoy: float = parameter(20.0, "m", "ours", 0, 500, "from a net buoy or a mark that says where it lies: it is that")

    def start(self, _site: Site, _area: Area, _devices: Devices) -> Memory:
        return Memory()

    def migrate(self, memory: Memory, _old: Devices, _new: Devices) -> Memory:
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        for rare in batch.rare:
            event, device = rare.event, site.device.get(rare.event.device)
            pressed = isinstance(event, Sos) and event.state == "pressed"
            taken = isinstance(event, Rescue) and event.item == "lifebuoy" and event.state == "taken"
            if device is not None and (pressed or taken):
                memory.swimmers.fresh |= dict.fromkeys(memory.swimmers.of, True)  # each may be whom it is about
                memory.signs = [*memory.signs, [rare.at, *device.position, "press" if pressed else "lifebuoy", device.id]][-SIGNS:]
            elif isinstance(event, Water) and (not memory.water or rare.at >= memory.water[0]):
                memory.water = [
                    rare.at,
                    *(np.nan if each is None else each for each in (event.temperature, event.current_speed, event.current_direction)),
                ]
        if len(batch.looks.nth):
            places = places_of(site, batch.devices.area)
            by = Measures(self.weak, self.edge, self.depth, self.aboard, self.fastest, self.height, self.link, self.keep)
            memory.swimmers.note(batch, site, places, places.rows("bathing"), by)
        if batch.tick and memory.swimmers.of:
            yield from self._judge(memory, batch, site)

    def _judge(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        """Everybody who was seen since the last tick, or for whom a second sign may have come."""
        fresh = [memory.swimmers.of[key] for key in memory.swimmers.fresh if key in memory.swimmers.of]
        memory.swimmers.fresh.clear()
        allowed = self._bathing(fresh, batch, site)
        for who in fresh:
            if who.zone in allowed or self._is_buoy(who, batch):
                continue
            stage, seen = who.told, True
            if memory.swimmers.share(who, self.score, self.span, self.least) >= self.share:
                stage = max(stage, 2)
            elif memory.swimmers.share(who, self.weak, self.span, self.least) >= self.share:
                stage = max(stage, 1)
            else:
                seen = False
            code, sign = self._second(memory, who) if 0 < stage < 3 else ("", "")
            if code:
                stage = 3
            if stage > who.told:
                another = who.told == 0 and stage > 1  # somebody else than whom an open alert is about: it rings again
                who.told, who.code, who.sign = stage, code or ("confirm" if stage == 2 else "doubtful"), sign
                yield self._told(memory, who, batch, site, again=another)
            elif seen and stage > 1 and batch.now - who.said >= self.still:
                yield self._told(memory, who, batch, site, still=True)
        if batch.now // (10 * SECOND) != memory.scanned:
            memory.scanned = batch.now // (10 * SECOND)
            memory.swimmers.forget(batch.now, self.keep)
        memory.signs = [each for each in memory.signs if batch.now - each[0] <= HOUR]

    def _bathing(self, fresh: list[Swimmer], batch: Batch, site: Site) -> frozenset[str]:
        """The zones in which people may bathe now: in their hours, by day, in a calm sea."""
        visited = {who.zone for who in fresh if who.zone in site.zone}
        if not visited or any(RANK[finding.level] >= RANK["yellow"] for finding in batch.standing.of("M17")):
            return frozenset()
        if is_night(batch.devices.area.origin, batch.now):
            return frozenset()
        return frozenset(name for name in visited if in_force(site, site.zone[name], batch.now))

    def _second(self, memory: Memory, who: Swimmer) -> tuple[str, str]:
        """(code, device) of a second sign."""
        here = who.longitude, who.latitude
        for at, longitude, latitude, kind, device in memory.signs:
            if abs(who.last - at) <= self.sign and away((longitude, latitude), here) <= self.near:
                return kind, device
        for other in memory.swimmers.of.values():
            close = (
                other.camera != who.camera
                and abs(other.last - who.last) <= 10 * SECOND
                and away((other.longitude, other.latitude), here) <= self.same
            )
            if close and memory.swimmers.share(other, self.weak, self.span, self.least) >= self.share:
                return "two_cameras", other.camera
        return "", ""

    def _is_buoy(self, who: Swimmer, batch: Batch) -> bool:
        """Something that says by AIS where it lies, and is no ship."""
        latest, count = batch.vessels.latest, len(batch.vessels)
        if who.told or not count or not np.isfinite(who.longitude):
            return False
        near = np.flatnonzero((np.abs(latest.latitude[:count] - who.latitude) < 0.001) & (np.abs(latest.longitude[:count] - who.longitude) < 0.002))
        here = who.longitude, who.latitude
        return any(
            batch.vessels.all[row].asset != "ship" and away((float(latest.longitude[row]), float(latest.latitude[row])), here) <= self.buoy
            for row in near.tolist()
        )

    def _told(self, memory: Memory, who: Swimmer, batch: Batch, site: Site, *, again: bool = False, still: bool = False) -> Finding:
        who.said = batch.now
        places, camera = places_of(site, batch.devices.area), site.device.get(who.camera)
        position = (round(who.longitude, 6), round(who.latitude, 6)) if np.isfinite(who.longitude) else None
        segment = places.segment_at(position) or (camera.segment if camera else "")
        who.subject = who.subject or segment or who.camera
        score = max((score for _, score in who.seen), default=0.0)
        near = site.device.get(who.sign)
        values: dict[str, Any] = {
            "since": who.first,
            "seconds": (who.last - who.first) // SECOND,
            "sign": (near.place if near else "") or who.sign or None,  # as printed on the box
            **self._exhaustion(memory, who),
        }
        return Finding(
            model=self.code, subject=who.subject, level=LEVELS[who.told], code=who.code, index=batch.nth, cause=f"{who.subject}/{who.first}/{who.told}",
            occurred=who.first, segment=segment, position=position, evidence=(who.name,), confidence=round(score, 2),
            unanswered=self.answer if who.told == 2 else 0, again=again, still=still, values={key: value for key, value in values.items() if value is not None},
        )  # fmt: skip

    def _exhaustion(self, memory: Memory, who: Swimmer) -> dict[str, Any]:
        """What the panel shows; it never lowers a priority."""
        if not memory.water:
            return {}
        temperature, speed, direction = memory.water[1:]
        minutes = next((minutes for below, minutes in EXHAUSTION if temperature < below), None)
        return {
            "temperature": round(temperature, 1) if np.isfinite(temperature) else None, "exhausted": None if minutes is None else who.first + minutes * MINUTE,
            "exhausted_minutes": minutes, "current": round(speed, 2) if np.isfinite(speed) else None, "set": round(direction) if np.isfinite(direction) else None,
        }  # fmt: skip
