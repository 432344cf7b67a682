"""M15: a boat left the harbour without a report, is not back when it said, has other people aboard than it said, or lost its ten-ship group.

Trips are what stations enter, in any order and up to a week late; harbours are what fixes show. Overdue counts the log's time; the boat that is still heard
is only late. Only registered boats, and those with a report, are watched, each in the area of its home station; one that is overdue and fell silent in
another area's water is red there too, where it must be looked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ingest.events import Trip, Weather
from ingest.site import Area, Site, Vessel
from models.batch import Batch
from models.coverage import metres_between
from models.model import Finding, FoundLevel
from models.parameters import parameter
from models.places import places_of
from models.ports import AT_SEA, IN_PORT, NEVER, Ports, hear, nobody, watched
from models.sensors import believed
from models.subjects import Devices

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000  # ms
NM = 1852.0  # m
LEVELS: tuple[FoundLevel, ...] = ("over", "blue", "yellow", "orange", "red")
KEPT = 30  # reports a boat, at most; ours


class Report(NamedTuple):
    """What a station entered, as it now stands. Times in ms."""

    kind: str  # departure, return, check
    at: int
    eta: int | None
    persons: int | None
    cancelled: bool


@dataclass
class Memory:
    """Of fixes a row a vessel; by boat only what concerns a few."""

    ports: Ports
    reports: dict[str, dict[str, list[Any]]]  # boat -> report's id -> Report
    told: dict[str, list[Any]]  # boat -> level, code
    touched: dict[str, bool]  # boats with news since the last tick
    apart: dict[str, int]  # boats out of their group -> since
    together: dict[str, bool]  # boats that were near another of their group on this trip
    wind: float = 0.0  # m/s
    scanned: int = NEVER


@dataclass(frozen=True)
class Trips:
    code: ClassVar[str] = "M15"
    name: ClassVar[str] = "trips"
    memory_version: ClassVar[int] = 1
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ("positions",)
    rare: ClassVar[tuple[str, ...]] = ("trip", "weather")
    hears: ClassVar[tuple[str, ...]] = ("M12",)
    in_place: ClassVar[bool] = False  # decided at ticks

    away: float = parameter(300.0, "m", "warning-models M15", 0, 20_000, "outside of the harbour that count as having left")
    fixes: int = parameter(3, "fixes", "warning-models M15", 1, 100, "in a row that show leaving or coming in")
    ahead: int = parameter(12 * HOUR, "ms", "warning-models M15", MINUTE, 7 * DAY, "before leaving, in which a report counts for it")
    unreported: int = parameter(30 * MINUTE, "ms", "warning-models M15", MINUTE, DAY, "at sea without a report that is blue")
    unreported_yellow: int = parameter(2 * HOUR, "ms", "warning-models M15", MINUTE, 2 * DAY, "at sea without a report that is yellow")
    stay: int = parameter(30 * MINUTE, "ms", "warning-models M15", MINUTE, DAY, "in harbour that ends a trip whose return nobody reported")
    blue: int = parameter(2 * HOUR, "ms", "warning-models M15", MINUTE, 7 * DAY, "past the time given that is blue")
    yellow: int = parameter(6 * HOUR, "ms", "warning-models M15", MINUTE, 7 * DAY, "past it that is yellow")
    orange: int = parameter(12 * HOUR, "ms", "warning-models M15", MINUTE, 7 * DAY, "past it that is orange")
    red: int = parameter(24 * HOUR, "ms", "warning-models M15", MINUTE, 7 * DAY, "past it that is red")
    small: float = parameter(12.0, "m", "warning-models M15", 0, 100, "boats shorter than this: their own times")
    small_blue: int = parameter(HOUR, "ms", "warning-models M15", MINUTE, 7 * DAY, "small boat, past the time given, blue")
    small_yellow: int = parameter(2 * HOUR, "ms", "warning-models M15", MINUTE, 7 * DAY, "small boat, yellow")
    small_orange: int = parameter(4 * HOUR, "ms", "warning-models M15", MINUTE, 7 * DAY, "small boat, orange")
    small_red: int = parameter(8 * HOUR, "ms", "warning-models M15", MINUTE, 7 * DAY, "small boat, red")
    usual: int = parameter(DAY, "ms", "ours", HOUR, 60 * DAY, "length of a trip without a time of return, or with an impossible one")
    longest: int = parameter(30 * DAY, "ms", "ours", DAY, 365 * DAY, "a time of return later than this after leaving is a typing error")
    fresh: int = parameter(30 * MINUTE, "ms", "ours", MINUTE, DAY, "of hearing since the last fix in which a boat is still heard")
    crew: int = parameter(12 * HOUR, "ms", "ours", MINUTE, 7 * DAY, "that another number of persons on return is shown")
    near: float = parameter(8.0, "nm", "S-ZS", 0.1, 200, "within which another of the group must be")
    apart: float = parameter(10.0, "nm", "warning-models M15", 0.1, 200, "from the nearest of the group that is out of it in any weather")
    wind: float = parameter(10.8, "m/s", "Beaufort 6", 0, 60, "from which it is out of the group beyond `near`, or alone")
    patience: int = parameter(10 * MINUTE, "ms", "ours", 0, DAY, "out of the group that is told")

    def start(self, _site: Site, _area: Area, _devices: Devices) -> Memory:
        return Memory(nobody(), {}, {}, {}, {}, {})

    def migrate(self, memory: Memory, _old: Devices, _new: Devices) -> Memory:
        memory.ports.ours[:] = -1  # the registry may have changed
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        for rare in batch.rare:
            if isinstance(rare.event, Trip):
                self._report(memory, rare.event, rare.at, site)
            elif isinstance(rare.event, Weather) and (wind := believed(site, "wind_speed", rare.event.wind_speed)) is not None:
                memory.wind = wind
        if len(batch.positions.nth):
            memory.touched.update(dict.fromkeys(hear(memory.ports, batch, site, self.away, self.fixes, self.stay), True))
        if batch.tick:
            every = batch.now // MINUTE != memory.scanned
            if every or memory.touched:
                yield from self._judge(memory, batch, site, every=every)

    # What stations enter

    def _report(self, memory: Memory, event: Trip, at: int, site: Site) -> None:
        """An amendment or a withdrawal stands, whether it comes after its report or before."""
        boat = site.identity.get(event.vessel, event.vessel)
        reports = memory.reports.setdefault(boat, {})
        name = event.amends or event.id
        if name in reports and not (event.amends or event.cancel):
            return
        reports[name] = list(Report(event.report, at, event.eta, event.persons, event.cancel))
        while len(reports) > KEPT:
            del reports[min(reports, key=lambda each: (reports[each][1], each))]
        memory.touched[boat] = True

    # What it comes to

    def _judge(self, memory: Memory, batch: Batch, site: Site, *, every: bool) -> Iterator[Finding]:
        if every:
            memory.scanned = batch.now // MINUTE
            at_sea = [batch.vessels.all[row].id for row in np.flatnonzero((memory.ports.state == AT_SEA) & (memory.ports.ours == 1))]
            boats = dict.fromkeys((*memory.reports, *at_sea, *memory.told))
            self._groups(memory, at_sea, batch, site)
        else:
            boats = dict.fromkeys(memory.touched)
        memory.touched.clear()
        silent = {finding.subject for finding in batch.standing.of("M12")}
        for boat in boats:
            level, code, values = self._standing(memory, boat, batch, site, silent=boat in silent)
            if [level, code] != memory.told.get(boat, [0, ""]):
                yield self._finding(memory, boat, level, code, values, batch, site)
        if every:
            _forget(memory, batch.now)

    def _standing(self, memory: Memory, boat: str, batch: Batch, site: Site, *, silent: bool) -> tuple[int, str, dict[str, Any]]:
        """(level, code, values) of the worst that is true of a boat."""
        registered = registered_as(site, boat)
        guest = registered is not None and not watched(site, batch.devices.area, registered)
        if guest and not silent:
            return 0, "", {}
        row = batch.vessels.row.get(boat, NEVER)
        reports = [Report(*each) for each in memory.reports.get(boat, {}).values() if not each[4]]
        trip = self._open(memory.ports, row, reports)
        if guest:
            level, code, values = self._overdue(trip, registered, False, batch.now, silent=True)
            return (
                (level, code, {"departed": trip.at, "eta": trip.eta, "persons": trip.persons, **values})
                if trip is not None and level
                else (0, "", {})
            )
        found: tuple[tuple[int, str, dict[str, Any]], ...] = (
            self._overdue(trip, registered, self._heard(batch, row), batch.now, silent=silent),
            self._crew(reports, registered, batch.now),
            self._unreported(memory.ports, row, reports, batch.now),
            (2, "out_of_group", {}) if boat in memory.apart and batch.now - memory.apart[boat] >= self.patience else (0, "", {}),
        )
        level, code, values = max(found, key=lambda each: each[0])  # the first of equals
        if trip is not None and level:
            values = {"departed": trip.at, "eta": trip.eta, "persons": trip.persons, **values}
        return level, code, values

    def _open(self, ports: Ports, row: int, reports: list[Report]) -> Report | None:
        """The last departure that was reported, unless the boat is back: by report, or as its fixes show."""
        departures = [each for each in reports if each.kind == "departure"]
        if not departures:
            return None
        trip = max(departures, key=lambda each: each.at)
        if any(each.kind == "return" and each.at >= trip.at for each in reports):
            return None
        if 0 <= row < len(ports.at):
            if ports.state[row] == IN_PORT and ports.since[row] >= trip.at:
                return None
            if ports.ended[row] != NEVER and trip.at <= ports.ended[row] + self.unreported:
                return None
        return trip

    def _overdue(self, trip: Report | None, boat: Vessel | None, heard: bool, now: int, *, silent: bool) -> tuple[int, str, dict[str, Any]]:
        if trip is None:
            return 0, "", {}
        odd = trip.eta is None or not trip.at <= trip.eta <= trip.at + self.longest
        past = now - (trip.at + self.usual if odd or trip.eta is None else trip.eta)
        small = boat is not None and boat.length is not None and boat.length < self.small
        times = (self.small_blue, self.small_yellow, self.small_orange, self.small_red) if small else (self.blue, self.yellow, self.orange, self.red)
        level = sum(past >= each for each in times)
        if level and silent:
            level = 4
        elif level and heard:
            level = 1
        code = "overdue_silent" if level == 4 and silent else "overdue_heard" if heard else "overdue"
        return level, code if level else "", {"hours": round(past / HOUR, 1), "eta_odd": True} if odd else {"hours": round(past / HOUR, 1)}

    def _crew(self, reports: list[Report], boat: Vessel | None, now: int) -> tuple[int, str, dict[str, Any]]:
        """Counted on return, or at sea by a patrol, against what was said on departure; and that against the certificate."""
        departures = [each for each in reports if each.kind == "departure" and each.persons is not None]
        if not departures:
            return 0, "", {}
        out = max(departures, key=lambda each: each.at)
        for each in sorted(reports, key=lambda each: each.at):
            if each.kind != "departure" and each.at >= out.at and each.persons not in (None, out.persons) and now - each.at < self.crew:
                return 2, "crew_differs", {"said": out.persons, "counted": each.persons}
        if boat is not None and boat.crew is not None and out.persons is not None and out.persons > boat.crew and now - out.at < self.crew:
            return 2, "crew_over", {"said": out.persons, "certificate": boat.crew}
        return 0, "", {}

    def _unreported(self, ports: Ports, row: int, reports: list[Report], now: int) -> tuple[int, str, dict[str, Any]]:
        if not 0 <= row < len(ports.at) or ports.state[row] != AT_SEA or ports.left[row] == NEVER:
            return 0, "", {}
        left, begin = int(ports.left[row]), int(ports.left[row]) - self.ahead
        if ports.ended[row] != NEVER:
            begin = max(begin, int(ports.ended[row]) + self.unreported + 1)  # reports before that were the last trip's
        if any(each.kind == "departure" and each.at >= begin for each in reports):
            return 0, "", {}
        level = (now - left >= self.unreported) + (now - left >= self.unreported_yellow)
        return level, "unreported" if level else "", {"left": left, "minutes": (now - left) // MINUTE}

    def _heard(self, batch: Batch, row: int) -> bool:
        latest = batch.vessels.latest
        return 0 <= row < len(latest.at) and latest.at[row] >= 0 and batch.heard - int(latest.heard[row]) <= self.fresh

    def _groups(self, memory: Memory, at_sea: list[str], batch: Batch, site: Site) -> None:
        """Who of those at sea has nobody of the ten-ship group near. In a calm a boat may sail alone, but who sailed together stays together."""
        latest, groups = batch.vessels.latest, dict[str, list[int]]()
        for boat in at_sea:
            row, registered = batch.vessels.row[boat], site.vessel.get(boat)
            if registered is not None and registered.group and self._heard(batch, row):
                groups.setdefault(registered.group, []).append(row)
        off: set[str] = set()
        for name, rows in groups.items():
            near, apart = self._distances(site, name)
            for row in rows:
                others = np.array([other for other in rows if other != row], dtype=np.int64)
                away = metres_between(latest.longitude[row], latest.latitude[row], latest.longitude[others], latest.latitude[others])
                nearest = float(away.min()) / NM if len(away) else np.inf
                boat = batch.vessels.all[row].id
                held = boat in memory.apart
                if nearest <= near:
                    memory.together[boat] = True
                elif memory.wind >= self.wind or (boat in memory.together and len(others) and (nearest > apart or held)):
                    off.add(boat)
        memory.together = {boat: True for boat in at_sea if boat in memory.together}
        memory.apart = {boat: memory.apart.get(boat, batch.now) for boat in at_sea if boat in off}

    def _distances(self, site: Site, group: str) -> tuple[float, float]:
        """nm; the covenant's own go over the model's."""
        covenant = site.covenant.get(site.group[group].covenant) if group in site.group else None
        near = covenant.near if covenant is not None and covenant.near is not None else self.near
        apart = covenant.apart if covenant is not None and covenant.apart is not None else self.apart
        return near, apart

    def _finding(self, memory: Memory, boat: str, level: int, code: str, values: dict[str, Any], batch: Batch, site: Site) -> Finding:
        before = memory.told.pop(boat, [0, ""])
        if level:
            memory.told[boat] = [level, code]
        registered, row = registered_as(site, boat), batch.vessels.row.get(boat, NEVER)
        position = position_of(batch, row)
        more: dict[str, Any] = {}
        if registered is not None:
            group = site.group.get(registered.group)
            post = site.post.get(registered.home)
            more = {"station_zh": post.name_zh, "station_en": post.name_en} if post is not None else {}
            more |= {"name": registered.name, "station": registered.home, "group": registered.group, "skipper": registered.skipper}
            if group is not None and level:
                more |= {"group_zh": group.name_zh, "group_en": group.name_en, "members": _nearest_first(group.members, boat, position, batch, site)}
        told = {key: value for key, value in {**more, **values}.items() if value not in (None, "", [])}
        return Finding(
            model=self.code, subject=boat, level=LEVELS[level], code=code or before[1], index=batch.nth, cause=f"{boat}/{batch.now}", occurred=batch.now,
            values=told, parts=((self.hears[0], boat),) if code == "overdue_silent" else (), position=position, segment=places_of(site, batch.devices.area).segment_at(position),
        )  # fmt: skip


def _forget(memory: Memory, now: int) -> None:
    """Reports of a month ago, but for a departure that is the boat's last word."""
    for boat, reports in list(memory.reports.items()):
        last = max(reports, key=lambda each: (reports[each][1], each))
        for name, report in list(reports.items()):
            if now - report[1] > 31 * DAY and (name != last or report[0] != "departure" or now - report[1] > 90 * DAY):
                del reports[name]
        if not reports:
            del memory.reports[boat]


def registered_as(site: Site, boat: str) -> Vessel | None:
    return site.vessel.get(boat) or site.registry.get(boat)


def position_of(batch: Batch, row: int) -> tuple[float, float] | None:
    """The last fix of a row of the table, or None."""
    latest = batch.vessels.latest
    if not 0 <= row < len(latest.at) or latest.at[row] < 0 or not np.isfinite(latest.longitude[row] + latest.latitude[row]):
        return None
    return round(float(latest.longitude[row]), 6), round(float(latest.latitude[row]), 6)


def _nearest_first(members: tuple[str, ...], boat: str, position: tuple[float, float] | None, batch: Batch, site: Site) -> list[str]:
    """Names of the others of the group, those nearest to it first, those not heard last."""
    found: list[tuple[int, int, str]] = []
    for at, member in enumerate(members):
        other = site.registry[member]
        key = site.identity[member]
        there = position_of(batch, batch.vessels.row.get(key, NEVER))
        away = np.inf
        if position is not None and there is not None:
            away = float(metres_between(*position, np.array([there[0]]), np.array([there[1]]))[0])
        if key != boat:
            found.append((round(away) if np.isfinite(away) else 10**9, at, other.name))
    return [name for _, _, name in sorted(found)]
