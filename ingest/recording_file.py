"""Writes a recording: JSON Lines, one received message a line, `.gz` and `.zst` too. The form is the wire document's, "Recording"."""

import gzip
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import zstandard
from msgspec import json

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(at: int) -> str:
    """`at` (ms) as RFC 3339 UTC with milliseconds."""
    return (_EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class RecordingFile:
    """An open recording. Lines come in the order of `received`."""

    def __init__(self, out: IO[bytes]) -> None:
        self.out = out

    def write(self, received: int, topic: str, payload: Any) -> None:
        """`payload`: a text is kept as `text`, anything else as JSON."""
        content = {"text": payload} if isinstance(payload, str) else {"payload": payload}
        self.out.write(json.encode({"received": rfc3339(received), "topic": topic, **content}) + b"\n")


@contextmanager
def write_recording(path: Path) -> Iterator[RecordingFile]:
    with open_recording(path) as out:
        yield RecordingFile(out)


@contextmanager
def open_recording(path: Path) -> Iterator[IO[bytes]]:
    """A file to write lines to, packed as its name says. Same lines, same bytes: gzip without a time stamp."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as files:
        raw: Any = files.enter_context(path.open("wb"))
        if path.suffix == ".gz":
            raw = files.enter_context(gzip.GzipFile("", "wb", fileobj=raw, mtime=0))
        elif path.suffix == ".zst":
            raw = files.enter_context(zstandard.ZstdCompressor().stream_writer(raw))
        yield files.enter_context(io.BufferedWriter(raw))
