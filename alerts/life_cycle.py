"""The life of alerts in one area: findings, people and the passing of time in; changes of alerts, pages and commands out.

Pure: no clock, no input or output, no chance. Three facts a case: condition (active, over), response (new … verified), suppressed. One open alert a key.
The rules are those of the rule book's life cycle; each stage is a small function beside this file (`case`, `suppression`, `escalation`, `actions`).
"""

import heapq
from typing import Any, NamedTuple

from msgspec import Struct, field, msgpack, structs

from alerts import actions, entries, findings, quieting, reminders, responses, wording
from alerts.alert import Alert, Change, Command, Page, Suppressed, alert_key
from alerts.case import Case, ends_itself, state_of
from alerts.escalation import audience, deadlines, due, permitted, stages, steps
from alerts.roster import EMPTY_SEAT, Roster, nearest_free, unit_people
from alerts.suppression import Quiet, explains_others, finding_of, suppression
from ingest.events import Action, Event
from ingest.site import Area, Site
from models.model import Finding

DAY = 86_400_000  # ms
VERSION = 1


class Changes(NamedTuple):
    alerts: tuple[Alert, ...] = ()
    pages: tuple[Page, ...] = ()
    commands: tuple[Command, ...] = ()


class Saved(Struct):
    """All that is remembered. Fields are only added, with defaults."""

    version: int = VERSION
    now: int = 0
    cases: dict[str, Case] = {}
    last: dict[str, str] = {}  # key -> its newest alert
    quiet: Quiet = field(default_factory=Quiet)
    roster: Roster = field(default_factory=Roster)
    done: dict[str, int] = {}  # action id -> when
    cleared: dict[str, list[int]] = {}  # key -> when it went over, a day back


