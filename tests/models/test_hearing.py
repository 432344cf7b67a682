"""What every model is given: tracks as columns, who visits which zone, the vessels' latest fixes, what others find."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from alerts.hearing import Hearing
from alerts.intake import Intake
from models.columns import BOAT, PERSON
from models.model import Finding
from models.parameters import placed
from models.position_silence import PositionSilence
from models.standing import Findings
from tests.models.hearing import find
from tests.small_coast import START, at, fix, seen, site, thing, zone

SITE = site()


class Listener:
    """Stands in a catalogue's place and keeps what it is given."""

    code, name, memory_version, memory, hears, in_place = "M99", "listener", 1, dict, (), False
    columns = ("looks", "objects", "visits", "positions")
    rare = ()

    def __init__(self):
        self.given = []

    def step(self, _memory, batch, _site):
        self.given.append(batch)
        return iter(())


def listening():
    hearing = Hearing(SITE, SITE.areas[0])
    listener = Listener()
    hearing.models, hearing.memory = (listener,), {"M99": {}}
    return hearing, listener


def test_one_look_gives_a_look_its_objects_and_their_visits():
    hearing, listener = listening()
    look = seen(
        "cam-1", START, thing(1, "person", at(1, 0)), thing("b7", "boat", at(30, -500), length=6.0), thing(3, "person", None, zones=("risk-1",))
    )
    find(SITE, [look, seen("cam-1", START + 1_000)], hearing=hearing)
    (batch,) = listener.given
    assert batch.looks.objects.tolist() == [3, 0]
    assert batch.objects.kind.tolist() == [PERSON, BOAT, PERSON]
    assert np.isnan(batch.objects.length[0])
    assert [(SITE.zones[z].id, int(t)) for z, t in zip(batch.visits.zone, batch.visits.track, strict=True)] == [
        ("closed-1", int(batch.objects.track[0])), ("risk-1", int(batch.objects.track[2])),
    ]  # fmt: skip


def test_a_track_has_the_same_key_at_every_time_and_no_two_have_one():
    names = [1, 2, "1", "b7", 2**40, -1, 2**31]
    one, two = Hearing(SITE, SITE.areas[0]).devices, Hearing(SITE, SITE.areas[0]).devices
    cameras = np.full(len(names), one.row["cam-1"])
    keys = one.tracks(cameras, names).tolist()
    assert len(set(keys)) == len(names)
    assert all(0 <= key < 2**63 for key in keys)
    assert two.tracks(cameras, names[::-1]).tolist() == keys[::-1]


def test_the_latest_fix_is_the_newest_whatever_came_last():
    hearing, _ = listening()
    fixes = [fix("412000001", START + 20_000, 118.91, 24.8), fix("412000001", START + 10_000, 118.90, 24.8), fix("412000002", START, 118.95, 24.8)]
    find(SITE, sorted(fixes, key=lambda each: each.vessel), hearing=hearing)
    assert hearing.vessels.latest.longitude[:2].tolist() == [118.91, 118.95]


def finding(subject, level, model="M17"):
    return Finding(model=model, subject=subject, level=level, code="fog", index=0, cause="c", occurred=0)


def test_what_stands_is_what_is_not_over_of_the_models_that_are_heard():
    standing = Findings(["M17"])
    for each in (finding("a", "blue"), finding("b", "blue"), finding("a", "yellow"), finding("c", "red", "M01"), finding("b", "over")):
        standing.note(each)
    assert [(each.subject, each.level) for each in standing.of("M17")] == [("a", "yellow")]
    standing.hear(["M07", "M17"])
    assert (len(standing.all()), standing.of("M07")) == (1, ())


def test_a_zone_may_have_its_own_parameters():
    own = structs.replace(zone("z", "closed", 0, 0, 1, 1), properties={"M12.blue_after": "20min", "M02.low": 0.4})
    assert placed(PositionSilence(), SITE, own).blue_after == 1_200_000
    assert placed(PositionSilence(), SITE, zone("y", "closed", 0, 0, 1, 1)) == PositionSilence()


moments = st.integers(START - 50_000, START + 50_000)
looks = st.builds(
    lambda ts, sent, seq, boot, late: seen("cam-1", START, ts=ts, sent=sent, seq=seq, boot=boot, received=START + late),
    moments | st.none(), moments | st.none(), st.integers(0, 6) | st.none(), st.sampled_from([None, 1, 2]), st.integers(0, 60_000),
)  # fmt: skip


@given(st.lists(looks, max_size=30))
def test_a_look_is_taken_by_the_quick_way_as_by_the_long_one(events):
    quick, long = Intake({"cam-1": 3}), Intake({"cam-1": 3})
    for event in events:
        taken = long.take(event, urgent=False)
        assert quick.look(event) == (None if taken is None else (3, taken[0]))
        assert quick.known == long.known
