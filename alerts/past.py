"""An area's memory as it was before an offset of its log: from the newest snapshot before it, else from the beginning of the log or of its archives.

What is kept in between is judged again up to there, which is exact: the fold is a function of the log.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from alerts import snapshots
from alerts.archive import hours
from alerts.fold import Fold
from alerts.hearing import Poisoned
from ingest.log import EVENTS, Log
from ingest.recording import batches, read_recording
from ingest.records import Batch, Codec
from ingest.site import Site
from ingest.wire import Door

Records = Iterable[tuple[int, Batch]]


def memory_before(log: Log, number: int, offset: int, sites: Mapping[str, Site], now: Site, skips: set[int], archive: Path) -> Fold | None:
    """The fold that judged everything before `offset`; None where what is kept does not reach back far enough, or has a hole.

    `now`: the site that rules; `archive`: folder of the archives.
    """
    known = max((each for each in snapshots.whole(log, number) if each.head.offset < offset), key=lambda each: each.head.offset, default=None)
    first = log.bounds(EVENTS, number)[0]

    def records(begin: int) -> Iterator[tuple[int, Batch]]:
        if begin < first:
            yield from _archived(hours(archive, now.area_by_number[number].id), now, begin, min(first, offset))
        yield from logged(log, number, begin, offset)

    if known is not None:
        fold = judged(lambda: Fold.restore(known.memory, sites, number), records, sites, skips)
    else:
        opening = next(iter(records(0)), None)
        if opening is None or opening[0] != 0:
            return None
        site = sites[opening[1].site]
        fold = judged(lambda: Fold(site, site.area_by_number[number]), records, sites, skips)
    return fold if fold.offset == offset - 1 else None


def judged(begin: Callable[[], Fold], records: Callable[[int], Records], sites: Mapping[str, Site], skips: set[int]) -> Fold:
    """`begin()` after `records(its next offset)`. Ends at a hole. Where a model failed among several events, it is begun again and more careful there."""
    careful: set[int] = set()
    while True:
        fold = begin()
        try:
            for offset, batch in records(fold.offset + 1):
                if offset != fold.offset + 1:
                    return fold
                if offset in skips:
                    fold.offset = offset
                    continue
                if offset in careful:
                    fold.be_careful()
                fold.step(offset, batch, sites)
        except Poisoned:
            careful.add(fold.offset + 1)
        else:
            return fold


def logged(log: Log, number: int, begin: int, end: int) -> Iterator[tuple[int, Batch]]:
    """Records of the log from `begin` on, before `end`."""
    codec = Codec()
    while begin < end and (entries := log.read(EVENTS, number, begin, min(500, end - begin))):
        for entry in entries:
            if entry.offset >= end:
                return
            yield entry.offset, codec.unpack(entry.value)
        begin = entries[-1].offset + 1


def _archived(files: Iterable[Path], site: Site, begin: int, end: int) -> Iterator[tuple[int, Batch]]:
    for path in files:
        for _, offset, batch in batches(read_recording(path), Door(site)):
            if offset is not None and begin <= offset < end:
                yield offset, batch
