"""What colour a place has now, and how well it is watched."""

from msgspec import structs

from alerts.alert import Alert, Bilingual, Change, Reason, Suppressed
from alerts.colours import colours, segments_of
from alerts.watching import Watch, watching, words
from tests.small_coast import START, box, site, with_camera_amid

SITE = with_camera_amid(site())
BAY = SITE.areas[0]


def alert(model, subject, level="yellow", segment="", code="code", values=None, **more):
    return Alert(**{
        "id": f"{model}-{subject}", "key": f"{model}/{subject}", "model": model, "area": "bay", "segment": segment, "subject": subject, "place": "",
        "position": None, "level": level, "reason": Reason(code, values or {}), "text": Bilingual("", ""), "occurred": START, "raised": START,
        "updated": START, "change": Change("raised", START), **more,
    })  # fmt: skip


def test_a_place_has_the_colour_of_its_highest_alert_and_names_them_all():
    found = colours(
        SITE, BAY, [alert("M05", "risk-1", "yellow", "seg-02"), alert("M01", box(2), "red", "seg-02"), alert("M08", "bathing-1", "blue", "seg-05")]
    )
    assert (found["seg-02"].level, found["seg-02"].why) == ("red", ("M01-box-02", "M05-risk-1"))
    assert found["bathing-1"].level == "blue"
    assert found["station-a"].level == "red"
    assert found["bay"].level == "red"
    assert "seg-11" not in found


def test_a_zone_colours_the_segments_along_which_it_lies():
    assert segments_of(SITE, BAY, "bathing-1") == ("seg-04", "seg-05")
    assert {"seg-04", "seg-05", "bathing-1"} <= set(colours(SITE, BAY, [alert("M08", "bathing-1", "orange")]))


def test_weather_over_the_area_colours_all_of_it():
    found = colours(SITE, BAY, [alert("M17", "bay", "orange", code="wind")])
    assert all(found[segment.id].level == "orange" for segment in SITE.segments)
    assert found["closed-1"].level == "orange"


def test_what_is_restricted_is_for_the_wall_and_not_for_lights_and_voices():
    found = colours(SITE, BAY, [alert("M13", "412000001", "orange", "seg-03", sensitivity="restricted"), alert("M17", "seg-03", "blue", "seg-03")])
    assert (found["seg-03"].level, found["seg-03"].public) == ("orange", "blue")


def test_what_is_over_quiet_staged_closed_or_about_ourselves_colours_nothing():
    base = alert("M04", "closed-1", segment="seg-00")
    some = [
        structs.replace(base, condition="over"), structs.replace(base, suppressed=Suppressed("silenced", "wang")), structs.replace(base, drill=True),
        structs.replace(base, resolved=START), alert("M02", box(1), "orange", "seg-01"), alert("SYS", "bridge", "red"),
    ]  # fmt: skip
    assert colours(SITE, BAY, some) == {}


# Watching


def test_every_segment_says_of_every_model_how_well_it_watches():
    found = watching(SITE, BAY, [])
    assert list(found) == [segment.id for segment in SITE.segments]
    assert found["seg-05"]["M01"] == Watch("watching")
    assert found["seg-05"]["M04"] == Watch("watching")
    assert found["seg-00"]["M04"] == Watch("blind", "none", "camera")
    assert found["seg-00"]["M12"] == Watch("watching")


def test_a_box_that_is_silent_blinds_its_own_segment_only():
    found = watching(SITE, BAY, [alert("M02", box(3), code="silent")])
    assert found["seg-03"]["M01"] == Watch("blind", "down", "box")
    assert found["seg-04"]["M01"] == Watch("watching")


def test_an_outage_blinds_every_device_that_it_names():
    found = watching(SITE, BAY, [alert("M02", "outage/seg-03", code="segment_outage", evidence=(box(3), box(4)))])
    assert [found[f"seg-0{n}"]["M01"].state for n in (2, 3, 4, 5)] == ["watching", "blind", "blind", "watching"]


