"""The console's door and its answers: who gets in, what they may do, and what stands in the log afterwards."""

import asyncio
import json
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import get_args, get_type_hints
from urllib.parse import urlsplit

import pytest

from alerts.console import app as console_app
from alerts.console.app import build
from alerts.console.heard import plain
from alerts.console.live import Live
from alerts.console.session import LINK_AGE, Sessions, sign_in_link
from alerts.console.view import Message, may_see, sees
from alerts.console.words import words
from ingest.events import Action, Silence
from ingest.log import EVENTS, Log, Record, open_log
from ingest.records import Batch, Codec
from tests.alerts.console_coast import NOW, SITE, TestClient, alert, settings, tell

FOLDER = Path(console_app.__file__).parent
ADDRESS = "http://127.0.0.1:8600"


@pytest.fixture
def log(tmp_path):
    log = open_log(f"sqlite:///{tmp_path / 'log.db'}")
    yield log
    log.close()


@pytest.fixture
def client(tmp_path, log):
    with TestClient(build(settings(tmp_path), SITE, log, None, lambda: NOW), base_url=ADDRESS) as client:
        yield client


def enter(client: TestClient, home: Path, person: str = "lin") -> dict:
    token = urlsplit(sign_in_link(settings(home), person)).query.removeprefix("token=")
    assert client.post("/sign-in", data={"token": token}, headers={"origin": ADDRESS}).status_code == 200
    return client.get("/api/start").json()


def send(client: TestClient, kind: str, body: dict, **headers: str):
    return client.post(f"/api/{kind}", json=body, headers={"origin": ADDRESS} | headers)


def events(log: Log, area: int) -> list:
    return [event for entry in log.read(EVENTS, area, 0) for event in Codec().unpack(entry.value).events]


def test_without_a_session_the_page_says_how_to_get_a_link(client):
    page = client.get("/")
    assert page.status_code == 200
    assert "coast-guardian sign-in" in page.text
    assert client.get("/api/start").status_code == 401
    assert client.get("/live").status_code == 401


def test_looking_at_a_link_does_not_use_it_up_and_using_it_does(client, tmp_path):
    link = sign_in_link(settings(tmp_path), "lin")
    for _ in range(2):
        page = client.get(link)
        assert page.status_code == 200
        assert "林" in page.text
    token = {"token": urlsplit(link).query.removeprefix("token=")}
    assert client.post("/sign-in", data=token, headers={"origin": ADDRESS}, follow_redirects=False).status_code == 303
    assert client.post("/sign-in", data=token, headers={"origin": ADDRESS}).status_code == 403


def test_a_link_ends_after_ten_minutes_and_a_foreign_one_never_works(tmp_path, monkeypatch):
    sessions = Sessions(settings(tmp_path))
    token = urlsplit(sign_in_link(settings(tmp_path), "lin")).query.removeprefix("token=")
    assert sessions.peek(token) == "lin"
    assert Sessions(settings(tmp_path / "other")).peek(token) is None
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: __import__("time").time_ns() / 1e9 + LINK_AGE + 5)
    assert sessions.peek(token) is None


def test_the_key_is_for_its_owner_only(tmp_path):
    Sessions(settings(tmp_path))
    assert stat.S_IMODE((tmp_path / "console.key").stat().st_mode) == 0o600


def test_an_acknowledgement_reaches_the_log_with_the_session_s_person_and_no_other(client, tmp_path, log):
    tell(log, alert())
    csrf = _wait_for_alert(client, tmp_path)
    sent = send(client, "act", {"alert": "a1", "do": "acknowledge"}, **{"x-coast-csrf": csrf})
    assert sent.status_code == 202
    [action] = events(log, 1)
    assert isinstance(action, Action)
    assert (action.by, action.device, action.do, action.received) == ("lin", "console", "acknowledge", NOW)
    assert sent.json()["sent"] == [[1, 0]]
    forged = send(client, "act", {"alert": "a1", "do": "acknowledge", "by": "chen"}, **{"x-coast-csrf": csrf})
    assert forged.status_code == 422


def _wait_for_alert(client: TestClient, home: Path, person: str = "lin") -> str:
    for _ in range(200):
        start = enter(client, home, person) if not client.cookies else client.get("/api/start").json()
        if start["alerts"]:
            return start["csrf"]
    raise AssertionError("the console did not see the alert")


