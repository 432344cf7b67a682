"""What a finding does to the alerts: raises one, raises its level, counts, ends it, or lets it come back. Rules: warning-models §0.1, §0.2, §0.6."""

from typing import Any

from msgspec import structs

from alerts import wording
from alerts.alert import Alert, Change, Reason, alert_id, alert_key
from alerts.life_cycle import quieting, responses
from alerts.life_cycle.board import Board
from alerts.life_cycle.case import ENDLESS, Case
from alerts.life_cycle.closing import close_if_over
from alerts.life_cycle.suppression import CHATTER_SHELF, Shelf, finding_of, key_of
from models.model import RANK, Finding

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000  # ms
REOPENED = 10 * MINUTE  # a new alert so soon after the close is shown as reopened; warning-models §0.6
PRANKS = 3  # presses in 24 h that were answered as nuisance: the next one is labelled; warning-models M01
IN_HAND = frozenset({"authorised", "nuisance", "false_environment", "false_object", "sensor_fault", "duplicate", "transferred"})  # outcomes
BELIEVED = 10 * MINUTE  # for which such an outcome is believed of what is still seen; ours
LONG_OVER = 30 * MINUTE  # coming back after this rings; warning-models §0.6


def take(board: Board, finding: Finding, now: int) -> None:
    key = key_of(finding)
    if finding.still and (key in board.open or _in_hand(board, key, now)):
        return
    mute = board.saved.quiet.mutes.get(key)
    if mute is not None:
        if finding.level == "over":
            del board.saved.quiet.mutes[key]
            quieting.judge(board, now)  # what it explained
        elif RANK[finding.level] <= RANK[mute.level]:
            board.saved.quiet.mutes[key] = structs.replace(mute, finding=finding)
            return
        else:
            del board.saved.quiet.mutes[key]
        board.schedule_quiet()
    case = board.open.get(key)
    if finding.level == "over":
        if case is not None and case.alert.condition == "active" and case.alert.model not in ENDLESS:
            _over(board, case, now)
    elif case is None:
        raise_alert(board, finding, now)
    else:
        _said_again(board, case, finding, now)


def raise_alert(board: Board, finding: Finding, now: int) -> None:
    assert finding.level != "over"
    key = key_of(finding)
    id_ = alert_id(board.area.id, key, finding.cause)
    while id_ in board.saved.cases:  # the same cause raised, closed and raised again
        id_ = alert_id(board.area.id, key, f"{id_}/{now}")
    before = board.saved.cases.get(board.saved.last.get(key, ""))
    soon = before is not None and before.alert.resolved is not None and now - before.alert.resolved <= REOPENED
    found = {"reopened": soon, "unstable": _unstable(board, key, now), "nuisance": _nuisance(board, finding, now)}
    flags = tuple(dict.fromkeys((*finding.flags, *(flag for flag in found if found[flag]))))
    staged = board.in_exercise(finding.subject, finding.occurred) or board.in_exercise(finding.subject, now)
    not_drill = staged and not finding.drill and finding.model == "M01"
    alert = Alert(
        id=id_, key=key, model=finding.model, area=board.area.id, segment=finding.segment, subject=finding.subject, place=finding.place,
        position=finding.position, level=finding.level, reason=Reason(finding.code, dict(finding.values)),
        text=wording.text_of(board.site, structs.replace(finding, flags=flags), not_drill=not_drill), evidence=finding.evidence,
        confidence=finding.confidence, flags=flags,
        drill=finding.drill, sensitivity=finding.sensitivity, occurred=finding.occurred, raised=now, updated=now,
        previous=before.alert.id if before is not None else None, revision=0, change=Change("raised", now),
    )  # fmt: skip
    case = Case(
        alert,
        now,
        finding.level,
        answers=finding.answers,
        confirm=finding.unanswered,
        inhibits=finding.inhibits,
        exercise=_exercise_people(board, finding, now),
        not_drill=not_drill,
    )
    whole = _whole_of(board, finding)
    if whole is not None:
        case.alert, case.joined = structs.replace(alert, incident=whole.alert.id), True
        alert = case.alert
    board.saved.cases[id_], board.saved.last[key], board.open[key] = case, id_, case
    quiet = board.kept_quiet(alert, now)
    tell = () if quiet is not None else board.step_people(case)
    if quiet is None and board.first_due(case) == now:
        case.step = 1
    board.change(case, "raised", now, suppressed=quiet, tell=tell, page="raised")
    if whole is not None:
        board.change(whole, "merge", now, note=id_, parts=(*whole.alert.parts, id_))
    quieting.explain(board, case, now)
    _join(board, case, finding, now)


def _exercise_people(board: Board, finding: Finding, now: int) -> tuple[str, ...]:
    """Of the exercise that uses the device; a staged vessel or place is everybody's who runs one."""
    running = [span for span in board.saved.quiet.exercises.values() if span.runs(finding.occurred) or (finding.drill and span.runs(now))]
    own = [span for span in running if finding.subject in span.devices]
    return tuple(dict.fromkeys(span.by for span in own or (running if finding.drill else [])))


def _in_hand(board: Board, key: str, now: int) -> bool:
    """A person has just said that nobody is in danger there, or that others have it. That somebody is saved or not found, who is still seen, is not believed."""
    before = board.saved.cases.get(board.saved.last.get(key, ""))
    said = before.alert if before is not None else None
    return said is not None and said.outcome in IN_HAND and said.resolved is not None and now - said.resolved < BELIEVED


