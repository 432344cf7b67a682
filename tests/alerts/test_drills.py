"""What is staged in an exercise is judged apart: it raises drills, and neither raises, hides nor ends anything real. START is 08:00 local, an exercise runs
for an hour from ten minutes on, with box-02, cam-1, ais-1 and met-1; zheng leads it."""

import random

import pytest
from msgspec import structs

from alerts.console.recall import standing
from alerts.console.view import View
from alerts.fold import Fold
from alerts.judge import Judge
from ingest.events import Bulletin, Exercise, Permit, Tick, Unit, Weather
from ingest.exercises import is_staged
from ingest.log import open_log
from ingest.records import Batch
from models.person_in_water import PersonInWater
from tests.models.streams import STREAMS, ticked
from tests.small_coast import START, at, beat, box, fix, press, seen, site, thing, tick

MINUTE, HOUR = 60_000, 3_600_000
BEGIN, END = START + 10 * MINUTE, START + 70 * MINUTE
SITE = site()
SEA = at(2.5, -60)
USED = (box(2), "cam-1", "ais-1", "met-1")


def exercise(**more) -> Exercise:
    return Exercise(**{"device": "console", "received": BEGIN, "id": "ex-1", "devices": USED, "from_": BEGIN, "until": END, "by": "zheng", **more})


def swim(begin: int, seconds: int = 10, *, drill: bool, track: int = 1, place=SEA):
    return [seen("cam-1", now, thing(track, "person", place), drill=drill) for now in range(begin, begin + seconds * 1_000, 1_000)]


def wind(now: int, speed: float, *, drill: bool = False, device: str = "met-1") -> Weather:
    return Weather(device=device, received=now, ts=now, wind_speed=speed, drill=drill)


def run(events, fold: Fold | None = None, cut: random.Random | None = None, keep: random.Random | None = None):
    """(fold, every change of an alert, pages). `cut`: where records end, beside after ticks; `keep`: when the memory is saved and loaded."""
    fold = fold or Fold(SITE, SITE.areas[0])
    changes, pages, some = [], [], []
    for event in [*events, None]:
        if event is not None:
            some.append(event)
        if some and (event is None or isinstance(event, Tick) or (cut and cut.random() < 0.3)):
            outcomes = fold.step(fold.offset + 1, Batch("r1", some))
            changes, pages, some = [*changes, *outcomes.alerts], [*pages, *outcomes.pages], []
            if keep and keep.random() < 0.05:
                fold = Fold.restore(fold.snapshot(), {"r1": SITE}, 0)
    return fold, changes, pages


def told(changes, model: str) -> set:
    return {(alert.drill, alert.subject, alert.level) for alert in changes if alert.model == model}


def test_a_staged_swimmer_is_a_drill_and_told_to_the_exercise_s_people_only():
    _, changes, pages = run(ticked([exercise(), *swim(BEGIN + MINUTE, drill=True)], BEGIN + 3 * MINUTE, 1_000))
    assert told(changes, "M09") == {(True, "seg-02", "orange"), (True, "seg-02", "red")}
    staged = {alert.id for alert in changes if alert.drill}
    assert {who for page in pages if page.alert in staged for who in page.to} == {"zheng"}


def test_a_real_swimmer_beside_the_staged_one_is_a_real_alert():
    both = [*swim(BEGIN + MINUTE, drill=True), *swim(BEGIN + 2 * MINUTE, drill=False, track=2)]
    _, changes, _ = run(ticked([exercise(), *both], BEGIN + 4 * MINUTE, 1_000))
    assert {drill for drill, _, _ in told(changes, "M09")} == {True, False}


def test_without_a_running_exercise_whoever_claims_a_drill_is_in_earnest():
    for more in ({"devices": (box(3),)}, {"until": BEGIN + MINUTE}):
        _, changes, _ = run(ticked([exercise(**more), *swim(BEGIN + 2 * MINUTE, drill=True)], BEGIN + 5 * MINUTE, 1_000))
        assert {drill for drill, _, _ in told(changes, "M09")} == {False}


def test_a_staged_press_is_no_second_sign_for_a_real_swimmer_and_one_for_a_staged_swimmer():
    pressed = press(2, BEGIN + MINUTE, 1, drill=True)
    _, changes, _ = run(ticked([exercise(), pressed, *swim(BEGIN + MINUTE, drill=False)], BEGIN + MINUTE + 15_000, 1_000))
    assert told(changes, "M09") == {(False, "seg-02", "orange")}
    _, changes, _ = run(ticked([exercise(), pressed, *swim(BEGIN + MINUTE, drill=True)], BEGIN + MINUTE + 15_000, 1_000))
    assert told(changes, "M09") == {(True, "seg-02", "red")}


