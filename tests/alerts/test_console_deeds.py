"""What people do at the page is carried out by the fold and comes back to the page; what they were shown is marked, if somebody was there."""

import sqlite3

import pytest

from alerts.channels.console import SCHEMA
from alerts.console.deeds import PRESENT
from ingest.events import Sos, Tamper
from ingest.log import open_log
from tests.alerts.console_room import NOW, Room
from tests.small_coast import box


@pytest.fixture
def room(tmp_path):
    log = open_log(f"sqlite:///{tmp_path / 'log.db'}")
    with Room(tmp_path, log) as room:
        yield room
    log.close()


def press(room: Room, i: int) -> str:
    """The alert's id."""
    room.hear(Sos(device=box(i), received=room.now, ts=room.now, sent=room.now, boot="1", seq=i, state="pressed"))
    return room.alerts()[box(i)]["id"]


def test_an_alert_is_handed_to_a_colleague_who_then_owns_it(room):
    alert = press(room, 1)
    room.send("act", {"alert": alert, "do": "acknowledge"})
    room.send("act", {"alert": alert, "do": "transfer", "to": "li", "note": "my shift ends"})
    shown = room.alerts()[box(1)]
    assert (shown["owner"], shown["response"], shown["change"]["what"], shown["change"]["by"]) == ("li", "acknowledged", "transfer", "wang")


def test_an_alert_that_is_handed_to_nobody_of_this_coast_stays_where_it_is_and_the_page_says_why(room):
    alert = press(room, 1)
    room.send("act", {"alert": alert, "do": "acknowledge"})
    room.send("act", {"alert": alert, "do": "transfer", "to": "nobody"})
    shown = room.alerts()[box(1)]
    assert (shown["owner"], shown["change"]["what"]) == ("wang", "ignored")
    assert shown["change"]["note"]


def test_two_alerts_of_one_happening_are_merged_and_split_again(room):
    whole, part = press(room, 1), press(room, 2)
    room.send("act", {"alert": part, "do": "merge", "to": whole})
    assert room.alerts()[box(2)]["incident"] == whole
    assert room.alerts()[box(1)]["parts"] == [part]
    room.send("act", {"alert": part, "do": "split"})
    shown = room.alerts()
    assert (shown[box(2)]["incident"], shown[box(1)]["parts"]) == (None, [])
    assert shown[box(2)]["change"]["what"] == "split"


def test_a_silence_that_is_ended_early_tells_what_it_kept_quiet(room):
    room.send("silence", {"device": box(3), "reason": "paint", "until": room.now + 3_600_000})
    room.hear(Tamper(device=box(3), received=room.now, ts=room.now, sent=room.now, boot="1", seq=1, door=True))
    assert room.alerts()[box(3)]["suppressed"]["how"] == "silenced"
    [silence] = [row for key, row in room.ask("start")["duty"].items() if key.startswith("silence/")]
    assert silence["matchers"]["device"] == box(3), "what it is about is told to the page"
    room.send("silence", {"device": box(3), "reason": "paint", "id": silence["id"], "ended": True})
    shown = room.alerts()[box(3)]
    assert (shown["suppressed"], shown["change"]["what"]) == (None, "unsuppressed")
    [silence] = [row for key, row in room.ask("start")["duty"].items() if key.startswith("silence/")]
    assert silence["until"] < room.now


@pytest.mark.parametrize("body", [
    {"device": box(3)}, {"device": box(3), "ended": True}, {"device": box(3), "id": "x"}, {"model": "M01", "id": "x", "ended": True},
])  # fmt: skip
def test_a_silence_without_an_end_or_of_presses_is_refused(room, body):
    room.send("silence", {"reason": "paint", **body}, expect=422)


def test_a_work_order_covers_the_opened_box_until_it_is_closed(room):
    room.send("work", {"subject": box(3)})
    [(key, order)] = [(key, row) for key, row in room.ask("start")["duty"].items() if key.startswith("work/")]
    assert (order["subject"], order["by"], order["closed"]) == (box(3), "wang", False)
    room.hear(Tamper(device=box(3), received=room.now, ts=room.now, boot="1", seq=1, door=True))
    assert room.alerts()[box(3)]["suppressed"]["how"] == "work"
    room.send("work", {"id": order["id"], "subject": box(3), "closed": True})
    assert room.ask("start")["duty"][key]["closed"] is True
    assert room.alerts()[box(3)]["suppressed"] is None


def test_an_alert_that_the_fold_no_longer_knows_is_closed_as_superseded_on_the_page(room):
    press(room, 1)
    assert room.alerts()[box(1)]["open"]
    room.judge.fold.life.board.open.clear()  # as after a worker took over from an older memory
    room.log.append(room.judge.snapshot()[:1])
    shown = room.alerts()[box(1)]
    assert (shown["open"], shown["response"], shown["outcome"]) == (False, "resolved", "superseded")


def laid(room: Room, person: str, alert: str) -> None:
    """As the deliverer lays down a page."""
    with sqlite3.connect(room.home / "outbox.db") as outbox:
        outbox.executescript(SCHEMA)
        row = (f"{alert}-{person}", person, alert, 1, "raised", "red", "QZ-0001", "一键报警", "SOS call", NOW)
        outbox.execute(
            "INSERT INTO console_pages (message, person, alert, revision, reason, level, place, zh, en, at) VALUES (?,?,?,?,?,?,?,?,?,?)", row
        )
    outbox.close()


def seen(room: Room) -> set[tuple[str, str]]:
    outbox = sqlite3.connect(room.home / "outbox.db")
    rows = set(outbox.execute("SELECT person, alert FROM console_pages WHERE seen IS NOT NULL"))
    outbox.close()
    return rows


def test_what_a_person_at_the_desk_was_shown_is_seen_by_that_person_and_no_other_alert_or_person(room):
    for person, alert in (("wang", "a1"), ("wang", "a2"), ("li", "a1")):
        laid(room, person, alert)
    assert room.send("seen", {"alerts": ["a1", "a9"], "idle": 2_000}, expect=200) == {"seen": 1}
    assert seen(room) == {("wang", "a1")}
    assert room.send("seen", {"alerts": ["a1"], "idle": 2_000}, expect=200) == {"seen": 0}


def test_an_open_page_at_an_empty_desk_has_seen_nothing(room):
    laid(room, "wang", "a1")
    assert room.send("seen", {"alerts": ["a1"], "idle": PRESENT + 1}, expect=200)["seen"] == 0
    assert seen(room) == set()
    assert room.send("seen", {"alerts": ["a1"], "idle": PRESENT}, expect=200)["seen"] == 1
    assert room.ask("start")["present"] == PRESENT


@pytest.mark.parametrize(
    "body", [[], ["a1"], {"alerts": ["a1"]}, {"alerts": "a1", "idle": 0}, {"alerts": [], "idle": -1}, {"alerts": [1], "idle": 0}, None]
)
def test_a_malformed_seen_marks_nothing(room, body):
    laid(room, "wang", "a1")
    room.send("seen", body, expect=422)
    assert seen(room) == set()


def test_nobody_else_s_page_can_say_what_was_seen(room):
    laid(room, "wang", "a1")
    room.csrf = "0" * 64
    room.send("seen", {"alerts": ["a1"], "idle": 0}, expect=403)
    room.client.cookies.clear()
    room.send("seen", {"alerts": ["a1"], "idle": 0}, expect=401)
    assert seen(room) == set()


def test_before_the_deliverer_laid_anything_down_nothing_is_seen(room):
    assert room.send("seen", {"alerts": ["a1"], "idle": 0}, expect=200) == {"seen": 0}
