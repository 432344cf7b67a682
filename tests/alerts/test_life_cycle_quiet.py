"""What keeps an alert quiet, and that it ends."""

import pytest

from ingest.events import Matchers
from tests.alerts.coast import HOUR, MIN, T0, Exercise, Room, Shift, Silence, Work


def test_a_work_order_expects_tamper_and_its_end_pages_what_stands():
    room = Room()
    room.hear(Work, id="w", subject="box-1", by="fix", until=T0 + HOUR)
    room.find("M02", "box-1", "orange", "tamper")
    assert room.one("M02/box-1").suppressed.how == "work"
    assert not room.pages
    assert not room.commands
    room.at(HOUR)
    assert room.one("M02/box-1").suppressed is None
    assert [page.at for page in room.pages] == [T0 + HOUR]


def test_closing_the_work_order_ends_it_at_once():
    room = Room()
    room.hear(Work, id="w", subject="box-1", by="fix")
    room.find("M02", "box-1", "orange", "tamper")
    room.at(MIN)
    room.hear(Work, id="w", subject="box-1", by="fix", closed=True)
    assert room.pages[-1].at == T0 + MIN


def test_a_silence_records_but_pages_nobody_and_ends_after_eight_hours_at_most():
    room = Room()
    room.hear(Silence, id="s", matchers=Matchers(model="M12"), until=T0 + 100 * HOUR, by="li", reason="rain")
    room.find("M12", "412", "orange")
    assert room.one("M12/412").suppressed.how == "silenced"
    assert not room.pages
    room.at(8 * HOUR)
    assert room.pages[0].at == T0 + 8 * HOUR


def test_a_silence_by_level_alone_is_refused():
    room = Room()
    room.hear(Silence, id="s", matchers=Matchers(level="orange"), until=T0 + HOUR, by="li", reason="rain")
    room.find("M12", "412", "orange")
    assert room.pages


def test_red_and_a_press_break_every_quiet():
    room = Room()
    room.hear(Silence, id="s", matchers=Matchers(device="box-1"), until=T0 + HOUR, by="li", reason="x")
    room.hear(Work, id="w", subject="box-1", by="fix")
    alert = room.press()
    assert alert.suppressed is None
    room.do("shelve", alert, until=T0 + HOUR)
    assert room.newest[alert.id].change.what == "ignored"
    room.hear(Silence, id="s2", matchers=Matchers(model="M12"), until=T0 + HOUR, by="li", reason="x")
    room.find("M12", "412", "orange")
    room.find("M12", "412", "red")
    assert room.one("M12/412").suppressed is None
    assert room.pages[-1].reason == "level"


def test_a_shelf_ends_with_the_shift_unless_the_successor_accepts():
    for accepts in (False, True):
        room = Room()
        room.hear(Shift, seat="room-1", do="on", by="li")
        room.find("M12", "412", "yellow")
        room.do("shelve", room.one("M12/412"), until=T0 + 7 * HOUR)
        assert room.one("M12/412").state == "shelved"
        if accepts:
            room.hear(Shift, seat="room-1", do="offer", by="li", to="chen")
            room.hear(Shift, seat="room-1", do="accept", by="chen")
        else:
            room.hear(Shift, seat="room-1", do="off", by="li")
        assert (room.one("M12/412").suppressed is not None) is accepts
        room.at(7 * HOUR)
        assert room.one("M12/412").suppressed is None


def test_an_outage_explains_its_boxes_but_not_a_tamper():
    room = Room()
    room.find("M02", "box-1", "blue")
    room.find("M02", "box-2", "orange", "tamper")
    room.find("M02", "s-1", "yellow", "segment_outage", inhibits=("box-1", "box-2"))
    assert room.one("M02/box-1").suppressed.how == "inhibited"
    assert room.one("M02/box-2").suppressed is None
    room.find("M02", "s-1", "over", "segment_outage")
    assert room.one("M02/box-1").suppressed is None


