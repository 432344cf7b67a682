"""A process of its own that publishes the load over one TCP connection, QoS 1: `python -m bench.publisher PORT AREA COUNT RATE mixed|heartbeats [--paced]`.

It prints `ready`, waits for a line, and publishes: as fast as the broker takes it, or paced at RATE. Last comes one message of an unknown kind,
which the bridge refuses: the end, in order.
"""

import os
import select
import socket
import struct
import sys
import time

from bench.load import messages
from ingest.settings import Settings
from ingest.site_files import read_site

LEAD = 2_500  # ms between making the messages and the first of them
PIECE = 64  # messages in one write, unpaced
END = "bench-end"


def packet(topic: str, payload: bytes, mid: int) -> bytes:
    name = topic.encode()
    body = struct.pack("!H", len(name)) + name + struct.pack("!H", mid) + payload
    length, left = b"", len(body)
    while True:
        left, digit = divmod(left, 128)
        length += bytes([digit | 128 if left else digit])
        if not left:
            return b"\x32" + length + body


def connect(port: int) -> socket.socket:
    one = socket.create_connection(("127.0.0.1", port))
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    name = f"bench-{os.getpid()}".encode()
    body = b"\x00\x04MQTT\x04\x02" + struct.pack("!H", 600) + struct.pack("!H", len(name)) + name
    one.sendall(b"\x10" + bytes([len(body)]) + body)
    assert one.recv(4) == b"\x20\x02\x00\x00"
    return one


def main(port: int, area: str, count: int, rate: int, mixed: bool, paced: bool) -> None:
    start = time.time_ns() // 1_000_000 + LEAD
    load = messages(read_site(Settings().site), area, count, rate, start, mixed=mixed)
    box = load[0][0].split("/")[2]
    packets = [packet(topic, payload, n % 65_535 + 1) for n, (topic, payload) in enumerate(load)]
    packets.append(packet(f"coast/{area}/{box}/{END}", b"{}", 1))
    one = connect(port)
    acknowledged = 0
    print("ready", flush=True)
    sys.stdin.readline()
    began = max(time.time(), start / 1000) if paced else time.time()
    sent = 0
    while sent < len(packets) or acknowledged < 4 * len(packets):
        due = min(len(packets), int((time.time() - began) * rate)) if paced else min(len(packets), sent + PIECE)
        wanted = due > sent
        readable, writable, _ = select.select([one], [one] if wanted else [], [], 0.002 if paced else 0.5)
        if readable:
            acknowledged += len(one.recv(65_536))  # PUBACKs, four bytes each
        if writable and wanted:
            one.setblocking(True)
            one.sendall(b"".join(packets[sent:due]))
            sent = due
    print("done", flush=True)


if __name__ == "__main__":
    arguments = [each for each in sys.argv[1:] if each != "--paced"]
    main(int(arguments[0]), arguments[1], int(arguments[2]), int(arguments[3]), arguments[4] == "mixed", "--paced" in sys.argv)
