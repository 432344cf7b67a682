"""Exercises: when they run, and whether what a device says is staged. The wire document's rule, for whoever must not take it for real."""

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from ingest.events import OURS, PEOPLE, Event, Exercise, kind_of

LONGEST = 4 * 3_600_000  # ms; wire document
NEVER_STAGED = frozenset({*OURS, *PEOPLE} - {"trip", "permit"})  # what people do is done, also in an exercise


class Runs(Protocol):
    @property
    def devices(self) -> tuple[str, ...]: ...

    def runs(self, at: int) -> bool: ...


class Period(Struct, frozen=True):
    """An exercise: from `since` until before `until`, ms."""

    since: int
    until: int
    devices: tuple[str, ...] = ()

    def runs(self, at: int) -> bool:
        return self.since <= at < self.until


def period_of(exercise: Exercise) -> Period:
    since = exercise.from_ if exercise.from_ is not None else exercise.received
    return Period(since, min(exercise.until, since + LONGEST), exercise.devices)


def is_staged(event: Event, exercises: Iterable[Runs]) -> bool:
    """It says so, and an exercise used its device when it happened; otherwise it is in earnest."""
    if not event.drill or kind_of(event) in NEVER_STAGED:
        return False
    at = event.received
    if event.ts is not None and event.sent is not None:
        at = min(at, at - event.sent + event.ts)
    return any(event.device in each.devices and each.runs(at) for each in exercises)
