"""M16: a boat is at sea although one of the five reasons not to sail holds: weather, moratorium, recall, papers, kit.

Judged once a minute, of registered boats, each in the area of its home station, by the reasons that its village's covenant holds to. A recall is one alert
a station with the list of its boats that are still out; a boat is told by itself when it is an hour late. Weather and moratorium befall a whole fleet
at once: from three boats of a station on they too are one alert with its list, which rings again when another boat leaves in spite of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import shapely

from ingest.events import Bulletin, Trip, Weather
from ingest.site import Area, Lonlat, Site, Vessel
from ingest.village import REASONS, Covenant, local_day
from models.bans import HOUR, MINUTE, Bans, moratorium_of
from models.batch import Batch
from models.model import Finding, FoundLevel
from models.parameters import parameter
from models.places import places_of
from models.ports import harbours_of, watched
from models.sensors import believed
from models.subjects import Devices

DAY = 86_400_000  # ms
NEVER = -1
LEVELS: tuple[FoundLevel, ...] = ("over", "blue", "yellow", "orange", "red")
TOGETHER = ("weather", "moratorium")  # reasons that befall a fleet, not a boat
PAPERS = (("certificate", "certificate_until"), ("insurance", "insurance_until"), ("inspection", "inspection_until"))
ANYBODYS = Covenant("", "", "")  # a boat without a covenant is held to all five
Reason = tuple[int, str, dict[str, Any]]  # level, code, values


@dataclass
class Memory:
    """By boat only those that are out. Times in ms."""

    bans: Bans = field(default_factory=Bans)
    out: dict[str, int] = field(default_factory=dict)  # out of harbour since
    sailed: dict[str, list[Any]] = field(default_factory=dict)  # reported out: report's id, its time, what was not in order
    told: dict[str, list[Any]] = field(default_factory=dict)  # subject -> level, code, count, boats that left in spite of it
    listed: dict[str, int] = field(default_factory=dict)  # station/reason -> since when its boats are told together
    exposed: dict[str, int] = field(default_factory=dict)  # boats out of harbour -> when they were last in open water
    scanned: int = NEVER


@dataclass(frozen=True)
class SailingBan:
    code: ClassVar[str] = "M16"
    name: ClassVar[str] = "sailing_ban"
    memory_version: ClassVar[int] = 3
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ()
    rare: ClassVar[tuple[str, ...]] = ("bulletin", "weather", "trip")
    hears: ClassVar[tuple[str, ...]] = ()
    in_place: ClassVar[bool] = False  # decided at ticks

    small: float = parameter(12.0, "m", "warning-models M16", 1, 100, "boats shorter than this: the first rating, where the registry names none")
    large: float = parameter(24.0, "m", "warning-models M16", 1, 300, "boats longer than this: the third")
    small_force: int = parameter(6, "Bft", "ours", 1, 17, "wind in which a small boat must not be out")
    middle_force: int = parameter(7, "Bft", "ours", 1, 17, "of a middle one, or one of unknown length")
    large_force: int = parameter(8, "Bft", "ours", 1, 17, "of a large one")
    hold: int = parameter(HOUR, "ms", "warning-models M17", MINUTE, DAY, "that a measured wind counts after it fell")
    leaving: int = parameter(15 * MINUTE, "ms", "ours", 0, DAY, "out of harbour in which a boat is only leaving: it may shift its berth")
    sheltered: int = parameter(
        15 * MINUTE, "ms", "ours", 0, DAY, "behind an island or at anchor until a boat that was at sea no longer is: it may only be passing"
    )
    together: int = parameter(3, "boats", "ours", 2, 1000, "of one station from which weather or moratorium is one alert with a list")
    away: float = parameter(300.0, "m", "warning-models M15", 0, 20_000, "from the harbour that is at sea")
    alone: int = parameter(HOUR, "ms", "warning-models M16", 0, 7 * DAY, "after a recall's hour from which a boat is told by itself")
    storm: int = parameter(10, "Bft", "warning-models M16", 1, 17, "that makes a recall red")
    soon: int = parameter(12 * HOUR, "ms", "warning-models M16", 0, 7 * DAY, "before that storm")
    known: int = parameter(3 * DAY, "ms", "ours", HOUR, 60 * DAY, "for which a boat last seen at sea is out, if it is not heard any more")

    def start(self, _site: Site, _area: Area, _devices: Devices) -> Memory:
        return Memory()

    def migrate(self, memory: Memory, _old: Devices, _new: Devices) -> Memory:
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        for rare in batch.rare:
            event = rare.event
            if isinstance(event, Bulletin):
                memory.bans.hear(event, rare.at)
            elif isinstance(event, Weather) and (wind := believed(site, "wind_speed", event.wind_speed)) is not None:
                memory.bans.feel(wind, rare.at)
            elif isinstance(event, Trip):
                _report(memory, event, rare.at, site)
        if batch.tick and batch.now // MINUTE != memory.scanned:
            memory.scanned = batch.now // MINUTE
            yield from self._judge(memory, batch, site)

    def _judge(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        memory.bans.forget(batch.now, self.hold)
        fleet = _fleet(site, batch.devices.area)
        positions = self._positions(batch, fleet)
        open_sea = self._at_sea(memory, batch, site, positions)
        late: dict[str, tuple[int, str, list[str]]] = {}  # station -> level, bulletin, boats
        found = {
            boat: self._found(memory, boat, vessel, positions.get(boat), boat in open_sea, batch.now, site, late) for boat, vessel in fleet.items()
        }
        listed = self._listed(memory, fleet, found, batch.now)
        for boat, vessel in fleet.items():
            own = [each for each in found[boat] if _list_of(vessel, each) not in listed or memory.told.get(boat, [0, ""])[1] == each[1]]
            level, code, values = max(own, key=lambda each: each[0], default=(0, "", {}))
            if level:
                values = {**values, "reasons": [each[1] for each in sorted(found[boat], key=lambda each: REASONS.index(each[1]))]}
            yield from self._say(memory, boat, level, code, values, batch, site, vessel, positions.get(boat))
        yield from self._lists(memory, listed, fleet, batch, site)
        for post in (post for post in site.posts if post.kind == "station" and post.area == batch.devices.area.id):
            level, bulletin, boats = late.get(post.id, (0, "", []))
            values = {"station_zh": post.name_zh, "station_en": post.name_en, "bulletin": bulletin, "out": len(boats), "boats": boats[:50]}
            code = "recall_list" if level > 2 else "recall_due"
            if bulletin:
                values["deadline"] = next(each.deadline for name, each in memory.bans.of("recall") if name == bulletin)
            yield from self._say(memory, post.id, level, code if level else "", values, batch, site, None, post.position)

    def _found(
        self, memory: Memory, boat: str, vessel: Vessel, position: Lonlat | None, at_sea: bool, now: int, site: Site,
        late: dict[str, tuple[int, str, list[str]]],
    ) -> list[Reason]:  # fmt: skip
        unheard = position is None and boat in memory.sailed  # its report is all that is known of it
        if (boat not in memory.out and not unheard) or self.code in vessel.whitelist:
            return []
        found = self._reasons(memory, vessel, boat, position, now, site) if at_sea or unheard else []
        return found + self._recalled(memory, vessel, position, now, site, late)

    # Told together

    def _listed(self, memory: Memory, fleet: dict[str, Vessel], found: dict[str, list[Reason]], now: int) -> dict[str, dict[str, Reason]]:
        """station/reason -> its boats, where they are many; once told together they are until the last is in."""
        boats: dict[str, dict[str, Reason]] = {}
        for boat, reasons in found.items():
            for each in reasons:
                if name := _list_of(fleet[boat], each):
                    boats.setdefault(name, {})[boat] = each
        many = {name: each for name, each in boats.items() if name in memory.listed or len(each) >= self.together}
        memory.listed = {name: memory.listed.get(name, now) for name in many}
        return many

    def _lists(self, memory: Memory, listed: dict[str, dict[str, Reason]], fleet: dict[str, Vessel], batch: Batch, site: Site) -> Iterator[Finding]:
        ended = [subject for subject, each in memory.told.items() if each[1].endswith("_list") and "/" in subject and subject not in listed]
        for subject in [*ended, *sorted(listed)]:
            boats = listed.get(subject, {})
            post, _, reason = subject.partition("/")
            station = site.post.get(post)
            values: dict[str, Any] = {"station_zh": station.name_zh if station else post, "station_en": station.name_en if station else post}
            if boats:
                names = {boat: fleet[boat].name for boat in boats}
                since = memory.listed[subject]
                left = [names[boat] for boat in boats if memory.out.get(boat, since) > since]
                values |= {**max(boats.values(), key=lambda each: each[0])[2], "out": len(boats), "boats": [*names.values()][:50], "left": left[:50]}
            level = max((each[0] for each in boats.values()), default=0)
            yield from self._say(
                memory, subject, level, f"{reason}_list" if level else "", values, batch, site, None, station.position if station else None
            )

    # Who is out

    def _positions(self, batch: Batch, fleet: dict[str, Vessel]) -> dict[str, Lonlat]:
        latest, found = batch.vessels.latest, {}
        for boat in fleet:
            row = batch.vessels.row.get(boat, NEVER)
            if 0 <= row < len(latest.at) and latest.at[row] >= 0 and batch.now - int(latest.at[row]) < self.known:
                longitude, latitude = float(latest.longitude[row]), float(latest.latitude[row])
                if np.isfinite(longitude) and np.isfinite(latitude):
                    found[boat] = (round(longitude, 6), round(latitude, 6))
        return found

    def _at_sea(self, memory: Memory, batch: Batch, site: Site, positions: dict[str, Lonlat]) -> set[str]:
        """Boats that sail or fish: far from harbours and in no shelter. `memory.out` follows all that are not in harbour."""
        area, boats = batch.devices.area, list(positions)
        harbours, places = harbours_of(site, area), places_of(site, area)
        if harbours is None:  # where no harbour is known, reports say who is out
            memory.out = {boat: memory.out.get(boat, batch.now) for boat in boats if boat in memory.sailed}
            return set(memory.out)
        if not boats:
            memory.out = {}
            return set()
        degrees = np.array([positions[boat] for boat in boats])
        points = shapely.points(*places.local(degrees[:, 0], degrees[:, 1]))
        home, sheltered = shapely.dwithin(harbours, points, self.away), places.sheltered(degrees[:, 0], degrees[:, 1])
        memory.out = {boat: memory.out.get(boat, batch.now) for boat, at_home in zip(boats, home.tolist(), strict=True) if not at_home}
        open_water = {boat: batch.now for boat, hidden in zip(boats, sheltered.tolist(), strict=True) if boat in memory.out and not hidden}
        memory.exposed = {boat: at for boat, at in memory.exposed.items() if boat in memory.out} | open_water
        return {boat for boat, at in memory.exposed.items() if batch.now - at < self.sheltered or at == batch.now}

    # Why it must not be

    def _reasons(self, memory: Memory, vessel: Vessel, boat: str, position: Lonlat | None, now: int, site: Site) -> list[Reason]:
        covenant, found = covenant_of(site, vessel), list[Reason]()
        left = memory.out.get(boat)
        gone = left is not None and now - left >= self.leaving
        force, rating = memory.bans.force(vessel, position, now, self.hold), self._rating(vessel)
        if "weather" in covenant.reasons and force >= rating:
            found.append((3 if gone else 2, "weather", {"force": force, "rating": rating}))
        banned = moratorium_of(site, memory.bans, vessel, position, now) if gone and "moratorium" in covenant.reasons else ""
        if banned:
            found.append((3, "moratorium", {"moratorium": banned, "gear": vessel.gear}))
        day = local_day(site.time_zone, now)
        wrong = memory.sailed.get(boat, ["", 0, []])[2]
        expired = [name for name, field_ in PAPERS if (until := getattr(vessel, field_)) and until < day]
        papers = list(dict.fromkeys([*expired, *(name for name in wrong if name in ("papers", "insurance", "inspection"))]))
        kit = [name for name in wrong if name in covenant.kit]
        if "papers" in covenant.reasons and papers:
            found.append((2, "papers", {"papers": papers}))
        if "kit" in covenant.reasons and kit:
            found.append((2, "kit", {"kit": kit}))
        return found

    def _rating(self, vessel: Vessel) -> int:
        if vessel.wind_rating is not None:
            return vessel.wind_rating
        if vessel.length is None:
            return self.middle_force
        return self.small_force if vessel.length < self.small else self.large_force if vessel.length > self.large else self.middle_force

    def _recalled(
        self, memory: Memory, vessel: Vessel, position: Lonlat | None, now: int, site: Site, late: dict[str, tuple[int, str, list[str]]]
    ) -> list[Reason]:
        """The boat's own reason once it is an hour late; `late` gathers the stations' lists."""
        found: list[Reason] = []
        for name, order in memory.bans.of("recall"):
            if not order.begins <= now < order.ends or not order.concerns(vessel, position):
                continue
            storm = any(
                each.force >= self.storm and each.begins - self.soon <= now < each.ends and each.concerns(vessel, position)
                for _, each in memory.bans.of("wind", "typhoon")
            )
            level = 2 if now < order.deadline else 4 if order.colour == "red" or storm else 3
            known = late.get(vessel.home, (0, name, []))
            late[vessel.home] = (max(level, known[0]), name if level > known[0] else known[1], list(dict.fromkeys([*known[2], vessel.name])))
            if now >= order.deadline + self.alone and "recall" in covenant_of(site, vessel).reasons:
                found.append((level, "recall", {"bulletin": name, "late": (now - order.deadline) // MINUTE}))
        return [max(found, key=lambda each: each[0])] if found else []

    def _say(
        self, memory: Memory, subject: str, level: int, code: str, values: dict[str, Any], batch: Batch, site: Site, vessel: Vessel | None,
        position: Lonlat | None,
    ) -> Iterator[Finding]:  # fmt: skip
        before = memory.told.get(subject, [0, "", 0, 0])
        left = len(values.get("left", ())) if level else 0
        state = [level, code, values.get("out", 0) if level else 0, left]
        if state == before:
            return
        memory.told.pop(subject, None)
        if level:
            memory.told[subject] = state
        if vessel is not None:
            values = {"name": vessel.name, "station": vessel.home, "group": vessel.group, "skipper": vessel.skipper, **values}
        yield Finding(
            model=self.code, subject=subject, level=LEVELS[level], code=code or before[1], index=batch.nth, cause=f"{subject}/{batch.now}",
            occurred=batch.now, values={key: value for key, value in values.items() if value not in (None, "", [])}, position=position,
            segment=places_of(site, batch.devices.area).segment_at(position), again=left > before[3],
        )  # fmt: skip


def _list_of(vessel: Vessel, reason: Reason) -> str:
    """The subject under which its station is told of it with others; empty for what is a boat's own matter."""
    return f"{vessel.home}/{reason[1]}" if vessel.home and reason[1] in TOGETHER else ""


