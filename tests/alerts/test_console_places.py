"""What the page says of places: their colours, and what of the shore no model sees. Silence never looks like calm."""

import pytest

from alerts.alert import Command, Suppressed
from alerts.console.answers import DEAF
from alerts.console.heard import playing
from alerts.console.places import places_now
from ingest.events import Sos
from ingest.log import open_log
from tests.alerts.console_room import COAST, Room
from tests.alerts.test_places_now import alert
from tests.small_coast import START, box, with_camera_amid


def unseen(found, model):
    return {(row["state"], row["en"]): list(row["segments"]) for row in found["unseen"] if model in row["models"]}


def test_a_place_shows_its_colour_and_the_alerts_that_give_it():
    found = places_now(COAST, [alert("M01", box(2), "red", "seg-02")])["colours"]
    assert found["seg-02"] == {"level": "red", "why": ("M01-box-02",)}
    assert found["station-a"]["level"] == "red"
    assert "seg-09" not in found


def test_a_silent_box_leaves_its_segment_blind_for_calls_and_says_why():
    assert unseen(places_now(COAST, []), "M01") == {}
    found = unseen(places_now(COAST, [alert("M02", box(2), "yellow", "seg-02", code="silent")]), "M01")
    assert found == {("blind", "call box down"): ["seg-02"]}


def test_segments_that_are_not_seen_for_one_reason_stand_together():
    found = unseen(places_now(with_camera_amid(COAST), []), "M04")
    assert "seg-11" in found["blind", "no camera"]
    assert found["partly", "camera far: people are small"] == ["seg-04", "seg-06"]
    assert not any("seg-05" in segments for segments in found.values())


def test_where_nothing_is_heard_every_model_is_blind_on_every_segment():
    found = places_now(COAST, [], deaf=["bay"])
    [row] = found["unseen"]
    assert row["models"] == [f"M{i:02d}" for i in range(1, 18)]
    assert (row["state"], row["en"], len(row["segments"])) == ("blind", "nothing is heard", 12)
    assert found["segments"] == {"bay": 12}


def test_the_page_gets_it_with_the_chain_and_without_ticks_nothing_counts_as_watched(tmp_path):
    log = open_log(f"sqlite:///{tmp_path / 'log.db'}")
    with Room(tmp_path, log) as room:
        room.hear(Sos(device=box(1), received=room.now, ts=room.now, sent=room.now, boot="1", seq=1, state="pressed"))
        found = room.ask("places")
        assert found["colours"]["seg-01"]["level"] == "red"
        assert unseen(found, "M01") == {}
        room.now += DEAF + 1
        assert unseen(room.ask("places"), "M01")[("blind", "nothing is heard")] == [f"seg-{i:02d}" for i in range(12)]
    log.close()


# What a box speaks and shows by itself


def told(command="speak", alert="M08-sand-1", at=START, **args) -> Command:
    return Command(id=f"{alert}/{command}/box-01/{at}", area="bay", device="box-01", command=command, args=args, expires=at + 120_000, alert=alert)


def test_a_box_shows_what_it_says_in_each_language_when_and_how_loudly():
    crowd = alert("M08", "sand-1")
    commands = [told(text="疏散", language="zh", volume=0.4), told(text="Spread out", language="en", volume=0.4, at=START + 5)]
    [row] = playing(commands, {crowd.id: crowd}, START)
    assert (row["said"], row["spoken"], row["volume"]) == ({"zh": "疏散", "en": "Spread out"}, START + 5, 0.4)


@pytest.mark.parametrize("ended", [{"condition": "over"}, {"response": "resolved"}, {"suppressed": Suppressed("shelved", "wang")}])
def test_what_was_ended_or_shelved_is_not_spoken_any_more(ended):
    crowd = alert("M08", "sand-1", **ended)
    assert playing([told(text="疏散", language="zh")], {crowd.id: crowd}, START) == []


def test_a_lamp_is_shown_as_lit_until_it_goes_out():
    crowd = alert("M08", "sand-1")
    assert playing([told("light", mode="warn", until=START + 10)], {crowd.id: crowd}, START)[0]["lamp"] == "warn"
    assert playing([told("light", mode="warn", until=START + 10)], {crowd.id: crowd}, START + 10) == []
    assert playing([told("light", mode="warn", until=START + 10), told("light", mode="off")], {crowd.id: crowd}, START) == []


def test_who_may_not_see_an_alert_does_not_read_of_it_at_the_box():
    assert playing([told(text="疏散", language="zh")], {}, START) == []
