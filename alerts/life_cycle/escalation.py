"""By when somebody must have done something about an alert, and who is told if not."""

from collections.abc import Sequence

from alerts.alert import Alert, Response
from alerts.life_cycle.case import RESTRICTED, STAGE, Case
from ingest.audience import people_for
from ingest.events import Level
from ingest.site import Site, Step
from models.model import RANK

MINUTE, HOUR = 60_000, 3_600_000  # ms

# By when each stage is to be reached, ms after the start. Sources: red, and the acknowledgement of all levels: warning-models §0.1, §0.6;
# arrival at orange: the KPI of §0.3; blue "same shift": 8 h, ours. A site sets its own in thresholds, LIFE.red_acknowledged and so on.
DEADLINES: dict[Level, tuple[tuple[Response, int], ...]] = {
    "red": (("acknowledged", MINUTE), ("dispatched", 3 * MINUTE), ("en_route", 5 * MINUTE), ("arrived", 10 * MINUTE)),
    "orange": (("acknowledged", 3 * MINUTE), ("arrived", 10 * MINUTE)),
    "yellow": (("acknowledged", 10 * MINUTE),),
    "blue": (("acknowledged", 8 * HOUR),),
}
# Whom to tell, where the site gives no steps of its own; warning-models §0.1 "push to"; times after the first ours.
STEPS: dict[Level, tuple[Step, ...]] = {
    "red": (Step(0, ("room", "station", "police", "shift_leader")), Step(MINUTE, ("next_station", "police")), Step(3 * MINUTE, ("chief",))),
    "orange": (Step(0, ("room", "station", "police")), Step(3 * MINUTE, ("shift_leader", "next_station")), Step(10 * MINUTE, ("chief",))),
    "yellow": (Step(0, ("room", "station")), Step(10 * MINUTE, ("shift_leader",))),
    "blue": (Step(0, ("station", "installer")),),
}
REMINDERS = 3  # at most, of an acknowledged alert; warning-models §0.6
UNIT_SILENCE = MINUTE  # ms until the next unit is offered; warning-models §0.6
WAITING = MINUTE  # ms until an unanswered box says `waiting`; wire document
UNVERIFIED = 24 * HOUR  # ms after the close until the chief is told; warning-models §0.6
KEPT: dict[Level, int] = {"blue": 24 * HOUR, "yellow": 7 * 24 * HOUR, "orange": 7 * 24 * HOUR, "red": 7 * 24 * HOUR}  # ms after the close; ours


def stages(site: Site, level: Level) -> tuple[tuple[Response, int], ...]:
    own = site.thresholds.get("LIFE", {})
    return tuple((stage, int(own.get(f"{level}_{stage}", after))) for stage, after in DEADLINES[level])


def steps(site: Site, level: Level) -> tuple[Step, ...]:
    return site.escalation.get(level) or STEPS[level]


def due(site: Site, case: Case) -> int | None:
    """The deadline of the first stage not yet reached; it stays when it has passed, so that what is overdue shows."""
    if not case.is_open:
        return None
    for stage, after in stages(site, case.alert.level):
        if STAGE[case.alert.response] < STAGE[stage]:
            return case.since + after
    return None


def audience(site: Site, case: Case, words: Sequence[str], on_duty: tuple[str, ...]) -> tuple[str, ...]:
    """Persons for the words of a step. A drill tells its exercise's people only. Nobody found: the room, the shift leader, the chief, whoever is first."""
    alert = case.alert
    if alert.drill:
        return case.exercise
    words, home = words_for(alert, words), home_station(site, alert)
    if home and "station" in words:
        words = tuple(word for word in words if word != "station")
        found = people_for(site, words, alert.area, alert.segment, on_duty) if words else ()
        return permitted(site, case, (*found, *home))
    for tried in (words, ("room", "shift_leader"), ("chief",)):
        found = permitted(site, case, people_for(site, tried, alert.area, alert.segment, on_duty))
        if found:
            return found
    return permitted(site, case, tuple(person.id for person in site.people if person.role != "unit"))


def words_for(alert: Alert, words: Sequence[str]) -> tuple[str, ...]:
    """What is ours to mend is the installer's, not the stations' and the police's. Source: warning-models M02 "to"; for SYS ours."""
    if alert.model != "SYS" and not (alert.model == "M02" and RANK[alert.level] < RANK["orange"]):
        return tuple(words)
    return tuple(dict.fromkeys("installer" if word in {"station", "next_station", "police"} else word for word in words))


def home_station(site: Site, alert: Alert) -> tuple[str, ...]:
    """The clerks of a registered vessel's home, who know its skipper, where the alert has no segment; warning-models M12 "to"."""
    vessel = site.vessel.get(alert.subject)
    if vessel is None or alert.segment or not vessel.home:
        return ()
    return tuple(person.id for person in site.people if person.post == vessel.home and person.role == "clerk")


def permitted(site: Site, case: Case, people: Sequence[str]) -> tuple[str, ...]:
    """A drill tells its exercise's people only; restricted alerts are for the room, the police, the stations and the units (warning-models §0.1)."""
    unique = tuple(dict.fromkeys(people))
    if case.alert.drill:
        return tuple(each for each in unique if each in case.exercise)
    if case.alert.sensitivity != "restricted" and case.alert.model not in RESTRICTED:
        return unique
    return tuple(each for each in unique if each not in site.person or site.person[each].role not in ("installer", "administrator"))


def deadlines(site: Site, case: Case) -> list[tuple[int, str]]:
    """(time, what) of everything that time alone will bring about in this case."""
    alert, found = case.alert, []
    if not case.is_open:
        ended = alert.resolved if alert.resolved is not None else alert.updated
        unverified = alert.response == "resolved" and case.resolver and not case.chief_told  # what nobody resolved went to another area
        if unverified and RANK[case.peak] >= RANK["orange"] and not alert.drill:
            found.append((ended + UNVERIFIED, "unverified"))
        return [*found, (ended + KEPT[case.peak], "forget")]
    if case.answers and not case.acknowledged and not case.waiting:
        found.append((case.since + WAITING, "waiting"))
    if case.confirm and not case.acknowledged and alert.level != "red":
        found.append((case.since + case.confirm, "unanswered"))
    if case.asked:
        found.append((case.asked + case.confirm, "unanswered"))
    if alert.suppressed is None:
        if not case.acknowledged:
            ladder = steps(site, alert.level)
            if case.step < len(ladder) and (alert.condition == "active" or (alert.audience and RANK[alert.level] >= RANK["orange"])):
                found.append((case.since + ladder[case.step].after, "step"))
        elif case.told < REMINDERS and (alert.condition == "active" or case.under_way):
            later = stages(site, alert.level)
            ahead = [after for at, (stage, after) in enumerate(later) if at >= case.reminded and STAGE[stage] > STAGE[alert.response]]
            if ahead:
                found.append((case.since + ahead[0], "deadline"))
    if not any(each.accepted is not None for each in alert.responses):
        found += [
            (each.dispatched + UNIT_SILENCE, "unit")
            for each in alert.responses
            if each.dispatched is not None and each.declined is None and each.unit not in case.unanswering
        ]
    return found
