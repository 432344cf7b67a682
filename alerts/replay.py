"""A recording through the very same fold, without broker, Faust or clock: what was raised, or would have been with other thresholds.

Same recording, same bytes out. One JSON line a change of alert, in the order of the log.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from alerts.alert import Outcomes, to_wire
from alerts.fold import Fold
from ingest.recording import batches, read_recording
from ingest.site import Site
from ingest.wire import Door


def replay(site: Site, recording: Path, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> Iterator[Outcomes]:
    """What each step of each area gave. Raises ValueError where the recording cannot be read, with the line."""
    folds: dict[int, Fold] = {}
    given: dict[int, int] = {}  # area number -> offsets made here, where the recording has none
    sites = {site.revision: site}
    for number, offset, batch in batches(read_recording(recording), Door(site)):
        fold = folds.get(number)
        if fold is None:
            fold = folds[number] = Fold(site, site.area_by_number[number], overrides)
        if offset is None or offset <= fold.offset:  # several batches of one record keep its place
            offset = max(given.get(number, -1), fold.offset) + 1
        given[number] = offset
        if fold.offset >= 0 and offset > fold.offset + 1:
            fold.offset = offset - 1
        yield fold.step(offset, batch, sites)


def lines(outcomes: Iterator[Outcomes]) -> Iterator[bytes]:
    """JSON lines as in the wire document; a repeated (id, revision) is left out."""
    seen: dict[str, int] = {}
    encode = msgspec.json.Encoder(order="deterministic").encode
    for step in outcomes:
        for alert in step.alerts:
            if seen.get(alert.id, 0) < alert.revision:
                seen[alert.id] = alert.revision
                yield encode(to_wire(alert)) + b"\n"


def parse_overrides(given: list[str]) -> dict[str, dict[str, Any]]:
    """`M12.blue_after=20min` -> {"M12": {"blue_after": "20min"}}. Raises ValueError."""
    overrides: dict[str, dict[str, Any]] = {}
    for each in given:
        name, equals, value = each.partition("=")
        code, dot, parameter = name.partition(".")
        if not (equals and dot and code and parameter and value):
            raise ValueError(f"--set {each}: expected MODEL.parameter=value, as M12.blue_after=20min")
        overrides.setdefault(code, {})[parameter] = value
    return overrides
