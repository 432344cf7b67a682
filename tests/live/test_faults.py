"""Broken on purpose: what is killed comes back, no press is lost or doubled, and the replay of the log gives the alerts of the live run."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from alerts.alert import to_wire
from ingest.events import Heartbeat, Sos
from tests.live.machine import ROOT, Boxes, Devices, machine_in, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]
PRESSES = 1_000


@pytest.fixture
def machine(tmp_path):
    yield from machine_in(tmp_path)


def test_every_role_and_the_broker_are_killed_in_turn_under_load_and_each_press_is_told_once(machine):
    """A report for one press of a box answers all that it said before, so each box waits for it before it is pressed again."""
    boxes = Boxes(machine.port)
    names = [f"box-{n:04d}" for n in range(1, 201)]
    pressed: Counter[str] = Counter()
    named: set[tuple[str, int]] = set()
    victims = ["processor", "bridge", "broker", "deliverer", "recorder", "console", "processor", "bridge", "broker"]
    for n in range(PRESSES):
        box = names[n % len(names)]
        until(lambda box=box: boxes.repeat() or box not in boxes.unheard, 40, "the box hears that its press was received")
        named.add(boxes.press("huian", box))
        pressed[box] += 1
        for k in range(5):
            boxes.say("huian", f"light-{(n * 5 + k) % 200 + 1:04d}", "heartbeat", battery=0.9, uptime=n)
        boxes.repeat()
        if n % 110 == 100 and victims:
            victim = victims.pop(0)
            machine.kill_broker() if victim == "broker" else machine.kill(victim)
        time.sleep(0.004)  # so that the load lasts while they fall: about 600 messages a second
    assert not victims
    until(boxes.all_heard, 120, "every box hears that its press was received")
    boxes.close()

    def told() -> dict[str, int]:
        return {alert.subject: alert.count for alert in machine.newest().values() if alert.model == "M01"}

    until(lambda: told() == dict(pressed), 120, "every press is a raise or a count, once")
    assert {(event.device, event.seq) for event in machine.events() if isinstance(event, Sos)} == named
    until(lambda: not [alert for alert in machine.newest().values() if alert.reason.code == "silent"], 1, "nobody is called silent")
    assert {role for role, state in machine.roles().items() if state["falls"]} == {"processor", "bridge", "deliverer", "recorder", "console"}
    right_history(machine)
    same_in_replay(machine)


def right_history(machine) -> None:
    """Each alert's revisions are whole, its count and its time never fall, and each press that it counts rang."""
    histories: dict[str, list] = {}
    for (id_, _), alert in sorted(machine.revisions().items()):
        histories.setdefault(id_, []).append(alert)
    for history in histories.values():
        assert [alert.revision for alert in history] == list(range(1, len(history) + 1))
        assert all(0 <= later.count - earlier.count <= 1 and later.updated >= earlier.updated for earlier, later in pairwise(history))
        assert history[0].count == 1
        assert {(alert.raised, alert.key) for alert in history} == {(history[0].raised, history[0].key)}


def same_in_replay(machine) -> None:
    """The alerts of the live run equal those of its export's replay, repeated (id, revision) removed."""
    machine.stop()
    live = {key: json.loads(msgspec.json.encode(to_wire(alert))) for key, alert in machine.revisions().items()}
    out, alerts = machine.folder / "export.jsonl.zst", machine.folder / "replayed.jsonl"
    for command in (["log", "export", "--out", str(out)], ["replay", "sites/quanzhou-bay", str(out), "--alerts", str(alerts)]):
        subprocess.run([sys.executable, "-m", "coast_guardian", *command], cwd=ROOT, env=machine.env, check=True, capture_output=True)
    replayed = {(alert["id"], alert["revision"]): alert for alert in map(json.loads, alerts.read_text().splitlines())}
    assert replayed == live


def test_the_broker_restarts_and_presses_made_meanwhile_come_through(machine):
    devices = Devices(machine.port)
    devices.say("huian", "box-0001", "sos", state="pressed")
    until(lambda: any(alert.subject == "box-0001" for alert in machine.newest().values()), 15, "the first press is told")
    machine.stop_broker()
    devices.say("huian", "box-0002", "sos", state="pressed")
    machine.start_broker()
    until(lambda: any(alert.subject == "box-0002" for alert in machine.newest().values()), 40, "the press made meanwhile is told")
    devices.close()
    assert not [alert for alert in machine.newest().values() if alert.reason.code == "silent"]


