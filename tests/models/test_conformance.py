"""What every model of the catalogue keeps to, whatever it judges."""

import dataclasses
import random
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from alerts.hearing import Hearing
from alerts.watching import NEEDS
from alerts.wording import MODELS, REASONS
from ingest.events import Distress, Heartbeat, Position, Sos, Status, Tamper, Tick
from models import memory as memories
from models.catalogue import CATALOGUE, models_for
from models.parameters import checked
from tests.models.hearing import find, runs
from tests.models.streams import STREAMS
from tests.small_coast import START, box, site, tick

SITE = site()
ROOT = Path(__file__).parents[2]


@lru_cache(maxsize=32)
def stream(code: str, seed: int) -> tuple:
    return tuple(STREAMS[code](seed))


def mixed(seed: int) -> list:
    return list(stream("M02", seed))


DIFFERENT = tuple({make: code for code, make in STREAMS.items()}.values())  # each stream once


def unnumbered(found):
    """`index` is the row in the step's events, which a cut moves."""
    return [structs.replace(each, index=0) for each in found]


def test_every_model_has_its_stream():
    assert list(STREAMS) == [kind.code for kind in CATALOGUE]


@pytest.mark.parametrize(("cut", "seed"), [(1, 1), (7, 2), (40, 1)])
@pytest.mark.parametrize("code", DIFFERENT)
def test_cutting_the_stream_anywhere_changes_nothing(code, seed, cut):
    events = stream(code, seed)
    assert unnumbered(find(SITE, events, cut=cut)) == unnumbered(find(SITE, events, cut=500))


@pytest.mark.parametrize("kind", CATALOGUE)
def test_the_stream_makes_the_model_speak(kind):
    """So that the promises below are not kept by silence."""
    assert any(finding.model == kind.code for seed in (1, 2) for finding in find(SITE, stream(kind.code, seed)))


@pytest.mark.parametrize("kind", CATALOGUE)
def test_the_model_has_its_words_its_story_and_its_scenario(kind):
    said = {finding.code for finding in find(SITE, stream(kind.code, 1)) if finding.model == kind.code}
    assert said <= {code for model, code in REASONS if model == kind.code}
    assert kind.code in MODELS
    assert f"{kind.code}: N_(" in (ROOT / "alerts" / "console" / "static" / "js" / "words.js").read_text()
    assert kind.code in NEEDS
    assert list((ROOT / "tests" / "replays" / kind.name).glob("*.expected"))
    staged = [
        file.read_text() for file in ((ROOT / "device_sim" / "coast.py"), *(ROOT / "device_sim" / "scenarios").glob("*.toml"))
    ]  # faults of boxes are code
    assert any(f'model = "{kind.code}"' in text or f'"model": "{kind.code}"' in text for text in staged)


@pytest.mark.parametrize("code", DIFFERENT)
def test_memory_survives_bytes_anywhere(code):
    events = stream(code, 1)
    whole, hearing, found = find(SITE, events), Hearing(SITE, SITE.areas[0]), []
    for n, run in enumerate(runs(events, 20)):
        if n % 50 == 0:
            for model in hearing.models:
                hearing.memory[model.code] = memories.unpack(model.memory, memories.pack(hearing.memory[model.code]))
        _, findings = hearing.take(run)
        found += sorted(findings, key=lambda finding: finding.index)
    assert unnumbered(found) == unnumbered(whole)


@pytest.mark.parametrize("code", DIFFERENT)
def test_a_redelivered_event_changes_nothing(code):
    events = stream(code, 2)
    chance, twice = random.Random(5), []
    for event in events:
        twice.append(event)
        if chance.random() < 0.2 and not isinstance(event, Tick | Status | Distress):
            twice.append(event)
    once = [(each.subject, each.level, each.code, each.occurred) for each in find(SITE, events)]
    assert [(each.subject, each.level, each.code, each.occurred) for each in find(SITE, twice)] == once


def test_subjects_do_not_hear_each_other_but_for_declared_neighbours():
    """What box 0 is told of does not change when a box far away is taken out."""
    events = mixed(6)
    without = [event for event in events if event.device != box(9)]
    of_all, of_less = ([each for each in unnumbered(find(SITE, some)) if each.subject == box(0)] for some in (events, without))
    assert of_all == of_less


