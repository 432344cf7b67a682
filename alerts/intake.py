"""What the fold must remember of the devices to believe an event: their clocks, and what they said before.

Rules from the wire document: clock error = `received` - `sent`, else the smallest `received` - `ts` of this boot; a repetition is equal in device, boot, seq
and ts. Nothing here reads a clock: `received` is the event's own.
"""

from typing import NamedTuple

from msgspec import Struct

from ingest.events import Distress, Event, Heartbeat, Sos

ON_TIME = 60_000  # ms; a heartbeat younger than this counts as on time; wire document
CLOCK_FAULT = 60_000  # ms of clock error that is told as a fault; wire document
CLOCK_JUMP = 60_000  # ms by which `ts` - `uptime` may move before the clock counts as set anew; wire document
PROOF = 3  # on-time heartbeats of a boot that prove its clock; wire document
GAPS = 64  # holes in `seq` that are remembered a boot; ours
OLD_BOOTS = 16  # boots remembered as past; ours
URGENT_KEPT = 256  # names of urgent events remembered a boot; ours


class Boot(Struct):
    """One life of a device between two restarts."""

    id: int | str | None
    last: int = -1  # highest seq
    last_ts: int = -1
    gaps: list[tuple[int, int]] = []  # seq missed so far, both ends included
    urgent: list[str] = []
    error: int | None = None  # smallest received - ts, ms
    base: int | None = None  # ts - uptime, ms
    on_time: int = 0


class Known(Struct):
    """What is remembered of one device."""

    boot: Boot
    previous: Boot | None = None
    old: list[int | str | None] = []


class Heard(NamedTuple):
    """How an event is to be taken. `late` is None where its age is not proven."""

    at: int  # ms, corrected
    late: int | None
    repetition: bool
    restarted: bool
    clock: float  # ms of proven clock error, NaN where unproven


_NAN = float("nan")


class Intake:
    """Memory of an area's senders, by device id."""

    def __init__(self, known: dict[str, Known] | None = None) -> None:
        self.known: dict[str, Known] = known or {}
        self.repeated = 0
        self.outdated = 0  # events of boots long past

    def take(self, event: Event, urgent: bool) -> Heard:
        known = self.known.get(event.device)
        restarted = False
        if known is None:
            known = self.known[event.device] = Known(Boot(event.boot))
        boot = known.boot
        if event.boot != boot.id:
            if known.previous is not None and event.boot == known.previous.id:
                boot = known.previous
            elif event.boot in known.old:
                return self._outdated(event, urgent)
            else:
                if known.previous is not None:
                    known.old = [*known.old, known.previous.id][-OLD_BOOTS:]
                known.previous, known.boot = boot, Boot(event.boot)
                boot, restarted = known.boot, True
        if urgent:
            repetition = _said_before(boot, event)
        else:
            seq = event.seq
            if seq == boot.last + 1 and seq is not None:  # nearly always
                boot.last, boot.last_ts, repetition = seq, event.ts or 0, False
            else:
                repetition = _out_of_order(boot, event)
        if repetition:
            self.repeated += 1
            return Heard(event.received, None, True, False, _NAN)
        return _timed(boot, event, restarted)

    def _outdated(self, event: Event, urgent: bool) -> Heard:
        """Of a boot before the previous one: a redelivery from long ago, which only a press outlives."""
        self.outdated += 1
        return Heard(event.received, None, not urgent, False, _NAN)


def _timed(boot: Boot, event: Event, restarted: bool) -> Heard:
    ts, received = event.ts, event.received
    if ts is None:
        return Heard(received, None, False, restarted, _NAN)
    if isinstance(event, Heartbeat) and event.uptime is not None and 0 <= event.uptime < 1e10:
        base = ts - int(event.uptime * 1000)
        if boot.base is not None and abs(base - boot.base) > CLOCK_JUMP:  # its clock was set
            boot.error, boot.on_time = None, 0
        boot.base = base
    error = received - ts
    if event.sent is not None:
        error = received - event.sent
    elif boot.error is None or error < boot.error:
        boot.error = error
    else:
        error = boot.error
    at = min(ts + error, received)
    late = received - at
    if isinstance(event, Heartbeat) and late <= ON_TIME:
        boot.on_time += 1
    proven = event.sent is not None or boot.on_time >= PROOF
    return Heard(at, late if proven else None, False, restarted, float(error) if boot.on_time >= PROOF else _NAN)


def _said_before(boot: Boot, event: Event) -> bool:
    if (event.seq is None and event.ts is None) or (isinstance(event, Sos) and event.raw is not None):
        return False  # what has no name, and unreadable presses, are never the same
    if isinstance(event, Distress) and event.seq is None:
        return False  # many beacons may be heard by one receiver in one second
    name = f"{type(event).__name__}/{event.seq}/{event.ts}"
    if name in boot.urgent:
        return True
    boot.urgent = [*boot.urgent, name][-URGENT_KEPT:]
    return False


def _out_of_order(boot: Boot, event: Event) -> bool:
    """Not the next in order: a hole, a filling of one, a restarted counter, or a repetition."""
    seq, ts = event.seq, event.ts or 0
    if seq is None:
        return False  # without a counter nothing can be told apart
    if seq > boot.last:
        if seq > boot.last + 1:
            boot.gaps = [*boot.gaps, (boot.last + 1, seq - 1)][-GAPS:]
        boot.last, boot.last_ts = seq, ts
        return False
    if ts > boot.last_ts:  # newer than all before it: the counter began again
        boot.last, boot.last_ts, boot.gaps = seq, ts, []
        return False
    for i, (low, high) in enumerate(boot.gaps):
        if low <= seq <= high:
            rest = [piece for piece in ((low, seq - 1), (seq + 1, high)) if piece[0] <= piece[1]]
            boot.gaps = [*boot.gaps[:i], *rest, *boot.gaps[i + 1 :]]
            return False
    return True
