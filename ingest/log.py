"""The log: append, read, own position. The one truth of the system; everything else is a view of it.

`Log` is the contract (tests/ingest/log_contract.py proves it of every implementation). `open_log` chooses by URL.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

EVENTS, REFUSED, ALERTS, COMMANDS, CHANGELOG, SITES = "events", "refused", "alerts", "commands", "changelog", "sites"
TOPICS = (EVENTS, REFUSED, ALERTS, COMMANDS, CHANGELOG, SITES)
COMPACTED = (CHANGELOG, SITES)  # keep the last record of each key


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


class Log(Protocol):
    def append(self, records: Sequence[Record]) -> list[int]:
        """Append all in one commit and return their offsets; on disk when this returns. Raises `LogFull`, and then nothing was written."""
        ...

    def read(self, topic: str, partition: int, offset: int, limit: int = 500) -> list[Entry]:
        """Up to `limit` entries from `offset` on, in order; from the first that is still kept where `offset` was removed."""
        ...

    def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """(first kept offset, next offset). The next one never falls, also when all was removed."""
        ...

    def partitions(self, topic: str) -> list[int]: ...

    def position(self, reader: str, topic: str, partition: int) -> int | None:
        """The next offset that `reader` wants, as it last saved it; None where it never did."""
        ...

    def save_positions(self, reader: str, positions: Sequence[tuple[str, int, int]]) -> None:
        """(topic, partition, next offset) in one commit. Retention never passes the processor's and the deliverer's."""
        ...

    def changed(self) -> bool:
        """True if anything was appended, by any process, since the last call: cheap enough to ask every few milliseconds."""
        ...

    def close(self) -> None: ...
