"""How a camera sees what moves: from what size on, how often, how well placed, and what it sees that is not there. Two cameras to compare: perfect and realistic.

A camera here looks all around. It looks once a second while something is near, else every ten seconds: what it says of an empty shore is the same.
"""

from collections.abc import Iterator, Sequence
from math import atan2, cos, degrees, hypot, radians, sin
from random import Random
from typing import Any

from msgspec import Struct, structs

from device_sim.actors import Actor, nearest_way
from device_sim.boxes import Say
from ingest.geo import from_local, metres, to_local
from ingest.site import Device, Site, Zone, with_revision

IDLE = 10_000  # ms between two looks at an empty shore
BEFORE, AFTER = 5_000, 30_000  # ms about what it sees in which it looks as often as it can
BRIDGED = 3_000  # ms unseen after which a tracker begins anew; ours
FRAME = 1_080  # px, height of the picture
TALL = 1.7  # m, a person
BUSY = (("person", 0.8), ("boat", 0.9), ("animal", 1.0))  # what a false object is taken for, summed; ours


class Lens(Struct, frozen=True, forbid_unknown_fields=True):
    """`recall`: (pixels high at least, share of looks in which it is found), rising."""

    name: str = "perfect"
    reach: float = 400.0  # m for people and vehicles; boats twice that
    focal: float = 20_000.0  # px: a perfect camera shows everything large enough
    recall: tuple[tuple[float, float], ...] = ((0.0, 1.0),)
    score: tuple[float, float] = (0.85, 0.95)
    false: float = 0.0  # objects a look that are not there
    error: float = 0.0  # of the distance, by which positions are off along the line of sight
    every: int = 1_000  # ms between two looks


PERFECT = Lens()
# People 12 to 24 px tall are found 3 times in 10, 24 to 48 px 4 times in 10, one false object in three looks: what such cameras measure. The rest ours:
# 50 degrees wide, 1080 lines, so that a person of 1.7 m is 24 px tall in 146 m.
REALISTIC = Lens("realistic", 300.0, 2_060.0, ((12.0, 0.3), (24.0, 0.4), (48.0, 0.85)), (0.3, 0.95), 1 / 3, 0.03)
LENSES = {lens.name: lens for lens in (PERFECT, REALISTIC)}


class Tracker:
    """Numbers what is seen; what was lost from sight gets a new one."""

    def __init__(self) -> None:
        self.seen: dict[str, tuple[int, int]] = {}  # actor -> track, ms
        self.count = 0

    def track(self, actor: str, at: int) -> int:
        track, last = self.seen.get(actor, (0, -BRIDGED - 1))
        if at - last > BRIDGED or not track:
            track = self.fresh()
        self.seen[actor] = track, at
        return track

    def fresh(self) -> int:
        self.count += 1
        return self.count


def commissioned(site: Site, lens: Lens) -> Site:
    """The site as its installer states it after a count by hand: of the persons in the nearest zone where people are counted, how many each camera finds."""
    counted = [zone for zone in site.zones if zone.kind == "bathing" or "capacity" in zone.properties]
    devices = tuple(
        structs.replace(device, finds=_share(lens, away)) if device.type == "camera" and (away := _nearest(device, counted)) <= lens.reach else device
        for device in site.devices
    )
    return with_revision(structs.replace(site, devices=devices))


def _nearest(camera: Device, zones: Sequence[Zone]) -> float:
    """M from the camera to the middle of the nearest zone; infinite where there is none."""
    middles = ((sum(x for x, _ in zone.ring) / len(zone.ring), sum(y for _, y in zone.ring) / len(zone.ring)) for zone in zones)
    return min((metres(camera.position, middle) for middle in middles), default=float("inf"))


def _share(lens: Lens, away: float) -> float:
    """Of looks at a person so many m away, those in which he is found."""
    pixels = lens.focal * TALL / max(1.0, away)
    return max((share for least, share in lens.recall if pixels >= least), default=0.0)


def near(cameras: Sequence[Device], actors: Sequence[Actor], lens: Lens) -> dict[str, list[Actor]]:
    """By camera: what comes within its reach."""
    found: dict[str, list[Actor]] = {}
    for actor in actors:
        for camera in cameras if actor.moving.seen else ():
            if nearest_way(actor, camera.position) <= _reach(actor, lens):
                found.setdefault(camera.id, []).append(actor)
    return found


