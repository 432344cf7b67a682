"""A boat that says nothing of itself beside a vessel that lies slow: what cameras see there, counted against who says by AIS or Beidou where it is.

A look is noted at once; the counting is done at ticks. The vessel itself is seen too, so one camera must see more boats there than have said so.
"""

from dataclasses import dataclass, field

import numpy as np

from models.batch import Batch
from models.columns import BOAT, Floats, Ints, Truths
from models.following import away

TRACKS = 500  # followed in an area at most; ours
MINUTE = 60_000  # ms
NEVER = -1


@dataclass
class Seen:
    """A boat in a camera's sight. Event time in ms, places in degrees."""

    camera: str
    at: int
    place: tuple[float, float]
    begun: tuple[float, float]
    score: float = 0.0
    dark: bool = False  # it shows no light
    moved: float = 0.0  # m from where it was seen first, at most


@dataclass
class Stay:
    """More boats than voices about one vessel that lies. Event times in ms."""

    start: int
    last: int
    metres: float = 0.0
    score: float = 0.0
    dark: bool = False
    came: bool = False  # one of the two was under way before
    evidence: str = ""
    told: bool = False


@dataclass
class Beside:
    """`looks`: of each camera that sees a boat, when it looked last. `stays`: by the vessel's row."""

    tracks: dict[int, Seen] = field(default_factory=dict)
    looks: dict[str, int] = field(default_factory=dict)
    stays: dict[int, Stay] = field(default_factory=dict)

    def note(self, batch: Batch, score: float) -> None:
        objects, names = batch.objects, batch.devices.all
        if len(objects.nth):
            boats = np.flatnonzero((objects.kind == BOAT) & (objects.score >= score) & np.isfinite(objects.longitude + objects.latitude))
            for i in boats.tolist():
                self._see(int(objects.track[i]), names[int(objects.subject[i])].id, batch, i)
        if self.looks:
            for subject, at in zip(batch.looks.subject.tolist(), batch.looks.at.tolist(), strict=True):
                camera = names[subject].id
                if camera in self.looks:
                    self.looks[camera] = max(self.looks[camera], at)

    def _see(self, track: int, camera: str, batch: Batch, i: int) -> None:
        objects, at = batch.objects, int(batch.objects.at[i])
        place = float(objects.longitude[i]), float(objects.latitude[i])
        known = self.tracks.get(track)
        if known is None:
            if len(self.tracks) >= TRACKS:
                return
            known = self.tracks[track] = Seen(camera, at - 1, place, place)
        self.looks[camera] = max(self.looks.get(camera, at), at)
        if at > known.at:
            known.at, known.place, known.score, known.dark = at, place, float(objects.score[i]), bool(objects.lit[i] == 0)
            known.moved = max(known.moved, away(known.begun, place))

    def look(self, batch: Batch, lying: Ints, sailed: Truths, near: float, fresh: int) -> None:
        """About each vessel that lies (`lying`: rows): are there more boats than voices within `near` m? In ticks only."""
        present = [each for each in self.tracks.values() if self.looks[each.camera] - each.at <= MINUTE]
        if not present or not len(lying):
            return
        latest, count = batch.vessels.latest, len(batch.vessels)
        heard = np.flatnonzero((latest.at[:count] >= 0) & (batch.heard - latest.heard[:count] <= fresh))
        heard = heard[[batch.vessels.all[row].asset == "ship" for row in heard.tolist()]]
        for row in lying.tolist():
            here = float(latest.longitude[row]), float(latest.latitude[row])
            boats = [each for each in present if away(here, each.place) <= near]
            if boats and (beside := self._unexplained(boats, here, latest.longitude[heard], latest.latitude[heard], near)):
                self._stays(row, beside, here, came=bool(sailed[row]) or any(each.moved > near for each in boats))

    def _unexplained(self, boats: list[Seen], here: tuple[float, float], longitude: Floats, latitude: Floats, near: float) -> list[Seen]:
        """The boats of one camera, where they are more than the vessels that say that they are here; a little beyond counts, fixes and eyes err."""
        voices = sum(away(here, place) <= 1.5 * near for place in zip(longitude.tolist(), latitude.tolist(), strict=True))
        for camera in sorted({each.camera for each in boats}):
            mine = [each for each in boats if each.camera == camera]
            if len(mine) > max(voices, 1):
                return sorted(mine, key=lambda each: (-away(here, each.place), each.at))
        return []

    def _stays(self, row: int, boats: list[Seen], here: tuple[float, float], *, came: bool) -> None:
        other, at = boats[0], max(each.at for each in boats)
        stay = self.stays.setdefault(row, Stay(at, at))
        stay.last, stay.metres, stay.score = max(stay.last, at), round(away(here, other.place), 1), min(each.score for each in boats)
        stay.came, stay.dark, stay.evidence = stay.came or came, any(each.dark for each in boats), f"{other.camera}/{other.at}"

    def ended(self, row: int, gone: int) -> bool:
        """Its camera looked for `gone` ms after and did not see two; or it looks no more, which the caller judges by time."""
        stay = self.stays[row]
        camera = stay.evidence.rpartition("/")[0]
        return self.looks.get(camera, stay.last) - stay.last > gone

    def forget(self, now: int, lost: int) -> None:
        """Boats that were not seen for `lost` ms, and cameras that see none."""
        self.tracks = {key: each for key, each in self.tracks.items() if now - each.at <= lost}
        cameras = {each.camera for each in self.tracks.values()} | {each.evidence.rpartition("/")[0] for each in self.stays.values()}
        self.looks = {camera: at for camera, at in self.looks.items() if camera in cameras}
