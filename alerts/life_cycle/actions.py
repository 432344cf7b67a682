"""What people do to alerts, verb by verb. An action that does not fit becomes a note with a reason."""

from collections.abc import Callable
from typing import Any, NamedTuple, get_args

from msgspec import structs

from alerts.alert import Outcome, UnitResponse
from alerts.life_cycle import quieting
from alerts.life_cycle.board import Board
from alerts.life_cycle.case import ENDLESS, STAGE, Case
from alerts.life_cycle.closing import close, close_if_over, mute
from alerts.life_cycle.offers import offer, response_of, with_response
from alerts.life_cycle.suppression import SHELF_LIMIT, Shelf
from ingest.events import Action, Unit, name_of

DAY = 86_400_000  # ms
ANSWERS = frozenset(
    {"acknowledge", "take", "transfer", "dispatch", "resolve", "note", "shelve", "merge"}
)  # of somebody who has looked; a unit on its way has not
MUTING = ("authorised", "sensor_fault")  # outcomes that may close what is still active; warning-models §0.6


class Done(NamedTuple):
    """One action, judged: `at` is its own time, for the record."""

    board: Board
    case: Case
    action: Action
    now: int
    at: int

    @property
    def note(self) -> str:
        late = "entered late" if self.at != self.now else ""
        return "; ".join(part for part in (self.action.note or "", late) if part)

    def change(self, what: str = "", *, tell: tuple[str, ...] = (), page: str = "", unit: str = "", **fields: Any) -> None:
        self.board.change(self.case, what or self.action.do, self.now, by=self.action.by, unit=unit, note=self.note, tell=tell, page=page, **fields)


def act(board: Board, action: Action, now: int, late: int) -> None:
    case = board.saved.cases.get(action.alert)
    if case is None or not _first_time(board, action, now):
        return
    done = Done(board, case, action, now, max(now - late, min(case.alert.raised, now)))
    if action.do in ANSWERS:
        case.asked = 0
    fault = "closed" if not case.is_open and action.do not in {"verify", "reopen", "note", "split", "leave"} else VERBS[action.do](done)
    if fault:
        board.change(
            case, "ignored", now, by=action.by, unit=action.unit or "", note=f"{action.do}: {fault}" + (f"; {done.note}" if done.note else "")
        )


def _first_time(board: Board, action: Action, now: int) -> bool:
    """An action is taken once. Ids are kept for eight days: people's entries may be seven days late."""
    done = board.saved.done
    if action.id in done:
        return False
    done[action.id] = now
    while (oldest := next(iter(done))) != action.id and now - done[oldest] > 8 * DAY:
        del done[oldest]
    return True


# Verbs: each gives the reason why it does not fit, or "".


def _acknowledge(done: Done) -> str:
    if done.case.acknowledged:
        done.change("seen")
        return ""
    done.change(response="acknowledged", acknowledged=done.at, owner=done.action.by)
    close_if_over(done.board, done.case, done.now)
    return ""


def _take(done: Done) -> str:
    alert = done.case.alert
    if alert.owner == done.action.by:
        return "owned already"
    if done.case.acknowledged:
        done.change(owner=done.action.by)
    else:
        done.change(owner=done.action.by, response="acknowledged", acknowledged=done.at)
        close_if_over(done.board, done.case, done.now)
    return ""


def _transfer(done: Done) -> str:
    to = done.action.to or ""
    if to not in done.board.site.person:
        return "no such person"
    if done.case.acknowledged:
        done.change(owner=to, tell=(to,), page="transferred")
    else:
        done.change(owner=to, response="acknowledged", acknowledged=done.at, tell=(to,), page="transferred")
    return ""


def _dispatch(done: Done) -> str:
    unit = done.action.unit
    known = done.board.site.unit
    if unit is not None and unit not in known and unit not in done.board.saved.roster.units:
        return "no such unit"
    asked = response_of(done.case, unit or "")
    if asked is not None and asked.declined is None and asked.left is None and unit not in done.case.unanswering:
        return "asked already"
    if not done.case.acknowledged:
        done.change("acknowledge", response="acknowledged", acknowledged=done.at, owner=done.action.by)
    offer(done.board, done.case, unit, done.now, by=done.action.by, what="dispatch")
    return ""


