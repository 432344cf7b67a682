"""Of what is missed the score card says how well the place was watched, as the room was told when it began."""

from msgspec import structs

from alerts.alert import Alert, Bilingual, Change, Outcomes, Reason
from alerts.score import Must, Staged, card
from alerts.score_text import table
from alerts.score_watch import Asked, told_at
from alerts.watching import Watch
from tests.small_coast import START, at, site, with_camera_amid

MINUTE = 60_000
SITE = with_camera_amid(site())


def step(minute, *alerts):
    return Outcomes(area="bay", offset=0, now=START + minute * MINUTE, alerts=alerts)


def dead(minute, condition="active"):
    now = START + minute * MINUTE
    return Alert(
        id="a", key="M02/cam-1", model="M02", area="bay", segment="seg-05", subject="cam-1", place="", position=None, level="orange",
        reason=Reason("silent", {}), text=Bilingual("", ""), occurred=now, raised=now, updated=now, change=Change("raised", "", ""), condition=condition,
        resolved=None if condition == "active" else now,
    )  # fmt: skip


def asked(minute, position=None, *subjects, model="M04"):
    return Asked(START + minute * MINUTE, model, subjects, position)


def test_it_is_what_the_room_was_told_when_it_began_not_later_and_not_before():
    steps = [step(0), step(5, dead(5)), step(6), step(20, dead(20, "over")), step(21)]
    told = told_at(SITE, [asked(30, at(5.5, 0)), asked(4, at(5.5, 0)), asked(10, at(5.5, 0))], steps)
    assert [watch.state for watch in told] == ["watching", "watching", "blind"]
    assert told[2] == Watch("blind", "down", "camera")


def test_an_alert_of_the_same_moment_is_not_told_before():
    assert told_at(SITE, [asked(5, at(5.5, 0))], [step(0), step(5, dead(5)), step(6)]) == [Watch("blind", "down", "camera")]
    assert told_at(SITE, [asked(4.99, at(5.5, 0))], [step(0), step(5, dead(5)), step(6)]) == [Watch("watching")]


def test_where_no_camera_looks_is_blind_and_the_open_sea_is_nothing():
    assert told_at(SITE, [asked(1, at(0.5, 0)), asked(1, at(5.5, -9_000)), asked(1)], [step(2)]) == [Watch("blind", "none", "camera"), None, None]


def test_a_device_or_a_segment_has_a_place_without_a_position():
    told = told_at(SITE, [asked(1, None, "cam-1"), asked(1, None, "seg-00"), asked(1, None, "412000001")], [step(2)])
    assert told == [Watch("watching"), Watch("blind", "none", "camera"), None]


def test_the_card_counts_and_names_what_was_missed_where_it_was_told():
    must = Must("M04", "yellow", START + MINUTE, ("zone-a",))
    missed = [
        Staged(START, START + MINUTE, "a walk", must, told=Watch("partly", "far", "camera")),
        Staged(START, START + MINUTE, "a run", must, told=Watch("watching")),
        Staged(START, START + MINUTE, "a swim", structs.replace(must, model="M09")),
    ]
    found = card(missed, [], START, 60 * MINUTE, cameras=1, seats={})
    assert found.missed == ("M04 a walk (told partly, camera far: people are small)", "M04 a run (told watching)", "M09 a swim")
    assert [(line.model, line.staged - line.found, line.unseen) for line in found.lines] == [("M04", 2, 1), ("M09", 1, 0)]
    assert any("| 2 | 0 | 2, 1 | 0% |" in row for row in table(found.lines))
