"""Where the recorder stands, for a store that cannot keep it in the same transaction: a small file, replaced whole."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from alerts.store.store import StoreAway


class Positions:
    """(topic, partition) -> next offset, in `path`. A file that cannot be read is an error, never a beginning from 0 unasked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, topic: str, partition: int) -> int | None:
        return self._next.get(f"{topic}/{partition}")

    def save(self, positions: Sequence[tuple[str, int, int]]) -> None:
        """On disk when it returns. Raises `StoreAway`."""
        self._next.update({f"{topic}/{partition}": offset for topic, partition, offset in positions})
        part = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("w") as file:
                json.dump(self._next, file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as full:
            raise StoreAway(f"{self._path}: {full}") from full
