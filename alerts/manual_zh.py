"""The Chinese of the models' pages: rules, parameters, units and sources, kept beside the English that each translates."""

import dataclasses
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from models.catalogue import CATALOGUE

FILE = Path(__file__).with_suffix(".toml")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_PLAIN = (("ours", "本系统自定"), ("warning-models", "规则书"), ("wire document", "接口文件"))


def rule(code: str) -> str:
    """What the model is for. Raises KeyError where there is no such model."""
    return str(_texts()[code]["rule"]["zh"])


def about(code: str, parameter: str) -> str:
    """Raises KeyError where there is none."""
    return str(_texts()[code]["parameters"][parameter]["zh"])


def unit(name: str) -> str:
    """International units stay."""
    return str(_texts()["units"].get(name, name))


def source(text: str) -> str:
    """Where a value is from; names of sources stay."""
    known = _texts()["sources"].get(text)
    if known is not None:
        return str(known)
    for english, chinese in _PLAIN:
        text = text.replace(english, chinese)
    return text


def doc(kind: Any) -> str:
    """The rule as its module tells it, in English."""
    told = (__import__(kind.__module__, fromlist=["x"]).__doc__ or "").strip()
    return str(told).removeprefix(kind.code + ": ")


def missing(texts: dict[str, Any] | None = None) -> list[tuple[str, str, str]]:
    """(model, parameter or "rule", what is the matter) of each text whose Chinese is not that of the English in force."""
    texts, found = _texts() if texts is None else texts, []
    for kind in CATALOGUE:
        english = {"rule": doc(kind), **{field.name: field.metadata["about"] for field in dataclasses.fields(kind)}}
        model = texts.get(kind.code, {})
        known = {"rule": model.get("rule"), **model.get("parameters", {})}
        for name, text in english.items():
            if (one := known.get(name)) is None:
                found.append((kind.code, name, "missing"))
            elif one["en"].split() != text.split():
                found.append((kind.code, name, "the English has changed"))
            elif not _HAN.search(one["zh"]):
                found.append((kind.code, name, "not Chinese"))
        found += [(kind.code, name, "no such parameter") for name in known if name not in english]
    return found


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
