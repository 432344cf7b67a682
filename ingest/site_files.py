"""Reads the folder of a site: site.toml, the tables devices, segments, units, vessels, groups, moratoria, seasons, plates (.csv), zones and shoreline (.geojson), tide.json.

Everything is read and checked before anything is said, so that one run of `site check` tells every fault.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec import structs

from ingest.durations import duration
from ingest.events import Level
from ingest.geo import wgs84_from_gcj02
from ingest.site import Area, Channel, Device, Person, Post, Segment, Site, Step, Unit, Vessel, Zone, with_revision
from ingest.site_checks import check
from ingest.site_tables import Fault, Read, line_of
from ingest.tide_file import faults_of
from ingest.village import Covenant, Group, Moratorium, Plate, Season
from ingest.village_checks import check_village

NAMES = {"id", "name_zh", "name_en", "time_zone", "areas", "posts", "people", "channels", "covenants", "escalation", "thresholds"}
CheckThresholds = Callable[[Mapping[str, Mapping[str, Any]]], list[str]]  # what is wrong with them, one text each: models/catalogue.py


class SiteFaults(ValueError):
    """The site cannot be used. `faults`: everything that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def read_site(folder: Path, check_thresholds: CheckThresholds | None = None) -> Site:
    """The site in a folder, with its revision. Raises `SiteFaults` with all that is wrong."""
    site, faults = _read(folder, check_thresholds)
    if site is None or faults:
        raise SiteFaults(faults)
    return site


def check_site(folder: Path, check_thresholds: CheckThresholds | None = None) -> list[Fault]:
    """Every fault of the site in a folder; empty if it can be used."""
    return _read(folder, check_thresholds)[1]


def _read(folder: Path, check_thresholds: CheckThresholds | None) -> tuple[Site | None, list[Fault]]:
    read = Read(folder)
    document, text = read.toml("site.toml")
    if not text or read.faults:
        return None, read.faults
    for name in document:
        if name not in NAMES:
            read.fault("site.toml", line_of(text, name), f"unknown name {name}", f"one of {', '.join(sorted(NAMES))}")
    site = Site(
        revision="",
        **{name: _text(read, document, text, name) for name in ("id", "name_zh", "name_en", "time_zone")},
        areas=read.tables(document, text, "areas", Area),
        posts=read.tables(document, text, "posts", Post),
        people=read.tables(document, text, "people", Person),
        channels=_channels(read, document, text),
        segments=read.csv("segments.csv", Segment),
        devices=read.csv("devices.csv", Device),
        units=read.csv("units.csv", Unit),
        vessels=read.csv("vessels.csv", Vessel),
        zones=_zones(read),
        shoreline=_shoreline(read),
        thresholds=_thresholds(read, document, text),
        escalation=_escalation(read, document, text),
        tide=_tide(read),
        groups=read.csv("groups.csv", Group),
        covenants=read.tables(document, text, "covenants", Covenant),
        moratoria=read.csv("moratoria.csv", Moratorium),
        seasons=read.csv("seasons.csv", Season),
        plates=read.csv("plates.csv", Plate),
    )
    check(read, site, text)
    check_village(read, site)
    for what, expected in faults_of(site.tide, site.area_of):
        read.fault("tide.json", 1, what, expected)
    if check_thresholds is not None and not read.faults:
        for wrong in check_thresholds(site.thresholds):
            code = wrong.partition(".")[0]
            read.fault("site.toml", line_of(text, f"thresholds.{code}"), wrong, "a parameter of that model within its bounds")
        for zone in site.zones:
            own = _own_thresholds(zone)
            for wrong in check_thresholds(own) if own else ():
                read.fault_of(zone, f"zone {zone.id}: {wrong}", "a parameter of that model within its bounds")
    faults = sorted(read.faults, key=lambda fault: (fault.file, fault.line))
    return (None if faults else with_revision(_completed(site))), faults


