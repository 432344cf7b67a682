"""Where each vessel is: moored in its harbour, sailing out along the lanes, fishing, sailing home, moored again. A plan made whole before it is played."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import atan2, cos, degrees, radians
from random import Random
from typing import Literal, NamedTuple

from device_sim.chance import rng
from device_sim.water import Water, water
from ingest.geo import metres
from ingest.site import Lonlat, Site

HOUR, MINUTE = 3_600_000, 60_000  # ms
KNOT = 1852 / 3600  # m/s
ROUND = 1_100.0  # m about a ground within which a vessel fishes; ours
State = Literal["moored", "sailing", "fishing"]


class Leg(NamedTuple):
    """A straight line from `start` to `end` in [since, until) ms."""

    since: int
    until: int
    start: Lonlat
    end: Lonlat
    state: State

    @property
    def knots(self) -> float:
        return metres(self.start, self.end) / max(self.until - self.since, 1) * 1000 / KNOT

    @property
    def course(self) -> float:
        """Degrees; that of a moored vessel is no course."""
        east = (self.end[0] - self.start[0]) * cos(radians(self.start[1]))
        return degrees(atan2(east, self.end[1] - self.start[1])) % 360


class Trip(NamedTuple):
    """Out at `departs`, home at `returns` (ms)."""

    departs: int
    returns: int


class Voyage(NamedTuple):
    """`legs` follow each other without a gap from before the start to after the end of what is played."""

    harbour: str
    legs: tuple[Leg, ...]
    trips: tuple[Trip, ...]

    def leg(self, at: int) -> Leg:
        return self.legs[max(0, bisect_right(self.legs, at, key=lambda leg: leg.since) - 1)]

    def position(self, at: int) -> Lonlat:
        leg = self.leg(at)
        share = min(1.0, (at - leg.since) / max(leg.until - leg.since, 1))
        return leg.start[0] + (leg.end[0] - leg.start[0]) * share, leg.start[1] + (leg.end[1] - leg.start[1]) * share

    def at_sea(self, since: int, until: int) -> bool:
        """Whether it is under way all of [since, until]."""
        return not any(leg.state == "moored" and leg.since <= until and leg.until > since for leg in self.legs)


def fleet(site: Site, names: Sequence[str], seed: int, start: int, end: int) -> dict[str, Voyage]:
    """The voyages of vessels by MMSI or terminal; empty where the site has no water to sail."""
    net = water(site, seed)
    if not net.harbours or not net.grounds:
        return {}
    taken: dict[str, int] = {}
    found = {}
    for name in names:
        chance = rng(seed, f"voyage {name}")
        harbour = _home(site, net, name, chance)
        place = taken[harbour] = taken.get(harbour, -1) + 1
        known = site.vessel.get(name)
        together = rng(seed, f"voyage of group {known.group}") if known and known.group else chance
        found[name] = _voyage(net, harbour, place, chance, together, start, end)
    return found


def voyage_of(site: Site, name: str, seed: int, departs: int, fishes: int) -> Voyage:
    """One trip of a boat from the harbour nearest to its station: out at `departs`, `fishes` ms on the ground, and home."""
    net = water(site, seed)
    if not net.harbours or not net.grounds:
        return Voyage("", (), ())
    chance = rng(seed, f"voyage {name}")
    harbour = _home(site, net, name, chance)
    moorings = next(each.moorings for each in net.harbours if each.id == harbour)
    mooring, knots = moorings[chance.randrange(len(moorings))], chance.uniform(7, 9)
    berth = net.points[mooring]
    out, home = _there_and_back(net, mooring, chance)
    if not out:
        return Voyage(harbour, (), ())
    legs = [Leg(departs - HOUR, departs, berth, berth, "moored"), *_sail(out, departs, knots)]
    legs += _fish(out[-1], legs[-1].until, legs[-1].until + fishes, chance)
    legs += _sail(home, legs[-1].until, knots)
    back = legs[-1].until
    return Voyage(harbour, (*legs, Leg(back, back + 48 * HOUR, berth, berth, "moored")), (Trip(departs, back),))


def _home(site: Site, net: Water, name: str, chance: Random) -> str:
    """The harbour nearest to the vessel's station."""
    vessel = site.vessel.get(name)
    post = site.post.get(vessel.home) if vessel else None
    if post is None or post.position is None:
        return net.harbours[chance.randrange(len(net.harbours))].id
    here = post.position
    return min(net.harbours, key=lambda harbour: (metres(harbour.middle, here), harbour.id)).id


