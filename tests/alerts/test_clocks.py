"""Clocks, counters and claims of devices gone wrong, through the whole fold: no false alert, no lost press, and the age of a press is never made up."""

import pytest
from msgspec import structs

from alerts.alert import Alert
from alerts.fold import Fold
from ingest.events import Event, Sos, Status, Tick
from ingest.records import Batch
from ingest.wire import Door
from models.position_silence import PositionSilence
from tests.small_coast import START, beat, box, fix, press, site, tick

SITE = site()
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
IN_1970 = -START  # ms by which such a clock is off


def told(events: list[Event], fold: Fold | None = None) -> dict[tuple[str, str], Alert]:
    """The newest revision by (model, subject); what is told of devices that this coast never lets speak is left out."""
    fold = fold or Fold(SITE, SITE.areas[0])
    found: dict[tuple[str, str], Alert] = {}
    records: list[list[Event]] = [[]]
    for event in events:
        records[-1].append(event)
        if isinstance(event, Tick):
            records.append([])
    for offset, record in enumerate(records, fold.offset + 1):
        found |= {(alert.model, alert.subject): alert for alert in fold.step(offset, Batch("r1", record)).alerts}
    return {key: alert for key, alert in found.items() if alert.reason.code != "unheard"}


def off(event: Event, by: int) -> Event:
    """What the same device says with its clock off by `by` ms."""
    times = {name: max(0, getattr(event, name) + by) for name in ("ts", "sent") if getattr(event, name) is not None}
    return structs.replace(event, **times)


