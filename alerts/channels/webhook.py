"""Standard Webhooks: a signed POST that a receiver can verify and tell from a repetition (https://www.standardwebhooks.com)."""

import contextlib
import http.client
import os
import socket
import ssl
import threading
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
from standardwebhooks.webhooks import Webhook as Signer

from alerts.alert import to_wire
from alerts.channels.message import Failed, Message, Result, Retry, Sent, place_outside
from ingest.site import Channel, Person

AGAIN = {408, 409, 425, 429}  # client errors that a later try may mend; RFC 9110, RFC 6585


class Webhook:
    """Sender for `webhook+http(s)://…`. The secret is in the environment variable that the channel names."""

    def send(self, message: Message, _person: Person | None, channel: Channel, timeout: int) -> Result:
        secret = os.environ.get(channel.secret, "") if channel.secret else ""
        if not secret:
            return Failed(f"environment variable {channel.secret or '(none named)'} holds no secret")
        content = msgspec.json.encode(body(message, inside=channel.inside))
        now = datetime.now(UTC)
        try:
            signature = Signer(secret).sign(message.id, now, content.decode())
        except (ValueError, RuntimeError) as bad:
            return Failed(f"secret in {channel.secret}: {bad}")
        headers = {
            "content-type": "application/json", "user-agent": "coast-guardian", "webhook-id": message.id,
            "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature,
        }  # fmt: skip
        return _post(channel.url.removeprefix("webhook+"), content, headers, timeout / 1000)


def body(message: Message, *, inside: bool) -> dict[str, Any]:
    """Inside: the alert as it is pushed, stored and served. Outside: id, level, place number, and why."""
    if inside and message.alert is not None:
        return to_wire(message.alert)
    shape = {"id": message.subject, "level": message.level, "place": place_outside(message), "reason": message.reason}
    return {**shape, "text": {"zh": message.zh, "en": message.en}} if inside else shape


def _post(url: str, content: bytes, headers: dict[str, str], timeout: float) -> Result:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return Failed(f"not an address: {url}")
    try:
        if parts.scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=timeout, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        hung_up = threading.Event()
        late = threading.Timer(timeout, _hang_up, (connection, hung_up))  # a socket's own timeout begins anew with each byte
        late.daemon = True
        late.start()
        try:
            connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), content, headers)
            answer = connection.getresponse()
            status, after = answer.status, answer.getheader("retry-after", "")
        finally:
            late.cancel()
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as away:
        return Retry(f"{type(away).__name__}: {away}")
    if hung_up.is_set():  # half a line may read as a good answer
        return Retry("no answer in time")
    if 200 <= status < 300:
        return Sent()
    if status >= 500 or status in AGAIN:
        return Retry(f"status {status}", int(after) * 1000 if after.isdigit() else 0)
    return Failed(f"status {status}")


def _hang_up(connection: http.client.HTTPConnection, hung_up: threading.Event) -> None:
    """Wakes a thread that waits for more."""
    hung_up.set()
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
