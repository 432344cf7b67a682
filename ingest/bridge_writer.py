"""What the bridge puts into the log: batches of areas, ticks, refusals, and what it tells of itself; all of a turn in one commit."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ingest.events import Event, System, Tick
from ingest.log import EVENTS, REFUSED, Log, Record
from ingest.records import LIMIT, Batch, Codec
from ingest.refusals import Refused, pack
from ingest.wire import LIFE
from ingest.wire_forms import ROWS

EVENTS_A_RECORD = 500
NAME = "bridge"
_PRESSES = tuple(ROWS[kind] for kind in sorted(LIFE))


class Held(NamedTuple):
    """Bulk that waits, unacknowledged, for room in the log."""

    revision: str
    found: list[tuple[int, Event]]
    refused: list[tuple[int, Refused]]
    mids: list[int]
    connects: int  # of the bulk session, when `mids` were read


class Writer:
    def __init__(self, journal: Log, codec: Codec) -> None:
        self._log, self._codec = journal, codec

    def append(
        self,
        revision: str,
        found: Sequence[tuple[int, Event]],
        ticks: Mapping[int, Tick],
        refused: Sequence[tuple[int, Refused]],
        *,
        urgent: bool = False,
    ) -> None:
        """Raises `LogFull`, and then nothing was written."""
        areas: dict[int, list[Event]] = {}
        for area, event in found:
            events = areas.get(area)
            if events is None:
                events = areas[area] = []
            events.append(event)
        for area, tick in ticks.items():
            areas.setdefault(area, []).append(tick)
        records = [record for area in sorted(areas) for record in self._records(revision, area, areas[area])]
        by_area: dict[int, list[Refused]] = {}
        for area, one in refused:
            by_area.setdefault(area, []).append(one)
        records += [Record(REFUSED, area, value) for area in sorted(by_area) for value in pack(self._codec, by_area[area])]
        if records:
            self._log.append(records, urgent=urgent)

    def _records(self, revision: str, area: int, events: list[Any]) -> list[Record]:
        """As many as the log's limits ask for."""
        if len(events) > EVENTS_A_RECORD:
            pieces = [events[i : i + EVENTS_A_RECORD] for i in range(0, len(events), EVENTS_A_RECORD)]
            return [record for piece in pieces for record in self._records(revision, area, piece)]
        value = self._codec.pack(Batch(revision, events))
        if len(value) > LIMIT and len(events) > 1:
            half = len(events) // 2
            return [*self._records(revision, area, events[:half]), *self._records(revision, area, events[half:])]
        presses = sum(isinstance(event, _PRESSES) for event in events)
        return [Record(EVENTS, area, value, headers=(("presses", str(presses)),) if presses else ())]

    @staticmethod
    def tick(now: int, heard: int, connects: int) -> Tick:
        return Tick(device=NAME, received=now, ts=now, now=now, heard=heard, connects=connects)

    @staticmethod
    def system(code: str, values: dict[str, Any], now: int, *, clear: bool) -> System:
        return System(device=NAME, received=now, ts=now, part=NAME, code=code, values=values, clear=clear)
