"""Leave to be or to work in a zone, as `permit` events give it: for a vessel, for somebody on foot, or for everybody, from when until when."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ingest.events import Permit
from ingest.site import Site
from models.batch import Rare

KEPT = 2_000  # at most, the latest; ours


@dataclass
class Permits:
    """Rows in order of arrival: zone, vessel or nothing, person or device or nothing, from, until (ms)."""

    rows: list[list[Any]] = field(default_factory=list)

    def note(self, rare: Iterable[Rare], site: Site) -> None:
        for each in rare:
            if isinstance(each.event, Permit):
                event = each.event
                vessel = site.identity.get(event.vessel, event.vessel) if event.vessel else ""
                self.rows = [*self.rows, [event.zone, vessel, event.person or event.device_ or "", event.from_, event.until]][-KEPT:]

    def forget(self, now: int) -> None:
        """Drop what is past at `now` ms of log time."""
        if any(row[4] <= now for row in self.rows):
            self.rows = [row for row in self.rows if row[4] > now]

    def on_foot(self, zone: str, at: int) -> bool:
        """A camera knows nobody: a permit for somebody on foot lets everybody in."""
        return any(of == zone and not vessel and begin <= at < end for of, vessel, _who, begin, end in self.rows)

    def afloat(self, vessels: Iterable[str], at: int) -> list[str]:
        """Zones in which one of these vessels, or everybody, has leave."""
        wanted = {*vessels}
        return [of for of, vessel, who, begin, end in self.rows if begin <= at < end and (vessel in wanted or not (vessel or who))]
