"""The water of a site for boats that sail it: a net of lanes clear of land and of forbidden water, moorings in the harbours, and fishing grounds."""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from math import cos, hypot, radians
from random import Random
from typing import Any, NamedTuple

import shapely
from shapely.geometry import LineString, Point, Polygon

from device_sim.chance import rng
from ingest.geo import metres
from ingest.site import Lonlat, Site

CLEAR = 0.0012  # degrees, about 130 m between a lane and the shore; ours
CLOSE = 0.0002  # degrees, about 20 m between a mooring or its way out and the shore; ours
NODES = 160
NEAR_HARBOUR = 16  # points more about each harbour
NEIGHBOURS = 6
MOORINGS = 12  # places in a harbour; ours
GROUNDS = 8
OFFSHORE = 0.018  # degrees, about 2 km between a fishing ground and the shore or the area's edge; ours
KEEPS_OFF = (
    0.03  # degrees, about 3.2 km between a fishing ground and watched water: who knows the line does not work within a quarter of an hour of it; ours
)
AHEAD = 0.015  # degrees, about 1.6 km beyond a lane's end that do not point into forbidden water: 6 min at 8 kn; ours
NO_WATER = ("forbidden", "aquaculture", "border")  # zones that no lane crosses
WATCHED = ("forbidden", "border")


class Harbour(NamedTuple):
    """A harbour or berth. `moorings`: numbers of points of the water."""

    id: str
    middle: Lonlat
    moorings: tuple[int, ...]


class Water(NamedTuple):
    """Points and, for each, which others can be reached in a straight line; the last points are the moorings. `grounds`: points to fish at."""

    points: tuple[Lonlat, ...]
    reach: tuple[tuple[int, ...], ...]
    harbours: tuple[Harbour, ...]
    grounds: tuple[int, ...]

    def way(self, one: int, other: int) -> list[Lonlat]:
        """The shortest way along the lanes, both ends included; empty if there is none."""
        best, queue = {one: 0.0}, [(0.0, one, -1)]
        before: dict[int, int] = {}
        while queue:
            far, here, last = heappop(queue)
            if here in before:
                continue
            before[here] = last
            if here == other:
                break
            for there in self.reach[here]:
                further = far + metres(self.points[here], self.points[there])
                if further < best.get(there, float("inf")):
                    best[there] = further
                    heappush(queue, (further, there, here))
        if other not in before:
            return []
        way = [other]
        while before[way[-1]] >= 0:
            way.append(before[way[-1]])
        return [self.points[each] for each in reversed(way)]


def land(site: Site, clear: float = CLEAR) -> Any:
    """The site's land as one prepared shape, `clear` degrees wider than it is."""
    shapes: list[Any] = []
    for line in site.shoreline:
        if len(line) >= 4 and line[0] == line[-1]:
            shapes.append(Polygon(line).buffer(0))
        elif len(line) >= 2:
            shapes.append(LineString(line))
    shape = shapely.union_all(shapes).buffer(clear) if shapes else Polygon()
    shapely.prepare(shape)
    return shape


def water(site: Site, seed: int) -> Water:
    """The same site and seed give the same water. Only the largest part that hangs together is kept."""
    kept: dict[int, Water] = site.__dict__.setdefault("water", {})
    if seed not in kept:
        kept[seed] = _water(site, rng(seed, "lanes"))
    return kept[seed]


