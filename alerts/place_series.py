"""How places stood in the course of time: what colour each had and why, and how well each model watched each segment. For dashboards and reports.

Views of the alerts (`colours.py`, `watching.py`), written when they change and once a day, so that a picture of a day has where to begin.
"""

from collections.abc import Iterable, Mapping

from alerts.alert import Alert, Outcomes, from_wire
from alerts.colours import ABOUT_OURSELVES, colours
from alerts.store.store import Point, Store
from alerts.store.tables import SIGHT
from alerts.watching import watching
from ingest.site import Area, Site
from models.model import RANK

DAY = 86_400_000  # ms
MOST = 10_000  # open alerts that are read at a start; ours
_OF_SIGHT = frozenset({*ABOUT_OURSELVES, "M17"})  # whose alerts say how well a place is watched: fog too
Fields = dict[str, float | int | str | bool]


class PlaceSeries:
    """Of one area. `sites`: revisions by name, for the one that a `site` event names."""

    def __init__(self, site: Site, area: Area, sites: Mapping[str, Site]) -> None:
        self.site, self.area, self._sites = site, area, sites
        self._open: dict[str, Alert] = {}
        self._told: dict[tuple[str, str], Fields] = {}  # (measurement, place)
        self._day = -1  # of log time, when all was told last
        self._stale = {"place", "watch"}  # what may have changed since it was reckoned

    def begin(self, store: Store, now: int) -> None:
        """Go on from what the store has of the last two days; `now`: ms. Raises `StoreAway`."""
        self._open = {shape["id"]: from_wire(shape) for shape in store.alerts(open_only=True, area=self.area.id, limit=MOST)}
        for name in ("place", "watch"):
            for subject, point in store.latest(name, self.area.id, now - 2 * DAY).items():
                self._told[name, subject] = dict(point.fields)
                self._day = max(self._day, point.at // DAY)

    def change_site(self, revision: str) -> None:
        site = self._sites.get(revision)
        if site is not None and self.area.id in site.area_of:
            self.site, self.area = site, site.area_of[self.area.id]
            self._stale = {"place", "watch"}

    def take(self, outcomes: Outcomes) -> list[Point]:
        """What changed by it."""
        for alert in outcomes.alerts:
            known = self._open.get(alert.id)
            if known is None or alert.revision > known.revision:
                self._open[alert.id] = alert
                self._note(alert)
            if self._open[alert.id].resolved is not None:
                del self._open[alert.id]
        if outcomes.open is not None:
            for id_ in self._open.keys() - {id_ for id_, _ in outcomes.open}:
                self._note(self._open.pop(id_))
        if outcomes.now // DAY > self._day:
            self._day = outcomes.now // DAY
            self._told.clear()
            self._stale = {"place", "watch"}
        if not self._stale:
            return []
        rows: dict[tuple[str, str], Fields] = {}
        if "place" in self._stale:
            rows |= self._colours()
        if "watch" in self._stale:
            rows |= self._watched()
        self._stale = set()
        changed = {key: fields for key, fields in rows.items() if self._told.get(key) != fields}
        self._told |= changed
        return [Point(name, {"area": self.area.id, _TAG[name]: subject}, fields, outcomes.now) for (name, subject), fields in changed.items()]

    def _note(self, alert: Alert) -> None:
        if alert.model not in ABOUT_OURSELVES:
            self._stale.add("place")
        if alert.model in _OF_SIGHT:
            self._stale.add("watch")

    def _colours(self) -> dict[tuple[str, str], Fields]:
        """All places of the area, the calm ones too."""
        found = colours(self.site, self.area, self._open.values())
        rows: dict[tuple[str, str], Fields] = {}
        for place in (*found, *(each for each in self._places() if each not in found)):
            colour = found.get(place)
            first = self._open[colour.why[0]] if colour else None
            rows["place", place] = {
                "level": RANK[colour.level] if colour and colour.level else 0, "public": RANK[colour.public] if colour and colour.public else 0,
                "alerts": len(colour.why) if colour else 0, "model": first.model if first else "", "code": first.reason.code if first else "",
                "why": first.id if first else "",
            }  # fmt: skip
        return rows

    def _places(self) -> Iterable[str]:
        here = self.area.id
        yield from (segment.id for segment in self.site.segments if segment.area == here)
        yield from (zone.id for zone in self.site.zones if here in zone.areas)
        yield from (post.id for post in self.site.posts if post.area == here)
        yield here

    def _watched(self) -> dict[tuple[str, str], Fields]:
        """By segment: of each model how well, and why not better."""
        rows: dict[tuple[str, str], Fields] = {}
        for segment, models in watching(self.site, self.area, self._open.values()).items():
            fields: Fields = {"worst": min(SIGHT[watch.state] for watch in models.values())}
            for model, watch in models.items():
                fields[model] = SIGHT[watch.state]
                fields[f"{model}_why"] = "/".join(each for each in (watch.reason, watch.means) if each)
            rows["watch", segment] = fields
        return rows


_TAG = {"place": "place", "watch": "segment"}
