"""Writes a site as the folder of files that `site_files.py` reads."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from ingest.durations import written
from ingest.site import Device, Segment, Site, Unit, Vessel
from ingest.site_tables import PLACES
from ingest.village import Group, Moratorium, Plate, Season

DIGITS = 6  # of a degree: 0.1 m
FOLLOW = ("neighbours", "members")  # from the other rows


def write_site(site: Site, folder: Path, note: str = "") -> None:
    """Writes all files; `note` becomes a comment at the top of site.toml. What follows from the rest (stretches, neighbours, members of groups) is not written."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.toml").write_text(_toml(site, note), encoding="utf-8")
    for name, kind, things in (
        ("devices", Device, site.devices),
        ("segments", Segment, site.segments),
        ("units", Unit, site.units),
        ("vessels", Vessel, site.vessels),
    ):
        (folder / f"{name}.csv").write_text(_csv(kind, things), encoding="utf-8")
    for name, rare, rows in (
        ("groups", Group, site.groups),
        ("moratoria", Moratorium, site.moratoria),
        ("seasons", Season, site.seasons),
        ("plates", Plate, site.plates),
    ):
        if rows:
            (folder / f"{name}.csv").write_text(_csv(rare, rows), encoding="utf-8")
    zones = [
        (
            {"id": zone.id, "kind": zone.kind, "areas": zone.areas, "name_zh": zone.name_zh, "name_en": zone.name_en, **zone.properties},
            [zone.ring, *zone.holes],
        )
        for zone in site.zones
    ]
    (folder / "zones.geojson").write_text(_features(zones), encoding="utf-8")
    if site.shoreline:
        (folder / "shoreline.geojson").write_text(_features([({}, [ring]) for ring in site.shoreline]), encoding="utf-8")
    if site.tide:
        (folder / "tide.json").write_text(json.dumps(site.tide, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _toml(site: Site, note: str) -> str:
    out = [f"# {line}" for line in note.splitlines()]
    out += [f"{name} = {_value(getattr(site, name))}" for name in ("id", "name_zh", "name_en", "time_zone")]
    for name, left_out in (("areas", ()), ("posts", ("segments",)), ("people", ()), ("channels", ("timeout",)), ("covenants", ())):
        for thing in getattr(site, name):
            out += ["", f"[[{name}]]"]
            for key, value in msgspec.to_builtins(thing).items():
                if value not in ("", None) and key not in left_out:
                    out.append(f"{key} = {_value(value)}")
            if name == "channels":
                out.append(f'timeout = "{written(thing.timeout)}"')
    out += ["", "# Whom to tell, and after how long without an answer", "[escalation]"]
    for level, steps in site.escalation.items():
        rows = ", ".join(f'{{after = "{written(step.after)}", to = {_value(step.to)}}}' for step in steps)
        out.append(f"{level} = [{rows}]")
    for code, values in site.thresholds.items():
        out += ["", f"[thresholds.{code}]", *(f"{name} = {_threshold(value)}" for name, value in values.items())]
    return "\n".join(out) + "\n"


def _threshold(value: Any) -> str:
    """A whole number of seconds above 1 s is a time in all models: counts and shares stay far below."""
    timely = isinstance(value, int) and not isinstance(value, bool) and value >= 1_000 and value % 1_000 == 0
    return json.dumps(written(value)) if timely else _value(value)


def _value(value: Any) -> str:
    """As TOML: JSON's text, numbers and lists are also TOML's."""
    return json.dumps(_rounded(value), ensure_ascii=False)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS)
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value


def _csv(kind: type[Any], things: Iterable[Any]) -> str:
    out = io.StringIO()
    columns = [column for field in kind.__struct_fields__ if field not in FOLLOW for column in PLACES.get(field, (field,))]
    writer = csv.writer(out, lineterminator="\n")
    rows = [_cells(kind, thing) for thing in things]
    kept = [at for at, _ in enumerate(columns) if any(row[at] for row in rows)] or list(range(len(columns)))
    writer.writerow([columns[at] for at in kept])
    writer.writerows([row[at] for at in kept] for row in rows)
    return out.getvalue()


def _cells(kind: type[Any], thing: Any) -> list[str]:
    cells = []
    for field in kind.__struct_fields__:
        value = getattr(thing, field)
        if field in FOLLOW:
            continue
        if field in PLACES:
            cells += [f"{degrees:.{DIGITS}f}" for degrees in value] if value else ["", ""]
        elif isinstance(value, bool):
            cells.append("true" if value else "" if field == "risk_point" else "false")
        elif isinstance(value, tuple):
            cells.append(" ".join(value))
        else:
            cells.append("" if value is None else str(value))
    return cells


def _features(features: Iterable[tuple[dict[str, Any], list[Any]]]) -> str:
    """One feature a line, so that a fault has a line and a change a readable difference."""
    lines = [
        json.dumps(
            {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": _rounded(rings)}},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for properties, rings in features
    ]
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
