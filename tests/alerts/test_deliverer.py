"""From outcomes in the log to people: order of channels, absences, storms, the end told, and the watchdog's own pages. Time is given."""

import random
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook as Signer

from alerts.alert import Alert, Bilingual, Change, Command, Outcomes, Page, Reason
from alerts.channels.console import mark_seen, unseen
from alerts.channels.message import Failed, Message, Retry, Sent
from alerts.channels.webhook import Webhook, body
from alerts.deliverer import Deliverer
from alerts.outcomes import pack
from alerts.watchdog import Seen, judge, stand_in
from ingest.events import Sos, System, Tick
from ingest.log import ALERTS, EVENTS, Record, open_log
from ingest.records import Batch, Codec
from ingest.settings import Settings
from ingest.site import Area, Channel, Person, Post, Site

T = 1_800_000_000_000  # ms
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Fake:
    """Answers from a list, then Sent; remembers what it sent."""

    def __init__(self, *answers):
        self.answers, self.sent = list(answers), []

    def send(self, message, person, channel, timeout):
        result = self.answers.pop(0) if self.answers else Sent()
        if isinstance(result, Sent):
            self.sent.append((person.id if person else "", channel.id, message.reason, message.subject))
        return result


def site(channels=("hook",), more=()):
    people = (Person("li", "Li", "operator", "room", channels=channels), Person("wu", "Wu", "shift_leader", "room", channels=("console",)))
    ways = (Channel("hook", "webhook+http://x", timeout=20_000), Channel("sms", "apprise:x", timeout=20_000), *more)
    return Site(
        "r1", "s", "", "", "Asia/Shanghai", (Area("a", 0, "", "", (), (118.0, 24.0)),), (Post("room", "room", "a", "", ""),), people, channels=ways
    )


def alert(id_="x", revision=1, at=T, level="red", what="raised", **fields):
    fields = {"model": "M12", "key": f"M12/{id_}", "subject": id_} | fields
    return Alert(id=id_, area="a", segment="", place="QZ-1", position=None, level=level, reason=Reason("silent"), text=Bilingual("文", "text"),
                 occurred=at, raised=at, updated=at, revision=revision, change=Change(what, at), **fields)  # fmt: skip


def page(id_="x", revision=1, reason="raised", to=("li",), at=T, level="red", step=0):
    return Page(alert=id_, revision=revision, reason=reason, step=step, at=at, to=to, level=level)


class Coast:
    def __init__(self, folder, the_site=None, hook=None, sms=None):
        self.settings, self.site = Settings(home=folder), the_site or site()
        folder.mkdir(exist_ok=True)
        self.book = open_log(f"sqlite:///{folder / 'log.db'}")
        self.hook, self.sms, self.device = hook or Fake(), sms or Fake(), Fake()
        self.start()

    def start(self):
        self.it = Deliverer(self.settings, self.book, lambda: self.site, {"webhook": self.hook, "apprise": self.sms, "device": self.device}, seed=1)

    def kill(self):
        self.it.outbox.close()

    def say(self, now, alerts=(), pages=(), commands=(), open_=None):
        outcomes = Outcomes(area="a", offset=0, now=now, alerts=alerts, pages=pages, commands=commands, open=open_)
        self.book.append([Record(ALERTS, 0, pack(outcomes))])

    def hear(self, *events, presses=0):
        self.book.append([Record(EVENTS, 0, Codec().pack(Batch("r1", list(events))), headers=(("presses", str(presses)),) if presses else ())])

    def settle(self, now):
        """Step at `now` until no attempt is under way."""
        self.it.step(now)
        for _ in range(2000):
            busy = self.it.outbox.database.execute(
                "SELECT COUNT(*) FROM deliveries WHERE state='sending' OR (state='wanted' AND due<=?)", (now,)
            ).fetchone()[0]
            if not busy:
                return
            self.it.step(now, wait=0.02)
        pytest.fail("attempts do not end")

    def states(self):
        return self.it.outbox.counts()

    def ours(self):
        return [event for entry in self.book.read(EVENTS, 0, 0) for event in Codec().unpack(entry.value).events]


@pytest.fixture
def coast(tmp_path):
    return Coast(tmp_path)


def test_a_page_is_sent_once_even_if_the_fold_says_it_again(coast):
    for _ in range(2):
        coast.say(T, [alert()], [page()])
        coast.settle(T)
    assert coast.hook.sent == [("li", "hook", "raised", "x")]


