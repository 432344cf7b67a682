"""What the commands `site check`, `site init`, `site show` and `site apply` do and say, as text."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ingest.durations import written
from ingest.log import Log
from ingest.revisions import apply_site, current_site, differences
from ingest.site import Lonlat, Site
from ingest.site_files import CheckThresholds, SiteFaults, check_site, read_site
from ingest.site_make import plain_site
from ingest.site_write import write_site


class Answer(NamedTuple):
    """What a command prints, and whether it succeeded (else exit 1)."""

    text: str
    well: bool = True


def check(folder: Path, check_thresholds: CheckThresholds | None = None) -> Answer:
    faults = check_site(folder, check_thresholds)
    if faults:
        return Answer("\n".join([*map(str, faults), f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}"]), well=False)
    site = read_site(folder, check_thresholds)
    return Answer(f"{site.name_zh} {site.name_en}: no fault; revision {site.revision}")


def show(site: Site) -> Answer:
    """The site in figures."""
    lines = [f"{site.name_zh} {site.name_en} ({site.id}), revision {site.revision}, {site.time_zone}"]
    for area in site.areas:
        types = Counter(device.type for device in site.devices if device.area == area.id)
        shore = sum(segment.area == area.id for segment in site.segments)
        lines.append(f"  area {area.number} {area.id} {area.name_zh} {area.name_en}: {shore} segments; {_counted(types)}")
        lines += [f"    {post.kind} {post.id} {post.name_zh}: {len(post.segments)} segments" for post in site.posts if post.area == area.id]
    lines.append(f"  people: {_counted(Counter(person.role for person in site.people))}")
    lines.append(f"  units: {_counted(Counter(unit.type for unit in site.units))}")
    lines.append(f"  vessels: {len(site.vessels)} in {len(site.groups)} ten-ship groups under {len(site.covenants)} covenants")
    lines.append(
        f"  moratoria: {', '.join(each.id for each in site.moratoria) or 'none'}; seasons: {', '.join(each.id for each in site.seasons) or 'none'}"
    )
    lines.append(f"  zones: {_counted(Counter(zone.kind for zone in site.zones))}")
    for level, steps in site.escalation.items():
        lines.append(f"  {level}: " + "; ".join(f"after {written(step.after)} {', '.join(step.to)}" for step in steps))
    return Answer("\n".join(lines))


def init(folder: Path, around: str) -> Answer:
    """A plain site around LON,LAT,KM in a folder that is empty or not there."""
    if folder.exists() and any(folder.iterdir()):
        return Answer(f"{folder} is not empty; expected a new folder", well=False)
    try:
        middle, km = _around(around)
        site = plain_site(_id_of(folder), middle, km)
    except ValueError as wrong:
        return Answer(f"--around {around}: {wrong}", well=False)
    write_site(site, folder, "Made by site init: a beginning to be edited. `site check` tells what is wrong with it.")
    return Answer(f"{folder}: a site of {km:g} km around {middle[0]:g}, {middle[1]:g}; now edit it, then run site check {folder}")


def apply(log: Log, folder: Path, now: int, check_thresholds: CheckThresholds | None = None) -> Answer:
    """Put the folder's site into the running system (`now` in ms), telling what changes. Raises `LogFull`."""
    try:
        new = read_site(folder, check_thresholds)
        old = current_site(log, folder)
    except SiteFaults as faults:
        return Answer(str(faults), well=False)
    if old.id != new.id:
        return Answer(f"this log belongs to the site {old.id}, not to {new.id}; expected another home folder for another site", well=False)
    gone = [area.id for area in old.areas if area.number not in new.area_by_number]
    renumbered = [area.id for area in new.areas if area.id in old.area_of and old.area_of[area.id].number != area.number]
    if gone or renumbered:
        return Answer(f"areas removed or renumbered: {', '.join([*gone, *renumbered])}; expected every area with the number that it has", well=False)
    changes = differences(old, new)
    if not apply_site(log, new, now):
        return Answer(f"unchanged; revision {new.revision}")
    return Answer("\n".join([*changes, f"revision {old.revision} -> {new.revision}, {len(changes)} changes"]))


def _around(text: str) -> tuple[Lonlat, float]:
    parts = text.split(",")
    try:
        longitude, latitude, km = (float(part) for part in parts)
    except ValueError:
        raise ValueError("expected LON,LAT,KM as 118.75,24.85,30") from None
    return (longitude, latitude), km


def _id_of(folder: Path) -> str:
    name = "".join(letter if letter in "abcdefghijklmnopqrstuvwxyz0123456789-" else "-" for letter in folder.resolve().name.lower())
    return name[:40].strip("-") or "site"


def _counted(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"
