"""Hulls, numbers and boats off the test bay. fj-1 is 闽狮渔00001, MMSI 412000001. Readings come every second; START is 08:00 local, 23:00 is START + 15 h."""

import pytest
from msgspec import structs

from ingest.events import Hull
from ingest.site import Vessel
from ingest.site_make import plain_site
from models.unregistered import NAME, normal
from tests.models.hearing import find, told
from tests.models.test_real_vessels import BURST, fixes
from tests.small_coast import START, at, fix, seen, site, thing, tick

MINUTE, HOUR = 60_000, 3_600_000
DAY, NIGHT = START + 4 * HOUR, START + 15 * HOUR
HERE = at(5.5, -150)
COAST = site()


def read(begin: int, text: str, times: int = 6, place=HERE, score: float = 0.9, track: int = 1, image: str | None = None):
    for n in range(times):
        now = begin + n * 1_000
        yield Hull(
            device="cam-1",
            received=now + 50,
            ts=now,
            seq=now // 1000 % 100_000,
            boot=1,
            text=text,
            track=track,
            score=score,
            position=place,
            image=image,
        )


def ticks(begin: int, minutes: float, every: int = 5_000):
    return (tick(begin + n * every) for n in range(1, int(minutes * MINUTE / every) + 1))


def lies(vessel: str, begin: int, minutes: float, place, **more):
    return (fix(vessel, begin + n * 30_000, *place, **{"sog": 0.5, **more}) for n in range(int(minutes * 2)))


def m11(*events, coast=COAST):
    return find(coast, sorted((event for some in events for event in some), key=lambda event: event.received), model="M11")


def named(begin: int, text: str, *more, coast=COAST, minutes: float = 0.5, **said):
    return m11(read(begin, text, **said), ticks(begin, minutes), *more, coast=coast)


@pytest.mark.parametrize("text", ["闽狮渔12345", "闽惠渔运12345", "粤饶渔冷54321", "浙普渔45678"])
def test_a_name_is_well_formed_by_province_county_type_and_five_digits(text):
    assert NAME.fullmatch(normal(f" {text[:3]} {text[3:]} "))
    assert normal("闽狮渔１２３４５") == "闽狮渔12345"


@pytest.mark.parametrize("text", ["闽狮渔1234", "狮渔12345", "LUCKY 8", "闽狮港12345"])
def test_others_are_not(text):
    assert not NAME.fullmatch(normal(text))


def test_a_name_of_the_registry_is_well():
    assert not named(NIGHT, "闽狮渔00001")
    plate = structs.replace(COAST, vessels=(Vessel("t", "x", plate="闽狮乡00012"),))
    assert not named(NIGHT, "闽狮乡 00012", coast=plate)


def test_a_well_formed_name_of_no_registry_is_yellow_and_with_a_second_sign_orange():
    heard = list(lies("413000001", DAY - 2 * MINUTE, 3, HERE))
    found = named(DAY, "闽狮渔23456", heard, image="crop-1")
    assert told(found) == [("闽狮渔23456", "yellow", "unknown_name")]
    assert found[0].sensitivity == "restricted"
    assert found[0].evidence == ("crop-1",)
    assert [each.level for each in named(DAY, "闽狮渔23456")] == ["orange"]  # nobody is heard there
    assert [each.level for each in named(NIGHT, "闽狮渔23456", lies("413000001", NIGHT - 2 * MINUTE, 3, HERE))] == ["orange"]


def test_three_of_five_readings_must_agree():
    assert not named(DAY, "闽狮渔23456", times=2)
    digits = [event for n in range(8) for event in read(DAY + n * 1_000, f"闽狮渔2345{n}", times=1)]
    assert not m11(digits, ticks(DAY, 0.5))
    assert not named(DAY, "闽狮渔23456", score=0.4)


def test_one_digit_from_a_home_boat_is_probably_that_boat():
    found = named(DAY, "闽狮渔00007")
    assert [(each.level, each.code, each.values["probable"]) for each in found] == [("blue", "misread_name", "闽狮渔00001")]


def test_a_registered_name_whose_boat_is_elsewhere_is_copied():
    far = list(lies("412000001", DAY - 2 * MINUTE, 3, at(25, -150)))
    found = named(DAY, "闽狮渔00001", far)
    assert [(each.level, each.code) for each in found] == [("orange", "copied_name")]
    assert found[0].values["metres"] == pytest.approx(3_900, abs=60)
    assert not named(DAY, "闽狮渔00001", lies("412000001", DAY - 2 * MINUTE, 3, at(12, -150)))
    assert not named(DAY, "闽狮渔00001", lies("412000001", DAY - 30 * MINUTE, 3, at(25, -150)))  # too old to say
    assert not named(DAY, "闽狮渔00001", lies("412000001", DAY - 6 * MINUTE, 1, at(25, -150), sog=12.0))  # it has come from there since


def test_foreign_and_official_boats_are_left_alone():
    for text in ("LUCKY 8", "海警2401", "渔政35001", "中国渔政35001"):
        assert not named(NIGHT, text)


