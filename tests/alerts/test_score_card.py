"""docs/score-card.md is of this site, this simulator and these parameters, and says of each model's scenes what the tests see."""

from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from alerts.manual_models import pages, score
from alerts.score import Card, Line
from alerts.score_page import MADE, Both, Sheet, made_from, page
from device_sim.scenario import FOLDER, read_scenario
from ingest.site_files import read_site

ROOT = Path(__file__).parents[2]
SITE = read_site(ROOT / "sites" / "quanzhou-bay")


@pytest.fixture(scope="module")
def written():
    return (ROOT / "docs" / "score-card.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def kept():
    return msgspec.json.decode((ROOT / "docs" / "score-card.json").read_bytes(), type=Sheet)


def test_the_score_card_was_made_from_what_stands_here_now(written):
    made = written.rsplit(MADE, 1)[1].strip()
    codes = made.split(":")[0].split()
    assert codes
    assert made == made_from(SITE, FOLDER.parent, codes), "the site, the simulator or a parameter changed since: make score-card"


def test_the_score_card_has_every_scenario_of_scenes_and_the_day(written):
    for path in FOLDER.glob("*.toml"):
        scenario = read_scenario(path.stem)
        if scenario.length and not scenario.incidents:
            assert f"### {path.stem}\n" in written
    assert "## A day on the coast" in written


def test_a_changed_parameter_scenario_or_site_changes_what_the_card_was_made_from(tmp_path):
    (tmp_path / "a.toml").write_text("x = 1")
    before = made_from(SITE, tmp_path, ["M04"])
    assert made_from(SITE, tmp_path, ["M04"]) == before
    assert made_from(SITE, tmp_path, ["M04", "M13"]) != before
    assert made_from(structs.replace(SITE, revision="other"), tmp_path, ["M04"]) != before
    (tmp_path / "a.toml").write_text("x = 2")
    assert made_from(SITE, tmp_path, ["M04"]) != before


CARD = Card(3_600_000, (Line("M04", staged=4, found=3, unseen=1, red_staged=1, red_found=1, alerts=3, explained=3),), {}, ("M04 gate",), (), 0.5, 2)
BLIND = structs.replace(CARD, lines=(Line("M04", staged=4),))
SHEET = Sheet("M04: abc", "1-2", Both(CARD, CARD), {"1": Both(CARD, BLIND), "2": Both(CARD, CARD)}, {"closed_zone": Both(CARD, CARD)})


def test_the_page_says_what_was_missed_and_sums_the_day():
    told = page(SHEET)
    assert "3 of 4 found (75.0%; 1 of 1 missed where the room was told partly or blind), red 1 of 1; 0.50 alerts a seat" in told
    assert "Missed: M04 gate." in told
    assert "Closed-zone entry | 4 | 1, 1 | 75%" in told
    assert told.endswith("Made from M04: abc\n")


def test_the_page_says_each_seed_for_itself_with_both_cameras():
    assert "| 1 | 3/4 / 0/4 | 75.0% / 0.0% | 1/1 / 0/0 | 0.50 / 0.50 | 2 / 2 | 0 / 0 |" in page(SHEET).splitlines()


def test_a_models_page_has_its_own_rows_of_the_card_and_no_others():
    told = score(SHEET, "M04").splitlines()
    assert [line.split("|")[1].strip() for line in told if line.startswith("|")][2:] == ["a day on the coast, seeds 1-2", "`closed_zone`"]
    assert all("75%" in line for line in told[-2:])
    assert "75%" not in score(SHEET, "M05")
    assert "75%" in pages(SHEET)["models/closed_zone.md"]


def test_the_figures_beside_the_page_are_those_that_it_was_written_from(written, kept):
    assert page(kept) == written


def test_the_models_pages_have_the_figures_of_the_card(kept):
    for name, text in pages(kept).items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text, f"{name}: make docs"
