"""Weather, waves and water of the test bay's one sensor, and bulletins. A sample every five minutes; times from START, 08:00 local."""

import os
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec import structs

from ingest.events import Bulletin, Camera, Position, Tide, Wave, Weather
from ingest.site import Device
from models.bans import BEAUFORT
from tests.models.hearing import find, told
from tests.small_coast import LATITUDE, LONGITUDE, START, fix, site, tick, zone

MINUTE, HOUR = 60_000, 3_600_000
COAST = site()
DATA = Path(os.environ.get("COAST_DATA", Path(__file__).parents[3] / "shared" / "data"))


def spoken(kind, begin: float, minutes: float, every: float = 5, device: str = "met-1", **said):
    """Values wander by a hundredth, as measurements do, so that nothing is stuck."""
    for n in range(int(minutes / every)):
        at = START + int((begin + n * every) * MINUTE)
        more = {key: value + 0.01 * (n % 2) if isinstance(value, float) else value for key, value in said.items()}
        yield kind(device=device, received=at + 50, ts=at, seq=n, boot=int(begin) + 1, **more)
        yield tick(at + 30_000)


def weather(begin, minutes, **said):
    return spoken(Weather, begin, minutes, **said)


def silence(begin: float, minutes: int):
    return (tick(START + int((begin + n) * MINUTE)) for n in range(minutes))


def bulletin(minute: float, name: str, kind: str, **more):
    at = START + int(minute * MINUTE)
    return Bulletin(device="console", received=at, ts=at, id=name, type=kind, **more)


def m17(events, coast=COAST):
    return find(coast, events, model="M17")


@pytest.mark.parametrize(
    ("force", "gust", "level"),
    [(5, 5, None), (6, 6, "blue"), (4, 7, "blue"), (8, 8, "yellow"), (7, 9, "yellow"), (10, 10, "orange"), (12, 12, "red"), (11, 13, "red")],
)
def test_wind_by_its_mean_or_its_gusts(force, gust, level):
    found = m17(weather(0, 30, wind_speed=BEAUFORT[force] + 0.1, wind_gust=BEAUFORT[gust] + 0.1))
    assert told(found) == ([] if level is None else [("bay/wind", level, "wind")])
    assert level is None or (found[0].values["force"], found[0].values["gust"], found[0].values["source"]) == (force, gust, "measured")


@pytest.mark.parametrize(("metres", "level"), [(501.0, None), (499.0, "yellow"), (199.0, "orange"), (49.0, "red")])
def test_fog_by_visibility(metres, level):
    assert told(m17(weather(0, 30, visibility=metres))) == ([] if level is None else [("bay/fog", level, "fog")])


@pytest.mark.parametrize(
    ("metres", "levels"),
    [(1.4, []), (1.6, ["rip"]), (2.5, ["blue", "rip"]), (3.5, ["yellow", "rip"]), (4.5, ["orange", "rip"]), (6.0, ["red", "rip"])],
)
def test_waves_near_the_shore_and_on_the_beaches(metres, levels):
    found = m17(spoken(Wave, 0, 60, height=metres))
    area = [each.level for each in found if each.subject == "bay/wave"]
    beaches = [each for each in found if each.code == "rip"]
    assert area == levels[:-1]
    assert {(each.subject, each.level) for each in beaches} == ({("bathing-1", "yellow"), ("sand-1", "yellow")} if levels else set())


def test_water_above_the_sites_warning_levels_is_a_surge():
    coast = structs.replace(COAST, tide={"warning": {"blue": 6.0, "yellow": 6.4, "orange": 6.8, "red": 7.2}, "z0": 3.5})
    assert told(m17(spoken(Tide, 0, 30, level=6.5), coast)) == [("bay/surge", "yellow", "surge")]
    assert told(m17(spoken(Tide, 0, 30, level=3.4, datum="msl"), coast)) == [("bay/surge", "orange", "surge")]
    assert not m17(spoken(Tide, 0, 30, level=6.5, datum="1985"), coast)  # nobody said how that lies
    assert not m17(spoken(Tide, 0, 30, level=6.5))


