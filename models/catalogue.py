"""All warning models, in the order in which they are judged. A new one is a file, and a line here."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from ingest.durations import duration
from ingest.site import Site
from models.box_health import BoxHealth
from models.model import Model
from models.position_silence import PositionSilence
from models.sos import SosCall

CATALOGUE: tuple[type[Any], ...] = (SosCall, BoxHealth, PositionSilence)


def models_for(site: Site, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> tuple[Model, ...]:
    """Every model with the site's thresholds, `overrides` (model code -> parameter -> value, as `--set` gives them) above these.

    Raises ValueError with each parameter that is unknown or out of its range.
    """
    faults: list[str] = []
    made: list[Model] = []
    for kind in CATALOGUE:
        given = {**site.thresholds.get(kind.code, {}), **(overrides or {}).get(kind.code, {})}
        values = {}
        for name, value in given.items():
            try:
                values[name] = checked(kind, name, value)
            except ValueError as fault:
                faults.append(str(fault))
        made.append(kind(**values))
    known = {kind.code for kind in CATALOGUE}
    faults += [f"{code}: no such model here" for code in (overrides or {}) if code not in known]
    if faults:
        raise ValueError("; ".join(faults))
    return tuple(made)


def checked(kind: type[Any], name: str, value: Any) -> Any:
    """`value` for the parameter `name` of a model, in its unit. Durations may be written as 20min. Raises ValueError."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if name not in fields:
        raise ValueError(f"{kind.code}.{name}: no such parameter; there are {', '.join(fields)}")
    about = fields[name].metadata
    if isinstance(value, str):
        try:
            value = duration(value) if about["unit"] == "ms" else float(value)
        except ValueError as fault:
            raise ValueError(f"{kind.code}.{name} = {value!r}: {fault}; expected a number in {about['unit']}, or a time as 20min") from fault
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{kind.code}.{name} = {value!r}: expected a number in {about['unit']}")  # noqa: TRY004 — a fault of the site, not of the program
    low, high = about["low"], about["high"]
    if not (low is None or value >= low) or not (high is None or value <= high):
        raise ValueError(f"{kind.code}.{name} = {value}: expected {low} to {high} {about['unit']}")
    kept: Any = fields[name].default
    return type(kept)(value)


def check_thresholds(thresholds: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is wrong with a site's thresholds, for `site check`."""
    kinds = {kind.code: kind for kind in CATALOGUE}
    faults = []
    for code, values in thresholds.items():
        for name, value in values.items():
            try:
                if code in kinds:
                    checked(kinds[code], name, value)
            except ValueError as fault:
                faults.append(str(fault))
    return faults