def test_a_real_press_in_an_exercise_is_a_red_of_its_own():
    _, changes, pages = run([exercise(), press(2, BEGIN + MINUTE, 1, drill=True), press(2, BEGIN + 2 * MINUTE, 2), tick(BEGIN + 3 * MINUTE)])
    assert told(changes, "M01") == {(True, box(2), "red"), (False, box(2), "red")}
    real = next(alert for alert in changes if alert.model == "M01" and not alert.drill)
    assert {"wang", "li"} <= {who for page in pages if page.alert == real.id for who in page.to}


def test_staged_heartbeats_hide_no_silence_and_empty_no_battery():
    beats = [beat(i, START + minute * MINUTE, minute) for i in range(12) for minute in range(60) if i != 2 or minute < 12]
    real_last = beat(2, START + 12 * MINUTE, 12)
    staged = [beat(2, START + minute * MINUTE, minute, drill=True, battery=0.05) for minute in range(13, 60)]
    _, changes, _ = run(ticked([exercise(), *beats, real_last, *staged], START + 60 * MINUTE))
    last = [alert for alert in changes if (alert.model, alert.subject, alert.drill) == ("M02", box(2), False)][-1]
    assert (last.reason.code, last.condition) == ("silent", "active")
    assert {alert.reason.code for alert in changes if alert.drill} == {"battery"}
    assert not [alert for alert in changes if alert.drill and alert.subject != box(2)]


def test_at_the_end_of_the_exercise_what_was_staged_is_over_and_its_models_are_gone():
    staged = [wind(BEGIN + minute * MINUTE, 26.0, drill=True) for minute in range(1, 50)]
    fold, changes, _ = run(ticked([exercise(), *staged], END - MINUTE, 5_000))
    assert fold.drill is not None
    assert {alert.condition for alert in changes if alert.model == "M17"} == {"active"}
    fold, changes, _ = run(ticked([], END + MINUTE, 5_000, begin=END - MINUTE), fold)
    assert fold.drill is None
    assert [(alert.drill, alert.condition) for alert in changes if alert.model == "M17"][-1] == (True, "over")


def test_a_drill_knows_the_weather_of_the_day_and_does_not_tell_it_as_staged():
    gale = [wind(START + minute * MINUTE, 21.0, device="met-2") for minute in range(30)]
    warned = Bulletin(device="met-2", received=START, id="b-1", type="wind", colour="orange", onset=START, expires=START + 12 * HOUR)
    fold, changes, _ = run(ticked([warned, *gale, exercise(), *swim(BEGIN + MINUTE, drill=True)], BEGIN + 3 * MINUTE, 1_000))
    assert {drill for drill, _, _ in told(changes, "M17")} == {False}
    assert [(finding.subject, finding.level) for finding in fold.drill.hearing.standing.of("M17")] == [("bay/wind", "orange")]


def test_staged_weather_is_told_as_a_drill_and_leaves_the_real_sea_as_it_is():
    calm = [wind(START + minute * MINUTE, 3.0 + minute % 3) for minute in range(40)]
    staged = [wind(BEGIN + minute * MINUTE, 26.0, drill=True) for minute in range(1, 20)]
    _, changes, _ = run(ticked([exercise(), *calm, *staged], BEGIN + 30 * MINUTE, 5_000))
    assert {(drill, subject) for drill, subject, _ in told(changes, "M17")} == {(True, "bay/wind")}


def test_a_staged_vessel_that_goes_over_the_border_ends_no_real_alert():
    fold, _, _ = run(
        [exercise(), fix("412000001", BEGIN, 118.9, 24.7), fix("412000001", BEGIN + MINUTE, 118.9, 24.7, drill=True), tick(BEGIN + MINUTE)]
    )
    assert [vessel.id for vessel in fold.hearing.vessels.all] == [vessel.id for vessel in fold.drill.hearing.vessels.all]
    later = fix("412000001", BEGIN + 2 * MINUTE, 118.7, 24.7, drill=True)
    fold, _, _ = run([later, tick(BEGIN + 2 * MINUTE)], fold)
    real, staged = fold.hearing.vessels.latest, fold.drill.hearing.vessels.latest
    assert (real.longitude[0], staged.longitude[0]) == (118.9, 118.7)


def test_a_model_that_fails_at_what_is_staged_goes_on_watching_the_coast(monkeypatch):
    step = PersonInWater.step

    def fails(self, memory, batch, coast):
        assert not batch.objects.track.size or batch.objects.score.max() < 0.9
        yield from step(self, memory, batch, coast)

    monkeypatch.setattr(PersonInWater, "step", fails)
    poison = [seen("cam-1", BEGIN + MINUTE, thing(9, "person", SEA, score=0.95), drill=True)]
    fold, changes, _ = run(ticked([exercise(), *poison, *swim(BEGIN + 2 * MINUTE, drill=False)], BEGIN + 4 * MINUTE, 1_000))
    assert {(alert.drill, alert.reason.code) for alert in changes if alert.model == "SYS"} == {(True, "model_disabled")}
    assert (list(fold.hearing.disabled), list(fold.drill.hearing.disabled)) == ([], ["M09"])
    assert {drill for drill, _, _ in told(changes, "M09")} == {False}


