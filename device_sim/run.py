"""The simulator's entries: the live coast, and one press by hand."""

import secrets
import signal
import sys
import threading
import time

import structlog
from msgspec import DecodeError, json

from device_sim.coast import Coast
from device_sim.publish import PRESS, PRESSED, Pressed, Publisher
from device_sim.scenario import read_scenario
from ingest.device_link import DeviceLink
from ingest.settings import Settings
from ingest.site_files import read_site

LOG = structlog.get_logger()


def main(settings: Settings, scenario: str = "demo", seed: int = 1, speed: float = 1.0) -> int:
    """Plays `scenario` (name or path) on the settings' site and broker until its end, SIGTERM or SIGINT.

    What boxes heard is appended to <home>/heard.jsonl, what was staged to <home>/truth.jsonl.
    """
    stop = _until_told()
    coast = Coast(read_site(settings.site), read_scenario(scenario), seed, round(time.time() * 1000))
    LOG.info("the pretend coast begins", scenario=coast.scenario.name, staged=len(coast.staged), seed=seed)
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "heard.jsonl").open("ab") as heard_out, (settings.home / "truth.jsonl").open("ab") as truth_out:
        publisher = Publisher(settings, coast, stop, speed, heard_out, truth_out)
        publisher.run()
    LOG.info("the pretend coast ends", sent=publisher.sent)
    return 0


def press(settings: Settings, box: str, seconds: float = 60.0) -> int:
    """Presses `box` as its hardware would, and tells what it hears for `seconds`. 0: it heard that the press was received.

    A running simulator is asked to press, as the box's counters are there; without one this is the box, with a boot of its own.
    """
    stop = _until_told()
    device = read_site(settings.site).device.get(box)
    if device is None or device.type != "box":
        sys.stderr.write(f"there is no call box {box} in this site\n")
        return 1
    asked, states = threading.Event(), []

    def came(topic: str, payload: bytes) -> None:
        if topic == PRESSED:
            asked.set()
            return
        try:
            said = json.decode(payload)
        except DecodeError:
            return
        if isinstance(said, dict) and said.get("command") == "report":
            states.append(str((said.get("args") or {}).get("state")))
            sys.stdout.write(f"{box} heard: {states[-1]}\n")

    topic = f"coast/{device.area}/{box}/"
    link = DeviceLink(settings, device.area, box, came, listen=(topic + "do", PRESSED), client=f"press-{secrets.token_hex(4)}", announce=False)
    try:
        end = time.time() + seconds
        while not link.client.is_connected() and time.time() < end and not stop.wait(0.05):
            pass
        stop.wait(0.2)  # the subscription is on its way before the question
        link.send(PRESS, {"box": box})
        now = round(time.time() * 1000)
        pressed = None
        if not asked.wait(1.5):
            payload = {"ts": now, "sent": now, "seq": 0, "boot": secrets.randbits(32), "state": "pressed", "hold": 1.0, "channel": "button"}
            link.publish("sos", payload)
            pressed = Pressed(payload, now)
        sys.stdout.write(f"{box} pressed\n")
        while time.time() < end and not stop.wait(0.1):
            if pressed and "received" not in states and (again := pressed.due(round(time.time() * 1000))):
                link.publish("sos", again)
    finally:
        link.close(1)
    return 0 if "received" in states else 1


def _until_told() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop
