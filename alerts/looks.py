"""What cameras saw in a step, gathered event by event and made into columns in one go: attribute by attribute it costs three times as much."""

from itertools import chain
from typing import Any

import numpy as np
from msgspec import structs

from ingest.events import TrackedObject, Tracks
from models.columns import KINDS_SEEN, NOTHING, Looks, Objects, columns_of
from models.subjects import Devices

_FIELDS = tuple(TrackedObject.__struct_fields__)
_TRACK, _CLASS, _SCORE, _BOX, _POSITION, _ERROR, _SPEED, _ZONES, _WATER, _LIT, _LENGTH = map(
    _FIELDS.index, ("track", "class_", "score", "box", "position", "position_error", "speed", "zones", "in_water", "lit", "length")
)
_KIND = {name: index for index, name in enumerate(KINDS_SEEN)}
_NOWHERE = (float("nan"), float("nan"))


class Seen:
    """Of one step: every look, and the objects of all in order."""

    def __init__(self) -> None:
        self.looks: list[tuple[int, int, int, int]] = []
        self.objects: list[tuple[TrackedObject, ...]] = []

    def add(self, index: int, camera: int, at: int, event: Tracks) -> None:
        """`index`: row of the event in the step, `camera`: of the device in the area, `at`: corrected time in ms."""
        self.looks.append((index, camera, at, len(event.objects)))
        self.objects.append(event.objects)

    def columns(self, devices: Devices) -> tuple[Looks, Objects, list[tuple[int, tuple[str, ...]]]]:
        """Looks, objects, and for objects without a position (row, zones that their camera names)."""
        looks = columns_of(Looks, self.looks)
        of: tuple[Any, ...] = tuple(zip(*map(structs.astuple, chain.from_iterable(self.objects)), strict=True))
        if not of:
            return looks, NOTHING[Objects], []
        many = looks.objects
        camera = np.repeat(looks.subject, many)
        places = np.array([each or _NOWHERE for each in of[_POSITION]], dtype=np.float64)
        objects = Objects(
            nth=np.repeat(looks.nth, many), subject=camera, at=np.repeat(looks.at, many), track=devices.tracks(camera, of[_TRACK]),
            kind=np.array([_KIND[each] for each in of[_CLASS]], dtype=np.int64), score=_numbers(of[_SCORE]), longitude=places[:, 0], latitude=places[:, 1],
            error=_numbers(of[_ERROR]), speed=_numbers(of[_SPEED]), height=_numbers(tuple(box[3] for box in of[_BOX])), in_water=_numbers(of[_WATER]),
            lit=_numbers(of[_LIT]), length=_numbers(of[_LENGTH]),
        )  # fmt: skip
        declared = [(row, zones) for row, zones in enumerate(of[_ZONES]) if zones and of[_POSITION][row] is None]
        return looks, objects, declared


def _numbers(column: tuple[Any, ...]) -> Any:
    """float64[n]; None is NaN."""
    return np.array(column, dtype=np.float64)
