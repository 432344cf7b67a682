"""The page in a real Chromium: a shift is handed over by name, boats out and faulty devices stand beside it, a flood is grouped, the page asks patiently."""

import os
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from alerts.alert import Command, Outcomes, Reason
from alerts.outcomes import pack
from ingest.events import Action, Shift, Tick, Trip
from ingest.log import ALERTS, EVENTS, Record
from ingest.records import Batch, Codec
from tests.live.test_page import browser, coast, who  # noqa: F401  # fixtures

pytestmark = pytest.mark.live
HOUR = 3_600_000


def look(page, name: str) -> None:
    """A picture for people, where COAST_PICTURES names a folder."""
    if folder := os.environ.get("COAST_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def now() -> int:
    return time.time_ns() // 1_000_000


def say(coast, *events) -> None:  # noqa: F811
    coast.log.append([Record(EVENTS, 1, Codec().pack(Batch(coast.site.revision, list(events))))])


def shifts(coast) -> list[Shift]:  # noqa: F811
    return [event for entry in coast.log.read(EVENTS, 1, 0, 2_000) for event in Codec().unpack(entry.value).events if isinstance(event, Shift)]


def test_a_shift_is_offered_and_accepted_by_name_with_the_keyboard_alone(coast, browser):  # noqa: F811
    room = [person for person in coast.site.people if person.role in ("operator", "shift_leader") and person.seat]
    giver, taker = room[0], next(person for person in room if person.seat != room[0].seat)
    vessel = next(vessel for vessel in coast.site.vessels if vessel.home)
    say(
        coast,
        Shift(device="console", received=now(), ts=now(), seat=giver.seat, do="on", by=giver.id),
        Trip(device="c", received=now(), ts=now() - 9 * HOUR, id="t1", vessel=vessel.id, report="departure", eta=now() - HOUR, persons=4),
    )
    box = [device for device in coast.site.devices if device.type == "box"][7]
    coast.raise_alert(owner=giver.id, response="acknowledged", acknowledged=now())
    coast.raise_alert("m2", model="M02", key="M02/x", level="blue", subject=box.id, segment=box.segment)
    first, second = coast.open(browser, giver.id), coast.open(browser, taker.id, language="en")
    first.keyboard.press("h")
    for text in ("一键报警", vessel.name, box.place or box.id):
        expect(first.locator("#view")).to_contain_text(text)
    first.locator("#offer-to").focus()
    first.locator("#offer-to").select_option(taker.id)
    first.keyboard.press("Tab")
    first.keyboard.press("Enter")
    expect(first.locator("#view [role=status]")).to_contain_text(taker.name, timeout=10_000)
    expect(second.locator("#to-handover")).to_have_text("Take over the shift", timeout=10_000)
    second.keyboard.press("h")
    expect(second.locator("#view")).to_contain_text(vessel.name)
    look(first, "handover-zh"), look(second, "handover-en")
    second.set_viewport_size({"width": 390, "height": 844})
    look(second, "handover-en-phone")
    assert second.evaluate("document.documentElement.scrollWidth") <= 390
    second.set_viewport_size({"width": 1440, "height": 900})
    second.locator("#accept").focus()
    second.keyboard.press("Enter")
    for _ in range(100):  # the name stands there since the offer: only the log says that it was accepted
        if len(shifts(coast)) >= 3:
            break
        first.wait_for_timeout(100)
    assert [(shift.do, shift.seat, shift.by, shift.to) for shift in shifts(coast)[1:]] == [
        ("offer", giver.seat, giver.id, taker.id), ("accept", giver.seat, taker.id, None),
    ]  # fmt: skip


def test_the_boards_show_who_is_overdue(coast, browser):  # noqa: F811
    one, other = coast.site.vessels[:2]
    say(
        coast,
        Trip(device="c", received=now(), ts=now() - 9 * HOUR, id="t1", vessel=one.id, report="departure", eta=now() - HOUR, persons=4),
        Trip(device="c", received=now(), ts=now() - HOUR, id="t2", vessel=other.id, report="departure", eta=now() + HOUR, persons=2),
    )
    for language, width in (("zh", 1440), ("en", 390)):
        page = coast.open(browser, who(coast, "operator"), language=language, viewport={"width": width, "height": 844})
        page.keyboard.press("b")
        expect(page.locator("#view section").nth(1)).to_contain_text(one.name)
        expect(page.locator("#view section").nth(3)).to_contain_text(other.name)
        look(page, f"boards-{language}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_while_the_console_is_away_the_page_asks_ever_more_seldom_and_at_once_when_the_line_is_back(coast, browser):  # noqa: F811
    page = coast.open(browser, who(coast, "operator"))
    waits = page.evaluate("import('/static/js/live.js').then(({ pause }) => [0, 1, 2, 3, 4, 50].map((n) => [pause(n, 0), pause(n, 1)]))")
    assert waits == [[500, 1000], [1000, 2000], [2000, 4000], [4000, 8000], [7500, 15000], [7500, 15000]]
    asked: list[float] = []
    page.route("**/api/start*", lambda route: (asked.append(time.monotonic()), route.abort()))
    page.route("**/live*", lambda route: route.fulfill(status=503))
    coast.console.kill()
    coast.console.join(10)
    page.wait_for_timeout(12_000)
    assert 2 <= len(asked) <= 6
    before = len(asked)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_timeout(300)
    assert len(asked) == before + 1
    page.unroute("**/api/start*")
    page.unroute("**/live*")
    coast.begin()
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.locator("body:not(.cut)")).to_have_count(1, timeout=15_000)
    coast.errors.clear()  # the browser tells of every request that failed


def test_a_flood_is_grouped_and_said_but_red_and_a_press_stand_alone(coast, browser):  # noqa: F811
    operator = next(person for person in coast.site.people if person.role == "operator" and person.seat)
    segment = next(segment for segment in coast.site.segments if segment.area == coast.area)
    here = {"segment": segment.id, "audience": (operator.id,)}
    page = coast.open(browser, operator.id)
    for i in range(10):
        coast.raise_alert(f"v{i}", model="M12", key=f"M12/v{i}", level="yellow", subject=f"v{i}", **here)
    say(coast, Tick(device="bridge", received=now(), now=now(), heard=2_000))
    expect(page.locator("#list > .row")).to_have_count(10, timeout=10_000)
    expect(page.locator("#flood")).to_be_hidden()
    coast.raise_alert("press", **here)
    coast.raise_alert("blue-press", level="blue", **here)
    coast.raise_alert("red", model="M12", key="M12/red", subject="red", **here)
    say(coast, Tick(device="bridge", received=now(), now=now() + 1_000, heard=2_001))
    expect(page.locator("#flood")).to_be_visible(timeout=10_000)
    expect(page.locator("#list > .group")).to_have_count(1)
    expect(page.locator("#list > .group summary")).to_contain_text("×10")
    expect(page.locator("#list > a.row")).to_have_count(3)
    look(page, "flood-zh")
    english = coast.open(browser, operator.id, language="en", viewport={"width": 390, "height": 844})
    expect(english.locator("#flood")).to_contain_text("Flood of alerts", timeout=10_000)
    look(english, "flood-en-phone")
    assert english.evaluate("document.documentElement.scrollWidth") <= 390
    for chosen in ("press", "red", "v0"):
        page.keyboard.press("j")
        expect(page.locator(f'[data-alert="{chosen}"].chosen')).to_have_count(1)
    expect(page.locator(".group[open] .row.chosen")).to_be_visible()
    page.keyboard.press("g")
    expect(page.locator("#list > a.row")).to_have_count(13)
    page.keyboard.press("g")
    expect(page.locator("#list > .group")).to_have_count(1)
    say(coast, Tick(device="bridge", received=now(), now=now() + 11 * 60_000, heard=2_002))
    expect(page.locator("#flood")).to_be_hidden(timeout=10_000)
    expect(page.locator("#list > a.row")).to_have_count(13)


@pytest.mark.parametrize(("language", "width"), [("zh", 1440), ("en", 1440), ("en", 390)])
def test_what_is_not_seen_stands_there_with_its_reason_and_an_alert_colours_its_shore(coast, browser, language, width):  # noqa: F811
    box = [device for device in coast.site.devices if device.type == "box" and device.area == coast.area][5]
    coast.raise_alert("m2", model="M02", key="M02/x", level="yellow", subject=box.id, segment=box.segment, reason=Reason("silent"))
    coast.raise_alert("sos", segment=box.segment)
    page = coast.open(browser, who(coast, "operator"), language=language, viewport={"width": width, "height": 844})
    say(coast, Tick(device="bridge", received=now(), now=now(), heard=2_000))
    if width > 390:
        page.wait_for_selector("body[data-map=ready]", timeout=60_000)
        page.wait_for_timeout(1_500)
        look(page, f"places-map-{language}")
    page.keyboard.press("u")
    expect(page.locator("#view .level.red").first).to_be_visible()
    say(coast, Tick(device="bridge", received=now(), now=now(), heard=2_001))
    expect(page.locator("#view")).to_contain_text({"zh": "报警箱离线", "en": "call box down"}[language], timeout=15_000)
    look(page, f"unseen-{language}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    summary = page.locator("#view summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#view details[open]")).to_have_count(1)


@pytest.mark.parametrize(("language", "width"), [("zh", 1440), ("en", 390)])
def test_a_box_shows_what_it_speaks_and_an_operator_stops_it_with_the_keyboard(coast, browser, language, width):  # noqa: F811
    box = [device for device in coast.site.devices if device.type == "box" and device.area == coast.area][5]
    one = coast.raise_alert("crowd", model="M08", key="M08/x", level="yellow", segment=box.segment, response="acknowledged")
    words = {"zh": "此处人员较多,请按指引有序疏散", "en": "It is crowded here. Please follow the signs and spread out"}
    commands = tuple(
        Command(
            id=f"crowd/speak{which}/{box.id}/{now()}", area=coast.area, device=box.id, command="speak", expires=now() + 120_000, alert=one.id,
            args={"text": text, "language": which, "volume": 0.4, "repeat": 2},
        )
        for which, text in words.items()
    )  # fmt: skip
    coast.log.append([Record(ALERTS, 1, pack(Outcomes(area=coast.area, offset=0, now=now(), commands=commands)))])
    page = coast.open(browser, who(coast, "operator"), f"#/device/{box.id}", language=language, viewport={"width": width, "height": 844})
    expect(page.locator(".playing q")).to_have_text(words[language], timeout=10_000)
    look(page, f"box-{language}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("[data-stop]").focus()
    page.keyboard.press("Enter")
    page.locator("#dialog textarea").fill("too loud")
    page.locator("#dialog button.primary").focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    actions = [event for entry in coast.log.read(EVENTS, 1, 0, 2_000) for event in Codec().unpack(entry.value).events if isinstance(event, Action)]
    assert [(action.do, action.alert, action.note) for action in actions] == [("shelve", "crowd", "too loud")]
