"""Following persons whom cameras see in the water: in how many of the last looks, by which camera, where.

A person is in the water as the camera says so, or where it says nothing by the position: seaward of the waterline at the present tide. Who is seen beside a
boat is aboard. A track that begins close to where another was lost goes on with its time; nobody who was lost in the water is forgotten for a while.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ingest.site import Site
from models.batch import Batch
from models.columns import BOAT, PERSON, Floats, Ints, Truths
from models.following import away
from models.places import Places
from models.waterline import off_waterline

SWIMMERS = 500  # followed in an area at most; ours
LOOKS = 30  # times of a camera's looks that are kept; ours
MINUTE = 60_000  # ms


class Measures(NamedTuple):
    """Parameters of the model that follows."""

    weak: float  # score of a look that counts for something
    edge: float  # m seaward of the waterline, at least: positions err
    depth: float  # m of water over a flat from which it is water
    aboard: float  # m from a boat
    fastest: float  # m/s; what is faster is a bird or a craft
    height: float  # of the box, 0..1 of the frame, at least
    link: float  # m from where another track was lost
    keep: int  # ms for which who was lost in the water is kept


@dataclass
class Swimmer:
    """Event times in ms; NaN where the camera gives no position."""

    camera: str
    first: int
    last: int
    longitude: float
    latitude: float
    name: str  # of the look that saw it last, as evidence
    seen: list[list[float]] = field(default_factory=list)  # [event time, score] of the last looks in which it was there
    subject: str = ""  # as which it was told
    told: int = 0  # 0 nothing, 1 weak, 2 sure, 3 red
    code: str = ""  # as which, and the device of the second sign
    sign: str = ""
    said: int = 0  # ms of log time, when last
    zone: str = ""  # the bathing zone in which it was last


@dataclass
class Swimmers:
    of: dict[int, Swimmer] = field(default_factory=dict)  # by track
    looks: dict[str, list[int]] = field(default_factory=dict)  # camera -> times of its last looks, while it follows somebody
    fresh: dict[int, bool] = field(default_factory=dict)  # tracks seen since they were judged last

    def note(self, batch: Batch, site: Site, places: Places, bathing: tuple[int, ...], by: Measures) -> None:
        objects = batch.objects
        rows = np.flatnonzero((objects.kind == PERSON) & (objects.score >= by.weak)) if len(objects.nth) else _NONE
        rows = rows[_in_water(batch, site, places, rows, by)] if len(rows) else rows
        if not len(rows) and not self.of:
            return
        visits = zip(batch.visits.nth.tolist(), batch.visits.track.tolist(), batch.visits.zone.tolist(), strict=True)
        beach = {(nth, track): site.zones[zone].id for nth, track, zone in visits if zone in bathing}
        at_look: dict[int, list[int]] = {}
        for i in rows.tolist():
            at_look.setdefault(int(objects.nth[i]), []).append(i)
        for nth, subject, at in zip(batch.looks.nth.tolist(), batch.looks.subject.tolist(), batch.looks.at.tolist(), strict=True):
            camera = batch.devices.all[subject].id
            if camera not in self.looks and nth not in at_look:
                continue
            times = self.looks.setdefault(camera, [])
            if at not in times:
                self.looks[camera] = sorted([*times, at])[-LOOKS:]
            for i in at_look.get(nth, ()):
                self._see(camera, batch, i, by, beach.get((nth, int(objects.track[i])), ""))

    def _see(self, camera: str, batch: Batch, i: int, by: Measures, zone: str) -> None:
        objects, at = batch.objects, int(batch.objects.at[i])
        key, place = int(objects.track[i]), (float(objects.longitude[i]), float(objects.latitude[i]))
        who = self.of.get(key)
        if who is None:
            before = self._before(key, camera, place, at, by)
            if before is None and len(self.of) >= SWIMMERS:
                return
            who = Swimmer(camera, at, at - 1, *place, "") if before is None else self.of.pop(before)
            self.of[key] = who
        if at <= who.last:
            return
        self.fresh[key] = True
        who.last, who.name, who.zone = at, f"{camera}/{at}", zone
        who.longitude, who.latitude = place
        who.seen = [*who.seen, [at, round(float(objects.score[i]), 3)]][-LOOKS:]

    def _before(self, key: int, camera: str, place: tuple[float, float], at: int, by: Measures) -> int | None:
        """Who was lost where this track begins."""
        lost = [
            (metres, other)
            for other, who in self.of.items()
            if other != key
            and who.camera == camera
            and 0 < at - who.last <= MINUTE
            and (metres := away((who.longitude, who.latitude), place)) <= by.link
        ]
        return min(lost)[1] if lost else None

    def share(self, who: Swimmer, score: float, span: int, least: int) -> float:
        """Of its camera's looks over the last `span` ms (but at least so many looks): in how many it was there with such a score."""
        times = [at for at in self.looks.get(who.camera, ()) if at >= who.first]
        if not times or times[-1] - times[0] < span or len(times) < least:
            return 0.0
        since = min(times[-least], times[-1] - span)
        looked = sum(at >= since for at in times)
        return sum(at >= since and found >= score for at, found in who.seen) / looked

    def forget(self, now: int, keep: int) -> None:
        """In ticks only. Who was told is kept for `keep` ms, who was not for a minute."""
        self.of = {key: who for key, who in self.of.items() if now - who.last <= (keep if who.told else MINUTE)}
        cameras = {who.camera for who in self.of.values()}
        self.looks = {camera: times for camera, times in self.looks.items() if camera in cameras}


_NONE: Ints = np.empty(0, dtype=np.int64)


def _in_water(batch: Batch, site: Site, places: Places, rows: Ints, by: Measures) -> Truths:
    """bool[n] of these rows of the objects."""
    objects = batch.objects
    said, longitude, latitude = objects.in_water[rows], objects.longitude[rows], objects.latitude[rows]
    slow = ~(objects.speed[rows] > by.fastest) & ~(objects.height[rows] < by.height)
    unsaid = np.flatnonzero(np.isnan(said) & slow & np.isfinite(longitude + latitude))
    unsaid = unsaid[~places.on_land(longitude[unsaid], latitude[unsaid])]
    wet: Truths = (said == 1) & slow
    if len(unsaid):
        minutes = objects.at[rows[unsaid]] // MINUTE
        off: Floats = np.empty(len(unsaid))
        for minute in np.unique(minutes).tolist():
            here = np.flatnonzero(minutes == minute)
            off[here] = off_waterline(
                site, batch.devices.area, longitude[unsaid[here]], latitude[unsaid[here]], minute * MINUTE, depth=by.depth, unknown_dry=True
            )
        wet[unsaid[(off >= by.edge) & np.isfinite(off)]] = True
    boats = np.flatnonzero((objects.kind == BOAT) & np.isfinite(objects.longitude)) if wet.any() else _NONE
    for n in np.flatnonzero(wet & (said != 1)).tolist() if len(boats) else ():
        beside = boats[objects.nth[boats] == objects.nth[rows[n]]]
        place = float(longitude[n]), float(latitude[n])
        if any(away((float(objects.longitude[b]), float(objects.latitude[b])), place) <= by.aboard for b in beside):
            wet[n] = False
    return wet
