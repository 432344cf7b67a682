"""What time does where people do not: the next step, the box that waits, reminders, the next unit, the chief; the end of what keeps quiet; the empty seat."""

from msgspec import structs

from alerts.life_cycle import findings, quieting, responses
from alerts.life_cycle.board import Board
from alerts.life_cycle.case import Case
from alerts.life_cycle.entries import seat_finding
from alerts.life_cycle.escalation import UNIT_SILENCE, deadlines, stages
from alerts.life_cycle.offers import offer
from alerts.life_cycle.roster import EMPTY_SEAT, seat_here

WEEK = 7 * 86_400_000  # ms; a press may come so late and still ask whether an exercise ran


def fire(board: Board, name: str, at: int) -> None:
    """The deadline of this name has come."""
    if name == "quiet":
        _bound_reached(board, at)
    elif name == "seats":
        _seats_empty(board, at)
    elif name.startswith("programme/"):
        board.programme_due(name.removeprefix("programme/"), at)
    else:
        case = board.saved.cases[name.rpartition("/")[2]]
        for _, what in sorted(each for each in deadlines(board.site, case) if each[0] <= at):
            _case_due(board, case, what, at)
        if case.alert.id in board.saved.cases:
            board.schedule(case)


def _case_due(board: Board, case: Case, what: str, at: int) -> None:
    if what == "forget":
        board.forget(case)
    elif what == "waiting":
        case.waiting = True
        board.command(responses.report(case, at))
    elif what == "step":
        if case.alert.suppressed is None and not case.acknowledged:
            board.page_step(case, at)
    elif what == "unanswered":
        findings.unanswered(board, case, at)
    elif what == "deadline":
        _remind(board, case, at)
    elif what == "unverified":
        case.chief_told = True
        board.change(case, "unverified", at, tell=board.people("chief", case=case), page="deadline")
    elif what == "unit":
        _next_unit(board, case, at)


def _remind(board: Board, case: Case, at: int) -> None:
    """Acknowledged, and the next stage was not reached in time: owner and shift leader, at most three times."""
    later = stages(board.site, case.alert.level)
    passed = [n for n, (_, after) in enumerate(later) if case.since + after <= at]
    case.reminded, case.told = (passed[-1] + 1 if passed else 0), case.told + 1
    people = tuple(
        dict.fromkeys((*((case.alert.owner,) if case.alert.owner and not case.alert.drill else ()), *board.people("shift_leader", case=case)))
    )
    board.change(case, "overdue", at, tell=people, page="deadline")


def _next_unit(board: Board, case: Case, at: int) -> None:
    for each in case.alert.responses:
        silent = each.dispatched is not None and each.accepted is None and each.declined is None and each.dispatched + UNIT_SILENCE <= at
        if silent and each.unit not in case.unanswering:
            case.unanswering = (*case.unanswering, each.unit)
            offer(board, case, None, at, tried=each.unit)


def _bound_reached(board: Board, at: int) -> None:
    """What is past is forgotten, what was muted and still stands is raised again."""
    quiet = board.saved.quiet
    quiet.shelves = {key: shelf for key, shelf in quiet.shelves.items() if shelf.until > at}
    quiet.silences = {id_: span for id_, span in quiet.silences.items() if span.until > at}
    quiet.works = {id_: span for id_, span in quiet.works.items() if span.until > at}
    quiet.exercises = {id_: span for id_, span in quiet.exercises.items() if span.until > at - WEEK}
    for key, each in [(key, each) for key, each in quiet.mutes.items() if each.until <= at]:
        del quiet.mutes[key]
        if key not in board.open:
            findings.raise_alert(board, structs.replace(each.finding, cause=f"{each.finding.cause}/{at}", raised=at), at)
    quieting.changed(board, at)


def _seats_empty(board: Board, at: int) -> None:
    roster = board.saved.roster
    for seat, since in list(roster.empty.items()):
        if since + EMPTY_SEAT <= at and seat not in roster.raised:
            roster.raised[seat] = at
            if seat_here(board.site, board.area, seat):
                findings.take(board, seat_finding(seat, "orange", at), at)
    board.schedule_seats()
