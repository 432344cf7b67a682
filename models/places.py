"""The site's places as prepared geometries, in local metres: who is inside a zone, how far a border is, which piece of shore is nearest.

Local metres are about the area's origin; within 30 km of it their error is under 0.1 % (`ingest/geo.py`). All questions take columns.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray

from ingest.geo import scale
from ingest.site import Area, Lonlat, Site, Zone
from models.columns import NOTHING, Floats, Ints, Objects, Truths, Visits, taken

N = TypeVar("N", Floats, float)

SHELTER = ("harbour", "berth", "anchorage", "aquaculture")  # masks for M12 to M15; warning-models §0.4
BESIDE = 60.0  # m from a zone to the middle of a segment that lies along it; ours
CLEAR = 2_000.0  # m from the shore beyond which no segment is named; ours


class Places:
    """One area's places. A zone is known by its row in the site's zones, a segment by its row in the site's segments."""

    def __init__(self, site: Site, area: Area) -> None:
        self.site, self.origin = site, area.origin
        self._east, self._north = scale(area.origin[1])
        self.shapes: tuple[shapely.Polygon, ...] = tuple(self._polygon(zone) for zone in site.zones)
        self._zones = shapely.STRtree(self.shapes)
        self._of_kind: dict[tuple[str, ...], shapely.Geometry | None] = {}
        lines = [shapely.LineString(self._ring((each.start, each.middle, each.end))) for each in site.segments]
        self._shore = shapely.STRtree(lines) if lines else None
        self._middles = shapely.points(self._ring(each.middle for each in site.segments)) if lines else None
        land = [shapely.make_valid(shapely.Polygon(self._ring(ring))) for ring in site.shoreline]
        self._land = shapely.union_all(land) if land else None
        if self._land is not None:
            shapely.prepare(self._land)
        coast = shapely.boundary(self._land) if self._land is not None else shapely.union_all(lines) if lines else None
        self._coast = None if coast is None else shapely.STRtree(_pieces(coast))
        self.row = {zone.id: row for row, zone in enumerate(site.zones)}

    def local(self, longitude: N, latitude: N) -> tuple[N, N]:
        """Metres east and north of the area's origin, of columns or of one place; the date line is no wall."""
        east = ((longitude - self.origin[0] + 180) % 360 - 180) * self._east
        return east, (latitude - self.origin[1]) * self._north

    def rows(self, *kinds: str) -> tuple[int, ...]:
        """Rows of the zones of these kinds."""
        return tuple(row for row, zone in enumerate(self.site.zones) if zone.kind in kinds)

    def inside(self, kinds: tuple[str, ...], longitude: Floats, latitude: Floats) -> Truths:
        """bool[n]: inside any zone of these kinds. NaN is nowhere."""
        shape = self._union(kinds)
        if shape is None:
            return np.zeros(len(longitude), dtype=np.bool_)
        found: Truths = shapely.contains_xy(shape, *self.local(longitude, latitude))
        return found

    def sheltered(self, longitude: Floats, latitude: Floats) -> Truths:
        """bool[n]: in a harbour, at a berth, an anchorage or a farm: masks of M12 to M15."""
        return self.inside(SHELTER, longitude, latitude)

    def zones_at(self, longitude: Floats, latitude: Floats) -> tuple[Ints, Ints]:
        """(row of the position, row of the zone): int64[m] each, one a zone that holds the position, in order."""
        found = self._zones.query(shapely.points(*self.local(longitude, latitude)), predicate="intersects")
        order = np.lexsort((found[1], found[0]))
        return found[0][order], found[1][order]

    def to_zone(self, row: int, longitude: Floats, latitude: Floats) -> Floats:
        """float64[n]: metres to the edge of a zone, negative inside."""
        points, shape = shapely.points(*self.local(longitude, latitude)), self.shapes[row]
        edge: Floats = shapely.distance(points, shapely.boundary(shape))
        return np.where(shapely.contains(shape, points), -edge, edge)

    def to_kind(self, kinds: tuple[str, ...], longitude: Floats, latitude: Floats) -> Floats:
        """float64[n]: metres to the edge of the nearest zone of these kinds; infinite where the site has none."""
        shape = self._union(kinds)
        if shape is None:
            return np.full(len(longitude), np.inf)
        found: Floats = shapely.distance(shapely.points(*self.local(longitude, latitude)), shapely.boundary(shape))
        return found

    def on_land(self, longitude: Floats, latitude: Floats) -> Truths:
        """bool[n]: inside an outline of land; none where the site has no shoreline."""
        if self._land is None:
            return np.zeros(len(longitude), dtype=np.bool_)
        found: Truths = shapely.contains_xy(self._land, *self.local(longitude, latitude))
        return found

    def off_shore(self, longitude: Floats, latitude: Floats) -> Floats:
        """float64[n]: metres to the shoreline, negative on land; infinite where the site has none."""
        if self._coast is None:
            return np.full(len(longitude), np.inf)
        away = np.full(len(longitude), np.nan)
        known = np.flatnonzero(np.isfinite(longitude) & np.isfinite(latitude))
        if len(known):
            points = shapely.points(*self.local(longitude[known], latitude[known]))
            (at, _), metres = self._coast.query_nearest(points, return_distance=True, all_matches=False)
            away[known[at]] = metres
        return np.where(self.on_land(longitude, latitude), -away, away)

    def segments_at(self, longitude: Floats, latitude: Floats, within: float = CLEAR) -> Ints:
        """int64[n]: row of the nearest segment of shore, -1 where none is within so many metres."""
        rows = np.full(len(longitude), -1, dtype=np.int64)
        known = np.flatnonzero(np.isfinite(longitude) & np.isfinite(latitude))
        if self._shore is None or not len(known):
            return rows
        points = shapely.points(*self.local(longitude[known], latitude[known]))
        found = self._shore.query_nearest(points, max_distance=within, all_matches=False)
        rows[known[found[0]]] = found[1]
        return rows

    def segments_along(self, zone: int) -> Ints:
        """int64[m]: rows of the segments of which at least half lies beside or in a zone; where there is none, of the nearest within reach."""
        if self._shore is None:
            return np.empty(0, dtype=np.int64)
        away = shapely.distance(self.shapes[zone], self._middles)
        beside = np.flatnonzero(away <= BESIDE)
        nearest = int(np.argmin(away))
        return beside if len(beside) or away[nearest] > CLEAR else np.array([nearest])

    def segment_at(self, position: Lonlat | None) -> str:
        """The id of the nearest segment of shore, or nothing."""
        if position is None:
            return ""
        row = int(self.segments_at(np.array([position[0]]), np.array([position[1]]))[0])
        return self.site.segments[row].id if row >= 0 else ""

    def visits(self, objects: Objects, declared: Sequence[tuple[int, tuple[str, ...]]]) -> Visits:
        """Who is in which zone: by position; `declared`: (row of the object, zones that its camera names), for those without a position."""
        if not len(objects.nth) or not self.shapes:
            return _NOBODY
        placed = np.flatnonzero(np.isfinite(objects.longitude) & np.isfinite(objects.latitude))
        pairs = []
        if len(placed):
            at, zone = self.zones_at(objects.longitude[placed], objects.latitude[placed])
            pairs = list(zip(placed[at].tolist(), zone.tolist(), strict=True))
        pairs += [(row, self.row[name]) for row, names in declared for name in dict.fromkeys(names) if name in self.row]
        if not pairs:
            return _NOBODY
        rows, zones = (np.array(column, dtype=np.int64) for column in zip(*sorted(pairs), strict=True))
        of = taken(objects, rows)
        return Visits(of.nth, of.subject, of.at, of.track, of.kind, zones, of.score)

    def _union(self, kinds: tuple[str, ...]) -> shapely.Geometry | None:
        if kinds not in self._of_kind:
            shapes = [self.shapes[row] for row in self.rows(*kinds)]
            self._of_kind[kinds] = shape = shapely.union_all(shapes) if shapes else None
            if shape is not None:
                shapely.prepare(shape)
        return self._of_kind[kinds]

    def _polygon(self, zone: Zone) -> shapely.Polygon:
        shape = shapely.Polygon(self._ring(zone.ring), [self._ring(hole) for hole in zone.holes])
        shapely.prepare(shape)
        return shape

    def _ring(self, ring: Iterable[Lonlat]) -> NDArray[np.float64]:
        corners = np.array(tuple(ring), dtype=np.float64)
        return np.stack(self.local(corners[:, 0], corners[:, 1]), axis=1)


def _pieces(line: shapely.Geometry) -> NDArray[np.object_]:
    """The straight pieces of lines: a tree of these finds the nearest far faster than the distance to the whole."""
    found = []
    for part in shapely.get_parts(line):
        corners = shapely.get_coordinates(part)
        found.append(shapely.linestrings(np.stack([corners[:-1], corners[1:]], axis=1)))
    return np.concatenate(found)


def places_of(site: Site, area: Area) -> Places:
    """An area's places, made once and kept with the site: preparing geometries costs more than asking them."""
    kept: dict[str, Places] = site.__dict__.setdefault("places", {})
    if area.id not in kept:
        kept[area.id] = Places(site, area)
    return kept[area.id]


_NOBODY: Visits = NOTHING[Visits]
