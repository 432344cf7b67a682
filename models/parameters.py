"""A model's parameters: unit, default, source and bounds, and how a site, a place or `--set` gives them other values."""

import dataclasses
from typing import Any, TypeVar

from ingest.durations import duration, written
from ingest.site import Site, Zone

M = TypeVar("M")


def parameter(default: Any, unit: str, source: str, low: float | None = None, high: float | None = None, about: str = "") -> Any:
    """A model's parameter. Raises nothing here; bounds are checked when a site is read (`checked`)."""
    return dataclasses.field(default=default, metadata={"unit": unit, "source": source, "low": low, "high": high, "about": about})


def checked(kind: type[Any], name: str, value: Any) -> Any:
    """`value` for the parameter `name` of a model, in its unit. Durations may be written as 20min. Raises ValueError."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if name not in fields:
        raise ValueError(f"{kind.code}.{name}: no such parameter; there are {', '.join(fields)}")
    about, written_so = fields[name].metadata, value
    if isinstance(value, str):
        try:
            value = duration(value) if about["unit"] == "ms" else float(value)
        except ValueError as fault:
            raise ValueError(f"{kind.code}.{name} = {value!r}: {fault}; expected a number in {about['unit']}, or a time as 20min") from fault
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{kind.code}.{name} = {value!r}: expected a number in {about['unit']}")  # noqa: TRY004 — a fault of the site, not of the program
    low, high = about["low"], about["high"]
    if not (low is None or value >= low) or not (high is None or value <= high):
        raise ValueError(f"{kind.code}.{name} = {written_so}: expected {_range(low, high, about['unit'])}")
    kept: Any = fields[name].default
    return type(kept)(value)


def _range(low: float | None, high: float | None, unit: str) -> str:
    """As a person would write it: times as 20min."""
    bounds = [
        None if each is None else written(int(each)) if unit == "ms" else f"{each:g}{'' if unit == '1' else ' ' + unit}" for each in (low, high)
    ]
    if bounds[0] is None or bounds[1] is None:
        return f"at most {bounds[1]}" if bounds[0] is None else f"at least {bounds[0]}"
    return f"{bounds[0]} to {bounds[1]}"


def placed(model: M, site: Site, zone: Zone) -> M:
    """The model as it judges in one zone, whose properties may name parameters: `"M05.dwell": "15min"`. They are checked when a site is read."""
    kept: dict[tuple[int, str], tuple[M, M]] = site.__dict__.setdefault("placed", {})  # by identity: to hash a model is to hash all its parameters
    known = kept.get((id(model), zone.id))
    if known is None:
        code = type(model).code  # type: ignore[attr-defined]  # a model: naming its protocol here would be a circle
        own = {name.removeprefix(f"{code}."): value for name, value in zone.properties.items() if name.startswith(f"{code}.")}
        made: M = dataclasses.replace(model, **{name: checked(type(model), name, value) for name, value in own.items()}) if own else model  # type: ignore[type-var]  # as above
        known = kept[id(model), zone.id] = model, made
    return known[1]
