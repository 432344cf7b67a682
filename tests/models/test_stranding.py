"""People on the test bay's gleaning flats: their way out lies 2.5 m above chart datum and takes 15 minutes. The tide is a table of waters, 08:00 local is START."""

from datetime import UTC, datetime

import pytest
from msgspec import structs

from alerts.hearing import Hearing
from ingest.events import Crowd, Permit, Tide
from models.model import Finding
from tests.models.hearing import find, told
from tests.small_coast import START, at, seen, site, thing, tick

MINUTE, HOUR = 60_000, 3_600_000
THERE = at(8, -300)
ZERO = {"M10": {"margin": 0.0}}


def table(low_at: float, low: float, high: float) -> dict:
    """Low and high waters six hours apart, a low one `low_at` hours after START."""
    when = (START + int((low_at + 6 * n) * HOUR) for n in range(-3, 5))
    return {"waters": [{"at": datetime.fromtimestamp(at / 1000, UTC).isoformat(), "level": low if n % 2 else high} for n, at in enumerate(when)]}


# A tide that rises from 0.0 m at START to 6.0 m six hours later; by the rule of twelfths the water is at 2.5 m three hours less ten minutes on
RISING = table(0, 0.0, 6.0)
HARMONIC = {"z0": 3.0, "harmonic_constituents": [{"name": "M2", "amplitude": 2.0, "phase": 0.0}]}


def coast(tide=RISING, **zone):
    usual = site(thresholds={"M10": {"margin": 0.1, **zone}})
    return structs.replace(usual, tide=tide)


def cut_of(where) -> int:
    """When the model takes the way for cut, by its own first call."""
    early = next(each for each in find(where, [tick(START + n * MINUTE) for n in range(4 * 60)], model="M10") if each.code == "early")
    return early.values["cut"]


def stay(begin: int, minutes: float, *people: int, **more):
    for now in range(begin, begin + int(minutes * MINUTE), 15_000):
        yield seen("cam-1", now, *(thing(track, "person", THERE, **more) for track in people))
        yield tick(now + 500)


def m10(events, where=None, hearing=None, *, early=False):
    """Without the early call, which comes first wherever nobody was seen yet."""
    return [each for each in find(where or coast(), events, model="M10", hearing=hearing) if early or each.code != "early"]


def test_nobody_inside_is_one_early_call_an_hour_before_the_cut():
    found = m10([tick(START + n * MINUTE) for n in range(6 * 60)], early=True)
    assert told(found) == [("gleaning-1", "blue", "early"), ("gleaning-1", "over", "early")]
    assert found[0].values["minutes"] in (59, 60)
    assert found[0].values["persons"] == 0


def test_who_stays_is_told_blue_yellow_orange_red_as_the_time_runs_out_and_then_cut_off():
    where = coast()
    cut = cut_of(where)
    found = m10(stay(cut - 90 * MINUTE, 220, 1), where)
    assert [(each.level, each.code) for each in found] == [
        ("blue", "tide_rises"), ("yellow", "leave_now"), ("orange", "hurry"), ("red", "too_late"), ("red", "cut_off"),
    ]  # fmt: skip
    left = [(cut - each.occurred) / MINUTE for each in found]
    assert left[0] == pytest.approx(60, abs=1.1)
    assert left[1] == pytest.approx(30, abs=1.1)
    assert left[2] == pytest.approx(22.5, abs=1.1)
    assert left[3] == pytest.approx(15, abs=1.1)
    assert found[0].position == THERE
    assert found[1].values["walk"] == 15


def test_in_the_dark_the_way_takes_half_as_long_again():
    where = coast(table(12, 0.0, 6.0))  # low at 20:00 local
    begin = START + 12 * HOUR
    found = m10(stay(begin + 60 * MINUTE, 120, 1), where)
    red = next(each for each in found if each.level == "red")
    assert red.values["walk"] == 22
    assert (red.values["cut"] - red.occurred) / MINUTE == pytest.approx(22.5, abs=1.1)


def test_a_zone_that_empties_for_five_minutes_is_over():
    where = coast()
    cut = cut_of(where)
    found = m10([*stay(cut - 40 * MINUTE, 5, 1), *stay(cut - 35 * MINUTE, 6)], where)
    assert [each.level for each in found] == ["blue", "over"]
    assert [each.level for each in m10([*stay(cut - 40 * MINUTE, 5, 1), *stay(cut - 35 * MINUTE, 4)], where)] == ["blue"]


def test_water_that_ebbs_from_the_way_ends_it_and_frightens_nobody():
    where = coast(table(6, 0.0, 6.0))  # high at START
    found = m10(stay(START + 60 * MINUTE, 240, 1), where)
    assert [(each.level, each.code) for each in found] == [("red", "cut_off"), ("over", "cut_off")]
    assert not m10(stay(START + 5 * HOUR, 30, 1), where)


def test_the_gauge_moves_the_prediction_by_the_surge():
    where = coast()
    cut = cut_of(where)

    def gauge(above: float):
        from ingest.tide import tide_of

        tide = tide_of(where, "bay")
        for n in range(60):
            now = cut - 3 * HOUR + n * 3 * MINUTE
            yield Tide(device="met-1", received=now, ts=now, seq=n, boot=1, level=float(tide.level(now)[0]) + above)
            yield tick(now + 100)

    higher, usual = (next(each for each in m10(gauge(above), where, early=True) if each.code == "early").values for above in (0.4, 0.0))
    assert higher["surge"] == pytest.approx(0.4, abs=0.02)
    assert higher["source"].endswith("+gauge")
    assert usual["cut"] - higher["cut"] > 12 * MINUTE


