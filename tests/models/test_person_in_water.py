"""Persons off the test bay's shore: south is the sea, bathing-1 lies 800 to 1,200 m along it and 200 m out. The camera looks every second; START is 08:00 local."""

import pytest
from msgspec import structs

from alerts.hearing import Hearing
from ingest.events import Position, Rescue, Sos, Water
from ingest.site import Device
from models.model import Finding
from tests.models.hearing import find, told
from tests.small_coast import LATITUDE, LONGITUDE, START, at, box, fix, seen, site, thing, tick

MINUTE, HOUR = 60_000, 3_600_000
DAY, NIGHT = START + 2 * HOUR, START + 15 * HOUR
SEA, BATHING = at(2.5, -60), at(5, -60)
COAST = site()
TWO = structs.replace(COAST, devices=(*COAST.devices, Device("cam-2", "camera", "bay", (LONGITUDE, LATITUDE), "seg-02")))


def swim(
    begin: int,
    seconds: float,
    place=SEA,
    score: float = 0.8,
    camera: str = "cam-1",
    track: int = 1,
    missing: int = 0,
    who: str = "person",
    every: int = 1_000,
    **more,
):
    """`missing`: of ten looks, so many in which nothing is found."""
    for n, now in enumerate(range(begin, begin + int(seconds * 1_000), every)):
        yield seen(camera, now, *([] if n % 10 < missing else [thing(track, who, place, score=score, **more)]))
        yield tick(now + 500)


def empty(begin: int, seconds: int):
    for now in range(begin, begin + seconds * 1_000, 1_000):
        yield seen("cam-1", now)
        yield tick(now + 500)


def m09(events, coast=COAST, hearing=None, still=False):
    found = find(coast, sorted(events, key=lambda event: event.received), model="M09", hearing=hearing)
    return [each for each in found if still or not each.still]


def rough(level="yellow"):
    hearing = Hearing(COAST, COAST.areas[0])
    hearing.standing.note(Finding(model="M17", subject="bay/wave", level=level, code="wave", index=0, cause="x", occurred=DAY))
    return hearing


def test_somebody_off_the_shore_for_four_seconds_asks_to_be_confirmed():
    found = m09(swim(DAY, 10))
    assert told(found) == [("seg-02", "orange", "confirm")]
    assert found[0].unanswered == 20_000
    assert found[0].position == SEA
    assert found[0].confidence == 0.8
    assert found[0].occurred - DAY == 50
    assert not m09(swim(DAY, 3))


def test_six_looks_in_ten_suffice_and_five_in_fifteen_do_not():
    assert m09(swim(DAY, 20, missing=4))
    sparse = [event for n in range(5) for event in (*swim(DAY + n * 3_000, 1), *empty(DAY + n * 3_000 + 1_000, 2))]
    assert not m09(sparse)


def test_a_weak_look_is_a_question_that_does_not_become_red():
    found = m09(swim(DAY, 10, score=0.3))
    assert [(each.level, each.code, each.unanswered) for each in found] == [("orange", "doubtful", 0)]
    assert not m09(swim(DAY, 10, score=0.2))
    better = m09([*swim(DAY, 10, score=0.3), *swim(DAY + 10_000, 10)])
    assert [(each.code, each.unanswered) for each in better] == [("doubtful", 0), ("confirm", 20_000)]


def press(at_: int, i: int = 2):
    return Sos(device=box(i), received=at_ + 50, ts=at_, sent=at_, seq=1, boot=7)


@pytest.mark.parametrize("after", [True, False])
def test_with_a_press_near_it_is_red_at_once(after):
    found = m09([press(DAY + (12_000 if after else 100)), *swim(DAY, 15)])
    assert (found[-1].level, found[-1].code, found[-1].values["sign"]) == ("red", "press", "QZ-0002")
    assert [each.level for each in found] == (["orange", "red"] if after else ["red"])


def test_a_press_far_off_or_long_ago_is_another_matter():
    assert [each.level for each in m09([press(DAY + 100, 9), *swim(DAY, 10)])] == ["orange"]
    assert [each.level for each in m09([press(DAY - 10 * MINUTE), tick(DAY - 5 * MINUTE), *swim(DAY, 10)])] == ["orange"]


def test_a_lifebuoy_that_is_taken_makes_it_red():
    def buoy(state):
        return Rescue(device=box(2), received=DAY + 5_050, ts=DAY + 5_000, seq=1, boot=7, item="lifebuoy", state=state)

    assert m09([buoy("taken"), *swim(DAY, 15)])[-1].code == "lifebuoy"
    assert [each.level for each in m09([buoy("returned"), *swim(DAY, 15)])] == ["orange"]


def test_what_two_cameras_see_is_red():
    found = m09([*swim(DAY, 10), *swim(DAY + 1, 10, at(2.53, -60), camera="cam-2", track=7)], TWO)
    assert "red" in [each.level for each in found]
    assert found[-1].code == "two_cameras"
    apart = m09([*swim(DAY, 10), *swim(DAY + 1, 10, at(2.9, -60), camera="cam-2", track=7)], TWO)
    assert [each.level for each in apart] == ["orange", "orange"]