def day(seconds: int, by: int = 0, **more: object) -> list[Event]:
    """Heartbeats of every box each 30 s, a tick a second; box 1 has its clock off by `by` ms."""
    events: list[Event] = []
    for second in range(seconds):
        at = START + second * SECOND
        for i in range(12):
            if second % 30 == i:
                said = beat(i, at, second // 30, **more)
                events.append(off(said, by) if i == 1 else said)
        events.append(tick(at + 900))
    return events


CLOCKS = pytest.mark.parametrize("by", [HOUR, -HOUR, IN_1970], ids=["an hour ahead", "an hour behind", "at 1970"])
SENT = pytest.mark.parametrize("sent", [True, False], ids=["with sent", "without sent"])


@CLOCKS
@SENT
def test_a_wrong_clock_is_at_most_told_as_a_clock_fault_and_silence_is_judged_all_the_same(by, sent):
    more = {} if sent else {"sent": None}
    found = told(day(300, by, **more))
    assert {(key, alert.reason.code) for key, alert in found.items()} <= {(("M02", box(1)), "clock")}
    events = day(300, by, **more)
    stopped = [event for event in events if getattr(event, "device", "") != box(1) or event.received < START + 100 * SECOND]
    assert told(stopped)["M02", box(1)].reason.code == "silent"


@CLOCKS
@SENT
def test_a_press_with_a_wrong_clock_is_red_and_not_called_late(by, sent):
    pressed = off(press(1, START + 200 * SECOND, 100), by)
    alert = told([*day(200, by), pressed if sent else structs.replace(pressed, sent=None)])["M01", box(1)]
    assert (alert.level, alert.reason.code) == ("red", "pressed")
    assert "late" not in alert.flags
    assert alert.occurred == pytest.approx(pressed.received, abs=MINUTE)


@CLOCKS
def test_a_press_with_a_wrong_clock_as_the_first_word_of_a_box_is_red_with_its_age_unknown(by):
    alert = told([structs.replace(off(press(1, START, 0), by), sent=None)])["M01", box(1)]
    assert alert.level == "red"
    assert "late" not in alert.flags
    assert "age" not in alert.reason.values


def test_a_box_back_after_25_minutes_with_its_backlog_raises_only_its_press_marked_late():
    """Without `sent`, as its client queues. Nobody watches silence here: the box was in its segment's dead spot and its own silence ended."""
    before = [beat(1, START + n * 30 * SECOND, n, sent=None) for n in range(10)]
    back = START + 30 * MINUTE
    backlog = [
        structs.replace(beat(1, START + n * 30 * SECOND, n, sent=None, battery=0.05 if n < 39 else 0.9), received=back + n) for n in range(10, 59)
    ]
    pressed = structs.replace(press(1, START + 6 * MINUTE, 59, sent=None), received=back + 100)
    since = [beat(1, back + (1 + n) * 30 * SECOND, 60 + n, sent=None) for n in range(4)]
    found = told([*before, *backlog, pressed, *since])
    assert set(found) == {("M01", box(1))}, "what the battery was does not matter any more"
    alert = found["M01", box(1)]
    assert (alert.level, "late" in alert.flags) == ("red", True)
    assert alert.reason.values["age"] == pytest.approx(24 * 60, abs=2)
    assert alert.occurred == pytest.approx(START + 6 * MINUTE, abs=MINUTE)


def test_a_silence_ends_when_the_backlog_comes():
    events = [event for event in day(400) if getattr(event, "device", "") != box(1) or event.received < START + 60 * SECOND]
    fold = Fold(SITE, SITE.areas[0])
    assert told(events, fold)["M02", box(1)].condition == "active"
    back = START + 400 * SECOND
    backlog = [structs.replace(beat(1, START + n * 30 * SECOND, n), received=back + n, sent=back) for n in range(2, 14)]
    assert told([*backlog, tick(back + SECOND)], fold)["M02", box(1)].condition == "over"


def test_two_hours_of_late_data_raise_nothing():
    """A gateway pours out what it kept: heartbeats with empty batteries, positions of a vessel far away."""
    now = START + 10 * 60 * SECOND
    late: list[Event] = []
    for n in range(240):
        at = now - 2 * HOUR + n * 30 * SECOND
        late += [structs.replace(beat(i, at, n, boot=6, battery=0.05), received=now + n, sent=now + n) for i in range(12)]
        late.append(structs.replace(fix("412000001", at, 118.9, 24.7), received=now + n))
    fold = Fold(SITE, SITE.areas[0])
    found = told([*day(600), *late, tick(now + SECOND)], fold)
    only_recent = {alert.reason.code for alert in found.values()}
    assert only_recent <= {"battery"}, "those of the last ten minutes are live"
    assert all(alert.occurred > now - 11 * MINUTE for alert in found.values())


@pytest.mark.parametrize("boot", [7, 8], ids=["the same boot", "a new boot"])
def test_a_counter_that_begins_again_loses_no_press(boot):
    events = [*day(60), press(1, START + 61 * SECOND, 5), press(1, START + 90 * SECOND, 0, boot=boot), press(1, START + 120 * SECOND, 1, boot=boot)]
    alert = told(events)["M01", box(1)]
    assert alert.count == 3


def test_boots_again_and_again_lose_no_press_and_each_is_told_once():
    events: list[Event] = []
    for boot in range(40):
        at = START + boot * MINUTE
        events += [
            beat(1, at, 0, boot=boot),
            press(1, at + SECOND, 1, boot=boot),
            structs.replace(press(1, at + SECOND, 1, boot=boot), received=at + 6_000),
        ]
    assert told(events)["M01", box(1)].count == 40


def test_what_is_delivered_twice_changes_nothing():
    events = [*day(120), press(1, START + 121 * SECOND, 9), press(2, START + 122 * SECOND, 9)]
    twice = [
        copy for event in events for copy in ([event] if isinstance(event, Tick) else [event, structs.replace(event, received=event.received + 1)])
    ]
    assert {key: alert.count for key, alert in told(twice).items()} == {key: alert.count for key, alert in told(events).items()}
    fold = Fold(SITE, SITE.areas[0])
    told(events, fold)
    later = [structs.replace(event, received=START + 200 * SECOND) for event in events if isinstance(event, Sos)]
    again = told(later, fold)
    assert {alert.change.what for alert in again.values()} <= {"escalated"}, "a press of minutes ago again is the same press"
    assert all(alert.count == 1 for alert in again.values())


def test_a_device_that_claims_a_drill_outside_of_one_is_in_earnest_and_that_is_seen():
    alert = told([press(1, START, 1, drill=True)])["M01", box(1)]
    assert (alert.level, alert.drill) == ("red", False)
    assert "drill" in alert.flags


@pytest.mark.parametrize("kind", ["action", "silence", "exercise", "work", "shift", "incident", "system", "tick", "site"])
def test_no_box_may_speak_for_people_or_for_the_platform(kind):
    payload = b'{"ts": %d, "id": "x", "alert": "y", "do": "resolve", "outcome": "nuisance", "by": "wang", "now": 1, "heard": 1}' % START
    found, refused = Door(SITE).read(f"coast/bay/{box(1)}/{kind}", payload, START)
    assert found == []
    assert [one.reason for one in refused] in (["permission"], ["ours"])


def test_a_will_that_comes_late_is_no_offline_after_the_box_is_back():
    """The broker tells the will of the old connection after the box has said that it is online again."""
    back = Status(device=box(1), received=START + 130 * SECOND, state="online", seq=0, boot=8, ts=START + 130 * SECOND)
    will = Status(device=box(1), received=START + 130 * SECOND + 500, state="offline")
    since = day(360)[len(day(131)) :]
    found = told([*day(130), back, will, *(structs.replace(event, boot=8) if event.device == box(1) else event for event in since)])
    assert ("M02", box(1)) not in found or found["M02", box(1)].condition == "over"


def test_a_vessels_fix_with_a_clock_of_tomorrow_does_not_end_its_watch():
    assert PositionSilence.code == "M12"
    fixes = [fix("412000001", START + n * 10 * SECOND, 118.80 + n * 0.0003, 24.80) for n in range(60)]
    ahead = structs.replace(fix("412000001", START + 600 * SECOND, 118.82, 24.80), ts=START + DAY)
    found = told([*fixes, ahead])
    assert found == {}
