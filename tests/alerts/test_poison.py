"""A model that raises an exception: it is off in its area, people are told red, the others go on; M01 never is, whatever it meets."""

import random

import msgspec
import pytest

from alerts.alert import to_wire
from alerts.fold import Fold
from alerts.judge import Judge
from alerts.outcomes import unpack
from alerts.replay import lines, replay
from ingest.events import Distress, Sos, Tamper
from ingest.log import EVENTS, Record
from ingest.log_sqlite import SqliteLog
from ingest.recording import record_lines
from ingest.records import Batch, Codec
from models.box_health import BoxHealth
from models.model import Finding
from models.position_silence import PositionSilence
from models.sos import SosCall
from tests.small_coast import START, beat, box, fix, press, site, tick

SITE = site()


def judged(fold: Fold, *events):
    return fold.step(fold.offset + 1, Batch("r1", list(events)))


def break_on(monkeypatch, model: type, broken) -> None:
    """From here on the model raises where `broken(batch)`."""
    step = model.step

    def fails(self, memory, batch, site):
        if broken(batch):
            raise ZeroDivisionError("made for this test")
        yield from step(self, memory, batch, site)

    monkeypatch.setattr(model, "step", fails)


def test_a_model_that_fails_is_off_and_told_red_once_and_the_others_go_on(monkeypatch):
    fold = Fold(SITE, SITE.areas[0])
    break_on(monkeypatch, BoxHealth, lambda batch: batch.rare)
    out = judged(fold, beat(1, START, 0), Tamper(device=box(1), received=START, ts=START, seq=1, boot=7, door=True), tick(START + 900))
    (alert,) = [alert for alert in out.alerts if alert.reason.code == "model_disabled"]
    assert (alert.model, alert.level, alert.reason.values["model"]) == ("SYS", "red", "M02")
    assert "made for this test" in alert.reason.values["error"]
    later = judged(fold, Tamper(device=box(2), received=START + 1_000, ts=START + 1_000, seq=1, boot=7, door=True), press(3, START + 1_000, 1))
    assert [(alert.model, alert.subject) for alert in later.alerts] == [("M01", box(3))]


def test_what_is_off_stays_off_over_a_restart_of_the_same_version_and_another_version_runs_again(monkeypatch):
    fold = Fold(SITE, SITE.areas[0])
    with monkeypatch.context() as broken:
        break_on(broken, PositionSilence, lambda batch: len(batch.positions.nth))
        judged(fold, fix("412000001", START, 118.8, 24.8), tick(START + 900))
    assert "M12" in fold.hearing.disabled
    again = Fold.restore(fold.snapshot(), {"r1": SITE}, 0)
    assert "M12" in again.hearing.disabled
    monkeypatch.setattr(PositionSilence, "memory_version", PositionSilence.memory_version + 1)
    mended = Fold.restore(fold.snapshot(), {"r1": SITE}, 0)
    assert "M12" not in mended.hearing.disabled


def test_a_press_at_which_m01_fails_is_told_raw_and_the_next_one_as_always(monkeypatch):
    fold = Fold(SITE, SITE.areas[0])
    break_on(monkeypatch, SosCall, lambda batch: any(rare.event.device == box(1) for rare in batch.rare))
    out = judged(fold, press(1, START, 1), press(2, START, 1))
    raw, whole = ({alert.subject: alert for alert in out.alerts}[name] for name in (box(1), box(2)))
    assert (raw.level, raw.model, raw.flags, whole.flags) == ("red", "M01", ("unjudged",), ())
    assert raw.place == "QZ-0001"
    assert raw.id in {page.alert for page in out.pages}
    assert [alert.level for alert in out.alerts if alert.reason.code == "model_disabled"] == ["red"]
    assert fold.hearing.disabled == {}
    assert [alert.subject for alert in judged(fold, press(1, START + 9_000, 2), press(4, START + 9_000, 1)).alerts if alert.model == "M01"] == [
        box(1),
        box(4),
    ]


@pytest.mark.parametrize(
    "event",
    [
        Tamper(device=box(1), received=START, ts=START, seq=1, boot=7, door=True),
        Sos(device=box(1), received=START, ts=START, seq=1, boot=7, state="released"),
    ],
    ids=["tamper", "release"],
)
def test_what_is_no_call_for_help_is_not_told_as_one_when_m01_fails_at_it(monkeypatch, event):
    break_on(monkeypatch, SosCall, lambda batch: batch.rare)
    assert [alert for alert in judged(Fold(SITE, SITE.areas[0]), event).alerts if alert.model == "M01"] == []


