"""A recording through the very same fold, without broker, Faust or clock: what was raised, or would have been with other thresholds.

Same recording, same bytes out. One JSON line a change of alert, in the order of the log.
"""

import base64
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from msgspec import Struct

from alerts import snapshots
from alerts.alert import Outcomes, to_wire
from alerts.fold import Fold
from alerts.hearing import Poisoned
from ingest.recording import Line, batches, read_recording
from ingest.site import Site, unpack_site
from ingest.wire import Door

Recorded = Callable[[], Iterator[Line]]


def _to_stderr(text: str) -> None:
    sys.stderr.write(text + "\n")


def replay(
    site: Site, recording: Path | Recorded, overrides: Mapping[str, Mapping[str, Any]] | None = None, tell: Callable[[str], None] = _to_stderr
) -> Iterator[Outcomes]:
    """What each step of each area gave. `recording`: a file, or what gives its lines anew each time it is called. A recording that brings its own site revisions (`log export`) is judged by these, as it was then.

    `tell` hears what the reader of the alerts must know of the recording. Raises ValueError where it cannot be read, with the line.
    """
    told = 0
    careful: set[int] = set()  # steps before which a model failed among several events
    while True:
        try:
            for nth, outcomes in enumerate(_judged(site, recording, overrides, careful, tell if told == 0 else _to_nobody)):
                if nth == told:
                    told += 1
                    yield outcomes
        except Poisoned:
            careful.add(told)  # from the beginning again, which gives the same up to here
        else:
            return


def _judged(
    site: Site, recording: Path | Recorded, overrides: Mapping[str, Mapping[str, Any]] | None, careful: set[int], tell: Callable[[str], None]
) -> Iterator[Outcomes]:
    sites = {site.revision: site}
    folds: dict[int, Fold] = {}
    for step, (number, offset, batch) in enumerate(
        batches(_gathering(read_recording(recording) if isinstance(recording, Path) else recording(), sites, folds, overrides), Door(site))
    ):
        fold = folds.get(number)
        if fold is None:
            first = sites.get(batch.site, site)
            fold = folds[number] = Fold(first, first.area_by_number[number], overrides)
            if offset:
                tell(f"{fold.area.id}: the recording begins with offset {offset}, without a snapshot: what was open before it is not known")
        if offset is not None and offset > fold.offset + 1:
            fold.offset = offset - 1  # the recording begins here, or records between were left out
        if step in careful:
            fold.be_careful()
        yield fold.step(fold.offset + 1 if offset is None else offset, batch, sites)


def _gathering(
    recorded: Iterator[Line], sites: dict[str, Site], folds: dict[int, Fold], overrides: Mapping[str, Mapping[str, Any]] | None
) -> Iterator[Line]:
    """Takes out what the lines bring with them: site revisions, and the first one each area's memory."""
    for line in recorded:
        for revision, packed in (line.sites or {}).items():
            sites.setdefault(revision, unpack_site(base64.b64decode(packed)))
        if line.snapshot is not None:
            folds |= _folds(line.snapshot, sites, overrides)
        yield line


class _Area(Struct, frozen=True):
    number: int
    memory: bytes  # base64 of zstd over a fold's snapshot


class _Snapshot(Struct, frozen=True):
    areas: list[_Area]


def _folds(snapshot: bytes, sites: Mapping[str, Site], overrides: Mapping[str, Mapping[str, Any]] | None) -> dict[int, Fold]:
    try:
        areas = msgspec.json.decode(snapshot, type=_Snapshot).areas
        return {area.number: Fold.restore(snapshots.unpacked(area.memory), sites, area.number, overrides) for area in areas}
    except (msgspec.DecodeError, zstandard.ZstdError) as broken:
        raise ValueError(f"line 1: a snapshot that this version cannot read: {broken}") from broken
    except KeyError as missing:
        raise ValueError(f"line 1: the snapshot names a site revision or an area that the recording does not bring: {missing}") from missing


def _to_nobody(_text: str) -> None:
    """A second reading says nothing new."""


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
