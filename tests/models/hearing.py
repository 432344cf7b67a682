"""Drives the models as the fold does, without the life cycle: events in, findings out."""

from collections.abc import Iterable

from alerts.hearing import Hearing
from ingest.events import Event, Tick
from ingest.site import Site
from models.model import Finding


def runs(events: Iterable[Event], cut: int = 500) -> Iterable[list[Event]]:
    run: list[Event] = []
    for event in events:
        if isinstance(event, Tick):
            if run:
                yield run
            yield [event]
            run = []
        else:
            run.append(event)
            if len(run) >= cut:
                yield run
                run = []
    if run:
        yield run


def find(site: Site, events: Iterable[Event], cut: int = 500, model: str = "", hearing: Hearing | None = None) -> list[Finding]:
    """What the models found, in the log's order. With `model` only it is judged, and those that it hears."""
    hearing = hearing or Hearing(site, site.areas[0])
    if model:
        wanted = {model}
        while more := {other for each in hearing.models if each.code in wanted for other in each.hears} - wanted:
            wanted |= more
        hearing.models = tuple(each for each in hearing.models if each.code in wanted)
    found: list[Finding] = []
    for run in runs(events, cut):
        _, findings = hearing.take(run)
        found += sorted(findings, key=lambda finding: finding.index)
    assert not model or model not in hearing.disabled, f"{model} raised and is disabled"
    return [each for each in found if not model or each.model == model]


def told(found: Iterable[Finding]) -> list[tuple[str, str, str]]:
    return [(each.subject, each.level, each.code) for each in found]
