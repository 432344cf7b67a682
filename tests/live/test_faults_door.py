"""10,000 odd payloads through the real broker and bridge: each is refused with its reason or taken as the door takes it, nobody falls, memory is flat."""

import json
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingest.events import OURS, kind_of
from ingest.log import EVENTS, REFUSED, Log
from ingest.records import Codec
from ingest.refusals import unpack
from ingest.site_files import read_site
from ingest.wire import Door
from ingest.wire_forms import ROWS
from tests.ingest.test_wire import PAYLOAD
from tests.live.machine import ROOT, Devices, Machine, machine_in, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(200)]
AREAS = ("huian", "shishi", "nowhere", "A B")
DEVICES = ("box-0001", "box-0002", "light-0001", "cam-0001", "gateway-1", "ais-chongwu", "console-xiutu", "who")
KINDS = (*sorted(ROWS), "nmea", "odd", "sos", "sos", "distress", "status")
TOPIC = st.builds("coast/{}/{}/{}".format, st.sampled_from(AREAS), st.sampled_from(DEVICES), st.sampled_from(KINDS))
GROWTH = 4  # MB that a process may have grown over the second half; a leak of a kilobyte a message would be 5 in each table that keeps it
PAGES = 8  # MB more for the recorder, whose store may still be filling its cache of pages


class Said:
    """What was published, and what the door makes of it."""

    def __init__(self, machine: Machine) -> None:
        self.devices = Devices(machine.port)
        self.door = Door(read_site(ROOT / "sites" / "quanzhou-bay"))
        self.taken: Counter[Any] = Counter()
        self.refused: Counter[Any] = Counter()
        self.messages = 0

    def say(self, topic: str, payload: bytes) -> None:
        self.devices.waiting.append(self.devices.client.publish(topic, payload, qos=1))
        self.messages += 1
        if topic.endswith("/do"):
            return
        events, refused = self.door.read(topic, payload, int(time.time() * 1000), retained=False)
        self.taken.update((area, kind_of(event), event.device) for area, event in events)
        self.refused.update((one.topic, one.reason, one.payload) for one in refused)


class Heard:
    """What is in the log, but for what our own processes say; reads on where it ended."""

    def __init__(self, log: Log) -> None:
        self.log, self.codec, self.at = log, Codec(), Counter()
        self.taken: Counter[Any] = Counter()
        self.refused: Counter[Any] = Counter()

    def read(self) -> "Heard":
        for topic in (EVENTS, REFUSED):
            for area in self.log.partitions(topic):
                while entries := self.log.read(topic, area, self.at[topic, area]):
                    self.at[topic, area] = entries[-1].offset + 1
                    for entry in entries:
                        self._take(topic, area, entry.value)
        return self

    def _take(self, topic: str, area: int, value: bytes) -> None:
        if topic == REFUSED:
            self.refused.update((one.topic, one.reason, one.payload) for one in unpack(self.codec, value))
        else:
            events = self.codec.unpack(value).events
            self.taken.update((area, kind_of(event), event.device) for event in events if kind_of(event) not in OURS)


def megabytes(machine: Machine) -> dict[str, float]:
    found = {}
    for role, state in machine.roles().items():
        status = Path(f"/proc/{state['pid']}/status").read_text()
        found[role] = int(status.split("VmRSS:")[1].split()[0]) / 1024
    return found


def odd_payloads(seed: int, how_many: int):
    """Objects of known fields with odd values, packed either way, batches of them, torn ones, and noise."""
    chance = random.Random(seed)
    names = sorted({name.rstrip("_") for row in ROWS.values() for name in row.__struct_fields__} | {"crs", "lines"})
    now = int(time.time() * 1000)
    odd = [
        None, True, -1, 0, 1, 0.5, 360, 511, 1e300, 2**70, now, now - 3_600_000, "", "box-0002", "pressed", "released", "gcj-02", "412345678", "\ud7ff",
        [], {}, [118.2, 24.5], [[1, 2]], [{"track": 1}], "x" * 3000,
    ]  # fmt: skip
    for _ in range(how_many):
        objects = [
            {chance.choice(names): chance.choice(odd) for _ in range(chance.randrange(8))} | ({"ts": now} if chance.random() < 0.7 else {})
            for _ in range(2)
        ]
        payload = chance.choice(
            [
                json.dumps(objects[0]).encode(),
                json.dumps(objects).encode(),
                packed(objects[0]),
                packed(objects),
                chance.randbytes(chance.randrange(40)),
            ]
        )
        if chance.random() < 0.2:
            cut = chance.randrange(len(payload) + 1)
            payload = payload[:cut] + chance.randbytes(2) + payload[cut + 1 :]
        yield f"coast/{chance.choice(AREAS)}/{chance.choice(DEVICES)}/{chance.choice(KINDS)}", payload


def packed(value: Any) -> bytes:
    try:
        return msgspec.msgpack.encode(value)
    except OverflowError:
        return b"\xc1"


@pytest.fixture
def machine(tmp_path):
    yield from machine_in(tmp_path)


def test_ten_thousand_odd_payloads_are_refused_with_a_reason_or_taken_and_nobody_falls_or_grows(machine):
    said, log = Said(machine), machine.log()
    heard = Heard(log)

    @settings(max_examples=1_000, deadline=None, database=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(TOPIC, PAYLOAD)
    def as_hypothesis_thinks(topic: str, payload: bytes) -> None:
        said.say(topic, payload)

    as_hypothesis_thinks()
    for topic, payload in odd_payloads(1, 5_000 - said.messages):
        said.say(topic, payload)
    all_arrived(machine, said, heard)
    before = megabytes(machine)
    for topic, payload in odd_payloads(2, 5_000):
        said.say(topic, payload)
    assert said.messages >= 10_000
    all_arrived(machine, said, heard)
    after = megabytes(machine)
    said.devices.close()
    log.close()
    grown = {role: after[role] - before[role] - (PAGES if role == "recorder" else 0) for role in after}
    assert {role: by for role, by in grown.items() if by > GROWTH} == {}
    assert not any(state["falls"] for state in machine.roles().values())
    boxes = {alert.subject for alert in machine.newest().values() if alert.model == "M01"}
    assert {"box-0001", "box-0002", "who"} <= boxes, "whatever came on sos raised"
    assert not [alert for alert in machine.newest().values() if alert.reason.code in ("model_disabled", "skipped", "crashed")]


def all_arrived(machine: Machine, said: Said, heard: Heard) -> None:
    """Each message as the door takes it, and the processor has judged them."""
    until(lambda: heard.read().taken.total() >= said.taken.total(), 60, "what is taken is in the log")
    until(lambda: heard.read().refused.total() >= said.refused.total(), 30, "what is refused too")
    assert heard.taken == said.taken
    assert heard.refused == said.refused
    box = f"box-{said.messages % 100 + 100:04d}"
    said.say(f"coast/huian/{box}/sos", b"help")
    until(lambda: any(alert.subject == box for alert in machine.newest().values()), 30, "all is judged")