def test_a_gauge_that_sticks_does_not_put_off_the_cut():
    """It sticks an hour before low water: M02 holds it for stuck before the way is cut, and the prediction stands alone."""
    from ingest.tide import tide_of

    where = structs.replace(coast(), tide={**HARMONIC}, thresholds={"M10": {"early": "30min"}})
    tide = tide_of(where, "bay")
    low = min((START + n * MINUTE for n in range(6 * 60, 19 * 60)), key=lambda at: tide.level(at)[0])

    def gauge(sticks: bool):
        for now in range(low - 6 * HOUR, low + 3 * HOUR, 3 * MINUTE):
            level = round(float(tide.level(min(now, low - 70 * MINUTE) if sticks else now)[0]), 2)
            yield Tide(device="met-1", received=now, ts=now, seq=now // MINUTE, boot=1, level=level)
            yield tick(now + 100)

    stuck, well = (next(each for each in m10(gauge(sticks), where, early=True) if each.code == "early").values for sticks in (True, False))
    assert (stuck["source"], well["source"]) == ("harmonic", "harmonic+gauge")
    assert stuck["cut"] == pytest.approx(well["cut"], abs=2 * MINUTE)


def test_without_constituents_the_error_of_the_rule_of_twelfths_is_kept_off():
    exact = structs.replace(coast(), tide={**HARMONIC})
    rough = coast()
    assert find(rough, [tick(START + n * MINUTE) for n in range(240)], model="M10")[0].values["source"] == "twelfths"
    found = find(exact, [tick(START + n * MINUTE) for n in range(14 * 60)], model="M10")
    assert found[0].values["source"] == "harmonic"


def test_without_any_prediction_the_gauge_still_tells_who_is_cut_off():
    where = structs.replace(coast(), tide={})
    assert [(each.level, each.code) for each in m10(rises(START), where)] == [("red", "too_late"), ("red", "cut_off")]
    assert not m10(stay(START, 60, 1), where)


def test_after_the_last_line_of_a_printed_table_the_gauge_tells_alone():
    later = START + 48 * HOUR
    found = m10(rises(later))
    assert [(each.level, each.code, each.values["source"]) for each in found] == [("red", "too_late", "gauge"), ("red", "cut_off", "gauge")]
    assert not m10(stay(later, 60, 1)), "of a water that nobody knows nothing is said"


def rises(begin: int):
    """Somebody stays while the gauge goes from 2.0 m to 2.8 m in forty minutes."""
    for n in range(40):
        now = begin + n * MINUTE
        yield Tide(device="met-1", received=now, ts=now, seq=n, boot=1, level=2.0 + n * 0.02)
        yield from stay(now, 1, 1)


def test_weather_raises_it_by_one_level_but_makes_no_red():
    where = coast()
    cut = cut_of(where)
    hearing = Hearing(where, where.areas[0])
    hearing.standing.note(Finding(model="M17", subject="bay/wind", level="yellow", code="wind", index=0, cause="x", occurred=START))
    found = m10(stay(cut - 50 * MINUTE, 33, 1), where, hearing)
    assert [each.level for each in found] == ["yellow", "orange"]


def test_gleaners_with_leave_and_boats_are_a_notice_and_without_a_boat_still_red():
    where = coast()
    cut = cut_of(where)
    leave = Permit(device="console", received=cut - HOUR, ts=cut - HOUR, zone="gleaning-1", person="gleaners", from_=cut - HOUR, until=cut + HOUR)

    def with_boat(begin, minutes):
        for now in range(begin, begin + minutes * MINUTE, 15_000):
            yield seen("cam-1", now, thing(1, "person", THERE), thing(2, "boat", at(8.05, -300)))
            yield tick(now + 500)

    assert [each.level for each in m10([leave, *stay(cut - 45 * MINUTE, 40, 1)], where)] == ["blue", "red"]
    assert [each.level for each in m10([leave, *with_boat(cut - 45 * MINUTE, 40)], where)] == ["blue"]


def test_who_counts_for_itself_is_believed():
    where = coast()
    cut = cut_of(where)
    count = Crowd(device="met-1", received=cut - 20 * MINUTE, ts=cut - 20 * MINUTE, seq=1, boot=1, zone="gleaning-1", count=7)
    found = m10([tick(cut - 21 * MINUTE), count, *(tick(cut - 20 * MINUTE + n * 10_000) for n in range(6 * 7))], where)
    assert [(each.level, each.values["persons"]) for each in found[:1]] == [("orange", 7)]


def test_a_camera_that_goes_blind_saves_nobody():
    where = coast()
    cut = cut_of(where)
    blind = [tick(cut - 40 * MINUTE + n * 30_000) for n in range(2 * 50)]
    found = m10([*stay(cut - 45 * MINUTE, 5, 1), *blind], where)
    assert "over" not in [each.level for each in found]


def test_people_elsewhere_animals_and_weak_looks_are_not_inside():
    where = coast()
    cut = cut_of(where)

    def other(kind, place, score=0.8):
        for now in range(cut - 20 * MINUTE, cut - 10 * MINUTE, 15_000):
            yield seen("cam-1", now, thing(1, kind, place, score=score))
            yield tick(now + 500)

    for events in (other("person", at(6.5, -300)), other("animal", THERE), other("person", THERE, 0.3)):
        assert [each.code for each in m10(events, where)] == []


def test_what_the_voice_says_counts_down():
    from alerts.life_cycle.programmes import _as_of

    assert _as_of({"minutes": 60, "cut": START + 20 * MINUTE}, START)["minutes"] == 20
