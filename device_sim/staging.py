"""Scenes as they are played: who takes part, where each is and what he says when, and the truth with its times, places and names."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from device_sim.actors import MINUTE, Actor, Point, actors, frame_at, middle_of
from device_sim.chance import rng
from device_sim.scenes import Boat, Change, Must, Sailing, Saying, Scene
from device_sim.voyages import Voyage, voyage_of
from ingest.durations import duration
from ingest.geo import inside, metres, to_local
from ingest.site import Device, Lonlat, Site
from ingest.site import Vessel as Registered

CRUISE = 4.0  # m/s, of a vessel on its way to shelter; ours


class Told(NamedTuple):
    """A message at its time (ms)."""

    at: int
    device: Device
    kind: str
    fields: dict[str, Any]


class Changed(NamedTuple):
    """A change at its time (ms)."""

    since: int
    until: int
    kind: str
    fields: dict[str, Any]
    silent: bool
    waits: int


class Plan(NamedTuple):
    """All scenes of a scenario as they are played. `changes` by device."""

    actors: tuple[Actor, ...]
    voyages: dict[str, Voyage]
    silences: dict[str, int]  # vessel -> ms from which it says nothing
    said: tuple[Told, ...]
    changes: dict[str, tuple[Changed, ...]]
    truth: tuple[dict[str, Any], ...]


class _Names:
    """Vessels that are in nobody's scene yet."""

    def __init__(self, site: Site, taken: Sequence[str]) -> None:
        self.site, self.taken, self.invented = site, dict.fromkeys(taken), 0
        # Of which a boat is somewhere already: who is of one group keeps together
        self.groups = dict.fromkeys(site.vessel[name].group for name in taken if name in site.vessel)

    def vessel(self, wanted: str, boat: Boat) -> str:
        if wanted == "registered":
            free = [each for each in self.site.vessels if each.mmsi not in self.taken and _fits(each, boat)]
            if not free:
                raise ValueError("no such registered boat is left for the scene")
            chosen = next((each for each in free if each.group not in self.groups), free[0])
            self.groups[chosen.group] = None
            found = chosen.mmsi
        elif wanted:
            found = wanted
        else:
            self.invented += 1
            found = f"4139{self.invented:05d}"
        self.taken[found] = None
        return found


def _named(scene: Scene) -> list[str]:
    return [*(each.vessel for each in scene.boats), *(each.vessel for each in scene.sailing), *(each.vessel for each in scene.moving)]


def _fits(vessel: Registered, boat: Boat) -> bool:
    """Nothing is wrong with it, and it is as it was asked for."""
    sound = (
        vessel.kind == "fishing" and not vessel.whitelist and min(vessel.certificate_until, vessel.insurance_until, vessel.inspection_until) > "2030"
    )
    return bool(vessel.mmsi) and sound and (not boat.gear or vessel.gear in boat.gear) and boat.longer <= (vessel.length or 0) < boat.shorter


def plan(site: Site, scenes: Sequence[Scene], taken: Sequence[str], seed: int, start: int) -> Plan:
    """`taken`: vessels that sail already. Raises ValueError with the scene that cannot be staged."""
    named = [name for scene in scenes for name in _named(scene) if name in site.vessel]
    names = _Names(site, (*taken, *named))
    moving: list[Actor] = []
    voyages: dict[str, Voyage] = {}
    silences: dict[str, int] = {}
    said: list[Told] = []
    changes: dict[str, list[Changed]] = {}
    truth = []
    for number, scene in enumerate(scenes):
        try:
            at, place = start + duration(scene.at), _place(site, scene, seed, number)
            here = middle_of(site, place)[0] if place else None
            mine, ids = _cast(site, scene, place, names, at, seed, number)
            moving += mine
            silences |= {actor.vessel: at + duration(actor.moving.silent) for actor in mine if actor.vessel and actor.moving.silent}
            ids += [names.vessel(boat.vessel, boat) for boat in scene.boats]
            for nth, each in enumerate(scene.sailing):
                vessel = names.vessel(each.vessel, Boat(gear=each.gear, shorter=each.shorter))
                ids.append(vessel)
                voyages[vessel], reports = _sail(site, each, vessel, f"{number}.{nth}", at, seed)
                said += reports
                if each.silent:
                    silences[vessel] = at + duration(each.silent)
            for say in scene.says:
                said += _says(site, say, here, _said_of(site, place, ids, number), at, str(number))
            for change in scene.changes:
                for device in _devices(site, change.device, here):
                    changes.setdefault(device.id, []).append(_changed(change, at))
            until = max([at + duration(scene.lasts), *(voyages[name].trips[0].returns for name in ids if name in voyages)])
            invented = [_nobody(number)] if any("#nobody" in say.fields.values() for say in scene.says) else []
            truth.append(_truth(scene, place, here, [*ids, *invented], at, until))
        except ValueError as wrong:
            raise ValueError(f"scene {scene.name}: {wrong}") from wrong
    slow = [change for device, some in changes.items() if site.device[device].type == "receiver" for change in some if change.waits]
    for one in truth:
        _later(one, slow)
    return Plan(
        tuple(moving), voyages, silences, tuple(sorted(said, key=lambda each: each.at)),
        {device: tuple(some) for device, some in changes.items()}, tuple(truth),
    )  # fmt: skip


