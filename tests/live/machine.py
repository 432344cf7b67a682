"""A whole machine for the live tests: `coast-guardian run` on a folder of its own with a real Mosquitto, to be hurt and looked into."""

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from alerts.alert import Alert
from alerts.outcomes import unpack
from ingest.events import Event
from ingest.log import ALERTS, EVENTS, open_log
from ingest.records import Codec

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], Any], seconds: float, what: str) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def mosquitto() -> str:
    found = shutil.which("mosquitto") or ("/usr/sbin/mosquitto" if Path("/usr/sbin/mosquitto").exists() else "")
    if not found:
        if os.environ.get("CI") == "true":
            pytest.fail("mosquitto is missing")
        pytest.skip("mosquitto is not installed")
    return found


class Machine:
    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        self.home.mkdir()
        self.port, self.page = free_port(), free_port()
        self.broker: subprocess.Popen | None = None
        self.process: subprocess.Popen | None = None
        self.env = {
            **os.environ, "COAST_HOME": str(self.home), "COAST_MQTT": f"127.0.0.1:{self.port}", "COAST_CONSOLE_PORT": str(self.page),
            "COAST_LOG_RESERVE": "20000000",
        }  # fmt: skip

    def start_broker(self, queued: int = 100_000) -> None:
        """`queued`: messages that it keeps for a session that is away."""
        (self.folder / "mosquitto.conf").write_text(
            f"user {getpass.getuser()}\nlistener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {self.folder}/\n"
            f"max_queued_messages {queued}\nmax_inflight_messages {min(queued, 1000)}\n"
        )
        self.broker = subprocess.Popen([mosquitto(), "-c", "mosquitto.conf"], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self.broker_answers, 10, "the broker answers")

    def broker_answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill_broker(self) -> None:
        """kill -9, and start it again: what it had not written is lost."""
        assert self.broker is not None
        self.broker.kill()
        self.broker.wait(10)
        self.start_broker()

    def stop_broker(self) -> None:
        if self.broker is not None:
            self.broker.terminate()
            self.broker.wait(10)
            self.broker = None
            assert (self.folder / "mosquitto.db").exists(), "the broker forgot its sessions: it cannot write where it is to persist"

    def start(self) -> None:
        with (self.folder / "run.log").open("ab") as out:
            self.process = subprocess.Popen([sys.executable, "-m", "coast_guardian", "run"], cwd=ROOT, env=self.env, stdout=out, stderr=out)
        until(lambda: self.ticks() and self.judged(), 40, "the machine is up: " + (self.folder / "run.log").read_text()[-2000:])

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            assert self.process.wait(30) == 0
            self.process = None
            assert "did not stop in time" not in (self.folder / "run.log").read_text()

    def tell(self) -> None:
        """What it said last: beside a test that fails, pytest shows it."""
        if (self.folder / "run.log").exists():
            print((self.folder / "run.log").read_text(errors="replace")[-6_000:])

    def roles(self) -> dict[str, dict[str, Any]]:
        return dict(json.loads((self.home / "run.json").read_text())["roles"])

    def kill(self, role: str) -> None:
        """kill -9, and wait until it runs again."""
        pid = self.roles()[role]["pid"]
        os.kill(pid, signal.SIGKILL)
        until(lambda: self.roles()[role]["pid"] not in (0, pid), 30, f"{role} runs again")

    def log(self):
        return open_log(f"sqlite:///{self.home / 'log.db'}")

    def ticks(self) -> bool:
        return any(type(event).__name__ == "Tick" for event in self.events(last=20)) if (self.home / "log.db").exists() else False

    def judged(self) -> bool:
        log = self.log()
        try:
            return bool(log.partitions(ALERTS)) or any(log.position("processor", EVENTS, area) for area in log.partitions(EVENTS))
        finally:
            log.close()

    def events(self, last: int | None = None) -> list[Event]:
        log, codec, found = self.log(), Codec(), []
        for area in log.partitions(EVENTS):
            first, end = log.bounds(EVENTS, area)
            at = first if last is None else max(first, end - last)
            while at < end and (entries := log.read(EVENTS, area, at)):
                found += [event for entry in entries for event in codec.unpack(entry.value).events]
                at = entries[-1].offset + 1
        log.close()
        return found

    def revisions(self) -> dict[tuple[str, int], Alert]:
        """Every (id, revision) that was told."""
        log, found = self.log(), {}
        for area in log.partitions(ALERTS):
            at, end = log.bounds(ALERTS, area)
            while at < end and (entries := log.read(ALERTS, area, at)):
                for entry in entries:
                    found |= {(alert.id, alert.revision): alert for alert in unpack(entry.value).alerts}
                at = entries[-1].offset + 1
        log.close()
        return found

    def newest(self) -> dict[str, Alert]:
        newest: dict[str, Alert] = {}
        for (id_, _), alert in sorted(self.revisions().items()):
            newest[id_] = alert
        return newest


