from ingest.events import Distress, Sos, Tamper
from tests.models.hearing import find, told
from tests.small_coast import START, beat, box, press, site, tick


def test_a_press_is_red_at_once():
    found = find(site(), [press(3, START, 1)])
    assert told(found) == [("box-03", "red", "pressed")]
    assert found[0].place == "QZ-0003"
    assert found[0].answers == "box-03"


def test_a_repetition_raises_nothing_but_a_second_press_rings_again():
    first = press(3, START, 1)
    again = [Sos(device=first.device, received=START + 5_000 * i, ts=first.ts, sent=first.sent, seq=1, boot=7) for i in range(1, 4)]
    found = find(site(), [first, *again, press(3, START + 60_000, 2)])
    assert told(found) == [("box-03", "red", "pressed")] * 2
    assert found[1].values["presses"] == 2
    assert found[0].cause != found[1].cause


def test_a_release_raises_nothing():
    assert find(site(), [press(3, START, 1, state="released")]) == []


def test_a_press_with_a_proven_age_says_how_late_it_is():
    late = Sos(device=box(1), received=START + 1_500_000, ts=START, sent=START + 1_500_000, seq=1, boot=7)
    (found,) = find(site(), [late])
    assert (found.level, found.flags, found.values["age"]) == ("red", ("late",), 1500)


def test_a_press_of_yesterday_is_to_be_called_back_only_where_its_age_is_proven():
    day = 26 * 3_600_000
    proven = Sos(device=box(1), received=START + day, ts=START, sent=START + day, seq=1, boot=7)
    unproven = Sos(device=box(2), received=START + day, ts=START, seq=1, boot=7)
    found = find(site(), [proven, unproven])
    assert told(found) == [("box-01", "orange", "call_back"), ("box-02", "red", "pressed")]


def test_three_heartbeats_of_this_boot_prove_a_clock_without_sent():
    beats = [beat(1, START + i * 30_000, i, sent=None) for i in range(3)]
    late = Sos(device=box(1), received=START + 1_560_000, ts=START + 60_000, seq=3, boot=7)
    found = find(site(), [*beats, late], model="M01")
    assert found[0].flags == ("late",)
    assert found[0].values["age"] in range(1499, 1501)


def test_a_clock_at_1970_costs_no_press():
    (found,) = find(site(), [Sos(device=box(1), received=START, ts=5_000, seq=1, boot=7)])
    assert (found.level, found.occurred) == ("red", START)


def test_a_press_without_time_is_red_with_its_clock_flagged():
    (found,) = find(site(), [Sos(device=box(1), received=START, raw=b"\xff\x00garbage", flags=("odd",))])
    assert (found.level, found.flags) == ("red", ("odd", "clock"))


def test_garbage_is_never_taken_for_a_repetition():
    garbage = [Sos(device=box(1), received=START + i, raw=b"??", flags=("odd",)) for i in range(3)]
    assert len(find(site(), garbage)) == 3


def test_a_press_from_a_box_that_the_site_does_not_know():
    (found,) = find(site(), [Sos(device="box-new", received=START, ts=START, seq=1, boot=1)])
    assert (found.level, found.flags) == ("red", ("unplaced",))


def test_a_door_opened_with_the_press_may_be_damage_in_either_order():
    opened = Tamper(device=box(1), received=START + 2_050, ts=START + 2_000, sent=START + 2_000, seq=2, boot=7, door=True)
    before = find(site(), [opened, press(1, START + 4_000, 3)], model="M01")
    after = find(site(), [press(1, START, 1), opened], model="M01")
    assert before[0].flags == ("possible_damage",)
    assert after[-1].flags == ("possible_damage",)
    assert after[-1].level == "red"


def beacon(at: int, **more) -> Distress:
    return Distress(device="ais-1", received=at, vessel="972971214", source="mob", position=(118.9, 24.8), **more)


def test_one_beacon_is_one_alert_however_often_it_calls():
    found = find(site(), [beacon(START + i * 10_000, sog=0.2) for i in range(30)])
    assert told(found) == [("972971214", "red", "beacon")]


def test_a_moving_beacon_is_perhaps_aboard():
    assert told(find(site(), [beacon(START, sog=15.0)])) == [("972971214", "red", "beacon_moving")]


def test_a_beacons_test_is_blue_and_its_emergency_after_that_is_red():
    found = find(site(), [beacon(START, test=True), beacon(START + 1_000)])
    assert [each.level for each in found] == ["blue", "red"]


def test_a_tick_alone_raises_nothing():
    assert find(site(), [tick(START + i * 1_000) for i in range(50)]) == []
