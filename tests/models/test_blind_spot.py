"""A shore of eight segments, each with a light and a camera on two feeders. A camera speaks every ten seconds, a light every thirty; 23:00 local is START + 15 h."""

import pytest
from msgspec import structs

from alerts.hearing import Hearing
from ingest.events import Camera, Light
from ingest.site import Device
from models.model import Finding
from tests.models.hearing import find, told
from tests.small_coast import LATITUDE, LONGITUDE, START, STEP, site, tick

MINUTE, HOUR = 60_000, 3_600_000
DAY, NIGHT, DAWN = START + 4 * HOUR, START + 15 * HOUR, START + 22 * HOUR + 20 * MINUTE  # noon, 23:00, 06:20 local


def shore(risk: tuple[int, ...] = (), feeders: int = 8, **thresholds):
    usual = site(thresholds={"M03": thresholds})
    segments = tuple(structs.replace(each, risk_point=each.index in risk) for each in usual.segments)
    more = tuple(
        Device(f"{kind}-{i}", kind, "bay", (LONGITUDE + (i + 0.5) * STEP, LATITUDE), f"seg-{i:02d}", feeder=f"feeder-{i % feeders}")
        for i in range(1, 9)
        for kind in ("light", "camera")
    )
    kept = tuple(each for each in usual.devices if each.id not in ("cam-1", "light-1"))
    return structs.replace(usual, segments=segments, devices=(*kept, *more))


COAST = shore()