def test_without_the_page_s_token_or_from_another_page_nothing_is_done(client, tmp_path, log):
    csrf = enter(client, tmp_path)["csrf"]
    assert send(client, "shift", {"do": "on"}).status_code == 403
    assert send(client, "shift", {"do": "on"}, **{"x-coast-csrf": "0" * 64}).status_code == 403
    assert send(client, "shift", {"do": "on"}, **{"x-coast-csrf": csrf, "origin": "http://evil.example"}).status_code == 403
    assert client.post("/api/shift", json={"do": "on"}, headers={"x-coast-csrf": csrf}).status_code == 403
    assert events(log, 0) == []
    assert send(client, "shift", {"do": "on"}, **{"x-coast-csrf": csrf}).status_code == 202
    assert len(events(log, 0)) == len(events(log, 1)) == 1


def test_another_name_for_this_machine_and_large_requests_are_refused(client, tmp_path):
    csrf = enter(client, tmp_path)["csrf"]
    assert client.get("/", headers={"host": "rebound.example:8600"}).status_code == 421
    assert send(client, "incident", {"level": "red", "note": "x" * 70_000}, **{"x-coast-csrf": csrf}).status_code == 413


def test_every_answer_forbids_foreign_scripts_and_frames(client):
    for path in ("/", "/static/js/main.js", "/api/start", "/nothing"):
        given = client.get(path).headers
        assert "frame-ancestors 'none'" in given["content-security-policy"]
        assert "unsafe" not in given["content-security-policy"]
        assert given["x-content-type-options"] == "nosniff"


def test_a_silence_names_something_and_ends_within_eight_hours(client, tmp_path, log):
    csrf = {"x-coast-csrf": enter(client, tmp_path)["csrf"]}
    assert send(client, "silence", {"until": NOW + 3_600_000, "reason": "noise"}, **csrf).json()["why"] == "name a model, area, segment or device"
    assert send(client, "silence", {"until": NOW + 9 * 3_600_000, "reason": "noise", "device": "box-1"}, **csrf).json()["why"] == "at most 8 hours"
    assert send(client, "silence", {"until": NOW + 3_600_000, "reason": "noise", "device": "box-1"}, **csrf).status_code == 202
    [silence] = events(log, 1)
    assert isinstance(silence, Silence)
    assert events(log, 0) == []


@pytest.mark.parametrize(
    "body", [{"do": "acknowledge"}, {"alert": "a1", "do": "explode"}, {"alert": "none", "do": "note"}, [], None, "x", {"alert": 3, "do": "note"}]
)
def test_a_malformed_action_is_a_refusal_with_a_reason(client, tmp_path, body):
    csrf = enter(client, tmp_path)["csrf"]
    answer = send(client, "act", body, **{"x-coast-csrf": csrf})
    assert answer.status_code == 422
    assert answer.json()["why"]


def test_an_installer_does_not_dispatch(client, tmp_path, log):
    tell(log, alert())
    csrf = _wait_for_alert(client, tmp_path, "wu")
    assert send(client, "act", {"alert": "a1", "do": "dispatch", "unit": "patrol-1"}, **{"x-coast-csrf": csrf}).status_code == 422


def test_restricted_alerts_are_for_the_room_and_those_who_were_named():
    secret = alert(sensitivity="restricted")
    lin, chen = SITE.person["lin"], SITE.person["chen"]
    assert may_see(lin, secret)
    assert not may_see(chen, secret)
    assert may_see(chen, alert(sensitivity="restricted", audience=("chen",)))
    assert not sees(chen, Message("alert", {}, secret))


def test_what_a_vessel_calls_itself_is_only_ever_text(client, tmp_path):
    enter(client, tmp_path)
    for script in (FOLDER / "static" / "js").glob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", script.read_text()), script
    page = client.get("/").text
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", page)


def heard(live: Live, person: str, after: str, count: int) -> list[str]:
    async def listen() -> list[str]:
        pieces = []
        async for piece in live.stream(person, after):
            if piece.startswith("id:"):
                pieces.append(piece)
            if len(pieces) == count:
                break
        return pieces

    return asyncio.run(asyncio.wait_for(listen(), 5))


