"""What each scenario stages is raised, in time and at its level, and nothing else is: the simulator, the door and the fold against the truth."""

import json
from collections import Counter
from pathlib import Path

import pytest
from msgspec import structs

from alerts.replay import replay
from device_sim.record import record
from device_sim.scenario import read_scenario
from ingest.site import Site
from ingest.site_files import read_site
from models.model import RANK
from tests.small_coast import START

SITE = read_site(Path(__file__).parents[2] / "sites" / "quanzhou-bay")
FEW = {"box": 60, "light": 10, "camera": 5}  # of these types; the rest of the site as it is


def small() -> Site:
    """The site with few devices, so that a story of hours takes seconds."""
    count = Counter()
    devices = tuple(device for device in SITE.devices if count.update([device.type]) or count[device.type] <= FEW.get(device.type, 99))
    kept = {device.id for device in devices}
    return structs.replace(SITE, devices=tuple(structs.replace(each, neighbours=tuple(n for n in each.neighbours if n in kept)) for each in devices))


def told(tmp_path, name: str, site: Site = SITE, **other):
    """(truth, first revisions at each level by (model, subject)). `other`: what of the scenario is otherwise, so that it takes less long."""
    out, truth = tmp_path / "recording.jsonl.zst", tmp_path / "truth.jsonl"
    record(site, structs.replace(read_scenario(name), **other), 1, START, out, truth)
    raised: dict[tuple[str, str], list] = {}
    for outcomes in replay(site, out):
        for alert in outcomes.alerts:
            raised.setdefault((alert.model, alert.subject), []).append(alert)
    return [json.loads(line) for line in truth.read_text().splitlines()], raised


def check(tmp_path, name: str, **other) -> None:
    truth, raised = told(tmp_path, name, small(), **other)
    musts = [one["must"] for one in truth if one["must"]]
    assert musts
    for must in musts:
        alerts = raised.get((must["model"], must["subject"]), [])
        assert any(alert.updated <= must["by"] and RANK[alert.level] >= RANK[must["level"]] for alert in alerts), must
    allowed = {(must["model"], must["subject"]) for must in musts} | {("M10", one["subject"]) for one in truth if one["staged"] == "the tide"}
    assert set(raised) <= allowed
    for must_not in (forbidden for one in truth for forbidden in one["must_not"]):
        during = [
            a for (model, _), some in raised.items() if model == must_not["model"] for a in some if must_not["from"] <= a.updated <= must_not["until"]
        ]
        assert not during


@pytest.mark.parametrize("name", ["presses", "box_faults", "broker_outage"])
def test_what_was_staged_is_raised_and_nothing_else(tmp_path, name):
    check(tmp_path, name)


def test_the_demo_keeps_its_word_too(tmp_path):
    check(tmp_path, "demo", lasts="1h")


def test_vessels_that_fall_silent_for_an_hour_are_told_and_nothing_else(tmp_path):
    check(tmp_path, "vessel_silence", lasts="100min")


def test_a_calm_hour_raises_nothing(tmp_path):
    assert told(tmp_path, "calm_hour")[1] == {}
