"""Adjacent devices that fell silent together are one outage of the segment (network or power), not so many broken boxes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.site import Device, Site
from models.batch import Batch
from models.columns import Ints
from models.model import Finding
from models.subjects import Devices

NEVER = -1
APART = frozenset({"receiver", "sensor"})  # not fed with the boxes, and missed for themselves


@dataclass(frozen=True)
class Outages:
    code: str
    least: int  # devices

    def judge(self, away: NDArray[np.int8], outage: Ints, batch: Batch, site: Site) -> Iterator[Finding]:
        """`outage` (int64[n]) holds, for each device in an outage, the row of the one that names it; it is brought up to date."""
        down = np.flatnonzero(away)
        if len(down) < self.least and not (outage != NEVER).any():
            return
        groups = [group for group in _adjacent(down.tolist(), batch.devices) if _most_of_a_type(group, batch.devices) >= self.least]
        before = {int(root): [int(row) for row in np.flatnonzero(outage == root)] for root in np.unique(outage[outage != NEVER])}
        now = _named(groups, outage, batch.devices)
        outage[:] = NEVER
        for root, group in now.items():
            outage[group] = root
        changed = [root for root, group in now.items() if before.get(root) != group]
        for root in sorted(
            changed, key=lambda root: set(now[root]) <= set(before.get(root, ()))
        ):  # who takes a device over comes before who lets it go
            yield self._finding(root, now[root], batch, site)
        for root in before:
            if root not in now:
                yield self._finding(root, [], batch, site)

    def _finding(self, root: int, group: list[int], batch: Batch, site: Site) -> Finding:
        device = batch.devices.all[root]
        members = tuple(batch.devices.all[row].id for row in group)
        place = site.segment.get(device.segment)
        return Finding(
            model=self.code, subject=_name(device), level="yellow" if group else "over", code="segment_outage",
            index=batch.nth, cause=f"tick/{batch.now}", occurred=batch.now, values={"devices": len(group), "feeder": device.feeder},
            segment=device.segment, place=place.name_zh if place else "", position=device.position, evidence=members[:50], inhibits=members,
        )  # fmt: skip


def _adjacent(down: list[int], devices: Devices) -> list[list[int]]:
    """The rows in `down` as groups that hang together, each sorted, in the order of their first: neighbours of a type, and what stands in one segment."""
    left, groups = set(down), []
    there: dict[str, list[int]] = {}
    for row in down:
        if devices.all[row].type not in APART:
            there.setdefault(devices.all[row].segment, []).append(row)
    there.pop("", None)
    for first in down:
        if first not in left:
            continue
        left.remove(first)
        group, edge = [first], [first]
        while edge:
            row = edge.pop()
            for other in (*devices.neighbours[row], *there.pop(devices.all[row].segment, ())):
                if other in left:
                    left.remove(other)
                    group.append(other)
                    edge.append(other)
        groups.append(sorted(group))
    return groups


def _most_of_a_type(group: list[int], devices: Devices) -> int:
    return max(Counter(devices.all[row].type for row in group).values())


def _named(groups: list[list[int]], outage: Ints, devices: Devices) -> dict[int, list[int]]:
    """Each group by the row that names it. It keeps a name that one of its devices had; of two parts of one outage the first does.

    No two have one name: a group that finds all of its own taken joins the outage that has the first of them, and keeps that name at the next tick.
    """
    now: dict[int, list[int]] = {}
    new = []
    for group in groups:
        had = next((root for root in sorted({int(outage[row]) for row in group} - {NEVER}) if root not in now), None)
        if had is None:
            new.append(group)
        else:
            now[had] = group
    taken = {_name(devices.all[root]): root for root in now}
    for group in new:
        free = next((row for row in group if _name(devices.all[row]) not in taken), None)
        if free is None:
            of = taken[_name(devices.all[group[0]])]
            now[of] = sorted({*now[of], *group})
        else:
            now[free], taken[_name(devices.all[free])] = group, free
    return now


def _name(device: Device) -> str:
    return device.segment or f"outage-{device.id}"
