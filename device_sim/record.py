"""Writes what the pretend coast says as a recording, and the truth beside it, without a broker."""

from collections.abc import Iterator
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

from msgspec import json, structs

from device_sim.coast import Coast, Said
from device_sim.scenario import Scenario
from ingest.recording import Line
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
        for received, topic, payload in messages(coast):
            lines.write(received, topic, payload)
    truth_out.parent.mkdir(parents=True, exist_ok=True)
    with truth_out.open("wb") as lines_of_truth:
        lines_of_truth.writelines(json.encode(one) + b"\n" for one in coast.truth)


def as_read(coast: Coast) -> Iterator[Line]:
    """As `read_recording` would give what `record` writes."""
    for number, (received, topic, payload) in enumerate(messages(coast), 1):
        yield Line(number, received, topic, json.encode(payload))


def messages(coast: Coast) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """(received in ms, topic, payload), with a bridge's ticks where the network is away for a time."""
    clock = _ticks(coast) if coast.outages else iter(())
    tick = next(clock, None)
    for received, said in received_lines(coast):
        while tick is not None and tick["now"] < received:
            for area in coast.site.areas:
                yield tick["now"], f"coast/{area.id}/bridge/tick", tick
            tick = next(clock, None)
        yield received, f"coast/{said.device.area}/{said.device.id}/{said.kind}", said.payload


def played(coast: Coast) -> Site:
    """The site with those boxes, lights and cameras alone that take part: the rest is not silent, it is not there."""
    kept = {device.id for device in (*coast.cast.boxes, *coast.cast.lights, *coast.cast.cameras)}
    devices = tuple(each for each in coast.site.devices if each.id in kept or each.type not in ("box", "light", "camera"))
    return structs.replace(
        coast.site, devices=tuple(structs.replace(each, neighbours=tuple(n for n in each.neighbours if n in kept)) for each in devices)
    )


def received_lines(coast: Coast) -> Iterator[tuple[int, Said]]:
    """(received in ms, what), in the order of `received`."""
    waiting: list[tuple[int, int, Said]] = []
    backlog: dict[int, int] = {}
    for order, said in enumerate(coast.said()):
        outage = next((one for one in coast.outages if one.at <= said.at < one.until), None)
        if outage is None:
            heappush(waiting, (said.at + WAY + said.waits, order, said))
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