def covenant_of(site: Site, vessel: Vessel) -> Covenant:
    group = site.group.get(vessel.group)
    return site.covenant.get(group.covenant, ANYBODYS) if group is not None else ANYBODYS


def _report(memory: Memory, event: Trip, at: int, site: Site) -> None:
    """Who was checked out, with what was not in order. What was not asked is not known."""
    boat = site.identity.get(event.vessel, event.vessel)
    known = memory.sailed.get(boat)
    if event.cancel:
        if known is not None and known[0] in (event.id, event.amends):
            del memory.sailed[boat]
    elif event.report == "return":
        if known is not None and at >= known[1]:
            del memory.sailed[boat]
    elif known is None or at >= known[1] or event.amends == known[0]:
        checks = event.checks
        names = ("papers", "insurance", "inspection", "locator", "radio", "lifejackets")
        wrong = [name for name in names if checks is not None and getattr(checks, name) in ("fail", "unchecked")]
        if event.report == "departure":
            memory.sailed[boat] = [event.amends or event.id, at, wrong]
        elif known is not None and checks is not None:
            memory.sailed[boat] = [known[0], known[1], wrong]  # looked over at sea


def _fleet(site: Site, area: Area) -> dict[str, Vessel]:
    """The area's boats by the name under which they are judged; made once and kept with the site."""
    kept: dict[str, dict[str, Vessel]] = site.__dict__.setdefault("fleets", {})
    if area.id not in kept:
        kept[area.id] = {site.identity[vessel.id]: vessel for vessel in site.vessels if watched(site, area, vessel)}
    return kept[area.id]
