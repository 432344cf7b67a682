"""The floors hold: imports only go down, models are in the catalogue, the engine and the clock stay where they belong."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.catalogue import CATALOGUE

ROOT = Path(__file__).parent.parent
MAY = {
    "ingest": {"ingest"},
    "models": {"ingest", "models"},
    "device_sim": {"ingest", "device_sim"},
    "alerts": {"ingest", "models", "alerts"},
}  # architecture, Floors
OURS = {*MAY, "coast_guardian", "bench"}
BANNED = {"core", "common", "util", "utils", "helper", "helpers", "base", "manager", "handler"}
ENGINE = {"ingest/transport.py", "alerts/processor.py", "alerts/recorder.py"}
PURE = ("fold", "hearing", "intake", "waters", "wording")
CLOCKS = {"time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module)


def upward(folder: str, source: str) -> list[str]:
    return [name for name in imports(ast.parse(source)) if (top := name.split(".")[0]) in OURS and top not in MAY[folder]]


def clocks(source: str) -> list[str]:
    """Calls and imports of a wall clock, under the names that the standard library gives them."""
    tree = ast.parse(source)
    called = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    brought = [
        f"{node.module}.{name.name}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "time" for name in node.names
    ]
    return [name for name in [*called, *brought] if name in CLOCKS or name.removeprefix("datetime.") in CLOCKS]


@pytest.mark.parametrize("folder", MAY)
def test_imports_only_go_down(folder):
    found = {str(path.relative_to(ROOT)): up for path in files(folder) if (up := upward(folder, path.read_text()))}
    assert files(folder)
    assert found == {}


def test_an_arrow_that_goes_up_would_be_seen():
    assert upward("models", "from alerts.fold import Fold\nimport numpy") == ["alerts.fold"]
    assert upward("ingest", "def f():\n    import models.sos") == ["models.sos"]


def around(modules: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle: what is left once all that import none of the rest are taken away."""
    left = dict(modules)
    while free := [name for name, needs in left.items() if not needs & left.keys()]:
        for name in free:
            del left[name]
    return sorted(left)


def imported(tree: ast.AST) -> set[str]:
    """Modules as imported, for types alone too; `from package import name` may mean the module `package.name`."""
    named = {f"{node.module}.{name.name}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names}
    return {*imports(tree), *named}


def test_the_life_cycle_reads_in_one_order():
    """The order that its package tells is that of its imports."""
    folder = ROOT / "alerts" / "life_cycle"
    told = re.findall(r"`(\w+)`", ast.get_docstring(ast.parse((folder / "__init__.py").read_text())))
    needs = {path.stem: imported(ast.parse(path.read_text())) for path in files("alerts/life_cycle") if path.stem != "__init__"}
    assert sorted(told) == sorted(needs)
    for at, name in enumerate(told):
        assert {each for each in needs if f"alerts.life_cycle.{each}" in needs[name]} <= set(told[:at]), name


def test_no_modules_that_judge_or_tell_import_each_other_in_a_circle():
    trees = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): ast.parse(path.read_text())
        for folder in ("models", "alerts")
        for path in files(folder)
    }
    assert around({name: imported(tree) for name, tree in trees.items()}) == []
    assert around({"a": {"b"}, "b": {"a"}, "c": {"a"}}) == ["a", "b", "c"]


def test_every_model_file_is_in_the_catalogue():
    written = set()
    for path in files("models"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and path.stem != "model":
                fields = {ast.unparse(each.target) for each in node.body if isinstance(each, ast.AnnAssign)}
                fields |= {ast.unparse(target) for each in node.body if isinstance(each, ast.Assign) for target in each.targets}
                if {"code", "name"} <= fields and any(isinstance(each, ast.FunctionDef) and each.name == "step" for each in node.body):
                    written.add(path.stem)
    assert written == {kind.name for kind in CATALOGUE}
    assert {kind.__module__ for kind in CATALOGUE} == {f"models.{kind.name}" for kind in CATALOGUE}


def test_names_say_what_is_inside():
    found = [path for folder in [*MAY, "bench"] for path in files(folder) if BANNED & {path.stem, *path.relative_to(ROOT).parent.parts}]
    assert found == []


def test_the_engine_stays_where_it_is_driven():
    using = {
        str(path.relative_to(ROOT))
        for folder in MAY
        for path in files(folder)
        if any(name.split(".")[0] in {"faust", "mode"} for name in imports(ast.parse(path.read_text())))
    }
    assert using <= ENGINE
    assert "alerts/processor.py" in using


def test_what_judges_reads_no_clock():
    judging = [*files("models"), *files("alerts/life_cycle"), *(ROOT / "alerts" / f"{name}.py" for name in PURE)]
    assert {path.name: found for path in judging if (found := clocks(path.read_text()))} == {}


@pytest.mark.parametrize(
    "source", ["import time\ntime.time()", "from time import time_ns", "import datetime\ndatetime.datetime.now()", "datetime.now(UTC)"]
)
def test_a_clock_would_be_seen(source):
    assert clocks(source)