def _said_again(board: Board, case: Case, finding: Finding, now: int) -> None:
    assert finding.level != "over"
    alert = case.alert
    returned = alert.condition == "over"
    endless = alert.model in ENDLESS
    higher = RANK[finding.level] > RANK[alert.level]
    level = alert.level if endless and not higher else finding.level
    counts = finding.again if endless else finding.again or returned or level == alert.level
    what = "back" if returned else "level" if level != alert.level else "again" if finding.again else "count"
    rings = higher or finding.again or (returned and now - (alert.over or now) > LONG_OVER)
    keeps = endless and not higher and not finding.again  # a word about the press: its reason stands
    told = finding if not keeps else structs.replace(finding, code=alert.reason.code, values={**alert.reason.values, **finding.values})
    flags = tuple(dict.fromkeys((*alert.flags, *finding.flags)))
    if higher:
        case.since, case.step, case.reminded, case.told = now, 0, 0, 0
        case.peak = level if RANK[level] > RANK[case.peak] else case.peak
    case.inhibits, case.answers, case.confirm = finding.inhibits, finding.answers or case.answers, finding.unanswered or case.confirm
    if finding.again and finding.unanswered and case.acknowledged:
        case.asked = now  # somebody else: the answer that was given is not about them
    fields: dict[str, Any] = {
        "level": level, "condition": "active", "over": None, "count": alert.count + counts, "flags": flags,
        "reason": Reason(told.code, dict(told.values)), "evidence": tuple(dict.fromkeys((*alert.evidence, *finding.evidence)))[-50:],
        "text": wording.text_of(board.site, structs.replace(told, flags=flags, level=level), not_drill=case.not_drill),
        "confidence": finding.confidence if finding.confidence is not None else alert.confidence,
        "position": finding.position or alert.position,
        "sensitivity": "restricted" if "restricted" in (alert.sensitivity, finding.sensitivity) else "open",
    }  # fmt: skip
    quiet = board.kept_quiet(structs.replace(alert, **fields), now)
    freed = alert.suppressed is not None and quiet is None
    tell: tuple[str, ...] = ()
    if quiet is None and (rings or (freed and not case.acknowledged)):
        if freed and not higher and not case.acknowledged:
            case.since, case.step = now, 0
        as_told = structs.replace(case, alert=structs.replace(alert, **fields))
        tell = tuple(dict.fromkeys((*alert.audience, *board.step_people(as_told, 0, level), *((alert.owner,) if alert.owner else ()))))
        if higher or freed:
            case.step = max(case.step, 1)
    board.change(case, what, now, **fields, suppressed=quiet, tell=tell, page="level" if higher else "raised" if freed else what)
    if case.answers and finding.again:
        board.command(responses.report(case, now))
    quieting.explain(board, case, now)
    if alert.parts and level != alert.level:
        quieting.judge(board, now)  # a part that is now higher than the incident is told on its own
    _join(board, case, finding, now)


def unanswered(board: Board, case: Case, now: int) -> None:
    """Nobody said in time what it is: it is taken for the worst. What is red already rings once more."""
    case.asked = 0
    worst = structs.replace(finding_of(case, {}), level="red", code="unanswered", unanswered=0)
    _said_again(board, case, structs.replace(worst, again=case.alert.level == "red"), now)


def _join(board: Board, case: Case, finding: Finding, now: int) -> None:
    """What a model says belongs to the same event becomes one incident with its parts. Calls for help stay on their own."""
    if finding.parts:
        case.names = finding.parts
        board.name_parts(case)
    for name in case.names:
        part = board.open.get(alert_key(*name, case.alert.drill))
        if part is None or part is case or part.alert.incident or part.alert.parts or case.alert.incident or part.alert.model in ENDLESS:
            continue
        part.joined = True
        board.change(part, "merge", now, note=case.alert.id, incident=case.alert.id)
        board.change(case, "merge", now, note=part.alert.id, parts=(*case.alert.parts, part.alert.id))
        quieting.judge(board, now)


def _whole_of(board: Board, finding: Finding) -> Case | None:
    """The open incident whose model named this subject as its part, before it was raised."""
    whole = board.naming.get(key_of(finding))
    return whole if whole is not None and whole.is_open and not whole.alert.incident and finding.model not in ENDLESS else None


def _over(board: Board, case: Case, now: int) -> None:
    key = case.alert.key
    times = [at for at in board.saved.cleared.get(key, ()) if now - at < DAY]
    board.saved.cleared[key] = times = [*times, now][-10:]
    case.inhibits = ()
    board.change(case, "over", now, condition="over", over=now)
    close_if_over(board, case, now)
    if sum(now - at <= MINUTE for at in times) >= 3 and RANK[case.peak] <= RANK["yellow"] and key not in board.saved.quiet.shelves:
        board.saved.quiet.shelves[key] = Shelf("chattering", now + CHATTER_SHELF, "yellow", "反复预警 / chattering")
        board.schedule_quiet()
    quieting.explain(board, case, now)
    quieting.judge(board, now)


def _unstable(board: Board, key: str, now: int) -> bool:
    """Slow chatter: warning-models §0.6."""
    times = board.saved.cleared.get(key, ())
    return sum(now - at <= 30 * MINUTE for at in times) >= 3 or sum(now - at <= DAY for at in times) >= 6


def _nuisance(board: Board, finding: Finding, now: int) -> bool:
    """A label only: it is paged like any other press. A drill's presses do not count."""
    if finding.model != "M01" or finding.drill:
        return False
    cases = [case.alert for case in board.saved.cases.values() if case.alert.key == key_of(finding) and case.alert.outcome == "nuisance"]
    return sum(alert.count for alert in cases if now - alert.raised <= DAY) >= PRANKS
