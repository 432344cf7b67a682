"""The fold of the mixed load, from log bytes to findings and to alerts; a quiet tick; a snapshot; what an event costs in the log."""

import gc
import time

from alerts.fold import Fold
from alerts.hearing import Hearing
from bench.figure import Figure, least
from bench.load import records, widened
from ingest.events import Tick
from ingest.records import Batch, Codec
from ingest.settings import Settings
from ingest.site_files import read_site

BOXES, VESSELS, RATE = 9_000, 750, 500  # a heartbeat every 30 s, a position every 10 s, a batch of 500 with its tick every second
WARM, PIECES, PIECE = 100, 12, 15  # s of log time: three heartbeats of each prove the clocks; then so many pieces
FIRST = ("M01", "M02", "M12")  # the models that the first budget was set for
BUDGET, ALL_BUDGET = 400_000, 250_000  # events a second a core: with the first three models, with all


def measure() -> list[Figure]:
    site = read_site(Settings().site)
    area = site.areas[0]
    site = widened(site, area.id, BOXES)
    packed = records(site, area.id, WARM + PIECES * PIECE, RATE, vessels=VESSELS)
    events = PIECE * (RATE + 1)
    gc.disable()
    unpacked = events / _unpack(packed)
    gc.enable()
    few = Hearing(site, site.area_of[area.id])
    few.models = tuple(model for model in few.models if model.code in FIRST)
    first, whole = events / _hear(few, packed), Hearing(site, site.area_of[area.id])
    heard = events / _hear(whole, packed)
    fold = Fold(site, site.area_of[area.id])
    folded = events / _fold(fold, packed)
    took, snapshot = _snapshot(fold)
    size = sum(map(len, packed)) / len(packed) / (RATE + 1)
    about = f"{BOXES:,} boxes and lights, {VESSELS} vessels, batches of {RATE} and a tick"
    return [
        Figure("fold: log bytes to findings, the first three models", first, "events/s a core", at_least=BUDGET,
               beside=f"{first / unpacked:.2f} of unpacking alone, {unpacked:,.0f}; {about}"),
        Figure(f"fold: log bytes to findings, all {len(whole.models)} models", heard, "events/s a core", at_least=ALL_BUDGET,
               beside=f"{heard / first:.2f} of the row above"),
        Figure("fold: log bytes to alerts (with the life cycle)", folded, "events/s a core", beside=f"{folded / heard:.2f} of the row above"),
        Figure("catching up: the fold beside 5,000 events/s", folded / 5_000, "x real time", at_least=30, beside="CPU of the fold alone, not a live processor"),
        Figure("a quiet tick", 1e6 * _tick(fold), "µs", beside=about),
        Figure("snapshot of an area", 1e3 * took, "ms", beside=f"{len(snapshot) / 1e6:.2f} MB, {len(Codec().pack_bytes(snapshot)) / 1e6:.2f} MB in the log"),
        Figure("log: bytes an event (records, zstd)", size, "bytes", beside=f"{size * RATE * 86_400 / 1e9:.1f} GB a day at {RATE}/s, "
               f"{size * 5_000 * 86_400 / 1e9:.0f} GB at 5,000/s; the mixed load, batches of {RATE}"),
    ]  # fmt: skip


def _pieces(packed: list[bytes]) -> list[list[bytes]]:
    return [packed[at : at + PIECE] for at in range(WARM, len(packed), PIECE)]


def _unpack(packed: list[bytes]) -> float:
    codec, took = Codec(), []
    for piece in _pieces(packed):
        began = time.process_time()
        for value in piece:
            codec.unpack(value)
        took.append(time.process_time() - began)
    return least(took)


def _hear(hearing: Hearing, packed: list[bytes]) -> float:
    codec = Codec()

    def run(piece: list[bytes]) -> None:
        for value in piece:
            batch = codec.unpack(value).events
            tick = batch.pop()
            hearing.take(batch)
            hearing.take([tick])

    return _timed(run, packed)


def _fold(fold: Fold, packed: list[bytes]) -> float:
    codec = Codec()

    def run(piece: list[bytes]) -> None:
        for value in piece:
            fold.step(fold.offset + 1, codec.unpack(value))

    return _timed(run, packed)


def _timed(run, packed: list[bytes]) -> float:
    run(packed[:WARM])
    gc.collect()
    gc.freeze()  # as the processor does once it has its memory
    took = []
    for piece in _pieces(packed):
        began = time.process_time()
        run(piece)
        took.append(time.process_time() - began)
    gc.unfreeze()
    return least(took)


def _tick(fold: Fold) -> float:
    """Mean of 30 quiet seconds, so that what happens every 10 s has its share; best of 5."""
    hearing, took = fold.hearing, []
    for _ in range(5):
        began = time.process_time()
        for _ in range(30):
            tick = Tick(device="bridge", received=hearing.now + 1_000, now=hearing.now + 1_000, heard=hearing.heard, connects=1)
            fold.step(fold.offset + 1, Batch(fold.site.revision, [tick]))
        took.append((time.process_time() - began) / 30)
    return least(took)


def _snapshot(fold: Fold) -> tuple[float, bytes]:
    took = []
    for _ in range(5):
        began = time.process_time()
        packed = fold.snapshot()
        took.append(time.process_time() - began)
    return least(took), packed
