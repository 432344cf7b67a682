"""What else is or was lately near a place: what other models found, and our own patrols."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ingest.events import Unit
from models.batch import Rare, Standing
from models.places import Places

UNITS = 200  # patrols kept at most; ours


@dataclass
class Recent:
    """Where other models found something lately: [model, subject, when it stood last (ms of log time), longitude, latitude] each."""

    found: list[list[Any]] = field(default_factory=list)

    def note(self, standing: Standing, models: Iterable[str], now: int, keep: int) -> None:
        """In ticks only. What ended is kept for `keep` ms."""
        of = {(row[0], row[1]): row for row in self.found if now - row[2] <= keep}
        for model in models:
            for each in standing.of(model):
                if each.position is not None:
                    of[model, each.subject] = [model, each.subject, now, *each.position]
        self.found = list(of.values())

    def near_zone(self, places: Places, zone: int, within: float) -> tuple[tuple[str, str], ...]:
        """(model, subject) of what lies in a zone (row) or within so many metres of it."""
        return self._within(places.to_zone(zone, *self._columns()) if self.found else np.empty(0), within)

    def near_point(self, places: Places, position: tuple[float, float], within: float) -> tuple[tuple[str, str], ...]:
        """(model, subject) of what lies within so many metres of a position."""
        if not self.found:
            return ()
        here = places.local(np.array([position[0]]), np.array([position[1]]))
        east, north = places.local(*self._columns())
        return self._within(np.hypot(east - here[0], north - here[1]), within)

    def _columns(self) -> tuple[Any, Any]:
        return np.array([row[3] for row in self.found]), np.array([row[4] for row in self.found])

    def _within(self, away: Any, within: float) -> tuple[tuple[str, str], ...]:
        return tuple((row[0], row[1]) for row, metres in zip(self.found, away.tolist(), strict=True) if metres <= within)


@dataclass
class Patrols:
    """Where our own units said they are: unit -> [event time ms, longitude, latitude]."""

    at: dict[str, list[Any]] = field(default_factory=dict)

    def note(self, rare: Iterable[Rare]) -> None:
        for each in rare:
            if isinstance(each.event, Unit) and each.event.state == "off":
                self.at.pop(each.event.unit, None)
            elif isinstance(each.event, Unit) and each.event.position is not None and (each.event.unit in self.at or len(self.at) < UNITS):
                self.at[each.event.unit] = [each.at, *each.event.position]

    def near_zone(self, places: Places, zone: int, within: float, since: int) -> bool:
        """Whether one said after `since` ms that it is in a zone (row) or within so many metres of it."""
        rows = [row for row in self.at.values() if row[0] >= since]
        return bool(rows) and bool((places.to_zone(zone, np.array([row[1] for row in rows]), np.array([row[2] for row in rows])) <= within).any())

    def near_point(self, places: Places, position: tuple[float, float], within: float, since: int) -> bool:
        """The same about a position."""
        rows = [row for row in self.at.values() if row[0] >= since]
        if not rows:
            return False
        here = places.local(np.array([position[0]]), np.array([position[1]]))
        east, north = places.local(np.array([row[1] for row in rows]), np.array([row[2] for row in rows]))
        return bool((np.hypot(east - here[0], north - here[1]) <= within).any())
