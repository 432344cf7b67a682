"""The pretend coast: the same each time, true to its truth, on the water, and in the words of the wire."""

import threading
from collections import Counter
from itertools import islice, pairwise
from pathlib import Path

import msgspec
import pytest
from shapely.geometry import LineString, Point, Polygon

from device_sim.chance import rng
from device_sim.coast import Coast, truth
from device_sim.publish import Pressed, Publisher
from device_sim.record import received_lines, record
from device_sim.scenario import FOLDER, Happening, Scenario, read_scenario
from device_sim.sea import sea
from device_sim.vessels import reports, vessel
from device_sim.voyages import HOUR, fleet
from device_sim.water import land, lanes, water
from ingest.geo import metres
from ingest.settings import Settings
from ingest.site_files import read_site
from ingest.tide import tide_of
from ingest.wire import Door

START = 1_780_000_000_000
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
SHORT = Scenario(
    "short", "Short", "短", "10min", 40, 10, 10, 12, happenings=(
        Happening("press", "1min", "2min"), Happening("silent", "2min", lasts="4min"), Happening("low_battery", "3min", lasts="2min"),
        Happening("tamper", "4min"), Happening("vessel_silent", "1min", lasts="5min"), Happening("broker_outage", "6min", lasts="1min"),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def bay():
    return read_site(Path(__file__).parents[2] / "sites" / "quanzhou-bay")


@pytest.fixture(scope="module")
def said(bay):
    return list(Coast(bay, SHORT, 1, START).said())


def test_every_scenario_reads_and_says_itself_in_both_languages():
    assert {"calm_hour", "presses", "box_faults", "vessel_silence", "broker_outage", "demo"} <= set(NAMES)
    for name in NAMES:
        scenario = read_scenario(name)
        assert (scenario.name, bool(scenario.en), bool(scenario.zh)) == (name, True, True)


def test_a_wrong_scenario_says_what_is_wrong(tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text('name = "x"\nen = "x"\nzh = "x"\nboxen = 3\n')
    with pytest.raises(ValueError, match="boxen"):
        read_scenario(str(path))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(bay, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        record(bay, SHORT, seed, START, tmp_path / f"{name}.jsonl.zst", tmp_path / f"{name}.truth.jsonl")
    content = {name: (tmp_path / f"{name}.jsonl.zst").read_bytes() + (tmp_path / f"{name}.truth.jsonl").read_bytes() for name in "abc"}
    assert content["a"] == content["b"] != content["c"]


def test_everything_said_is_taken_at_the_door(bay, said):
    door = Door(bay)
    for one in said:
        events, refused = door.read(f"coast/{one.device.area}/{one.device.id}/{one.kind}", msgspec.json.encode(one.payload), one.at + 40)
        assert not refused, (one, refused)
        assert events
    assert set(Counter(one.kind for one in said)) >= {
        "heartbeat",
        "camera",
        "tracks",
        "position",
        "tide",
        "weather",
        "wave",
        "sos",
        "tamper",
        "status",
    }


def test_time_never_falls_and_counters_have_no_gap(said):
    assert [one.at for one in said] == sorted(one.at for one in said)
    counted = {}
    for one in said:
        if one.kind != "status":
            name = (one.device.id, one.payload["boot"])
            assert one.payload["seq"] == counted.get(name, -1) + 1
            counted[name] = one.payload["seq"]


def test_one_device_more_changes_nothing_of_the_others(bay, said):
    more = Coast(bay, msgspec.structs.replace(SHORT, cameras=11), 1, START).said()
    newcomer = bay.devices[[device.type for device in bay.devices].index("camera") + 10].id

    def of(stream):
        return [one for one in stream if one.device.type == "box" and one.kind != "heartbeat"]

    assert of(said) == of(one for one in more if one.device.id != newcomer)


def test_the_truth_tells_every_happening_and_what_must_come_of_it(bay):
    coast = Coast(bay, SHORT, 1, START)
    told = list(truth(coast.staged))
    assert Counter(one["staged"] for one in told) == {"press": 5, "silent": 1, "low_battery": 1, "tamper": 1, "vessel_silent": 1, "broker_outage": 1}
    for one in told:
        if one["staged"] == "press":
            assert (one["must"]["model"], one["must"]["level"], one["must"]["subject"]) == ("M01", "red", one["subject"])
    assert next(one for one in told if one["staged"] == "broker_outage")["must_not"]


def test_every_press_that_was_staged_is_made(bay, said):
    coast = Coast(bay, SHORT, 1, START)
    assert [(one.at, one.device.id) for one in said if one.kind == "sos"] == [(one.at, one.subject) for one in coast.staged if one.what == "press"]


def test_a_silent_box_says_nothing_until_it_is_back_with_a_new_boot(bay, said):
    (quiet,) = [one for one in Coast(bay, SHORT, 1, START).staged if one.what == "silent"]
    own = [one for one in said if one.device.id == quiet.subject]
    assert [one.kind for one in own if quiet.at <= one.at < quiet.until] == ["status"]
    before = {one.payload["boot"] for one in own if one.at < quiet.at and "boot" in one.payload}
    after = {one.payload["boot"] for one in own if one.at >= quiet.until and "boot" in one.payload}
    assert before
    assert after
    assert not before & after


def test_what_is_said_in_an_outage_comes_late_without_sent_and_nothing_is_lost(bay, said):
    coast = Coast(bay, SHORT, 1, START)
    lines = list(received_lines(coast))
    (outage,) = coast.outages
    assert len(lines) == len(said)
    assert [received for received, _ in lines] == sorted(received for received, _ in lines)
    late = [(received, one) for received, one in lines if outage.at <= one.at < outage.until]
    assert late
    assert all(received >= outage.until and "sent" not in one.payload for received, one in late)


@pytest.fixture(scope="module")
def voyages(bay):
    return fleet(bay, Coast(bay, SHORT, 1, START).cast.vessels, 1, START, START + 24 * HOUR)


def test_lanes_stay_on_the_water_and_out_of_forbidden_water(bay):
    net, ground = water(bay, 1), land(bay, 0)
    assert len(net.points) >= 40
    for lane in lanes(net):
        assert not ground.intersects(LineString(lane))
    closed = [Polygon(zone.ring) for zone in bay.zones if zone.kind in ("forbidden", "aquaculture", "border")]
    assert not any(shape.intersects(LineString(lane)) for lane in lanes(net) for shape in closed)
    for harbour in net.harbours:
        ring = Polygon(bay.zone[harbour.id].ring)
        assert all(ring.contains(Point(net.points[mooring])) for mooring in harbour.moorings)


def test_vessels_sail_from_their_harbour_to_fishing_grounds_and_home_without_a_jump_or_a_walk_over_land(bay, voyages):
    ground = land(bay, 0)
    states = Counter()
    for voyage in voyages.values():
        legs = voyage.legs
        assert all(one.until == other.since and metres(one.end, other.start) < 1 for one, other in pairwise(legs))
        assert legs[0].since <= START
        assert legs[-1].until >= START + 24 * HOUR
        assert all(leg.knots < 10 for leg in legs)
        assert not ground.intersects(LineString([leg.start for leg in legs] + [legs[-1].end]))
        states.update(leg.state for leg in legs)
        ring = Polygon(bay.zone[voyage.harbour].ring)
        assert all(ring.contains(Point(leg.start)) for leg in legs if leg.state == "moored")
    assert set(states) == {"moored", "sailing", "fishing"}


def test_a_moored_vessel_reports_every_three_minutes_and_stands_still(bay, voyages):
    name, voyage = next((name, voyage) for name, voyage in voyages.items() if voyage.leg(START + HOUR).state == "moored")
    leg = voyage.leg(START + HOUR)
    fixes = [(at, fields) for at, _, fields in islice(vessel(name, "", rng(1, name), voyage, START, ()), 4_000) if leg.since <= at < leg.until]
    assert len(fixes) > 5
    assert all(other - one == 180_000 for (one, _), (other, _) in pairwise(fixes))
    assert all(fields["sog"] < 0.5 and metres(tuple(fields["position"]), leg.start) < 15 for _, fields in fixes)


def test_every_trip_is_reported_before_it_leaves_and_after_it_is_home(bay, voyages):
    console = next(device for device in bay.devices if device.type == "console")
    told = list(reports(bay, voyages, console, START, rng(1, "reports")))
    assert [at for at, _, _ in told] == sorted(at for at, _, _ in told)
    for name, voyage in voyages.items():
        own = [(at, fields["report"]) for at, _, fields in told if fields["vessel"] == name]
        assert [report for _, report in own] == ["departure", "return"] * len(voyage.trips)
        for trip, (out, _), (back, _) in zip(voyage.trips, own[::2], own[1::2], strict=True):
            assert START <= out <= max(trip.departs, START + 5_000)
            assert back > trip.returns


def test_the_gauge_shows_the_sites_own_tide_and_a_small_surge_by_the_seed(bay):
    tide = tide_of(bay, "huian")
    levels = [(at, fields["level"]) for at, kind, fields in islice(sea(rng(1, "s"), START, tide), 3 * 1_500) if kind == "tide"]
    surge = [level - float(tide.level(at)[0]) for at, level in levels]
    assert 0.005 < max(map(abs, surge)) < 0.2
    assert max(abs(one - other) for one, other in pairwise(surge)) < 0.005
    assert max(level for _, level in levels) - min(level for _, level in levels) > 3
    assert [fields["level"] for _, kind, fields in islice(sea(rng(2, "s"), START, tide), 30) if kind == "tide"] != [level for _, level in levels[:10]]
    assert not [kind for _, kind, _ in islice(sea(rng(1, "s"), START, None), 10) if kind == "tide"]


class Link:
    def __init__(self):
        self.said = []
        self.connected = True

    def cut(self):
        self.connected = False

    def mend(self):
        self.connected = True

    def publish(self, kind, payload):
        self.said.append((kind, payload))

    def send(self, topic, payload, *, retain=False):
        self.said.append((topic, payload))


@pytest.fixture
def publisher(bay, monkeypatch):
    monkeypatch.setattr("device_sim.publish.DeviceLink", lambda *_args, **_more: Link())
    return Publisher(Settings(), Coast(bay, SHORT, 1, START), threading.Event())


def test_a_press_is_repeated_every_five_seconds_with_the_same_name():
    press = Pressed({"ts": 0, "seq": 4, "boot": 7, "sent": 0}, 0)
    assert [press.due(at) for at in (1_000, 4_999)] == [None, None]
    assert press.due(5_000) == {"ts": 0, "seq": 4, "boot": 7, "sent": 5_000}
    assert press.due(9_999) is None


def test_the_repetition_stops_when_the_box_hears_received_and_it_answers_once(publisher):
    sos = next(one for one in publisher.coast.said() if one.kind == "sos")
    box = sos.device.id
    publisher._leave(sos, sos.at)
    assert box in publisher.pressed
    order = {"id": "c1", "command": "report", "args": {"alert": "a", "state": "waiting"}, "expires": 1}
    publisher._do(box, order, sos.at + 1)
    assert box in publisher.pressed
    for _ in range(2):
        publisher._do(box, {**order, "id": "c2", "args": {"alert": "a", "state": "received"}}, sos.at + 2)
    assert box not in publisher.pressed
    assert [state for _, state in publisher.heard[box]] == ["waiting", "received"]
    answers = [payload for link in (publisher.shared, *publisher.own.values()) for kind, payload in link.said if kind.endswith("done")]
    assert [answer["id"] for answer in answers] == ["c1", "c2"]


def test_an_outage_cuts_every_session_says_nothing_and_tells_what_is_right_of_it(publisher):
    (outage,) = publisher.coast.outages
    links = (publisher.shared, *publisher.own.values())
    for one in publisher.coast.said():
        if one.at >= outage.until:
            break
        said = sum(len(link.said) for link in links)
        publisher._leave(one, one.at)
        if one.at >= outage.at:
            assert not any(link.connected for link in links)
            assert publisher.held
            assert said == sum(len(link.said) for link in links) or len(publisher.held) == 1  # what was gathered before leaves with the first
    publisher._leave(one, one.at)
    assert all(link.connected for link in links)
    assert not publisher.held
    told = publisher._devices_away(next(one for one in truth(publisher.coast.staged) if one["staged"] == "broker_outage"))
    assert told["must"]["model"] == "M02"
    assert {each["model"] for each in told["must_not"]} == {"M12"}


@pytest.mark.parametrize("payload", [b"", b"[]", b"\xff", b'{"command": "report", "args": 3}', b'{"box": 5}'])
def test_nonsense_from_the_broker_is_no_end(publisher, payload):
    for topic in ("coast/x/box-0001/do", "coast-sim/press"):
        publisher._came(topic, payload)
    assert not publisher.pressed


def test_lights_speak_through_their_gateway_and_the_door_takes_it(publisher, bay):
    light = next(device for device in publisher.coast.cast.lights if device.gateway)
    said_ = next(one for one in publisher.coast.said() if one.device.id == light.id and one.kind == "heartbeat")
    publisher._leave(said_, START)
    publisher._flush()
    ((topic, array),) = publisher.shared.said
    assert topic == f"coast/{light.area}/{light.gateway}/heartbeat"
    events, refused = Door(bay).read(topic, msgspec.json.encode(array), START)
    assert not refused
    assert events


def test_what_is_entered_late_stays_late_on_a_live_broker(publisher):
    said_ = next(one for one in publisher.coast.said() if one.kind == "heartbeat")
    publisher._leave(said_._replace(kind="trip", payload={**said_.payload, "ts": said_.at - 7_000}), START + 90_000)
    ((_, payload),) = [told for link in (publisher.shared, *publisher.own.values()) for told in link.said]
    assert payload["ts"] == START + 83_000