def test_a_receiver_that_is_down_explains_its_vessels():
    room = Room()
    room.find("M02", "receiver", "yellow", "receiver_down")
    room.find("M12", "412", "orange", values={"receiver": "receiver"})
    room.find("M12", "413", "orange", values={"receiver": "other"})
    assert room.one("M12/412").suppressed.how == "inhibited"
    assert room.one("M12/413").suppressed is None


def test_those_who_were_told_hear_the_end_though_it_was_shelved():
    room = Room()
    room.find("M02", "box-1", "blue")
    people = set(room.pages[0].to)
    room.do("shelve", room.one("M02/box-1"), until=T0 + HOUR)
    room.find("M02", "box-1", "over")
    assert (room.pages[-1].reason, set(room.pages[-1].to)) == ("closed", people)


def test_chattering_shelves_itself_for_a_quarter_of_an_hour():
    room = Room()
    for n in range(3):
        room.at(n * 10_000)
        room.find("M02", "box-1", "blue")
        room.find("M02", "box-1", "over")
    room.at(40_000)
    room.find("M02", "box-1", "blue")
    assert room.one("M02/box-1").suppressed.by == "chattering"
    room.at(20_000 + 15 * MIN)
    assert room.one("M02/box-1").suppressed is None
    assert room.pages[-1].reason == "raised"


def test_three_times_in_half_an_hour_is_unstable():
    room = Room()
    for n in range(4):
        room.at(n * 5 * MIN)
        room.find("M02", "box-1", "blue")
        room.find("M02", "box-1", "over")
    assert "unstable" in room.one("M02/box-1").flags


def test_a_drill_pages_its_people_only_and_a_real_press_is_its_own_red():
    room = Room()
    room.hear(Exercise, id="e", devices=("box-1",), until=T0 + HOUR, by="fix")
    assert room.life.in_exercise("box-1", T0 + MIN)
    assert not room.life.in_exercise("box-2", T0 + MIN)
    drill = room.press(drill=True)
    assert drill.text.zh.startswith("【演练】")
    assert drill.text.en.startswith("[DRILL]")
    assert {person for page in room.pages for person in page.to} == {"fix"}
    real = room.press()
    assert real.id != drill.id
    assert (real.level, real.drill) == ("red", False)
    assert "非演练" in real.text.zh
    assert "li" in room.pages[-1].to


def test_an_empty_seat_is_orange_after_two_minutes_until_somebody_sits_down():
    room = Room()
    room.hear(Shift, seat="room-1", do="on", by="li")
    room.hear(Shift, seat="room-1", do="off", by="li")
    room.at(2 * MIN)
    alert = room.one("SYS/seat/room-1")
    assert (alert.level, alert.raised) == ("orange", T0 + 2 * MIN)
    room.hear(Shift, seat="room-1", do="on", by="chen")
    assert room.newest[alert.id].condition == "over"


def test_hand_over_gives_open_alerts_to_the_successor():
    room = Room()
    room.hear(Shift, seat="room-1", do="on", by="li")
    alert = room.press()
    room.do("acknowledge", alert)
    room.hear(Shift, seat="room-1", do="offer", by="li", to="chen")
    room.hear(Shift, seat="room-1", do="accept", by="chen")
    assert room.newest[alert.id].owner == "chen"


def test_an_outage_closed_as_authorised_still_explains_its_boxes():
    room = Room()
    room.find("M02", "s-1", "yellow", "segment_outage", inhibits=("box-1",))
    room.find("M02", "box-1", "yellow")
    room.do("resolve", room.one("M02/s-1"), outcome="authorised")
    assert room.one("M02/box-1").suppressed.how == "inhibited"
    room.at(4 * HOUR)
    assert room.one("M02/s-1").raised == T0 + 4 * HOUR
    room.find("M02", "box-1", "over")
    assert room.one("M02/box-1").response == "resolved"


def test_a_box_fault_that_becomes_a_tamper_reaches_the_police():
    room = Room()
    room.find("M02", "box-1", "blue")
    assert room.pages[-1].to == ("fix",)
    room.find("M02", "box-1", "orange", "tamper")
    assert {"wu", "li"} <= set(room.pages[-1].to)
    assert [each.args["text"] for each in room.commands if each.command == "speak" and each.args["language"] == "zh"] == [
        "您已进入监控范围,请勿损坏设备"
    ]


