"""Which kinds a device may say by its type; a site may add to it for a device (`Device.kinds`)."""

from ingest.events import PEOPLE
from ingest.site import Device

EVERY = frozenset({"heartbeat", "status", "done", "tamper", "selftest"})
_SEA = frozenset({"tide", "wave", "weather", "water"})

KINDS_OF_TYPE: dict[str, frozenset[str]] = {
    "box": EVERY | {"sos", "talk", "rescue", "light"},
    "light": EVERY | {"light"},
    "camera": EVERY | {"camera", "tracks", "crowd", "hull", "plate"},
    "receiver": EVERY | {"nmea", "position", "distress", "receiver", "bulletin"},
    "gateway": EVERY | _SEA | {"nmea", "position", "distress", "receiver", "bulletin"},
    "sensor": EVERY | _SEA | {"crowd", "bulletin"},
    "console": EVERY | PEOPLE | {"bulletin"},
}


def allowed(device: Device) -> frozenset[str]:
    return KINDS_OF_TYPE[device.type] | set(device.kinds)
