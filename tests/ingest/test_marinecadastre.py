"""The US Coast Guard's table: hygiene of its values, order, and the beacon that is in it."""

import gzip
import os
from pathlib import Path

import pytest

from ingest.formats import marinecadastre
from ingest.formats.marinecadastre import Row, decode, read

DATA = Path(os.environ.get("COAST_DATA", Path(__file__).parents[3] / "shared" / "data")) / "ais" / "us_marinecadastre_20220103.csv.gz"
HEAD = "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,Width,Draft,Cargo,TransceiverClass,t"
SHIP = "367379190,2022-01-03T00:00:00,30.3706,-88.56408,0.0,336.2,511,EAGLE,IMO8207721,WTD4583,31.0,0.0,28.0,11.0,3.3,52.0,A,"


def one(line):
    (row,) = decode([HEAD, line])
    return row


def test_a_ship_keeps_what_it_said_and_loses_what_it_did_not_know():
    assert one(SHIP) == Row(1_641_168_000_000, "position", {
        "ts": 1_641_168_000_000, "vessel": "367379190", "position": [-88.56408, 30.3706], "sog": 0.0, "system": "ais", "cog": 336.2, "nav_status": 0,
        "name": "EAGLE", "callsign": "WTD4583", "imo": 8207721, "ship_type": 31, "length": 28.0, "class": "A",
    })  # fmt: skip


@pytest.mark.parametrize("status", [14, 15])
def test_a_beacon_is_a_distress_and_its_test_a_test(status):
    row = one(f"972971214,2022-01-03T00:00:10,29.82391,-89.9977,17.2,191.3,511,,,,,{status}.0,,,,,A,")
    assert (row.kind, row.payload["source"], row.payload["test"]) == ("distress", "mob", status == 15)


@pytest.mark.parametrize(("wrong", "says"), [
    (SHIP.replace("367379190", "3669884"), "9 digits"), (SHIP.replace("30.3706", "91"), "no position"),
    (SHIP.replace("2022-01-03T", "yesterday "), "line 2"), (SHIP.replace("30.3706", ""), "line 2"), ("367379190", "line 2"),
])  # fmt: skip
def test_a_row_that_cannot_be_used_is_told_with_its_line(wrong, says):
    assert says in one(wrong)


def test_rows_come_in_the_order_of_time_however_long_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(marinecadastre, "RUN", 3)
    seconds = [5, 3, 59, 0, 7, 1, 3, 40, 2, 6]
    path = tmp_path / "ships.csv.gz"
    with gzip.open(path, "wt") as out:
        out.write("\n".join([HEAD, *(SHIP.replace("00:00:00", f"00:00:{s:02d}") for s in seconds)]))
    assert [(row.at - 1_641_168_000_000) // 1000 for row in read(path)] == sorted(seconds)


@pytest.mark.skipif(not DATA.is_file(), reason="the real table is not here (COAST_DATA)")
def test_the_real_table_has_one_beacon_and_no_value_that_means_not_available():
    rows = [row for row in read(DATA) if isinstance(row, Row)]
    assert len(rows) == 99_900
    assert {row.payload["vessel"] for row in rows if row.kind == "distress"} == {"972971214"}
    assert all(
        row.payload.get("heading", 0) < 360 and row.payload.get("cog", 0) < 360 and (row.payload["sog"] or 0) < 102.3
        for row in rows
        if "sog" in row.payload
    )