def test_a_stopped_tick_raises_nothing():
    events = [event for event in mixed(7) if not isinstance(event, Tick | Status)]
    assert not [each for each in find(SITE, events) if each.code in ("silent", "segment_outage", "unheard", "receiver_down")]


numbers = st.one_of(st.none(), st.floats(0, 1), st.just(float("nan")), st.just(float("inf")), st.just(-1e308))
places = st.tuples(st.sampled_from([-180.0, 180.0, 179.9999, 0.0, float("nan")]), st.sampled_from([-90.0, 90.0, 0.0, float("nan")]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(
    st.builds(lambda b, u, i: Heartbeat(device=box(i), received=START + i, ts=START, seq=i, boot=1, battery=b, uptime=u), numbers, numbers, st.integers(0, 11)),
    st.builds(lambda p, s, c: Position(device="ais-1", received=START, ts=START, vessel="412000009", position=p, sog=s, cog=c), places, numbers, numbers),
    st.builds(lambda t: Tamper(device=box(1), received=START, ts=START, seq=None, boot=None, tilt=t), numbers),
    st.builds(lambda t: Sos(device=box(2), received=START, ts=t, seq=None, boot=None), st.one_of(st.none(), st.integers(-(2**60), 2**60))),
), max_size=40))  # fmt: skip
def test_nan_and_extreme_values_do_no_harm(events):
    hearing = Hearing(SITE, SITE.areas[0])
    with np.errstate(all="raise", invalid="ignore"):
        find(SITE, [*events, tick(START + 10_000), tick(START + 7_200_000)], hearing=hearing)
    assert hearing.disabled == {}


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_parameter_has_a_unit_a_source_and_bounds_that_are_kept(kind):
    for field in dataclasses.fields(kind):
        assert field.metadata["unit"], field.name
        assert field.metadata["source"], field.name
        assert checked(kind, field.name, field.default) == field.default
        for beyond in (field.metadata["low"] - 1, field.metadata["high"] + 1):
            with pytest.raises(ValueError, match=field.name):
                checked(kind, field.name, beyond)


def test_durations_are_understood_and_nonsense_is_refused_with_what_is_expected():
    (m12,) = [model for model in models_for(SITE, {"M12": {"blue_after": "20min"}}) if model.code == "M12"]
    assert m12.blue_after == 1_200_000
    with pytest.raises(ValueError, match=r"M12\.blue_after.*20min"):
        models_for(SITE, {"M12": {"blue_after": "soon"}})
    with pytest.raises(ValueError, match="no such parameter"):
        models_for(SITE, {"M12": {"blu": "20min"}})
    with pytest.raises(ValueError, match="no such model"):
        models_for(SITE, {"M99": {"x": 1}})


def test_a_model_that_raises_is_disabled_and_told_and_the_others_go_on(monkeypatch):
    from models.box_health import BoxHealth

    def broken(*_args):
        raise ZeroDivisionError("a defect")
        yield

    monkeypatch.setattr(BoxHealth, "step", broken)
    hearing = Hearing(SITE, SITE.areas[0])
    found = find(SITE, mixed(1), cut=1, hearing=hearing)  # among several events it is first found which one it is: tests/alerts/test_poison.py
    assert hearing.disabled == {"M02": BoxHealth.memory_version}
    assert [(each.subject, each.level) for each in found if each.model == "SYS"] == [("models/M02", "red")]
    assert any(each.model == "M01" for each in found)


def test_a_press_that_the_model_cannot_judge_is_told_raw_and_the_model_goes_on(monkeypatch):
    from models.sos import SosCall

    real = SosCall.step

    def sometimes(self, memory, batch, site):
        if batch.rare[0].event.seq == 13:
            raise KeyError("a defect")
        return real(self, memory, batch, site)

    monkeypatch.setattr(SosCall, "step", sometimes)
    presses = [Sos(device=box(1), received=START + i, ts=START + i, seq=i, boot=1) for i in (12, 13, 14)]
    found = find(SITE, presses, model="M01")
    assert [each.level for each in found] == ["red"] * 3
    assert found[1].flags == ("unjudged",)
