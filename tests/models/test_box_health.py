import pytest

from ingest.events import Heartbeat, Selftest, Status, Tamper
from models.box_health import BoxHealth
from tests.models.hearing import find, told
from tests.models.streams import devices
from tests.small_coast import START, beat, box, fix, site, tick

MINUTE = 60_000


def coast(until: int, silent: dict[int, tuple[int, int]] | None = None, boxes: int = 12, heard=lambda at: at, connects=lambda _at: 1, **more):
    """Heartbeats of all boxes every 30 s and a tick a second; `silent` leaves a box out between two times (ms after START)."""
    for second in range(until // 1_000):
        at = START + second * 1_000
        for i in range(boxes):
            if second % 30 == i % 30:
                a, b = (silent or {}).get(i, (0, 0))
                if not a <= second * 1_000 < b:
                    yield beat(i, at, second // 30, **more)
        yield tick(at + 900, heard(at + 900), connects(at))


def judged(events):
    """Without what is told of the devices that this coast never lets speak."""
    return [each for each in find(site(), events) if each.code != "unheard"]


def of(found, subject: str):
    return [(each.level, each.code) for each in found if each.subject == subject]


def test_a_silent_box_is_blue_after_three_heartbeats_and_yellow_after_an_hour():
    found = find(site(), coast(70 * MINUTE, {5: (5 * MINUTE, 99 * MINUTE)}))
    assert of(found, box(5)) == [("blue", "silent"), ("yellow", "silent")]
    first = next(each for each in found if each.subject == box(5))
    last_heard = START + 4 * MINUTE + 35_000
    assert 90_000 < first.occurred - last_heard < 92_000


def test_three_heartbeats_end_a_silence():
    found = find(site(), coast(15 * MINUTE, {5: (5 * MINUTE, 10 * MINUTE)}))
    assert of(found, box(5)) == [("blue", "silent"), ("over", "silent")]
    assert [each for each in found if each.subject == box(5)][1].occurred == START + 11 * MINUTE + 5_050


def test_at_a_risk_point_silence_is_yellow_at_once():
    assert of(find(site(risk=(5,)), coast(10 * MINUTE, {5: (3 * MINUTE, 99 * MINUTE)})), box(5)) == [("yellow", "silent")]


def test_beside_a_silent_neighbour_silence_is_yellow_and_blue_again_when_that_one_is_back():
    found = find(site(), coast(20 * MINUTE, {5: (3 * MINUTE, 99 * MINUTE), 6: (6 * MINUTE, 10 * MINUTE)}))
    assert of(found, box(5)) == [("blue", "silent"), ("yellow", "silent"), ("blue", "silent")]
    assert of(found, box(6)) == [("yellow", "silent"), ("over", "silent")]


def test_three_adjacent_silent_boxes_are_one_outage_of_the_segment():
    gone = dict.fromkeys((4, 5, 6), (3 * MINUTE, 12 * MINUTE))
    found = find(site(), coast(20 * MINUTE, gone))
    outage = [each for each in found if each.code == "segment_outage"]
    assert outage[0].level == "yellow"
    assert outage[0].inhibits == (box(4), box(5), box(6))
    assert outage[-1].level == "over"


def test_boxes_apart_are_no_outage():
    gone = dict.fromkeys((1, 5, 9), (3 * MINUTE, 12 * MINUTE))
    assert not [each for each in find(site(), coast(20 * MINUTE, gone)) if each.code == "segment_outage"]


def test_a_dead_broker_makes_no_box_offline():
    """`heard` stands still for ten minutes; then the devices are heard again."""
    stop, back = START + 5 * MINUTE, START + 15 * MINUTE

    def stands(at):
        return at if at < stop else stop if at < back else at - 10 * MINUTE

    gone = dict.fromkeys(range(12), (5 * MINUTE, 15 * MINUTE))
    assert judged(coast(30 * MINUTE, gone, heard=stands)) == []


def test_after_the_broker_came_back_there_are_two_heartbeats_of_grace():
    """The session is opened anew at 5 min; all boxes need half a minute more to come back."""
    gone = dict.fromkeys(range(12), (5 * MINUTE - 30000, 6 * MINUTE))

    def again(at):
        return 1 if at < START + 5 * MINUTE + 30_000 else 2

    assert judged(coast(12 * MINUTE, gone, connects=again)) == []


def test_the_last_will_is_blue_at_once():
    will = Status(device=box(2), received=START + 40_000, state="offline")
    found = find(site(), [*coast(30_000), will])
    assert told(found) == [(box(2), "blue", "silent")]


@pytest.mark.parametrize(("battery", "level"), [(0.31, None), (0.29, "blue"), (0.14, "yellow"), (0.0, "yellow"), (None, None)])
def test_charge(battery, level):
    found = find(site(), [beat(0, START, 0, battery=battery)])
    assert [each.level for each in found] == ([level] if level else [])


def test_charge_about_a_threshold_does_not_chatter():
    values = [0.29, 0.305, 0.295, 0.31, 0.29, 0.325]
    found = find(site(), [beat(0, START + i * 30_000, i, battery=value) for i, value in enumerate(values)])
    assert [each.level for each in found] == ["blue", "over"]


def test_a_charge_that_will_not_last_the_night_is_yellow():
    """From 50 % at 18:00 local it falls by 8 % an hour: empty before midnight."""
    evening = START + 10 * 3_600_000
    beats = [beat(0, evening + i * 600_000, i, battery=0.58 - i * 0.08 / 6) for i in range(20)]
    assert ("yellow", "battery_trend") in of(find(site(), beats), box(0))


@pytest.mark.parametrize(("what", "code"), [({"door": True}, "tamper"), ({"tilt": 20.0}, "tilt"), ({"tilt": -16.0}, "tilt")])
def test_an_opened_or_tilted_box_is_orange(what, code):
    opened = Tamper(device=box(1), received=START, ts=START, seq=1, boot=7, **what)
    shut = Tamper(device=box(1), received=START + 9_000, ts=START + 9_000, seq=2, boot=7, door=False, tilt=0.0)
    assert of(find(site(), [opened, shut]), box(1)) == [("orange", code), ("over", code)]


def test_a_slight_tilt_is_nothing():
    assert find(site(), [Tamper(device=box(1), received=START, ts=START, seq=1, boot=7, tilt=14.0)]) == []


def test_the_worst_fault_of_a_box_leads_and_the_next_one_follows():
    opened = Tamper(device=box(1), received=START + 100, ts=START + 100, seq=1, boot=7, door=True)
    shut = Tamper(device=box(1), received=START + 200, ts=START + 200, seq=2, boot=7, door=False)
    found = find(site(), [beat(1, START, 0, battery=0.2), opened, shut])
    assert of(found, box(1)) == [("blue", "battery"), ("orange", "tamper"), ("blue", "battery")]


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_an_hour_off_is_told_as_a_clock_fault_and_nothing_else(hours):
    off = hours * 3_600_000
    events = []
    for i in range(20):
        at = START + i * 30_000
        events += [Heartbeat(device=box(1), received=at + 50, ts=at + off, sent=at + off, seq=i, boot=7, battery=0.9), tick(at + 900)]
    assert of(find(site(), events), box(1)) == [("blue", "clock")]


def test_a_backlog_after_25_minutes_without_the_network_raises_no_clock_fault_and_is_not_judged():
    beats = [beat(1, START + i * 30_000, i, sent=None) for i in range(10)]
    back = START + 35 * MINUTE
    backlog = [
        Heartbeat(device=box(1), received=back + i, ts=START + (10 + i) * 30_000, seq=10 + i, boot=7, battery=0.1 if i < 20 else 0.9)
        for i in range(50)
    ]
    found = find(site(), [*beats, *backlog])
    assert of(found, box(1)) == []


def test_a_failing_self_test_is_blue_until_it_passes():
    tests = [Selftest(device=box(1), received=START + i, ts=START + i, seq=i, boot=7, loop="siren", ok=ok) for i, ok in enumerate((False, True))]
    assert of(find(site(), tests), box(1)) == [("blue", "selftest"), ("over", "selftest")]


def test_many_restarts_in_a_day_are_blue():
    beats = [beat(1, START + i * 60_000, 0, boot=100 + i) for i in range(9)]
    assert of(find(site(), beats), box(1)) == [("blue", "restarts")]


def test_devices_never_heard_are_one_finding():
    found = [each for each in find(site(), coast(12 * MINUTE, boxes=10)) if each.code == "unheard"]
    assert [each.level for each in found] == ["blue"]
    assert found[0].values["devices"] == 6  # two boxes, receiver, camera, light, sensor


def test_a_receiver_that_only_passes_on_positions_is_down_when_they_stop():
    events = []
    for second in range(30 * 60):
        at = START + second * 1_000
        if second < 600 and second % 10 == 0:
            events.append(fix("412000001", at, 118.8, 24.8))
        events.append(tick(at + 900))
    assert of(find(site(), events), "ais-1") == [("yellow", "receiver_down")]


@pytest.mark.parametrize("seed", range(4))
def test_looking_only_when_somebody_may_have_fallen_finds_what_looking_each_second_finds(seed, monkeypatch):
    events = devices(seed)
    found = find(site(), events, model="M02")
    monkeypatch.setattr(BoxHealth, "_next_fall", lambda *_: 0)
    assert find(site(), events, model="M02") == found
    assert {"silent", "segment_outage"} & {each.code for each in found}


@pytest.mark.parametrize(("missed", "gone"), [(90_000, 3_600_000), (600_000, 120_000), (120_000, 120_000)])
def test_silence_is_told_in_the_second_in_which_it_lasts_too_long_whichever_limit_is_shorter(missed, gone):
    coast_ = site(thresholds={"M02": {"missed": missed, "gone": gone}})
    found = [each for each in find(coast_, coast(70 * MINUTE, {5: (5 * MINUTE, 99 * MINUTE)})) if each.subject == box(5)]
    last_heard = START + 4 * MINUTE + 35_000
    ages = [each.occurred - last_heard for each in found]
    assert all(limit < age < limit + 2_000 for age, limit in zip(ages, sorted({missed, gone}), strict=True))
