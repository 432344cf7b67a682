"""The doctor: each check where all is well, where it is not, and what it then says to do."""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from alerts import doctor
from alerts.doctor import report
from ingest.broker_answer import silence_of
from ingest.events import Tick
from ingest.log import ALERTS, EVENTS, Record, open_log
from ingest.records import Batch, Codec
from ingest.settings import Settings

SITE = Path(__file__).resolve().parents[2] / "sites" / "quanzhou-bay"
NOW = 1_800_000_000.0  # s
MS = int(NOW * 1000)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A machine of which only the home folder is there."""
    monkeypatch.setattr(doctor.time, "time", lambda: NOW)
    return Settings(site=SITE, home=tmp_path, embedded_port=free_port(), console_port=free_port())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def look(name, settings):
    """What the doctor says of one thing."""
    (found,) = getattr(doctor, f"_{name}")(settings)
    return found


def test_versions_are_told_and_an_old_python_is_not_well(settings, monkeypatch):
    assert look("versions", settings).well
    assert "msgspec" in look("versions", settings).found
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10))
    assert str(look("versions", settings)).startswith("BAD  versions")
    assert "3.11 or newer" in str(look("versions", settings))


def test_a_clock_before_this_system_was_written_is_wrong(settings, monkeypatch):
    assert look("clock", settings).well
    monkeypatch.setattr(doctor.time, "time", lambda: 0.0)
    assert not look("clock", settings).well
    assert "NTP" in look("clock", settings).do


def test_a_disk_nearly_full_says_so_before_it_is(settings, monkeypatch):
    usage = shutil.disk_usage(settings.home)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage._replace(free=3_000_000_000))
    assert look("disk", settings).well
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage._replace(free=1_900_000_000))
    assert (look("disk", settings).well, look("disk", settings).do[:9]) == (False, "make room")


def test_a_machine_on_which_nothing_ever_ran_is_no_crash(settings):
    nowhere = settings.model_copy(update={"home": settings.home / "nothing"})
    said, well = report(nowhere)
    assert not well
    assert any("coast-guardian run" in line for line in said if "nothing does not exist" in line)
    assert not (settings.home / "nothing").exists()


def test_a_site_with_faults_names_the_command_that_shows_them(settings, tmp_path):
    assert look("site", settings).well
    folder = Path(shutil.copytree(SITE, tmp_path / "site"))
    (folder / "site.toml").write_text("id = 3\n")
    broken = settings.model_copy(update={"site": folder})
    assert not look("site", broken).well
    assert look("site", broken).do == f"coast-guardian site check {folder}"


def test_roles_that_run_fell_or_never_started(settings):
    assert look("roles", settings).well is None
    roles = {
        "bridge": {"pid": os.getpid(), "falls": 0, "last_exit": None},
        "processor": {"pid": 2**22 + 1, "falls": 3, "last_exit": -9},
        "console": {"pid": None, "falls": 1, "last_exit": 2},
    }
    (settings.home / "run.json").write_text(json.dumps({"roles": roles}))
    told = {each.what: each for each in doctor._roles(settings)}
    assert (told["bridge"].well, told["processor"].well, told["console"].well) == (True, False, False)
    assert told["processor"].found == "not running, fell 3 times, last with -9"
    assert "coast-guardian run" in told["console"].do


@contextlib.contextmanager
def broker(settings, answer=b"\x20\x02\x00\x00"):
    """A port that gives this CONNACK to whoever connects."""
    with socket.create_server(("127.0.0.1", settings.embedded_port)) as listener:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    with listener.accept()[0] as line:
                        line.recv(1_000)
                        line.sendall(answer)
                        line.recv(1_000)  # until it hangs up

        threading.Thread(target=serve, daemon=True).start()
        yield
        listener.shutdown(socket.SHUT_RDWR)


def test_a_broker_that_answers_and_one_that_is_not_there(settings):
    assert not look("broker", settings).well
    assert "COAST_MQTT" in look("broker", settings).do
    with broker(settings):
        assert look("broker", settings).well


def test_a_broker_that_refuses_says_why(settings):
    with broker(settings, answer=b"\x20\x02\x00\x05"):
        told = look("broker", settings)
    assert not told.well
    assert "Not authorized" in told.found


def test_a_broker_that_stands_still_is_not_well_though_its_port_is_open(settings):
    with socket.create_server(("127.0.0.1", settings.embedded_port)):
        assert silence_of(settings, 0.3) == "takes the connection and says nothing for 0.3 s"


def test_a_broker_whose_name_nobody_knows_is_bad_and_no_crash(settings):
    lost = settings.model_copy(update={"mqtt": "no-such-host.invalid:1883"})
    said, _ = report(lost)
    assert any(line.startswith("BAD  broker") for line in said)


def test_a_role_that_was_stopped_is_not_well_though_its_process_is_there(settings):
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        (settings.home / "run.json").write_text(json.dumps({"roles": {"recorder": {"pid": sleeper.pid, "falls": 0, "last_exit": None}}}))
        assert look("roles", settings).well
        sleeper.send_signal(signal.SIGSTOP)
        os.waitpid(sleeper.pid, os.WUNTRACED)  # until it stands
        told = look("roles", settings)
        assert (told.well, told.found) == (False, f"process {sleeper.pid} was stopped")
        assert f"kill -CONT {sleeper.pid}" in told.do
    finally:
        sleeper.kill()
        sleeper.wait()
    assert not look("roles", settings).well


def ticked(settings, at):
    log = open_log(settings.log_url, clock=lambda: at)
    log.append([Record(EVENTS, 0, Codec().pack(Batch("r", [Tick(device="bridge", received=at, now=at, heard=at)])))])
    log.append([Record(ALERTS, 0, b"one"), Record(ALERTS, 0, b"two")])
    log.save_positions("deliverer", [(ALERTS, 0, 1)])
    log.close()


def test_a_log_that_ticks_is_well_and_says_who_is_behind(settings):
    ticked(settings, MS - 2_000)
    told = next(doctor._log(settings))
    assert told.well
    assert told.found == "1 records, last tick of the bridge 2 s ago, 1 since the last snapshot, 1 alerts' records not yet delivered"


def test_a_log_without_a_tick_for_ten_seconds_asks_for_the_bridge(settings):
    ticked(settings, MS - 11_000)
    told = next(doctor._log(settings))
    assert not told.well
    assert "is the bridge running" in told.do


def test_ticks_that_stand_in_for_the_bridge_are_none_of_its_own(settings):
    ticked(settings, MS - 20_000)
    log = open_log(settings.log_url)
    for ago in range(15_000, 0, -1_000):
        log.append([Record(EVENTS, 0, Codec().pack(Batch("r", [Tick(device="deliverer", received=MS - ago, now=MS - ago, heard=1)])))])
    told = next(doctor._log(settings))
    assert not told.well
    assert "last tick of the bridge 20 s ago" in told.found
    for ago in range(doctor.LOOK_BACK, 0, -1):
        log.append([Record(EVENTS, 0, Codec().pack(Batch("r", [Tick(device="deliverer", received=MS - ago, now=MS - ago, heard=1)])))])
    log.close()
    assert "no tick of the bridge in the last 300" in next(doctor._log(settings)).found


@pytest.mark.parametrize(("reader", "role", "bound"), [("judged", "processor", 10), ("recorder", "recorder", 120), ("deliverer", "deliverer", 10)])
def test_a_role_that_is_behind_is_named(settings, reader, role, bound):
    """Also where it runs: it may stand still."""
    ticked(settings, MS - 1_000)
    log = open_log(settings.log_url, clock=lambda: MS - 1_000 * bound - 500)
    log.append([Record(EVENTS, 0, Codec().pack(Batch("r", [Tick(device="bridge", received=MS - 1_000, now=MS - 1_000, heard=1)])))])
    ends = {name: log.bounds(EVENTS, 0)[1] for name in ("judged", "recorder", "deliverer")}
    for name, end in ends.items():
        log.save_positions(name, [(EVENTS, 0, end - (name == reader)), (ALERTS, 0, log.bounds(ALERTS, 0)[1])])
    log.close()
    _, late = doctor._log(settings)
    assert (late.what, late.well) == ("behind 0", False)
    assert late.found.startswith(f"{role} {bound}")


def test_a_broken_log_says_what_is_left_to_do(settings):
    (settings.home / "log.db").write_bytes(b"this is no database, however long it is" * 100)
    told = look("log", settings)
    assert not told.well
    assert "archive" in told.do


def test_a_store_not_written_yet_is_no_fault_and_one_that_is_there_tells_its_size(settings):
    assert look("store", settings).well is None
    sqlite3.connect(settings.home / "store.db").execute("CREATE TABLE t (x)").connection.close()
    assert look("store", settings).well
    assert "MB" in look("store", settings).found


def test_a_store_that_does_not_answer_is_bad_and_no_crash(settings):
    away = settings.model_copy(update={"store": f"influx+http://127.0.0.1:{free_port()}"})
    said, well = report(away)
    (line,) = [line for line in said if line[5:].startswith("store")]
    assert line.startswith("BAD  store")
    assert "COAST_STORE" in line
    assert not well


def test_a_page_that_answers_tells_its_address(settings):
    assert look("console", settings).well is None
    with socket.create_server(("127.0.0.1", settings.console_port)):
        told = look("console", settings)
    assert told.well
    assert str(settings.console_port) in told.found


def test_a_whole_report_is_well_only_if_nothing_is_bad(settings):
    ticked(settings, MS - 1_000)
    with broker(settings):
        said, well = report(settings)
    assert well, said
    assert all(line.startswith(("ok  ", "-   ")) for line in said)
    said, well = report(settings)
    assert not well
    assert [line.split()[1] for line in said if line.startswith("BAD")] == ["broker"]
