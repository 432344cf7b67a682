"""The page that tells how to add a model: its model is taken from there as it stands, and keeps the promises."""

import re
import sys
import types
from pathlib import Path

import pytest
from msgspec import structs

from alerts.hearing import Hearing
from ingest.events import Light
from models import catalogue
from models import memory as memories
from tests.models.hearing import find, runs, told
from tests.small_coast import START, site, tick

PAGE = Path(__file__).parents[2] / "docs" / "add-a-model.md"
MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture
def lamp_by_day(monkeypatch):
    """The file of the page, and its line in the catalogue."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    module = types.ModuleType("models.lamp_by_day")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code, str(PAGE), "exec"), module.__dict__)
    (line,) = re.findall(r"^    (\w+),$", PAGE.read_text(), re.MULTILINE)
    monkeypatch.setattr(catalogue, "CATALOGUE", (*catalogue.CATALOGUE, getattr(module, line)))


def morning() -> list:
    """The lamp burns from 08:00, and is out at 10:00; a minute between two words, a tick every ten seconds."""
    lamps = [
        Light(device="light-1", received=at + 50, ts=at, seq=at // MINUTE % 1000, boot=1, mode="on", actual="on" if at < START + 2 * HOUR else "off")
        for at in range(START, START + 3 * HOUR, MINUTE)
    ]
    return sorted([*lamps, *(tick(at) for at in range(START + 5_000, START + 3 * HOUR, 10_000))], key=lambda event: event.received)


def test_the_model_of_the_page_tells_what_the_page_says(lamp_by_day):
    found = find(site(), morning(), model="M18")
    assert told(found) == [("light-1", "blue", "by_day"), ("light-1", "over", "by_day")]
    assert [(each.occurred - START) // MINUTE for each in found] == [60, 120]
    assert find(site(thresholds={"M18": {"dwell": "3h"}}), morning(), model="M18") == []


def test_it_keeps_the_promises(lamp_by_day):
    coast = site()
    whole = [structs.replace(each, index=0) for each in find(coast, morning(), model="M18")]
    assert [structs.replace(each, index=0) for each in find(coast, morning(), cut=1, model="M18")] == whole
    hearing, found = Hearing(coast, coast.areas[0]), []
    for run in runs(morning()):
        for model in hearing.models:
            hearing.memory[model.code] = memories.unpack(model.memory, memories.pack(hearing.memory[model.code]))
        found += [structs.replace(each, index=0) for each in hearing.take(run)[1] if each.model == "M18"]
    assert found == whole
