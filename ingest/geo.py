"""Places on the Earth: distances, local metres, GCJ-02, nearest segment, whose water it is.

The quick functions are plain arithmetic, so that a process that only routes loads neither pyproj nor shapely.
Local metres are equirectangular about an origin on the WGS-84 ellipsoid: against the geodesic the error is under 0.1 % within 30 km of the
origin and 50 degrees of latitude (6 m in 20 km at Quanzhou), which is far below a vessel's own position error at that range.
"""

import math
from functools import lru_cache
from typing import Any

from ingest.site import Area, Lonlat, Segment, Site

NM = 1852.0  # m, the international nautical mile
KEPT = 0.5  # nm past the border before the owner changes; architecture
NEAR = 20.0  # nm: 30 min at 40 kn; architecture
_A, _E2 = 6_378_137.0, 0.00669437999014  # m, 1: WGS-84 semi-major axis, first eccentricity squared


@lru_cache(maxsize=1024)
def scale(latitude: float) -> tuple[float, float]:
    """Metres of one degree (east, north) at a latitude: radii of curvature of the ellipsoid."""
    sine = math.sin(math.radians(latitude))
    w = math.sqrt(1 - _E2 * sine * sine)
    return math.radians(_A / w * math.cos(math.radians(latitude))), math.radians(_A * (1 - _E2) / w**3)


def to_local(origin: Lonlat, position: Lonlat) -> tuple[float, float]:
    """Metres (east, north) of `position` from `origin`."""
    east, north = scale(origin[1])
    return _turn(position[0] - origin[0]) * east, (position[1] - origin[1]) * north


def from_local(origin: Lonlat, east: float, north: float) -> Lonlat:
    """The inverse of `to_local`."""
    x, y = scale(origin[1])
    return _turn(origin[0] + east / x), origin[1] + north / y


def metres(one: Lonlat, other: Lonlat) -> float:
    """Metres between two places, by local metres about their middle: under 0.1 % off up to 100 km. For exact ones `geodesic`."""
    east, north = scale(round((one[1] + other[1]) / 2, 4))
    return math.hypot(_turn(other[0] - one[0]) * east, (other[1] - one[1]) * north)


def geodesic(one: Lonlat, other: Lonlat) -> float:
    """Metres on the ellipsoid, exact. Source: pyproj's Geod (Karney 2013)."""
    return float(_geod().inv(*one, *other)[2])


@lru_cache(maxsize=1)
def _geod() -> Any:
    from pyproj import Geod  # noqa: PLC0415 — 15 MB that most processes do without

    return Geod(ellps="WGS84")


def _turn(degrees: float) -> float:
    """Into -180..180, so that the date line is no wall."""
    return (degrees + 180) % 360 - 180


# GCJ-02, the datum of Chinese map services


def gcj02_from_wgs84(position: Lonlat) -> Lonlat:
    """Source: the formula known from the open `eviltransform`; outside its box around China nothing is moved."""
    longitude, latitude = position
    if not (72.004 <= longitude <= 137.8347 and 0.8293 <= latitude <= 55.8271):
        return position
    x, y = longitude - 105, latitude - 35
    sines = 20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += (
        (sines + 20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi) + 160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30))
        * 2
        / 3
    )
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += (
        (sines + 20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi) + 150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi))
        * 2
        / 3
    )
    a, e2 = 6_378_245.0, 0.00669342162296594323  # m, 1: the Krasovsky ellipsoid
    w = 1 - e2 * math.sin(math.radians(latitude)) ** 2
    return (
        longitude + math.degrees(east / (a / math.sqrt(w) * math.cos(math.radians(latitude)))),
        latitude + math.degrees(north / (a * (1 - e2) / (w * math.sqrt(w)))),
    )


def wgs84_from_gcj02(position: Lonlat) -> Lonlat:
    """By iteration: forward again gives `position` to under a centimetre."""
    longitude, latitude = position
    for _ in range(10):
        there = gcj02_from_wgs84((longitude, latitude))
        off = there[0] - position[0], there[1] - position[1]
        longitude, latitude = longitude - off[0], latitude - off[1]
        if max(abs(off[0]), abs(off[1])) < 1e-9:
            break
    return longitude, latitude


# Areas


def inside(ring: tuple[Lonlat, ...], position: Lonlat) -> bool:
    """Whether a ring (closed or not) holds a position: the even-odd rule in degrees."""
    x, y = position
    found = False
    last = ring[-1]
    for here in ring:
        if (here[1] > y) != (last[1] > y) and x < (last[0] - here[0]) * (y - here[1]) / (last[1] - here[1]) + here[0]:
            found = not found
        last = here
    return found


def to_outline(area: Area, position: Lonlat) -> float:
    """Metres from a position to an area's outline, from either side."""
    x, y = to_local(position, area.outline[-1])
    best = math.inf
    for corner in area.outline:
        u, v = to_local(position, corner)
        dx, dy = u - x, v - y
        length = dx * dx + dy * dy
        t = 0.0 if length == 0 else max(0.0, min(1.0, -(x * dx + y * dy) / length))
        best = min(best, math.hypot(x + t * dx, y + t * dy))
        x, y = u, v
    return best


def to_area(area: Area, position: Lonlat) -> float:
    """Metres to the area; 0 inside."""
    return 0.0 if inside(area.outline, position) else to_outline(area, position)


def areas_near(site: Site, position: Lonlat, nm: float = NEAR) -> tuple[tuple[float, Area], ...]:
    """(metres, area) of those within `nm` nautical miles, nearest first; of several that hold the position, the lowest number."""
    found = [(to_area(area, position), area.number, area) for area in site.areas]
    return tuple((distance, area) for distance, _, area in sorted(found, key=lambda each: each[:2]) if distance <= nm * NM)


# Shore


def nearest_segment(site: Site, position: Lonlat, within: float = 2_000) -> Segment | None:
    """The shore segment nearest to a position, or None if that is over `within` metres away."""
    if not site.segments:
        return None
    tree, origin = _shore(site)
    import shapely  # noqa: PLC0415 — loaded by who needs it: every start is quicker

    here = shapely.Point(to_local(origin, position))
    index = int(tree.nearest(here))
    return site.segments[index] if float(here.distance(tree.geometries[index])) <= within else None


def along_shore(site: Site, one: str, other: str) -> float:
    """Metres along the shore between the middles of two segments; infinite on different pieces of shoreline."""
    a, b = site.segment[one], site.segment[other]
    if a.line != b.line:
        return math.inf
    low, high = sorted((a.index, b.index))
    kept: dict[tuple[str, int], float] | None = site.__dict__.get("lengths")
    if kept is None:
        kept = site.__dict__["lengths"] = {(s.line, s.index): metres(s.start, s.middle) + metres(s.middle, s.end) for s in site.segments}
    ends = (kept[a.line, low] + kept[a.line, high]) / 2 if low != high else 0.0
    return ends + sum(kept.get((a.line, index), 200.0) for index in range(low + 1, high))


def _shore(site: Site) -> tuple[Any, Lonlat]:
    """(STRtree of the segments in local metres of the first area's origin), made once and kept with the site."""
    kept: tuple[Any, Lonlat] | None = site.__dict__.get("shore")
    if kept is None:
        import shapely  # noqa: PLC0415 — 30 MB that most processes do without

        origin = site.areas[0].origin
        lines = [shapely.LineString([to_local(origin, at) for at in (segment.start, segment.middle, segment.end)]) for segment in site.segments]
        kept = site.__dict__["shore"] = (shapely.STRtree(lines), origin)
    return kept