def test_the_third_prank_press_in_a_day_labels_the_next_one_which_is_red_and_pages_as_ever():
    room = Room()
    first = room.press()
    room.press()
    room.do("resolve", first, outcome="nuisance")
    room.at(HOUR)
    second = room.press()
    assert "nuisance" not in second.flags
    room.do("resolve", second, outcome="nuisance")
    room.at(2 * HOUR)
    third = room.press()
    assert "nuisance" in third.flags
    assert "恶作剧" in third.text.zh
    assert (third.level, third.suppressed) == ("red", None)
    assert set(room.pages[-1].to) == set(room.pages[0].to)
    room.do("resolve", third, outcome="rescued")
    room.at(27 * HOUR)
    assert "nuisance" not in room.press().flags


def test_presses_answered_otherwise_or_at_another_box_or_in_a_drill_are_no_pranks():
    room = Room()
    room.hear(Exercise, id="e", devices=("box-1",), until=T0 + HOUR, by="fix")
    for box, outcome, drill in (("box-1", "rescued", False), ("box-2", "nuisance", False), ("box-1", "nuisance", True)):
        for _ in range(3):
            room.do("resolve", room.press(box, drill=drill), outcome=outcome)
    assert "nuisance" not in room.press("box-1").flags
    assert "nuisance" in room.press("box-2").flags


def test_a_signed_work_order_ends_the_tamper_that_it_explains():
    room = Room()
    room.hear(Work, id="w", subject="box-1", by="fix")
    room.at(MIN)
    room.find("M02", "box-1", "orange", "tamper")
    assert room.one("M02/box-1").suppressed.how == "work"
    room.find("M02", "box-1", "over", "tamper")
    room.at(10 * MIN)
    room.hear(Work, id="w", subject="box-1", by="fix", closed=True)
    alert = room.one("M02/box-1")
    assert (alert.response, alert.outcome, alert.change.by) == ("resolved", "authorised", "fix")
    assert not room.pages


def test_a_signed_work_order_ends_the_tamper_that_it_mended_and_those_told_hear_it():
    room = Room()
    room.find("M02", "box-1", "orange", "tamper")
    told = {person for page in room.pages for person in page.to}
    room.at(HOUR)
    room.hear(Work, id="w", subject="box-1", by="fix")
    room.find("M02", "box-1", "over", "tamper")
    room.hear(Work, id="w", subject="box-1", by="fix", closed=True)
    alert = room.one("M02/box-1")
    assert (alert.response, alert.outcome) == ("resolved", "real")
    assert told <= set(room.pages[-1].to)


def test_a_work_order_signed_while_the_door_stands_open_ends_nothing():
    room = Room()
    room.hear(Work, id="w", subject="box-1", by="fix")
    room.find("M02", "box-1", "orange", "tamper")
    room.at(MIN)
    room.hear(Work, id="w", subject="box-1", by="fix", closed=True)
    assert room.one("M02/box-1").response == "new"
    assert room.pages[-1].reason == "raised"


def test_a_question_that_nobody_answers_in_twenty_seconds_is_red():
    room = Room()
    alert = room.find(model="M09", subject="seg-02", level="orange", code="confirm", unanswered=20_000).alerts[-1]
    assert not room.at(19_999).alerts
    risen = room.at(20_000)
    assert [(each.level, each.reason.code) for each in risen.alerts] == [("red", "unanswered")]
    assert "li" in {person for page in risen.pages for person in page.to}
    assert room.newest[alert.id].count == alert.count


def test_a_question_that_is_answered_or_not_asked_stays_as_it_is():
    room = Room()
    answered = room.find(model="M09", subject="seg-02", level="orange", code="confirm", unanswered=20_000).alerts[-1]
    doubtful = room.find(model="M09", subject="seg-05", level="orange", code="doubtful").alerts[-1]
    room.at(10_000)
    room.do("acknowledge", answered)
    room.at(10 * MIN)
    assert {room.newest[each.id].level for each in (answered, doubtful)} == {"orange"}


