"""How the person at a box hears that help is on its way, and which devices stand where."""

from alerts.alert import Command
from alerts.life_cycle.case import Case
from ingest.site import Area, Device, Segment, Site

REPORT = 600_000  # ms within which a report is still news; ours
STATES = {
    "new": "received", "acknowledged": "acknowledged", "dispatched": "dispatched", "en_route": "dispatched", "arrived": "arrived",
    "resolved": "closed", "verified": "closed",
}  # fmt: skip


class Shore:
    """An area's boxes, lights and cameras by segment, and which segments are neighbours."""

    def __init__(self, site: Site, area: Area) -> None:
        self.area = area.id
        self.site = site
        self._by_index = {(segment.line, segment.index): segment for segment in site.segments}
        self._here: dict[str, list[Device]] = {}
        for device in site.devices:
            if device.area == area.id and device.in_service and device.type in {"box", "light", "camera"}:
                self._here.setdefault(device.segment, []).append(device)

    def at(self, segment: str) -> list[Device]:
        return self._here.get(segment, [])

    def around(self, segment: str, kind: str) -> list[Device]:
        """Of the own segment, then of both neighbours."""
        own = self.site.segment.get(segment)
        if own is None:
            return []
        near: list[Segment | None] = [own, *(self._by_index.get((own.line, own.index + step)) for step in (-1, 1))]
        return [device for each in near if each is not None for device in self._here.get(each.id, ()) if device.type == kind]


def report(case: Case, now: int) -> Command:
    """How the alert stands, for the box that was pressed."""
    alert = case.alert
    state = "waiting" if alert.response == "new" and case.waiting else STATES[alert.response]
    args = {"alert": alert.id, "state": state}
    return Command(
        id=f"{alert.id}/{alert.revision}/report",
        area=alert.area,
        device=case.answers,
        command="report",
        args=args,
        expires=now + REPORT,
        alert=alert.id,
    )
