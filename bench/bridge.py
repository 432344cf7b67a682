"""The bridge: messages a CPU-second from Mosquitto, beside a bare paho subscriber that throws them away; and on the embedded broker."""

import signal
import time

from bench.figure import Figure
from bench.running import Machine, Missing, machine, until
from ingest.events import Tick
from ingest.log import EVENTS, REFUSED, open_log
from ingest.records import Codec
from ingest.settings import Settings
from ingest.site_files import read_site

MESSAGES = 50_000
ROUNDS = 2
RATE = 20_000  # by which the messages' times are made; they are published as fast as the broker takes them


def measure() -> list[Figure]:
    figures = []
    try:
        for load in ("heartbeats", "mixed"):
            bare = max(_bare(load) for _ in range(ROUNDS))
            cpu, wall = (max(each) for each in zip(*(_bridge(load, "mosquitto") for _ in range(ROUNDS)), strict=True))
            target = 25_000 if load == "heartbeats" else None
            figures.append(Figure(f"bridge from Mosquitto, {load}, JSON, QoS 1", cpu, "messages a CPU-second", at_least=target,
                                  beside=f"{wall:,.0f}/s as it went, broker and publisher on the same cores"))  # fmt: skip
            figures.append(Figure(f"… beside a bare paho subscriber, {load}", cpu / bare, "of it", at_least=0.6 if target else None,
                                  beside=f"bare paho {bare:,.0f} a CPU-second, same run"))  # fmt: skip
    except Missing:
        figures.append(Figure("bridge from Mosquitto", float("nan"), "", beside="mosquitto is not installed here"))
    cpu, wall = (max(each) for each in zip(*(_bridge("heartbeats", "embedded") for _ in range(ROUNDS)), strict=True))
    figures.append(Figure("bridge on the embedded broker, heartbeats", wall, "messages/s", at_least=15_000, beside=f"{cpu:,.0f} a CPU-second"))
    return figures


def _bare(load: str) -> float:
    with machine() as one:
        one.mosquitto()
        child = one.python("bench.subscriber", "paho", str(one.port))
        assert child.stdout.readline() == "subscribed\n"
        before = _cpu(child)
        _publish(one, load)
        assert child.stdout.readline() == "end\n"
        return MESSAGES / (_cpu(child) - before)


def _bridge(load: str, broker: str) -> tuple[float, float]:
    """Messages a CPU-second of the bridge, and a second of the clock until all are in the log."""
    with machine() as one:
        one.mosquitto() if broker == "mosquitto" else one.embedded()
        log = open_log(f"sqlite:///{one.folder}/home/log.db")
        child = one.python("bench.subscriber", "bridge")
        until(lambda: any(tick.heard > 0 for tick in _events(log, Tick)))
        before, began = _cpu(child), _publish(one, load)
        area = read_site(Settings().site).areas[0].number
        until(lambda: log.bounds(REFUSED, area)[1] > 0, 120)
        wall = MESSAGES / (time.monotonic() - began)
        cpu = MESSAGES / (_cpu(child) - before)
        taken = sum(event.device != "bridge" and getattr(event, "owner", True) for event in _events(log, object))  # copies to a neighbour apart
        assert taken == MESSAGES, f"{taken} of {MESSAGES} messages are in the log"
        log.close()
        return cpu, wall


def _publish(one: Machine, load: str) -> float:
    """Starts the publisher and tells when it began."""
    area = read_site(Settings().site).areas[0].id
    publisher = one.python("bench.publisher", str(one.port), area, str(MESSAGES), str(RATE), load)
    assert publisher.stdout.readline() == "ready\n"
    publisher.stdin.write("go\n")
    publisher.stdin.flush()
    return time.monotonic()


def _cpu(child) -> float:
    child.send_signal(signal.SIGUSR1)
    return float(child.stdout.readline())


def _events(log, kind: type) -> list:
    codec = Codec()
    found = []
    for area in log.partitions(EVENTS):
        at = 0
        while entries := log.read(EVENTS, area, at):
            found += [event for entry in entries for event in codec.unpack(entry.value).events if isinstance(event, kind)]
            at = entries[-1].offset + 1
    return found
