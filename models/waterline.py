"""Where the water ends at the present tide: the shoreline of the map, and beyond it the flats that lie dry."""

from math import isnan

import numpy as np

from ingest.site import Area, Site
from ingest.tide import tide_of
from ingest.zones import number
from models.columns import Floats
from models.places import places_of

MINUTE = 60_000  # ms


def off_waterline(site: Site, area: Area, longitude: Floats, latitude: Floats, now: int, *, depth: float = 0.0, unknown_dry: bool = False) -> Floats:
    """float64[n]: metres to the waterline at `now` ms, negative ashore; infinite where the site has no shoreline.

    A gleaning zone with a `height` is land while the predicted tide is lower than that and `depth` m more. Without a tide it is water, or land.
    """
    places = places_of(site, area)
    away = places.off_shore(longitude, latitude)
    for row in dry_flats(site, area, now, depth, unknown_dry=unknown_dry):
        away = np.minimum(away, places.to_zone(row, longitude, latitude))
    return away


def dry_flats(site: Site, area: Area, now: int, depth: float = 0.0, *, unknown_dry: bool = False) -> tuple[int, ...]:
    """Rows of the gleaning zones that lie dry at `now` ms. Reckoned once a minute of the log, and kept with the site."""
    kept: dict[tuple[str, float], tuple[int, tuple[int, ...]]] = site.__dict__.setdefault("dry_flats", {})
    minute, rows = kept.get((area.id, depth), (-1, ()))
    if minute != now // MINUTE:
        heights = [(row, number(zone, "height")) for row, zone in enumerate(site.zones) if zone.kind == "gleaning"]
        tide = tide_of(site, area.id) if heights else None
        level = float("nan") if tide is None else float(tide.level(now // MINUTE * MINUTE)[0])
        unknown = isnan(level)  # NaN: before or after a table of waters, or no tide at all
        rows = tuple(row for row, height in heights if (unknown_dry if unknown or height is None else level < height + depth))
        kept[area.id, depth] = now // MINUTE, rows
    return rows
