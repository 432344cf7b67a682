"""What a vessel says of itself on its voyage, by AIS (class A, B) or Beidou, and what its station reports of its trips."""

from collections.abc import Iterator, Sequence
from math import atan2, degrees, hypot
from random import Random
from typing import Any

from device_sim.actors import Actor
from device_sim.boxes import Say
from device_sim.scenario import Staged
from device_sim.voyages import HOUR, KNOT, MINUTE, Voyage
from ingest.site import Device, Site

STATIC = 360_000  # ms between static reports; ITU-R M.1371
ANCHORED = 180_000  # ms between fixes of a moored vessel; ITU-R M.1371
JITTER = 4e-5  # degrees, about 4 m of a receiver's own noise


def vessel(name: str, known: str, chance: Random, voyage: Voyage, start: int, plan: Sequence[Staged]) -> Iterator[Say]:
    """Without end. Nothing is said while staged as silent. `known` is the registered name."""
    beidou = chance.random() < 0.2
    cls = "A" if chance.random() < 0.4 else "B"
    every = 60_000 if beidou else 10_000 if cls == "A" else 30_000  # M.1371: class A under 14 kn, class B; Beidou: a minute
    system = {"system": "beidou"} if beidou else {"system": "ais", "class": cls}
    static = {"name": known or f"MIN SHI YU {name[-5:]}", "length": float(chance.randrange(8, 45)), "ship_type": 30}
    at, told = start + chance.randrange(every), 0
    while True:
        leg = voyage.leg(at)
        moored = leg.state == "moored"
        if not any(one.what == "vessel_silent" and one.at <= at < one.until for one in plan):
            x, y = voyage.position(at)
            place = [round(x + chance.uniform(-JITTER, JITTER), 6), round(y + chance.uniform(-JITTER, JITTER), 6)]
            fields: dict[str, Any] = {"vessel": name, **system, "position": place}
            fields["sog"] = round(chance.uniform(0, 0.2) if moored else max(0.0, leg.knots + chance.uniform(-0.2, 0.2)), 1)
            if not moored:
                fields["cog"] = round(leg.course, 1) % 360
            if cls == "A" and not beidou:
                fields["nav_status"] = {"moored": 5, "sailing": 0, "fishing": 7}[leg.state]
            if at - told >= STATIC:
                told = at
                fields |= static
            yield at, "position", fields
        at += ANCHORED if moored else every


def fixes(actor: Actor, known: str, chance: Random, silent: int | None) -> Iterator[Say]:
    """Without end: of a vessel in a scene, which lies where its way ended. From `silent` ms on nothing. `known` is the registered name."""
    moving, told = actor.moving, -STATIC
    beidou = moving.ais == "beidou"
    system: dict[str, Any] = {"system": "beidou"} if beidou else {"system": "ais", "class": moving.ais}
    static = {"name": known or moving.name or f"MIN YU {actor.vessel[-5:]}", "length": moving.length or 18.0, "ship_type": moving.ship_type}
    under_way = 60_000 if beidou else 10_000 if moving.ais == "A" else 30_000
    at = actor.begins + chance.randrange(5_000)
    while silent is None or at < silent:
        east, north = actor.velocity(at) if at < actor.ends else (0.0, 0.0)
        knots = hypot(east, north) / KNOT
        x, y = actor.position(at)
        place = [round(x + chance.uniform(-JITTER, JITTER), 6), round(y + chance.uniform(-JITTER, JITTER), 6)]
        fields: dict[str, Any] = {"vessel": actor.vessel, **system, "position": place, "sog": round(max(0.0, knots + chance.uniform(-0.1, 0.1)), 1)}
        if knots > 0.5:
            fields["cog"] = round(degrees(atan2(east, north)) % 360, 1) % 360
        if at - told >= STATIC:
            told = at
            fields |= static
        yield at, "position", fields
        at += under_way if knots > 0.1 else ANCHORED


def reports(site: Site, voyages: dict[str, Voyage], console: Device, start: int, chance: Random) -> Iterator[Say]:
    """What the clerk at `console` enters: each departure 10 min before it, each return 5 min after it; at the start who is out already."""
    clerk = next((person.id for person in site.people if person.role == "clerk" and site.post[person.post].area == console.area), "")
    told: list[Say] = []
    for name, voyage in voyages.items():
        persons = chance.randrange(2, 9)
        for trip in voyage.trips:
            departs = max(trip.departs - 10 * MINUTE, start + chance.randrange(5_000))
            fields = {"vessel": name, "harbour": voyage.harbour, "persons": persons, "by": clerk}
            checks = dict.fromkeys(("papers", "insurance", "inspection", "locator", "radio", "lifejackets"), "ok")
            eta = {"report": "departure", "eta": trip.returns + HOUR, "checks": checks}
            told.append((departs, "trip", {"id": f"{name}-{trip.departs}-out", **fields, **eta}))
            told.append((trip.returns + 5 * MINUTE, "trip", {"id": f"{name}-{trip.departs}-back", **fields, "report": "return"}))
    yield from sorted(told, key=lambda say: (say[0], str(say[2]["id"])))