def test_a_browser_that_comes_back_hears_exactly_what_it_missed(log):
    live = Live(SITE, log, lambda: NOW)
    live.start()
    live.tell([Message("duty", {"n": n}) for n in range(5)])
    missed = heard(live, "lin", f"{live.epoch}-2", 3)
    assert [json.loads(piece.split("data: ")[1])["n"] for piece in missed] == [2, 3, 4]


def test_a_browser_from_before_a_restart_is_told_to_read_everything_again(log):
    live = Live(SITE, log, lambda: NOW)
    live.start()
    live.tell([Message("duty", {})])
    assert "event: reset" in heard(live, "lin", "deadbeef-7", 1)[0]


def test_a_restarted_console_finds_what_stands_behind_the_last_list_of_open_alerts(log):
    tell(log, alert("old"), alert("closed", response="resolved"), alert("gone"))
    for _ in range(600):
        tell(log)
    tell(log, standing=(("old", 1),))
    tell(log, alert("young"))
    live = Live(SITE, log, lambda: NOW)
    live.start()
    assert sorted(name for name, known in live.view.alerts.items() if known.response == "new") == ["old", "young"]


def test_an_older_revision_never_replaces_a_newer_one(log):
    live = Live(SITE, log, lambda: NOW)
    live.start()
    tell(log, alert(revision=3, response="acknowledged"))
    tell(log, alert(revision=2))
    live.look()
    assert live.view.alerts["a1"].revision == 3


def test_every_word_of_the_page_is_in_both_catalogues():
    used = set()
    for file in [*(FOLDER / "static" / "js").glob("*.js"), *(FOLDER / "templates").glob("*.html")]:
        used |= {a or b for a, b in re.findall(r"""(?<![\w.])(?:t|N_|_)\(\s*(?:"([^"]+)"|'([^']+)')""", file.read_text())}
    for file in sorted(FOLDER.glob("*.py")):
        used |= set(re.findall(r"""(?:Refusal\(|"why": )"([^"]+)\"""", file.read_text()))
    assert len(used) > 150
    for language in ("zh", "en"):
        catalogue = words(language)
        assert sorted(word for word in used if not catalogue.get(word)) == []
        assert all(catalogue.values())


def test_only_whom_the_site_knows_gets_a_link(tmp_path):
    def asked(person: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "coast_guardian", "sign-in", person, "--home", str(tmp_path)]
        return subprocess.run(command, cwd=FOLDER.parents[1], capture_output=True, text=True, check=False)

    assert "/sign-in?token=" in asked("operator-1").stdout
    refused = asked("nobody")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "knows nobody called nobody; it knows chief" in refused.stderr


def test_every_change_of_an_alert_has_a_name_on_the_page():
    made = "\n".join(path.read_text() for path in (FOLDER.parent / "life_cycle").glob("*.py"))
    told = set(re.findall(r'\.change\(\s*[a-z_.]+,\s*"([a-z_]+)"', made)) | set(re.findall(r'\bwhat(?:: str)? ?= ?"([a-z_]+)"', made))
    told |= {word for line in re.findall(r"\bwhat = (.*)", made) for word in re.findall(r'"([a-z_]+)"', line)} | set(
        get_args(get_type_hints(Action)["do"])
    )
    named = re.search(r"CHANGES = \{(.*?)\};", (FOLDER / "static" / "js" / "words.js").read_text(), re.DOTALL)
    assert len(told) > 30
    assert told - set(re.findall(r"(\w+): N_", named[1])) == set()


def test_only_loopback_is_served(tmp_path):
    elsewhere = settings(tmp_path)
    elsewhere.console_host = "0.0.0.0"
    assert console_app.main(elsewhere) == 2


def test_a_shift_that_began_long_ago_is_still_known_by_name_after_a_restart(client, tmp_path, log):
    enter_body = enter(client, tmp_path)
    assert send(client, "shift", {"do": "on"}, **{"x-coast-csrf": enter_body["csrf"]}).status_code == 202
    log.append([Record(EVENTS, 0, Codec().pack(Batch("", [])))] * 1_600)
    live = Live(SITE, log, lambda: NOW)
    live.start()
    assert plain(live.view.duty["shift/room-1"])["by"] == "lin"
