"""The fold as a whole: the same log gives the same alerts, however it is cut, saved, restored or repeated."""

import random

import pytest
from msgspec import structs

from alerts.alert import to_wire
from alerts.fold import Fold, Gap
from ingest.events import Action, Bulletin, Exercise, Sos, Status, System, Tick
from ingest.records import Batch
from tests.models.streams import devices
from tests.small_coast import START, beat, box, press, site, tick

SITE = site()


def with_people(seed: int) -> list:
    """The mixed load, and operators who act on what they may have seen."""
    chance, events = random.Random(seed), []
    known: list[str] = []
    fold = Fold(SITE, SITE.areas[0])
    for n, event in enumerate(devices(seed, minutes=60)):
        events.append(event)
        known += [alert.id for alert in fold.step(n, Batch("r1", [event])).alerts]
        if known and chance.random() < 0.03:
            do = chance.choice(("acknowledge", "dispatch", "accept", "enroute", "arrive", "resolve", "note", "shelve"))
            more = {"dispatch": {"unit": "patrol-1"}, "accept": {"unit": "patrol-1"}, "resolve": {"outcome": "assisted"}}.get(do, {})
            events.append(
                Action(
                    device="console",
                    received=event.received,
                    id=f"act-{n}",
                    alert=chance.choice(known),
                    do=do,
                    by=chance.choice(("wang", "li")),
                    **more,
                )
            )
    return events


def batches(events: list, cuts: random.Random | None) -> list[Batch]:
    """Records as the bridge would make them: never across a tick, otherwise cut by chance."""
    found, some = [], []
    for event in events:
        some.append(event)
        if isinstance(event, Tick) or (cuts and cuts.random() < 0.2):
            found.append(Batch("r1", some))
            some = []
    return [*found, Batch("r1", some)] if some else found


def run(records: list[Batch], fold: Fold | None = None, first: int = 0):
    fold = fold or Fold(SITE, SITE.areas[0])
    alerts, pages, commands = [], [], []
    for offset, record in enumerate(records, first):
        outcomes = fold.step(offset, record)
        alerts += [to_wire(alert) for alert in outcomes.alerts]
        pages += outcomes.pages
        commands += outcomes.commands
    return alerts, pages, commands


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_cutting_the_log_elsewhere_changes_nothing(seed):
    events = with_people(seed)
    whole = run(batches(events, None))
    assert len(whole[0]) > 50
    for cut in range(3):
        assert run(batches(events, random.Random(cut))) == whole


@pytest.mark.parametrize("seed", [21, 22])
def test_a_restart_from_any_snapshot_changes_nothing(seed):
    records = batches(with_people(seed), None)
    whole = run(records)
    fold, found = Fold(SITE, SITE.areas[0]), ([], [], [])
    for offset, record in enumerate(records):
        if offset % 97 == 0:
            fold = Fold.restore(fold.snapshot(), {"r1": SITE}, 0)
        for some, more in zip(found, run([record], fold, offset), strict=True):
            some.extend(more)
    assert found == whole


def test_a_record_that_was_judged_is_skipped_and_a_hole_stops():
    fold = Fold(SITE, SITE.areas[0])
    first = fold.step(0, Batch("r1", [press(1, START, 1)]))
    assert len(first.alerts) == 1
    assert fold.step(0, Batch("r1", [press(1, START, 1)])).alerts == ()
    with pytest.raises(Gap):
        fold.step(2, Batch("r1", []))


def test_the_box_hears_that_its_press_was_received_and_hears_it_again_when_it_repeats():
    fold = Fold(SITE, SITE.areas[0])
    first = fold.step(0, Batch("r1", [press(1, START, 1)]))
    assert ("report", "received") in [(command.command, command.args.get("state")) for command in first.commands]
    again = structs.replace(press(1, START, 1), received=START + 5_000)
    second = fold.step(1, Batch("r1", [again]))
    assert second.alerts == ()
    assert [(command.device, command.args["state"]) for command in second.commands] == [(box(1), "received")]
    third = fold.step(2, Batch("r1", [structs.replace(again, received=START + 10_000)]))
    ids = [command.id for outcomes in (first, second, third) for command in outcomes.commands if command.command == "report"]
    assert len(set(ids)) == 3  # with the id of one that was sent it would not be sent again, though the box did not hear it