def test_a_beacon_at_which_m01_fails_is_told_raw(monkeypatch):
    break_on(monkeypatch, SosCall, lambda batch: batch.rare)
    beacon = Distress(device="ais-1", received=START, ts=START, vessel="972971214", source="mob", position=(118.8, 24.8))
    (alert,) = [alert for alert in judged(Fold(SITE, SITE.areas[0]), beacon).alerts if alert.model == "M01"]
    assert (alert.level, alert.subject) == ("red", "972971214")


def test_the_same_log_fails_the_same_way(monkeypatch):
    break_on(monkeypatch, BoxHealth, lambda batch: batch.rare)
    events = [beat(1, START, 0), Tamper(device=box(1), received=START, ts=START, seq=1, boot=7, door=True), press(1, START, 2), tick(START + 900)]
    once, twice = (judged(Fold(SITE, SITE.areas[0]), *events) for _ in range(2))
    assert (once.alerts, once.pages) == (twice.alerts, twice.pages)


def coast(seed: int) -> list:
    """Two minutes in which a vessel's fix, at which the model fails, stands among much else."""
    chance, events = random.Random(seed), []
    for second in range(120):
        at = START + second * 1_000
        some = [fix(f"4120000{n:02d}", at, 118.8 + second / 10_000, 24.8, sog=6.0) for n in range(8)]
        some += [beat(second % 12, at, second // 12), *([press(3, at, second)] if second in (40, 71) else [])]
        chance.shuffle(some)
        if second == 70:
            some.insert(5, fix("413000000", at, 118.8, 24.8))
        events += [*some, tick(at + 900)]
    return events


def cut(events: list, chance: random.Random | None) -> list[Batch]:
    """Records that end at a tick, or also by chance."""
    found, some = [], []
    for event in events:
        some.append(event)
        if event.__class__.__name__ == "Tick" or (chance and chance.random() < 0.2):
            found.append(Batch("r1", some))
            some = []
    return found


def judged_by_a_worker(path, records: list[Batch], keep_every: int, at_once: int = 1) -> tuple[list, Judge]:
    """As the processor does it, with a snapshot now and then; `at_once` records wait for it."""
    log, codec, found = SqliteLog(path), Codec(), []
    log.append([Record(EVENTS, 0, codec.pack(record)) for record in records])
    judge = Judge(log, SITE, 0)
    while entries := log.read(EVENTS, 0, judge.fold.offset + 1):
        for some in (entries[i : i + at_once] for i in range(0, len(entries), at_once)):
            found += [to_wire(alert) for record in judge.take((each.offset, each.value) for each in some) for alert in unpack(record.value).alerts]
            if judge.fold.offset - judge.saved >= keep_every:
                log.append(judge.snapshot())
                judge.kept(judge.fold.offset, judge.fold.now)
    log.close()
    return found, judge


@pytest.mark.parametrize("seed", [1, 2])
def test_however_the_log_is_cut_the_model_that_fails_says_the_same_before_it_fails(tmp_path, monkeypatch, seed):
    """One event at a time is the result by definition: the model hears all that came before the one at which it fails, and nothing after it."""
    told: list[str] = []

    def talkative(self, memory, batch, site):  # says something of every fix, and fails at one, in the middle of what it says
        for row in range(len(batch.positions.nth)):
            mmsi, nth, at = batch.vessels.all[batch.positions.subject[row]].id, int(batch.positions.nth[row]), int(batch.positions.at[row])
            if mmsi == "413000000":
                raise ZeroDivisionError("made for this test")
            yield Finding(model=self.code, subject=mmsi, level="blue", code="silent", index=nth, cause=f"{mmsi}/{at}", occurred=at, again=True)

    monkeypatch.setattr(PositionSilence, "step", talkative)
    events = coast(seed)
    one_by_one, _ = judged_by_a_worker(tmp_path / "one.db", [Batch("r1", [event]) for event in events], 50)
    ways = [(None, 1_000, 1), (None, 7, 1), (random.Random(seed), 1_000, 1), (random.Random(seed + 1), 30, 1), (random.Random(seed + 2), 30, 7)]
    for number, (chance, keep, at_once) in enumerate(ways):
        found, judge = judged_by_a_worker(tmp_path / f"{number}.db", cut(events, chance), keep, at_once)
        assert found == one_by_one
        assert set(judge.fold.hearing.disabled) == {"M12"}
    whole = tmp_path / "whole.jsonl"
    whole.write_text("".join(line for offset, record in enumerate(cut(events, None)) for line in record_lines(record, "bay", offset)))
    replayed = list(lines(replay(SITE, whole, tell=told.append)))
    assert [msgspec.json.decode(line) for line in replayed] == msgspec.json.decode(msgspec.json.encode(one_by_one))
    assert [alert["reason"]["code"] for alert in one_by_one].count("model_disabled") == 1
    assert len({alert["subject"] for alert in one_by_one if alert["model"] == "M12"}) == 8
