"""A call box: a heartbeat every 30 s, and what is staged at it. Its fields are the wire's; seq, boot, ts and sent are added where they leave."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from device_sim.scenario import Staged

BEAT = 30_000  # ms between heartbeats; wire document
WILL = 45_000  # ms until the broker tells the last will of a silent device: one and a half keep-alives of 30 s
Say = tuple[int, str, dict[str, Any]]  # at in ms, kind, fields


def box(chance: Random, start: int, offset: int, plan: Sequence[Staged]) -> Iterator[Say]:
    """Without end. `offset` ms spreads the heartbeats of a coast evenly; `plan` is this box's own, in the order of time."""
    solar = chance.random() < 0.3
    battery, signal, warmth = chance.uniform(0.75, 1.0), chance.uniform(-95, -60), chance.uniform(14, 22)
    single = sorted((say for one in plan for say in _happening(one, chance)), key=lambda say: say[0])
    beat, born = start + offset, start - 60_000 * chance.randrange(10, 60_000)
    yield start, "status", {"state": "online"}
    while True:
        while single and single[0][0] <= beat:
            if single[0][1] == "status" and single[0][2]["state"] == "online":
                born = single[0][0]  # it started anew
            yield single.pop(0)
        if not any(one.what == "silent" and one.at <= beat < one.until for one in plan):
            flat = any(one.what == "low_battery" and one.at <= beat < one.until for one in plan)
            yield (
                beat,
                "heartbeat",
                {
                    "battery": 0.12 if flat else round(min(1.0, battery + chance.uniform(-0.01, 0.01)), 3),
                    "supply": "battery" if flat else "solar" if solar else "mains",
                    "rssi": round(signal + chance.uniform(-3, 3)),
                    "temperature": round(warmth + chance.uniform(-0.3, 0.3), 1),
                    "uptime": (beat - born) // 1000,
                    "firmware": "sim-1",
                },
            )
        beat += BEAT


def _happening(one: Staged, chance: Random) -> Iterator[Say]:
    if one.what == "press":
        yield one.at, "sos", {"state": "pressed", "hold": round(chance.uniform(0.3, 3.0), 1), "channel": "button"}
    elif one.what == "tamper":
        yield one.at, "tamper", {"door": True, "tilt": round(chance.uniform(0, 3), 1)}
    elif one.what == "silent":
        yield one.at + min(WILL, (one.until - one.at) // 2), "status", {"state": "offline"}
        yield one.until, "status", {"state": "online"}
