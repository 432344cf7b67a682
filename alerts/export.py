"""`log export`: what the log took, as a recording that replays to the same alerts, with the site revisions that it names."""

import base64
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import msgspec

from alerts.judge import skipped
from ingest.log import EVENTS, Log, open_log
from ingest.recording import export
from ingest.recording_file import open_recording
from ingest.revisions import current_site, site_at
from ingest.settings import Settings
from ingest.site import pack_site

FOR_EVER = 1 << 62  # ms


def write_export(settings: Settings, out: Path | None, areas: list[str], since: str | None, until: str | None) -> str:
    """Write to `out` (standard output where None) and say what it was. Times are RFC 3339 with an offset. Raises ValueError."""
    log = open_log(settings.log_url)
    site = current_site(log, settings.site)
    wanted = {area.number: area.id for area in site.areas if not areas or area.id in areas}
    if not wanted:
        raise ValueError(f"no such area: {', '.join(areas)}; there are {', '.join(area.id for area in site.areas)}")
    start, end = _moment(since, 0), _moment(until, FOR_EVER)
    lines = 0
    with ExitStack() as files:
        file = files.enter_context(open_recording(out)) if out else sys.stdout.buffer
        for line in with_sites(log, export(log, wanted, start, end), {name: skipped(log, number) for number, name in wanted.items()}):
            file.write(line.encode())
            lines += 1
    begins = {name: log.bounds(EVENTS, number)[0] for number, name in wanted.items()}
    late = [name for name, first in begins.items() if first > 0 or since]
    note = f"; does not start at the log's beginning in {', '.join(late)}: what was open before it is not known to its replay" if late else ""
    return f"{lines} lines of {', '.join(wanted.values())}{note}"


def with_sites(log: Log, lines: Iterator[str], skips: Mapping[str, set[int]] | None = None) -> Iterator[str]:
    """Each site revision stands, packed, on the first line that names it: the recording needs no folder to be replayed.

    `skips` (area -> offsets): records that were not judged are left out.
    """
    told: set[str] = set()
    for line in lines:
        row = msgspec.json.decode(line)
        if skips and row["offset"] in skips.get(row["area"], ()):
            continue
        named = [row["site"], *([row["payload"]["revision"]] if row["topic"].endswith("/site") else [])]
        fresh = dict.fromkeys(revision for revision in named if revision not in told)
        told.update(fresh)
        packed = {revision: base64.b64encode(site).decode() for revision in fresh if (site := _packed(log, revision))}
        yield msgspec.json.encode({**row, "sites": packed}, order="deterministic").decode() + "\n" if packed else line


def _packed(log: Log, revision: str) -> bytes | None:
    """None for a revision that the log does not keep: its replay falls back on the folder that is given."""
    try:
        return pack_site(site_at(log, revision))
    except KeyError:
        return None


def _moment(text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text}: expected a time with its offset, as 2026-11-23T01:02:03+08:00")
    return int(moment.timestamp() * 1000)
