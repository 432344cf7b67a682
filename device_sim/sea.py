"""The sea: tide, wind, waves and weather, every minute. The tide is a harmonic sum; the rest wanders slowly about a calm day."""

from collections.abc import Iterator
from math import cos, radians
from random import Random

from device_sim.boxes import Say

MINUTE = 60_000  # ms
# Amplitude in m, speed in degrees an hour, phase in degrees: rounded from the coast of Fujian, where M2 is about two metres. For play, not for warning.
TIDE = ((2.0, 28.9841042, 340.0), (0.6, 30.0, 30.0), (0.3, 15.0410686, 280.0), (0.25, 13.9430356, 240.0))
MEAN = 3.6  # m above chart datum


def tide_level(at: int) -> float:
    """Metres above chart datum at `at` (ms)."""
    hours = at / 3_600_000
    return round(MEAN + sum(amplitude * cos(radians(speed * hours - phase)) for amplitude, speed, phase in TIDE), 3)


def sea(chance: Random, start: int) -> Iterator[Say]:
    at, wind, towards = start + chance.randrange(5_000), chance.uniform(2, 5), chance.uniform(0, 360)
    height, warmth, pressure = chance.uniform(0.3, 0.8), chance.uniform(17, 24), chance.uniform(1010, 1020)
    while True:
        wind = min(9.0, max(0.5, wind + chance.uniform(-0.2, 0.2)))
        towards = (towards + chance.uniform(-4, 4)) % 360
        height = min(1.2, max(0.2, height + chance.uniform(-0.02, 0.02)))
        yield at, "tide", {"level": tide_level(at), "datum": "chart"}
        speeds = {"wind_speed": round(wind, 2), "averaging": 120, "wind_gust": round(wind * 1.3, 2), "wind_direction": round(towards, 1) % 360}
        yield at, "weather", {**speeds, "visibility": 15_000.0, "air_temperature": round(warmth, 1), "pressure": round(pressure, 1)}
        yield at, "wave", {"height": round(height, 2), "period": round(4 + 2 * height, 1), "direction": round(towards, 1) % 360}
        at += MINUTE
