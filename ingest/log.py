"""The log: append, read, own position. The one truth of the system; everything else is a view of it.

`Log` is the contract (tests/ingest/log_contract.py proves it of every implementation). `open_log` chooses by URL.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

EVENTS, REFUSED, ALERTS, COMMANDS, CHANGELOG, SITES = "events", "refused", "alerts", "commands", "changelog", "sites"
TOPICS = (EVENTS, REFUSED, ALERTS, COMMANDS, CHANGELOG, SITES)
COMPACTED = (CHANGELOG, SITES)  # keep the last record of each key
HOLDERS = ("processor", "deliverer")  # readers that retention never passes


class Record(NamedTuple):
    """What is to be appended. `headers` are short ASCII texts: `presses` counts the urgent events of a batch."""

    topic: str
    partition: int  # the area's fixed number
    value: bytes
    key: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Entry(NamedTuple):
    """What was read. Offsets of a partition start at 0, have no gap on append, and are never given twice."""

    topic: str
    partition: int
    offset: int
    at: int  # ms, when it was appended
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, str], ...]


class LogFull(OSError):
    """The disk, or the cap, is reached: nothing of the call was appended."""


class LogBroken(OSError):
    """The disk or the file failed: whether the call was appended is not known. The process must stop; the reader of the log will see."""


class Taken(RuntimeError):
    """Somebody else holds this claim: a second bridge of an area, a second worker on the same log."""


class Claim(Protocol):
    """Held until `release`, or until the process ends, however it ends."""

    def release(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


class Passed(NamedTuple):
    """A reader that was too slow: retention removed `lost` records that it had not read."""

    reader: str
    topic: str
    partition: int
    lost: int


class Retained(NamedTuple):
    """What one run of retention did."""

    bytes: int  # in use afterwards
    removed: int  # records, those of compaction included
    passed: tuple[Passed, ...]  # worth a system alert
    over: bool  # still above the cap: the processor or the deliverer holds it
    reach: int  # ms that `events` still reach back from `now`; 0 where there are none


class Log(Protocol):
    def append(self, records: Sequence[Record], *, urgent: bool = False) -> list[int]:
        """Append all in one commit and return their offsets; on disk when this returns. Raises `LogFull`, and then nothing was written.

        `urgent` (presses, alerts, snapshots) may use the reserve, where bulk is refused already.
        """
        ...

    def read(self, topic: str, partition: int, offset: int, limit: int = 500) -> list[Entry]:
        """Up to `limit` entries from `offset` on, in order; from the first that is still kept where `offset` was removed."""
        ...

    def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """(first kept offset, next offset). The next one never falls, also when all was removed."""
        ...

    def partitions(self, topic: str) -> list[int]:
        """Those that were ever written to, rising."""
        ...

    def size(self, topic: str, partition: int) -> int:
        """Bytes of the keys and values that are kept."""
        ...

    def position(self, reader: str, topic: str, partition: int) -> int | None:
        """The next offset that `reader` wants, as it last saved it; None where it never did."""
        ...

    def save_positions(self, reader: str, positions: Sequence[tuple[str, int, int]]) -> None:
        """(topic, partition, next offset) in one commit. Retention never passes the processor's and the deliverer's."""
        ...

    def changed(self) -> bool:
        """True if anything was appended, by any process, since the last call: cheap enough to ask every few milliseconds.

        The first call says True; so may a saved position. It never says False wrongly.
        """
        ...

    def retain(self, cap: int, now: int, floors: Mapping[tuple[str, int], int] | None = None) -> Retained:
        """Compact the topics of `COMPACTED`; above `cap` bytes remove the oldest of the others, `events` first.

        Never past the positions of `HOLDERS`, nor past `floors` ((topic, partition): offset; what is archived, say). First what everybody has
        read, then, if that is not enough, past the other readers. `now` in ms only tells how far back the log reaches.
        """
        ...

    def claim(self, name: str) -> Claim:
        """Be the only one with this name on this log, or raise `Taken`, whose text says who is."""
        ...

    def make_room(self, beside: Path) -> bool:
        """Give up a piece of the reserve for a file that is as urgent as a press and on the same disk (`beside`: its folder), the outbox.

        From then on bulk is refused, until there is room again. False where nothing can be given.
        """
        ...

    def close(self) -> None: ...


def written(url: str) -> bool:
    """Whether there is a log; to open it would make it."""
    return not url.startswith("sqlite") or Path(url.removeprefix("sqlite:///")).exists()


def open_log(url: str, **options: Any) -> Log:
    """The log at `sqlite:///path` (three slashes: relative, four: absolute). `options` go to the implementation: `log_sqlite.SqliteLog`."""
    scheme, _, path = url.partition(":///")
    if scheme == "sqlite" and path:
        from ingest.log_sqlite import SqliteLog  # noqa: PLC0415  each process loads only the log that it uses, and log_sqlite imports this file

        return SqliteLog(path, **options)
    raise ValueError(f"no log at {url!r}: expected sqlite:///path")
