"""Who sits where, and which units there are: what shifts and units' own words tell."""

from msgspec import Struct

from alerts.alert import Alert
from alerts.life_cycle.case import Case
from ingest.events import Unit
from ingest.site import Area, Lonlat, Site

EMPTY_SEAT = 120_000  # ms; warning-models §0.6


class UnitState(Struct, frozen=True):
    state: str = "free"
    position: Lonlat | None = None


class Roster(Struct):
    """`seats`: who sits there ("" when left); `empty`: since when; `offers`: seat -> to whom."""

    seats: dict[str, str] = {}
    empty: dict[str, int] = {}
    raised: dict[str, int] = {}
    offers: dict[str, str] = {}
    units: dict[str, UnitState] = {}

    @property
    def on_duty(self) -> tuple[str, ...]:
        return tuple(person for person in self.seats.values() if person)

    def hear(self, event: Unit) -> None:
        known = self.units.get(event.unit, UnitState())
        self.units[event.unit] = UnitState(event.state or known.state, event.position or known.position)


def seat_here(site: Site, area: Area, seat: str) -> bool:
    """Whether this area tells of the seat: the area of its post, so that one empty chair is one alert."""
    for person in site.people:
        if person.seat == seat and person.post in site.post:
            return site.post[person.post].area == area.id
    return site.lowest_area.id == area.id


def unit_people(site: Site, unit: str) -> tuple[str, ...]:
    """Who hears that a unit is asked: the person of that name, else the units' people of its post."""
    if unit in site.person:
        return (unit,)
    known = site.unit.get(unit)
    if known is None:
        return ()
    return tuple(person.id for person in site.people if person.role == "unit" and person.post == known.post)


def nearest_free(site: Site, area: Area, roster: Roster, cases: list[Case], alert: Alert) -> str | None:
    """The free unit nearest to the place that was not asked yet, of the same area; the first by name of equals."""
    asked = {each.unit for each in alert.responses}
    busy = {
        each.unit
        for case in cases
        if case.is_open
        for each in case.alert.responses
        if each.declined is None and each.left is None and each.unit not in case.unanswering
    }
    ranked = []
    for unit in site.units:
        told = roster.units.get(unit.id, UnitState())
        if unit.area != area.id or unit.id in asked or unit.id in busy or told.state != "free":
            continue
        place = told.position or unit.position or (site.post[unit.post].position if unit.post in site.post else None)
        ranked.append((_square(place, _place(site, alert)), unit.id))
    return min(ranked)[1] if ranked else None


def _place(site: Site, alert: Alert) -> Lonlat | None:
    if alert.position is not None:
        return alert.position
    segment = site.segment.get(alert.segment)
    return segment.middle if segment else None


def _square(one: Lonlat | None, other: Lonlat | None) -> float:
    """A measure that grows with distance, good enough to rank within an area: degrees, longitude shortened for 25 degrees of latitude."""
    if one is None or other is None:
        return float("inf")
    return round(((one[0] - other[0]) * 0.906) ** 2 + (one[1] - other[1]) ** 2, 12)
