"""A recording through the very same fold, without broker, Faust or clock: what was raised, or would have been with other thresholds.

Same recording, same bytes out. One JSON line a change of alert, in the order of the log.
"""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from alerts.alert import Outcomes, to_wire
from alerts.fold import Fold
from ingest.recording import Line, batches, read_recording
from ingest.site import Site, unpack_site
from ingest.wire import Door


def replay(site: Site, recording: Path, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> Iterator[Outcomes]:
    """What each step of each area gave. A recording that brings its own site revisions (`log export`) is judged by these, as it was then.

    Raises ValueError where the recording cannot be read, with the line.
    """
    sites = {site.revision: site}
    folds: dict[int, Fold] = {}
    for number, offset, batch in batches(_gathering(read_recording(recording), sites), Door(site)):
        fold = folds.get(number)
        if fold is None:
            first = sites.get(batch.site, site)
            fold = folds[number] = Fold(first, first.area_by_number[number], overrides)
        if offset is not None and offset > fold.offset + 1:
            fold.offset = offset - 1  # the recording begins here, or records between were left out
        yield fold.step(fold.offset + 1 if offset is None else offset, batch, sites)


def _gathering(recorded: Iterator[Line], sites: dict[str, Site]) -> Iterator[Line]:
    for line in recorded:
        for revision, packed in (line.sites or {}).items():
            sites.setdefault(revision, unpack_site(base64.b64decode(packed)))
        yield line


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
