"""Scenes as they are played: where things are, what is said in whose name, what devices say otherwise, and what that does to the truth."""

from pathlib import Path

import pytest

from device_sim.actors import Moving, frame_at, is_open, middle_of
from device_sim.coast import Coast
from device_sim.record import received_lines
from device_sim.scenario import Scenario
from device_sim.scenes import Boat, Change, Must, Sailing, Saying, Scene
from device_sim.staging import plan
from ingest.geo import inside, metres
from ingest.site_files import read_site
from tests.small_coast import START

SITE = read_site(Path(__file__).parents[2] / "sites" / "quanzhou-bay")
MINUTE = 60_000
QUIET = {"boxes": 0, "lights": 0, "cameras": 0, "vessels": 0}


def staged(*scenes):
    return plan(SITE, scenes, (), 1, START)


def said(*scenes, lasts="10min", **more):
    coast = Coast(SITE, Scenario("x", "x", "x", lasts=lasts, scenes=scenes, **{**QUIET, **more}), 1, START)
    return coast, list(coast.said())


def test_ways_go_along_the_shore_and_seaward_of_it():
    place, shore = middle_of(SITE, "camera-0030")
    frame = frame_at(SITE, place, shore=shore)
    assert is_open(SITE, place)
    assert frame.along[0] * frame.seaward[0] + frame.along[1] * frame.seaward[1] == pytest.approx(0, abs=1e-9)
    (person,) = staged(Scene("walk", place="camera-0030", moving=(Moving(way=((0, 0, 0), (2, 0, -100))),))).actors
    assert metres(person.position(person.ends), place) == pytest.approx(100, rel=0.01)
    assert person.speed(person.begins + MINUTE) == pytest.approx(100 / 120, rel=0.01)


def test_a_vessel_that_is_heard_goes_to_an_anchorage_when_its_way_ends():
    (ship,) = staged(Scene("pass", place="border-outer", moving=(Moving(ais="A", way=((0, -5000, 0), (10, -8000, 0))),))).actors
    assert any(zone.kind == "anchorage" and inside(zone.ring, ship.position(ship.ends)) for zone in SITE.zones)
    assert ship.ends > START + 11 * MINUTE
    (boat,) = staged(Scene("pass", place="border-outer", moving=(Moving(class_="boat", way=((0, -5000, 0), (10, -8000, 0))),))).actors
    assert boat.ends == START + 11 * MINUTE


def test_messages_speak_of_the_scenes_own_place_and_vessels_and_have_names_of_their_own():
    say = Saying("console", "permit", {"zone": "#place", "vessel": "#0", "activity": "#name0", "id": "leave"}, {"until": "2h"}, early="1h")
    scene = Scene("leave", place="forbidden-bridge", boats=(Boat(longer=12),), says=(say,))
    first, second = staged(scene, scene).said
    vessel = SITE.vessel[first.fields["vessel"]]
    assert (first.fields["zone"], first.fields["activity"]) == ("forbidden-bridge", vessel.name)
    assert first.fields["until"] == START + MINUTE + 120 * MINUTE
    assert first.fields["ts"] == START + MINUTE - 60 * MINUTE
    assert (first.fields["id"], second.fields["id"]) == ("leave-0", "leave-1")
    assert first.fields["vessel"] != second.fields["vessel"]


def test_a_device_says_otherwise_for_its_time_only_and_a_silent_one_nothing():
    foggy = Change("sensor-shihu", "weather", after="2min", lasts="3min", fields={"visibility": 90.0})
    mute = Change("sensor-chongwu", after="2min", lasts="3min", silent=True)
    _, lines = said(Scene("weather", at="1min", changes=(foggy, mute)))
    seen = {round((one.at - START) / MINUTE): one.payload["visibility"] for one in lines if one.kind == "weather" and one.device.id == "sensor-shihu"}
    assert {minute for minute, metres_ in seen.items() if metres_ == 90.0} == {3, 4, 5}
    assert not [one for one in lines if one.device.id == "sensor-chongwu" and START + 3 * MINUTE <= one.at < START + 6 * MINUTE]
    assert [one for one in lines if one.device.id == "sensor-chongwu" and one.at >= START + 6 * MINUTE]


def test_a_slow_line_brings_fixes_later_without_sent_and_gives_the_truth_its_delay():
    slow = Scene("slow", at="1min", changes=(Change("ais-chongwu", "position", lasts="5min", waits="4min"),))
    ship = Scene("ship", at="1min", place="border-outer", moving=(Moving(ais="A", way=((0, -5000, 0), (9, -8000, 0))),), must=Must("M14", by="3min"))
    coast, _ = said(slow, ship)
    assert coast.plan.truth[1]["must"]["by"] == START + (1 + 3 + 4) * MINUTE
    late = [(received, one) for received, one in received_lines(coast) if one.kind == "position" and "sent" not in one.payload]
    assert late
    assert all(received - one.payload["ts"] >= 4 * MINUTE for received, one in late)


def test_a_trip_is_reported_out_and_home_and_falls_silent_when_it_is_to():
    one = plan(SITE, (Scene("trip", sailing=(Sailing(departs="12min", persons=4, counted=5, silent="30min"),)),), (), 1, START)
    out, back = one.said
    ((vessel, voyage),) = one.voyages.items()
    assert (out.fields["report"], out.fields["persons"], back.fields["report"], back.fields["persons"]) == ("departure", 4, "return", 5)
    assert out.at < voyage.trips[0].departs < voyage.trips[0].returns < back.at
    assert out.fields["eta"] > voyage.trips[0].returns
    assert one.silences == {vessel: START + 31 * MINUTE}
    assert one.truth[0]["until"] == voyage.trips[0].returns


def test_cameras_that_can_see_a_scene_take_part_whatever_their_number():
    coast, lines = said(Scene("walk", place="camera-0030", moving=(Moving(way=((0, 0, 0), (5, 0, 0))),)))
    assert "camera-0030" in {camera.id for camera in coast.cast.cameras}
    seen = [each for one in lines if one.kind == "tracks" and one.device.id == "camera-0030" for each in one.payload["objects"]]
    assert {each["class"] for each in seen} == {"person"}
