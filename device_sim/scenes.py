"""Scenes: what happens at a place, and what must come of it. The building blocks of which a scenario is made; `staging.py` plays them.

A scene has things that move (`actors.py`), voyages of registered boats (`voyages.py`), messages that somebody sends, and changes of what devices say.
Its truth is told by whoever wrote the scene, from the rule book, not from what a model makes of it.
"""

from typing import Any, Literal

from msgspec import Struct

from device_sim.actors import Moving


class Must(Struct, frozen=True, forbid_unknown_fields=True):
    """What has to be raised, about this scene: at least this level, `by` so long after its beginning. `subject` where it is none of the scene's own."""

    model: str
    level: Literal["blue", "yellow", "orange", "red"] = "blue"
    by: str = ""
    subject: str = ""
    within: float = 500.0  # m of the place


class Boat(Struct, frozen=True, forbid_unknown_fields=True):
    """A registered boat of which only others speak: its MMSI, or one by its gear and length (m)."""

    vessel: str = "registered"
    gear: tuple[str, ...] = ()
    shorter: float = 1_000.0
    longer: float = 0.0


class Sailing(Struct, frozen=True, forbid_unknown_fields=True):
    """A registered boat's trip from its harbour and back. Reports go to its station's console; `eta` after departing."""

    vessel: str = "registered"
    departs: str = "0s"
    fishes: str = "30min"
    report: bool = True
    back: bool = True
    eta: str = ""  # empty: an hour after it will be back
    persons: int = 3
    counted: int | None = None  # on return
    checks: dict[str, str] = {}
    gear: tuple[str, ...] = ()  # of the registry, one of these
    shorter: float = 1_000.0  # m, of the registry too
    silent: str = ""  # after the scene's beginning: from then on it says nothing


class Saying(Struct, frozen=True, forbid_unknown_fields=True):
    """A message. `device`: an id, `console`, `sensor` and so on for the first of a type, `near:camera` for the nearest; `times`: fields in ms after the scene.

    In `fields` `#place` stands for the scene's place and `#0`, `#1` for its vessels, `#name0` for a registered name, `#nobody` for one
    of no registry; an `id` is made the scene's own.
    """

    device: str
    kind: str
    fields: dict[str, Any] = {}
    times: dict[str, str] = {}
    after: str = "0s"
    every: str = ""
    until: str = ""
    early: str = ""  # `ts` so long before it is sent, as of what is entered late


class Change(Struct, frozen=True, forbid_unknown_fields=True):
    """What devices say otherwise for a time: `fields` over theirs, or nothing. `device` as in a message, or `all:camera`, or a vessel's receiver."""

    device: str
    kind: str = "*"
    after: str = "0s"
    lasts: str = "10min"
    fields: dict[str, Any] = {}
    silent: bool = False
    waits: str = ""  # that it comes later, without `sent`


class Scene(Struct, frozen=True, forbid_unknown_fields=True):
    """`place`: a zone, device or segment, or `any closed` for a zone of a kind by the seed. `hours`: local, in which a day may stage it; `day`: whether."""

    name: str
    at: str = "1min"
    lasts: str = "10min"
    place: str = ""
    boats: tuple[Boat, ...] = ()
    moving: tuple[Moving, ...] = ()
    sailing: tuple[Sailing, ...] = ()
    says: tuple[Saying, ...] = ()
    changes: tuple[Change, ...] = ()
    must: Must | None = None
    also: tuple[Must, ...] = ()
    hours: str = ""
    day: bool = True