def _accept(done: Done) -> str:
    return _move(done, "dispatched", accepted=done.at)


def _enroute(done: Done) -> str:
    return _move(done, "en_route", enroute=done.at)


def _arrive(done: Done) -> str:
    return _move(done, "arrived", arrived=done.at)


def _move(done: Done, stage: str, **times: int) -> str:
    """A unit tells that it accepted, left or arrived; what it skipped is taken as said."""
    unit, alert = _unit_of(done), done.case.alert
    if not unit:
        return "no unit"
    known = response_of(done.case, unit) or UnitResponse(unit)
    if known.left is not None:
        known = UnitResponse(unit)
    name = next(iter(times))
    if getattr(known, name) is not None:
        return "said already"
    moved = structs.replace(known, declined=None, **times)
    if moved.accepted is None:
        moved = structs.replace(moved, accepted=done.at)
    fields: dict[str, Any] = {"responses": with_response(done.case, moved)}
    if not done.case.acknowledged:
        fields |= {"acknowledged": done.at, "owner": done.action.by}
    if alert.dispatched is None:
        fields["dispatched"] = done.at
    if stage == "arrived" and alert.arrived is None:
        fields["arrived"] = done.at
    if STAGE[stage] > STAGE[alert.response]:  # type: ignore[index]  # stage is one of the responses
        fields["response"] = stage
    done.change(unit=unit, **fields)
    return ""


def _decline(done: Done) -> str:
    unit = _unit_of(done)
    known = response_of(done.case, unit)
    if known is None or known.accepted is not None or known.declined is not None:
        return "was not asked"
    done.change(unit=unit, responses=with_response(done.case, structs.replace(known, declined=done.at)))
    offer(done.board, done.case, None, done.now, tried=unit)
    return ""


def _leave(done: Done) -> str:
    unit = _unit_of(done)
    known = response_of(done.case, unit)
    if known is None or known.accepted is None or known.left is not None:
        return "was not there"
    done.change(unit=unit, responses=with_response(done.case, structs.replace(known, left=done.at)))
    return ""


def _resolve(done: Done) -> str:
    alert, outcome = done.case.alert, done.action.outcome
    if outcome not in get_args(Outcome) or outcome == "superseded":
        return "outcome missing"
    active = alert.condition == "active" and alert.model not in ENDLESS
    if active and outcome not in MUTING:
        return "still active"
    if active:
        mute(done.board, done.case, done.now)
    for part in alert.parts:
        if (other := done.board.saved.cases.get(part)) is not None and other.is_open:
            mute(done.board, other, done.now)
    close(done.board, done.case, done.now, done.action.by, outcome, done.note)
    return ""


def _verify(done: Done) -> str:
    case = done.case
    if case.alert.response != "resolved":
        return "not resolved"
    if done.action.by == case.resolver:
        return "another person must verify"
    done.change(response="verified", verified=done.at, tell=case.owed, page="closed" if case.owed else "")
    return ""


def _reopen(done: Done) -> str:
    case, board = done.case, done.board
    if case.is_open:
        return "open already"
    if case.alert.key in board.open:
        return "a newer alert is open"
    case.since, case.step, case.reminded, case.told, case.waiting, case.chief_told, case.unanswering = done.now, 1, 0, 0, False, False, ()
    board.saved.quiet.mutes.pop(case.alert.key, None)
    board.open[case.alert.key] = case
    quiet = board.kept_quiet(case.alert, done.now)
    people = () if quiet else tuple(dict.fromkeys((*case.alert.audience, *board.step_people(case, 0, case.alert.level))))
    done.change(
        response="new", owner="", resolved=None, verified=None, outcome=None, acknowledged=None, suppressed=quiet, tell=people, page="reopened"
    )  # fmt: skip
    quieting.explain(board, case, done.now)
    return ""


def _note(done: Done) -> str:
    done.change()
    return ""


