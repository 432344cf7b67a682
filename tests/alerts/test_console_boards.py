"""What a shift looks after and hands over: boats out, devices that fail, floods; and the hand-over itself, judged by the fold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Suppressed
from alerts.console.boards import boats_out, faulty, recalls, report
from alerts.console.view import View
from alerts.load import FLOOD, FLOOD_ENDS, WINDOW, flooding, floods
from ingest.events import Sos, Tick, Trip
from ingest.log import CHANGELOG, Record, open_log
from ingest.records import Batch
from tests.alerts.console_room import COAST, NOW, Room
from tests.alerts.test_places_now import alert
from tests.small_coast import box

HOUR = 3_600_000


def trip(name, kind="departure", at=0, **more) -> Trip:
    return Trip(device="console-a", received=NOW + at, ts=NOW + at, id=name, vessel="fj-1", report=kind, **more)


def out(*trips: Trip, now=NOW, alerts=()):
    reports: dict = {}
    for each in trips:
        report(reports, each, COAST)
    return boats_out(COAST, reports, alerts, now)


@pytest.fixture
def room(tmp_path):
    log = open_log(f"sqlite:///{tmp_path / 'log.db'}")
    with Room(tmp_path, log) as room:
        yield room
    log.close()


# Boats


def test_a_boat_is_out_from_its_departure_until_its_return():
    [row] = out(trip("t1", persons=3, eta=NOW + 2 * HOUR), now=NOW + HOUR)
    assert (row["boat"], row["name"], row["persons"], row["late"]) == ("412000001", "闽狮渔00001", 3, -HOUR)
    assert out(trip("t1"), trip("t2", "return", at=HOUR)) == []
    assert out(trip("t2", "return", at=HOUR), trip("t1")) == [], "a departure that is entered late does not send it out again"


def test_a_withdrawn_departure_never_was_and_an_amended_one_counts_as_amended():
    assert out(trip("t1"), trip("t1", cancel=True)) == []
    [row] = out(trip("t1", eta=NOW + HOUR), trip("t2", at=60_000, amends="t1", eta=NOW + 5 * HOUR), now=NOW + 2 * HOUR)
    assert row["late"] == -3 * HOUR


def test_without_a_time_of_return_a_boat_is_late_after_a_day_as_m15_takes_it():
    assert out(trip("t1"), now=NOW + 25 * HOUR)[0]["late"] == HOUR


def test_a_boat_that_left_without_a_report_is_out_too_while_m15_says_so():
    [row] = out(alerts=[alert("M15", "412000001", "yellow", code="unreported")])
    assert (row["departed"], row["late"], row["level"], row["alert"]) == (None, None, "yellow", "M15-412000001")


def test_a_recall_is_a_row_for_each_station_with_its_boats():
    values = {"station_zh": "甲", "station_en": "A", "bulletin": "b1", "deadline": NOW, "out": 2, "boats": ["x", "y"]}
    [row] = recalls([alert("M16", "station-a", "orange", code="recall_list", values=values), alert("M16", "fj-1", code="papers")])
    assert (row["station_en"], row["out"], row["boats"], row["level"]) == ("A", 2, ["x", "y"], "orange")


# Devices


def test_every_device_of_an_outage_is_among_the_faulty_ones_also_while_it_is_kept_quiet():
    outage = alert("M02", "seg-00", "orange", code="segment_outage", evidence=(box(0), box(1)), suppressed=Suppressed("inhibited", "x"))
    assert [row["device"] for row in faulty(COAST, [outage], {}, NOW)] == [box(0), box(1)]
    assert faulty(COAST, [alert("M02", box(3), response="resolved", resolved=NOW)], {}, NOW) == []


def test_a_work_order_hands_over_its_device_until_it_ends(room):
    room.send("work", {"subject": box(3)})
    [row] = room.ask("boards")["faulty"]
    assert (row["device"], row["work"]["by"]) == (box(3), "wang")


def test_the_boards_have_what_stations_reported_also_after_a_restart_of_the_page(tmp_path, room):
    room.hear(trip("t1", eta=NOW + HOUR))
    before = room.ask("boards")["boats"]
    assert [row["name"] for row in before] == ["闽狮渔00001"]
    snapshot = room.judge.snapshot()
    room.log.append(snapshot)
    assert any(record.topic == CHANGELOG for record in snapshot)
    room.log.append(
        [Record("events", 0, room.codec.pack(Batch(COAST.revision, [Tick(device="bridge", received=room.now, now=room.now, heard=1)])))] * 1_600
    )
    with Room(tmp_path, room.log) as again:
        assert again.ask("boards")["boats"] == before


def test_telephones_are_for_the_desks_only(room):
    room.hear(trip("t1"))
    room.enter("wu")
    [row] = room.ask("boards")["boats"]
    assert (row["skipper"], row["phone"]) == ("", "")


# The hand-over


def test_who_accepts_by_name_owns_the_alerts_of_who_offered_though_the_own_seat_is_another(room):
    room.hear(Sos(device=box(1), received=room.now, ts=room.now, sent=room.now, boot="1", seq=1, state="pressed"))
    room.send("shift", {"do": "on"})
    room.send("act", {"alert": room.alerts()[box(1)]["id"], "do": "acknowledge"})
    room.send("shift", {"do": "offer", "to": "li"})
    assert room.alerts()[box(1)]["owner"] == "wang", "until it is accepted nothing changes hands"
    room.enter("li")
    room.send("shift", {"do": "accept", "seat": "room-1"})
    assert room.alerts()[box(1)]["owner"] == "li"
    shift = room.ask("start")["duty"]["shift/room-1"]
    assert (shift["do"], shift["by"]) == ("accept", "li")


@pytest.mark.parametrize("body", [{"do": "offer"}, {"do": "offer", "to": "wang"}, {"do": "offer", "to": "wu"}, {"do": "accept", "seat": "sofa"}])
def test_a_shift_is_offered_to_a_colleague_of_a_desk_and_only_real_seats_are_taken(room, body):
    room.send("shift", body, expect=422)


# Floods


@given(st.lists(st.integers(0, 4 * WINDOW), max_size=60).map(sorted), st.integers(0, 5 * WINDOW))
def test_the_page_is_in_a_flood_exactly_while_the_report_afterwards_says_there_was_one(times, now):
    since = flooding(times, now)
    past = [at for at in times if at <= now]
    assert since == next((begin for begin, end in floods(past) if begin <= now < end), None)


def test_a_flood_begins_with_the_eleventh_alert_and_ends_below_five():
    times = list(range(0, 11_000, 1_000))
    assert len(times) == FLOOD + 1
    assert flooding(times[:-1], 10_000) is None
    assert flooding(times, 10_000) == 10_000
    still = times[-FLOOD_ENDS] + WINDOW - 1
    assert flooding(times, still) == 10_000
    assert flooding(times, still + 1_001) is None


def test_a_flood_is_one_seat_s_by_the_log_s_time_and_drills_do_not_count():
    view = View(COAST)
    for i in range(11):
        view.alert(alert("M12", f"v{i}", raised=NOW + i, audience=("wang",)), 0)
        view.alert(alert("M02", f"d{i}", raised=NOW + i, audience=("li",), drill=True), 0)
    assert view.floods() == {}, "the log's time has not come there yet"
    view.areas[0].now = NOW + 10
    assert view.floods() == {"room-1": NOW + 10}
    view.areas[0].now = NOW + WINDOW + 10
    assert view.floods() == {}