def test_it_rises_at_once_and_falls_an_hour_after_it_was_reached_last():
    events = [
        *weather(0, 30, wind_speed=18.0),
        *weather(30, 45, wind_speed=11.5),
        *weather(75, 30, wind_speed=18.0),
        *weather(105, 120, wind_speed=11.5),
    ]
    found = m17(events)
    assert [each.level for each in found] == ["yellow", "blue"]
    assert 60 <= (found[1].occurred - START) / MINUTE - 100 <= 66


def test_a_quiet_hour_ends_it():
    assert [each.level for each in m17([*weather(0, 30, wind_speed=18.0), *weather(30, 80, wind_speed=3.0)])] == ["yellow", "over"]


def test_a_new_alert_only_with_a_new_colour():
    assert len(m17(weather(0, 600, wind_speed=15.0))) == 1


def test_a_sensor_that_falls_silent_is_no_calm_for_six_hours():
    gale = list(weather(0, 30, wind_speed=18.0))
    assert [each.level for each in m17([*gale, *silence(30, 5 * 60)])] == ["yellow"]
    assert [each.level for each in m17([*gale, *silence(30, 9 * 60)])] == ["yellow", "over"]
    deaf = [tick(START + n * HOUR, heard=START + HOUR) for n in range(1, 30)]
    assert [each.level for each in m17([*gale, *deaf])] == ["yellow"]


def test_an_hour_without_a_sensor_is_no_hour_below():
    events = [*weather(0, 30, wind_speed=18.0), *silence(30, 120), *weather(150, 30, wind_speed=3.0)]
    assert [each.level for each in m17(events)] == ["yellow"]


def test_a_bulletin_warns_before_the_wind_comes_and_ends_with_it():
    found = m17([bulletin(5, "w1", "wind", colour="orange", issuer="台", expires=START + 60 * MINUTE), *silence(0, 90)])
    assert told(found) == [("bay/wind", "orange", "wind"), ("bay/wind", "over", "wind")]
    assert found[0].values["source"] == "bulletin"
    assert found[0].values["said_zh"] == "台大风橙色预警"


def test_the_higher_of_measurement_and_bulletin_wins_and_says_which():
    warned = bulletin(0, "w1", "wind", colour="blue")
    found = m17([warned, *weather(0, 30, wind_speed=18.0)])
    assert (found[-1].level, found[-1].values["source"]) == ("yellow", "measured")
    found = m17(
        [
            *weather(0, 30, wind_speed=18.0),
            structs.replace(warned, colour="red", received=START + 30 * MINUTE, ts=START + 30 * MINUTE),
            *silence(30, 5),
        ]
    )
    assert (found[-1].level, found[-1].values["source"]) == ("red", "bulletin")


@pytest.mark.parametrize(("more", "level"), [({"wind_force": 11}, "orange"), ({}, "blue"), ({"colour": "yellow", "wind_force": 12}, "yellow")])
def test_a_typhoon_without_a_colour_has_that_of_its_force(more, level):
    assert told(m17([bulletin(0, "t", "typhoon", **more), *silence(0, 5)])) == [("bay/typhoon", level, "typhoon")]


@pytest.mark.parametrize("kind", ["thunderstorm", "tsunami", "fog", "wave", "surge"])
def test_every_kind_of_warning_is_told(kind):
    assert told(m17([bulletin(0, "b", kind, colour="yellow"), *silence(0, 5)])) == [(f"bay/{kind}", "yellow", kind)]


def test_recalls_moratoria_and_closures_are_others_business():
    assert not m17(
        [bulletin(0, str(n), kind, colour="red") for n, kind in enumerate(("recall", "moratorium", "closure", "navigation"))] + list(silence(0, 5))
    )


