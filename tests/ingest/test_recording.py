"""Recordings are read in order, ticked where they have no ticks, and what the log exports reads back as the same events."""

import gzip
import json
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct

from ingest.events import KINDS, Heartbeat, Sos, Tick
from ingest.log import EVENTS, Record, open_log
from ingest.recording import batches, export, read_recording, reread, write
from ingest.records import Batch, Codec
from ingest.wire import Door
from tests.ingest.coast import NOW, site


def values(annotation: Any, meta: Meta | None = None) -> st.SearchStrategy:
    """Anything that a row's field may hold."""
    metas = [one for one in getattr(annotation, "__metadata__", ()) if isinstance(one, Meta)]
    if metas:
        return values(annotation.__origin__, metas[0])
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return st.one_of(*(values(part) for part in parts))
    if origin is Literal:
        return st.sampled_from(parts)
    if origin is tuple:
        if parts[-1] is ...:
            return st.lists(values(parts[0]), max_size=3).map(tuple)
        return st.tuples(*(values(part) for part in parts))
    if origin is dict:
        return st.dictionaries(st.text(max_size=5), st.integers(0, 9) | st.text(max_size=5), max_size=3)
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return rows(annotation)
    low, high = (meta.ge, meta.le) if meta else (None, None)
    return {
        NoneType: st.none(),
        bool: st.booleans(),
        int: st.integers(-(2**53) if low is None else low, 2**53 if high is None else high),
        float: st.floats(-1e9 if low is None else low, 1e9 if high is None else high),
        str: st.text(max_size=8),
        bytes: st.binary(max_size=20),
    }[annotation]


def rows(row: type) -> st.SearchStrategy:
    special = {
        "device": st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True) | st.text(min_size=1, max_size=9),
        "received": st.just(NOW),
        "ts": st.none() | st.just(NOW - 5),
        "sent": st.none() | st.just(NOW),
    }
    if row.__name__ in ("Work", "Permit"):
        special["device"] = st.just("desk-1")
    special = {name: one for name, one in special.items() if "received" in row.__struct_fields__}
    if row.__name__ == "Position":
        special["heading"] = st.none() | st.floats(0, 360)
    hints = get_type_hints(row, include_extras=True)
    return st.fixed_dictionaries({name: special.get(name, values(hints[name])) for name in row.__struct_fields__}).map(lambda fields: row(**fields))


@settings(max_examples=500, deadline=None)
@given(st.one_of(*(rows(row) for row in KINDS)))
def test_what_is_written_reads_back_as_the_same_event(event):
    topic, payload = write(event, "west")
    assert reread(topic, msgspec.json.encode(payload), event.received) == event
    assert reread(topic, msgspec.json.encode(payload), event.received) != msgspec.structs.replace(event, received=1)


def _file(folder, name, lines):
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    path = folder / name
    path.write_bytes({".gz": gzip.compress, ".zst": zstandard.compress}.get(path.suffix, bytes)(text))
    return path


def _at(seconds, battery=0.5, box="box-1"):
    stamp = NOW + int(seconds * 1000)
    return {"received": stamp, "topic": f"coast/west/{box}/heartbeat", "payload": {"ts": stamp, "battery": battery}}


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_lines_are_put_in_order_of_reception(tmp_path, name):
    path = _file(tmp_path, name, [_at(5), _at(0), _at(3)])
    assert [line.received - NOW for line in read_recording(path)] == [0, 3000, 5000]


def test_a_line_over_ten_minutes_late_is_refused_with_its_number(tmp_path):
    path = _file(tmp_path, "a.jsonl", [_at(0), _at(700), _at(50)])
    with pytest.raises(ValueError, match="line 3"):
        list(read_recording(path))


