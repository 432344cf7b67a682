"""Boats of the test bay at sea, in harbour and between, under bulletins, wind and papers. A fix every ten minutes, a tick a minute."""

import pytest
from msgspec import structs

from ingest.events import Bulletin, Checks, Trip, Weather
from ingest.site import Vessel
from ingest.village import Covenant, Group, Moratorium
from tests.models.hearing import find
from tests.small_coast import START, fix, site, tick

MINUTE, HOUR = 60_000, 3_600_000
BOAT, OTHER = "412000001", "412000002"
PORT, SEA = (118.91, 24.71), (118.93, 24.69)


def coast(**more):
    boats = (
        Vessel("fj-1", "闽狮渔00001", BOAT, "200001", "station-a", "ten-1", **{"length": 18.0, "gear": "gillnet", **more}),
        Vessel("fj-2", "闽狮渔00002", OTHER, "200002", "station-a", "ten-1", length=9.0, gear="angling"),
    )
    return structs.replace(site(), vessels=boats, groups=(Group("ten-1", "第一组", "Group 1", "station-a", members=("fj-1", "fj-2")),))


def lies(place, begin, end, vessel=BOAT):
    return [fix(vessel, START + at, *place) for at in range(begin, end, 10 * MINUTE)]


def wind(speed, at):
    return Weather(device="met-1", received=START + at, ts=START + at, wind_speed=speed)


def bulletin(at, name="b1", **more):
    return Bulletin(**{"device": "console", "received": START + at, "ts": START + at, "id": name, "type": "wind", **more})


def m16(*parts, until, coast_=None):
    events = [event for part in parts for event in (part if isinstance(part, list) else [part])]
    events += [tick(START + at) for at in range(0, until + 1, MINUTE)]
    return find(coast_ or coast(), sorted(events, key=lambda event: event.received), model="M16")


def told(found):
    return [(each.subject, each.level, each.code) for each in found]


@pytest.mark.parametrize(("length", "force_of_wind"), [(9.0, 10.8), (18.0, 13.9), (30.0, 17.2), (None, 13.9)])
def test_wind_of_the_boats_rating(length, force_of_wind):
    out = lies(SEA, 0, 2 * HOUR)
    assert m16(wind(force_of_wind - 0.1, HOUR), out, until=2 * HOUR, coast_=coast(length=length)) == []
    assert told(m16(wind(force_of_wind, HOUR), out, until=110 * MINUTE, coast_=coast(length=length))) == [(BOAT, "orange", "weather")]


def test_the_registry_may_say_another_rating():
    assert told(m16(wind(8.1, HOUR), lies(SEA, 0, 2 * HOUR), until=110 * MINUTE, coast_=coast(wind_rating=5))) == [(BOAT, "orange", "weather")]


def test_leaving_is_yellow_and_out_is_orange():
    out = [*lies(PORT, 0, HOUR), *lies(SEA, HOUR, 2 * HOUR)]
    found = m16(wind(14.0, 40 * MINUTE), out, until=95 * MINUTE)
    assert told(found) == [(BOAT, "yellow", "weather"), (BOAT, "orange", "weather")]
    assert found[1].occurred - found[0].occurred == 15 * MINUTE


def test_back_in_harbour_ends_it_and_so_does_an_hour_of_less_wind():
    home = [*lies(SEA, 0, HOUR), *lies(PORT, HOUR, 2 * HOUR)]
    assert [each.level for each in m16(wind(14.0, 20 * MINUTE), home, until=2 * HOUR)] == ["orange", "over"]
    calm = m16(wind(14.0, 20 * MINUTE), wind(3.0, 30 * MINUTE), lies(SEA, 0, 3 * HOUR), until=3 * HOUR)
    assert [each.level for each in calm] == ["orange", "over"]
    assert calm[1].occurred == START + 80 * MINUTE


def test_in_a_shelter_the_weather_is_no_reason():
    anchored = structs.replace(
        coast(), zones=tuple(structs.replace(each, kind="anchorage") if each.id == "border-1" else each for each in coast().zones)
    )
    assert m16(wind(14.0, HOUR), lies((119.0, 24.67), 0, 2 * HOUR), until=2 * HOUR, coast_=anchored) == []


