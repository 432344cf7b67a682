"""The pages about the warning models, made from the code: the rule, what it reads and hears, its levels in words, its parameters and their sources."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from alerts.manual_table import MADE, table
from alerts.watching import MEANS, NEEDS
from alerts.wording import MODELS, REASONS
from ingest.durations import written
from models.catalogue import CATALOGUE

_HEAD = """# Warning models · 预警模型

A parameter is set for a site in its `site.toml`, as `[thresholds.M12]` with `blue_after = "20min"`, for one zone by a property of it, as
`"M12.blue_after": "20min"`, or tried with `coast-guardian replay SITE RECORDING --set M12.blue_after=20min --compare`.
Durations may be written as `90s`, `20min`, `2h`. Sources written as S-X are those of the rule book; "ours" marks what no published figure was found for.
"""


def pages() -> dict[str, str]:
    """File below docs/ -> text: the overview, and one page a model."""
    return {"models.md": overview(), **{f"models/{kind.name}.md": MADE + page(kind.code) for kind in CATALOGUE}}


def overview() -> str:
    rows = ((kind.code, f"[{MODELS[kind.code][1]}](models/{kind.name}.md)", MODELS[kind.code][0], first_sentence(kind)) for kind in CATALOGUE)
    return MADE + _HEAD + "\n" + table(("code", "model", "名称", "raised by"), rows) + _who_hears_whom()


def _who_hears_whom() -> str:
    pairs = [(other, kind.code) for kind in CATALOGUE for other in kind.hears]
    if not pairs:
        return ""
    lines = "".join(f"  {other}[{other} {MODELS[other][1]}] --> {code}[{code} {MODELS[code][1]}]\n" for other, code in pairs)
    told = "\nModels are judged in the order of their codes, once a second what they hear of each other: an earlier one as of now, a later one as of before.\n"
    return f"\n## Who hears whom · 模型之间\n{told}\n```mermaid\nflowchart LR\n{lines}```\n"


def page(code: str) -> str:
    """Raises KeyError where there is no such model."""
    kind = {each.code: each for each in CATALOGUE}[code]
    chinese, english = MODELS[code]
    told = _doc(kind)
    heard_by = [each.code for each in CATALOGUE if code in each.hears]
    needs = ", ".join(f"{MEANS[means][1]} ({MEANS[means][0]})" for means in NEEDS[code]) or "what devices say of themselves"
    reasons = [(f"`{reason}`", zh, en) for (model, reason), (zh, en) in REASONS.items() if model == code]
    return "".join((
        f"# {code} {english} · {chinese}\n\n{told[:1].upper()}{told[1:]}\n\n",
        f"- Reads: {', '.join((*kind.columns, *kind.rare))}.\n- Needs: {needs}.\n",
        f"- Hears: {', '.join(kind.hears) or 'no other model'}. Heard by: {', '.join(heard_by) or 'none'}.\n",
        f"- File: `models/{kind.name}.py`, memory version {kind.memory_version}.\n\n",
        "## What it says · 预警内容\n\n" + table(("reason", "zh", "en"), reasons) + "\n" if reasons else "",
        "## Parameters · 参数\n\n" + table(("parameter", "default", "unit", "from", "to", "what", "source"), parameters(kind)),
    ))  # fmt: skip


def parameters(kind: Any) -> Iterable[tuple[object, ...]]:
    for field in dataclasses.fields(kind):
        about = field.metadata
        values: tuple[object, ...] = (field.default, about["low"], about["high"])
        unit = about["unit"]
        if unit == "ms":
            values, unit = tuple(written(int(each)) for each in values), ""  # type: ignore[call-overload]  # numbers, as their unit says
        yield f"`{field.name}`", values[0], "" if unit == "1" else unit, *values[1:], about["about"], about["source"]


def readme_table() -> str:
    rows = ((kind.code, *reversed(MODELS[kind.code]), first_sentence(kind), f"[page](docs/models/{kind.name}.md)") for kind in CATALOGUE)
    return table(("code", "model", "名称", "raised by", "more"), rows)


def first_sentence(kind: Any) -> str:
    return _doc(kind).replace("\n", " ").split(". ", maxsplit=1)[0].rstrip(".")


def _doc(kind: Any) -> str:
    told = (__import__(kind.__module__, fromlist=["x"]).__doc__ or "").strip()
    return str(told).removeprefix(kind.code + ": ")