def test_who_was_lost_in_the_water_is_kept_and_a_press_then_is_red():
    found = m09([*swim(DAY, 10), *empty(DAY + 10_000, 120), press(DAY + 100_000)])
    assert [each.level for each in found] == ["orange", "red"]


def test_it_never_ends_by_itself():
    assert [each.level for each in m09([*swim(DAY, 10), *empty(DAY + 10_000, 300)])] == ["orange"]


def test_a_tracker_that_loses_and_finds_somebody_tells_it_once():
    found = m09([*swim(DAY, 10), *empty(DAY + 10_000, 20), *swim(DAY + 30_000, 10, at(2.55, -62), track=2)])
    assert len(found) == 1
    others = m09([*swim(DAY, 10), *empty(DAY + 10_000, 20), *swim(DAY + 30_000, 10, at(9.5, -62), track=2)])
    assert len({each.subject for each in others}) == 2


def test_bathers_in_their_zone_and_hours_are_left_alone():
    assert not m09(swim(DAY, 30, BATHING))
    assert m09(swim(NIGHT, 30, BATHING))
    evening = START + 10 * HOUR + 10 * MINUTE  # 18:10, the zone closed at 18:00
    assert m09(swim(evening, 30, BATHING))
    assert m09(swim(DAY, 30, BATHING), hearing=rough())
    assert not m09(swim(DAY, 30, BATHING), hearing=rough("blue"))


def test_who_stands_on_the_shore_or_on_a_dry_flat_or_in_a_boat_is_not_in_the_water():
    assert not m09(swim(DAY, 10, at(2, 20)))
    assert not m09(swim(DAY, 10, at(2, -1)))
    aboard = [
        event
        for now in range(DAY, DAY + 10_000, 1_000)
        for event in (seen("cam-1", now, thing(1, "person", SEA), thing(2, "boat", at(2.52, -60))), tick(now + 500))
    ]
    assert not m09(aboard)


def tide(level: float):
    when = ("2025-12-31T20:00:00Z", "2026-01-01T02:00:00Z", "2026-01-01T08:00:00Z")
    return structs.replace(COAST, tide={"waters": [{"at": at_, "level": level + 0.1 * (n % 2)} for n, at_ in enumerate(when)]})


@pytest.mark.parametrize(("level", "wet"), [(1.0, False), (2.5, False), (2.8, True)])
def test_on_a_gleaning_flat_the_tide_says_whether_it_is_water(level, wet):
    """gleaning-1 is 2 m above chart datum: knee-deep is no danger, and M10 looks after the way out."""
    assert bool(m09(swim(DAY, 10, at(8, -300)), tide(level))) == wet


def test_a_flat_whose_tide_nobody_knows_is_no_water():
    assert not m09(swim(DAY, 10, at(8, -300)))


def test_what_the_camera_says_goes_over_the_map():
    assert m09(swim(DAY, 10, at(2, 5), in_water=True))
    assert not m09(swim(DAY, 10, in_water=False))
    found = m09(swim(DAY, 10, None, in_water=True))
    assert (found[0].segment, found[0].position) == ("seg-05", None)


def test_birds_boards_animals_tiny_things_and_marks_are_nobody():
    assert not m09(swim(DAY, 10, who="animal"))
    assert not m09(swim(DAY, 10, speed=4.0))
    assert not m09(swim(DAY, 10, box=(0.4, 0.4, 0.002, 0.002)))
    buoy = Position(device="ais-1", received=DAY - 1_000, ts=DAY - 1_000, vessel="998000001", position=at(2.52, -60), sog=0.1, cog=0.0)
    assert not m09([buoy, *swim(DAY, 10)])
    assert m09([fix("413000001", DAY - 1_000, *at(2.52, -60)), *swim(DAY, 10)])


@pytest.mark.parametrize(("degrees", "minutes"), [(3.0, 15), (9.9, 30), (12.0, 60), (20.0, 120), (25.0, 180), (28.0, None)])
def test_the_panel_says_how_long_a_body_lasts(degrees, minutes):
    water = Water(device="met-1", received=DAY - 1_000, ts=DAY - 1_000, seq=1, boot=1, temperature=degrees, current_speed=0.4, current_direction=90.0)
    values = m09([water, *swim(DAY, 10)])[0].values
    assert values.get("exhausted_minutes") == minutes
    assert (values["temperature"], values["current"], values["set"]) == (degrees, 0.4, 90)


def test_a_camera_that_looks_every_five_seconds_is_heard_too():
    assert told(m09(swim(DAY, 30, every=5_000)))[0][1:] == ("orange", "confirm")


def test_who_was_told_and_is_still_seen_is_said_again_every_few_seconds_and_not_after():
    found = m09([*swim(DAY, 30), *empty(DAY + 30_000, 60)], still=True)
    said = [each for each in found if each.still]
    assert [each.still for each in found] == [False, *(True for _ in said)]
    assert 4 <= len(said) <= 6
    assert {(each.subject, each.level, each.code, each.again) for each in said} == {("seg-02", "orange", "confirm", False)}
