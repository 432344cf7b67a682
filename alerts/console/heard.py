"""What was heard last of each device and vessel: from the log, or from the store where that is older than this console."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct, to_builtins

from alerts.alert import Alert, Command
from alerts.store.store import Point
from ingest.events import Done, Event, Heartbeat, Position

BEATS_KEPT = 40  # heartbeats of one device: 20 minutes
ANSWERS_KEPT = 20  # commands of one device, and its answers


@dataclass(slots=True)
class DeviceView:
    """What one device said last, of each kind: as the log has it, or as the store had it before this console looked."""

    heard: int = 0  # ms, received
    status: str = ""
    status_at: int = 0  # ms, received
    said: dict[str, Event | Point] = field(default_factory=dict)
    beats: deque[Heartbeat] = field(default_factory=lambda: deque(maxlen=BEATS_KEPT))
    commands: deque[Command] = field(default_factory=lambda: deque(maxlen=ANSWERS_KEPT))
    answers: dict[str, Done] = field(default_factory=dict)

    def row(self) -> list[Any]:
        """heard, status, battery, lamp: what the list and the map need."""
        return [self.heard, self.status, self._last("heartbeat", "battery"), self._last("light", "actual") or self._last("light", "mode")]

    def _last(self, kind: str, name: str) -> Any:
        said = self.said.get(kind)
        return said.fields.get(name) if isinstance(said, Point) else getattr(said, name, None)

    def curve(self, name: str) -> list[tuple[int, float]]:
        """(received, value) of the newest heartbeats, oldest first."""
        return [(beat.received, getattr(beat, name)) for beat in self.beats if getattr(beat, name) is not None]

    def take(self, kind: str, said: Event | Point) -> None:
        """Whatever is newer stays. The last will (`offline`) is the broker's word: the device itself was not heard."""
        at, known = received_of(said), self.said.get(kind)
        if known is None or at >= received_of(known):
            self.said[kind] = said
        state = "online" if kind == "heartbeat" else self._last("status", "state") if kind == "status" else None
        if state is not None and at >= self.status_at:
            self.status, self.status_at = state, at
        if not (kind == "status" and state == "offline"):
            self.heard = max(self.heard, at)
        if isinstance(said, Heartbeat):
            self.beats.append(said)
        elif isinstance(said, Done):
            self.answers[said.id] = said
            for old in list(self.answers)[:-ANSWERS_KEPT]:
                del self.answers[old]


def playing(commands: Iterable[Command], alerts: Mapping[str, Alert], now: int) -> list[dict[str, Any]]:
    """What a device speaks and shows by itself, by the alert that makes it: `said` by language, `spoken` when last, `lamp` while lit. By the log's time.

    Of alerts that stand only: when one ends, is kept quiet or closed, its programme has ended too.
    """
    found: dict[str, dict[str, Any]] = {}
    for command in commands:
        alert = alerts.get(command.alert or "")
        if alert is None or alert.condition == "over" or alert.suppressed is not None or alert.response in {"resolved", "verified"}:
            continue
        row = found.setdefault(
            alert.id, {"alert": alert.id, "level": alert.level, "said": {}, "spoken": None, "volume": None, "lamp": None, "until": None}
        )
        if command.command == "speak":
            at = command.id.rpartition("/")[2]  # programmes name their commands by the moment
            row["said"][str(command.args.get("language", ""))] = str(command.args.get("text", ""))
            row["spoken"], row["volume"] = int(at) if at.isdigit() else None, command.args.get("volume")
        elif command.command == "light":
            mode, until = command.args.get("mode"), command.args.get("until")
            lit = mode != "off" and isinstance(until, int) and until > now
            row["lamp"], row["until"] = (mode, until) if lit else (None, None)
    return [row for row in found.values() if row["said"] or row["lamp"]]


def received_of(said: Event | Point) -> int:
    """In ms. The store keeps an event at its own time, and by how much later it came."""
    return said.at + int(said.fields.get("delay", 0)) if isinstance(said, Point) else said.received


def spoken(said: Event | Point) -> dict[str, Any]:
    """For the page, with names: all of an event; of a point what the store keeps, which is every number and no text of people."""
    if isinstance(said, Point):
        return {"received": received_of(said), **{name: value for name, value in said.fields.items() if name != "delay"}}
    return plain(said)


@dataclass(slots=True)
class VesselView:
    """Where one vessel was last."""

    at: int = 0
    system: str = "ais"
    position: tuple[float, float] | None = None
    sog: float | None = None
    cog: float | None = None
    name: str = ""
    length: float | None = None

    def take(self, fix: Position) -> None:
        self.at, self.system = fix.received, fix.system
        self.name, self.length = fix.name or self.name, fix.length or self.length
        if fix.position is not None:
            self.position, self.sog, self.cog = fix.position, fix.sog, fix.cog

    def recall(self, fix: Point, named: Point | None) -> None:
        """The store's last fix, where nothing newer is known."""
        has = fix.fields.get
        lon, lat = has("lon"), has("lat")
        if lon is not None and lat is not None and (self.position is None or self.at < received_of(fix)):
            self.at, self.system = max(self.at, received_of(fix)), str(has("system", "ais"))
            self.position, self.sog, self.cog = (float(lon), float(lat)), _number(has("sog")), _number(has("cog"))
        if named is not None:
            self.name, self.length = self.name or str(named.fields.get("name", "")), self.length or _number(named.fields.get("length"))

    def row(self) -> list[Any]:
        where = self.position or (None, None)
        return [self.at, where[0], where[1], self.sog, self.cog, self.name, self.length, self.system]


def plain(row: Struct) -> dict[str, Any]:
    """Rows stand in the log without names; the page reads them with."""
    given = {name: getattr(row, name) for name in row.__struct_fields__}
    return {
        name: plain(value) if isinstance(value, Struct) else to_builtins(value, enc_hook=str)
        for name, value in given.items()
        if value is not None and value != ()
    }


def _number(value: float | str | None) -> float | None:
    return float(value) if isinstance(value, int | float) else None
