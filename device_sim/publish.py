"""The pretend coast on MQTT, as devices do it: last will, retained status, a press repeated until the box hears that it was received.

Boxes near the action have a session each; lights' heartbeats go in arrays through their gateway and receivers in arrays of fixes; the rest share one session.
"""

import queue
import threading
import time
from collections import defaultdict
from typing import IO, Any

import structlog
from msgspec import DecodeError, json

from device_sim.coast import Coast, Said
from ingest.device_link import DeviceLink
from ingest.recording_file import rfc3339
from ingest.settings import Settings
from ingest.site import Device

REPEAT = 5_000  # ms between two of the same press; wire document
GATHER = 1_000  # ms that an array gathers; ours
HELD = 20_000  # messages kept while the pretend network is away; ours
PRESS, PRESSED = "coast-sim/press", "coast-sim/pressed"  # how `sim press` asks a running simulator
LOG = structlog.get_logger()


class Pressed:
    """A press that has not been heard to be received: repeated with the same `seq`, `boot` and `ts`."""

    def __init__(self, payload: dict[str, Any], now: int) -> None:
        self.payload, self.next, self.times = payload, now + REPEAT, 1

    def due(self, now: int) -> dict[str, Any] | None:
        """The payload to be sent again at `now` (ms), if it is time."""
        if now < self.next:
            return None
        self.next, self.times = now + REPEAT, self.times + 1
        return {**self.payload, "sent": now}


