"""The site: what stands on this coast, who looks after it, and by which numbers it is judged. Read once, checked wholly, immutable.

`site_files.py` reads a folder into it and tells every fault; this module only says what a site is and answers questions about it.
Positions are (longitude, latitude) in degrees, WGS-84. Local coordinates are metres east and north of an area's origin.
"""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from msgspec import Struct, field, msgpack, structs

from ingest.events import Level
from ingest.village import Covenant, Group, Moratorium, Plate, Season

Lonlat = tuple[float, float]
DeviceType = Literal["box", "light", "camera", "receiver", "gateway", "sensor", "console"]
Role = Literal["operator", "shift_leader", "clerk", "police", "unit", "installer", "chief", "administrator"]
VesselKind = Literal["fishing", "township", "carrier", "tender", "trade", "ferry", "leisure", "official"]
ZoneKind = Literal[
    "harbour", "berth", "anchorage", "closed", "bathing", "gleaning", "risk_point", "road", "parking", "border", "forbidden", "aquaculture", "fairway"
]


class Area(Struct, frozen=True):
    """What one ship-management county covers. `number` is its partition of the log: fixed, append-only."""

    id: str
    number: int
    name_zh: str
    name_en: str
    outline: tuple[Lonlat, ...]  # closed ring
    origin: Lonlat  # of local metres


class Post(Struct, frozen=True):
    """A desk that gets alerts: the monitoring room, a ship-management station, a scenic police room. Stations and police rooms have a stretch."""

    id: str
    kind: Literal["room", "station", "police"]
    area: str
    name_zh: str
    name_en: str
    segments: tuple[str, ...] = ()  # the stretch
    position: Lonlat | None = None
    phone: str = ""


class Person(Struct, frozen=True):
    id: str
    name: str
    role: Role
    post: str
    language: Literal["zh", "en"] = "zh"
    seat: str = ""  # room-1; empty: none
    channels: tuple[str, ...] = ("console",)  # in the order to be tried; names in `Site.channels`


class Segment(Struct, frozen=True):
    """200 m of shoreline."""

    id: str
    area: str
    index: int  # along the shore; neighbours differ by one within a `line`
    line: str  # the piece of shoreline that it is of
    start: Lonlat
    end: Lonlat
    middle: Lonlat
    station: str  # post
    police: str = ""  # post
    risk_point: bool = False
    name_zh: str = ""
    name_en: str = ""


class Device(Struct, frozen=True):
    id: str
    type: DeviceType
    area: str
    position: Lonlat
    segment: str = ""
    place: str = ""  # the place number printed on it: QZ-0123
    name_zh: str = ""
    name_en: str = ""
    neighbours: tuple[str, ...] = ()  # devices of the same type within 400 m along the shore, nearest first
    risk_point: bool = False
    feeder: str = ""  # power or network feeder
    gateway: str = ""  # device that may publish for it
    in_service: bool = True
    kinds: tuple[str, ...] = ()  # what it may say, beyond its type's own
    finds: float | None = None  # of a camera: persons counted for each who is there; 0.7 misses three of ten, 1.2 takes umbrellas for people


class Unit(Struct, frozen=True):
    """A patrol, boat or drone that can be sent."""

    id: str
    area: str
    type: Literal["patrol", "boat", "drone"]
    post: str
    name_zh: str = ""
    name_en: str = ""
    position: Lonlat | None = None


class Zone(Struct, frozen=True):
    id: str
    kind: ZoneKind
    areas: tuple[str, ...]
    name_zh: str
    name_en: str
    ring: tuple[Lonlat, ...]  # closed, simple
    holes: tuple[tuple[Lonlat, ...], ...] = ()
    properties: dict[str, str | float | bool] = field(default_factory=dict)


class Vessel(Struct, frozen=True):
    """A registered vessel. `id` is the registry's; MMSI and terminals lead to it."""

    id: str
    name: str
    mmsi: str = ""
    terminal: str = ""  # Beidou
    home: str = ""  # post
    group: str = ""  # ten-ship group
    length: float | None = None  # m
    gear: str = ""
    skipper: str = ""
    phone: str = ""
    contact: str = ""  # emergency contact
    wind_rating: int | None = None  # Beaufort
    plate: str = ""  # as painted on a township boat
    kind: VesselKind = "fishing"  # tender: of a farm; official: on duty
    certificate_until: str = ""  # last day, 2026-12-31
    insurance_until: str = ""  # the same
    inspection_until: str = ""  # the same
    crew: int | None = None  # persons that the certificate names
    kit: tuple[str, ...] = ()  # aboard: locator, radio, lifejackets, liferaft, flares, lights, beacon, pump
    whitelist: tuple[str, ...] = ()  # models to which it is known and no alert, as M06