def test_a_drill_knows_who_has_leave_and_where_the_patrols_are():
    leave = Permit(
        device="console", received=START, ts=START, zone="closed-1", person="wardens", from_=START, until=START + 3 * HOUR
    )  # fmt: skip
    walkers = [seen("cam-1", now, thing(5, "person", at(1, 20)), drill=True) for now in range(BEGIN + MINUTE, BEGIN + 3 * MINUTE, 1_000)]
    for known, drills in (([], {True}), ([leave], set())):
        _, changes, _ = run(ticked([*known, exercise(), *walkers], BEGIN + 4 * MINUTE, 1_000))
        assert {drill for drill, _, _ in told(changes, "M04")} == drills
    patrol = Unit(device="console", received=START, ts=START, unit="patrol-1", position=at(1, 20), state="on_scene")
    fold, _, _ = run(ticked([patrol, exercise(), *walkers], BEGIN + 2 * MINUTE, 1_000))
    assert [event.unit for event in fold.world.all() if isinstance(event, Unit)] == ["patrol-1"]


DEVICES = tuple(device.id for device in SITE.devices)
FIRST, SECOND = (BEGIN, BEGIN + 100 * MINUTE), (BEGIN + 130 * MINUTE, BEGIN + 200 * MINUTE)


def load(seed: int):
    """Hours of what models hear, some streams of it staged and some not, two exercises, and ten minutes of claims outside of any."""
    chance, events = random.Random(seed), []
    for name, shift in (
        ("M01", 0),
        ("M03", -585),
        ("M04", 15),
        ("M05", -870),
        ("M06", -850),
        ("M07", -800),
        ("M09", 40),
        ("M13", 30),
        ("M14", 60),
        ("M17", 0),
    ):
        staged = chance.random() < 0.7
        for event in STREAMS[name](seed)[:800]:
            if not isinstance(event, Tick):
                moved = {field: getattr(event, field) + shift * MINUTE for field in ("received", "ts", "sent") if getattr(event, field)}
                events.append(structs.replace(event, drill=staged and chance.random() < 0.9, **moved))
    exercises = [
        exercise(id=f"ex-{begin}", received=begin, from_=begin, until=end, devices=DEVICES) for begin, end in (FIRST, SECOND)
    ]  # fmt: skip
    return ticked([*(event for event in events if event.received < START + 220 * MINUTE), *exercises], START + 225 * MINUTE, 10_000)


@pytest.mark.parametrize("seed", [1, 2])
def test_cutting_the_log_elsewhere_and_restarting_changes_nothing(seed):
    events = load(seed)
    _, whole, pages = run(events)
    assert len({alert.model for alert in whole if alert.drill}) >= 6
    assert run(events, cut=random.Random(seed), keep=random.Random(seed))[1:] == (whole, pages)


@pytest.mark.parametrize("seed", [3])
def test_what_is_real_is_told_as_if_nothing_were_staged(seed):
    events = load(seed)

    def real(event):
        return not (event.drill and any(begin <= event.received < end for begin, end in (FIRST, SECOND)))

    with_it = [alert for alert in run(events)[1] if not alert.drill]
    without = [alert for alert in run([event for event in events if real(event)])[1] if not alert.drill]
    assert {(alert.key, alert.level, alert.raised) for alert in with_it} == {(alert.key, alert.level, alert.raised) for alert in without}


# What the room's page shows


def test_map_and_devices_show_what_is_real_while_an_exercise_runs():
    view = View(SITE)
    real = [beat(2, BEGIN, 1), fix("412000001", BEGIN, 118.9, 24.7)]
    view.batch(0, Batch("r1", [exercise(), *real]))
    staged = [beat(2, BEGIN + HOUR // 2, 2, battery=0.1), fix("412000001", BEGIN + MINUTE, 118.7, 24.7), wind(BEGIN + MINUTE, 30.0)]
    view.batch(0, Batch("r1", [structs.replace(event, drill=True) for event in staged]))
    assert view.devices[box(2)].row()[:3] == [BEGIN + 50, "online", 0.9]
    assert view.vessels["412000001"].position == (118.9, 24.7)
    assert "met-1" not in view.devices
    view.batch(0, Batch("r1", [structs.replace(fix("412000001", END + MINUTE, 118.6, 24.7), drill=True)]))
    assert view.vessels["412000001"].position == (118.6, 24.7), "outside of an exercise it is in earnest"


def test_a_console_that_starts_in_an_exercise_knows_of_it(tmp_path):
    log = open_log(f"sqlite:///{tmp_path / 'log.db'}")
    judge = Judge(log, SITE, 0)
    judge.fold.step(0, Batch("r1", [exercise(), tick(BEGIN + 1_000)]))
    log.append(judge.snapshot())
    assert is_staged(beat(2, BEGIN + MINUTE, 2, drill=True), standing(log, 0).exercises.values())
    log.close()
