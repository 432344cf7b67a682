"""Following boats that cameras see near the shore, and the people who go ashore from them.

What a look says is noted at once, in the log's order; where the boat is to the waterline is reckoned at ticks. A track that begins close to where another of
the same camera just ended goes on with its time. A boat that was never seen to move has not come from anywhere.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from models.batch import Batch
from models.columns import BOAT, PERSON
from models.following import SIGMAS, away, known_or_zero
from models.places import Places

BOATS = 500  # followed in an area at most; ours
PEOPLE = 50  # counted at one boat at most; ours
NEVER = -1


class Measures(NamedTuple):
    """When a look counts, and what it is taken for; parameters of the model that follows."""

    score: float  # 0..1 at least
    reach: float  # m from the shore within which boats are followed
    gap: int  # ms unseen after which a track is gone
    near: float  # m from where another track ended, for a new one to go on with its time
    still: float  # m within which it may seem to move and yet lies still
    leaves: float  # m from a boat that lies ashore, within which a person came with it


@dataclass
class Boat:
    """One boat in sight. Event times in ms, places in degrees."""

    camera: str
    last: int
    longitude: float
    latitude: float
    stands: int  # since when it lies still
    spot: tuple[float, float]  # where it does
    begun: tuple[float, float]  # where it was seen first
    moved: float = 0.0  # m from there, at most
    looks: int = 0
    score: float = 0.0
    error: float = 0.0  # m, of its place
    speed: float = 0.0  # m/s, as its camera says
    name: str = ""  # of the look that saw it last, as evidence
    dark: bool = False  # its camera said last that it shows no light
    length: float | None = None  # m
    off: float = float("inf")  # m to the waterline at the last tick, negative ashore
    way: list[list[float]] = field(default_factory=list)  # at ticks: [event time, m to the waterline, longitude, latitude], the last minute
    unknown: int = NEVER  # since when nobody knows who it is
    subject: str = ""  # as which it was told: it keeps that, also across the border of two segments
    people: dict[int, int] = field(default_factory=dict)  # tracks of persons who left it -> when seen last


@dataclass
class Boats:
    """`looks`: of each camera that follows a boat, when it looked last."""

    of: dict[int, Boat] = field(default_factory=dict)  # by track
    looks: dict[str, int] = field(default_factory=dict)
    landed: list[int] = field(default_factory=list)  # tracks of those ashore at the last tick: people are looked for about them only

    def note(self, batch: Batch, places: Places, by: Measures) -> None:
        objects = batch.objects
        seen = np.isfinite(objects.longitude + objects.latitude) & (objects.score >= by.score) if len(objects.nth) else np.empty(0, dtype=np.bool_)
        boats = np.flatnonzero(seen & (objects.kind == BOAT))
        if len(boats):
            out = ~places.sheltered(objects.longitude[boats], objects.latitude[boats])
            boats = boats[out]
            boats = boats[places.segments_at(objects.longitude[boats], objects.latitude[boats], by.reach) >= 0]
        if not len(boats) and not self.of:
            return
        people: list[int] = np.flatnonzero(seen & (objects.kind == PERSON)).tolist() if self.landed else []
        names = batch.devices.all
        for subject, at in zip(batch.looks.subject.tolist(), batch.looks.at.tolist(), strict=True):
            camera = names[subject].id
            if camera in self.looks:
                self.looks[camera] = max(self.looks[camera], at)
        for i in boats.tolist():
            self._see(names[int(objects.subject[i])].id, batch, i, by)
        for i in people:
            self._person(int(objects.track[i]), int(objects.at[i]), (float(objects.longitude[i]), float(objects.latitude[i])), by)

    def _see(self, camera: str, batch: Batch, i: int, by: Measures) -> None:
        objects, at = batch.objects, int(batch.objects.at[i])
        key, place = int(objects.track[i]), (float(objects.longitude[i]), float(objects.latitude[i]))
        self.looks[camera] = max(self.looks.get(camera, at), at)
        boat = self.of.get(key)
        if boat is None or at - boat.last > by.gap:
            before = self._before(key, camera, batch, i, by)
            if before is None and boat is None and len(self.of) >= BOATS:
                return
            boat = Boat(camera, at - 1, *place, at, place, place) if before is None else self.of.pop(before)
            self.of[key] = boat
        if at <= boat.last:
            return
        boat.looks += 1
        boat.last, (boat.longitude, boat.latitude), boat.dark = at, place, bool(objects.lit[i] == 0)
        boat.score, boat.name, boat.moved = float(objects.score[i]), f"{camera}/{at}", max(boat.moved, away(boat.begun, place))
        boat.error, boat.speed = known_or_zero(objects.error[i]), known_or_zero(objects.speed[i])
        if np.isfinite(objects.length[i]):
            boat.length = float(objects.length[i])
        if away(boat.spot, place) > by.still:
            boat.stands, boat.spot = at, place

    def _before(self, key: int, camera: str, batch: Batch, i: int, by: Measures) -> int | None:
        """The track that ended where this one begins, as well as the camera places boats, and as far as they go meanwhile."""
        objects, at, place = batch.objects, int(batch.objects.at[i]), (float(batch.objects.longitude[i]), float(batch.objects.latitude[i]))
        error, speed = known_or_zero(objects.error[i]), known_or_zero(objects.speed[i])
        ended = [
            (metres, other)
            for other, boat in self.of.items()
            if other != key
            and boat.camera == camera
            and 0 < at - boat.last <= by.gap
            and (metres := away((boat.longitude, boat.latitude), place))
            <= by.near + SIGMAS * float(np.hypot(error, boat.error)) + max(speed, boat.speed) * (at - boat.last) / 1000
        ]
        return min(ended)[1] if ended else None

    def _person(self, track: int, at: int, place: tuple[float, float], by: Measures) -> None:
        for key in self.landed:
            boat = self.of.get(key)
            if boat is not None and away((boat.longitude, boat.latitude), place) <= by.leaves and (track in boat.people or len(boat.people) < PEOPLE):
                boat.people[track] = max(at, boat.people.get(track, at))

    def present(self, gap: int) -> list[tuple[int, Boat]]:
        """(track, boat) of those that were there when their camera looked last, in the order in which they were first seen."""
        return [(key, boat) for key, boat in self.of.items() if self.looks[boat.camera] - boat.last <= gap]

    def forget(self, now: int, gap: int, lost: int) -> None:
        """Boats that are gone, in ticks only: by their camera's looks, or after `lost` ms in which it did not look."""
        self.of = {key: boat for key, boat in self.of.items() if self.looks[boat.camera] - boat.last <= gap and now - boat.last <= lost}
        cameras = {boat.camera for boat in self.of.values()}
        self.looks = {camera: at for camera, at in self.looks.items() if camera in cameras}
        self.landed = [key for key in self.landed if key in self.of]