def test_a_withdrawal_stands_also_when_it_comes_first():
    assert not m17([bulletin(0, "b", "fog", message="cancel"), bulletin(1, "b", "fog", colour="red"), *silence(2, 5)])
    assert [
        each.level for each in m17([bulletin(0, "b", "fog", colour="red"), *silence(1, 3), bulletin(4, "b", "fog", message="cancel"), *silence(5, 3)])
    ] == ["red", "over"]


def test_a_bulletin_that_another_replaces_falls_with_it_and_may_not_come_back():
    red, blue = bulletin(0, "b", "fog", colour="red"), bulletin(4, "c", "fog", colour="blue", message="update", replaces=("b",))
    assert [each.level for each in m17([red, *silence(1, 3), blue, *silence(5, 3)])] == ["red", "blue"]
    assert [each.level for each in m17([blue, *silence(5, 1), bulletin(6, "b", "fog", colour="red"), *silence(7, 3)])] == ["blue"]
    gone = bulletin(8, "d", "navigation", message="cancel", replaces=("c",))
    assert [each.level for each in m17([blue, *silence(5, 2), gone, *silence(9, 3)])] == ["blue", "over"]


def test_an_amendment_that_ends_here_ends_here_and_may_come_back_with_the_next():
    red, ended = (
        bulletin(0, "b", "fog", colour="red"),
        bulletin(4, "b", "fog", message="update", onset=START + 4 * MINUTE, expires=START + 4 * MINUTE),
    )
    again = bulletin(8, "b", "fog", message="update", colour="orange")
    assert [each.level for each in m17([red, *silence(1, 3), ended, *silence(5, 2), again, *silence(9, 2)])] == ["red", "over", "orange"]


def test_a_withdrawn_bulletin_leaves_what_was_measured():
    events = [
        bulletin(0, "b", "wind", colour="red"),
        *weather(0, 30, wind_speed=18.0),
        bulletin(31, "b", "wind", message="cancel"),
        *weather(31, 15, wind_speed=18.0),
    ]
    assert [each.level for each in m17(events)] == ["red", "yellow"]


def test_a_warning_for_other_water_does_not_reach_here():
    far = ((120.0, 26.0), (121.0, 26.0), (121.0, 27.0), (120.0, 27.0), (120.0, 26.0))
    near = ((118.0, 24.0), (120.0, 24.0), (120.0, 26.0), (118.0, 26.0), (118.0, 24.0))
    assert not m17([bulletin(0, "b", "wave", colour="red", polygon=far), *silence(0, 5)])
    assert m17([bulletin(0, "b", "wave", colour="red", polygon=near), *silence(0, 5)])
    assert not m17([bulletin(0, "b", "wave", colour="red", onset=START + HOUR), *silence(0, 50)])


def test_spray_on_the_visibility_meter_is_no_fog():
    def seen():
        for n in range(60):
            at = START + n * MINUTE
            yield Weather(device="met-1", received=at, ts=at, seq=n, boot=1, visibility=40.0 if n % 4 == 0 else 4_000.0)
            yield tick(at + 30_000)

    assert not m17(seen())


def test_an_anemometer_that_sticks_is_not_believed():
    """At 26 m/s, while another one on the same coast measures 5."""
    two = structs.replace(COAST, devices=(*COAST.devices, Device("met-2", "sensor", "bay", (LONGITUDE, LATITUDE), "seg-01")))

    def stuck(begin, minutes, speed):
        for n in range(minutes):
            at = START + (begin + n) * MINUTE
            yield Weather(device="met-1", received=at, ts=at, seq=n, boot=begin + 1, wind_speed=speed)
            yield tick(at + 30_000)

    events = [*weather(0, 30, wind_speed=5.0), *stuck(30, 180, 26.0), *spoken(Weather, 0.2, 210, device="met-2", wind_speed=5.0)]
    found = find(two, sorted(events, key=lambda event: event.received))
    sticks = next(each for each in found if each.code == "sensor_stuck")
    wind = [each for each in found if each.subject == "bay/wind"]
    assert (sticks.model, sticks.subject, sticks.level) == ("M02", "met-1/weather", "blue")
    assert [each.level for each in wind] == ["blue", "yellow", "orange", "over"]
    assert wind[-1].occurred - sticks.occurred == pytest.approx(HOUR, abs=2 * MINUTE)