@pytest.mark.parametrize("text", ["hello", '{"topic":"x"}', '{"received":"2026-11-23T01:02:03","topic":"x"}', '{"received":5}'])
def test_a_line_that_cannot_be_read_is_told_by_its_number(tmp_path, text):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(_at(0)) + "\n" + text + "\n")
    with pytest.raises(ValueError, match="line 2"):
        list(read_recording(path))


def test_a_recording_without_ticks_is_ticked_once_a_second_also_where_nothing_came(tmp_path):
    path = _file(tmp_path, "a.jsonl", [_at(0), _at(0.4), _at(3.5)])
    found = list(batches(read_recording(path), Door(site())))
    west = [batch.events for area, _, batch in found if area == 1]
    assert [[type(event).__name__ for event in events] for events in west] == [
        ["Heartbeat", "Heartbeat", "Tick"],
        ["Tick"],
        ["Tick"],
        ["Heartbeat", "Tick"],
    ]
    assert [events[-1].now - NOW for events in west] == [1000, 2000, 3000, 4000]
    assert all(events[-1].heard == events[-1].now for events in west)
    assert [batch.events[-1].now for area, _, batch in found if area == 2] == [events[-1].now for events in west]


def test_own_ticks_are_kept_and_none_are_made(tmp_path):
    tick = {"received": NOW + 1000, "topic": "coast/west/bridge/tick", "payload": {"now": NOW + 1000, "heard": 7}}
    found = list(batches(read_recording(_file(tmp_path, "a.jsonl", [_at(0), tick, _at(2)])), Door(site())))
    assert [[type(event).__name__ for event in batch.events] for _, _, batch in found] == [["Heartbeat", "Tick"], ["Heartbeat"]]


def test_no_batch_is_over_500_events(tmp_path):
    path = _file(tmp_path, "a.jsonl", [_at(i / 2000) for i in range(1200)])
    assert [len(batch.events) for area, _, batch in batches(read_recording(path), Door(site())) if area == 1] == [500, 500, 201]


def test_text_and_base64_payloads_and_refusals(tmp_path):
    lines = [
        {"received": NOW, "topic": "coast/west/box-1/sos", "base64": "/w=="},
        {"received": NOW, "topic": "coast/west/box-1/sos", "text": "help"},
        {"received": NOW, "topic": "coast/west/box-9/heartbeat", "payload": {}},
    ]
    refused = []
    found = list(batches(read_recording(_file(tmp_path, "a.jsonl", lines)), Door(site()), refused))
    assert [event.raw for event in found[0][2].events if isinstance(event, Sos)] == [b"\xff", b"help"]
    assert [one.reason for one in refused] == ["device"]


def test_an_export_of_the_log_reads_back_as_the_same_records(tmp_path):
    log = open_log(f"sqlite:///{tmp_path / 'log.db'}")
    codec = Codec()
    sent = [
        (
            1,
            Batch(
                "rev", [Heartbeat(device="box-1", received=NOW, ts=NOW, battery=0.5), Tick(device="bridge", received=NOW, ts=NOW, now=NOW, heard=1)]
            ),
        ),
        (2, Batch("rev", [Sos(device="box-2", received=NOW, raw=b"\xff", flags=("odd", "clock"))])),
        (1, Batch("rev2", [Heartbeat(device="box-1", received=NOW + 1, ts=NOW)])),
    ]
    for area, batch in sent:
        log.append([Record(EVENTS, area, codec.pack(batch))])
    path = tmp_path / "export.jsonl"
    path.write_text("".join(export(log, {1: "west", 2: "east"}, snapshot={"alerts": []})))
    log.close()
    lines = list(read_recording(path))
    assert json.loads(lines[0].snapshot) == {"alerts": []}
    found = list(batches(iter(lines), Door(site())))
    assert sorted(((area, offset) for area, offset, _ in found)) == [(1, 0), (1, 1), (2, 0)]
    assert {(area, offset): batch for area, offset, batch in found} == {(1, 0): sent[0][1], (2, 0): sent[1][1], (1, 1): sent[2][1]}
