"""What must hold in a whole site beyond the form of each line: ids, references, places, zones, people, escalation."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingest.audience import WORDS
from ingest.geo import metres, to_area
from ingest.site import Area, Lonlat, Site, Zone
from ingest.site_tables import Read, line_of
from ingest.tide_file import bounds_of
from ingest.zones import faults_of, number

ID = re.compile(r"[a-z0-9-]{1,40}")
ID_WORDS = "1 to 40 of a-z, 0-9 and -"
ASHORE = 1_000.0  # m that a thing may stand outside its area's outline; ours
FAR = 1_000.0  # m to a neighbour or to the own segment at most; ours
LENGTH = 400.0  # m of a segment at most; nominal 200; ours


def check(read: Read, site: Site, text: str) -> None:
    """Adds a fault for everything that does not hold."""
    if not site.areas:
        read.fault("site.toml", line_of(text, "areas"), "no area", "at least one [[areas]]")
        return
    if not ID.fullmatch(site.id):
        read.fault("site.toml", line_of(text, "id"), f"id {site.id!r}", ID_WORDS)
    try:
        ZoneInfo(site.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        read.fault("site.toml", line_of(text, "time_zone"), f"unknown time zone {site.time_zone!r}", "a name as Asia/Shanghai")
    _ids(read, site)
    _references(read, site)
    _positions(read, site)
    _geometry(read, site)
    _people(read, site)
    _escalation(read, site, text)


def _ids(read: Read, site: Site) -> None:
    for things in (site.areas, site.posts, site.people, site.segments, site.devices, site.units, site.zones, site.vessels, site.channels):
        for thing in things:
            if not ID.fullmatch(thing.id):
                read.fault_of(thing, f"id {thing.id!r}", ID_WORDS)
        _unique(read, things, "id")
    _unique(read, site.areas, "number")
    _unique(read, site.devices, "place")
    _unique(read, site.vessels, "mmsi")
    _unique(read, site.vessels, "terminal")
    for area in site.areas:
        if not 0 <= area.number < 1000:
            read.fault_of(area, f"number {area.number}", "0 to 999, never changed and never used again")
    both = {vessel.mmsi for vessel in site.vessels if vessel.mmsi} & {vessel.terminal for vessel in site.vessels if vessel.terminal}
    for vessel in site.vessels:
        if vessel.mmsi and not re.fullmatch(r"\d{9}", vessel.mmsi):
            read.fault_of(vessel, f"MMSI {vessel.mmsi!r}", "nine digits")
        if vessel.terminal in both:
            read.fault_of(vessel, f"terminal {vessel.terminal} is another vessel's MMSI", "a number of its own")
    shore = Counter((segment.line, segment.index) for segment in site.segments)
    for segment in site.segments:
        if shore[segment.line, segment.index] > 1:
            read.fault_of(segment, f"index {segment.index} of line {segment.line} is used twice", "one number a segment along the line")


def _unique(read: Read, things: Iterable[Any], name: str) -> None:
    first: dict[Any, Any] = {}
    for thing in things:
        value = getattr(thing, name)
        if value == "":
            continue
        if value in first:
            file, line = read.places[id(first[value])]
            read.fault_of(thing, f"{name} {value} is used already in {file}:{line}", f"another {name}")
        first.setdefault(value, thing)


def _references(read: Read, site: Site) -> None:
    kinds = {post.id: post.kind for post in site.posts}
    for things, name, known in (
        (site.posts, "area", site.area_of), (site.segments, "area", site.area_of), (site.devices, "area", site.area_of),
        (site.units, "area", site.area_of), (site.people, "post", site.post), (site.units, "post", site.post), (site.vessels, "home", site.post),
        (site.segments, "station", site.post), (site.segments, "police", site.post), (site.devices, "segment", site.segment),
        (site.devices, "gateway", site.device),
    ):  # fmt: skip
        for thing in things:
            value = getattr(thing, name)
            if value and value not in known:
                read.fault_of(thing, f"{name} {value} does not exist", _some(known, name))
            elif not value and name in ("area", "station"):
                read.fault_of(thing, f"{name} is empty", _some(known, name))
            elif name in ("station", "police") and value and kinds[value] != name:
                read.fault_of(thing, f"{name} {value} is a {kinds[value]}", f"a post of kind {name}")
    for zone in site.zones:
        for area in zone.areas:
            if area not in site.area_of:
                read.fault_of(zone, f"area {area} does not exist", _some(site.area_of, "area"))
    _of_devices(read, site)


def _of_devices(read: Read, site: Site) -> None:
    for device in site.devices:
        segment = site.segment.get(device.segment)
        if segment is not None and segment.area != device.area:
            read.fault_of(device, f"segment {segment.id} lies in area {segment.area}", f"a segment of {device.area}")
        if segment is not None and (away := metres(segment.middle, device.position)) > FAR:
            read.fault_of(device, f"stands {away:.0f} m from its segment {segment.id}", f"at most {FAR:.0f} m")
        if device.gateway and (gateway := site.device.get(device.gateway)) and gateway.type != "gateway":
            read.fault_of(device, f"gateway {gateway.id} is a {gateway.type}", "a device of type gateway")
        if device.finds is not None and not 0.05 <= device.finds <= 5:
            read.fault_of(device, f"finds {device.finds:g} persons for each who is there", "0.05 to 5, as measured")
        for name in device.neighbours:
            other = site.device.get(name)
            if other is None or name == device.id:
                read.fault_of(device, f"neighbour {name} does not exist" if other is None else "is its own neighbour", "ids of devices nearby")
            elif other.type != device.type or other.area != device.area:
                read.fault_of(device, f"neighbour {name} is a {other.type} of {other.area}", f"a {device.type} of {device.area}")
            elif (away := metres(device.position, other.position)) > FAR:
                read.fault_of(device, f"neighbour {name} is {away:.0f} m away", f"at most {FAR:.0f} m")


def _positions(read: Read, site: Site) -> None:
    for things in (site.posts, site.devices, site.units):
        for thing in things:
            if thing.position is not None:
                _position(read, thing, thing.position, site.area_of.get(thing.area))
    for area in site.areas:
        _position(read, area, area.origin, None)
    for segment in site.segments:
        for at in (segment.start, segment.middle, segment.end):
            _position(read, segment, at, site.area_of.get(segment.area))
        length = metres(segment.start, segment.middle) + metres(segment.middle, segment.end)
        if not 1 <= length <= LENGTH:
            read.fault_of(segment, f"{length:.0f} m long", f"about 200 m, at most {LENGTH:.0f} m")


def _position(read: Read, thing: Any, position: Lonlat, area: Area | None) -> None:
    longitude, latitude = position
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        read.fault_of(thing, f"position {longitude}, {latitude}", "longitude -180 to 180, latitude -90 to 90, in this order")
    elif area is not None and len(area.outline) > 2 and (away := to_area(area, position)) > ASHORE:
        read.fault_of(thing, f"position {longitude}, {latitude} is {away / 1000:.1f} km outside area {area.id}", "a place in its area")


def _geometry(read: Read, site: Site) -> None:
    for area in site.areas:
        _ring(read, area, area.outline, "outline")
    for zone in site.zones:
        if zone.holes:
            read.fault_of(zone, f"zone {zone.id} has a hole at {_place(zone.holes[0][0])}", "a zone without holes: cut it in two")
        _ring(read, zone, zone.ring, "ring")
        for what, expected in faults_of(zone):
            read.fault_of(zone, f"zone {zone.id}: {what}", expected)
        _path(read, site, zone)


def _path(read: Read, site: Site, zone: Zone) -> None:
    """A way out that the tide never reaches, or always covers, was surveyed wrongly or to another datum."""
    path = number(zone, "path_height")
    try:
        bounds = bounds_of(site.tide, zone.areas[0] if zone.areas else "")
    except (TypeError, ValueError, KeyError, AttributeError):  # told as a fault of tide.json
        return
    if path is not None and bounds is not None and not bounds[0] < path < bounds[1]:
        read.fault_of(
            zone, f"zone {zone.id}: path_height = {path:g} m", f"between {bounds[0]:.1f} and {bounds[1]:.1f} m above chart datum, where this tide is"
        )


def _ring(read: Read, thing: Any, ring: tuple[Lonlat, ...], name: str) -> None:
    from shapely import LinearRing, Polygon  # noqa: PLC0415 — only checking needs it
    from shapely.validation import explain_validity  # noqa: PLC0415 — loaded by who needs it: every start is quicker

    if any(not (-180 <= x <= 180 and -90 <= y <= 90) for x, y in ring):
        read.fault_of(thing, f"{name} of {thing.id} leaves the Earth", "longitude and latitude in degrees, in this order")
    elif len(ring) < 4 or ring[0] != ring[-1]:
        read.fault_of(thing, f"{name} of {thing.id} is not closed", "at least four points, the last equal to the first")
    elif not LinearRing(ring).is_simple or not Polygon(ring).is_valid:
        why = explain_validity(Polygon(ring))  # Self-intersection[118.7 24.9]
        read.fault_of(thing, f"{name} of {thing.id} crosses or touches itself: {why}", "a simple ring")


def _place(at: Lonlat) -> str:
    return f"{at[0]:.5f}, {at[1]:.5f}"


def _people(read: Read, site: Site) -> None:
    channels = {channel.id for channel in site.channels} | {"console"}
    home = {"operator": ("room",), "shift_leader": ("room",), "clerk": ("station",), "police": ("police", "station")}
    for person in site.people:
        for name in person.channels:
            if name not in channels:
                read.fault_of(person, f"channel {name} does not exist", ", ".join(sorted(channels)))
        post = site.post.get(person.post)
        if post is not None and person.role in home and post.kind not in home[person.role]:
            read.fault_of(person, f"a {person.role} at {post.id}, which is a {post.kind}", f"a post of kind {' or '.join(home[person.role])}")
        if not person.channels:
            read.fault_of(person, f"{person.id} has no channel", "at least console")
    rooms = {post.id for post in site.posts if post.kind == "room"}
    if not any(person.role in ("operator", "shift_leader") and person.post in rooms for person in site.people):
        read.fault("site.toml", 0, "nobody looks after the room", "a post of kind room and an operator or shift_leader at it")
    for area in site.areas:
        if site.posts and not any(post.area == area.id for post in site.posts):
            read.fault_of(area, f"area {area.id} has no post", "at least a station or a room")


def _escalation(read: Read, site: Site, text: str) -> None:
    at = line_of(text, "escalation")
    for level, steps in site.escalation.items():
        line = line_of(text, level, at)
        if not steps or steps[0].after != 0:
            read.fault("site.toml", line, f"escalation of {level} begins {'nowhere' if not steps else f'after {steps[0].after} ms'}", 'after = "0s"')
        if any(later.after <= earlier.after for earlier, later in pairwise(steps)):
            read.fault("site.toml", line, f"steps of {level} are not in order", "rising times")
        for step in steps:
            for word in step.to or ("nobody",):
                if word not in WORDS:
                    read.fault("site.toml", line, f"escalation of {level} to {word!r}", f"one of {', '.join(WORDS)}")
    if site.escalation.get("red") and "room" not in site.escalation["red"][0].to:
        read.fault("site.toml", line_of(text, "red", at), "red does not go to the room at once", '"room" in its first step')


def _some(known: Mapping[str, Any], name: str) -> str:
    names = list(known)
    return f"a {name} that the site has: {', '.join(names[:6])}{' …' if len(names) > 6 else ''}"
