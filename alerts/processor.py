"""The processor: a Faust app that gives every record of `events` to its area's judge and appends what comes out.

Faust reads, in order and a partition at a time, and writes; memory and positions are ours (`judge.py`), because only what a durable snapshot includes may
count as read. An exception stops the worker; a record that stopped it three times is skipped, and said so in the log.
"""

import asyncio
import contextlib
import gc
import json
import signal
import time
from pathlib import Path
from typing import Any

import faust
import structlog

from alerts.judge import Judge, skip
from ingest import transport
from ingest.events import System
from ingest.log import EVENTS, Log, Record, open_log
from ingest.records import Batch, Codec
from ingest.revisions import current_site
from ingest.settings import Settings
from ingest.site import Site

say = structlog.get_logger()

HELD = 20  # records that are judged together at most, where so many wait; ours
STOPS = 3  # at one record, before it is skipped; architecture
RETAIN_EVERY = 60.0  # s between two looks at what may be removed; ours
JUDGED = "judged"  # reader whose position says how far the areas are judged; "processor" is what the last snapshot includes, up to 10 s older
SAY_EVERY = 1.0  # s between two such positions; ours: the page's chain is drawn once a second


def main(settings: Settings) -> int:
    return asyncio.run(Processor(settings).run())


class Processor:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.judges: dict[int, Judge] = {}
        self.stops = self._read_stops()  # area -> the record that stopped the worker last, and how often in a row
        self.status = 0
        self.stopping = asyncio.Event()

    async def run(self) -> int:
        """Until SIGTERM or SIGINT (0), or until something fell (1)."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.stopping.set)
        log = open_log(self.settings.log_url)
        site = current_site(log, self.settings.site)
        app = self._app(site)
        for area in self._areas(site):
            self.judges[area] = self._begin(log, site, area)
        gc.collect()
        gc.freeze()  # sites and memories live as long as the process: the collector need not look at them again
        async with app:
            beside = [asyncio.create_task(self._retain()), asyncio.create_task(self._say_where(log))]
            await self.stopping.wait()
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            if self.status == 0:
                for judge in self.judges.values():
                    await self._snapshot(app, judge)
        if (failure := transport.failure_of(app)) is not None:
            say.error("the log failed", why=str(failure))
            return 1
        return self.status

    def _areas(self, site: Site) -> list[int]:
        wanted = [name for name in self.settings.areas.split(",") if name]
        return [area.number for area in site.areas if not wanted or area.id in wanted]

    def _app(self, site: Site) -> faust.App:
        transport.register()
        app = faust.App(
            "processor", broker=transport.address(self.settings.log_url), store="memory://", web_enabled=False, autodiscover=False, topic_disable_leader=True,
            topic_allow_declare=False, datadir=str(Path(self.settings.home) / "faust"), loop=asyncio.get_running_loop(),
        )  # fmt: skip
        transport.only_partitions(app, self._areas(site))
        transport.start_at(app, lambda _topic, partition: self.judges[partition].wanted)
        topic = app.topic(EVENTS, value_type=bytes, value_serializer="raw", key_type=bytes, key_serializer="raw")

        @app.agent(topic)  # type: ignore[untyped-decorator]  # Faust is untyped
        async def judging(stream: Any) -> None:
            waiting: dict[int, list[tuple[int, bytes]]] = {}
            held = 0
            async for event in stream.events():
                waiting.setdefault(event.message.partition, []).append((event.message.offset, event.value))
                held += 1
                if held < HELD and not event.message.headers and not stream.channel.empty():
                    continue  # the next one is here already, and this one has no press
                for area, records in waiting.items():
                    await self._take(app, area, records)
                waiting, held = {}, 0

        return app

    def _begin(self, log: Log, site: Site, area: int) -> Judge:
        judge = Judge(log, site, area)
        if complaints := judge.complaints(_now()):
            log.append(complaints, urgent=True)
        offset, count = self.stops.get(str(area), (-1, 0))
        if count >= STOPS:
            say.error("a record is skipped", area=area, offset=offset)
            event = System(device="processor", received=_now(), part="processor", code="skipped", values={"offset": offset})
            log.append([skip(area, offset), Record(EVENTS, area, Codec().pack(Batch(site.revision, [event])))], urgent=True)
            judge.skips.add(offset)
            self._save_stops({**self.stops, str(area): (-1, 0)})
        return judge

    async def _take(self, app: faust.App, area: int, records: list[tuple[int, bytes]]) -> None:
        suspect = self.stops.get(str(area), (-1, 0))[0]  # up to here one by one, so that it shows which record it is
        alone = [[record] for record in records if record[0] <= suspect]
        for some in (*alone, [record for record in records if record[0] > suspect]):
            if some and not self.status:  # stopping: nothing more is judged, and all of it will be read again
                await self._judge(app, area, some)

    async def _judge(self, app: faust.App, area: int, records: list[tuple[int, bytes]]) -> None:
        judge = self.judges[area]
        try:
            for record in judge.take(records):
                app.producer.put(record)
        except Exception:  # noqa: BLE001 — a bug outside the models: said, counted, and read again after the restart
            offset = records[-1][0]
            say.exception("a record could not be judged", area=area, offset=offset, records=len(records))
            before, count = self.stops.get(str(area), (-1, 0))
            self._save_stops({**self.stops, str(area): (offset, count + 1 if before == offset else 1)})
            self.status = 1
            self.stopping.set()
            return
        if judge.due():
            await self._snapshot(app, judge)

    async def _snapshot(self, app: faust.App, judge: Judge) -> None:
        """Everything sent before it is on disk when its head is: they stand in one queue."""
        offset, now = judge.fold.offset, judge.fold.now
        if offset <= judge.saved:
            return
        await transport.send(app, judge.snapshot())
        judge.kept(offset, now)
        transport.log_of(app).save_positions("processor", [(EVENTS, judge.number, offset + 1)])

    async def _say_where(self, log: Log) -> None:
        """For the page, which must see a stuck processor in a quiet hour too: how far each area is judged. Nothing starts from here."""
        while True:
            await asyncio.sleep(SAY_EVERY)
            reached = [(EVENTS, area, judge.fold.offset + 1) for area, judge in self.judges.items() if judge.fold.offset >= 0]
            with contextlib.suppress(OSError):  # a full or broken log stops the engine itself, which says so
                await asyncio.to_thread(log.save_positions, JUDGED, reached)

    async def _retain(self) -> None:
        while True:
            await asyncio.sleep(RETAIN_EVERY)
            try:
                kept = await asyncio.to_thread(self._retain_once)
            except OSError as away:
                say.warning("retention did not run", why=str(away))
                continue
            for passed in kept:
                say.error("retention passed a reader", reader=passed.reader, topic=passed.topic, records=passed.lost)

    def _retain_once(self) -> tuple[Any, ...]:
        log = open_log(self.settings.log_url)
        try:
            floors = {(EVENTS, area): log.position("archive", EVENTS, area) or 0 for area in log.partitions(EVENTS)}  # archive before delete
            passed = log.retain(self.settings.log_cap, _now(), floors).passed
            for each in passed:
                values = {"subject": each.reader, "topic": each.topic, "records": each.lost}
                event = System(device="processor", received=_now(), part="log", code="retention", values=values)
                revision = current_site(log, self.settings.site).revision
                log.append([Record(EVENTS, each.partition, Codec().pack(Batch(revision, [event])))], urgent=True)
            return passed
        finally:
            log.close()

    def _read_stops(self) -> dict[str, tuple[int, int]]:
        path = Path(self.settings.home) / "processor-stops.json"
        return {area: (offset, count) for area, (offset, count) in json.loads(path.read_text()).items()} if path.exists() else {}

    def _save_stops(self, stops: dict[str, tuple[int, int]]) -> None:
        self.stops = stops
        path = Path(self.settings.home) / "processor-stops.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(stops))
        fresh.replace(path)


def _now() -> int:
    return int(time.time() * 1000)