def test_a_weak_look_at_somebody_else_stops_no_clock():
    room = Room()
    room.find(model="M09", subject="seg-02", level="orange", code="confirm", unanswered=20_000)
    room.at(6_000)
    room.find(model="M09", subject="seg-02", level="orange", code="doubtful")
    assert [(each.level, each.reason.code) for each in room.at(20_000).alerts] == [("red", "unanswered")]


def test_somebody_else_in_the_water_after_the_acknowledgement_has_a_clock_of_their_own():
    room = Room()
    asked = {"model": "M09", "subject": "seg-02", "level": "orange", "code": "confirm", "unanswered": 20_000}
    alert = room.find(**asked).alerts[-1]
    room.do("acknowledge", alert)
    room.at(2 * MIN)
    room.find(**asked, again=True)
    assert not room.at(2 * MIN + 19_999).alerts
    risen = room.at(2 * MIN + 20_000)
    assert [(each.level, each.reason.code, each.response) for each in risen.alerts] == [("red", "unanswered", "acknowledged")]
    assert "li" in {person for page in risen.pages for person in page.to}


@pytest.mark.parametrize("verb", ["acknowledge", "note", "dispatch"])
def test_who_answers_for_the_second_one_stops_that_clock_too(verb):
    room = Room()
    asked = {"model": "M09", "subject": "seg-02", "level": "orange", "code": "confirm", "unanswered": 20_000}
    alert = room.find(**asked).alerts[-1]
    room.do("acknowledge", alert)
    room.at(MIN)
    room.find(**asked, again=True)
    room.at(MIN + 10_000)
    room.do(verb, alert)
    room.at(MIN + 30_000)
    assert room.newest[alert.id].level == "orange"


def test_a_second_one_whom_nobody_answers_for_rings_once_more_where_it_is_red_already():
    room = Room()
    alert = room.find(model="M09", subject="seg-02", level="red", code="press").alerts[-1]
    room.do("acknowledge", alert)
    room.at(MIN)
    room.find(model="M09", subject="seg-02", level="orange", code="confirm", unanswered=20_000, again=True)
    rung = room.at(MIN + 20_000)
    assert [(each.level, each.change.what) for each in rung.alerts] == [("red", "again")]
    assert [page.reason for page in rung.pages] == ["again"]
    assert not room.at(MIN + 50_000).alerts


def swimmer(room, **more):
    return room.find(model="M09", subject="seg-02", level="red", code="press", **more)


@pytest.mark.parametrize("outcome", ["rescued", "not_found", "assisted", "real"])
def test_who_is_still_in_the_water_after_a_wrong_outcome_is_told_again_at_once(outcome):
    room = Room()
    first = swimmer(room).alerts[-1]
    room.at(MIN)
    assert not swimmer(room, still=True).alerts, "what stands is not said twice"
    room.do("resolve", first, outcome=outcome)
    room.at(MIN + 5_000)
    again = swimmer(room, still=True)
    assert [(each.level, each.response, "reopened" in each.flags) for each in again.alerts] == [("red", "new", True)]
    assert again.alerts[-1].id != first.id
    assert "li" in {person for page in again.pages for person in page.to}


@pytest.mark.parametrize("outcome", ["false_object", "authorised", "duplicate"])
def test_whoever_says_that_nobody_is_in_danger_or_that_others_have_it_is_believed_for_ten_minutes(outcome):
    room = Room()
    room.do("resolve", swimmer(room).alerts[-1], outcome=outcome)
    room.at(10 * MIN - 1)
    assert not swimmer(room, still=True).alerts
    assert swimmer(room, again=True).alerts, "somebody else is another matter"
    room.do("resolve", room.one("M09/seg-02"), outcome="false_object")
    room.at(20 * MIN)
    assert swimmer(room, still=True).alerts
