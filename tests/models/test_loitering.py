"""People at the test bay's risk point: 200 m along the shore. The camera looks every five seconds; 23:00 local is START + 15 h."""

import pytest
from msgspec import structs

from ingest.events import Permit, Unit
from ingest.village import Season
from models.model import Finding
from tests.models.hearing import find, told
from tests.small_coast import START, at, seen, site, thing, tick, zone

MINUTE, HOUR = 60_000, 3_600_000
EVENING = START + 13 * HOUR  # 21:00 local
NIGHT = START + 15 * HOUR
THERE = at(3, 20)
COAST = site()


def stay(begin: int, minutes: float, *people: tuple[int, tuple[float, float]], who: str = "person", score: float = 0.8):
    for now in range(begin, begin + int(minutes * MINUTE), 5_000):
        yield seen("cam-1", now, *(thing(track, who, place, score=score) for track, place in people))
        yield tick(now + 500)


def m05(events, coast=COAST):
    return find(coast, events, model="M05")


def test_one_who_stays_ten_minutes_of_the_night_is_yellow_and_over_when_empty_for_ten():
    found = m05([*stay(NIGHT, 12, (1, THERE)), *stay(NIGHT + 12 * MINUTE, 11)])
    assert told(found) == [("risk-1", "yellow", "loiters"), ("risk-1", "over", "loiters")]
    assert found[0].values["minutes"] == 10
    assert found[0].sensitivity == found[1].sensitivity == "restricted"
    assert found[0].position == THERE
    assert found[0].evidence[0].startswith("cam-1/")
    assert not m05(stay(NIGHT, 9.8, (1, THERE)))


def test_three_who_stay_five_minutes_are_yellow_two_are_not():
    three = [(n, at(2.8 + n / 10, 20)) for n in range(3)]
    assert told(m05(stay(NIGHT, 6, *three))) == [("risk-1", "yellow", "gathered")]
    assert not m05(stay(NIGHT, 9, *three[:2]))
    assert not m05(stay(NIGHT, 4.8, *three))


def test_one_who_waits_and_is_joined_is_told_again_as_a_gathering():
    found = m05([*stay(NIGHT, 10.5, (1, THERE)), *stay(NIGHT + 630_000, 6, (1, THERE), (2, at(2.8, 0)), (3, at(2.9, 0)))])
    assert [each.code for each in found] == ["loiters", "gathered"]


def test_by_day_nobody_is_told_and_what_was_told_ends_with_the_window():
    assert not m05(stay(START + 4 * HOUR, 30, (1, THERE)))
    dawn = START + 21 * HOUR + 15 * MINUTE  # 05:15
    assert [each.level for each in m05(stay(dawn, 20, (1, THERE)))] == ["yellow", "over"]


def test_who_fishes_there_since_the_evening_is_told_ten_minutes_into_the_window():
    (found,) = m05(stay(EVENING + 50 * MINUTE, 21, (1, THERE)))
    assert found.values["minutes"] == 10


@pytest.mark.parametrize(("model", "place", "level"), [("M06", at(3, -300), "orange"), ("M07", at(4, 40), "orange"), ("M06", at(3, -900), "yellow")])
def test_a_landing_or_vehicles_within_half_a_kilometre_make_it_orange(model, place, level):
    from alerts.hearing import Hearing

    hearing = Hearing(COAST, COAST.areas[0])
    hearing.standing.note(Finding(model=model, subject="x", level="yellow", code="x", index=0, cause="x", occurred=NIGHT, position=place))
    assert find(COAST, stay(NIGHT, 11, (1, THERE)), model="M05", hearing=hearing)[-1].level == level


def test_a_landing_that_ended_within_the_hour_still_counts():
    from alerts.hearing import Hearing

    hearing = Hearing(COAST, COAST.areas[0])
    landed = Finding(model="M06", subject="x", level="yellow", code="x", index=0, cause="x", occurred=NIGHT, position=at(3, -40))
    hearing.standing.note(landed)
    assert not find(COAST, stay(NIGHT, 1, (1, THERE)), model="M05", hearing=hearing)
    hearing.standing.note(structs.replace(landed, level="over"))
    assert find(COAST, stay(NIGHT + MINUTE, 11, (1, THERE)), model="M05", hearing=hearing)[-1].level == "orange"


