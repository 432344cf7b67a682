"""M14: a vessel is in forbidden water or has passed a border, or will be there in a few minutes if it holds its course.

What fixes say is noted vessel by vessel; ticks decide. A vessel is in with its second fix inside in a row, and out when it has been 200 m clear of the
edge for five minutes. Masks, permits, calendars and the whitelist are asked only of the few vessels that are near.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ingest.site import Area, Site, Vessel, Zone
from ingest.zones import in_force
from models.batch import Batch
from models.columns import Positions, Truths
from models.memory import grown
from models.model import Finding, FoundLevel
from models.parameters import parameter, placed
from models.permits import Permits
from models.places import places_of
from models.subjects import Devices
from models.watched_water import Fix, Look, Measures, Watch

NEVER = -1
MINUTE, HOUR = 60_000, 3_600_000  # ms
LEVELS: tuple[FoundLevel, ...] = ("over", "blue", "yellow", "orange", "red")
IN_SHELTER = Look(clear=True, inside=False, crosses=False, due=None)


@dataclass
class Edge:
    """One vessel at one zone. Times of fixes in ms, `seen` and `out` in ms of hearing."""

    inside: int = 0  # fixes inside, in a row
    entered: int = NEVER  # when the second came
    crossed: bool = False  # it passed through between two fixes
    out: int = NEVER  # since when it is clear of the edge
    predictions: int = 0  # of entry, in a row
    first: int = NEVER  # the first of them
    missed: int = 0  # fixes since the last of them
    due: int = NEVER  # when it will be inside
    seen: int = NEVER  # the last of them
    warned: bool = False  # they were enough

    @property
    def blank(self) -> bool:
        return self.entered == NEVER and not (self.inside or self.crossed or self.predictions or self.warned)


@dataclass
class Ship:
    """A vessel near watched water: its last fix, and its edges by zone."""

    at: int
    heard: int
    longitude: float
    latitude: float
    sog: float
    cog: float
    earlier: list[float] = field(default_factory=list)  # longitude and latitude of the fix before the last, where it counts
    told: list[Any] = field(default_factory=lambda: [0, "", ""])  # level, code, zone
    edges: dict[str, Edge] = field(default_factory=dict)


@dataclass
class Memory:
    near: Truths  # bool[n] by vessel row: it has a place in `ships`
    ships: dict[int, Ship]
    touched: dict[int, bool]  # rows with news since the last tick
    permits: Permits
    scanned: int = NEVER


@dataclass(frozen=True)
class Boundary:
    code: ClassVar[str] = "M14"
    name: ClassVar[str] = "boundary"
    memory_version: ClassVar[int] = 2
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ("positions",)
    rare: ClassVar[tuple[str, ...]] = ("permit",)
    hears: ClassVar[tuple[str, ...]] = ()
    in_place: ClassVar[bool] = False  # permits matter at ticks

    warning: float = parameter(6.0, "min", "ours", 1, 60, "before a predicted entry, where the zone's own `warning` says nothing")
    predictions: int = parameter(3, "fixes", "warning-models M14", 1, 100, "in a row that must predict the entry")
    over: int = parameter(2 * MINUTE, "ms", "warning-models M14", 0, HOUR, "time that they must span")
    misses: int = parameter(2, "fixes", "ours", 1, 100, "in a row that do not predict it take a prediction back: a boat yaws")
    sailing: float = parameter(2.0, "kn", "warning-models M14", 0, 30, "slower vessels drift, and nothing is predicted of them")
    deep: float = parameter(50.0, "m", "warning-models M14", 0, 5_000, "of its way that must lie inside")
    inside: int = parameter(2, "fixes", "warning-models M14", 1, 100, "in a row inside that count as entry")
    clear: float = parameter(200.0, "m", "warning-models M14", 0, 20_000, "from the edge outside of which it is out (hysteresis)")
    left: int = parameter(5 * MINUTE, "ms", "warning-models M14", 0, 24 * HOUR, "clear of the edge, or off its collision course, that ends it")
    jitter: float = parameter(15.0, "m", "ours", 0, 500, "that a vessel at anchor must lie inside the edge: its fixes wander")
    anchored: float = parameter(0.5, "kn", "S-GFW", 0, 5, "slower vessels lie at anchor")
    way: int = parameter(10 * MINUTE, "ms", "ours", 10_000, HOUR, "between two fixes at most, for the way between them to count")
    lost: int = parameter(2 * HOUR, "ms", "S-2H: then M12 tells of it", MINUTE, 48 * HOUR, "of silence that ends what is known of a vessel")

    def start(self, _site: Site, _area: Area, _devices: Devices) -> Memory:
        return Memory(np.empty(0, dtype=np.bool_), {}, {}, Permits())

    def migrate(self, memory: Memory, _old: Devices, _new: Devices) -> Memory:
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        memory.permits.note(batch.rare, site)
        if len(batch.positions.nth) and batch.heard >= 0:
            watch = self._watch(site, batch.devices.area)
            if watch.zones:
                self._fixes(memory, batch, watch)
        if batch.tick and memory.ships:
            yield from self._judge(memory, batch, site)

    def _watch(self, site: Site, area: Area) -> Watch:
        """The area's watched zones, made once and kept with the site."""
        kept: dict[Any, Watch] = site.__dict__.setdefault("watch", {})
        if (self, area.id) not in kept:
            kept[self, area.id] = Watch(site, area, self._measures)
        return kept[self, area.id]

    def _measures(self, site: Site, zone: Zone) -> Measures:
        here = placed(self, site, zone)
        return Measures(here.warning * 60, here.clear, here.sailing, here.deep, here.anchored, here.jitter)

    # What fixes say

    def _fixes(self, memory: Memory, batch: Batch, watch: "Watch") -> None:
        fixes = batch.positions
        memory.near = grown(memory.near, len(batch.vessels), False)
        close = watch.close(fixes)
        rows = np.flatnonzero(close.any(axis=0) | memory.near[fixes.subject])
        if not len(rows):
            return
        sheltered = watch.places.sheltered(fixes.longitude[rows], fixes.latitude[rows]).tolist()
        for i, hidden in zip(rows.tolist(), sheltered, strict=True):
            self._fix(memory, fixes, i, batch.heard, watch, np.flatnonzero(close[:, i]).tolist(), sheltered=hidden)

    def _fix(self, memory: Memory, fixes: Positions, i: int, heard: int, watch: "Watch", close: list[int], *, sheltered: bool) -> None:
        row, at = int(fixes.subject[i]), int(fixes.at[i])
        ship = memory.ships.get(row)
        if ship is not None and at <= ship.at:
            return  # a repetition, or older than the last
        memory.touched[row] = True
        if not fixes.owner[i]:
            if ship is not None:
                ship.edges.clear()
            return
        here = Fix(float(fixes.longitude[i]), float(fixes.latitude[i]), float(fixes.sog[i]), float(fixes.cog[i]))
        before = None if ship is None or at - ship.at > self.way else (ship.longitude, ship.latitude)
        earlier = (ship.earlier[0], ship.earlier[1]) if ship is not None and ship.earlier else None
        if ship is None:
            ship = memory.ships[row] = Ship(at, heard, *here)
            memory.near[row] = True
        ship.earlier = [*before] if before else []
        ship.at, ship.heard, ship.longitude, ship.latitude, ship.sog, ship.cog = at, heard, *here
        near = [watch.zones[n] for n in close]
        for zone in (*near, *(each for each in watch.zones if each.id in ship.edges and each not in near)):
            edge = ship.edges.get(zone.id) or Edge()
            since = earlier if before and edge.inside == 1 else before  # a strip that holds one fix is passed all the same
            look = IN_SHELTER if sheltered else watch.look(zone, here, since)
            placed(self, watch.site, zone).note(edge, at, heard, look)
            if edge.blank:
                ship.edges.pop(zone.id, None)
            else:
                ship.edges[zone.id] = edge

    def note(self, edge: Edge, at: int, heard: int, look: Look) -> None:
        if look.inside:
            edge.inside, edge.out = edge.inside + 1, NEVER
        elif look.clear:
            edge.out = heard if edge.out == NEVER else edge.out
        else:
            edge.out = NEVER
        through = edge.crossed and not look.crosses and not look.inside
        edge.crossed = look.crosses and not edge.crossed  # there and back is a fix that strayed
        if edge.entered == NEVER:
            if edge.inside >= self.inside or through:
                edge.entered = at
                edge.out = heard if look.clear else NEVER
            elif not look.inside:
                edge.inside = 0
        if look.due is None:
            edge.missed += 1
            if edge.missed >= self.misses or look.inside:
                edge.predictions = 0
        else:
            edge.first = at if edge.predictions == 0 else edge.first
            edge.predictions, edge.missed, edge.due, edge.seen = edge.predictions + 1, 0, at + look.due, heard
            edge.warned = edge.warned or (edge.predictions >= self.predictions and at - edge.first >= self.over)

    # What it comes to

    def _judge(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        every = batch.now // 10_000 != memory.scanned
        rows = list(memory.ships) if every else list(memory.touched)
        memory.touched.clear()
        if every:
            memory.scanned = batch.now // 10_000
            memory.permits.forget(batch.now)
        for row in rows:
            ship = memory.ships.get(row)
            if ship is None:
                continue
            self._forget(ship, batch.heard)
            level, code, zone = self._standing(memory, ship, row, batch, site)
            if [level, code, zone] != ship.told:
                yield self._finding(ship, row, level, code, zone, batch, site)
            if not ship.edges:
                del memory.ships[row]
                memory.near[row] = False

    def _forget(self, ship: Ship, heard: int) -> None:
        """Edges that it is clear of, warnings that did not come true, and all of a vessel that is not heard any more."""
        if heard - ship.heard > self.lost:
            ship.edges.clear()
        for name, edge in list(ship.edges.items()):
            if edge.out != NEVER and heard - edge.out >= self.left:
                edge.inside, edge.entered, edge.crossed = 0, NEVER, False
            if edge.warned and heard - edge.seen >= self.left:
                edge.warned, edge.predictions = False, 0
            if edge.blank:
                del ship.edges[name]

    def _standing(self, memory: Memory, ship: Ship, row: int, batch: Batch, site: Site) -> tuple[int, str, str]:
        """(level, code, zone) of the worst that is true of the vessel."""
        vessel = batch.vessels.all[row]
        registered = site.vessel.get(vessel.id)
        if not ship.edges or vessel.asset != "ship" or _known(registered):
            return 0, "", ""
        worst, leave = (0, "", ""), memory.permits.afloat((vessel.id,), batch.now)
        for name, edge in ship.edges.items():
            zone = site.zone.get(name)
            level, code = (0, "") if zone is None else self._level(edge, zone)
            if zone is None or level <= worst[0] or name in leave or not in_force(site, zone, batch.now):
                continue
            worst = (level, code, name)
        return worst

    def _level(self, edge: Edge, zone: Zone) -> tuple[int, str]:
        if edge.entered != NEVER:
            return (4, "inside_strict") if zone.properties.get("strict") is True else (3, "inside" if zone.kind == "forbidden" else "border_crossed")
        return (2, "entry_predicted") if edge.warned else (0, "")

    def _finding(self, ship: Ship, row: int, level: int, code: str, zone: str, batch: Batch, site: Site) -> Finding:
        _, told_code, told_zone = ship.told
        ship.told = [level, code, zone]
        place, edge = site.zone.get(zone or told_zone), ship.edges.get(zone)
        vessel = batch.vessels.all[row]
        registered = site.vessel.get(vessel.id)
        position = round(ship.longitude, 6), round(ship.latitude, 6)
        values: dict[str, Any] = {
            "zone": zone or told_zone, "zone_zh": place.name_zh if place else "", "zone_en": place.name_en if place else "",
            "sog": _rounded(ship.sog, 1), "cog": _rounded(ship.cog, 0), "name": registered.name if registered else vessel.name,
            "minutes": max(0, edge.due - ship.at) // MINUTE if edge and level == 2 else None,
        }  # fmt: skip
        at = edge.entered if edge and level > 2 else ship.at
        return Finding(
            model=self.code, subject=vessel.id, level=LEVELS[level], code=code or told_code, index=batch.nth, cause=f"{vessel.id}/{ship.at}", occurred=at,
            values={key: value for key, value in values.items() if value not in (None, "")}, position=position,
            segment=places_of(site, batch.devices.area).segment_at(position),
        )  # fmt: skip


def _known(registered: Vessel | None) -> bool:
    return registered is not None and (registered.kind == "official" or Boundary.code in registered.whitelist)


def _rounded(value: float, digits: int) -> float | None:
    return round(value, digits) if np.isfinite(value) else None
