"""Commands to devices: `coast/{area}/{device}/do` over MQTT, QoS 1, sent when the broker has acknowledged."""

import threading
import time
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from alerts.channels.message import Failed, Message, Result, Retry, Sent
from ingest.credentials import show
from ingest.settings import Settings
from ingest.site import Channel, Person


class Device:
    """Sender. One plain session; what the broker did not acknowledge stays the outbox's to repeat."""

    def __init__(self, settings: Settings) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="coast-guardian-deliverer", clean_session=True)
        show(self._client, settings)
        self._client.reconnect_delay_set(1, 10)
        host, port = settings.broker
        self._client.connect_async(host, port, keepalive=30)
        self._lock = threading.Lock()
        self._started = False

    def send(self, message: Message, _person: Person | None, _channel: Channel, timeout: int) -> Result:
        command = message.command
        if command is None:
            return Failed("not a command")
        with self._lock:
            if not self._started:
                self._client.loop_start()
                self._started = True
        deadline = time.monotonic() + min(timeout, 3_000) / 1000
        while not self._client.is_connected() and time.monotonic() < deadline:
            time.sleep(0.02)
        if not self._client.is_connected():
            return Retry("the broker is away", 1_000)
        shape: dict[str, Any] = {"id": command.id, "command": command.command, "args": command.args, "expires": command.expires}
        sent = self._client.publish(f"coast/{command.area}/{command.device}/do", msgspec.json.encode(shape), qos=1)
        try:
            sent.wait_for_publish(max(0.1, deadline + 2 - time.monotonic()))
        except (RuntimeError, ValueError) as refused:
            return Retry(str(refused), 1_000)
        return Sent() if sent.is_published() else Retry("the broker did not acknowledge", 1_000)

    def close(self) -> None:
        if self._started:
            self._client.disconnect()
            self._client.loop_stop()
