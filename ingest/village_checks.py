"""What must hold in the registry, the groups, their covenants, the moratoria, the seasons and the known plates of a site."""

import re
from collections import Counter

from ingest.site import Site, Vessel
from ingest.site_tables import Read
from ingest.village import DAY, KIT, MOMENT, REASONS, Moratorium, Plate, Season, is_moment
from ingest.zones import HOURS

_MODEL = re.compile(r"M\d\d")
_ID = re.compile(r"[a-z0-9-]{1,40}")
_UNTIL = ("certificate_until", "insurance_until", "inspection_until")


def check_village(read: Read, site: Site) -> None:
    """Adds a fault for everything that does not hold."""
    for things in (site.groups, site.covenants, site.moratoria, site.seasons, site.plates):
        first: dict[str, tuple[str, int]] = {}
        for thing in things:
            if not _ID.fullmatch(thing.id):
                read.fault_of(thing, f"id {thing.id!r}", "1 to 40 of a-z, 0-9 and -")
            if thing.id in first:
                file, line = first[thing.id]
                read.fault_of(thing, f"id {thing.id} is used already in {file}:{line}", "another id")
            first.setdefault(thing.id, read.places[id(thing)])
    for vessel in site.vessels:
        _vessel(read, site, vessel)
    _groups(read, site)
    for covenant in site.covenants:
        for name in covenant.kit:
            _among(read, covenant, "kit", name, KIT)
        if not 2 <= covenant.boats <= 100:
            read.fault_of(covenant, f"boats = {covenant.boats}", "2 to 100 in a group")
        for name, value in (("near", covenant.near), ("apart", covenant.apart)):
            if value is not None and not 0.1 <= value <= 200:
                read.fault_of(covenant, f"{name} = {value:g}", "0.1 to 200 nm")
        if covenant.near is not None and covenant.apart is not None and covenant.apart < covenant.near:
            read.fault_of(covenant, f"apart = {covenant.apart:g} is less than near = {covenant.near:g}", "apart at least as far as near")
        if len(set(covenant.reasons)) != len(covenant.reasons):
            read.fault_of(covenant, "a reason stands twice", f"each of {', '.join(REASONS)} at most once")
    for moratorium in site.moratoria:
        _moratorium(read, moratorium)
    for season in site.seasons:
        _season(read, site, season)
    for plate in site.plates:
        _plate(read, plate)


def _vessel(read: Read, site: Site, vessel: Vessel) -> None:
    for name in _UNTIL:
        if (day := getattr(vessel, name)) and not is_moment(day, DAY):
            read.fault_of(vessel, f"{name} = {day!r}", "the last day, as 2026-12-31")
    for item in vessel.kit:
        _among(read, vessel, "kit", item, KIT)
    for code in vessel.whitelist:
        if not _MODEL.fullmatch(code):
            read.fault_of(vessel, f"whitelist {code!r}", "codes of models as M06, separated by spaces")
    if vessel.crew is not None and not 0 < vessel.crew <= 500:
        read.fault_of(vessel, f"crew = {vessel.crew}", "1 to 500 persons")
    if vessel.length is not None and not 0 < vessel.length <= 500:
        read.fault_of(vessel, f"length = {vessel.length:g}", "0 to 500 m")
    if vessel.wind_rating is not None and not 0 <= vessel.wind_rating <= 17:
        read.fault_of(vessel, f"wind_rating = {vessel.wind_rating}", "0 to 17 Beaufort")
    if vessel.group and site.groups and vessel.group not in site.group:
        read.fault_of(vessel, f"group {vessel.group} does not exist", "a group of groups.csv")


def _groups(read: Read, site: Site) -> None:
    kinds = {post.id: post.kind for post in site.posts}
    size: Counter[str] = Counter(vessel.group for vessel in site.vessels if vessel.group)
    member_of: dict[str, str] = {}
    for group in site.groups:
        if kinds.get(group.station) != "station":
            read.fault_of(group, f"station {group.station} is {kinds.get(group.station, 'nowhere')}", "a post of kind station")
        if group.covenant and group.covenant not in site.covenant:
            read.fault_of(
                group, f"covenant {group.covenant} does not exist", f"one of {', '.join(site.covenant) or 'none: [[covenants]] in site.toml'}"
            )
        for name in group.members:
            vessel = site.registry.get(name)
            if vessel is None:
                read.fault_of(group, f"member {name} does not exist", "the id of a vessel of vessels.csv")
            elif vessel.group and vessel.group != group.id:
                read.fault_of(group, f"member {name} is of group {vessel.group} in vessels.csv", "one group a vessel")
            elif name in member_of:
                read.fault_of(group, f"member {name} is of group {member_of[name]} already", "one group a vessel")
            elif not vessel.group:
                size[group.id] += 1
            member_of.setdefault(name, group.id)
        leader = site.registry.get(group.leader)
        if group.leader and (leader is None or (leader.group or member_of.get(leader.id)) != group.id):
            read.fault_of(group, f"leader {group.leader} is not of it", "the id of one of its vessels")
        most = site.covenant[group.covenant].boats if group.covenant in site.covenant else 0
        if most and size[group.id] > most:
            read.fault_of(group, f"{size[group.id]} vessels", f"at most {most}, as covenant {group.covenant} says")


def _moratorium(read: Read, moratorium: Moratorium) -> None:
    whole = True
    for name in ("begins", "ends"):
        if not is_moment(getattr(moratorium, name), MOMENT):
            read.fault_of(moratorium, f"{name} = {getattr(moratorium, name)!r}", "a local time as 2026-05-01T12:00")
            whole = False
    if whole and moratorium.ends <= moratorium.begins:
        read.fault_of(moratorium, f"ends {moratorium.ends}, begins {moratorium.begins}", "an end after the beginning")
    if not -90 <= moratorium.south < moratorium.north <= 90:
        read.fault_of(moratorium, f"from {moratorium.south:g} to {moratorium.north:g}", "latitudes -90 to 90, the southern one first")
    if both := sorted({*moratorium.gear} & {*moratorium.exempt}):
        read.fault_of(moratorium, f"{' '.join(both)} is both concerned and exempt", "one of the two")


def _season(read: Read, site: Site, season: Season) -> None:
    whole = True
    for name in ("begins", "ends"):
        if not is_moment(getattr(season, name), DAY):
            read.fault_of(season, f"{name} = {getattr(season, name)!r}", "a local day as 2026-10-01")
            whole = False
    if whole and season.ends < season.begins:
        read.fault_of(season, f"ends {season.ends}, begins {season.begins}", "the last day, not before the first")
    if season.hours and not HOURS.fullmatch(season.hours):
        read.fault_of(season, f"hours = {season.hours!r}", "local hours as 04:00-09:00")
    for zone in season.zones:
        if zone not in site.zone:
            read.fault_of(season, f"zone {zone} does not exist", "ids of zones of zones.geojson")


def _among(read: Read, thing: object, name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        read.fault_of(thing, f"{name} {value!r}", f"of {', '.join(known)}")


def _plate(read: Read, plate: Plate) -> None:
    if len(plate.keyed) > 128:
        read.fault_of(plate, f"keyed has {len(plate.keyed)} characters", "what the camera says of the plate, 1 to 128 characters")
    if plate.hours and not HOURS.fullmatch(plate.hours):
        read.fault_of(plate, f"hours = {plate.hours!r}", "local hours as 04:00-07:00")
    if plate.until and not is_moment(plate.until, DAY):
        read.fault_of(plate, f"until = {plate.until!r}", "the last day, as 2026-12-31")
