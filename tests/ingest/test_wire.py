"""The door follows the wire document to the letter."""

import base64
import json
import random
import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.events import KINDS, Sos, Tick
from ingest.records import Batch, Codec
from ingest.refusals import REASONS, Refused, pack, unpack
from ingest.wire import Door
from ingest.wire_permissions import KINDS_OF_TYPE
from tests.ingest.coast import NOW, site

DOOR = Door(site())


def read(topic, payload, received=NOW, **more):
    return DOOR.read(topic, payload if isinstance(payload, bytes) else json.dumps(payload).encode(), received, **more)


def one(topic, payload, **more):
    found, refused = read(topic, payload, **more)
    assert not refused
    assert len(found) == 1
    return found[0]


def reason(topic, payload, **more):
    found, refused = read(topic, payload, **more)
    assert not found
    assert len(refused) == 1
    assert refused[0].reason in REASONS
    return refused[0].reason


def test_a_heartbeat_reaches_its_devices_area_and_absent_fields_are_not_available():
    area, event = one("coast/west/box-1/heartbeat", {"ts": NOW, "battery": 0.5, "new_in_firmware_9": [1, {}]})
    assert (area, event.device, event.received, event.battery, event.rssi) == (1, "box-1", NOW, 0.5, None)


def test_zero_is_not_missing():
    assert one("coast/west/box-1/heartbeat", {"ts": NOW, "battery": 0})[1].battery == 0.0


@pytest.mark.parametrize("ts", ["2026-11-23T01:02:03.123Z", "2026-11-23T09:02:03.123+08:00", NOW])
def test_times_are_milliseconds_or_rfc_3339_with_an_offset(ts):
    assert one("coast/west/box-1/heartbeat", {"ts": ts})[1].ts == NOW


def test_a_time_without_an_offset_is_refused():
    assert reason("coast/west/box-1/heartbeat", {"ts": "2026-11-23T01:02:03"}) in ("range", "type")


def test_message_pack_says_the_same():
    payload = {"ts": NOW, "battery": 0.5, "seq": 3, "boot": "b1"}
    assert read("coast/west/box-1/heartbeat", msgspec.msgpack.encode(payload)) == read("coast/west/box-1/heartbeat", payload)


def test_a_number_that_is_none_is_refused_in_message_pack():
    assert reason("coast/west/box-1/heartbeat", msgspec.msgpack.encode({"ts": NOW, "battery": float("nan")})) == "range"
    assert reason("coast/west/box-1/heartbeat", msgspec.msgpack.encode([{"ts": NOW, "battery": float("nan")}])) == "range"


@pytest.mark.parametrize(
    ("topic", "payload", "code"),
    [
        ("coast/west/box-1", {}, "topic"),
        ("coast/West/box-1/heartbeat", {}, "topic"),
        ("coast/west/box-1/heartbeats", {}, "kind"),
        ("coast/west/box-1/tick", {}, "ours"),
        ("coast/west/box-9/heartbeat", {}, "device"),
        ("coast/north/box-1/heartbeat", {}, "area"),
        ("coast/west/box-1/action", {}, "permission"),
        ("coast/west/box-1/heartbeat", b"", "parse"),
        ("coast/west/box-1/heartbeat", b"12", "parse"),
        ("coast/west/box-1/heartbeat", b"{", "parse"),
        ("coast/west/box-1/heartbeat", b'{"firmware":"\xff"}', "parse"),
        ("coast/west/box-1/heartbeat", {"battery": 0.5}, "missing"),
        ("coast/west/box-1/rescue", {"ts": NOW, "item": "line"}, "missing"),
        ("coast/west/box-1/heartbeat", {"ts": NOW, "battery": "full"}, "type"),
        ("coast/west/box-1/heartbeat", {"ts": NOW, "battery": 1.01}, "range"),
        ("coast/west/box-1/heartbeat", {"ts": NOW, "supply": "steam"}, "range"),
        ("coast/west/box-1/heartbeat", {"ts": NOW, "seq": 10**30}, "range"),
        ("coast/west/box-1/heartbeat", {"ts": NOW, "device": "box-2"}, "mismatch"),
        ("coast/west/box-1/heartbeat", {"ts": NOW, "crs": "bd-09"}, "crs"),
        ("coast/west/box-1/heartbeat", {"ts": NOW - 25 * 3_600_000, "sent": NOW}, "clock"),
        ("coast/west/box-1/heartbeat", {"ts": NOW, "firmware": "x" * 70_000}, "large"),
        ("coast/west/gw-1/heartbeat", [{"ts": NOW}] * 1_001, "batch"),
        ("coast/west/gw-1/heartbeat", [{"ts": NOW, "firmware": "x" * 600_000}], "large"),
        ("coast/west/gw-1/heartbeat", [{"ts": NOW, "device": "box-3"}], "gateway"),
        ("coast/west/gw-1/heartbeat", [{"ts": NOW, "device": "box-99"}], "device"),
        ("coast/west/gw-1/tide", [{"ts": NOW, "device": "box-1", "level": 1}], "permission"),
        ("coast/west/ais-1/position", {"ts": NOW, "vessel": "12"}, "range"),
        ("coast/west/ais-1/bulletin", b"<!DOCTYPE x><alert/>", "cap"),
    ],
)
def test_what_is_wrong_is_refused_with_its_reason(topic, payload, code):
    assert reason(topic, payload) == code


