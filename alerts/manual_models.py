"""The pages about the warning models, made from the code: the rule, what it reads and hears, its levels in words, its parameters and their sources."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from alerts import manual_zh
from alerts.manual_table import MADE, table
from alerts.manual_zh import doc
from alerts.score_page import Sheet, of_model
from alerts.score_text import BESIDE, pairs
from alerts.watching import MEANS, NEEDS
from alerts.wording import MODELS, REASONS
from ingest.durations import written
from models.catalogue import CATALOGUE

_HEAD = """# Warning models · 预警模型

A parameter is set for a site in its `site.toml`, as `[thresholds.M12]` with `blue_after = "20min"`, for one zone by a property of it, as
`"M12.blue_after": "20min"`, or tried with `coast-guardian replay SITE RECORDING --set M12.blue_after=20min --compare`.
Durations may be written as `90s`, `20min`, `2h`. Sources written as S-X are those of the rule book; "ours" marks what no published figure was found for.
`coast-guardian models explain M12 --lang en` prints a page in one language.

参数按站点写在 `site.toml` 的 `[thresholds.M12]` 里，如 `blue_after = "20min"`；按区域写为该区域的属性，如 `"M12.blue_after": "20min"`；
也可用 `coast-guardian replay SITE RECORDING --set M12.blue_after=20min --compare` 试算。时长可写作 `90s`、`20min`、`2h`。
来源写作 S-X 的见规则书；“本系统自定”表示没有查到公开的数值。单独打印中文：`coast-guardian models explain M12 --lang zh`。
"""


def pages(sheet: Sheet | None = None) -> dict[str, str]:
    """File below docs/ -> text: the overview, and one page a model, with what the score card's figures say of it."""
    scores = {kind.code: "" if sheet is None else score(sheet, kind.code) for kind in CATALOGUE}
    return {"models.md": overview(), **{f"models/{kind.name}.md": MADE + page(kind.code) + scores[kind.code] for kind in CATALOGUE}}


def score(sheet: Sheet, code: str) -> str:
    """What a model found of what was staged for it, `perfect / realistic` cameras."""
    rows = [(where, *cells) for where, perfect, realistic in of_model(sheet, code) for _, cells in pairs(perfect, realistic)]
    about = (
        "What the simulator staged for it and what it made of that, perfect / realistic cameras; no field trial. What was missed, and why, by light and sea:"
        " [score card](../score-card.md).\n\n仿真场景的得分，依次为理想／真实摄像机；非现场试验。漏报及原因、按昼夜和海况的分项见[评分卡](../score-card.md)。\n\n"
    )
    return "\n## Score · 评分\n\n" + about + table(("scenes · 场景", *(f"{each} · {SCORE_ZH[each]}" for each in BESIDE)), rows)


SCORE_ZH = {
    "staged": "场景数", "missed, of these told partly or blind": "漏报，其中已提示部分可见或不可见", "recall": "召回率", "of red": "其中红色", "precision": "精确率",
    "p50": "用时中位", "p95": "用时 95 分位", "false a camera-day": "每摄像机日误报", "false a seat-hour": "每席位小时误报",
}  # fmt: skip


def overview() -> str:
    rows = (
        (
            kind.code,
            f"[{MODELS[kind.code][1]}](models/{kind.name}.md)",
            MODELS[kind.code][0],
            first_sentence(kind),
            manual_zh.rule(kind.code).split("。")[0],
        )
        for kind in CATALOGUE
    )
    return MADE + _HEAD + "\n" + table(("code", "model", "名称", "raised by", "何时预警"), rows) + _who_hears_whom()


def _who_hears_whom() -> str:
    pairs = [(other, kind.code) for kind in CATALOGUE for other in kind.hears]
    if not pairs:
        return ""
    lines = "".join(f"  {other}[{other} {MODELS[other][1]}] --> {code}[{code} {MODELS[code][1]}]\n" for other, code in pairs)
    told = "\nModels are judged in the order of their codes, once a second what they hear of each other: an earlier one as of now, a later one as of before.\n"
    return f"\n## Who hears whom · 模型之间\n{told}\n```mermaid\nflowchart LR\n{lines}```\n"


