"""The score card: what was staged against what was raised. Recall, precision, time to raise, false alarms; by day and night, by sea state.

The truth is what the simulator writes beside a recording (`device_sim/coast.py`): one object a happening with what `must` come of it, what may come of
it (`also`) and what must not. An alert that no happening explains is a false alarm, also where it is right about a wrong reading.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, structs

from alerts.alert import Alert, Outcomes
from alerts.replay import Recorded, replay
from alerts.score_watch import Asked, told_at
from alerts.watching import Watch, words
from ingest.events import Level
from ingest.geo import metres
from ingest.site import Site
from ingest.sun import is_night
from models.model import RANK

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000  # ms
WINDOW = 10 * MINUTE  # ISA-18.2
NEAR = 500.0  # m at which an alert at a position is taken for one of a staged position; ours
ENDLESS = ("M01", "M09")  # have no "over": another press counts
GRACE = 15 * MINUTE  # ms after its end in which a happening still explains an alert; ours


class Must(Struct, frozen=True):
    """What has to be raised. `subject`: any of these, `*` anything; empty: anything of this model within `within` metres of `position`."""

    model: str
    level: Level
    by: int  # ms
    subject: tuple[str, ...] = ()
    position: tuple[float, float] | None = None
    within: float = NEAR


class Staged(Struct, frozen=True):
    """One happening: its time (ms), what must come of it and what else may (model, subject). `told`: how well that place is watched, as the room was told when it began."""

    at: int
    until: int
    name: str
    must: Must | None = None
    also: tuple[Must, ...] = ()
    told: Watch | None = None


class Raised(Struct, frozen=True):
    """One alert as it went: when it reached which level first."""

    id: str
    model: str
    subject: str
    position: tuple[float, float] | None
    occurred: int
    reached: Mapping[Level, int]  # ms of raising
    drill: bool
    audience: tuple[str, ...]
    ended: int | None = None  # ms, when the danger was over or the alert closed

    @property
    def raised(self) -> int:
        return min(self.reached.values())

    @property
    def level(self) -> Level:
        """The highest."""
        return max(self.reached, key=lambda level: RANK[level])


class Line(Struct, frozen=True):
    """One model's figures. Times in ms from the happening's beginning; None where nothing was staged or raised."""

    model: str
    staged: int = 0
    found: int = 0
    unseen: int = 0  # of those not found, at places of which the room was told that they are watched partly or not at all
    red_staged: int = 0
    red_found: int = 0
    alerts: int = 0
    explained: int = 0
    above_blue_unexplained: int = 0
    p50: int | None = None
    p95: int | None = None
    per_camera_day: float | None = None  # false alarms
    per_seat_hour: float = 0.0  # false alarms

    @property
    def recall(self) -> float | None:
        return self.found / self.staged if self.staged else None

    @property
    def precision(self) -> float | None:
        return self.explained / self.alerts if self.alerts else None


class Conditions(Struct, frozen=True):
    """Whether it was night, and the colour of the sea and weather, in [at, until)."""

    at: int
    until: int
    night: bool
    sea: Literal["calm", "blue", "yellow", "orange", "red"]


class Card(Struct, frozen=True):
    """`busiest`: alerts in the worst ten minutes of the busiest seat; `per_ten_minutes`: the mean over all seats."""

    length: int  # ms
    lines: tuple[Line, ...]
    by: Mapping[str, tuple[Line, ...]]  # day, night, calm, blue, …
    missed: tuple[str, ...]
    unexplained: tuple[str, ...]
    per_ten_minutes: float
    busiest: int


def staged_of(truth: Iterable[Mapping[str, Any]]) -> list[Staged]:
    """From the lines of a truth file."""
    found = []
    for one in truth:
        must = _must(one["must"], one) if one.get("must") else None
        also = tuple(_must({"level": "blue", "by": one["until"], **each}, one) for each in one.get("also", ()))
        found.append(Staged(one["at"], one["until"], f"{one['staged']} {one.get('subject') or ''}".strip(), must, also))
    return found


def _must(given: Mapping[str, Any], one: Mapping[str, Any]) -> Must:
    subject = given.get("subject", one.get("subject") or ())
    subjects = (subject,) if isinstance(subject, str) and subject else tuple(subject or ())
    position = given.get("position")
    return Must(given["model"], given["level"], given["by"], subjects, tuple(position) if position else None, given.get("within", NEAR))


def raised_of(outcomes: Iterable[Outcomes]) -> list[Raised]:
    """The alerts of a replay, drills apart, in the order in which they were raised. One that comes back, or is pressed again, counts as one more."""
    alerts: dict[str, Raised] = {}
    last: dict[str, tuple[Alert, int]] = {}  # its last revision, how often it was raised
    for step in outcomes:
        for alert in step.alerts:
            before, nth = last.get(alert.id, (None, 0))
            nth += before is None or _again(before, alert)
            last[alert.id] = alert, nth
            name = f"{alert.id}#{nth}" if nth > 1 else alert.id
            known = alerts.get(name)
            alerts[name] = _as_first(alert, name, again=nth > 1) if known is None else _further(known, alert)
    return [alert for alert in alerts.values() if not alert.drill]


def _again(before: Alert, alert: Alert) -> bool:
    return (before.condition == "over" and alert.condition == "active") or (alert.model in ENDLESS and alert.count > before.count)


def _as_first(alert: Alert, name: str, *, again: bool) -> Raised:
    at = alert.updated if again else alert.raised
    return Raised(name, alert.model, alert.subject, alert.position, alert.occurred, {alert.level: at}, alert.drill, tuple(alert.audience))


def _further(known: Raised, alert: Alert) -> Raised:
    reached = known.reached if alert.level in known.reached else {**known.reached, alert.level: alert.updated}
    ended = alert.updated if alert.condition == "over" or alert.resolved is not None else None
    return structs.replace(known, reached=reached, position=alert.position or known.position, audience=tuple(alert.audience), ended=ended)


def card(
    staged: Sequence[Staged], raised: Sequence[Raised], start: int, length: int, cameras: float, seats: Mapping[str, str],
    conditions: Sequence[Conditions] = (),
) -> Card:  # fmt: skip
    """The score of `raised` against `staged` over `length` ms from `start`. `seats`: person -> seat; `cameras`: how many watched."""
    explained: set[str] = set()
    judged = [(one, _took(one, raised, explained)) for one in staged]
    models = sorted({one.must.model for one in staged if one.must} | {each.model for each in raised})
    hours, days = length / HOUR * max(1, len(set(seats.values()))), length / DAY * cameras
    by: dict[str, tuple[Line, ...]] = {}
    for name, spans in _spans(conditions).items():
        share = sum(span.until - span.at for span in spans) / length
        of = [each for each in judged if _in(spans, each[0].at)], [each for each in raised if _in(spans, each.raised)]
        by[name] = tuple(_line(model, *of, explained, hours * share, days * share) for model in models)
    loads = _loads(raised, start, length, seats)
    return Card(
        length,
        tuple(_line(model, judged, raised, explained, hours, days) for model in models),
        by,
        tuple(f"{one.must.model} {one.name}{_as_told(one.told)}" for one, took in judged if one.must and took is None),
        tuple(f"{each.model} {each.level} {each.subject}" for each in raised if each.id not in explained and each.model != "SYS"),
        sum(map(sum, loads)) / max(1, sum(map(len, loads))),
        max(map(max, loads), default=0),
    )


def _took(one: Staged, raised: Sequence[Raised], explained: set[str]) -> int | None:
    """Ms until what must be raised was; None where it was not, or too low, or too late. Adds to `explained` what this happening explains."""
    musts = [*([one.must] if one.must else []), *one.also]
    ends = max([one.until, *(must.by for must in musts)]) + GRACE
    of = [alert for alert in raised if any(one.at - MINUTE <= at <= ends for at in alert.reached.values())]
    explained.update(alert.id for must in musts for alert in of if _answers(must, alert))
    if one.must is None:
        return None
    enough = [at for alert in of if _answers(one.must, alert) for level, at in alert.reached.items() if RANK[level] >= RANK[one.must.level]]
    return min((at - one.at for at in enough if one.at - MINUTE <= at <= one.must.by), default=None)


def _answers(must: Must, alert: Raised) -> bool:
    if alert.model != must.model:
        return False
    if must.subject == ("*",) or alert.subject in must.subject:
        return True
    return must.position is not None and alert.position is not None and metres(must.position, alert.position) <= must.within


def _line(
    model: str, judged: Sequence[tuple[Staged, int | None]], raised: Sequence[Raised], explained: set[str], seat_hours: float, camera_days: float
) -> Line:
    mine = [(one.must.level, took) for one, took in judged if one.must and one.must.model == model]
    unseen = sum(
        one.told is not None and one.told.state != "watching" for one, took in judged if one.must and one.must.model == model and took is None
    )
    times = sorted(took for _, took in mine if took is not None)
    alerts = [each for each in raised if each.model == model]
    false = [each for each in alerts if each.id not in explained]
    return Line(
        model=model, staged=len(mine), found=len(times), unseen=unseen, red_staged=sum(level == "red" for level, _ in mine),
        red_found=sum(level == "red" and took is not None for level, took in mine), alerts=len(alerts), explained=len(alerts) - len(false),
        above_blue_unexplained=sum(each.level != "blue" for each in false), p50=_share(times, 0.5), p95=_share(times, 0.95),
        per_camera_day=len(false) / camera_days if camera_days else None, per_seat_hour=len(false) / seat_hours if seat_hours else 0.0,
    )  # fmt: skip


def _share(times: Sequence[int], share: float) -> int | None:
    """The value below which this share of sorted `times` lies (nearest rank)."""
    return times[max(0, math.ceil(len(times) * share) - 1)] if times else None


def _spans(conditions: Sequence[Conditions]) -> dict[str, list[Conditions]]:
    spans: dict[str, list[Conditions]] = {}
    for each in conditions:
        spans.setdefault("night" if each.night else "day", []).append(each)
        spans.setdefault(each.sea, []).append(each)
    return spans


def _in(spans: Sequence[Conditions], at: int) -> bool:
    return any(span.at <= at < span.until for span in spans)


def _loads(raised: Sequence[Raised], start: int, length: int, seats: Mapping[str, str]) -> list[list[int]]:
    """By seat: alerts told there in each ten minutes."""
    counts = {seat: [0] * max(1, math.ceil(length / WINDOW)) for seat in sorted(set(seats.values()))}
    for each in raised:
        window = (each.raised - start) // WINDOW
        for seat in sorted({seats[person] for person in each.audience if person in seats}):
            if 0 <= window < len(counts[seat]):
                counts[seat][window] += 1
    return list(counts.values())


class Run(Struct, frozen=True):
    """One recording laid beside its truth: from `start`, `length` ms, watched by so many cameras."""

    staged: tuple[Staged, ...]
    raised: tuple[Raised, ...]
    start: int
    length: int
    cameras: int
    conditions: tuple[Conditions, ...]


def run_of(site: Site, recording: Path | Recorded, truth: Iterable[Mapping[str, Any]]) -> Run:
    """Replay a recording by the site's thresholds beside its truth (lines of a truth file). Raises ValueError where it cannot be read."""
    steps = [step for step in replay(site, recording) if step.alerts or step.now]
    raised = raised_of(steps)
    start = min((step.now for step in steps if step.now), default=0)
    length = max(1, max((step.now for step in steps), default=0) - start)
    cameras = sum(device.type == "camera" and device.in_service for device in site.devices)
    return Run(
        tuple(_with_told(site, staged_of(truth), steps)), tuple(raised), start, length, cameras, tuple(conditions_of(site, raised, start, length))
    )


