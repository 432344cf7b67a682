"""What every log must do. A test module gives a fixture `open_it` (a factory: each call opens the same log once more) and inherits `LogContract`."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.log import CHANGELOG, EVENTS, REFUSED, Log, Record, Taken, open_log

Opener = Callable[[], Log]
PROCESSES = multiprocessing.get_context("spawn")


def numbers(log: Log, topic: str, partition: int) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    offset = 0
    while entries := log.read(topic, partition, offset):
        found += [(entry.offset, entry.value) for entry in entries]
        offset = entries[-1].offset + 1
    return found


def write_for_ever(url: str, pipe) -> None:
    log, number = open_log(url), 0
    while True:
        records = [Record(EVENTS, partition, f"{number}".encode()) for partition in (0, 1) for _ in range(3)]
        pipe.send(log.append(records))
        number += 1


def write_some(url: str, name: int, count: int) -> None:
    log = open_log(url)
    for number in range(count):
        log.append([Record(EVENTS, 0, f"{name} {number}".encode()), Record(EVENTS, 1 + name, b"own")])


class LogContract:
    url: str

    def test_each_partition_keeps_the_order_of_appending(self, open_it: Opener):
        log = open_it()
        offsets = log.append([Record(EVENTS, number % 3, b"%d" % number) for number in range(30)])
        assert offsets == [number // 3 for number in range(30)]
        for partition in range(3):
            assert numbers(log, EVENTS, partition) == [(place, b"%d" % (place * 3 + partition)) for place in range(10)]

    def test_topics_and_partitions_do_not_hear_each_other(self, open_it: Opener):
        log = open_it()
        log.append([Record(EVENTS, 7, b"a"), Record(CHANGELOG, 7, b"b", b"k")])
        assert log.bounds(EVENTS, 7) == (0, 1)
        assert log.bounds(EVENTS, 8) == (0, 0)
        assert log.read(EVENTS, 8, 0) == []
        assert log.partitions(EVENTS) == [7]
        assert (log.size(EVENTS, 7), log.size(CHANGELOG, 7), log.size(EVENTS, 8)) == (1, 2, 0)

    def test_key_headers_and_any_bytes_come_back_as_they_were(self, open_it: Opener):
        log = open_it()
        value = bytes(range(256)) * 2000  # half a megabyte, as large as a record may be
        headers = (("presses", "2"), ("site", "abc"))
        log.append([Record(EVENTS, 0, value, b"\x00key", headers), Record(EVENTS, 0, b"")])
        first, second = log.read(EVENTS, 0, 0)
        assert (first.value, first.key, first.headers) == (value, b"\x00key", headers)
        assert (second.value, second.key, second.headers) == (b"", None, ())
        assert first.at > 0

    def test_a_read_is_bounded_and_goes_on_where_it_ended(self, open_it: Opener):
        log = open_it()
        log.append([Record(EVENTS, 0, b"%d" % number) for number in range(25)])
        assert [entry.offset for entry in log.read(EVENTS, 0, 20, limit=3)] == [20, 21, 22]
        assert log.read(EVENTS, 0, 25) == []
        assert len(numbers(log, EVENTS, 0)) == 25

    def test_nothing_appended_is_nothing_done(self, open_it: Opener):
        assert open_it().append([]) == []

    def test_a_reader_finds_its_own_position_again(self, open_it: Opener):
        log = open_it()
        assert log.position("recorder", EVENTS, 0) is None
        log.save_positions("recorder", [(EVENTS, 0, 5), (EVENTS, 1, 0)])
        log.save_positions("console", [(EVENTS, 0, 9)])
        log.save_positions("recorder", [(EVENTS, 0, 6)])
        log.close()
        again = open_it()
        assert (again.position("recorder", EVENTS, 0), again.position("recorder", EVENTS, 1), again.position("console", EVENTS, 0)) == (6, 0, 9)

    def test_a_restart_goes_on_with_the_next_offset(self, open_it: Opener):
        log = open_it()
        log.append([Record(EVENTS, 0, b"a"), Record(EVENTS, 0, b"b")])
        log.close()
        again = open_it()
        assert again.append([Record(EVENTS, 0, b"c")]) == [2]
        assert numbers(again, EVENTS, 0) == [(0, b"a"), (1, b"b"), (2, b"c")]

    def test_what_was_returned_survives_kill_9_without_a_gap(self, open_it: Opener):
        ours, theirs = PROCESSES.Pipe(duplex=False)
        writer = PROCESSES.Process(target=write_for_ever, args=(self.url, theirs), daemon=True)
        writer.start()
        returned = [ours.recv() for _ in range(50)]
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        theirs.close()
        while ours.poll():
            try:
                returned.append(ours.recv())
            except EOFError:
                break
        log = open_it()
        for partition in (0, 1):
            found = numbers(log, EVENTS, partition)
            assert [offset for offset, _ in found] == list(range(log.bounds(EVENTS, partition)[1]))
            assert len(found) % 3 == 0, "half a call was kept"
            assert len(found) >= 3 * len(returned)
            assert [value for _, value in found] == [b"%d" % (offset // 3) for offset, _ in found]

    def test_writers_in_several_processes_share_one_order(self, open_it: Opener):
        writers = [PROCESSES.Process(target=write_some, args=(self.url, name, 60)) for name in range(3)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(60)
        assert [writer.exitcode for writer in writers] == [0, 0, 0]
        log = open_it()
        found = numbers(log, EVENTS, 0)
        assert [offset for offset, _ in found] == list(range(180))
        for name in range(3):
            assert [value for _, value in found if value.startswith(b"%d " % name)] == [b"%d %d" % (name, number) for number in range(60)]
            assert log.bounds(EVENTS, 1 + name) == (0, 60)

    def test_changed_hears_other_connections_and_is_quiet_otherwise(self, open_it: Opener):
        reader, writer = open_it(), open_it()
        assert reader.changed()
        assert not reader.changed()
        writer.append([Record(EVENTS, 0, b"a")])
        assert reader.changed()
        assert not reader.changed()
        reader.append([Record(EVENTS, 0, b"b")])
        assert reader.changed()
        assert not reader.changed()

    def test_compaction_keeps_the_last_of_each_key_and_never_reuses_an_offset(self, open_it: Opener):
        log = open_it()
        log.append([Record(CHANGELOG, 0, b"%d" % number, b"key%d" % (number % 2)) for number in range(10)])
        log.retain(10**12, 0)
        assert numbers(log, CHANGELOG, 0) == [(8, b"8"), (9, b"9")]
        assert log.bounds(CHANGELOG, 0) == (8, 10)
        assert log.append([Record(CHANGELOG, 0, b"new", b"key0")]) == [10]

    def test_an_emptied_partition_never_restarts_its_offsets(self, open_it: Opener):
        log = open_it()
        log.append([Record(EVENTS, 0, b"x" * 100) for _ in range(250)])
        log.save_positions("processor", [(EVENTS, 0, 250)])
        log.retain(0, 0)
        log.close()
        again = open_it()
        assert again.read(EVENTS, 0, 0) == []
        assert again.bounds(EVENTS, 0) == (250, 250)
        assert again.size(EVENTS, 0) == 0
        assert again.append([Record(EVENTS, 0, b"next")]) == [250]
        assert numbers(again, EVENTS, 0) == [(250, b"next")]

    def test_retention_never_passes_the_processor_or_the_deliverer(self, open_it: Opener):
        log = open_it()
        log.append([Record(EVENTS, 0, b"x" * 1000) for _ in range(100)])
        assert log.retain(0, 0).over, "nobody has said how far the processor is"
        assert log.bounds(EVENTS, 0) == (0, 100)
        log.save_positions("processor", [(EVENTS, 0, 70)])
        log.save_positions("deliverer", [(EVENTS, 0, 40)])
        log.retain(0, 0)
        assert log.bounds(EVENTS, 0)[0] == 40
        log.save_positions("deliverer", [(EVENTS, 0, 100)])
        log.retain(0, 0, {(EVENTS, 0): 50})
        assert log.bounds(EVENTS, 0)[0] == 50, "what is not archived yet stays"
        log.retain(0, 0)
        assert log.bounds(EVENTS, 0)[0] == 70

    def test_retention_passes_others_at_the_cap_and_says_whom(self, open_it: Opener):
        log = open_it()
        log.append([Record(EVENTS, 0, b"x" * 1000) for _ in range(100)])
        log.save_positions("processor", [(EVENTS, 0, 100)])
        log.save_positions("recorder", [(EVENTS, 0, 30)])
        result = log.retain(0, 0)
        assert [(late.reader, late.topic, late.partition, late.lost) for late in result.passed] == [("recorder", EVENTS, 0, 70)]
        assert log.bounds(EVENTS, 0) == (100, 100)

    def test_a_flood_of_refused_messages_pushes_out_nothing_that_was_heard(self, open_it: Opener):
        log = open_it()
        log.append([Record(EVENTS, 0, b"x" * 1000) for _ in range(50)])
        log.append([Record(REFUSED, 0, b"y" * 1000) for _ in range(500)])
        log.save_positions("processor", [(EVENTS, 0, 50)])
        log.retain(1_000_000, 0)
        assert log.bounds(EVENTS, 0) == (0, 50)
        first, following = log.bounds(REFUSED, 0)
        assert following == 500
        assert first >= 450, "they keep a twentieth of the cap, the newest"
        assert log.size(REFUSED, 0) <= 50_000

    def test_below_the_cap_nothing_is_removed(self, open_it: Opener):
        log = open_it()
        log.append([Record(EVENTS, 0, b"x" * 1000) for _ in range(100)])
        log.save_positions("processor", [(EVENTS, 0, 100)])
        assert log.retain(10**12, int(time.time() * 1000) + 5000).removed == 0
        assert log.bounds(EVENTS, 0) == (0, 100)

    def test_a_second_holder_of_a_claim_is_refused_with_a_clear_message(self, open_it: Opener):
        log, other = open_it(), open_it()
        with log.claim("bridge-3"):
            other.claim("bridge-4").release()
            with pytest.raises(Taken, match=r"bridge-3 runs already on this log \(process \d+"):
                other.claim("bridge-3")
        other.claim("bridge-3").release()

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        calls=st.lists(
            st.one_of(
                st.lists(st.tuples(st.integers(0, 2), st.binary(max_size=40)), max_size=6),
                st.integers(0, 12),
            ),
            max_size=20,
        )
    )
    def test_offsets_have_no_gap_and_are_never_given_twice_whatever_is_removed(self, open_it: Opener, calls):
        log = open_it()
        expected = {partition: log.bounds(EVENTS, partition)[1] for partition in range(3)}
        for call in calls:
            if isinstance(call, int):
                log.save_positions("processor", [(EVENTS, partition, max(0, expected[partition] - call)) for partition in range(3)])
                log.retain(0, 0)
                continue
            wanted = []
            for partition, _ in call:
                wanted.append(expected[partition])
                expected[partition] += 1
            assert log.append([Record(EVENTS, partition, value) for partition, value in call]) == wanted
        for partition in range(3):
            first, following = log.bounds(EVENTS, partition)
            assert following == expected[partition]
            assert [offset for offset, _ in numbers(log, EVENTS, partition)] == list(range(first, following))
        log.close()
