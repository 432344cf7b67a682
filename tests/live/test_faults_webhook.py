"""The service that pages people is away: each page is sent when it is back, signed, once a person, in order."""

import http.server
import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from tests.live.machine import ROOT, Devices, Machine, free_port, machine_in, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Target:
    """Somebody's paging service, on a port that is closed while it is away."""

    def __init__(self) -> None:
        self.port, self.heard, self.server = free_port(), [], None

    def back(self) -> None:
        heard = self.heard

        class Post(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["content-length"]))
                Webhook(SECRET).verify(content, dict(self.headers))  # raises where the signature is wrong
                heard.append((self.headers["webhook-id"], json.loads(content)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Post)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def away(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@pytest.fixture
def target() -> Iterator[Target]:
    target = Target()
    yield target
    target.away()


@pytest.fixture
def machine(tmp_path: Path, target: Target, monkeypatch) -> Iterator[Machine]:
    """A site whose people are all paged by that service."""
    monkeypatch.setenv("COAST_TEST_HOOK", SECRET)
    site = Path(shutil.copytree(ROOT / "sites" / "quanzhou-bay", tmp_path / "site"))
    text = (site / "site.toml").read_text()
    assert 'channels = ["console"]' in text
    hook = f'\n[[channels]]\nid = "hook"\nurl = "webhook+http://127.0.0.1:{target.port}/page"\nsecret = "COAST_TEST_HOOK"\ninside = true\n'
    (site / "site.toml").write_text(text.replace('channels = ["console"]', 'channels = ["hook"]') + hook)
    yield from machine_in(tmp_path, site)


def test_the_paging_service_is_away_and_each_page_is_sent_in_order_once_it_is_back(machine, target):
    devices = Devices(machine.port)
    target.back()
    devices.say("huian", "box-0001", "sos", state="pressed")
    until(lambda: any(body.get("subject") == "box-0001" for _, body in target.heard), 15, "a press is paged")
    target.away()
    boxes = [f"box-{n:04d}" for n in range(2, 7)]
    for box in boxes:
        devices.say("huian", box, "sos", state="pressed")
        until(lambda box=box: any(alert.subject == box for alert in machine.newest().values()), 15, "a press is judged although nobody can be paged")
    until(lambda: [alert for alert in machine.newest().values() if alert.reason.code == "channel_failed"], 20, "people at the page hear of it")
    target.back()
    until(lambda: {body.get("subject") for _, body in target.heard} >= set(boxes), 40, "all are paged")
    until(
        lambda: all(alert.condition == "over" for alert in machine.newest().values() if alert.reason.code == "channel_failed"), 40, "and that is over"
    )
    devices.close()
    until(lambda: all(state == "sent" for state in states(machine)), 20, "nothing is left to be sent")
    assert len(target.heard) == len(states(machine)), "each person's page once"
    for box in boxes:
        revisions = [body["revision"] for _, body in target.heard if body.get("subject") == box]
        assert revisions == sorted(revisions)


def states(machine: Machine) -> list[str]:
    db = sqlite3.connect(f"file:{machine.home / 'outbox.db'}?mode=ro", uri=True)
    try:
        return [row[0] for row in db.execute("SELECT state FROM deliveries WHERE channel = 'hook'")]
    finally:
        db.close()