def test_a_refusal_keeps_what_came():
    _, (refused,) = read("coast/west/box-1/heartbeat", b"hello")
    assert (refused.topic, refused.device, refused.received, refused.payload) == ("coast/west/box-1/heartbeat", "box-1", NOW, b"hello")
    codec = Codec()
    assert [one for value in pack(codec, [refused] * 3) for one in unpack(codec, value)] == [refused] * 3


def test_one_bad_object_of_a_gateway_costs_itself_alone():
    found, refused = read(
        "coast/west/gw-1/heartbeat",
        [{"ts": NOW, "device": "box-1"}, {"ts": NOW, "device": "box-2", "battery": 7}, {"ts": NOW, "device": "box-2"}, {"ts": NOW}],
    )
    assert [(area, event.device) for area, event in found] == [(1, "box-1"), (2, "box-2"), (1, "gw-1")]
    assert [one.device for one in refused] == ["box-2"] or [one.reason for one in refused] == ["range"]


def test_a_box_moved_to_another_area_is_still_heard_there():
    assert one("coast/east/box-1/heartbeat", {"ts": NOW})[0] == 1


def test_a_device_may_say_what_the_site_permits_it():
    assert one("coast/west/cam-1/light", {"ts": NOW, "mode": "on"})[1].mode == "on"
    assert "light" not in KINDS_OF_TYPE["camera"]


def test_an_action_of_a_person_comes_from_a_console():
    payload = {"ts": NOW, "id": "a", "alert": "x", "do": "note", "by": "li"}
    assert one("coast/west/desk-1/action", payload)[1].do == "note"


def test_people_may_enter_things_seven_days_late_but_not_eight():
    day = 86_400_000
    trip = {"id": "t", "vessel": "v", "report": "departure", "sent": NOW}
    assert one("coast/west/desk-1/trip", {**trip, "ts": NOW - 6 * day})[1].flags == ()
    assert reason("coast/west/desk-1/trip", {**trip, "ts": NOW - 8 * day}) == "clock"


def test_a_clock_a_day_off_is_flagged_where_nothing_proves_it():
    assert one("coast/west/box-1/heartbeat", {"ts": NOW - 90_000_000})[1].flags == ("clock",)
    assert one("coast/west/box-1/heartbeat", {"ts": 1, "sent": 2})[1].flags == ()


@pytest.mark.parametrize("kind", ["tamper", "status", "done"])
def test_some_kinds_are_never_refused_for_their_time(kind):
    fields = {"tamper": {"door": True}, "status": {"state": "offline"}, "done": {"id": "c", "ok": True}}[kind]
    for times in ({}, {"ts": 1}, {"ts": 1, "sent": NOW}):
        assert one(f"coast/west/box-1/{kind}", {**fields, **times})[1]


def test_only_a_status_may_be_retained():
    assert one("coast/west/box-1/status", {"state": "online"}, retained=True)[1].retained
    assert reason("coast/west/box-1/heartbeat", {"ts": NOW}, retained=True) == "retained"


def test_a_withdrawn_status_says_nothing_and_an_empty_heartbeat_is_refused():
    assert read("coast/west/box-1/status", b"") == ([], [])
    assert reason("coast/west/box-1/heartbeat", b"") == "parse"


