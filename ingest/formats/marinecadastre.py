"""The AIS table of the US Coast Guard (MarineCadastre: MMSI, BaseDateTime, LAT, LON, SOG, …) into wire payloads, in the order of time.

Source of the columns: marinecadastre.gov, AIS data dictionary. Times are UTC without an offset. "Not available" (102.3, 360, 511) becomes absent.
"""

import csv
import gzip
import heapq
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from ingest.formats.nmea import BEACONS

WINDOW = 20_000  # rows, some 20 MB; ours


class Row(NamedTuple):
    """One row as the wire says it: `at` in ms, `kind` is `position` or `distress`."""

    at: int
    kind: str
    payload: dict[str, Any]


def read(path: Path) -> Iterator[Row | str]:
    """The rows of a `.csv` or `.csv.gz` in the order of time, and texts: why a row was left out.

    Memory is bounded: rows wait in a heap of `WINDOW`, so a row that stands further from its place than that is left out.
    """
    heap: list[tuple[int, int, Row]] = []
    last = 0
    with gzip.open(path, "rt", encoding="utf-8", newline="") if path.suffix == ".gz" else path.open(encoding="utf-8", newline="") as lines:
        for order, row in enumerate(decode(lines)):
            if isinstance(row, str):
                yield row
            elif row.at < last:
                yield f"a row of {row.payload['vessel']} stands more than {WINDOW} rows after its time"
            else:
                heapq.heappush(heap, (row.at, order, row))
                if len(heap) > WINDOW:
                    last, _, first = heapq.heappop(heap)
                    yield first
    while heap:
        yield heapq.heappop(heap)[2]


def decode(lines: Iterable[str]) -> Iterator[Row | str]:
    """The rows of a table with a header line, in its order; a text where a row cannot be used: the line's number and why."""
    for number, record in enumerate(csv.DictReader(lines), start=2):
        mmsi = (record.get("MMSI") or "").strip()
        if len(mmsi) != 9 or not mmsi.isdecimal():
            yield f"line {number}: MMSI {mmsi[:20]} is not of 9 digits"
            continue
        try:
            yield _row(mmsi, record)
        except (ValueError, KeyError, TypeError) as wrong:
            yield f"line {number}: {wrong}"


def _row(mmsi: str, record: dict[str, str]) -> Row:
    at = round(datetime.fromisoformat(record["BaseDateTime"]).replace(tzinfo=UTC).timestamp() * 1000)
    longitude, latitude = float(record["LON"]), float(record["LAT"])
    if abs(longitude) > 180 or abs(latitude) > 90:
        raise ValueError(f"no position: {longitude}, {latitude}")
    status = _number(record.get("Status"), 16)
    seen: dict[str, Any] = {"ts": at, "vessel": mmsi, "position": [longitude, latitude], "sog": _number(record.get("SOG"), 102.3)}
    if mmsi[:3] in BEACONS and status in {14, 15}:
        return Row(at, "distress", {**seen, "source": BEACONS[mmsi[:3]], "test": status == 15})
    imo = (record.get("IMO") or "").removeprefix("IMO")
    seen |= {
        "system": "ais",
        "cog": _number(record.get("COG"), 360),
        "heading": _number(record.get("Heading"), 360),
        "nav_status": None if status is None else int(status),
        "name": (record.get("VesselName") or "").strip() or None,
        "callsign": (record.get("CallSign") or "").strip() or None,
        "imo": int(imo) or None if imo.isdecimal() else None,
        "ship_type": int(kind) if (kind := _number(record.get("VesselType"), 1025)) else None,
        "length": _number(record.get("Length"), 1023) or None,
        "class": cls if (cls := record.get("TransceiverClass")) in {"A", "B"} else None,
    }
    return Row(at, "position", {name: value for name, value in seen.items() if value is not None})


def _number(text: str | None, limit: float) -> float | None:
    """None where nothing is written, and outside 0 ≤ value < limit."""
    if not text:
        return None
    value = float(text)
    return value if 0 <= value < limit else None