def machine_in(folder: Path, site: Path | None = None) -> Iterator[Machine]:
    """`site`: the folder of another site than the example."""
    machine = Machine(folder)
    if site is not None:
        machine.env["COAST_SITE"] = str(site)
    machine.start_broker()
    try:
        machine.start()
        yield machine
        machine.stop()
    finally:
        machine.tell()
        if machine.process is not None:
            machine.process.kill()
            machine.process.wait()
        machine.stop_broker()


class Devices:
    """One connection that speaks for many devices: presses and heartbeats."""

    def __init__(self, port: int) -> None:
        self.client = Client(CallbackAPIVersion.VERSION2, client_id="live-devices", clean_session=False)
        self.client.max_queued_messages_set(0)
        self.client.max_inflight_messages_set(200)
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.seq: dict[str, int] = {}
        self.waiting = []

    def say(self, area: str, device: str, kind: str, **payload: Any) -> int:
        """Returns the `seq` that it has."""
        now = int(time.time() * 1000)
        seq = self.seq[device] = self.seq.get(device, -1) + 1
        text = json.dumps({"ts": now, "seq": seq, "boot": 77, **payload})
        self.waiting.append(self.client.publish(f"coast/{area}/{device}/{kind}", text, qos=1))
        return seq

    def close(self) -> None:
        for message in self.waiting:
            if message.rc == 0:
                message.wait_for_publish(30)
        self.client.disconnect()
        self.client.loop_stop()


class Boxes(Devices):
    """Call boxes as the wire document wants them: a press is said again, with the same `seq` and `ts`, until the platform's report is heard."""

    AGAIN = 2.0  # s; 5 in the field

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.lock = threading.Lock()
        self.unheard: dict[str, list[tuple[float, str, str]]] = {}  # box -> (monotonic s when last said, topic, payload)
        self.repeated = 0
        self.client.on_message = self._hear
        self.client.on_connect = lambda client, *_: client.subscribe("coast/+/+/do", 1)
        self.client.subscribe("coast/+/+/do", 1)

    def _hear(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        order = json.loads(message.payload)
        if order["command"] == "report":
            with self.lock:
                self.unheard.pop(message.topic.split("/")[2], None)

    def press(self, area: str, box: str) -> tuple[str, int]:
        """Returns (device, seq), the press's name."""
        seq = self.seq[box] = self.seq.get(box, -1) + 1
        topic, text = f"coast/{area}/{box}/sos", json.dumps({"ts": int(time.time() * 1000), "seq": seq, "boot": 77, "state": "pressed"})
        with self.lock:
            self.unheard.setdefault(box, []).append((time.monotonic(), topic, text))
        self.waiting.append(self.client.publish(topic, text, qos=1))
        return box, seq

    def repeat(self) -> None:
        """To be called now and then."""
        now = time.monotonic()
        with self.lock:
            due = [(box, i) for box, said in self.unheard.items() for i, (at, _, _) in enumerate(said) if now - at > self.AGAIN]
            for box, i in due:
                _, topic, text = self.unheard[box][i]
                self.unheard[box][i] = (now, topic, text)
                self.client.publish(topic, text, qos=1)
                self.repeated += 1

    def all_heard(self) -> bool:
        self.repeat()
        with self.lock:
            return not self.unheard
