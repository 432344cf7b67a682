"""What a model is given at a step: heavy kinds as columns, rare ones as events, and the tables that they refer to."""

from typing import Any, NamedTuple, Protocol

from ingest.events import Event
from models.columns import Heartbeats, Looks, Objects, Positions, Visits
from models.subjects import Devices, Vessels


class Rare(NamedTuple):
    """One event that is judged by itself. `at` is its corrected time; `late` its age in ms where that is proven, else None."""

    nth: int
    event: Event
    at: int
    drill: bool
    late: int | None


class Standing(Protocol):
    """What other models find at present. A model hears those before it in the catalogue as of this tick, later ones as of the tick before."""

    def of(self, model: str) -> tuple[Any, ...]:
        """Its findings that are not over, in the order in which their subjects were first found."""
        ...


class Batch(NamedTuple):
    """What one area heard up to `now`, cut so that a model that reads rare kinds sees each of them before what came after it."""

    now: int  # ms, log time at its end
    heard: int  # ms of proven hearing
    connects: int  # sessions that the broker has opened for the bridge
    nth: int  # row of the last event
    tick: bool  # it ends with a tick: silences may be judged
    heartbeats: Heartbeats
    positions: Positions
    looks: Looks
    objects: Objects
    visits: Visits
    rare: tuple[Rare, ...]
    devices: Devices
    vessels: Vessels  # their latest fixes are as of now only where `tick`
    standing: Standing  # what the models that it hears find, as of now only where `tick`
