"""The end of an alert: everybody who was told of it is told, its parts end with it, and what still stands may be muted."""

from typing import Any

from alerts.life_cycle import quieting
from alerts.life_cycle.board import Board
from alerts.life_cycle.case import ENDLESS, Case, ends_itself
from alerts.life_cycle.suppression import MUTE_LIMIT, Mute, finding_of


def close(board: Board, case: Case, now: int, by: str = "", outcome: Any = None, note: str = "") -> None:
    """End it and tell everybody who was told, kept quiet or not. Its parts end with it."""
    case.resolver = by
    board.change(
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
    quieting.explain(board, case, now)
    for part in case.alert.parts:
        other = board.saved.cases.get(part)
        if other is not None and other.is_open:
            close(board, other, now, by, outcome, f"with {case.alert.id}")


def close_if_over(board: Board, case: Case, now: int) -> None:
    if ends_itself(case):
        close(board, case, now)


def mute(board: Board, case: Case, now: int) -> None:
    """Quiet until seen over, at most 4 h, then raised again if it still stands."""
    alert = case.alert
    if alert.model not in ENDLESS and alert.condition == "active":
        board.saved.quiet.mutes[alert.key] = Mute(now + MUTE_LIMIT, alert.level, finding_of(case, {}), alert.id)
        board.schedule_quiet()
