"""AIVDM against the answers of gpsd's authors, and what a receiver's bad days look like."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.events import Distress, Position
from ingest.formats.nmea import PENDING, PIECES_AGE, Decoder

DATA = Path(os.environ.get("COAST_DATA", Path(__file__).parents[3] / "shared" / "data")) / "ais"
there = pytest.mark.skipif(not DATA.is_dir(), reason="the real AIS files are not here (COAST_DATA)")
TYPE5 = (
    r"!AIVDM,2,1,9,B,55R3Vn82=ILTQ3KKS>1<D60Dq@E918U<F222221J1`?164vc03S1CCAD,0*2A",
    r"!AIVDM,2,2,9,B,`88888888888880,2*76",
)
TYPE1 = "!AIVDM,1,1,,B,13aDp<PP000IwSlN?Wm@0?wN2<1T,0*29"


def sentence(body):
    check = 0
    for char in body.encode():
        check ^= char
    return f"!{body}*{check:02X}"


def encoded(**fields):
    from pyais.encode import encode_dict

    return list(encode_dict(fields, sentence_type="VDM"))


def decode(lines, received=1_000, decoder=None):
    return (decoder or Decoder()).decode(lines, received, "ais-1")


def expected(path):
    for line in path.read_text(errors="replace").splitlines():
        if line.startswith("{") and (said := json.loads(line)).get("class") == "AIS" and said["type"] in {1, 2, 3, 5, 9, 18, 19, 24, 27}:
            yield said


def agree(event, said):
    """gpsd's unscaled numbers: lon and lat in 1/10000 minute (type 27: 1/10), speed in 0.1 kn, course in 0.1 degrees."""
    assert event.vessel == str(said["mmsi"])
    if "lon" in said:
        scale = 600 if said["type"] == 27 else 600_000
        lost = abs(said["lon"]) > 180 * scale or abs(said["lat"]) > 90 * scale
        assert event.position == (None if lost else pytest.approx((said["lon"] / scale, said["lat"] / scale), abs=1e-6))
        factor = 1 if said["type"] in {9, 27} else 10
        assert event.sog == (None if said["speed"] >= (63 if said["type"] == 27 else 1023) else pytest.approx(said["speed"] / factor))
    if "heading" in said:
        assert event.heading == (None if said["heading"] == 511 else said["heading"])
    if "status" in said:
        assert event.nav_status == said["status"]
    if said["type"] == 24:  # gpsd tells both parts as one
        assert event.name == said["shipname"].strip() or (event.name is None and (event.callsign or "") == said.get("callsign", "").strip())
        return
    if said.get("shipname"):
        assert event.name == said["shipname"].strip()
    if said.get("callsign"):
        assert event.callsign == said["callsign"].strip()
    if said.get("destination"):
        assert event.destination == said["destination"].strip()


@there
def test_agrees_with_gpsd_sentence_for_sentence():
    events, _ = decode((DATA / "gpsd_sample.aivdm").read_text(errors="replace").splitlines())
    by_vessel = {}
    for event in events:
        if isinstance(event, Position):
            by_vessel.setdefault(event.vessel, []).append(event)
    checked = 0
    for said in expected(DATA / "gpsd_sample.aivdm.ju.chk"):
        if len(str(said["mmsi"])) == 9 and said["type"] != 24 and str(said["mmsi"]) in by_vessel:
            fixed = [e for e in by_vessel[str(said["mmsi"])] if (e.position is not None or e.sog is not None) == ("lon" in said)]
            agree(fixed.pop(0), said)
            checked += 1
    assert checked >= 10


@there
def test_agrees_with_gpsd_in_a_mixed_log_of_receiver_and_ships():
    events, reasons = decode((DATA / "gpsd_ais-nmea.log").read_text(errors="replace").splitlines())
    answers = list(expected(DATA / "gpsd_ais-nmea.log.chk"))
    assert not reasons
    unique = {json.dumps(said, sort_keys=True): said for said in answers}
    seen = {}
    for event in events:
        seen.setdefault((event.vessel, event.position is not None), []).append(event)
    for said in unique.values():
        near = seen[str(said["mmsi"]), "lon" in said and abs(said["lon"]) <= 180 * 600_000]
        assert any(_agrees(event, said) for event in near), said
    assert len(unique) > 50


def _agrees(event, said):
    try:
        agree(event, said)
    except AssertionError:
        return False
    return True


@there
@pytest.mark.parametrize(("name", "least"), [("pyais_nmea_data_sample.txt", 760), ("libais_test.aivdm", 40), ("libais_typeexamples.nmea", 8)])
def test_others_files_are_read_and_what_is_not_read_has_a_reason(name, least):
    events, reasons = decode((DATA / name).read_text(errors="replace").splitlines())
    assert len(events) >= least
    assert all(":" in reason for reason in reasons)


def test_a_message_in_two_payloads_is_put_together():
    decoder = Decoder()
    assert decode(TYPE5[:1], 1_000, decoder) == ([], [])
    (event,), reasons = decode(TYPE5[1:], 2_000, decoder)
    assert (event.vessel, event.name, event.destination, event.imo, event.position) == ("371255000", "SEA ENTERPRISE", "LEMMER", 9266633, None)
    assert not reasons
    assert not decoder.pending


def test_pieces_may_come_in_the_wrong_order():
    assert decode(TYPE5[::-1])[0][0].name == "SEA ENTERPRISE"