class LifeCycle:
    """Memory of one area. `tick_to(now)` is to be called before whatever happens at `now`."""

    memory_version = VERSION

    def __init__(self, site: Site, area: Area) -> None:
        self.site, self.area = site, area
        self.saved = Saved()
        self._begin()

    def _begin(self) -> None:
        """What is derived from memory and site."""
        self.shore = responses.Shore(self.site, self.area)
        self.open = {case.alert.key: case for case in self.saved.cases.values() if case.is_open}
        self.explaining = {case.alert.id: case for case in self.open.values() if explains_others(case)}
        self._heap: list[tuple[int, str]] = []
        self._due: dict[str, int] = {}
        self._alerts: list[Alert] = []
        self._pages: list[Page] = []
        self._commands: list[Command] = []
        for case in self.saved.cases.values():
            self._schedule(case)
        self.schedule_quiet()
        self.schedule_seats()

    # In

    def finding(self, finding: Finding, now: int) -> Changes:
        self.saved.now = max(self.saved.now, now)
        findings.take(self, finding, now)
        return self._taken()

    def event(self, event: Event, now: int, entered_late: int | None) -> Changes:
        """`entered_late`: ms by which a person's entry came late; its own time serves the record."""
        self.saved.now = max(self.saved.now, now)
        entries.hear(self, event, now, entered_late)
        return self._taken()

    def tick_to(self, now: int) -> Changes:
        """Fire all that is due up to and including `now`, by (time, name); what is raised so bears its deadline's time."""
        while self._heap and self._heap[0][0] <= now:
            at, name = heapq.heappop(self._heap)
            if self._due.get(name) == at:
                del self._due[name]
                self.saved.now = max(self.saved.now, at)
                self._fire(name, at)
        self.saved.now = max(self.saved.now, now)
        return self._taken()

    def next_deadline(self) -> int | None:
        return min(self._due.values(), default=None)

    def in_exercise(self, device: str, at: int) -> bool:
        return any(device in span.devices and span.runs(at) for span in self.saved.quiet.exercises.values())

    def open_list(self) -> tuple[tuple[str, int], ...]:
        return tuple(sorted((case.alert.id, case.alert.revision) for case in self.open.values()))

    def box_state(self, device: str) -> Command | None:
        """The present `report` for a box with an open press, a real one before a drill.

        Its id has the log's time: a box that asks again did not hear the one before, which the outbox holds for sent.
        """
        for drill in (False, True):
            case = self.open.get(alert_key("M01", device, drill))
            if case is not None and case.answers:
                report = responses.report(case, self.saved.now)
                return report and structs.replace(report, id=f"{report.id}/{self.saved.now}")
        return None

    def snapshot(self) -> bytes:
        return msgpack.encode(self.saved)

    @classmethod
    def restore(cls, data: bytes, site: Site, area: Area) -> "LifeCycle":
        """Raises msgspec.DecodeError where `data` is no snapshot."""
        life = cls(site, area)
        life.saved = msgpack.decode(data, type=Saved)
        life._begin()
        return life

    def migrate(self, new_site: Site, new_area: Area) -> Changes:
        """Go on under another revision of the site: alerts stay; those without a place get theirs; deadlines follow the new steps."""
        self.site, self.area = new_site, new_area
        self._begin()
        now = self.saved.now
        for case in self.in_order():
            device = new_site.device.get(case.alert.subject)
            if device is not None and "unplaced" in case.alert.flags:
                flags = tuple(flag for flag in case.alert.flags if flag != "unplaced")
                placed: dict[str, Any] = {"segment": device.segment, "place": device.place, "position": device.position, "flags": flags}
                self.change(case, "placed", now, **placed, text=wording.text_of(new_site, finding_of(case, placed), not_drill=case.not_drill))
            elif due(new_site, case) != case.alert.due:
                self.change(case, "due", now)
        quieting.judge(self, now)
        return self._taken()

    def finding_inside(self, finding: Finding, now: int) -> None:
        """A finding of our own, made within an event or a deadline."""
        findings.take(self, finding, now)

    # Out

    def change(
        self,
        case: Case,
        what: str,
        now: int,
        *,
        by: str = "",
        unit: str = "",
        note: str = "",
        tell: tuple[str, ...] = (),
        page: str = "",
        **fields: Any,
    ) -> None:
        """One revision: the fields, who is told of it, and what follows for state, due time and deadlines."""
        old = case.alert
        tell = permitted(self.site, case, tell)
        alert = structs.replace(
            old, **fields, updated=max(now, old.updated), revision=old.revision + 1, change=Change(what, now, by, unit, note),
            audience=tuple(dict.fromkeys((*fields.get("audience", old.audience), *tell))),
        )  # fmt: skip
        case.alert = alert
        case.alert = alert = structs.replace(alert, state=state_of(alert), due=due(self.site, case))
        self._alerts.append(alert)
        if tell:
            step = max(0, case.step - 1)
            self._pages.append(Page(alert=alert.id, revision=alert.revision, reason=page or what, step=step, at=now, to=tell, level=alert.level))
            case.owed = () if page == "closed" else tuple(dict.fromkeys((*case.owed, *tell)))
        if case.answers and (what == "raised" or alert.response != old.response):
            report = responses.report(case, now)
            if what == "raised" or report.args["state"] != responses.STATES[old.response]:
                self._commands.append(report)
        if not case.is_open and self.open.get(alert.key) is case:
            del self.open[alert.key]
        if case.acknowledged:  # stages that passed unreminded: before the acknowledgement, or while kept quiet
            case.reminded = max(case.reminded, sum(case.since + after < now for _, after in stages(self.site, alert.level)))
        self._schedule(case)

    def close(self, case: Case, now: int, by: str = "", outcome: Any = None, note: str = "") -> None:
        """End it and tell everybody who was told, kept quiet or not. Its parts end with it."""
        case.resolver = by
        self.change(
            case,
            "resolve" if by else "closed",
            now,
            by=by,
            note=note,
            response="resolved",
            resolved=now,
            outcome=outcome,
            tell=case.owed,
            page="closed",
        )
        quieting.explain(self, case, now)
        for part in case.alert.parts:
            other = self.saved.cases.get(part)
            if other is not None and other.is_open:
                self.close(other, now, by, outcome, f"with {case.alert.id}")

    def close_if_over(self, case: Case, now: int) -> None:
        if ends_itself(case):
            self.close(case, now)

    def people(self, *words: str, case: Case) -> tuple[str, ...]:
        return audience(self.site, case, words, self.saved.roster.on_duty)

    def page_step(self, case: Case, now: int, *, by: str = "", note: str = "", to: tuple[str, ...] = ()) -> None:
        """Tell the people of the next step; beyond the last one, those of the last again."""
        ladder = steps(self.site, case.alert.level)
        tell = to or self.people(*ladder[min(case.step, len(ladder) - 1)].to, case=case)
        first = not case.alert.audience
        case.step += 1
        self.change(case, "escalated", now, by=by, note=note, tell=tell, page="raised" if first else "escalated")

    def command(self, *commands: Command) -> None:
        self._commands.extend(commands)

    def offer(self, case: Case, unit: str | None, now: int, *, by: str = "", what: str = "offered", tried: str = "") -> None:
        actions.offer(
            self, case, unit or nearest_free(self.site, self.area, self.saved.roster, list(self.open.values()), case.alert), now, by, what, tried
        )

    def unit_people(self, unit: str) -> tuple[str, ...]:
        return unit_people(self.site, unit)

    def step_people(self, case: Case, step: int = 0, level: Any = None) -> tuple[str, ...]:
        ladder = steps(self.site, level or case.alert.level)
        return self.people(*ladder[step].to, case=case) if ladder[step].after == 0 or case.acknowledged or level else ()

    def first_due(self, case: Case) -> int:
        return case.since + steps(self.site, case.alert.level)[0].after

    def _taken(self) -> Changes:
        if not (self._alerts or self._pages or self._commands):
            return NOTHING
        changes = Changes(tuple(self._alerts), tuple(self._pages), tuple(self._commands))
        self._alerts, self._pages, self._commands = [], [], []
        return changes

    # What is kept quiet

    def kept_quiet(self, alert: Alert, now: int) -> Suppressed | None:
        return suppression(alert, self.saved.quiet, (self.explaining[id_] for id_ in sorted(self.explaining)), self.site, now)

    def in_order(self) -> list[Case]:
        """The open cases in an order that a restart does not change."""
        return sorted(self.open.values(), key=lambda case: case.alert.id)

    # Time

    def _schedule(self, case: Case) -> None:
        found = deadlines(self.site, case) if case.alert.id in self.saved.cases else []
        self._set(f"case/{case.alert.key}/{case.alert.id}", max(min(found)[0], self.saved.now) if found else None)

    def schedule_quiet(self) -> None:
        self._set("quiet", quieting.next_bound(self.saved.quiet, self.saved.now))

    def schedule_seats(self) -> None:
        roster = self.saved.roster
        ahead = [since + EMPTY_SEAT for seat, since in roster.empty.items() if seat not in roster.raised]
        self._set("seats", min(ahead) if ahead else None)

    def _set(self, name: str, at: int | None) -> None:
        if at is None:
            self._due.pop(name, None)
        elif self._due.get(name) != at:
            self._due[name] = at
            heapq.heappush(self._heap, (at, name))

    def _fire(self, name: str, at: int) -> None:
        if name == "quiet":
            quieting.ended(self, at)
        elif name == "seats":
            entries.seats_empty(self, at)
        else:
            case = self.saved.cases[name.rpartition("/")[2]]
            for _, what in sorted(each for each in deadlines(self.site, case) if each[0] <= at):
                reminders.time_passed(self, case, what, at)
            if case.alert.id in self.saved.cases:
                self._schedule(case)

    def forget(self, case: Case) -> None:
        alert = case.alert
        del self.saved.cases[alert.id]
        if self.saved.last.get(alert.key) == alert.id:
            del self.saved.last[alert.key]
        self._schedule(case)

    def first_time(self, action: Action, now: int) -> bool:
        """An action is taken once. Ids are kept for eight days: people's entries may be seven days late."""
        done = self.saved.done
        if action.id in done:
            return False
        done[action.id] = now
        while (oldest := next(iter(done))) != action.id and now - done[oldest] > 8 * DAY:
            del done[oldest]
        return True


NOTHING = Changes()
