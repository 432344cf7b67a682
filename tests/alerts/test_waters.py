"""A vessel between two areas: one room has it at a time, and it changes hands only half a mile past the border."""

import json
import random

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from alerts.fold import Fold
from alerts.life_cycle.life import LifeCycle
from alerts.replay import lines, replay
from alerts.waters import Waters
from ingest.geo import NM
from ingest.recording_file import rfc3339
from ingest.records import Batch, Codec
from ingest.site import Person, Post, Vessel
from ingest.wire import Door
from models.model import Finding
from tests.ingest.coast import NOW, site

SITE = structs.replace(
    site(),
    posts=(Post("room-w", "room", "west", "西", "West"), Post("room-e", "room", "east", "东", "East")),
    people=(Person("wei", "魏", "operator", "room-w"), Person("dong", "董", "operator", "room-e")),
)
MILE = NM / 101_700  # degrees of longitude at 24.5 degrees north
WEST, EAST = 1, 2  # the areas' numbers; the border is the meridian of 119 degrees


def at_mile(miles: float) -> list[float]:
    """Nautical miles east of the border."""
    return [round(119.0 + miles * MILE, 6), 24.5]


def told(tmp_path, said):
    """The changes of alerts that a recording of (seconds, kind, payload) gives, twice the same."""
    file = tmp_path / "recording.jsonl"
    file.write_text(
        "".join(
            json.dumps({
                "received": rfc3339(NOW + int(s * 1_000)), "topic": f"coast/west/ais-1/{kind}", "payload": {"ts": NOW + int(s * 1_000), **payload},
            }) + "\n"
            for s, kind, payload in said
        )
    )  # fmt: skip
    first = list(lines(replay(SITE, file)))
    assert first == list(lines(replay(SITE, file)))
    return [json.loads(line) for line in first]


def beacon(miles):
    return "distress", {"vessel": "972971214", "source": "mob", "position": at_mile(miles), "sog": 1.0}


def brief(changes):
    return [
        (each["area"], each["change"]["what"], each.get("outcome"), each["change"].get("note"))
        for each in changes
        if each["change"]["what"] != "escalated"
    ]


def test_a_beacon_that_drifts_to_and_fro_on_the_border_is_one_alert_of_one_room(tmp_path):
    drift = [(10 * n, *beacon(0.4 if n % 2 else -0.4)) for n in range(30)]
    assert brief(told(tmp_path, drift)) == [("west", "raised", None, None)]


def test_past_the_border_the_old_area_closes_it_as_transferred_and_the_new_one_raises_its_own(tmp_path):
    changes = told(
        tmp_path, [(0, *beacon(-3.0)), (10, *beacon(0.3)), (20, *beacon(0.7)), (30, *beacon(0.3)), (40, *beacon(-0.3)), (50, *beacon(-0.7))]
    )
    assert sorted(brief(changes), key=lambda each: each[0]) == [
        ("east", "raised", None, None), ("east", "closed", "transferred", "west"),
        ("west", "raised", None, None), ("west", "closed", "transferred", "east"), ("west", "raised", None, None),
    ]  # fmt: skip
    assert len({each["id"] for each in changes}) == 3
    assert {each["level"] for each in changes} == {"red"}


def test_a_fix_alone_moves_no_call_for_help(tmp_path):
    """Whoever drifted over the border with a beacon that fell silent is still looked for by the room that was called."""
    sails = [(10 + 10 * n, "position", {"vessel": "972971214", "position": at_mile(-1.0 + n * 0.2), "sog": 1.0}) for n in range(20)]
    assert brief(told(tmp_path, [(0, *beacon(-1.0)), *sails])) == [("west", "raised", None, None)]


