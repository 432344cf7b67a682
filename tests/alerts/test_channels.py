"""Channels against real servers on this machine: what they send, and that none waits for ever."""

import json
import socket
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from alerts.channels.apprise import Apprise
from alerts.channels.message import Failed, Message, Retry, Sent
from alerts.channels.webhook import Webhook
from ingest.site import Channel, Person

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise's own import
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = Message(id="m1", at=0, reason="raised", subject="abc", place="QZ-1", zh="按下报警", en="button pressed")
LI = Person("li", "Li", "operator", "room", language="en")


@pytest.fixture
def dripping():
    """The port of a server that answers a byte every 20 ms, without end."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        try:
            while True:
                peer, _ = listener.accept()
                Thread(target=drip, args=(peer,), daemon=True).start()
        except OSError:
            return

    def drip(peer):
        with peer:
            try:
                peer.sendall(b"HTTP/1.1 200 ")
                while True:
                    peer.sendall(b"O")
                    time.sleep(0.02)
            except OSError:
                return

    Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


@pytest.fixture
def target():
    """(port, bodies received, statuses to answer with; 200 after them)."""
    got, statuses = [], []

    class Target(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(statuses.pop(0) if statuses else 200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Target)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, got, statuses
    server.shutdown()
    server.server_close()


def test_a_webhook_whose_server_drips_is_hung_up_on(dripping, monkeypatch):
    monkeypatch.setenv("HOOK", SECRET)
    channel = Channel("h", f"webhook+http://127.0.0.1:{dripping}/", "HOOK", 300)
    began = time.monotonic()
    assert isinstance(Webhook().send(MESSAGE, None, channel, 300), Retry)
    assert 0.2 < time.monotonic() - began < 5


def test_apprise_reaches_a_real_service_in_the_persons_language(target):
    port, got, _ = target
    assert Apprise().send(MESSAGE, LI, Channel("a", f"apprise:json://127.0.0.1:{port}/hook", inside=True), 2_000) == Sent()
    (told,) = got
    assert (told["title"], told["type"]) == ("RED new alert QZ-1", "info")
    assert told["message"] == "RED new alert QZ-1 button pressed"


def test_apprise_says_no_more_outside_than_id_level_and_place(target):
    port, got, _ = target
    assert Apprise().send(MESSAGE, None, Channel("a", f"apprise:json://127.0.0.1:{port}/"), 2_000) == Sent()
    assert "按下" not in json.dumps(got, ensure_ascii=False)
    assert got[0]["message"] == "红色 新预警 QZ-1 #abc"


def test_apprise_tells_what_the_service_answered_and_it_is_tried_again(target):
    port, _, statuses = target
    statuses.append(503)
    channel = Channel("a", f"apprise:json://127.0.0.1:{port}/")
    refused = Apprise().send(MESSAGE, None, channel, 2_000)
    assert isinstance(refused, Retry)
    assert "503" in refused.reason
    assert Apprise().send(MESSAGE, None, channel, 2_000) == Sent()


def test_apprise_takes_its_address_from_the_environment_and_knows_a_bad_one(target, monkeypatch):
    port, got, _ = target
    monkeypatch.setenv("PUSH", f"json://127.0.0.1:{port}/")
    assert Apprise().send(MESSAGE, LI, Channel("a", "apprise:", "PUSH"), 2_000) == Sent()
    assert len(got) == 1
    monkeypatch.setenv("PUSH", "no-such-service://x")
    assert isinstance(Apprise().send(MESSAGE, LI, Channel("a", "apprise:", "PUSH"), 2_000), Failed)
    monkeypatch.delenv("PUSH")
    assert isinstance(Apprise().send(MESSAGE, LI, Channel("a", "apprise:", "PUSH"), 2_000), Failed)


def test_apprise_waits_no_longer_than_the_channel_says():
    """A service that takes the connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        began = time.monotonic()
        answer = Apprise().send(MESSAGE, LI, Channel("a", f"apprise:json://127.0.0.1:{listener.getsockname()[1]}/"), 300)
        assert isinstance(answer, Retry)
        assert time.monotonic() - began < 3
