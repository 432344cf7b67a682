"""What a site's tide.json may say, and what is wrong with it: the constituents of a station as TICON-4's database writes them, a datum, and what is the site's own.

The site's own: `z0` (m of mean sea level above chart datum, if `datums` do not say it), `offsets` (for each area how its tide differs from the station's:
`minutes` later, `ratio` of the range, `metres` higher), `waters` (high and low waters of a printed table, for where there are no constituents),
`warning` (the warning tide levels 警戒潮位 blue, yellow, orange, red, m above chart datum), and among `datums` also `1985` and `gauge`, if a gauge speaks in these.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from ingest.tide_constituents import known

Waters = tuple[tuple[int, float], ...]  # (ms, m above chart datum), in the order of time
OFFSETS = {"minutes": (-180.0, 180.0), "ratio": (0.2, 5.0), "metres": (-5.0, 5.0)}  # bounds; ours
HOURS = (1.0, 26.0)  # between two waters of a table: half a day or, on a coast with one tide a day, a whole one; ours


def mean_level(given: Mapping[str, Any]) -> tuple[float | None, str]:
    """(m of mean sea level above chart datum, that datum's name); None: it is not said."""
    if "z0" in given:
        return float(given["z0"]), "z0"
    datums, name = given.get("datums", {}), str(given.get("chart_datum", ""))
    return (float(datums["MSL"]) - float(datums[name]), name) if "MSL" in datums and name in datums else (None, name)


def constituents_of(given: Mapping[str, Any]) -> tuple[tuple[str, float, float], ...]:
    """(name, amplitude in m, phase lag of Greenwich in degrees) of each."""
    return tuple((str(row["name"]), float(row["amplitude"]), float(row["phase"])) for row in given.get("harmonic_constituents", ()))


def bounds_of(given: Mapping[str, Any], area: str) -> tuple[float, float] | None:
    """(lowest, highest) m above chart datum that the tide of an area can reach in calm weather; None where it is not known."""
    offset = given.get("offsets", {}).get(area, {})
    higher, ratio, mean = float(offset.get("metres", 0.0)), float(offset.get("ratio", 1.0)), mean_level(given)[0]
    if mean is not None and (rows := constituents_of(given)):
        reach = ratio * sum(amplitude for _, amplitude, _ in rows)
        return mean + higher - reach, mean + higher + reach
    levels = [level + higher for _, level in waters_of(given)]
    return (min(levels), max(levels)) if levels else None


COLOURS = ("blue", "yellow", "orange", "red")


def warning_levels(given: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """Warning tide levels (警戒潮位) of blue, yellow, orange and red, m above chart datum; infinite where tide.json names none."""
    said = given.get("warning", {})
    blue, yellow, orange, red = (float(said.get(colour, "inf")) for colour in COLOURS)
    return blue, yellow, orange, red


def waters_of(given: Mapping[str, Any]) -> Waters:
    """The table of high and low waters. Its times are RFC 3339; without a zone UTC."""
    return tuple((_millis(str(row["at"])), float(row["level"])) for row in given.get("waters", ()))


def faults_of(given: Mapping[str, Any], areas: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(what is wrong, what is expected) of each thing in tide.json that cannot be used."""
    try:
        yield from _faults(given, areas)
    except (TypeError, ValueError, KeyError, AttributeError) as wrong:
        yield f"not to be read: {type(wrong).__name__} {wrong}", "as docs/installer.md shows"


def _faults(given: Mapping[str, Any], areas: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    rows = constituents_of(given)
    for name, amplitude, phase in rows:
        if not known(name):
            yield f"unknown constituent {name}", "a name of TICON-4 or of the IHO's list"
        if not (0 <= amplitude < 20 and -360 <= phase <= 720):
            yield f"constituent {name}: amplitude {amplitude}, phase {phase}", "metres 0 to 20, degrees"
    mean = mean_level(given)[0]
    if rows and (mean is None or not -20 < mean < 20):
        yield "no chart datum for the constituents", "chart_datum and datums with MSL and that one, or z0: metres of mean sea level above chart datum"
    for area, offset in given.get("offsets", {}).items():
        if area not in areas:
            yield f"offsets of an unknown area {area}", ", ".join(areas)
        for name, value in offset.items():
            low, high = OFFSETS.get(name, (0.0, 0.0))
            if name not in OFFSETS or not low <= float(value) <= high:
                yield f"offset {name} = {value!r} of {area}", ", ".join(f"{each} {a:g} to {b:g}" for each, (a, b) in OFFSETS.items())
    levels = [float(given.get("warning", {}).get(colour, "nan")) for colour in COLOURS if colour in given.get("warning", {})]
    if set(given.get("warning", {})) - set(COLOURS) or levels != sorted(levels) or any(not -5 < level < 30 for level in levels):
        yield f"warning = {given.get('warning')}", "metres above chart datum for blue, yellow, orange, red, rising"
    waters = waters_of(given)
    for (before, low), (after, high) in pairwise(waters):
        if not HOURS[0] <= (after - before) / 3_600_000 <= HOURS[1] or low == high:
            at = datetime.fromtimestamp(after / 1000, UTC)
            yield f"waters: {high} m at {at:%Y-%m-%d %H:%M} UTC after {low} m", f"high and low in turn, {HOURS[0]:g} to {HOURS[1]:g} h apart"


def _millis(text: str) -> int:
    at = datetime.fromisoformat(text)
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