def _place(site: Site, scene: Scene, seed: int, number: int) -> str:
    if not scene.place.startswith("any "):
        return scene.place
    zones = [zone.id for zone in site.zones if zone.kind == scene.place[4:]]
    if not zones:
        raise ValueError(f"the site has no zone of kind {scene.place[4:]}")
    return zones[rng(seed, f"place {number}").randrange(len(zones))]


def _cast(site: Site, scene: Scene, place: str, names: _Names, at: int, seed: int, number: int) -> tuple[list[Actor], list[str]]:
    found: list[Actor] = []
    ids: list[str] = []
    if scene.moving and not place:
        raise ValueError("something moves, but there is no place")
    for nth, moving in enumerate(scene.moving):
        middle, shore = middle_of(site, place)
        vessels = [names.vessel(moving.vessel, Boat()) for _ in range(moving.count)] if moving.ais else []
        ids += vessels
        frame = frame_at(site, middle, shore=shore)
        chance = rng(seed, f"scene {number}.{nth}")
        found += [_sheltered(site, actor, chance) for actor in actors(f"{number}.{nth}", moving, frame, at, vessels, chance)]
    return found, ids


def _sheltered(site: Site, actor: Actor, chance: Random) -> Actor:
    """A vessel that is heard does not end at sea, where its silence would be an event of its own: it sails to the nearest anchorage or harbour."""
    shelters = [zone for zone in site.zones if zone.kind in ("anchorage", "harbour", "berth")]
    if not actor.vessel or not shelters or any(inside(zone.ring, actor.position(actor.ends)) for zone in shelters):
        return actor
    end = actor.position(actor.ends)
    middles = [middle_of(site, zone.id)[0] for zone in shelters if zone.kind == "anchorage"] or [middle_of(site, zone.id)[0] for zone in shelters]
    place = min(middles, key=lambda middle: metres(middle, end))
    east, north = to_local(actor.place, place)
    aside = (chance.uniform(-800, 800), chance.uniform(-600, 600))
    arrives = actor.ends + round(metres(end, place) / CRUISE * 1000)
    return actor._replace(way=(*actor.way, Point(arrives, east + aside[0], north + aside[1])))


def _sail(site: Site, sailing: Sailing, vessel: str, name: str, at: int, seed: int) -> tuple[Voyage, list[Told]]:
    departs = at + duration(sailing.departs)
    voyage = voyage_of(site, vessel, seed, departs, duration(sailing.fishes))
    if not voyage.trips:
        raise ValueError(f"no water to sail from {voyage.harbour or 'any harbour'}")
    console = _console(site, vessel)
    clerk = next((person.id for person in site.people if person.role == "clerk" and site.post[person.post].area == console.area), "")
    fields = {"vessel": vessel, "harbour": voyage.harbour, "by": clerk}
    checks = {**dict.fromkeys(("papers", "insurance", "inspection", "locator", "radio", "lifejackets"), "ok"), **sailing.checks}
    told = []
    if sailing.report:
        out = {
            "report": "departure",
            "eta": departs + duration(sailing.eta) if sailing.eta else voyage.trips[0].returns + 60 * MINUTE,
            "persons": sailing.persons,
            "checks": checks,
        }
        told.append(Told(max(at, departs - 10 * MINUTE), console, "trip", {"id": f"scene-{name}-out", **fields, **out}))
    if sailing.back:
        home = {"report": "return", "persons": sailing.persons if sailing.counted is None else sailing.counted}
        told.append(Told(voyage.trips[0].returns + 5 * MINUTE, console, "trip", {"id": f"scene-{name}-back", **fields, **home}))
    return voyage, told


