"""What keeps an alert quiet though it stands: shelves, silences, work orders, mutes, devices out of service, and alerts that explain others.

Recorded all the same; and each of them ends. A press and whatever is red is never kept quiet.
"""

from collections.abc import Container, Iterable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct

from alerts.alert import Alert, Suppressed, alert_key
from alerts.life_cycle.case import ENDLESS, Case
from ingest.events import Exercise, Level, Matchers, Silence, Work
from ingest.site import Site
from models.model import RANK, Finding, FoundLevel

MINUTE, HOUR = 60_000, 3_600_000  # ms
SILENCE_LIMIT = 8 * HOUR  # wire document
WORK_LIMIT = 4 * HOUR  # warning-models M02
EXERCISE_LIMIT = 4 * HOUR  # wire document
SHELF_LIMIT = 8 * HOUR  # a shift at most; ours
MUTE_LIMIT = 4 * HOUR  # warning-models §0.6
CHATTER_SHELF = 15 * MINUTE  # warning-models §0.2
EXPECTED = (  # what a work order explains; wire document: tamper and silence; who works at a sensor moves what it measures
    "tamper", "tilt", "silent", "receiver_down", "restarts", "selftest", "sensor_missing", "sensor_stuck", "sensor_range", "sensor_jumps",
)  # fmt: skip


class Shelf(Struct, frozen=True):
    """`level`: the highest that it keeps quiet. `by` is a person, or `chattering`."""

    by: str
    until: int
    level: Level
    reason: str = ""


class Mute(Struct, frozen=True):
    """After `authorised` or `sensor_fault` while active: quiet until seen over. `finding` is what stands, to be raised again at the end."""

    until: int
    level: Level
    finding: Finding
    alert: str  # that was closed so


class Span(Struct, frozen=True):
    """A silence, a work order or an exercise while it runs."""

    since: int
    until: int
    by: str
    reason: str = ""
    matchers: Matchers | None = None
    devices: tuple[str, ...] = ()

    def runs(self, at: int) -> bool:
        return self.since <= at < self.until


class Quiet(Struct):
    """All that keeps quiet in an area, by key or id."""

    shelves: dict[str, Shelf] = {}
    mutes: dict[str, Mute] = {}
    silences: dict[str, Span] = {}
    works: dict[str, Span] = {}
    exercises: dict[str, Span] = {}


def silence_span(event: Silence, now: int) -> Span | None:
    """None where it is refused: no matcher beyond the level."""
    asked = event.matchers
    if not (asked.model or asked.area or asked.segment or asked.device):
        return None
    since = max(event.from_ if event.from_ is not None else now, now)
    return Span(since, min(event.until, since + SILENCE_LIMIT), event.by, event.reason, asked)


def work_span(event: Work, now: int) -> Span:
    since = event.from_ if event.from_ is not None else now
    until = min(event.until if event.until is not None else since + WORK_LIMIT, since + WORK_LIMIT)
    return Span(since, now if event.closed else until, event.by, event.id, devices=(event.subject,))


def exercise_span(event: Exercise, now: int) -> Span:
    since = event.from_ if event.from_ is not None else now
    return Span(since, min(event.until, since + EXERCISE_LIMIT), event.by, event.id, devices=event.devices)


def _device_of(alert: Alert) -> str:
    """The device that an alert of M02 is about: what a sensor measures is a subject of its own, `met-1/weather`."""
    return str(alert.reason.values.get("sensor", alert.subject))


def suppression(alert: Alert, quiet: Quiet, explaining: Iterable["Explaining"], site: Site, now: int) -> Suppressed | None:
    """Why this alert is quiet now, or None. One question after the other; the first that answers stands."""
    if alert.level == "red" or alert.model == "M01":
        return None
    for span in quiet.works.values():
        if alert.model == "M02" and alert.reason.code in EXPECTED and _device_of(alert) in span.devices and span.runs(now):
            return Suppressed("work", span.by, span.until, span.reason)
    shelf = quiet.shelves.get(alert.key)
    if shelf is not None and now < shelf.until and RANK[alert.level] <= RANK[shelf.level]:
        return Suppressed("shelved", shelf.by, shelf.until, shelf.reason)
    for span in quiet.silences.values():
        if span.runs(now) and span.matchers is not None and _matches(span.matchers, alert):
            return Suppressed("silenced", span.by, span.until, span.reason)
    if alert.model == "M02" and alert.subject in site.device and not site.device[alert.subject].in_service:
        return Suppressed("out_of_service", "site")
    for other in explaining:
        if _explains(other, alert):
            return Suppressed("inhibited", other.case.alert.id)
    for mute in quiet.mutes.values():
        cause = mute.finding
        if now < mute.until and cause.drill == alert.drill and _covers(cause.model, cause.code, cause.subject, cause.level, cause.inhibits, alert):
            return Suppressed("inhibited", mute.alert, mute.until)
    return None


def _matches(asked: Matchers, alert: Alert) -> bool:
    told: Mapping[str, str] = {
        "model": alert.model, "area": alert.area, "segment": alert.segment, "device": alert.subject, "level": alert.level
    }  # fmt: skip
    return all(getattr(asked, name) in {None, value} for name, value in told.items())


class Explaining(NamedTuple):
    """A case that explains others, and their subjects: in a power cut thousands are asked for thousands."""

    case: Case
    named: frozenset[str]


def _explains(other: Explaining, alert: Alert) -> bool:
    """Whether a standing alert explains this one."""
    cause = other.case.alert
    if not other.case.is_open or cause.condition == "over" or cause.id == alert.id or cause.drill != alert.drill:
        return False
    return _covers(cause.model, cause.reason.code, cause.subject, cause.level, other.named, alert)


def _covers(model: str, code: str, subject: str, level: FoundLevel, inhibits: Container[str], alert: Alert) -> bool:
    """An outage explains the boxes in it, at most at its own level; a receiver that is down explains the vessels that it heard."""
    if alert.model in ENDLESS:
        return False
    if model == "M02" and code == "receiver_down" and alert.model == "M12":
        return bool(alert.reason.values.get("receiver") == subject)
    return model == alert.model and alert.subject in inhibits and RANK[alert.level] <= RANK[level]


def next_bound(quiet: Quiet, now: int) -> int | None:
    """When the next of them begins or ends, ms."""
    bounds = [at for spans in (quiet.silences, quiet.works, quiet.exercises) for span in spans.values() for at in (span.since, span.until)]
    bounds += [shelf.until for shelf in quiet.shelves.values()]
    bounds += [each.until for each in quiet.mutes.values()]
    return min((at for at in bounds if at > now), default=None)


def explains_others(case: Case) -> bool:
    return bool(case.inhibits) or (case.alert.model == "M02" and case.alert.reason.code == "receiver_down")


def key_of(finding: Finding) -> str:
    return alert_key(finding.model, finding.subject, finding.drill)


def finding_of(case: Case, changed: dict[str, Any]) -> Finding:
    """The finding as the alert now tells it."""
    alert = case.alert
    kept = {name: changed.get(name, getattr(alert, name)) for name in ("segment", "place", "position", "flags")}
    return Finding(
        model=alert.model, subject=alert.subject, level=alert.level, code=alert.reason.code, index=0, cause=alert.id, occurred=alert.occurred,
        values=alert.reason.values, evidence=alert.evidence, confidence=alert.confidence, drill=alert.drill, sensitivity=alert.sensitivity,
        inhibits=case.inhibits, answers=case.answers, **kept,
    )  # fmt: skip
