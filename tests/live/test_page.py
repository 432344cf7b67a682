"""The page in a real Chromium, on a real log: both languages, the keyboard alone, a second browser at once, a phone, the wall."""

import multiprocessing
import os
import socket
import sqlite3
import time
from pathlib import Path

import pytest
from msgspec import structs
from playwright.sync_api import Browser, Page, expect, sync_playwright

from alerts.alert import Bilingual, Change
from alerts.channels.console import unseen
from alerts.console.app import main
from alerts.console.session import sign_in_link
from ingest.events import Action, Heartbeat, Position, Tick
from ingest.log import EVENTS, REFUSED, Record, open_log
from ingest.records import Batch, Codec
from ingest.refusals import Refused
from ingest.refusals import pack as pack_refused
from ingest.revisions import apply_site
from ingest.settings import Settings
from ingest.site_files import read_site
from tests.alerts.console_coast import alert

pytestmark = pytest.mark.live
ARGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-background-networking", "--disable-gpu-sandbox"]
HOSTILE = '<img src=x onerror="document.title=1"><script>alert(1)</script>'


@pytest.fixture(scope="module")
def browser():
    program = os.environ.get("COAST_TEST_CHROMIUM")
    if not program:
        assert os.environ.get("CI") != "true", "COAST_TEST_CHROMIUM is missing"
        pytest.skip("COAST_TEST_CHROMIUM is not set: no browser")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=ARGS)
        yield chromium
        chromium.close()


