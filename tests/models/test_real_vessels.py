"""What M12 and M14 make of a real burst of AIS: 23 minutes, 10,631 vessels, a plain site around them. The figures stand in docs/real-data.md."""

import os
from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest
from msgspec import structs

from alerts.hearing import Hearing
from ingest.events import Position, Tick
from ingest.formats.marinecadastre import Row, read
from ingest.site import Zone
from ingest.site_make import plain_site
from tests.models.hearing import runs

BURST = Path(os.environ.get("COAST_DATA", Path(__file__).parents[3] / "shared" / "data")) / "ais" / "us_marinecadastre_20220103.csv.gz"
pytestmark = pytest.mark.skipif(not BURST.is_file(), reason="the real table of vessels is not here (COAST_DATA)")
MINUTE = 60_000
FIELDS = ("vessel", "sog", "cog", "name", "ship_type", "length")
BUSY = (-90.10, 29.91, -90.02, 29.97)  # a bend of the Mississippi at New Orleans, a fairway that no site would forbid


@lru_cache(maxsize=1)
def fixes() -> tuple[Position, ...]:
    rows = [row for row in read(BURST) if isinstance(row, Row) and row.kind == "position"]
    begin = rows[0].at
    return tuple(
        Position(
            device="ais-1", received=row.at, ts=row.at, position=tuple(row.payload["position"]), class_=row.payload.get("class"),
            **{name: row.payload.get(name) for name in FIELDS},
        )
        for row in rows if row.at - begin < 24 * MINUTE
    )  # fmt: skip


def heard(more=(), zones=(), minutes: int = 120) -> list:
    """Findings of M12 and M14 over the burst, then `more`, then silence; a tick every 10 s."""
    coast = structs.replace(plain_site("burst", (-90.0, 28.0), 3000), zones=zones)
    events = [*fixes(), *more]
    begin = events[0].received
    ticks = [Tick(device="bridge", received=at, now=at, heard=at - begin, connects=1) for at in range(begin, begin + minutes * MINUTE, 10_000)]
    hearing, found = Hearing(coast, coast.areas[0]), []
    hearing.models = tuple(model for model in hearing.models if model.code in ("M12", "M14"))
    for run in runs(sorted([*ticks, *events], key=lambda event: event.received)):
        found += hearing.take(run)[1]
    assert hearing.disabled == {}
    return found


def test_its_sudden_end_is_nobodys_silence():
    assert heard() == []


def test_three_of_ten_falling_silent_at_once_are_few_alerts():
    """The MMSI that end in 0 go on, so that the receiver lives and most neighbours are heard: what is told is what had been heard often enough."""
    last = {event.vessel: event for event in fixes() if int(event.vessel[-1] if event.vessel[-1].isdigit() else 1) == 0}
    end = max(event.received for event in last.values())
    more = [structs.replace(event, received=at, ts=at) for at in range(end, end + 90 * MINUTE, 3 * MINUTE) for event in last.values()]
    silenced = {event.vessel for event in fixes()} - set(last)
    found = heard(more)
    assert {(each.model, each.level) for each in found} <= {("M12", "blue")}
    assert 0 < len(found) <= 0.04 * len(silenced)


def test_without_zones_nobody_is_out_of_bounds_and_a_zone_tells_of_those_in_it_once_each():
    west, south, east, north = BUSY
    ring = (west, south), (east, south), (east, north), (west, north), (west, south)
    found = [each for each in heard(zones=(Zone("bend", "forbidden", ("area-1",), "bend", "bend", ring),), minutes=24) if each.model == "M14"]
    inside = {event.vessel for event in fixes() if west <= event.position[0] <= east and south <= event.position[1] <= north}
    told = Counter(each.subject for each in found if each.code == "inside" and each.level == "orange")
    assert set(told.values()) == {1}
    assert set(told) <= inside
    assert len(told) >= 0.9 * len(inside)
