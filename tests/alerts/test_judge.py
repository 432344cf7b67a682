"""A judge's memory in the log: snapshots by turns, torn ones, records skipped after three stops, records that retention took."""

import pytest

from alerts import snapshots
from alerts.judge import Judge, skip, together
from alerts.outcomes import unpack
from ingest.log import ALERTS, CHANGELOG, EVENTS, Record
from ingest.log_sqlite import SqliteLog
from ingest.records import Batch, Codec, Unreadable
from ingest.revisions import apply_site
from ingest.site import with_revision
from tests.small_coast import START, press, site, tick

SITE = with_revision(site())
CODEC = Codec()


@pytest.fixture
def log(tmp_path):
    log = SqliteLog(tmp_path / "log.db", clock=lambda: START)
    apply_site(log, SITE, START)
    yield log
    log.close()


def hear(log, *events) -> None:
    log.append([Record(EVENTS, 0, CODEC.pack(Batch(SITE.revision, list(events))))])


def catch_up(log, judge: Judge) -> list[bytes]:
    """Judge what waits; the values of topic `alerts` that came out."""
    out = []
    for entry in log.read(EVENTS, 0, judge.fold.offset + 1):
        out += [record.value for record in judge.take([(entry.offset, entry.value)])]
    return out


def keep(log, judge: Judge) -> None:
    log.append(judge.snapshot())
    judge.kept(judge.fold.offset, judge.fold.now)


def test_a_judge_goes_on_where_its_snapshot_ended_and_says_the_same_again_from_there(log):
    judge = Judge(log, SITE, 0)
    hear(log, press(1, START, 1))
    catch_up(log, judge)
    keep(log, judge)
    hear(log, press(2, START + 1_000, 1), tick(START + 2_000))
    first = catch_up(log, judge)
    again = Judge(log, SITE, 0)
    assert again.wanted == judge.wanted
    assert catch_up(log, again) == first
    assert len(again.fold.life.open_list()) == 2


def test_a_snapshot_torn_in_the_middle_falls_back_to_the_one_before_and_says_so(log):
    judge = Judge(log, SITE, 0)
    for n in range(2):
        hear(log, press(n, START + n * 1_000, 1))
        catch_up(log, judge)
        keep(log, judge)
    whole, torn = snapshots.newest(log, 0)
    assert torn == 0
    log.append([Record(CHANGELOG, 0, b"half", f"{whole.head.slot}/0".encode())])  # the chunk of the newest is another's
    before, torn = snapshots.newest(log, 0)
    assert (before.head.slot, torn) == (snapshots.other(whole.head.slot), 1)
    again = Judge(log, SITE, 0)
    assert again.wanted == before.head.offset + 1
    (told,) = again.complaints(START)
    assert [event.code for event in CODEC.unpack(told.value).events] == ["snapshot_torn"]
    catch_up(log, again)
    assert len(again.fold.life.open_list()) == 2


def test_chunks_without_a_head_are_no_snapshot(log):
    hear(log, press(1, START, 1))
    judge = Judge(log, SITE, 0)
    catch_up(log, judge)
    log.append(judge.snapshot()[:-1])
    assert snapshots.newest(log, 0) == (None, 0)


def test_the_list_of_open_alerts_stands_before_the_snapshot(log):
    judge = Judge(log, SITE, 0)
    hear(log, press(1, START, 1))
    catch_up(log, judge)
    records = judge.snapshot()
    assert records[0].topic == ALERTS
    assert [record.topic for record in records[1:]] == [CHANGELOG] * (len(records) - 1)


def test_a_record_said_to_be_skipped_is_not_judged(log):
    hear(log, press(1, START, 1))
    hear(log, press(2, START + 1_000, 1))
    last = log.bounds(EVENTS, 0)[1] - 1
    log.append([skip(0, last - 1)])
    judge = Judge(log, SITE, 0)
    catch_up(log, judge)
    assert [alert.subject for alert in (case.alert for case in judge.fold.life.board.open.values())] == ["box-02"]


def test_what_waits_is_judged_as_fewer_larger_records_but_never_across_a_tick_a_hole_or_a_site():
    def record(count: int, *more, site: str = "r1") -> Batch:
        return Batch(site, [*(press(1, START + n, n) for n in range(count)), *more])

    def offsets(*records: tuple[int, Batch]) -> list[tuple[int, int, int]]:
        return [(each.first, each.last, len(each.batch.events)) for each in together(records)]

    small = record(100)
    assert offsets(*((n, small) for n in range(7))) == [(0, 4, 500), (5, 6, 200)]
    assert offsets((0, small), (1, record(99, tick(START))), (2, small)) == [(0, 1, 200), (2, 2, 100)]
    assert offsets((0, small), (2, small)) == [(0, 0, 100), (2, 2, 100)]
    assert offsets((0, small), (1, record(1, site="r2"))) == [(0, 0, 100), (1, 1, 1)]
    assert offsets((0, record(0)), (1, record(900)), (2, small)) == [(0, 1, 900), (2, 2, 100)]


def test_records_judged_together_say_what_they_say_one_by_one_also_around_one_that_is_skipped(log):
    for n in range(9):
        hear(log, press(n, START + n * 300, 1), *([tick(START + n * 300)] if n % 4 == 3 else []))
    first = log.bounds(EVENTS, 0)[0]
    log.append([skip(0, first + 6)])  # the first is the site
    one_by_one, at_once = Judge(log, SITE, 0), Judge(log, SITE, 0)
    told = [alert for value in catch_up(log, one_by_one) for alert in unpack(value).alerts]
    waiting = log.read(EVENTS, 0, at_once.fold.offset + 1)
    records = at_once.take((each.offset, each.value) for each in waiting)
    assert [alert for record in records for alert in unpack(record.value).alerts] == told
    assert len(records) == 4, "up to a tick, up to what is skipped, up to a tick, the rest"
    assert {alert.subject for alert in told} == {f"box-{n:02d}" for n in range(9)} - {"box-05"}
    assert at_once.fold.snapshot() == one_by_one.fold.snapshot()


def test_bytes_that_nobody_can_read_stop_the_judge(log):
    judge = Judge(log, SITE, 0)
    with pytest.raises(Unreadable):
        judge.take([(judge.wanted, b"\x09from a later version")])
    with pytest.raises(Unreadable):
        judge.take([(judge.wanted, b"\x01broken")])


def test_what_retention_took_before_it_was_judged_is_said(log):
    for n in range(50):
        hear(log, press(1, START + n * 60_000, n))
    judge = Judge(log, SITE, 0)
    catch_up(log, judge)
    log.save_positions("processor", [(EVENTS, 0, log.bounds(EVENTS, 0)[1])])
    log.retain(1, START + 1, {})
    again = Judge(log, SITE, 0)
    assert log.bounds(EVENTS, 0)[0] > 0
    codes = [event.code for record in again.complaints(START) for event in CODEC.unpack(record.value).events]
    assert codes == ["log_lost"]
