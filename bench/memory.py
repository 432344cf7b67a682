"""What the processes of an embedded system hold (PSS), and how soon they stand: start to live page, clean restart."""

import json
import os
import signal
import time
import urllib.request
from pathlib import Path

from bench.figure import Figure, least
from bench.running import Machine, listens, machine, until
from ingest.events import Tick
from ingest.log import EVENTS, open_log
from ingest.records import Codec

AFTER = 20.0  # s of a simulated coast before memory is looked at


def measure() -> list[Figure]:
    starts, restarts = [], []
    with machine() as one:
        one.environment["COAST_MQTT"] = "embedded"
        for _ in range(2):
            starts.append(_start(one)[0])
            _stop(one)
        seconds, simulated = _start(one, "--simulate")
        time.sleep(AFTER)
        sizes = {name: pss(pid) for name, pid in _roles(one).items()}
        sizes["supervisor"] = pss(simulated.pid) - sum(sizes.values())
        for _ in range(2):
            began = time.monotonic()
            _stop(one)
            _start(one, "--simulate")
            restarts.append(time.monotonic() - began)
        _stop(one)
    simulator = sizes.pop("simulator", 0.0)
    parts = ", ".join(f"{name} {size:.0f}" for name, size in sorted(sizes.items(), key=lambda each: -each[1]))
    return [
        Figure("embedded start to live page", least(starts), "s", at_most=5, beside="page answers and shows a fresh tick; new log, example site"),
        Figure(
            "clean restart: stop, start, live page",
            least(restarts),
            "s",
            at_most=3,
            beside=f"under the simulated coast; first start of it {seconds:.1f} s",
        ),
        Figure(
            "memory of all embedded processes (PSS)", sum(sizes.values()), "MB", at_most=400, beside=f"{parts}; simulator apart ({simulator:.0f})"
        ),
    ]


def _start(one: Machine, *options: str):
    """Until the page answers and a tick of this start is in the log."""
    began, since = time.monotonic(), time.time_ns() // 1_000_000
    child = one.python("coast_guardian", "run", *options)
    port = int(one.environment["COAST_CONSOLE_PORT"])
    until(lambda: listens(port), 30)
    urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).read()
    log = open_log(f"sqlite:///{one.folder}/home/log.db")
    until(lambda: _heard(log, since), 30)
    log.close()
    return time.monotonic() - began, child


def _heard(log, since: int) -> bool:
    for area in log.partitions(EVENTS):
        following = log.bounds(EVENTS, area)[1]
        for entry in log.read(EVENTS, area, max(0, following - 20)):
            events = Codec().unpack(entry.value).events
            if entry.at >= since and isinstance(events[-1], Tick) and events[-1].heard > 0:
                return True
    return False


def _stop(one: Machine) -> None:
    child = one.children.pop()
    child.send_signal(signal.SIGTERM)
    child.wait(30)


def _roles(one: Machine) -> dict[str, int]:
    return {name: role["pid"] for name, role in json.loads((one.folder / "home" / "run.json").read_text())["roles"].items()}


def pss(pid: int) -> float:
    """MB, with the processes that it started outside the supervisor's list: the embedded broker has one."""
    kilobytes = next(line.split()[1] for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if line.startswith("Pss:"))
    return int(kilobytes) / 1e3 + sum(pss(child) for child in _children(pid))


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
