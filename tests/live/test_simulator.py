"""The pretend coast on a real broker: when its network fails, the broker says so of every box, and what waited comes after it."""

import json
import threading
import time
from collections import defaultdict

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from device_sim.coast import Coast
from device_sim.publish import Publisher
from device_sim.scenario import Happening, Scenario
from ingest.settings import Settings
from ingest.site_files import read_site
from tests.live.machine import Machine, until

pytestmark = pytest.mark.live
OWN = 8  # boxes with their own session


@pytest.fixture
def broker(tmp_path):
    machine = Machine(tmp_path)
    machine.start_broker()
    yield machine
    machine.stop_broker()


@pytest.fixture
def said(broker):
    """topic -> (s, payload) of all that the broker tells."""
    heard = defaultdict(list)
    client = Client(CallbackAPIVersion.VERSION2, client_id="listener")
    client.on_message = lambda _client, _userdata, message: heard[message.topic].append((time.monotonic(), json.loads(message.payload or b"null")))
    client.connect("127.0.0.1", broker.port)
    client.subscribe("coast/#", qos=1)
    client.loop_start()
    yield heard
    client.disconnect()
    client.loop_stop()


def states(said, box):
    return [payload["state"] for topic, told in list(said.items()) if topic.endswith(f"/{box}/status") for _, payload in told if payload]


def test_an_outage_ends_every_session_and_the_press_made_in_it_arrives_after_it(broker, said, tmp_path):
    settings = Settings(mqtt=f"127.0.0.1:{broker.port}", home=tmp_path)
    happenings = (Happening("broker_outage", "5s", lasts="10s"), Happening("press", "8s"))
    scenario = Scenario("outage", "", "", lasts="25s", boxes=20, lights=0, cameras=0, vessels=0, own_connections=OWN, happenings=happenings)
    coast = Coast(read_site(settings.site), scenario, 1, round(time.time() * 1000))
    publisher = Publisher(settings, coast, threading.Event())
    running = threading.Thread(target=publisher.run)
    begun = time.monotonic()
    running.start()
    own = sorted(publisher.own)
    try:
        until(lambda: all(states(said, box)[:1] == ["online"] for box in own), 5, "each box is online")
        until(lambda: all("offline" in states(said, box) for box in own), 10, "the broker tells each box's last will")
        assert time.monotonic() - begun < 9
        until(lambda: all(states(said, box)[-1] == "online" for box in own), 15, "each box is back")
        back = time.monotonic() - begun
        assert back < 19
        (topic,) = until(lambda: [topic for topic in said if topic.endswith("/sos")], 5, "the press arrives")
        (at, press), *_ = said[topic]
        assert at - begun > 14
        assert press["ts"] - coast.start == pytest.approx(8_000, abs=1_000)
        assert "sent" not in press
    finally:
        publisher.stop.set()
        running.join(20)
    assert not running.is_alive()
