"""What the room was told at a time of how well a place is watched by a model, for the score card: a miss is worse where it was told that all is watched."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from alerts.alert import Alert, Outcomes
from alerts.watching import Watch, watching
from ingest.geo import nearest_segment
from ingest.site import Lonlat, Segment, Site


class Asked(NamedTuple):
    """At `at` ms, about a model, at a position or else at the first of these subjects that has a place ashore."""

    at: int
    model: str
    subjects: tuple[str, ...]
    position: Lonlat | None


def told_at(site: Site, asked: Sequence[Asked], steps: Iterable[Outcomes]) -> list[Watch | None]:
    """In the order of `asked`; None for what lies beside no shore. `steps`: of a replay, in the order of the log."""
    found: list[Watch | None] = [None] * len(asked)
    about_us: dict[str, Alert] = {}
    waiting = sorted(range(len(asked)), key=lambda n: -asked[n].at)

    def answer(until: float) -> None:
        while waiting and asked[waiting[-1]].at < until:
            n = waiting.pop()
            found[n] = _told(site, asked[n], about_us.values())

    for step in steps:
        if step.now:
            answer(step.now)
        about_us |= {alert.id: alert for alert in step.alerts if alert.model in ("M02", "M03", "M17", "SYS")}
    answer(float("inf"))
    return found


def _told(site: Site, asked: Asked, alerts: Iterable[Alert]) -> Watch | None:
    segment = _segment(site, asked)
    if segment is None:
        return None
    area = site.area_of[segment.area]
    return watching(site, area, [alert for alert in alerts if alert.area == area.id])[segment.id].get(asked.model)


def _segment(site: Site, asked: Asked) -> Segment | None:
    """The nearest to the position, as a map shows it; the subject's own where only that is known."""
    if asked.position is not None:
        return nearest_segment(site, asked.position)
    for subject in asked.subjects:
        segment = site.device[subject].segment if subject in site.device else subject
        if segment in site.segment:
            return site.segment[segment]
    return None
