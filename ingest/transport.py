"""Faust on our own log: the transport behind `sqlite:///path` (entry point `faust.transports`, or `register()` where the project is not installed).

One machine, one worker an app: its partitions are all that exist (or those the app wants), so a rebalance is one assignment after `subscribe`.
Where reading starts and what counts as read is the app's business, not Faust's: `start_at(app, fn)`. Faust's own commit runs ahead of a durable
snapshot, so here it does nothing; the app saves positions itself, with `log_of(app).save_positions`, once what they stand for is safe.
It leans on inner parts of faust-streaming 0.15.3, which is therefore pinned.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar
from urllib.parse import quote
from weakref import WeakKeyDictionary

from faust.exceptions import ProducerSendError
from faust.transport import base
from faust.transport.drivers import TRANSPORTS
from faust.types import TP, ConsumerMessage, RecordMetadata
from mode import Service

from ingest.log import Claim, Entry, Log, Record, Taken, open_log

POLL = 0.003  # s between two looks at an unchanged log; ours: a press waits 1.5 ms on average
FETCH = 500  # entries of a partition at once
StartAt = Callable[[str, int], int | None]
_starts: WeakKeyDictionary[Any, StartAt] = WeakKeyDictionary()
_wanted: WeakKeyDictionary[Any, frozenset[int]] = WeakKeyDictionary()
_failures: WeakKeyDictionary[Any, list[BaseException]] = WeakKeyDictionary()


def register() -> None:
    """Make `faust.App(broker=address("sqlite:///…"))` work also where our entry point is not installed."""
    TRANSPORTS.aliases.setdefault("sqlite", "ingest.transport:Transport")


def address(log_url: str) -> str:
    """The log's URL for `faust.App(broker=…)`, which splits at commas and reads a `%`, `?` or `#` in a path as they are meant in URLs."""
    scheme, _, path = log_url.partition(":///")
    return f"{scheme}:///{quote(path)}"


def start_at(app: Any, start: StartAt) -> None:
    """`start(topic, partition)` says which offset `app` wants first, at every assignment; None: from the first that is kept.

    Where nothing is said, it is the position that reader `app.conf.id` has saved. An offset that was removed goes on at the first that is kept.
    """
    _starts[app] = start


def only_partitions(app: Any, partitions: Iterable[int]) -> None:
    """Read these areas only; also the name of the claim, so that workers of different areas may share a log. Without it: all, also later ones."""
    _wanted[app] = frozenset(partitions)


def log_of(app: Any) -> Log:
    """The log that `app` reads: to ask it and to save positions. Appending goes through `send` and `flush`, in order with the producer's own."""
    transport: Transport = app.transport
    return transport.log


def failure_of(app: Any) -> BaseException | None:
    """Why the transport stopped the app: a failed append, `Taken`. None if it did not. A worker that finds one exits non-zero."""
    found = _failures.get(app)
    return found[0] if found else None


async def send(app: Any, records: Iterable[Record], *, urgent: bool = True) -> list[int]:
    """Append through the app's producer and wait until they are on disk; their offsets. One commit with whatever else this loop turn sends."""
    producer: Producer = app.producer
    return list(await asyncio.gather(*[producer.put(record, urgent=urgent) for record in records]))


