"""Two vessels far outside any harbour of the test bay, a fix a minute each. Metres are east of the shore's beginning and north of it.

Measured: one scan of 5,000 lying vessels, 2,000 of them in one anchorage of 3 km by 3 km, takes 5 to 11 ms, median 9 ms (2 shared cores).
"""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from ingest.events import Permit
from ingest.formats.marinecadastre import read
from ingest.site import Vessel
from models.pairs import crowded, pairs_within
from tests.models.hearing import find, told
from tests.small_coast import START, at, fix, seen, site, thing, tick, zone

MINUTE, HOUR = 60_000, 3_600_000
ONE, OTHER = "412000001", "413000002"
PAIR = f"{ONE}+{OTHER}"
EVENING = 14 * HOUR  # 22:00 at the coast, 14 h after the small coast's beginning
DATA = Path(os.environ.get("COAST_DATA", Path(__file__).parents[3] / "shared" / "data")) / "ais"
CROSSINGS, BURST = DATA / "dk_crossing_encounters.csv", DATA / "us_marinecadastre_20220103.csv.gz"


def lying(begin, end, apart=40.0, vessel=OTHER, start=START, north=-15_000, **more):
    """A vessel `apart` m east of the place, minutes `begin` to `end`, drifting."""
    return [fix(vessel, start + m * MINUTE + 500, *at(apart / 200, north), **{"sog": 0.4, "cog": 10.0, **more}) for m in range(begin, end)]


def arriving(vessel, start=START, **more):
    return [fix(vessel, start + m * MINUTE + 500, *at(10 - m * 2, -15_000), **{"sog": 12.0, "cog": 270.0, **more}) for m in range(5)]


def meeting(start=START, until=25, apart=40.0, **more):
    return [*arriving(OTHER, start, **more), *lying(0, until, 0.0, ONE, start), *lying(5, until, apart, start=start, **more)]


def m13(events, minutes=40, coast=None, start=START, heard=None):
    ticks = [tick(start + n * 10_000, None if heard is None else min(start + n * 10_000, heard)) for n in range(minutes * 6)]
    return find(coast or site(), sorted([*events, *ticks], key=lambda each: each.received), model="M13")


def test_two_that_came_together_are_yellow_by_day_after_ten_minutes():
    found = m13(meeting())
    assert told(found) == [(PAIR, "yellow", "alongside")]
    assert found[0].sensitivity == "restricted"
    assert found[0].values["minutes"] == 10
    assert found[0].values["metres"] == 40


def test_in_the_smuggling_window_it_is_orange():
    assert told(m13(meeting(START + EVENING), start=START + EVENING)) == [(PAIR, "orange", "alongside")]


def test_nine_minutes_are_none():
    parted = [fix(OTHER, START + m * MINUTE + 500, *at(m, -15_000), sog=6.0, cog=90.0) for m in range(14, 30)]
    assert m13([*meeting(until=14), *parted]) == []


def test_two_that_lay_there_when_first_heard_are_moored():
    assert m13([*lying(0, 35, 0.0, ONE), *lying(0, 35)]) == []


def test_missing_fixes_do_not_end_a_run():
    gap = [each for each in meeting(until=60) if not START + 10 * MINUTE < each.ts < START + 50 * MINUTE]
    assert told(m13(gap, 70)) == [(PAIR, "yellow", "alongside")]


def test_seen_apart_ends_it_after_ten_minutes_and_a_stopped_hearing_does_not():
    parted = [fix(OTHER, START + m * MINUTE + 500, *at(m, -15_000), sog=6.0, cog=90.0) for m in range(25, 50)]
    together = [*meeting(), *lying(25, 50, 0.0, ONE), *parted]
    assert [each.level for each in m13(together, 55)] == ["yellow", "over"]
    assert [each.level for each in m13(together, 55, heard=START + 30 * MINUTE)] == ["yellow"]


def test_seventy_minutes_without_fixes_end_it():
    assert [each.level for each in m13(meeting(), 90)] == ["yellow"]
    assert [each.level for each in m13(meeting(), 110)] == ["yellow", "over"]


def test_half_a_mile_for_two_hours_is_told_too():
    assert told(m13(meeting(until=135, apart=300.0), 140)) == [(PAIR, "yellow", "together")]
    assert m13(meeting(until=110, apart=300.0), 115) == []


