"""What a type cannot say: not-available values, coordinate systems, and times that are too far off."""

from collections.abc import Callable
from typing import Any

from ingest.geo import wgs84_from_gcj02

DAY = 86_400_000  # ms
EXEMPT = frozenset({"sos", "distress", "tamper", "status", "done"})  # never refused by `ts`
PATIENT = frozenset({"action", "trip", "shift", "work", "permit"})  # taken up to 7 days late
_OURS = frozenset({"system", "tick", "site"})

Fault = tuple[str, str]  # reason code, detail


def check(kind: str, named: Any) -> Fault | None:
    """Tidies in place; the fault, or None."""
    if named.crs is not None and (fault := _convert(named)) is not None:
        return fault
    special = _SPECIAL.get(kind)
    if special is not None and (fault := special(named)) is not None:
        return fault
    ts = named.ts
    if ts is None:
        return None if kind in EXEMPT or kind in _OURS else ("missing", "Object missing required field `ts`")
    if named.sent is not None and kind not in EXEMPT:
        late = named.sent - ts
        if late > DAY * (7 if kind in PATIENT else 1) or late < -DAY:
            return "clock", f"ts is {late / 3_600_000:.1f} h before sent"
    return None


def find_flags(kind: str, named: Any, received: int, flags: tuple[str, ...]) -> tuple[str, ...]:
    """`ts` is a day off: with `sent` that is only a clock's error; without it the fold must judge, or, for the exempt, the people."""
    late_person = kind in PATIENT and -DAY < received - named.ts <= 7 * DAY
    return flags if named.sent is not None or late_person else (*flags, "clock")


def _convert(named: Any) -> Fault | None:
    """To WGS-84. CGCS2000 differs from it by centimetres."""
    crs = named.crs.lower()
    if crs in ("wgs-84", "cgcs2000"):
        return None
    if crs != "gcj-02":
        return "crs", f"crs {named.crs[:60]}"
    if getattr(named, "position", None) is not None:
        named.position = wgs84_from_gcj02(named.position)
    if getattr(named, "polygon", None):
        named.polygon = tuple(wgs84_from_gcj02(point) for point in named.polygon)
    for thing in getattr(named, "objects", ()):
        if thing.position is not None:
            thing.position = wgs84_from_gcj02(thing.position)
    return None


def _position(named: Any) -> Fault | None:
    if type(named.vessel) is int:
        named.vessel = str(named.vessel)
    if named.system == "ais" and not (len(named.vessel) == 9 and named.vessel.isdecimal() and named.vessel.isascii()):
        return "range", f"an MMSI has 9 digits, not {named.vessel[:40]!r} - at `$.vessel`"
    if named.sog is not None and named.sog >= 102.25:  # 102.3: not available
        named.sog = None
    if named.cog == 360:
        named.cog = None
    if named.heading is not None and named.heading > 360:
        if named.heading != 511:
            return "range", "Expected `float` <= 360 or 511 - at `$.heading`"
        named.heading = None
    return None


def _distress(named: Any) -> Fault | None:
    if type(named.vessel) is int:
        named.vessel = str(named.vessel)
    if named.sog is not None and named.sog >= 102.25:
        named.sog = None
    return None


def _silence(named: Any) -> Fault | None:
    """At most 8 h, and more than a level must match. Its own start is `from`, else `ts`."""
    start = named.from_ if named.from_ is not None else named.ts
    if start is not None and named.until - start > 8 * 3_600_000:
        return "range", "a silence lasts at most 8 h - at `$.until`"
    return None


def _exercise(named: Any) -> Fault | None:
    start = named.from_ if named.from_ is not None else named.ts
    if start is not None and named.until - start > 4 * 3_600_000:
        return "range", "an exercise lasts at most 4 h - at `$.until`"
    return None


_SPECIAL: dict[str, Callable[[Any], Fault | None]] = {
    "position": _position,
    "distress": _distress,
    "silence": _silence,
    "exercise": _exercise,
}
