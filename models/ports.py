"""Which registered boats are in port and which are at sea, as their fixes show, and when each left."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ingest.site import Area, Site, Vessel
from models.batch import Batch
from models.columns import Ints, Positions, rounds, taken
from models.memory import grown
from models.places import places_of

NEVER = -1
UNKNOWN, IN_PORT, AT_SEA = 0, 1, 2
EXEMPT = ("official", "ferry", "trade")  # they report elsewhere, or to nobody


@dataclass
class Ports:
    """One row a vessel, growing. Times of fixes in ms."""

    ours: NDArray[np.int8]  # 1 watched, 0 not, -1 not asked yet
    state: NDArray[np.int8]  # UNKNOWN, IN_PORT, AT_SEA
    fixes: NDArray[np.int8]  # in a row that say otherwise
    first: Ints  # the first of these
    at: Ints  # last fix
    since: Ints  # in port or at sea since
    left: Ints  # when its present or last trip began, NEVER where nobody saw it leave
    ended: Ints  # when the trip before that had begun


_FILLS = (("ours", -1), ("state", UNKNOWN), ("fixes", 0), ("first", NEVER), ("at", NEVER), ("since", NEVER), ("left", NEVER), ("ended", NEVER))


def nobody() -> Ports:
    small, whole = np.empty(0, dtype=np.int8), np.empty(0, dtype=np.int64)
    return Ports(small, small, small, whole, whole, whole, whole, whole)  # each is replaced as it grows


def hear(ports: Ports, batch: Batch, site: Site, away: float, fixes: int, stay: int) -> list[str]:
    """Note the batch's fixes; the boats that left or came in. `away` m outside, `fixes` in a row, a `stay` in ms that ends a trip."""
    if len(ports.at) < len(batch.vessels):
        for name, fill in _FILLS:
            setattr(ports, name, grown(getattr(ports, name), len(batch.vessels), fill))
    area, rows = batch.devices.area, batch.positions.subject
    for row in dict.fromkeys(rows[ports.ours[rows] < 0].tolist()):
        ports.ours[row] = watched(site, area, site.vessel.get(batch.vessels.all[row].id))
    mine = ports.ours[rows] == 1
    harbours = harbours_of(site, area) if mine.any() else None
    if harbours is None:
        return []
    moved: list[str] = []
    for some in rounds(taken(batch.positions, mine)):
        points = shapely.points(*places_of(site, area).local(some.longitude, some.latitude))
        inside, near = shapely.intersects(harbours, points), shapely.dwithin(harbours, points, away)
        known = np.isfinite(some.longitude) & np.isfinite(some.latitude)
        where = np.where(inside, IN_PORT, np.where(near | ~known, UNKNOWN, AT_SEA))
        moved += [batch.vessels.all[row].id for row in _note(ports, some, where, fixes, stay)]
    return moved


def _note(ports: Ports, some: Positions, where: NDArray[Any], fixes: int, stay: int) -> list[int]:
    """Rows of those that are elsewhere now. At the harbour's edge a fix says nothing: a shift of berth, or jitter."""
    rows = some.subject
    newer = some.at > ports.at[rows]
    same = newer & (where == ports.state[rows])
    ports.fixes[rows[same]] = 0
    ports.at[rows[newer]] = some.at[newer]
    moved = []
    for i in np.flatnonzero(newer & ~same & (where != UNKNOWN)):
        row = int(rows[i])
        if ports.fixes[row] == 0:
            ports.first[row] = some.at[i]
        ports.fixes[row] += 1
        if ports.fixes[row] >= fixes:
            _move(ports, row, int(where[i]), stay)
            moved.append(row)
    return moved


def _move(ports: Ports, row: int, to: int, stay: int) -> None:
    first = int(ports.first[row])
    if to == AT_SEA and ports.state[row] == IN_PORT and (ports.left[row] == NEVER or first - ports.since[row] >= stay):
        ports.ended[row], ports.left[row] = ports.left[row], first  # else it only put in: the same trip
    ports.state[row], ports.since[row], ports.fixes[row] = to, first, 0


def watched(site: Site, area: Area, vessel: Vessel | None) -> bool:
    """Whether a boat's trips are this area's: registered, not exempt, its home station here or nowhere."""
    if vessel is None or vessel.kind in EXEMPT:
        return False
    home = site.post.get(vessel.home)
    return home is None or home.area == area.id


def harbours_of(site: Site, area: Area) -> shapely.Geometry | None:
    """All harbours and berths, of the neighbours too, in the area's local metres; made once and kept with the site. None where there are none."""
    kept: dict[str, shapely.Geometry | None] = site.__dict__.setdefault("harbours", {})
    if area.id not in kept:
        places = places_of(site, area)
        rows = places.rows("harbour", "berth")
        kept[area.id] = shapely.union_all([places.shapes[row] for row in rows]) if rows else None
        if kept[area.id] is not None:
            shapely.prepare(kept[area.id])
    return kept[area.id]
