"""How much the alerts ask of the people at the seats: rates in ten minutes, floods, chattering, stale, shares of colours, and how soon people came.

Source of the measures and targets: ISA-18.2 / EEMUA 191 as in warning-models §0.2 and §0.3. The averaged daily figure alone hides floods, so the windows
stand beside it. Drills do not count.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from msgspec import Struct

from alerts.store.shapes import is_open, millis
from ingest.events import Level
from ingest.log import EVENTS, Log
from ingest.site import Site

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000  # ms
WINDOW = 10 * MINUTE  # ISA-18.2
FLOOD, FLOOD_ENDS = 10, 5  # alerts in a window: more begin a flood, fewer end it; ISA-18.2
CHATTER, CHATTER_WITHIN = 3, MINUTE  # raised and cleared so often within; warning-models §0.2
STALE = DAY  # warning-models §0.2
TARGETS: Mapping[Level, int] = {
    "red": MINUTE,
    "orange": 3 * MINUTE,
    "yellow": 10 * MINUTE,
    "blue": 8 * HOUR,
}  # until acknowledged; warning-models §0.1
ARRIVAL = 10 * MINUTE  # from raised to on scene; warning-models §0.3
LEVELS: tuple[Level, ...] = get_args(Level)


class Seat(Struct, frozen=True):
    """One seat's load. Windows: ten minutes each, of the whole time."""

    seat: str
    alerts: int
    windows: int
    quiet: int  # windows with at most one alert: the target
    busiest: int  # alerts in the worst window
    floods: tuple[tuple[int, int], ...]  # (from, until) in ms

    @property
    def per_window(self) -> float:
        return self.alerts / max(1, self.windows)


class Load(Struct, frozen=True):
    """Of [since, until) ms."""

    since: int
    until: int
    seats: tuple[Seat, ...]
    levels: Mapping[Level, int]
    models: tuple[tuple[str, int], ...]  # most first
    often: tuple[tuple[str, int], ...]  # keys that were raised or counted most
    chattering: tuple[str, ...]
    stale: tuple[str, ...]  # ids
    acknowledged: Mapping[Level, tuple[int, int, int | None]]  # (in time, all acknowledged or late, median ms)
    arrived: tuple[int, int]  # (within ten minutes, dispatched and real)


def load(histories: Iterable[Sequence[Mapping[str, Any]]], since: int, until: int, seats: Mapping[str, str]) -> Load:
    """`histories`: every revision of each alert in the wire's shape, oldest first. `seats`: person -> seat or post."""
    all_of = [history for history in histories if history and not history[-1].get("drill")]
    raised = [history for history in all_of if since <= millis(history[-1]["raised"]) < until]
    last = [history[-1] for history in raised]
    times: dict[str, list[int]] = {seat: [] for seat in sorted(set(seats.values()))}
    for shape in last:
        for seat in sorted({seats[person] for person in shape.get("audience", ()) if person in seats}):
            times[seat].append(millis(shape["raised"]))
    levels, models = Counter(map(_highest, raised)), Counter(shape["model"] for shape in last)
    keys = Counter({key: sum(shape.get("count", 1) for shape in last if shape["key"] == key) for key in {shape["key"] for shape in last}})
    standing = [history[-1] for history in all_of if is_open(history[-1])]
    return Load(
        since=since, until=until, seats=tuple(_seat(seat, sorted(of), since, until) for seat, of in times.items()),
        levels={level: levels[level] for level in LEVELS}, models=_most(models), often=_most(keys)[:10],
        chattering=tuple(sorted({history[-1]["key"] for history in raised if _chatters(history)})),
        stale=tuple(shape["id"] for shape in standing if millis(shape["raised"]) < until - STALE),
        acknowledged={level: _acknowledged([shape for shape in last if shape["level"] == level], level, until) for level in LEVELS},
        arrived=_arrived(last),
    )  # fmt: skip


def begun(log: Log, site: Site) -> int:
    """When the system first heard anything, ms; 0 where retention took that: then it is longer ago than the log tells."""
    first = [next(iter(log.read(EVENTS, area.number, 0)), None) for area in site.areas if log.bounds(EVENTS, area.number)[0] == 0]
    return min((each.at for each in first if each is not None), default=0)


