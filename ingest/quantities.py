"""The table of quantities: what a measured number is, in which unit, between which bounds, how finely.

Every number on the wire has its type here. The same entries feed validation (`ge`, `le`), the line protocol, dashboards
and the generated documentation, so that a unit is written once.
"""

from typing import Annotated, Any

from msgspec import Meta


def _number(unit: str, low: float, high: float, resolution: float) -> Meta:
    return Meta(ge=low, le=high, extra={"unit": unit, "resolution": resolution})


Ratio = Annotated[float, _number("1", 0, 1, 0.001)]
Seconds = Annotated[float, _number("s", 0, 1e9, 0.001)]
Metres = Annotated[float, _number("m", 0, 1e6, 0.1)]
Degrees = Annotated[float, _number("deg", 0, 360, 0.1)]
Tilt = Annotated[float, _number("deg", -180, 180, 0.1)]
Longitude = Annotated[float, _number("deg", -180, 180, 1e-6)]
Latitude = Annotated[float, _number("deg", -90, 90, 1e-6)]
Knots = Annotated[float, _number("kn", 0, 200, 0.1)]
MetresPerSecond = Annotated[float, _number("m/s", 0, 150, 0.01)]
Celsius = Annotated[float, _number("Cel", -80, 120, 0.1)]
Amperes = Annotated[float, _number("A", 0, 1000, 0.001)]
Lux = Annotated[float, _number("lx", 0, 200_000, 0.1)]
Dbm = Annotated[float, _number("dBm", -200, 30, 1)]
Hectopascals = Annotated[float, _number("hPa", 800, 1100, 0.1)]
TideLevel = Annotated[float, _number("m", -30, 30, 0.001)]
WaveHeight = Annotated[float, _number("m", 0, 40, 0.01)]
Beaufort = Annotated[float, _number("Bft", 0, 17, 1)]
FramesPerSecond = Annotated[float, _number("Hz", 0, 1000, 0.1)]
PerMinute = Annotated[float, _number("/min", 0, 1e7, 0.1)]
Count = Annotated[float, _number("1", 0, 1e7, 0.1)]
Number = Annotated[float, _number("", -1e12, 1e12, 1e-6)]

Lonlat = tuple[Longitude, Latitude]


def meta_of(annotation: Any) -> Meta | None:
    """The `Meta` inside `annotation` (a type as written on a field, optional or not), or None for what is not a quantity."""
    metas = getattr(annotation, "__metadata__", ())
    for meta in metas:
        if isinstance(meta, Meta) and meta.extra:
            return meta
    for part in getattr(annotation, "__args__", ()):
        if (found := meta_of(part)) is not None:
            return found
    return None