def test_trawling_and_towing_on_one_course_are_none():
    def drawn(vessel, apart):
        return [fix(vessel, START + m * MINUTE + 500, *at((apart + 50 * m) / 200, -15_000), sog=1.6 if m else 3.0, cog=90.0) for m in range(40)]

    assert m13([*drawn(ONE, 0), *drawn(OTHER, 80)]) == []


def test_one_fix_that_strays_ends_nothing():
    events = [
        structs.replace(each, position=at(20, -15_000)) if each.vessel == OTHER and each.ts == START + 9 * MINUTE + 500 else each
        for each in meeting()
    ]
    assert told(m13(events)) == [(PAIR, "yellow", "alongside")]


@pytest.mark.parametrize("more", [{"ship_type": 50}, {"ship_type": 52}, {"name": "NET 61%"}])
def test_pilots_tugs_and_net_buoys_are_none(more):
    assert m13(meeting(**more)) == []


def test_in_a_shelter_it_is_none():
    assert m13(meeting(), coast=structs.replace(site(), zones=(zone("a", "anchorage", -5, -16_000, 5, -14_000),))) == []


def test_a_permit_for_bunkering_lets_them():
    coast = structs.replace(site(), zones=(zone("b", "fairway", -5, -16_000, 5, -14_000),))
    permit = Permit(device="console", received=START, ts=START, zone="b", vessel=OTHER, from_=START, until=START + HOUR)
    assert m13([permit, *meeting()], coast=coast) == []
    assert len(m13(meeting(), coast=coast)) == 1


def test_boats_of_one_group_are_labelled_and_never_rise():
    boats = (Vessel("a", "甲", ONE, group="ten"), Vessel("b", "乙", OTHER, group="ten"))
    found = m13(meeting(START + EVENING), coast=structs.replace(site(), vessels=boats), start=START + EVENING)
    assert told(found) == [(PAIR, "yellow", "same_group")]


@pytest.mark.parametrize("more", [{"kind": "official"}, {"whitelist": ("M13",)}])
def test_who_is_on_duty_or_known_is_none(more):
    assert m13(meeting(), coast=structs.replace(site(), vessels=(Vessel("a", "甲", ONE, **more),))) == []


def test_where_many_lie_is_an_anchorage_and_is_remembered():
    others = [each for n in range(5) for each in lying(0, 8, 60.0 + 30 * n, f"4140000{n:02d}")]
    assert m13([*others, *meeting()]) == []


def test_pairs_by_grid_are_those_by_hand():
    chance = np.random.default_rng(3)
    east, north = chance.uniform(-2_000, 2_000, 300), chance.uniform(-2_000, 2_000, 300)
    one, other = pairs_within(east, north, 150.0)
    away = np.hypot(east[:, None] - east, north[:, None] - north)
    by_hand = {(i, j) for i, j in zip(*np.nonzero(away <= 150.0), strict=True) if i < j}
    assert {(min(pair), max(pair)) for pair in zip(one.tolist(), other.tolist(), strict=True)} == by_hand
    assert len(one) == len(by_hand)


def test_a_crowd_is_counted_with_the_cells_about_it():
    assert crowded(np.array([0.0, 90.0, 110.0, 900.0]), np.zeros(4), 100.0, 3).tolist() == [True, True, True, False]


@pytest.mark.skipif(not CROSSINGS.is_file(), reason="the real crossings are not here (COAST_DATA)")
def test_real_crossings_are_no_rendezvous():
    with CROSSINGS.open() as file:
        rows = list(csv.DictReader(file))
    for encounter in sorted({row["encounter_id"] for row in rows}):
        mine = [row for row in rows if row["encounter_id"] == encounter]
        events = [
            fix(row["mmsi"], START + int(float(row["timestamp"]) * 1000), float(row["lon"]), float(row["lat"]), sog=float(row["sog"]), cog=float(row["cog"]))
            for row in mine
        ]  # fmt: skip
        assert m13(events, 60) == [], encounter