def test_a_kill_between_sending_and_its_mark_sends_again(coast):
    coast.say(T, [alert()], [page()])
    coast.it.step(T)
    coast.it.lanes.ended(5)  # it went out, and the mark was never written
    assert coast.states() == {"sending": 1}
    coast.kill()
    coast.start()
    coast.settle(T)
    assert len(coast.hook.sent) == 2
    assert coast.states() == {"sent": 1}


def test_a_failed_channel_gives_way_to_the_next(tmp_path):
    coast = Coast(tmp_path, site(("hook", "sms")), hook=Fake(Failed("gone")))
    coast.say(T, [alert()], [page()])
    coast.settle(T)
    assert coast.sms.sent == [("li", "sms", "raised", "x")]
    assert coast.states() == {"failed": 1, "sent": 1}


def test_a_console_that_nobody_looks_at_gives_way_and_one_that_is_seen_does_not(tmp_path):
    coast = Coast(tmp_path, site(("console", "sms")))
    coast.say(T, [alert("x"), alert("y")], [page("x"), page("y")])
    coast.settle(T)
    shown = unseen("li", tmp_path / "outbox.db")
    assert [each.alert for each in shown] == ["x", "y"]
    mark_seen("li", [shown[0].id], tmp_path / "outbox.db")
    coast.settle(T + 19_000)
    assert coast.sms.sent == []
    coast.settle(T + 21_000)
    assert [each[3] for each in coast.sms.sent] == ["y"]


def test_a_target_away_then_back_gets_it_with_growing_pauses(tmp_path):
    coast = Coast(tmp_path, hook=Fake(*[Retry("away")] * 3))
    coast.say(T, [alert()], [page()])
    for second in range(60):
        coast.settle(T + second * 1000)
    assert [row[4] for row in coast.it.outbox.audit("x")] == ["retry"] * 3 + ["sent"]


def test_after_three_hours_away_only_what_stands_is_paged_and_once(coast):
    old = T - 3 * 3_600_000
    coast.say(old, [alert("over", at=old)], [page("over", at=old)])
    coast.say(old, [alert("stands", at=old)], [page("stands", at=old)])
    for step in range(1, 5):
        coast.say(old + step, [alert("stands", 1 + step, old + step, what="escalated")], [page("stands", 1 + step, "escalated", at=old, step=step)])
    coast.say(old + 9, [alert("over", 2, old + 9, what="over", condition="over")])
    coast.settle(T)
    assert [(each[2], each[3]) for each in coast.hook.sent] == [("escalated", "stands")]


def test_the_end_is_told_to_whoever_was_told_and_to_nobody_else(coast):
    coast.say(T, [alert()], [page()])
    coast.settle(T)
    coast.say(T, [alert(revision=2, what="closed", response="resolved")], [page(revision=2, reason="closed", to=("li", "wu"))])
    coast.settle(T + 1)
    assert [each[2] for each in coast.hook.sent] == ["raised", "closed"]
    assert unseen("wu", coast.settings.home / "outbox.db") == []


def test_what_is_closed_before_sending_is_dropped(coast):
    coast.say(T, [alert()], [page()])
    coast.say(T, [alert(revision=2, what="closed", response="resolved")], [page(revision=2, reason="closed")])
    coast.settle(T)
    assert coast.hook.sent == []


def test_an_alert_missing_from_the_snapshots_list_is_told_as_closed(coast):
    coast.say(T, [alert()], [page()])
    coast.settle(T)
    coast.say(T, open_=())
    coast.settle(T + 1)
    assert [each[2] for each in coast.hook.sent] == ["raised", "closed"]


def test_a_command_is_sent_unless_it_expired(coast):
    orders = [
        Command(id=name, area="a", device="b", command="siren", args={}, expires=until) for name, until in (("now", T + 5_000), ("past", T - 1))
    ]
    coast.say(T, commands=orders)
    coast.settle(T)
    assert [each[2] for each in coast.device.sent] == ["now"]


def test_a_dead_webhook_delays_nobody_else(tmp_path):
    class Dead(Fake):
        def send(self, *_):
            import time

            time.sleep(1.5)
            return Retry("no answer")

    the_site = site(("hook",))
    coast = Coast(tmp_path, the_site, hook=Dead())
    coast.say(T, [alert(str(i)) for i in range(50)], [page(str(i), to=("li", "wu")) for i in range(50)])
    coast.it.step(T)
    assert len(unseen("wu", tmp_path / "outbox.db")) == 50


