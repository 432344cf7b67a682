"""A real burst of AIS through the whole fold, all models, on a plain site around it without harbours: what would ring in the room in two hours."""

from collections import Counter

import pytest

from alerts.fold import Fold
from ingest.events import Tick
from ingest.records import Batch
from ingest.site_make import plain_site
from tests.models.hearing import runs
from tests.models.test_real_vessels import BURST, MINUTE, fixes

pytestmark = pytest.mark.skipif(not BURST.is_file(), reason="the real table of vessels is not here (COAST_DATA)")


def test_ten_thousand_vessels_ring_a_dozen_times_and_only_as_meetings_and_as_the_receiver_that_ends():
    coast = plain_site("burst", (-90.0, 28.0), 3000)
    fold, begin, told = Fold(coast, coast.areas[0], {}), fixes()[0].received, {}
    ticks = [Tick(device="bridge", received=at, now=at, heard=at - begin, connects=1) for at in range(begin, begin + 120 * MINUTE, 10_000)]
    for n, run in enumerate(runs(sorted([*ticks, *fixes()], key=lambda event: event.received)), 1):
        for alert in fold.step(n, Batch(coast.revision, run), {coast.revision: coast}).alerts:
            told[alert.id] = alert.model, alert.level, alert.reason.code
    counts = Counter(told.values())
    meetings = counts.pop(("M13", "orange", "alongside"))  # it is dark there at that hour, which is one level more
    assert 0 < meetings <= 12
    assert counts == {("M02", "blue", "unheard"): 1, ("M02", "yellow", "receiver_down"): 1}
