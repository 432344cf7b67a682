"""The predicted tide: as others predict it, the same whatever was asked before, and with a stated error where there are no constants."""

import csv
import json
import os
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from ingest.site_files import read_site
from ingest.tide import DAY, HARMONIC_ERROR, TWELFTHS_ERROR, WIGGLE, Tide, tide_of
from ingest.tide_constituents import ASTRONOMICAL, COMPOUND, OTHER_NAMES, constituent, known
from ingest.tide_file import faults_of

ROOT = Path(__file__).parents[2]
STATIONS = Path(os.environ.get("COAST_DATA", ROOT.parent / "shared" / "data")) / "tide" / "ticon4_taiwan_strait_stations.json"
START = 1_788_220_800_000  # 2026-09-01 00:00 UTC
HOUR = 3_600_000


@pytest.fixture(scope="module")
def bay():
    return read_site(ROOT / "sites" / "quanzhou-bay")


@pytest.fixture
def xiamen(bay):
    return tide_of(structs.replace(bay), "huian")


def with_tide(bay, **more) -> Tide | None:
    return tide_of(structs.replace(bay, tide=more), "huian")


def neaps():
    lines = (Path(__file__).parent / "xiamen_neaps_2026-09.csv").read_text().splitlines()[1:]
    return [(round(datetime.fromisoformat(row["at"]).timestamp() * 1000), float(row["level"]), row["which"]) for row in csv.DictReader(lines)]


def test_the_58_high_and_low_waters_of_another_predictor_are_met_within_5_cm_and_3_min(xiamen):
    expected, found = neaps(), xiamen.extremes(START, START + 15 * DAY)
    assert len(found) == len(expected) == 58
    for (at, level, which), (here, ours, kind) in zip(expected, found, strict=True):
        assert kind == which
        assert abs(here - at) <= 3 * 60_000
        assert abs(ours - level) <= HARMONIC_ERROR


@pytest.mark.skipif(not STATIONS.exists(), reason="no TICON-4 stations: COAST_DATA")
def test_every_station_of_the_strait_can_be_predicted_and_keeps_within_its_highest_and_lowest_tide(bay):
    for station in json.loads(STATIONS.read_text()):
        assert not list(faults_of(station, {}))
        tide = with_tide(bay, **station)
        levels = tide.level(np.arange(START, START + 400 * DAY, 20 * 60_000))
        datums = {name: value - station["datums"][station["chart_datum"]] for name, value in station["datums"].items()}
        assert datums["LAT"] - 0.1 <= levels.min() < levels.max() <= datums["HAT"] + 0.1, station["id"]
        assert abs(levels.mean() - datums["MSL"]) < 0.02


# Where a search through the 19 years from 2017 to 2036 found the lowest and the highest water
EXTREMES = {
    "ticon/xiamen-376a-chn-uhslc_rq": (2_067_332_400_000, 2_012_446_800_000),
    "ticon/kanmen-632a-chn-uhslc_rq": (2_083_953_600_000, 2_012_522_400_000),
    "ticon/keelung-341-twn-uhslc_fd": (1_767_466_800_000, 1_626_962_400_000),
    "ticon/shanwei-641a-chn-uhslc_rq": (1_655_280_000_000, 1_795_701_600_000),
}


@pytest.mark.skipif(not STATIONS.exists(), reason="no TICON-4 stations: COAST_DATA")
@pytest.mark.parametrize("name", EXTREMES)
def test_the_highest_and_lowest_tide_of_19_years_are_those_that_the_station_publishes(bay, name):
    (station,) = [each for each in json.loads(STATIONS.read_text()) if each["id"] == name]
    tide = with_tide(bay, **station)
    lowest, highest = (tide.level(np.arange(at - 3 * HOUR, at + 3 * HOUR, 5 * 60_000)) for at in EXTREMES[name])
    zero = station["datums"][station["chart_datum"]]
    assert lowest.min() == pytest.approx(station["datums"]["LAT"] - zero, abs=0.03)
    assert highest.max() == pytest.approx(station["datums"]["HAT"] - zero, abs=0.035)


def test_the_level_at_a_time_is_the_same_alone_and_among_others_and_whatever_was_asked_before(bay, xiamen):
    times = np.random.default_rng(1).integers(START, START + 60 * DAY, 500)
    together = xiamen.level(times)
    again = tide_of(structs.replace(bay), "huian")
    assert together.tolist() == [float(again.level(int(at))[0]) for at in times]


@given(st.integers(0, 4_000_000_000_000))
def test_the_tide_is_continuous_across_midnight(day):
    tide = Tide("harmonic", 0.05, "LAT", 3.0, (("M2", 1.8, 120.0), ("K1", 0.3, 160.0), ("L2", 0.1, 10.0), ("2MS6", 0.1, 5.0)))
    midnight = day - day % DAY
    before, after = tide.level(np.array([midnight - 1_000, midnight + 1_000]))
    assert abs(after - before) < 0.003  # 2 s of the steepest rise are 1 mm


def test_the_water_reaches_a_height_when_the_level_says_so(xiamen):
    for height in (2.0, 3.5, 5.5):
        at = xiamen.first_above(height, START + 2 * HOUR, 12 * HOUR)
        assert at is not None
        assert xiamen.level(at)[0] == pytest.approx(height, abs=0.0011) or xiamen.level(START + 2 * HOUR)[0] >= height
        assert xiamen.level(at - 1_000)[0] <= height
    assert xiamen.first_above(9.0, START, DAY) is None
    low = min(xiamen.extremes(START, START + DAY), key=lambda water: water[1])
    assert xiamen.first_above(low[1] - 0.1, low[0], HOUR) == low[0]


