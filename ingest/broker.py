"""The embedded MQTT broker (iotcore: rumqttd in a wheel), for one machine: a child process that listens on loopback only.

It has no access control: whoever is on this machine is authenticated. In the field use Mosquitto or EMQX with certificates.
"""

import signal
import threading
import time
from typing import Any

import structlog

from ingest.broker_answer import silence_of
from ingest.settings import Settings

log = structlog.get_logger()

PAYLOAD = 600 * 1024  # bytes; a gateway's array may have 512 KiB
ASKED, PATIENCE, DEAF = 5.0, 5.0, 2  # s between two questions to itself, s to answer, unanswered ones in a row after which it ends; ours
IN_FLIGHT = 100  # about what the engine allows, whatever is said


def main(settings: Settings) -> int:
    """Run until told to stop. 1: the settings name a broker elsewhere, the port is taken, or the broker ended or stands still; it is then started anew."""
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
        return _watch(broker, settings, stopping)
    finally:
        broker.stop()


def _watch(broker: Any, settings: Settings, stopping: threading.Event) -> int:
    """Until told to stop (0), or until the broker ended or no longer answers (1)."""
    unanswered, asked = 0, time.monotonic()
    while not stopping.wait(0.5):
        if not broker.is_running:
            log.error("the embedded broker ended")
            return 1
        if time.monotonic() - asked < ASKED:
            continue
        reason, asked = silence_of(settings, PATIENCE), time.monotonic()
        unanswered = unanswered + 1 if reason else 0
        if unanswered >= DEAF:
            log.error("the embedded broker does not answer and is started anew", reason=reason)
            return 1
    return 0