def test_what_ais_calls_not_available_becomes_null_and_the_fix_is_kept():
    _, event = one("coast/west/ais-1/position", {"ts": NOW, "vessel": 412345678, "position": [118.2, 24.5], "sog": 102.3, "cog": 360, "heading": 511})
    assert (event.vessel, event.sog, event.cog, event.heading, event.position) == ("412345678", None, None, None, (118.2, 24.5))


def test_gcj_02_is_converted_and_cgcs2000_is_the_same():
    fix = {"ts": NOW, "vessel": "412345678", "position": [118.2, 24.5]}
    moved = one("coast/west/ais-1/position", {**fix, "crs": "gcj-02"})[1].position
    assert 100 < abs(moved[0] - 118.2) * 101_000 < 1_000
    assert one("coast/west/ais-1/position", {**fix, "crs": "cgcs2000"})[1].position == (118.2, 24.5)


def test_a_fix_near_the_border_goes_to_both_areas_with_its_owner():
    found, _ = read("coast/west/ais-1/position", {"ts": NOW, "vessel": "412345678", "position": [118.98, 24.5]})
    assert sorted((area, event.owner) for area, event in found) == [(1, True), (2, False)]


def test_a_fix_far_from_all_areas_is_kept_as_nobodys_own():
    found, _ = read("coast/west/ais-1/position", {"ts": NOW, "vessel": "412345678", "position": [-74.0, 40.0]})
    assert [(area, event.owner) for area, event in found] == [(1, False)]


@pytest.mark.parametrize("name", [{"vessel": "412000001"}, {"vessel": "200001", "system": "beidou"}])
def test_a_registered_boats_fix_reaches_the_area_of_its_home_station_as_a_strangers(name):
    found, _ = read("coast/west/ais-1/position", {"ts": NOW, **name, "position": [118.2, 24.5]})
    assert [(area, event.owner) for area, event in found] == [(1, True), (2, False)]
    near, _ = read("coast/west/ais-1/position", {"ts": NOW, **name, "position": [118.98, 24.5]})
    assert sorted((area, event.owner) for area, event in near) == [(1, True), (2, False)], "it is heard there already"


def test_a_trip_of_a_registered_boat_reaches_every_area_and_another_the_one_where_it_was_entered():
    trip = {"ts": NOW, "id": "t", "report": "departure"}
    assert [area for area, _ in read("coast/west/desk-1/trip", {**trip, "vessel": "412000001"})[0]] == [1, 2]
    assert [area for area, _ in read("coast/west/desk-1/trip", {**trip, "vessel": "999"})[0]] == [1]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"garbage",
        b"\xff\xfe",
        b"{",
        b"[]",
        b"[1,2]",
        b"null",
        b"\xc1",
        b"{}",
        b'{"state":"what"}',
        b'{"ts":"noon"}',
        b"[" * 5000,
        b"x" * 700_000,
    ],
)
@pytest.mark.parametrize(
    "topic",
    [
        "coast/west/box-1/sos",
        "coast/west/ais-1/distress",
        "coast/nowhere/box-77/sos",
        "coast/A B/x/sos",
        "coast/west/cam-1/sos",
        "sos",
        "a/b/c/d/e/sos",
    ],
)
def test_everything_on_sos_and_distress_raises(topic, payload):
    found, refused = read(topic, payload)
    assert not refused
    assert len(found) == 1
    event = found[0][1]
    assert getattr(event, "state", "pressed") == "pressed"
    if payload != b"{}" and not (b"what" in payload and topic.endswith("distress")):
        assert event.raw == payload[: 64 * 1024]
        assert "odd" in event.flags
    assert len(Codec().pack(Batch("r", [event]))) > 0


def test_a_press_from_a_box_that_the_site_does_not_know_is_unplaced():
    assert [(area, event.flags) for area, event in read("coast/east/box-77/sos", {"ts": NOW})[0]] == [(2, ("unplaced",))]
    assert [(area, event.flags) for area, event in read("coast/none/box-77/sos", {"ts": NOW})[0]] == [(1, ("unplaced",))]
    assert [(area, event.flags) for area, event in read("coast/none/box-2/sos", {"ts": NOW})[0]] == [(2, ())]


def test_a_valid_release_is_none_and_an_odd_one_is_a_press():
    assert one("coast/west/box-1/sos", {"ts": NOW, "state": "released"})[1].state == "released"
    assert one("coast/west/box-1/sos", {"ts": NOW, "state": "released", "hold": "long"})[1].state == "pressed"


