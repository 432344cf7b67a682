"""What the console knows right now: a view of the log, kept small, from which the page is drawn.

Pure: entries go in, messages for the browsers come out. No clock and no file; `live.py` reads the log and calls this.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msgspec import structs, to_builtins

from alerts.alert import Alert, Command, Outcomes
from ingest.events import Done, Event, Exercise, Heartbeat, Light, Position, Shift, Silence, Status, Tick, Unit, Work, kind_of
from ingest.records import Batch
from ingest.refusals import Refused
from ingest.site import Person, Site

CLOSED_KEPT = 300  # alerts that are done stay on the page until so many newer ones are
CHANGES_KEPT = 200  # revisions of one alert
SERIES_KEPT = 40  # heartbeats of one device: 20 minutes
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


@dataclass(slots=True)
class DeviceView:
    """What one device said last, of each kind."""

    heard: int = 0  # ms, received
    status: str = ""
    said: dict[str, Event] = field(default_factory=dict)
    series: deque[tuple[int, float | None, float | None, float | None]] = field(
        default_factory=lambda: deque(maxlen=SERIES_KEPT)
    )  # at, battery, rssi, temperature
    commands: deque[Command] = field(default_factory=lambda: deque(maxlen=20))
    answers: dict[str, Done] = field(default_factory=dict)

    def row(self) -> list[Any]:
        """heard, status, battery, lamp: what the list and the map need."""
        beat, light = self.said.get("heartbeat"), self.said.get("light")
        return [
            self.heard,
            self.status,
            beat.battery if isinstance(beat, Heartbeat) else None,
            (light.actual or light.mode) if isinstance(light, Light) else None,
        ]


@dataclass(slots=True)
class VesselView:
    at: int = 0
    system: str = "ais"
    position: tuple[float, float] | None = None
    sog: float | None = None
    cog: float | None = None
    name: str = ""
    length: float | None = None

    def row(self) -> list[Any]:
        where = self.position or (None, None)
        return [self.at, where[0], where[1], self.sog, self.cog, self.name, self.length, self.system]


@dataclass(slots=True)
class AreaView:
    """The chain as one area's log shows it."""

    ticked: int = 0  # ms, received of the last tick
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
        self.refused: deque[Refused] = deque(maxlen=REFUSED_KEPT)
        self.restless: set[str] = set()  # devices heard since `flush`
        self.moved: set[str] = set()  # vessels heard since `flush`

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
            if isinstance(event, Tick):
                self._tick(number, event)
            elif isinstance(event, Position):
                self._position(event)
            elif isinstance(event, Unit | Shift | Silence | Work | Exercise):
                messages.append(self._duty(event))
            elif event.device in self.devices or event.device in self.site.device:
                self._said(event)
        return messages

    def _tick(self, number: int, tick: Tick) -> None:
        area = self.areas.setdefault(number, AreaView())
        if tick.heard > area.heard:
            area.rose = tick.received
        area.ticked, area.now, area.heard, area.connects = tick.received, tick.now, tick.heard, tick.connects

    def _position(self, fix: Position) -> None:
        vessel = self.vessels.get(fix.vessel)
        if vessel is None:
            if len(self.vessels) >= VESSELS_KEPT:
                del self.vessels[min(self.vessels, key=lambda name: self.vessels[name].at)]
            vessel = self.vessels[fix.vessel] = VesselView()
        vessel.at, vessel.system = fix.received, fix.system
        vessel.name, vessel.length = fix.name or vessel.name, fix.length or vessel.length
        if fix.position is not None:
            vessel.position, vessel.sog, vessel.cog = fix.position, fix.sog, fix.cog
        self.moved.add(fix.vessel)

    def _duty(self, event: Unit | Shift | Silence | Work | Exercise) -> Message:
        name = event.unit if isinstance(event, Unit) else event.seat if isinstance(event, Shift) else event.id
        key = f"{kind_of(event)}/{name}"
        self.duty[key] = event
        return Message("duty", {key: plain(event)})

    def _said(self, event: Event) -> None:
        device = self.devices.setdefault(event.device, DeviceView())
        device.heard = max(device.heard, event.received)
        device.said[kind_of(event)] = event
        if isinstance(event, Heartbeat):
            device.series.append((event.received, event.battery, event.rssi, event.temperature))
            device.status = "online"
        elif isinstance(event, Status):
            device.status = event.state
        elif isinstance(event, Done):
            device.answers[event.id] = event
            for old in list(device.answers)[:-20]:
                del device.answers[old]
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


def plain(event: Event) -> dict[str, Any]:
    """Rows stand in the log without names; the page reads them with."""
    return {name: to_builtins(getattr(event, name)) for name in event.__struct_fields__ if getattr(event, name) not in (None, ())}


def change_row(alert: Alert) -> dict[str, Any]:
    """One line of an alert's timeline."""
    row: dict[str, Any] = to_builtins(alert.change)
    row.update(revision=alert.revision, level=alert.level, response=alert.response, condition=alert.condition)
    return row