def _water(site: Site, chance: Random) -> Water:
    dry, shore = land(site), land(site, CLOSE)
    coast = shapely.union_all([Polygon(area.outline).buffer(0) for area in site.areas])
    closed = shapely.union_all([Polygon(zone.ring).buffer(CLEAR) for zone in site.zones if zone.kind in NO_WATER])
    for shape in (coast, closed):
        shapely.prepare(shape)
    solid = shapely.union_all([dry, closed])
    ports = [(zone.id, Polygon(zone.ring)) for zone in site.zones if zone.kind in ("harbour", "berth")]
    points = _scattered(coast, coast, solid, NODES, chance)
    for _, port in ports:
        points += _scattered(port.buffer(0.02), coast, solid, NEAR_HARBOUR, chance)

    def free(one: Lonlat, other: Lonlat, solid: Any = dry) -> bool:
        lane = LineString((one, other))
        return not solid.intersects(lane) and coast.contains(lane) and not closed.intersects(_further(one, other))

    reach: list[set[int]] = [set() for _ in points]
    for one in range(len(points)):
        for other in _nearest(points, points[one])[1 : NEIGHBOURS + 1]:
            if free(points[one], points[other]):
                reach[one].add(other)
            if free(points[other], points[one]):
                reach[other].add(one)
    points, reach = _largest(points, reach)
    deep = coast.buffer(-OFFSHORE / 2)
    far = [one for one, at in enumerate(points) if dry.distance(Point(at)) > OFFSHORE - CLEAR and deep.contains(Point(at))]
    watched = shapely.union_all([Polygon(zone.ring) for zone in site.zones if zone.kind in WATCHED])
    drawn = chance.sample(far, min(GROUNDS, len(far)))
    grounds = tuple(sorted(one for one in drawn if watched.is_empty or watched.distance(Point(points[one])) > KEEPS_OFF))
    harbours = []
    for name, port in ports:
        if moorings := _moor(port, points, reach, lambda one, other: free(one, other, shore), shore, chance):
            harbours.append(Harbour(name, (port.centroid.x, port.centroid.y), moorings))
    return Water(tuple(points), tuple(tuple(sorted(others)) for others in reach), tuple(harbours), grounds)


def _scattered(within: Any, coast: Any, solid: Any, count: int, chance: Random) -> list[Lonlat]:
    shapely.prepare(solid)
    west, south, east, north = within.bounds
    points: list[Lonlat] = []
    for _ in range(60 * count):
        place = (round(chance.uniform(west, east), 5), round(chance.uniform(south, north), 5))
        if coast.contains(Point(place)) and not solid.intersects(Point(place)):
            points.append(place)
            if len(points) == count:
                break
    return points


def _moor(ring: Any, points: list[Lonlat], reach: list[set[int]], free: Any, shore: Any, chance: Random) -> tuple[int, ...]:
    """Adds moorings inside a harbour's ring to the points, each with its way out."""
    west, south, east, north = ring.bounds
    lanes, found = len(points), list[int]()
    for _ in range(20 * MOORINGS):
        place = (round(chance.uniform(west, east), 6), round(chance.uniform(south, north), 6))
        if not ring.contains(Point(place)) or shore.intersects(Point(place)):
            continue
        exits = [one for one in _nearest(points[:lanes], place)[:12] if free(place, points[one]) and free(points[one], place)]
        if exits:
            points.append(place)
            reach.append({exits[0]})
            reach[exits[0]].add(len(points) - 1)
            found.append(len(points) - 1)
            if len(found) == MOORINGS:
                break
    return tuple(found)


def _nearest(points: Sequence[Lonlat], place: Lonlat) -> list[int]:
    x, y = place
    return sorted(range(len(points)), key=lambda one: hypot((x - points[one][0]) * cos(radians(y)), y - points[one][1]))


def _further(one: Lonlat, other: Lonlat) -> LineString:
    """The lane and what lies ahead of its end."""
    x, y = other[0] - one[0], other[1] - one[1]
    scale = AHEAD / max(hypot(x, y), 1e-9)
    return LineString((one, (other[0] + x * scale, other[1] + y * scale)))


def _largest(points: Sequence[Lonlat], reach: Sequence[set[int]]) -> tuple[list[Lonlat], list[set[int]]]:
    """The largest part in which every point leads to every other by lanes that go both ways."""
    both = [{other for other in others if one in reach[other]} for one, others in enumerate(reach)]
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
            fresh = sorted(both[one] - seen)
            seen.update(fresh)
            stack.extend(fresh)
        best = max(best, part, key=len)
    number = {one: i for i, one in enumerate(sorted(best))}
    return [points[one] for one in number], [{number[other] for other in reach[one] if other in number} for one in number]


def lanes(net: Water) -> Iterator[tuple[Lonlat, Lonlat]]:
    """Every lane once a direction, for the tests and for drawing."""
    for one, others in enumerate(net.reach):
        yield from ((net.points[one], net.points[other]) for other in others)
