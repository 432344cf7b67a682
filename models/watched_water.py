"""Forbidden water and borders as geometry: how far a vessel is from each, whether it is inside or passed through, and when it will be inside."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import shapely

from ingest.site import Area, Site, Zone
from ingest.zones import number
from models.columns import Positions, Truths
from models.places import places_of

KINDS = ("forbidden", "border")
KN = 1852.0 / 3600.0  # m/s
FASTEST = 102.2  # kn, the most that AIS can say


class Measures(NamedTuple):
    """By what a zone is judged; the parameters of M14."""

    warning: float  # s
    clear: float  # m
    sailing: float  # kn
    deep: float  # m
    anchored: float  # kn
    jitter: float  # m


class Fix(NamedTuple):
    longitude: float
    latitude: float
    sog: float  # kn, NaN: not said
    cog: float  # degrees, NaN: not said


class Look(NamedTuple):
    clear: bool  # far enough from the edge to be out
    inside: bool
    crosses: bool  # its way since the fix before led through
    due: int | None  # ms until it is inside, if it holds its course


class Watch:
    """The watched zones of one area, in local metres."""

    def __init__(self, site: Site, area: Area, measures: Callable[[Site, Zone], Measures]) -> None:
        self.site, self.places = site, places_of(site, area)
        rows = [row for row in self.places.rows(*KINDS) if area.id in site.zones[row].areas or not site.zones[row].areas]
        self.zones: tuple[Zone, ...] = tuple(site.zones[row] for row in rows)
        self._shapes = {zone.id: self.places.shapes[row] for zone, row in zip(self.zones, rows, strict=True)}
        for shape in self._shapes.values():
            shapely.prepare(shape)
        self._by = {zone.id: _with_own(zone, measures(site, zone)) for zone in self.zones}
        self._box = np.array([shape.bounds for shape in self._shapes.values()]).reshape(-1, 4).T[..., None]  # float64[4, z, 1], m
        self._reach = np.array([(by.clear, by.warning) for by in self._by.values()]).reshape(-1, 2).T[..., None]  # float64[2, z, 1]

    def close(self, fixes: Positions) -> Truths:
        """bool[z, n]: a fix is so near to a zone's box that it may matter."""
        east, north = self.places.local(fixes.longitude, fixes.latitude)
        west, south, far_east, far_north = self._box
        away = np.maximum(np.maximum(west - east, east - far_east), np.maximum(south - north, north - far_north))
        clear, seconds = self._reach
        close: Truths = away <= clear + seconds * (np.clip(np.nan_to_num(fixes.sog), 0, FASTEST) * KN)
        return close

    def look(self, zone: Zone, fix: Fix, before: tuple[float, float] | None) -> Look:
        """`before`: longitude and latitude of the fix before, where its way from there is to count."""
        by, shape = self._by[zone.id], self._shapes[zone.id]
        point = shapely.Point(self._metres(fix.longitude, fix.latitude))
        away = float(shape.distance(point))
        if away == 0:
            wanders = fix.sog < by.anchored and shape.boundary.distance(point) < by.jitter
            return Look(clear=False, inside=not wanders, crosses=False, due=None)
        crosses = False
        if before is not None:
            way = shapely.LineString((self._metres(*before), (point.x, point.y)))
            crosses = shape.intersects(way) and not shape.covers(shapely.Point(way.coords[0])) and way.intersection(shape).length >= by.deep
        return Look(away > by.clear, inside=False, crosses=crosses, due=_due(shape, by, fix, point))

    def _metres(self, longitude: float, latitude: float) -> tuple[float, float]:
        east, north = self.places.local(longitude, latitude)
        return float(east), float(north)


def _due(shape: shapely.Geometry, by: Measures, fix: Fix, point: shapely.Point) -> int | None:
    """Straight on by speed and course. At least `deep` m of the way must lie inside, so that a vessel that passes a corner is none."""
    if not (fix.sog >= by.sailing and np.isfinite(fix.cog)):
        return None
    speed, course = min(fix.sog, FASTEST) * KN, np.radians(fix.cog)
    length = speed * by.warning + by.deep
    way = shapely.LineString(((point.x, point.y), (point.x + length * np.sin(course), point.y + length * np.cos(course))))
    if not shape.intersects(way):
        return None
    part = way.intersection(shape)
    ahead = float(part.distance(point))
    return round(ahead / speed * 1000) if part.length >= by.deep and ahead <= speed * by.warning else None


def _with_own(zone: Zone, by: Measures) -> Measures:
    """A zone may say how early to warn; a border may be a strip narrower than the depth that is asked of other water."""
    warning = number(zone, "warning")
    return by._replace(warning=by.warning if warning is None else warning * 60, deep=0.0 if zone.kind == "border" else by.deep)
