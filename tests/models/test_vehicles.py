"""Vehicles on the test bay's coast road (road-1, 400 m to 1.8 km along the shore). The camera looks every five seconds; 23:00 local is START + 15 h."""

import pytest
from msgspec import structs

from alerts.hearing import Hearing
from ingest.events import Permit, Unit
from ingest.events import Plate as Read
from ingest.village import Plate, Season
from models.model import Finding
from tests.models.hearing import find, told
from tests.small_coast import START, at, seen, site, thing, tick, zone

MINUTE, HOUR = 60_000, 3_600_000
NIGHT = START + 15 * HOUR
THERE = at(5.5, 40)
COAST = site()


def stand(begin: int, minutes: float, *vehicles, score: float = 0.8, **more):
    """Each vehicle: (track, class, place)."""
    for now in range(begin, begin + int(minutes * MINUTE), 5_000):
        yield seen("cam-1", now, *(thing(track, kind, place, score=score, **more) for track, kind, place in vehicles))
        yield tick(now + 500)


def m07(events, coast=COAST, hearing=None):
    return find(coast, events, model="M07", hearing=hearing)


def beside(model: str, place, level="yellow"):
    hearing = Hearing(COAST, COAST.areas[0])
    hearing.standing.note(Finding(model=model, subject="x", level=level, code="x", index=0, cause="x", occurred=NIGHT, position=place))
    return hearing


CAR, VAN, TRUCK = (1, "car", THERE), (2, "van", at(5.6, 40)), (3, "truck", at(5.7, 40))


def test_one_vehicle_for_ten_minutes_is_blue_and_over_when_empty_for_ten():
    found = m07([*stand(NIGHT, 11, CAR), *stand(NIGHT + 11 * MINUTE, 11)])
    assert told(found) == [("seg-05", "blue", "stands"), ("seg-05", "over", "stands")]
    assert found[0].values["minutes"] == 10
    assert found[0].sensitivity == "restricted"
    assert found[0].segment == "seg-05"
    assert not m07(stand(NIGHT, 9.8, CAR))


def test_a_van_whose_first_look_was_twelve_metres_off_and_whose_place_trembles_stands():
    def places():
        yield at(5.44, 40)
        for n in range(126):
            yield at(5.52 if n == 100 else 5.5, 40)  # 4 m beside, of which the camera says that it places within 2.6 m

    looks = [stand(NIGHT + 5_000 * n, 1 / 12, (2, "van", place), position_error=2.6) for n, place in enumerate(places())]
    assert told(m07(event for look in looks for event in look)) == [("seg-05", "blue", "stands")]


def test_three_vehicles_are_yellow_after_two_minutes_and_two_are_not():
    three = (CAR, VAN, (3, "car", at(5.7, 40)))
    assert told(m07(stand(NIGHT, 3, *three))) == [("seg-05", "yellow", "several")]
    assert not m07(stand(NIGHT, 1.9, *three))
    assert not m07(stand(NIGHT, 8, *three[:2]))


def test_three_that_stand_across_the_border_of_two_segments_are_one_alert():
    three = (1, "car", at(4.9, 40)), (2, "car", at(5.1, 40)), (3, "car", at(5.2, 40))
    assert told(m07(stand(NIGHT, 3, *three))) == [("seg-05", "yellow", "several")]
    apart = (1, "car", at(2.5, 40)), (2, "car", at(5.1, 40)), (3, "car", at(8.2, 40))
    assert not m07(stand(NIGHT, 5, *apart))


@pytest.mark.parametrize("kind", ["truck", "crane"])
def test_a_truck_or_a_crane_is_yellow(kind):
    assert told(m07(stand(NIGHT, 3, (1, kind, THERE)))) == [("seg-05", "yellow", "heavy")]


@pytest.mark.parametrize(
    ("model", "place", "level"),
    [("M06", at(7.5, -40), "red"), ("M13", at(5.5, -440), "red"), ("M13", at(5.5, -600), "over"), ("M06", at(9, -40), "over")],
)
def test_any_vehicle_with_a_landing_or_a_rendezvous_within_half_a_kilometre_is_red(model, place, level):
    found = m07(stand(NIGHT, 3, CAR), hearing=beside(model, place))
    assert [each.level for each in found] == ([] if level == "over" else [level])
    assert all(each.code == "transfer" and each.parts == ((model, "x"),) and each.values["near"] == [f"{model} x"] for each in found)


def test_one_that_waits_and_is_joined_by_a_truck_rises():
    found = m07([*stand(NIGHT, 11, CAR), *stand(NIGHT + 11 * MINUTE, 3, CAR, TRUCK)])
    assert [(each.level, each.code) for each in found] == [("blue", "stands"), ("yellow", "heavy")]