@pytest.mark.skipif(not BURST.is_file(), reason="the real burst is not here (COAST_DATA)")
def test_a_whole_countrys_harbours_without_a_mask_do_not_drown_the_room():
    """23 minutes, 10,631 vessels of all the coasts of the United States, no zone at all: 25,016 pairs lie within 500 m of each other."""
    rows = [row for row in read(BURST) if not isinstance(row, str)]
    begin = min(row.at for row in rows)
    events = []
    for row in rows:
        if row.at < begin + HOUR:
            said = row.payload
            more = {"name": said.get("name") or "", "ship_type": said.get("ship_type"), "class_": said.get("class") or ""}
            events.append(fix(said["vessel"], row.at, *said["position"], **{"sog": said.get("sog"), "cog": said.get("cog"), **more}))
    small = site()
    plain = structs.replace(small, areas=(structs.replace(small.areas[0], origin=(-95.0, 35.0)),), zones=(), segments=(), shoreline=(), vessels=())
    found = m13(events, 30, plain, start=begin)
    assert 0 < len(found) <= 12
    assert {each.level for each in found} == {"yellow"}


def eyes(begin, end, *east, camera="cam-1", every=20, start=START, **more):
    """Looks of a camera on boats so many m east of the place, minutes `begin` to `end`; tracks go by their order."""
    for s in range(begin * 60, end * 60, every):
        now = start + s * 1_000
        boats = [thing(n, "boat", at(metres / 200, -15_000), **more) for n, metres in enumerate(east)]
        yield seen(camera, now, *boats)


def alone(until, **more):
    """A vessel that came and lies there, by itself as far as AIS says."""
    return [*arriving(ONE, **more), *lying(5, until, 0.0, ONE, **more)]


def test_a_boat_that_says_nothing_beside_a_slow_vessel_is_orange_after_half_an_hour():
    found = m13([*alone(50), *eyes(6, 50, 3.0, 45.0)], 55)
    assert told(found) == [(ONE, "orange", "one_sided")]
    assert (found[0].values["minutes"], found[0].values["metres"], found[0].sensitivity) == (30, 45, "restricted")
    assert found[0].evidence[0].startswith("cam-1/")


def test_the_vessel_itself_is_no_other_boat_nor_is_one_with_ais_nor_one_that_two_cameras_see():
    assert m13([*alone(50), *eyes(6, 50, 30.0)], 55) == []
    assert [each.code for each in m13([*meeting(until=50), *eyes(6, 50, 3.0, 45.0)], 55)] == ["alongside"]
    assert m13([*alone(50), *eyes(6, 50, 3.0), *eyes(6, 50, 12.0, camera="cam-2")], 55) == []


def test_what_passes_does_not_count_and_looks_that_miss_it_do_not_end_it():
    assert m13([*alone(50), *eyes(6, 30, 3.0, 45.0), *eyes(30, 50, 3.0)], 55) == []
    holes = [each for each in eyes(6, 50, 3.0, 45.0) if (each.ts // 1000) % 300 > 100]
    assert told(m13([*alone(50), *holes], 55)) == [(ONE, "orange", "one_sided")]


def test_it_ends_ten_minutes_after_the_other_left_and_seventy_after_nobody_looked():
    gone = m13([*alone(100), *eyes(6, 50, 3.0, 45.0), *eyes(50, 100, 3.0)], 100)
    assert [(each.level, (each.index >= 0)) for each in gone] == [("orange", True), ("over", True)]
    blind = m13([*alone(180), *eyes(6, 50, 3.0, 45.0)], 180)
    assert [each.level for each in blind] == ["orange", "over"]


def test_moored_boats_a_pilot_and_a_permit_are_none():
    assert m13([*lying(0, 50, 0.0, ONE), *eyes(0, 50, 3.0, 45.0)], 55) == []
    assert m13([*alone(50, ship_type=50), *eyes(6, 50, 3.0, 45.0)], 55) == []
    bunker = zone("bunker", "anchorage", -10, -16_000, 10, -14_000)
    assert m13([*alone(50), *eyes(6, 50, 3.0, 45.0)], 55, structs.replace(site(), zones=(*site().zones, bunker))) == []


def test_one_of_a_pair_without_a_light_by_night_is_orange_outside_the_window_too():
    dusk = START + 11 * HOUR + 30 * MINUTE  # 19:30
    lit, dark = (m13([*meeting(dusk), *eyes(6, 25, 3.0, 40.0, start=dusk, lit=lit)], 30, start=dusk) for lit in (True, False))
    assert told(lit) == [(PAIR, "yellow", "alongside")]
    assert told(dark) == [(PAIR, "orange", "alongside")]
