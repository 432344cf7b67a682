"""A shore light: a heartbeat every 30 s; its lamp every five minutes, on from six in the evening to six in the morning (UTC+8)."""

from collections.abc import Iterator
from random import Random

from device_sim.boxes import BEAT, Say

REPORT = 10  # heartbeats between two reports of the lamp
EAST = 8 * 3_600_000  # ms ahead of UTC, of the pretend coast


def light(chance: Random, start: int, offset: int) -> Iterator[Say]:
    nominal, turn = round(chance.uniform(1.5, 2.5), 2), chance.randrange(REPORT)
    at = start + offset
    while True:
        yield (
            at,
            "heartbeat",
            {"supply": "mains", "temperature": round(chance.uniform(16, 20), 1), "uptime": (at - start) // 1000, "firmware": "sim-1"},
        )
        turn = (turn + 1) % REPORT
        if turn == 0:
            hour = (at + EAST) // 3_600_000 % 24
            mode = "on" if hour >= 18 or hour < 6 else "off"
            current = round(nominal * chance.uniform(0.97, 1.03), 3) if mode == "on" else 0.0
            lux = round(chance.uniform(0, 5) if mode == "on" else chance.uniform(2_000, 30_000), 1)
            yield at, "light", {"lamp": "warning", "mode": mode, "actual": mode, "current": current, "nominal": nominal, "lux": lux}
        at += BEAT
