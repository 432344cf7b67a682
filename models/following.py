"""Following what cameras see in a zone: since when it is there, when it was last seen, and whether enough of the last looks were sure.

What a look says is noted at once, in the log's order; models decide at ticks. A track that is not seen for longer than `gap` is gone. A new track that
begins close to where another of the same camera just ended goes on with its time: trackers lose people behind a post, and a camera that finds somebody
once in three looks begins anew each time. How close is close depends on how well the camera places what it sees. Nobody is recognised again.
"""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ingest.geo import scale
from ingest.site import Site
from models.batch import Batch
from models.columns import Ints, Objects, Truths
from models.places import Places

NEVER = -1
ALWAYS = (-(1 << 62), 1 << 62)  # ms
TRACKS = 500  # followed in one zone at most; ours
SIGMAS = 2.0  # standard errors within which two places may be one
RESTLESS = 3.0  # standard errors within which who stands may seem to move: asked of each of hundreds of looks, so that two are left now and then


class Measures(NamedTuple):
    """When a look counts, and how long it is remembered; parameters of the model that follows."""

    score: float  # 0..1 at least
    height: float  # of its box, 0..1 of the frame, at least
    edge: float  # m inside the zone, at least, where its position is known
    sure: int  # looks that must be so ...
    looks: int  # ... of so many of its camera in a row
    gap: int  # ms unseen after which it is gone
    near: float  # m from where another track ended, for a new one to go on with its time; 0: never
    still: float = 0.0  # m within which it may move and yet stands; 0: nobody asks
    weak: int = 0  # looks in a row of which one more than `sure` does too: a camera that finds somebody now and then
    pace: float = 0.0  # m/s at which it may have gone on unseen; 0: who is followed stands


@dataclass
class Track:
    """One object in one zone. Times are event times in ms."""

    camera: str
    kind: int
    since: int
    last: int
    score: float
    longitude: float
    latitude: float
    error: float  # m, of its place
    name: str  # of the look that saw it last, as evidence
    sure: list[int] = field(default_factory=list)  # numbers of its camera's looks in which it was sure
    confirmed: bool = False
    stands: int = 0  # since when it has not moved, where that is asked
    spot: tuple[float, float] = (0.0, 0.0)  # where it stands
    dark: bool = False  # its camera said last that it shows no light

    @property
    def dwell(self) -> int:
        return self.last - self.since