class Consumer(base.Consumer):  # type: ignore[misc]  # Faust is untyped
    """Reads the partitions in turn. All happens in the loop: a read takes microseconds, and a look at an unchanged log five."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.log_file: Log = self.transport.log
        self._subscribed: tuple[str, ...] = ()
        self._assigned: set[TP] = set()
        self._next: dict[TP, int] = {}
        self._ends: dict[TP, int] = {}
        self._behind = True  # something may be waiting although the log did not change

    async def on_start(self) -> None:
        try:
            self.transport.take_claims()
        except Taken as taken:
            await self.transport.give_up(taken)
            raise
        await super().on_start()

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Reset the subscription. The assignment follows in a task of its own: Faust waits for the end of `subscribe` inside it."""
        self._subscribed = tuple(sorted(topics))
        self.add_future(self._rebalance())

    async def _rebalance(self) -> None:
        tps = self._existing()
        self.app.on_rebalance_start()
        revoked = self._assigned - tps
        await self.on_partitions_revoked(revoked if self._assigned else set())
        self._assigned = tps
        self._next = {tp: offset for tp, offset in self._next.items() if tp in tps}
        generation = self.app.consumer_generation_id + 1
        self.app.consumer_generation_id = generation
        self._tell_assignor(tps)
        await self.on_partitions_assigned(tps, generation)

    def _existing(self) -> set[TP]:
        wanted = _wanted.get(self.app)
        changelogs = self.app.tables.changelog_topics
        found = set()
        for topic in self._subscribed:
            partitions = set(self.log_file.partitions(topic)) | set(self.transport.declared.get(topic, ()))
            if wanted is not None and topic not in changelogs:
                partitions = set(wanted)
            found |= {TP(topic, partition) for partition in partitions}
        return found

    def _tell_assignor(self, tps: set[TP]) -> None:
        assignor = self.app.assignor
        actives: dict[str, list[int]] = {}
        for tp in sorted(tps):
            actives.setdefault(tp.topic, []).append(tp.partition)
        assignor._assignment.actives = actives  # noqa: SLF001  what Kafka's coordinator would have set
        assignor._active_tps = set(tps)  # noqa: SLF001
        assignor._topic_groups = {topic: group for group, topic in enumerate(sorted(actives))}  # noqa: SLF001

    @Service.task  # type: ignore[untyped-decorator]  # Faust is untyped
    async def _watch_partitions(self) -> None:
        """A new area in the log is a rebalance, as a new partition is in Kafka."""
        while not self.should_stop:
            await self.sleep(1.0)
            if self._subscribed and not self.app.rebalancing and self._existing() - self._assigned:
                await self._rebalance()

    def _start_of(self, tp: TP) -> int:
        start = _starts.get(self.app)
        offset = start(tp.topic, tp.partition) if start else self.log_file.position(self.app.conf.id, tp.topic, tp.partition)
        first, following = self.log_file.bounds(tp.topic, tp.partition)
        if offset is None:
            return first
        if offset > following:
            raise ValueError(
                f"{tp.topic}/{tp.partition}: offset {offset} is wanted, but the log ends at {following}: it is not the log of this memory"
            )
        return max(first, offset)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """To where the app wants to start; Faust calls this once an assignment, before the flow resumes."""
        changelogs = self.app.tables.changelog_topics
        starts = {tp: self._start_of(tp) for tp in self._assigned if tp.topic not in changelogs}
        self._next.update(starts)
        self._behind = True
        return starts

    async def perform_seek(self) -> None:
        """As in Faust, except that nothing counts as committed."""
        for tp, offset in (await self.seek_to_committed()).items():
            self._read_offset[tp] = offset or None
            self._committed_offset[tp] = None

    def _new_offset(self, tp: TP) -> int | None:
        """What Faust may commit: nothing. Forgets the acknowledgements, which would grow for ever."""
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return None

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:  # noqa: ARG002  see `_new_offset`
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Compacted and removed offsets are no matter where nothing is committed."""

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> dict[TP, list[Entry]]:  # noqa: ASYNC109  Faust's signature
        deadline = self.loop.time() + timeout
        while not self.should_stop and self.flow_active:
            if self.log_file.changed() or self._behind:
                found = self._fetch(active_partitions or ())
                if found:
                    return found
            await asyncio.sleep(POLL)
            if self.loop.time() > deadline:
                self._behind = True  # a partition may have been resumed meanwhile
                break
        return {}

    def _fetch(self, active: Iterable[TP]) -> dict[TP, list[Entry]]:
        found = {}
        for tp in sorted(active):
            if tp in self._next and (entries := self.log_file.read(tp.topic, tp.partition, self._next[tp], FETCH)):
                found[tp] = entries
                self._next[tp] = entries[-1].offset + 1
                self._ends[tp] = max(self._ends.get(tp, 0), self._next[tp])
        self._behind = bool(found)
        return found

    def _to_message(self, tp: TP, record: Entry) -> ConsumerMessage:
        headers = [(name, text.encode()) for name, text in record.headers]
        return ConsumerMessage(
            record.topic,
            record.partition,
            record.offset,
            record.at / 1000.0,
            0,
            headers,
            record.key,
            record.value,
            None,
            len(record.key or b""),
            len(record.value),
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def _seek(self, partition: TP, offset: int) -> None:
        self._next[partition] = offset
        self._behind = True

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        for tp, offset in partitions.items():
            await self.seek(tp, max(offset, 0))

    async def seek_to_beginning(self, *partitions: TP) -> None:
        for tp in partitions:
            await self.seek(tp, self.log_file.bounds(*tp)[0])

    async def position(self, tp: TP) -> int | None:
        return self._next.get(tp)

    def assignment(self) -> set[TP]:
        return set(self._assigned)

    def highwater(self, tp: TP) -> int:
        return self._ends.get(tp, 0)

    async def highwaters(self, *partitions: TP) -> dict[TP, int]:
        return {tp: self.log_file.bounds(*tp)[1] for tp in partitions}

    async def earliest_offsets(self, *partitions: TP) -> dict[TP, int]:
        return {tp: self.log_file.bounds(*tp)[0] for tp in partitions}

    def topic_partitions(self, topic: str) -> int | None:
        return max((tp.partition + 1 for tp in self._assigned if tp.topic == topic), default=None)

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int:  # noqa: ARG002  ours is the area's number
        return partition or 0

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    async def create_topic(self, topic: str, partitions: int, replication: int, **_kwargs: Any) -> None:  # noqa: ARG002
        self.transport.declare(topic, partitions)

    async def on_stop(self) -> None:
        await super().on_stop()
        self.transport.drop_claims()


class Producer(base.Producer):  # type: ignore[misc]  # Faust is untyped
    """Collects what one turn of the loop sends and appends it in one transaction, in a thread of its own: the loop reads on while the disk writes.

    What comes while a commit runs waits for the next one, in order. A failed append fails its futures and stops the worker: what it would have
    said is said again after the restart.
    """

    def __post_init__(self) -> None:
        self._waiting: list[tuple[Record, bool, asyncio.Future[int]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log-append")
        self._failed: BaseException | None = None

    def put(self, record: Record, *, urgent: bool = True) -> asyncio.Future[int]:
        """Append soon; the future has the offset once it is on disk. Alerts and snapshots are urgent by default: they may use the reserve."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if self._failed is not None:
            future.set_exception(self._failed)
            return future
        self._waiting.append((record, urgent, future))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.get_running_loop().create_task(self._write())
        return future

    async def _write(self) -> None:
        while self._waiting:
            turn, self._waiting = self._waiting, []
            records = [record for record, _, _ in turn]
            urgent = any(urgent for _, urgent, _ in turn)
            try:
                offsets = await asyncio.get_running_loop().run_in_executor(self._thread, self._append, records, urgent)
            except OSError as error:  # LogFull, LogBroken
                await self._fail(error, turn)
                return
            for (_, _, future), offset in zip(turn, offsets, strict=True):
                if not future.done():
                    future.set_result(offset)

    def _append(self, records: list[Record], urgent: bool) -> list[int]:
        log: Log = self.transport.writing_log
        return log.append(records, urgent=urgent)

    async def _fail(self, error: BaseException, turn: list[tuple[Record, bool, asyncio.Future[int]]]) -> None:
        self._failed = ProducerSendError(str(error))
        turn, self._waiting = turn + self._waiting, []
        for _, _, future in turn:
            if not future.done():
                future.set_exception(self._failed)
                future.exception()  # it is told to the worker below, whoever awaits it or not
        await self.transport.give_up(error)

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,  # noqa: ARG002  the log stamps
        headers: Any,
        *,
        transactional_id: str | None = None,  # noqa: ARG002  no transactions of Faust's
    ) -> Awaitable[RecordMetadata]:
        pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
        texts = tuple((name, text.decode() if isinstance(text, bytes) else text) for name, text in pairs)
        future = self.put(Record(topic, partition or 0, value or b"", key, texts))
        result: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda done: _pass_on(done, result, TP(topic, partition or 0)))
        return result

    async def send_and_wait(self, *args: Any, **kwargs: Any) -> RecordMetadata:
        return await (await self.send(*args, **kwargs))

    async def flush(self) -> None:
        """Until everything sent so far is on disk. Raises `ProducerSendError` where it could not be written."""
        if self.buffer.size:
            await self.buffer.flush()
        while self._writer is not None and not self._writer.done():
            await asyncio.wait([self._writer])
        if self._failed is not None:
            raise self._failed

    async def on_stop(self) -> None:
        if self._failed is None:
            await self.flush()
        self._thread.shutdown(wait=True)

    def key_partition(self, topic: str, key: bytes | None) -> TP:  # noqa: ARG002  ours is the area's number
        return TP(topic, 0)

    async def create_topic(self, topic: str, partitions: int, replication: int, **_kwargs: Any) -> None:  # noqa: ARG002
        self.transport.declare(topic, partitions)

    def supports_headers(self) -> bool:
        return True


