"""Two judgings of one log, side by side."""

from alerts.compare import compare, told
from tests.alerts.test_score import raised
from tests.replays.stories import FOLDER
from tests.small_coast import site


def test_what_differs_is_said_alert_by_alert():
    before = [raised(0), raised(20, subject="b"), raised(40, subject="c", level="orange")]
    after = [raised(1), raised(40, subject="c", level="red"), raised(50, subject="d", level="blue")]
    page = told(before, after)
    assert "| M04 | 0 → 1 | 2 → 1 | 1 → 0 | 0 → 1 | 3 |" in page
    assert [line for line in page.splitlines() if line.startswith("- ")] == [
        "- M04 yellow zone-a, 2026-01-01T00:00:30.000Z is raised 1.0 min later",
        "- only as it is: M04 yellow b, 2026-01-01T00:20:30.000Z",
        "- M04 orange c, 2026-01-01T00:40:30.000Z becomes red",
        "- only as tried: M04 blue d, 2026-01-01T00:50:30.000Z",
    ]


def test_the_same_thresholds_change_nothing_and_others_do():
    story = FOLDER / "position_silence" / "among_others.jsonl"
    assert "No alert differs." in compare(site(), story, {"M12": {"blue_after": "30min"}})
    page = compare(site(), story, {"M12": {"blue_after": "5min", "intervals": 1}})
    assert "earlier" in page or "only as tried" in page
