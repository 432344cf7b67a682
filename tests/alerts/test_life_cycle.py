"""The life of an alert as timetables: at this minute that happens, and these people hear of it."""

from tests.alerts.coast import HOUR, MIN, T0, Incident, Room, Unit, coast


def told(pages, reason=None):
    return {person for page in pages if reason in {None, page.reason} for person in page.to}


def test_a_press_from_the_first_second_to_the_visit_afterwards():
    room = Room()
    alert = room.press()
    assert (alert.level, alert.state, alert.due, alert.revision) == ("red", "new", T0 + MIN, 1)
    assert alert.text.zh == "崇武 QZ-0001 号报警箱一键报警"
    assert told(room.pages) >= {"li", "chen", "sun", "wu"}
    room.at(20_000)
    room.do("acknowledge", alert)
    room.do("dispatch", alert, unit="patrol-1")
    assert room.reports() == ["received", "acknowledged"]
    assert room.newest[alert.id].dispatched is None
    assert told(room.pages, "offered") == {"crew"}
    room.at(30_000)
    room.do("accept", alert, by="crew", unit="patrol-1")
    room.at(40_000)
    room.do("enroute", alert, by="crew", unit="patrol-1")
    room.at(5 * MIN)
    room.do("arrive", alert, by="crew", unit="patrol-1")
    now = room.newest[alert.id]
    assert (now.response, now.dispatched, now.arrived, now.due) == ("arrived", T0 + 30_000, T0 + 5 * MIN, None)
    room.do("resolve", alert, outcome="rescued")
    assert told(room.pages, "closed") == set(room.newest[alert.id].audience)
    assert room.reports() == ["received", "acknowledged", "dispatched", "arrived", "closed"]
    room.do("verify", alert, by="li")
    assert room.newest[alert.id].change.what == "ignored"
    room.do("verify", alert, by="chen")
    assert room.newest[alert.id].state == "verified"


def test_an_unanswered_press_climbs_and_the_caller_hears_that_we_are_trying():
    room = Room()
    room.press()
    assert room.at(59_999) == ((), (), ())
    climbed = room.at(MIN)
    assert [alert.updated for alert in climbed.alerts] == [T0 + MIN]
    assert "qian" in told(climbed.pages, "escalated")
    assert room.reports()[-1] == "waiting"
    assert "boss" in told(room.at(4 * MIN).pages)
    assert room.alerts[-1].updated == T0 + 3 * MIN


def test_deadlines_are_the_same_in_one_leap_and_in_small_steps():
    leap, steps = Room(), Room()
    for room in (leap, steps):
        room.press()
        room.find(level="yellow")
    leap.at(30 * HOUR)
    for second in range(0, 30 * 3600, 7):
        steps.at(second * 1000)
    steps.at(30 * HOUR)
    assert (leap.alerts, leap.pages) == (steps.alerts, steps.pages)


def test_an_acknowledged_alert_reminds_owner_and_leader_three_times_at_most():
    room = Room()
    alert = room.press()
    room.at(10_000)
    room.do("acknowledge", alert)
    before = len(room.pages)
    room.at(24 * HOUR)
    reminders = room.pages[before:]
    assert [page.at - T0 for page in reminders] == [3 * MIN, 5 * MIN, 10 * MIN]
    assert all(set(page.to) == {"li", "zhao"} and page.reason == "deadline" for page in reminders)


def test_a_late_acknowledgement_is_not_reminded_of_what_had_passed():
    room = Room()
    alert = room.press()
    room.at(4 * MIN)
    room.do("acknowledge", alert)
    before = len(room.pages)
    room.at(4 * MIN + 1)
    assert len(room.pages) == before
    room.at(6 * MIN)
    assert [page.at - T0 for page in room.pages[before:]] == [5 * MIN]


def test_a_second_press_rings_and_keeps_the_acknowledgement():
    room = Room()
    alert = room.press()
    room.do("acknowledge", alert)
    room.at(30_000)
    again = room.press()
    assert (again.id, again.count, again.response, again.owner) == (alert.id, 2, "acknowledged", "li")
    assert room.pages[-1].reason == "again"
    assert room.reports()[-1] == "acknowledged"


