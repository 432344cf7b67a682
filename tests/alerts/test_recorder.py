"""The recorder: what it makes of the log, and that nothing is lost or doubled when the store is away or the recorder is killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import zstandard

from alerts.alert import Alert, Bilingual, Change, Outcomes, Page, Reason
from alerts.archive import HOUR, Archive
from alerts.outcomes import pack
from alerts.recorder import LONGEST_WAIT, BackOff, Patience, Waiting
from alerts.recording import Recording
from alerts.store.points import points_of, sub_of, time_of
from alerts.store.sqlite import SqliteStore
from alerts.store.store import StoreAway
from ingest import refusals
from ingest.events import Heartbeat, Position, Sos, Tick, TrackedObject, Tracks, Trip
from ingest.log import ALERTS, EVENTS, REFUSED, Entry, Record, open_log
from ingest.log_sqlite import SqliteLog
from ingest.records import Batch, Codec
from ingest.revisions import apply_site
from tests.small_coast import site

T = 1_780_000_200_000  # ms; a multiple of ten minutes
CODEC = Codec()


def beat(n: int, device: str = "box-01") -> Heartbeat:
    return Heartbeat(device=device, received=T + n * 1000 + 40, ts=T + n * 1000, seq=n, boot=7, battery=(n % 100) / 100)


def record(n: int) -> bytes:
    now = T + n * 1000
    return CODEC.pack(Batch("r1", [beat(n), beat(n, "box-02"), Tick(device="bridge", received=now, now=now, heard=now)]))


def entry(n: int, topic: str = EVENTS, value: bytes | None = None) -> Entry:
    return Entry(topic, 0, n, T + n * 1000 + 50, None, value or record(n), ())


def alert(identity: str = "a1", revision: int = 1, **more) -> Alert:
    return Alert(
        id=identity, key=f"M01/{identity}", model="M01", area="bay", segment="seg-01", subject="box-01", place="QZ-0001", position=(118.8, 24.8), level="red",
        reason=Reason("pressed"), text=Bilingual("一键报警", "SOS"), occurred=T, raised=T, updated=T + revision, revision=revision, audience=("wang", "lin"),
        change=Change("raised", T + revision), **more,
    )  # fmt: skip


def outcomes(*alerts: Alert, offset: int = 0, **more) -> bytes:
    page = Page(alert="a1", revision=1, reason="raised", step=0, at=T, to=("wang",), level="red")
    return pack(Outcomes(area="bay", offset=offset, now=T + 5_000, alerts=alerts, pages=(page,), **more), CODEC)


@pytest.fixture
def store(tmp_path):
    store = SqliteStore(tmp_path / "store.db")
    yield store
    store.close()


@pytest.fixture
def recording(store):
    return Recording(store, {0: "bay"}, {"wang": "room-1", "lin": "station-a"}, lambda: T + 1_000_000)


class Away:
    """A store that is away until the clock says otherwise."""

    def __init__(self, store, until: float) -> None:
        self.store, self.until, self.now, self.tries = store, until, 0.0, 0

    def __getattr__(self, name):
        def ask(*arguments, **named):
            self.tries += 1
            if self.now < self.until:
                raise StoreAway("refused")
            return getattr(self.store, name)(*arguments, **named)

        return ask

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False


def test_what_was_said_is_stored_and_the_position_with_it(recording, store):
    recording.write(recording.take([entry(0), entry(1)]))
    assert store.series("heartbeat", "box-02", "battery", T, T + 2_000) == [(T, 0.0), (T + 1_000, 0.01)]
    assert store.position(EVENTS, 0) == 2


def test_a_store_away_for_a_minute_gets_everything_in_order_and_nothing_twice(store):
    away = Away(store, until=60.0)
    recording = Recording(away, {0: "bay"}, {}, lambda: T)
    patience = Patience(away.wait, BackOff(lambda: 0.5))
    for first in range(0, 90, 30):
        taken = recording.take([entry(n) for n in range(first, first + 30)])
        assert patience.do(lambda taken=taken: recording.write(taken))
    assert store.series("heartbeat", "box-01", "battery", T, T + 90_000) == [(T + n * 1000, n / 100) for n in range(90)]
    assert store.position(EVENTS, 0) == 90
    assert 60 <= away.now < 60 + LONGEST_WAIT
    assert away.tries < 20


def test_back_off_grows_to_its_bound_spread_by_half_and_begins_anew(store):
    low, high = BackOff(lambda: 0.0), BackOff(lambda: 1.0)
    waits = [(low.wait(), high.wait()) for _ in range(10)]
    assert waits[0] == (0.25, 0.75)
    assert waits[-1] == (LONGEST_WAIT * 0.5, LONGEST_WAIT * 1.5)
    low.reset()
    assert low.wait() == 0.25


def test_told_to_stop_while_the_store_is_away_it_stops(store):
    away = Away(store, until=1e9)
    assert Patience(lambda _seconds: True).do(lambda: away.write([], [], [], [])) is False


def test_what_waits_is_bounded_and_a_record_brought_again_is_dropped():
    async def run() -> None:
        waiting = Waiting(most=3 * len(record(0)))
        for n in (0, 1, 0, 1, 2):
            waiting.add(entry(n, value=record(0)))
        assert not waiting.room.is_set()
        assert [one.offset for one in waiting.take()] == [0, 1, 2]
        assert waiting.room.is_set()
        waiting.add(entry(2))
        assert waiting.take() == []

    asyncio.run(run())


def test_killed_between_the_write_and_the_position_nothing_is_doubled(store, recording):
    """A store that saves its position apart, and dies before it does."""
    taken = recording.take([entry(0), entry(1), entry(0, ALERTS, outcomes(alert())), entry(0, REFUSED, refused())])
    store.write(taken.points, taken.alerts, taken.refusals, ())
    assert store.position(EVENTS, 0) is None
    second = Recording(store, {0: "bay"}, {}, lambda: T)
    second.write(second.take([entry(0), entry(1), entry(0, ALERTS, outcomes(alert())), entry(0, REFUSED, refused())]))
    assert len(store.series("heartbeat", "box-01", "battery", T, T + 9_000)) == 2
    assert len(store.history("a1")) == 1
    assert len(store.refused()) == 1
    assert store.position(EVENTS, 0) == 2


def refused() -> bytes:
    return refusals.pack(CODEC, [refusals.Refused(T, "coast/bay/box-01/sos", "box-01", "parse", "broken", b"\xff{")])[0]


def test_a_refusal_is_kept_raw_with_its_reason(recording, store):
    recording.write(recording.take([entry(0, REFUSED, refused())]))
    assert store.refused("box-01")[0].payload == b"\xff{"
    assert store.refused("box-01")[0].reason == "parse"


def test_alerts_and_every_change_of_them(recording, store):
    recording.write(recording.take([entry(0, ALERTS, outcomes(alert(), alert(revision=2)))]))
    assert [one["revision"] for one in store.history("a1")] == [1, 2]
    assert store.alerts()[0]["updated"] == "2026-05-28T20:30:00.002Z"
    assert store.series("alert", "box-01", "rank", T, T + 10) == [(T + 1, 4.0), (T + 2, 4.0)]


def test_what_a_snapshot_no_longer_knows_is_closed_as_superseded_and_what_came_after_it_stays(recording, store):
    recording.write(recording.take([entry(0, ALERTS, outcomes(alert("gone"), alert("stays"), alert("later")))]))
    snapshot = outcomes(offset=1, open=(("stays", 1),))
    recording.write(recording.take([entry(1, ALERTS, snapshot), entry(2, ALERTS, outcomes(alert("later", 2), alert("newer"), offset=2))]))
    assert {one["id"] for one in store.alerts()} == {"stays", "later", "newer"}
    assert store.history("gone")[-1]["outcome"] == "superseded"
    assert store.history("gone")[-1]["revision"] == 2
    assert store.position(ALERTS, 0) == 3


def test_a_store_of_another_log_is_read_from_the_beginning(recording, store):
    store.write([], [], [], [(EVENTS, 0, 500)])
    assert recording.start_at(EVENTS, 0, (0, 20)) == 0
    assert recording.start_at(EVENTS, 0, (100, 900)) == 500
    assert recording.start_at(EVENTS, 0, (600, 900)) == 600
    assert recording.start_at(EVENTS, 1, (0, 5)) == 0


def test_figures_of_whole_windows_only(recording, store):
    recording.write(recording.take([entry(n) for n in range(5, 35)]))
    assert store.series("pipeline", "log", "events", T, T + 60_000) == [(T + 10_000, 30.0), (T + 20_000, 30.0)]
    assert store.series("pipeline", "log", "events_per_second", T, T + 60_000)[0] == (T + 10_000, 3.0)


def test_alert_health_is_told_by_seat_when_ten_minutes_are_over(recording, store):
    recording.write(recording.take([entry(0, ALERTS, outcomes(*[alert(f"a{n}") for n in range(12)])), entry(1)]))
    recording.write(recording.take([entry(601)]))
    for seat in ("all", "room-1", "station-a"):
        assert store.series("alert_health", seat, "raised", T, T + 600_000) == [(T, 12.0)]
        assert store.series("alert_health", seat, "red_share", T, T + 600_000) == [(T, 1.0)]
        assert store.series("alert_health", seat, "flood", T, T + 600_000) == [(T, 1.0)]
        assert store.series("alert_health", seat, "standing", T, T + 600_000) == [(T, 12.0)]


# Events as points


def test_a_fix_is_the_vessels_and_its_static_part_a_point_of_its_own():
    both = Position(device="ais-1", received=T, ts=T, seq=1, vessel="412000001", position=(118.7, 24.8), sog=7.5, name="MIN HUI 1", ship_type=30)
    static, fix = points_of(both, "bay")
    assert (static.measurement, static.fields) == ("vessel", {"name": "MIN HUI 1", "ship_type": 30})
    assert fix.tags == {"area": "bay", "vessel": "412000001"}
    assert (fix.fields["lon"], fix.fields["sog"], fix.fields["heard_by"]) == (118.7, 7.5, "ais-1")


def test_a_fix_that_another_area_owns_is_not_stored_twice():
    assert list(points_of(Position(device="ais-1", received=T, vessel="412000001", position=(118.7, 24.8), owner=False), "bay")) == []


def test_tracks_become_counts_by_class():
    things = tuple(
        TrackedObject(track=n, class_=kind, score=0.9, box=(0, 0, 0.1, 0.1), in_water=n == 1) for n, kind in enumerate(("boat", "person", "person"))
    )
    (point,) = points_of(Tracks(device="cam-1", received=T, ts=T, seq=1, objects=things), "bay")
    assert {name: point.fields[name] for name in ("objects", "person", "boat", "car", "in_water")} == {
        "objects": 3,
        "person": 2,
        "boat": 1,
        "car": 0,
        "in_water": 1,
    }
    (nothing,) = points_of(Tracks(device="cam-1", received=T, ts=T, seq=2, objects=()), "bay")
    assert nothing.fields["objects"] == 0


def test_nobody_is_named():
    (point,) = points_of(Trip(device="console", received=T, ts=T, id="t1", vessel="412000001", report="departure", persons=4, by="lin"), "bay")
    assert set(point.fields) == {"report", "persons", "cancel", "heard_by", "delay"}


@pytest.mark.parametrize(
    ("ts", "sent", "received", "at"),
    [
        (T, None, T + 40, T),  # as it said
        (T - 1_500_000, None, T, T - 1_500_000),  # a backlog is late, not wrong
        (T - 3_600_000, T - 3_600_000 + 200, T + 300, T),  # a clock an hour behind
        (T + 3_600_000, None, T, T),  # a clock an hour ahead
        (0, None, T, T),  # 1970
        (None, None, T, T),
    ],
)
def test_the_time_of_a_point(ts, sent, received, at):
    assert time_of(Heartbeat(device="box-01", received=received, ts=ts, sent=sent)) == at


def test_a_redelivered_event_is_the_same_point_and_another_press_is_not():
    press = Sos(device="box-01", received=T, ts=T, seq=3, boot=9)
    again = Sos(device="box-01", received=T + 5_000, ts=T, seq=3, boot=9)
    other = Sos(device="box-01", received=T, ts=T, seq=4, boot=9)
    assert (time_of(press), sub_of(press)) == (time_of(again), sub_of(again))
    assert sub_of(press) != sub_of(other)
    assert sub_of(Sos(device="box-01", received=T, ts=T, hold=1.0)) != sub_of(Sos(device="box-01", received=T, ts=T, hold=2.0))


# Archives


def test_an_hour_is_archived_once_it_is_over_whole_and_with_its_checksum(tmp_path):
    now = [T]
    log = SqliteLog(tmp_path / "log.db", clock=lambda: now[0])
    for n in range(3):
        log.append([Record(EVENTS, 0, record(n))])
    archive = Archive(log, tmp_path / "archive", {0: "bay"})
    assert archive.step([0], T + 1_000) is None
    now[0] = T + HOUR
    log.append([Record(EVENTS, 0, record(3_600))])
    path = Archive(log, tmp_path / "archive", {0: "bay"}).step([0], T + HOUR + 61_000)
    lines = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read().splitlines()
    assert len(lines) == 9
    assert json.loads(lines[0])["topic"] == "coast/bay/box-01/heartbeat"
    digest, name = path.with_name(path.name + ".sha256").read_text().split()
    assert name == path.name
    assert subprocess.run(["sha256sum", path], capture_output=True, check=True, text=True).stdout.split()[0] == digest
    assert log.position("archive", EVENTS, 0) == 3
    assert [p.name for p in path.parent.iterdir() if p.suffix == ".part"] == []
    assert archive.step([0], T + HOUR + 62_000) is None
    log.close()


# The process


def start(home: Path) -> subprocess.Popen:
    code = f"from alerts.recorder import main; from ingest.settings import Settings; from pathlib import Path; raise SystemExit(main(Settings(home=Path({str(home)!r}))))"
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": "."},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )


def until(what, seconds: float = 25.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)


def stored(home: Path) -> int:
    path = home / "store.db"
    if not path.exists():
        return -1
    store = SqliteStore(path)
    try:
        return store.position(EVENTS, 0) or 0
    finally:
        store.close()


def test_killed_again_and_again_it_loses_and_doubles_nothing(tmp_path):
    log = open_log(f"sqlite:///{tmp_path / 'log.db'}")
    apply_site(log, site(), T)
    first = log.bounds(EVENTS, 0)[1]
    sent = 0
    for _ in range(2):
        child = start(tmp_path)
        before = stored(tmp_path)
        log.append([Record(EVENTS, 0, record(n)) for n in range(sent, sent + 200)])
        sent += 200
        until(lambda before=before: stored(tmp_path) > max(before, first))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        log.append([Record(EVENTS, 0, record(n)) for n in range(sent, sent + 100)])
        sent += 100
    log.append([Record(ALERTS, 0, outcomes(alert()))])
    child = start(tmp_path)
    until(lambda: stored(tmp_path) == first + sent)
    child.send_signal(signal.SIGTERM)
    _, said = child.communicate(timeout=10)
    assert child.returncode == 0, said.decode()
    log.close()
    store = SqliteStore(tmp_path / "store.db")
    assert store.series("heartbeat", "box-01", "battery", 0, T * 2) == [(T + n * 1000, (n % 100) / 100) for n in range(sent)]
    assert [one["id"] for one in store.alerts()] == ["a1"]
    store.close()
