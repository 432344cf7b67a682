"""Recordings made of real data, for `replay`: where the data lie, and lines as the log keeps them."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from alerts.replay import lines, replay
from ingest.recording_file import rfc3339
from ingest.site import Site

DATA = Path(os.environ.get("COAST_DATA", Path(__file__).parents[3] / "shared" / "data"))
Said = tuple[int, str, str, dict[str, Any]]  # received, device, kind, payload


def needs(name: str) -> Path:
    """The file, or a skipped test."""
    if not (DATA / name).is_file():
        pytest.skip(f"{DATA / name} is not here: set COAST_DATA to the folder of real recordings")
    return DATA / name


def ticks(begin: int, end: int, every: int) -> Iterable[Said]:
    return ((at, "bridge", "tick", {"ts": at, "now": at, "heard": at, "connects": 1}) for at in range(begin, end, every))


def judged(site: Site, folder: Path, said: Iterable[Said], thresholds: dict[str, dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Every change of an alert that `replay` makes of it, through the whole fold."""
    path = folder / "recording.jsonl"
    with path.open("w") as file:
        for received, device, kind, payload in sorted(said, key=lambda each: each[0]):
            file.write(json.dumps({"received": rfc3339(received), "topic": f"coast/bay/{device}/{kind}", "payload": payload}) + "\n")
    return [json.loads(line) for line in lines(replay(site, path, thresholds, tell=lambda _text: None))]
