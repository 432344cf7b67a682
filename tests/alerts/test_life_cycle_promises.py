"""The written promises of the alerts, kept under any order of findings, people at two consoles, and time."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from alerts.life_cycle.case import RESTRICTED
from alerts.life_cycle.life import LifeCycle
from alerts.life_cycle.programmes import PAUSE
from ingest.events import Action, Matchers
from models.model import RANK, Finding
from tests.alerts.coast import HOUR, MIN, T0, Exercise, Incident, Room, Shift, Silence, Unit, Work, coast

STAGES = ["new", "acknowledged", "dispatched", "en_route", "arrived", "resolved", "verified"]
LAST_STAGE = {"red": 4, "orange": 4, "yellow": 1, "blue": 1}
SITE = coast()
BOXES = st.sampled_from(["box-1", "box-2"])
CONSOLES = st.sampled_from(["li", "chen"])
VERBS = st.sampled_from(
    ["acknowledge", "take", "transfer", "dispatch", "accept", "decline", "enroute", "arrive", "leave", "resolve", "verify", "reopen", "note", "escalate",
     "shelve", "unshelve", "merge", "split"]
)  # fmt: skip
ASKED = 20_000  # ms in which the room may say what is in the water
OUTCOMES = st.sampled_from(["real", "authorised", "sensor_fault", "nuisance", None])
OPEN_TO_ACKNOWLEDGED = {"level", "again", "back", "deadline", "closed", "reopened", "transferred", "offered"}


class Coast(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.room = Room(SITE)
        self.steps = []  # all that was done, to do it again
        self.owed = {}  # alert -> people told and not yet told of the end
        self.reminders = {}
        self.spoke, self.lit = {}, {}  # box -> when it spoke last; lamp -> until when it is on

    def step(self, name, *args):
        """One input after the deadlines before it, as the fold does; every promise is looked at afterwards."""
        self.steps.append((name, *args))
        before = dict(self.room.newest)
        ticked = self.room.at(self.room.now - T0)
        changes = self.room.took(getattr(self.room.life, name)(*args))
        for each in (ticked, changes):
            self.check(each, before)
        on = {lamp for running in self.room.life.board.saved.running.running.values() for lamp in running.lit}
        assert {lamp for lamp, until in self.lit.items() if until > self.room.now} <= on, "a lamp is on for an alert that is over"
        return changes

    def check(self, changes, before):
        pages = {}
        for page in changes.pages:
            pages.setdefault((page.alert, page.revision), []).append(page)
            assert page.to
            assert len(set(page.to)) == len(page.to)
        for alert in changes.alerts:
            old = before.get(alert.id)
            self.one(alert, old, pages.get((alert.id, alert.revision), []))
            before[alert.id] = alert
        for command in changes.commands:
            self.commanded(command)
        for alert in changes.alerts:
            if alert.change.what in {"resolve", "closed"}:
                assert all(self.room.newest[part].response in {"resolved", "verified"} for part in alert.parts), "a part outlives its incident"
        quiet = self.room.life.board.saved.quiet
        assert all(span.until <= self.room.now + 8 * HOUR for span in (*quiet.shelves.values(), *quiet.silences.values())), "quiet too long"
        for case in self.room.life.board.open.values():
            quiet = case.alert.suppressed
            if case.alert.model == "M01" or case.alert.level == "red":
                whole = self.room.newest.get(case.alert.incident or "")
                assert quiet is None or (case.alert.model != "M01" and whole is not None and whole.level == "red"), "a red is kept quiet"
            assert quiet is None or quiet.until is None or quiet.until > self.room.now or quiet.how == "work"

    def one(self, alert, old, pages):
        assert alert.revision == (old.revision + 1 if old else 1)
        assert old is None or alert.updated >= old.updated
        if alert.model == "M01" and alert.incident and not (old and old.incident):
            assert alert.change.by, "a press was grouped, and not by a person"
        back = old is not None and STAGES.index(alert.response) < STAGES.index(old.response)
        assert not back or alert.change.what == "reopen"
        is_open = alert.response not in {"resolved", "verified"}
        assert (alert.due is not None) == (is_open and STAGES.index(alert.response) < LAST_STAGE[alert.level])
        assert old is None or old.audience == alert.audience[: len(old.audience)]
        if alert.change.what == "reopen" or (old and RANK[alert.level] > RANK[old.level]):
            self.reminders[alert.id] = 0
        for page in pages:
            self.justified(alert, old, page)
        if alert.response == "resolved" and old and old.response != "resolved":
            assert not self.owed.get(alert.id), "somebody was told of it and not of its end"

    def commanded(self, command):
        """What a programme does by itself."""
        alert = self.room.newest[command.alert]
        assert command.expires > self.room.now - HOUR * 26
        if command.command == "report":
            return
        assert command.command == "record" or alert.model not in RESTRICTED, "it would warn those who must not be warned"
        at = command.expires - 2 * MIN
        if command.command == "speak" and command.args["language"] == "zh":
            assert at - self.spoke.get(command.device, -HOUR) >= PAUSE
            self.spoke[command.device] = at
        if command.command == "light" and command.args["mode"] == "off":
            del self.lit[command.device]
        elif command.command == "light" and command.args["mode"] != "strobe":
            self.lit[command.device] = command.args["until"]

    def justified(self, alert, old, page):
        owed = self.owed.setdefault(alert.id, set())
        if page.reason == "closed":
            assert owed <= set(page.to), "somebody was told of it and not of its end"
            owed.clear()
            return
        owed |= set(page.to)
        assert set(page.to) <= set(alert.audience)
        assert alert.suppressed is None or alert.change.by or page.reason in {"deadline", "offered"}
        if alert.drill:
            assert set(page.to) <= {"fix"}
        if old is not None and old.response not in {"new", "resolved", "verified"}:
            assert page.reason in OPEN_TO_ACKNOWLEDGED or (alert.change.what == "escalated" and alert.change.by)
        if alert.change.what == "overdue":
            self.reminders[alert.id] = self.reminders.get(alert.id, 0) + 1
            assert self.reminders[alert.id] <= 3

    # What happens

    @rule(box=BOXES, drill=st.booleans())
    def press(self, box, drill):
        drill = drill and self.room.life.in_exercise(box, self.room.now)
        number = next(self.room.number)
        key = f"M01/{box}/drill" if drill else f"M01/{box}"
        known = self.room.life.board.open.get(key)
        count = known.alert.count if known else 0
        changes = self.step("finding", self.found("M01", box, "red", "pressed", number, drill=drill, again=True, answers=box), self.room.now)
        known = self.room.life.board.open.get(key)
        mine = [alert for alert in changes.alerts if alert.key == key]
        assert mine[-1].level == "red"
        assert mine[-1].drill is drill
        assert known.alert.count >= count + 1 or count == 0
        told = {person for page in changes.pages if page.alert == mine[-1].id and page.reason in {"raised", "again"} for person in page.to}
        assert told
        assert drill or told - {"fix"}, "a real press told only the people of an exercise"
        assert any(each.command == "report" and each.device == box for each in changes.commands)

    @rule(box=BOXES, level=st.sampled_from(["blue", "yellow", "orange", "over"]), code=st.sampled_from(["silent", "tamper", "battery"]))
    def box_health(self, box, level, code):
        self.step("finding", self.found("M02", box, level, code, next(self.room.number)), self.room.now)

    @rule(stands=st.booleans())
    def outage(self, stands):
        more = {"inhibits": ("box-1", "box-2")} if stands else {}
        self.step(
            "finding", self.found("M02", "s-1", "yellow" if stands else "over", "segment_outage", next(self.room.number), **more), self.room.now
        )

    @rule(level=st.sampled_from(["blue", "yellow", "orange", "red", "over"]))
    def vessel(self, level):
        self.step("finding", self.found("M12", "412", level, "silent", next(self.room.number), values={"receiver": "receiver"}), self.room.now)

    @rule(down=st.booleans())
    def receiver(self, down):
        self.step("finding", self.found("M02", "receiver", "yellow" if down else "over", "receiver_down", next(self.room.number)), self.room.now)

    @rule(level=st.sampled_from(["orange", "red", "over"]), asks=st.booleans())
    def swimmer(self, level, asks):
        """Somebody may be in the water: the room is asked, and who is not answered is taken for the worst."""
        asked = ASKED if asks and level == "orange" else 0
        self.step("finding", self.found("M09", "s-1", level, "in_water", next(self.room.number), unanswered=asked), self.room.now)

    @rule(level=st.sampled_from(["yellow", "red", "over"]))
    def transfer_ashore(self, level):
        """Vehicles that wait for a boat: red names the landing as its part."""
        parts = (("M06", "412"), ("M01", "box-1")) if level == "red" else ()  # no model names a press; if one did, it stays alone
        self.step("finding", self.found("M07", "s-2", level, "vehicles", next(self.room.number), parts=parts), self.room.now)

    @rule(level=st.sampled_from(["yellow", "orange", "red", "over"]))
    def landing(self, level):
        self.step("finding", self.found("M06", "412", level, "landed", next(self.room.number)), self.room.now)

    @rule(level=st.sampled_from(["yellow", "orange", "over"]))
    def closed_zone(self, level):
        self.step("finding", self.found("M04", "s-1", level, "entered", next(self.room.number)), self.room.now)

    def found(self, model, subject, level, code, number, **more):
        return Finding(
            model=model, subject=subject, level=level, code=code, index=0, cause=f"c{number}", occurred=self.room.now, segment="s-1", **more
        )

    @rule()
    def nobody_answers(self):
        """The question has its time; then it is red, unless somebody answered or it is over."""
        asked = [case for case in self.room.life.board.in_order() if case.confirm and not case.acknowledged and case.alert.level != "red"]
        answered = {case.alert.id: case.alert.level for case in self.room.life.board.in_order() if case.confirm and case.acknowledged}
        self.room.now += ASKED
        self.step("tick_to", self.room.now)
        assert all(self.room.newest[id_].level == level for id_, level in answered.items()), "red, though somebody had answered"
        assert all(self.room.newest[case.alert.id].level == "red" for case in asked)

    @precondition(lambda self: self.room.newest)
    @rule(which=st.integers(0, 6), do=VERBS, by=CONSOLES, outcome=OUTCOMES, unit=st.sampled_from([None, "patrol-1", "patrol-2", "nobody"]),
          hours=st.integers(0, 20), to=st.integers(0, 30))  # fmt: skip
    def act(self, which, do, by, outcome, unit, hours, to):
        known = [id_ for id_ in self.room.newest if id_ in self.room.life.board.saved.cases]
        if not known:
            return
        known.sort(key=lambda id_: -self.room.newest[id_].updated)  # what just happened is what people answer
        alert = known[which % len(known)]
        target = known[to % len(known)] if do == "merge" else ["chen", "zhao", "ghost"][to % 3]
        action = Action(
            device="console", received=self.room.now, id=f"a{next(self.room.number)}", alert=alert, do=do, by=by, outcome=outcome, unit=unit,
            until=self.room.now + hours * HOUR, to=target,
        )  # fmt: skip
        changes = self.step("event", action, self.room.now, None)
        mine = [each for each in changes.alerts if each.id == alert and each.change.by == by]
        assert mine, "an action was lost"
        assert mine[0].change.what != "shelve" or (mine[0].level != "red" and mine[0].model != "M01")
        assert self.step("event", action, self.room.now, None) == ((), (), ()), "taken twice"

    @rule(by=CONSOLES, hours=st.integers(1, 20), matchers=st.sampled_from([Matchers(model="M12"), Matchers(device="box-1"), Matchers(level="red")]))
    def silence(self, by, hours, matchers):
        self.hear(Silence, id="s", matchers=matchers, until=self.room.now + hours * HOUR, by=by, reason="x")

    @rule(box=BOXES, closed=st.booleans())
    def work(self, box, closed):
        self.hear(Work, id=f"w-{box}", subject=box, by="fix", closed=closed)

    @rule(box=BOXES)
    def exercise(self, box):
        self.hear(Exercise, id=f"e-{box}", devices=(box,), until=self.room.now + HOUR, by="fix")

    @rule(by=CONSOLES, do=st.sampled_from(["on", "off", "offer", "accept"]), to=CONSOLES)
    def shift(self, by, do, to):
        self.hear(Shift, seat="room-1", do=do, by=by, to=to)

    @rule(unit=st.sampled_from(["patrol-1", "patrol-2"]), state=st.sampled_from(["free", "en_route", "on_scene", "off"]))
    def unit(self, unit, state):
        self.hear(Unit, unit=unit, state=state)

    @rule(by=CONSOLES)
    def incident(self, by):
        self.hear(Incident, level="orange", by=by, segment="s-1", source="110")

    def hear(self, kind, **more):
        self.step("event", kind(device="console", received=self.room.now, seq=next(self.room.number), **more), self.room.now, None)

    @rule(after=st.sampled_from([1, 10_000, MIN, 3 * MIN, 10 * MIN, HOUR, 9 * HOUR, 25 * HOUR]))
    def wait(self, after):
        self.room.now += after
        self.step("tick_to", self.room.now)

    def teardown(self):
        """Done again, and done again with a restart before every step, it comes out the same. And every shelf ends."""
        whole, cut = LifeCycle(SITE, SITE.areas[0]), LifeCycle(SITE, SITE.areas[0])
        out = [[], []]
        for name, *args in self.steps:
            now = args[0] if name == "tick_to" else args[1]
            packed = cut.snapshot()
            cut = LifeCycle.restore(packed, SITE, SITE.areas[0])
            assert cut.snapshot() == packed
            for life, kept in zip((whole, cut), out, strict=True):
                for changes in (life.tick_to(now), getattr(life, name)(*args)):
                    kept.extend(changes.alerts)
                    kept.extend(changes.pages)
                    kept.extend(changes.commands)
            assert whole.next_deadline() == cut.next_deadline()
        assert out[0] == out[1]
        assert [each for each in out[0] if hasattr(each, "change")] == self.room.alerts
        self.room.now += 9 * HOUR
        self.room.at(self.room.now - T0)
        assert not self.room.life.board.saved.quiet.shelves
        assert all(case.alert.suppressed is None or case.alert.suppressed.how == "inhibited" for case in self.room.life.board.open.values())


Coast.TestCase.settings = settings(max_examples=200, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck))
TestPromises = Coast.TestCase
