"""M12: a vessel that was heard regularly, by AIS or Beidou, is not heard any more, though its neighbours are.

Silence counts `heard` time, and only while the receiver that heard the vessel hears others. A vessel that left the coverage, lies in a harbour or was
heard too seldom to know is nobody's alert.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ingest.events import Weather
from ingest.site import Area, Site
from models.batch import Batch
from models.columns import Floats, Ints, Positions, rounds, taken
from models.coverage import Coverage, metres_between, moved
from models.memory import grown
from models.model import Finding, FoundLevel
from models.parameters import parameter
from models.places import Places, places_of
from models.sensors import believed
from models.subjects import Devices

NEVER = -1
MANY = 255  # fixes an hour, beyond which they are not counted
MINUTE, HOUR = 60_000, 3_600_000  # ms
LEVELS: tuple[FoundLevel, ...] = ("over", "blue", "yellow", "orange", "red")
NM = 1852.0  # m


@dataclass
class Memory:
    """One row a vessel, growing. `heard` in ms of proven hearing, other times in ms of event time."""

    heard: Ints
    at: Ints  # last fix
    receiver: NDArray[np.int32]
    interval: Floats  # ms, running median of the vessel's own
    hours: NDArray[np.uint8]  # uint8[n, 12]: fixes in each of the last 12 hours, MANY at most
    hour: NDArray[np.int32]  # the hour that `hours` was last turned to
    level: NDArray[np.int8]
    label: NDArray[np.int8]  # 1: likely disabled
    seen: NDArray[np.int8]  # fixes since it came back
    retry: Ints  # `heard` before which a silence that a guard explained is not judged again
    receivers: Ints  # by device row: `heard` when it last passed on a fix
    cells: dict[int, list[int]]  # grid cell -> [day, fixes, fixes on earlier days]
    met: dict[int, bool]  # rows that fell silent in a rendezvous
    wind: float = 0.0  # m/s
    scanned: int = NEVER


@dataclass(frozen=True)
class PositionSilence:
    code: ClassVar[str] = "M12"
    name: ClassVar[str] = "position_silence"
    memory_version: ClassVar[int] = 3
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ("positions",)
    rare: ClassVar[tuple[str, ...]] = ("weather",)
    hears: ClassVar[tuple[str, ...]] = ("M13", "M15")
    in_place: ClassVar[bool] = False  # the wind matters at ticks

    blue_after: int = parameter(30 * MINUTE, "ms", "ours", MINUTE, 24 * HOUR, "silence that is blue")
    intervals: float = parameter(5.0, "1", "ours", 1, 100, "and so many of the vessel's own median intervals")
    yellow_after: int = parameter(2 * HOUR, "ms", "S-2H", MINUTE, 48 * HOUR, "silence that is yellow")
    orange_after: int = parameter(6 * HOUR, "ms", "S-GFW", MINUTE, 96 * HOUR, "silence that is orange")
    disabling_after: int = parameter(12 * HOUR, "ms", "S-GFW", HOUR, 96 * HOUR, "silence labelled as likely disabling")
    border: float = parameter(1 * NM, "m", "warning-models M12", 0, 50_000, "a last fix nearer to a border is orange at once")
    alone_wind: float = parameter(10.8, "m/s", "Beaufort 6", 0, 60, "a vessel alone in this wind is yellow")
    fixes: int = parameter(14, "fixes", "S-GFW", 1, MANY, "needed in the 12 h before")
    neighbours: float = parameter(0.6, "1", "ours", 0, 1, "share of neighbours that must still be heard")
    least: int = parameter(3, "vessels", "ours", 1, 1_000, "under this many neighbours the cell's history stands in")
    radius: float = parameter(5_000.0, "m", "ours", 100, 100_000, "who is a neighbour")
    receiver_quiet: int = parameter(5 * MINUTE, "ms", "ours", 10_000, HOUR, "a receiver that passes on nothing for this long proves no silence")
    patience: int = parameter(5 * MINUTE, "ms", "ours", 10_000, HOUR, "a silence that a guard explained is judged again after this")
    back: int = parameter(2, "fixes", "warning-models M12", 1, 100, "fixes that end it")

    def start(self, _site: Site, _area: Area, devices: Devices) -> Memory:
        return Memory(
            heard=_column(np.int64), at=_column(np.int64), receiver=_column(np.int32), interval=_column(np.float64),
            hours=np.zeros((0, 12), dtype=np.uint8), hour=_column(np.int32), level=_column(np.int8), label=_column(np.int8), seen=_column(np.int8),
            retry=_column(np.int64), receivers=np.full(len(devices) + 1, NEVER, dtype=np.int64), cells={}, met={},
        )  # fmt: skip

    def migrate(self, memory: Memory, old: Devices, new: Devices) -> Memory:
        """Vessels stay; the rows of receivers move with the devices. The last row stands for receivers that the site does not know."""
        receivers = np.full(len(new) + 1, NEVER, dtype=np.int64)
        receivers[-1] = memory.receivers[-1]
        moved_to = np.full(len(old) + 1, NEVER, dtype=np.int32)
        for row, device in enumerate(new.all):
            if device.id in old.row:
                receivers[row], moved_to[old.row[device.id]] = memory.receivers[old.row[device.id]], row
        memory.receivers = receivers
        memory.receiver = moved_to[memory.receiver]
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        for rare in batch.rare:
            if isinstance(rare.event, Weather) and (wind := believed(site, "wind_speed", rare.event.wind_speed)) is not None:
                memory.wind = wind
        if len(batch.positions.nth) and batch.heard >= 0:
            _grow(memory, len(batch.vessels))
            self._receivers(memory, batch)
            Coverage(memory.cells).heard(batch.positions.longitude, batch.positions.latitude, batch.positions.at)
            for fixes in rounds(batch.positions):
                yield from self._fixes(memory, fixes, batch)
        if batch.tick and batch.now // 10_000 != memory.scanned:
            memory.scanned = batch.now // 10_000
            yield from self._silences(memory, batch, site)

    # Who is heard

    def _receivers(self, memory: Memory, batch: Batch) -> None:
        """A long time in which a receiver passed on nothing is no silence of the vessels that it heard."""
        for receiver in sorted(set(batch.positions.receiver.tolist())):
            last = int(memory.receivers[receiver])
            if last != NEVER and batch.heard - last > self.blue_after:
                memory.heard[(memory.receiver == receiver) & (memory.at != NEVER)] += batch.heard - last
            memory.receivers[receiver] = batch.heard

    def _fixes(self, memory: Memory, fixes: Positions, batch: Batch) -> Iterator[Finding]:
        new = fixes.at > memory.at[fixes.subject]
        if not new.all():  # repetitions and what is older than the last fix
            fixes = taken(fixes, new)
        rows = fixes.subject
        step = fixes.at - memory.at[rows]
        known = memory.at[rows] != NEVER
        was = memory.interval[rows]
        typical = np.where(was > 0, was + 0.1 * np.sign(step - was) * was, step)  # a running median: a tenth up or down
        memory.interval[rows] = np.where(known & (step < HOUR), typical, was)
        memory.heard[rows] = np.maximum(memory.heard[rows], batch.heard - fixes.late)
        memory.at[rows] = fixes.at
        memory.receiver[rows] = fixes.receiver
        memory.retry[rows] = 0
        _count(memory, rows, fixes.at // HOUR)
        for i in np.flatnonzero(memory.level[rows]):
            row = int(rows[i])
            memory.seen[row] += 1
            if memory.seen[row] >= self.back:
                gap = {"minutes": int(step[i]) // MINUTE} if memory.seen[row] == 1 else {}
                here = float(fixes.longitude[i]), float(fixes.latitude[i])
                yield self._finding(memory, row, 0, batch, int(fixes.nth[i]), int(fixes.at[i]), gap, here)

    # Who is not

    def _silences(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        n, latest = min(len(batch.vessels), len(memory.at)), batch.vessels.latest
        age = batch.heard - memory.heard[:n]
        due = np.maximum(self.blue_after, self.intervals * memory.interval[:n])
        live = batch.heard - memory.receivers[memory.receiver[:n]] <= self.receiver_quiet
        level = (age > due).astype(np.int8) + (age > np.maximum(due, self.yellow_after)) + (age > np.maximum(due, self.orange_after))
        met, overdue = _met(batch, n), _overdue(batch, n)
        level[met] = np.where(level[met] > 0, 3, 0)
        plain = level.copy()
        level[overdue] = np.where(level[overdue] > 0, 4, 0)
        open_to = live & latest.owner[:n] & (memory.at[:n] != NEVER) & (memory.retry[:n] <= batch.heard)
        candidates = np.flatnonzero((level > memory.level[:n]) & open_to)
        if len(candidates):
            places = places_of(site, batch.devices.area)
            for row in candidates:
                found = self._silent(memory, int(row), int(level[row]), batch, places, met=bool((met == row).any()))
                if found is None:
                    memory.retry[row] = batch.heard + self.patience
                else:
                    yield found
        for row in np.setdiff1d(np.flatnonzero(memory.level[:n] == 4), overdue):  # it was reported back, or its time was mistyped
            yield self._finding(memory, int(row), max(1, int(plain[row])), batch, batch.nth, batch.now, {}, _here(batch, int(row)))
        late = np.flatnonzero((memory.level[:n] > 0) & (memory.level[:n] < 4) & (memory.label[:n] == 0) & (age > self.disabling_after))
        for row in late:
            memory.label[row] = 1
            yield self._finding(memory, int(row), int(memory.level[row]), batch, batch.nth, batch.now, {}, _here(batch, int(row)), "likely_disabled")

    def _silent(self, memory: Memory, row: int, level: int, batch: Batch, places: Places, *, met: bool) -> Finding | None:
        """None where a guard explains the silence."""
        latest = batch.vessels.latest
        longitude, latitude, sog, cog = (float(column[row]) for column in (latest.longitude, latest.latitude, latest.sog, latest.cog))
        here = np.array([longitude]), np.array([latitude])
        vessel = batch.vessels.all[row]
        if vessel.asset != "ship" or batch.vessels.identity.get(vessel.id, vessel.id) != vessel.id or places.sheltered(*here)[0]:
            return None
        if memory.level[row] == 0:
            if memory.hours[row].sum() < self.fixes:
                return None
            heard, of = self._neighbours(memory, row, batch)
            if of >= self.least and heard < self.neighbours * of:
                return None
            cells = Coverage(memory.cells)
            if of < self.least and not cells.known(longitude, latitude, batch.now):
                return None
            if sog > 0.5 and not np.isnan(cog):
                away = moved(longitude, latitude, cog, sog * NM / HOUR * self.blue_after)  # where it would be by now
                if not cells.heard_near(*away):
                    return None
            values: dict[str, Any] = {"neighbours_heard": heard, "neighbours": of}
            if places.to_kind(("border",), *here)[0] < self.border:
                level, values["border"] = max(level, 3), True
            elif of == 0 and memory.wind >= self.alone_wind:
                level, values["wind"] = max(level, 2), memory.wind
        else:
            values = {}
        if met:
            memory.met[row] = True
        code = "silent_overdue" if level == 4 else "silent_met" if met else "silent"
        return self._finding(memory, row, level, batch, batch.nth, batch.now, values, _here(batch, row), code)

    def _neighbours(self, memory: Memory, row: int, batch: Batch) -> tuple[int, int]:
        """(still heard, all) of those who were heard within `radius` about when this one was heard last."""
        n, latest = min(len(batch.vessels), len(memory.at)), batch.vessels.latest
        last = memory.heard[row]
        about = (memory.heard[:n] >= last - 10 * MINUTE) & (memory.at[:n] != NEVER)
        about[row] = False
        rows = np.flatnonzero(about)
        near = rows[metres_between(latest.longitude[row], latest.latitude[row], latest.longitude[rows], latest.latitude[rows]) <= self.radius]
        silent_for = np.maximum(10 * MINUTE, self.intervals * memory.interval[near])
        return int(np.count_nonzero(batch.heard - memory.heard[near] <= silent_for)), len(near)

    def _finding(
        self, memory: Memory, row: int, level: int, batch: Batch, index: int, at: int, values: dict[str, Any], here: tuple[float, float],
        code: str = "silent",
    ) -> Finding:  # fmt: skip
        vessel = batch.vessels.all[row]
        memory.level[row], memory.seen[row] = level, 0
        if level == 0:
            memory.label[row] = 0
        receiver = int(memory.receiver[row])
        if receiver >= 0:
            values = {**values, "receiver": batch.devices.all[receiver].id}
        if level:
            values = {"minutes": int(batch.heard - memory.heard[row]) // MINUTE, **values}
        if vessel.name:
            values = {**values, "name": vessel.name}
        secret = memory.met.pop(row, False) if level == 0 else row in memory.met
        return Finding(
            model=self.code, subject=vessel.id, level=LEVELS[level], code=code, index=index, cause=f"{vessel.id}/{at}", occurred=at,
            values=values, position=(round(here[0], 6), round(here[1], 6)), sensitivity="restricted" if secret else "open",
        )  # fmt: skip


def _column(kind: type) -> NDArray[Any]:
    return np.empty(0, dtype=kind)


def _grow(memory: Memory, n: int) -> None:
    if len(memory.at) >= n:
        return
    for name, fill in _FILLS:
        setattr(memory, name, grown(getattr(memory, name), n, fill))


_FILLS: tuple[tuple[str, Any], ...] = (
    ("heard", NEVER), ("at", NEVER), ("receiver", NEVER), ("interval", 0.0), ("hours", 0), ("hour", 0), ("level", 0), ("label", 0),
    ("seen", 0), ("retry", 0),
)  # fmt: skip


def _count(memory: Memory, rows: Ints, hour: Ints) -> None:
    """Turn each row's twelve hourly counts to `hour` and count one fix."""
    for i in np.flatnonzero(memory.hour[rows] != hour):
        row, passed = int(rows[i]), int(hour[i] - memory.hour[rows[i]])
        if passed >= 12:
            memory.hours[row] = 0
        else:
            for each in range(1, passed + 1):
                memory.hours[row, (memory.hour[row] + each) % 12] = 0
        memory.hour[row] = hour[i]
    count = memory.hours[rows, hour % 12]
    memory.hours[rows, hour % 12] = count + (count < MANY)


def _here(batch: Batch, row: int) -> tuple[float, float]:
    """The last fix, exact at ticks."""
    return float(batch.vessels.latest.longitude[row]), float(batch.vessels.latest.latitude[row])


def _met(batch: Batch, n: int) -> Ints:
    """Rows of the vessels that lie in a rendezvous: those that M13's findings name."""
    names = (name for each in batch.standing.of("M13") for name in (each.values.get("one"), each.values.get("other"), each.subject))
    return _rows(batch, names, n)


def _overdue(batch: Batch, n: int) -> Ints:
    """Rows of the boats that are not back when they said, as M15 finds."""
    return _rows(batch, (each.subject for each in batch.standing.of("M15") if each.code.startswith("overdue")), n)


def _rows(batch: Batch, names: Iterable[Any], n: int) -> Ints:
    rows = (batch.vessels.row.get(name, n) for name in names if isinstance(name, str))
    return np.array(sorted({row for row in rows if row < n}), dtype=np.int64)
