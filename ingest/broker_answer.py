"""Whether a broker speaks MQTT: an open port alone says little, a kernel accepts connections for a process that stands still."""

import os
import time
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from ingest.credentials import show
from ingest.settings import Settings


def silence_of(settings: Settings, seconds: float = 3.0) -> str:
    """Connect as the bridge would and wait for the broker's word. "": it answers; else why it does not."""
    said: list[str] = []

    def heard(_client: Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        said.append(str(reason) if reason.is_failure else "")

    client = Client(CallbackAPIVersion.VERSION2, f"coast-question-{os.getpid()}", clean_session=True, protocol=MQTTProtocolVersion.MQTTv311)
    client.connect_timeout = seconds
    client.on_connect = heard
    try:
        show(client, settings)
        client.connect(*settings.broker, keepalive=10)
        end = time.monotonic() + seconds
        while not said and time.monotonic() < end:
            client.loop(0.1)
        client.disconnect()
    except (OSError, ValueError) as fault:
        return str(fault)
    return said[0] if said else f"takes the connection and says nothing for {seconds:g} s"
