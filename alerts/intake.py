"""What the fold must remember of the devices to believe an event: their clocks, and what they said before.

Rules from the wire document: clock error = `received` - `sent`, else the smallest `received` - `ts` of this boot; a repetition is equal in device, boot, seq
and ts. Nothing here reads a clock: `received` is the event's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ingest.events import Distress, Event, Heartbeat, Position, Sos, Tracks

ON_TIME = 60_000  # ms; a heartbeat younger than this counts as on time; wire document
CLOCK_JUMP = 60_000  # ms by which `ts` - `uptime` may move before the clock counts as set anew; wire document
PROOF = 3  # on-time heartbeats of a boot that prove its clock; wire document
GAPS = 64  # holes in `seq` that are remembered a boot; ours
WINDOW = 1_800_000  # ms of a window of clock error where no boot is said; ours
OLD_BOOTS = 16  # boots remembered as past; ours
URGENT_KEPT = 256  # names of urgent events remembered a boot; ours


@dataclass(slots=True)  # not a Struct, whose attributes cost eight times as much to set
class Boot:
    """One life of a device between two restarts."""

    id: int | str | None
    last: int = -1  # highest seq
    last_ts: int = -1
    gaps: tuple[tuple[int, int], ...] = ()  # seq missed so far, both ends included
    urgent: tuple[str, ...] = ()
    error: int | None = None  # smallest received - ts, ms
    base: int | None = None  # ts - uptime, ms
    on_time: int = 0
    beats: bool = False  # a heartbeat of it was heard
    older: int | None = None  # `error` of the window before, where windows turn
    since: int = 0  # ms, when the window began


@dataclass(slots=True)
class Known:
    """What is remembered of one device."""

    boot: Boot
    previous: Boot | None = None
    old: tuple[int | str | None, ...] = ()
    row: int = -1  # of the device in the area's table, -1 where the site does not know it: one look-up for both


Taken = tuple[int, int | None, bool, float]
"""How an event is to be taken: corrected time (ms), proven age (ms) or None, whether it is the first of a new boot, proven clock error (ms) or NaN."""

Beat = tuple[int, int, bool, float]
"""A heartbeat taken: the device's row or -1, corrected time (ms), whether it is the first of a new boot, proven clock error (ms) or NaN."""

NOBODY: Mapping[str, int] = {}
_NAN = float("nan")


class Intake:
    """Memory of an area's senders, by device id."""

    def __init__(self, rows: Mapping[str, int] = NOBODY, known: dict[str, Known] | None = None) -> None:
        self.known: dict[str, Known] = known or {}
        self.place(rows)
        self.repeated = 0
        self.outdated = 0  # events of boots long past

    def place(self, rows: Mapping[str, int]) -> None:
        """The rows of the area's devices by id, of the site revision in force."""
        self.rows = rows
        for device, known in self.known.items():
            known.row = rows.get(device, -1)

    def note(self, event: Event) -> None:
        """Of a kind that nobody judges: only its place in the counter matters."""
        known = self.known.get(event.device)
        if known is not None:
            boot, seq = known.boot, event.seq
            if seq == boot.last + 1 and event.boot == boot.id:
                boot.last, boot.last_ts = seq, event.ts or 0
                return
        self.take(event, urgent=False)

    def beat(self, event: Heartbeat) -> Beat | None:
        """`take` for a heartbeat: most of what a coast says. The usual case (next in order, with `sent`, clock proven and not set) in one go."""
        known = self.known.get(event.device)
        if known is None:
            return self._first_or_odd(event)
        boot, seq, ts, sent, uptime = known.boot, event.seq, event.ts, event.sent, event.uptime
        if seq != boot.last + 1 or ts is None or sent is None or uptime is None or boot.on_time < PROOF or boot.base is None or event.boot != boot.id:
            return self._first_or_odd(event)
        if not 0 <= uptime < 1e10 or not -CLOCK_JUMP <= ts - int(uptime * 1000) - boot.base <= CLOCK_JUMP:
            return self._first_or_odd(event)
        boot.last = seq
        boot.last_ts = ts
        received = event.received
        if boot.error is None or received - ts < boot.error:
            boot.error = received - ts
        return known.row, received - sent + ts if sent > ts else received, False, float(received - sent)

    def look(self, event: Tracks) -> tuple[int, int] | None:
        """`take` for a camera's look, of which the device's row (or -1) and the corrected time are asked. The usual case: next in order, with `sent`."""
        known, ts, sent = self.known.get(event.device), event.ts, event.sent
        if known is not None and ts is not None and sent is not None:
            boot, seq = known.boot, event.seq
            if seq == boot.last + 1 and event.boot == boot.id:
                boot.last, boot.last_ts = seq, ts
                received = event.received
                _smallest(boot, received, ts)
                return known.row, received - sent + ts if sent > ts else received
        taken = self.take(event, urgent=False)
        return None if taken is None else (self.known[event.device].row, taken[0])

    def _first_or_odd(self, event: Heartbeat) -> Beat | None:
        taken = self.take(event, urgent=False)
        return None if taken is None else (self.known[event.device].row, taken[0], taken[2], taken[3])

    def fix(self, event: Position) -> int | None:
        """`take` for a position, of which only the corrected time is asked. The usual case: from a receiver that is known, next in order or without a counter.

        A receiver that says its boot in what it says of itself, and none with the fixes that it passes on, has two at a time."""
        known, ts, seq = self.known.get(event.device), event.ts, event.seq
        boot = None if known is None else known.boot if event.boot == known.boot.id else known.previous
        if boot is None or ts is None or event.boot != boot.id or (seq is not None and seq != boot.last + 1):
            taken = self.take(event, urgent=False)
            return None if taken is None else taken[0]
        received, sent = event.received, event.sent
        if seq is not None:
            boot.last, boot.last_ts = seq, ts
        error = _smallest(boot, received, ts)
        return min(received, ts + error if sent is None else ts + received - sent)

    def take(self, event: Event, urgent: bool) -> Taken | None:
        """None for a repetition."""
        known = self.known.get(event.device)
        if known is None:
            known = self.known[event.device] = Known(Boot(event.boot), row=self.rows.get(event.device, -1))
        boot = known.boot
        if event.boot != boot.id:
            if known.previous is not None and event.boot == known.previous.id:
                boot = known.previous
            elif event.boot in known.old:  # of a boot before the previous one: a redelivery from long ago, which only a press outlives
                self.outdated += 1
                return (event.received, None, False, _NAN) if urgent else None
            else:
                if known.previous is not None:
                    known.old = (*known.old, known.previous.id)[-OLD_BOOTS:]
                known.previous, known.boot = boot, Boot(event.boot)
                boot = known.boot
        seq = event.seq
        if seq is not None and seq == boot.last + 1 and not urgent:  # nearly always
            boot.last, boot.last_ts = seq, event.ts or 0
        elif _said_before(boot, event) if urgent else _out_of_order(boot, event):
            self.repeated += 1
            return None
        restarted = False
        if type(event) is Heartbeat and not boot.beats:
            boot.beats, restarted = True, known.previous is not None and boot is known.boot
        return _timed(boot, event, restarted)


