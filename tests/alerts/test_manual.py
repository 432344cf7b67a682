"""The tables of the README and of the administrator's page are made from the code, and stand there as made."""

import dataclasses
import re
import tomllib
from pathlib import Path

import pytest

from alerts import manual_zh
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


def test_what_a_model_needs_is_listed_in_either_language_and_in_both():
    assert "- Needs · 需要: camera (摄像机), receiver (接收站)\n" in page("M06")
    assert "- 需要: 摄像机、接收站\n" in page("M06", "zh")
    assert "- Needs: camera, receiver\n" in page("M06", "en")


def test_an_unknown_model_is_said():
    with pytest.raises(KeyError):
        page("M99")


def test_each_rule_and_parameter_stands_in_chinese_beside_the_english_in_force():
    assert manual_zh.missing() == []


def test_a_changed_a_forgotten_and_a_needless_text_are_each_named():
    texts = tomllib.loads(manual_zh.FILE.read_text(encoding="utf-8"))
    texts["M01"]["rule"]["en"] += " And more."
    texts["M02"]["parameters"]["gap"]["zh"] = "gap"
    del texts["M03"]["parameters"]["half"]
    texts["M04"]["parameters"]["beauty"] = {"en": "of it", "zh": "美"}
    del texts["M17"]
    found = manual_zh.missing(texts)
    assert found[:4] == [
        ("M01", "rule", "the English has changed"),
        ("M02", "gap", "not Chinese"),
        ("M03", "half", "missing"),
        ("M04", "beauty", "no such parameter"),
    ]
    assert {model for model, _, _ in found[4:]} == {"M17"}


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.code)
def test_a_page_in_one_language_has_no_word_of_the_other(kind):
    chinese, english = page(kind.code, "zh"), page(kind.code, "en")
    told = re.sub(r"`[^`]*`|\{[^}]*\}", "", chinese.partition("## 参数")[0])
    assert not re.search(r"[a-z]+ [a-z]+ [a-z]+", told), "an English phrase"
    words = re.compile(r"\b(of|the|ours|that|least|for|from|with)\b")
    assert not [line for line in chinese.splitlines() if words.search(re.sub(r"`[^`]*`|\{[^}]*\}", "", line))]
    assert not re.search(r"[\u4e00-\u9fff]", english)


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.code)
def test_figures_and_names_of_a_text_stand_in_its_chinese_too(kind):
    for field in dataclasses.fields(kind):
        for english, chinese in (
            (field.metadata["about"], manual_zh.about(kind.code, field.name)),
            (field.metadata["source"], manual_zh.source(field.metadata["source"])),
        ):
            for figure in re.findall(r"`[^`]+`|\bM\d\d\b|S-[A-Z0-9-]+|\d+(?:\.\d+)?", english):
                assert figure in chinese
