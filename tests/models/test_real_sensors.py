"""M02's rules for sensors on real series: a room's temperature for ten months (NAB) and a buoy's wind (NDBC 46002). The figures stand in docs/real-data.md."""

import csv
from datetime import UTC, datetime
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from alerts.hearing import Hearing
from ingest.events import Weather
from tests.models.hearing import find
from tests.models.real_recordings import judged, needs, ticks
from tests.small_coast import site, tick

MINUTE, HOUR = 60_000, 3_600_000


def temperatures(file: Path) -> list[tuple[int, float]]:
    """(ms, degrees Celsius); the file is in Fahrenheit, to eight places."""
    with file.open() as opened:
        rows = [(datetime.fromisoformat(row["timestamp"]), float(row["value"])) for row in csv.DictReader(opened)]
    return [(int(at.replace(tzinfo=UTC).timestamp()) * 1000, round((value - 32) / 1.8, 1)) for at, value in rows]


def told(folder, rows, thresholds=None):
    """(code, minutes of the log at which it began, at which it ended) of M02's alerts about the sensor."""
    said = [
        (at + 40, "met-1", "weather", {"ts": at, "sent": at, "seq": n, "boot": 7, "air_temperature": value}) for n, (at, value) in enumerate(rows)
    ]
    begin, end = rows[0][0], rows[-1][0] + HOUR
    found = judged(site(), folder, [*said, *ticks(begin, end, 30 * MINUTE)], thresholds)
    return [each for each in found if each["model"] == "M02" and each["subject"] == "met-1/weather"]


def spans(found):
    """(code, ms of the log at which it was raised, at which it was over) of each."""
    ms = {"raised": {}, "over": {}}
    for each in found:
        if each["change"]["what"] in ms:
            ms[each["change"]["what"]][each["id"]] = int(datetime.fromisoformat(each["change"]["at"]).timestamp() * 1000)
    code = {each["id"]: each["reason"]["code"] for each in found}
    return [(code[name], at, ms["over"][name]) for name, at in ms["raised"].items()]


def holes(rows, longer):
    return [(one, other) for (one, *_), (other, *_) in pairwise(rows) if other - one > longer]


def test_the_holes_of_a_real_thermometer_are_told_and_nothing_else(tmp_path):
    """Ten months, hourly. Eight of its ten holes are longer than three samples; in the two labelled failures it measures what is there."""
    rows = temperatures(needs("telemetry/ambient_temperature_system_failure.csv"))
    found = spans(told(tmp_path, rows))
    expected = holes(rows, 3 * HOUR)
    assert (len(holes(rows, HOUR)), len(expected)) == (10, 8)
    assert [code for code, _, _ in found] == ["sensor_missing"] * 8
    for (_, raised, over), (last, back) in zip(found, expected, strict=True):
        assert 3 * HOUR < raised - last <= 4 * HOUR
        assert 0 <= over - back <= HOUR
    runs = [[at for at, _ in run] for _, run in groupby(rows, key=lambda row: row[1])]
    assert not [run for run in runs if len(run) >= 8 and run[-1] - run[0] >= 6 * HOUR], "nor does it stand still, counted by itself"


def test_the_two_short_holes_are_told_where_one_missing_sample_shall_be(tmp_path):
    rows = temperatures(needs("telemetry/ambient_temperature_system_failure.csv"))
    for last, back in (hole for hole in holes(rows, HOUR) if hole[1] - hole[0] <= 3 * HOUR):
        near = [row for row in rows if last - 24 * HOUR < row[0] < back + 24 * HOUR]
        assert [code for code, _, _ in spans(told(tmp_path, near))] == []
        assert [code for code, _, _ in spans(told(tmp_path, near, {"M02": {"gap": 1.5}}))] == ["sensor_missing"]


def test_a_real_thermometer_that_is_frozen_for_half_a_day_is_told(tmp_path):
    """Made: its values of 12 hours are replaced by the one before them."""
    rows = temperatures(needs("telemetry/ambient_temperature_system_failure.csv"))[:200]
    frozen = [(at, rows[100][1] if 100 <= n < 113 else value) for n, (at, value) in enumerate(rows)]
    (only,) = spans(told(tmp_path, frozen))
    assert only[0] == "sensor_stuck"
    assert 6 * HOUR <= only[1] - rows[100][0] <= 8 * HOUR
    assert 0 <= only[2] - rows[113][0] <= HOUR