def _timed(boot: Boot, event: Event, restarted: bool) -> Taken:
    ts, received, sent = event.ts, event.received, event.sent
    if ts is None:
        return received, None, restarted, _NAN
    beats = type(event) is Heartbeat
    if beats:
        uptime: float | None = event.uptime  # type: ignore[attr-defined]  # `type(…) is` costs half of isinstance here
        if uptime is not None and 0 <= uptime < 1e10:
            base = ts - int(uptime * 1000)
            if boot.base is not None and not -CLOCK_JUMP <= base - boot.base <= CLOCK_JUMP:  # its clock was set
                boot.error, boot.on_time = None, 0
            boot.base = base
    error = _smallest(boot, received, ts)
    at = ts + (error if sent is None else received - sent)
    at = min(at, received)
    late = received - at
    if beats and late <= ON_TIME:
        boot.on_time += 1
    proven = boot.on_time >= PROOF
    clock = float(error if sent is None else received - sent) if proven else _NAN
    return at, late if proven or sent is not None else None, restarted, clock


def _smallest(boot: Boot, received: int, ts: int) -> int:
    """The smallest `received` - `ts` of this boot. What never says a boot (a receiver passing on others' times) would keep one wrong time for ever:
    there it is the smallest of this window and the one before."""
    if boot.id is None and received - boot.since > WINDOW:
        boot.older, boot.error, boot.since = boot.error, None, received
    error = received - ts
    if boot.error is None or error < boot.error:
        boot.error = error
    return boot.error if boot.older is None or boot.error < boot.older else boot.older


def _said_before(boot: Boot, event: Event) -> bool:
    if (event.seq is None and event.ts is None) or (isinstance(event, Sos) and event.raw is not None):
        return False  # what has no name, and unreadable presses, are never the same
    if isinstance(event, Distress) and event.seq is None:
        return False  # many beacons may be heard by one receiver in one second
    name = f"{type(event).__name__}/{event.seq}/{event.ts}"
    if name in boot.urgent:
        return True
    boot.urgent = (*boot.urgent, name)[-URGENT_KEPT:]
    return False


def _out_of_order(boot: Boot, event: Event) -> bool:
    """Not the next in order: a hole, a filling of one, a restarted counter, or a repetition."""
    seq, ts = event.seq, event.ts or 0
    if seq is None:
        return False  # without a counter nothing can be told apart
    if seq > boot.last:
        if seq > boot.last + 1:
            boot.gaps = (*boot.gaps, (boot.last + 1, seq - 1))[-GAPS:]
        boot.last, boot.last_ts = seq, ts
        return False
    if ts > boot.last_ts:  # newer than all before it: the counter began again
        boot.last, boot.last_ts, boot.gaps = seq, ts, ()
        return False
    for i, (low, high) in enumerate(boot.gaps):
        if low <= seq <= high:
            rest = [piece for piece in ((low, seq - 1), (seq + 1, high)) if piece[0] <= piece[1]]
            boot.gaps = (*boot.gaps[:i], *rest, *boot.gaps[i + 1 :])
            return False
    return True
