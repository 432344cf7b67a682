"""M01: somebody pressed the button of a call box, or a distress beacon at sea is heard. Red at once, whatever else is true.

A press never ends by itself: only a person's outcome ends it. A second press says "still needs help".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from ingest.events import Distress, Sos, Tamper, name_of
from ingest.site import Area, Site
from models.batch import Batch, Rare
from models.model import Finding
from models.parameters import parameter
from models.subjects import Devices

DAY = 86_400_000  # ms


@dataclass
class Memory:
    """By box: times of presses within a day, the last tamper; by beacon: level, label and time last told. Times in ms."""

    presses: dict[str, list[int]]
    tampered: dict[str, int]
    beacons: dict[str, list[Any]]


@dataclass(frozen=True)
class SosCall:
    code: ClassVar[str] = "M01"
    name: ClassVar[str] = "sos"
    memory_version: ClassVar[int] = 1
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ()
    rare: ClassVar[tuple[str, ...]] = ("sos", "distress", "tamper")
    hears: ClassVar[tuple[str, ...]] = ()
    in_place: ClassVar[bool] = True

    late: int = parameter(60_000, "ms", "wire document: older than 60 s is late", 1_000, 3_600_000, "age from which a press is marked late")
    call_back: int = parameter(
        DAY, "ms", "wire document: over 24 h", 3_600_000, 7 * DAY, "proven age from which a press is orange, to be called back"
    )
    damage: int = parameter(5_000, "ms", "warning-models M01", 0, 60_000, "tamper and press within this time may be damage")
    moving: float = parameter(5.0, "kn", "warning-models M01", 0.5, 30, "a beacon faster than this is perhaps aboard")
    repeat: int = parameter(60_000, "ms", "ours", 1_000, 3_600_000, "a beacon that changed its label is told again at most this often")

    def start(self, _site: Site, _area: Area, _devices: Devices) -> Memory:
        return Memory({}, {}, {})

    def migrate(self, memory: Memory, _old: Devices, _new: Devices) -> Memory:
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        for rare in batch.rare:
            event = rare.event
            if isinstance(event, Sos) and event.state == "pressed":
                yield self._press(memory, rare, event, site)
            elif isinstance(event, Distress):
                yield from self._beacon(memory, rare, event)
            elif isinstance(event, Tamper):
                yield from self._tamper(memory, rare, event, site)

    def _press(self, memory: Memory, rare: Rare, event: Sos, site: Site) -> Finding:
        recent = [at for at in memory.presses.get(event.device, ()) if rare.at - at < DAY]
        memory.presses[event.device] = [*recent, rare.at][-100:]
        flags = list(event.flags)
        if rare.late is None:
            if event.ts is None or event.received - rare.at > self.late:
                flags.append("clock")
        elif rare.late > self.late:
            flags.append("late")
        if abs(rare.at - memory.tampered.get(event.device, -DAY)) <= self.damage:
            flags.append("possible_damage")
        if event.drill and not rare.drill:
            flags.append("drill")  # it claims a drill outside of an exercise: in earnest, and said
        values: dict[str, Any] = {"presses": len(recent) + 1, "channel": event.channel, "hold": event.hold}
        if rare.late is not None:
            values["age"] = rare.late // 1000
        device = site.device.get(event.device)
        if device is None:
            flags.append("unplaced")
        old = rare.late is not None and rare.late > self.call_back
        return Finding(
            model=self.code,
            subject=event.device,
            level="orange" if old else "red",
            code="call_back" if old else "pressed",
            index=rare.nth,
            cause=_cause(event),
            occurred=rare.at,
            values={key: value for key, value in values.items() if value is not None},
            segment=device.segment if device else "",
            place=device.place if device else "",
            position=device.position if device else None,
            flags=tuple(dict.fromkeys(flags)),
            drill=rare.drill,
            again=True,
            answers=event.device,
        )

    def _tamper(self, memory: Memory, rare: Rare, event: Tamper, site: Site) -> Iterator[Finding]:
        """A door that opens just after the press says the same as one before it."""
        if not (event.door or (event.tilt is not None and abs(event.tilt) > 15)):
            return
        memory.tampered[event.device] = rare.at
        presses = memory.presses.get(event.device)
        device = site.device.get(event.device)
        if presses and device and abs(rare.at - presses[-1]) <= self.damage:
            yield Finding(
                model=self.code, subject=event.device, level="red", code="pressed", index=rare.nth, cause=name_of(event), occurred=presses[-1],
                values={"presses": len(presses)}, segment=device.segment, place=device.place, position=device.position,
                flags=("possible_damage",), drill=rare.drill, answers=event.device,
            )  # fmt: skip

    def _beacon(self, memory: Memory, rare: Rare, event: Distress) -> Iterator[Finding]:
        """One beacon, one alert: told at first, when its level or label changes, and when it has moved on after a while."""
        subject = event.vessel or event.device
        if not event.owner:
            memory.beacons.pop(subject, None)  # another area's: back here it is told anew
            return
        moving = event.sog is not None and event.sog > self.moving
        test = event.test and "odd" not in event.flags
        level = "blue" if test else "red"
        state = [level, moving, event.position is not None]
        known = memory.beacons.get(subject)
        if known is not None and (known[:3] == state or (known[0] == level and rare.at - known[3] < self.repeat)):
            return
        memory.beacons[subject] = [*state, rare.at]
        yield Finding(
            model=self.code,
            subject=subject,
            level="blue" if test else "red",
            code="beacon_test" if test else "beacon_moving" if moving else "beacon",
            index=rare.nth,
            cause=_cause(event),
            occurred=rare.at,
            values={key: value for key, value in {"source": event.source, "sog": event.sog, "heard_by": event.device}.items() if value is not None},
            position=event.position,
            flags=event.flags,
            drill=rare.drill,
        )


def _cause(event: Sos | Distress) -> str:
    """The event's name; what has none is told apart by when it came and what it said."""
    if event.raw is None and (event.seq is not None or event.ts is not None):
        return name_of(event)
    return f"{event.device}/{event.received}/{(event.raw or b'').hex()[:64]}"
