"""What boxes say and lamps show by themselves, read as a timetable. T0 is 2025-06-15 23:06 in Shanghai: a quiet hour."""

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.life_cycle.life import LifeCycle
from ingest.events import Matchers
from ingest.site import Zone
from tests.alerts.coast import HOUR, MIN, T0, Exercise, Room, Silence, coast

HERE = {"segment": "s-2", "position": (118.02, 24.0)}


def zone(name="closed-1", kind="closed", south=23.999):
    ring = ((118.012, south), (118.038, south), (118.038, 24.001), (118.012, 24.001), (118.012, south))
    return Zone(name, kind, ("bay",), "封闭沙滩", "Closed beach", ring)


def said(room, command="speak", since=0):
    return [(each.device, each.args.get("mode") or each.args.get("text") or "") for each in room.commands[since:] if each.command == command]


def test_a_press_lights_its_surroundings_calls_and_records_and_the_end_darkens_them():
    room = Room()
    alert = room.press()
    assert said(room, "light") == [("box-1", "strobe"), ("light-1", "search"), ("light-2", "search")]
    assert {each.command for each in room.commands} == {"call", "light", "ptz", "record", "report"}
    before = len(room.commands)
    room.do("acknowledge", alert)
    room.do("resolve", alert, outcome="nuisance")
    assert said(room, "light", before) == [("light-1", "off"), ("light-2", "off")]


def test_lamps_are_lit_again_before_they_would_go_out_while_the_press_stands():
    room = Room()
    room.press()
    before = len(room.commands)
    room.at(28 * MIN)
    assert [each for each in said(room, "light", before) if each[1] == "search"] == [("light-1", "search"), ("light-2", "search")]


def test_a_closed_zone_speaks_three_times_a_minute_apart_and_then_no_more():
    room = Room(coast(zones=(zone(),)))
    room.find("M04", "closed-1", "yellow", "inside", segment="s-2")
    for minute in range(6):
        room.at(minute * MIN)
    assert [each.id for each in room.commands if each.command == "speak" and each.device == "box-2" and each.args["language"] == "zh"] == [
        f"{room.one('M04/closed-1').id}/speakzh/box-2/{T0 + minute * MIN}" for minute in range(3)
    ]


def test_no_box_speaks_twice_within_half_a_minute_whatever_stands():
    room = Room(coast(zones=(zone(), zone("sand-1", "bathing"))))
    room.find("M04", "closed-1", "yellow", "inside", segment="s-2")
    room.at(10_000)
    room.find("M08", "sand-1", "yellow", "full", segment="s-2")
    for second in range(10, 200, 5):
        room.at(second * 1_000)
    times = sorted({int(each.id.rpartition("/")[2]) for each in room.commands if each.command == "speak" and each.device == "box-2"})
    assert all(late - early >= 30_000 for early, late in pairwise(times))
    assert any("人员较多" in text for _, text in said(room))  # it waited and was said


def test_voices_are_lowered_at_night_but_never_for_red():
    room = Room()
    room.find("M09", "person-1", "red", "in_water", **HERE)
    assert {each.args["volume"] for each in room.commands if each.command == "speak"} == {0.9}
    room = Room(coast(zones=(zone(),)))
    room.find("M04", "closed-1", "yellow", "inside", segment="s-2")
    assert {each.args["volume"] for each in room.commands if each.command == "speak"} == {0.4}
    room.at(8 * HOUR)
    room.find("M04", "closed-1", "over", "inside", segment="s-2")
    room.do("acknowledge", room.one("M04/closed-1"))
    before = len(room.commands)
    room.find("M04", "closed-1", "yellow", "inside", segment="s-2")
    assert {each.args["volume"] for each in room.commands[before:] if each.command == "speak"} == {0.9}


def test_what_is_restricted_makes_no_light_and_no_voice():
    room = Room()
    for model in ("M05", "M06", "M07", "M11", "M13"):
        room.find(model, f"subject-{model}", "red", "any", sensitivity="restricted", segment="s-1", position=(118.01, 24.0))
    assert {each.command for each in room.commands} == {"record"}


def test_an_operator_who_silences_it_darkens_and_quietens_it():
    room = Room(coast(zones=(zone(),)))
    room.find("M04", "closed-1", "yellow", "inside", segment="s-2")
    before = len(room.commands)
    room.hear(Silence, id="s", matchers=Matchers(model="M04", segment="s-2"), until=T0 + HOUR, by="li", reason="cleaning")
    assert {mode for _, mode in said(room, "light", before)} == {"off"}
    before = len(room.commands)
    room.at(10 * MIN)
    assert not room.commands[before:]


def test_a_lamp_that_another_alert_needs_stays_lit():
    room = Room()
    press, other = room.press("box-1"), room.press("box-2")
    room.do("acknowledge", press)
    before = len(room.commands)
    room.do("resolve", press, outcome="real")
    assert said(room, "light", before) == []
    room.do("acknowledge", other)
    room.do("resolve", other, outcome="real")
    assert {device for device, _ in said(room, "light", before)} == {"light-1", "light-2", "light-3"}


def test_nothing_searches_or_strobes_over_a_fairway():
    room = Room(coast(zones=(zone("fairway-1", "fairway"),)))
    room.press("box-1")
    lit = said(room, "light")
    assert ("box-1", "strobe") in lit  # it shows where the caller stands, and faces the land
    assert not [device for device, mode in lit if mode == "search"]


