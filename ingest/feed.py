"""Real input: AIS sentences from a file or a socket, and MarineCadastre tables, published as the receiver would, or written as a recording.

What has a time is moved to now and played at life's speed; a socket is passed on as it comes. A file's untimed sentences go at `UNTIMED` a second.
"""

import re
import selectors
import signal
import socket
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import structlog

from ingest.device_link import DeviceLink
from ingest.formats import marinecadastre
from ingest.recording_file import write_recording
from ingest.settings import Settings

LINES = 20  # sentences a payload at most; ours
ROWS = 100  # positions an array at most; ours
CLOSE = 1_000  # ms of the file that share a payload; ours
UNTIMED = 20  # sentences a second of a file without times; ours
LONGEST = 16_384  # bytes without a line's end before they are thrown away
LOG = structlog.get_logger()

_TAG = re.compile(r"\\([^\\]*)\*[0-9A-Fa-f]{1,2}\\")
_TIME = re.compile(r"(?<![^,])c:(\d{1,14})")


class Said(NamedTuple):
    """What the receiver said: `at` in ms as the file has it (None: it has no time), a sentence or a payload's fields."""

    at: int | None
    kind: str
    content: Any


class Payload(NamedTuple):
    """What is published: `at` in ms after moving."""

    at: int
    kind: str
    content: Any


def nmea_lines(lines: Iterable[str]) -> Iterator[Said]:
    """Sentences with the time of their TAG block, where they have one; the pieces of a group have the first one's."""
    last = None
    for line in lines:
        text = line.strip()
        if text and not text.startswith("#"):
            found = _TAG.match(text)
            time_ = _TIME.search(found[1]) if found else None
            if time_:
                last = int(time_[1]) if int(time_[1]) > 100_000_000_000 else int(time_[1]) * 1000
            yield Said(last, "nmea", text)


def csv_rows(path: Path) -> Iterator[Said]:
    """Positions and distresses of a table in the order of time; what is left out is counted and told at the end."""
    left_out = 0
    for row in marinecadastre.read(path):
        if isinstance(row, str):
            left_out += 1
            if left_out <= 3:
                LOG.warning("row left out", why=row)
        else:
            yield Said(*row)
    if left_out:
        LOG.warning("rows left out", count=left_out)


def moved(said: Iterable[Said], start: int, speed: float, boot: int) -> Iterator[Payload]:
    """Payloads from `start` (ms) on, `speed` times as fast as life; their `ts` moved by the same rule, so never in the future."""
    first, at, begun = None, start, start
    batch: list[tuple[str, Any]] = []
    for seq, one in enumerate(said):
        latest = at
        if one.at is None:
            at = round(start + seq * 1000 / UNTIMED / speed)
        else:
            first = one.at if first is None else first
            at = max(at, round(start + (one.at - first) / speed))
        content = move_tag(one.content, at) if one.kind == "nmea" else {**one.content, "ts": at, "sent": at, "seq": seq, "boot": boot}
        if batch and (one.kind != batch[-1][0] or at - begun >= CLOSE / max(speed, 1) or len(batch) >= (LINES if one.kind == "nmea" else ROWS)):
            yield _payload(latest, batch)
            batch = []
        begun = begun if batch else at
        batch.append((one.kind, content))
        if one.kind == "distress":
            yield _payload(at, batch)
            batch = []
    if batch:
        yield _payload(at, batch)


def _payload(at: int, batch: list[tuple[str, Any]]) -> Payload:
    kind, contents = batch[0][0], [content for _, content in batch]
    if kind == "nmea":
        return Payload(at, kind, "\n".join(contents))
    return Payload(at, kind, [{**content, "sent": at} for content in contents] if kind == "position" else contents[0])


def move_tag(line: str, at: int) -> str:
    """The sentence with its TAG block's time set to `at` ms (seconds on the wire), checksum and all."""
    found = _TAG.match(line)
    if found is None or _TIME.search(found[1]) is None:
        return line
    block = _TIME.sub(f"c:{at // 1000}", found[1], count=1)
    return f"\\{block}*{reduce(xor, block.encode(), 0):02X}\\{line[found.end() :]}"


