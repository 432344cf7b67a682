"""What a sensor measured lately, one quantity at a time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

NEVER = -1
KEPT = 2_000  # samples of one quantity of one sensor at most; ours


@dataclass
class Samples:
    """Of one quantity of one sensor: [event time ms, value] in order of arrival."""

    rows: list[list[float]] = field(default_factory=list)
    heard: int = NEVER  # ms of hearing of the last

    def note(self, at: int, value: float, heard: int) -> None:
        self.heard = heard
        self.rows.append([at, value])
        if len(self.rows) > KEPT:
            del self.rows[0]

    def over(self, span: int, what: Callable[[list[float]], Any]) -> float | None:
        """The mean, median or highest of the samples in the last `span` ms of its own time; older rows are dropped."""
        if not self.rows:
            return None
        since = max(row[0] for row in self.rows) - span
        self.rows = [row for row in self.rows if row[0] > since]
        return round(float(what([row[1] for row in self.rows])), 2)


def noted(samples: dict[str, Samples], name: str, at: int, value: float | None, heard: int) -> None:
    """Note a value that is one; `name`: sensor/quantity."""
    if value is not None and np.isfinite(value):
        samples.setdefault(name, Samples()).note(at, value, heard)
