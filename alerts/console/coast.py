"""The coast for the map, as GeoJSON: the site's own shoreline, segments and zones, and what stands there. No internet needed."""

from typing import Any

from ingest.site import Site


def coast(site: Site) -> dict[str, Any]:
    """`land`, `segments`, `zones`: feature collections; `devices`, `units`, `posts`, `areas`: plain rows."""
    return {
        "name": {"zh": site.name_zh, "en": site.name_en},
        "land": _collection([_feature("Polygon", [list(ring)], {}) for ring in site.shoreline if len(ring) > 3]),
        "segments": _collection(
            [
                _feature("LineString", [s.start, s.end], {"id": s.id, "risk": s.risk_point, "zh": s.name_zh, "en": s.name_en, "post": s.station})
                for s in site.segments
            ]
        ),
        "zones": _collection(
            [_feature("Polygon", [z.ring, *z.holes], {"id": z.id, "kind": z.kind, "zh": z.name_zh, "en": z.name_en}) for z in site.zones]
        ),
        "devices": [[d.id, d.type, d.position, d.place, d.name_zh, d.name_en, d.segment, d.area, d.in_service] for d in site.devices],
        "units": [
            [u.id, u.type, u.position or (site.post[u.post].position if u.post in site.post else None), u.name_zh, u.name_en, u.area]
            for u in site.units
        ],
        "posts": [[p.id, p.kind, p.position, p.name_zh, p.name_en, p.phone] for p in site.posts],
        "areas": [[a.id, a.number, a.name_zh, a.name_en, a.outline] for a in site.areas],
    }


def _feature(kind: str, coordinates: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}
