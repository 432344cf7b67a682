"""The supervisor with small roles of the test's own, in a process of its own: what falls is started again, what will not stop is killed, nothing is left."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import os, signal, sys, time
from pathlib import Path
import alerts.supervisor as supervisor
from alerts.supervisor import Role, Supervisor
from ingest.settings import Settings

home = Path(sys.argv[1])
supervisor.SHARED = ()
supervisor.STOPPING = 1.0
supervisor.BACK_OFF = (0.05, 0.1)

def lines(name):
    with (home / name).open("a") as out:
        out.write(f"{os.getpid()} {time.monotonic()}\\n")

def falls(_settings):
    lines("falls")
    return 3

def stands(_settings):
    lines("stands")
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    while True:
        time.sleep(0.05)

def deaf(_settings):
    lines("deaf")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(0.05)

roles = [Role(name, {"falls": falls, "stands": stands, "deaf": deaf}[name]) for name in sys.argv[2].split(",")]
settings = Settings(home=home, mqtt="127.0.0.1:1", site=Path("sites/quanzhou-bay"), log_reserve=0, console_port=1)
sys.exit(Supervisor(settings, roles).run(lambda: None))
"""


def started(home: Path, roles: str) -> subprocess.Popen:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(home), roles], cwd=ROOT, env=env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )


def until(true, seconds: float = 20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come true in time")


def starts(home: Path, name: str) -> list[int]:
    path = home / name
    return [int(line.split()[0]) for line in path.read_text().splitlines()] if path.exists() else []


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return home


def test_a_role_that_falls_is_started_again_and_the_fall_is_in_the_log(home):
    process = started(home, "falls,stands")
    try:
        until(lambda: len(starts(home, "falls")) >= 3)
        state = until(lambda: (s := json.loads((home / "run.json").read_text())["roles"])["falls"]["falls"] >= 2 and s)
    finally:
        process.terminate()
    assert process.wait(10) == 0
    assert state["falls"]["last_exit"] == "status 3"
    assert len(starts(home, "stands")) == 1
    assert told(home) >= {("falls", "crashed")}


def told(home: Path) -> set[tuple[str, str]]:
    from ingest.events import System
    from ingest.log import EVENTS, open_log
    from ingest.records import Codec

    log = open_log(f"sqlite:///{home / 'log.db'}")
    entries = [entry for area in log.partitions(EVENTS) for entry in log.read(EVENTS, area, 0)]
    found = {(event.part, event.code) for entry in entries for event in Codec().unpack(entry.value).events if isinstance(event, System)}
    assert len({entry.partition for entry in entries}) == 1, "a process is not an area's: one alert"
    log.close()
    return found


def test_a_role_that_will_not_stop_is_killed(home):
    process = started(home, "deaf,stands")
    (pid,) = until(lambda: starts(home, "deaf"))
    until(lambda: starts(home, "stands"))
    process.terminate()
    assert process.wait(10) == 0
    assert not alive(pid)


def test_no_role_outlives_a_supervisor_that_is_killed(home):
    process = started(home, "stands")
    (pid,) = until(lambda: starts(home, "stands"))
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    until(lambda: not alive(pid))


def test_ctrl_c_reaches_the_roles_through_the_supervisor(home):
    process = started(home, "stands")
    (pid,) = until(lambda: starts(home, "stands"))
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert not alive(pid)


def test_a_state_that_cannot_be_written_stops_nobody(home):
    """As on a full disk."""
    (home / "run.new").mkdir()
    process = started(home, "falls,stands")
    try:
        until(lambda: len(starts(home, "falls")) >= 3)
        assert process.poll() is None
        assert len(starts(home, "stands")) == 1
    finally:
        process.terminate()
        assert process.wait(20) == 0