class Publisher:
    """`run` blocks until the scenario's end or `stop`. `heard`: for each box the (ms, state) of the reports that it got.

    `truth_out` gets the truth of each happening as it is staged, presses by hand too; times as on the clock that it was staged by.
    """

    def __init__(
        self,
        settings: Settings,
        coast: Coast,
        stop: threading.Event,
        speed: float = 1.0,
        heard_out: IO[bytes] | None = None,
        truth_out: IO[bytes] | None = None,
    ) -> None:
        self.coast, self.stop, self.speed, self.heard_out = coast, stop, speed, heard_out
        self.inbox: queue.Queue[tuple[str, bytes]] = queue.Queue()  # no SimpleQueue: see alerts/lanes.py
        self.heard: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self.pressed: dict[str, Pressed] = {}
        self.boot: dict[str, Any] = {}
        self.seq: dict[str, int] = defaultdict(int)
        self.arrays: dict[str, list[dict[str, Any]]] = {}
        self.flushed = 0
        self.held: list[Said] = []
        self.away = False  # no network: all sessions are cut
        self.sent = 0
        self.truth_out = truth_out
        self.to_stage = iter(coast.truth)
        self.next_staged = next(self.to_stage, None)
        self.retained: dict[str, None] = {}  # topics of `status` to be withdrawn at the end
        self.done: dict[str, None] = {}  # commands answered, in order; the oldest are forgotten

        def came(topic: str, payload: bytes) -> None:
            self.inbox.put((topic, payload))

        area = coast.site.lowest_area.id
        self.shared = DeviceLink(settings, area, "coast-simulator", came, listen=("coast/+/+/do", PRESS), announce=False)
        self.own = {box.id: DeviceLink(settings, box.area, box.id, came) for box in self._near_the_action()}

    def _near_the_action(self) -> list[Device]:
        first: dict[str, int] = {}
        for one in self.coast.staged:
            first.setdefault(one.subject, one.at)
        boxes = sorted(self.coast.cast.boxes, key=lambda box: first.get(box.id, self.coast.end))
        return boxes[: self.coast.scenario.own_connections]

    def run(self) -> None:
        begun = round(time.time() * 1000)
        try:
            for said in self.coast.said():
                due = begun + round((said.at - self.coast.start) / self.speed)
                while not self.stop.is_set() and (now := round(time.time() * 1000)) < due:
                    self._meanwhile(now, due)
                if self.stop.is_set():
                    break
                self._stage(said.at, begun)
                self._leave(said, due)
        finally:
            self._flush()
            for link in self.own.values():
                self.retained[link.topic + "status"] = None
                link.close(0.5)
            for topic in self.retained:  # so that the next system on this broker does not hear of a pretend coast
                self.shared.send(topic, "", retain=True)
            self.shared.close(2)

    def _stage(self, until: int, begun: int) -> None:
        """Tells the truth of what is staged up to `until` (ms of the scenario). A faster clock does not shorten what the models may take."""
        while self.next_staged is not None and self.next_staged["at"] <= until:
            one, self.next_staged = self.next_staged, next(self.to_stage, None)
            at = begun + round((one["at"] - self.coast.start) / self.speed)
            late = at - one["at"]
            if one["staged"] == "broker_outage":
                one = self._devices_away(one)
            must = one["must"] and {**one["must"], "by": one["must"]["by"] + late}
            must_not = [{**each, "from": each["from"] + late, "until": each["until"] + late} for each in one["must_not"]]
            also = [{**each, "by": each["by"] + late} if "by" in each else each for each in one.get("also", ())]
            ends = at + round((one["until"] - one["at"]) / self.speed)
            self._tell_truth({**one, "at": at, "until": ends, "must": must, "also": also, "must_not": must_not})

    def _devices_away(self, one: dict[str, Any]) -> dict[str, Any]:
        """Live, the devices lose the network and the platform does not: their wills are told, and to call them silent is right. Vessels are not."""
        must = {"model": "M02", "level": "blue", "by": one["at"] + 130_000, "subject": sorted(self.own)} if self.own else None
        return {**one, "must": must, "also": [{"model": "M02"}], "must_not": [each for each in one["must_not"] if each["model"] != "M02"]}

    def _tell_truth(self, one: dict[str, Any]) -> None:
        if self.truth_out is not None:
            self.truth_out.write(json.encode(one) + b"\n")
            self.truth_out.flush()

    def _meanwhile(self, now: int, due: int) -> None:
        for box, pressed in () if self.away else tuple(self.pressed.items()):
            if (again := pressed.due(now)) is not None:
                self._send(box, "sos", again)
        if now - self.flushed >= GATHER:
            self.flushed = now
            self._flush()
        try:
            self._came(*self.inbox.get(timeout=min(max(due - now, 1), 200) / 1000))
        except queue.Empty:
            return

    def _leave(self, said: Said, now: int) -> None:
        away = any(outage.at <= said.at < outage.until for outage in self.coast.outages)
        said = said._replace(at=now, payload={**said.payload, "ts": now - (said.at - said.payload["ts"])})  # what is entered late stays so
        if away:
            if not self.away:
                self._network(away=True)
            if len(self.held) < HELD or said.kind == "sos":
                self.held.append(said)
            return
        if self.away:
            self._network(away=False)
        if self.held:
            held, self.held = self.held, []
            for one in held:
                self._tell(one, one.at, queued=True)
        self._tell(said, now, queued=False)

    def _network(self, *, away: bool) -> None:
        self.away = away
        LOG.info("the network is away" if away else "the network is back")
        if away:
            self._flush()
        for link in (self.shared, *self.own.values()):
            if away:
                link.cut()
            else:
                link.mend()

    def _tell(self, said: Said, now: int, *, queued: bool) -> None:
        name, payload = said.device.id, said.payload
        if said.kind == "status":
            self._status(said.device, payload)
            return
        if payload["boot"] != self.boot.get(name):
            self.boot[name], self.seq[name] = payload["boot"], 0
        payload = self._named(name, payload, None if queued else now)
        if said.kind == "sos":
            self.pressed[name] = Pressed(payload, now)
            LOG.info("a box is pressed", box=name, place=said.device.place)
        if said.kind == "position" or (said.device.gateway and said.kind == "heartbeat"):
            gateway = said.device.gateway if said.kind != "position" else ""
            topic = f"coast/{said.device.area}/{gateway or name}/{said.kind}"
            self.arrays.setdefault(topic, []).append({"device": name, **payload} if gateway else payload)
        else:
            self._send(name, said.kind, payload)

    def _named(self, name: str, payload: dict[str, Any], sent: int | None) -> dict[str, Any]:
        payload = {**payload, "seq": self.seq[name], "boot": self.boot.get(name, 0)}
        self.seq[name] += 1
        payload.pop("sent", None)
        return payload if sent is None else {**payload, "sent": sent}

    def _status(self, device: Device, payload: dict[str, Any]) -> None:
        """A box with its own session keeps that; the rest have their will told here."""
        topic = f"coast/{device.area}/{device.id}/status"
        self.retained[topic] = None
        self.shared.send(topic, payload, retain=True)

    def _send(self, name: str, kind: str, payload: Any) -> None:
        self.sent += 1
        link = self.own.get(name)
        if link is not None:
            link.publish(kind, payload)
        else:
            self.shared.send(f"coast/{self.coast.site.device[name].area}/{name}/{kind}", payload)

    def _flush(self) -> None:
        for topic, array in self.arrays.items():
            self.sent += 1
            self.shared.send(topic, array)
        self.arrays = {}

    def _came(self, topic: str, payload: bytes) -> None:
        try:
            said = json.decode(payload)
        except DecodeError:
            return
        if not isinstance(said, dict):
            return
        now = round(time.time() * 1000)
        if topic == PRESS:
            self._press(str(said.get("box", "")), now)
        elif topic.endswith("/do"):
            self._do(topic.split("/")[2], said, now)

    def _press(self, box: str, now: int) -> None:
        device = self.coast.site.device.get(box)
        if device is None or device not in self.coast.cast.boxes:
            return
        self.boot.setdefault(box, self.coast.boot(box, self.coast.start))  # pressed before its first heartbeat
        payload = self._named(box, {"ts": now, "state": "pressed", "hold": 1.0, "channel": "button"}, now)
        self.pressed[box] = Pressed(payload, now)
        self._send(box, "sos", payload)
        self.shared.send(PRESSED, {"box": box})
        must = {"model": "M01", "level": "red", "by": now + 5_000, "subject": box}
        self._tell_truth({"at": now, "until": now, "staged": "press", "subject": box, "must": must, "must_not": []})

    def _do(self, box: str, command: dict[str, Any], now: int) -> None:
        """A command of the platform. The shared session hears every `do`, a box with its own session hears it too: once is enough."""
        name = f"{box} {command.get('id')}"
        if name in self.done or box not in self.coast.site.device:
            return
        self.done[name] = None
        if len(self.done) > 2_000:
            del self.done[next(iter(self.done))]
        args = command.get("args")
        if command.get("command") == "report" and isinstance(args, dict):
            state = str(args.get("state"))
            if state == "received":
                self.pressed.pop(box, None)
            self.heard[box] = [*self.heard[box][-50:], (now, state)]
            LOG.info("the box heard", box=box, place=self.coast.site.device[box].place, heard=", ".join(s for _, s in self.heard[box][-6:]))
            if self.heard_out is not None:
                self.heard_out.write(json.encode({"at": rfc3339(now), "box": box, "alert": args.get("alert"), "state": state}) + b"\n")
                self.heard_out.flush()
        answer = {"ts": now, "id": str(command.get("id")), "ok": True}
        self._send(box, "done", self._named(box, answer, now))
