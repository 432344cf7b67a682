"""M02: a call box, light, camera or receiver that fell silent, runs flat, was opened or tilted, or has a wrong clock; a sensor whose values cannot be.

Silence counts only the time in which the system itself proved that it could hear (`heard`), so a dead broker makes no box "offline".
What sensors measure is judged by `models/sensors.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ingest.events import Selftest, Status, Tamper, name_of
from ingest.site import Area, Site
from ingest.sun import next_sunrise
from models.batch import Batch, Rare
from models.columns import Floats, Heartbeats, Ints, rounds
from models.model import Finding, FoundLevel
from models.outage import Outages
from models.parameters import parameter
from models.sensors import JUDGED, QUANTITIES, Readings, SensorRules
from models.subjects import Devices

NEVER, LAST = -1, 1 << 62
LEVELS: tuple[FoundLevel, ...] = ("over", "blue", "yellow", "orange")
HOUR, DAY = 3_600_000, 86_400_000  # ms


@dataclass
class Memory:
    """One row a device. Times in ms of `heard` where they count silence, of `now` elsewhere."""

    heard: Ints
    fixes: Ints  # last position that it passed on, for receivers
    away: NDArray[np.int8]  # 0 here, 1 blue, 2 yellow
    streak: NDArray[np.int8]  # heartbeats since it came back
    charge: NDArray[np.int8]  # 0 good, 1 low, 2 nearly empty
    flat: NDArray[np.bool_]  # empty before the next sunrise, by its trend
    battery: Floats  # 0..1, the last
    reference: Floats  # battery about an hour ago
    referred: Ints  # when that was
    clock: NDArray[np.bool_]
    tamper: NDArray[np.int8]  # 0 shut, 1 open, 2 tilted
    failed: NDArray[np.bool_]  # a self-test did
    restarts: Ints  # in the day that began at `day`
    day: Ints
    told: NDArray[np.int8]  # level x 16 + code, as last told
    outage: Ints  # row of the device that names the outage it is part of, NEVER
    start: int = NEVER  # `heard` at the first tick
    grace: int = 0  # `heard` until which nothing is judged silent
    connects: int = NEVER
    unheard: bool = False  # told that some were never heard
    due: int = 0  # `heard` before which nobody can fall silent
    readings: Readings = field(default_factory=Readings)


CODES = ("well", "silent", "receiver_down", "tamper", "tilt", "battery", "battery_trend", "clock", "restarts", "selftest")


@dataclass(frozen=True)
class BoxHealth(SensorRules):
    code: ClassVar[str] = "M02"
    name: ClassVar[str] = "box_health"
    memory_version: ClassVar[int] = 2
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ("heartbeats", "positions")
    rare: ClassVar[tuple[str, ...]] = ("status", "tamper", "selftest", *JUDGED)
    hears: ClassVar[tuple[str, ...]] = ()
    in_place: ClassVar[tuple[str, ...]] = ("status", "tamper", "selftest")  # what sensors measure is judged at ticks

    missed: int = parameter(90_000, "ms", "three heartbeats of 30 s; ours", 10_000, HOUR, "silence that is blue")
    gone: int = parameter(HOUR, "ms", "ours", 60_000, DAY, "silence that is yellow; at once at risk points and beside a neighbour that is down")
    good: int = parameter(3, "heartbeats", "ours", 1, 100, "heartbeats that end a silence")
    grace: int = parameter(60_000, "ms", "two heartbeats; ours", 0, HOUR, "after the broker came back, nobody is called silent")
    unheard: int = parameter(600_000, "ms", "ours", 60_000, DAY, "hearing after which devices that never spoke are told")
    low: float = parameter(0.30, "1", "ours", 0, 1, "charge that is blue")
    empty: float = parameter(0.15, "1", "ours", 0, 1, "charge that is yellow")
    slack: float = parameter(0.02, "1", "ours", 0, 0.5, "charge above a threshold that ends it (hysteresis)")
    tilt: float = parameter(15.0, "deg", "ours", 1, 90, "from upright")
    clock: int = parameter(60_000, "ms", "wire document", 1_000, DAY, "clock error that is blue")
    restarts: int = parameter(6, "a day", "ours", 1, 10_000, "restarts beyond this are blue")
    quiet: int = parameter(600_000, "ms", "ours", 60_000, DAY, "a receiver without heartbeats that passes on nothing for this long is down")
    outage: int = parameter(3, "devices", "warning-models M02", 2, 1_000, "so many adjacent silent devices are one outage of the segment")

    def start(self, _site: Site, _area: Area, devices: Devices) -> Memory:
        return _rows(len(devices))

    def migrate(self, memory: Memory, old: Devices, new: Devices) -> Memory:
        """Rows go with the device's id; an outage is found again at the next tick."""
        fresh = _rows(len(new))
        pairs = [(old.row[device.id], row) for row, device in enumerate(new.all) if device.id in old.row]
        for was, row in pairs:
            for name in _ROWS:
                getattr(fresh, name)[row] = getattr(memory, name)[was]
            root = int(memory.outage[was])
            fresh.outage[row] = new.row.get(old.all[root].id, NEVER) if root != NEVER else NEVER
        for name in ("start", "grace", "connects", "unheard"):
            setattr(fresh, name, getattr(memory, name))
        fresh.readings = memory.readings.kept(new)
        return fresh

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        if not len(batch.devices):
            return
        for rare in batch.rare:
            yield from self._rare(memory, rare, batch)
        for beats in rounds(batch.heartbeats):
            yield from self._beats(memory, beats, batch)
        passed = batch.positions.receiver
        if len(passed):
            memory.fixes[passed[passed >= 0]] = batch.heard
            memory.due = min(memory.due, batch.heard + self.quiet)
        if batch.tick:
            yield from self._silences(memory, batch, site)
            if batch.heard >= memory.grace:
                yield from self.readings(memory.readings, batch, lambda device: bool(memory.away[batch.devices.row[device]]))

    # What they say

    def _rare(self, memory: Memory, rare: Rare, batch: Batch) -> Iterator[Finding]:
        row = batch.devices.row.get(rare.event.device)
        if row is None:
            return
        event, before = rare.event, int(memory.told[row])
        if type(event) in QUANTITIES:
            self.note(memory.readings, rare, batch.heard)
            return
        if isinstance(event, Tamper):
            tilted = event.tilt is not None and abs(event.tilt) > self.tilt
            memory.tamper[row] = 1 if event.door else 2 if tilted else 0
        elif isinstance(event, Status) and event.state == "offline":
            memory.away[row], memory.streak[row] = max(1, int(memory.away[row])), 0
        elif isinstance(event, Selftest):
            memory.failed[row] = not event.ok
        if self._standing(memory, row, batch.devices) != before:
            values = {"loop": event.loop} if isinstance(event, Selftest) else {"tilt": event.tilt} if isinstance(event, Tamper) and event.tilt else {}
            yield self._told(memory, row, batch, rare.nth, rare.at, name_of(event), values, drill=rare.drill)

    def _beats(self, memory: Memory, beats: Heartbeats, batch: Batch) -> Iterator[Finding]:
        rows = beats.subject
        memory.heard[rows] = batch.heard
        memory.due = min(memory.due, batch.heard + self.missed, batch.heard + self.gone)
        touched = beats.restarted | (memory.away[rows] > 0)
        battery = np.where(beats.judged, beats.battery, np.nan)
        was = memory.charge[rows]
        charge = (battery < self.low + self.slack * (was >= 1)).astype(np.int8) + (battery < self.empty + self.slack * (was >= 2))
        charge = np.where(np.isnan(battery), was, charge)
        wrong = np.where(np.isnan(beats.clock), memory.clock[rows], np.abs(beats.clock) > self.clock)
        touched |= (charge != was) | (wrong != memory.clock[rows])
        memory.battery[rows] = np.where(np.isnan(battery), memory.battery[rows], battery)
        old = beats.judged & (beats.at - memory.referred[rows] >= HOUR)
        for i in np.flatnonzero(touched | old):  # the few, one by one: a neighbour's turn must not see what comes after it
            row, index, at = int(rows[i]), int(beats.nth[i]), int(beats.at[i])
            memory.charge[row], memory.clock[row] = charge[i], wrong[i]
            if beats.restarted[i]:
                self._restarted(memory, row, at)
            if old[i]:
                self._trend(memory, row, at, batch.devices)
            concerned = (row, *batch.devices.neighbours[row]) if self._came_back(memory, row) else (row,)
            for each in concerned:
                before = int(memory.told[each])
                if self._standing(memory, each, batch.devices) != before:
                    yield self._told(memory, each, batch, index, at, f"{batch.devices.all[row].id}/{at}", {}, own=each == row)

    def _came_back(self, memory: Memory, row: int) -> bool:
        """Counts a heartbeat of a silent device; true when they are enough."""
        if not memory.away[row]:
            return False
        memory.streak[row] += 1
        if memory.streak[row] < self.good:
            return False
        memory.away[row] = 0
        return True

    def _restarted(self, memory: Memory, row: int, at: int) -> None:
        if at - memory.day[row] > DAY:
            memory.day[row], memory.restarts[row] = at, 0
        memory.restarts[row] += 1

    def _trend(self, memory: Memory, row: int, at: int, devices: Devices) -> None:
        """Once an hour: does the charge last until the sun is back?"""
        charge, since = float(memory.battery[row]), at - int(memory.referred[row])
        fall = (float(memory.reference[row]) - charge) / since if since < 3 * HOUR else 0.0  # a share of the battery a ms
        memory.reference[row], memory.referred[row] = charge, at
        memory.flat[row] = fall > 0 and charge < 0.6 and at + charge / fall < next_sunrise(devices.all[row].position, at)

    # What they do not say

    def _silences(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        if memory.start == NEVER:
            memory.start = batch.heard
        if batch.connects != memory.connects:
            if memory.connects != NEVER:
                memory.grace = batch.heard + self.grace
            memory.connects = batch.connects
        fallen: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        if batch.heard >= memory.grace and batch.heard > memory.due:
            age = np.where(memory.heard == NEVER, 0, batch.heard - memory.heard)
            still = np.where((memory.heard == NEVER) & (memory.fixes != NEVER), batch.heard - memory.fixes, 0)
            raw = ((age > self.missed) | (still > self.quiet)).astype(np.int8) + (age > self.gone)
            fallen = np.flatnonzero(raw > memory.away)
            memory.away[fallen], memory.streak[fallen] = raw[fallen], 0
            memory.due = self._next_fall(memory)
        yield from Outages(self.code, self.outage).judge(memory.away, memory.outage, batch, site)  # first: it explains those that follow
        yield from self._fell(memory, fallen.tolist(), batch)
        yield from self._never(memory, batch)

    def _next_fall(self, memory: Memory) -> int:
        """`heard` up to which all stay as they are, if nobody says anything more: most ticks need not look at thousands."""
        soon, late = sorted((self.missed, self.gone))
        known = memory.heard != NEVER
        here = memory.heard[known & (memory.away == 0)] + soon
        away = memory.heard[known & (memory.away == 1)] + late
        passing = memory.fixes[~known & (memory.fixes != NEVER) & (memory.away == 0)] + self.quiet
        return min((int(each.min()) for each in (here, away, passing) if len(each)), default=LAST)

    def _fell(self, memory: Memory, rows: list[int], batch: Batch) -> Iterator[Finding]:
        """These devices, and the neighbours for whom it now matters; each once."""
        for each in dict.fromkeys(chain.from_iterable((row, *batch.devices.neighbours[row]) for row in rows)):
            if self._standing(memory, each, batch.devices) != int(memory.told[each]):
                since = max(int(memory.heard[each]), int(memory.fixes[each]))
                values = {"seconds": (batch.heard - since) // 1000} if since != NEVER else {}
                yield self._told(memory, each, batch, batch.nth, batch.now, f"tick/{batch.now}", values)

    def _never(self, memory: Memory, batch: Batch) -> Iterator[Finding]:
        """One finding for all that were never heard: a coast that is being built, or a box dead from the start."""
        if batch.heard - memory.start <= self.unheard:
            return
        missing = np.flatnonzero((memory.heard == NEVER) & (memory.fixes == NEVER) & batch.devices.beats)
        if bool(len(missing)) == memory.unheard:
            return
        memory.unheard = bool(len(missing))
        names = [batch.devices.all[row].id for row in missing[:20]]
        yield Finding(
            model=self.code, subject="unheard", level="blue" if names else "over", code="unheard", index=batch.nth, cause=f"tick/{batch.now}",
            occurred=batch.now, values={"devices": len(missing), "first": names},
        )  # fmt: skip

    # How it stands

    def _standing(self, memory: Memory, row: int, devices: Devices) -> int:
        """Level x 16 + code of the worst that is true of the device now."""
        device, away = devices.all[row], int(memory.away[row])
        if away == 1 and (device.risk_point or any(memory.away[other] for other in devices.neighbours[row])):
            away = 2
        silent = "receiver_down" if device.type == "receiver" else "silent"
        standing = (
            (3 if memory.tamper[row] else 0, "tilt" if memory.tamper[row] == 2 else "tamper"),
            (max(away, 2) if away and silent == "receiver_down" else away, silent),
            (int(memory.charge[row]), "battery"),
            (2 if memory.flat[row] else 0, "battery_trend"),
            (1 if memory.clock[row] else 0, "clock"),
            (1 if memory.failed[row] else 0, "selftest"),
            (1 if memory.restarts[row] > self.restarts else 0, "restarts"),
        )
        level, code = 0, "well"
        for each, name in standing:
            if each > level:  # the first of equals
                level, code = each, name
        return level * 16 + CODES.index(code)

    def _told(
        self,
        memory: Memory,
        row: int,
        batch: Batch,
        index: int,
        at: int,
        cause: str,
        values: dict[str, Any],
        *,
        drill: bool = False,
        own: bool = True,
    ) -> Finding:
        before, standing = int(memory.told[row]), self._standing(memory, row, batch.devices)
        memory.told[row] = standing
        device = batch.devices.all[row]
        code = CODES[(standing or before) % 16]
        if own and code.startswith("battery"):
            values = {"battery": round(float(memory.battery[row]), 3), **values}
        if code == "restarts":
            values = {"restarts": int(memory.restarts[row]), **values}
        return Finding(
            model=self.code, subject=device.id, level=LEVELS[standing // 16], code=code, index=index, cause=cause, occurred=at,
            values={"type": device.type, **values}, segment=device.segment, place=device.place, position=device.position, drill=drill,
        )  # fmt: skip


_ROWS = (
    "heard", "fixes", "away", "streak", "charge", "flat", "battery", "reference", "referred", "clock", "tamper", "failed", "restarts", "day", "told",
)  # fmt: skip


def _rows(n: int) -> Memory:
    def ints(fill: int) -> Ints:
        return np.full(n, fill, dtype=np.int64)

    def small() -> NDArray[np.int8]:
        return np.zeros(n, dtype=np.int8)

    def flags() -> NDArray[np.bool_]:
        return np.zeros(n, dtype=np.bool_)

    return Memory(
        heard=ints(NEVER), fixes=ints(NEVER), away=small(), streak=small(), charge=small(), flat=flags(), battery=np.full(n, np.nan),
        reference=np.zeros(n), referred=ints(0), clock=flags(), tamper=small(), failed=flags(), restarts=ints(0), day=ints(0), told=small(),
        outage=ints(NEVER),
    )  # fmt: skip