def test_when_the_bridge_is_down_the_system_says_so_within_15_s_and_its_backlog_is_no_storm(machine):
    devices = Devices(machine.port)
    for n in range(1, 101):
        devices.say("huian", f"box-{n:04d}", "heartbeat", battery=0.9, uptime=1)
    for _ in range(3):  # three heartbeats on time prove the box's clock
        devices.say("huian", "box-0008", "heartbeat", battery=0.9)
    until(lambda: sum(isinstance(event, Heartbeat) for event in machine.events()) == 103, 30, "all are heard")
    supervisor = json.loads((machine.home / "run.json").read_text())["supervisor"]
    os.kill(supervisor, signal.SIGSTOP)  # so that the bridge stays down for a while
    os.kill(machine.roles()["bridge"]["pid"], signal.SIGKILL)
    stopped = time.monotonic()
    devices.say("huian", "box-0007", "sos", state="pressed")
    devices.say("huian", "box-0008", "sos", ts=int(time.time() * 1000) - 70_000, state="pressed")  # kept by the box itself for a while
    until(
        lambda: [alert for alert in machine.newest().values() if alert.model == "SYS" and alert.reason.code == "no_tick"],
        15,
        "told that nothing comes in",
    )
    for half_minute in range(1, 5):  # the devices go on for two minutes
        for n in range(1, 101):
            devices.say("huian", f"box-{n:04d}", "heartbeat", battery=0.9, uptime=30 * half_minute)
        until(lambda half_minute=half_minute: time.monotonic() - stopped > 30 * half_minute, 40, "half a minute passes")
    os.kill(supervisor, signal.SIGCONT)
    until(
        lambda: any(alert.subject == "box-0007" and alert.level == "red" for alert in machine.newest().values()),
        60,
        "the press made meanwhile is told",
    )
    until(lambda: all(alert.condition == "over" for alert in machine.newest().values() if alert.reason.code == "no_tick"), 60, "and that it is over")
    (late,) = [alert for alert in machine.newest().values() if alert.subject == "box-0008"]
    assert (late.level, "late" in late.flags) == ("red", True)
    assert 70 + 120 <= late.reason.values["age"] < 70 + 120 + 60, "pressed a while ago, delivered now"
    devices.close()
    assert not [alert for alert in machine.newest().values() if alert.reason.code in ("silent", "segment_outage")]


def test_a_press_that_the_fold_does_not_answer_is_paged_by_the_watchdog(machine):
    devices = Devices(machine.port)
    pid = machine.roles()["processor"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    devices.say("huian", "box-0009", "sos", state="pressed")

    def paged() -> bool:
        db = sqlite3.connect(f"file:{machine.home / 'outbox.db'}?mode=ro", uri=True)
        try:
            return any("press" in str(row) for row in db.execute("SELECT * FROM deliveries"))
        finally:
            db.close()

    until(paged, 60, "the press is paged raw")
    os.kill(pid, signal.SIGCONT)
    until(lambda: any(alert.subject == "box-0009" for alert in machine.newest().values()), 60, "the fold answers after all")
    devices.close()


@pytest.fixture
def own_site(tmp_path):
    return Path(shutil.copytree(ROOT / "sites" / "quanzhou-bay", tmp_path / "site"))


@pytest.fixture
def machine_of_own_site(tmp_path, own_site):
    yield from machine_in(tmp_path, own_site)


def test_a_site_revision_that_adds_and_moves_boxes_while_running_keeps_memory_and_replays_the_same(machine_of_own_site, own_site):
    machine = machine_of_own_site
    devices = Devices(machine.port)
    devices.say("huian", "box-0001", "sos", state="pressed")
    devices.say("huian", "box-9001", "sos", state="pressed")
    before = until(
        lambda: [alert for alert in machine.newest().values() if alert.subject == "box-9001"], 15, "a press of a box that the site does not know"
    )
    assert "unplaced" in before[0].flags
    table = own_site / "devices.csv"
    rows = table.read_text().splitlines()
    row = next(row for row in rows if row.startswith("box-0002,"))
    moved = row.replace("118.959540,24.886958", "118.959500,24.886950")
    assert moved != row
    table.write_text(
        "\n".join([*(moved if each == row else each for each in rows), row.replace("box-0002,", "box-9001,").replace("QZ-0002", "QZ-9001")]) + "\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "coast_guardian", "site", "apply", str(own_site)],
        cwd=ROOT,
        env=machine.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    until(lambda: any(alert.subject == "box-9001" and alert.place == "QZ-9001" for alert in machine.newest().values()), 60, "the press is placed")
    until(
        lambda: devices.say("huian", "box-9001", "heartbeat", battery=0.1) and any(a.reason.code == "battery" for a in machine.newest().values()),
        60,
        "heard",
    )
    devices.say("huian", "box-0001", "sos", state="pressed")
    until(lambda: any(alert.subject == "box-0001" and alert.count == 2 for alert in machine.newest().values()), 60, "the open alert is still known")
    devices.close()
    same_in_replay(machine)