def test_a_segment_is_watched_well_where_no_part_of_it_is_far_from_a_camera():
    amid, at_its_end = SITE, site()
    assert watching(amid, BAY, [])["seg-05"]["M04"] == Watch("watching")
    assert watching(at_its_end, BAY, [])["seg-05"]["M04"] == Watch("partly", "far", "camera")


def test_a_camera_that_counts_too_few_or_too_many_gives_estimates_and_finds_people_all_the_same():
    for finds, told in ((0.85, Watch("partly", "estimated")), (1.2, Watch("partly", "estimated")), (0.95, Watch("watching"))):
        found = watching(with_camera_amid(site(), finds=finds), BAY, [])["seg-05"]
        assert (found["M08"], found["M04"]) == (told, Watch("watching"))


def test_where_every_camera_is_far_people_are_small_and_boats_are_not():
    found = watching(SITE, BAY, [])
    assert found["seg-05"]["M09"] == Watch("watching")
    assert found["seg-06"]["M09"] == Watch("partly", "far", "camera")
    assert words(found["seg-06"]["M09"]) == ("摄像机较远,人像过小", "camera far: people are small")
    assert found["seg-06"]["M06"] == Watch("watching")


def test_when_most_cameras_are_blurred_nobody_calls_it_watched():
    assert watching(SITE, BAY, [alert("M03", "bay/cameras", "blue", code="environment")])["seg-05"]["M09"] == Watch("partly", "fog")


def test_fog_a_disabled_model_and_a_dead_bridge_are_said():
    fog = watching(SITE, BAY, [alert("M17", "bay", "yellow", code="fog")])
    assert fog["seg-05"]["M09"] == Watch("partly", "fog")
    assert fog["seg-05"]["M12"] == Watch("watching")
    off = watching(SITE, BAY, [alert("SYS", "models/M09", "red", code="model_disabled", values={"model": "M09"})])
    assert (off["seg-05"]["M09"].state, off["seg-05"]["M04"].state) == ("blind", "watching")
    dead = watching(SITE, BAY, [alert("SYS", "bridge/no_tick", "red", code="no_tick")])
    assert {watch.state for models in dead.values() for watch in models.values()} == {"blind"}


def test_of_two_means_the_one_that_is_left_sees_some():
    found = watching(SITE, BAY, [alert("M02", "ais-1", code="receiver_down")])
    assert found["seg-05"]["M12"] == Watch("blind", "down", "receiver")
    assert found["seg-05"]["M11"].state == "partly"
    assert words(found["seg-05"]["M12"]) == ("接收站离线", "receiver down")


def test_a_camera_watches_what_lies_within_its_reach():
    """It stands between segments 4 and 5, of which the middles are 100 m away; those of 3 and 6 are about 300 m away."""
    found = watching(SITE, BAY, [alert("M02", "cam-1", code="silent")])
    assert [found[f"seg-{n:02d}"]["M04"].reason for n in (2, 5, 8)] == ["none", "down", "none"]


def test_a_camera_that_is_found_blind_does_not_watch_and_a_failed_light_blinds_no_camera():
    lamp, camera = (next(each for each in SITE.devices if each.id == name) for name in ("light-1", "cam-1"))
    names = [each.place or each.id for each in (lamp, camera)]
    for code, named in (("too_blurry", names[1:]), ("no_frames", names[1:]), ("both", names)):
        found = watching(SITE, BAY, [alert("M03", camera.segment, segment=camera.segment, code=code, values={"devices": named})])
        assert found[camera.segment]["M04"] == Watch("blind", "down", "camera")
    light = watching(SITE, BAY, [alert("M03", lamp.segment, segment=lamp.segment, code="light", values={"devices": names[:1]})])
    assert light[camera.segment]["M04"].state == "watching"
    assert light[lamp.segment]["M03"].state != "watching"
    dark = alert("M03", camera.segment, "orange", camera.segment, "dark_shore", {"segments": 2, "metres": 400})
    assert watching(SITE, BAY, [dark])[camera.segment]["M04"].state == "blind"
