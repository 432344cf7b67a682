"""A broker as in the administrator's page: TLS, a certificate each, and access by its common name."""

import re
import ssl
import subprocess
import time
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.live.machine import ROOT, Machine, mosquitto, until

pytestmark = pytest.mark.live
PAGE = (ROOT / "docs" / "administrator.md").read_text(encoding="utf-8")


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def certify(folder: Path, name: str) -> None:
    """A key and a certificate of the authority for a common name."""
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out", f"{name}.crt", "-days", "2",
            "-extfile", "names")  # fmt: skip


def block(after: str) -> str:
    """The indented lines of the administrator's page that follow a text."""
    lines = PAGE.partition(after)[2].splitlines()[1:]
    kept = [line.strip() for line in lines[: next(n for n, line in enumerate(lines) if line and not line.startswith("    "))]]
    return "\n".join(kept)


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path)
    openssl(tmp_path, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=coast")
    for name in ("server", "coast-bridge", "box-0042"):
        certify(tmp_path, name)
    (tmp_path / "coast.acl").write_text(block("`coast.acl`:"))
    settings = block("`mosquitto.conf`, the part that matters:").replace("listener 8883", f"listener {made.port} 127.0.0.1")
    (tmp_path / "mosquitto.conf").write_text(
        "user root\n" + re.sub(r"/etc/mosquitto/", f"{tmp_path}/", settings) + f"\npersistence_location {tmp_path}/\n"
    )
    made.broker = subprocess.Popen([mosquitto(), "-c", "mosquitto.conf"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(made.broker_answers, 10, "the broker answers")
    made.env |= {
        "COAST_MQTT_TLS": "true", "COAST_MQTT_CA": str(tmp_path / "ca.crt"), "COAST_MQTT_CERT": str(tmp_path / "coast-bridge.crt"),
        "COAST_MQTT_KEY": str(tmp_path / "coast-bridge.key"),
    }  # fmt: skip
    try:
        made.start()
        yield made
        made.stop()
    finally:
        if made.process is not None and made.process.poll() is None:
            made.process.kill()
            made.process.wait()
        made.stop_broker()


def device(machine: Machine, name: str, heard: list[bytes], client_id: str = "") -> Client:
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id or name)
    client.tls_set(str(machine.folder / "ca.crt"), str(machine.folder / f"{name}.crt"), str(machine.folder / f"{name}.key"))
    client.on_connect = lambda client, *_: client.subscribe(f"coast/+/{name}/do", 1)
    client.on_message = lambda _client, _userdata, message: heard.append(message.payload)
    client.connect("127.0.0.1", machine.port)
    client.loop_start()
    until(client.is_connected, 10, f"{name} is let in")
    return client


def test_a_box_with_its_certificate_is_heard_answered_and_nobody_speaks_in_its_name(machine):
    heard: list[bytes] = []
    now = int(time.time() * 1000)
    thief = device(machine, "box-0042", [], "thief")
    thief.publish("coast/huian/box-0043/sos", f'{{"ts":{now},"seq":1,"boot":1,"state":"pressed"}}', 1)  # not its own id
    box = device(machine, "box-0042", heard)
    box.publish("coast/huian/box-0042/do", b"forged", 1)  # nobody commands a device but the platform
    for n in range(200):  # more than one record of TLS, so that what waits inside the session is seen too
        box.publish("coast/huian/box-0042/heartbeat", f'{{"ts":{now + n},"seq":{n},"boot":1,"firmware":"{"x" * 100}"}}', 1)
    box.publish("coast/huian/box-0042/sos", f'{{"ts":{now},"seq":200,"boot":1,"state":"pressed"}}', 1)
    until(lambda: any(alert.subject == "box-0042" for alert in machine.newest().values()), 15, "the press is told")
    until(lambda: any(b'"received"' in payload for payload in heard), 15, f"and the box hears that it is: {heard}")
    until(lambda: sum(event.device == "box-0042" for event in machine.events()) >= 201, 15, "every heartbeat is heard")
    box.disconnect()
    thief.disconnect()
    assert not [alert for alert in machine.newest().values() if alert.subject == "box-0043"]
    assert b"forged" not in heard


def test_who_has_no_certificate_is_not_let_in(machine):
    stranger = Client(CallbackAPIVersion.VERSION2, client_id="box-0042")
    stranger.tls_set(str(machine.folder / "ca.crt"))
    try:
        stranger.connect("127.0.0.1", machine.port)
        stranger.publish("coast/huian/box-0042/sos", "{}", 1)
        for _ in range(20):
            stranger.loop(0.1)
    except (OSError, ssl.SSLError):
        pass
    assert not stranger.is_connected()
    assert not [alert for alert in machine.newest().values() if alert.model == "M01"]
