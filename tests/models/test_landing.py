"""Boats at the test bay's shore; south is the sea. The camera looks every two seconds; 23:00 local is START + 15 h."""

import pytest
from msgspec import structs

from alerts.hearing import Hearing
from ingest.events import Permit
from ingest.site import Vessel
from ingest.village import Season
from models.model import Finding
from tests.models.hearing import find, told
from tests.small_coast import START, at, fix, seen, site, thing, tick, zone

MINUTE, HOUR = 60_000, 3_600_000
DAY, NIGHT = START + 4 * HOUR, START + 15 * HOUR
COAST = site()


def sail(begin: int, seconds: int, north: float, until: float, along: float = 5.5, track: int = 1, every: int = 2_000, **more):
    """From so many metres north of the shore (negative: at sea) to so many."""
    for now in range(begin, begin + seconds * 1_000, every):
        part = (now - begin) / (seconds * 1_000)
        yield seen("cam-1", now, thing(track, "boat", at(along, north + (until - north) * part), **more))
        yield tick(now + 500)


def lie(begin: int, seconds: int, north: float = -10, along: float = 5.5, people: int = 0, track: int = 1, **more):
    for now in range(begin, begin + seconds * 1_000, 2_000):
        crowd = [thing(100 + n, "person", at(along + 0.02 * n, north + 15)) for n in range(people)]
        yield seen("cam-1", now, thing(track, "boat", at(along, north), **more), *crowd)
        yield tick(now + 500)


def empty(begin: int, seconds: int):
    for now in range(begin, begin + seconds * 1_000, 2_000):
        yield seen("cam-1", now)
        yield tick(now + 500)


def comes(begin: int, stays: int, people: int = 0, **more):
    """A boat comes in over two minutes at 1.5 knots and lies ashore."""
    yield from sail(begin, 120, -100, -10, **more)
    yield from lie(begin + 2 * MINUTE, stays, people=people, **more)


def m06(events, coast=COAST, hearing=None):
    return find(coast, events, model="M06", hearing=hearing)


def test_by_day_a_boat_that_lies_ashore_for_a_minute_is_yellow_and_over_when_gone_for_five():
    found = m06([*comes(DAY, 90), *empty(DAY + 210_000, 320)])
    assert told(found) == [("seg-05", "yellow", "lands"), ("seg-05", "over", "lands")]
    assert found[0].sensitivity == "restricted"
    assert found[0].segment == "seg-05"
    assert found[0].values["metres"] == 10
    assert not m06(comes(DAY, 45))


def test_a_boat_that_sails_off_beyond_two_hundred_metres_is_over_too():
    leaves = [*comes(DAY, 90), *sail(DAY + 210_000, 60, -10, -400), *sail(DAY + 270_000, 330, -400, -420)]
    assert [each.level for each in m06(leaves)] == ["yellow", "over"]


def test_in_the_smuggling_window_it_is_orange():
    assert told(m06(comes(NIGHT, 90))) == [("seg-05", "orange", "lands")]


def test_two_who_leave_it_are_told_by_day_and_are_a_landing_at_night():
    assert told(m06([*comes(DAY, 70), *lie(DAY + 190_000, 30, people=2)])) == [("seg-05", "yellow", "lands"), ("seg-05", "yellow", "persons_land")]
    found = m06(comes(NIGHT, 90, people=2))
    assert told(found) == [("seg-05", "red", "landing")]
    assert found[0].values["persons"] == 2
    assert [each.code for each in m06(comes(NIGHT, 90, people=1))] == ["lands"]


def known(north: float = -10, begin: int = NIGHT, until: int = NIGHT + 6 * MINUTE):
    for now in range(begin, until, 30_000):
        yield fix("413000001", now, *at(5.5, north), sog=1.0)


def in_order(*some):
    return sorted((event for events in some for event in events), key=lambda event: event.received)


@pytest.mark.parametrize(("lit", "level"), [(True, "orange"), (None, "orange"), (False, "red")])
def test_a_boat_that_is_known_by_ais_is_red_only_without_light(lit, level):
    found = m06(in_order(known(), comes(NIGHT, 90, people=2, lit=lit)))
    assert found[-1].level == level
    assert found[-1].subject == found[-1].values["vessel"] == "413000001"


def test_or_where_vehicles_wait():
    def waiting(place):
        hearing = Hearing(COAST, COAST.areas[0])
        hearing.standing.note(Finding(model="M07", subject="x", level="blue", code="x", index=0, cause="x", occurred=NIGHT, position=place))
        return hearing

    events = in_order(known(), comes(NIGHT, 90, people=2))
    assert m06(events, hearing=waiting(at(6, 40)))[-1].level == "red"
    assert m06(events, hearing=waiting(at(9, 40)))[-1].level == "orange"


