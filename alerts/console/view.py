"""What the console knows right now: a view of the log, kept small, from which the page is drawn.

Pure: entries go in, messages for the browsers come out. No clock and no file; `live.py` reads the log and calls this.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any, NamedTuple

from msgspec import structs, to_builtins

from alerts.alert import Alert, Outcomes
from alerts.console.boards import Reports, report
from alerts.console.heard import DeviceView, VesselView, plain, received_of
from alerts.console.recall import Recalled
from alerts.load import flooding
from ingest.events import Event, Exercise, Position, Shift, Silence, Tick, Trip, Unit, Work, kind_of
from ingest.exercises import Period, is_staged, period_of
from ingest.records import Batch
from ingest.refusals import Refused
from ingest.site import Person, Site

CLOSED_KEPT = 300  # alerts that are done stay on the page until so many newer ones are
CHANGES_KEPT = 200  # revisions of one alert
VESSELS_KEPT = 20_000
REFUSED_KEPT = 200
EVERYTHING = frozenset({"operator", "shift_leader", "police", "chief", "administrator"})  # roles that see restricted alerts (§0.1 of the models)


class Message(NamedTuple):
    """What goes to the browsers. `alert` says whose eyes it is for; None: everybody's."""

    kind: str  # alert, duty, chain, devices, vessels, refused, site
    body: Any
    alert: Alert | None = None


def is_open(alert: Alert) -> bool:
    return alert.response not in {"resolved", "verified"}


def may_see(person: Person, alert: Alert) -> bool:
    """Restricted alerts are for the room, the police, and those who were named; the answer is the server's, never the browser's."""
    return alert.sensitivity == "open" or person.role in EVERYTHING or person.id in alert.audience or person.id == alert.owner


def sees(person: Person, message: Message) -> bool:
    return message.alert is None or may_see(person, message.alert)


@dataclass(slots=True)
class AreaView:
    """The chain as one area's log shows it."""

    ticked: int = 0  # ms, received of the bridge's last tick
    now: int = 0
    heard: int = 0
    rose: int = 0  # ms, when `heard` last rose: the broker carries our probe
    connects: int = 0
    judged: int = -1  # offset of `events` that the processor has answered


