"""The same three rules (M02 silence of a device, M12 silence of a vessel, M14 entry into forbidden water) as an idiomatic Bytewax dataflow, beside ours, on one load.

Bytewax is no part of the project: `.venv/bin/python -m pip install bytewax` (Apache-2.0) makes this row, else it says that it is missing.
Its rules are the plain core only (no hysteresis, neighbours, receivers, permits, no memory that is saved), and its timers follow the wall clock.
"""

import datetime as dt
import time
from dataclasses import dataclass
from typing import Any

import shapely

from alerts.hearing import Hearing
from bench.figure import Figure
from bench.fold import BOXES, RATE, VESSELS, WARM
from bench.load import records, widened
from ingest.events import Heartbeat, Position
from ingest.records import Codec
from ingest.settings import Settings
from ingest.site import Site
from ingest.site_files import read_site

SECONDS = 60  # of log time
RULES = ("M02", "M12", "M14")


def measure() -> list[Figure]:
    site = read_site(Settings().site)
    area = site.areas[0].id
    site = widened(site, area, BOXES)
    packed = records(site, area, WARM + SECONDS, RATE, vessels=VESSELS)
    ours = _ours(site, area, packed)
    beside = f"log bytes to findings of {', '.join(RULES)}; ours {ours:,.0f} events/s a core"
    try:
        theirs = _theirs(site, area, packed[WARM:])
    except ImportError:
        return [Figure("three rules beside Bytewax", None, "of it", at_least=2, beside=f"bytewax is not installed here; {beside}")]
    return [Figure("three rules beside Bytewax", ours / theirs, "of it", at_least=2, beside=f"{beside}, Bytewax {theirs:,.0f}")]


def _ours(site: Site, area: str, packed: list[bytes]) -> float:
    hearing, codec = Hearing(site, site.area_of[area]), Codec()
    hearing.models = tuple(model for model in hearing.models if model.code in RULES)
    for n, value in enumerate(packed):
        if n == WARM:
            began = time.process_time()
        batch = codec.unpack(value).events
        tick = batch.pop()
        hearing.take(batch)
        hearing.take([tick])
    return SECONDS * (RATE + 1) / (time.process_time() - began)


def _theirs(site: Site, area: str, packed: list[bytes]) -> float:
    import bytewax.operators as op  # noqa: PLC0415  only this measurement needs it
    from bytewax.dataflow import Dataflow  # noqa: PLC0415
    from bytewax.operators import StatefulLogic  # noqa: PLC0415
    from bytewax.testing import TestingSink, TestingSource, run_main  # noqa: PLC0415

    codec, out = Codec(), []
    zones = [shapely.Polygon(zone.ring) for zone in site.zones if zone.kind in ("forbidden", "border") and area in zone.areas]
    shapely.prepare(zones)

    @dataclass
    class Silent(StatefulLogic):
        """Nothing for so long is told; the next word ends it."""

        after: dt.timedelta
        last: int = 0
        due: dt.datetime | None = None
        told: bool = False

        def on_item(self, value: Any) -> tuple[list[str], bool]:
            told, self.told, self.last = self.told, False, value.ts
            self.due = dt.datetime.now(dt.UTC) + self.after
            return (["over"] if told else []), False

        def on_notify(self) -> tuple[list[str], bool]:
            self.told, self.due = True, None
            return ["silent"], False

        def notify_at(self) -> dt.datetime | None:
            return self.due

        def snapshot(self) -> Any:
            return self.last, self.due, self.told

    @dataclass
    class Entry(StatefulLogic):
        """Two fixes inside are an entry, one outside ends it."""

        inside: int = 0

        def on_item(self, value: Any) -> tuple[list[str], bool]:
            before, here = self.inside, shapely.Point(value.position)
            self.inside = self.inside + 1 if any(zone.contains(here) for zone in zones) else 0
            return (["inside"] if self.inside == 2 else ["over"] if before >= 2 and not self.inside else []), False

        def snapshot(self) -> Any:
            return self.inside

    flow = Dataflow("three_rules")
    events = op.flat_map("unpack", op.input("log", flow, TestingSource(packed)), lambda value: codec.unpack(value).events)
    beats = op.key_on("by_device", op.filter("beats", events, lambda event: type(event) is Heartbeat), lambda event: event.device)
    fixes = op.key_on("by_vessel", op.filter("fixes", events, lambda event: type(event) is Position), lambda event: event.vessel)
    devices = op.stateful("m02", beats, lambda _kept: Silent(dt.timedelta(seconds=90)))
    vessels = op.stateful("m12", fixes, lambda _kept: Silent(dt.timedelta(minutes=30)))
    entries = op.stateful("m14", fixes, lambda _kept: Entry())
    op.output("out", op.merge("all", devices, vessels, entries), TestingSink(out))
    began = time.process_time()
    run_main(flow)
    return len(packed) * (RATE + 1) / (time.process_time() - began)
