"""What people enter beside actions: silences, work orders, exercises, shifts, units, incidents. And the seat that nobody sits on."""

from typing import TYPE_CHECKING

from msgspec import structs

from alerts import actions, quieting
from alerts.roster import EMPTY_SEAT, seat_here
from alerts.suppression import exercise_span, silence_span, work_span
from ingest.events import Action, Event, Exercise, Incident, Shift, Silence, Unit, Work, name_of
from models.model import Finding, FoundLevel

if TYPE_CHECKING:
    from alerts.life_cycle import LifeCycle


def hear(life: "LifeCycle", event: Event, now: int, entered_late: int | None) -> None:
    if isinstance(event, Action):
        actions.act(life, event, now, entered_late or 0)
    elif isinstance(event, Silence):
        _silence(life, event, now)
    elif isinstance(event, Work):
        life.saved.quiet.works[event.id] = work_span(event, now)
        quieting.changed(life, now)
    elif isinstance(event, Exercise):
        life.saved.quiet.exercises[event.id] = exercise_span(event, now)
        life.schedule_quiet()
    elif isinstance(event, Shift):
        _shift(life, event, now)
    elif isinstance(event, Unit):
        actions.unit_moves(life, event, now)
    elif isinstance(event, Incident):
        _incident(life, event, now)


def _silence(life: "LifeCycle", event: Silence, now: int) -> None:
    span = silence_span(event, now)
    if span is not None:
        life.saved.quiet.silences[event.id] = span
        quieting.changed(life, now)


def _incident(life: "LifeCycle", event: Incident, now: int) -> None:
    told = {"source": event.source, "caller": event.caller, "ref": event.ref, "note": event.note, "by": event.by}
    life.finding_inside(
        Finding(
            model="INC", subject=event.ref or f"{event.device}-{event.received}-{event.seq or 0}", level=event.level, code=event.source or "incident", index=0,
            cause=f"{name_of(event)}/{event.received}", occurred=now, raised=now, values={name: value for name, value in told.items() if value},
            segment=event.segment or "", position=event.position, again=True, drill=False,
        ),
        now,
    )  # fmt: skip


def _shift(life: "LifeCycle", event: Shift, now: int) -> None:
    roster, seat = life.saved.roster, event.seat
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
            _hand_over(life, before, event.by, now)
        if roster.raised.pop(seat, None) is not None:
            life.finding_inside(_seat(seat, "over", now), now)
    if before and before not in roster.on_duty:
        _shelves_end(life, before, now)
    life.schedule_seats()


def _hand_over(life: "LifeCycle", giver: str, taker: str, now: int) -> None:
    """The successor accepts by name: open alerts and shelves are now his or hers."""
    shelves = life.saved.quiet.shelves
    for key, shelf in list(shelves.items()):
        if shelf.by == giver:
            shelves[key] = structs.replace(shelf, by=taker)
    for case in life.in_order():
        if case.alert.owner == giver:
            life.change(case, "transfer", now, by=giver, note="hand-over", owner=taker)
    quieting.changed(life, now)


def _shelves_end(life: "LifeCycle", person: str, now: int) -> None:
    kept = {key: shelf for key, shelf in life.saved.quiet.shelves.items() if shelf.by != person}
    if len(kept) != len(life.saved.quiet.shelves):
        life.saved.quiet.shelves = kept
        quieting.changed(life, now)


def seats_empty(life: "LifeCycle", at: int) -> None:
    roster = life.saved.roster
    for seat, since in list(roster.empty.items()):
        if since + EMPTY_SEAT <= at and seat not in roster.raised:
            roster.raised[seat] = at
            if seat_here(life.site, life.area, seat):
                life.finding_inside(_seat(seat, "orange", at), at)
    life.schedule_seats()


def _seat(seat: str, level: FoundLevel, now: int) -> Finding:
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
