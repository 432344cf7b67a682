"""What stood before this console began to look: open alerts from the processor's snapshot in the log, last words and fixes from the store.

Alerts come from the log alone, so that they are whole while the store is away. What a device said last is not in the log for ever, so the store is asked.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct, field, msgpack

from alerts import snapshots
from alerts.alert import Alert
from alerts.console.boards import Reports
from alerts.store.store import Point, Store, StoreAway
from ingest.exercises import Period
from ingest.log import Log

T = TypeVar("T")

LATELY = 24 * 3_600_000  # ms; a vessel that was heard within it is on the map, with its age; ours
# What devices say, as measurements of the store.
SAID = (
    "sos", "talk", "heartbeat", "tamper", "rescue", "light", "selftest", "status", "done", "camera", "tracks", "crowd", "hull", "plate",
    "receiver", "tide", "wave", "weather", "water",
)  # fmt: skip


class _Case(Struct):
    """Of the life cycle's case, whose module needs the models and their numpy: a page starts without."""

    alert: Alert


class _Quiet(Struct):
    exercises: dict[str, Period] = {}


class _Life(Struct):
    """Of the life cycle's memory."""

    cases: dict[str, _Case] = {}
    quiet: _Quiet = field(default_factory=_Quiet)


class _Memory(Struct):
    """Of the fold's snapshot."""

    offset: int
    life: bytes
    models: dict[str, tuple[int, bytes]] = {}


class _Pairs(Struct):
    """A dict, as `models/memory.py` packs it."""

    pairs: list[tuple[str, Any]] = []


class _Trips(Struct):
    """Of M15's memory."""

    reports: _Pairs = field(default_factory=_Pairs)


class Stood(NamedTuple):
    """`offset` of `events` up to which it is true (-1 before the first snapshot), every alert that the fold remembered there, reports of trips by boat, exercises."""

    offset: int
    alerts: list[Alert]
    trips: Reports
    exercises: dict[str, Period]


def standing(log: Log, number: int) -> Stood:
    found, _ = snapshots.newest(log, number)
    if found is None:
        return Stood(-1, [], {}, {})
    memory = msgpack.decode(found.memory, type=_Memory)
    life = msgpack.decode(memory.life, type=_Life)
    return Stood(memory.offset, [case.alert for case in life.cases.values()], _trips(memory), life.quiet.exercises)


def _trips(memory: _Memory) -> Reports:
    _, packed = memory.models.get("M15", (0, b""))
    reports = msgpack.decode(packed, type=_Trips).reports.pairs if packed else []
    return {boat: {name: tuple(each) for name, each in of_boat["pairs"]} for boat, of_boat in reports}


class Recalled(NamedTuple):
    """The last that the store has: by kind of what devices say; of vessels the last fix, and what they call themselves."""

    said: dict[str, dict[str, Point]]
    fixes: dict[str, Point]
    names: dict[str, Point]


def recalled(store: Store, since: int) -> Recalled:
    """Of vessels those heard since `since` (ms). Raises `StoreAway`."""
    fixes = store.latest("position", since=since)
    names = {vessel: name for vessel, name in store.latest("vessel").items() if vessel in fixes}
    return Recalled({kind: store.latest(kind) for kind in SAID}, fixes, names)


class Library:
    """The store, opened when it is first asked, and tried again while it is away."""

    def __init__(self, open_it: Callable[[], Store] | None) -> None:
        self._open = open_it
        self._known: Store | None = None
        self._opening = threading.Lock()

    @property
    def exists(self) -> bool:
        return self._open is not None

    async def ask(self, question: Callable[[Store], T]) -> T:
        """In a thread that nobody waits for at the end: a store that does not answer holds up neither the page nor a stop. Raises `StoreAway`."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def settle(result: T | None, error: Exception | None) -> None:
            if answer.cancelled():
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(result)  # type: ignore[arg-type]  # no error: it is the question's T

        def run() -> None:
            result, error = None, None
            try:
                result = question(self._store())
            except Exception as raised:  # noqa: BLE001  # handed over to whoever asked
                error = raised
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(settle, result, error)

        threading.Thread(target=run, name="store", daemon=True).start()
        return await answer

    def _store(self) -> Store:
        with self._opening:
            if self._known is None:
                if self._open is None:
                    raise StoreAway("there is no store")
                self._known = self._open()
            return self._known
