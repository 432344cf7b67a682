"""A camera: its health every 10 s, every 30 s a heartbeat, and now and then a few people walking along the shore."""

from collections.abc import Iterator
from random import Random

from device_sim.boxes import Say
from device_sim.lights import EAST

HEALTH = 10_000  # ms; wire document


def camera(chance: Random, start: int, offset: int, *, walkers: bool = True) -> Iterator[Say]:
    at, track, beat = start + offset % HEALTH, 0, chance.randrange(3)
    while True:
        night = not 6 <= (at + EAST) // 3_600_000 % 24 < 18
        yield (
            at,
            "camera",
            {
                "fps": round(chance.uniform(24, 25), 1),
                "preset": "home",
                "mode": "infrared" if night else "day",
                **dict.fromkeys(("too_dark", "too_bright", "too_blurry", "scene_changed", "frozen"), False),
                "sharpness": round(chance.uniform(80, 120), 1),
                "brightness": round(chance.uniform(40, 60) if night else chance.uniform(110, 150), 1),
                "looked": 1.0,
            },
        )
        if walkers and chance.random() < 0.25:
            track += 1
            x = round(chance.uniform(0.05, 0.9), 3)
            walker = {"track": track, "class": "person", "score": round(chance.uniform(0.55, 0.95), 3), "box": [x, 0.62, 0.02, 0.06]}
            yield at + 500, "tracks", {"preset": "home", "objects": [{**walker, "speed": round(chance.uniform(0.4, 1.6), 2), "in_water": False}]}
        beat += 1
        if beat % 3 == 0:
            yield at + 700, "heartbeat", {"supply": "mains", "uptime": (at - start) // 1000, "firmware": "sim-1"}
        at += HEALTH
