"""The sea at a gauge: tide, wind, waves and weather, every minute. The tide is the site's own prediction with a surge on it; the rest wanders about a calm day."""

from collections.abc import Iterator
from math import cos, pi
from random import Random

from device_sim.boxes import Say
from ingest.tide import Tide

MINUTE, HOUR = 60_000, 3_600_000  # ms
SURGE = 0.06  # m, amplitude of each of three slow waves of the weather; ours


class Surge:
    """What the weather adds to the tide, in metres: three slow waves with the seed's periods and phases."""

    def __init__(self, chance: Random) -> None:
        self.waves = [(chance.uniform(0.3, 1.0) * SURGE, chance.uniform(15, 60) * HOUR, chance.uniform(0, 2 * pi)) for _ in range(3)]

    def at(self, at: int) -> float:
        return sum(height * cos(2 * pi * at / period + phase) for height, period, phase in self.waves)


def swing(at: int, hours: int) -> float:
    """-1 to 1: the day's warmth, and the air's own tide, without which a barometer would stand still."""
    return cos(2 * pi * at / (hours * HOUR))


def sea(chance: Random, start: int, tide: Tide | None) -> Iterator[Say]:
    """Without end; no `tide` where the site cannot predict one."""
    surge = Surge(chance)
    at, wind, towards = start + chance.randrange(5_000), chance.uniform(2, 5), chance.uniform(0, 360)
    height, warmth, pressure = chance.uniform(0.3, 0.8), chance.uniform(17, 24), chance.uniform(1010, 1020)
    while True:
        wind = min(9.0, max(0.5, wind + chance.uniform(-0.2, 0.2)))
        towards = (towards + chance.uniform(-4, 4)) % 360
        height = min(1.2, max(0.2, height + chance.uniform(-0.02, 0.02)))
        if tide is not None:
            yield at, "tide", {"level": round(float(tide.level(at)[0]) + surge.at(at), 3), "datum": "chart"}
        speeds = {"wind_speed": round(wind, 2), "averaging": 120, "wind_gust": round(wind * 1.3, 2), "wind_direction": round(towards, 1) % 360}
        air = {"air_temperature": round(warmth + 3 * swing(at, 24), 1), "pressure": round(pressure + 1.5 * swing(at, 12), 1)}
        yield at, "weather", {**speeds, "visibility": 15_000.0, **air}
        yield at, "wave", {"height": round(height, 2), "period": round(4 + 2 * height, 1), "direction": round(towards, 1) % 360}
        at += MINUTE
