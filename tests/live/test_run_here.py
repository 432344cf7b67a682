"""`coast-guardian run` as a newcomer starts it: no setting but the ports, in a folder of any name, with its home beside it."""

import os
import subprocess
import sys

import pytest

from alerts.outcomes import unpack
from ingest.log import ALERTS, open_log
from tests.live.machine import ROOT, Devices, free_port, until

pytestmark = pytest.mark.live


@pytest.mark.parametrize("name", ["coast", "海岸 1号, 50%"])
def test_a_press_is_judged_with_the_home_that_is_there_when_nothing_is_set(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    port, said = free_port(), folder / "run.log"
    unset = {key: value for key, value in os.environ.items() if not key.startswith("COAST_")}
    environment = {
        **unset,
        "PYTHONPATH": str(ROOT),
        "COAST_EMBEDDED_PORT": str(port),
        "COAST_CONSOLE_PORT": str(free_port()),
        "COAST_LOG_RESERVE": "1000000",
    }
    with said.open("wb") as out:
        run = subprocess.Popen([sys.executable, "-m", "coast_guardian", "run"], cwd=folder, env=environment, stdout=out, stderr=out)
    try:
        until(lambda: b"/sign-in?" in said.read_bytes(), 40, "the page is up")
        devices = Devices(port)
        devices.say("huian", "box-0042", "sos", state="pressed")
        log = open_log(f"sqlite:///{folder / 'var' / 'log.db'}")

        def raised() -> list[str]:
            entries = [entry for area in log.partitions(ALERTS) for entry in log.read(ALERTS, area, 0)]
            return [alert.subject for entry in entries for alert in unpack(entry.value).alerts if alert.model == "M01"]

        until(lambda: raised() == ["box-0042"], 15, f"the press is judged: {said.read_text()[-1500:]}")
        until((folder / "var" / "store.db").exists, 15, "it is recorded")
        devices.close()
        log.close()
    finally:
        run.terminate()
        assert run.wait(30) == 0
    assert "a role fell" not in said.read_text()
