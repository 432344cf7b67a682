"""Revisions of the site in the log: which one rules, putting a new one in, finding an old one, and what an operator should know of the change.

A revision is kept in topic `sites` under its own name as the key, so compaction never removes one that a batch may still name; the newest
record rules. Records of others there (skips) have no header `site`.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from ingest.events import SiteChange
from ingest.geo import metres
from ingest.log import EVENTS, SITES, Entry, Log, Record, open_log, written
from ingest.records import Batch, Codec
from ingest.site import Device, Site, pack_site, unpack_site
from ingest.site_files import read_site

AREAS_OF_ALL = 0  # partition of `sites`: a site is one thing, not one an area
_PAGE = 200


def current_site(log: Log, folder: Path) -> Site:
    """The revision that rules; if the log has none yet, the folder's, which is then put in. Raises `SiteFaults` in that case."""
    revision = _current(log)
    if revision is not None:
        return site_at(log, revision)
    site = read_site(folder)
    log.append(_records(site), urgent=True)
    return site


def ruling_site(log_url: str, folder: Path) -> Site:
    """`current_site` for who only looks: nothing is made, and nothing put in."""
    if written(log_url):
        log = open_log(log_url)
        try:
            if (revision := _current(log)) is not None:
                return site_at(log, revision)
        finally:
            log.close()
    return read_site(folder)


def apply_site(log: Log, site: Site, now: int) -> str:
    """Make `site` rule from here on (`now` in ms): the revision, or the empty text if it rules already. All in one commit. Raises `LogFull`."""
    if _current(log) == site.revision:
        return ""
    codec = Codec()
    change = codec.pack(Batch(site.revision, [SiteChange(device="site", received=now, ts=now, revision=site.revision)]))
    headers = (("site", site.revision),)
    records = [*_records(site), *(Record(EVENTS, area.number, change, headers=headers) for area in site.areas)]
    log.append(records, urgent=True)
    return site.revision


def site_at(log: Log, revision: str) -> Site:
    """The site at a revision. Raises KeyError where the log does not have it."""
    packed = _kept.get(revision)
    if packed is None:
        found = next((entry.value for entry in _entries(log) if entry.key == revision.encode()), None)
        if found is None:
            raise KeyError(f"the log has no site revision {revision}")
        packed = _kept[revision] = Codec().unpack_bytes(found)
    return _unpacked(packed)


def differences(old: Site, new: Site) -> list[str]:
    """What changes, one line each, for the operator who is about to apply it."""
    told = _devices(old, new)
    for name in (
        "areas",
        "posts",
        "people",
        "segments",
        "units",
        "zones",
        "vessels",
        "channels",
        "groups",
        "covenants",
        "moratoria",
        "seasons",
        "plates",
    ):
        before, after = {thing.id: thing for thing in getattr(old, name)}, {thing.id: thing for thing in getattr(new, name)}
        told += [f"{name}: {each} added" for each in after if each not in before]
        told += [f"{name}: {each} removed" for each in before if each not in after]
        told += [f"{name}: {each} changed" for each in after if each in before and after[each] != before[each]]
    for code in sorted({*old.thresholds, *new.thresholds}):
        was, now = old.thresholds.get(code, {}), new.thresholds.get(code, {})
        for key in sorted({*was, *now}):
            if was.get(key) != now.get(key):
                told.append(f"threshold {code}.{key}: {was.get(key, 'default')} -> {now.get(key, 'default')}")
    for level in ("red", "orange", "yellow", "blue"):
        if old.escalation.get(level) != new.escalation.get(level):
            told.append(f"escalation of {level} changed")
    if old.shoreline != new.shoreline:
        told.append("shoreline changed")
    if old.tide != new.tide:
        told.append("tide constituents changed")
    return told


def _devices(old: Site, new: Site) -> list[str]:
    told = []
    for device in new.devices:
        before = old.device.get(device.id)
        if before is None:
            told.append(f"{device.type} {device.id} added in {device.area}")
        else:
            told += _device(before, device)
    return told + [f"{device.type} {device.id} removed" for device in old.devices if device.id not in new.device]


def _device(before: Device, after: Device) -> list[str]:
    told = []
    if before.position != after.position:
        told.append(f"{after.type} {after.id} moved by {metres(before.position, after.position):.0f} m")
    if before.area != after.area:
        told.append(f"{after.type} {after.id} goes from {before.area} to {after.area}")
    if before.in_service != after.in_service:
        told.append(f"{after.type} {after.id} {'into' if after.in_service else 'out of'} service")
    return told or ([] if before == after else [f"{after.type} {after.id} changed"])


def _records(site: Site) -> list[Record]:
    return [Record(SITES, AREAS_OF_ALL, Codec().pack_bytes(pack_site(site)), site.revision.encode(), (("site", site.revision),))]


def _current(log: Log) -> str | None:
    revision = None
    for entry in _entries(log):
        revision = dict(entry.headers).get("site", revision)
    return revision


def _entries(log: Log) -> Iterator[Entry]:
    """All of the topic: a record a revision, compacted, so small."""
    offset, end = log.bounds(SITES, AREAS_OF_ALL)
    while offset < end:
        page = log.read(SITES, AREAS_OF_ALL, offset, _PAGE)
        if not page:
            return
        yield from page
        offset = page[-1].offset + 1


_kept: dict[str, bytes] = {}  # content by its hash: true whatever log it came from


@lru_cache(maxsize=4)
def _unpacked(packed: bytes) -> Site:
    return unpack_site(packed)
