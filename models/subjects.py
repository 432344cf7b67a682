"""What is judged: the devices of an area by row, and the one table of vessels that grows as they are heard."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ingest.events import Position
from ingest.site import Area, Device, Site
from models.columns import Positions
from models.memory import grown

_NET_BUOY = re.compile(r"\d{1,3}\s?%|\b(NET|BUOY|FISHNET|MARK)\b|网位|浮标|网标", re.IGNORECASE)


class Devices:
    """An area's devices in the site's order; `row` leads from the id."""

    def __init__(self, site: Site, area: Area) -> None:
        self.area = area
        self.all: tuple[Device, ...] = tuple(device for device in site.devices if device.area == area.id and device.in_service)
        self.row = {device.id: row for row, device in enumerate(self.all)}
        self.beats = np.array([device.type != "console" for device in self.all], dtype=np.bool_)  # bool[n]: a page has no heartbeat
        self.neighbours: tuple[tuple[int, ...], ...] = tuple(
            tuple(self.row[other] for other in device.neighbours if other in self.row) for device in self.all
        )

        marks = _marks(self.all)
        self._marks = np.array([marks.get(device.id, 0) for device in self.all], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.all)

    def tracks(self, cameras: NDArray[np.int64], tracks: Sequence[int | str]) -> NDArray[np.int64]:
        """int64[n]: a key of (camera, track) each, from 0 to 2**63 - 1, the same at every time and on every machine. `cameras`: rows."""
        own = [track if type(track) is int and 0 <= track < _WORD else _WORD | crc32(str(track).encode()) for track in tracks]
        return self._marks[cameras] << 33 | np.array(own, dtype=np.int64)


_WORD = 1 << 32


def _marks(devices: Sequence[Device]) -> dict[str, int]:
    """Camera -> a number below 2**30 of its own, from its name, so that a site revision does not move it."""
    marks: dict[str, int] = {}
    taken: set[int] = set()
    for name in sorted(device.id for device in devices if device.type == "camera"):
        mark = crc32(name.encode()) >> 2
        while mark in taken:
            mark = (mark + 1) % (1 << 30)
        taken.add(mark)
        marks[name] = mark
    return marks


class Vessel(Struct, gc=False):
    """What a vessel said of itself, the latest."""

    id: str  # MMSI or terminal number, the site's one name where it is registered
    system: str  # by which it was heard first
    name: str = ""
    callsign: str = ""
    ship_type: int | None = None
    length: float | None = None
    class_: str = ""
    other: str = ""  # another name that it gave
    renamed: int = -1  # ms, when it changed its name last

    @property
    def asset(self) -> str:
        """ship, net_buoy, or other (base stations, aids to navigation, beacons, craft that are not vessels).

        Net buoys: class B with an MMSI outside the ship series or a name that shows a battery or a net. Source: S-NET; the pattern is ours.
        """
        if self.system == "beidou":
            return "ship"
        if _NET_BUOY.search(self.name):
            return "net_buoy"
        if len(self.id) == 9 and self.id[0] in "234567":
            return "ship"
        return "net_buoy" if self.class_ == "B" else "other"


@dataclass
class Latest:
    """The latest fix of each vessel, one row each; rows beyond the vessels are spare. Times in ms, -1: never."""

    at: NDArray[np.int64]
    heard: NDArray[np.int64]  # hearing when it came
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    sog: NDArray[np.float64]  # kn, NaN: not said
    cog: NDArray[np.float64]  # degrees
    owner: NDArray[np.bool_]  # False: another area's vessel


class Vessels:
    """Every vessel heard in an area, by row in the order first heard. Rows are never given twice.

    `identity`: the site's one name of a registered vessel, by MMSI and by terminal: what is heard by AIS and by Beidou is one vessel.
    """

    def __init__(self, identity: Mapping[str, str], known: Sequence[Vessel] = (), latest: Latest | None = None) -> None:
        self.identity = identity
        self.all: list[Vessel] = list(known)
        self.row: dict[str, int] = {vessel.id: row for row, vessel in enumerate(self.all)}
        self.latest = latest or _never()
        self.renamed: dict[int, bool] = {row: True for row, vessel in enumerate(self.all) if vessel.renamed >= 0}  # rows, in order

    def __len__(self) -> int:
        return len(self.all)

    def heard(self, event: Position) -> int:
        """The row of the vessel, noting what it says of itself."""
        name = self.identity.get(event.vessel, event.vessel)
        row = self.row.get(name)
        if row is None:
            row = self.row[name] = len(self.all)
            self.all.append(Vessel(name, event.system))
        vessel = self.all[row]
        if event.class_ and event.class_ != vessel.class_:
            vessel.class_ = event.class_
        if event.name and event.name != vessel.name and vessel.name and not _alike(event.name, vessel.name):
            vessel.other, vessel.renamed, self.renamed[row] = vessel.name, event.received, True
        if event.name or event.callsign or event.ship_type is not None or event.length is not None:
            vessel.name = event.name or vessel.name
            vessel.callsign = event.callsign or vessel.callsign
            vessel.ship_type = vessel.ship_type if event.ship_type is None else event.ship_type
            vessel.length = vessel.length if event.length is None else event.length
        return row

    def seen(self, fixes: Positions, heard: int) -> None:
        """Note fixes; `heard` ms of hearing. What is older than the last fix of its vessel is not taken."""
        latest = self.latest
        if len(latest.at) < len(self.all):
            for name, fill in _FILLS:
                setattr(latest, name, grown(getattr(latest, name), len(self.all), fill))
        new = np.flatnonzero(fixes.at > latest.at[fixes.subject])
        new = new[np.argsort(fixes.at[new], kind="stable")]  # of two of one vessel the later is written last
        rows = fixes.subject[new]
        latest.at[rows], latest.heard[rows] = fixes.at[new], heard
        latest.longitude[rows], latest.latitude[rows] = fixes.longitude[new], fixes.latitude[new]
        latest.sog[rows], latest.cog[rows], latest.owner[rows] = fixes.sog[new], fixes.cog[new], fixes.owner[new]


def _alike(one: str, other: str) -> bool:
    """Whether two names are one, written otherwise: spaces and points apart, one cut short, or a letter mistaken."""
    a, b = (_NO_LETTER.sub("", name.upper()) for name in (one, other))
    return sum(x != y for x, y in zip(a, b, strict=False)) <= 1


_NO_LETTER = re.compile(r"[\W_]+")
_FILLS = (("at", -1), ("heard", -1), ("longitude", np.nan), ("latitude", np.nan), ("sog", np.nan), ("cog", np.nan), ("owner", True))


def _never() -> Latest:
    whole, number = np.empty(0, dtype=np.int64), np.empty(0)
    return Latest(whole, whole, number, number, number, number, np.empty(0, dtype=np.bool_))