def test_a_box_that_comes_back_online_hears_how_its_press_stands():
    fold = Fold(SITE, SITE.areas[0])
    alert = fold.step(0, Batch("r1", [press(1, START, 1)])).alerts[0]
    fold.step(1, Batch("r1", [Action(device="console", received=START + 2_000, id="a", alert=alert.id, do="acknowledge", by="wang")]))
    online = Status(device=box(1), received=START + 3_000, state="online", seq=2, boot=7, ts=START + 3_000)
    commands = fold.step(2, Batch("r1", [online])).commands
    assert [command.args["state"] for command in commands if command.command == "report"] == ["acknowledged"]


def test_a_claimed_drill_counts_only_inside_an_exercise():
    claimed = press(1, START, 1, drill=True)
    (alert,) = Fold(SITE, SITE.areas[0]).step(0, Batch("r1", [claimed])).alerts[:1]
    assert alert.drill is False
    running = Exercise(device="console", received=START - 1_000, id="e1", devices=(box(1),), until=START + 3_600_000, by="chen")
    fold = Fold(SITE, SITE.areas[0])
    fold.step(0, Batch("r1", [running]))
    drill = fold.step(1, Batch("r1", [claimed])).alerts[0]
    real = next(alert for alert in fold.step(2, Batch("r1", [press(1, START + 60_000, 2)])).alerts if not alert.drill)
    assert drill.drill
    assert real.level == "red"
    assert drill.id != real.id
    assert drill.text.zh.startswith("【演练】")


def test_an_offices_exercise_warning_is_for_those_who_take_part_and_raises_nothing_here():
    warned = Bulletin(device="ais-1", received=START, ts=START, id="w", type="tsunami", colour="red")
    assert {alert["model"] for alert in run([Batch("r1", [warned]), Batch("r1", [tick(START + 1_000)])])[0]} == {"M17"}
    practised = structs.replace(warned, drill=True)
    assert run([Batch("r1", [practised]), Batch("r1", [tick(START + 1_000)])])[0] == []


def test_what_our_own_processes_say_becomes_an_alert_and_ends():
    fold = Fold(SITE, SITE.areas[0])
    lost = System(device="bridge-bay", received=START, part="bridge", code="broker_lost")
    back = System(device="bridge-bay", received=START + 9_000, part="bridge", code="broker_lost", clear=True)
    raised = fold.step(0, Batch("r1", [lost])).alerts
    assert (raised[0].model, raised[0].condition) == ("SYS", "active")
    assert fold.step(1, Batch("r1", [back])).alerts[-1].condition == "over"


def test_a_new_revision_keeps_memory_and_judges_by_its_own_thresholds():
    from ingest.events import SiteChange

    quick = site(boxes=14, revision="r2", thresholds={"M02": {"missed": 40_000}})
    fold, sites = Fold(SITE, SITE.areas[0]), {"r1": SITE, "r2": quick}
    fold.step(0, Batch("r1", [beat(i, START, 0) for i in range(12)] + [tick(START + 1_000)]))
    fold.step(1, Batch("r1", [tick(START + 30_000), *(beat(i, START + 30_000, 1) for i in range(12)), tick(START + 31_000)]))
    fold.step(2, Batch("r2", [SiteChange(device="site", received=START + 32_000, revision="r2")]), sites)
    nothing = fold.step(3, Batch("r2", [tick(START + 60_000)]))
    silent = fold.step(4, Batch("r2", [tick(START + 80_000)]))
    assert nothing.alerts == ()
    assert {alert.subject for alert in silent.alerts if alert.reason.code == "silent"} == {box(i) for i in range(12)}
    pressed = fold.step(5, Batch("r2", [press(13, START + 81_000, 1)]))
    assert pressed.alerts[0].place == "QZ-0013"


def test_a_press_before_its_box_is_in_the_site_is_placed_by_a_later_revision():
    from ingest.events import SiteChange

    bigger, fold = site(boxes=14, revision="r2"), Fold(SITE, SITE.areas[0])
    unplaced = fold.step(0, Batch("r1", [press(13, START, 1)])).alerts[0]
    placed = fold.step(1, Batch("r2", [SiteChange(device="site", received=START + 1_000, revision="r2")]), {"r2": bigger}).alerts
    assert "unplaced" in unplaced.flags
    assert [(alert.id, alert.place) for alert in placed] == [(unplaced.id, "QZ-0013")]


def test_unreadable_presses_are_all_raised_as_one_alert_of_the_box():
    fold = Fold(SITE, SITE.areas[0])
    odd = [Sos(device=box(1), received=START + i * 1_000, raw=bytes([i]), flags=("odd",)) for i in range(3)]
    alerts = [alert for n, event in enumerate(odd) for alert in fold.step(n, Batch("r1", [event])).alerts]
    assert {alert.id for alert in alerts} == {alerts[0].id}
    assert alerts[-1].count == 3
