"""Attempts to send, each channel in its own lane, so that one dead webhook delays nobody else. Only attempts run here; marks are the caller's."""

import itertools
import queue
import threading
import time
from collections.abc import Mapping
from typing import NamedTuple

from alerts.channels.message import Message, Result, Retry, Sender, Sent
from alerts.outbox import Delivery
from ingest.site import Channel, Person

WIDTH = 4  # attempts of one channel at once; one only after a failure; ours
LINGER = 5.0  # s after its time that an attempt may take to say so itself; then it is given up, whatever its server drips; ours
STUCK = 16  # given-up attempts of a channel that may still hang; a channel with more is not tried; ours


class Ended(NamedTuple):
    row: Delivery
    result: Result
    duration: int  # ms


class _Running(NamedTuple):
    row: Delivery
    began: float  # s, monotonic
    until: float


class Lanes:
    """`senders` by the scheme before the first colon or plus of a channel's url. Threads live as long as their attempt."""

    def __init__(self, senders: Mapping[str, Sender]) -> None:
        self._senders = senders
        self._numbers = itertools.count()
        self._running: dict[int, _Running] = {}
        self._stuck: dict[int, str] = {}  # given up, and its thread still there -> channel
        self._failing: set[str] = set()
        self._ended: queue.Queue[tuple[int, Result, float]] = (
            queue.Queue()
        )  # a SimpleQueue waits for ever where a signal outlasts its timeout (CPython 3.11)

    def room(self) -> dict[str, int]:
        """How many more attempts each known lane takes; a lane that is not in it takes `WIDTH`."""
        busy = [each.row.channel for each in self._running.values()]
        stuck = list(self._stuck.values())
        return {
            lane: 0 if stuck.count(lane) >= STUCK else max(0, (1 if lane in self._failing else WIDTH) - busy.count(lane))
            for lane in {*busy, *stuck, *self._failing}
        }

    def submit(self, row: Delivery, message: Message, person: Person | None, channel: Channel, timeout: int) -> None:
        number, now = next(self._numbers), time.monotonic()
        self._running[number] = _Running(row, now, now + timeout / 1000 + LINGER)
        threading.Thread(target=self._attempt, args=(number, message, person, channel, timeout), daemon=True, name=f"send {row.channel}").start()

    def ended(self, wait: float) -> list[Ended]:
        """What ended, after at most `wait` s."""
        found: list[tuple[int, Result, float]] = []
        try:
            found.append(self._ended.get(timeout=wait))
            while True:
                found.append(self._ended.get_nowait())
        except queue.Empty:
            pass
        results = [self._end(number, result, at) for number, result, at in found if self._stuck.pop(number, None) is None]
        now = time.monotonic()
        for number in [number for number, each in self._running.items() if each.until <= now]:
            self._stuck[number] = self._running[number].row.channel
            results.append(self._end(number, Retry("no answer in time", 30_000), now))
        return results

    def _end(self, number: int, result: Result, at: float) -> Ended:
        ended = self._running.pop(number)
        (self._failing.discard if isinstance(result, Sent) else self._failing.add)(ended.row.channel)
        return Ended(ended.row, result, int((at - ended.began) * 1000))

    def _attempt(self, number: int, message: Message, person: Person | None, channel: Channel, timeout: int) -> None:
        try:
            result = self._senders[scheme(channel)].send(message, person, channel, timeout)
        except Exception as broken:  # noqa: BLE001 — outermost loop of the thread: a faulty channel must not silence the others
            result = Retry(f"{type(broken).__name__}: {broken}", 30_000)
        self._ended.put((number, result, time.monotonic()))


def scheme(channel: Channel) -> str:
    return channel.url.partition(":")[0].partition("+")[0]
