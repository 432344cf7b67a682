"""The disk of the whole machine fills up under load: presses still get in and reach people, the bulk waits at the broker, and nothing is lost."""

import contextlib
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.events import Heartbeat, Sos
from tests.live.machine import Boxes, Machine, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(200)]
DISK = 600  # MB; the reserve is a tenth of it


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", str(place)], capture_output=True, check=False)
    if done.returncode:
        if os.environ.get("CI") == "true":
            pytest.fail("a small disk cannot be mounted: " + done.stderr.decode().strip())
        pytest.skip("mounting a small disk needs root: " + done.stderr.decode().strip())
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def machine(tmp_path: Path, disk: Path) -> Iterator[Machine]:
    """All that it writes is on the small disk; the broker's files are not."""
    machine = Machine(tmp_path)
    machine.home.rmdir()
    machine.home = disk / "home"
    machine.home.mkdir()
    machine.env |= {"COAST_HOME": str(machine.home), "COAST_LOG_RESERVE": "60000000"}
    machine.start_broker()
    try:
        machine.start()
        yield machine
        machine.stop()
    finally:
        machine.tell()
        if machine.process is not None:
            machine.process.kill()
            machine.process.wait()
        machine.stop_broker()


def fill(disk: Path, leave: int) -> Path:
    """Somebody else's file takes all but `leave` bytes, also what others give back or take meanwhile."""
    rubbish = disk / "rubbish"
    with rubbish.open("ab") as file:
        while (more := _free(disk) - leave) > 0:
            with contextlib.suppress(OSError):  # somebody else took of it: less is left now
                os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size + more)
    return rubbish


def _free(disk: Path) -> int:
    state = os.statvfs(disk)
    return state.f_bavail * state.f_frsize


def people_paged(machine: Machine, words: str) -> bool:
    try:
        db = sqlite3.connect(f"file:{machine.home / 'outbox.db'}?mode=ro", uri=True)
        try:
            return any(words.encode() in row[0] for row in db.execute("SELECT message FROM deliveries"))
        finally:
            db.close()
    except sqlite3.Error:  # no room for a reader's files either
        return False


class Load(Boxes):
    """Heartbeats of 200 lights a round, counted."""

    beats = 0

    def round(self) -> None:
        for n in range(200):
            self.say("huian", f"light-{n + 1:04d}", "heartbeat", battery=0.9, uptime=self.beats, firmware=os.urandom(20).hex())
            self.beats += 1
        self.repeat()


def heartbeats(machine: Machine) -> list[tuple[str, int | None]]:
    return [(event.device, event.seq) for event in machine.events() if isinstance(event, Heartbeat)]


def of(machine: Machine, code: str) -> list:
    return [alert for alert in machine.newest().values() if alert.reason.code == code]


def counts(machine: Machine) -> dict[str, int]:
    return {alert.subject: alert.count for alert in machine.newest().values() if alert.model == "M01"}


def all_caught_up(machine: Machine, load: Load, pressed: list[tuple[str, int]]) -> None:
    until(lambda: len(heartbeats(machine)) >= load.beats, 40, "the bulk is caught up")
    said = heartbeats(machine)
    assert len(set(said)) == load.beats
    for box, seq in pressed:
        assert (box, seq) in {(event.device, event.seq) for event in machine.events() if isinstance(event, Sos)}
    until(lambda: counts(machine) == dict.fromkeys((box for box, _ in pressed), 1), 10, "each press once")
    until(lambda: all(alert.condition == "over" for alert in of(machine, "log_full")), 20, "people hear that it is over")
    assert not of(machine, "silent")
    assert not of(machine, "segment_outage")


def test_the_disk_is_full_and_presses_get_in_and_reach_people_and_the_bulk_is_caught_up_afterwards(machine, disk):
    load = Load(machine.port)
    rubbish = fill(disk, leave=200_000)
    until(lambda: load.round() or of(machine, "log_full"), 40, "the log is full, and people are told")
    first, pressed, passed = machine.events(last=5)[-1].received, [], 0
    while passed < 12_000:  # longer than from one snapshot to the next
        box = f"box-{len(pressed) + 1:04d}"
        pressed.append(load.press("huian", box))
        until(lambda box=box: load.repeat() or box not in load.unheard, 5, "the box hears that its press was received")
        passed = machine.events(last=5)[-1].received - first
        time.sleep(0.2)  # life's time
    until(lambda: all(people_paged(machine, f"QZ-{n + 1:04d}") for n in range(len(pressed))), 10, "people are paged")
    assert len(heartbeats(machine)) < load.beats, "the bulk waits at the broker"
    assert not any(state["falls"] for state in machine.roles().values())
    rubbish.unlink()
    load.close()
    all_caught_up(machine, load, pressed)


def test_when_the_reserve_is_used_up_too_presses_wait_at_the_broker_and_come_when_there_is_room(machine, disk):
    load, pressed = Load(machine.port), []

    def used_up() -> bool:
        fill(disk, leave=0)
        if len(pressed) < 40:
            pressed.append(load.press("huian", f"box-{len(pressed) + 1:04d}"))
        load.round()
        return (machine.folder / "run.log").read_text().count("the log's reserve is full too") > 2

    until(used_up, 60, "nothing is left")
    pressed += [load.press("huian", f"box-{n:04d}") for n in range(41, 51)]
    before = (machine.folder / "run.log").read_text()
    began = time.monotonic()
    until(lambda: time.monotonic() - began > 5, 6, "a while passes")
    since = (machine.folder / "run.log").read_text().removeprefix(before)
    asked = {what: since.count(what) for what in ("the log's reserve is full too", "a role fell")}
    assert max(asked.values()) < 20, f"who finds no room asks again with pauses: {asked}"
    (disk / "rubbish").unlink()
    until(load.all_heard, 60, "every box hears that its press was received")
    load.close()
    all_caught_up(machine, load, pressed)
