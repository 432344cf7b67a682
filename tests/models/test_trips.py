"""Boats of the test bay that go out from its harbour and come back, and what the station entered of them. A tick a minute."""

import pytest
from msgspec import structs

from ingest.events import Trip, Weather
from ingest.site import Vessel, Zone
from ingest.village import Covenant, Group
from tests.models.hearing import find
from tests.small_coast import START, fix, site, tick

MINUTE, HOUR = 60_000, 3_600_000
BOAT, OTHER = "412000001", "412000002"
PORT, SEA, FAR = (118.91, 24.71), (118.93, 24.69), (118.99, 24.83)  # in the harbour; 2 km from it; 9 nm from there


def coast(**more):
    boats = (
        Vessel("fj-1", "闽狮渔00001", BOAT, "200001", "station-a", "ten-1", **{"length": 18.0, "crew": 6, **more}),
        Vessel("fj-2", "闽狮渔00002", OTHER, "200002", "station-a", "ten-1", length=18.0),
    )
    return structs.replace(site(), vessels=boats, groups=(Group("ten-1", "第一组", "Group 1", "station-a", members=("fj-1", "fj-2")),))


def report(kind, at, name="", vessel=BOAT, entered=None, **more):
    """`at` and `entered` in ms after START."""
    received = START + (at if entered is None else entered)
    return Trip(
        **{
            "device": "console",
            "received": received,
            "ts": START + at,
            "sent": received,
            "id": name or f"{kind}-{at}",
            "vessel": vessel,
            "report": kind,
            **more,
        }
    )


def stays(place, begin, end, vessel=BOAT, every=MINUTE):
    """Fixes at one place from `begin` to `end` ms after START."""
    return [fix(vessel, START + at, *place) for at in range(begin, end, every)]


def m15(*parts, until, coast_=None, model="M15"):
    events = [event for part in parts for event in (part if isinstance(part, list) else [part])]
    events += [tick(START + at) for at in range(0, until + 1, MINUTE)]
    return find(coast_ or coast(), sorted(events, key=lambda event: event.received), model=model)


