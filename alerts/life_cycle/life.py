"""The life of alerts in one area: findings, people and the passing of time in; changes of alerts, pages and commands out.

Pure: no clock, no input or output, no chance. Three facts a case: condition (active, over), response (new … verified), suppressed. One open alert a key.
The rules are those of the rule book's life cycle.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import structs

from alerts import wording
from alerts.alert import Command, alert_key
from alerts.life_cycle import entries, findings, quieting, responses, timers
from alerts.life_cycle.board import VERSION, Board, Changes, Saved
from alerts.life_cycle.closing import close
from alerts.life_cycle.escalation import due
from alerts.life_cycle.suppression import Span, finding_of
from ingest.events import Event
from ingest.site import Area, Site
from models.model import Finding
from models.ports import watched
from models.trips import registered_as

BY_HOME = ("M15", "M16")  # judged in the area of a boat's home station, in whose water ever it is


class LifeCycle:
    """Memory of one area. `tick_to(now)` is to be called before whatever happens at `now`."""

    memory_version = VERSION

    def __init__(self, site: Site, area: Area) -> None:
        self.board = Board(site, area)

    # In

    def finding(self, finding: Finding, now: int) -> Changes:
        self._advance(now)
        findings.take(self.board, finding, now)
        return self.board.taken()

    def event(self, event: Event, now: int, entered_late: int | None) -> Changes:
        """`entered_late`: ms by which a person's entry came late; its own time serves the record."""
        self._advance(now)
        entries.hear(self.board, event, now, entered_late)
        return self.board.taken()

    def gone(self, vessel: str, to: str, now: int, *, beacon: bool, drill: bool = False) -> Changes:
        """The vessel is another area's. A call for help stays here until the call itself came from there, which raises it there."""
        self._advance(now)
        site, registered = self.board.site, registered_as(self.board.site, vessel)
        stays = BY_HOME if watched(site, self.board.area, registered) else ()
        for case in self.board.in_order():
            if case.alert.subject == vessel and case.alert.model not in stays and case.alert.drill is drill and (beacon or case.alert.model != "M01"):
                close(self.board, case, now, outcome="transferred", note=to)
        return self.board.taken()

    def tick_to(self, now: int) -> Changes:
        """Fire all that is due up to and including `now`, by (time, name); what is raised so bears its deadline's time."""
        while (next_due := self.board.next_due(now)) is not None:
            at, name = next_due
            self._advance(at)
            timers.fire(self.board, name, at)
        self._advance(now)
        return self.board.taken()

    def _advance(self, now: int) -> None:
        self.board.saved.now = max(self.board.saved.now, now)

    def migrate(self, new_site: Site, new_area: Area) -> Changes:
        """Go on under another revision of the site: alerts stay; those without a place get theirs; deadlines follow the new steps."""
        board, now = self.board, self.board.saved.now
        board.derive(new_site, new_area)
        for case in board.in_order():
            device = new_site.device.get(case.alert.subject)
            if device is not None and "unplaced" in case.alert.flags:
                flags = tuple(flag for flag in case.alert.flags if flag != "unplaced")
                placed: dict[str, Any] = {"segment": device.segment, "place": device.place, "position": device.position, "flags": flags}
                board.change(case, "placed", now, **placed, text=wording.text_of(new_site, finding_of(case, placed), not_drill=case.not_drill))
            elif due(new_site, case) != case.alert.due:
                board.change(case, "due", now)
        quieting.judge(board, now)
        return board.taken()

    # Out

    def next_deadline(self) -> int | None:
        return self.board.next_deadline()

    def in_exercise(self, device: str, at: int) -> bool:
        return self.board.in_exercise(device, at)

    @property
    def exercises(self) -> Mapping[str, Span]:
        """Those of the last week, by id."""
        return self.board.saved.quiet.exercises

    def drills_end(self, now: int) -> Changes:
        """No exercise runs any more, and nobody judges what was staged: it is over."""
        self._advance(now)
        for case in self.board.in_order():
            if case.alert.drill and case.alert.condition == "active":
                findings.take(self.board, structs.replace(finding_of(case, {}), level="over"), now)
        return self.board.taken()

    def open_list(self) -> tuple[tuple[str, int], ...]:
        return tuple(sorted((case.alert.id, case.alert.revision) for case in self.board.open.values()))

    def box_state(self, device: str) -> Command | None:
        """The present `report` for a box with an open press, a real one before a drill.

        Its id has the log's time: a box that asks again did not hear the one before, which the outbox holds for sent.
        """
        for drill in (False, True):
            case = self.board.open.get(alert_key("M01", device, drill))
            if case is not None and case.answers:
                report = responses.report(case, self.board.saved.now)
                return report and structs.replace(report, id=f"{report.id}/{self.board.saved.now}")
        return None

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode(self.board.saved)

    @classmethod
    def restore(cls, data: bytes, site: Site, area: Area) -> "LifeCycle":
        """Raises msgspec.DecodeError where `data` is no snapshot."""
        life = cls(site, area)
        life.board = Board(site, area, msgspec.msgpack.decode(data, type=Saved))
        return life