def test_a_rising_tide_says_how_long_is_left_and_red_says_climb():
    room = Room(coast(zones=(zone("sand-1", "gleaning"),)))
    room.find("M10", "sand-1", "blue", "cut_off", segment="s-2", values={"minutes": 42})
    assert said(room)[0][1] == "潮水上涨,约 42 分钟后道路淹没,请立即上岸"
    room.at(MIN)
    before = len(room.commands)
    room.find("M10", "sand-1", "red", "cut_off", segment="s-2", values={"minutes": 5})
    assert "请登高等候" in said(room, since=before)[0][1]


def test_it_goes_on_after_a_restart_as_if_nothing_had_been():
    def room_after(restart: bool):
        room = Room(coast(zones=(zone(),)))
        room.find("M04", "closed-1", "yellow", "inside", segment="s-2", cause="c")
        room.at(50_000)
        if restart:
            room.life = LifeCycle.restore(room.life.snapshot(), room.site, room.site.areas[0])
        for minute in range(1, 40):
            room.at(minute * MIN)
        return [each.id for each in room.commands]

    assert room_after(restart=True) == room_after(restart=False)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["M01", "M04", "M08", "M09", "M10", "M17"]), st.sampled_from(["yellow", "red", "over"]), st.integers(1, 90)),
        max_size=25,
    )
)
def test_whatever_happens_a_box_is_silent_for_half_a_minute_between_two_broadcasts_and_all_goes_dark_at_the_end(steps):
    room, now = Room(coast(zones=(zone("place", "bathing"),))), 0
    for model, level, seconds in steps:
        now += seconds * 1_000
        room.at(now)
        subject = "box-1" if model == "M01" else "place"
        room.find(model, subject, level, "pressed" if model == "M01" else "any", segment="s-2", answers="box-1" if model == "M01" else "")
    for alert in list(room.newest.values()):
        room.do("acknowledge", alert)
        if alert.model not in ("M01", "M09"):
            room.find(alert.model, alert.subject, "over", "any", segment="s-2")
        room.do("resolve", alert, outcome="real")
    assert room.life.board.saved.running.running == {}
    spoken = Counter((each.device, int(each.id.rpartition("/")[2])) for each in room.commands if each.command == "speak")
    for box in {device for device, _ in spoken}:
        times = sorted(at for device, at in spoken if device == box)
        assert all(late - early >= 30_000 for early, late in pairwise(times))


def staged(devices):
    room = Room(coast(zones=(zone(),)))
    room.hear(Exercise, id="ex-1", devices=devices, until=T0 + HOUR, by="fix")
    return room


def test_a_drill_speaks_at_the_boxes_of_its_exercise_only_and_says_that_it_is_one():
    room = staged(("box-2", "light-2"))
    room.find("M04", "closed-1", "yellow", "inside", segment="s-2", drill=True)
    assert {device for device, _ in said(room)} == {"box-2"}
    assert [text.startswith(("演练", "This is a drill")) for _, text in said(room)] == [True, True]
    assert {device for device, _ in said(room, "light")} == {"light-2"}


def test_a_drill_keeps_no_voice_and_no_lamp_from_a_real_alert():
    room = staged(("box-1", "box-2", "light-1", "light-2"))
    room.find("M04", "closed-1", "yellow", "inside", segment="s-2", drill=True)
    room.at(5_000)
    before = len(room.commands)
    real = room.find("M04", "closed-1", "yellow", "inside", segment="s-2").alerts[-1]
    assert {text[:2] for device, text in said(room, since=before) if device == "box-2"} == {"此处", "Th"}
    lit = {device for device, _ in said(room, "light", before)}
    before = len(room.commands)
    room.find("M04", "closed-1", "over", "inside", segment="s-2", drill=True)
    assert not said(room, "light", before)
    room.find("M04", "closed-1", "over", "inside", segment="s-2")
    assert {device for device, mode in said(room, "light", before) if mode == "off"} == lit
    assert real.drill is False


def test_a_voice_that_speaks_is_stopped_when_its_alert_is_shelved_or_over_and_a_later_one_is_left():
    room = Room(coast(zones=(zone(), zone("sand-1", "bathing"))))
    first = room.find("M04", "closed-1", "yellow", "inside", segment="s-2").alerts[-1]
    room.at(10_000)
    room.do("shelve", first, until=room.now + HOUR)
    assert {device for device, _ in said(room, "stop")} == {"box-1", "box-2", "box-3"} & {device for device, _ in said(room)}
    before = len(room.commands)
    room.at(MIN)
    room.find("M08", "sand-1", "yellow", "full", segment="s-2")
    room.find("M04", "closed-1", "over", "inside", segment="s-2")
    assert not said(room, "stop", before)
    room.at(3 * MIN)
    room.find("M08", "sand-1", "over", "full", segment="s-2")
    assert not said(room, "stop", before), "it has long finished"


def test_a_box_that_was_pressed_is_not_told_to_stop():
    room = Room()
    alert = room.find("M17", "bay/wind", "yellow", "wind").alerts[-1]
    room.press("box-2")
    room.do("shelve", alert, until=room.now + HOUR)
    assert {device for device, _ in said(room, "stop")} == {device for device, _ in said(room)} - {"box-2"}
    assert said(room, "stop")