def socket_lines(url: str, stop: threading.Event) -> Iterator[str]:
    """Lines of tcp://host:port (connects again after 1 to 30 s) or udp://[host]:port (listens), until `stop`; an empty text when quiet for 200 ms."""
    parts = urlsplit(url)
    pause = 1.0
    while not stop.is_set():
        try:
            if parts.scheme == "udp":
                line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                line.bind((parts.hostname or "127.0.0.1", parts.port or 10110))
            else:
                line = socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 10110), timeout=10)
            with line:
                LOG.info("receiving", source=url)
                for text in _received(line, stop, datagrams=parts.scheme == "udp"):
                    pause = 1.0
                    yield text
        except OSError as lost:
            LOG.warning("the receiver is not there", source=url, why=str(lost), again_in=pause)
        stop.wait(pause)
        pause = min(2 * pause, 30)


def _received(line: socket.socket, stop: threading.Event, *, datagrams: bool) -> Iterator[str]:
    rest = b""
    with selectors.DefaultSelector() as ready:
        ready.register(line, selectors.EVENT_READ)
        while not stop.is_set():
            if not ready.select(0.2):
                yield ""
                continue
            got = line.recv(65_536)
            if not got and not datagrams:
                return
            *lines, rest = (rest + got + (b"\n" if datagrams else b"")).split(b"\n")
            rest = b"" if len(rest) > LONGEST else rest
            yield from (text.decode("latin-1").strip() for text in lines if text.strip())


def batched(lines: Iterable[str]) -> Iterator[str]:
    """Up to `LINES` sentences as one bare payload; an empty text ends a batch."""
    batch: list[str] = []
    for line in lines:
        if line:
            batch.append(line)
        if batch and (not line or len(batch) >= LINES):
            yield "\n".join(batch)
            batch = []
    if batch:
        yield "\n".join(batch)


def play(
    payloads: Iterable[Payload],
    publish: Callable[[str, Any], None],
    stop: threading.Event,
    now: Callable[[], float] = time.time,
    progress: Callable[[str], object] = sys.stderr.write,
) -> int:
    """Publishes each payload at its time; how many there were. Ends early at `stop`."""
    count, told = 0, 0.0
    for payload in payloads:
        wait = payload.at / 1000 - now()
        if stop.is_set() or (wait > 0 and stop.wait(wait)):
            break
        publish(payload.kind, payload.content)
        count += 1
        if now() - told >= 1:
            told = now()
            progress(f"\r{count} payloads published  ")
    progress(f"\r{count} payloads published  \n")
    return count


def feed(
    settings: Settings,
    form: str,
    source: str,
    area: str,
    receiver: str,
    speed: float = 1.0,
    record: Path | None = None,
    start: int | None = None,
) -> int:
    """`form`: `nmea` (file, tcp://host:port, udp://[host]:port) or `csv` (file). Blocks until the end, SIGTERM or SIGINT; 0, or 1 where there is no such file.

    `record`: write a recording there instead, from `start` (ms; now where None) on.
    """
    stop = threading.Event()
    live = source.startswith(("tcp://", "udp://"))
    if not live and not Path(source).is_file():
        LOG.error("no such file", source=source)
        return 1
    first = start if start is not None else round(time.time() * 1000)
    boot = zlib.crc32(f"{source} {first}".encode())
    if record is not None and not live:
        with write_recording(record) as out:
            for payload in _of_file(form, source, first, speed, boot):
                out.write(payload.at, f"coast/{area}/{receiver}/{payload.kind}", payload.content)
        return 0
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    if record is not None:
        with write_recording(record) as out:
            for text in batched(socket_lines(source, stop)):
                out.write(round(time.time() * 1000), f"coast/{area}/{receiver}/nmea", text)
        return 0
    link = DeviceLink(settings, area, receiver)
    try:
        if live:
            play((Payload(0, "nmea", text) for text in batched(socket_lines(source, stop))), link.publish, stop)
        else:
            play(_of_file(form, source, first, speed, boot), link.publish, stop)
    finally:
        link.close()
    return 0


def _of_file(form: str, source: str, start: int, speed: float, boot: int) -> Iterator[Payload]:
    if form == "csv":
        yield from moved(csv_rows(Path(source)), start, speed, boot)
        return
    with Path(source).open(encoding="latin-1") as lines:
        yield from moved(nmea_lines(lines), start, speed, boot)
