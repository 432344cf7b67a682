"""A console at the end of a real fold, without processes: what is sent from the page is judged at once, and comes back to the page."""

from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from alerts.console.app import build
from alerts.console.session import sign_in_link
from alerts.judge import Judge
from alerts.store.store import Store
from ingest.events import Event, Tick
from ingest.log import EVENTS, Log, Record
from ingest.records import Batch, Codec
from tests.alerts.console_coast import TestClient, settings
from tests.small_coast import site

ADDRESS = "http://127.0.0.1:8600"
COAST = site()
NOW = 1_795_000_000_000


class Room:
    """Somebody signed in at the page of the small coast; the clock moves when it is told."""

    def __init__(self, home: Path, log: Log, person: str = "wang", store: Callable[[], Store] | None = None) -> None:
        self.log, self.now, self.codec = log, NOW, Codec()
        self.judge = Judge(log, COAST, 0)
        self.client = TestClient(build(settings(home), COAST, log, store, lambda: self.now), base_url=ADDRESS)
        self.home, self.person = home, person

    def __enter__(self) -> Self:
        self.client.__enter__()
        self.enter(self.person)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.__exit__(None, None, None)

    def enter(self, person: str) -> dict:
        self.csrf = sign_in(self.client, self.home, person)["csrf"]
        return self.client.get("/api/start").json()

    def hear(self, *events: Event) -> None:
        """A second later these are in the log, with a tick, and judged."""
        self.now += 1_000
        tick = Tick(device="bridge", received=self.now, now=self.now, heard=self.now - NOW, connects=1)
        self.log.append([Record(EVENTS, 0, self.codec.pack(Batch(COAST.revision, [*events, tick])))])
        self.work()

    def work(self) -> None:
        """As the processor."""
        for entry in self.log.read(EVENTS, 0, self.judge.fold.offset + 1):
            self.log.append(self.judge.take([(entry.offset, entry.value)]))

    def send(self, kind: str, body: object, expect: int = 202) -> dict:
        answer = self.client.post(f"/api/{kind}", json=body, headers={"origin": ADDRESS, "x-coast-csrf": self.csrf})
        assert answer.status_code == expect, answer.text
        self.hear()
        return answer.json()

    def ask(self, part: str) -> dict:
        """The page's answer, once it has taken all that is in the log: on its own loop, where it also looks by itself."""
        while self.client.portal.call(self.client.app.state.live.look):
            pass
        return self.client.get(f"/api/{part}").json()

    def alerts(self) -> dict[str, dict]:
        """By subject, as the page has them."""
        return {alert["subject"]: alert for alert in self.ask("start")["alerts"]}


def sign_in(client: TestClient, home: Path, person: str) -> dict:
    client.cookies.clear()
    token = urlsplit(sign_in_link(settings(home), person)).query.removeprefix("token=")
    assert client.post("/sign-in", data={"token": token}, headers={"origin": ADDRESS}).status_code == 200
    return client.get("/api/start").json()


__all__ = ["ADDRESS", "COAST", "NOW", "Room", "sign_in"]
