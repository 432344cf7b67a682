"""Golden replays: a recording, and beside it what it raises. To accept a change on purpose: COAST_REPLAYS=write make test, then read the difference."""

import os
from pathlib import Path

import pytest

from alerts.replay import lines, replay
from tests.small_coast import site

RECORDINGS = sorted((Path(__file__).parent.parent / "replays").glob("*/*.jsonl"))


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_recording_raises_what_it_raised_before(recording):
    found = b"".join(lines(replay(site(), recording)))
    expected = recording.with_suffix(".expected")
    if os.environ.get("COAST_REPLAYS") == "write":
        expected.write_bytes(found)
    assert found == expected.read_bytes()


def test_every_model_has_golden_replays():
    from models.catalogue import CATALOGUE

    assert {path.parent.name for path in RECORDINGS} == {kind.name for kind in CATALOGUE}


def test_thresholds_may_be_set_for_one_replay():
    """The same hour with a silence of two minutes allowed raises less."""
    recording = next(path for path in RECORDINGS if path.stem == "segment_outage")
    usual = list(lines(replay(site(), recording)))
    patient = list(lines(replay(site(), recording, {"M02": {"missed": "10min"}})))
    assert len(patient) < len(usual)
