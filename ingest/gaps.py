"""What the broker dropped of the bulk, counted from holes in devices' `seq`."""

from collections.abc import Iterable, Iterator

import msgspec

from ingest.events import Event
from ingest.log import EVENTS, Log
from ingest.records import Codec
from ingest.refusals import Refused

PATIENCE = 60_000  # ms that a hole may stay before it counts: urgent and bulk travel apart
SPAN = 90_000  # ms of the log that a new bridge reads back, three heartbeats; ours
BYTES = 4_000_000  # of it at most, packed: some 300,000 events, half a second
_HOLES = 200  # runs of missing messages kept a device
_STRIDE = 200  # records


class _Counted(msgspec.Struct):
    """Of a message that is otherwise wrong."""

    seq: int | None = None
    boot: int | str | None = None


class Gaps:
    def __init__(self) -> None:
        self._last: dict[str, tuple[int | str | None, int]] = {}
        self._holes: dict[str, list[tuple[int, int, int]]] = {}  # device -> runs of missing: first, one past the last, ms when noticed
        self._many: dict[str, int] = {}  # device -> missing in runs beyond what is kept

    def remember(self, said: Iterable[Event]) -> None:
        """What an earlier bridge heard, in the log's order: holes that it had no time to count are kept, older ones were counted by it."""
        last = 0
        for event in said:
            self.note(event)
            last = event.received
        self.lost(last)

    def note(self, event: Event) -> None:
        seq = event.seq
        if seq is None:
            return
        device, boot = event.device, event.boot
        known = self._last.get(device)
        if known is None or known[0] != boot:
            self._last[device] = (boot, seq)
            return
        last = known[1]
        if seq == last + 1:
            self._last[device] = (boot, seq)
        elif seq > last:
            self._last[device] = (boot, seq)
            self._open(device, last + 1, seq, event.received)
        elif device in self._holes:
            self._fill(device, seq)

    def refused(self, one: Refused) -> None:
        """What was turned away did arrive. It makes no hole: of what it says only its place in the row is taken."""
        known = self._last.get(one.device)
        if known is None:
            return
        try:
            counted = (msgspec.json if one.payload[:1] == b"{" else msgspec.msgpack).decode(one.payload, type=_Counted)
        except (msgspec.DecodeError, RecursionError):
            return
        if counted.seq is None or counted.boot != known[0]:
            return
        if counted.seq == known[1] + 1:
            self._last[one.device] = (known[0], counted.seq)
        elif one.device in self._holes:
            self._fill(one.device, counted.seq)

    def _open(self, device: str, low: int, high: int, at: int) -> None:
        holes = self._holes.setdefault(device, [])
        if len(holes) < _HOLES:
            holes.append((low, high, at))
        else:
            self._many[device] = self._many.get(device, 0) + high - low

    def _fill(self, device: str, seq: int) -> None:
        """It came after all: an urgent message had overtaken thousands of the bulk."""
        holes = self._holes[device]
        for i, (low, high, at) in enumerate(holes):
            if low <= seq < high:
                holes[i : i + 1] = [(*part, at) for part in ((low, seq), (seq + 1, high)) if part[0] < part[1]]
                return

    def lost(self, now: int) -> dict[str, int]:
        """Device -> messages that have been missing for `PATIENCE`, each told once."""
        found, self._many = self._many, {}
        for device, holes in list(self._holes.items()):
            old = sum(high - low for low, high, at in holes if now - at >= PATIENCE)
            kept = [hole for hole in holes if now - hole[2] < PATIENCE]
            if old:
                found[device] = found.get(device, 0) + old
            if kept:
                self._holes[device] = kept
            else:
                del self._holes[device]
        return found


def recent(log: Log, codec: Codec, area: int) -> Iterator[Event]:
    """The newest of an area's events in the log, in order: what was dropped while no bridge ran shows against them."""
    first, end = log.bounds(EVENTS, area)
    start, size, newest = end, 0, None
    while start > first and size < BYTES:
        before = max(first, start - _STRIDE)
        entries = [entry for entry in log.read(EVENTS, area, before, start - before) if entry.offset < start]
        if not entries:
            break
        newest, start, size = newest or entries[-1].at, before, size + sum(len(entry.value) for entry in entries)
        if newest - entries[0].at > SPAN:
            break
    while start < end and (entries := log.read(EVENTS, area, start)):
        start = entries[-1].offset + 1
        for entry in entries:
            yield from codec.unpack(entry.value).events
