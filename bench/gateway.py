"""Gateways' arrays of 100 heartbeats, before MQTT: through the door and packed for the log."""

import gc
import time

import msgspec

from bench.figure import Figure, least
from bench.load import START, Coast
from ingest.recording import write
from ingest.records import Batch, Codec
from ingest.settings import Settings
from ingest.site_files import read_site
from ingest.wire import Door

ARRAYS, SIZE = 200, 100


def measure() -> list[Figure]:
    site = read_site(Settings().site)
    gateways = {device.gateway for device in site.devices if device.gateway}
    gateway = max(sorted(gateways), key=lambda one: sum(device.gateway == one for device in site.devices), default="")
    figures = []
    for form, encode in (("JSON", msgspec.json.encode), ("MessagePack", msgspec.msgpack.encode)):
        area, topic, arrays = _arrays(site, gateway, encode)
        took = _read(site, topic, arrays)
        figures.append(Figure(f"gateway arrays of {SIZE} heartbeats, {form}, before MQTT", ARRAYS * SIZE / took, "events/s a core",
                              at_least=300_000, beside=f"door and packing, in {area}"))  # fmt: skip
    return figures


def _arrays(site, gateway: str, encode) -> tuple[str, str, list[bytes]]:
    area = site.device[gateway].area if gateway else site.areas[0].id
    coast = Coast(site, area, 1, START)
    if gateway:
        coast.boxes = [device.id for device in site.devices if device.gateway == gateway and device.type in ("box", "light")]
    arrays = []
    for n in range(ARRAYS):
        objects = []
        for k in range(SIZE):
            event = coast.heartbeat(START + n * 1_000 + k)
            payload = write(event, area)[1]
            objects.append({**payload, "device": event.device} if gateway else payload)
        arrays.append(encode(objects))
    speaker = gateway or coast.boxes[0]
    return area, f"coast/{area}/{speaker}/heartbeat", arrays


def _read(site, topic: str, arrays: list[bytes]) -> float:
    door, codec, took = Door(site), Codec(), []
    for _ in range(5):
        gc.collect()
        began = time.process_time()
        for n, payload in enumerate(arrays):
            found, refused = door.read(topic, payload, START + n * 1_000 + 200)
            codec.pack(Batch(site.revision, [event for _, event in found]))
            assert len(found) == SIZE, refused[:1]
        took.append(time.process_time() - began)
    return least(took)
