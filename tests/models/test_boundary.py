"""Vessels near the test bay's forbidden water and border. A fix every 20 s; metres are south of the shore and east of its beginning."""

import pytest
from msgspec import structs

from ingest.events import Permit, Position
from ingest.site import Vessel
from tests.models.hearing import find, told
from tests.small_coast import START, at, fix, site, tick, zone

MINUTE = 60_000
SHIP = "412000001"
NORTH, SOUTH, EAST, WEST = 0.0, 180.0, 90.0, 270.0
KN = 1852 / 3600  # m/s
# Water of the small coast: forbidden-1 lies 2000 to 800 m west of the shore's beginning, 9000 to 6000 m south of it; forbidden-2 is strict.


def sail(begin: tuple[float, float], course: float, knots: float, minutes: float, start: int = START, every: int = 20_000, **more):
    """Fixes of a vessel from (metres east, metres north) on, and ticks, once a second near fixes."""
    east, north = {NORTH: (0, 1), SOUTH: (0, -1), EAST: (1, 0), WEST: (-1, 0)}[course]
    for now in range(start, start + int(minutes * MINUTE), every):
        gone = knots * KN * (now - start) / 1000
        place = at((begin[0] + east * gone) / 200, begin[1] + north * gone)
        yield fix(more.get("vessel", SHIP), now, *place, **{"sog": float(knots), "cog": course, **{k: v for k, v in more.items() if k != "vessel"}})
        yield tick(now + 1_000)


def m14(events, coast=None):
    return find(coast or site(), events, model="M14")


def quiet(start: int, minutes: float, heard: int | None = None):
    return [tick(start + second * 1_000, heard) for second in range(0, int(minutes * 60), 5)]


def test_held_course_is_told_before_inside_is():
    """Nine knots are 278 m a minute: from 2.4 km north of the water it is told at 6 min, from its third prediction and two minutes on."""
    found = m14(sail((-1400, -3600), SOUTH, 9.0, 15))
    assert told(found) == [(SHIP, "yellow", "entry_predicted"), (SHIP, "orange", "inside")]
    assert found[0].values["minutes"] in (4, 3)
    assert found[0].values["zone"] == "forbidden-1"
    assert found[0].occurred - START >= 2 * MINUTE
    assert found[1].position[1] < at(0, -6000)[1]


def test_strict_water_is_red_and_warns_as_early_as_it_says():
    found = m14(sail((0, -3000), SOUTH, 9.0, 18))
    assert [(each.level, each.code) for each in found] == [("yellow", "entry_predicted"), ("red", "inside_strict")]
    assert found[0].values["minutes"] >= 10


def test_the_one_that_turns_away_in_time_is_over_after_five_minutes():
    """As a vessel called by the traffic service at 02:25 that turned at 02:39."""
    towards = list(sail((-1400, -3600), SOUTH, 9.0, 6))
    away = list(sail((-1400, -5200), NORTH, 9.0, 12, start=START + 6 * MINUTE))
    found = m14([*towards, *away])
    assert [each.level for each in found] == ["yellow", "over"]
    assert found[1].occurred - START <= 12 * MINUTE


def test_out_for_five_minutes_two_hundred_metres_clear_ends_it():
    inside = list(sail((-1400, -6500), EAST, 3.0, 3))
    leaving = list(sail((-700, -6500), EAST, 3.0, 1, start=START + 3 * MINUTE))  # 100 m from the edge: not out
    lying = list(sail((-680, -6500), EAST, 0.0, 20, start=START + 4 * MINUTE))
    clear = list(sail((-500, -6500), EAST, 3.0, 7, start=START + 24 * MINUTE))
    found = m14([*inside, *leaving, *lying, *clear])
    assert [each.level for each in found] == ["orange", "over"]
    assert found[1].occurred > START + 28 * MINUTE


