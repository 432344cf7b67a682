"""The page at the end of the real chain: Mosquitto, bridge, processor, recorder, deliverer, console, and two people at two browsers."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime

from alerts.console.session import sign_in_link
from ingest.settings import Settings
from ingest.site_files import read_site

pytestmark = pytest.mark.live
ROOT = Path(__file__).resolve().parents[2]
ARGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-background-networking", "--disable-gpu-sandbox"]


def _needed(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        assert os.environ.get("CI") != "true", f"{variable} is missing"
        pytest.skip(f"{variable} is not set")
    return value


def _program(name: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        assert os.environ.get("CI") != "true", f"{name} is missing"
        pytest.skip(f"{name} is not installed")
    return found


def _until(condition, seconds: float = 20):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.03)
    return found


class Chain:
    """All roles on a home of their own, before a real broker; and what the boxes are told."""

    def __init__(self, home: Path, broker: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.host, self.port = broker.split(":")
        self.settings = Settings(home=home, console_port=port, mqtt=broker, _env_file=None)
        self.site = read_site(self.settings.site)
        self.boxes = [device for device in self.site.devices if device.type == "box"]
        env = dict(os.environ, COAST_HOME=str(home), COAST_MQTT=broker, COAST_CONSOLE_PORT=str(port), COAST_LOG_RESERVE="100000")
        home.mkdir(parents=True, exist_ok=True)
        self.said = (home / "run.out").open("wb")
        self.run = subprocess.Popen([sys.executable, str(ROOT / "coast_guardian.py"), "run"], env=env, cwd=ROOT, stdout=self.said, stderr=self.said)
        self.told = home / "told.jsonl"
        with self.told.open("wb") as out:
            self.box = subprocess.Popen([*self._client("mosquitto_sub"), "-v", "-t", "coast/+/+/do"], stdout=out)
        _until(lambda: self._listens(port), 60)
        self.errors: list[str] = []
        self.contexts: list = []

    def _client(self, name: str) -> list[str]:
        return [_program(name), "-h", self.host, "-p", self.port, "-q", "1"]

    @staticmethod
    def _listens(port: int) -> bool:
        with socket.socket() as knock:
            return knock.connect_ex(("127.0.0.1", port)) == 0

    def roles(self) -> dict[str, int]:
        return {name: row["pid"] for name, row in json.loads((self.settings.home / "run.json").read_text())["roles"].items()}

    def publish(self, device, kind: str, payload: str) -> None:
        subprocess.run([*self._client("mosquitto_pub"), "-t", f"coast/{device.area}/{device.id}/{kind}", "-m", payload], check=True, timeout=10)

    def press(self, device) -> None:
        now = time.time_ns() // 1_000_000
        self.publish(device, "sos", json.dumps({"state": "pressed", "ts": now, "sent": now, "seq": now % 1_000_000, "boot": 1, "hold": 0.4}))

    def reports(self, device) -> list[str]:
        """The states of the alert that this box was told, in order."""
        lines = [line.partition(" ") for line in self.told.read_text().splitlines()]
        commands = [json.loads(body) for topic, _, body in lines if topic == f"coast/{device.area}/{device.id}/do"]
        return [command["args"]["state"] for command in commands if command["command"] == "report"]

    def who(self, role: str, place: int = 0) -> str:
        return [person.id for person in self.site.people if person.role == role][place]

    def open(self, browser: Browser, person: str, language: str = "zh") -> Page:
        self.contexts.append(browser.new_context(viewport={"width": 1440, "height": 900}))
        page = self.contexts[-1].new_page()
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.add_init_script(f"if (location.protocol === 'http:') localStorage.language ??= '{language}'")
        page.goto(sign_in_link(self.settings, person))
        page.wait_for_url(f"**:{self.settings.console_port}/")
        page.wait_for_selector("body[data-live=yes]")
        return page

    def stop(self) -> None:
        self.run.send_signal(signal.SIGTERM)
        self.run.wait(30)
        self.box.terminate()
        self.box.wait(5)
        self.said.close()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_needed("COAST_TEST_CHROMIUM"), args=ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    chain = Chain(tmp_path_factory.mktemp("chain"), _needed("COAST_TEST_MQTT"))
    yield chain
    chain.stop()


@pytest.fixture(autouse=True)
def calm(chain):
    chain.errors.clear()
    yield
    while chain.contexts:  # a page that stays open goes on drawing
        chain.contexts.pop().close()
    assert chain.errors == []


def _row(page: Page, device):
    return page.locator("#list .row", has_text=device.place)


def _choose(page: Page, device) -> None:
    """By keyboard alone: down the list, then up, until the detail is the device's."""
    for key in [*"jjjjjj", *"kkkkkkkkkkkk"]:
        page.keyboard.press(key)
        with contextlib.suppress(NotInTime):
            page.locator("#detail", has_text=device.place).wait_for(timeout=700)
            return
    raise AssertionError(f"{device.place} cannot be reached by keyboard")


