"""What time does to a case where people do not: the next step, the box that waits, reminders, the next unit, the chief."""

from typing import TYPE_CHECKING

from alerts import responses
from alerts.case import Case
from alerts.escalation import UNIT_SILENCE, stages

if TYPE_CHECKING:
    from alerts.life_cycle import LifeCycle


def time_passed(life: "LifeCycle", case: Case, what: str, at: int) -> None:
    if what == "forget":
        life.forget(case)
    elif what == "waiting":
        case.waiting = True
        life.command(responses.report(case, at))
    elif what == "step":
        if case.alert.suppressed is None and not case.acknowledged:
            life.page_step(case, at)
    elif what == "deadline":
        _remind(life, case, at)
    elif what == "unverified":
        case.chief_told = True
        life.change(case, "unverified", at, tell=life.people("chief", case=case), page="deadline")
    elif what == "unit":
        _next_unit(life, case, at)


def _remind(life: "LifeCycle", case: Case, at: int) -> None:
    """Acknowledged, and the next stage was not reached in time: owner and shift leader, at most three times."""
    later = stages(life.site, case.alert.level)
    passed = [n for n, (_, after) in enumerate(later) if case.since + after <= at]
    case.reminded, case.told = (passed[-1] + 1 if passed else 0), case.told + 1
    people = tuple(
        dict.fromkeys((*((case.alert.owner,) if case.alert.owner and not case.alert.drill else ()), *life.people("shift_leader", case=case)))
    )
    life.change(case, "overdue", at, tell=people, page="deadline")


def _next_unit(life: "LifeCycle", case: Case, at: int) -> None:
    for each in case.alert.responses:
        silent = each.dispatched is not None and each.accepted is None and each.declined is None and each.dispatched + UNIT_SILENCE <= at
        if silent and each.unit not in case.unanswering:
            case.unanswering = (*case.unanswering, each.unit)
            life.offer(case, None, at, tried=each.unit)
