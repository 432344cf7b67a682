"""The whole path on Mosquitto and the SQLite log: presses among 5,000 messages a second, each timed from the button to its page in the outbox."""

import json
import signal
import sqlite3
import statistics
import threading
import time
from itertools import pairwise

from alerts.outcomes import unpack
from bench.figure import Figure
from bench.memory import cpu_seconds
from bench.publisher import connect, packet
from bench.running import Machine, Missing, listens, machine, until
from ingest.events import Sos
from ingest.log import ALERTS, EVENTS, TOPICS, open_log
from ingest.records import Codec
from ingest.settings import Settings
from ingest.site_files import read_site

RATE, SECONDS, EVERY = 5_000, 50, 0.2  # messages a second, for so long; a press so often
FIRST = 4.0  # s of load before the first press
PRESSES = 200


def measure() -> list[Figure]:
    try:
        with machine() as one:
            one.mosquitto()
            return _measure(one)
    except Missing:
        return [Figure("whole path: press to outbox", float("nan"), "ms", beside="mosquitto is not installed here")]


def _measure(one: Machine) -> list[Figure]:
    site = read_site(Settings().site)
    area = site.areas[0].id
    boxes = [device.id for device in site.devices if device.area == area and device.type == "box"]
    supervisor = one.python("coast_guardian", "run")
    until(lambda: listens(int(one.environment["COAST_CONSOLE_PORT"])), 30)
    publisher = one.python("bench.publisher", str(one.port), area, str(RATE * SECONDS), str(RATE), "mixed", "--paced")
    assert publisher.stdout.readline() == "ready\n"
    publisher.stdin.write("go\n")
    publisher.stdin.flush()
    time.sleep(FIRST)
    roles = {name: role["pid"] for name, role in json.loads((one.folder / "home" / "run.json").read_text())["roles"].items()}
    before = {name: cpu_seconds(pid) for name, pid in roles.items()}
    began = time.monotonic()
    pressed = _press(one, area, boxes)
    share = {name: (cpu_seconds(pid) - before[name]) / (time.monotonic() - began) for name, pid in roles.items()}
    until(lambda: len(_paged(one, pressed)) == len(pressed), 30)
    supervisor.send_signal(signal.SIGTERM)
    supervisor.wait(20)
    paged = _paged(one, pressed)
    took = sorted(at - pressed[box] for box, at in paged.items())
    stages = _stages(one, pressed, paged)
    cores = ", ".join(f"{name} {100 * each:.0f} %" for name, each in share.items())
    return [
        Figure(
            "whole path at 5,000 messages/s: press to outbox, p50",
            took[len(took) // 2],
            "ms",
            at_most=25,
            beside=f"{len(took)} presses; in order, p50: {stages}",
        ),
        Figure(
            "whole path at 5,000 messages/s: press to outbox, p99",
            took[int(0.99 * len(took))],
            "ms",
            at_most=150,
            beside=f"the slowest of them {took[-1]} ms",
        ),
        Figure("whole path at 5,000 messages/s: CPU", 100 * sum(share.values()), "% of a core", beside=cores),
    ]


def _stages(one: Machine, pressed: dict[str, int], paged: dict[str, int]) -> str:
    """Where the time goes, from the log's own stamps."""
    log, codec = open_log(f"sqlite:///{one.folder}/home/log.db"), Codec()
    times: dict[str, list[int]] = {box: [at] for box, at in pressed.items()}
    for area in log.partitions(EVENTS):
        for entry in _entries(log, EVENTS, area):
            if entry.headers:
                for event in codec.unpack(entry.value).events:
                    if isinstance(event, Sos) and event.device in times:
                        times[event.device] += [event.received, entry.at]
    for area in log.partitions(ALERTS):
        for entry in _entries(log, ALERTS, area):
            for alert in unpack(entry.value, codec).alerts:
                if alert.model == "M01" and alert.subject in times and len(times[alert.subject]) == 3:
                    times[alert.subject].append(entry.at)
    log.close()
    rows = [[*each, paged[box]] for box, each in times.items() if len(each) == 4]
    names = ("to the bridge", "to the log", "to the alert", "to the outbox")
    worst = max(rows, key=lambda row: row[-1] - row[0])
    own, every = _records(one)
    tail = f"; of the slowest {[b - a for a, b in pairwise(worst)]}; {own:.0f} records of events a second, {every:.0f} in all"
    return ", ".join(f"{name} {statistics.median(row[i + 1] - row[i] for row in rows):.0f} ms" for i, name in enumerate(names)) + tail


def _records(one: Machine) -> tuple[float, float]:
    """A second, over the load: of `events`, and of all topics."""
    log = open_log(f"sqlite:///{one.folder}/home/log.db")
    counts = {topic: sum(log.bounds(topic, area)[1] for area in log.partitions(topic)) for topic in TOPICS}
    log.close()
    return counts[EVENTS] / SECONDS, sum(counts.values()) / SECONDS


def _entries(log, topic: str, area: int):
    at = 0
    while entries := log.read(topic, area, at):
        yield from entries
        at = entries[-1].offset + 1


def _press(one: Machine, area: str, boxes: list[str]) -> dict[str, int]:
    """box -> when it was pressed, ms."""
    link, pressed = connect(one.port), {}
    threading.Thread(target=_drain, args=(link,), daemon=True).start()
    for n in range(PRESSES):
        box = boxes[n * len(boxes) // PRESSES]
        now = time.time_ns() // 1_000_000
        link.sendall(packet(f"coast/{area}/{box}/sos", json.dumps({"ts": now, "sent": now, "seq": 1_000_000, "boot": 7}).encode(), n + 1))
        pressed[box] = now
        time.sleep(EVERY * (0.9 + 0.2 * (n % 5) / 4))  # not in step with the ticks
    return pressed


def _drain(link) -> None:
    while link.recv(4_096):
        pass


def _paged(one: Machine, pressed: dict[str, int]) -> dict[str, int]:
    """box -> when its first page was in the outbox, ms."""
    database = sqlite3.connect(f"file:{one.folder}/home/outbox.db?mode=ro", uri=True)
    rows = database.execute(
        "SELECT a.key, MIN(d.wanted) FROM deliveries d JOIN alerts a ON a.id=d.alert WHERE d.channel<>'device' GROUP BY a.id"
    ).fetchall()
    database.close()
    found = {}
    for key, at in rows:
        for box in pressed:
            if key.startswith("M01") and box in key:
                found[box] = min(at, found.get(box, at))
    return found