def test_the_second_to_acknowledge_has_seen_it():
    room = Room()
    alert = room.press()
    room.do("acknowledge", alert, by="li")
    room.do("acknowledge", alert, by="chen")
    now = room.newest[alert.id]
    assert (now.owner, now.change.what, now.change.by) == ("li", "seen", "chen")
    room.do("take", alert, by="chen")
    assert room.newest[alert.id].owner == "chen"


def test_an_action_repeated_does_nothing():
    room = Room()
    alert = room.press()
    room.do("acknowledge", alert, id_="same")
    assert room.do("acknowledge", alert, id_="same") == ((), (), ())


def test_a_declining_or_silent_unit_hands_on_to_the_nearest_free_one():
    room = Room()
    alert = room.press()
    room.do("dispatch", alert)
    assert room.newest[alert.id].responses[0].unit == "patrol-1"
    room.do("decline", alert, by="crew", unit="patrol-1")
    assert [each.unit for each in room.newest[alert.id].responses] == ["patrol-1", "patrol-2"]
    room.at(2 * MIN)
    assert [alert.change.what for alert in room.alerts].count("no_unit") == 1
    assert room.newest[alert.id].response == "acknowledged"
    room.do("accept", alert, by="crew", unit="patrol-2")
    assert room.newest[alert.id].response == "dispatched"


def test_a_units_own_word_moves_the_alert():
    room = Room()
    alert = room.press()
    room.do("dispatch", alert, unit="patrol-1")
    room.do("accept", alert, by="crew", unit="patrol-1")
    room.hear(Unit, unit="patrol-1", state="en_route")
    room.hear(Unit, unit="patrol-1", state="on_scene")
    assert room.newest[alert.id].state == "arrived"


def test_blue_closes_itself_yellow_once_acknowledged_orange_by_a_person():
    room = Room()
    room.find("M02", "box-1", "blue")
    room.find("M02", "box-1", "over")
    assert room.one("M02/box-1").state == "resolved"
    room.find("M02", "box-2", "yellow")
    room.find("M02", "box-2", "over")
    assert room.one("M02/box-2").state == "over"
    room.do("acknowledge", room.one("M02/box-2"))
    assert room.one("M02/box-2").state == "resolved"
    room.find("M12", "412", "orange")
    room.do("acknowledge", room.one("M12/412"))
    room.find("M12", "412", "over")
    assert room.one("M12/412").response == "acknowledged"
    room.do("resolve", room.one("M12/412"), outcome="real")
    assert room.one("M12/412").response == "resolved"


def test_coming_back_rings_only_after_half_an_hour_or_higher():
    room = Room()
    room.find("M12", "412", "orange")
    room.do("acknowledge", room.one("M12/412"))
    room.find("M12", "412", "over")
    room.at(20 * MIN)
    pages = len(room.pages)
    room.find("M12", "412", "orange")
    assert (room.one("M12/412").count, room.one("M12/412").change.what, len(room.pages)) == (2, "back", pages)
    room.find("M12", "412", "over")
    room.at(51 * MIN)
    room.find("M12", "412", "orange")
    assert room.pages[-1].reason == "back"


def test_active_is_resolved_only_as_authorised_or_fault_and_then_comes_back_if_it_stands():
    room = Room()
    room.find("M12", "412", "orange")
    first = room.one("M12/412")
    room.do("resolve", first, outcome="real")
    assert room.newest[first.id].change.what == "ignored"
    room.do("resolve", first, outcome="authorised")
    assert room.find("M12", "412", "orange") == ((), (), ())
    room.at(4 * HOUR)
    second = room.one("M12/412")
    assert second.id != first.id
    assert (second.previous, second.raised) == (first.id, T0 + 4 * HOUR)


