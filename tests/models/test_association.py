"""Which vessel says that it lies where a camera sees a boat; at the date line too."""

from types import SimpleNamespace

import numpy as np
import pytest

from models.association import vessel_near
from models.following import away

NOW = 1_750_000_000_000


class Vessels:
    def __init__(self, *rows):
        """Rows of (id, longitude, latitude, sog, cog, age in s, asset)."""
        self.all = [SimpleNamespace(id=row[0], asset=row[6] if len(row) > 6 else "ship") for row in rows]
        columns = [np.array([row[n] for row in rows], dtype=np.float64) for n in range(1, 6)]
        self.latest = SimpleNamespace(
            longitude=columns[0], latitude=columns[1], sog=columns[2], cog=columns[3], at=(NOW - columns[4] * 1000).astype(np.int64)
        )

    def __len__(self):
        return len(self.all)


def near(place, *rows, within=100.0, fresh=60_000):
    return vessel_near(SimpleNamespace(vessels=Vessels(*rows)), place, NOW, within, fresh)


@pytest.mark.parametrize("place", [(118.9, 24.7), (179.9999, 10.0), (-179.9999, 10.0), (0.0, -60.0)])
def test_the_nearest_within_reach_wherever_on_earth(place):
    east = (place[0] + 0.0003 + 180) % 360 - 180
    assert near(place, ("far", (place[0] + 0.02 + 180) % 360 - 180, place[1], 0, 0, 1), ("close", east, place[1], 0, 0, 1)) == "close"
    assert near(place, ("far", (place[0] + 0.02 + 180) % 360 - 180, place[1], 0, 0, 1)) == ""
    assert away(place, (east, place[1])) < 40


def test_its_fix_is_carried_on_to_the_moment_of_the_look():
    """10 kn north for 30 s are 154 m."""
    assert near((118.9, 24.70139), ("one", 118.9, 24.7, 10, 0, 30), within=20) == "one"
    assert near((118.9, 24.7), ("one", 118.9, 24.7, 10, 0, 30), within=20) == ""


def test_an_old_fix_and_a_buoy_say_nothing():
    assert near((118.9, 24.7), ("one", 118.9, 24.7, 0, 0, 90)) == ""
    assert near((118.9, 24.7), ("net", 118.9, 24.7, 0, 0, 1, "net_buoy"), ("one", 118.9003, 24.7, 0, 0, 1)) == "one"
    assert near((118.9, 24.7), ("lost", float("nan"), 24.7, 0, 0, 1)) == ""