def _voyage(net: Water, harbour: str, place: int, chance: Random, together: Random, start: int, end: int) -> Voyage:
    """Moorings are shared by rafting: `place` is this vessel's number in its harbour. `together`: the chance of its ten-ship group, which sails as one."""
    moorings = next(each.moorings for each in net.harbours if each.id == harbour)
    mooring = moorings[place % len(moorings)]
    knots = together.uniform(5.5, 8.5) + chance.uniform(-0.5, 0.5)
    legs: list[Leg] = []
    trips: list[Trip] = []
    gathers = at = start - round(together.uniform(0, 14) * HOUR)
    berth = net.points[mooring]
    while at < end + HOUR:
        leaves = gathers + round(together.uniform(2, 8) * HOUR)
        until = leaves + round(together.uniform(3.5, 8) * HOUR)
        out, home = _there_and_back(net, mooring, together)
        if not out:
            return Voyage(harbour, (Leg(start - HOUR, end + HOUR, berth, berth, "moored"),), ())
        departs = max(at + MINUTE, leaves + round(chance.uniform(0, 8) * MINUTE))
        legs += [Leg(at, departs, berth, berth, "moored"), *_sail(out, departs, knots)]
        legs += _fish(out[-1], legs[-1].until, max(until, legs[-1].until + 30 * MINUTE), chance)
        legs += _sail(home, legs[-1].until, knots)
        at, gathers = legs[-1].until, until + 3 * HOUR
        trips.append(Trip(departs, at))
    kept = [leg for leg in legs if leg.until > start - HOUR]
    return Voyage(harbour, tuple(kept), tuple(trip for trip in trips if trip.returns > start))


def _there_and_back(net: Water, mooring: int, chance: Random) -> tuple[list[Lonlat], list[Lonlat]]:
    for ground in chance.sample(net.grounds, len(net.grounds)):
        out, home = net.way(mooring, ground), net.way(ground, mooring)
        if out and home:
            return out, home
    return [], []


def _sail(way: Sequence[Lonlat], at: int, knots: float) -> Iterator[Leg]:
    for i, (one, other) in enumerate(pairwise(way)):
        slow = knots if 0 < i < len(way) - 2 else min(knots, 4.0)  # in and out of the harbour
        until = at + max(1_000, round(metres(one, other) / (slow * KNOT) * 1000))
        yield Leg(at, until, one, other, "sailing")
        at = until


def _fish(ground: Lonlat, at: int, until: int, chance: Random) -> Iterator[Leg]:
    """To and fro about the ground, and back to it."""
    here = ground
    while at < until:
        side = chance.uniform(-1, 1), chance.uniform(-1, 1)
        there = ground[0] + side[0] * ROUND / 111_195 / cos(radians(ground[1])), ground[1] + side[1] * ROUND / 111_195
        last = at > until - 20 * MINUTE
        there = ground if last else there
        ends = at + max(60_000, round(metres(here, there) / (chance.uniform(2.3, 3.6) * KNOT) * 1000))
        yield Leg(at, ends, here, there, "fishing")
        here, at = there, ends
        if last:
            return
    yield Leg(at, at + max(1_000, round(metres(here, ground) / (3 * KNOT) * 1000)), here, ground, "fishing")
