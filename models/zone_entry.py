"""What was told of a place where somebody is: since when, at which level, and when it counts as empty again."""

from dataclasses import dataclass
from typing import Any

from ingest.site import Site
from models.batch import Batch
from models.columns import PERSON
from models.following import Track
from models.model import Finding, FoundLevel
from models.places import places_of


@dataclass
class Entry:
    """A place with somebody in it, as it was told. Event times in ms."""

    level: FoundLevel
    code: str
    began: int  # when it was first told
    last: int  # when somebody was last seen
    camera: str  # that saw them
    heard: int  # ms of hearing when somebody was last seen

    def renew(self, latest: Track, heard: int) -> None:
        """Somebody is there: `latest` was seen last."""
        if latest.last > self.last:
            self.heard = heard
        self.last, self.camera = max(self.last, latest.last), latest.camera

    def emptied(self, looked: int | None, heard: int, empty: int, lost: int) -> bool:
        """Its camera looked `empty` ms longer (`looked`: when it did so last) and saw nobody, or not at all for `lost` ms of hearing.

        A camera that is blind empties nothing.
        """
        return (looked is not None and looked - self.last >= empty) or heard - self.heard >= lost


def finding_of(
    model: str,
    zone: str,
    level: FoundLevel,
    code: str,
    inside: list[Track],
    batch: Batch,
    site: Site,
    *,
    occurred: int,
    values: dict[str, Any],
    **more: Any,
) -> Finding:
    """What is found in a zone of those who are in it: the place of the one seen last, their number, the surest look as evidence."""
    known = [each for each in inside if each.longitude == each.longitude]  # NaN: the camera gives no position
    latest = max(known, key=lambda track: (track.last, track.longitude)) if known else None
    position = None if latest is None else (round(latest.longitude, 6), round(latest.latitude, 6))
    surest = sorted(inside, key=lambda track: (-track.score, track.name))
    places, where = places_of(site, batch.devices.area), site.zone.get(zone)
    along = places.segments_along(places.row[zone]).tolist() if position is None and zone in places.row else []
    segment = site.segments[along[0]].id if along else places.segment_at(position)
    named = {"zone": zone, "zone_zh": where.name_zh if where else zone, "zone_en": where.name_en if where else zone}
    people = sum(each.kind == PERSON for each in inside)
    return Finding(
        model=model, subject=zone, level=level, code=code, index=batch.nth, cause=f"{zone}/{occurred}", occurred=occurred, position=position, segment=segment,
        values={**named, "persons": people, "vehicles": len(inside) - people, **values}, evidence=tuple(dict.fromkeys(each.name for each in surest))[:3],
        confidence=round(surest[0].score, 2) if surest else None, **more,
    )  # fmt: skip
