"""Visibility as cameras estimate it. One lens may be dirty: what counts is the median of a camera and its neighbours, where they are enough."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ingest.geo import scale
from ingest.site import Lonlat


class Sight(NamedTuple):
    visibility: float  # m
    camera: str
    cameras: int  # that say so together


def worst_sight(seen: Mapping[str, tuple[Lonlat, float]], least: int, around: float, clear: float) -> Sight | None:
    """The worst place by what the cameras see (position, m): the median of those within `around` m of one, `least` at least; None where nowhere are enough.

    Where no camera sees less than `clear` m nobody looks closer: it is the lowest of all.
    """
    if len(seen) < least:
        return None
    lowest = min(seen, key=lambda name: (seen[name][1], name))
    if seen[lowest][1] >= clear:
        return Sight(seen[lowest][1], lowest, 1)
    names = sorted(seen)
    longitude, latitude = np.array([seen[name][0] for name in names]).T
    metres = np.array([seen[name][1] for name in names])
    metres_east, metres_north = scale(float(latitude.mean()))
    apart = np.hypot((longitude[:, None] - longitude) * metres_east, (latitude[:, None] - latitude) * metres_north)
    groups = [
        (float(np.median(metres[near])), name, int(near.sum())) for name, near in zip(names, apart <= around, strict=True) if near.sum() >= least
    ]
    return Sight(*min(groups)) if groups else None