def test_an_odd_press_keeps_its_name_so_that_its_repetition_is_known():
    event = one("coast/west/box-1/sos", {"ts": NOW, "seq": 4, "boot": 9, "hold": "long"})[1]
    assert (event.ts, event.seq, event.boot) == (NOW, 4, 9)


def test_a_gateways_presses_are_each_its_boxes_own():
    found, _ = read(
        "coast/west/gw-1/sos", [{"ts": NOW, "device": "box-1"}, {"ts": NOW, "device": "box-2", "hold": "x"}, {"ts": NOW, "device": "box-3"}]
    )
    assert [(area, event.device, event.flags) for area, event in found] == [(1, "box-1", ("odd",)), (2, "box-2", ("odd",)), (1, "box-3", ("odd",))]


def test_bare_sentences_and_lines_become_positions():
    text = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C"
    bare, refused = read("coast/west/ais-1/nmea", text.encode())
    assert not refused
    assert bare[0][1].vessel == "477553000"
    lines, _ = read("coast/west/ais-1/nmea", {"ts": NOW - 5, "lines": [text]})
    assert lines[0][1].vessel == "477553000"
    assert lines[0][1].ts == NOW - 5
    assert reason("coast/west/ais-1/nmea", b"!AIVDM,broken") == "nmea"


CAP = """<?xml version="1.0" encoding="UTF-8"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>b-1</identifier><sender>met</sender>
<sent>2026-11-23T09:00:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope><info><category>Met</category><event>台风预警</event>
<urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty><expires>2026-11-24T09:00:00+08:00</expires>
<area><areaDesc>x</areaDesc><polygon>24.2,119.2 24.4,119.2 24.4,119.4 24.2,119.2</polygon></area></info></alert>"""


def test_a_cap_message_is_a_bulletin_of_the_areas_that_it_covers():
    found, refused = read("coast/west/ais-1/bulletin", CAP.encode())
    assert not refused
    assert [(area, event.type, event.colour, event.id) for area, event in found] == [(2, "typhoon", "orange", "b-1")]


def _cap(**parts):
    """The message with these elements of it said otherwise, or as a whole: `info`."""
    text = CAP
    for name, value in parts.items():
        text = re.sub(f"<{name}>.*</{name}>", value if value.startswith("<") or not value else f"<{name}>{value}</{name}>", text, flags=re.DOTALL)
    return read("coast/west/ais-1/bulletin", text.encode())


def test_a_cap_update_names_what_it_replaces_and_is_told_to_the_areas_that_it_leaves():
    references = "<msgType>Update</msgType><references>met,b-0,2026-11-23T08:00:00+08:00 met,a-9,2026-11-22T08:00:00+08:00</references>"
    found, refused = _cap(msgType=references)
    assert not refused
    assert {(area, event.replaces) for area, event in found} == {(1, ("b-0", "a-9")), (2, ("b-0", "a-9"))}
    ended, stands = (event for _, event in sorted(found))
    assert ended.expires == ended.onset == NOW
    assert stands.expires > NOW


def test_a_cap_cancellation_without_info_is_taken_everywhere():
    found, refused = _cap(msgType="<msgType>Cancel</msgType><references>met,b-0,2026-11-23T08:00:00+08:00</references>", info="")
    assert not refused
    assert [(area, event.message, event.replaces) for area, event in found] == [(1, "cancel", ("b-0",)), (2, "cancel", ("b-0",))]


@pytest.mark.parametrize(("status", "drill"), [("Actual", False), ("Exercise", True), ("Test", True)])
def test_a_cap_exercise_or_test_is_a_drill(status, drill):
    found, _ = _cap(status=status)
    assert [event.drill for _, event in found] == [drill]


@pytest.mark.parametrize("status", ["Draft", "System", ""])
def test_a_cap_draft_is_refused(status):
    found, refused = _cap(status=status)
    assert not found
    assert refused[0].reason == "cap"


def test_of_several_infos_the_gravest_counts():
    minor = "<info><event>大雾</event><severity>Minor</severity></info>"
    found, _ = read("coast/west/ais-1/bulletin", CAP.replace("<info>", f"{minor}<info>").encode())
    assert {(event.type, event.colour) for _, event in found} == {("typhoon", "orange")}