def test_a_mute_ends_when_it_is_seen_over():
    room = Room()
    room.find("M12", "412", "orange")
    room.do("resolve", room.one("M12/412"), outcome="sensor_fault")
    room.find("M12", "412", "over")
    room.at(MIN)
    room.find("M12", "412", "orange")
    assert "reopened" in room.one("M12/412").flags


def test_unverified_after_a_day_goes_to_the_chief():
    room = Room()
    alert = room.press()
    room.do("resolve", alert, outcome="assisted")
    pages = room.at(25 * HOUR).pages
    assert [(page.at - T0, page.to) for page in pages] == [(24 * HOUR, ("boss",))]


def test_reopening_pages_everybody_again():
    room = Room()
    alert = room.press()
    room.do("resolve", alert, outcome="nuisance")
    room.do("reopen", alert, by="chen")
    assert room.newest[alert.id].response == "new"
    assert room.pages[-1].reason == "reopened"
    assert room.life.open_list() == ((alert.id, room.newest[alert.id].revision),)


def test_closing_an_incident_closes_its_parts_and_split_undoes_a_merge():
    room = Room()
    room.hear(Incident, level="red", by="li", segment="s-1", source="110")
    whole = room.alerts[-1]
    one, two = room.press("box-1"), room.press("box-2")
    room.do("merge", one, to=whole.id)
    room.do("merge", two, to=whole.id)
    room.do("split", two)
    assert room.newest[whole.id].parts == (one.id,)
    room.do("resolve", whole, outcome="rescued")
    assert room.newest[one.id].response == "resolved"
    assert room.newest[two.id].response == "new"


def test_an_alert_without_a_place_gets_one_with_the_next_site():
    room = Room(coast(devices=()))
    alert = room.press("box-1", flags=("unplaced",))
    assert alert.place == ""
    site = coast("two")
    room.site = site
    room.took(room.life.migrate(site, site.areas[0]))
    placed = room.newest[alert.id]
    assert (placed.place, placed.segment, placed.flags) == ("QZ-0001", "s-1", ())
    assert "QZ-0001" in placed.text.zh


def test_a_press_lights_its_own_and_both_neighbouring_segments():
    room = Room()
    room.press("box-2")
    lit = {each.device for each in room.commands if each.command == "light" and each.args["mode"] == "search"}
    assert lit == {"light-1", "light-2", "light-3"}
    assert {each.command for each in room.commands} >= {"call", "ptz", "record", "report"}


def test_an_entry_that_came_late_keeps_its_own_time():
    room = Room()
    alert = room.press()
    room.at(50_000)
    room.do("acknowledge", alert, entered_late=20_000)
    now = room.newest[alert.id]
    assert now.acknowledged == T0 + 30_000
    assert "entered late" in now.change.note


def test_every_wire_text_is_bilingual_and_whole():
    room = Room()
    room.find("M12", "412", "yellow", "silent", values={"minutes": 125, "name": "闽狮渔01234"})
    text = room.one("M12/412").text
    assert text.zh == "船舶 闽狮渔01234(412) 定位中断 125 分钟"
    assert "?" not in text.en


def test_what_the_system_says_of_itself_reads_as_in_its_table_and_goes_to_those_who_can_mend_it():
    room = Room()
    room.find("SYS", "bridge/log_full", "red", "log_full", values={"part": "bridge"})
    assert room.one("SYS/bridge/log_full").text.zh == "日志写满,仅接收报警"
    assert told(room.pages) == {"li", "chen", "fix", "zhao"}


def test_an_incident_of_the_room_names_its_source_and_place_but_nobody():
    room = Room()
    room.hear(Incident, level="orange", by="li", segment="s-1", source="110", caller="13800000000")
    assert room.alerts[-1].text.zh == "崇武 警情(110 转警)"
    assert room.alerts[-1].condition == "active"


def test_what_is_restricted_lights_nothing_and_stays_among_room_stations_and_police():
    room = Room()
    room.find("M06", "s-1", "red", "landing", sensitivity="restricted")
    assert not room.commands
    assert "fix" not in told(room.pages)
