"""When something that keeps alerts quiet begins or ends: which open alerts fall silent, and which are told after all."""

from typing import TYPE_CHECKING

from msgspec import structs

from alerts import findings
from alerts.case import ENDLESS, Case
from alerts.suppression import MUTE_LIMIT, Mute, Quiet, explains_others, finding_of

if TYPE_CHECKING:
    from alerts.life_cycle import LifeCycle

WEEK = 7 * 86_400_000  # ms; a press may come so late and still ask whether an exercise ran


def changed(life: "LifeCycle", now: int) -> None:
    judge(life, now)
    life.schedule_quiet()


def explain(life: "LifeCycle", case: Case, now: int) -> None:
    """Whether this case explains others may have changed."""
    id_ = case.alert.id
    if explains_others(case) and case.is_open:
        life.explaining[id_] = case
    elif life.explaining.pop(id_, None) is None:
        return
    judge(life, now)


def judge(life: "LifeCycle", now: int) -> None:
    """Whether each open alert is kept quiet now; one that no longer is, and was not answered, is told."""
    for case in life.in_order():
        alert = case.alert
        quiet = life.kept_quiet(alert, now)
        if quiet == alert.suppressed:
            continue
        if quiet is not None:
            life.change(case, "suppressed", now, suppressed=quiet)
        elif case.acknowledged or alert.condition == "over":
            life.change(case, "unsuppressed", now, suppressed=None)
        else:
            case.since, case.step = now, 1
            life.change(case, "unsuppressed", now, suppressed=None, tell=life.step_people(case, 0, alert.level), page="raised")


def mute(life: "LifeCycle", case: Case, now: int) -> None:
    """Quiet until seen over, at most 4 h, then raised again if it still stands."""
    alert = case.alert
    if alert.model not in ENDLESS and alert.condition == "active":
        life.saved.quiet.mutes[alert.key] = Mute(now + MUTE_LIMIT, alert.level, finding_of(case, {}), alert.id)
        life.schedule_quiet()


def next_bound(quiet: Quiet, now: int) -> int | None:
    """When the next of them begins or ends, ms."""
    bounds = [at for spans in (quiet.silences, quiet.works, quiet.exercises) for span in spans.values() for at in (span.since, span.until)]
    bounds += [shelf.until for shelf in quiet.shelves.values()]
    bounds += [each.until for each in quiet.mutes.values()]
    return min((at for at in bounds if at > now), default=None)


def ended(life: "LifeCycle", at: int) -> None:
    """A bound was reached: what is past is forgotten, what was muted and still stands is raised again."""
    quiet = life.saved.quiet
    quiet.shelves = {key: shelf for key, shelf in quiet.shelves.items() if shelf.until > at}
    quiet.silences = {id_: span for id_, span in quiet.silences.items() if span.until > at}
    quiet.works = {id_: span for id_, span in quiet.works.items() if span.until > at}
    quiet.exercises = {id_: span for id_, span in quiet.exercises.items() if span.until > at - WEEK}
    for key, each in [(key, each) for key, each in quiet.mutes.items() if each.until <= at]:
        del quiet.mutes[key]
        if key not in life.open:
            findings.raise_alert(life, structs.replace(each.finding, cause=f"{each.finding.cause}/{at}", raised=at), at)
    changed(life, at)