def _own_thresholds(zone: Zone) -> dict[str, dict[str, Any]]:
    """What a zone's properties say of models' parameters: `M05.dwell`."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in zone.properties.items():
        code, dot, parameter = name.partition(".")
        if dot:
            found.setdefault(code, {})[parameter] = value
    return found


def _completed(site: Site) -> Site:
    """With what follows from the rest: the posts' stretches, the devices' neighbours, the groups' members."""
    posts = []
    for post in site.posts:
        stretch = tuple(segment.id for segment in site.segments if post.id in (segment.station, segment.police))
        posts.append(structs.replace(post, segments=stretch) if stretch else post)
    where: dict[tuple[str, str, int], list[Device]] = {}
    for device in site.devices:
        if here := site.segment.get(device.segment):
            where.setdefault((device.type, here.line, here.index), []).append(device)
    devices = tuple(_with_neighbours(site, device, where) for device in site.devices)
    return structs.replace(_grouped(site), posts=tuple(posts), devices=devices)


def _grouped(site: Site) -> Site:
    """Vessels and groups name each other, whichever file says so; a group that only vessels name has no more than its name."""
    of = {vessel: group.id for group in site.groups for vessel in group.members}
    vessels = tuple(structs.replace(vessel, group=vessel.group or of.get(vessel.id, "")) for vessel in site.vessels)
    members: dict[str, list[Vessel]] = {}
    for vessel in vessels:
        if vessel.group:
            members.setdefault(vessel.group, []).append(vessel)
    unnamed = (Group(name, name, name, of_it[0].home) for name, of_it in members.items() if name not in site.group)
    groups = tuple(structs.replace(group, members=tuple(vessel.id for vessel in members.get(group.id, ()))) for group in (*site.groups, *unnamed))
    return structs.replace(site, vessels=vessels, groups=groups)


def _with_neighbours(site: Site, device: Device, where: Mapping[tuple[str, str, int], list[Device]]) -> Device:
    """Devices of the same type and area at most two segments (400 m) away, nearest first, unless the file names them."""
    here = site.segment.get(device.segment)
    if device.neighbours or here is None:
        return device
    near = [
        (abs(step), other.id)
        for step in (-2, -1, 0, 1, 2)
        for other in where.get((device.type, here.line, here.index + step), ())
        if other.id != device.id and other.area == device.area
    ]
    return structs.replace(device, neighbours=tuple(name for _, name in sorted(near)))


def _text(read: Read, document: dict[str, Any], text: str, name: str) -> str:
    value = document.get(name)
    if isinstance(value, str) and value:
        return value
    read.fault("site.toml", line_of(text, name), f"{name} is missing" if value is None else f"{name} = {value!r}", "text")
    return ""