@dataclass
class Following:
    """Who is in which zone. `looks`: of each camera that follows somebody, how many so far, and the latest's time."""

    zones: dict[str, dict[int, Track]] = field(default_factory=dict)
    looks: dict[str, list[int]] = field(default_factory=dict)

    def note(
        self, batch: Batch, site: Site, places: Places, rows: tuple[int, ...], kinds: tuple[int, ...], by: Measures, during: tuple[int, int] = ALWAYS
    ) -> None:
        """What the looks of a piece say of objects of these kinds in these zones (rows). Looks `during` [from, until) ms of event time count."""
        visits = batch.visits
        wanted = np.flatnonzero(_any_of(visits.zone, rows) & _any_of(visits.kind, kinds)) if len(visits.nth) else _NONE
        if len(wanted) and during != ALWAYS:
            wanted = wanted[(visits.at[wanted] >= during[0]) & (visits.at[wanted] < during[1])]
        if not len(wanted) and not self.looks:
            return
        sure = self._sure(batch.objects, batch, wanted, places, by)
        devices = batch.devices.all
        watched = set(visits.subject[wanted].tolist()) | {batch.devices.row[name] for name in self.looks if name in batch.devices.row}
        seen: dict[int, list[int]] = {}
        for i in wanted.tolist():
            seen.setdefault(int(visits.nth[i]), []).append(i)
        for nth, subject, at in zip(batch.looks.nth.tolist(), batch.looks.subject.tolist(), batch.looks.at.tolist(), strict=True):
            if subject not in watched or not during[0] <= at < during[1]:
                continue
            camera = devices[subject].id
            if camera not in self.looks and nth not in seen:
                continue
            look = self.looks.setdefault(camera, [0, at])
            look[0], look[1] = look[0] + 1, max(look[1], at)
            for i in seen.get(nth, ()):
                if i in sure:
                    self._see(site.zones[visits.zone[i]].id, camera, batch, i, sure[i], by)

    def _sure(self, objects: Objects, batch: Batch, wanted: Ints, places: Places, by: Measures) -> dict[int, int]:
        """Row of a visit -> row of its object, of those whose look is sure."""
        visits = batch.visits
        if not len(wanted):
            return {}
        near = np.flatnonzero(np.isin(objects.nth, visits.nth[wanted])).tolist()
        row = {(int(objects.nth[i]), int(objects.track[i])): i for i in near}
        of = np.array([row[int(visits.nth[i]), int(visits.track[i])] for i in wanted.tolist()], dtype=np.int64)
        good: Truths = (objects.score[of] >= by.score) & ~(objects.height[of] < by.height)  # a height that is not said is no fault
        if by.edge <= 0:  # its visit says that it is inside
            return {int(visit): int(of[i]) for i, visit in enumerate(wanted.tolist()) if good[i]}
        placed = np.isfinite(objects.longitude[of] + objects.latitude[of])  # without a position: inside, as the camera says
        for zone in np.unique(visits.zone[wanted]).tolist():
            mine = np.flatnonzero(placed & (visits.zone[wanted] == zone))
            good[mine] &= places.to_zone(zone, objects.longitude[of[mine]], objects.latitude[of[mine]]) <= -by.edge
        return {int(visit): int(of[i]) for i, visit in enumerate(wanted.tolist()) if good[i]}

    def _see(self, zone: str, camera: str, batch: Batch, visit: int, of: int, by: Measures) -> None:
        objects, at = batch.objects, int(batch.visits.at[visit])
        key, place = int(objects.track[of]), (float(objects.longitude[of]), float(objects.latitude[of]))
        error = known_or_zero(objects.error[of])
        tracks = self.zones.setdefault(zone, {})
        track = tracks.get(key)
        if track is None or at - track.last > by.gap:
            before = self._before(tracks, key, camera, place, error, at, by)
            if track is None and before is None and len(tracks) >= TRACKS:
                return
            track = Track(camera, int(objects.kind[of]), at, at, 0.0, *place, error, "", stands=at, spot=place)
            if before is not None:
                gone = tracks.pop(before)
                track.since, track.confirmed, track.stands, track.spot, track.sure = gone.since, gone.confirmed, gone.stands, gone.spot, gone.sure
            tracks[key] = track
        if at >= track.last:
            if by.still:
                track.stands, track.spot = stood((track.stands, track.spot), track.last, at, place, by.still + RESTLESS * error)
            track.last, track.longitude, track.latitude, track.error = at, *place, error
            track.score, track.name = float(objects.score[of]), f"{camera}/{at}"
            track.dark = bool(objects.lit[of] == 0)
        look = self.looks[camera][0]
        track.sure = sorted({*(each for each in track.sure if each > look - max(by.looks, by.weak)), look})
        just = sum(each > look - by.looks for each in track.sure)
        track.confirmed = track.confirmed or just >= by.sure or (by.weak > 0 and len(track.sure) > by.sure)

    def _before(self, tracks: dict[int, Track], key: int, camera: str, place: tuple[float, float], error: float, at: int, by: Measures) -> int | None:
        """The track that ended where this one begins."""
        best: tuple[float, int] | None = None
        for other, track in tracks.items():
            if other == key or track.camera != camera or not 0 < at - track.last <= by.gap:
                continue
            metres = away((track.longitude, track.latitude), place)
            within = by.near + SIGMAS * float(np.hypot(error, track.error)) + by.pace * (at - track.last) / 1000
            if by.near > 0 and metres <= within and (best is None or metres < best[0]):
                best = metres, other
        return None if best is None else best[1]

    def present(self, zone: str, gap: int) -> list[Track]:
        """Who was sure and, when its camera last looked, was there."""
        return [each for each in self.zones.get(zone, {}).values() if each.confirmed and self.looks[each.camera][1] - each.last <= gap]

    def looked(self, camera: str) -> int | None:
        """When a camera that follows somebody looked last, ms."""
        look = self.looks.get(camera)
        return None if look is None else look[1]

    def forget(self, now: int, gap: int, lost: int) -> None:
        """Tracks that are gone, in ticks only: by their camera's looks, or after `lost` ms in which it did not look."""
        for zone, tracks in list(self.zones.items()):
            for key, track in list(tracks.items()):
                if self.looks[track.camera][1] - track.last > gap or now - track.last > lost:
                    del tracks[key]
            if not tracks:
                del self.zones[zone]
        following = {track.camera for tracks in self.zones.values() for track in tracks.values()}
        for camera in [name for name in self.looks if name not in following]:
            del self.looks[camera]


def stood(known: tuple[int, tuple[float, float]], last: int, at: int, place: tuple[float, float], within: float) -> tuple[int, tuple[float, float]]:
    """(since when, where) it stands, after a look at `at` ms; `known`: the same before it, at `last`.

    Where it stands is the mean of its time there: the first look, which saw it still come, may be far off.
    """
    since, spot = known
    if spot[0] != spot[0] or away(spot, place) > within:  # NaN: not known until now
        return (since if spot[0] != spot[0] else at), place
    if place[0] != place[0]:
        return known
    new = (at - last) / max(1, at - since)
    return since, (spot[0] + ((place[0] - spot[0] + 180.0) % 360.0 - 180.0) * new, spot[1] + (place[1] - spot[1]) * new)


def away(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two places near each other; NaN where one is not known."""
    if not math.isfinite(other[1]):
        return math.nan
    east, north = scale(other[1])
    return math.hypot(((one[0] - other[0] + 180.0) % 360.0 - 180.0) * east, (one[1] - other[1]) * north)


def known_or_zero(value: float) -> float:
    """0 for NaN; np.nan_to_num takes 15 us for one number."""
    return 0.0 if math.isnan(value) else float(value)


def _any_of(column: Ints, few: tuple[int, ...]) -> Truths:
    """bool[n]: it is one of a few; faster than np.isin for short columns."""
    found: Truths = (column[:, None] == np.array(few, dtype=np.int64)).any(axis=1)
    return found


_NONE: Ints = np.empty(0, dtype=np.int64)
