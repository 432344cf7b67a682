"""Zones, shore and segments in local metres."""

import numpy as np
import pytest
from pyproj import Geod

from ingest.site import Area
from models.places import Places, places_of
from tests.small_coast import at, site, zone

SITE = site()
PLACES = places_of(SITE, SITE.areas[0])


def columns(*positions):
    return tuple(np.array(each, dtype=float) for each in zip(*positions, strict=True))


def test_who_is_in_which_zone_with_every_zone_that_holds_him():
    row, zone = PLACES.zones_at(*columns(at(1, 0), at(5, -100), at(3, 30), at(30, 30)))
    assert [(int(r), SITE.zones[z].id) for r, z in zip(row, zone, strict=True)] == [
        (0, "closed-1"), (1, "bathing-1"), (2, "risk-1"), (2, "road-1"),
    ]  # fmt: skip


def test_distances_to_a_zone_are_metres_and_negative_inside():
    row = PLACES.row["closed-1"]
    assert PLACES.to_zone(row, *columns(at(1, 160), at(1, 50))) == pytest.approx([100, -10], abs=0.2)


def test_the_shore_is_far_from_sea_and_negative_on_land():
    away = PLACES.off_shore(*columns(at(3, -300), at(3, 120)))
    assert away == pytest.approx([300, -120], rel=0.005)
    assert PLACES.on_land(*columns(at(3, -300), at(3, 120))).tolist() == [False, True]


def test_the_nearest_segment_is_named_within_two_kilometres():
    assert [SITE.segments[row].id for row in PLACES.segments_at(*columns(at(0.2, 50), at(7.9, -900)))] == ["seg-00", "seg-07"]
    assert PLACES.segments_at(*columns(at(7.9, -2_500), (np.nan, 24.0))).tolist() == [-1, -1]
    assert PLACES.segment_at(None) == ""


def test_local_metres_are_within_a_thousandth_of_the_ellipsoid_up_to_30_km():
    geod = Geod(ellps="WGS84")
    origin = SITE.areas[0].origin
    for bearing in range(0, 360, 30):
        longitude, latitude, _ = geod.fwd(*origin, bearing, 30_000)
        east, north = PLACES.local(np.array([longitude]), np.array([latitude]))
        assert np.hypot(east, north)[0] == pytest.approx(30_000, rel=0.002)


def test_the_date_line_and_not_a_number_are_no_walls():
    fiji = Places(site(), Area("fiji", 0, "", "", (), (179.99, -17.0)))
    east, _ = fiji.local(np.array([-179.99]), np.array([-17.0]))
    assert east[0] == pytest.approx(2_130, rel=0.01)
    nowhere = np.array([np.nan]), np.array([np.nan])
    assert not PLACES.inside(("harbour",), *nowhere)[0]
    assert not PLACES.on_land(*nowhere)[0]


def test_a_zone_with_properties_that_nobody_knows_is_told():
    from ingest.zones import faults_of

    assert [what for what, _ in faults_of(zone("z", "closed", 0, 0, 1, 1, capacity=0, hours="25:00-3", colour="red", walk=5))] == [
        "capacity = 0", "hours = '25:00-3'", "unknown property colour",
    ]  # fmt: skip
    assert [what for what, _ in faults_of(zone("z", "berth", 0, 0, 1, 1, walk=5))] == ["walk in a zone of kind berth"]
