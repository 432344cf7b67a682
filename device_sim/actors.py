"""What moves on the pretend coast: people, vehicles and boats on their ways over the ground. How a camera sees them is `vision.py`'s, what a vessel says of itself `vessels.py`'s."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import hypot
from random import Random
from typing import Literal, NamedTuple

import shapely
from msgspec import Struct

from device_sim.water import land
from ingest.geo import from_local, nearest_segment, to_local
from ingest.site import Lonlat, Site

MINUTE = 60_000  # ms
METRES = 100_000.0  # of one degree, roughly
Class = Literal["person", "boat", "car", "van", "truck", "crane", "motorcycle", "bicycle", "animal"]
TALL = {"person": 1.7, "boat": 3.0, "car": 1.5, "van": 2.0, "truck": 3.0, "crane": 6.0, "motorcycle": 1.5, "bicycle": 1.7, "animal": 0.6}  # m; ours
SHORE = ("closed", "bathing", "gleaning", "risk_point", "road", "parking", "berth")  # kinds of zones whose ways go by the shore, not by north


class Moving(Struct, frozen=True, forbid_unknown_fields=True, rename={"class_": "class"}):
    """`count` of a kind on one way, each `spread` metres about it.

    `way`: (minutes after the scene's beginning, metres along, metres seaward) from the place; at sea metres east and north. It is there from the first to
    the last. `ais`: what it says of itself, nothing if empty; `vessel`: its MMSI, `registered` for some boat of the registry, else invented.
    """

    way: tuple[tuple[float, float, float], ...]
    class_: Class = "person"
    count: int = 1
    spread: float = 3.0
    wander: float = 0.0  # m that it shifts about while it is there, each minute elsewhere
    ais: Literal["", "A", "B", "beidou"] = ""
    vessel: str = ""
    name: str = ""
    ship_type: int = 30  # ITU-R M.1371: fishing
    length: float | None = None  # m
    lit: bool | None = None
    in_water: bool = False
    silent: str = ""  # after the scene's beginning: from then on it says nothing
    seen: bool = True  # a camera can see it
    background: bool = False  # no camera looks more often because of it


class Point(NamedTuple):
    at: int  # ms
    east: float  # m from the place
    north: float


class Actor(NamedTuple):
    """One thing on its way; the first and the last point are its times."""

    id: str
    class_: Class
    place: Lonlat
    way: tuple[Point, ...]
    moving: Moving
    vessel: str = ""

    @property
    def begins(self) -> int:
        return self.way[0].at

    @property
    def ends(self) -> int:
        return self.way[-1].at

    @property
    def tall(self) -> float:
        return TALL[self.class_]

    def local(self, at: int) -> tuple[float, float]:
        """Metres east and north of the place."""
        one, other = self._leg(at)
        share = min(1.0, max(0.0, (at - one.at) / max(1, other.at - one.at)))
        return one.east + (other.east - one.east) * share, one.north + (other.north - one.north) * share

    def position(self, at: int) -> Lonlat:
        return from_local(self.place, *self.local(at))

    def velocity(self, at: int) -> tuple[float, float]:
        """m/s east and north."""
        one, other = self._leg(at)
        seconds = max(1, other.at - one.at) / 1000
        return (other.east - one.east) / seconds, (other.north - one.north) / seconds

    def speed(self, at: int) -> float:
        """m/s"""
        return hypot(*self.velocity(at))

    def _leg(self, at: int) -> tuple[Point, Point]:
        row = min(max(1, bisect_right(self.way, at, key=lambda point: point.at)), len(self.way) - 1)
        return self.way[row - 1], self.way[row]


class Frame(NamedTuple):
    """A place and the unit vectors (east, north) of its two ways: along the shore and seaward, or east and north."""

    place: Lonlat
    along: tuple[float, float]
    seaward: tuple[float, float]


def frame_at(site: Site, place: Lonlat, *, shore: bool) -> Frame:
    segment = nearest_segment(site, place, 3_000) if shore else None
    if segment is None:
        return Frame(place, (1.0, 0.0), (0.0, 1.0))
    east, north = to_local(segment.start, segment.end)
    length = hypot(east, north) or 1.0
    along = east / length, north / length
    left = -along[1], along[0]
    dry = _dry(site)
    wet = [not dry.intersects(shapely.Point(from_local(segment.middle, left[0] * away, left[1] * away))) for away in (-150, -100, -60, 60, 100, 150)]
    return Frame(place, along, left if sum(wet[3:]) >= sum(wet[:3]) else (-left[0], -left[1]))


def is_open(site: Site, place: Lonlat) -> bool:
    """Whether a place is within some 30 m of a shore before 800 m of water."""
    frame, dry = frame_at(site, place, shore=True), _dry(site)
    points = [from_local(place, frame.seaward[0] * away, frame.seaward[1] * away) for away in (30, 80, 150, 300, 500, 800)]
    ashore = float(dry.distance(shapely.Point(place))) * METRES <= 30
    return ashore and frame.seaward != (0.0, 1.0) and not any(dry.intersects(shapely.Point(point)) for point in points)


def _dry(site: Site) -> shapely.Geometry:
    kept: dict[str, shapely.Geometry] = site.__dict__.setdefault("dry", {})
    return kept.setdefault("dry", kept.get("dry") or land(site, 0.0))


def actors(name: str, moving: Moving, frame: Frame, start: int, vessels: Sequence[str], chance: Random) -> list[Actor]:
    """`vessels`: one for each, or none."""
    found = []
    for nth in range(moving.count):
        off = (chance.uniform(-1, 1) * moving.spread, chance.uniform(-1, 1) * moving.spread) if moving.count > 1 else (0.0, 0.0)
        points = [_point(frame, start + round(minute * MINUTE), along + off[0], seaward + off[1]) for minute, along, seaward in moving.way]
        way = tuple(_wandering(points, moving.wander, chance)) if moving.wander else tuple(points)
        found.append(Actor(f"{name}.{nth}", moving.class_, frame.place, way, moving, vessels[nth] if nth < len(vessels) else ""))
    return found


def _point(frame: Frame, at: int, along: float, seaward: float) -> Point:
    return Point(
        at, along * frame.along[0] + seaward * frame.seaward[0], along * frame.along[1] + seaward * frame.seaward[1]
    )  # fmt: skip


def _wandering(points: Sequence[Point], metres_: float, chance: Random) -> list[Point]:
    """A point each minute of every leg, beside it."""
    found = [points[0]]
    for one, other in pairwise(points):
        steps = max(1, (other.at - one.at) // MINUTE)
        for step in range(1, steps + 1):
            share = step / steps
            aside = (0.0, 0.0) if step == steps else (chance.uniform(-1, 1) * metres_, chance.uniform(-1, 1) * metres_)
            found.append(
                Point(
                    one.at + (other.at - one.at) * step // steps,
                    one.east + (other.east - one.east) * share + aside[0],
                    one.north + (other.north - one.north) * share + aside[1],
                )
            )
    return found


def nearest_way(actor: Actor, place: Lonlat) -> float:
    """Metres from a place to the nearest point of its way."""
    east, north = to_local(actor.place, place)
    line = shapely.LineString([(point.east, point.north) for point in actor.way]) if len(actor.way) > 1 else shapely.Point(actor.way[0][1:])
    return float(line.distance(shapely.Point(east, north)))


def middle_of(site: Site, place: str) -> tuple[Lonlat, bool]:
    """(position, whether its ways go by the shore) of a zone, device or segment. Raises ValueError."""
    if (zone := site.zone.get(place)) is not None:
        middle = shapely.Polygon(zone.ring).centroid
        return (middle.x, middle.y), zone.kind in SHORE
    if (device := site.device.get(place)) is not None:
        return device.position, True
    if (segment := site.segment.get(place)) is not None:
        return segment.middle, True
    raise ValueError(f"{place}: no zone, device or segment of this site")
