"""Vessels of a small fleet off the test bay. A fix every 10 s; silence begins where the test says."""

from alerts.hearing import Hearing
from ingest.events import Tick, Weather
from models.model import Finding
from tests.models.hearing import find, told
from tests.small_coast import START, fix, site, tick

MINUTE, HOUR = 60_000, 3_600_000
AT_SEA = (118.85, 24.80)
IN_HARBOUR = (118.91, 24.71)
NEAR_BORDER = (118.945, 24.66)


def fleet(until: int, places: dict[str, tuple[float, float]], gone: dict[str, tuple[int, int]] | None = None, step: int = 60_000, **more):
    """Each vessel says where it is every `step` ms but between the two times of `gone` (ms after START); a tick every 10 s."""
    for at in range(START, START + until, 10_000):
        for n, (vessel, (longitude, latitude)) in enumerate(places.items()):
            a, b = (gone or {}).get(vessel, (0, 0))
            if (at - START) % step == (n * 10_000) % step and not a <= at - START < b:
                yield fix(vessel, at, longitude, latitude, **{"sog": 0.1, **more})
        yield tick(at + 5_000)


def others(n: int = 6, about: tuple[float, float] = AT_SEA) -> dict[str, tuple[float, float]]:
    return {f"41300000{i}": (about[0] + 0.003 * i, about[1] + 0.002) for i in range(n)}


LOST = "412000001"


def m12(events, **more):
    return find(site(**more), events, model="M12")


def test_a_vessel_falls_silent_among_others():
    found = m12(fleet(9 * HOUR, {LOST: AT_SEA, **others()}, {LOST: (HOUR, 99 * HOUR)}))
    assert told(found) == [(LOST, "blue", "silent"), (LOST, "yellow", "silent"), (LOST, "orange", "silent")]
    assert found[0].values["minutes"] == 30
    assert (found[0].values["neighbours_heard"], found[0].values["neighbours"]) == (6, 6)
    assert found[0].position == AT_SEA


def test_a_vessel_heard_hundreds_of_times_an_hour_is_still_one_that_was_heard_much():
    """A fix every 2 s: the count of an hour stops where it is full. One fix more would make it nought, were it to turn over."""
    often = [fix(LOST, START + HOUR + 2_000 * n, *AT_SEA, sog=0.1) for n in range(256)]
    found = m12(sorted((*often, *fleet(3 * HOUR, others())), key=lambda event: event.received))
    assert told(found)[0] == (LOST, "blue", "silent")


def test_two_fixes_end_it_and_the_gap_is_kept():
    found = m12(fleet(3 * HOUR, {LOST: AT_SEA, **others()}, {LOST: (HOUR, HOUR + 45 * MINUTE)}))
    assert [each.level for each in found] == ["blue", "over"]


def test_after_twelve_hours_it_is_labelled():
    found = m12(fleet(15 * HOUR, {LOST: AT_SEA, **others()}, {LOST: (HOUR, 99 * HOUR)}))
    assert found[-1].code == "likely_disabled"


def test_one_heard_too_seldom_to_know_is_nobodys_alert():
    assert m12(fleet(4 * HOUR, {LOST: AT_SEA, **others()}, {LOST: (12 * MINUTE, 99 * HOUR)})) == []


def test_when_most_neighbours_are_silent_too_it_is_the_reception():
    gone = {LOST: (HOUR, 99 * HOUR), **{f"41300000{i}": (HOUR, 99 * HOUR) for i in range(4)}}
    assert m12(fleet(4 * HOUR, {LOST: AT_SEA, **others()}, gone)) == []


def test_a_dead_receiver_raises_nothing():
    fleet_gone = dict.fromkeys((LOST, *others()), (HOUR, 99 * HOUR))
    assert m12(fleet(8 * HOUR, {LOST: AT_SEA, **others()}, fleet_gone)) == []


def test_in_a_harbour_silence_means_nothing():
    assert m12(fleet(4 * HOUR, {LOST: IN_HARBOUR, **others(about=IN_HARBOUR)}, {LOST: (HOUR, 99 * HOUR)})) == []


def test_near_a_border_it_is_orange_at_once():
    found = m12(fleet(3 * HOUR, {LOST: NEAR_BORDER, **others(about=NEAR_BORDER)}, {LOST: (HOUR, 99 * HOUR)}))
    assert [each.level for each in found] == ["orange"]
    assert found[0].values["border"] is True


