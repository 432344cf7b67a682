"""What M02 makes of what sensors measure. One sample every ten minutes unless said otherwise, a tick a minute."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from alerts.hearing import Hearing
from ingest.events import Tide, Water, Wave, Weather
from models import memory as memories
from tests.models.hearing import find
from tests.small_coast import START, site, tick

MINUTE, HOUR = 60_000, 3_600_000


def said(kind, values, every=10 * MINUTE, begin=0, **name):
    """One field's values, one sample each; None: no message."""
    (field,) = name
    return [
        kind(device="met-1", received=START + begin + n * every + 50, ts=START + begin + n * every, seq=begin // MINUTE + n, boot=1, **{field: value})
        for n, value in enumerate(values(n) for n in range(name[field]))
        if value is not None
    ]


def judged(events, hours, coast=None):
    ticks = [tick(START + at) for at in range(0, int(hours * HOUR), MINUTE)]
    found = find(coast or site(), sorted([*events, *ticks], key=lambda event: event.received), model="M02")
    return [each for each in found if each.subject.startswith("met-1/")]


def told(found):
    return [(each.subject, each.level, each.code) for each in found]


def moving(n):
    return 5.0 + round(math.sin(n / 3), 1) + 0.1 * (n % 2)


def test_a_sensor_that_goes_dumb_is_told_after_three_samples_and_its_return_ends_it():
    found = judged(said(Weather, lambda n: None if 20 <= n < 60 else moving(n), wind_speed=80), 13)
    assert told(found) == [("met-1/weather", "blue", "sensor_missing"), ("met-1/weather", "over", "sensor_missing")]
    last = START + 190 * MINUTE
    assert 30 * MINUTE < found[0].occurred - last <= 32 * MINUTE
    assert found[0].values["quantities"] == ["wind_speed"]
    assert found[1].occurred == START + 600 * MINUTE + MINUTE  # the minute after it came back


def test_one_or_two_lost_samples_are_nothing():
    assert not judged(said(Weather, lambda n: None if n % 8 in (3, 4) else moving(n), wind_speed=80), 13)


def test_an_anemometer_that_fell_off_a_station_that_goes_on_is_told():
    events = said(Weather, lambda n: None if n >= 30 else moving(n), wind_speed=60)
    events += [
        structs.replace(each, wind_speed=None, air_temperature=20 + moving(n), seq=900 + n)
        for n, each in enumerate(said(Weather, moving, wind_speed=60))
    ]
    found = judged(events, 10)
    assert [each.values["what_en"] for each in found] == ["wind"]


def test_before_its_rhythm_is_known_nothing_is_missing():
    assert not judged(said(Weather, moving, wind_speed=5), 24)


@pytest.mark.parametrize(
    ("kind", "field", "value", "hours"),
    [
        (Weather, "wind_speed", 7.3, 1.4), (Weather, "air_temperature", 21.4, 6), (Weather, "pressure", 1013.2, 6), (Weather, "visibility", 800.0, 6),
        (Wave, "height", 1.2, 12), (Tide, "level", 3.21, 3), (Water, "temperature", 18.1, 24),
    ],
)  # fmt: skip
def test_a_value_that_stands_still_is_told_after_the_time_that_its_quantity_needs(kind, field, value, hours):
    step = {"level": 0.01, "visibility": 10.0}.get(field, 0.1)

    def stands(n):
        return value - step * (n % 2 + 1) if n < 12 else value

    found = judged(said(kind, stands, **{field: 400}), 40)
    assert [(each.level, each.code) for each in found] == [("blue", "sensor_stuck")]
    assert found[0].values["value"] == value
    assert found[0].occurred - (START + 2 * HOUR) == pytest.approx(hours * HOUR, abs=20 * MINUTE)


def test_a_stuck_value_that_moves_again_is_over():
    found = judged(said(Tide, lambda n: 2.0 if 20 <= n < 60 else 2.0 + math.sin(n / 12), level=90), 15)
    assert told(found) == [("met-1/tide", "blue", "sensor_stuck"), ("met-1/tide", "over", "sensor_stuck")]


@pytest.mark.parametrize(("kind", "field"), [(Weather, "wind_speed"), (Wave, "height")])
def test_a_calm_is_not_stuck_within_half_a_day(kind, field):
    def rests(n):
        return 0.0 if 12 <= n < 12 + 6 * 11 else 0.2 + 0.1 * (n % 3)

    assert not judged(said(kind, rests, **{field: 150}), 25)
    assert told(judged(said(kind, lambda n: rests(min(n, 50)), **{field: 150}), 25)) == [(f"met-1/{kind.__name__.lower()}", "blue", "sensor_stuck")]


def test_clear_air_at_the_end_of_an_instruments_range_is_never_stuck():
    assert not judged(said(Weather, lambda n: 10_000.0 if n > 12 else 9_000.0 + n, visibility=6 * 72), 72)


def test_high_water_of_a_small_tide_is_not_stuck():
    """0.2 m of amplitude, to the centimetre, every six minutes."""
    tide = said(Tide, lambda n: round(1 + 0.2 * math.cos(2 * math.pi * n / 124.2), 2), every=6 * MINUTE, level=480)
    assert not judged(tide, 48)


def test_a_thermometer_of_whole_degrees_is_not_stuck_in_a_grey_day():
    def grey(n):
        return 18.0 + (n % 2) if n < 12 else 18.0  # thirty hours of one degree

    assert not judged(said(Weather, grey, air_temperature=12 + 6 * 30), 32)


def test_values_that_cannot_be_are_told_from_the_third_and_until_twenty_good_ones():
    found = judged(said(Weather, lambda n: 99.9 if n in (30, 31, 32) else moving(n), wind_speed=80), 13)
    assert told(found) == [("met-1/weather", "blue", "sensor_range"), ("met-1/weather", "over", "sensor_range")]
    assert found[1].occurred - found[0].occurred == pytest.approx(20 * 10 * MINUTE, abs=2 * MINUTE)
    assert not judged(said(Weather, lambda n: 99.9 if n in (30, 31) else moving(n), wind_speed=80), 13)


def test_a_calm_before_impossible_values_is_not_called_stuck():
    found = judged(said(Weather, lambda n: moving(n) if n < 10 else 0.0 if n < 22 else 99.9, wind_speed=120), 20)
    assert told(found) == [("met-1/weather", "blue", "sensor_range")]


def test_spikes_are_told_and_one_step_is_not():
    spikes = judged(said(Water, lambda n: 30.0 if n in (30, 33) else 15 + 0.1 * (n % 2), temperature=80), 13)
    assert told(spikes)[0] == ("met-1/water", "blue", "sensor_jumps")
    assert not judged(said(Water, lambda n: 15 + 10 * (n > 30) + 0.1 * (n % 2), temperature=80), 13)


def test_after_a_gap_as_much_change_is_possible_as_its_time_allows():
    def cools(n):
        return 30 + 0.1 * (n % 2) if n < 20 else None if n < 44 else 10.0 + 0.1 * (n % 2)

    assert "sensor_jumps" not in [each.code for each in judged(said(Weather, cools, air_temperature=80), 14)]


def test_a_tsunami_and_a_typhoons_eye_are_no_faults():
    def wave(n):
        return 1.0 + 0.01 * (n % 2) + (4.0 if n in (30, 32, 34) else 0)

    assert not judged(said(Tide, wave, level=60), 10)
    assert not judged(said(Weather, lambda n: (38.0 if n in (30, 31, 35, 36) else 10.0) + 0.1 * (n % 2), wind_speed=60), 10)


def test_a_sensor_whose_heartbeats_are_silent_too_is_not_told_twice():
    from ingest.events import Heartbeat

    beats = [
        Heartbeat(
            device="met-1", received=START + n * 30_000 + 60, ts=START + n * 30_000, sent=START + n * 30_000, seq=5_000 + n, boot=1, battery=0.9
        )
        for n in range(400)
    ]
    assert not judged([*said(Weather, moving, wind_speed=20), *beats], 8)


def test_what_stays_away_for_two_weeks_is_not_expected_any_more():
    coast = site(thresholds={"M02": {"given_up": "24h"}})
    found = judged(said(Weather, moving, wind_speed=20), 30, coast)
    assert told(found) == [("met-1/weather", "blue", "sensor_missing"), ("met-1/weather", "over", "sensor_missing")]


def test_a_late_sample_changes_nothing():
    good = said(Weather, moving, wind_speed=60)
    late = [structs.replace(each, received=each.received + 15 * MINUTE, seq=5_000 + n, wind_speed=99.0) for n, each in enumerate(good) if n % 5 == 0]
    assert not judged([*good, *late], 10)


def test_another_revision_of_the_site_keeps_what_is_known_of_sensors_that_stay():
    hearing = Hearing(site(), site().areas[0])
    find(site(), [*said(Weather, moving, wind_speed=20), tick(START + 4 * HOUR)], hearing=hearing)
    (m02,) = [model for model in hearing.models if model.code == "M02"]
    kept = m02.migrate(hearing.memory["M02"], hearing.devices, hearing.devices)
    assert memories.pack(kept.readings) == memories.pack(hearing.memory["M02"].readings)
    assert list(kept.readings.sensors) == ["met-1/weather"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**9), st.one_of(st.none(), st.floats()), st.sampled_from(["wind_speed", "pressure"])), max_size=40))
def test_no_number_and_no_time_does_harm(samples):
    hearing = Hearing(site(), site().areas[0])
    events = [
        Weather(device="met-1", received=START + at, ts=START + at, seq=n, boot=1, **{name: value}) for n, (at, value, name) in enumerate(samples)
    ]
    find(site(), [*events, tick(START + 10**9), tick(START + 2 * 10**9)], hearing=hearing)
    assert hearing.disabled == {}
