"""People on the test bay's beach (sand-1: 400 m by 15 m, approved for 100) and in a square of it. The cameras look every ten seconds; 10:00 local."""

import numpy as np
import pytest
from msgspec import structs

from alerts.hearing import Hearing
from ingest import events as wire
from ingest.site import Device
from models.crowd import densest_square
from models.model import Finding
from tests.models.hearing import find, told
from tests.small_coast import LATITUDE, LONGITUDE, START, at, seen, site, thing, tick

MINUTE = 60_000
DAY = START + 2 * 60 * MINUTE
COAST = site()


def spread(many: int, first: int = 0):
    """So many people in a line along the beach, three metres apart."""
    return [(first + n, at(4.02 + n * 0.015, 7)) for n in range(many)]


def packed(density: float, side: float = 5.0):
    """So many persons a square metre, in one five-metre square of the grid."""
    return [(n, at(4.9, 5)) for n in range(round(density * side * side))]


def looks(begin: int, minutes: float, people, camera: str = "cam-1", score: float = 0.8, who: str = "person"):
    for now in range(begin, begin + int(minutes * MINUTE), 10_000):
        yield seen(camera, now, *(thing(track, who, place, score=score) for track, place in people))
        yield tick(now + 500)


def m08(events, coast=COAST, hearing=None):
    return find(coast, events, model="M08", hearing=hearing)


def sand(**properties):
    zones = tuple(structs.replace(each, properties=properties) if each.id == "sand-1" else each for each in COAST.zones)
    return structs.replace(COAST, zones=zones)


def test_four_fifths_of_the_capacity_is_blue_and_all_of_it_yellow():
    found = m08([*looks(DAY, 3, spread(79)), *looks(DAY + 3 * MINUTE, 3, spread(81)), *looks(DAY + 6 * MINUTE, 3, spread(100))])
    assert told(found) == [("sand-1", "blue", "busy"), ("sand-1", "yellow", "full")]
    assert found[1].values["persons"] == found[1].values["capacity"] == 100
    assert found[1].values["percent"] == 100
    assert found[1].segment == "seg-04"


def test_it_falls_step_by_step_after_ten_minutes_below_nine_tenths():
    full = list(looks(DAY, 3, spread(105)))
    found = m08([*full, *looks(DAY + 3 * MINUTE, 30, spread(95))])
    assert told(found) == [("sand-1", "yellow", "full")]
    found = m08([*full, *looks(DAY + 3 * MINUTE, 12, spread(85)), *looks(DAY + 15 * MINUTE, 12, spread(30))])
    assert told(found) == [("sand-1", "yellow", "full"), ("sand-1", "blue", "busy"), ("sand-1", "over", "busy")]


def test_a_dip_of_nine_minutes_ends_nothing():
    events = [*looks(DAY, 3, spread(105)), *looks(DAY + 3 * MINUTE, 9, spread(10)), *looks(DAY + 12 * MINUTE, 5, spread(105))]
    assert [each.level for each in m08(events)] == ["yellow"]


def test_little_room_on_a_beach_is_yellow_where_no_capacity_is_given():
    small = sand(surface=300)
    found = m08(looks(DAY, 3, spread(61)), small)
    assert told(found) == [("sand-1", "yellow", "narrow")]
    assert found[0].values["room"] == pytest.approx(4.9)
    assert not m08(looks(DAY, 3, spread(59)), small)


@pytest.mark.parametrize(
    ("density", "minutes", "levels"),
    [(1.9, 5, []), (2.0, 3, ["yellow"]), (3.5, 2.8, ["yellow"]), (3.5, 4, ["yellow", "orange"]), (4.0, 2, ["red"]), (3.9, 2, ["yellow"])],
)
def test_density_is_judged_where_it_is_highest(density, minutes, levels):
    found = m08(looks(DAY, minutes, packed(density)), sand(surface=6_000))
    assert [each.level for each in found] == levels
    assert not found or found[-1].values["density"] == pytest.approx(density, abs=0.1)


