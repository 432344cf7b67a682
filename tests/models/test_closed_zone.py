"""Persons and vehicles at the test bay's closed zone: 100 m along the shore, from 20 m south of it to 60 m north. A look a second; 10:00 local is START + 2 h."""

from msgspec import structs

from ingest.events import Permit
from tests.models.hearing import find, told
from tests.small_coast import START, at, seen, site, thing, tick, zone

MINUTE = 60_000
DAY = START + 2 * 60 * MINUTE  # 10:00 local
NIGHT = START + 16 * 60 * MINUTE  # midnight
INSIDE, OUTSIDE = at(1, 20), at(1.7, 20)


def stay(begin: int, seconds: int, place=INSIDE, every: int = 1_000, who: str = "person", track: int = 1, **more):
    for now in range(begin, begin + seconds * 1000, every):
        yield seen("cam-1", now, *([thing(track, who, place, **more)] if place else []))
        yield tick(now + 500)


def m04(events, coast=None):
    return find(coast or site(), events, model="M04")


def test_one_who_enters_by_day_is_yellow_orange_when_two_voices_did_not_help_and_over_when_empty_for_a_minute():
    found = m04([*stay(DAY, 120), *stay(DAY + 120_000, 80, None)])
    assert told(found) == [("closed-1", "yellow", "entered"), ("closed-1", "orange", "stays"), ("closed-1", "over", "stays")]
    assert abs(found[0].occurred - (DAY + 3_000)) <= 1_000
    assert found[1].values["seconds"] == 90
    assert found[0].confidence == 0.8
    assert found[0].position == INSIDE


def test_at_night_it_is_orange_at_once_and_never_red():
    assert [each.level for each in m04(stay(NIGHT, 120))] == ["orange", "orange"]


def test_who_walks_through_in_less_than_three_seconds_is_not_told():
    assert m04([*stay(DAY, 3), *stay(DAY + 3_000, 60, OUTSIDE)]) == []


def now_and_then(every, times=8):
    """One sure look in so many."""
    return [event for n in range(times) for event in ([*stay(DAY + n * every * 1_000, 1), *stay(DAY + n * every * 1_000 + 1_000, every - 1, None)])]


def test_three_of_five_looks_must_be_sure_or_four_of_twenty_where_a_camera_sees_badly():
    assert m04(now_and_then(7)) == []
    assert told(m04(now_and_then(5)))[0][1:] == ("yellow", "entered")
    assert m04(now_and_then(5), site(thresholds={"M04": {"weak": 0}})) == []
    assert m04(stay(DAY, 30, score=0.45)) == []


def test_who_is_placed_badly_and_found_again_elsewhere_goes_on_with_the_time():
    """A new track each time, eight metres off, which is what the camera says of its own error; walkers far from each other stay apart."""
    errors = [event for n in range(8) for event in stay(DAY + n * 4_000, 1, at(1, 20 + 8 * (n % 2)), track=n, position_error=4.5)]
    assert told(m04(errors))[0][1] == "yellow"
    apart = [event for n in range(8) for event in stay(DAY + n * 4_000, 1, at(0.55 + 0.3 * (n % 4), 2 + 45 * (n // 4)), track=n, position_error=0.5)]
    assert m04(apart) == []


def test_waves_at_the_edge_small_shadows_animals_and_boats_are_nobody():
    assert m04(stay(DAY, 30, at(1, -19.7))) == []
    assert m04(stay(DAY, 30, box=(0.4, 0.4, 0.01, 0.01))) == []
    assert m04(stay(DAY, 30, who="animal")) == []
    assert m04(stay(DAY, 30, who="boat")) == []


def test_a_vehicle_counts_and_a_camera_may_name_the_zone_without_a_position():
    assert told(m04(stay(DAY, 30, who="van")))[0][1] == "yellow"
    found = m04(
        [
            event
            for now in range(DAY, DAY + 10_000, 1_000)
            for event in (seen("cam-1", now, thing(1, "person", None, zones=("closed-1",))), tick(now + 500))
        ]
    )
    assert told(found) == [("closed-1", "yellow", "entered")]
    assert found[0].segment == "seg-00"


def test_a_permit_and_the_staffs_hours_let_people_in():
    permit = Permit(device="console", received=DAY, ts=DAY, zone="closed-1", person="gardener", from_=DAY, until=DAY + MINUTE)
    found = m04([permit, *stay(DAY, 80)])
    assert told(found)[0][1:] == ("yellow", "entered")
    assert found[0].occurred >= DAY + MINUTE - 1_000
    assert m04([structs.replace(permit, zone="risk-1"), *stay(DAY, 20)]) != []
    tended = structs.replace(site(), zones=(zone("closed-1", "closed", 0.5, -20, 1.5, 60, staff="09:30-10:30"),))
    assert m04(stay(DAY, 80), tended) == []
    assert m04(stay(NIGHT, 20), tended) != []


def test_a_zone_that_is_closed_only_at_night_is_open_by_day():
    nightly = structs.replace(site(), zones=(zone("closed-1", "closed", 0.5, -20, 1.5, 60, hours="22:00-06:00"),))
    assert m04(stay(DAY, 80), nightly) == []
    assert m04(stay(NIGHT, 80), nightly) != []


def test_a_camera_that_falls_silent_empties_no_zone_for_half_an_hour():
    ticks = [tick(DAY + 20_000 + n * 10_000) for n in range(6 * 40)]
    found = m04([*stay(DAY, 20), *ticks])
    assert [each.level for each in found] == ["yellow", "over"]
    half = m04([*stay(DAY, 20), *ticks[: 6 * 29]])
    assert [each.level for each in half] == ["yellow"]


def test_a_tracker_that_loses_its_man_behind_a_post_goes_on_with_his_time():
    patient = site(thresholds={"M04": {"dwell": "20s"}})
    events = [*stay(DAY, 12), *stay(DAY + 14_000, 12, track=2)]
    assert len(m04(events, patient)) == 1
    assert m04([*stay(DAY, 12), *stay(DAY + 14_000, 12, at(1.2, 20), track=2)], patient) == []


def test_a_zone_may_have_its_own_patience():
    coast = site()
    patient = tuple(structs.replace(each, properties={"M04.stays": "30min"}) if each.id == "closed-1" else each for each in coast.zones)
    assert [each.code for each in m04(stay(DAY, 120), structs.replace(coast, zones=patient))] == ["entered"]


def test_a_dead_broker_empties_no_zone():
    """Only hearing counts: an hour in which nothing was heard is not half an hour without a look."""
    deaf = [tick(now, heard=DAY + 30_000) for now in range(DAY + 60_000, DAY + 3_600_000, 10_000)]
    assert told(m04([*stay(DAY, 30), *deaf])) == [("closed-1", "yellow", "entered")]