def test_one_that_sails_out_of_coverage_is_not_silent():
    def leaving():
        for n, event in enumerate(fleet(4 * HOUR, others())):
            minute = (event.received - START) // MINUTE
            if n % 7 == 0 and minute < 60:
                yield fix(LOST, event.received, 118.87 + 0.006 * minute, 24.80, sog=20.0, cog=90.0)
            yield event

    assert m12(leaving()) == []


def test_alone_in_a_gale_it_is_yellow():
    gale = Weather(device="met-1", received=START + 1, ts=START, seq=0, boot=1, wind_speed=12.0)
    alone = fleet(3 * HOUR, {LOST: AT_SEA}, {LOST: (100 * MINUTE, 99 * HOUR)})
    far = list(fleet(3 * HOUR, others(about=(118.6, 24.65))))
    events = sorted([gale, *alone, *far], key=lambda event: event.received)
    assert [each.level for each in m12(events)] == ["yellow"]


def met_by(model, code="met", **more):
    """As if that model had found it already."""
    hearing = Hearing(site(), site().areas[0])
    hearing.standing.note(
        Finding(model=model, subject=more.pop("subject", LOST), level="yellow", code=code, index=0, cause="x", occurred=START, **more)
    )
    return hearing


def lost_among_others(until, hearing, gone=HOUR, back=99 * HOUR):
    return find(site(), fleet(until, {LOST: AT_SEA, **others()}, {LOST: (gone, back)}), model="M12", hearing=hearing)


def test_silent_in_a_rendezvous_it_is_orange_after_half_an_hour_and_restricted():
    found = lost_among_others(2 * HOUR, met_by("M13"))
    assert [(each.level, each.code, each.sensitivity) for each in found] == [("orange", "silent_met", "restricted")]
    assert found[0].values["minutes"] == 30
    other = lost_among_others(2 * HOUR, met_by("M13", subject="413000000-pair", values={"one": LOST, "other": "413000000"}))
    assert [each.level for each in other] == ["orange"]


def test_silent_and_overdue_is_red_for_search_and_rescue():
    found = lost_among_others(2 * HOUR, met_by("M15", "overdue"))
    assert [(each.level, each.code, each.sensitivity) for each in found] == [("red", "silent_overdue", "open")]
    assert lost_among_others(2 * HOUR, met_by("M15", "unreported"))[0].level == "blue"


def test_reported_back_a_silent_boat_is_no_longer_red():
    hearing = met_by("M15", "overdue")
    events = list(fleet(150 * MINUTE, {LOST: AT_SEA, **others()}, {LOST: (HOUR, 99 * HOUR)}))
    half = len(events) * 100 // 150
    found = find(site(), events[:half], model="M12", hearing=hearing)
    hearing.standing.note(Finding(model="M15", subject=LOST, level="over", code="overdue", index=0, cause="x", occurred=START))
    assert [each.level for each in found + find(site(), events[half:], model="M12", hearing=hearing)] == ["red", "blue"]


def test_a_boat_whose_beidou_is_heard_is_not_silent():
    def both():
        for event in fleet(3 * HOUR, {LOST: AT_SEA, **others()}, {LOST: (HOUR, 99 * HOUR)}):
            yield event
            if isinstance(event, Tick) and (event.now - START) // 10_000 % 30 == 0:
                yield fix("200001", event.now, *AT_SEA, system="beidou")

    assert m12(both()) == []


def test_a_net_buoy_is_not_a_vessel():
    assert m12(fleet(4 * HOUR, {LOST: AT_SEA, **others()}, {LOST: (HOUR, 99 * HOUR)}, name="NET 87%")) == []


def test_a_vessel_with_long_intervals_is_given_five_of_them():
    found = m12(fleet(6 * HOUR, {LOST: AT_SEA, **others()}, {LOST: (3 * HOUR, 99 * HOUR)}, step=10 * MINUTE))
    assert found[0].values["minutes"] >= 50


def test_time_in_which_nothing_could_be_heard_is_no_silence():
    events = list(fleet(HOUR, {LOST: AT_SEA, **others()}))
    later = START + 5 * HOUR
    events += [tick(START + HOUR + i * 10_000, heard=START + HOUR) for i in range(24 * 60)]
    events += [fix(vessel, later + i, *place) for i, (vessel, place) in enumerate(others().items())]
    events += [tick(later + i * 10_000, heard=START + HOUR + i * 10_000) for i in range(30)]
    assert m12(events) == []
