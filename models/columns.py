"""Heavy kinds as columns: made once for all models from an area's events, in the log's order.

Rows of subjects are those of the area's tables (`models/subjects.py`). NaN is "not available".
"""

from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ingest.events import Event
from models.subjects import Devices, Vessels

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


Columns = TypeVar("Columns", Heartbeats, Positions)


class Rare(NamedTuple):
    """One event that is judged by itself. `at` is its corrected time; `late` its age in ms where that is proven, else None."""

    nth: int
    event: Event
    at: int
    drill: bool
    late: int | None


class Batch(NamedTuple):
    """What one area heard up to `now`, cut so that a model that reads rare kinds sees each of them before what came after it."""

    now: int  # ms, log time at its end
    heard: int  # ms of proven hearing
    connects: int  # sessions that the broker has opened for the bridge
    nth: int  # row of the last event
    tick: bool  # it ends with a tick: silences may be judged
    heartbeats: Heartbeats
    positions: Positions
    rare: tuple[Rare, ...]
    devices: Devices
    vessels: Vessels


def heartbeats_of(rows: list[tuple[int, int, int, bool, bool, float, float]]) -> Heartbeats:
    """Rows in the order of the fields."""
    if not rows:
        return NO_HEARTBEATS
    nth, subject, at, judged, restarted, clock, battery = zip(*rows, strict=True)
    return Heartbeats(_ints(nth), _ints(subject), _ints(at), np.array(judged), np.array(restarted), np.array(clock), np.array(battery))


def positions_of(rows: list[tuple[int, int, int, int, int, float, float, float, float, bool]]) -> Positions:
    """Rows in the order of the fields."""
    if not rows:
        return NO_POSITIONS
    nth, subject, receiver, at, late, longitude, latitude, sog, cog, owner = zip(*rows, strict=True)
    return Positions(
        _ints(nth), _ints(subject), _ints(receiver), _ints(at), _ints(late),
        np.array(longitude), np.array(latitude), np.array(sog), np.array(cog), np.array(owner),
    )  # fmt: skip


def _ints(column: tuple[int, ...]) -> Ints:
    return np.array(column, dtype=np.int64)


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


_NONE, _NO_NUMBER, _NO_TRUTH = np.empty(0, dtype=np.int64), np.empty(0), np.empty(0, dtype=np.bool_)
NO_HEARTBEATS = Heartbeats(_NONE, _NONE, _NONE, _NO_TRUTH, _NO_TRUTH, _NO_NUMBER, _NO_NUMBER)
NO_POSITIONS = Positions(_NONE, _NONE, _NONE, _NONE, _NONE, _NO_NUMBER, _NO_NUMBER, _NO_NUMBER, _NO_NUMBER, _NO_TRUTH)
