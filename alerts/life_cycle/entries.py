"""What people enter beside actions: silences, work orders, exercises, shifts, units, incidents. And the seat that nobody sits on."""

from msgspec import structs

from alerts.alert import alert_key
from alerts.life_cycle import actions, findings, quieting
from alerts.life_cycle.board import Board
from alerts.life_cycle.closing import close
from alerts.life_cycle.suppression import exercise_span, silence_span, work_span
from ingest.events import Action, Event, Exercise, Incident, Shift, Silence, Unit, Work, name_of
from models.model import Finding, FoundLevel

TAMPERED = ("tamper", "tilt")  # reasons of M02 that only a person ends


def hear(board: Board, event: Event, now: int, entered_late: int | None) -> None:
    if isinstance(event, Action):
        actions.act(board, event, now, entered_late or 0)
    elif isinstance(event, Silence):
        _silence(board, event, now)
    elif isinstance(event, Work):
        _work(board, event, now)
    elif isinstance(event, Exercise):
        board.saved.quiet.exercises[event.id] = exercise_span(event, now)
        board.schedule_quiet()
    elif isinstance(event, Shift):
        _shift(board, event, now)
    elif isinstance(event, Unit):
        actions.unit_moves(board, event, now)
    elif isinstance(event, Incident):
        _incident(board, event, now)


def _work(board: Board, event: Work, now: int) -> None:
    """Signed off, it ends the tamper of its device that is over, as an operator would; one whose door stands open is told after all."""
    works = board.saved.quiet.works
    before, works[event.id] = works.get(event.id), work_span(event, now)
    case = board.open.get(alert_key("M02", event.subject, drill=False))
    if event.closed and case is not None and case.alert.condition == "over" and case.alert.reason.code in TAMPERED:
        expected = before is not None and before.since <= case.alert.raised
        close(board, case, now, event.by, "authorised" if expected else "real", f"work order {event.id}")
    quieting.changed(board, now)


def _silence(board: Board, event: Silence, now: int) -> None:
    span = silence_span(event, now)
    if span is not None:
        board.saved.quiet.silences[event.id] = span
        quieting.changed(board, now)


def _incident(board: Board, event: Incident, now: int) -> None:
    told = {"source": event.source, "caller": event.caller, "ref": event.ref, "note": event.note, "by": event.by}
    findings.take(board,
        Finding(
            model="INC", subject=event.ref or f"{event.device}-{event.received}-{event.seq or 0}", level=event.level, code=event.source or "incident", index=0,
            cause=f"{name_of(event)}/{event.received}", occurred=now, raised=now, values={name: value for name, value in told.items() if value},
            segment=event.segment or "", position=event.position, again=True, drill=False,
        ),
        now,
    )  # fmt: skip


def _shift(board: Board, event: Shift, now: int) -> None:
    roster, seat = board.saved.roster, event.seat
    before = roster.seats.get(seat, "")
    if event.do == "offer":
        if event.to:
            roster.offers[seat] = event.to
        return
    if event.do == "off":
        if before != event.by:
            return
        roster.seats[seat] = ""
        roster.offers.pop(seat, None)
        roster.empty[seat] = now
    else:
        accepted = event.do == "accept" and roster.offers.get(seat) == event.by
        roster.seats[seat] = event.by
        roster.offers.pop(seat, None)
        roster.empty.pop(seat, None)
        if accepted and before:
            _hand_over(board, before, event.by, now)
        if roster.raised.pop(seat, None) is not None:
            findings.take(board, seat_finding(seat, "over", now), now)
    if before and before not in roster.on_duty:
        _shelves_end(board, before, now)
    board.schedule_seats()


def _hand_over(board: Board, giver: str, taker: str, now: int) -> None:
    """The successor accepts by name: open alerts and shelves are now his or hers."""
    shelves = board.saved.quiet.shelves
    for key, shelf in list(shelves.items()):
        if shelf.by == giver:
            shelves[key] = structs.replace(shelf, by=taker)
    for case in board.in_order():
        if case.alert.owner == giver:
            board.change(case, "transfer", now, by=giver, note="hand-over", owner=taker)
    quieting.changed(board, now)


def _shelves_end(board: Board, person: str, now: int) -> None:
    kept = {key: shelf for key, shelf in board.saved.quiet.shelves.items() if shelf.by != person}
    if len(kept) != len(board.saved.quiet.shelves):
        board.saved.quiet.shelves = kept
        quieting.changed(board, now)


def seat_finding(seat: str, level: FoundLevel, now: int) -> Finding:
    return Finding(
        model="SYS",
        subject=f"seat/{seat}",
        level=level,
        code="seat_empty",
        index=0,
        cause=f"seat/{seat}/{now}",
        occurred=now,
        raised=now,
        values={"seat": seat},
    )
