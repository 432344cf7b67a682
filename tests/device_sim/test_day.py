"""A day on the coast: drawn by the seed, of all models in turn, with nothing at one place at once and everything in its hours."""

import itertools
from pathlib import Path

import pytest

from device_sim.day import APART, with_day
from device_sim.scenario import Scenario, read_scenario
from device_sim.staging import plan
from ingest.durations import duration
from ingest.site_files import read_site
from ingest.sun import in_window
from models.catalogue import CATALOGUE

SITE = read_site(Path(__file__).parents[2] / "sites" / "quanzhou-bay")
DAY = read_scenario("day_on_the_coast")
START = DAY.start(SITE, 0)
CODES = [kind.code for kind in CATALOGUE]


def drawn(seed: int, codes=CODES) -> Scenario:
    return with_day(SITE, DAY, seed, START, codes)


@pytest.fixture(scope="module")
def day():
    return drawn(1)


def test_a_seed_draws_one_day_and_another_seed_another(day):
    assert drawn(1) == day != drawn(2)


def test_all_models_that_have_scenes_have_about_as_many(day):
    models = [scene.must.model for scene in day.scenes if scene.must]
    counts = {model: models.count(model) for model in models}
    assert len(models) == DAY.incidents
    assert set(counts) >= {"M04", "M05", "M06", "M07", "M08", "M10", "M13", "M14", "M15", "M16", "M17"}
    assert max(counts.values()) - min(count for model, count in counts.items() if model not in ("M08", "M10")) <= 2  # one beach, one tide a day


def test_a_model_that_does_not_stand_is_asked_nothing():
    assert {scene.must.model for scene in drawn(1, ["M04"]).scenes if scene.must} == {"M04"}


def test_two_scenes_are_never_at_one_place_at_once(day):
    spans = {}
    for scene in day.scenes[len(DAY.scenes) :]:
        if scene.place:
            begin = duration(scene.at)
            spans.setdefault(scene.place, []).append((begin, begin + duration(scene.lasts)))
    for some in spans.values():
        some.sort()
        assert all(other[0] >= one[1] + APART for one, other in itertools.pairwise(some))


def test_what_belongs_to_the_night_is_staged_by_night(day):
    window = [scene for scene in day.scenes if scene.must and scene.must.model == "M05"]
    assert window
    assert all(in_window(SITE, START + duration(scene.at), 22 * 60, 5 * 60) for scene in window)


def test_every_drawn_day_can_be_staged():
    for seed in range(1, 6):
        staged = plan(SITE, drawn(seed).scenes, (), seed, START)
        assert len([one for one in staged.truth if one["must"]]) == DAY.incidents
