"""Adjacent devices that fell silent together are one outage of the segment (network or power), not so many broken boxes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.site import Site
from models.batch import Batch
from models.columns import Ints
from models.model import Finding

NEVER = -1


@dataclass(frozen=True)
class Outages:
    code: str
    least: int  # devices

    def judge(self, away: NDArray[np.int8], outage: Ints, batch: Batch, site: Site) -> Iterator[Finding]:
        """`outage` (int64[n]) holds, for each device in an outage, the row of the one that names it; it is brought up to date."""
        down = np.flatnonzero(away)
        if len(down) < self.least and not (outage != NEVER).any():
            return
        groups = [group for group in _adjacent([int(row) for row in down], batch.devices.neighbours) if len(group) >= self.least]
        before = {int(root): [int(row) for row in np.flatnonzero(outage == root)] for root in np.unique(outage[outage != NEVER])}
        now: dict[int, list[int]] = {}
        for group in groups:
            roots = sorted({int(outage[row]) for row in group} - {NEVER})
            now[roots[0] if roots else group[0]] = group
        outage[:] = NEVER
        for root, group in now.items():
            outage[group] = root
            if before.get(root) != group:
                yield self._finding(root, group, batch, site)
        for root in before:
            if root not in now:
                yield self._finding(root, [], batch, site)

    def _finding(self, root: int, group: list[int], batch: Batch, site: Site) -> Finding:
        device = batch.devices.all[root]
        members = tuple(batch.devices.all[row].id for row in group)
        place = site.segment.get(device.segment)
        return Finding(
            model=self.code, subject=device.segment or f"outage-{device.id}", level="yellow" if group else "over", code="segment_outage",
            index=batch.nth, cause=f"tick/{batch.now}", occurred=batch.now, values={"devices": len(group), "feeder": device.feeder},
            segment=device.segment, place=place.name_zh if place else "", position=device.position, evidence=members[:50], inhibits=members,
        )  # fmt: skip


def _adjacent(down: list[int], neighbours: tuple[tuple[int, ...], ...]) -> list[list[int]]:
    """The rows in `down` as groups that hang together, each sorted, in the order of their first."""
    left, groups = set(down), []
    for first in down:
        if first not in left:
            continue
        left.remove(first)
        group, edge = [first], [first]
        while edge:
            for other in neighbours[edge.pop()]:
                if other in left:
                    left.remove(other)
                    group.append(other)
                    edge.append(other)
        groups.append(sorted(group))
    return groups
