"""Zones of the site as prepared geometries: where silence means nothing, how far a border is."""

import numpy as np
import shapely

from ingest.site import Site
from models.coverage import metres_between

SHELTER = ("harbour", "berth", "anchorage", "aquaculture")  # masks for M12 to M15; warning-models §0.4


class Masks:
    def __init__(self, site: Site) -> None:
        sheltered = [shapely.Polygon(zone.ring, zone.holes) for zone in site.zones if zone.kind in SHELTER]
        borders = [shapely.LinearRing(zone.ring) for zone in site.zones if zone.kind == "border"]
        self._sheltered = shapely.union_all(sheltered) if sheltered else None
        self._borders = shapely.union_all(borders) if borders else None
        if self._sheltered is not None:
            shapely.prepare(self._sheltered)

    def sheltered(self, longitude: float, latitude: float) -> bool:
        return self._sheltered is not None and bool(shapely.contains_xy(self._sheltered, longitude, latitude))

    def to_border(self, longitude: float, latitude: float) -> float:
        """Metres to the nearest border, infinite where the site has none. The nearest point is sought in degrees: a few per cent too far at most."""
        if self._borders is None:
            return float("inf")
        here = shapely.Point(longitude, latitude)
        near = shapely.get_point(shapely.shortest_line(here, self._borders), 1)
        return float(metres_between(longitude, latitude, np.array([near.x]), np.array([near.y]))[0])


def masks_of(site: Site) -> Masks:
    """The masks of a site, made once and kept with it: preparing geometries costs more than asking them."""
    masks: Masks | None = site.__dict__.get("masks")
    if masks is None:
        masks = site.__dict__["masks"] = Masks(site)
    return masks
