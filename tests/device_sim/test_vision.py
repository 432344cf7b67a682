"""How simulated cameras see what moves: as often, as far and as well placed as they are said to."""

from itertools import pairwise
from pathlib import Path

import pytest
from msgspec import structs

from device_sim.actors import Moving, actors, frame_at
from device_sim.chance import rng
from device_sim.vision import LENSES, PERFECT, REALISTIC, commissioned, looks, near
from ingest.geo import metres, to_local
from ingest.site import Device
from ingest.site_files import read_site
from tests.small_coast import LATITUDE, LONGITUDE, START, site

CAMERA = Device("cam-1", "camera", "bay", (LONGITUDE, LATITUDE))
MINUTES = 40


def someone(away: float, **more):
    """A person `away` m east of the camera."""
    moving = Moving(way=((0, away, 0), (MINUTES, away, 0)), **more)
    return actors("someone", moving, frame_at(site(), CAMERA.position, shore=False), START, (), rng(1, "someone"))


def seen(people, lens, seed=1):
    """Each look's objects while they are there."""
    return [say[2]["objects"] for say in looks(rng(seed, "looks"), START, START + MINUTES * 60_000, CAMERA, people, lens)]


def test_a_perfect_camera_sees_everybody_in_every_look_where_he_is():
    told = seen(someone(200.0), PERFECT)
    assert len(told) >= MINUTES * 60 - 1
    assert all(len(objects) == 1 for objects in told)
    assert {objects[0]["track"] for objects in told} == {1}
    assert all(abs(metres(CAMERA.position, tuple(objects[0]["position"])) - 200) < 1 for objects in told)


@pytest.mark.parametrize(("away", "pixels", "share"), [(200.0, 17, 0.3), (100.0, 35, 0.4), (50.0, 70, 0.85), (295.0, 11.9, 0.0)])
def test_a_realistic_camera_finds_people_as_often_as_their_height_allows(away, pixels, share):
    told = seen(someone(away), structs.replace(REALISTIC, false=0.0))
    assert abs(sum(len(objects) for objects in told) / len(told) - share) < 0.03
    assert all(abs(each["box"][3] * 1080 - pixels) < 1 for objects in told for each in objects)


def test_a_realistic_camera_sees_one_thing_in_three_looks_that_is_not_there():
    moments = [say[2]["objects"] for say in looks(rng(1, "x"), START, START + 8 * 3_600_000, CAMERA, (), REALISTIC)]
    assert abs(sum(map(len, moments)) / len(moments) - 1 / 3) < 0.03
    tracks = [each["track"] for objects in moments for each in objects]
    assert len(tracks) == len(set(tracks))


def test_positions_are_off_along_the_line_of_sight_by_a_share_of_the_distance():
    told = seen(someone(100.0), structs.replace(REALISTIC, false=0.0))
    off = [to_local(CAMERA.position, tuple(each["position"])) for objects in told for each in objects]
    assert 2 < (sum((east - 100) ** 2 for east, _ in off) / len(off)) ** 0.5 < 4
    assert 0.5 < (sum(north**2 for _, north in off) / len(off)) ** 0.5 < 2


def test_what_is_lost_from_sight_for_some_seconds_gets_a_new_track():
    told = seen(someone(200.0), structs.replace(REALISTIC, false=0.0))
    assert 20 < len({each["track"] for objects in told for each in objects}) < len(told) // 3


def test_an_empty_shore_is_looked_at_every_ten_seconds_and_each_look_is_said():
    told = [say[0] for say in looks(rng(1, "x"), START, START + 600_000, CAMERA, (), PERFECT)]
    assert {b - a for a, b in pairwise(told)} == {10_000}


def test_only_what_comes_within_reach_concerns_a_camera_and_boats_are_seen_farther():
    far, boat, hidden = someone(700.0), someone(700.0, class_="boat"), someone(50.0, seen=False)
    assert near([CAMERA], [*far, *boat, *hidden], PERFECT) == {"cam-1": boat}


def test_the_installer_states_what_a_camera_finds_of_the_people_in_the_nearest_place_that_counts_them():
    site = read_site(Path(__file__).parents[2] / "sites" / "quanzhou-bay")
    told = {lens: {each.id: each.finds for each in commissioned(site, LENSES[lens]).devices if each.finds is not None} for lens in LENSES}
    assert told["realistic"]["camera-0018"] == 0.85  # 57 m from the middle of a bathing beach
    assert set(told["perfect"].values()) == {1.0}
    assert "camera-0001" not in told["perfect"]
