"""What comes out of the loudspeaker: a red alert wails until it is acknowledged, and the page says when it is mute."""

import pytest
from playwright.sync_api import expect

from tests.live.test_page import browser, coast, who

__all__ = ["browser", "coast"]
pytestmark = pytest.mark.live

# Listens where the loudspeaker would: the loudest sample and the strongest frequency of the last moment.
LISTEN = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...more) {
  if (to instanceof AudioDestinationNode) {
    if (!window.ear) { window.ear = this.context.createAnalyser(); window.ear.fftSize = 8192; }
    connect.call(this, window.ear);
  }
  return connect.call(this, to, ...more);
};
window.loudness = () => {
  if (!window.ear) return 0;
  const samples = new Float32Array(window.ear.fftSize);
  window.ear.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
};
window.pitch = () => {
  const bins = new Float32Array(window.ear.frequencyBinCount);
  window.ear.getFloatFrequencyData(bins);
  return bins.indexOf(Math.max(...bins)) * window.ear.context.sampleRate / window.ear.fftSize;
};
"""


def test_a_red_alert_wails_until_it_is_acknowledged(coast, browser):
    page = coast.open(browser, who(coast, "operator"))
    page.context.add_init_script(LISTEN)
    page.reload()
    page.wait_for_selector("body[data-live=yes]")
    page.mouse.click(1, 1)  # browsers stay mute until the page was touched
    expect(page.locator("#sound.on")).to_be_visible()
    assert page.evaluate("loudness()") == 0
    one = coast.raise_alert()
    for _ in range(3):  # it goes on
        page.wait_for_function("() => loudness() > 0.05", timeout=5_000)
        assert 400 < page.evaluate("pitch()") < 3_000
        page.wait_for_timeout(1_500)
    page.keyboard.press("j")
    expect(page.locator("#detail")).to_contain_text("一键报警")
    page.keyboard.press("a")
    coast.answer(one)
    expect(page.locator("#list .row")).to_contain_text("已签收", timeout=10_000)
    page.wait_for_timeout(2_000)  # what had begun ends
    for _ in range(6):
        assert page.evaluate("loudness()") == 0
        page.wait_for_timeout(500)


def test_a_page_whose_sound_is_off_says_so_and_stays_mute(coast, browser):
    page = coast.open(browser, who(coast, "operator"))
    page.context.add_init_script(LISTEN)
    page.reload()
    page.wait_for_selector("body[data-live=yes]")
    page.mouse.click(1, 1)
    expect(page.locator("#sound.on")).to_be_visible()
    page.keyboard.press("s")
    expect(page.locator("#sound.off")).to_be_visible()
    coast.raise_alert()
    expect(page.locator("#list .row.rings")).to_have_count(1)
    page.wait_for_timeout(3_000)
    assert page.evaluate("loudness()") == 0
