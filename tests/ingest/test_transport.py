"""Faust on the log: real workers in processes of their own."""

import asyncio
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

import faust
import pytest

from ingest import transport
from ingest.log import ALERTS, CHANGELOG, EVENTS, Record, open_log

WORKER = Path(__file__).with_name("transport_worker.py")
ROOT = WORKER.parent.parent.parent
PATIENCE = 15.0  # s; a worker starts within three


class Worker:
    def __init__(self, url: str, start=None, areas=None):
        command = [sys.executable, str(WORKER), url, json.dumps(start), json.dumps(areas)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            _, brace, rest = line.partition("{")  # Faust's worker writes terminal codes before
            if brace:
                self._lines.put(brace + rest)

    def take(self, what: str, count: int):
        """The next `count` lines of this sort."""
        found = []
        while len(found) < count:
            line = json.loads(self._lines.get(timeout=PATIENCE))
            if what in line:
                found.append(line)
        return found

    def stop(self, how=signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        self._reader.join(PATIENCE)
        self.process.stdout.close()
        code = self.process.wait(PATIENCE)
        self.error = self.process.stderr.read()
        self.process.stderr.close()
        return code


@pytest.mark.parametrize("folder", ["var", "海岸 1", "a,b;c", "50%41?x#y"])
@pytest.mark.parametrize("relative", [True, False])
def test_the_log_may_lie_in_any_folder_named_from_here_or_from_the_root(tmp_path, monkeypatch, folder, relative):
    monkeypatch.chdir(tmp_path)
    (tmp_path / folder).mkdir()
    url = f"sqlite:///{Path(folder) if relative else tmp_path / folder}/log.db"
    transport.register()
    loop = asyncio.new_event_loop()
    app = faust.App("names", broker=transport.address(url), loop=loop)
    log = app.transport.log
    try:
        log.append([Record(EVENTS, 0, b"x")])
        assert (tmp_path / folder / "log.db").exists()
    finally:
        log.close()
        loop.close()


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'log.db'}"


@pytest.fixture
def log(url):
    log = open_log(url)
    yield log
    log.close()


@pytest.fixture
def work(url):
    workers = []

    def start(*args, **kwargs):
        workers.append(Worker(url, *args, **kwargs))
        return workers[-1]

    yield start
    for worker in workers:
        if worker.process.poll() is None:
            worker.stop(signal.SIGKILL)


def events(count: int, areas=(0, 1), what="n"):
    return [Record(EVENTS, area, f"{what} {number}".encode()) for number in range(count) for area in areas]


def by_area(lines, area):
    return [line["at"][1] for line in lines if line["at"][0] == area]


def test_a_worker_reads_from_where_the_app_says_in_order_and_sends_on(log, work):
    log.append(events(300))
    log.append([Record(EVENTS, 1, b"forward this", b"k", (("presses", "2"),))])
    worker = work({"0": 290, "1": 0})
    assert worker.take("assigned", 1) == [{"assigned": [0, 1]}]
    lines = worker.take("at", 10 + 301)
    assert by_area(lines, 0) == list(range(290, 300))
    assert by_area(lines, 1) == list(range(301))
    assert lines[-1] == {"at": [1, 300], "value": "forward this", "headers": {"presses": "2"}}
    assert worker.take("sent", 1) == [{"sent": [0]}]
    (alert,) = log.read(ALERTS, 1, 0)
    assert (alert.value, alert.key) == (b"forward this", b"key")

    log.append([Record(EVENTS, 0, b"live")])
    assert worker.take("at", 1)[0]["at"] == [0, 300]
    log.append([Record(EVENTS, 4, b"a new area")])
    assert worker.take("assigned", 1) == [{"assigned": [0, 1, 4]}]
    assert "a new area" in [line["value"] for line in worker.take("at", 10 + 301 + 2)]

    second = work({"0": 0})
    assert second.process.wait(PATIENCE) != 0
    second.stop()
    assert "processor runs already on this log" in second.error
    assert worker.stop() == 0


def test_workers_of_different_areas_share_a_log_and_a_restart_goes_on_at_the_saved_position(log, work):
    log.append([*events(5), Record(EVENTS, 0, b"forward"), *events(3)])
    first, other = work(areas=[0]), work(areas=[1])
    assert by_area(first.take("at", 9), 0) == list(range(9))
    assert by_area(other.take("at", 8), 1) == list(range(8))
    first.stop(signal.SIGKILL)
    assert log.position("processor", EVENTS, 0) == 6, "Faust itself has committed nothing"
    again = work(areas=[0])
    assert by_area(again.take("at", 3), 0) == [6, 7, 8]
    log.append([Record(EVENTS, 0, b"later")])
    assert again.take("at", 1)[0]["at"] == [0, 9]
    assert (again.stop(), other.stop()) == (0, 0)


def test_a_failed_append_stops_the_worker_with_an_error_and_loses_nothing(log, work):
    log.append([Record(EVENTS, 0, b"forward one"), Record(EVENTS, 0, b"break"), Record(EVENTS, 0, b"after")])
    worker = work()
    assert worker.take("sent", 1) == [{"sent": [0]}]
    assert worker.process.wait(PATIENCE) != 0
    worker.stop()
    assert "stopped: " in worker.error
    assert "the log" in worker.error
    assert [entry.value for entry in log.read(ALERTS, 0, 0)] == [b"forward one"]
    assert log.position("processor", EVENTS, 0) == 1


def test_an_offset_beyond_the_end_is_another_logs_and_stops_the_worker(log, work):
    log.append(events(3))
    worker = work({"0": 10, "1": 0})
    assert worker.process.wait(PATIENCE) != 0
    worker.stop()
    assert "is not the log of this memory" in worker.error


def test_what_retention_removed_is_passed_over(log, work):
    log.append([Record(EVENTS, 0, b"x" * 1000) for _ in range(100)])
    log.save_positions("processor", [(EVENTS, 0, 100)])
    log.retain(0, 0)
    log.append([Record(EVENTS, 0, b"forward kept")])
    worker = work({"0": 20})
    assert worker.take("at", 1)[0]["at"] == [0, 100]
    assert worker.stop() == 0
    assert log.read(CHANGELOG, 0, 0) == []
