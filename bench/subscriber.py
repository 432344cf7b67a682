"""Runs a consumer of MQTT and tells its CPU seconds on SIGUSR1: `python -m bench.subscriber bridge`, or `paho PORT`, which throws everything away."""

import os
import signal
import sys
import time

from bench.publisher import END


def tell(*_: object) -> None:
    os.write(1, f"{time.process_time():.6f}\n".encode())


def throw_away(port: int) -> int:
    from paho.mqtt.client import Client  # noqa: PLC0415  # the bridge's process has its own
    from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415

    client = Client(CallbackAPIVersion.VERSION2, "bench-bare", clean_session=True)
    client.on_connect = lambda one, *_: one.subscribe("coast/#", 1)
    client.on_subscribe = lambda *_: os.write(1, b"subscribed\n")

    def taken(_client, _userdata, message) -> None:
        if message.topic.endswith(END):
            os.write(1, b"end\n")

    client.on_message = taken
    client.connect("127.0.0.1", port)
    client.loop_forever()
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, tell)
    if sys.argv[1] == "paho":
        sys.exit(throw_away(int(sys.argv[2])))
    import structlog

    from ingest.bridge import main
    from ingest.settings import Settings

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("error"))
    sys.exit(main(Settings()))