@pytest.mark.parametrize(
    ("said", "kind"),
    [("Gale Warning", "wind"), ("Small Craft Advisory", "wind"), ("Storm Warning", "wind"), ("Storm Surge Warning", "surge"), ("Coastal Flood Advisory", "surge"),
     ("High Surf Advisory", "wave"), ("Hazardous Seas Watch", "wave"), ("Rip Current Statement", "wave"), ("Special Marine Warning", "thunderstorm"),
     ("Severe Thunderstorm Warning", "thunderstorm"), ("Hurricane Warning", "typhoon"), ("Tropical Storm Warning", "typhoon"), ("Dense Fog Advisory", "fog"),
     ("Tsunami Warning", "tsunami"), ("海浪橙色预警", "wave"), ("雷暴大风", "thunderstorm")],
)  # fmt: skip
def test_events_of_weather_services_have_their_type(said, kind):
    found, refused = _cap(event=said)
    assert not refused
    assert {event.type for _, event in found} == {kind}


def test_several_polygons_and_a_circle_are_one_outline():
    second = "<area><areaDesc>y</areaDesc><circle>24.3,119.25 5</circle></area></info>"
    found, refused = read("coast/west/ais-1/bulletin", CAP.replace("</info>", second).encode())
    assert not refused
    ring = found[0][1].polygon
    assert min(y for _, y in ring) < 24.26
    assert max(x for x, _ in ring) == 119.4


@pytest.mark.parametrize("circle", ["24.3 5", "24.3,119.25", "24.3,119.25 x", "24.3,119.25 -1", "95,0 5", "nan,0 5", "0,0 inf"])
def test_a_circle_that_is_none_is_refused(circle):
    found, refused = read("coast/west/ais-1/bulletin", CAP.replace("<polygon>", f"<circle>{circle}</circle><polygon>").encode())
    assert not found
    assert refused[0].reason == "cap"


@pytest.mark.parametrize("ring", ["nan,nan 1,1 2,2", "1e308,0 -1e308,0 0,1", "91,0 0,0 1,1", "0,181 0,0 1,1", "1 2 3", "a,b"])
def test_polygons_that_are_none_are_refused_however_many(ring):
    second = f"<polygon>{ring}</polygon><polygon>"
    found, refused = read("coast/west/ais-1/bulletin", CAP.replace("<polygon>", second).encode())
    assert not found
    assert refused[0].reason == "cap"


def test_polygons_that_cross_themselves_or_have_no_surface_are_an_outline_all_the_same():
    odd = "<polygon>24,119 25,120 24,120 25,119 24,119</polygon><polygon>24,119 24,119 24,119</polygon><polygon>"
    found, refused = read("coast/west/ais-1/bulletin", CAP.replace("<polygon>", odd).encode())
    assert not refused
    assert len(found[0][1].polygon) > 2


def test_an_amendment_is_told_to_the_area_that_it_no_longer_concerns_as_its_end():
    body = {"ts": NOW, "id": "w1", "type": "wind", "message": "update", "colour": "red", "areas": ["west"]}
    found, _ = read("coast/west/ais-1/bulletin", body)
    told = {area: (event.expires is not None and event.expires <= NOW) for area, event in found}
    assert sorted(told.values()) == [False, True]


ELEMENTS = ("identifier", "sent", "status", "msgType", "event", "severity", "expires", "polygon", "areaDesc", "info")
ODD = st.text(max_size=30) | st.sampled_from(
    ["nan,nan 0,0 1,1", "Update", "Cancel", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00-14:00", "<circle>1,2 3</circle>"]
)


@given(st.dictionaries(st.sampled_from(ELEMENTS), ODD, max_size=4))
def test_a_cap_message_with_anything_in_it_is_taken_or_refused(parts):
    found, refused = _cap(**{name: value.replace("\\", "") for name, value in parts.items()})
    assert bool(found) != bool(refused)
    for _, event in found:
        Codec().unpack(Codec().pack(Batch("r1", [event])))


def test_a_recording_may_hold_ticks_and_a_console_of_any_name():
    door = Door(site(), recorded=True)
    assert isinstance(door.read("coast/west/bridge/tick", b'{"now":5,"heard":5}', NOW)[0][0][1], Tick)
    assert door.read("coast/west/console/note", b"{}", NOW)[1][0].reason == "kind"
    assert door.read("coast/west/console/shift", json.dumps({"ts": NOW, "seat": "a", "do": "on", "by": "li"}).encode(), NOW)[0]


KEYS = st.sampled_from(sorted({name.rstrip("_") for row in KINDS for name in row.__struct_fields__} | {"crs", "lines", "device"}))
WORDS = st.sampled_from(["pressed", "released", "box-1", "box-2", "typhoon", "gcj-02", "person", "on", "2026-11-23T01:02:03Z", "412345678"])
LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10) | WORDS | st.just(NOW)
VALUE = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=12)
OBJECT = st.fixed_dictionaries({}, optional={"ts": st.just(NOW) | LEAF}).flatmap(
    lambda base: st.dictionaries(KEYS, VALUE, max_size=8).map(lambda more: {**more, **base})
)


