import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.audience import people_for
from ingest.durations import duration, written
from ingest.geo import metres
from ingest.site import pack_site, unpack_site
from ingest.site_files import SiteFaults, check_site, read_site
from ingest.site_view import check, init, show
from ingest.village import fault_of_days, in_days, span_of

EXAMPLE = Path(__file__).resolve().parents[2] / "sites" / "quanzhou-bay"


@pytest.fixture(scope="module")
def site():
    return read_site(EXAMPLE)


@pytest.fixture
def copy(tmp_path):
    return Path(shutil.copytree(EXAMPLE, tmp_path / "site"))


def change(folder, file, old, new):
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_example_has_no_fault_and_its_promised_size(site):
    count = {name: sum(device.type == name for device in site.devices) for name in ("box", "light", "camera")}
    assert count == {"box": 300, "light": 300, "camera": 120}
    assert len(site.areas) == 2
    assert len(site.vessels) == 400
    assert len(site.units) == 12
    assert [len(group.members) for group in site.groups] == [10] * 40
    assert [post.kind for post in site.posts].count("station") == 4
    assert [post.kind for post in site.posts].count("police") == 2
    assert sum(metres(s.start, s.middle) + metres(s.middle, s.end) for s in site.segments) == pytest.approx(
        60_000, rel=0.04
    )  # chords of 100 m of a crooked shore
    assert {person.seat for person in site.people if person.seat} == {"room-1", "room-2", "room-3"}


def test_the_example_names_its_sources():
    assert "LGPL-3" in (EXAMPLE / "SOURCES.md").read_text(encoding="utf-8")
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in (EXAMPLE / "LICENSE.GSHHG.LGPL-3.txt").read_text(encoding="utf-8")


def test_reading_twice_gives_the_same_revision_and_packing_loses_nothing(site, copy):
    assert read_site(copy) == site
    assert unpack_site(pack_site(site)) == site


def test_any_change_gives_another_revision(site, copy):
    change(copy, "site.toml", 'blue_after = "30min"', 'blue_after = "40min"')
    other = read_site(copy)
    assert other.revision != site.revision
    assert other.thresholds["M12"]["blue_after"] == 2_400_000


def test_neighbours_are_mutual_near_and_of_one_type(site):
    for device in site.devices:
        for name in device.neighbours:
            other = site.device[name]
            assert device.id in other.neighbours
            assert (other.type, other.area) == (device.type, device.area)
            assert metres(device.position, other.position) < 420


FAULTS = [
    ("devices.csv", "box-0001,", "Box_1,", "Box_1", 2),
    ("devices.csv", "box-0002,", "box-0001,", "used already in devices.csv:2", 3),
    ("devices.csv", "QZ-0002", "QZ-0001", "place QZ-0001 is used already", 3),
    ("devices.csv", "chongwu-001", "nowhere-001", "segment nowhere-001 does not exist", 2),
    ("segments.csv", "station-chongwu", "station-nowhere", "station station-nowhere does not exist", 2),
    ("site.toml", 'time_zone = "Asia/Shanghai"', 'time_zone = "Asia/Quanzhou"', "unknown time zone", 6),
    ("site.toml", 'role = "chief"', 'role = "boss"', "role = 'boss'", None),
    ("site.toml", 'missed = "1min 30s"', "missed = true", "M02.missed", None),
    ("site.toml", 'missed = "1min 30s"', 'missed = "soon"', "M02.missed", None),
    ("site.toml", "orange = [", "pink = [", "no escalation of orange", None),
    ("site.toml", "number = 2", "number = 1", "number 1 is used already", None),
    ("site.toml", '"chief"]}]', '"mayor"]}]', "to 'mayor'", None),
    ("site.toml", "[escalation]", "[escalation", "", None),
    ("zones.geojson", '"Polygon"', '"Point"', "is a Point", 2),
    ("tide.json", "{", "[", "", None),
    ("groups.csv", "station-xiutu", "room", "station room is room", 2),
    ("groups.csv", "xiutu-02", "xiutu-01", "used already in groups.csv:2", 3),
    ("groups.csv", "ten-ships", "no-such", "covenant no-such does not exist", 2),
    ("vessels.csv", "xiutu-01", "xiutu-99", "group xiutu-99 does not exist", 2),
    ("vessels.csv", "2032-09-09", "2032-09-31", "certificate_until = '2032-09-31'", 2),
    ("vessels.csv", "locator radio", "locator raido", "kit 'raido'", 2),
    ("site.toml", '"weather", "moratorium"', '"weather", "moon"', "reasons", None),
    ("site.toml", "near = 4.0", "near = 40.0", "apart = 6 is less than near = 40", None),
    ("site.toml", "boats = 10", "boats = 101", "boats = 101", None),
    ("moratoria.csv", "2026-05-01T12:00", "2026-05-01", "begins = '2026-05-01'", 3),
    ("moratoria.csv", "2026-08-16T12:00", "2026-04-16T12:00", "ends 2026-04-16T12:00", 3),
    ("moratoria.csv", "-90.0,26.5", "27,26.5", "from 27 to 26.5", 2),
    ("seasons.csv", "2026-10-07", "2026-10-00", "ends = '2026-10-00'", 2),
    ("seasons.csv", "aquaculture-1", "nowhere-1", "zone nowhere-1 does not exist", 4),
    ("seasons.csv", "04:00-18:00", "4-18", "hours = '4-18'", 4),
    ("zones.geojson", '"path_height":2.8', '"path_height":9.5', "path_height = 9.5 m", None),
    ("plates.csv", "03:00-06:00", "3-6", "hours = '3-6'", 2),
    ("plates.csv", "2026-12-31", "2026-12-32", "until = '2026-12-32'", 2),
    ("plates.csv", "d1f0a47c52e8b3694fa2", "f" * 129, "keyed has 129 characters", 2),
]


