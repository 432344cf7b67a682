"""The alert load as ISA-18.2 counts it."""

from alerts.alert import rfc3339
from alerts.load import begun, floods, load, markdown
from ingest.log import EVENTS, Record
from ingest.log_sqlite import SqliteLog
from tests.small_coast import START, site

MINUTE, HOUR = 60_000, 3_600_000
SEATS = {"wang": "room-1", "li": "room-2"}


def alert(minute, key="M02/box-01", level="blue", audience=("wang",), **more):
    at = START + int(minute * MINUTE)
    shape = {
        "id": f"{key}-{minute}", "key": key, "model": key[:3], "level": level, "raised": rfc3339(at), "occurred": rfc3339(at), "updated": rfc3339(at),
        "audience": audience, "response": "new", "count": 1, "change": {"what": "raised", "at": rfc3339(at)}, **more,
    }  # fmt: skip
    return [shape]


def test_the_time_before_the_system_began_is_not_counted_as_quiet(tmp_path):
    log, coast = SqliteLog(tmp_path / "log.db", clock=lambda: START + 7 * MINUTE), site()
    assert begun(log, coast) == 0
    log.append([Record(EVENTS, 0, b"x" * 1000)] * 30)
    assert begun(log, coast) == START + 7 * MINUTE
    log.save_positions("processor", [(EVENTS, 0, 20)])
    log.save_positions("deliverer", [(EVENTS, 0, 20)])
    log.retain(0, 0)
    assert begun(log, coast) == 0, "what retention took is longer ago than the log tells"
    log.close()


def after(minute):
    return rfc3339(START + int(minute * MINUTE))


def of(*histories, hours=2):
    return load(histories, START, START + hours * HOUR, SEATS)


def test_rates_are_counted_by_seat_in_ten_minutes():
    found = of(alert(1), alert(2), alert(3, audience=("wang", "li")), alert(55))
    assert [(seat.seat, seat.alerts, seat.windows, seat.quiet, seat.busiest) for seat in found.seats] == [
        ("room-1", 4, 12, 11, 3),
        ("room-2", 1, 12, 12, 1),
    ]


def test_a_flood_begins_above_ten_in_ten_minutes_and_ends_below_five():
    times = [START + second * 1_000 for second in range(0, 660, 60)]  # eleven, a minute apart: the eleventh comes as the first leaves
    assert floods(times) == ()
    times = [START + second * 1_000 for second in range(0, 605, 55)]
    ((begun, ended),) = floods(times)
    assert begun == times[10]
    assert ended == times[6] + 10 * MINUTE  # then four are left


def test_drills_do_not_count():
    assert of(alert(1, drill=True)).levels["blue"] == 0


def test_shares_models_and_the_keys_that_speak_most():
    found = of(alert(1, count=7), alert(20, "M01/box-02", "red"), alert(30, "M02/box-03"))
    assert found.levels == {"blue": 2, "yellow": 0, "orange": 0, "red": 1}
    assert found.models == (("M02", 2), ("M01", 1))
    assert found.often[0] == ("M02/box-01", 7)


def test_chattering_is_three_raises_of_one_alert_within_a_minute():
    (shape,) = alert(1)
    back = [{**shape, "change": {"what": "back", "at": after(1 + n / 4)}} for n in (1, 2)]
    assert of([shape, *back]).chattering == ("M02/box-01",)
    slow = [{**shape, "change": {"what": "back", "at": after(1 + n)}} for n in (1, 2)]
    assert of([shape, *slow]).chattering == ()


def test_what_is_open_for_over_a_day_is_stale():
    assert of(alert(1), hours=26).stale == ("M02/box-01-1",)
    assert of(alert(1, response="resolved"), hours=26).stale == ()


def test_acknowledging_is_measured_against_the_colour_and_silence_is_late():
    found = of(
        alert(1, "M01/a", "red", acknowledged=after(1.5)), alert(2, "M01/b", "red", acknowledged=after(5)), alert(3, "M01/c", "red"),
        alert(3, "M01/d", "red", response="resolved"),
    )  # fmt: skip
    assert found.acknowledged["red"] == (1, 3, 180_000)


def test_arrival_counts_each_dispatched_real_incident_once_and_never_arrived_as_failed():
    real = {"dispatched": after(3), "response": "resolved", "outcome": "real"}
    found = of(
        alert(1, "M01/a", "red", arrived=after(9), **real), alert(1, "M01/b", "red", arrived=after(15), **real), alert(1, "M01/c", "red", **real),
        alert(1, "M01/d", "red", **{**real, "outcome": "nuisance"}), alert(1, "M06/e", "red", arrived=after(2), incident="x", **real),
    )  # fmt: skip
    assert found.arrived == (1, 3)


def test_the_report_says_every_figure_beside_its_target():
    page = markdown(of(alert(1), alert(2, "M01/a", "red", acknowledged=after(2.5))))
    assert "| room-1 | 2 | 0.17 | 92% | 2 | 0 | 0 min |" in page
    assert "| red | 1 | 50% (target 5 % at most) | 1 of 1 | 30 s |" in page
    assert "On scene within 10 min: nothing dispatched (target 90 %)." in page
