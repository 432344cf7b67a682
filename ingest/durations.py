"""Times as people write them: 20min, 90s, 2h. In files of a site and on the command line; inside, all are milliseconds."""

import re

_UNITS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}  # ms
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)")


def duration(text: str) -> int:
    """Milliseconds of `20min`, `90s`, `1h 30min`; digits alone are milliseconds. Raises ValueError."""
    stripped = text.strip()
    if stripped.isascii() and stripped.isdigit():
        return int(stripped)
    at, total = 0, 0.0
    while at < len(stripped):
        part = _PART.match(stripped, at)
        if part is None:
            break
        total += float(part[1]) * _UNITS[part[2]]
        at = part.end()
        while at < len(stripped) and stripped[at] == " ":
            at += 1
    if not stripped or at < len(stripped) or not stripped.isascii():
        raise ValueError(f"{text!r} is no time; expected something like 90s, 20min or 2h")
    return round(total)


def written(millis: int) -> str:
    """`millis` as the shortest text that `duration` reads back: 1200000 is 20min. Raises ValueError below zero."""
    if millis < 0:
        raise ValueError(f"{millis} ms is no time")
    parts = []
    for unit in ("d", "h", "min", "s", "ms"):
        count, millis = divmod(millis, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"