def test_a_silent_vessel_that_speaks_again_in_the_next_area_is_closed_here(tmp_path):
    """Others keep the receiver alive; one falls silent in the west and is heard again in the east."""
    said = []
    for minute in range(0, 260, 2):
        for n in range(7):
            miles = -8.0 + n * 0.15 if n != 3 or minute < 60 else 3.0
            if n != 3 or not 60 <= minute < 230:
                fix = {"vessel": f"41200000{n}", "position": at_mile(miles), "sog": 0.2, "cog": 90, "name": f"MIN SHI YU 0000{n}"}
                said.append((minute * 60 + n, "position", fix))
    changes = [each for each in told(tmp_path, said) if each["subject"] == "412000003"]
    assert {each["area"] for each in changes} == {"west"}
    assert changes[0]["change"]["what"] == "raised"
    assert brief(changes)[-1] == ("west", "closed", "transferred", "east")


@given(st.lists(st.integers(-3_000, 3_000).map(lambda each: (each + 0.5) / 100), min_size=1, max_size=40), st.integers(0, 2**32))
def test_both_areas_say_the_same_of_every_fix_and_one_of_them_owns_it(track, seed):
    """Each sees only the fixes that reach it, in records cut by chance."""
    door, chance = Door(SITE), random.Random(seed)
    waters = {WEST: Waters(), EAST: Waters()}
    last = None
    for n, miles in enumerate(track):
        payload = json.dumps({"ts": NOW + n * 60_000, "vessel": "412000001", "position": at_mile(miles)}).encode()
        found, _ = door.read("coast/west/ais-1/position", payload, NOW + n * 60_000)
        found = list(found)
        chance.shuffle(found)
        owners = {area: waters[area].owner(event.vessel, event.waters, event.ts) for area, event in found if event.waters}
        assert len(set(owners.values())) <= 1
        if owners:
            (owner,) = set(owners.values())
            assert owner == (EAST if miles > 0 else WEST) or (abs(miles) < 0.51 and owner == last)
            last = owner


def test_whose_a_vessel_is_survives_bytes_and_a_restart():
    """The owner is part of the snapshot, and what the door told of the waters of the log."""
    door, codec = Door(SITE), Codec()
    fold = Fold(SITE, SITE.area_of["west"])
    for n, miles in enumerate((-3.0, 0.3)):
        payload = json.dumps({"ts": NOW + n * 60_000, "vessel": "412000001", "position": at_mile(miles)}).encode()
        (event,) = [event for area, event in door.read("coast/west/ais-1/position", payload, NOW + n * 60_000)[0] if area == WEST]
        batch = codec.unpack(codec.pack(Batch("rev", [event])))
        assert batch.events == [event]
        fold.step(n, batch)
    assert event.waters == (EAST, WEST)
    assert not event.owner
    again = Fold.restore(fold.snapshot(), {"rev": SITE}, WEST)
    assert again.hearing.waters.owners == fold.hearing.waters.owners == {"412000001": (WEST, NOW + 60_000)}
    assert bool(again.hearing.vessels.latest.owner[0])


def test_an_older_fix_does_not_give_a_vessel_back():
    waters = Waters()
    assert waters.owner("412", (WEST,), 1_000) == WEST
    assert waters.owner("412", (EAST,), 3_000) == EAST
    assert waters.owner("412", (WEST,), 2_000) == EAST


def test_what_a_boats_home_station_judges_stays_with_it_when_the_boat_leaves_its_water():
    vessels = (Vessel("fj-1", "闽狮渔00001", "412000001", home="station-w"),)
    coast = structs.replace(SITE, posts=(*SITE.posts, Post("station-w", "station", "west", "西站", "West station")), vessels=vessels)
    for area, left in ((coast.areas[0], {"M15"}), (coast.areas[1], set())):
        life = LifeCycle(coast, area)
        for model in ("M12", "M15"):
            life.finding(Finding(model=model, subject="412000001", level="orange", code="silent", index=0, cause="c", occurred=NOW), NOW)
        life.gone("412000001", "other", NOW, beacon=False)
        assert {case.alert.model for case in life.board.open.values()} == left
