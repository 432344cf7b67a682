"""One device's own line to the broker: connects again by itself, leaves a last will, bounded in memory. For the feed and the simulator."""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from socket import SHUT_RDWR, socket
from typing import Any

import structlog
from msgspec import json
from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties

from ingest.credentials import show
from ingest.settings import Settings

IN_FLIGHT = 200  # messages without the broker's acknowledgement before `publish` waits; ours
LOG = structlog.get_logger()


class DeviceLink:
    """Speaks as `device` of `area`: retained `status` online, last will offline; `heard` gets what comes on its `do`."""

    def __init__(
        self,
        settings: Settings,
        area: str,
        device: str,
        heard: Callable[[str, bytes], None] | None = None,
        *,
        listen: tuple[str, ...] = (),
        client: str = "",
        announce: bool = True,
    ) -> None:
        """`heard` gets (topic, payload) on the link's own thread, of `do` unless `listen` names other topics. `client`: an MQTT id unlike the device's.

        `announce`: no status and no last will where False.
        """
        self.topic = f"coast/{area}/{device}/"
        self.device = device
        self.announce = announce
        self.listen = (listen or (self.topic + "do",)) if heard else ()
        self.waiting: deque[MQTTMessageInfo] = deque()
        self.stopped = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=client or device, clean_session=True)
        self.client.max_queued_messages_set(10_000)
        self.client.reconnect_delay_set(1, 30)
        if announce:
            self.client.will_set(self.topic + "status", json.encode({"state": "offline"}), qos=1, retain=True)
        show(self.client, settings)
        if heard is not None:
            self.client.on_message = lambda _client, _userdata, message: heard(message.topic, bytes(message.payload))
        self.client.on_connect = self._connected
        self.client.on_pre_connect = self._connecting
        self.away = False
        self.client.connect_async(*settings.broker, keepalive=30)
        self.client.loop_start()

    def cut(self) -> None:
        """The network fails: the session ends without a goodbye, so the broker tells the last will. Until `mend` every attempt to connect fails."""
        self.away = True
        self.client.reconnect_delay_set(1, 5)
        if isinstance(line := self.client.socket(), socket):
            with suppress(OSError):  # it was not connected
                line.shutdown(SHUT_RDWR)

    def mend(self) -> None:
        """The network is back: connected within 5 s."""
        self.away = False

    def _connecting(self, _client: Client, _userdata: Any) -> None:
        if self.away:
            raise OSError("no network")

    def _connected(self, client: Client, _userdata: Any, _flags: Any, reason: Any, _properties: Properties | None) -> None:
        if reason.is_failure:
            LOG.warning("the broker refuses", device=self.device, reason=str(reason))
            return
        for topic in self.listen:
            client.subscribe(topic, qos=1)
        if self.announce:
            client.publish(self.topic + "status", json.encode({"state": "online"}), qos=1, retain=True)

    def publish(self, kind: str, payload: Any) -> None:
        """Under the device's own topic; see `send`."""
        self.send(self.topic + kind, payload)

    def send(self, topic: str, payload: Any, *, retain: bool = False) -> None:
        """`payload`: a text as it is, anything else as JSON. Waits while too much is unacknowledged, until `close` from another thread.

        Not to be called from `heard`: it would wait for its own thread.
        """
        content = payload.encode() if isinstance(payload, str) else json.encode(payload)
        self.waiting.append(self.client.publish(topic, content, qos=1, retain=retain))
        while self.waiting and not self.stopped.is_set():
            if _settled(self.waiting[0]):
                self.waiting.popleft()
            elif len(self.waiting) > IN_FLIGHT:
                self.stopped.wait(0.02)
            else:
                return

    def close(self, seconds: float = 5) -> None:
        """Says goodbye, having waited up to `seconds` for what is still unacknowledged."""
        if self.announce and self.client.is_connected():
            self.waiting.append(self.client.publish(self.topic + "status", json.encode({"state": "offline"}), qos=1, retain=True))
        if self.waiting and self.client.is_connected():
            with suppress(ValueError, RuntimeError):  # not taken into the queue, or disconnected meanwhile
                self.waiting[-1].wait_for_publish(seconds)
        self.stopped.set()
        self.client.disconnect()
        self.client.loop_stop()


def _settled(message: MQTTMessageInfo) -> bool:
    """Acknowledged, or given to the client while there was no connection (it keeps and sends it later, and never says so), or not taken at all."""
    return message.rc in (MQTTErrorCode.MQTT_ERR_QUEUE_SIZE, MQTTErrorCode.MQTT_ERR_NO_CONN) or message.is_published()
