"""The embedded MQTT broker (iotcore: rumqttd in a wheel), for one machine: a child process that listens on loopback only.

It has no access control: whoever is on this machine is authenticated. In the field use Mosquitto or EMQX with certificates.
"""

import signal
import threading
from typing import Any

import structlog

from ingest.settings import Settings

log = structlog.get_logger()

PAYLOAD = 600 * 1024  # bytes; a gateway's array may have 512 KiB
IN_FLIGHT = 100  # about what the engine allows, whatever is said


def main(settings: Settings) -> int:
    """Run until told to stop. 1: the settings name a broker elsewhere, the port is taken, or the broker ended by itself."""
    host, port = settings.broker
    if host not in ("127.0.0.1", "localhost", "::1"):
        log.error("the embedded broker has no access control and listens on loopback only; use Mosquitto for other addresses", address=host)
        return 1
    from iotcore import Broker  # noqa: PLC0415  # only this process loads it

    stopping = threading.Event()

    def stop(_number: int, _frame: Any) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        broker = Broker(port=port, listen="127.0.0.1", max_payload_size=PAYLOAD, max_inflight_count=IN_FLIGHT, max_connections=10_000)
        broker.start()
    except (OSError, RuntimeError) as fault:
        log.error("the embedded broker does not start", port=port, reason=str(fault))  # noqa: TRY400  # the reason is all that helps
        return 1
    log.info("embedded broker", address=f"127.0.0.1:{port}")
    try:
        while not stopping.wait(0.5):
            if not broker.is_running:
                log.error("the embedded broker ended")
                return 1
    finally:
        broker.stop()
    return 0
