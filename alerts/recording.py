"""What the recorder does with what it read: entries of the log become one write of the store. Plain, without an engine, a clock or a loop."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import structlog

from alerts.alert import Outcomes, to_wire
from alerts.figures import HEALTH, WINDOW, Pipeline, alert_health
from alerts.outcomes import unpack
from alerts.place_series import PlaceSeries
from alerts.store.points import points_of
from alerts.store.shapes import alert_point, superseded
from alerts.store.store import Point, Refusal, Store
from ingest import refusals
from ingest.events import SiteChange, Tick
from ingest.log import ALERTS, EVENTS, REFUSED, Entry
from ingest.records import Codec

READS = (EVENTS, ALERTS, REFUSED)
NEWEST = 10_000  # alerts looked at when a snapshot says which are open; ours

_log = structlog.get_logger()


class Standing(NamedTuple):
    """What a snapshot says is open in an area, as of `now`. `later`: alerts that changed after it, about which it says nothing."""

    now: int
    ids: frozenset[str]
    later: set[str]


class Taken(NamedTuple):
    """One read of the log, ready to be written."""

    points: list[Point]
    alerts: list[dict[str, Any]]
    refusals: list[Refusal]
    positions: list[tuple[str, int, int]]
    standing: dict[str, Standing]
    entries: int
    received: int  # ms, newest `received` seen; 0: none


class Recording:
    """Turns entries into writes. `areas`: partition -> area; `seats`: person -> seat or post; `clock`: ms, for figures about ourselves only; `places`: of each area."""

    def __init__(
        self, store: Store, areas: Mapping[int, str], seats: Mapping[str, str], clock: Callable[[], int], places: Iterable[PlaceSeries] = ()
    ) -> None:
        self.store = store
        self._places = {each.area.id: each for each in places}
        self._areas, self._seats, self._clock = areas, seats, clock
        self._codec = Codec()
        self._pipelines: dict[str, Pipeline] = {}
        self._health: dict[str, int] = {}  # area -> window last told
        self._now: dict[str, int] = {}  # area -> log time
        self._figured = 0  # ms

    def start_at(self, topic: str, partition: int, bounds: tuple[int, int]) -> int:
        """The offset to read from: after the last that the store has, within what the log keeps (`Log.bounds`). Raises `StoreAway`."""
        first, end = bounds
        position = self.store.position(topic, partition) or 0
        if position > end:
            _log.error(
                "the store is ahead of the log: this is another log, read from its beginning",
                topic=topic,
                partition=partition,
                store=position,
                log=end,
            )
            return first
        if position < first and position:
            _log.error("retention removed what the store has not seen", topic=topic, partition=partition, lost=first - position)
        return max(position, first)

    def take(self, entries: Sequence[Entry]) -> Taken:
        """Entries in the order of their partitions. Raises `Unreadable`: the reader must stop, not skip."""
        taken = Taken([], [], [], [], {}, len(entries), 0)
        positions: dict[tuple[str, int], int] = {}
        received = 0
        for entry in entries:
            if entry.topic == EVENTS:
                received = max(received, self._events(entry, taken))
            elif entry.topic == ALERTS:
                self._outcomes(unpack(entry.value, self._codec), taken)
            elif entry.topic == REFUSED:
                found = [
                    Refusal(one.received, one.topic, one.device, one.reason, one.detail, one.payload)
                    for one in refusals.unpack(self._codec, entry.value)
                ]
                taken.refusals.extend(found)
                self._pipeline(self._area(entry.partition)).add("refused", len(found))
            positions[entry.topic, entry.partition] = entry.offset + 1
        taken.positions.extend((topic, partition, offset) for (topic, partition), offset in positions.items())
        return taken._replace(received=received)

    def _area(self, partition: int) -> str:
        return self._areas.get(partition) or f"area-{partition}"

    def _pipeline(self, area: str) -> Pipeline:
        return self._pipelines.setdefault(area, Pipeline(area))

    def _events(self, entry: Entry, taken: Taken) -> int:
        events, area = self._codec.unpack(entry.value).events, self._area(entry.partition)
        for event in events:
            taken.points.extend(points_of(event, area))
            if type(event) is SiteChange and area in self._places:
                self._places[area].change_site(event.revision)
        taken.points.extend(self._pipeline(area).heard(events, entry.at))
        if events and isinstance(tick := events[-1], Tick):
            self._now[area] = tick.now
        return max((event.received for event in events[-1:]), default=0)

    def _outcomes(self, outcomes: Outcomes, taken: Taken) -> None:
        pipeline = self._pipeline(outcomes.area)
        pipeline.add("alerts", len(outcomes.alerts))
        pipeline.add("pages", len(outcomes.pages))
        pipeline.add("commands", len(outcomes.commands))
        if outcomes.area in self._places:
            taken.points.extend(self._places[outcomes.area].take(outcomes))
        standing = taken.standing.get(outcomes.area)
        for alert in outcomes.alerts:
            shape = to_wire(alert)
            taken.alerts.append(shape)
            taken.points.append(alert_point(shape))
            if standing is not None:
                standing.later.add(alert.id)
        if outcomes.open is not None:
            taken.standing[outcomes.area] = Standing(outcomes.now, frozenset(alert for alert, _ in outcomes.open), set())

    def write(self, taken: Taken) -> None:
        """All of it, positions last. After an exception nothing is lost: the same call again ends the same. Raises `StoreAway`."""
        began = self._clock()
        rejected = self.store.write(taken.points, taken.alerts, taken.refusals, () if taken.standing else taken.positions)
        if taken.standing:
            shapes = [closed for area, standing in taken.standing.items() for closed in self._superseded(area, standing)]
            self.store.write([alert_point(shape) for shape in shapes], shapes, (), taken.positions)
        for one in rejected[:5]:
            _log.warning("the store does not take a point", measurement=one.point.measurement, reason=one.reason, more=max(0, len(rejected) - 5))
        figures = self._figures(taken, began, len(rejected))
        if figures:
            self.store.write(figures, (), (), ())

    def _superseded(self, area: str, standing: Standing) -> list[dict[str, Any]]:
        known = standing.ids | standing.later
        return [superseded(shape, standing.now) for shape in self.store.alerts(open_only=True, area=area, limit=NEWEST) if shape["id"] not in known]

    def _figures(self, taken: Taken, began: int, rejected: int) -> list[Point]:
        points: list[Point] = []
        for area, now in self._now.items():
            window = now // HEALTH
            if window - 1 > self._health.get(area, window - 2):  # at a start the last window is told again, which changes nothing
                points += alert_health(self.store, area, (window - 1) * HEALTH, self._seats)
                self._health[area] = window - 1
        end = self._clock()
        if end - self._figured >= WINDOW:
            self._figured = end
            fields: dict[str, float | int | str | bool] = {
                "points": len(taken.points),
                "rejected": rejected,
                "entries": taken.entries,
                "took": max(0, end - began),
                "lag": max(0, end - taken.received) if taken.received else 0,
            }
            points.append(Point("recorder", {"part": "recorder"}, fields, end))
        return points