def test_one_fix_inside_is_a_fix_that_strayed():
    along = list(sail((-600, -7000), NORTH, 0.3, 20))
    strayed = [structs.replace(each, position=at(-5, -7000)) if n == 20 else each for n, each in enumerate(along)]
    assert m14(strayed) == []
    assert told(m14([structs.replace(each, position=at(-5, -7000)) if n in (20, 22) else each for n, each in enumerate(along)]))[0][1] == "orange"


def test_a_boat_at_anchor_on_the_edge_whose_fixes_wander_is_not_inside():
    def wander():
        for n, event in enumerate(sail((-790, -7000), NORTH, 0.0, 30, sog=0.1)):
            place = at((-790 + (-1) ** (n // 6) * 15) / 200, -7000 + n % 7)
            yield structs.replace(event, position=place) if isinstance(event, Position) else event

    assert m14(wander()) == []


def test_in_a_shelter_beside_the_water_nothing_is_told():
    sheltered = structs.replace(site(), zones=(*site().zones, zone("anchorage-9", "anchorage", -10, -8000, -4, -6000)))
    assert m14(sail((-1400, -6500), EAST, 3.0, 10), sheltered) == []


def test_one_that_passes_a_corner_is_not_predicted():
    """Its way would cut 20 m of the corner's edge."""
    assert m14(sail((-2020, -3600), SOUTH, 9.0, 15)) == []


@pytest.mark.parametrize("knots", [1.5])
def test_what_drifts_is_not_predicted(knots):
    assert m14(sail((-1400, -5700), SOUTH, knots, 5)) == []


def test_a_net_buoy_that_drifts_in_is_no_vessel():
    assert m14(sail((-1400, -6500), EAST, 1.0, 10, name="NET 87%", vessel="412000009")) == []
    assert m14(sail((-1400, -6500), EAST, 1.0, 10, class_="B", vessel="988000009")) == []


def test_a_permit_lets_its_boat_in_while_it_lasts():
    permit = Permit(device="console", received=START, ts=START, zone="forbidden-1", vessel=SHIP, from_=START, until=START + 5 * MINUTE)
    inside = list(sail((-1400, -6500), EAST, 0.6, 10))
    found = m14([permit, *inside])
    assert [each.level for each in found] == ["orange"]
    assert found[0].index >= 0
    ended_by_it = m14([*inside[:12], structs.replace(permit, received=inside[12].received, until=START + 60 * MINUTE), *inside[12:]])
    assert [each.level for each in ended_by_it] == ["orange", "over"]
    other = m14([structs.replace(permit, vessel="412000777", until=START + 60 * MINUTE), *inside])
    assert [each.level for each in other] == ["orange"]


def test_a_permit_may_name_the_boat_by_its_beidou_terminal():
    permit = Permit(device="console", received=START, ts=START, zone="forbidden-1", vessel="200001", from_=START, until=START + 60 * MINUTE)
    assert m14([permit, *sail((-1400, -6500), EAST, 3.0, 3)]) == []


@pytest.mark.parametrize("more", [{"kind": "official"}, {"whitelist": ("M14",)}])
def test_who_is_on_duty_or_known_here_is_no_alert(more):
    coast = structs.replace(site(), vessels=(Vessel("fj-1", "闽狮渔00001", SHIP, "200001", "station-a", **more),))
    assert m14(sail((-1400, -6500), EAST, 3.0, 10), coast) == []


def test_the_zones_calendar_holds():
    """2026-01-01T00:00Z is 08:00 at the coast."""

    def coast(**properties):
        return structs.replace(
            site(), zones=tuple(structs.replace(each, properties=properties) if each.id == "forbidden-1" else each for each in site().zones)
        )

    inside = list(sail((-1400, -6500), EAST, 0.6, 10))
    assert m14(inside, coast(hours="22:00-06:00")) == []
    assert m14(inside, coast(days="05-01..08-16")) == []
    assert [each.level for each in m14(inside, coast(hours="06:00-18:00", days="11-15..02-10"))] == ["orange"]
    ending = m14(inside, coast(hours="06:00-08:05"))
    assert [each.level for each in ending] == ["orange", "over"]
    assert ending[1].occurred - START < 6 * MINUTE


def test_a_border_narrower_than_the_way_between_two_fixes_is_seen():
    strip = structs.replace(site(), zones=(zone("line", "border", -40, -5_030, 40, -5_000),))
    found = m14(sail((500, -3000), SOUTH, 12.0, 12, every=60_000), strip)
    assert told(found)[0] == (SHIP, "yellow", "entry_predicted")
    assert (SHIP, "orange", "border_crossed") in told(found)
    assert found[-1].level == "over"


@pytest.mark.parametrize("begin", range(0, 120, 10))
def test_a_border_that_holds_one_fix_of_the_way_or_two_or_none_is_passed_all_the_same(begin):
    """40 m wide, fixes 31 m apart: wherever they fall, the vessel is over the line, and told so within its third fix behind it."""
    line = zone("line", "border", -5.1, -9000, -4.9, -2000)
    coast = structs.replace(site(), zones=(line,))
    found = m14([*sail((-1300 + begin, -5000), EAST, 6.0, 6, every=10_000), *quiet(START + 6 * MINUTE, 1)], coast)
    assert [each.code for each in found if each.level == "orange"] == ["border_crossed"]


def test_one_fix_inside_and_back_out_on_the_same_side_is_no_crossing():
    line = zone("line", "border", -5.1, -9000, -4.9, -2000)
    coast = structs.replace(site(), zones=(line,))
    along = [fix(SHIP, START + n * 10_000, *at((-1100 if n != 9 else -1000) / 200, -5000 + 30 * n), sog=6.0, cog=NORTH) for n in range(20)]
    assert not m14([event for each in along for event in (each, tick(each.ts + 1_000))], coast)


def test_a_fix_that_strayed_over_the_line_and_back_is_no_crossing():
    strip = structs.replace(site(), zones=(zone("line", "border", -40, -5_030, 40, -5_000),))
    lying = list(sail((500, -4950), SOUTH, 0.0, 20, sog=0.2))
    assert m14([structs.replace(each, position=at(2.5, -5100)) if n == 20 else each for n, each in enumerate(lying)], strip) == []


def test_a_zone_may_have_its_own_figures():
    coast = structs.replace(site(), zones=(zone("forbidden-1", "forbidden", -10, -9_000, -4, -6_000, **{"M14.inside": 30.0}),))
    assert m14(sail((-1400, -6500), EAST, 3.0, 5), coast) == []


def test_one_that_falls_silent_inside_is_m12s_after_two_hours():
    found = m14([*sail((-1400, -6500), EAST, 3.0, 3), *[tick(START + 3 * MINUTE + n * 10_000) for n in range(6 * 130)]])
    assert [each.level for each in found] == ["orange", "over"]


def test_a_stopped_hearing_ends_nothing():
    """The vessel left; then the broker died, and five minutes of that prove nothing."""
    leaving = [*sail((-1400, -6500), EAST, 3.0, 3), *sail((-500, -6500), EAST, 3.0, 1, start=START + 3 * MINUTE)]
    assert [each.level for each in m14([*leaving, *quiet(START + 4 * MINUTE, 30, heard=START + 4 * MINUTE)])] == ["orange"]


def test_the_boat_is_one_by_ais_and_by_beidou():
    """One fix of each inside is two of the boat."""
    both = [
        tick(START), fix(SHIP, START, *at(-7, -6500)), Position(device="ais-1", received=START + 30_050, ts=START + 30_000, vessel="200001", system="beidou", position=at(-7, -6550)),
        tick(START + 31_000),
    ]  # fmt: skip
    found = m14(both)
    assert told(found) == [(SHIP, "orange", "inside")]
    assert found[0].values["name"] == "闽狮渔00001"
