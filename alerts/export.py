"""`log export`: what the log took, as a recording that replays to the same alerts, with the site revisions that it names.

Where it does not begin with the log's first record, its first line holds each area's memory as it was, so that what was open before is known.
"""

import base64
import sys
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from alerts import snapshots
from alerts.fold import Fold
from alerts.judge import Revisions, skipped
from alerts.past import memory_before
from ingest.log import EVENTS, Log, open_log
from ingest.recording import FOR_EVER, export, rfc3339
from ingest.recording_file import open_recording
from ingest.recording_sites import with_sites
from ingest.revisions import current_site
from ingest.settings import Settings
from ingest.site import Site


class Cut(NamedTuple):
    """Where an area's part begins. `memory`: None where it begins with the area's first record, or where nothing is known; `note` says what is not as asked."""

    offset: int
    memory: Fold | None
    note: str = ""


def write_export(settings: Settings, out: Path | None, areas: list[str], since: str | None, until: str | None) -> str:
    """Write to `out` (standard output where None) and say what it was. Times are RFC 3339 with an offset. Raises ValueError."""
    log = open_log(settings.log_url)
    site = current_site(log, settings.site)
    wanted = {area.number: area.id for area in site.areas if not areas or area.id in areas}
    if not wanted:
        raise ValueError(f"no such area: {', '.join(areas)}; there are {', '.join(area.id for area in site.areas)}")
    start, end = _moment(since, 0), _moment(until, FOR_EVER)
    cuts = {number: cut(log, number, start, site, settings.home / "archive") for number in wanted}
    lines = 0
    with ExitStack() as files:
        file = files.enter_context(open_recording(out)) if out else sys.stdout.buffer
        for line in export_lines(log, wanted, cuts, end):
            file.write(line.encode())
            lines += 1
    return "; ".join(
        [f"{lines} lines of {', '.join(wanted.values())}", *(f"{wanted[number]}: {each.note}" for number, each in cuts.items() if each.note)]
    )


def export_lines(log: Log, areas: Mapping[int, str], cuts: Mapping[int, Cut], end: int = FOR_EVER) -> Iterator[str]:
    """The recording of `areas` (number -> name) from their cuts until `end` ms."""
    known = {number: each.memory for number, each in cuts.items() if each.memory is not None}
    snapshot = {"areas": [_memory(number, fold) for number, fold in sorted(known.items())]} if known else None
    begins = {number: each.offset for number, each in cuts.items()}
    return with_sites(log, export(log, areas, begins, end, snapshot), {name: skipped(log, number) for number, name in areas.items()})


def cut(log: Log, number: int, start: int, site: Site, archive: Path) -> Cut:
    """The area's part from `start` ms on, or from the oldest state that can be reproduced. `site`: the one that rules; `archive`: folder of the archives."""
    first, following = log.bounds(EVENTS, number)
    offset = bisect_left(range(first, following), start, key=lambda at: log.read(EVENTS, number, at, 1)[0].at) + first
    if offset == 0:
        return Cut(0, None)
    sites = Revisions(log, site)
    gone = "; what is older is in the archives" if offset == first and start else ""
    memory = memory_before(log, number, offset, sites, site, skipped(log, number), archive)
    if memory is not None:
        return Cut(offset, memory, f"begins with offset {offset} and what was known before it{gone}")
    oldest = min((each for each in snapshots.whole(log, number) if each.head.offset >= offset), key=lambda each: each.head.offset, default=None)
    if oldest is None:
        return Cut(
            offset, None, f"begins with offset {offset}; WHAT WAS OPEN BEFORE IT IS NOT KNOWN: neither snapshots nor archives reach back so far"
        )
    fold = Fold.restore(oldest.memory, sites, number)
    note = f"BEGINS LATER THAN ASKED, with offset {fold.offset + 1} ({rfc3339(fold.now)}): what was known before is not kept for any earlier one"
    return Cut(fold.offset + 1, fold, note)


def _memory(number: int, fold: Fold) -> dict[str, Any]:
    """An area's memory in the recording's first line: zstd over the snapshot, in base64."""
    packed = zstandard.ZstdCompressor(level=6).compress(fold.snapshot())
    return {"area": fold.area.id, "number": number, "offset": fold.offset, "site": fold.site.revision, "memory": base64.b64encode(packed).decode()}


def _moment(text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text}: expected a time with its offset, as 2026-11-23T01:02:03+08:00")
    return int(moment.timestamp() * 1000)
