"""What a zone may say of itself beyond its kind and ring: the table of its properties. A model's parameter may stand there too, as `M05.dwell`."""

import re
from collections.abc import Iterator
from typing import NamedTuple, get_args

from ingest.site import Site, Zone, ZoneKind
from ingest.sun import in_window
from ingest.village import fault_of_days, in_days, local_day

HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)")


class Property(NamedTuple):
    kinds: tuple[str, ...]  # of zones that may have it
    type: type
    unit: str
    low: float
    high: float
    about: str


EVERY: tuple[str, ...] = get_args(ZoneKind)
PROPERTIES: dict[str, Property] = {
    "hours": Property(EVERY, str, "", 0, 0, "local hours in which it holds, 22:00-06:00; without: always"),
    "staff": Property(
        ("closed", "risk_point", "road"), str, "", 0, 0, "local hours in which staff or people with leave are there, 08:00-09:00: nobody is reported"
    ),
    "days": Property(EVERY, str, "", 0, 0, "local days on which it holds, 05-01..08-16 every year or 2026-05-01..2026-08-16; without: always"),
    "capacity": Property(("bathing", "closed", "gleaning", "road"), float, "persons", 1, 1e6, "approved at one time"),
    "surface": Property(EVERY, float, "m2", 1, 1e9, "that people can use; without: that of the ring"),
    "height": Property(("gleaning",), float, "m", -5, 20, "of the ground above chart datum: dry while the tide is lower"),
    "path_height": Property(("gleaning", "closed", "risk_point"), float, "m", -5, 20, "lowest place of the way out, above chart datum"),
    "walk": Property(("gleaning", "closed", "risk_point"), float, "min", 0, 600, "from the farthest place to safety"),
    "strict": Property(("forbidden",), bool, "", 0, 1, "military, bridge or intake: inside is red"),
    "warning": Property(("forbidden", "border"), float, "min", 1, 60, "before a predicted entry"),
}


def faults_of(zone: Zone) -> Iterator[tuple[str, str]]:
    """(what is wrong, what is expected) of each property that is unknown or out of its range; names with a dot are models' parameters."""
    for name, value in zone.properties.items():
        known = PROPERTIES.get(name)
        if "." in name:
            continue
        if known is None:
            yield f"unknown property {name}", f"one of {', '.join(PROPERTIES)}"
        elif zone.kind not in known.kinds:
            yield f"{name} in a zone of kind {zone.kind}", f"only in {', '.join(known.kinds)}"
        elif known.type is float and (isinstance(value, bool) or not isinstance(value, int | float) or not known.low <= value <= known.high):
            yield f"{name} = {value!r}", f"{known.low:g} to {known.high:g} {known.unit}"
        elif known.type is bool and not isinstance(value, bool):
            yield f"{name} = {value!r}", "true or false"
        elif name in ("hours", "staff") and (not isinstance(value, str) or not HOURS.fullmatch(value)):
            yield f"{name} = {value!r}", "local hours as 22:00-06:00"
        elif name == "days" and fault_of_days(value):
            yield f"{name} = {value!r}", "local days as 05-01..08-16 or 2026-05-01..2026-08-16"


def number(zone: Zone, name: str) -> float | None:
    """A property that is a number, or None."""
    value = zone.properties.get(name)
    return float(value) if isinstance(value, int | float) else None


def hours(zone: Zone, name: str = "hours", without: tuple[int, int] = (0, 1440)) -> tuple[int, int]:
    """Minutes since local midnight in which the zone holds, (begin, end); `without` where it does not say; (0, 1440): always.

    `name`: the property that says it, `hours` or `staff`.
    """
    return minutes(str(zone.properties.get(name, "")), without)


def minutes(text: str, without: tuple[int, int] = (0, 1440)) -> tuple[int, int]:
    """Minutes since local midnight of 22:00-06:00, (begin, end); `without` where the text is none."""
    found = HOURS.fullmatch(text)
    if found is None:
        return without
    return int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])


def on_day(zone: Zone, day: str) -> bool:
    """Whether the zone holds on a local day, 2026-05-01."""
    days = zone.properties.get("days")
    return days is None or in_days(str(days), day)


def in_force(site: Site, zone: Zone, at: int) -> bool:
    """Whether the zone holds at `at` ms, by its local hours and days."""
    begin, end = hours(zone)
    return ((begin, end) == (0, 1440) or in_window(site, at, begin, end)) and on_day(zone, local_day(site.time_zone, at))


def staffed(site: Site, zone: Zone, at: int) -> bool:
    """Whether its staff, or people with leave, are there at `at` ms: nobody is reported."""
    return "staff" in zone.properties and in_window(site, at, *hours(zone, "staff"))


def in_season(site: Site, kind: str, zone: str, at: int) -> bool:
    """Whether a holiday or farm work (`kind`) is on in a zone at `at` ms. A season without zones is on everywhere."""
    if not site.seasons:
        return False
    day = local_day(site.time_zone, at)
    return any(
        season.kind == kind and season.begins <= day <= season.ends and (not season.zones or zone in season.zones) and in_window(site, at, *minutes(season.hours))
        for season in site.seasons
    )  # fmt: skip