@pytest.mark.parametrize("clear", [0, 60])
def test_fog_in_a_dead_calm_is_told_and_stands_although_the_anemometer_gives_nothing_but_zero(clear):
    def night():
        for n in range(14 * 60):
            at = START + n * MINUTE
            seen = 5_000.0 if n < clear else 40.0 + n % 3
            yield Weather(device="met-1", received=at, ts=at, seq=n, boot=1, wind_speed=0.0, visibility=seen)
            yield tick(at + 30_000)

    found = m17(night())
    assert [each.level for each in found if each.subject == "bay/fog"] == ["red"]


@pytest.mark.parametrize(
    ("kind", "name", "well", "wrong"), [(Weather, "wind_speed", 5.0, 99.9), (Weather, "wind_gust", 7.0, 99.0), (Wave, "height", 1.0, 99.0)]
)
def test_a_value_that_cannot_be_rings_nowhere_not_even_once(kind, name, well, wrong):
    """Buoys and feeds say 99 for "no value". Boats are at sea meanwhile: no gale is told of them either."""
    boat = [fix("412000001", START + n * 5 * MINUTE, LONGITUDE, LATITUDE - 0.1) for n in range(24)]
    said = [*spoken(kind, 0, 60, **{name: well}), *spoken(kind, 60, 60, **{name: wrong})]
    found = find(COAST, sorted([*boat, *said], key=lambda event: event.received))
    assert not [each for each in found if each.model in ("M10", "M12", "M15", "M16", "M17")]


def test_a_site_says_itself_what_can_be():
    said = [*weather(0, 60, wind_speed=5.0), *weather(60, 60, wind_speed=30.0)]
    assert "orange" in [each.level for each in m17(said)]
    assert m17(said, structs.replace(COAST, thresholds={"M02": {"wind_high": 25}})) == []


def test_a_buoy_that_left_its_place_is_told_and_not_believed():
    def lies(north):
        return Position(**{**structs.asdict(fix("met-1", START, LONGITUDE + 0.01, LATITUDE + north / 110_770)), "owner": True})

    assert told(m17([lies(2_000), *spoken(Wave, 1, 60, height=3.0)])) == [("met-1", "blue", "sensor_adrift")]
    assert ("bay/wave", "blue", "wave") in told(m17([lies(100), *spoken(Wave, 1, 60, height=3.0)]))


def test_the_worst_of_two_sensors_counts():
    two = structs.replace(COAST, devices=(*COAST.devices, Device("met-2", "sensor", "bay", (LONGITUDE, LATITUDE), "seg-01")))
    both = sorted([*weather(0, 60, wind_speed=5.0), *spoken(Weather, 0.1, 60, device="met-2", wind_speed=18.0)], key=lambda event: event.received)
    found = m17(both, two)
    assert [(each.level, each.values["sensor"]) for each in found] == [("yellow", "met-2")]


def test_a_beach_out_of_its_hours_is_not_warned():
    nightly = structs.replace(COAST, zones=(zone("beach", "bathing", 4, 0, 6, 15, hours="20:00-22:00"),))
    assert "rip" not in [each.code for each in m17(spoken(Wave, 0, 60, height=2.0), nightly)]


