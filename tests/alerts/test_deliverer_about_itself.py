"""What the deliverer says of itself in the log: each finding begins once and ends once, across a full log and a restart; and no page is forgotten."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from alerts.channels.message import Failed, Retry, Sent
from ingest.events import Sos, System, Tick
from ingest.log import ALERTS, LogFull
from tests.alerts.test_deliverer import Coast, Fake, T, alert, page


def said(coast, code):
    return [(event.values.get("subject"), event.clear) for event in coast.ours() if isinstance(event, System) and event.code == code]


def fail(coast, now, times):
    for number in range(times):
        coast.say(now + number, [alert(f"f{number}")], [page(f"f{number}", at=now + number)])
        coast.settle(now + number)


def watch(coast, now):
    coast.hear(Tick(device="bridge", received=now, now=now, heard=now))
    coast.settle(now)


def removed(coast, monkeypatch, below):
    """Retention took the alerts under this offset."""
    read = coast.book.read
    monkeypatch.setattr(coast.book, "read", lambda topic, area, offset: read(topic, area, max(offset, below) if topic == ALERTS else offset))


def test_a_channel_that_fails_three_times_is_told_and_cleared_when_it_delivers(tmp_path):
    coast = Coast(tmp_path, hook=Fake(Failed("no"), Failed("no"), Failed("no")))
    fail(coast, T, 2)
    watch(coast, T + 1_000)
    assert said(coast, "channel_failed") == []
    coast.say(T + 1_500, [alert("third")], [page("third", at=T + 1_500)])
    coast.settle(T + 1_500)
    watch(coast, T + 2_500)
    assert ("hook", False) in said(coast, "channel_failed")
    coast.say(T + 3_000, [alert("y")], [page("y", at=T + 3_000)])
    coast.settle(T + 3_000)
    watch(coast, T + 4_500)
    assert said(coast, "channel_failed")[-1] == ("hook", True)


def test_what_ended_while_the_deliverer_was_down_is_cleared_after_its_start(tmp_path):
    coast = Coast(tmp_path)
    watch(coast, T)
    coast.it.step(T + 7_000)
    assert said(coast, "no_tick") == [("a", False)]
    coast.kill()
    coast.start()
    watch(coast, T + 8_000)
    watch(coast, T + 9_100)
    assert said(coast, "no_tick") == [("a", False), ("a", True)]


def test_what_a_full_log_did_not_take_is_said_when_there_is_room(tmp_path, monkeypatch):
    coast = Coast(tmp_path)
    watch(coast, T)
    with monkeypatch.context() as full:

        def refuse(*_args, **_more):
            raise LogFull("full")

        full.setattr(coast.book, "append", refuse)
        coast.it.step(T + 7_000)
    assert said(coast, "no_tick") == []
    coast.it.step(T + 8_100)
    assert said(coast, "no_tick") == [("a", False)]


def test_what_a_full_log_did_not_take_survives_a_restart_of_the_deliverer(tmp_path, monkeypatch):
    coast = Coast(tmp_path)
    watch(coast, T)
    with monkeypatch.context() as full:

        def refuse(*_args, **_more):
            raise LogFull("full")

        full.setattr(coast.book, "append", refuse)
        coast.it.step(T + 7_000)
    coast.kill()
    coast.start()
    watch(coast, T + 8_100)
    watch(coast, T + 9_200)
    assert said(coast, "no_tick") == [("a", False), ("a", True)]


def test_records_that_the_log_removed_before_they_were_delivered_are_told_once(tmp_path, monkeypatch):
    coast = Coast(tmp_path)
    coast.say(T, [alert("1")], [page("1")])
    coast.settle(T)
    coast.say(T, [alert("2")], [page("2")])
    coast.say(T, [alert("3")], [page("3")])
    removed(coast, monkeypatch, 2)
    coast.settle(T + 1_000)
    coast.say(T + 2_000, [alert("4")], [page("4")])
    coast.settle(T + 2_000)
    assert [(event.values, event.clear) for event in coast.ours() if isinstance(event, System) and event.code == "retention"] == [
        ({"subject": "a", "records": 1}, False)
    ]
    assert [sent[3] for sent in coast.hook.sent] == ["1", "3", "4"]


def test_a_first_start_on_an_old_log_misses_nothing_that_it_knew_of(tmp_path, monkeypatch):
    coast = Coast(tmp_path)
    coast.say(T, [alert("1")], [page("1")])
    coast.say(T, [alert("2")], [page("2")])
    removed(coast, monkeypatch, 1)
    coast.settle(T)
    assert said(coast, "retention") == []


def test_a_press_paged_raw_is_cleared_when_its_alert_comes(tmp_path):
    coast = Coast(tmp_path)
    watch(coast, T)
    coast.hear(Sos(device="QZ-1", received=T + 1_000, state="pressed", seq=1, ts=T + 1_000), presses=1)
    coast.settle(T + 1_500)
    watch(coast, T + 7_500)
    assert said(coast, "press_unanswered") == [("QZ-1", False)]
    coast.say(T + 8_000, [alert("p", at=T + 8_000, model="M01", subject="QZ-1")])
    coast.settle(T + 8_000)
    assert said(coast, "press_unanswered") == [("QZ-1", False), ("QZ-1", True)]


ANSWERS = some.sampled_from([Sent(), Failed("no"), Retry("busy"), Retry("later", 5_000)])


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(some.lists(ANSWERS, max_size=8), some.lists(some.sampled_from(["red", "orange", "yellow", "blue"]), min_size=1, max_size=3))
def test_whatever_a_channel_answers_every_page_comes_to_an_end(answers, levels):
    with tempfile.TemporaryDirectory() as folder:
        coast = Coast(Path(folder), hook=Fake(*answers))
        for number, level in enumerate(levels):
            coast.say(T, [alert(str(number), level=level)], [page(str(number), level=level)])
        for minute in range(0, 6_000, 25):
            coast.settle(T + minute * 1_000)
        left = {state: count for state, count in coast.states().items() if state in {"wanted", "sending"}}
        assert not left
        audits = coast.it.outbox.database.execute("SELECT COUNT(*) FROM deliveries WHERE state='failed' AND tries=0").fetchone()[0]
        assert audits == 0
        coast.kill()
        coast.book.close()
