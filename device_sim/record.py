"""Writes what the pretend coast says as a recording, and the truth beside it, without a broker."""

from collections.abc import Iterator
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

from msgspec import json

from device_sim.coast import Coast, Said, truth
from device_sim.scenario import Scenario
from ingest.recording_file import write_recording
from ingest.site import Site

WAY = 40  # ms from a device to the bridge, of the pretend network
BACKLOG = 5  # ms between two messages of what waited during an outage


def record(site: Site, scenario: Scenario, seed: int, start_ms: int, out: Path, truth_out: Path) -> None:
    """Same site, scenario, seed and start: same bytes. The scenario must have an end (`lasts`), else a day is written.

    In a recording every press is heard at once, so nothing is repeated; what is said during an outage is received after it, with `ts` as it was
    and without `sent`, as of a client that queues.
    """
    coast = Coast(site, scenario, seed, start_ms)
    with write_recording(out) as lines:
        clock = _ticks(coast) if coast.outages else iter(())
        tick = next(clock, None)
        for received, said in received_lines(coast):
            while tick is not None and tick["now"] < received:
                for area in site.areas:
                    lines.write(tick["now"], f"coast/{area.id}/bridge/tick", tick)
                tick = next(clock, None)
            lines.write(received, f"coast/{said.device.area}/{said.device.id}/{said.kind}", said.payload)
    truth_out.parent.mkdir(parents=True, exist_ok=True)
    with truth_out.open("wb") as lines_of_truth:
        lines_of_truth.writelines(json.encode(one) + b"\n" for one in truth(coast.staged))


def received_lines(coast: Coast) -> Iterator[tuple[int, Said]]:
    """(received in ms, what), in the order of `received`."""
    waiting: list[tuple[int, int, Said]] = []
    backlog: dict[int, int] = {}
    for order, said in enumerate(coast.said()):
        outage = next((one for one in coast.outages if one.at <= said.at < one.until), None)
        if outage is None:
            heappush(waiting, (said.at + WAY, order, said))
        else:
            place = backlog[outage.until] = backlog.get(outage.until, 0) + 1
            payload: dict[str, Any] = {name: value for name, value in said.payload.items() if name != "sent"}
            heappush(waiting, (outage.until + WAY + place * BACKLOG, order, said._replace(payload=payload)))
        while waiting and waiting[0][0] <= said.at:
            received, _, first = heappop(waiting)
            yield received, first
    while waiting:
        received, _, first = heappop(waiting)
        yield received, first


def _ticks(coast: Coast) -> Iterator[dict[str, int]]:
    """A bridge's ticks: `heard` stands still while the network is away and for the second in which it returns."""
    heard, connects = coast.start, 1
    for now in range(coast.start + 1_000, coast.end + 300_000, 1_000):
        away = any(outage.at <= now < outage.until + 1_000 for outage in coast.outages)
        connects += any(outage.until <= now < outage.until + 1_000 for outage in coast.outages)
        heard += 0 if away else 1_000
        yield {"ts": now, "now": now, "heard": heard, "connects": connects}
