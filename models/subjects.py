"""What is judged: the devices of an area by row, and the one table of vessels that grows as they are heard."""

import re
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from ingest.events import Position
from ingest.site import Area, Device, Site

_NET_BUOY = re.compile(r"\d{1,3}\s?%|\b(NET|BUOY|FISHNET|MARK)\b|网位|浮标|网标", re.IGNORECASE)


class Devices:
    """An area's devices in the site's order; `row` leads from the id."""

    def __init__(self, site: Site, area: Area) -> None:
        self.all: tuple[Device, ...] = tuple(device for device in site.devices if device.area == area.id and device.in_service)
        self.row = {device.id: row for row, device in enumerate(self.all)}
        self.beats = np.array([device.type != "console" for device in self.all], dtype=np.bool_)  # bool[n]: a page has no heartbeat
        self.neighbours: tuple[tuple[int, ...], ...] = tuple(
            tuple(self.row[other] for other in device.neighbours if other in self.row) for device in self.all
        )

    def __len__(self) -> int:
        return len(self.all)


class Vessel(Struct):
    """What a vessel said of itself, the latest."""

    id: str  # MMSI or terminal number
    system: str
    name: str = ""
    callsign: str = ""
    ship_type: int | None = None
    length: float | None = None
    class_: str = ""

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


class Vessels:
    """Every vessel heard in an area, by row in the order first heard. Rows are never given twice."""

    def __init__(self, known: Sequence[Vessel] = ()) -> None:
        self.all: list[Vessel] = list(known)
        self.row: dict[str, int] = {vessel.id: row for row, vessel in enumerate(self.all)}

    def __len__(self) -> int:
        return len(self.all)

    def heard(self, event: Position) -> int:
        """The row of the vessel, noting what it says of itself."""
        row = self.row.get(event.vessel)
        if row is None:
            row = self.row[event.vessel] = len(self.all)
            self.all.append(Vessel(event.vessel, event.system))
        vessel = self.all[row]
        if event.class_ and event.class_ != vessel.class_:
            vessel.class_ = event.class_
        if event.name or event.callsign or event.ship_type is not None or event.length is not None:
            vessel.name = event.name or vessel.name
            vessel.callsign = event.callsign or vessel.callsign
            vessel.ship_type = vessel.ship_type if event.ship_type is None else event.ship_type
            vessel.length = vessel.length if event.length is None else event.length
        return row