class Coast:
    """A running console, and a log into which the test writes what the processor would."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.settings = Settings(home=home, console_port=port, _env_file=None)
        self.site = read_site(self.settings.site)
        self.log = open_log(self.settings.log_url)
        self.area = self.site.area_by_number[1].id
        self.log.append([Record(EVENTS, 1, Codec().pack(Batch("", [Tick(device="bridge", received=_now(), now=_now(), heard=1000)])))])
        self.begin()
        self.errors: list[str] = []
        self.contexts: list = []

    def begin(self) -> None:
        self.console = multiprocessing.get_context("spawn").Process(target=main, args=(self.settings,))
        self.console.start()
        for _ in range(200):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", self.settings.console_port)) == 0:
                    return
            time.sleep(0.1)

    def raise_alert(self, name: str = "a1", **more: object):
        box = next(d for d in self.site.devices if d.type == "box" and d.area == self.area)
        now = _now()
        shown = {
            "area": self.area,
            "subject": box.id,
            "position": box.position,
            "occurred": now,
            "raised": now,
            "updated": now,
            "change": Change("raised", now),
        }
        one = structs.replace(alert(name), **(shown | more))
        tell_area(self, one)
        return one

    def restart(self) -> None:
        """The console alone, as its supervisor would; its browsers stay open."""
        self.console.kill()
        self.console.join(10)
        self.begin()

    def answer(self, one):
        """Wait for the action, and acknowledge as the fold would."""
        end, offset = time.monotonic() + 10, 0
        while time.monotonic() < end:
            for entry in self.log.read(EVENTS, 1, offset):
                offset = entry.offset + 1
                for event in Codec().unpack(entry.value).events:
                    if isinstance(event, Action) and event.alert == one.id:
                        change = Change(event.do, _now(), by=event.by)
                        tell_area(
                            self,
                            structs.replace(one, response="acknowledged", owner=event.by, acknowledged=_now(), revision=2, change=change),
                            entry.offset,
                        )
                        return event
            time.sleep(0.02)
        raise AssertionError("no action reached the log")

    def open(self, browser: Browser, person: str, path: str = "", language: str = "zh", **view: object) -> Page:
        context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}} | view))
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.add_init_script(f"if (location.protocol === 'http:') localStorage.language ??= '{language}'")
        page.goto(sign_in_link(self.settings, person))
        page.wait_for_url(f"**:{self.settings.console_port}/")
        if path:
            page.goto(f"http://127.0.0.1:{self.settings.console_port}/{path}")
        page.wait_for_selector("body[data-live=yes]")
        return page


def _now() -> int:
    return time.time_ns() // 1_000_000


def tell_area(coast: Coast, one, offset: int = 0) -> None:
    from alerts.alert import Outcomes
    from alerts.outcomes import pack
    from ingest.log import ALERTS

    coast.log.append([Record(ALERTS, 1, pack(Outcomes(area=coast.area, offset=offset, now=_now(), alerts=(one,))))])


@pytest.fixture
def coast(tmp_path):
    coast = Coast(tmp_path)
    yield coast
    for context in coast.contexts:  # a page that stays open goes on drawing
        context.close()
    coast.console.terminate()
    coast.console.join(10)
    coast.log.close()
    assert coast.console.exitcode == 0
    assert coast.errors == []


def who(coast: Coast, role: str) -> str:
    return next(person.id for person in coast.site.people if person.role == role)


def test_a_press_is_on_the_screen_in_under_a_second_in_both_languages(coast, browser):
    chinese, english = coast.open(browser, who(coast, "operator")), coast.open(browser, who(coast, "operator"), language="en")
    chinese.wait_for_selector("body[data-map=ready]", timeout=60_000)
    coast.raise_alert()
    expect(chinese.locator("#list .row.red.rings")).to_contain_text("一键报警", timeout=10_000)
    expect(english.locator("#list .row.red.rings")).to_contain_text("SOS call", timeout=10_000)
    expect(chinese.locator("#map .pin.red")).to_have_count(1)
    english.locator("#language").click()
    expect(english.locator("#list .row")).to_contain_text("待签收")


def test_the_keyboard_alone_acknowledges_and_a_second_browser_sees_it_at_once(coast, browser):
    one = coast.raise_alert()
    first, second = coast.open(browser, who(coast, "operator")), coast.open(browser, who(coast, "shift_leader"))
    for page in (first, second):
        expect(page.locator("#list .row.rings")).to_have_count(1)
    first.keyboard.press("j")
    expect(first.locator("#detail")).to_contain_text("一键报警")
    first.keyboard.press("a")
    assert coast.answer(one).by == who(coast, "operator")
    expect(second.locator("#list .row")).to_contain_text("已签收", timeout=10_000)
    expect(first.locator("#detail .told.done")).to_contain_text("已生效")
    expect(second.locator("#list .row.rings")).to_have_count(0)


def test_a_hostile_name_stays_text(coast, browser):
    coast.raise_alert(text=Bilingual(HOSTILE, HOSTILE))
    page = coast.open(browser, who(coast, "operator"))
    expect(page.locator("#list .row")).to_contain_text(HOSTILE)
    assert page.locator("#list img").count() == 0


def test_on_a_phone_nothing_sticks_out_and_one_thumb_acknowledges(coast, browser):
    one = coast.raise_alert()
    page = coast.open(browser, who(coast, "clerk"), viewport={"width": 390, "height": 844}, has_touch=True)
    page.locator("#list .row").tap()
    button = page.locator('#detail [data-do="acknowledge"]')
    expect(page.locator("#detail .timeline li")).to_have_count(1)
    box = button.bounding_box()
    assert box["height"] >= 48
    assert box["y"] > 844 / 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    button.tap()
    coast.answer(one)
    expect(page.locator("#detail .told.done")).to_have_count(1)


def test_the_wall_is_large_and_without_buttons(coast, browser):
    coast.raise_alert()
    page = coast.open(browser, who(coast, "operator"), path="?wall=1", viewport={"width": 1920, "height": 1080})
    expect(page.locator("#list .row")).to_have_count(1)
    expect(page.locator(".tools")).to_be_hidden()
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('.row .title')).fontSize)") >= 20


def test_without_webgl_the_list_is_complete(coast, browser):
    coast.raise_alert()
    person = who(coast, "operator")
    page = coast.open(browser, person)
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.reload()
    expect(page.locator("#map")).to_contain_text("WebGL", timeout=20_000)
    expect(page.locator("#list .row")).to_have_count(1)
    coast.errors.clear()  # the map library tells of the missing WebGL


def boxes(coast: Coast) -> list:
    return [device for device in coast.site.devices if device.type == "box" and device.area == coast.area]


def at_box(device) -> dict:
    return {"subject": device.id, "place": device.place, "segment": device.segment, "position": device.position, "key": f"M01/{device.id}"}


def test_list_and_map_are_filtered_by_place_number_and_segment_and_nothing_is_hidden_silently(coast, browser):
    first, second = boxes(coast)[0], boxes(coast)[40]
    coast.raise_alert("a1", **at_box(first))
    coast.raise_alert("a2", **at_box(second))
    page = coast.open(browser, who(coast, "operator"))
    page.wait_for_selector("body[data-map=ready]", timeout=60_000)
    expect(page.locator("#map .pin")).to_have_count(2)
    page.keyboard.press("/")
    page.keyboard.type(first.place)
    expect(page.locator("#list .row")).to_have_count(1)
    expect(page.locator("#list .row")).to_contain_text(first.place)
    expect(page.locator("#map .pin")).to_have_count(1)
    expect(page.locator("#hidden.rings")).to_contain_text("1")
    coast.raise_alert("a3", **at_box(second))  # while somebody types, an alert comes: neither the text nor the place to type is lost
    expect(page.locator("#hidden")).to_contain_text("2")
    expect(page.locator("#of-place")).to_be_focused()
    page.locator("#of-place").fill(second.segment)
    expect(page.locator("#list .row")).to_have_count(2)
    page.locator("#of-place").fill("no such place")
    expect(page.locator("#list")).to_contain_text("此筛选下没有未结预警")
    page.locator("#hidden").click()
    expect(page.locator("#list .row")).to_have_count(3)
    expect(page.locator("#of-place")).to_have_value("")


def laid(coast: Coast, person: str, alert_id: str) -> None:
    from alerts.channels.console import SCHEMA

    outbox = sqlite3.connect(coast.settings.home / "outbox.db", timeout=10)
    with outbox:
        outbox.executescript(SCHEMA)
        row = (alert_id, person, alert_id, 1, "raised", "red", "", "", "", _now())
        outbox.execute(
            "INSERT INTO console_pages (message, person, alert, revision, reason, level, place, zh, en, at) VALUES (?,?,?,?,?,?,?,?,?,?)", row
        )
    outbox.close()


def test_a_page_counts_as_seen_once_somebody_is_there_and_not_before(coast, browser):
    person = who(coast, "operator")
    page = coast.open(browser, person)
    posts: list[int] = []
    page.on("response", lambda answer: posts.append(answer.status) if answer.url.endswith("/api/seen") else None)
    coast.raise_alert()
    laid(coast, person, "a1")
    expect(page.locator("#list .row")).to_have_count(1)
    page.wait_for_timeout(6_000)  # two looks of the page
    assert unseen(person, coast.settings.home / "outbox.db")
    assert posts == []
    for step in range(60):
        page.mouse.move(300 + step, 300)
        page.wait_for_timeout(500)
        if not unseen(person, coast.settings.home / "outbox.db"):
            break
    assert not unseen(person, coast.settings.home / "outbox.db")
    for _ in range(50):  # the outbox may know it before the browser has told of the answer
        if posts:
            break
        page.wait_for_timeout(100)
    assert set(posts) == {200}


def test_a_new_revision_of_the_site_is_on_the_page_without_loading_it_again(coast, browser):
    page = coast.open(browser, who(coast, "installer"), path="#/devices")
    expect(page.locator("#view tbody tr").first).to_be_visible()
    page.evaluate("window.same = true")
    new = structs.replace(boxes(coast)[0], id="box-new", place="QZ-9999")
    apply_site(coast.log, structs.replace(coast.site, revision="new", devices=(*coast.site.devices, new)), _now())
    page.locator("#find").fill("QZ-9999")
    expect(page.locator("#view tbody tr")).to_have_count(1, timeout=15_000)
    assert page.evaluate("window.same")


def test_after_a_restart_of_the_console_the_open_page_goes_on_with_all_that_stood(coast, browser):
    page = coast.open(browser, who(coast, "operator"))
    coast.raise_alert()
    expect(page.locator("#list .row.rings")).to_have_count(1)
    coast.restart()
    coast.errors.clear()  # the browser tells of the line that broke
    coast.raise_alert("a2")
    expect(page.locator("#list .row.rings")).to_have_count(2, timeout=15_000)
    expect(page.locator("body.cut")).to_have_count(0, timeout=15_000)
    coast.errors.clear()


def test_whoever_is_taken_out_of_the_site_finds_the_door_closed(coast, browser):
    person = who(coast, "clerk")
    page = coast.open(browser, person)
    people = tuple(each for each in coast.site.people if each.id != person)
    apply_site(coast.log, structs.replace(coast.site, revision="without", people=people), _now())
    expect(page.locator("pre")).to_contain_text("coast-guardian sign-in", timeout=15_000)
    coast.errors.clear()  # the refused line


def test_a_hostile_device_stays_text_wherever_it_is_shown(coast, browser):
    box = boxes(coast)[0]
    said = Heartbeat(device=box.id, received=_now(), ts=_now(), boot=HOSTILE[:40], seq=1, battery=0.5, firmware=HOSTILE[:60])
    ship = Position(device="ais", received=_now(), vessel="412000001", position=box.position, sog=5.0, cog=10.0, name=HOSTILE[:50])
    coast.log.append([Record(EVENTS, 1, Codec().pack(Batch("", [said, ship])))])
    coast.log.append([Record(REFUSED, 1, next(iter(pack_refused(Codec(), [Refused(_now(), HOSTILE, box.id, "range", HOSTILE, HOSTILE.encode())]))))])
    coast.raise_alert(text=Bilingual(HOSTILE, HOSTILE), place=HOSTILE, change=Change("note", _now(), by=HOSTILE, note=HOSTILE), evidence=(HOSTILE,))
    page = coast.open(browser, who(coast, "operator"))
    for path, shown in (("#/device/" + box.id, "#view"), ("#/refused", "#view"), ("#/alert/a1", "#detail")):
        page.goto(f"http://127.0.0.1:{coast.settings.console_port}/{path}")
        expect(page.locator(shown)).to_contain_text("<img src=x", timeout=10_000)
        assert page.locator("main img, main script").count() == 0
    assert page.title() != "1"
