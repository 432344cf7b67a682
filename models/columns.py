"""Heavy kinds as columns: made once for all models from an area's events, in the log's order.

Rows of subjects are those of the area's tables (`models/subjects.py`). NaN is "not available".
"""

from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]


class Heartbeats(NamedTuple):
    nth: Ints  # int64[n], row in the step's events
    subject: Ints  # int64[n], row of the device in the area
    at: Ints  # int64[n], event time, ms
    judged: Truths  # bool[n], False where late: it proves life, its values are not judged
    restarted: Truths  # bool[n], the first of a new boot
    clock: Floats  # float64[n], the device's clock error in ms once it is proven, else NaN
    battery: Floats  # float64[n], 0..1


class Positions(NamedTuple):
    nth: Ints
    subject: Ints  # int64[n], row of the vessel
    receiver: Ints  # int64[n], row of the device that heard it, -1 where the site does not know it
    at: Ints
    late: Ints  # int64[n], ms between event time and reception
    longitude: Floats  # float64[n], degrees
    latitude: Floats
    sog: Floats  # float64[n], knots
    cog: Floats  # float64[n], degrees
    owner: Truths  # bool[n], False: another area's vessel


class Looks(NamedTuple):
    """One look of a camera each; one in which nothing was seen counts too."""

    nth: Ints
    subject: Ints  # int64[n], row of the camera in the area
    at: Ints
    objects: Ints  # int64[n], how many were seen


class Objects(NamedTuple):
    """One object in one look each."""

    nth: Ints
    subject: Ints  # int64[n], row of the camera in the area
    at: Ints
    track: Ints  # int64[n], a key of (camera, track) that no other track has
    kind: Ints  # int64[n], index into KINDS_SEEN
    score: Floats  # float64[n], 0..1
    longitude: Floats  # NaN where the camera gives no position
    latitude: Floats
    error: Floats  # float64[n], m
    speed: Floats  # float64[n], m/s
    height: Floats  # float64[n], of the box, 0..1 of the frame
    in_water: Floats  # float64[n], 0 or 1; NaN where the camera does not say
    lit: Floats  # the same
    length: Floats  # float64[n], m


class Visits(NamedTuple):
    """One object in one zone in one look each: by its position, or where it has none as the camera says."""

    nth: Ints
    subject: Ints  # int64[n], row of the camera in the area
    at: Ints
    track: Ints
    kind: Ints
    zone: Ints  # int64[n], row in the site's zones
    score: Floats


KINDS_SEEN = ("person", "boat", "car", "van", "truck", "crane", "motorcycle", "bicycle", "animal")
PERSON, BOAT, CAR, VAN, TRUCK, CRANE, MOTORCYCLE, BICYCLE = range(8)

Columns = TypeVar("Columns", Heartbeats, Positions, Looks, Objects, Visits)


def columns_of(kind: type[Columns], rows: list[tuple[Any, ...]]) -> Columns:
    """Columns of `rows`, each in the order of the fields."""
    if not rows:
        nothing: Columns = NOTHING[kind]
        return nothing
    return kind(*(np.array(column, dtype=dtype) for column, dtype in zip(zip(*rows, strict=True), _DTYPES[kind], strict=True)))


def taken(columns: Columns, rows: Any) -> Columns:
    """The rows of every column: a slice, or bool[n]."""
    return type(columns)(*(column[rows] for column in columns))


def between(columns: Columns, low: int, high: int) -> Columns:
    """The rows whose `nth` is in [low, high)."""
    a, b = np.searchsorted(columns.nth, (low, high))
    return columns if a == 0 and b == len(columns.nth) else taken(columns, slice(a, b))


def rounds(columns: Columns) -> tuple[Columns, ...]:
    """Cut where a subject would occur twice in a piece, order kept: assigning by row then loses nothing."""
    subject = columns.subject.tolist()
    if len(set(subject)) == len(subject):
        return (columns,) if subject else ()
    cuts: list[int] = [0]
    seen: set[int] = set()
    for row, each in enumerate(subject):
        if each in seen:
            cuts.append(row)
            seen.clear()
        seen.add(each)
    return tuple(taken(columns, slice(a, b)) for a, b in pairwise([*cuts, len(subject)]))


_OF: dict[Any, type] = {Ints: np.int64, Floats: np.float64, Truths: np.bool_}
_DTYPES: dict[Any, tuple[type, ...]] = {
    kind: tuple(_OF[annotation] for annotation in kind.__annotations__.values()) for kind in (Heartbeats, Positions, Looks, Objects, Visits)
}
NOTHING: dict[Any, Any] = {kind: kind(*(np.empty(0, dtype=dtype) for dtype in dtypes)) for kind, dtypes in _DTYPES.items()}
