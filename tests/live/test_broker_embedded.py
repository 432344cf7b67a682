"""The embedded broker: one that stands still is found out, started anew, and the coast is heard again."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from ingest.events import Sos
from tests.live.machine import Devices, Machine, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


@pytest.fixture
def machine(tmp_path: Path):
    machine = Machine(tmp_path)
    machine.env |= {"COAST_MQTT": "embedded", "COAST_EMBEDDED_PORT": str(machine.port)}
    machine.start()
    yield machine
    machine.stop()


def test_a_broker_that_stands_still_is_started_anew_and_a_press_comes_through(machine):
    before = machine.roles()["broker"]
    (engine,) = subprocess.run(["pgrep", "-P", str(before["pid"])], capture_output=True, text=True, check=True).stdout.split()
    os.kill(int(engine), signal.SIGSTOP)
    after = until(lambda: (role := machine.roles()["broker"])["falls"] and role["pid"] and role, 60, "the broker is started anew")
    assert after["pid"] != before["pid"]
    until(machine.broker_answers, 20, "the new one listens")
    devices = Devices(machine.port)
    until(
        lambda: devices.say("huian", "box-0001", "sos", state="pressed") or [e for e in machine.events() if isinstance(e, Sos)],
        30,
        "a press is heard",
    )
    devices.close()
    assert not Path(f"/proc/{engine}").exists()
