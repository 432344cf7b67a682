"""Figures about ourselves, from the log: how much came, how late it is, what was refused; and how healthy the alerts are (rule book 0.2).

Windows follow the log's own time, so that reading the log again gives the same figures; a window whose beginning was not seen is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alerts.store.shapes import millis
from alerts.store.store import Point, Store
from ingest.events import URGENT, Event, Tick, kind_of

WINDOW = 10_000  # ms of pipeline figures; ours
HEALTH = 600_000  # ms of alert-health figures; ISA-18.2
FLOOD = 10  # alerts in 10 min on one seat above which it is a flood; ISA-18.2
STALE = 86_400_000  # ms open after which an alert is stale; ISA-18.2
CHATTER, CHATTER_WITHIN = 3, 60_000  # raises of one key, within ms; rule book 0.2
MOST = 5_000  # alerts that one health figure looks at; ours

_COUNTS = ("events", "records", "refused", "alerts", "pages", "commands", "presses")


class Pipeline:
    """Counts of one area in windows of log time."""

    def __init__(self, area: str) -> None:
        self.area = area
        self._window: int | None = None
        self._whole = False
        self._tick: Tick | None = None
        self._clear()

    def _clear(self) -> None:
        self.counts = dict.fromkeys(_COUNTS, 0)
        self._lags: list[int] = []
        self._unheard = self._connects = 0

    def add(self, name: str, number: int = 1) -> None:
        self.counts[name] += number

    def heard(self, events: Sequence[Event], at: int) -> list[Point]:
        """One record, appended at `at` ms. Gives the figures of the window that its tick ends."""
        self.counts["records"] += 1
        self.counts["events"] += len(events)
        last = events[-1] if events else None
        for event in events:
            if kind_of(event) in URGENT:
                self.counts["presses"] += kind_of(event) == "sos"
        if events:
            self._lags.append(max(0, at - min(event.received for event in (events[0], events[-1]))))
        if not isinstance(last, Tick):
            return []
        if self._tick is not None:
            self._unheard += max(0, (last.now - self._tick.now) - (last.heard - self._tick.heard))
        self._tick, self._connects = last, last.connects
        window = last.now // WINDOW
        if window == self._window:
            return []
        made = [self._figures(self._window)] if self._window is not None and self._whole else []
        self._whole = self._window is not None
        self._window = window
        self._clear()
        return made

    def _figures(self, window: int) -> Point:
        counts, lags = self.counts, sorted(self._lags) or [0]
        fields: dict[str, float | int | str | bool] = {
            **counts,
            "connects": self._connects,
            "events_per_second": counts["events"] * 1000 / WINDOW,
            "refused_per_minute": counts["refused"] * 60_000 / WINDOW,
            "batch": counts["events"] / max(1, counts["records"]),
            "lag": lags[len(lags) // 2],
            "lag_max": lags[-1],
            "unheard": self._unheard,  # ms of the window in which the bridge could not prove that it heard
        }
        return Point("pipeline", {"area": self.area, "part": "log"}, fields, window * WINDOW)


def alert_health(store: Store, area: str, since: int, seats: Mapping[str, str]) -> list[Point]:
    """Figures of [since, since + 10 min) by seat or post, from what the store holds, so that a restart changes nothing.

    `seats`: person -> seat or post. The seat `all` is the whole area. Drills do not count.
    """
    until = since + HEALTH
    recent = [shape for shape in store.alerts(open_only=False, area=area, since=since, limit=MOST) if not shape.get("drill")]
    raised = [shape for shape in recent if since <= millis(shape["raised"]) < until]
    standing = [shape for shape in store.alerts(open_only=True, area=area, limit=MOST) if not shape.get("drill") and millis(shape["raised"]) < until]
    chatter = {shape["id"] for shape in recent if shape.get("count", 1) >= CHATTER and _chatters(store.history(shape["id"]), since, until)}
    seated: dict[str, tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]] = {"all": ([*raised], [*standing])}
    for place, shapes in ((0, raised), (1, standing)):
        for shape in shapes:
            for seat in sorted({seats[person] for person in shape.get("audience", ()) if person in seats}):
                seated.setdefault(seat, ([], []))[place].append(shape)
    return [_health(area, seat, since, of_it, stand, chatter) for seat, (of_it, stand) in sorted(seated.items())]


def _health(area: str, seat: str, since: int, raised: Sequence[Mapping[str, Any]], standing: Sequence[Mapping[str, Any]], chatter: set[str]) -> Point:
    red = sum(shape["level"] == "red" for shape in raised)
    fields: dict[str, float | int | str | bool] = {
        "raised": len(raised),
        "red": red,
        "red_share": red / len(raised) if raised else 0.0,
        "standing": len(standing),
        "stale": sum(millis(shape["raised"]) < since + HEALTH - STALE for shape in standing),
        "chattering": sum(shape["id"] in chatter for shape in (*standing, *raised)),
        "flood": len(raised) > FLOOD,
    }
    return Point("alert_health", {"area": area, "seat": seat}, fields, since)


def _chatters(history: Iterable[Mapping[str, Any]], since: int, until: int) -> bool:
    """Raised and cleared at least three times within a minute."""
    times = [millis(shape["change"]["at"]) for shape in history if shape["change"]["what"] in {"raised", "back", "reopened"}]
    times = [at for at in times if since <= at < until]
    return any(late - early <= CHATTER_WITHIN for early, late in zip(times, times[CHATTER - 1 :], strict=False))
