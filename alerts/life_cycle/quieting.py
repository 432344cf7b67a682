"""When something that keeps alerts quiet begins or ends: which open alerts fall silent, and which are told after all."""

from collections.abc import Sequence

from alerts.life_cycle.board import Board
from alerts.life_cycle.case import Case
from alerts.life_cycle.suppression import Explaining, explains_others


def changed(board: Board, now: int) -> None:
    judge(board, now)
    board.schedule_quiet()


def explain(board: Board, case: Case, now: int) -> None:
    """Whether this case explains others may have changed."""
    id_ = case.alert.id
    if explains_others(case) and case.is_open:
        board.explaining[id_] = Explaining(case, frozenset(case.inhibits))
    elif board.explaining.pop(id_, None) is None:
        return
    judge(board, now, _concerned(board, case))


def _concerned(board: Board, cause: Case) -> list[Case]:
    """What this case explains or explained: of thousands that are open only these may change."""
    if not cause.inhibits and explains_others(cause):
        return board.in_order()  # a receiver names no vessels
    named = set(cause.inhibits)
    return [
        case
        for case in board.in_order()
        if case.alert.subject in named or (case.alert.suppressed is not None and case.alert.suppressed.by == cause.alert.id)
    ]


def judge(board: Board, now: int, cases: Sequence[Case] | None = None) -> None:
    """Whether each open alert, or each of `cases`, is kept quiet now; one that no longer is, and was not answered, is told."""
    for case in board.in_order() if cases is None else cases:
        alert = case.alert
        quiet = board.kept_quiet(alert, now)
        if quiet == alert.suppressed:
            continue
        if quiet is not None:
            board.change(case, "suppressed", now, suppressed=quiet)
        elif case.acknowledged or alert.condition == "over":
            board.change(case, "unsuppressed", now, suppressed=None)
        else:
            case.since, case.step = now, 1
            board.change(case, "unsuppressed", now, suppressed=None, tell=board.step_people(case, 0, alert.level), page="raised")
