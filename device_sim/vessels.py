"""Vessels on the water: a net of sea lanes clear of land, and boats that wander along it, heard by AIS (class A, B) or Beidou."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import atan2, cos, degrees, hypot, radians
from random import Random
from typing import Any, NamedTuple

import shapely
from shapely.geometry import LineString, Point, Polygon

from device_sim.boxes import Say
from device_sim.scenario import Staged, rng
from ingest.site import Lonlat, Site

CLEAR = 0.0012  # degrees, about 130 m between a lane and the shore; ours
NODES = 160
NEIGHBOURS = 6
METRES = 111_195  # of a degree of latitude
KNOT = 1852 / 3600  # m/s
STATIC = 360_000  # ms between static reports; ITU-R M.1371


class Lanes(NamedTuple):
    """Points of the water and, for each, which others can be reached in a straight line over water."""

    points: tuple[Lonlat, ...]
    reach: tuple[tuple[int, ...], ...]


def land(site: Site) -> Any:
    """The site's land as one prepared shape, `CLEAR` wider than it is."""
    shapes: list[Any] = []
    for line in site.shoreline:
        if len(line) >= 4 and line[0] == line[-1]:
            shapes.append(Polygon(line).buffer(0))
        elif len(line) >= 2:
            shapes.append(LineString(line))
    shape = shapely.union_all(shapes).buffer(CLEAR) if shapes else Polygon()
    shapely.prepare(shape)
    return shape


def lanes(site: Site, seed: int) -> Lanes:
    """The same site and seed give the same lanes. Only the largest part that hangs together is kept."""
    chance, dry = rng(seed, "lanes"), land(site)
    coast = shapely.union_all([Polygon(area.outline).buffer(0) for area in site.areas])
    shapely.prepare(coast)
    west, south, east, north = coast.bounds
    points: list[Lonlat] = []
    for _ in range(60 * NODES):
        place = (round(chance.uniform(west, east), 5), round(chance.uniform(south, north), 5))
        if coast.contains(Point(place)) and not dry.intersects(Point(place)):
            points.append(place)
            if len(points) == NODES:
                break
    reach: list[set[int]] = [set() for _ in points]
    for one, (x, y) in enumerate(points):
        near = sorted((hypot((x - a) * cos(radians(y)), y - b), other) for other, (a, b) in enumerate(points) if other != one)
        for _, other in near[:NEIGHBOURS]:
            lane = LineString((points[one], points[other]))
            if not dry.intersects(lane) and coast.contains(lane):
                reach[one].add(other)
                reach[other].add(one)
    return _largest(points, reach)


def _largest(points: Sequence[Lonlat], reach: Sequence[set[int]]) -> Lanes:
    seen: set[int] = set()
    best: list[int] = []
    for start in range(len(points)):
        if start in seen:
            continue
        part, stack = [], [start]
        seen.add(start)
        while stack:
            one = stack.pop()
            part.append(one)
            fresh = sorted(reach[one] - seen)
            seen.update(fresh)
            stack.extend(fresh)
        best = max(best, part, key=len)
    number = {one: i for i, one in enumerate(sorted(best))}
    return Lanes(tuple(points[one] for one in number), tuple(tuple(number[other] for other in sorted(reach[one])) for one in number))


def vessel(name: str, known: str, chance: Random, lanes: Lanes, start: int, plan: Sequence[Staged]) -> Iterator[Say]:
    """Without end: positions along the lanes, nothing while staged as silent. `known` is the registered name. Needs two points at least."""
    beidou = chance.random() < 0.2
    cls = "A" if chance.random() < 0.4 else "B"
    knots = chance.uniform(3, 12) if cls == "A" else chance.uniform(2, 8)
    every = 60_000 if beidou else 10_000 if cls == "A" else 30_000  # M.1371: class A under 14 kn, class B; Beidou: a minute
    system = {"system": "beidou"} if beidou else {"system": "ais", "class": cls, **({"nav_status": 0} if cls == "A" else {})}
    static = {"name": known or f"MIN SHI YU {name[-5:]}", "length": float(chance.randrange(8, 45)), "ship_type": 30}
    at, told, road = start + chance.randrange(every), 0, _road(lanes, chance)
    (x, y), target = next(road), next(road)
    while True:
        scale = cos(radians(y))
        east, north = (target[0] - x) * scale * METRES, (target[1] - y) * METRES
        left, step = hypot(east, north), knots * KNOT * every / 1000
        if step >= left:
            x, y = target  # it turns at the lane's end
            target = next(road)
        else:
            x, y = x + (target[0] - x) * step / left, y + (target[1] - y) * step / left
        if not any(one.at <= at < one.until for one in plan):
            course = round(degrees(atan2(east, north)) % 360, 1) % 360
            fields: dict[str, Any] = {"vessel": name, **system, "position": [round(x, 6), round(y, 6)], "cog": course}
            fields["sog"] = round(max(0.0, knots + chance.uniform(-0.3, 0.3)), 1)
            if at - told >= STATIC:
                told = at
                fields |= static
            yield at, "position", fields
        at += every


def _road(lanes: Lanes, chance: Random) -> Iterator[Lonlat]:
    """Points one after the other, going back only where a lane ends."""
    before, here = -1, chance.randrange(len(lanes.points))
    while True:
        yield lanes.points[here]
        ways = lanes.reach[here]
        onward = [way for way in ways if way != before] or list(ways)
        before, here = here, chance.choice(onward)


def legs(lanes: Lanes) -> Iterator[tuple[Lonlat, Lonlat]]:
    """Every lane once, for the tests and for drawing."""
    for one, others in enumerate(lanes.reach):
        yield from ((lanes.points[one], lanes.points[other]) for other in others if other > one)


def length(points: Sequence[Lonlat]) -> float:
    """Metres along `points`."""
    return sum(hypot((b[0] - a[0]) * cos(radians(a[1])), b[1] - a[1]) * METRES for a, b in pairwise(points))