def _pass_on(done: asyncio.Future[int], result: asyncio.Future[RecordMetadata], tp: TP) -> None:
    if result.done():
        return
    if done.cancelled():
        result.cancel()
    elif error := done.exception():
        result.set_exception(error)
        result.exception()
    else:
        result.set_result(RecordMetadata(tp.topic, tp.partition, tp, done.result(), None, 0))


class Transport(base.Transport):  # type: ignore[misc]  # Faust is untyped
    Consumer: ClassVar[type] = Consumer
    Producer: ClassVar[type] = Producer
    driver_version = "the SQLite log"
    default_port = 0

    def __init__(self, url: list[Any], app: Any, loop: asyncio.AbstractEventLoop | None = None) -> None:
        super().__init__(url, app, loop)
        self.declared: dict[str, range] = {}
        self._log: Log | None = None
        self._writing: Log | None = None
        self._claims: list[Claim] = []

    @property
    def log(self) -> Log:
        """For reading and positions, in the loop."""
        if self._log is None:
            self._log = open_log(self._log_url())
        return self._log

    @property
    def writing_log(self) -> Log:
        """For the producer's thread."""
        if self._writing is None:
            self._writing = open_log(self._log_url())
        return self._writing

    def _log_url(self) -> str:
        """What `address` was given: of a relative path the parsed URL keeps two slashes less."""
        return f"{self.url[0].scheme}:///{self.url[0].path.removeprefix('/')}"

    def declare(self, topic: str, partitions: int) -> None:
        self.declared[topic] = range(partitions)

    def take_claims(self) -> None:
        """One worker an app and area. Raises `Taken`."""
        wanted = _wanted.get(self.app)
        names = [self.app.conf.id] if wanted is None else [f"{self.app.conf.id}-{partition}" for partition in sorted(wanted)]
        try:
            for name in names:
                self._claims.append(self.log.claim(name))
        except Taken:
            self.drop_claims()
            raise

    def drop_claims(self) -> None:
        while self._claims:
            self._claims.pop().release()

    async def give_up(self, error: BaseException) -> None:
        """Stop the app with this reason: see `failure_of`. Faust's worker then exits non-zero."""
        _failures.setdefault(self.app, []).append(error)
        await self.app.crash(error)
