"""One persistent MQTT session of the bridge, on paho 2, read in large pieces.

paho reads a packet in three system calls and calls back under four locks, which caps it far below what the log takes. So the connection's PUBLISH
packets are cut from large reads here, and all others (CONNACK, SUBACK, PINGRESP, PUBACK) go through paho's own code, as do connecting, keep-alive
and writing. It leans on paho's `_sock_recv`, `_packet_handle`, `_packet_queue` (2.1 and 2.2): tests/live/test_bridge.py fails where they change.
"""

import random
import struct
import time
from typing import Any, NamedTuple

import structlog
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from ingest.credentials import show
from ingest.settings import Settings

log = structlog.get_logger()

PIECE = 256 * 1024  # bytes asked of the socket at once
KEEP_ALIVE = 20  # s
BACK_OFF = (0.2, 15.0)  # s, first and longest wait before another attempt, with jitter
_PUBLISH, _PUBACK = 0x30, 0x40
_BIGGEST = 8 * 1024 * 1024  # bytes of a packet; more is a broken stream


class Arrived(NamedTuple):
    topic: str
    payload: bytes
    mid: int  # 0: nothing to acknowledge
    retained: bool


class Session:
    """`read` what came, `acknowledge` once it is on disk. One thread."""

    def __init__(self, settings: Settings, client_id: str, subscriptions: tuple[str, ...]) -> None:
        self.name = client_id
        self.probe_topic = f"coast-bridge/{client_id}/probe"
        self.connects = 0
        self.connected = False
        self.losses: list[float] = []  # monotonic s of connections that the broker ended and gave again at once: another has our name
        self._filters = [(one, 1) for one in (*subscriptions, self.probe_topic)]
        self._address = settings.broker
        self._buffer = bytearray()
        self._wait, self._next = BACK_OFF[0], 0.0
        self._lost_at = -1e9
        self._client = self._make(settings)

    def _make(self, settings: Settings) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, self.name, clean_session=False, protocol=MQTTProtocolVersion.MQTTv311, manual_ack=True)
        client.connect_timeout = 2.0
        client.max_queued_messages_set(1_000)
        show(client, settings)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        return client

    def _on_connect(self, client: Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            log.warning("broker refuses the bridge", session=self.name, reason=str(reason))
            return
        self._wait = BACK_OFF[0]
        self.connects += 1
        now = time.monotonic()
        if now - self._lost_at < 1.5:
            self.losses.append(now)
        client.subscribe(self._filters)

    def _on_subscribe(self, _client: Client, _userdata: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        """Only now does it hear: what was said before the broker took the subscription is nobody's, unless the session is an old one."""
        if any(reason.is_failure for reason in reasons):
            log.warning("broker refuses a subscription", session=self.name, reasons=[str(reason) for reason in reasons])
            return
        self.connected = True
        log.info("connected to the broker", session=self.name, address=self._address)

    def _on_disconnect(self, _client: Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if self.connected:
            log.warning("lost the broker", session=self.name, reason=str(reason))
        self.connected = False
        self._buffer.clear()

    @property
    def socket(self) -> Any:
        return self._client.socket()

    @property
    def wants_write(self) -> bool:
        return self._client.want_write()

    def displaced(self, now: float) -> int:
        """How often in the last minute another client took our name."""
        self.losses = [at for at in self.losses if now - at < 60]
        return len(self.losses)

    def tend(self, now: float) -> None:
        """Connect where there is no connection and it is time; keep alive; write what is waiting."""
        if self._client.socket() is None:
            if now < self._next:
                return
            self._wait = min(self._wait * 2, BACK_OFF[1])
            self._next = now + self._wait * random.uniform(0.5, 1.0)  # noqa: S311  # jitter
            self._buffer.clear()
            try:
                self._client.connect(*self._address, keepalive=KEEP_ALIVE)
            except OSError as fault:
                log.warning("no broker", session=self.name, address=self._address, reason=str(fault))
                return
        self._client.loop_misc()
        if self._client.want_write():
            self._client.loop_write()

    def drop(self, why: str, wait: float = 0.0) -> None:
        """End a connection that is deaf; `tend` makes another after `wait` s."""
        log.warning("giving up a connection", session=self.name, reason=why)
        self._client._loop_rc_handle(7)  # type: ignore[arg-type]  # noqa: SLF001  # MQTT_ERR_CONN_LOST
        self._next = time.monotonic() + wait

    def publish_probe(self, number: bytes) -> None:
        if self.connected:
            self._client.publish(self.probe_topic, number, qos=1)

    def read(self) -> list[Arrived]:
        """What one read of the socket gives; empty where nothing is there (or the connection ended)."""
        client = self._client
        if client.socket() is None:
            return []
        try:
            piece = client._sock_recv(PIECE)  # noqa: SLF001  # see above
        except BlockingIOError:
            return []
        except OSError:
            piece = b""
        if not piece:
            self._lost_at = time.monotonic()
            client._loop_rc_handle(7)  # type: ignore[arg-type]  # noqa: SLF001  # MQTT_ERR_CONN_LOST
            return []
        client._last_bytes_received = time.monotonic()  # noqa: SLF001  # keep-alive
        self._buffer += piece
        return self._cut()

    def _cut(self) -> list[Arrived]:
        """Take whole packets from the buffer."""
        buffer, at = bytes(self._buffer), 0
        found: list[Arrived] = []
        end = len(buffer)
        while at + 2 <= end:
            length, body = buffer[at + 1], at + 2
            if length >= 128:
                length, body = _long_length(buffer, at + 1)
                if body < 0 or length > _BIGGEST:
                    if body == -1 and length <= _BIGGEST:
                        break
                    self.drop("a broken stream")
                    return found
            after = body + length
            if after > end:
                break
            first = buffer[at]
            if first & 0xF0 == _PUBLISH:
                topic_end = body + 2 + (buffer[body] << 8 | buffer[body + 1])
                mid = 0
                start = topic_end
                if first & 0x06:
                    mid = buffer[topic_end] << 8 | buffer[topic_end + 1]
                    start += 2
                found.append(Arrived(buffer[body + 2 : topic_end].decode("utf-8", "replace"), buffer[start:after], mid, bool(first & 1)))
            elif self._other(first, buffer[body:after]):
                return found
            at = after
        del self._buffer[:at]
        return found

    def _other(self, first: int, body: bytes) -> bool:
        """Let paho have a packet that is no PUBLISH; True where that ended the connection."""
        client = self._client
        client._in_packet = {  # noqa: SLF001  # as paho's own reader leaves it
            "command": first, "have_remaining": 1, "remaining_count": [], "remaining_mult": 1, "remaining_length": len(body),
            "packet": bytearray(body), "to_process": 0, "pos": 0,
        }  # fmt: skip
        code = client._packet_handle()  # noqa: SLF001
        client._in_packet["command"] = 0  # noqa: SLF001
        if code:
            client._loop_rc_handle(code)  # noqa: SLF001
        return client.socket() is None

    def acknowledge(self, mids: list[int]) -> None:
        """All in one write. What a lost connection did not hear, the broker sends again."""
        if mids and self._client.socket() is not None:
            packets = b"".join([struct.pack("!BBH", _PUBACK, 2, mid) for mid in mids])
            self._client._packet_queue(_PUBACK, packets, 0, 0)  # noqa: SLF001  # paho's `ack` writes one at a time

    def close(self) -> None:
        self.connected = False  # left, not lost
        self._client.disconnect()


def _long_length(buffer: bytes, at: int) -> tuple[int, int]:
    """(remaining length, where the body begins); (0, -1) if it is not all there, (0, -2) if it is no length."""
    length, shift = 0, 0
    for i in range(4):
        if at + i >= len(buffer):
            return 0, -1
        byte = buffer[at + i]
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return length, at + i + 1
    return 0, -2
