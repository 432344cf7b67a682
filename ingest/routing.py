"""Which areas of the log an event goes to: its device's, and for what concerns more than one, each that it touches."""

from typing import Any

import msgspec

from ingest.events import Bulletin, Distress, Event, Exercise, Permit, Position, Silence, Trip, Unit, Work
from ingest.geo import KEPT, NEAR, NM, areas_near
from ingest.site import Site

Routed = list[tuple[int, Event]]


class Router:
    """Answers for one site. `home` is the number of the area of the device that spoke."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._numbers = tuple(sorted(area.number for area in site.areas))
        homes = ((name, site.post.get(boat.home)) for name, boat in (*site.vessel.items(), *site.registry.items()))
        self._homes = {name: site.area_of[post.area].number for name, post in homes if post is not None and post.area in site.area_of}

    def route(self, event: Event, home: int) -> Routed:
        if isinstance(event, Position | Distress):
            return self._by_place(event, home)
        if isinstance(event, Bulletin):
            return self._bulletin(event)
        return [(number, event) for number in self._areas(event, home)]

    def _by_place(self, event: Any, home: int) -> Routed:
        """A fix goes to every area near it, and a registered boat's to that of its home station, where its trips are kept: not as its own, where it is far.
        Far from all, it stays with its receiver's area: a fix as nobody's own, a distress as its own.

        The owner told is the area that holds the place, else the nearest. Where areas meet, `waters` names those that may go on owning it, which only the
        memory of an area can tell: this function has none.
        """
        if event.position is None:
            return [(home, event)]
        site, position = self._site, event.position
        near = areas_near(site, position, NEAR)
        if not near:
            owns = isinstance(event, Distress)
            routed = [(home, event if event.owner == owns else msgspec.structs.replace(event, owner=owns))]
        elif len(near) == 1:
            routed = [(near[0][1].number, event)]
        else:
            waters = (near[0][1].number, *(area.number for metres, area in near[1:] if metres <= KEPT * NM))
            routed = [(area.number, msgspec.structs.replace(event, owner=area.number == waters[0], waters=waters)) for _, area in near]
        kept = self._homes.get(event.vessel)
        if kept is not None and isinstance(event, Position) and all(number != kept for number, _ in routed):
            routed.append((kept, msgspec.structs.replace(event, owner=False)))
        return routed

    def _areas(self, event: Event, home: int) -> tuple[int, ...]:
        site = self._site
        match event:
            case Silence():
                matchers = event.matchers
                if matchers.area in site.area_of:
                    return (site.area_of[matchers.area].number,)
                if matchers.segment in site.segment:
                    return self._numbered(site.segment[matchers.segment].area)
                if matchers.device in site.device:
                    return self._numbered(site.device[matchers.device].area)
                return self._numbers
            case Exercise():
                return self._numbered(*(site.device[one].area for one in event.devices if one in site.device)) or (home,)
            case Work() if event.subject in site.device:
                return self._numbered(site.device[event.subject].area)
            case Permit() if event.zone in site.zone:
                return self._numbered(*site.zone[event.zone].areas) or (home,)
            case Trip():
                return self._numbers if event.vessel in self._homes else (home,)  # a boat that is overdue may have fallen silent in any water
            case Unit() if event.unit in site.unit:
                return tuple(sorted({home, *self._numbered(site.unit[event.unit].area)}))
        return (home,)

    def _bulletin(self, event: Bulletin) -> Routed:
        """An amendment reaches also whom it no longer concerns: there what it amends has ended."""
        concerned = self._concerned(event)
        amends = event.message == "update" or event.replaces
        ended = event if event.message == "cancel" else msgspec.structs.replace(event, onset=event.received, expires=event.received, deadline=None)
        return [(number, event if number in concerned else ended) for number in (self._numbers if amends else concerned)]

    def _concerned(self, event: Bulletin) -> tuple[int, ...]:
        """Areas named or covered; every area where none of ours is told, since a warning too many is read and one too few is not."""
        named = self._numbered(*event.areas)
        if len(event.polygon) > 2:
            import shapely  # noqa: PLC0415  # rare

            covered = shapely.make_valid(shapely.Polygon(event.polygon))
            touched = [area.id for area in self._site.areas if covered.intersects(shapely.make_valid(shapely.Polygon(area.outline)))]
            return tuple(sorted({*named, *self._numbered(*touched)})) or self._numbers
        return named or self._numbers

    def _numbered(self, *ids: str) -> tuple[int, ...]:
        area_of = self._site.area_of
        return tuple(sorted({area_of[one].number for one in ids if one in area_of}))
