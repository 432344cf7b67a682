"""Units are asked, one after the other, until one accepts."""

from alerts.alert import UnitResponse
from alerts.life_cycle.board import Board
from alerts.life_cycle.case import Case
from alerts.life_cycle.roster import nearest_free, unit_people


def offer(board: Board, case: Case, unit: str | None, now: int, *, by: str = "", what: str = "offered", tried: str = "") -> None:
    """Ask this unit, else the nearest free one; or tell the owner and the shift leader that none is free."""
    unit = unit or nearest_free(board.site, board.area, board.saved.roster, list(board.open.values()), case.alert)
    if unit is None:
        people = tuple(dict.fromkeys((*((case.alert.owner,) if case.alert.owner else ()), *board.people("shift_leader", case=case))))
        board.change(case, "no_unit", now, by=by, unit=tried, note="no free unit", tell=people, page="deadline")
        return
    case.unanswering = tuple(each for each in case.unanswering if each != unit)
    people = case.exercise if case.alert.drill else unit_people(board.site, unit)
    board.change(case, what, now, by=by, unit=unit, responses=with_response(case, UnitResponse(unit, dispatched=now)), tell=people, page="offered")


def response_of(case: Case, unit: str) -> UnitResponse | None:
    return next((each for each in case.alert.responses if each.unit == unit), None)


def with_response(case: Case, one: UnitResponse) -> tuple[UnitResponse, ...]:
    if response_of(case, one.unit) is None:
        return (*case.alert.responses, one)
    return tuple(one if each.unit == one.unit else each for each in case.alert.responses)