def _console(site: Site, vessel: str) -> Device:
    registered = site.vessel.get(vessel)
    post = site.post.get(registered.home) if registered else None
    consoles = [device for device in site.devices if device.type == "console"]
    if not consoles:
        raise ValueError("the site has no console to report at")
    return min(consoles, key=_from(post.position)) if post is not None and post.position is not None else consoles[0]


def _said_of(site: Site, place: str, ids: Sequence[str], number: int) -> dict[str, str]:
    """What stands for what in messages."""
    named = {f"#name{nth}": site.vessel[vessel].name for nth, vessel in enumerate(ids) if vessel in site.vessel}
    return {"#place": place, "#nobody": _nobody(number), **{f"#{nth}": vessel for nth, vessel in enumerate(ids)}, **named}


def _nobody(number: int) -> str:
    """A boat's name that is in no registry, well formed."""
    return f"闽惠渔{number:05d}"


def _says(site: Site, say: Saying, here: Lonlat | None, names: Mapping[str, str], at: int, number: str) -> list[Told]:
    first = at + duration(say.after)
    last = at + duration(say.until) if say.until else first
    step = duration(say.every) if say.every else 1
    fields = {name: names.get(value, value) if isinstance(value, str) else value for name, value in say.fields.items()}
    if "id" in fields:
        fields["id"] = f"{fields['id']}-{number}"
    if here is not None and fields.get("position") == "here":
        fields["position"] = list(here)
    moments = {name: (at - duration(value[1:]) if value.startswith("-") else at + duration(value)) for name, value in say.times.items()}
    early = duration(say.early) if say.early else 0
    (device, *_) = _devices(site, say.device, here)
    return [Told(moment, device, say.kind, {**fields, **moments, "ts": moment - early}) for moment in range(first, last + 1, step)]


def _devices(site: Site, wanted: str, here: Lonlat | None) -> list[Device]:
    if wanted in site.device:
        return [site.device[wanted]]
    how, _, kind = wanted.rpartition(":")
    found = [device for device in site.devices if device.type == kind and device.in_service]
    if how == "near" and here is not None:
        found = sorted(found, key=_from(here))
    if not found or how not in ("", "near", "all"):
        raise ValueError(f"{wanted}: no such device")
    return found if how == "all" else found[:1]


def _from(here: Lonlat) -> Callable[[Device], float]:
    return lambda device: metres(device.position, here)


def _changed(change: Change, at: int) -> Changed:
    since = at + duration(change.after)
    return Changed(since, since + duration(change.lasts), change.kind, change.fields, change.silent, duration(change.waits) if change.waits else 0)


def _later(one: dict[str, Any], slow: Sequence[Changed]) -> None:
    """What vessels say on a slow line can be told of only when it is here."""
    must = one["must"]
    if must is not None and any(subject.isdigit() for subject in must["subject"]):
        must["by"] += max((change.waits for change in slow if change.since < must["by"] and one["at"] < change.until), default=0)


def _truth(scene: Scene, place: str, here: Lonlat | None, ids: Sequence[str], at: int, until: int) -> dict[str, Any]:
    pairs = [f"{one}+{other}" for one in sorted(ids) for other in sorted(ids) if one < other] if len(ids) < 10 else []
    subjects = [*([place] if place else []), *ids, *pairs]

    def told(must: Must) -> dict[str, Any]:
        where = {"position": list(here), "within": must.within} if here is not None else {}
        by = at + duration(must.by) if must.by else until
        return {"model": must.model, "level": must.level, "by": by, "subject": [must.subject] if must.subject else subjects, **where}

    must, also = (told(scene.must) if scene.must else None), [told(each) for each in scene.also]
    return {"at": at, "until": until, "staged": scene.name, "subject": place or (ids[0] if ids else ""), "must": must, "also": also, "must_not": []}
