"""The budgets of all seventeen models beyond the plain fold: small batches, a tick in which everything falls silent, memory, a crowded sea, a large area."""

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

from alerts.fold import Fold
from alerts.hearing import Hearing
from alerts.judge import together
from bench.figure import Figure, least
from bench.fold import BOXES, RATE, VESSELS, WARM
from bench.load import START, records, widened
from ingest.events import Heartbeat, Position, Tick
from ingest.records import Batch, Codec
from ingest.settings import Settings
from ingest.site import Site
from ingest.site_files import read_site

SECOND, MINUTE = 1_000, 60_000  # ms
SMALL = 100  # events a batch
PIECE, PIECES = 15, 6  # s of log time, and how often


def measure() -> list[Figure]:
    site = read_site(Settings().site)
    area = site.areas[0].id
    wide = widened(site, area, BOXES)
    return [*_small(wide, area), _silence(wide, area), *_memory(site, area), _crowded(site, area), *_large(site, area)]


def _small(site: Site, area: str) -> list[Figure]:
    """Small batches each by itself, as when the processor keeps up; and those that wait, as when it catches up."""
    packed, codec = records(site, area, WARM + PIECES * PIECE, RATE, SMALL, VESSELS), Codec()
    each = RATE // SMALL

    def events(values: list[bytes]) -> Iterator[list[Any]]:
        return (joined.batch.events for joined in together(enumerate(map(codec.unpack, values))))

    def events_alone(values: list[bytes]) -> Iterator[list[Any]]:
        return (codec.unpack(value).events for value in values)

    def rate(cut: Callable[[list[bytes]], Iterator[list[Any]]]) -> float:
        hearing, took = Hearing(site, site.area_of[area]), []

        def run(values: list[bytes]) -> None:
            for some in cut(values):
                tick = some.pop() if type(some[-1]) is Tick else None
                hearing.take(some)
                if tick is not None:
                    hearing.take([tick])

        run(packed[: WARM * each])
        gc.collect()
        gc.freeze()
        for at in range(WARM * each, len(packed), PIECE * each):
            began = time.process_time()
            run(packed[at : at + PIECE * each])
            took.append(time.process_time() - began)
        gc.unfreeze()
        return PIECE * (RATE + 1) / least(took)

    joined, alone = rate(events), rate(events_alone)
    return [
        Figure(f"fold: log bytes to findings, all models, batches of {SMALL}", alone, "events/s a core", at_least=150_000, beside="each judged by itself"),
        Figure("… that wait, as when the processor catches up", joined, "events/s a core", beside=f"joined up to a tick; {joined / alone:.2f} of the row above"),
    ]  # fmt: skip


def _silence(site: Site, area: str) -> Figure:
    """Forty minutes after the last word of every device and vessel, in one tick."""
    took = []
    for _ in range(3):
        fold = Fold(site, site.area_of[area])
        for n, value in enumerate(records(site, area, WARM, RATE, vessels=VESSELS)):
            fold.step(n, Codec().unpack(value))
        later = fold.hearing.now + 40 * MINUTE
        tick = Tick(device="bridge", received=later, now=later, heard=fold.hearing.heard + 40 * MINUTE, connects=1)
        began = time.process_time()
        fold.step(fold.offset + 1, Batch(site.revision, [tick]))
        took.append(time.process_time() - began)
    return Figure("a tick in which everything falls silent", 1e3 * least(took), "ms", at_most=50, beside=f"{BOXES:,} boxes and lights, {VESSELS} vessels, with the life cycle")  # fmt: skip


def _memory(site: Site, area: str) -> list[Figure]:
    few, many = 2_000, 4_000
    _traced(site, area, few)  # what is imported and kept once is nobody's memory
    boxes = (_traced(widened(site, area, many), area, 0) - _traced(widened(site, area, few), area, 0)) / (many - few)
    vessels = (_traced(site, area, many) - _traced(site, area, few)) / (many - few)
    return [
        Figure("memory of an idle box, all models", boxes, "bytes", at_most=200, beside="clock, counters, a row in each model"),
        Figure("memory of a vessel, all models", vessels, "bytes", at_most=400, beside="under way, a fix every ten seconds for three minutes"),
    ]


def _traced(site: Site, area: str, vessels: int) -> int:
    """Bytes that a hearing holds after every box spoke three times, and every vessel for three minutes."""
    boxes = [device.id for device in site.devices if device.area == area and device.type in ("box", "light")]
    receiver = next(device.id for device in site.devices if device.area == area and device.type == "receiver")
    origin = site.area_of[area].origin
    gc.collect()
    tracemalloc.start()
    hearing = Hearing(site, site.area_of[area])
    for turn in range(18 if vessels else 3):
        now = START + turn * (10 if vessels else 30) * SECOND
        if vessels:
            hearing.take([
                Position(device=receiver, received=now, ts=now, vessel=f"4120{n:05d}", sog=6.0, cog=90.0, class_="A",
                         position=(round(origin[0] + 0.3 + n % 200 * 1e-3 + turn * 3e-4, 5), round(origin[1] - 0.05 - n // 200 * 1e-3, 5)))
                for n in range(vessels)
            ])  # fmt: skip
        else:
            hearing.take([Heartbeat(device=name, received=now, ts=now, sent=now, seq=turn, boot=7, battery=0.9) for name in boxes])
        hearing.take([Tick(device="bridge", received=now + 900, now=now + 900, heard=now + 900 - START, connects=1)])
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return held


def _crowded(site: Site, area: str) -> Figure:
    """M13 alone, 5,000 vessels that drift, 2,000 of them in one anchorage."""
    hearing, origin, took = Hearing(site, site.area_of[area]), site.area_of[area].origin, []
    hearing.models = tuple(model for model in hearing.models if model.code == "M13")
    receiver = next(device.id for device in site.devices if device.area == area and device.type == "receiver")
    for minute in range(8):
        now = START + minute * MINUTE
        hearing.take([
            Position(device=receiver, received=now, ts=now, vessel=f"4120{n:05d}", sog=0.3, cog=10.0, position=(
                round(origin[0] + 0.4 + (n % 50 * 6e-4 if n < 2_000 else 0.05 + n % 100 * 3e-3), 6),
                round(origin[1] - 0.05 - (n // 50 * 7e-4 if n < 2_000 else n // 100 * 3e-3), 6)))
            for n in range(5_000)
        ])  # fmt: skip
        tick = Tick(device="bridge", received=now + MINUTE - 1, now=now + MINUTE - 1, heard=now + MINUTE - 1 - START, connects=1)
        began = time.process_time()
        hearing.take([tick])
        took.append(time.process_time() - began)
    return Figure(
        "M13 with 5,000 vessels in one area, a log minute", 1e3 * least(took[2:]), "ms", at_most=10, beside="2,000 of them in one anchorage"
    )


def _large(site: Site, area: str) -> list[Figure]:
    wide, took = widened(site, area, 5_000), []
    fold = Fold(wide, wide.area_of[area])
    for n, value in enumerate(records(wide, area, WARM, RATE, vessels=2_000)):
        fold.step(n, Codec().unpack(value))
    for _ in range(5):
        began = time.process_time()
        packed = fold.snapshot()
        took.append(time.process_time() - began)
    about = "5,000 boxes and lights, 2,000 vessels"
    return [
        Figure("snapshot of a large area", 1e3 * least(took), "ms", at_most=20, beside=about),
        Figure(
            "snapshot of a large area, size", len(packed) / 1e6, "MB", at_most=5, beside=f"{len(Codec().pack_bytes(packed)) / 1e6:.2f} MB in the log"
        ),
    ]