def floods(times: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """(from, until) ms of each flood among sorted `times`: more than ten in ten minutes begin one, fewer than five in ten minutes end it."""
    found: list[tuple[int, int]] = []
    begun: int | None = None
    moments = sorted({*times, *(at + WINDOW for at in times)})
    for now in moments:
        within = bisect_left(times, now + 1) - bisect_left(times, now - WINDOW + 1)
        if begun is None and within > FLOOD:
            begun = now
        elif begun is not None and within < FLOOD_ENDS:
            found.append((begun, now))
            begun = None
    return tuple(found)


def flooding(times: Sequence[int], now: int) -> int | None:
    """Since when a flood lasts at `now`, ms; None: there is none. `times`: sorted, of every alert since before it began."""
    past = [at for at in times if at <= now]
    if not past or now - past[-1] >= WINDOW:
        return None
    ended = max((until for _, until in floods(past) if until <= now), default=0)
    since = [at for at in past if at >= ended]
    return next((at for at in since if bisect_left(past, at + 1) - bisect_left(past, at - WINDOW + 1) > FLOOD), None)


def _seat(seat: str, times: Sequence[int], since: int, until: int) -> Seat:
    windows = max(1, math.ceil((until - since) / WINDOW))
    counts = Counter((at - since) // WINDOW for at in times)
    quiet = windows - sum(count > 1 for count in counts.values())
    return Seat(seat, len(times), windows, quiet, max(counts.values(), default=0), floods(times))


def _most(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _highest(history: Sequence[Mapping[str, Any]]) -> Level:
    level: Level = max((shape["level"] for shape in history), key=LEVELS.index)
    return level


def _chatters(history: Sequence[Mapping[str, Any]]) -> bool:
    times = [millis(shape["change"]["at"]) for shape in history if shape["change"]["what"] in ("raised", "back", "reopened")]
    return any(late - early <= CHATTER_WITHIN for early, late in zip(times, times[CHATTER - 1 :], strict=False))


def _acknowledged(shapes: Sequence[Mapping[str, Any]], level: Level, until: int) -> tuple[int, int, int | None]:
    took = sorted(millis(shape["acknowledged"]) - millis(shape["raised"]) for shape in shapes if shape.get("acknowledged"))
    late = sum(not shape.get("acknowledged") and is_open(shape) and until - millis(shape["raised"]) > TARGETS[level] for shape in shapes)
    return sum(each <= TARGETS[level] for each in took), len(took) + late, took[len(took) // 2] if took else None


def _arrived(shapes: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Dispatched real incidents of orange and red, each once; never arrived = failed; a press counts from the press."""
    wanted = [
        shape for shape in shapes
        if shape["level"] in ("orange", "red") and shape.get("dispatched") and shape.get("outcome") in ("real", "rescued", "assisted", None)
        and not (shape.get("outcome") is None and is_open(shape)) and not shape.get("incident")
    ]  # fmt: skip
    begin = [millis(shape["occurred" if shape["model"] == "M01" else "raised"]) for shape in wanted]
    return sum(bool(shape.get("arrived")) and millis(shape["arrived"]) - at <= ARRIVAL for shape, at in zip(wanted, begin, strict=True)), len(wanted)


def markdown(found: Load) -> str:
    """As the shift leader and the chief read it, each figure beside its target."""
    from alerts.alert import rfc3339  # noqa: PLC0415 — only the text needs it

    hours, all_levels = (found.until - found.since) / HOUR, max(1, sum(found.levels.values()))
    lines = [
        f"Alert load from {rfc3339(found.since)} to {rfc3339(found.until)} ({hours:.1f} h)", "",
        "| seat | alerts | in 10 min (target 1) | windows at target | worst window | floods (> 10) | longest flood |", "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for seat in found.seats:
        longest = max((until - since for since, until in seat.floods), default=0)
        lines.append(
            f"| {seat.seat} | {seat.alerts} | {seat.per_window:.2f} | {seat.quiet / seat.windows:.0%} | {seat.busiest} | {len(seat.floods)} "
            f"| {longest / MINUTE:.0f} min |"
        )
    lines += ["", "| level | alerts | share | acknowledged in time | median |", "|---|---|---|---|---|"]
    for level in reversed(LEVELS):
        well, of, median = found.acknowledged[level]
        wanted = " (target 5 % at most)" if level == "red" else ""
        lines.append(
            f"| {level} | {found.levels[level]} | {found.levels[level] / all_levels:.0%}{wanted} | {f'{well} of {of}' if of else '–'} "
            f"| {'–' if median is None else f'{median / 1000:.0f} s'} |"
        )
    well, of = found.arrived
    lines += [
        "",
        f"On scene within 10 min: {f'{well} of {of} ({well / of:.0%})' if of else 'nothing dispatched'} (target 90 %).",
        f"By model: {_listed(found.models)}.",
        f"Most often: {_listed(found.often)}.",
        f"Chattering (3 times in 1 min): {', '.join(found.chattering) or 'none'}.",
        f"Stale (open for over 24 h): {', '.join(found.stale) or 'none'}.",
    ]
    return "\n".join(lines)


def _listed(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts) or "none"