def told(found):
    return [(each.level, each.code, (each.occurred - START) // MINUTE) for each in found]


OUT_AT_9 = [*stays(PORT, 0, HOUR), *stays(SEA, HOUR, 4 * HOUR)]


def test_who_leaves_without_a_report_is_told_after_half_an_hour_and_after_two():
    assert told(m15(OUT_AT_9, until=4 * HOUR)) == [("blue", "unreported", 91), ("yellow", "unreported", 181)]


@pytest.mark.parametrize("at", [0, 50 * MINUTE, 85 * MINUTE])
def test_a_report_before_or_half_an_hour_after_is_one(at):
    assert m15(OUT_AT_9, report("departure", at, eta=START + 9 * HOUR), until=4 * HOUR) == []


def test_a_report_of_yesterday_is_none():
    late = [structs.replace(each, received=each.received + 13 * HOUR, ts=each.ts + 13 * HOUR) for each in OUT_AT_9]
    assert [each.level for each in m15(late, report("departure", 0, eta=START + 99 * HOUR), until=16 * HOUR)] == ["blue"]


def test_a_report_that_comes_late_ends_it():
    found = m15(OUT_AT_9, report("departure", 55 * MINUTE, entered=100 * MINUTE, eta=START + 9 * HOUR), until=4 * HOUR)
    assert told(found) == [("blue", "unreported", 91), ("over", "unreported", 100)]


def test_back_in_harbour_ends_it():
    found = m15([*stays(PORT, 0, HOUR), *stays(SEA, HOUR, 2 * HOUR), *stays(PORT, 2 * HOUR, 3 * HOUR)], until=3 * HOUR)
    assert told(found) == [("blue", "unreported", 91), ("over", "unreported", 123)]


def test_a_shift_of_berth_is_no_trip():
    edge = (118.922, 24.71)  # 200 m outside
    assert m15([*stays(PORT, 0, HOUR), *stays(edge, HOUR, 4 * HOUR)], until=4 * HOUR) == []
    assert m15([*stays(PORT, 0, HOUR), *stays(SEA, HOUR, HOUR + 2 * MINUTE), *stays(PORT, HOUR + 2 * MINUTE, 4 * HOUR)], until=4 * HOUR) == []


def test_who_was_never_seen_to_leave_is_nobodys_alert():
    assert m15(stays(SEA, 0, 4 * HOUR), until=4 * HOUR) == []


@pytest.mark.parametrize("more", [{"kind": "official"}, {"home": "nowhere-else"}])
def test_boats_that_do_not_report_here(more):
    found = m15(OUT_AT_9, until=4 * HOUR, coast_=coast(kind="official") if "kind" in more else structs.replace(coast(), vessels=()))
    assert found == []


OUT_UNTIL_10 = report("departure", 0, "out", eta=START + 2 * HOUR, persons=5)


def test_overdue_rises_and_the_rest_of_the_group_is_named():
    found = m15(OUT_UNTIL_10, until=27 * HOUR)
    assert told(found) == [("blue", "overdue", 240), ("yellow", "overdue", 480), ("orange", "overdue", 840), ("red", "overdue", 1560)]
    assert found[-1].values["persons"] == 5
    assert found[-1].values["members"] == ["闽狮渔00002"]
    assert found[-1].values["hours"] == 24.0


def test_a_small_boat_is_missed_sooner():
    found = m15(OUT_UNTIL_10, until=11 * HOUR, coast_=coast(length=9.0))
    assert told(found) == [("blue", "overdue", 180), ("yellow", "overdue", 240), ("orange", "overdue", 360), ("red", "overdue", 600)]


def test_the_return_report_ends_it_and_a_withdrawn_one_does_not():
    back = report("return", 5 * HOUR, "back", persons=5)
    assert told(m15(OUT_UNTIL_10, back, until=9 * HOUR)) == [("blue", "overdue", 240), ("over", "overdue", 300)]
    withdrawn = report("return", 6 * HOUR, "oops", amends="back", cancel=True)
    assert [each.level for each in m15(OUT_UNTIL_10, back, withdrawn, until=9 * HOUR)] == ["blue", "over", "blue", "yellow"]


def test_a_withdrawal_that_comes_before_its_report_stands():
    early = report("departure", 0, "oops", amends="out", cancel=True)
    assert m15(early, structs.replace(OUT_UNTIL_10, received=START + MINUTE, sent=START + MINUTE), until=9 * HOUR) == []


def test_an_amended_time_of_return_counts():
    longer = report("departure", 0, "longer", entered=HOUR, amends="out", eta=START + 6 * HOUR, persons=5)
    assert told(m15(OUT_UNTIL_10, longer, until=9 * HOUR)) == [("blue", "overdue", 480)]


def test_entered_up_to_seven_days_late_its_own_time_serves():
    late = report("departure", 0, "out", entered=30 * HOUR, eta=START + 2 * HOUR, persons=5)
    assert told(m15(late, until=31 * HOUR)) == [("red", "overdue", 1800)]


@pytest.mark.parametrize("eta", [START - 5 * HOUR, START + 24 * 40 * HOUR, None])
def test_a_mistyped_time_of_return_is_the_usual_day(eta):
    found = m15(report("departure", 0, "out", eta=eta), until=27 * HOUR)
    assert told(found) == [("blue", "overdue", 26 * 60)]
    assert found[0].values["eta_odd"] is True


def test_a_boat_that_is_still_heard_is_only_late():
    """By its Beidou terminal: it is one boat with the MMSI that was reported."""
    heard = [structs.replace(each, vessel="200001", system="beidou") for each in stays(SEA, 0, 20 * HOUR, every=10 * MINUTE)]
    found = m15(OUT_UNTIL_10, heard, until=20 * HOUR)
    assert [each.level for each in found] == ["blue"]
    assert found[0].code == "overdue_heard"


def test_overdue_and_silent_among_others_is_red():
    """M12 tells the silence, and M15 hears it."""
    fleet = [event for n in range(5) for event in stays((SEA[0] + 0.002 * n, SEA[1]), n * 1_000, 8 * HOUR, vessel=f"41300000{n}", every=2 * MINUTE)]
    found = m15(OUT_UNTIL_10, stays(SEA, 0, 3 * HOUR), fleet, until=8 * HOUR)
    assert [(each.level, each.code) for each in found][-1] == ("red", "overdue_silent")
    assert found[-1].position == SEA


def test_a_forgotten_return_report_is_made_by_lying_in_harbour():
    out_and_home = [*stays(PORT, 0, 10 * MINUTE), *stays(SEA, 10 * MINUTE, HOUR), *stays(PORT, HOUR, 9 * HOUR)]
    assert m15(OUT_UNTIL_10, out_and_home, until=9 * HOUR) == []
    again = stays(SEA, 9 * HOUR, 10 * HOUR)
    found = m15(OUT_UNTIL_10, out_and_home, again, until=10 * HOUR)
    assert told(found) == [("blue", "unreported", 571)]  # the old report is of the old trip


def test_other_people_aboard_than_reported():
    counted = report("check", HOUR, "patrol", persons=7)
    found = m15(OUT_UNTIL_10, counted, until=90 * MINUTE)
    assert [(each.level, each.code, each.values["said"], each.values["counted"]) for each in found] == [("yellow", "crew_differs", 5, 7)]
    mended = report("check", HOUR, "recount", entered=70 * MINUTE, amends="patrol", persons=5)
    assert [each.level for each in m15(OUT_UNTIL_10, counted, mended, until=90 * MINUTE)] == ["yellow", "over"]
    assert [each.code for each in m15(structs.replace(OUT_UNTIL_10, persons=9), until=HOUR)] == ["crew_over"]


def reported(*boats):
    return [report("departure", 0, f"out-{boat}", vessel=boat, eta=START + 20 * HOUR) for boat in boats]


def test_left_behind_by_its_group():
    out = [*stays(SEA, 0, 2 * HOUR), *stays(FAR, 0, 2 * HOUR, vessel=OTHER)]
    found = m15(reported(BOAT, OTHER), out, until=2 * HOUR)
    assert found == []  # 9 nm: neither near nor far
    farther = [*stays(SEA, 0, 2 * HOUR), *stays((119.06, 24.90), 30 * MINUTE, 2 * HOUR, vessel=OTHER)]
    assert m15(reported(BOAT, OTHER), farther, until=2 * HOUR) == []  # they did not sail together
    found = m15(reported(BOAT, OTHER), farther, stays(SEA, 0, 30 * MINUTE, vessel=OTHER), until=2 * HOUR)
    assert {(each.subject, each.level, each.code) for each in found} == {(BOAT, "yellow", "out_of_group"), (OTHER, "yellow", "out_of_group")}
    gale = Weather(device="met-1", received=START + 1, ts=START, wind_speed=12.0)
    assert {each.subject for each in m15(gale, reported(BOAT, OTHER), out, until=2 * HOUR)} == {BOAT, OTHER}


def test_alone_in_a_calm_is_no_alert_and_in_a_gale_is_one():
    assert m15(reported(BOAT), stays(SEA, 0, 2 * HOUR), until=2 * HOUR) == []
    gale = Weather(device="met-1", received=START + 1, ts=START, wind_speed=12.0)
    assert [each.code for each in m15(gale, reported(BOAT), stays(SEA, 0, 2 * HOUR), until=2 * HOUR)] == ["out_of_group"]


def test_a_covenant_says_how_near():
    close = structs.replace(coast(), covenants=(Covenant("c", "约", "c", near=1.0, apart=2.0),))
    close = structs.replace(close, groups=tuple(structs.replace(group, covenant="c") for group in close.groups))
    out = [*stays(SEA, 0, 2 * HOUR), *stays(SEA, 0, 30 * MINUTE, vessel=OTHER), *stays((118.98, 24.69), 30 * MINUTE, 2 * HOUR, vessel=OTHER)]
    assert m15(reported(BOAT, OTHER), out, until=2 * HOUR) == []
    assert {each.subject for each in m15(reported(BOAT, OTHER), out, until=2 * HOUR, coast_=close)} == {BOAT, OTHER}


def test_a_stopped_clock_of_hearing_makes_nobody_unheard_and_now_goes_on():
    """Trips count the log's time: who is not back is missed whether or not we can hear."""
    events = [OUT_UNTIL_10, *(tick(START + at, heard=START) for at in range(0, 5 * HOUR, MINUTE))]
    assert [each.level for each in find(coast(), events, model="M15")] == ["blue"]


def test_a_site_without_harbours_knows_only_reports():
    plain = structs.replace(coast(), zones=tuple(each for each in coast().zones if each.kind not in ("harbour", "berth")))
    assert m15(OUT_AT_9, until=4 * HOUR, coast_=plain) == []
    assert [each.level for each in m15(OUT_UNTIL_10, until=5 * HOUR, coast_=plain)] == ["blue"]


def test_harbours_of_another_area_are_harbours_too():
    far = Zone(
        "harbour-9", "harbour", ("elsewhere",), "港", "Harbour", ((118.92, 24.68), (118.94, 24.68), (118.94, 24.70), (118.92, 24.70), (118.92, 24.68))
    )
    assert m15(OUT_AT_9, until=4 * HOUR, coast_=structs.replace(coast(), zones=(*coast().zones, far))) == []


def test_a_boat_of_another_areas_station_is_told_here_only_where_it_is_overdue_and_fell_silent_here():
    away = structs.replace(
        coast(), posts=tuple(structs.replace(each, area="elsewhere") if each.id == "station-a" else each for each in coast().posts)
    )
    fleet = [event for n in range(5) for event in stays((SEA[0] + 0.002 * n, SEA[1]), n * 1_000, 8 * HOUR, vessel=f"41300000{n}", every=2 * MINUTE)]
    found = m15(OUT_UNTIL_10, stays(SEA, 0, 3 * HOUR), fleet, until=8 * HOUR, coast_=away)
    assert [(each.level, each.code) for each in found] == [("red", "overdue_silent")]
    assert m15(OUT_UNTIL_10, stays(SEA, 0, 8 * HOUR), fleet, until=8 * HOUR, coast_=away) == []
    assert m15(OUT_UNTIL_10, until=27 * HOUR, coast_=away) == []
