"""Where the water ends at the present tide: the shoreline of the map, and beyond it the flats that lie dry."""

import numpy as np

from ingest.site import Area, Site
from ingest.tide import tide_of
from ingest.zones import number
from models.columns import Floats
from models.places import places_of

MINUTE = 60_000  # ms


def off_waterline(site: Site, area: Area, longitude: Floats, latitude: Floats, now: int) -> Floats:
    """float64[n]: metres to the waterline at `now` ms, negative ashore; infinite where the site has no shoreline.

    A gleaning zone with a `height` is land while the predicted tide is lower. Without a tide it is water.
    """
    places = places_of(site, area)
    away = places.off_shore(longitude, latitude)
    for row in dry_flats(site, area, now):
        edge = places.to_zone(row, longitude, latitude)
        away = np.minimum(away, edge)
    return away


def dry_flats(site: Site, area: Area, now: int) -> tuple[int, ...]:
    """Rows of the gleaning zones that lie dry at `now` ms. Reckoned once a minute of the log."""
    kept: dict[tuple[str, int], tuple[int, ...]] = site.__dict__.setdefault("dry_flats", {})
    key = area.id, now // MINUTE
    if key not in kept:
        heights = [(row, number(zone, "height")) for row, zone in enumerate(site.zones) if zone.kind == "gleaning"]
        tide = tide_of(site, area.id) if heights else None
        level = None if tide is None else float(np.asarray(tide.level(key[1] * MINUTE)).ravel()[0])
        kept.clear()  # one minute is kept
        kept[key] = tuple(row for row, height in heights if level is not None and height is not None and level < height)
    return kept[key]
