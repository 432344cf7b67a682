"""What the broker dropped is counted from holes in devices' `seq`, also across a restart of the bridge."""

import msgspec
import pytest

from ingest.events import Heartbeat
from ingest.gaps import PATIENCE, SPAN, Gaps, recent
from ingest.log import EVENTS, Record
from ingest.log_sqlite import SqliteLog
from ingest.records import Batch, Codec
from ingest.refusals import Refused

T = 1_750_000_000_000


def beat(seq: int, at: int = T, boot: int = 1, device: str = "box-1") -> Heartbeat:
    return Heartbeat(device=device, received=at, ts=at, seq=seq, boot=boot)


def heard(*beats: Heartbeat) -> Gaps:
    gaps = Gaps()
    for each in beats:
        gaps.note(each)
    return gaps


def test_a_hole_counts_after_a_minute_and_once():
    gaps = heard(beat(0), beat(1), beat(5))
    assert gaps.lost(T + PATIENCE - 1) == {}
    assert gaps.lost(T + PATIENCE) == {"box-1": 3}
    assert gaps.lost(T + 2 * PATIENCE) == {}


def test_what_comes_after_all_is_not_lost():
    assert heard(beat(0), beat(3), beat(2), beat(1)).lost(T + PATIENCE) == {}


def test_an_urgent_message_that_overtakes_thousands_of_the_bulk_loses_none_of_them():
    gaps = heard(beat(0), beat(2_500), *(beat(seq) for seq in range(1, 1_200)))
    assert gaps.lost(T + PATIENCE - 1) == {}
    for seq in (*range(1_300, 2_500), 1_250):
        gaps.note(beat(seq))
    assert gaps.lost(T + PATIENCE) == {"box-1": 99}  # 1,200 to 1,299 but for one


def test_a_new_boot_and_a_repetition_are_no_hole():
    assert heard(beat(7), beat(0, boot=2), beat(0, boot=2), beat(1, boot=2)).lost(T + PATIENCE) == {}


def test_a_huge_hole_is_counted_and_kept_as_one_run():
    gaps = heard(beat(0), beat(1_000_001))
    assert sum(map(len, gaps._holes.values())) <= 200
    assert sum(gaps.lost(T + PATIENCE).values()) + sum(gaps.lost(T + PATIENCE).values()) == 1_000_000


def turned_away(payload: bytes, device: str = "box-1") -> Refused:
    return Refused(T, f"coast/bay/{device}/heartbeat", device, "range", "", payload)


@pytest.mark.parametrize("pack", [msgspec.json.encode, msgspec.msgpack.encode])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 1, 3, 2)])
def test_what_was_refused_is_not_lost(pack, order):
    gaps = Gaps()
    for seq in order:
        if seq == 2:
            gaps.refused(turned_away(pack({"seq": 2, "boot": 1, "battery": 7})))
        else:
            gaps.note(beat(seq))
    assert gaps.lost(T + PATIENCE) == {}


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"help!!", b"[1]", b'{"seq": "2"}', b'{"seq": 900, "boot": 1}', b'{"seq": 2, "boot": 9}', b'{"seq": 2}', b"\xc1" * 9, b"[" * 9_000],
)
def test_what_is_no_message_or_claims_another_place_fills_no_hole_and_makes_none(payload):
    gaps = heard(beat(0), beat(1))
    gaps.refused(turned_away(payload))
    assert gaps.lost(T + PATIENCE) == {}
    gaps.note(beat(3))
    assert gaps.lost(T + PATIENCE) == {"box-1": 1}


def test_whoever_is_not_known_is_not_remembered_for_what_was_refused():
    gaps = Gaps()
    gaps.refused(turned_away(b'{"seq": 5, "boot": 1}', device="made-up"))
    gaps.note(beat(9, device="made-up"))
    assert gaps.lost(T + PATIENCE) == {}


@pytest.fixture
def log(tmp_path):
    log = SqliteLog(tmp_path / "log.db", clock=lambda: log.now)
    yield log
    log.close()


def say(log: SqliteLog, *beats: Heartbeat) -> None:
    for each in beats:
        log.now = each.received
        log.append([Record(EVENTS, 0, Codec().pack(Batch("r", [each])))])


def test_what_was_dropped_while_no_bridge_ran_is_counted_by_the_next(log):
    say(log, *(beat(n, T + n * 1_000) for n in range(10)))
    gaps = Gaps()
    gaps.remember(recent(log, Codec(), 0))
    gaps.note(beat(25, T + 120_000))
    assert gaps.lost(T + 120_000 + PATIENCE) == {"box-1": 15}


def test_a_hole_of_before_the_restart_is_counted_once(log):
    say(log, beat(0), beat(5), beat(6, T + PATIENCE), beat(9, T + PATIENCE + 5_000))
    gaps = Gaps()
    gaps.remember(recent(log, Codec(), 0))
    gaps.note(beat(10, T + PATIENCE + 6_000))
    assert gaps.lost(T + 3 * PATIENCE) == {"box-1": 2}, "the first hole was counted by the bridge before"


def test_only_the_newest_of_the_log_is_read_back_in_order(log):
    say(log, *(beat(n, T + n * 1_000) for n in range(1_000)))
    seen = [each.seq for each in recent(log, Codec(), 0)]
    assert seen == list(range(seen[0], 1_000))
    assert SPAN / 1_000 <= len(seen) <= SPAN / 1_000 + 200
    assert list(recent(log, Codec(), 7)) == []
