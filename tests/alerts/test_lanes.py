"""Waiting for attempts to end is bounded, whatever interrupts it."""

import signal
import threading
import time

from alerts import lanes as module
from alerts.channels.message import Message, Retry, Sent
from alerts.lanes import STUCK, WIDTH, Lanes
from alerts.outbox import Delivery
from ingest.site import Channel


def test_a_signal_during_the_wait_does_not_make_it_endless():
    """As SIGTERM did to the deliverer now and then: it was told to stop, and waited for an attempt that never came."""
    handler = signal.signal(signal.SIGALRM, lambda *_: time.sleep(0.05))
    rescue = threading.Timer(5.0, lambda: lanes._ended.put(None))
    lanes = Lanes({})
    rescue.start()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.005)
        began = time.monotonic()
        assert lanes.ended(0.02) == []
        assert time.monotonic() - began < 2
    finally:
        rescue.cancel()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


CHANNEL = Channel("hook", "webhook+http://x")
ROW = Delivery(1, "x", "li", "hook", "raised", 0, 1, 0, "red", b"", 0, 0, "sending", 0, None)


class Dripping:
    """A server that never finishes, until it is told to."""

    def __init__(self):
        self.told = threading.Event()

    def send(self, _message, _person, _channel, _timeout):
        self.told.wait(30)
        return Sent()


def all_ended(lanes, count):
    found, until = [], time.monotonic() + 5
    while len(found) < count and time.monotonic() < until:
        found += lanes.ended(0.01)
    return found


def test_an_attempt_that_never_ends_is_given_up_and_gives_its_lane_back(monkeypatch):
    monkeypatch.setattr(module, "LINGER", 0.02)
    server = Dripping()
    lanes = Lanes({"webhook": server})
    for _ in range(WIDTH):
        lanes.submit(ROW, Message(id="m", at=0), None, CHANNEL, 10)
    assert lanes.room() == {"hook": 0}
    found = all_ended(lanes, WIDTH)
    assert [each.result for each in found] == [Retry("no answer in time", 30_000)] * WIDTH
    assert lanes.room() == {"hook": 1}
    server.told.set()
    assert lanes.ended(0.2) == []


def test_a_channel_whose_attempts_all_hang_is_not_tried_for_ever(monkeypatch):
    monkeypatch.setattr(module, "LINGER", 0.02)
    server = Dripping()
    lanes = Lanes({"webhook": server})
    for _ in range(STUCK):
        lanes.submit(ROW, Message(id="m", at=0), None, CHANNEL, 0)
        assert len(all_ended(lanes, 1)) == 1
    assert lanes.room() == {"hook": 0}
    server.told.set()
    until = time.monotonic() + 5
    while lanes.room() == {"hook": 0} and time.monotonic() < until:
        lanes.ended(0.01)
    assert lanes.room() == {"hook": 1}