def test_an_unknown_boat_that_comes_for_the_shore_at_night_is_told_before_it_lands():
    fast = sail(NIGHT, 60, -450, -150)  # 9.7 kn
    assert told(m06(fast)) == [("seg-05", "yellow", "comes_in")]
    assert not m06(sail(NIGHT, 60, -250, -150))  # 3.2 kn
    assert not m06(sail(NIGHT, 60, -900, -500))  # 13 kn, far off
    assert not m06(sail(NIGHT, 60, -150, -450))  # leaves
    assert not m06(sail(DAY, 60, -450, -150))
    assert told(m06(sail(NIGHT, 40, -900, -400))) == [("seg-05", "orange", "races_in")]  # 24 kn


def test_a_boat_that_waited_and_then_races_in_is_orange_at_once():
    waits, races = sail(NIGHT, 60, -760, -700), sail(NIGHT + MINUTE, 16, -700, -500)
    assert told(m06([*waits, *races])) == [("seg-05", "orange", "races_in")]


@pytest.mark.parametrize("first", [0, 30])
def test_one_place_that_is_wrong_makes_no_boat_race(first):
    """It drifted there before; `first`: s after which the camera places it 300 m out to sea, once."""
    drifts = sail(NIGHT, 60, -160, -130)
    wrong = seen("cam-1", NIGHT + MINUTE + first * 1_000, thing(1, "boat", at(5.5, -430)))
    before, after = lie(NIGHT + MINUTE, first, -130), lie(NIGHT + MINUTE + first * 1_000 + 5_000, 60, -130)
    assert not m06([*drifts, *before, wrong, tick(wrong.received + 500), tick(wrong.received + 4_000), *after])


def test_who_is_known_or_in_the_fairway_may_come_in_fast():
    vessel = (fix("413000001", NIGHT + n * 10_000, *at(5.5, -450 + 50 * n), sog=9.7, cog=0.0) for n in range(7))
    assert not m06(in_order(vessel, sail(NIGHT, 60, -450, -150)))
    fairway = structs.replace(COAST, zones=(*COAST.zones, zone("channel", "fairway", 4, -1_000, 6, 0)))
    assert not m06(sail(NIGHT, 60, -450, -150), fairway)


def test_berths_harbours_and_farms_are_places_to_lie():
    berth = [*sail(NIGHT, 120, -100, -10, along=10.5), *lie(NIGHT + 2 * MINUTE, 120, along=10.5)]
    assert not m06(berth)


def test_what_swings_at_its_mooring_never_came():
    swings = [event for n in range(60) for event in lie(NIGHT + n * 4_000, 4, -20 - 8 * (n % 2))]
    assert not m06(swings)


def test_reflections_and_weak_looks_are_no_boats():
    assert not m06(comes(NIGHT, 90, score=0.4))
    flash = [event for n in range(4) for event in (*lie(NIGHT + n * 200_000, 2), *empty(NIGHT + n * 200_000 + 2_000, 190))]
    assert not m06(flash)


def test_tenders_official_boats_and_listed_ones_are_known():
    for vessel in (
        Vessel("v", "x", mmsi="413000001", kind="tender"),
        Vessel("v", "x", mmsi="413000001", kind="official"),
        Vessel("v", "x", mmsi="413000001", whitelist=("M06",)),
    ):
        coast = structs.replace(COAST, vessels=(vessel,))
        assert not m06(in_order(known(), comes(NIGHT, 90, people=2)), coast)


def test_farm_work_and_leave_let_boats_land():
    farm = structs.replace(
        COAST,
        zones=(*COAST.zones, zone("oysters", "aquaculture", 4, -900, 6, -500)),
        seasons=(Season("harvest", "farm", "2026-01-01", "2026-01-31", "04:00-18:00", ("oysters",)),),
    )
    assert not m06(comes(DAY, 90), farm)
    assert m06(comes(NIGHT, 90), farm)
    regatta = Permit(device="console", received=DAY, ts=DAY, zone="beach", from_=DAY, until=DAY + HOUR)
    beach = structs.replace(COAST, zones=(*COAST.zones, zone("beach", "closed", 4, -100, 6, 50)))
    assert not m06([regatta, *comes(DAY, 90)], beach)
    assert m06([structs.replace(regatta, until=DAY + 1), *comes(DAY, 90)], beach)


