"""The score card counts as a person would who lays the truth beside the alerts."""

import pytest
from msgspec import structs

from alerts.alert import Alert, Bilingual, Change, Outcomes, Reason
from alerts.score import Conditions, Must, Raised, Run, Staged, card, card_of, raised_of, staged_of
from alerts.score_text import beside, markdown
from tests.small_coast import START, at, site

MINUTE, HOUR = 60_000, 3_600_000
SEATS = {"wang": "room-1", "li": "room-2"}


def staged(minute, model="M04", subject="zone-a", level="yellow", within=1, **more):
    begin = START + minute * MINUTE
    return Staged(begin, begin + 5 * MINUTE, f"walk {subject}", Must(model, level, begin + within * MINUTE, (subject,) if subject else (), **more))


def raised(minute, model="M04", subject="zone-a", level="yellow", second=30, position=None, audience=("wang",), **more):
    ms = START + minute * MINUTE + second * 1_000
    return Raised(f"{model}/{subject}/{ms}", model, subject, position, ms, {level: ms}, drill=False, audience=audience, **more)


def scored(truth, alerts, hours=2, **more):
    return card(truth, alerts, START, hours * HOUR, cameras=3, seats=SEATS, **more)


def only(found):
    (line,) = found.lines
    return line


def test_what_is_raised_high_enough_and_in_time_is_found():
    line = only(scored([staged(10), staged(30), staged(50)], [raised(10), raised(30, second=50)]))
    assert (line.staged, line.found, line.recall, line.precision) == (3, 2, pytest.approx(2 / 3), 1.0)
    assert (line.p50, line.p95) == (30_000, 50_000)


def test_too_late_or_too_low_is_missed_but_not_false():
    found = scored([staged(10), staged(30)], [raised(12), raised(30, level="blue")])
    line = only(found)
    assert (line.found, line.alerts, line.explained) == (0, 2, 2)
    assert found.missed == ("M04 walk zone-a", "M04 walk zone-a")


def test_an_alert_that_reaches_its_level_later_is_timed_by_that():
    alert = raised(10, level="blue")
    risen = Raised(
        **{**{name: getattr(alert, name) for name in alert.__struct_fields__}, "reached": {"blue": alert.raised, "orange": alert.raised + 20_000}}
    )
    line = only(scored([staged(10, level="orange")], [risen]))
    assert (line.found, line.p50) == (1, 50_000)


def test_what_nothing_explains_is_false_by_camera_day_and_seat_hour():
    found = scored([staged(10)], [raised(10), raised(60), raised(61, subject="zone-b", level="blue")])
    line = only(found)
    assert (line.alerts, line.explained, line.above_blue_unexplained) == (3, 1, 1)
    assert line.per_camera_day == pytest.approx(2 / (3 * 2 / 24))
    assert line.per_seat_hour == pytest.approx(2 / (2 * 2))
    assert found.unexplained == ("M04 yellow zone-a", "M04 blue zone-b")


def test_a_place_is_matched_by_distance_where_the_subject_has_no_name():
    truth = [staged(10, "M09", "", "red", position=at(3, -100), within=1)]
    near, far = raised(10, "M09", "t-1", "red", position=at(3, -150)), raised(10, "M09", "t-2", "red", position=at(6, -100))
    assert only(scored(truth, [near])).found == 1
    assert only(scored(truth, [far])).found == 0


def test_what_may_come_of_a_happening_is_neither_missed_nor_false():
    truth = staged_of([
        {"at": START, "until": START + HOUR, "staged": "landing", "subject": "412000001", "must": {"model": "M06", "level": "orange", "by": START + MINUTE},
         "also": [{"model": "M07", "subject": "seg-01"}]},
        {"at": START, "until": START + HOUR, "staged": "gulls", "must": None},
    ])  # fmt: skip
    found = scored(truth, [raised(0, "M06", "412000001", "orange"), raised(30, "M07", "seg-01", "red")])
    assert [(line.model, line.staged, line.found, line.explained) for line in found.lines] == [("M06", 1, 1, 1), ("M07", 0, 0, 1)]


def test_day_night_and_sea_are_told_apart():
    half = START + HOUR
    conditions = [Conditions(START, half, night=True, sea="calm"), Conditions(half, half + HOUR, night=False, sea="yellow")]
    found = scored([staged(10), staged(70)], [raised(10)], conditions=conditions)
    assert {name: (line.staged, line.found) for name, (line,) in found.by.items()} == {
        "night": (1, 1), "calm": (1, 1), "day": (1, 0), "yellow": (1, 0),
    }  # fmt: skip


def test_load_is_counted_by_seat_in_ten_minutes():
    found = scored([], [raised(minute, subject=f"z{minute}", audience=("wang", "li", "lin")) for minute in (1, 2, 3, 15)])
    assert (found.busiest, found.per_ten_minutes) == (3, pytest.approx(8 / 24))


def test_the_page_says_what_was_missed_and_what_was_false():
    page = markdown({"One": scored([staged(10), staged(40)], [raised(10), raised(60, subject="zone-b")])})
    assert "| M04 封闭区域闯入 Closed-zone entry | 2 | 1 | 1, 0 | 50% |" in page
    assert "Missed: M04 walk zone-a." in page
    assert "Not explained by anything staged: M04 yellow zone-b." in page


def test_two_days_are_scored_as_one_that_followed_the_other():
    days = [
        Run((staged(10), staged(30)), (raised(10), raised(60, subject="zone-b")), START, 2 * HOUR, 3, ()),
        Run((staged(10),), (raised(10),), START, 2 * HOUR, 5, ()),
    ]
    found = card_of(site(), days)
    line = only(found)
    assert (line.staged, line.found, line.alerts, line.explained) == (3, 2, 3, 2)
    assert line.per_camera_day == pytest.approx(1 / (8 * 2 / 24))
    assert found.length == 4 * HOUR
    assert found.busiest == 1


def test_an_alert_that_comes_back_and_a_second_press_count_once_more():
    first = Alert(
        id="a", key="k", model="M02", area="bay", segment="", subject="box-01", place="", position=None, level="blue", reason=Reason("silent", {}),
        text=Bilingual("", ""), occurred=START, raised=START, updated=START, change=Change("raised", "", ""),
    )  # fmt: skip
    over = structs.replace(first, condition="over", updated=START + MINUTE)
    back = structs.replace(first, count=2, updated=START + 5 * MINUTE)
    told = structs.replace(first, count=3, updated=START + 6 * MINUTE)
    found = raised_of([Outcomes(area="bay", offset=0, now=START, alerts=(each,)) for each in (first, over, back, told)])
    assert [each.raised for each in found] == [START, START + 5 * MINUTE]
    press, again = structs.replace(first, model="M01"), structs.replace(first, model="M01", count=2, updated=START + MINUTE)
    assert [each.raised for each in raised_of([Outcomes(area="bay", offset=0, now=START, alerts=(each,)) for each in (press, again)])] == [
        START,
        START + MINUTE,
    ]


def test_perfect_and_realistic_cameras_stand_side_by_side():
    perfect, realistic = scored([staged(10), staged(40)], [raised(10), raised(40)]), scored([staged(10), staged(40)], [raised(10)])
    row = list(beside(perfect, realistic))[-1]
    assert "100% / 50%" in row
    assert "| 2 |" in row
