"""How far behind each role is, by the positions that it saves in the log: what the page's header and the doctor say."""

from collections.abc import Mapping

from ingest.log import ALERTS, EVENTS, Log

# Whose saved positions tell how far each role is. The deliverer reads the ticks too, so a dead one shows in a quiet hour.
READERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "processor": (("judged", EVENTS),),
    "recorder": (("recorder", EVENTS),),
    "deliverer": (("deliverer", EVENTS), ("deliverer", ALERTS)),
}


def behind(log: Log, role: str, area: int, now: int, began: int) -> int | None:
    """Milliseconds between now and the oldest record that the role has not got to. One that never saved a position is behind since `began`;
    None where there is nothing to read yet."""
    waits = [wait for reader, topic in READERS[role] if (wait := _wait(log, reader, topic, area, now, began)) is not None]
    return max(waits, default=None)


def _wait(log: Log, reader: str, topic: str, area: int, now: int, began: int) -> int | None:
    first, end = log.bounds(topic, area)
    position = log.position(reader, topic, area)
    if position is None:
        return now - began if end > first else None
    waiting = log.read(topic, area, position, 1) if position < end else []
    return max(0, now - waiting[0].at) if waiting else 0
