"""Time in the log: what a bridge must remember to write a tick a second, and to go on from the last one after a restart."""

from collections import deque
from collections.abc import Iterable

from ingest.events import Tick
from ingest.log import EVENTS, Log
from ingest.records import Codec

EVERY = 1_000  # ms
STEP = 2_000  # ms that one probe may prove at most: the time between two of them


class Hearing:
    """`heard`: ms proven by probes that came back through the broker. What was not proven while it passed is never made up."""

    def __init__(self, heard: int) -> None:
        self.heard = heard
        self._number = 0
        self._sent: deque[tuple[int, int, int]] = deque(maxlen=600)  # number, ms monotonic when sent, ms that it would prove
        self._last: int | None = None
        self.returned_at: int | None = None

    def send(self, now: int) -> bytes:
        """The next probe's payload. `now`: ms, monotonic."""
        self._number += 1
        self._sent.append((self._number, now, min(now - self._last, STEP) if self._last is not None else 0))
        self._last = now
        return b"%d" % self._number

    def came_back(self, payload: bytes, now: int) -> None:
        """A probe of an earlier run of the bridge proves nothing, nor does one twice."""
        number = int(payload) if payload.isdigit() and len(payload) < 18 else 0
        while self._sent and self._sent[0][0] <= number:
            sent = self._sent.popleft()
            if sent[0] == number:
                self.heard += sent[2]
                self.returned_at = now

    def waiting(self, now: int) -> int:
        """Ms since the oldest probe that is still out was sent."""
        return now - self._sent[0][1] if self._sent else 0

    def forget(self) -> None:
        """The connection ended: what is still out proves nothing about the next one."""
        self._sent.clear()
        self._last = None


def last_tick(log: Log, codec: Codec, area: int) -> Tick | None:
    """The area's last tick in the log, looked for in its last 200 records."""
    first, end = log.bounds(EVENTS, area)
    for offset in range(end - 1, max(first, end - 200) - 1, -1):
        for entry in log.read(EVENTS, area, offset, 1):
            for event in reversed(codec.unpack(entry.value).events):
                if isinstance(event, Tick):
                    return event
    return None


def latest(ticks: Iterable[Tick | None]) -> tuple[int, int, int]:
    """(now, heard, connects) to go on from."""
    known = [tick for tick in ticks if tick is not None]
    return max((t.now for t in known), default=0), max((t.heard for t in known), default=0), max((t.connects for t in known), default=0)