def test_a_number_that_jumps_again_and_again_is_used_twice():
    def twice(vessel="413000005", **more):
        for n in range(10):
            yield fix(vessel, DAY + n * MINUTE, *(at(10, -8_000) if n % 2 else at(100, -8_000)), **more)

    found = m11(twice(), ticks(DAY, 10))
    assert told(found) == [("413000005", "yellow", "used_twice")]
    assert found[0].values["knots"] > 500
    stray = (fix("413000005", DAY + n * MINUTE, *(at(100, -8_000) if n == 4 else at(10, -8_000))) for n in range(10))
    assert not m11(stray, ticks(DAY, 10))
    fast = (fix("413000005", DAY + n * MINUTE, *at(10 + 6 * n, -8_000)) for n in range(10))  # 39 kn
    assert not m11(fast, ticks(DAY, 10))
    assert not m11(twice("998000001"), ticks(DAY, 10))
    rare = (fix("413000005", DAY + n * 9 * HOUR, *(at(10, -8_000) if n % 2 else at(6_000, -8_000))) for n in range(4))
    assert not m11(rare, ticks(DAY, 28 * 60, every=600_000))  # beyond 60 kn or not, four in more than a day are none


def test_a_number_that_gives_two_names_is_told_and_spelling_is_no_other_name():
    def names(*some):
        return (fix("413000006", DAY + n * MINUTE, *at(10, -8_000), name=name) for n, name in enumerate(some))

    assert told(m11(names("ALPHA ONE", "BRAVO TWO"), ticks(DAY, 3))) == [("413000006", "yellow", "two_names")]
    assert not m11(names("ALPHA ONE", "ALPHAONE", "ALPHA-ONE", "ALPHA ON", "ALPHA 0NE"), ticks(DAY, 6))
    assert not m11(names("NET 61%", "NET 60%", "NET 12%"), ticks(DAY, 6))


def follow(begin: int, minutes: float, length: float | None = 8.0, place=HERE, who: str = "boat"):
    for now in range(begin, begin + int(minutes * MINUTE), 2_000):
        yield seen("cam-1", now, thing(1, who, place, length=length))


@pytest.mark.parametrize(("begin", "level"), [(DAY, "yellow"), (NIGHT, "orange")])
def test_a_boat_without_name_and_locator_is_told_after_two_minutes(begin, level):
    found = m11(follow(begin, 4), ticks(begin, 4))
    assert told(found) == [("seg-05", level, "nameless")]
    assert found[0].values["length"] == 8.0


def test_it_is_known_by_its_fix_its_name_or_is_too_small():
    assert not m11(follow(DAY, 4), lies("413000001", DAY - MINUTE, 5, HERE), ticks(DAY, 4))
    assert not m11(follow(DAY, 4), read(DAY + 30_000, "闽狮渔00001"), ticks(DAY, 4))
    assert not m11(follow(DAY, 4, length=4.0), ticks(DAY, 4))
    assert not m11(follow(DAY, 4, length=None), ticks(DAY, 4))
    assert not m11(follow(DAY, 1.8), ticks(DAY, 2))
    assert not m11(follow(DAY, 4, place=at(14, -500)), ticks(DAY, 4))  # a farm
    assert m11(follow(DAY, 4), lies("998000001", DAY - MINUTE, 5, HERE), ticks(DAY, 4))  # a net buoy is no boat


def lost_and_found(error: float | None, speed: float = 0.0):
    """Four minutes of a boat that gets a new track every 20 s, thirty metres on."""
    for n in range(12):
        for now in range(DAY + n * 20_000, DAY + n * 20_000 + 16_000, 2_000):
            more = {} if error is None else {"position_error": error}
            yield seen("cam-1", now, thing(n, "boat", at(5.1 + 0.15 * n, -150), length=8.0, speed=speed, **more))


def test_a_boat_that_its_camera_loses_and_finds_again_stays_the_same_as_far_as_it_errs_or_sails():
    assert told(m11(lost_and_found(15.0), ticks(DAY, 4))) == [("seg-05", "yellow", "nameless")]
    assert told(m11(lost_and_found(1.0, speed=5.0), ticks(DAY, 4))) == [("seg-05", "yellow", "nameless")]
    assert not m11(lost_and_found(1.0), ticks(DAY, 4))
    assert not m11(lost_and_found(None), ticks(DAY, 4))


def test_it_ends_half_an_hour_after_it_was_true():
    found = m11(follow(DAY, 4), ticks(DAY, 36))
    assert [each.level for each in found] == ["yellow", "over"]


def test_known_boats_are_on_the_list():
    listed = structs.replace(COAST, vessels=(Vessel("fj-1", "闽狮渔00001", mmsi="412000001", whitelist=("M11",)),))
    assert not named(DAY, "闽狮渔00001", lies("412000001", DAY - 2 * MINUTE, 3, at(25, -150)), coast=listed)


@pytest.mark.skipif(not BURST.is_file(), reason="the real table of vessels is not here (COAST_DATA)")
def test_a_real_burst_of_ten_thousand_vessels_is_not_told():
    """23 minutes off the US coast on a plain site; the figures stand in docs/real-data.md."""
    events = sorted([*fixes(), *(tick(fixes()[0].received + n * 10_000) for n in range(150))], key=lambda event: event.received)
    found = find(plain_site("burst", (-90.0, 28.0), 3000), events, model="M11")
    assert told(found) == []