def test_a_storm_of_1000_pages_is_all_sent(coast):
    coast.say(T, [alert(str(i)) for i in range(1000)], [page(str(i), to=("li", "wu")) for i in range(1000)])
    coast.settle(T)
    assert coast.states() == {"sent": 2000}


def test_all_that_is_wanted_ends_as_sent_failed_expired_or_superseded(tmp_path):
    for seed in range(10):
        dice = random.Random(seed)
        answers = [dice.choice([Sent(), Retry("away"), Failed("no")]) for _ in range(60)]
        coast = Coast(tmp_path / str(seed), site(("hook", "sms")), hook=Fake(*answers), sms=Fake(*answers[::-1]))
        for i in range(20):
            level = dice.choice(["red", "orange", "yellow", "blue"])
            coast.say(T, [alert(str(i), level=level)], [page(str(i), level=level)])
        for hour in range(60):
            coast.settle(T + hour * 3_600_000 // 2)
        assert set(coast.states()) <= {"sent", "failed", "expired", "superseded"}
        for row in coast.it.outbox.database.execute("SELECT alert FROM deliveries GROUP BY alert HAVING SUM(state IN ('sent', 'superseded')) = 0"):
            channels = coast.it.outbox.database.execute("SELECT COUNT(DISTINCT channel) FROM deliveries WHERE alert=?", row).fetchone()[0]
            assert channels == 2, "given up before all channels were tried"


def test_a_press_without_an_alert_is_paged_raw_once_and_one_with_an_alert_is_not(coast):
    for device in ("b1", "b2"):
        press = Sos(device=device, received=T, ts=T, seq=1, boot=1)
        coast.hear(press, press, presses=2)
    coast.say(T, [alert("b2", model="M01", key="M01/b2", subject="b2")])
    coast.settle(T + 1_000)
    assert coast.hook.sent == []
    for later in (6_500, 8_000, 60_000):
        coast.settle(T + later)
    assert [each[2] for each in coast.hook.sent].count("press") == 1
    assert [event.values["subject"] for event in coast.ours() if isinstance(event, System) and event.code == "press_unanswered"] == ["b1"]


def test_when_the_bridge_falls_silent_we_tick_and_when_it_returns_we_stop(coast):
    coast.hear(Tick(device="bridge", received=T, now=T, heard=77))
    for second in range(14):
        coast.settle(T + second * 1000)
    ticks = [event for event in coast.ours() if isinstance(event, Tick) and event.device == "deliverer"]
    assert len(ticks) > 5
    assert {tick.heard for tick in ticks} == {77}
    coast.hear(Tick(device="bridge", received=T + 14_000, now=T + 14_000, heard=78))
    coast.settle(T + 15_000)
    told = [(event.code, event.clear) for event in coast.ours() if isinstance(event, System) and event.part == "bridge"]
    assert told == [("no_tick", False), ("no_tick", True)]


def test_judging_takes_the_clock_as_given():
    seen = Seen("a", bridge=T, outcomes=T)
    assert judge(seen, T + 4_000) == []
    assert [each.paged for each in judge(seen, T + 9_000)] == [False]
    assert [each.code for each in judge(seen, T + 31_000)] == ["no_tick", "behind"]
    assert stand_in(seen, T + 4_000) is None


def test_a_webhook_can_be_verified_and_outside_it_carries_little(monkeypatch):
    got = []

    class Target(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(503 if len(got) == 1 else 204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Target)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HOOK", SECRET)
    channel = Channel("h", f"webhook+http://127.0.0.1:{server.server_port}/x", "HOOK", 2_000)
    message = Message(id="m1", at=T, reason="raised", subject="x", place="QZ-1", zh="文", en="text", alert=alert())
    assert isinstance(Webhook().send(message, None, channel, 2_000), Retry)
    assert Webhook().send(message, None, channel, 2_000) == Sent()
    shape = Signer(SECRET).verify(got[1][1], got[1][0])
    assert shape == {"id": "x", "level": "red", "place": "QZ-1", "reason": "raised"}
    assert body(message, inside=True)["id"] == "x"
    assert "place" in msgspec.to_builtins(message)
    server.shutdown()
    server.server_close()
    assert isinstance(Webhook().send(message, None, channel, 2_000), Retry)
    assert isinstance(Webhook().send(message, None, Channel("h", channel.url), 2_000), Failed)