def test_every_rise_of_a_real_buoys_wind_is_told():
    """NDBC 46002, 2016: our levels against an independent count of the hours in which mean or gust first reached each."""
    file = DATA / "wave" / "46002c2016.txt"
    if not file.exists():
        pytest.skip(f"{file} is not here: set COAST_DATA to the folder of real recordings")
    rows = _ndbc(file)
    site_ = site(thresholds={"M17": {"falls": "0s"}})
    events = []
    for n, (at, speed, gust) in enumerate(rows):
        events += [Weather(device="met-1", received=at, ts=at, seq=n, boot=1, wind_speed=speed, wind_gust=gust), tick(at + 30_000)]
    found = [each for each in find(site_, events, model="M17") if each.subject == "bay/wind"]
    rises = [each.level for before, each in pairwise([None, *found]) if before is None or LEVEL[each.level] > LEVEL[before.level]]
    expected, level = [], 0
    for _, speed, gust in rows:
        now = max(
            (n + 1 for n, (mean, burst) in enumerate(((10.8, 13.9), (17.2, 20.8), (24.5, 28.5), (32.7, 37.0))) if speed >= mean or gust >= burst),
            default=0,
        )
        if now > level:
            expected.append(("blue", "yellow", "orange", "red")[now - 1])
        level = now
    assert len(expected) > 100
    assert rises == expected


LEVEL = {"over": 0, "blue": 1, "yellow": 2, "orange": 3, "red": 4}


def _ndbc(file: Path) -> list[tuple[int, float, float]]:
    from datetime import UTC, datetime

    rows = []
    with file.open() as lines:
        for line in lines:
            cells = line.split()
            if line.startswith("#") or not cells or not cells[0].isdigit():
                continue
            year, month, day, hour, minute = (int(each) for each in cells[:5])
            speed, gust = float(cells[6]), float(cells[8])
            if speed < 99:
                rows.append((int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp()) * 1000, speed, gust if gust < 99 else 0.0))
    return sorted(rows)[:12_000]  # a quarter to spring: the windiest part, in a few seconds


def eyes(*metres: float | None, apart: float = 0.01, minutes: int = 30, begin: int = 0, **more):
    """Cameras one after the other along the shore, each with what it sees."""
    found = []
    for n in range(minutes):
        for i, seen in enumerate(metres):
            now = START + (begin + n) * MINUTE + i * 100
            found.append(Camera(device=f"eye-{i}", received=now + 50, ts=now, seq=n, boot=1 + begin, visibility=seen, **more))
        found.append(tick(START + (begin + n) * MINUTE + 30_000))
    coast = structs.replace(
        COAST, devices=(*COAST.devices, *(Device(f"eye-{i}", "camera", "bay", (LONGITUDE + i * apart, LATITUDE)) for i in range(9)))
    )
    return found, coast


@pytest.mark.parametrize(("metres", "level"), [((180.0, 150.0, 190.0), "orange"), ((600.0, 450.0, 400.0), "yellow"), ((900.0, 900.0, 900.0), None)])
def test_fog_that_three_cameras_near_each_other_see_is_fog(metres, level):
    found = m17(*eyes(*metres))
    assert [(each.level, each.values["source"], each.values["cameras"]) for each in found] == ([] if level is None else [(level, "cameras", 3)])
    assert level is None or "as cameras see it" in found[0].values["said_en"]


def test_a_dirty_lens_is_no_fog():
    assert not m17(*eyes(40.0, 9_000.0, 8_000.0, 9_000.0))
    assert not m17(*eyes(40.0, 60.0)), "two lenses that stand alone neither"
    assert not m17(*eyes(40.0, 60.0, 50.0, apart=0.1)), "nor three that are ten kilometres apart"


def test_a_camera_that_sees_by_infrared_or_nothing_says_nothing_of_fog():
    for more in ({"mode": "infrared"}, {"too_dark": True}, {"frozen": True}):
        assert not m17(*eyes(40.0, 40.0, 40.0, **more))


def test_fog_that_cameras_saw_is_over_an_hour_after_they_see_clearly():
    thick, coast = eyes(150.0, 150.0, 150.0)
    clear, _ = eyes(9_000.0, 9_000.0, 9_000.0, minutes=90, begin=30)
    assert [(each.level, each.code) for each in m17([*thick, *clear], coast)] == [("orange", "fog"), ("over", "fog")]