def lamps(begin: int, minutes: float, *which: int, current: float = 0.4, mode: str = "on", **more):
    for now in range(begin, begin + int(minutes * MINUTE), 30_000):
        for i in which:
            said = {"current": current, "nominal": 2.0, **more}
            yield Light(device=f"light-{i}", received=now + 50, ts=now, seq=now // 1000 % 100_000, boot=1, mode=mode, **said)


def eyes(begin: int, minutes: float, *which: int, **said):
    for now in range(begin, begin + int(minutes * MINUTE), 10_000):
        for i in which:
            yield Camera(
                device=f"camera-{i}", received=now + 50, ts=now, seq=now // 1000 % 100_000, boot=1, **{"fps": 12.0, "preset": "home", **said}
            )


def ticks(begin: int, minutes: float):
    return (tick(now) for now in range(begin + 2_500, begin + int(minutes * MINUTE), 5_000))


def m03(minutes: float, *events, begin: int = NIGHT, coast=COAST, standing=()):
    hearing = Hearing(coast, coast.areas[0])
    for each in standing:
        hearing.standing.note(each)
    all_ = sorted((event for some in (*events, ticks(begin, minutes)) for event in some), key=lambda event: event.received)
    return find(coast, all_, model="M03", hearing=hearing)


def stands(model: str, subject: str, code: str, **more):
    return Finding(model=model, subject=subject, level="yellow", code=code, index=0, cause="x", occurred=NIGHT, **more)


def test_a_light_that_draws_less_than_half_its_current_for_a_minute_is_blue_by_night_and_over_after_a_good_minute():
    found = m03(6, lamps(NIGHT, 3, 2), lamps(NIGHT + 3 * MINUTE, 3, 2, current=1.9))
    assert told(found) == [("seg-02", "blue", "light"), ("seg-02", "over", "light")]
    assert 60 <= (found[0].occurred - NIGHT) / 1000 <= 66
    assert found[0].values["devices"] == ["light-2"]
    assert not m03(3, lamps(NIGHT, 3, 2, current=1.1))


def test_by_day_or_sent_off_no_light_is_faulty():
    assert not m03(5, lamps(DAY, 5, 2), begin=DAY)
    assert not m03(5, lamps(NIGHT, 5, 2, current=0.0, mode="off"))


def test_a_light_found_at_night_stands_by_day_until_it_shines():
    found = m03(60, lamps(DAWN - 40 * MINUTE, 3, 2), begin=DAWN - 40 * MINUTE)
    assert [each.level for each in found] == ["blue"]


@pytest.mark.parametrize("why", ["too_dark", "too_blurry", "frozen", "too_bright"])
def test_a_camera_that_sees_nothing_for_ten_seconds_is_blue_and_over_after_a_good_minute(why):
    found = m03(4, eyes(NIGHT, 1, 2), eyes(NIGHT + MINUTE, 1, 2, **{why: True}), eyes(NIGHT + 2 * MINUTE, 2, 2))
    assert told(found) == [("seg-02", "blue", why), ("seg-02", "over", why)]
    once = m03(2, (event for n, event in enumerate(eyes(NIGHT, 2, 2)) for event in [structs.replace(event, **{why: n == 4})]))
    assert not once


def test_a_camera_that_lives_but_sends_no_frames_is_blind():
    assert told(m03(2, eyes(NIGHT, 2, 2, fps=0.0))) == [("seg-02", "blue", "no_frames")]
    stopped = m03(3, eyes(NIGHT, 1, 2))
    assert told(stopped) == [("seg-02", "blue", "no_frames")]
    assert 30 <= (stopped[0].occurred - NIGHT - 50_000) / 1000 <= 40


def test_what_is_silent_altogether_is_told_by_m02_only():
    assert not m03(3, eyes(NIGHT, 1, 2), standing=[stands("M02", "camera-2", "silent")])


def test_turned_away_counts_at_the_same_preset_only():
    assert told(m03(2, eyes(NIGHT, 1, 2), eyes(NIGHT + MINUTE, 1, 2, scene_changed=True))) == [("seg-02", "blue", "turned_away")]

    def patrols():
        for n, event in enumerate(eyes(NIGHT, 2, 2)):
            yield structs.replace(event, preset=f"p{n % 3}", scene_changed=True)

    assert not m03(2, patrols())


def test_light_and_camera_of_one_segment_are_yellow():
    found = m03(3, lamps(NIGHT, 3, 2), eyes(NIGHT, 3, 2, too_dark=True))
    assert (found[-1].subject, found[-1].level, found[-1].code) == ("seg-02", "yellow", "both")
    assert set(found[-1].values["devices"]) == {"light-2", "camera-2"}


def test_two_adjacent_segments_blind_at_night_are_one_orange():
    found = m03(3, lamps(NIGHT, 3, 2, 3), eyes(NIGHT, 3, 2, 3, too_dark=True))
    (orange,) = [each for each in found if each.level == "orange"]
    assert (orange.subject, orange.code, orange.inhibits) == ("seg-02", "dark_shore", ("seg-03",))
    assert (orange.values["segments"], orange.values["metres"]) == (2, 400)
    apart = m03(3, lamps(NIGHT, 3, 2, 4), eyes(NIGHT, 3, 2, 4, too_dark=True))
    assert "orange" not in [each.level for each in apart]
    seen = m03(3, lamps(NIGHT, 3, 2, 3), eyes(NIGHT, 3, 2, 3))
    assert "orange" not in [each.level for each in seen]


def test_silent_devices_count_as_blind_in_a_row():
    silent = [stands("M02", f"{kind}-3", "silent") for kind in ("light", "camera")]
    found = m03(3, lamps(NIGHT, 3, 2), eyes(NIGHT, 3, 2, too_dark=True), standing=silent)
    assert found[-1].code == "dark_shore"


def test_a_risk_point_is_one_level_up():
    risk = shore(risk=(2,))
    assert [each.level for each in m03(3, lamps(NIGHT, 3, 2), coast=risk)] == ["yellow"]
    assert m03(3, lamps(NIGHT, 3, 2), eyes(NIGHT, 3, 2, too_dark=True), coast=risk)[-1].level == "orange"


def test_in_fog_a_blurred_camera_is_only_foggy():
    fog = stands("M17", "bay/fog", "fog")
    assert not m03(3, eyes(NIGHT, 3, 2, too_blurry=True), standing=[fog])
    assert m03(3, eyes(NIGHT, 3, 2, too_dark=True), standing=[fog])
    assert m03(3, eyes(NIGHT, 3, 2, too_blurry=True), standing=[stands("M17", "bay/wind", "wind")])


def test_the_low_sun_only_dazzles():
    sunrise = START + 23 * HOUR  # 07:00 local, shortly after sunrise
    assert not m03(3, eyes(sunrise, 3, 2, too_bright=True), begin=sunrise)
    assert m03(3, eyes(DAY, 3, 2, too_bright=True), begin=DAY)


def test_a_power_cut_is_one_alert_of_its_feeder():
    one = shore(feeders=1)
    found = m03(3, lamps(NIGHT, 3, 1, 3, 5), coast=one)
    feeder = [each for each in found if each.subject == "feeder/feeder-0"]
    assert [(each.level, each.code) for each in feeder] == [("blue", "feeder")]
    assert feeder[0].inhibits == ("seg-01", "seg-03", "seg-05")
    assert told(found)[0] == ("feeder/feeder-0", "blue", "feeder"), "before those that it explains: else each of them is told for a moment"
    assert not [each for each in m03(3, lamps(NIGHT, 3, 1, 3), coast=one) if each.code == "feeder"]


def test_a_dead_broker_blinds_no_camera():
    deaf = (tick(now, heard=NIGHT + 55_000) for now in range(NIGHT + 60_000, NIGHT + HOUR, 10_000))
    events = sorted([*eyes(NIGHT, 1, 2), *ticks(NIGHT, 0.9), *deaf], key=lambda event: event.received)
    assert not find(COAST, events, model="M03")


def test_it_flickers_for_half_a_minute_and_nothing_ends():
    found = m03(3, eyes(NIGHT, 1, 2, too_dark=True), eyes(NIGHT + MINUTE, 0.6, 2), eyes(NIGHT + 96_000, 1.4, 2, too_dark=True))
    assert [each.level for each in found] == ["blue"]


def test_what_crosses_a_lens_again_and_again_by_night_is_told_once_and_what_stays_is_told():
    spider = [*eyes(NIGHT, 20, 3, 4, 5)]
    for n in range(5):
        spider += [*eyes(NIGHT + n * 3 * MINUTE, 1, 2, too_bright=True), *eyes(NIGHT + (3 * n + 1) * MINUTE, 2, 2)]
    assert told(m03(15, spider)) == [("seg-02", "blue", "too_bright"), ("seg-02", "over", "too_bright")]
    sprayed = m03(20, spider, eyes(NIGHT + 15 * MINUTE, 5, 2, too_blurry=True))
    assert told(sprayed)[2:] == [("seg-02", "blue", "too_blurry")]
    assert (sprayed[2].occurred - NIGHT) // MINUTE == 17


def test_when_most_cameras_blur_at_once_it_rains():
    rain = m03(7, eyes(DAY, 4, 1, 2, 3, 4, 5, too_blurry=True), eyes(DAY + 4 * MINUTE, 3, 1, 2, 3, 4, 5), eyes(DAY, 7, 6, 7, 8), begin=DAY)
    assert told(rain) == [("bay/cameras", "blue", "environment"), ("bay/cameras", "over", "environment")]
    few = m03(5, eyes(DAY, 5, 1, 4, too_blurry=True), eyes(DAY, 5, 2, 3, 5, 6, 7, 8), begin=DAY)
    assert {each.subject for each in few} == {"seg-01", "seg-04"}
    covered = m03(5, eyes(DAY, 5, 1, 2, 3, 4, 5, too_blurry=True), eyes(DAY, 5, 7, too_dark=True), begin=DAY)
    assert told(covered) == [("bay/cameras", "blue", "environment"), ("seg-07", "blue", "too_dark")]
