"""An alert as CAP 1.2: who reads only CAP is told the level, the place, the text and the end, each once, and never that somebody acknowledged."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from alerts.alert import from_wire, to_wire
from alerts.cap import NAMESPACE, certainty, message
from alerts.fold import Fold
from alerts.store.sqlite import SqliteStore
from ingest.events import Action
from ingest.log import open_log
from ingest.records import Batch
from tests.alerts.console_room import NOW, Room
from tests.models.streams import devices
from tests.small_coast import START, box, press, site, tick

SITE = site()
MINUTE = 60_000
ORDER = {  # of the elements, as the standard has them
    "alert": [
        "identifier",
        "sender",
        "sent",
        "status",
        "msgType",
        "source",
        "scope",
        "restriction",
        "addresses",
        "code",
        "note",
        "references",
        "incidents",
        "info",
    ],
    "info": [
        "language",
        "category",
        "event",
        "responseType",
        "urgency",
        "severity",
        "certainty",
        "audience",
        "eventCode",
        "effective",
        "onset",
        "expires",
        "senderName",
        "headline",
        "description",
        "instruction",
        "web",
        "contact",
        "parameter",
        "resource",
        "area",
    ],
    "area": ["areaDesc", "polygon", "circle", "geocode", "altitude", "ceiling"],
}
WORDS = {
    "status": {"Actual", "Exercise", "System", "Test", "Draft"}, "msgType": {"Alert", "Update", "Cancel", "Ack", "Error"},
    "scope": {"Public", "Restricted", "Private"}, "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"}, "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
    "category": {"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"},
    "responseType": {"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"},
}  # fmt: skip


def action(at, name, do, alert, **more):
    return Action(device="console", received=at, ts=at, id=name, alert=alert, do=do, by=more.pop("by", "chen"), **more)


@pytest.fixture(scope="module")
def lived():
    """Revisions of a press that is acknowledged, noted and resolved as somebody rescued."""
    fold = Fold(SITE, SITE.areas[0])
    found = list(fold.step(0, Batch("r1", [press(1, START, 1)])).alerts)
    name = found[0].id
    deeds = [action(START + MINUTE, "a", "acknowledge", name), action(START + 2 * MINUTE, "n", "note", name, note="on the way")]
    deeds += [action(START + 3 * MINUTE, "r", "resolve", name, outcome="rescued")]
    for offset, deed in enumerate(deeds, 1):
        found += fold.step(offset, Batch("r1", [deed, tick(deed.received + 1_000)])).alerts
    return [alert for alert in found if alert.id == name]


def read(revisions):
    return ET.fromstring(message(SITE, revisions))


def text(root, path):
    return root.findtext("/".join(f"{{{NAMESPACE}}}{part}" for part in path.split("/")))


def plain(tag):
    return tag.removeprefix(f"{{{NAMESPACE}}}")


def follows_the_standard(root):
    for node in root.iter():
        name = plain(node.tag)
        if name in ORDER:
            places = [ORDER[name].index(plain(each.tag)) for each in node]
            assert places == sorted(places), name
        if name in WORDS:
            assert node.text in WORDS[name]


def test_a_press_is_an_alert_of_extreme_severity_at_its_box(lived):
    root = read(lived[:1])
    follows_the_standard(root)
    assert [text(root, each) for each in ("msgType", "status", "scope", "info/severity", "info/certainty", "info/category", "info/urgency")] == [
        "Alert", "Actual", "Public", "Extreme", "Observed", "Rescue", "Immediate"
    ]  # fmt: skip
    assert [each.text for each in root.iter(f"{{{NAMESPACE}}}language")] == ["zh-CN", "en"]
    latitude, longitude = map(float, text(root, "info/area/circle").split()[0].split(","))
    assert (longitude, latitude) == pytest.approx(lived[0].position, abs=1e-6)
    assert text(root, "info/effective") == "2026-01-01T08:00:00+08:00"
    assert text(root, "references") is None


def test_an_acknowledgement_and_a_note_are_no_update(lived):
    told = {text(read(lived[:n]), "identifier") for n in range(1, 1 + len([each for each in lived if each.resolved is None]))}
    assert len(told) == 1


def test_the_end_is_an_update_that_gives_the_all_clear_and_names_what_it_ends(lived):
    root = read(lived)
    follows_the_standard(root)
    assert (text(root, "msgType"), text(root, "info/responseType"), text(root, "info/urgency")) == ("Update", "AllClear", "Past")
    first = read(lived[:1])
    assert text(root, "references") == f"{text(first, 'sender')},{text(first, 'identifier')},{text(first, 'sent')}"
    assert text(root, "info/headline").startswith("解除")


def test_a_false_alarm_is_cancelled_and_says_why(lived):
    false = structs.replace(lived[-1], outcome="false_object")
    root = read([*lived[:-1], false])
    assert (text(root, "msgType"), text(root, "note")) == ("Cancel", "false_object")
    later = structs.replace(false, level="orange", revision=false.revision + 1)
    assert read([*lived[:-1], false, later]).findtext(f"{{{NAMESPACE}}}identifier") == text(root, "identifier")


def test_another_level_text_or_place_is_an_update_that_names_all_before_it(lived):
    first = lived[0]
    second = structs.replace(first, level="orange", revision=2)
    third = structs.replace(second, position=(118.9, 24.8), revision=3)
    assert len(text(read([first, second, third]), "references").split()) == 2
    assert text(read([first, second]), "info/severity") == "Severe"


def test_a_drill_is_an_exercise_and_what_is_restricted_says_for_whom(lived):
    root = read([structs.replace(lived[0], drill=True, sensitivity="restricted")])
    assert (text(root, "status"), text(root, "scope")) == ("Exercise", "Restricted")
    assert "police" in text(root, "restriction")


@pytest.mark.parametrize(("confidence", "arrived", "outcome", "said"), [
    (0.5, None, None, "Likely"), (0.49, None, None, "Possible"), (None, None, None, "Likely"), (0.2, START, None, "Observed"), (0.2, None, "real", "Observed"),
    (0.2, None, "not_found", "Possible"),
])  # fmt: skip
def test_how_certain_it_is_follows_from_who_saw_it(lived, confidence, arrived, outcome, said):
    assert certainty(structs.replace(lived[0], model="M04", confidence=confidence, arrived=arrived, outcome=outcome)) == said


def test_what_the_store_gives_back_makes_the_same_message(lived):
    assert message(SITE, [from_wire(to_wire(each)) for each in lived]) == message(SITE, lived)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_name_of_any_characters_makes_no_broken_xml(said):
    fold = Fold(SITE, SITE.areas[0])
    alert = fold.step(0, Batch("r1", [press(1, START, 1)])).alerts[0]
    odd = structs.replace(alert, text=structs.replace(alert.text, zh=said, en=said), place=said)
    assert read([odd]) is not None


def test_the_page_gives_the_message_with_the_store_s_history_and_says_when_the_store_is_away(tmp_path):
    log, store = open_log(f"sqlite:///{tmp_path / 'log.db'}"), SqliteStore(tmp_path / "store.db")
    with Room(tmp_path, log, store=lambda: store) as room:
        room.hear(press(1, NOW + 1_000, 1))
        first = room.alerts()[box(1)]
        store.write((), [to_wire(room.client.app.state.live.view.alerts[first["id"]])], (), ())
        room.send("act", {"alert": first["id"], "do": "acknowledge"})
        room.send("act", {"alert": first["id"], "do": "resolve", "outcome": "nuisance"})
        room.alerts()
        answer = room.client.get(f"/api/alerts/{first['id']}/cap")
        assert answer.headers["content-type"].startswith("application/cap+xml")
        root = ET.fromstring(answer.content)
        assert (text(root, "msgType"), text(root, "note")) == ("Cancel", "nuisance")
        assert text(root, "references").split(",")[1] == f"{first['id']}.{first['revision']}"
        assert room.client.get("/api/alerts/nothing/cap").status_code == 404
    with Room(tmp_path, log) as room:
        room.alerts()
        assert room.client.get(f"/api/alerts/{first['id']}/cap").status_code == 503
    log.close()


def test_every_alert_of_a_day_of_devices_follows_the_standard():
    fold, seen = Fold(SITE, SITE.areas[0]), {}
    for offset, event in enumerate(devices(3)):
        for alert in fold.step(offset, Batch("r1", [event])).alerts:
            seen.setdefault(alert.id, []).append(alert)
    assert len(seen) > 5
    for revisions in seen.values():
        follows_the_standard(read(revisions))
