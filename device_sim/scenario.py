"""A scenario: how many devices take part, and what is staged, when, at whom. From a TOML file in `device_sim/scenarios/` or any other path.

The plan made of it is a function of (site, scenario, seed, start), and so is everything that the devices then say.
"""

import tomllib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from device_sim.chance import rng
from device_sim.scenes import Scene
from ingest.durations import duration
from ingest.site import Device, Site

FOLDER = Path(__file__).parent / "scenarios"
What = Literal["press", "silent", "low_battery", "tamper", "vessel_silent", "broker_outage"]

Can = Callable[[What, str, int, int], bool]  # whether that can be staged at this subject in [at, until) ms


class Happening(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing staged at `at` after the start, again every `every` (empty: once), lasting `lasts`. `device` empty: somebody by the seed."""

    what: What
    at: str
    every: str = ""
    lasts: str = "10min"
    device: str = ""


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """`lasts` empty: without end (live only). Counts are at most what the site has; vessels are invented where the registry is shorter.

    Cameras that can see something of a scene take part beyond their count.
    """

    name: str
    en: str
    zh: str
    lasts: str = ""
    boxes: int = 300
    lights: int = 300
    cameras: int = 120
    vessels: int = 60
    own_connections: int = 50  # boxes with their own MQTT session; the rest share one
    happenings: tuple[Happening, ...] = ()
    begins: str = ""  # local time, as 2026-05-03T22:00, where that matters; live it is now
    lens: str = "perfect"  # how cameras see, as in vision.py
    scenes: tuple[Scene, ...] = ()
    incidents: int = 0  # more scenes, drawn by the seed from the other scenarios: that must be told
    harmless: int = 0  # and that must not

    @property
    def length(self) -> int | None:
        """In ms; None without end."""
        return duration(self.lasts) if self.lasts else None

    def start(self, site: Site, otherwise: int) -> int:
        """In ms; `otherwise` where it does not matter."""
        return round(datetime.fromisoformat(self.begins).replace(tzinfo=ZoneInfo(site.time_zone)).timestamp() * 1000) if self.begins else otherwise


class Staged(NamedTuple):
    """A happening at its time (ms) and place: `subject` is a device, a vessel or empty."""

    at: int
    until: int
    what: What
    subject: str


class Cast(NamedTuple):
    """Who takes part."""

    boxes: tuple[Device, ...]
    lights: tuple[Device, ...]
    cameras: tuple[Device, ...]
    receivers: tuple[Device, ...]
    sensors: tuple[Device, ...]
    gateways: tuple[Device, ...]
    consoles: tuple[Device, ...]  # the stations' own, which beat too
    vessels: tuple[str, ...]  # MMSI or terminal numbers


def read_scenario(name: str) -> Scenario:
    """By name or path. Raises ValueError with what is wrong, FileNotFoundError."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name.replace('-', '_')}.toml"
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Scenario)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
        raise ValueError(f"{path.name}: {wrong}") from wrong


def cast(site: Site, scenario: Scenario) -> Cast:
    def of(kind: str, count: int) -> tuple[Device, ...]:
        return tuple(device for device in site.devices if device.type == kind and device.in_service)[:count]

    registered = [key for vessel in site.vessels for key in (vessel.mmsi or vessel.terminal,) if key]
    invented = (f"41290{i:04d}" for i in range(scenario.vessels))
    vessels = tuple([*registered, *invented][: scenario.vessels]) if scenario.vessels else ()
    return Cast(
        of("box", scenario.boxes), of("light", scenario.lights), of("camera", scenario.cameras), of("receiver", 99), of("sensor", 99),
        of("gateway", 99), of("console", 99), vessels,
    )  # fmt: skip


def staged(scenario: Scenario, people: Cast, seed: int, start: int, end: int, can: Can) -> list[Staged]:
    """What is staged in [start, end), in the order of time. Nobody is staged twice at once, nor where `can` says no."""
    free: dict[str, int] = {}
    wanted = []
    for number, happening in enumerate(scenario.happenings):
        chance, at = rng(seed, f"staged {number}"), start + duration(happening.at)
        while at < end:
            wanted.append((at, number, happening, chance.random()))
            if not happening.every:
                break
            at += duration(happening.every)
    plan = []
    for at, _, happening, luck in sorted(wanted, key=lambda one: one[:2]):
        until = at + (0 if happening.what in {"press", "tamper"} else duration(happening.lasts))
        subject = happening.device or _somebody(happening.what, people, luck, free, at, until, can)
        if subject is None or free.get(subject, -1) > at:
            continue
        free[subject] = end if happening.what == "tamper" else until + 120_000  # a tamper stands until a person ends it; else two quiet minutes
        plan.append(Staged(at, until, happening.what, subject))
    return plan


def _somebody(what: What, people: Cast, luck: float, free: dict[str, int], at: int, until: int, can: Can) -> str | None:
    if what == "broker_outage":
        return ""
    names = people.vessels if what == "vessel_silent" else tuple(box.id for box in people.boxes)
    idle = [name for name in names if free.get(name, -1) <= at and can(what, name, at, until)]
    return idle[int(luck * len(idle))] if idle else None