class View:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.alerts: dict[str, Alert] = {}
        self.offsets: dict[str, int] = {}  # alert -> offset of `events` that its newest revision answers
        self.changes: dict[str, deque[dict[str, Any]]] = {}
        self.devices: dict[str, DeviceView] = {}
        self.vessels: dict[str, VesselView] = {}
        self.areas: dict[int, AreaView] = {area.number: AreaView() for area in site.areas}
        self.duty: dict[str, Event] = {}  # kind/id -> the newest shift, silence, work, exercise, unit
        self.exercises: dict[str, Period] = {}
        self.trips: Reports = {}  # of every boat, as stations reported them
        self.refused: deque[Refused] = deque(maxlen=REFUSED_KEPT)
        self.restless: set[str] = set()  # devices heard since `flush`
        self.moved: set[str] = set()  # vessels heard since `flush`

    # From before this console began

    def standing(self, alerts: list[Alert], offset: int) -> None:
        """What the processor's snapshot says, which is true as of `offset` of `events`; newer revisions stay."""
        for alert in alerts:
            if alert.id not in self.alerts or alert.revision > self.alerts[alert.id].revision:
                self.alert(alert, offset)

    def recalled(self, found: Recalled) -> None:
        """What the store had last; told to the browsers at the next `flush`."""
        for kind, points in found.said.items():
            for name, point in points.items():
                if name in self.site.device and not point.fields.get("drill"):
                    self.devices.setdefault(name, DeviceView()).take(kind, point)
                    self.restless.add(name)
        for name, point in sorted(found.fixes.items(), key=lambda pair: received_of(pair[1])):
            if point.fields.get("drill"):
                continue  # staged, or as old as what a boat that claims it says next
            vessel = self._vessel(name)
            vessel.recall(point, found.names.get(name))
            self.moved.add(name)

    # From the topic `alerts`

    def outcomes(self, number: int, outcomes: Outcomes) -> list[Message]:
        messages = [self.alert(alert, outcomes.offset) for alert in outcomes.alerts]
        for command in outcomes.commands:
            self.devices.setdefault(command.device, DeviceView()).commands.append(command)
            self.restless.add(command.device)
        area = self.areas.setdefault(number, AreaView())
        area.judged = max(area.judged, outcomes.offset)
        if outcomes.open is not None:
            messages += self._supersede(outcomes, {name for name, _ in outcomes.open} | {alert.id for alert in outcomes.alerts})
        return messages

    def alert(self, alert: Alert, offset: int) -> Message:
        known = self.alerts.get(alert.id)
        if known is None or alert.revision >= known.revision:
            self.alerts[alert.id] = alert
            self.offsets[alert.id] = offset
            rows = self.changes.setdefault(alert.id, deque(maxlen=CHANGES_KEPT))
            if not rows or rows[-1]["revision"] < alert.revision:
                rows.append(change_row(alert))
        self._forget()
        return Message("alert", self.alert_row(alert.id), self.alerts.get(alert.id, alert))

    def alert_row(self, name: str) -> dict[str, Any]:
        alert = self.alerts[name]
        row: dict[str, Any] = to_builtins(alert)
        row["open"] = is_open(alert)
        row["offset"] = self.offsets.get(name, -1)
        return row

    def _supersede(self, outcomes: Outcomes, standing: set[str]) -> list[Message]:
        """What the fold no longer lists is closed, and the browsers are told: a worker took over from an older snapshot, or the log was cut.
        An alert that answers a later record than the list does is not touched."""
        messages = []
        for name, alert in list(self.alerts.items()):
            if alert.area == outcomes.area and is_open(alert) and name not in standing and self.offsets.get(name, -1) <= outcomes.offset:
                closed = structs.replace(
                    alert, response="resolved", state="resolved", outcome="superseded", resolved=outcomes.now, updated=outcomes.now
                )
                self.alerts[name] = closed
                messages.append(Message("alert", self.alert_row(name), closed))
        return messages

    def _forget(self) -> None:
        if len(self.alerts) % 50:
            return
        closed = sorted((alert.updated, name) for name, alert in self.alerts.items() if not is_open(alert))
        for _, name in closed[: max(0, len(closed) - CLOSED_KEPT)]:
            del self.alerts[name]
            self.changes.pop(name, None)
            self.offsets.pop(name, None)

    # From the topic `refused`

    def turned_away(self, rows: list[Refused]) -> list[Message]:
        self.refused.extendleft(rows)
        return [Message("refused", len(rows))] if rows else []

    # A new revision of the site

    def resite(self, site: Site) -> None:
        """Devices and areas that came are shown; what is known of the others stays."""
        self.site = site
        for area in site.areas:
            self.areas.setdefault(area.number, AreaView())

    # From the topic `events`

    def batch(self, number: int, batch: Batch) -> list[Message]:
        messages: list[Message] = []
        for event in batch.events:
            if event.drill and is_staged(event, self.exercises.values()):
                continue  # its alert says that it is a drill; map and devices show what is real
            if isinstance(event, Tick):
                self._tick(number, event)
            elif isinstance(event, Position):
                self._position(event)
            elif isinstance(event, Unit | Shift | Silence | Work | Exercise):
                messages.append(self._duty(event))
            elif isinstance(event, Trip):
                report(self.trips, event, self.site)
            elif event.device in self.devices or event.device in self.site.device:
                self._said(event)
        return messages

    @property
    def now(self) -> int:
        """The log's time: of the newest tick, ms."""
        return max((area.now for area in self.areas.values()), default=0)

    def floods(self) -> dict[str, int]:
        """Seats and posts that are in a flood of alerts -> since when, ms. By what the alerts say and the log's time, so that every page has the same."""
        seats = {person.id: person.seat or person.post for person in self.site.people}
        times: dict[str, list[int]] = {}
        for alert in self.alerts.values():
            if not alert.drill:
                for seat in {seats[person] for person in alert.audience if person in seats}:
                    times.setdefault(seat, []).append(alert.raised)
        found = {seat: flooding(sorted(of), self.now) for seat, of in sorted(times.items())}
        return {seat: since for seat, since in found.items() if since is not None}

    def _tick(self, number: int, tick: Tick) -> None:
        area = self.areas.setdefault(number, AreaView())
        if tick.heard > area.heard:
            area.rose = tick.received
        if not tick.stands_in:
            area.ticked = tick.received
        area.now, area.heard, area.connects = tick.now, tick.heard, tick.connects

    def _vessel(self, name: str) -> VesselView:
        if name not in self.vessels and len(self.vessels) >= VESSELS_KEPT:
            del self.vessels[min(self.vessels, key=lambda known: self.vessels[known].at)]
        return self.vessels.setdefault(name, VesselView())

    def _position(self, fix: Position) -> None:
        self._vessel(fix.vessel).take(fix)
        self.moved.add(fix.vessel)

    def _duty(self, event: Unit | Shift | Silence | Work | Exercise) -> Message:
        name = event.unit if isinstance(event, Unit) else event.seat if isinstance(event, Shift) else event.id
        key = f"{kind_of(event)}/{name}"
        self.duty[key] = event
        if isinstance(event, Exercise):
            self.exercises[event.id] = period_of(event)
        return Message("duty", {key: plain(event)})

    def _said(self, event: Event) -> None:
        self.devices.setdefault(event.device, DeviceView()).take(kind_of(event), event)
        self.restless.add(event.device)

    def flush(self) -> list[Message]:
        """What moved since the last call: at most once a second, so that a thousand vessels are one message."""
        messages = []
        if self.restless:
            messages.append(Message("devices", {name: self.devices[name].row() for name in sorted(self.restless)}))
            self.restless.clear()
        if self.moved:
            messages.append(Message("vessels", {name: self.vessels[name].row() for name in sorted(self.moved) if name in self.vessels}))
            self.moved.clear()
        return messages


def change_row(alert: Alert) -> dict[str, Any]:
    """One line of an alert's timeline."""
    row: dict[str, Any] = to_builtins(alert.change)
    row.update(revision=alert.revision, level=alert.level, response=alert.response, condition=alert.condition)
    return row