def looks(chance: Random, start: int, end: int, camera: Device, actors: Sequence[Actor], lens: Lens) -> Iterator[Say]:
    """What the camera says from `start` to `end` (ms)."""
    spans = _spans([actor for actor in actors if not actor.moving.background])
    tracker = Tracker()
    at = start + chance.randrange(lens.every)
    while at < end:
        there = [actor for actor in actors if actor.begins <= at <= actor.ends]
        objects = [seen for actor in there if (seen := _look(chance, at, camera, actor, lens, tracker)) is not None]
        if chance.random() < lens.false:
            objects.append(_false(chance, camera, lens, tracker.fresh()))
        yield at, "tracks", {"preset": "home", "objects": objects}
        while spans and spans[0][1] < at:
            spans.pop(0)
        busy = bool(spans) and spans[0][0] <= at
        at += lens.every if busy else min(IDLE, max(lens.every, spans[0][0] - at)) if spans else IDLE


def _spans(actors: Sequence[Actor]) -> list[list[int]]:
    """Times [from, until] in which something is near, joined."""
    spans: list[list[int]] = []
    for begins, ends in sorted((actor.begins - BEFORE, actor.ends + AFTER) for actor in actors):
        if spans and begins <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], ends)
        else:
            spans.append([begins, ends])
    return spans


def _reach(actor: Actor, lens: Lens) -> float:
    return lens.reach * (2 if actor.class_ == "boat" else 1)


def _look(chance: Random, at: int, camera: Device, actor: Actor, lens: Lens, tracker: Tracker) -> dict[str, Any] | None:
    east, north = to_local(camera.position, actor.position(at))
    away = max(1.0, hypot(east, north))
    pixels = lens.focal * actor.tall / away
    found = max((share for least, share in lens.recall if pixels >= least), default=0.0)
    if away > _reach(actor, lens) or chance.random() >= found:
        return None
    if lens.error:
        stretch, aside = 1 + chance.gauss(0, lens.error), chance.gauss(0, 1.0)
        east, north = east * stretch - north / away * aside, north * stretch + east / away * aside
    low, high = lens.score
    score = low + (high - low) * (found * 0.6 + chance.random() * 0.4 if lens.false else chance.random())
    return _object(
        tracker.track(actor.id, at), actor, at, score, pixels, away, from_local(camera.position, east, north), degrees(atan2(east, north)), lens
    )


def _object(
    track: int, actor: Actor, at: int, score: float, pixels: float, away: float, where: tuple[float, float], bearing: float, lens: Lens
) -> dict[str, Any]:
    high = min(0.9, pixels / FRAME)
    wide = min(0.5, high * (0.4 if actor.class_ == "person" else 1.5))
    seen: dict[str, Any] = {
        "track": track, "class": actor.class_, "score": round(score, 3),
        "box": [round(bearing % 360 / 360 * (1 - wide), 4), round(max(0.0, 0.6 - high), 4), round(wide, 4), round(high, 4)],
        "position": [round(where[0], 7), round(where[1], 7)], "position_error": round(away * lens.error + (1.0 if lens.error else 0.1), 1),
        "speed": round(actor.speed(at), 2), "in_water": actor.moving.in_water,
    }  # fmt: skip
    if actor.moving.lit is not None:
        seen["lit"] = actor.moving.lit
    if actor.moving.length is not None:
        seen["length"] = actor.moving.length
    return seen


def _false(chance: Random, camera: Device, lens: Lens, track: int) -> dict[str, Any]:
    """Something that is not there, in this one look."""
    luck, away, bearing = chance.random(), chance.uniform(0.1, 1.0) * lens.reach, chance.uniform(0, 360)
    where = from_local(camera.position, away * sin(radians(bearing)), away * cos(radians(bearing)))
    high = min(0.9, lens.focal * TALL / away / FRAME)
    return {
        "track": track, "class": next(name for name, share in BUSY if luck < share), "score": round(chance.uniform(0.25, 0.6), 3),
        "box": [round(bearing / 360 * 0.9, 4), 0.5, round(high * 0.4, 4), round(high, 4)], "position": [round(where[0], 7), round(where[1], 7)],
        "position_error": round(away * lens.error + 1.0, 1), "speed": 0.0, "in_water": False,
    }  # fmt: skip
