"""What a store is: a view of the log for people and dashboards, which can be thrown away and made again.

The recorder writes, the console and the reports read. The log is the truth: a store that is away loses nothing and delays nobody, because the
recorder's position is saved only after the store has written.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol


class Point(NamedTuple):
    """One measurement of one moment: `measurement` is the kind (`heartbeat`, `position`, `alert`, `pipeline`)."""

    measurement: str
    tags: Mapping[str, str]  # bounded: area, device or vessel, model, level
    fields: Mapping[str, float | int | str | bool]
    at: int  # ms
    sub: int = 0  # 0..999_999: tells apart what one subject did within the same ms (see `points.sub_of`)


class Refusal(NamedTuple):
    """A message that was refused at the door, kept raw."""

    at: int
    topic: str
    device: str
    reason: str
    detail: str
    payload: bytes


class Rejected(NamedTuple):
    """A point that the store would not take, kept with the reason."""

    point: Point
    reason: str


class StoreAway(ConnectionError):
    """The store cannot be reached or cannot write now: the same call is to be made again later."""


class Store(Protocol):
    def write(
        self, points: Sequence[Point], alerts: Sequence[Mapping[str, Any]], refusals: Sequence[Refusal], positions: Sequence[tuple[str, int, int]]
    ) -> list[Rejected]:
        """All of one read of the log. `alerts` are wire shapes, one a revision. `positions` (topic, partition, next offset) are saved with it
        or after it, never before. Writing the same again changes nothing. Raises `StoreAway`."""
        ...

    def position(self, topic: str, partition: int) -> int | None: ...

    def alerts(self, *, open_only: bool = True, area: str = "", since: int = 0, limit: int = 500) -> list[dict[str, Any]]:
        """The newest revision of each alert, newest `updated` first."""
        ...

    def history(self, alert: str) -> list[dict[str, Any]]:
        """Every revision of one alert, oldest first."""
        ...

    def latest(self, measurement: str, area: str = "", since: int = 0) -> dict[str, Point]:
        """By device or vessel: its last point of a kind, where it has one at or after `since` (ms)."""
        ...

    def refused(self, device: str = "", limit: int = 100) -> list[Refusal]:
        """Newest first."""
        ...

    def series(self, measurement: str, subject: str, name: str, since: int, until: int, limit: int = 5_000) -> list[tuple[int, float]]:
        """(at, value) of one field of one device or vessel, oldest first."""
        ...

    def keep(self, now: int) -> None:
        """Remove what is past its retention."""
        ...

    def close(self) -> None: ...
