"""The board of one area: every alert that is open or was lately, the deadlines ahead, and the one way to change an alert.

It decides nothing: what models, people and time do to it stands in the modules above. Outputs gather here until `taken`.
"""

import heapq
from collections.abc import Iterable
from typing import Any, NamedTuple

from msgspec import Struct, field, structs

from alerts.alert import Alert, Change, Command, Page, Suppressed, alert_key
from alerts.life_cycle import programmes, responses
from alerts.life_cycle.case import Case, state_of
from alerts.life_cycle.escalation import audience, deadlines, due, permitted, stages, steps
from alerts.life_cycle.roster import EMPTY_SEAT, Roster
from alerts.life_cycle.suppression import Explaining, Quiet, explains_others, next_bound, suppression
from ingest.site import Area, Site
from models.model import RANK

VERSION = 1


class Changes(NamedTuple):
    """What one input brought about."""

    alerts: tuple[Alert, ...] = ()
    pages: tuple[Page, ...] = ()
    commands: tuple[Command, ...] = ()


NOTHING = Changes()


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
    running: programmes.Memory = field(default_factory=programmes.Memory)


class Board:
    """Memory of one area and what is derived from it and the site."""

    def __init__(self, site: Site, area: Area, saved: Saved | None = None) -> None:
        self.saved = Saved() if saved is None else saved
        self.derive(site, area)

    def derive(self, site: Site, area: Area) -> None:
        """What follows from memory and site: anew after a restart and under another revision of the site."""
        self.site, self.area = site, area
        self.shore = responses.Shore(site, area)
        self.open = {case.alert.key: case for case in self.saved.cases.values() if case.is_open}
        self.explaining = {case.alert.id: Explaining(case, frozenset(case.inhibits)) for case in self.open.values() if explains_others(case)}
        self.naming: dict[str, Case] = {}  # key of a part -> the incident that it belongs to
        for case in self.in_order():
            self.name_parts(case)
        self._heap: list[tuple[int, str]] = []
        self._due: dict[str, int] = {}
        self._alerts: list[Alert] = []
        self._pages: list[Page] = []
        self._commands: list[Command] = []
        for case in self.saved.cases.values():
            self.schedule(case)
        self.schedule_quiet()
        self.schedule_seats()
        for id_ in self.saved.running.running:
            self._schedule_programme(id_)

    def in_order(self) -> list[Case]:
        """The open cases in an order that a restart does not change."""
        return sorted(self.open.values(), key=lambda case: case.alert.id)

    def in_exercise(self, device: str, at: int) -> bool:
        return any(device in span.devices and span.runs(at) for span in self.saved.quiet.exercises.values())

    def kept_quiet(self, alert: Alert, now: int) -> Suppressed | None:
        """A part that was joined to an incident at least as high is told with it, not beside it."""
        whole = self.saved.cases.get(alert.incident or "")
        if whole is not None and whole.is_open and self.saved.cases[alert.id].joined and RANK[alert.level] <= RANK[whole.alert.level]:
            return Suppressed("inhibited", whole.alert.id)
        return suppression(alert, self.saved.quiet, (self.explaining[id_] for id_ in sorted(self.explaining)), self.site, now)

    def name_parts(self, case: Case) -> None:
        for model, subject in case.names:
            self.naming[alert_key(model, subject, case.alert.drill)] = case

    # Change

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
        self._carry_out(alert, programmes.follow(self.saved.running, self.shore, alert, case.answers, now))
        self._schedule_programme(alert.id)
        if not case.is_open and self.open.get(alert.key) is case:
            del self.open[alert.key]
            self.naming = {key: whole for key, whole in self.naming.items() if whole is not case}
        if case.acknowledged:  # stages that passed unreminded: before the acknowledgement, or while kept quiet
            case.reminded = max(case.reminded, sum(case.since + after < now for _, after in stages(self.site, alert.level)))
        self.schedule(case)

    def programme_due(self, id_: str, now: int) -> None:
        """The next broadcast of an alert, or the next lighting of its lamps, is due."""
        case = self.saved.cases.get(id_)
        if case is not None:
            self._carry_out(case.alert, programmes.again(self.saved.running, self.shore, case.alert, now))
        self._schedule_programme(id_)

    def _schedule_programme(self, id_: str) -> None:
        running = self.saved.running.running.get(id_)
        self._set(f"programme/{id_}", running.again if running and running.again else None)

    def _carry_out(self, alert: Alert, commands: Iterable[Command]) -> None:
        """A drill moves the devices of exercises only. A box that was pressed is not told to stop: somebody may be speaking through it."""
        used = {name for span in self.saved.quiet.exercises.values() for name in span.devices} if alert.drill else None
        for each in commands:
            pressed = each.command == "stop" and any(alert_key("M01", each.device, drill) in self.open for drill in (False, True))
            if not pressed and (used is None or each.device in used):
                self.command(each)

    def command(self, *commands: Command) -> None:
        self._commands.extend(commands)

    def page_step(self, case: Case, now: int, *, by: str = "", note: str = "", to: tuple[str, ...] = ()) -> None:
        """Tell the people of the next step; beyond the last one, those of the last again."""
        ladder = steps(self.site, case.alert.level)
        tell = to or self.people(*ladder[min(case.step, len(ladder) - 1)].to, case=case)
        first = not case.alert.audience
        case.step += 1
        self.change(case, "escalated", now, by=by, note=note, tell=tell, page="raised" if first else "escalated")

    def forget(self, case: Case) -> None:
        alert = case.alert
        del self.saved.cases[alert.id]
        if self.saved.last.get(alert.key) == alert.id:
            del self.saved.last[alert.key]
        self.schedule(case)

    def taken(self) -> Changes:
        """All outputs since the last time."""
        if not (self._alerts or self._pages or self._commands):
            return NOTHING
        changes = Changes(tuple(self._alerts), tuple(self._pages), tuple(self._commands))
        self._alerts, self._pages, self._commands = [], [], []
        return changes

    # Who is told

    def people(self, *words: str, case: Case) -> tuple[str, ...]:
        return audience(self.site, case, words, self.saved.roster.on_duty)

    def step_people(self, case: Case, step: int = 0, level: Any = None) -> tuple[str, ...]:
        ladder = steps(self.site, level or case.alert.level)
        return self.people(*ladder[step].to, case=case) if ladder[step].after == 0 or case.acknowledged or level else ()

    def first_due(self, case: Case) -> int:
        return case.since + steps(self.site, case.alert.level)[0].after

    # Time

    def next_deadline(self) -> int | None:
        return min(self._due.values(), default=None)

    def next_due(self, now: int) -> tuple[int, str] | None:
        """The first deadline up to and including `now`, by (time, name); it is then no longer ahead."""
        while self._heap and self._heap[0][0] <= now:
            at, name = heapq.heappop(self._heap)
            if self._due.get(name) == at:
                del self._due[name]
                return at, name
        return None

    def schedule(self, case: Case) -> None:
        found = deadlines(self.site, case) if case.alert.id in self.saved.cases else []
        self._set(f"case/{case.alert.key}/{case.alert.id}", max(min(found)[0], self.saved.now) if found else None)

    def schedule_quiet(self) -> None:
        self._set("quiet", next_bound(self.saved.quiet, self.saved.now))

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
