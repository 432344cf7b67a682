"""The bridge against a real broker: nothing that was acknowledged is lost, and a press always arrives."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest.events import Heartbeat, Sos, System, Tick
from ingest.log import EVENTS, REFUSED, open_log
from ingest.records import Codec
from ingest.refusals import unpack

pytestmark = pytest.mark.live
ROOT = Path(__file__).resolve().parents[2]
RUN = "import sys; from ingest.settings import Settings; from ingest.{} import main; sys.exit(main(Settings()))"


def _need(program):
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{program} is missing")
        pytest.skip(f"{program} is missing")
    return path


def _until(condition, seconds=15):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return found


def _listens(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


class Coast:
    def __init__(self, folder):
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]
        self.folder, self.codec, self.children = folder, Codec(), []
        self.env = dict(
            os.environ, COAST_HOME=str(folder), COAST_MQTT=f"127.0.0.1:{self.port}", COAST_EMBEDDED_PORT=str(self.port), COAST_LOG_RESERVE="100000"
        )
        (folder / "m.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\nmax_queued_messages 0\npersistence true\n"
            f"persistence_location {folder}/\nautosave_on_changes true\nautosave_interval 1\nuser root\n"
        )

    def mosquitto(self):
        return self.start([_need("mosquitto"), "-c", str(self.folder / "m.conf")])

    def start(self, command, wait=True):
        child = subprocess.Popen(command, cwd=ROOT, env=self.env)
        self.children.append(child)
        if wait:
            _until(lambda: _listens(self.port))
        return child

    def bridge(self):
        before = len(self.events(Tick))
        child = self.start([sys.executable, "-c", RUN.format("bridge")], wait=False)
        _until(lambda: any(tick.heard > 0 for tick in self.events(Tick)[before:]))
        return child

    def say(self, kind, text, device="box-0001"):
        subprocess.run(
            [_need("mosquitto_pub"), "-h", "127.0.0.1", "-p", str(self.port), "-q", "1", "-t", f"coast/huian/{device}/{kind}", "-s"],
            input=text.encode(),
            check=True,
        )

    def events(self, kind):
        log = open_log(f"sqlite:///{self.folder / 'log.db'}")
        try:
            entries = [entry for area in log.partitions(EVENTS) for entry in log.read(EVENTS, area, 0, 5_000)]
            return [event for entry in entries for event in self.codec.unpack(entry.value).events if isinstance(event, kind)]
        finally:
            log.close()

    def refused(self):
        log = open_log(f"sqlite:///{self.folder / 'log.db'}")
        try:
            return [one for area in log.partitions(REFUSED) for entry in log.read(REFUSED, area, 0) for one in unpack(self.codec, entry.value)]
        finally:
            log.close()

    def close(self):
        for child in reversed(self.children):
            if child.poll() is None:
                child.kill()
            child.wait()


@pytest.fixture
def coast(tmp_path):
    made = Coast(tmp_path)
    yield made
    made.close()


def _stamp():
    return time.time_ns() // 1_000_000


def test_a_press_arrives_garbage_too_and_what_is_wrong_is_refused_with_its_reason(coast):
    coast.mosquitto()
    bridge = coast.bridge()
    coast.say("sos", f'{{"ts":{_stamp()},"seq":1}}')
    coast.say("sos", "help")
    coast.say("heartbeat", f'{{"ts":{_stamp()},"battery":7}}')
    presses = _until(lambda: len(found := coast.events(Sos)) == 2 and found)
    assert [press.raw for press in presses] == [None, b"help"]
    assert _until(coast.refused)[0].reason == "range"
    bridge.terminate()
    assert bridge.wait(5) == 0


def test_after_a_restart_of_the_broker_it_goes_on_by_itself_and_heard_did_not_run_meanwhile(coast):
    broker = coast.mosquitto()
    coast.bridge()
    connects = coast.events(Tick)[-1].connects
    broker.terminate()
    broker.wait()
    _until(lambda: any(event.code == "broker_lost" for event in coast.events(System)))
    ticks = coast.events(Tick)
    assert ticks[-1].heard == ticks[-3].heard
    assert ticks[-1].now > ticks[-5].now
    coast.mosquitto()
    _until(lambda: coast.events(Tick)[-1].connects > connects and coast.events(Tick)[-1].heard > ticks[-1].heard, 30)
    coast.say("sos", f'{{"ts":{_stamp()},"seq":1}}')
    _until(lambda: coast.events(Sos))


def test_nothing_is_lost_when_the_bridge_is_killed(coast):
    coast.mosquitto()
    bridge = coast.bridge()
    heard = coast.events(Tick)[-1].heard
    for batch in range(6):
        lines = [f'{{"ts":{_stamp()},"seq":{batch * 50 + i}}}' for i in range(50)]
        subprocess.run(
            [_need("mosquitto_pub"), "-h", "127.0.0.1", "-p", str(coast.port), "-q", "1", "-t", "coast/huian/box-0001/heartbeat", "-l"],
            input="\n".join(lines).encode(), check=True,
        )  # fmt: skip
        if batch == 2:
            bridge.kill()
            bridge.wait()
    coast.say("sos", f'{{"ts":{_stamp()},"seq":900}}')
    coast.bridge()
    _until(lambda: {beat.seq for beat in coast.events(Heartbeat)} == set(range(300)))
    _until(lambda: coast.events(Sos))
    ticks = [tick for tick in coast.events(Tick) if tick.heard >= heard]
    assert all(later.now >= earlier.now for earlier, later in zip(ticks, ticks[2:], strict=False))


def test_a_second_bridge_of_the_same_areas_is_refused(coast):
    coast.mosquitto()
    coast.bridge()
    assert coast.start([sys.executable, "-c", RUN.format("bridge")], wait=False).wait(10) == 1


def test_the_embedded_broker_carries_a_press_and_stops_cleanly(coast):
    coast.env["COAST_MQTT"] = "embedded"
    broker = coast.start([sys.executable, "-c", RUN.format("broker")])
    coast.bridge()
    coast.say("sos", f'{{"ts":{_stamp()},"seq":1}}')
    _until(lambda: coast.events(Sos))
    broker.terminate()
    assert broker.wait(10) == 0
    assert not _listens(coast.port)


def test_the_embedded_broker_refuses_another_address_than_loopback(coast):
    coast.env["COAST_MQTT"] = "192.0.2.1:1883"
    assert coast.start([sys.executable, "-c", RUN.format("broker")], wait=False).wait(10) == 1
