"""Sending beside each other: each channel has its own lane, so that one dead webhook delays nobody else. Only attempts run here; marks are the caller's."""

import queue
import threading
import time
from collections.abc import Mapping

from alerts.channels.message import Message, Result, Retry, Sender, Sent
from alerts.outbox import Delivery
from ingest.site import Channel, Person

WIDTH = 4  # attempts of one channel at once; one only after a failure; ours


class Ended:
    __slots__ = ("duration", "result", "row")

    def __init__(self, row: Delivery, result: Result, duration: int) -> None:
        self.row, self.result, self.duration = row, result, duration  # ms


class Lanes:
    """`senders` by the scheme before the first colon or plus of a channel's url. Threads live as long as their attempt."""

    def __init__(self, senders: Mapping[str, Sender]) -> None:
        self._senders = senders
        self._busy: dict[str, int] = {}
        self._failing: set[str] = set()
        self._ended: queue.Queue[Ended] = queue.Queue()  # a SimpleQueue waits for ever where a signal outlasts its timeout (CPython 3.11)

    def room(self) -> dict[str, int]:
        """How many more attempts each known lane takes; a lane that is not in it takes `WIDTH`."""
        return {lane: max(0, (1 if lane in self._failing else WIDTH) - self._busy.get(lane, 0)) for lane in {*self._busy, *self._failing}}

    def submit(self, row: Delivery, message: Message, person: Person | None, channel: Channel, timeout: int) -> None:
        self._busy[row.channel] = self._busy.get(row.channel, 0) + 1
        threading.Thread(target=self._attempt, args=(row, message, person, channel, timeout), daemon=True, name=f"send {row.channel}").start()

    def ended(self, wait: float) -> list[Ended]:
        """What ended, after at most `wait` s."""
        found: list[Ended] = []
        try:
            found.append(self._ended.get(timeout=wait))
            while True:
                found.append(self._ended.get_nowait())
        except queue.Empty:
            pass
        for each in found:
            lane = each.row.channel
            self._busy[lane] -= 1
            (self._failing.discard if isinstance(each.result, Sent) else self._failing.add)(lane)
        return found

    def _attempt(self, row: Delivery, message: Message, person: Person | None, channel: Channel, timeout: int) -> None:
        began = time.monotonic()
        try:
            result = self._senders[scheme(channel)].send(message, person, channel, timeout)
        except Exception as broken:  # noqa: BLE001 — outermost loop of the thread: a faulty channel must not silence the others
            result = Retry(f"{type(broken).__name__}: {broken}", 30_000)
        self._ended.put(Ended(row, result, int((time.monotonic() - began) * 1000)))


def scheme(channel: Channel) -> str:
    return channel.url.partition(":")[0].partition("+")[0]
