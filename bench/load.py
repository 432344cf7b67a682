"""The mixed load of a coast: heartbeats 60 %, tracks 15 %, positions 15 %, the rest 10 %. Seeded. As events, as log records, as MQTT messages.

Devices and vessels speak in turn, as on a real coast: at 500 events a second, 9,000 boxes and lights give a heartbeat every 30 s and 750 vessels a
position every 10 s. Vessels sail east at their own speed and turn back after an hour. Every camera sees two people who walk ashore for a minute each, every
tenth also a boat that lies at its mooring 150 m out.
"""

import random
from collections.abc import Iterator

import msgspec
import numpy as np
from msgspec import structs

from ingest.events import AnyEvent, Camera, Event, Heartbeat, Light, Position, Receiver, Tick, TrackedObject, Tracks, Weather
from ingest.recording import write
from ingest.records import Batch, Codec
from ingest.site import Device, Site, with_revision
from models.places import places_of

START = 1_767_225_600_000  # ms; any moment will do


AWAY = 0.00135  # degrees: about 150 m; boats lie so far out at sea, people walk at a third of it inland


def widened(site: Site, area: str, boxes: int) -> Site:
    """The site with so many boxes and lights in `area`, the new ones standing where the known ones do: rows along the shore, each with its own neighbours."""
    known = [device for device in site.devices if device.area == area and device.type in ("box", "light")]
    likes = {f"{like.id}-{row}": like for row in range(1, 2 + boxes // len(known)) for like in known}
    names = list(likes)[: max(0, boxes - len(known))]
    there = set(names)
    more: list[Device] = []
    for name in names:
        row = name.rpartition("-")[2]
        beside = tuple(other for each in likes[name].neighbours if (other := f"{each}-{row}") in there)
        more.append(structs.replace(likes[name], id=name, place="", neighbours=beside))
    return with_revision(structs.replace(site, devices=(*site.devices, *more)))


def _sides(site: Site, area: str, cameras: list[Device]) -> dict[str, tuple[float, float, float, float]]:
    """Of each camera its longitude and latitude, and the way inland (degrees east and north)."""
    places, found = places_of(site, site.area_of[area]), {}
    for camera in cameras:
        longitude, latitude = camera.position
        ways = [(east * AWAY, north * AWAY) for east, north in ((0, 1), (1, 0), (-1, 0), (0, -1))]
        tried = np.array([(longitude + 0.3 * east, latitude + 0.3 * north) for east, north in ways])
        inland = places.off_shore(tried[:, 0], tried[:, 1])
        found[camera.id] = (longitude, latitude, *ways[int(np.argmin(inland))])
    return found


class Coast:
    """Who speaks in one area, each counting its messages."""

    def __init__(self, site: Site, area: str, vessels: int, start: int) -> None:
        devices = [device for device in site.devices if device.area == area]
        self.boxes = [device.id for device in devices if device.type in ("box", "light")]
        self.lights = [device.id for device in devices if device.type == "light"] or self.boxes
        self.cameras = [device.id for device in devices if device.type == "camera"]
        self.receivers = [device.id for device in devices if device.type == "receiver"]
        self.sensors = [device.id for device in devices if device.type == "sensor"] or self.receivers
        self.vessels = [f"4120{i:05d}" for i in range(vessels)]
        self.ashore = _sides(site, area, [device for device in devices if device.type == "camera"])
        self.vessel = {
            name: (
                devices[0].position[0] + 0.4 * random.Random(name).random(),
                devices[0].position[1] - 0.02 - 0.1 * random.Random(name).random(),
                8 * random.Random(name).random(),
            )
            for name in self.vessels
        }  # longitude and latitude at the start, knots
        self.start, self.chance = start, random.Random(7)
        self._seq: dict[str, int] = {}
        self._turns: dict[int, int] = {}

    def _next(self, of: list[str]) -> str:
        turn = self._turns[id(of)] = self._turns.get(id(of), -1) + 1
        return of[turn % len(of)]

    def _head(self, device: str, at: int) -> dict:
        seq = self._seq[device] = self._seq.get(device, -1) + 1
        return {"device": device, "received": at + 40, "ts": at, "sent": at, "seq": seq, "boot": 7}

    def heartbeat(self, at: int) -> Heartbeat:
        return Heartbeat(
            **self._head(self._next(self.boxes), at), battery=round(0.8 + 0.1 * self.chance.random(), 2), supply="mains", rssi=-71.0, temperature=21.5,
            uptime=(at - self.start) / 1000, firmware="1.4.2",
        )  # fmt: skip

    def one(self, at: int) -> AnyEvent:
        chance = self.chance
        kind = chance.random()
        if kind < 0.60:
            return self.heartbeat(at)
        if kind < 0.75:
            camera = self._next(self.cameras)
            longitude, latitude, east, north = self.ashore[camera]
            minute, step = at // 60_000 % 1_000, at % 60_000 / 60_000
            objects = tuple(
                TrackedObject(
                    track=2 * minute + k, class_="person", score=0.71, box=(0.1, 0.2, 0.05, 0.1), speed=1.2,
                    position=(round(longitude + 0.3 * east + 2e-4 * (step - k), 6), round(latitude + 0.3 * north, 6)),
                )
                for k in range(2)
            )  # fmt: skip
            if self._turns[id(self.cameras)] % 10 == 0:
                moored = TrackedObject(
                    track=9,
                    class_="boat",
                    score=0.8,
                    box=(0.5, 0.5, 0.1, 0.05),
                    speed=0.0,
                    length=9.0,
                    position=(round(longitude - east, 6), round(latitude - north, 6)),
                )
                objects = (*objects, moored)
            return Tracks(**self._head(camera, at), objects=objects, preset="1")
        if kind < 0.90:
            name = self._next(self.vessels)
            longitude, latitude, knots = self.vessel[name]
            hours = (at - self.start) / 3_600_000
            way = knots / 54 * (hours % 1 if hours // 1 % 2 == 0 else 1 - hours % 1)  # degrees of longitude; an hour out, an hour back
            return Position(
                device=self.receivers[0], received=at + 40, ts=at, vessel=name, sog=round(knots, 1), cog=90.0, position=(round(longitude + way, 5), round(latitude, 5)),
                heading=91.0, nav_status=0, class_="A",
            )  # fmt: skip
        if kind < 0.96:
            return Light(**self._head(self._next(self.lights), at), lamp="1", mode="on", actual="on", current=0.8, nominal=0.8, lux=12.0)
        if kind < 0.99:
            return Camera(**self._head(self._next(self.cameras), at), fps=25.0, preset="1", mode="day", sharpness=0.7, brightness=0.5, looked=1.0)
        if kind < 0.995:
            return Weather(**self._head(self.sensors[0], at), wind_speed=6.0, averaging=600.0, wind_gust=8.0)
        return Receiver(**self._head(self.receivers[0], at), messages=70.0, vessels=40.0)


def events(site: Site, area: str, seconds: int, rate: int, vessels: int = 750, start: int = START) -> Iterator[list[Event]]:
    """One list a second, a tick at its end."""
    coast = Coast(site, area, vessels, start)
    for second in range(seconds):
        base = start + second * 1_000
        some: list[Event] = [coast.one(base + n * 1_000 // rate) for n in range(rate)]
        yield [*some, Tick(device="bridge", received=base + 1_040, now=base + 1_040, heard=base + 1_040 - start, connects=1)]


def records(site: Site, area: str, seconds: int, rate: int, size: int = 500, vessels: int = 750, start: int = START) -> list[bytes]:
    """Batches of at most `size` events, a tick the last of one."""
    codec, packed = Codec(), []
    for second in events(site, area, seconds, rate, vessels, start):
        body, tick = second[:-1], second[-1]
        pieces = [body[i : i + size] for i in range(0, len(body), size)]
        pieces[-1].append(tick)
        packed += [codec.pack(Batch(site.revision, piece)) for piece in pieces]
    return packed


def messages(site: Site, area: str, count: int, rate: int, start: int, *, mixed: bool) -> list[tuple[str, bytes]]:
    """(topic, payload) of `count` MQTT messages, `rate` a second from `start` ms on: the mixed load, or heartbeats alone."""
    coast, encode = Coast(site, area, 400, start), msgspec.json.Encoder().encode
    found = []
    for n in range(count):
        at = start + n * 1_000 // rate
        topic, payload = write(coast.one(at) if mixed else coast.heartbeat(at), area)
        found.append((topic, encode(payload)))
    return found
