"""Each model's scenario: with perfect cameras every scene's truth is met, and what is harmless raises nothing."""

from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from alerts.replay import replay
from alerts.score import card, raised_of, staged_of
from alerts.score_page import Sheet
from device_sim.actors import Moving
from device_sim.coast import Coast
from device_sim.record import as_read, played
from device_sim.scenario import FOLDER, read_scenario
from device_sim.scenes import Must, Scene
from device_sim.staging import plan
from ingest.site_files import read_site
from models.catalogue import CATALOGUE
from tests.small_coast import START

ROOT = Path(__file__).parents[2]
SITE = read_site(ROOT / "sites" / "quanzhou-bay")
KEPT = msgspec.json.decode((ROOT / "docs" / "score-card.json").read_bytes(), type=Sheet)
SCENARIOS = {
    name: scenario
    for name in sorted(path.stem for path in FOLDER.glob("*.toml"))
    if (scenario := read_scenario(name)).scenes and not scenario.incidents
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scene_is_told_as_its_truth_says_and_nothing_else_is(name):
    scenario = SCENARIOS[name]
    coast = Coast(SITE, scenario, 1, scenario.start(SITE, START))
    raised = raised_of(step for step in replay(played(coast), lambda: as_read(coast)) if step.alerts)
    found = card(staged_of(coast.truth), raised, coast.start, coast.end - coast.start, len(coast.cast.cameras), {})
    assert (found.missed, found.unexplained) == ((), ())
    assert sum(line.staged for line in found.lines) > 0
    assert _figures(found) == _figures(KEPT.scenes[name].perfect), "docs/score-card.md says other figures: make score-card"


def _figures(found):
    return [(line.model, line.staged, line.found, line.alerts, line.p50, line.p95) for line in found.lines]


def test_a_boat_that_falls_silent_in_the_neighbours_water_and_is_overdue_is_red():
    scene = next(each for each in SCENARIOS["trips"].scenes if each.name == "a boat falls silent and is overdue")
    away = structs.replace(scene, sailing=(structs.replace(scene.sailing[0], vessel="413205837"),))  # its ground lies in the other area
    coast = Coast(SITE, structs.replace(SCENARIOS["trips"], scenes=(away,)), 1, START)
    raised = raised_of(step for step in replay(played(coast), lambda: as_read(coast)) if step.alerts)
    assert {each.model for each in raised if each.level == "red"} == {"M12", "M15"}


def test_every_scenario_of_scenes_has_some_that_must_be_told_and_some_that_must_not():
    for scenario in SCENARIOS.values():
        assert {scene.must is None for scene in scenario.scenes} == {True, False}, scenario.name


def test_truths_name_models_that_stand():
    codes = {kind.code for kind in CATALOGUE}
    assert {scene.must.model for scenario in SCENARIOS.values() for scene in scenario.scenes if scene.must} <= codes


def test_a_scene_that_cannot_be_staged_says_which_and_why():
    scene = Scene("somewhere", place="nowhere", moving=(Moving(way=((0, 0, 0), (1, 1, 1))),))
    with pytest.raises(ValueError, match=r"scene somewhere: nowhere: no zone"):
        plan(SITE, (scene,), (), 1, START)


def test_the_truth_names_the_place_the_vessels_and_their_pairs():
    moving = Moving(way=((0, 0, 0), (1, 1, 1)), count=2, ais="A")
    scene = Scene("two", place="border-outer", moving=(moving,), must=Must("M13", "red", "5min"))
    (told,) = plan(SITE, (scene,), (), 1, START).truth
    assert told["must"]["subject"] == ["border-outer", "413900001", "413900002", "413900001+413900002"]
    assert (told["must"]["by"], told["must"]["level"]) == (START + 60_000 + 300_000, "red")
