"""The log on one SQLite file: the contract, and what only a file on a disk can go through."""

import os
import subprocess
from pathlib import Path

import pytest

from ingest.log import ALERTS, EVENTS, LogFull, Record, open_log
from ingest.log_sqlite import SqliteLog
from tests.ingest.log_contract import LogContract, numbers

BULK = [Record(EVENTS, 0, os.urandom(20_000)) for _ in range(10)]


@pytest.fixture
def open_it(request, tmp_path):
    opened = []
    request.instance.url = f"sqlite:///{tmp_path / 'log.db'}"

    def another():
        opened.append(open_log(request.instance.url))
        return opened[-1]

    yield another
    for log in opened:
        log.close()


class TestSqlite(LogContract):
    pass


def fill(log: SqliteLog) -> int:
    """Bulk until it is refused: how many calls went in."""
    for calls in range(10_000):
        try:
            log.append(BULK)
        except LogFull:
            return calls
    raise AssertionError("never full")


def whole_calls(log: SqliteLog) -> bool:
    return len(numbers(log, EVENTS, 0)) % len(BULK) == 0


def test_at_its_limit_bulk_is_refused_wholly_and_a_press_still_gets_in(tmp_path):
    log = SqliteLog(tmp_path / "log.db", limit=3_000_000, reserve=2_000_000)
    assert fill(log) > 5
    assert whole_calls(log)
    assert log.append([Record(ALERTS, 0, b"press" * 1000)], urgent=True) == [0]
    with pytest.raises(LogFull):
        log.append(BULK)
    log.close()


def test_after_retention_bulk_gets_in_again(tmp_path):
    log = SqliteLog(tmp_path / "log.db", limit=3_000_000)
    fill(log)
    log.save_positions("processor", [(EVENTS, 0, log.bounds(EVENTS, 0)[1])])
    log.retain(2_000_000, 0)
    assert fill(log) > 1
    log.close()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 48 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(place)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("mounting a small disk needs root: " + done.stderr.decode().strip())
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_on_a_full_disk_bulk_stops_first_and_urgent_lives_on_the_reserve(small_disk: Path):
    log = SqliteLog(small_disk / "log.db", reserve=40_000_000)
    assert (small_disk / "log.db.reserve").stat().st_size == pytest.approx(4_800_000, rel=0.1), "a tenth of a small disk"
    assert fill(log) > 5
    assert whole_calls(log)
    for number in range(20):
        assert log.append([Record(ALERTS, 0, os.urandom(10_000))], urgent=True) == [number]
    assert (small_disk / "log.db.reserve").stat().st_size < 4_000_000
    with pytest.raises(LogFull, match="kept for urgent"):
        log.append([Record(EVENTS, 0, b"one heartbeat")])
    other = SqliteLog(small_disk / "log.db")
    with pytest.raises(LogFull):
        other.append([Record(EVENTS, 0, b"from another process")])
    assert whole_calls(other)
    other.close()
    log.close()


def test_a_full_disk_heals_by_retention_and_the_reserve_is_whole_again(small_disk: Path):
    log = SqliteLog(small_disk / "log.db", reserve=40_000_000)
    fill(log)
    log.append([Record(ALERTS, 0, b"press")], urgent=True)
    log.save_positions("processor", [(EVENTS, 0, log.bounds(EVENTS, 0)[1])])
    log.retain(5_000_000, 0)
    assert log.reserve.missing() == 0
    assert fill(log) > 5
    log.close()


def test_room_made_by_others_lets_bulk_in_again(small_disk: Path):
    (small_disk / "rubbish").write_bytes(bytes(30_000_000))
    log = SqliteLog(small_disk / "log.db", reserve=40_000_000)
    fill(log)
    for _ in range(3):
        log.append([Record(ALERTS, 0, os.urandom(100_000))], urgent=True)
    (small_disk / "rubbish").unlink()
    log.append(BULK)
    assert log.reserve.missing() == 0
    log.close()


def test_what_is_as_urgent_as_a_press_gets_room_of_the_reserve_on_the_same_disk_only(small_disk: Path, tmp_path):
    log = SqliteLog(small_disk / "log.db", reserve=40_000_000)
    fill(log)
    assert not log.make_room(tmp_path)
    assert log.make_room(small_disk)
    (small_disk / "outbox.db").write_bytes(bytes(3_000_000))
    assert not log.make_room(small_disk), "all is given"
    with pytest.raises(LogFull):
        log.append(BULK)
    log.close()


def test_a_reserve_once_made_stays_as_it_is_when_opened_again(tmp_path):
    for _ in range(2):
        SqliteLog(tmp_path / "log.db", reserve=3_000_000).close()
        assert (tmp_path / "log.db.reserve").stat().st_size == 3_000_000
    SqliteLog(tmp_path / "log.db", reserve=1_000_000).close()
    assert (tmp_path / "log.db.reserve").stat().st_size == 1_000_000


def test_an_unknown_url_is_refused():
    for url in ("kafka://x", "sqlite://x", "sqlite:///"):
        with pytest.raises(ValueError, match="sqlite:///path"):
            open_log(url)