def _packed(value):
    try:
        return msgspec.msgpack.encode(value)
    except OverflowError:
        return b"\xc1"


PAYLOAD = (
    st.binary(max_size=60)
    | OBJECT.map(lambda o: json.dumps(o).encode())
    | OBJECT.map(_packed)
    | st.lists(OBJECT, max_size=3).map(lambda o: json.dumps(o).encode())
)
TOPIC = st.builds(
    "coast/{}/{}/{}".format,
    st.sampled_from(["west", "east", "x", ""]),
    st.sampled_from(["box-1", "gw-1", "cam-1", "ais-1", "sea-1", "desk-1", "light-1", "who"]),
    st.sampled_from([row.__struct_config__.tag for row in KINDS] + ["nmea", "do", "x"]),
) | st.text(max_size=30)


def judge(topic, payload, retained):
    """Refused with a reason, or taken and fit for the log; a call for help always taken."""
    found, refused = DOOR.read(topic, payload, NOW, retained=retained)
    withdrawn = not payload and topic.endswith("/status")  # a retained message taken back says nothing
    assert found or refused or withdrawn or payload[:1] in (b"[", b"\x90") or topic.endswith("/nmea")
    assert all(one.reason in REASONS and isinstance(one, Refused) for one in refused)
    events = [event for _, event in found]
    assert CODEC.unpack(CODEC.pack(Batch("r", events))).events == events
    if topic.endswith(("/sos", "/distress")):
        assert events
        assert not refused
        assert all(event.state == "pressed" or b"released" in payload for event in events if isinstance(event, Sos))


CODEC = Codec()


@settings(max_examples=300, deadline=None)
@given(TOPIC, PAYLOAD, st.booleans())
def test_odd_messages_are_refused_with_a_reason_or_taken_and_nothing_is_thrown(topic, payload, retained):
    judge(topic, payload, retained)


def test_ten_thousand_more_of_them():
    chance = random.Random(3)
    names = sorted({name.rstrip("_") for row in KINDS for name in row.__struct_fields__} | {"crs", "lines"})
    kinds = [row.__struct_config__.tag for row in KINDS] + ["nmea", "x"]
    odd = [
        None,
        True,
        -1,
        0,
        1,
        0.5,
        360,
        511,
        1e300,
        2**70,
        NOW,
        "",
        "box-2",
        "pressed",
        "released",
        "gcj-02",
        "412345678",
        "\ud7ff",
        [],
        {},
        [118.2, 24.5],
        [[1, 2]],
        [{"track": 1}],
        "x" * 3000,
    ]
    for _ in range(10_000):
        objects = [
            {chance.choice(names): chance.choice(odd) for _ in range(chance.randrange(8))} | ({"ts": NOW} if chance.random() < 0.7 else {})
            for _ in range(2)
        ]
        payload = chance.choice(
            [
                json.dumps(objects[0]).encode(),
                json.dumps(objects).encode(),
                _packed(objects[0]),
                _packed(objects),
                chance.randbytes(chance.randrange(40)),
            ]
        )
        if chance.random() < 0.2:
            cut = chance.randrange(len(payload) + 1)
            payload = payload[:cut] + chance.randbytes(2) + payload[cut + 1 :]
        device = chance.choice(["box-1", "gw-1", "cam-1", "ais-1", "sea-1", "desk-1", "light-1", "who"])
        judge(f"coast/{chance.choice(['west', 'east', 'x'])}/{device}/{chance.choice(kinds)}", payload, chance.random() < 0.05)


def test_raw_bytes_of_a_press_survive_the_recordings_form():
    assert base64.b64encode(read("coast/west/box-1/sos", b"\xff")[0][0][1].raw) == b"/w=="
