"""The mixed load of a coast, as the log keeps it: heartbeats 60 %, tracks 15 %, positions 15 %, the rest 10 %. Seeded."""

import random

from ingest.events import AnyEvent, Camera, Heartbeat, Light, Position, Receiver, Tick, TrackedObject, Tracks, Weather
from ingest.records import Batch, Codec
from ingest.site import Site


def events(site: Site, area: str, seconds: int, rate: int, start: int = 1_767_225_600_000) -> list[list[AnyEvent]]:
    """One list a second, a tick at its end."""
    chance = random.Random(7)
    devices = [device for device in site.devices if device.area == area]
    boxes = [device.id for device in devices if device.type in ("box", "light")]
    cameras = [device.id for device in devices if device.type == "camera"]
    receivers = [device.id for device in devices if device.type == "receiver"]
    sensors = [device.id for device in devices if device.type == "sensor"] or receivers
    vessels = [f"4120{i:05d}" for i in range(400)]
    longitude, latitude = devices[0].position
    seq = dict.fromkeys([device.id for device in devices], -1)
    beats = 0

    def head(device: str, at: int) -> dict:
        seq[device] += 1
        return {"device": device, "received": at + 40, "ts": at, "sent": at, "seq": seq[device], "boot": 7}

    def one(kind: float, at: int, n: int) -> AnyEvent:
        nonlocal beats
        if kind < 0.60:
            beats += 1
            device = boxes[beats % len(boxes)]
            return Heartbeat(
                **head(device, at),
                battery=0.8 + 0.1 * chance.random(),
                supply="mains",
                rssi=-71.0,
                temperature=21.5,
                uptime=(at - start) / 1000,
                firmware="1.4.2",
            )
        if kind < 0.75:
            objects = tuple(
                TrackedObject(track=n * 3 + k, class_="person", score=0.71, box=(0.1, 0.2, 0.05, 0.1), position=(longitude, latitude), speed=1.2)
                for k in range(2)
            )
            return Tracks(**head(chance.choice(cameras), at), objects=objects, preset="1")
        if kind < 0.90:
            vessel = chance.choice(vessels)
            return Position(
                device=receivers[0], received=at + 40, ts=at, vessel=vessel, position=(longitude + 0.05 * chance.random(), latitude - 0.05 * chance.random()),
                sog=round(8 * chance.random(), 1), cog=90.0, heading=91.0, nav_status=0, class_="A",
            )  # fmt: skip
        if kind < 0.96:
            return Light(**head(chance.choice(boxes), at), lamp="1", mode="on", actual="on", current=0.8, nominal=0.8, lux=12.0)
        if kind < 0.99:
            return Camera(**head(chance.choice(cameras), at), fps=25.0, preset="1", mode="day", sharpness=0.7, brightness=0.5, looked=1.0)
        if kind < 0.995:
            return Weather(**head(sensors[0], at), wind_speed=6.0, averaging=600.0, wind_gust=8.0)
        return Receiver(**head(receivers[0], at), messages=70.0, vessels=40.0)

    lists = []
    for second in range(seconds):
        base = start + second * 1_000
        some = [one(chance.random(), base + n * 1_000 // rate, n) for n in range(rate)]
        lists.append([*some, Tick(device="bridge", received=base + 1_000, now=base + 1_000, heard=base + 1_000, connects=1)])
    return lists


def records(site: Site, area: str, seconds: int, rate: int, size: int) -> list[bytes]:
    """Batches of at most `size` events, a tick the last of one."""
    codec, packed = Codec(), []
    for second in events(site, area, seconds, rate):
        body, tick = second[:-1], second[-1]
        pieces = [body[i : i + size] for i in range(0, len(body), size)]
        pieces[-1].append(tick)
        packed += [codec.pack(Batch(site.revision, piece)) for piece in pieces]
    return packed
