"""What the broker drops while no bridge listens is counted, and a press is not among it: the urgent session has a queue of its own."""

import time
from pathlib import Path

import pytest

from ingest.bridge import Bridge
from ingest.events import Heartbeat, Sos, System
from ingest.log import open_log
from ingest.settings import Settings
from ingest.site_files import read_site
from tests.live.machine import ROOT, Devices, Machine, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(60)]
KEPT, SAID = 20, 300


class Clock:
    """Life's time, and what is added to it."""

    more = 0.0  # s

    def wall(self) -> int:
        return round((time.time() + self.more) * 1000)

    def steady(self) -> float:
        return time.monotonic() + self.more


@pytest.fixture
def coast(tmp_path: Path):
    machine = Machine(tmp_path)
    machine.start_broker(queued=KEPT)
    log = open_log(f"sqlite:///{machine.home / 'log.db'}")
    yield machine, log
    log.close()
    machine.stop_broker()


def test_what_the_broker_dropped_while_the_bridge_was_down_is_counted_from_gaps(coast):
    machine, log = coast
    settings, site, clock = Settings(home=machine.home, mqtt=f"127.0.0.1:{machine.port}"), read_site(ROOT / "sites" / "quanzhou-bay"), Clock()
    devices = Devices(machine.port)

    def heard(kind: type) -> list:
        return [event for event in machine.events() if isinstance(event, kind)]

    def listen(true, what: str) -> None:
        until(lambda: bridge.turn(0.05) or true(), 20, what)

    bridge = Bridge(settings, log, site, wall=clock.wall, steady=clock.steady)
    listen(lambda: bridge.bulk.connected and bridge.urgent.connected, "connected")
    devices.say("huian", "light-0001", "heartbeat", battery=0.9)
    listen(lambda: heard(Heartbeat), "a heartbeat")
    bridge.close()
    for _ in range(SAID):
        devices.say("huian", "light-0001", "heartbeat", battery=0.9)
    devices.say("huian", "box-0001", "sos", state="pressed")
    devices.close()
    bridge = Bridge(settings, log, site, wall=clock.wall, steady=clock.steady)
    listen(lambda: heard(Sos), "the press was kept")
    devices = Devices(machine.port)
    devices.seq["light-0001"] = SAID
    devices.say("huian", "light-0001", "heartbeat", battery=0.9)
    listen(lambda: any(beat.seq == SAID + 1 for beat in heard(Heartbeat)), "what was said later")
    got_in = len(heard(Heartbeat))
    assert got_in < SAID / 2
    clock.more = 61
    listen(lambda: [event for event in heard(System) if event.code == "seq_gap"], "the loss is told")
    (told, *_) = [event for event in heard(System) if event.code == "seq_gap"]
    assert told.values["worst"] == {"light-0001": SAID + 2 - got_in}
    devices.close()
    bridge.close()