def test_no_farms_work_hides_in_the_dark():
    work = Season("harvest", "farm", "2026-01-01", "2026-01-31", "18:00-08:00", ("oysters",))
    farm = structs.replace(COAST, zones=(*COAST.zones, zone("oysters", "aquaculture", 4, -900, 6, -500)), seasons=(work,))
    assert not m06(comes(NIGHT, 90, people=2, lit=True), farm)
    assert not m06(comes(NIGHT, 90, people=2), farm)
    assert told(m06(comes(NIGHT, 90, people=2, lit=False), farm)) == [("seg-05", "red", "landing")]
    day = structs.replace(farm, seasons=(structs.replace(work, hours="04:00-18:00"),))
    assert not m06(comes(DAY, 90, lit=False), day)


def test_a_vessel_that_lies_at_the_shore_by_its_own_fixes_is_told():
    def fixes(first: float, minutes: int = 12):
        for minute in range(minutes):
            now = NIGHT + minute * MINUTE
            under_way = minute < 2
            yield fix("413000001", now, *at(5.5, -400 if under_way else first), sog=5.0 if under_way else 0.1)
            yield tick(now + 5_000)

    def leaves():
        for minute in range(12, 20):
            now = NIGHT + minute * MINUTE
            yield fix("413000001", now, *at(5.5, -300 - 100 * minute), sog=6.0)
            yield tick(now + 5_000)

    assert told(m06([*fixes(-30), *leaves()])) == [("413000001", "orange", "lands"), ("413000001", "over", "lands")]
    assert not m06(fixes(-90))
    never_sailed = [event for event in fixes(-30) if getattr(event, "sog", 0) != 5.0]
    assert not m06(never_sailed)
    assert not m06(fixes(-30), structs.replace(COAST, shoreline=())), "pieces without an outline of the land are no waterline to a fix"


def test_it_returns_to_the_same_spot_and_is_told_again():
    def stay(begin):
        for minute in range(6):
            yield fix("413000001", begin + minute * MINUTE, *at(5.5, -30), sog=0.1)
            yield tick(begin + minute * MINUTE + 5_000)

    def away(begin, minutes):
        for minute in range(minutes):
            yield fix("413000001", begin + minute * MINUTE, *at(5.5, -900), sog=5.0)
            yield tick(begin + minute * MINUTE + 5_000)

    events = [*away(NIGHT, 2), *stay(NIGHT + 2 * MINUTE), *away(NIGHT + 8 * MINUTE, 8), *stay(NIGHT + 16 * MINUTE)]
    assert [each.level for each in m06(events)] == ["orange", "over", "orange"]


def table(level: float) -> dict:
    """Waters that hardly move about so many metres above chart datum."""
    return {
        "waters": [
            {"at": f"2025-12-31T{6 * n:02d}:00:00Z" if n < 4 else f"2026-01-01T{6 * (n - 4):02d}:00:00Z", "level": level + 0.1 * (n % 2)}
            for n in range(8)
        ]
    }


def test_on_dry_flats_the_waterline_is_at_their_edge():
    """gleaning-1 is 2 m above chart datum: at a tide of 1 m a boat at its edge, 800 m off the shoreline, is ashore."""
    flat = table(1.0)
    high = table(5.0)
    events = [*sail(DAY, 120, -940, -820, along=8), *lie(DAY + 2 * MINUTE, 90, -820, along=8)]
    assert [each.level for each in m06(events, structs.replace(COAST, tide=flat))] == ["yellow"]
    assert not m06(events, structs.replace(COAST, tide=high))


def test_a_boat_on_the_border_of_two_segments_is_one_alert():
    """Its position wanders by ten metres either way."""
    wanders = [event for n in range(60) for event in lie(NIGHT + 2 * MINUTE + n * 2_000, 2, along=5.0 + 0.02 * (n % 2))]
    assert [each.subject for each in m06([*sail(NIGHT, 120, -400, -10, along=4.95), *wanders])] == ["seg-04"] * 2


def test_a_dead_broker_and_a_blind_camera_end_nothing_before_half_an_hour_of_hearing():
    begin = NIGHT + 210_000
    deaf = [tick(now, heard=begin) for now in range(begin, NIGHT + 5 * HOUR, MINUTE)]
    assert [each.level for each in m06([*comes(NIGHT, 90), *deaf])] == ["orange"]
    blind = [tick(begin + n * 10_000) for n in range(6 * 32)]
    assert [each.level for each in m06([*comes(NIGHT, 90), *blind])] == ["orange", "over"]
