"""The predicted tide of a site: metres above its chart datum at a time, high and low waters, and when the water reaches a height.

From the harmonic constituents of the nearest station; where a site has none, from its table of high and low waters by the rule of twelfths.
Pure arithmetic: the same site and time always give the same level, whatever was asked before. Chart datum is what the site says: tide_file.py.
"""

from collections.abc import Mapping
from functools import cached_property
from math import ceil, radians
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ingest.site import Site
from ingest.tide_constituents import DAY, constituent
from ingest.tide_file import Waters, constituents_of, mean_level, waters_of

MINUTE = 60_000  # ms
KEPT = 16  # days of levels that are kept
WIGGLE = 0.01  # m: a smaller rise between two low waters is no high water; as the Neaps predictor
HARMONIC_ERROR = 0.05  # m to another library's prediction; weather comes on top. docs/real-data.md
TWELFTHS_ERROR = 0.85  # m to the harmonic prediction at Xiamen, the largest of seven years. docs/real-data.md
Levels = NDArray[np.float64]
Times = NDArray[np.int64]


class Tide(Struct, frozen=True, dict=True):
    """The tide of one area. `error`: m that a prediction may be off in calm weather."""

    source: Literal["harmonic", "twelfths"]
    error: float
    datum: str  # the chart datum by the site's own name: TLT, LAT; z0 where the site says the figure itself
    mean: float = 0.0  # m of mean sea level above it
    constituents: tuple[tuple[str, float, float], ...] = ()  # name, amplitude in m, phase lag of Greenwich in degrees
    waters: Waters = ()
    late: int = 0  # ms that the area's tide comes after the station's
    ratio: float = 1.0  # of the area's range to the station's

    @cached_property
    def _days(self) -> dict[int, Levels]:
        return {}

    def level(self, at: int | Times) -> Levels:
        """float64[n], metres above chart datum to the millimetre at `at` ms; NaN before and after a table of waters."""
        times = np.atleast_1d(np.asarray(at, np.int64))
        levels = np.empty(len(times))
        days = (times - self.late) // DAY
        for day in np.unique(days).tolist():
            rows = np.flatnonzero(days == day)
            levels[rows] = self._between(times[rows])
        return np.round(levels, 3)

    def extremes(self, from_ms: int, to_ms: int) -> list[tuple[int, float, Literal["high", "low"]]]:
        """High and low waters in [from_ms, to_ms): (ms, m above chart datum, which), in the order of time."""
        times = np.arange(from_ms - DAY // 2, to_ms + DAY // 2, MINUTE, dtype=np.int64)
        levels = self._between(times)
        slope = np.diff(levels)
        found: list[tuple[int, float, Literal["high", "low"]]] = []
        for i in _without_wiggles(levels, np.flatnonzero(slope[:-1] * slope[1:] < 0) + 1):
            before, here, after = levels[i - 1 : i + 2].tolist()
            bend = before - 2 * here + after
            part = (before - after) / (2 * bend)  # minutes from `here` to the top of the parabola through the three
            at = int(times[i]) + round(part * MINUTE)
            if from_ms <= at < to_ms:
                found.append((at, round(here - (before - after) * part / 4, 3), "low" if bend > 0 else "high"))
        return found

    def first_above(self, level: float, from_ms: int, within_ms: int) -> int | None:
        """The first ms in [from_ms, from_ms + within_ms] at which the water stands at `level` m or higher, or None."""
        times = np.append(np.arange(from_ms, from_ms + within_ms, MINUTE, dtype=np.int64), from_ms + within_ms)
        levels = self._between(times)
        reached = np.flatnonzero(levels >= level)
        if not len(reached):
            return None
        i = int(reached[0])
        if i == 0 or np.isnan(levels[i - 1]):
            return int(times[i])
        share = float((level - levels[i - 1]) / (levels[i] - levels[i - 1]))
        return int(times[i - 1]) + ceil(share * int(times[i] - times[i - 1]))

    def _between(self, times: Times) -> Levels:
        """float64[n] at `times`, by straight lines between the minutes of the days' tables: 0.02 mm off at most."""
        times = times - self.late
        first, last = int(times.min()) // DAY, int(times.max()) // DAY
        table = np.concatenate([*(self._day(day)[:-1] for day in range(first, last)), self._day(last)])
        levels: Levels = np.interp((times - first * DAY) / MINUTE, np.arange(float(len(table))), table)
        return levels

    def _day(self, day: int) -> Levels:
        """float64[1441]: each minute of a day of UTC and its end. Always made whole, so that no answer hangs on what was asked before."""
        if (kept := self._days.get(day)) is not None:
            return kept
        minutes = np.arange(1441.0)
        if self.waters:
            levels = twelfths(self.waters, day * DAY + minutes * MINUTE)
        else:
            levels = np.zeros(1441)
            for name, amplitude, phase in self.constituents:
                speed, factor, argument = constituent(name, day * DAY)
                levels += amplitude * factor * np.cos(radians(speed) / 60 * minutes + radians(argument - phase))
            levels = self.mean + self.ratio * levels
        if len(self._days) >= KEPT:
            del self._days[next(iter(self._days))]
        self._days[day] = levels
        return levels


def tide_of(site: Site, area: str) -> Tide | None:
    """The tide of an area, kept with the site; None where the site gives neither constituents with a datum nor waters."""
    kept: dict[str, Tide | None] = site.__dict__.setdefault("tides", {})
    if area not in kept:
        kept[area] = _tide(site.tide, area)
    return kept[area]


def above_chart(given: Mapping[str, Any], level: float, datum: str) -> float | None:
    """Metres above chart datum of a gauge's `level` above `datum` (chart, msl, 1985, gauge); None where tide.json does not say how they lie to each other.

    `datums` of tide.json gives each datum's zero above one common reference, as TICON-4 does: MSL, the chart datum's own name, `1985`, `gauge`.
    """
    if datum == "chart":
        return level
    mean, name = mean_level(given)
    if datum == "msl":
        return None if mean is None else round(level + mean, 3)
    datums = given.get("datums", {})
    return round(level + float(datums[datum]) - float(datums[name]), 3) if datum in datums and name in datums else None


def _tide(given: Mapping[str, Any], area: str) -> Tide | None:
    mean, datum = mean_level(given)
    offset = given.get("offsets", {}).get(area, {})
    late, higher = round(float(offset.get("minutes", 0.0)) * MINUTE), float(offset.get("metres", 0.0))
    if mean is not None and (rows := constituents_of(given)):
        return Tide("harmonic", HARMONIC_ERROR, datum, mean + higher, rows, late=late, ratio=float(offset.get("ratio", 1.0)))
    if waters := waters_of(given):
        return Tide("twelfths", TWELFTHS_ERROR, datum or "table", waters=tuple((at, level + higher) for at, level in waters), late=late)
    return None


def twelfths(waters: Waters, times: Levels) -> Levels:
    """float64[n] m at `times` ms between high and low waters; NaN outside. In each sixth of the time 1, 2, 3, 3, 2, 1 twelfths of the way are made."""
    at, level = np.array([water[0] for water in waters], float), np.array([water[1] for water in waters])
    if len(at) < 2:
        return np.full(len(times), np.nan)
    i = np.clip(np.searchsorted(at, times, "right") - 1, 0, len(at) - 2)
    part = (times - at[i]) / (at[i + 1] - at[i])
    way = np.interp(part, np.arange(7) / 6, np.array([0, 1, 3, 6, 9, 11, 12]) / 12)
    return np.where((part >= 0) & (part <= 1), level[i] + way * (level[i + 1] - level[i]), np.nan)


def _without_wiggles(levels: Levels, turns: NDArray[np.int64]) -> list[int]:
    """The turns of a curve, high and low by turns, with at least `WIGGLE` between two of them."""
    kept: list[int] = []
    for turn in turns.tolist():
        high = levels[turn] > levels[turn - 1]
        if kept and (levels[kept[-1]] > levels[kept[-1] - 1]) == high:
            if (levels[turn] > levels[kept[-1]]) == high:
                kept[-1] = turn
        elif not kept or abs(levels[turn] - levels[kept[-1]]) >= WIGGLE:
            kept.append(turn)
    return kept