def test_a_piece_waits_thirty_seconds_of_received_and_then_says_so():
    decoder = Decoder()
    decode(TYPE5[:1], 1_000, decoder)
    assert decode([], 1_000 + PIECES_AGE, decoder) == ([], [])
    events, reasons = decode(TYPE5[1:], 1_001 + PIECES_AGE, decoder)
    assert not events
    assert "1 of 2" in reasons[0]


def test_first_pieces_without_end_do_not_fill_the_memory():
    decoder = Decoder()
    for i in range(10 * PENDING):
        decode([rf"\s:st{i}*{_check(f's:st{i}')}\{TYPE5[0]}"], 1_000, decoder)
    assert len(decoder.pending) <= PENDING


def _check(text):
    check = 0
    for char in text.encode():
        check ^= char
    return f"{check:02X}"


def test_the_tag_block_gives_the_time():
    tag = "s:st1,c:1700000000"
    (event,), _ = decode([rf"\{tag}*{_check(tag)}\{TYPE1}"])
    assert event.ts == 1_700_000_000_000


def test_a_tag_block_with_a_wrong_checksum_gives_no_time_but_the_fix_stays():
    (event,), _ = decode([rf"\c:1700000000*00\{TYPE1}"])
    assert event.ts is None


def test_grouped_sentences_take_the_time_of_the_first():
    tags = ("g:1-2-77,c:1700000000", "g:2-2-77")
    (event,), _ = decode([rf"\{tag}*{_check(tag)}\{line}" for tag, line in zip(tags, TYPE5, strict=True)])
    assert event.ts == 1_700_000_000_000


def test_a_wrong_checksum_is_no_fix():
    events, reasons = decode([TYPE1[:-2] + "00"])
    assert not events
    assert reasons[0].startswith("wrong checksum")


@pytest.mark.parametrize(("mmsi", "source"), [(970_123_456, "sart"), (972_971_214, "mob"), (974_111_111, "epirb")])
@pytest.mark.parametrize(("status", "test"), [(14, False), (15, True)])
def test_a_beacon_is_a_distress(mmsi, source, status, test):
    (event,), _ = decode(encoded(msg_type=1, mmsi=mmsi, status=status, lon=118.8, lat=24.85, speed=0.4, course=0, heading=511))
    assert isinstance(event, Distress)
    assert (event.vessel, event.source, event.test, event.position) == (str(mmsi), source, test, (118.8, 24.85))


def test_a_ship_with_status_14_is_no_beacon():
    (event,), _ = decode(encoded(msg_type=1, mmsi=412_000_001, status=14, lon=118.8, lat=24.85, speed=1))
    assert isinstance(event, Position)


@pytest.mark.parametrize(("mmsi", "text", "distress", "test"), [
    (972_000_001, "MOB ACTIVE", True, False), (970_000_001, "SART TEST", True, True),
    (412_000_001, "MAYDAY ENGINE ROOM FIRE", True, False), (412_000_001, "RCVD YR TEST MSG", False, False),
])  # fmt: skip
def test_a_broadcast_text_is_a_distress_of_beacons_and_where_it_says_so(mmsi, text, distress, test):
    events, reasons = decode(encoded(msg_type=14, mmsi=mmsi, text=text))
    assert [isinstance(e, Distress) and e.test == test for e in events] == ([True] if distress else [])
    assert bool(reasons) != distress


def test_not_available_is_none():
    (event,), _ = decode(encoded(msg_type=1, mmsi=412_000_001, lon=181, lat=91, speed=102.3, course=360, heading=511, status=0))
    assert (event.position, event.sog, event.cog, event.heading) == (None, None, None, None)


@pytest.mark.parametrize("mmsi", [12_345, 99_999_999, 1_073_741_823])
def test_a_number_that_is_no_mmsi_is_dropped_with_the_reason(mmsi):
    events, reasons = decode(encoded(msg_type=1, mmsi=mmsi, lon=118.8, lat=24.85))
    assert not events
    assert str(mmsi) in reasons[0]


@pytest.mark.parametrize("line", ["", "# a comment", "$GPGGA,1,2*00", sentence("AIVDO,1,1,,B,13aDp<PP000IwSlN?Wm@0?wN2<1T,0")])
def test_what_is_nobodys_business_is_passed_over(line):
    assert decode([line]) == ([], [])


def test_base_stations_and_buoys_are_passed_over():
    lines = encoded(msg_type=4, mmsi="412000001", lon=118, lat=24) + encoded(msg_type=1, mmsi=994_121_234, lon=118, lat=24)
    assert decode(lines) == ([], [])


def test_the_same_lines_give_the_same_events():
    lines = [*TYPE5[:1], TYPE1, TYPE5[1], TYPE1]
    whole = decode(lines)
    cut = Decoder()
    pieces = [cut.decode([line], 1_000, "ais-1") for line in lines]
    assert whole == ([e for events, _ in pieces for e in events], [r for _, reasons in pieces for r in reasons])


@given(st.lists(st.one_of(st.text(), st.from_regex(r"!AIVDM,[1-9],[1-9],[0-9]?,[AB],[0-W`-w]{0,70},[0-5]").map(lambda body: sentence(body[1:])))))
def test_no_line_breaks_the_decoder(lines):
    events, _ = decode(lines)
    assert all(len(event.vessel) == 9 for event in events)
