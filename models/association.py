"""Who is who: the vessel that says by AIS or Beidou that it lies where a camera sees a boat."""

import numpy as np

from ingest.geo import scale
from models.batch import Batch

KN = 1852.0 / 3600.0  # m/s


def vessel_near(batch: Batch, place: tuple[float, float], at: int, within: float, fresh: int) -> str:
    """The vessel whose latest fix, carried on to `at` ms, lies nearest to `place` (longitude, latitude) within so many m; or nothing.

    In ticks only. A fix older or younger than `fresh` ms says nothing. Net buoys and marks are no vessels.
    """
    latest, count = batch.vessels.latest, len(batch.vessels)
    if not count:
        return ""
    age = at - latest.at[:count]
    east, north = scale(place[1])
    rows = np.flatnonzero((latest.at[:count] >= 0) & (np.abs(age) <= fresh) & (np.abs(latest.latitude[:count] - place[1]) < 0.2))
    if not len(rows):
        return ""
    way = np.nan_to_num(latest.sog[rows], nan=0.0) * KN * age[rows] / 1000
    course = np.radians(np.nan_to_num(latest.cog[rows], nan=0.0))
    metres = np.hypot(
        ((latest.longitude[rows] - place[0] + 180.0) % 360.0 - 180.0) * east + way * np.sin(course),
        (latest.latitude[rows] - place[1]) * north + way * np.cos(course),
    )
    order = np.argsort(np.where(np.isfinite(metres), metres, np.inf), kind="stable")
    for n in order.tolist():
        if not metres[n] <= within:
            return ""
        if batch.vessels.all[int(rows[n])].asset == "ship":
            return batch.vessels.all[int(rows[n])].id
    return ""
