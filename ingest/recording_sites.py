"""A recording that brings the site revisions that it names: it needs no folder to be replayed."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ingest.log import Log
from ingest.revisions import site_at
from ingest.site import pack_site


def with_sites(log: Log, lines: Iterator[str], skips: Mapping[str, set[int]] | None = None) -> Iterator[str]:
    """Each site revision stands, packed, on the first line that names it.

    `skips` (area -> offsets): records that were not judged are left out.
    """
    told: set[str] = set()
    for line in lines:
        row = msgspec.json.decode(line)
        if skips and row.get("offset") in skips.get(row.get("area"), ()):
            continue
        fresh = dict.fromkeys(revision for revision in _named(row) if revision not in told)
        told.update(fresh)
        packed = {revision: base64.b64encode(site).decode() for revision in fresh if (site := _packed(log, revision))}
        yield msgspec.json.encode({**row, "sites": packed}, order="deterministic").decode() + "\n" if packed else line


def _named(row: dict[str, Any]) -> list[str]:
    if "snapshot" in row:
        return [area["site"] for area in row["snapshot"]["areas"]]
    return [row["site"], *([row["payload"]["revision"]] if row["topic"].endswith("/site") else [])]


def _packed(log: Log, revision: str) -> bytes | None:
    """None for a revision that the log does not keep: its replay falls back on the folder that is given."""
    try:
        return pack_site(site_at(log, revision))
    except KeyError:
        return None
