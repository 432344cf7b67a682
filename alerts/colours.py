"""What colour each place has now, and why: for the wall, the lights and the voices. A view of the open alerts, without memory.

A place is a segment, a zone, a post with its stretch, or the area. Device faults (M02, M03) and the system's own alerts colour nothing: they say how well
a place is watched (`watching.py`). What is suppressed, a drill, over or resolved colours nothing either.
"""

from collections.abc import Iterable

from msgspec import Struct

from alerts.alert import Alert
from ingest.events import Level
from ingest.site import Area, Site
from models.model import RANK
from models.places import places_of

ABOUT_OURSELVES = frozenset({"M02", "M03", "SYS"})


class Colour(Struct, frozen=True):
    """`level` for people with the right to see all, `public` for lights, voices and everybody else; None: calm. `why`: ids of the alerts, highest first."""

    level: Level | None = None
    public: Level | None = None
    why: tuple[str, ...] = ()


def colours(site: Site, area: Area, alerts: Iterable[Alert]) -> dict[str, Colour]:
    """By the id of a segment, zone, post or the area itself; what is calm is not in it."""
    found: dict[str, list[Alert]] = {}
    for alert in sorted((each for each in alerts if _counts(each)), key=lambda each: (-RANK[each.level], each.raised, each.id)):
        for place in places(site, area, alert):
            found.setdefault(place, []).append(alert)
    return {place: _colour(some) for place, some in found.items()}


def places(site: Site, area: Area, alert: Alert) -> tuple[str, ...]:
    """Ids of what an alert concerns: its segment and those of its zone, the posts whose stretch these are of, the area."""
    segments = [alert.segment] if alert.segment in site.segment else []
    zones = [alert.subject] if alert.subject in site.zone else []
    posts = [alert.subject] if alert.subject in site.post else []
    if alert.subject.partition("/")[0] == area.id:  # the area, or a hazard in it: bay/wind
        segments = [segment.id for segment in site.segments if segment.area == area.id]
        zones = [zone.id for zone in site.zones if area.id in zone.areas]
    elif posts:
        segments = [*segments, *(name for name in site.post[alert.subject].segments)]
    elif zones:
        segments = [*segments, *segments_of(site, area, alert.subject)]
    stretches = [post.id for post in site.posts if not set(post.segments).isdisjoint(segments)]
    return tuple(dict.fromkeys((*segments, *zones, *posts, *stretches, area.id)))


def segments_of(site: Site, area: Area, zone: str) -> tuple[str, ...]:
    """The segments along which a zone lies. Kept with the site."""
    kept: dict[tuple[str, str], tuple[str, ...]] = site.__dict__.setdefault("segments_of", {})
    if (area.id, zone) not in kept:
        near = places_of(site, area)
        kept[area.id, zone] = tuple(site.segments[row].id for row in near.segments_along(near.row[zone]).tolist())
    return kept[area.id, zone]


def _counts(alert: Alert) -> bool:
    standing = alert.condition == "active" and alert.resolved is None and alert.suppressed is None
    return standing and not alert.drill and alert.model not in ABOUT_OURSELVES


def _colour(alerts: list[Alert]) -> Colour:
    public = next((alert.level for alert in alerts if alert.sensitivity == "open"), None)
    return Colour(alerts[0].level, public, tuple(alert.id for alert in alerts))