def _with_told(site: Site, staged: Sequence[Staged], steps: Iterable[Outcomes]) -> Iterable[Staged]:
    asked = [Asked(one.at, one.must.model, one.must.subject, one.must.position) for one in staged if one.must]
    told = iter(told_at(site, asked, steps))
    return [structs.replace(one, told=next(told)) if one.must else one for one in staged]


def _as_told(watch: Watch | None) -> str:
    if watch is None:
        return ""
    reason = words(watch)[1]
    return f" (told {watch.state}{f', {reason}' if reason else ''})"


def card_of(site: Site, runs: Sequence[Run]) -> Card:
    """Several runs as if one had followed the other."""
    staged: list[Staged] = []
    raised: list[Raised] = []
    conditions: list[Conditions] = []
    start = end = runs[0].start
    for nth, run in enumerate(runs):
        late = end - run.start + (nth and DAY)  # a day between two, so that none explains the other's
        staged += [_staged_later(each, late) for each in run.staged]
        raised += [_raised_later(each, late, nth) for each in run.raised]
        conditions += [structs.replace(each, at=each.at + late, until=each.until + late) for each in run.conditions]
        end = run.start + run.length + late
    seats = {person.id: person.seat for person in site.people if person.seat}
    length = sum(run.length for run in runs)
    found = card(staged, raised, start, length, sum(run.cameras * run.length for run in runs) / length, seats, conditions)
    loads = [load for run in runs for load in _loads(run.raised, run.start, run.length, seats)]
    return structs.replace(found, per_ten_minutes=sum(map(sum, loads)) / max(1, sum(map(len, loads))), busiest=max(map(max, loads), default=0))