def page(code: str, language: str = "") -> str:
    """One model's page in `language` ("zh" or "en"), or in both. Raises KeyError where there is no such model."""
    kind = {each.code: each for each in CATALOGUE}[code]
    name, say = MODELS[code], Words(language)
    english = doc(kind)
    rules = [english[:1].upper() + english[1:]] * (language != "zh") + [manual_zh.rule(code)] * (language != "en")
    heard_by = [each.code for each in CATALOGUE if code in each.hears]
    comma = "、" if language == "zh" else ", "
    needs = comma.join(say(MEANS[means][1], MEANS[means][0], " ({})") for means in NEEDS[code]) or say(
        "what devices say of themselves", "设备自身的上报"
    )
    reasons = [(f"`{reason}`", *say.columns(*texts)) for (model, reason), texts in REASONS.items() if model == code]
    return "".join((
        f"# {code} {say(name[1], name[0])}\n\n", "\n\n".join(rules), "\n\n",
        f"- {say('Reads', '读取')}: {', '.join((*kind.columns, *kind.rare))}\n- {say('Needs', '需要')}: {needs}\n",
        f"- {say('Hears', '听取')}: {', '.join(kind.hears) or say('no other model', '无')}\n",
        f"- {say('Heard by', '被听取')}: {', '.join(heard_by) or say('none', '无')}\n",
        f"- {say('File', '文件')}: `models/{kind.name}.py` ({say('memory version', '内存版本')} {kind.memory_version})\n\n",
        f"## {say('What it says', '预警内容')}\n\n" + table((say("reason", "原因"), *say.columns("中文", "English")), reasons) + "\n" if reasons else "",
        f"## {say('Parameters', '参数')}\n\n",
        table((*(say(*each) for each in COLUMNS), *say.columns("说明", "what"), say("source", "来源")), parameters(kind, say)),
    ))  # fmt: skip


COLUMNS = (("parameter", "参数"), ("default", "默认值"), ("unit", "单位"), ("from", "最小"), ("to", "最大"))


class Words:
    """Of English and Chinese what is asked for: one of them, or both."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, english: str, chinese: str, both: str = " · {}") -> str:
        return {"en": english, "zh": chinese}.get(self.language, english if english == chinese else english + both.format(chinese))

    def columns(self, chinese: str, english: str) -> tuple[str, ...]:
        """A cell of its own for each."""
        return {"en": (english,), "zh": (chinese,)}.get(self.language, (chinese, english))


def parameters(kind: Any, say: Words) -> Iterable[tuple[object, ...]]:
    for field in dataclasses.fields(kind):
        about = field.metadata
        values: tuple[object, ...] = (field.default, about["low"], about["high"])
        unit = about["unit"]
        if unit == "ms":
            values, unit = tuple(written(int(each)) for each in values), ""  # type: ignore[call-overload]  # numbers, as their unit says
        unit = "" if unit == "1" else say(unit, manual_zh.unit(unit), " {}")
        source = manual_zh.source(about["source"]) if say.language == "zh" else about["source"]
        yield f"`{field.name}`", values[0], unit, *values[1:], *say.columns(manual_zh.about(kind.code, field.name), about["about"]), source


def readme_table() -> str:
    rows = ((kind.code, *reversed(MODELS[kind.code]), first_sentence(kind), f"[page](docs/models/{kind.name}.md)") for kind in CATALOGUE)
    return table(("code", "model", "名称", "raised by", "more"), rows)


def first_sentence(kind: Any) -> str:
    return doc(kind).replace("\n", " ").split(". ", maxsplit=1)[0].rstrip(".")