@pytest.mark.parametrize(("file", "old", "new", "what", "line"), FAULTS)
def test_a_fault_is_told_with_file_and_line(copy, file, old, new, what, line):
    change(copy, file, old, new)
    faults = [fault for fault in check_site(copy) if fault.file == file and what in fault.what]
    assert faults, check_site(copy)
    assert all(fault.expected for fault in faults)
    if line is not None:
        assert faults[0].line == line
    with pytest.raises(SiteFaults):
        read_site(copy)


def test_all_faults_are_told_at_once(copy):
    change(copy, "devices.csv", "box-0001,", "Box_1,")
    change(copy, "units.csv", "patrol-xiutu", "PATROL")
    change(copy, "site.toml", 'missed = "1min 30s"', 'missed = "soon"')
    assert {fault.file for fault in check_site(copy)} >= {"devices.csv", "units.csv", "site.toml"}


@pytest.mark.parametrize(
    ("rings", "what"),
    [
        ([[[118.7, 24.8], [118.8, 24.9], [118.8, 24.8], [118.7, 24.9], [118.7, 24.8]]], "Self-intersection[118.75 24.85"),
        (
            [[[118.7, 24.8], [118.8, 24.8], [118.8, 24.9], [118.7, 24.8]], [[118.75, 24.82], [118.77, 24.82], [118.77, 24.84], [118.75, 24.82]]],
            "hole",
        ),
        ([[[118.7, 24.8], [118.8, 24.8], [118.8, 24.9]]], "not closed"),
    ],
)
def test_a_zone_that_is_no_simple_ring_is_refused_with_the_place(copy, rings, what):
    text = '{"type":"FeatureCollection","features":[\n{"type":"Feature","properties":{"id":"z","kind":"closed","areas":["huian"],"name_zh":"z","name_en":"z"},'
    (copy / "zones.geojson").write_text(f'{text}"geometry":{{"type":"Polygon","coordinates":{rings}}}}}]}}', encoding="utf-8")
    assert any(fault.line == 2 and what in fault.what for fault in check_site(copy)), check_site(copy)


def test_a_zone_drawn_on_a_chinese_map_is_converted(site, copy):
    """Half a kilometre off, which is more than two segments of shore."""
    change(copy, "zones.geojson", '"id":"forbidden-bridge"', '"crs":"GCJ-02","id":"forbidden-bridge"')
    moved = read_site(copy).zone["forbidden-bridge"]
    assert 300 < metres(moved.ring[0], site.zone["forbidden-bridge"].ring[0]) < 800
    change(copy, "zones.geojson", "GCJ-02", "bd-09")
    assert [fault.what for fault in check_site(copy)] == ["crs bd-09"]


def test_bounds_of_models_are_asked_of_who_knows_them(copy):
    faults = check_site(copy, lambda thresholds: ["M12.blue_after = 1800000: too long"] if thresholds else [])
    assert [(fault.what, fault.line > 0) for fault in faults] == [("M12.blue_after = 1800000: too long", True)]


