"""Where the receivers of an area have heard vessels: a grid of cells of 0.05 degrees with counts by day, and distances on a sphere.

The sphere of 6,371,009 m differs from the ellipsoid by at most 0.6 %: 30 m in 5 km.
"""

import math
from collections import Counter

import numpy as np

from models.columns import Floats, Ints

CELL = 0.05  # degrees, about 5.5 km north; ours
DAY = 86_400_000  # ms
DAYS = 7  # of history; warning-models M12
ENOUGH = 50  # fixes on the days before that make a cell one where vessels are heard; ours
RADIUS = 6_371_008.8  # m, mean radius of the Earth (IUGG)
_ROW = 10_000  # cells of one row of latitude


class Coverage:
    """`cells`: cell -> [day, fixes that day, fixes of the days before, halved once a week]."""

    def __init__(self, cells: dict[int, list[int]]) -> None:
        self.cells = cells

    def heard(self, longitude: Floats, latitude: Floats, at: Ints) -> None:
        """Count fixes (float64[n] degrees, int64[n] ms)."""
        cells, days = _cell(longitude, latitude).tolist(), (at // DAY).tolist()
        for (day, cell), count in sorted(Counter(zip(days, cells, strict=True)).items()):  # np.unique costs three times this for a batch's few
            self._count(cell, day, count)

    def _count(self, cell: int, day: int, count: int) -> None:
        known = self.cells.get(cell)
        if known is None:
            self.cells[cell] = [day, count, 0]
        elif known[0] >= day:
            known[1] += count
        else:
            kept = known[2] * max(0, DAYS - (day - known[0])) // DAYS
            known[0], known[1], known[2] = day, count, kept + known[1]

    def known(self, longitude: float, latitude: float, now: int) -> bool:
        """Whether vessels were heard here often enough, within a week, for a silence to mean something."""
        cell = self.cells.get(int(_cell(np.array([longitude]), np.array([latitude]))[0]))
        return cell is not None and now // DAY - cell[0] <= DAYS and cell[1] + cell[2] >= ENOUGH

    def heard_near(self, longitude: float, latitude: float) -> bool:
        """Whether anything was ever heard in the cell of this position or in one beside it."""
        cell = int(_cell(np.array([longitude]), np.array([latitude]))[0])
        return any(cell + north * _ROW + east in self.cells for north in (-1, 0, 1) for east in (-1, 0, 1))


def _cell(longitude: Floats, latitude: Floats) -> Ints:
    cells: Ints = np.floor((latitude + 90) / CELL).astype(np.int64) * _ROW + np.floor((longitude + 180) / CELL).astype(np.int64)
    return cells


def metres_between(longitude: float, latitude: float, longitudes: Floats, latitudes: Floats) -> Floats:
    """float64[n]: metres on the sphere (haversine), right also over the date line and at the poles."""
    a, b = np.radians(latitude), np.radians(latitudes)
    half = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(np.radians(longitudes - longitude) / 2) ** 2
    metres: Floats = 2 * RADIUS * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return metres


def moved(longitude: float, latitude: float, course: float, metres: float) -> tuple[float, float]:
    """Where `metres` on `course` (degrees from north) lead, over short ways (under 100 km)."""
    north = metres * math.cos(math.radians(course)) / RADIUS
    east = metres * math.sin(math.radians(course)) / (RADIUS * max(0.01, math.cos(math.radians(latitude))))
    return (longitude + math.degrees(east) + 180) % 360 - 180, max(-90.0, min(90.0, latitude + math.degrees(north)))