def test_a_warning_counts_from_its_onset_to_its_end_and_not_when_withdrawn():
    warned = bulletin(0, wind_force=8, onset=START + HOUR, expires=START + 2 * HOUR)
    found = m16(warned, lies(SEA, 0, 3 * HOUR), until=3 * HOUR)
    assert [(each.level, (each.occurred - START) // MINUTE) for each in found] == [("orange", 60), ("over", 120)]
    gone = bulletin(90 * MINUTE, message="cancel")
    assert [(each.occurred - START) // MINUTE for each in m16(warned, gone, lies(SEA, 0, 3 * HOUR), until=3 * HOUR)] == [60, 90]
    assert m16(bulletin(0, message="cancel"), structs.replace(warned, received=START + 5), lies(SEA, 0, 3 * HOUR), until=3 * HOUR) == []


def test_a_warning_for_other_water_is_none():
    ring = ((119.5, 24.0), (120.0, 24.0), (120.0, 24.5), (119.5, 24.0))
    assert m16(bulletin(0, wind_force=9, polygon=ring), lies(SEA, 0, HOUR), until=HOUR) == []


CLOSED = (Moratorium("south", "2026-01-01T09:00", "2026-01-01T10:00", north=26.5, exempt=("angling",)),)  # 01:00 to 02:00 after START


def test_the_moratorium_by_gear_and_time():
    shut = structs.replace(coast(), moratoria=CLOSED)
    out = [*lies(SEA, 0, 3 * HOUR), *lies(SEA, 0, 3 * HOUR, vessel=OTHER)]
    found = m16(out, until=3 * HOUR, coast_=shut)
    assert [(each.subject, each.level, each.code, (each.occurred - START) // MINUTE) for each in found] == [
        (BOAT, "orange", "moratorium", 60), (BOAT, "over", "moratorium", 120),
    ]  # fmt: skip


@pytest.mark.parametrize("more", [{"kind": "tender"}, {"whitelist": ("M16",)}, {"gear": ""}, {"kind": "official"}])
def test_who_may_be_out_in_the_moratorium(more):
    shut = structs.replace(coast(**more), moratoria=CLOSED)
    assert m16(lies(SEA, 0, 3 * HOUR), until=3 * HOUR, coast_=shut) == []


def test_north_of_the_line_other_dates_hold():
    shut = structs.replace(coast(), moratoria=(structs.replace(CLOSED[0], south=26.5, north=35.0),))
    assert m16(lies(SEA, 0, 3 * HOUR), until=3 * HOUR, coast_=shut) == []


def test_a_harbour_move_in_the_moratorium_is_none():
    moved = [fix(BOAT, START + at, *(SEA if 90 * MINUTE <= at < 100 * MINUTE else PORT)) for at in range(0, 3 * HOUR, 5 * MINUTE)]
    assert m16(moved, until=3 * HOUR, coast_=structs.replace(coast(), moratoria=CLOSED)) == []


def recall(**more):
    return bulletin(0, "r1", **{"type": "recall", "deadline": START + HOUR, **more})


def test_a_recall_is_one_alert_a_station_with_its_list_and_a_boat_after_an_hour():
    out = [*lies(SEA, 0, 4 * HOUR), *lies(SEA, 0, 30 * MINUTE, vessel=OTHER), *lies(PORT, 30 * MINUTE, 4 * HOUR, vessel=OTHER)]
    found = m16(recall(), out, until=3 * HOUR)
    assert told(found) == [
        ("station-a", "yellow", "recall_due"), ("station-a", "yellow", "recall_due"), ("station-a", "orange", "recall_list"), (BOAT, "orange", "recall"),
    ]  # fmt: skip
    assert [each.values.get("out") for each in found[:3]] == [2, 1, 1]
    assert found[2].values["boats"] == ["闽狮渔00001"]
    assert (found[3].occurred - START) // MINUTE == 120


def test_all_home_ends_the_recall():
    home = [*lies(SEA, 0, 90 * MINUTE), *lies(PORT, 90 * MINUTE, 4 * HOUR)]
    assert [each.level for each in m16(recall(), home, until=3 * HOUR)] == ["yellow", "orange", "over"]


@pytest.mark.parametrize("worse", [recall(colour="red"), None])
def test_a_recall_before_a_storm_or_of_red_is_red(worse):
    storm = bulletin(0, "t1", type="typhoon", wind_force=11, onset=START + 8 * HOUR, expires=START + 20 * HOUR)
    found = m16(worse or recall(), *([] if worse else [storm]), lies(SEA, 0, 3 * HOUR), until=3 * HOUR)
    assert [each.level for each in found if each.subject == "station-a"] == ["yellow", "red"]
    assert [each.level for each in found if each.subject == BOAT] == ["red"]


def test_a_boat_that_nobody_hears_is_out_by_its_report():
    sailed = Trip(device="console", received=START + 5, ts=START, id="t", vessel=BOAT, report="departure")
    found = m16(sailed, recall(), until=90 * MINUTE)
    assert told(found) == [("station-a", "yellow", "recall_due"), ("station-a", "orange", "recall_list")]
    back = Trip(device="console", received=START + 70 * MINUTE, ts=START + 70 * MINUTE, id="u", vessel="200001", report="return")
    assert [each.level for each in m16(sailed, back, recall(), until=90 * MINUTE)] == ["yellow", "orange", "over"]


def test_expired_papers_are_told_at_sea_only():
    old = coast(insurance_until="2025-12-31", certificate_until="2026-01-01")
    found = m16([*lies(PORT, 0, HOUR), *lies(SEA, HOUR, 2 * HOUR)], until=2 * HOUR, coast_=old)
    assert told(found) == [(BOAT, "yellow", "papers")]
    assert found[0].values["papers"] == ["insurance"]


@pytest.mark.parametrize(("checks", "code"), [
    (Checks(locator="ok", radio="unchecked", lifejackets="ok"), "kit"), (Checks(locator="fail"), "kit"), (Checks(insurance="fail"), "papers"),
    (Checks(locator="ok"), None), (None, None),
])  # fmt: skip
def test_what_the_station_did_not_find_in_order(checks, code):
    sailed = Trip(device="console", received=START + 5, ts=START, id="t", vessel=BOAT, report="departure", checks=checks)
    found = m16(sailed, lies(SEA, 0, HOUR), until=HOUR)
    assert told(found) == ([(BOAT, "yellow", code)] if code else [])


def test_a_village_chooses_its_reasons():
    calm = structs.replace(coast(), covenants=(Covenant("c", "约", "c", reasons=("papers",)),))
    calm = structs.replace(calm, groups=tuple(structs.replace(group, covenant="c") for group in calm.groups))
    assert m16(wind(20.0, HOUR), lies(SEA, 0, 2 * HOUR), until=2 * HOUR, coast_=calm) == []


def test_the_worst_reason_leads_and_all_are_named():
    found = m16(wind(14.0, 0), lies(SEA, 0, HOUR), until=30 * MINUTE, coast_=coast(insurance_until="2025-01-01"))
    assert found[-1].code == "weather"
    assert found[-1].values["reasons"] == ["weather", "papers"]


FLEET = tuple(f"41200010{n}" for n in range(5))


def fleet(**more):
    boats = tuple(Vessel(f"fl-{n}", f"闽狮渔1000{n}", name, "", "station-a", length=18.0, gear="gillnet") for n, name in enumerate(FLEET))
    return structs.replace(site(), vessels=boats, **more)


def at_sea(boats, begin=0, end=3 * HOUR, place=SEA):
    return [each for name in boats for each in lies(place, begin, end, vessel=name)]


def test_a_fleet_in_a_gale_is_one_alert_of_its_station_and_two_boats_are_two():
    two = m16(wind(14.0, HOUR), at_sea(FLEET[:2]), until=100 * MINUTE, coast_=fleet())
    assert told(two) == [(FLEET[0], "orange", "weather"), (FLEET[1], "orange", "weather")]
    (one,) = m16(wind(14.0, HOUR), at_sea(FLEET), until=100 * MINUTE, coast_=fleet())
    assert (one.subject, one.level, one.code) == ("station-a/weather", "orange", "weather_list")
    assert (one.values["out"], one.values["boats"], one.values["force"]) == (5, [f"闽狮渔1000{n}" for n in range(5)], 7)


def test_the_list_shrinks_as_boats_come_in_and_ends_with_the_last_of_them():
    out = at_sea(FLEET, end=HOUR + 1)
    home = [fix(name, START + HOUR + (n + 1) * 10 * MINUTE, *PORT) for n, name in enumerate(FLEET)]
    found = m16(wind(14.0, 50 * MINUTE), bulletin(0, wind_force=8), out, home, until=3 * HOUR, coast_=fleet())
    assert [each.values.get("out") for each in found] == [5, 5, 4, 3, 2, 1, None]  # leaving, then out
    assert {each.subject for each in found} == {"station-a/weather"}
    assert (found[-1].level, found[-1].code, [each.again for each in found]) == ("over", "weather_list", [False] * 7)


def test_a_boat_that_leaves_in_spite_of_it_rings_the_list_again_and_is_named():
    late = [*lies(PORT, 0, 100 * MINUTE, vessel=FLEET[4]), *lies(SEA, 100 * MINUTE, 3 * HOUR, vessel=FLEET[4])]
    found = m16(bulletin(0, wind_force=8), at_sea(FLEET[:4]), late, until=3 * HOUR - MINUTE, coast_=fleet())
    assert [(each.level, each.values["out"], each.values.get("left", []), each.again) for each in found[-2:]] == [
        ("orange", 4, [], False), ("orange", 5, ["闽狮渔10004"], True),
    ]  # fmt: skip


def test_a_boat_that_was_told_by_itself_stays_so_when_others_join_it():
    joined = [*at_sea(FLEET[:1]), *at_sea(FLEET[1:3], begin=90 * MINUTE)]
    found = m16(bulletin(0, wind_force=8), joined, until=3 * HOUR - MINUTE, coast_=fleet())
    assert (FLEET[0], "over", "weather") not in told(found)
    assert [each.values["out"] for each in found if each.code == "weather_list"][-1] == 3


def test_the_moratorium_of_a_fleet_is_one_alert_and_papers_stay_a_boats_own():
    shut = fleet(moratoria=CLOSED)
    expired = structs.replace(shut, vessels=tuple(structs.replace(each, certificate_until="2025-01-01") for each in shut.vessels))
    found = m16(at_sea(FLEET[:3], end=100 * MINUTE), until=90 * MINUTE, coast_=expired)
    assert {each.code for each in found if each.subject in FLEET} == {"papers"}
    assert [(each.subject, each.level, each.values["moratorium"]) for each in found if each.code == "moratorium_list"] == [
        ("station-a/moratorium", "orange", "south"),
    ]  # fmt: skip


def test_a_boat_that_passes_behind_an_island_is_told_once():
    anchored = structs.replace(
        coast(certificate_until="2025-01-01"),
        zones=tuple(structs.replace(each, kind="anchorage") if each.id == "border-1" else each for each in coast().zones),
    )
    hidden = (119.0, 24.67)
    passing = [fix(BOAT, START + at, *(hidden if at // (5 * MINUTE) % 3 == 2 else SEA)) for at in range(0, 2 * HOUR, 5 * MINUTE)]
    assert told(m16(passing, until=115 * MINUTE, coast_=anchored)) == [(BOAT, "yellow", "papers")]
    stays = [*lies(SEA, 0, HOUR), *lies(hidden, HOUR, 2 * HOUR)]
    found = m16(stays, until=2 * HOUR, coast_=anchored)
    assert [(each.level, (each.occurred - START) // MINUTE) for each in found] == [("yellow", 1), ("over", 75)]