def test_leave_staff_hours_farm_work_and_our_own_patrol_are_no_suspects():
    permit = Permit(device="console", received=NIGHT, ts=NIGHT, zone="risk-1", person="angler", from_=NIGHT, until=NIGHT + HOUR)
    assert not m05([permit, *stay(NIGHT, 12, (1, THERE))])
    assert m05([structs.replace(permit, zone="closed-1"), *stay(NIGHT, 12, (1, THERE))])
    tended = structs.replace(COAST, zones=(zone("risk-1", "risk_point", 2.5, -40, 3.5, 100, staff="22:30-23:30"),))
    assert not m05(stay(NIGHT, 12, (1, THERE)), tended)
    menders = structs.replace(COAST, seasons=(Season("nets", "farm", "2026-01-01", "2026-01-31", hours="22:00-24:00", zones=("risk-1",)),))
    assert not m05(stay(NIGHT, 12, (1, THERE)), menders)
    assert m05(stay(NIGHT + 2 * HOUR, 12, (1, THERE)), menders)
    later = NIGHT + 5 * MINUTE
    patrol = Unit(device="console", received=later, ts=later, unit="patrol-1", position=at(3, 0), state="on_scene")
    before, after = list(stay(NIGHT, 5, (1, THERE))), list(stay(later, 7, (1, THERE)))
    assert not m05([*before, patrol, *after])
    assert m05([*before, structs.replace(patrol, position=at(6, 0)), *after])
    assert m05([*before, patrol, structs.replace(patrol, state="off"), *after])


def test_a_patrol_that_comes_does_not_end_what_it_came_for():
    patrol = Unit(device="console", received=NIGHT + 12 * MINUTE, ts=NIGHT + 12 * MINUTE, unit="patrol-1", position=at(3, 0), state="on_scene")
    assert [each.level for each in m05([*stay(NIGHT, 12, (1, THERE)), patrol, *stay(NIGHT + 12 * MINUTE, 5, (1, THERE))])] == ["yellow"]


def test_passers_by_animals_and_weak_looks_are_nobody():
    passing = [event for n in range(12) for event in stay(NIGHT + n * MINUTE, 1, (n, at(2.6 + (n % 8) / 10, 20)))]
    assert not m05(passing)
    assert not m05(stay(NIGHT, 12, (1, THERE), who="animal"))
    assert not m05(stay(NIGHT, 12, (1, THERE), score=0.4))


def test_a_small_figure_that_is_found_three_times_in_ten_has_its_whole_time():
    def looks():
        for n, now in enumerate(range(NIGHT, NIGHT + 11 * MINUTE, 5_000)):
            yield seen("cam-1", now, *([thing(1, "person", THERE)] if n % 10 in (0, 4, 8) else []))
            yield tick(now + 500)

    assert told(m05(looks())) == [("risk-1", "yellow", "loiters")]


def test_a_dead_broker_and_a_blind_camera_end_nothing_before_half_an_hour_of_hearing():
    deaf = [tick(now, heard=NIGHT + 12 * MINUTE) for now in range(NIGHT + 12 * MINUTE, NIGHT + 5 * HOUR, MINUTE)]
    assert [each.level for each in m05([*stay(NIGHT, 12, (1, THERE)), *deaf])] == ["yellow"]
    blind = [tick(NIGHT + 12 * MINUTE + n * 10_000) for n in range(6 * 32)]
    assert [each.level for each in m05([*stay(NIGHT, 12, (1, THERE)), *blind])] == ["yellow", "over"]


def test_a_point_may_have_its_own_patience():
    patient = structs.replace(COAST, zones=(zone("risk-1", "risk_point", 2.5, -40, 3.5, 100, **{"M05.dwell": "20min"}),))
    assert not m05(stay(NIGHT, 15, (1, THERE)), patient)