def test_high_and_low_waters_take_turns_and_lie_within_what_was_asked(xiamen):
    found = xiamen.extremes(START, START + 30 * DAY)
    assert all(START <= at < START + 30 * DAY for at, _, _ in found)
    assert all(one[2] != other[2] and abs(one[1] - other[1]) >= WIGGLE for one, other in pairwise(found))
    assert len(found) in range(114, 119)


def test_an_area_with_its_own_offset_is_later_and_smaller(bay, xiamen):
    given = {**bay.tide, "offsets": {"huian": {"minutes": 20, "ratio": 0.5, "metres": 0.2}}}
    moved = with_tide(bay, **given)
    middle = xiamen.mean
    assert moved.level(START + 20 * 60_000)[0] == pytest.approx(middle + 0.2 + 0.5 * (xiamen.level(START)[0] - middle), abs=0.001)
    assert tide_of(structs.replace(bay, tide=given), "shishi").level(START) == xiamen.level(START)


def test_without_constants_a_table_of_waters_gives_the_rule_of_twelfths_with_its_error(bay, xiamen):
    table = [
        {"at": datetime.fromtimestamp(at / 1000).astimezone().isoformat(), "level": level}
        for at, level, _ in xiamen.extremes(START, START + 16 * DAY)
    ]
    tide = with_tide(bay, waters=table)
    assert (tide.source, tide.error) == ("twelfths", TWELFTHS_ERROR)
    times = np.arange(START + DAY, START + 15 * DAY, 600_000)
    off = tide.level(times) - xiamen.level(times)
    assert np.abs(off).max() <= TWELFTHS_ERROR
    assert np.isnan(tide.level(START - DAY)).all()
    assert np.isnan(tide.level(START + 20 * DAY)).all()
    assert tide.first_above(3.0, START + 20 * DAY, DAY) is None


def test_a_rising_tide_makes_a_quarter_of_its_way_in_the_third_sixth(bay):
    tide = with_tide(bay, waters=[{"at": "2026-09-01T00:00:00Z", "level": 1.0}, {"at": "2026-09-01T06:00:00Z", "level": 7.0}])
    assert tide.level(START + np.arange(7) * HOUR).tolist() == [1.0, 1.5, 2.5, 4.0, 5.5, 6.5, 7.0]


def test_a_site_without_constants_table_or_datum_has_no_tide(bay):
    assert with_tide(bay) is None
    assert with_tide(bay, waters=[]) is None
    assert with_tide(bay, harmonic_constituents=bay.tide["harmonic_constituents"]) is None


def test_chart_datum_is_what_the_site_says(bay, xiamen):
    assert (xiamen.datum, xiamen.mean) == ("TLT", pytest.approx(3.357, abs=0.001))
    own = with_tide(bay, **{**bay.tide, "z0": 3.6})
    assert (own.datum, own.mean) == ("z0", 3.6)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"harmonic_constituents": [{"name": "M99", "amplitude": 1, "phase": 0}], "z0": 1}, "M99"),
        ({"harmonic_constituents": [{"name": "M2", "amplitude": float("nan"), "phase": 0}], "z0": 1}, "M2"),
        ({"harmonic_constituents": [{"name": "M2", "amplitude": 1, "phase": 0}]}, "datum"),
        ({"harmonic_constituents": [{"amplitude": 1}], "z0": 1}, "read"),
        ({"waters": [{"at": "2026-09-01T00:00:00Z", "level": 1}, {"at": "2026-09-01T00:10:00Z", "level": 5}]}, "waters"),
        ({"waters": [{"at": "soon", "level": 1}]}, "read"),
        ({"offsets": {"nowhere": {"minutes": 1}}}, "nowhere"),
        ({"offsets": {"huian": {"minutes": 1e9}}}, "minutes"),
    ],
)
def test_a_tide_file_that_cannot_be_used_is_told(bay, wrong, word):
    assert any(word in what for what, _ in faults_of(wrong, bay.area_of))


def test_every_constituent_of_the_table_stands_at_its_speed():
    """Source of the speeds: IHO's list of harmonic constituents, degrees an hour."""
    speeds = {"M2": 28.9841042, "S2": 30.0, "N2": 28.4397295, "K1": 15.0410686, "O1": 13.9430356, "MF": 1.0980331, "SA": 0.0410686, "L2": 29.5284789,
              "M4": 57.9682084, "2MS6": 87.9682084, "MSF": 1.0158958, "R3": 45.0410686, "T2": 29.9589333, "EP2": 27.4238337, "sgm": 12.9271398}  # fmt: skip
    for name, speed in speeds.items():
        assert constituent(name, START)[0] == pytest.approx(speed, abs=2e-6), name
    for name in (*ASTRONOMICAL, *COMPOUND, *OTHER_NAMES):
        assert known(name)
        speed, factor, argument = constituent(name, START)
        assert 0 <= argument < 360
        assert 0.3 < factor < 3
        later = constituent(name, START + HOUR)[2]
        assert (later - argument - speed + 180) % 360 - 180 == pytest.approx(0, abs=0.01), name
    assert not known("Z0")
