"""One device's own line to the broker: connects again by itself, leaves a last will, bounded in memory. For the feed and the simulator."""

import ssl
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog
from msgspec import json
from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties

from ingest.settings import Settings

IN_FLIGHT = 200  # messages without the broker's acknowledgement before `publish` waits; ours
LOG = structlog.get_logger()


class DeviceLink:
    """Speaks as `device` of `area`: retained `status` online, last will offline; `heard` gets what comes on its `do`."""

    def __init__(self, settings: Settings, area: str, device: str, heard: Callable[[bytes], None] | None = None) -> None:
        self.topic = f"coast/{area}/{device}/"
        self.device = device
        self.waiting: deque[MQTTMessageInfo] = deque()
        self.stopped = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=device, clean_session=True)
        self.client.max_queued_messages_set(10_000)
        self.client.reconnect_delay_set(1, 30)
        self.client.will_set(self.topic + "status", json.encode({"state": "offline"}), qos=1, retain=True)
        if settings.mqtt_user:
            self.client.username_pw_set(settings.mqtt_user, settings.mqtt_password)
        if settings.mqtt_tls:
            self.client.tls_set(settings.mqtt_ca or None, cert_reqs=ssl.CERT_REQUIRED)
        if heard is not None:
            self.client.on_message = lambda _client, _userdata, message: heard(_payload(message))
        self.listens = heard is not None
        self.client.on_connect = self._connected
        self.client.connect_async(*settings.broker, keepalive=30)
        self.client.loop_start()

    def _connected(self, client: Client, _userdata: Any, _flags: Any, reason: Any, _properties: Properties | None) -> None:
        if reason.is_failure:
            LOG.warning("the broker refuses", device=self.device, reason=str(reason))
            return
        if self.listens:
            client.subscribe(self.topic + "do", qos=1)
        client.publish(self.topic + "status", json.encode({"state": "online"}), qos=1, retain=True)

    def publish(self, kind: str, payload: Any) -> None:
        """`payload`: a text as it is, anything else as JSON. Waits while too much is unacknowledged, until `close` from another thread."""
        content = payload.encode() if isinstance(payload, str) else json.encode(payload)
        self.waiting.append(self.client.publish(self.topic + kind, content, qos=1))
        while self.waiting and (len(self.waiting) > IN_FLIGHT or self.waiting[0].is_published()):
            if self.stopped.is_set():
                return
            self.waiting[0].wait_for_publish(0.2)
            if self.waiting[0].is_published():
                self.waiting.popleft()

    def close(self, seconds: float = 5) -> None:
        """Says goodbye, having waited up to `seconds` for what is still unacknowledged."""
        info = self.client.publish(self.topic + "status", json.encode({"state": "offline"}), qos=1, retain=True)
        if self.client.is_connected():
            info.wait_for_publish(seconds)
        self.stopped.set()
        self.client.disconnect()
        self.client.loop_stop()


def _payload(message: MQTTMessage) -> bytes:
    return bytes(message.payload)
