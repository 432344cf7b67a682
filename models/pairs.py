"""Who lies within a distance of whom, and who lies in a crowd: by a grid, so that the work grows with the vessels and not with their square."""

import numpy as np

from models.columns import Floats, Ints, Truths

_ROW = 1 << 24  # cells of one row of the grid: more than the Earth's girth has of 10 m
_HALF = (0, 1, _ROW - 1, _ROW, _ROW + 1)  # a cell, and the half of its neighbours that reaches every pair once
_WHOLE = (-_ROW - 1, -_ROW, 1 - _ROW, -1, *_HALF)


def cells_of(east: Floats, north: Floats, size: float) -> Ints:
    """int64[n]: the cell of `size` m in which a position (local metres, finite) lies."""
    cells: Ints = np.floor(north / size).astype(np.int64) * _ROW + np.floor(east / size).astype(np.int64)
    return cells


def crowded(east: Floats, north: Floats, size: float, many: int) -> Truths:
    """bool[n]: at least `many` (itself too) lie in its cell of `size` m and the eight about it."""
    taken, cell, lying = np.unique(cells_of(east, north, size), return_inverse=True, return_counts=True)
    count = np.zeros(len(taken), dtype=np.int64)
    for step in _WHOLE:
        at = np.minimum(np.searchsorted(taken, taken + step), len(taken) - 1)
        count += np.where(taken[at] == taken + step, lying[at], 0)
    found: Truths = (count >= many)[cell]
    return found


def pairs_within(east: Floats, north: Floats, distance: float) -> tuple[Ints, Ints]:
    """(row, row): int64[m] each, every pair within `distance` m once. Take crowds out first: among n in one cell there are n² / 2 pairs."""
    cells = cells_of(east, north, distance)
    order = np.argsort(cells, kind="stable")
    ordered = cells[order]
    ones, others = [], []
    for step in _HALF:
        low, high = np.searchsorted(ordered, ordered + step, "left"), np.searchsorted(ordered, ordered + step, "right")
        if step == 0:
            low = np.arange(1, len(ordered) + 1)
        count = np.maximum(high - low, 0)
        one = np.repeat(np.arange(len(ordered)), count)
        nth = np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count)
        ones.append(order[one])
        others.append(order[np.repeat(low, count) + nth])
    one, other = np.concatenate(ones), np.concatenate(others)
    near = np.hypot(east[one] - east[other], north[one] - north[other]) <= distance
    return one[near], other[near]