def test_members_may_stand_in_either_file(site, copy):
    vessels, groups = (copy / "vessels.csv").read_text(encoding="utf-8"), (copy / "groups.csv").read_text(encoding="utf-8")
    (copy / "vessels.csv").write_text(vessels.replace(",xiutu-01,", ",,"), encoding="utf-8")
    head, first, *rest = groups.splitlines()
    members = " ".join(site.group["xiutu-01"].members)
    (copy / "groups.csv").write_text("\n".join([f"{head},members", f"{first},{members}", *(f"{line}," for line in rest)]), encoding="utf-8")
    other = read_site(copy)
    assert (other.groups, other.vessels) == (site.groups, site.vessels)


def test_a_boat_is_one_by_mmsi_terminal_and_registry(site):
    for boat in site.vessels[:5]:
        assert site.vessel[boat.mmsi] is site.vessel[boat.terminal] is site.registry[boat.id] is boat


def test_groups_that_only_boats_name_are_groups_all_the_same(site, copy):
    (copy / "groups.csv").unlink()
    assert {group.id: group.members for group in read_site(copy).groups} == {group.id: group.members for group in site.groups}


@pytest.mark.parametrize(
    ("days", "day", "holds"),
    [
        ("05-01..08-16", "2026-05-01", True), ("05-01..08-16", "2027-08-17", False), ("11-15..02-10", "2026-01-05", True),
        ("2026-05-01..2026-08-16", "2026-06-01", True), ("2026-05-01..2026-08-16", "2027-06-01", False),
    ],
)  # fmt: skip
def test_days_of_a_zone_hold_every_year_or_in_one(days, day, holds):
    assert in_days(days, day) is holds
    assert not fault_of_days(days)


@pytest.mark.parametrize("days", ["05-01", "05-32..06-01", "2026-05-01..06-01", 5, ""])
def test_days_that_are_none_are_refused(days):
    assert fault_of_days(days)


def test_a_moratorium_begins_at_local_noon(site):
    span = span_of(site.time_zone, next(each for each in site.moratoria if each.id == "south-2026"))
    assert span.begin == 1_777_608_000_000  # 2026-05-01T04:00Z


@given(st.integers(0, 10**12))
def test_a_written_time_reads_back(millis):
    assert duration(written(millis)) == millis


@pytest.mark.parametrize(
    ("text", "millis"), [("20min", 1_200_000), ("90s", 90_000), ("2h", 7_200_000), ("1.5h", 5_400_000), ("1h 30min", 5_400_000), ("250", 250)]
)
def test_times_as_people_write_them(text, millis):
    assert duration(text) == millis


@pytest.mark.parametrize("text", ["", "soon", "-5min", "20 minutes", "min", "１０s"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match="no time"):
        duration(text)


def roles(site, people):
    return {site.person[each].role for each in people}


def test_a_press_goes_to_room_station_and_police_of_its_segment(site):
    found = people_for(site, ("room", "station", "police"), "huian", "chongwu-020")
    assert roles(site, found) == {"operator", "clerk", "police"}
    assert {site.person[each].post for each in found} == {"room", "station-chongwu", "police-chongwu"}
    assert len(set(found)) == len(found)


def test_who_is_on_duty_stands_for_the_room(site):
    assert people_for(site, ("room",), "huian", "chongwu-020", {"room-2": "operator-3"}) == ("operator-3",)
    assert people_for(site, ("room",), "huian", "chongwu-020", ("operator-3",)) == ("operator-3",)


def test_the_next_station_is_another_one(site):
    for segment in site.segments:
        posts = {site.person[each].post for each in people_for(site, ("next_station",), segment.area, segment.id)}
        assert posts
        assert segment.station not in posts


@pytest.mark.parametrize(("words", "segment"), [(("police",), "baiqi-001"), (("nonsense",), ""), ((), "nowhere")])
def test_a_page_that_would_reach_nobody_reaches_the_room(site, words, segment):
    assert roles(site, people_for(site, words, "huian", segment)) == {"operator"}


@pytest.mark.parametrize("around", ["-90,28,3000", "118.75,24.85,30", "179.9,-40,300", "0,0,1"])
def test_a_plain_site_anywhere_is_without_fault(tmp_path, around):
    assert init(tmp_path / "new", around).well
    answer = check(tmp_path / "new")
    assert answer.well, answer.text


@pytest.mark.parametrize("around", ["1,2", "a,b,c", "200,0,10", "10,80,5000", "nan,0,10", "0,0,inf"])
def test_a_place_that_is_none_is_refused(tmp_path, around):
    assert not init(tmp_path / "new", around).well
    assert not (tmp_path / "new").exists()


def test_nothing_is_written_over(copy):
    assert not init(copy, "0,0,10").well


def test_the_site_in_figures(site):
    assert "200 box" in show(site).text
    assert site.revision in show(site).text