# Wind

FORCES = ((10.8, 13.9), (17.2, 20.8), (24.5, 28.5), (32.7, 37.0))  # m/s of the mean, of a gust: Beaufort 6, 8, 10, 12, and one more


def wind(file: Path) -> list[tuple[int, float, float]]:
    rows = []
    for line in file.read_text().splitlines():
        if not line.startswith("#"):
            year, month, day, hour, minute, _, speed, _, gust, *_ = line.split()
            at = datetime(int(year), int(month), int(day), int(hour), int(minute), tzinfo=UTC)
            rows.append((int(at.timestamp()) * 1000, float(speed), 0.0 if gust == "99.0" else float(gust)))  # 99: none given
    return rows


def heard(rows):
    """Findings of M02 about the sensor, and of M17, with its defaults."""
    hearing = Hearing(site(), site().areas[0])
    hearing.models = tuple(model for model in hearing.models if model.code in ("M02", "M17"))
    events = []
    for n, (at, speed, gust) in enumerate(rows):
        events += [tick(between) for between in range(events[-1].now + 10 * MINUTE, at, 10 * MINUTE)] if events else []
        events += [Weather(device="met-1", received=at, ts=at, seq=n, boot=1, wind_speed=speed, wind_gust=gust), tick(at + 1_000)]
    found = find(site(), events, hearing=hearing)
    return [each for each in found if each.subject == "met-1/weather"], [each for each in found if each.subject == "bay/wind"]


@pytest.fixture(scope="module")
def buoy():
    rows = wind(needs("wave/46002c2016.txt"))
    return rows, *heard(rows)


def test_the_level_of_every_ten_minutes_of_a_real_buoys_wind(buoy):
    """Half a year. Independent: the highest level that a mean or gust of the last hour reached. It differs after gaps alone, and there to the safe side."""
    rows, _, found = buoy
    reached = [sum(speed >= mean or gust >= burst for mean, burst in FORCES) for _, speed, gust in rows]
    changes, level, differs = list(found), 0, []
    names = ("over", "blue", "yellow", "orange", "red")
    for n, (at, _, _) in enumerate(rows):
        while changes and changes[0].occurred <= at + 1_000:
            level = names.index(changes.pop(0).level)
        expected = max(reached[m] for m in range(max(0, n - 6), n + 1) if at - rows[m][0] < HOUR)
        if level != expected:
            differs.append((n, level - expected))
    assert all(more > 0 for _, more in differs)
    assert all(any(rows[m][0] - rows[m - 1][0] > 30 * MINUTE for m in range(n - 6, n + 1)) for n, _ in differs)
    assert (len(differs), [sum(each.level == name for each in found) for name in names[1:]]) == (17, [169, 24, 1, 0])


def test_a_real_anemometer_stands_still_never_and_is_missed_in_its_gaps(buoy):
    rows, found, _ = buoy
    runs = [list(run) for _, run in groupby(rows, key=lambda row: row[1])]
    longest = max(len(run) for run in runs if run[0][1] >= 0.5), max(run[-1][0] - run[0][0] for run in runs if run[0][1] < 0.5) / HOUR
    assert longest == (5, 3.5)
    assert not [each for each in found if each.code != "sensor_missing"]
    assert sum(each.level == "blue" for each in found) == len(holes(rows, 30 * MINUTE))


# Water level


def test_a_year_of_a_real_gauge_is_no_fault(tmp_path):
    """Honolulu 2010, hourly, complete: it never stands still for longer than two hours, and nothing is told."""
    values = [float(line.split()[1]) / 1000 for line in needs("tide/HNL2010.asc").read_text().splitlines()]
    begin = int(datetime(2010, 1, 1, tzinfo=UTC).timestamp()) * 1000
    said = [
        (
            begin + n * HOUR + 40,
            "met-1",
            "tide",
            {"ts": begin + n * HOUR, "sent": begin + n * HOUR, "seq": n, "boot": 7, "level": value, "datum": "chart"},
        )
        for n, value in enumerate(values)
    ]
    found = judged(site(), tmp_path, [*said, *ticks(begin, begin + len(values) * HOUR, 30 * MINUTE)])
    assert len(values) == 8760
    assert max(len(list(run)) for _, run in groupby(values)) == 2
    assert {each["subject"] for each in found} <= {"unheard"}
