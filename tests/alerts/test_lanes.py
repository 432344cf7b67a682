"""Waiting for attempts to end is bounded, whatever interrupts it."""

import signal
import threading
import time

from alerts.lanes import Lanes


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