def test_a_press_is_heard_acknowledged_by_keyboard_seen_by_both_and_worked_to_its_end(chain, browser):
    box = chain.boxes[3]
    first = chain.open(browser, chain.who("operator"))
    second = chain.open(browser, chain.who("shift_leader"), "en")
    expect(first.locator("#chain .link.good")).not_to_have_count(0)
    _until(lambda: first.locator("#chain .link.bad").count() == 0, 30)

    begun = time.monotonic()
    chain.press(box)
    _row(first, box).wait_for(timeout=5_000)
    print(f"press to page: {(time.monotonic() - begun) * 1000:.0f} ms, mosquitto_pub's own start included")
    expect(_row(first, box)).to_contain_text("一键报警")
    expect(_row(second, box)).to_contain_text("SOS call")
    _until(lambda: "received" in chain.reports(box))

    _choose(first, box)
    first.locator('#detail [data-do="acknowledge"]').wait_for()
    begun = time.monotonic()
    first.keyboard.press("a")
    expect(_row(second, box)).to_contain_text(first.evaluate("document.querySelector('.who strong').textContent"), timeout=10_000)
    print(f"acknowledged at one, seen at the other: {(time.monotonic() - begun) * 1000:.0f} ms")
    _until(lambda: "acknowledged" in chain.reports(box))

    first.keyboard.press("d")
    first.locator("#dialog .unit").first.wait_for()
    first.keyboard.press("Enter")
    for verb, told in [("accept", "dispatched"), ("enroute", None), ("arrive", "arrived")]:
        first.locator(f'#detail .sent-unit [data-do="{verb}"]').first.click()
        if told is not None:
            _until(lambda told=told: told in chain.reports(box))
    first.locator('#detail .sent-unit [data-do="leave"]').wait_for()
    first.keyboard.press("r")
    first.locator("#dialog select[name=outcome]").select_option("rescued")
    first.locator("#dialog button.primary").click()
    _until(lambda: "closed" in chain.reports(box))

    alert = first.evaluate("location.hash")
    second.goto(f"http://127.0.0.1:{chain.settings.console_port}/{alert}")
    second.locator('#detail [data-do="verify"]').click()
    second.locator("#dialog button.primary").click()
    expect(second.locator("#detail .told.done")).to_have_count(1)
    expect(first.locator("#detail .timeline")).to_contain_text("已回访确认")


def test_garbage_on_sos_raises_all_the_same(chain, browser):
    box = chain.boxes[8]
    page = chain.open(browser, chain.who("operator"))
    chain.publish(box, "sos", "\x01 this is no JSON {{{")
    _row(page, box).wait_for(timeout=3_000)
    assert "red" in _row(page, box).get_attribute("class")


def test_a_wrong_payload_is_shown_as_refused_with_its_reason(chain, browser):
    box = chain.boxes[5]
    page = chain.open(browser, chain.who("installer"))
    page.goto(f"http://127.0.0.1:{chain.settings.console_port}/#/refused")
    chain.publish(box, "heartbeat", '{"battery": 7}')
    expect(page.locator("#view tbody tr", has_text=box.id)).to_contain_text("range", timeout=5_000)


@pytest.mark.parametrize(("role", "name"), [("deliverer", "推送"), ("processor", "研判")])
def test_a_role_that_stands_still_in_a_quiet_hour_is_on_the_page_within_fifteen_seconds(chain, browser, role, name):
    page = chain.open(browser, chain.who("operator"))
    link = page.locator("#chain .link", has_text=name)
    expect(link).to_have_class("link good", timeout=30_000)
    pid = chain.roles()[role]
    os.kill(pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        expect(link).to_have_class("link bad", timeout=15_000)
        print(f"{role} stands still, seen after {time.monotonic() - begun:.1f} s")
        expect(page.locator("#banner")).to_contain_text(name)
    finally:
        os.kill(pid, signal.SIGCONT)
    expect(link).to_have_class("link good", timeout=20_000)


def test_what_was_merged_is_split_and_what_is_handed_over_is_the_other_s(chain, browser):
    whole, part = chain.boxes[20], chain.boxes[21]
    page = chain.open(browser, chain.who("operator"))
    for box in (whole, part):
        chain.press(box)
        _row(page, box).wait_for(timeout=5_000)
    _row(page, part).click()
    page.locator('#detail [data-do="acknowledge"]').click()
    page.locator('#detail [data-do="transfer"]').click()
    other = chain.who("operator", 1)
    page.locator("#dialog select[name=to]").select_option(other)
    page.locator("#dialog button.primary").click()
    expect(page.locator("#detail .told.done")).to_have_count(1)
    expect(page.locator("#detail dl")).to_contain_text(chain.site.person[other].name)
    page.locator('#detail [data-do="merge"]').click()
    into = page.locator("#dialog select[name=to] option", has_text=whole.place).get_attribute("value")
    page.locator("#dialog select[name=to]").select_option(into)
    page.locator("#dialog button.primary").click()
    page.locator('#detail [data-do="split"]').click()
    page.locator("#dialog button.primary").click()
    expect(page.locator("#detail [data-do=split]")).to_have_count(0, timeout=10_000)
    expect(page.locator("#detail .timeline")).to_contain_text("拆分")


def test_a_work_order_is_opened_and_closed_from_the_page(chain, browser):
    box = chain.boxes[30]
    page = chain.open(browser, chain.who("installer"))
    page.goto(f"http://127.0.0.1:{chain.settings.console_port}/#/duty")
    form = page.locator("form.duty", has_text="检修工单")
    form.locator("input[name=subject]").fill(box.id)
    form.locator("button.primary").click()
    row = page.locator("#view table tr", has_text=box.id)
    expect(row).to_have_count(1)
    row.locator("button").click()
    expect(row).to_have_count(0)