def _millis(value: Any) -> int:
    """A duration as written in a site. Raises ValueError."""
    if isinstance(value, str):
        return duration(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError(f"{value!r} is no time")


def _channels(read: Read, document: dict[str, Any], text: str) -> tuple[Channel, ...]:
    """`timeout` may be written as 20s."""
    rows = document.get("channels", [])
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and "timeout" in row:
            try:
                row["timeout"] = _millis(row["timeout"])
            except ValueError as wrong:
                read.fault("site.toml", line_of(text, "channels"), f"timeout of channel {row.get('id')}: {wrong}", "a time as 20s")
                del row["timeout"]
    return read.tables(document, text, "channels", Channel)


def _escalation(read: Read, document: dict[str, Any], text: str) -> dict[Level, tuple[Step, ...]]:
    """`[escalation]`, a list of `{after = "60s", to = ["room"]}` a level."""
    given, found = document.get("escalation", {}), dict[Level, tuple[Step, ...]]()
    at = line_of(text, "escalation")
    if not isinstance(given, dict):
        read.fault("site.toml", at, "escalation is no table", "[escalation]")
        return {}
    for level in get_args(Level):
        rows = given.pop(level, None)
        if rows is None:
            read.fault("site.toml", at, f"no escalation of {level}", f'{level} = [{{after = "0s", to = ["room"]}}]')
            continue
        try:
            found[level] = tuple(Step(_millis(row["after"]), msgspec.convert(row["to"], tuple[str, ...])) for row in rows)
        except (KeyError, TypeError, ValueError) as wrong:
            read.fault("site.toml", line_of(text, level, at), f"escalation of {level}: {wrong}", '[{after = "60s", to = ["room"]}, …]')
    for level in given:
        read.fault("site.toml", line_of(text, level, at), f"escalation of an unknown level {level}", ", ".join(get_args(Level)))
    return found


def _thresholds(read: Read, document: dict[str, Any], text: str) -> dict[str, dict[str, float | int | str | bool]]:
    """`[thresholds.M12]`: numbers, or durations, which become ms."""
    given, found = document.get("thresholds", {}), dict[str, dict[str, float | int | str | bool]]()
    if not isinstance(given, dict):
        read.fault("site.toml", line_of(text, "thresholds"), "thresholds is no table", "[thresholds.M12]")
        return {}
    for code, values in given.items():
        at = line_of(text, f"thresholds.{code}")
        if not isinstance(values, dict):
            read.fault("site.toml", at or line_of(text, "thresholds"), f"thresholds.{code} is no table", f"[thresholds.{code}]")
            continue
        mine = found[code] = {}
        for name, value in values.items():
            try:
                mine[name] = value if isinstance(value, float) and value == value and abs(value) < 1e300 else _millis(value)  # noqa: PLR0124 — no NaN
            except ValueError as wrong:
                read.fault("site.toml", line_of(text, name, at), f"{code}.{name}: {wrong}", "a number, or a time as 20min")
    return found


def _zones(read: Read) -> tuple[Zone, ...]:
    known = set(Zone.__struct_fields__) - {"ring", "holes", "properties"}
    zones = []
    for line, properties, geometry in read.features("zones.geojson"):
        rings = geometry.get("coordinates")
        if geometry.get("type") != "Polygon" or not isinstance(rings, list) or not rings:
            read.fault("zones.geojson", line, f"zone {properties.get('id')} is a {geometry.get('type')}", "a Polygon")
            continue
        crs = str(properties.pop("crs", "wgs-84")).lower()
        if crs == "gcj-02":  # as map services of China draw
            rings = _from_gcj02(rings)
        elif crs not in ("wgs-84", "cgcs2000"):
            read.fault("zones.geojson", line, f"crs {crs}", "wgs-84, cgcs2000 or gcj-02")
        given = {key: value for key, value in properties.items() if key in known}
        more = {key: value for key, value in properties.items() if key not in known and value is not None}
        zones.append(read.make(Zone, {**given, "ring": rings[0], "holes": rings[1:], "properties": more}, "zones.geojson", line))
    return tuple(zone for zone in zones if zone is not None)


def _from_gcj02(rings: list[Any]) -> list[Any]:
    """What is no ring of places is left, to be told as a fault."""
    try:
        return [[wgs84_from_gcj02((float(x), float(y))) for x, y in ring] for ring in rings]
    except (TypeError, ValueError):
        return rings


def _shoreline(read: Read) -> tuple[tuple[tuple[float, float], ...], ...]:
    rings = []
    for line, _properties, geometry in read.features("shoreline.geojson"):
        try:
            rings.append(msgspec.convert(geometry["coordinates"][0], tuple[tuple[float, float], ...], strict=False))
        except (KeyError, IndexError, TypeError, msgspec.ValidationError) as wrong:
            read.fault("shoreline.geojson", line, f"no outline of land: {wrong}", "a Polygon")
    return tuple(rings)


def _tide(read: Read) -> dict[str, object]:
    text = read.text("tide.json", needed=False)
    try:
        tide = json.loads(text) if text else {}
    except json.JSONDecodeError as broken:
        read.fault("tide.json", broken.lineno, broken.msg, "JSON")
        return {}
    if not isinstance(tide, dict) or (tide and not isinstance(tide.get("harmonic_constituents", tide.get("waters")), list)):
        read.fault("tide.json", 1, "no list harmonic_constituents", "one station of TICON-4, as its database writes it")
        return {}
    return tide