def _escalate(done: Done) -> str:
    to: tuple[str, ...] = (done.action.to,) if done.action.to in done.board.site.person else ()
    if done.action.to and not to:
        to = done.board.people(done.action.to, case=done.case)
    done.board.page_step(done.case, done.now, by=done.action.by, note=done.note, to=to)
    return ""


def _shelve(done: Done) -> str:
    alert, board = done.case.alert, done.board
    if alert.level == "red" or alert.model == "M01":
        return "red is never shelved"
    until = min(done.action.until or done.now + SHELF_LIMIT, done.now + SHELF_LIMIT)
    if until <= done.now:
        return "ends in the past"
    board.saved.quiet.shelves[alert.key] = Shelf(done.action.by, until, alert.level, done.action.note or "")
    done.change()
    quieting.changed(board, done.now)
    return ""


def _unshelve(done: Done) -> str:
    if done.board.saved.quiet.shelves.pop(done.case.alert.key, None) is None:
        return "not shelved"
    done.change()
    quieting.changed(done.board, done.now)
    return ""


def _merge(done: Done) -> str:
    """`alert` becomes a part of `to`. It goes on paging on its own until somebody acknowledges it."""
    whole = done.board.saved.cases.get(done.action.to or "")
    part = done.case.alert
    if whole is None or whole is done.case or not whole.is_open:
        return "no such open incident"
    if part.incident or part.parts or whole.alert.incident or part.drill != whole.alert.drill:
        return "cannot be merged"
    done.change(incident=whole.alert.id)
    done.board.change(whole, "merge", done.now, by=done.action.by, note=part.id, parts=(*whole.alert.parts, part.id))
    return ""


def _split(done: Done) -> str:
    part = done.case.alert
    if not part.incident:
        return "not merged"
    done.case.joined = False
    done.change(incident=None)
    whole = done.board.saved.cases.get(part.incident)
    if whole is not None:
        parts = tuple(each for each in whole.alert.parts if each != part.id)
        whole.names = tuple(each for each in whole.names if each != (part.model, part.subject))
        done.board.naming.pop(part.key, None)
        done.board.change(whole, "split", done.now, by=done.action.by, note=part.id, parts=parts)
    quieting.judge(done.board, done.now)
    return ""


VERBS: dict[str, Callable[[Done], str]] = {
    "acknowledge": _acknowledge, "take": _take, "transfer": _transfer, "dispatch": _dispatch, "accept": _accept, "decline": _decline,
    "enroute": _enroute, "arrive": _arrive, "leave": _leave, "resolve": _resolve, "verify": _verify, "reopen": _reopen, "note": _note,
    "escalate": _escalate, "shelve": _shelve, "unshelve": _unshelve, "merge": _merge, "split": _split,
}  # fmt: skip


# Units


def _unit_of(done: Done) -> str:
    """The unit named, else the one person's own, else the only one asked."""
    if done.action.unit:
        return done.action.unit
    if done.action.by in done.board.site.unit:
        return done.action.by
    asked = [each.unit for each in done.case.alert.responses if each.declined is None and each.left is None]
    return asked[0] if len(asked) == 1 else ""


def unit_moves(board: Board, event: Unit, now: int) -> None:
    """A unit that says it moves or is there says it of the one alert that it accepted."""
    board.saved.roster.hear(event)
    verb = {"en_route": "enroute", "on_scene": "arrive"}.get(event.state or "")
    if verb is None:
        return
    accepted = [
        (case, each) for case in board.open.values() for each in case.alert.responses if each.unit == event.unit and each.accepted is not None
    ]
    standing = [(case, each) for case, each in accepted if each.left is None]
    if len(standing) != 1:
        return
    case, known = standing[0]
    if known.arrived is not None or (verb == "enroute" and known.enroute is not None):
        return
    action = Action(device=event.device, received=event.received, id=name_of(event), alert=case.alert.id, do=verb, by=event.unit, unit=event.unit)  # type: ignore[arg-type]  # verb is one of the two
    VERBS[verb](Done(board, case, action, now, now))
