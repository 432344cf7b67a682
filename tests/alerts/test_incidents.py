"""What belongs to one event is one incident with its parts, not three alerts that ring."""

from tests.alerts.coast import MIN, Room

LANDING = {"segment": "s-2", "position": (118.02, 24.0), "sensitivity": "restricted"}
PARTS = {"parts": (("M06", "boat-7"), ("M13", "412000001"))}


def landed(room):
    room.find("M06", "boat-7", "orange", "landing", **LANDING)
    room.find("M13", "412000001", "yellow", "alongside", **LANDING)
    room.at(MIN)
    room.find("M07", "s-2", "red", "transfer", **LANDING, **PARTS)


def test_a_landing_with_vehicles_is_one_red_incident_with_its_parts():
    room = Room()
    landed(room)
    whole, boat, pair = room.one("M07/s-2"), room.one("M06/boat-7"), room.one("M13/412000001")
    assert whole.parts == (boat.id, pair.id)
    assert (boat.incident, pair.incident) == (whole.id, whole.id)
    assert (boat.suppressed.how, boat.suppressed.by) == ("inhibited", whole.id)
    before = len(room.pages)
    room.at(30 * MIN)
    assert {page.alert for page in room.pages[before:]} == {whole.id}


def test_a_part_that_is_raised_after_the_whole_joins_it_and_rings_nobody():
    room = Room()
    room.find("M07", "s-2", "red", "transfer", **LANDING, **PARTS)
    before = len(room.pages)
    room.find("M06", "boat-7", "orange", "landing", **LANDING)
    assert room.one("M06/boat-7").incident == room.one("M07/s-2").id
    assert room.one("M07/s-2").parts == (room.one("M06/boat-7").id,)
    assert room.pages[before:] == []


def test_even_a_red_part_does_not_ring_beside_its_red_incident():
    room = Room()
    landed(room)
    before = len(room.pages)
    room.find("M06", "boat-7", "red", "landing", **LANDING)
    assert not [page for page in room.pages[before:] if page.alert == room.one("M06/boat-7").id]
    assert room.one("M06/boat-7").level == "red"


def test_closing_the_incident_closes_its_parts():
    room = Room()
    landed(room)
    room.do("acknowledge", room.one("M07/s-2"))
    room.find("M07", "s-2", "over", "transfer", **LANDING)
    room.do("resolve", room.one("M07/s-2"), outcome="real")
    assert {room.one(key).response for key in ("M07/s-2", "M06/boat-7", "M13/412000001")} == {"resolved"}


def test_split_frees_the_part_and_its_people_are_told():
    room = Room()
    landed(room)
    before = len(room.pages)
    room.do("split", room.one("M06/boat-7"))
    boat = room.one("M06/boat-7")
    assert (boat.incident, boat.suppressed) == (None, None)
    assert [page.alert for page in room.pages[before:]] == [boat.id]
    room.find("M07", "s-2", "red", "transfer", **LANDING, parts=(("M13", "412000001"),))
    assert room.one("M06/boat-7").incident is None


def test_a_call_for_help_is_never_a_part():
    room = Room()
    press = room.press("box-2")
    room.find("M07", "s-2", "red", "transfer", **LANDING, parts=(("M01", "box-2"),))
    assert room.newest[press.id].incident is None