@pytest.mark.parametrize("shift", [0.0, 1.3, 2.5, 4.0])
def test_a_crush_is_found_wherever_it_lies(shift):
    east, north = (
        np.array(each) for each in zip(*((x + shift, y + shift) for x in np.arange(0.25, 5, 0.5) for y in np.arange(0.25, 5, 0.5)), strict=True)
    )
    assert densest_square(east, north, np.ones(len(east)), 5.0) == pytest.approx(4.0, rel=0.1)
    far = np.append(east, 50_000.0), np.append(north, 50_000.0)
    assert densest_square(*far, np.ones(len(east) + 1), 5.0) >= 2.2


def test_a_flicker_and_half_a_minute_are_nothing():
    assert not m08(looks(DAY, 0.5, packed(6)))
    events = [event for n in range(20) for event in looks(DAY + n * 10_000, 0.15, spread(120 if n % 3 == 0 else 40))]
    assert not m08(events)


def test_a_camera_that_finds_seven_of_ten_counts_each_for_more_and_umbrellas_for_less():
    def with_camera(finds):
        devices = tuple(structs.replace(each, finds=finds) if each.id == "cam-1" else each for each in COAST.devices)
        return structs.replace(COAST, devices=devices)

    assert told(m08(looks(DAY, 3, spread(70)), with_camera(0.7))) == [("sand-1", "yellow", "full")]
    assert not m08(looks(DAY, 3, spread(100)), with_camera(1.3))


def test_whom_two_cameras_see_is_one_person():
    two = structs.replace(COAST, devices=(*COAST.devices, Device("cam-2", "camera", "bay", (LONGITUDE, LATITUDE), "seg-05")))
    both = sorted([*looks(DAY, 3, spread(50)), *looks(DAY + 1, 3, spread(50, 500), "cam-2")], key=lambda event: event.received)
    assert not m08(both, two)
    apart = [(track, (place[0], place[1] + 4 / 110_770)) for track, place in spread(50, 500)]
    assert told(m08(sorted([*looks(DAY, 3, spread(50)), *looks(DAY + 1, 3, apart, "cam-2")], key=lambda event: event.received), two))


def test_who_counts_for_itself_is_believed_and_unknown_zones_are_not():
    def counted(zone):
        for n in range(18):
            now = DAY + n * 10_000
            yield wire.Crowd(device="met-1", received=now, ts=now, seq=n, boot=1, zone=zone, count=110)
            yield tick(now + 500)

    assert told(m08(counted("sand-1"))) == [("sand-1", "yellow", "full")]
    assert not m08(counted("elsewhere"))


def test_weather_raises_it_by_one_level_but_makes_no_red():
    def rough(level):
        hearing = Hearing(COAST, COAST.areas[0])
        hearing.standing.note(Finding(model="M17", subject="bay", level=level, code="wind", index=0, cause="x", occurred=DAY))
        return hearing

    assert [each.level for each in m08(looks(DAY, 3, spread(81)), hearing=rough("yellow"))] == ["yellow"]
    assert [each.level for each in m08(looks(DAY, 3, spread(81)), hearing=rough("blue"))] == ["blue"]
    assert [each.level for each in m08(looks(DAY, 5, packed(3.6)), sand(surface=6_000), hearing=rough("red"))] == ["orange"]


def test_a_camera_that_falls_silent_empties_no_beach_for_an_hour():
    full, begin = list(looks(DAY, 3, spread(105))), DAY + 3 * MINUTE
    silent = [tick(begin + n * 10_000) for n in range(6 * 75)]
    assert [each.level for each in m08([*full, *silent[: 6 * 55]])] == ["yellow"]
    assert [each.level for each in m08([*full, *silent])] == ["yellow", "over"]
    deaf = [tick(begin + n * MINUTE, heard=begin) for n in range(300)]
    assert [each.level for each in m08([*full, *deaf])] == ["yellow"]


def test_animals_weak_looks_and_a_zone_out_of_its_hours_do_not_count():
    assert not m08(looks(DAY, 3, spread(120), who="animal"))
    assert not m08(looks(DAY, 3, spread(120), score=0.3))
    assert not m08(looks(DAY, 3, spread(120)), sand(capacity=100, hours="20:00-22:00"))


def test_ten_thousand_in_one_look_are_counted():
    crowd = [(n, at(4.02 + (n % 190) * 0.01, 0.5 + n // 190 * 0.25)) for n in range(10_000)]
    found = m08(looks(DAY, 1.2, crowd))
    assert found[-1].values["persons"] == 10_000
