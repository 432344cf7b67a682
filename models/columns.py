"""Heavy kinds as columns: made once for all models from an area's events, in the log's order.

Rows of subjects are those of the area's tables (`Area` devices in the site's order; vessels as first heard). NaN is "not available".
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.events import Event

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Heartbeats(NamedTuple):
    index: Ints  # int64[n], row in the step's events
    subject: Ints  # int64[n], row of the device in the area
    at: Ints  # int64[n], event time, ms
    judged: NDArray[np.bool_]  # bool[n], False where late: proves life, values are not judged
    battery: Floats  # float64[n], 0..1


class Positions(NamedTuple):
    index: Ints
    subject: Ints  # int64[n], row of the vessel
    at: Ints
    received: Ints
    longitude: Floats  # float64[n], degrees
    latitude: Floats
    sog: Floats  # float64[n], knots


class Rare(NamedTuple):
    """One event that is judged by itself. `at` is its corrected time, `drill` whether it counts as staged, `late` ms of age where proven late."""

    index: int
    event: Event
    at: int
    drill: bool
    late: int | None
    flags: tuple[str, ...]


class Batch(NamedTuple):
    """What one area heard up to `now`."""

    now: int  # ms, log time at its end
    heard: int  # ms of proven hearing
    tick: bool  # it ends with a tick: silences may be judged
    heartbeats: Heartbeats
    positions: Positions
    rare: tuple[Rare, ...] = ()
