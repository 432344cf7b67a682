"""`log ls` and `log tail`: what a person sees of the log."""

import json

import msgspec
import pytest

from ingest.events import Sos
from ingest.log import EVENTS, REFUSED, Record, open_log
from ingest.log_view import Row, ls, tail
from ingest.records import Batch, Codec


@pytest.fixture
def log(tmp_path):
    log, codec = open_log(f"sqlite:///{tmp_path / 'log.db'}"), Codec()
    for number in range(3):
        batch = codec.pack(Batch("rev", [Sos(device="b1", received=number, raw=b"\xff")]))
        log.append([Record(EVENTS, number % 2, batch, headers=(("presses", "1"),))])
    log.append([Record(REFUSED, 0, codec.pack_bytes(msgspec.json.encode({"reason": "kind"})), b"b1"), Record(REFUSED, 0, b"\x09broken")])
    yield log
    log.close()


def test_ls_has_a_row_for_each_partition_that_was_written(log):
    assert [row[:4] for row in ls(log)] == [(EVENTS, 0, 0, 2), (EVENTS, 1, 0, 1), (REFUSED, 0, 0, 2)]
    assert all(isinstance(row, Row) and row.bytes > 0 for row in ls(log))


def test_tail_shows_events_by_name_and_is_json(log):
    rows = list(tail(log, EVENTS))
    assert [(row["partition"], row["offset"]) for row in rows] == [(0, 0), (1, 0), (0, 1)] or len({row["at"] for row in rows}) < 3
    first = rows[0]
    assert first["headers"] == {"presses": "1"}
    assert first["events"][0]["kind"] == "sos"
    assert first["events"][0]["device"] == "b1"
    assert first["events"][0]["raw"] == {"base64": "/w=="}
    json.dumps(rows)


def test_tail_of_one_area_and_only_the_last(log):
    assert [(row["partition"], row["offset"]) for row in tail(log, EVENTS, 0, last=1)] == [(0, 1)]


def test_what_cannot_be_read_says_so_instead_of_stopping(log):
    good, bad = tail(log, REFUSED)
    assert (good["key"], good["value"]) == ("b1", {"reason": "kind"})
    assert "format" in bad["unreadable"]


def test_follow_shows_what_comes_also_in_a_new_area(log):
    def sleep(_seconds):
        log.append([Record(EVENTS, 5, Codec().pack(Batch("rev", [])))])

    shown = tail(log, EVENTS, follow=True, last=0, sleep=sleep)
    assert (next(shown)["partition"], next(shown)["offset"]) == (5, 1)