def _staged_later(one: Staged, late: int) -> Staged:
    def later(must: Must) -> Must:
        return structs.replace(must, by=must.by + late)

    must = later(one.must) if one.must else None
    return structs.replace(one, at=one.at + late, until=one.until + late, must=must, also=tuple(later(each) for each in one.also))


def _raised_later(one: Raised, late: int, nth: int) -> Raised:
    reached = {level: at + late for level, at in one.reached.items()}
    ended = one.ended + late if one.ended is not None else None
    return structs.replace(one, id=f"{nth}/{one.id}", occurred=one.occurred + late, reached=reached, ended=ended)


def conditions_of(site: Site, raised: Sequence[Raised], start: int, length: int) -> list[Conditions]:
    """Ten minutes each: the sun at the first area's origin, and the highest colour of M17 that stood at their beginning."""
    found = []
    for at in range(start, start + length, WINDOW):
        standing = [each for each in raised if each.model == "M17" and each.raised <= at and (each.ended is None or each.ended > at)]
        colours = [level for each in standing for level, since in each.reached.items() if since <= at]
        sea = max(colours, key=lambda level: RANK[level], default=None)
        found.append(Conditions(at, min(at + WINDOW, start + length), is_night(site.areas[0].origin, at), sea or "calm"))
    return found
