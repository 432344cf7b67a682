"""What a device's clock and counter are believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from alerts.intake import Intake
from ingest.events import Heartbeat, Sos, Tracks
from tests.small_coast import START, beat, box, fix, press


def test_a_backlog_without_sent_is_late_and_no_clock_fault_when_earlier_messages_had_sent():
    intake = Intake()
    for i in range(5):
        intake.take(beat(1, START + i * 30_000, i), urgent=False)
    back = START + 1_500_000
    at, late, _, clock = intake.take(Heartbeat(device=box(1), received=back, ts=START + 150_000, seq=5, boot=7, battery=0.5), urgent=False)
    assert (at, late) == (START + 150_050, back - START - 150_050)
    assert abs(clock) < 1_000


def test_a_clock_that_was_set_is_learnt_anew():
    intake = Intake()
    for i in range(5):
        intake.take(beat(1, START + i * 30_000, i, sent=None), urgent=False)
    hour = 3_600_000
    moved = Heartbeat(device=box(1), received=START + 150_050, ts=START + 150_000 - hour, seq=5, boot=7, uptime=150.0)
    at, late, _, _ = intake.take(moved, urgent=False)
    assert (at, late) == (START + 150_050, None)


def test_the_first_heartbeat_of_a_new_boot_is_a_restart_whatever_came_before_it():
    intake = Intake()
    intake.take(beat(1, START, 0), urgent=False)
    intake.take(press(1, START + 1_000, 0, boot=8), urgent=True)
    assert intake.take(beat(1, START + 2_000, 1, boot=8), urgent=False)[2] is True
    assert intake.take(beat(1, START + 32_000, 2, boot=8), urgent=False)[2] is False


def test_what_fills_a_hole_is_new_and_what_was_heard_is_not():
    intake = Intake()
    heard = [intake.take(beat(1, START + seq * 30_000, seq), urgent=False) is not None for seq in (0, 1, 5, 6, 3, 3, 2, 4, 4, 1, 6)]
    assert heard == [True, True, True, True, True, False, True, True, False, False, False]


def test_a_counter_that_began_again_without_a_new_boot_is_no_repetition():
    intake = Intake()
    for seq in range(50):
        intake.take(beat(1, START + seq * 30_000, seq), urgent=False)
    later = START + 50 * 30_000
    assert all(intake.take(beat(1, later + seq * 30_000, seq), urgent=False) is not None for seq in range(20))


def test_the_previous_boot_is_still_known_and_older_ones_are_dropped_and_counted():
    intake = Intake()
    for boot in (1, 2, 3):
        intake.take(beat(1, START + boot * 60_000, 0, boot=boot), urgent=False)
    assert intake.take(beat(1, START + 2 * 60_000 + 30_000, 1, boot=2), urgent=False) is not None
    assert intake.take(beat(1, START + 60_000 + 30_000, 1, boot=1), urgent=False) is None
    assert intake.outdated == 1
    assert intake.take(Sos(device=box(1), received=START + 200_000, ts=START, seq=9, boot=1), urgent=True) is not None


def test_memory_of_holes_and_presses_is_bounded():
    intake = Intake()
    for seq in range(0, 100_000, 2):
        intake.take(beat(1, START + seq, seq), urgent=False)
    for seq in range(5_000):
        intake.take(press(1, START + seq, seq), urgent=True)
    boot = intake.known[box(1)].boot
    assert len(boot.gaps) <= 64
    assert len(boot.urgent) <= 256


def test_one_wrong_time_of_a_receiver_without_boots_is_forgotten_within_an_hour():
    intake = Intake()
    hour = 3_600_000

    def late(at: int, ts: int) -> int:
        event = fix("412000001", at, 118.8, 24.8, ts=ts)
        return event.received - intake.fix(event)

    assert late(START, START) < 1_000
    late(START + 10_000, START + 10_000 + 5 * hour)
    assert late(START + 20_000, START + 20_000) > hour
    for minute in range(1, 63):
        late(START + minute * 60_000, START + minute * 60_000)
    assert late(START + 63 * 60_000, START + 63 * 60_000) < 1_000


MESSAGES = st.lists(
    st.fixed_dictionaries({
        "step": st.sampled_from([0, 40, 1_000, 30_000, 2_000_000]), "ago": st.sampled_from([-3_600_000, 0, 50, 70_000]),
        "seq": st.one_of(st.none(), st.integers(0, 4), st.just("next")), "boot": st.sampled_from([None, 1, 1, 1, 2]), "sent": st.sampled_from([None, 0, 50]),
    }),
    max_size=30,
)  # fmt: skip


@pytest.mark.parametrize("quick", ["fix", "beat", "look"])
@given(messages=MESSAGES)
def test_the_quick_ways_of_heavy_kinds_take_an_event_as_the_long_way_does(quick, messages):
    kinds = {"fix": fix("412000001", START, 118.8, 24.8), "beat": beat(1, START, 0), "look": Tracks(device="cam-1", received=START, objects=())}
    plain = kinds[quick]
    short, long, now, last = Intake(), Intake(), START, -1
    for message in messages:
        now += message["step"]
        seq = last + 1 if message["seq"] == "next" else message["seq"]
        last = last if seq is None else seq
        sent = None if message["sent"] is None else now - message["sent"]
        more = {"uptime": (now - START) / 1000} if quick == "beat" else {}
        event = structs.replace(plain, received=now, ts=now - message["ago"], sent=sent, seq=seq, boot=message["boot"], **more)
        mine, taken = getattr(short, quick)(event), long.take(event, urgent=False)
        at = mine if quick == "fix" or mine is None else mine[1]
        assert at == (None if taken is None else taken[0])
        assert (short.known, short.repeated, short.outdated) == (long.known, long.repeated, long.outdated)