def test_by_day_nothing_is_told_and_what_was_told_ends_with_the_window():
    assert not m07(stand(START + 4 * HOUR, 15, CAR, TRUCK))
    dawn = START + 21 * HOUR + 15 * MINUTE  # 05:15
    assert [each.level for each in m07(stand(dawn, 20, TRUCK))] == ["yellow", "over"]


def test_what_drives_on_is_not_standing():
    drives = [event for n in range(90) for event in stand(NIGHT + n * 5_000, 0.05, (1, "truck", at(2.1 + n * 0.07, 40)))]
    assert not m07(drives)


def test_known_plates_in_their_hours_are_no_suspects():
    read = Read(device="cam-1", received=NIGHT + 5_000, ts=NIGHT + 5_000, seq=1, boot=1, keyed="f00", track=3)
    buyer = structs.replace(COAST, plates=(Plate("buyer-1", "f00", "22:30-23:30", "2026-06-30"),))
    events = list(stand(NIGHT, 4, TRUCK))
    assert not m07([*events[:4], read, *events[4:]], buyer)
    assert m07(events, buyer)
    assert m07([*events[:4], structs.replace(read, keyed="bad"), *events[4:]], buyer)
    late = structs.replace(COAST, plates=(Plate("buyer-1", "f00", "04:00-05:00"),))
    assert m07([*events[:4], read, *events[4:]], late)
    past = structs.replace(COAST, plates=(Plate("buyer-1", "f00", "", "2025-12-31"),))
    assert m07([*events[:4], read, *events[4:]], past)


def test_parking_places_leave_staff_farm_work_and_patrols_are_no_suspects():
    def with_zone(extra, **properties):
        road = tuple(structs.replace(each, properties=properties) if each.id == "road-1" else each for each in COAST.zones)
        return structs.replace(COAST, zones=(*road, *extra))

    assert not m07(stand(NIGHT, 4, TRUCK), with_zone((zone("lot", "parking", 5, 30, 6, 50),)))
    assert m07(stand(NIGHT, 4, TRUCK), with_zone((zone("lot", "parking", 7, 30, 8, 50),)))
    assert not m07(stand(NIGHT, 4, TRUCK), with_zone((), staff="22:00-24:00"))
    permit = Permit(device="console", received=NIGHT, ts=NIGHT, zone="road-1", person="cleaner", from_=NIGHT, until=NIGHT + HOUR)
    assert not m07([permit, *stand(NIGHT, 4, TRUCK)])
    farm = structs.replace(COAST, seasons=(Season("oysters", "farm", "2026-01-01", "2026-01-31", "22:00-24:00", ("road-1",)),))
    assert not m07(stand(NIGHT, 4, TRUCK), farm)
    patrol = Unit(device="console", received=NIGHT, ts=NIGHT, unit="patrol-1", position=THERE, state="on_scene")
    assert not m07([patrol, *stand(NIGHT, 4, TRUCK)])


def test_on_a_holiday_one_camper_is_nothing_and_a_truck_still_is():
    holiday = structs.replace(COAST, seasons=(Season("new-year", "holiday", "2026-01-01", "2026-01-03"),))
    assert not m07(stand(NIGHT, 15, CAR), holiday)
    assert m07(stand(NIGHT, 4, TRUCK), holiday)


def test_motorcycles_people_and_weak_looks_are_no_vehicles():
    for kind in ("motorcycle", "bicycle", "person", "boat"):
        assert not m07(stand(NIGHT, 12, (1, kind, THERE)))
    assert not m07(stand(NIGHT, 12, CAR, score=0.4))


def test_a_vehicle_at_a_risk_point_and_on_the_road_counts_once():
    both = at(3, 40)
    found = m07(stand(NIGHT, 4, (1, "car", both), (2, "car", at(3.1, 40))))
    assert not found


def test_how_many_show_no_light_is_told():
    found = m07(stand(NIGHT, 3, TRUCK, lit=False))
    assert found[0].values["dark"] == 1


def test_a_dead_broker_and_a_blind_camera_end_nothing_before_half_an_hour_of_hearing():
    begin = NIGHT + 4 * MINUTE
    deaf = [tick(now, heard=begin) for now in range(begin, NIGHT + 5 * HOUR, MINUTE)]
    assert [each.level for each in m07([*stand(NIGHT, 4, TRUCK), *deaf])] == ["yellow"]
    blind = [tick(begin + n * 10_000) for n in range(6 * 32)]
    assert [each.level for each in m07([*stand(NIGHT, 4, TRUCK), *blind])] == ["yellow", "over"]