class Step(Struct, frozen=True):
    """One step of escalation: `after` ms unanswered, page `to`: room, shift_leader, station, next_station, police, installer, chief."""

    after: int
    to: tuple[str, ...]


class Channel(Struct, frozen=True):
    """A way to people. `url`: console:, webhook+https://…, apprise:…; `secret` names an environment variable."""

    id: str
    url: str
    secret: str = ""
    timeout: int = 20_000  # ms; then the next channel
    inside: bool = False  # it ends inside the site: it may carry the whole alert; all others get id, level and place number only


class Site(Struct, frozen=True, dict=True):
    """A whole site at one revision (the hash of its files)."""

    revision: str
    id: str
    name_zh: str
    name_en: str
    time_zone: str  # IANA
    areas: tuple[Area, ...]
    posts: tuple[Post, ...] = ()
    people: tuple[Person, ...] = ()
    segments: tuple[Segment, ...] = ()
    devices: tuple[Device, ...] = ()
    units: tuple[Unit, ...] = ()
    zones: tuple[Zone, ...] = ()
    vessels: tuple[Vessel, ...] = ()
    shoreline: tuple[tuple[Lonlat, ...], ...] = ()  # land outlines for the map
    channels: tuple[Channel, ...] = ()
    thresholds: Mapping[str, Mapping[str, float | int | str | bool]] = field(default_factory=dict)  # model code -> parameter -> value
    escalation: Mapping[Level, tuple[Step, ...]] = field(default_factory=dict)
    tide: Mapping[str, object] = field(default_factory=dict)  # the nearest station's constituents
    groups: tuple[Group, ...] = ()
    covenants: tuple[Covenant, ...] = ()
    moratoria: tuple[Moratorium, ...] = ()
    seasons: tuple[Season, ...] = ()
    plates: tuple[Plate, ...] = ()

    # Looked up often, so kept: names to things.
    @cached_property
    def area_of(self) -> dict[str, Area]:
        return {area.id: area for area in self.areas}

    @cached_property
    def area_by_number(self) -> dict[int, Area]:
        return {area.number: area for area in self.areas}

    @cached_property
    def device(self) -> dict[str, Device]:
        return {device.id: device for device in self.devices}

    @cached_property
    def segment(self) -> dict[str, Segment]:
        return {segment.id: segment for segment in self.segments}

    @cached_property
    def post(self) -> dict[str, Post]:
        return {post.id: post for post in self.posts}

    @cached_property
    def person(self) -> dict[str, Person]:
        return {person.id: person for person in self.people}

    @cached_property
    def unit(self) -> dict[str, Unit]:
        return {unit.id: unit for unit in self.units}

    @cached_property
    def zone(self) -> dict[str, Zone]:
        return {zone.id: zone for zone in self.zones}

    @cached_property
    def vessel(self) -> dict[str, Vessel]:
        """By MMSI and by terminal number."""
        return {key: vessel for vessel in self.vessels for key in (vessel.mmsi, vessel.terminal) if key}

    @cached_property
    def registry(self) -> dict[str, Vessel]:
        """By the registry's id."""
        return {vessel.id: vessel for vessel in self.vessels}

    @cached_property
    def identity(self) -> dict[str, str]:
        """By MMSI, terminal or registry id: the one name under which a registered vessel is judged, its MMSI, else its terminal, else its id."""
        return {
            key: vessel.mmsi or vessel.terminal or vessel.id for vessel in self.vessels for key in (vessel.mmsi, vessel.terminal, vessel.id) if key
        }

    @cached_property
    def group(self) -> dict[str, Group]:
        return {group.id: group for group in self.groups}

    @cached_property
    def covenant(self) -> dict[str, Covenant]:
        return {covenant.id: covenant for covenant in self.covenants}

    @cached_property
    def lowest_area(self) -> Area:
        """Where a press from an unknown area goes."""
        return min(self.areas, key=lambda area: area.number)


_encode = msgpack.Encoder(order="deterministic").encode
_decode = msgpack.Decoder(Site).decode


def pack_site(site: Site) -> bytes:
    """As it stands in the log. The same content always gives the same bytes."""
    return _encode(site)


def unpack_site(packed: bytes) -> Site:
    """Raises `msgspec.DecodeError`."""
    return _decode(packed)


def with_revision(site: Site) -> Site:
    """The site with its revision: the first 16 hexadecimal digits of the SHA-256 of all the rest."""
    digest = hashlib.sha256(pack_site(structs.replace(site, revision=""))).hexdigest()
    return structs.replace(site, revision=digest[:16])
