import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import geo
from ingest.site_files import read_site
from ingest.sun import DAY, is_night, next_sunrise

EXAMPLE = Path(__file__).resolve().parents[2] / "sites" / "quanzhou-bay"
NOON = 1_795_406_400_000  # 2026-11-23 04:00 UTC, noon in Quanzhou
china = st.tuples(st.floats(100, 125), st.floats(20, 45))


@pytest.fixture(scope="module")
def site():
    return read_site(EXAMPLE)


@given(china)
def test_gcj02_and_back_is_under_a_metre_and_its_offset_some_hundreds(position):
    moved = geo.gcj02_from_wgs84(position)
    assert 50 < geo.metres(position, moved) < 1_200
    assert geo.metres(geo.wgs84_from_gcj02(moved), position) < 0.01


def test_gcj02_outside_china_is_not_moved():
    assert geo.wgs84_from_gcj02((-90.0, 28.0)) == (-90.0, 28.0)


@given(st.floats(-180, 180), st.floats(-50, 50), st.floats(0, 2 * math.pi), st.floats(100, 30_000))
def test_local_metres_are_within_their_stated_error(longitude, latitude, angle, far):
    there = geo.from_local((longitude, latitude), far * math.cos(angle), far * math.sin(angle))
    true = geo.geodesic((longitude, latitude), there)
    assert geo.metres((longitude, latitude), there) == pytest.approx(true, rel=1e-3)
    assert math.hypot(*geo.to_local((longitude, latitude), there)) == pytest.approx(far, rel=1e-6)
    assert far == pytest.approx(true, rel=5e-3)


def test_the_date_line_is_no_wall():
    assert geo.metres((179.99, 0), (-179.99, 0)) == pytest.approx(2_226, abs=2)


def test_a_box_stands_on_its_own_segment(site):
    for device in site.devices:
        if device.type == "box":
            assert geo.nearest_segment(site, device.position).id == device.segment
    assert geo.nearest_segment(site, (110.0, 10.0)) is None


def test_along_the_shore(site):
    assert geo.along_shore(site, "chongwu-001", "chongwu-003") == pytest.approx(400, rel=0.08)
    assert geo.along_shore(site, "chongwu-003", "chongwu-001") == geo.along_shore(site, "chongwu-001", "chongwu-003")
    assert geo.along_shore(site, "chongwu-001", "xiutu-001") == math.inf


def test_a_position_goes_to_every_area_within_reach_the_nearest_first(site):
    found = geo.areas_near(site, (118.75, 24.83))
    assert {area.id for _, area in found} == {"huian", "shishi"}
    assert [distance for distance, _ in found] == sorted(distance for distance, _ in found)
    assert geo.areas_near(site, (0.0, 0.0)) == ()


def test_noon_is_no_night_and_midnight_is():
    assert not is_night((118.7, 24.9), NOON)
    assert is_night((118.7, 24.9), NOON + DAY // 2)


def test_the_next_sunrise_comes_within_a_day_and_between_dark_and_light():
    for hour in range(24):
        at = NOON + hour * DAY // 24
        rise = next_sunrise((118.7, 24.9), at)
        assert at < rise <= at + DAY + 120_000
        assert is_night((118.7, 24.9), rise - 3_600_000)
        assert not is_night((118.7, 24.9), rise + 3_600_000)


def test_a_polar_night_has_an_answer():
    assert next_sunrise((20.0, 80.0), NOON) == NOON + 2 * DAY
