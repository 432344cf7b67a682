"""The tables of the README and of the administrator's page are made from the code, and stand there as made."""

from pathlib import Path

import pytest

from alerts.manual import GROUPS, columns_tables, kinds_table, models_table, settings_table
from alerts.manual_models import page, pages
from alerts.wording import MODELS, REASONS
from ingest.events import KINDS
from ingest.settings import Settings
from models.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]


def test_the_table_of_kinds_names_every_kind_once():
    told = [kind for kinds in GROUPS.values() for kind in kinds]
    assert sorted(told) == sorted({"nmea", *(row.__struct_config__.tag for row in KINDS)})


def test_every_setting_is_explained():
    rows = settings_table().splitlines()[2:]
    assert len(rows) == len(Settings.model_fields)
    assert not [row for row in rows if row.endswith("|  |")]


def test_durations_are_told_as_people_write_them():
    assert "| `blue_after` | 30min |" in page("M12")


def test_the_pages_hold_the_tables_as_the_code_makes_them():
    readme, administrator = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/administrator.md"))
    for text, table in ((readme, kinds_table()), (readme, models_table()), (administrator, settings_table()), (administrator, columns_tables())):
        assert table.strip() in text


def test_every_model_has_a_page_that_names_it_in_both_languages_and_says_what_it_says():
    made = pages()
    for kind in CATALOGUE:
        text = made[f"models/{kind.name}.md"]
        zh, en = MODELS[kind.code]
        assert text.splitlines()[1] == f"# {kind.code} {en} · {zh}"
        for (model, code), (said, _) in REASONS.items():
            assert model != kind.code or f"| `{code}` | {said} |" in text
        assert f"](models/{kind.name}.md)" in made["models.md"]


def test_an_unknown_model_is_said():
    with pytest.raises(KeyError):
        page("M99")
