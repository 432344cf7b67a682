"""The store goes away while the machine works: nothing is lost, nobody is delayed, and it is caught up when the store is back."""

import os
import socket
import threading
import time

import pytest

from alerts.store.opening import open_store
from ingest.settings import Settings
from tests.live.machine import Devices, Machine, free_port, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(200)]


class Wire:
    """A TCP way to the store that can be cut."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target, self.port, self.cut, self.ends = target, free_port(), threading.Event(), []
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.cut.is_set():
                near.close()
                continue
            far = socket.create_connection(self.target)
            self.ends += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        finally:
            for end in (one, other):
                end.close()

    def away(self) -> None:
        self.cut.set()
        for end in self.ends:
            end.close()

    def back(self) -> None:
        self.cut.clear()

    def close(self) -> None:
        self.away()
        self.listener.close()


@pytest.fixture
def influx():
    url = os.environ.get("COAST_TEST_INFLUX_URL", "")
    if not url:
        if os.environ.get("CI") == "true":
            pytest.fail("COAST_TEST_INFLUX_URL is not set")
        pytest.skip("COAST_TEST_INFLUX_URL is not set: no InfluxDB")
    host, _, port = url.removeprefix("http://").partition(":")
    wire = Wire((host, int(port)))
    yield wire
    wire.close()


def test_the_store_is_away_and_nothing_is_lost_and_nobody_delayed(tmp_path, influx):
    machine = Machine(tmp_path)
    store = {
        "COAST_STORE": f"influx+http://127.0.0.1:{influx.port}", "COAST_INFLUX_TOKEN": os.environ["COAST_TEST_INFLUX_TOKEN"],
        "COAST_INFLUX_ORG": os.environ["COAST_TEST_INFLUX_ORG"], "COAST_INFLUX_BUCKET": os.environ["COAST_TEST_INFLUX_BUCKET"],
    }  # fmt: skip
    machine.env |= store
    machine.start_broker()
    try:
        machine.start()
        devices, began = Devices(machine.port), int(time.time() * 1000)
        told = 0.0
        for n in range(135):
            devices.say("huian", "box-0001", "heartbeat", battery=0.9, uptime=n)
            if n == 5:
                influx.away()
            if n == 12:
                pressed = time.monotonic()
                devices.say("huian", "box-0002", "sos", state="pressed")
                until(
                    lambda: any(alert.subject == "box-0002" for alert in machine.newest().values()), 10, "a press is told although the store is away"
                )
                told = time.monotonic() - pressed
            if n == 125:
                influx.back()
            time.sleep(0.5)  # life's time: the outage lasts a minute
        devices.close()
        assert told
        reader = open_store(Settings(home=tmp_path, store=store["COAST_STORE"], influx_token=store["COAST_INFLUX_TOKEN"]))
        found = lambda: reader.series("heartbeat", "box-0001", "uptime", began - 60_000, int(time.time() * 1000) + 60_000)  # noqa: E731
        until(lambda: [value for _, value in found()][-135:] == [float(n) for n in range(135)], 60, "every heartbeat is in the store, in order")
        until(lambda: any(alert["subject"] == "box-0002" for alert in reader.alerts()), 30, "and the alert")
        reader.close()
        machine.stop()
    finally:
        if machine.process is not None:
            machine.process.kill()
            machine.process.wait()
        machine.stop_broker()
