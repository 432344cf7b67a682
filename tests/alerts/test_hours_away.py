"""The real fold, outbox and deliverer, with the clock given: what people hear when a target was away for three hours while alerts came and went."""

import pytest
from msgspec import structs

from alerts.channels.message import Retry, Sent
from alerts.fold import Fold
from alerts.outcomes import pack
from ingest.log import ALERTS, Record
from ingest.records import Batch
from ingest.site import Channel
from tests.alerts.test_deliverer import Coast
from tests.small_coast import START, at, beat, press, seen, site, thing, tick

MINUTE, HOUR = 60_000, 3_600_000
BACK = START + 3 * HOUR + 5 * MINUTE
SILENT, RETURNED, ENTERED, PRESSED = 1, 2, "closed-1", 5


class Away:
    """A target that is away until `back`, by the deliverer's clock."""

    def __init__(self) -> None:
        self.now, self.sent, self.tried = 0, [], 0

    def send(self, message, person, _channel, _timeout):
        if self.now < BACK:
            self.tried += 1
            return Retry("away")
        if message.alert is not None and message.alert.id:  # not what the deliverer says of the chain itself
            self.sent.append((person.id, message.alert.id, message.alert.subject, message.reason))
        return Sent()


def minute(n: int) -> list:
    """What the coast says in one minute: a box silent for good, one that comes back, somebody in the closed zone for a while, a press."""
    begin = START + n * MINUTE
    said = []
    for half in (0, 30_000):
        for i in range(6):
            away = (i == SILENT and n >= 5) or (i == RETURNED and 5 <= n < 40)
            if not away:
                said.append(beat(i, begin + half + i * 10, 2 * n + half // 30_000))
    if 20 <= n < 23:
        said += [seen("cam-1", begin + second * 1_000, thing(1, "person", at(1, 20))) for second in range(60)]
    elif n < 40:
        said += [seen("cam-1", begin + second * 1_000) for second in range(0, 60, 5)]
    if n == 30:
        said.append(press(PRESSED, begin + 1_000, 9_000))
    ticks = [tick(begin + second * 1_000) for second in range(5, 61, 5)]
    return sorted([*said, *ticks], key=lambda event: event.received)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """(the deliverer's target, the newest state of each alert) after the target came back."""
    usual = site()
    here = structs.replace(
        usual,
        people=tuple(structs.replace(each, channels=("hook",)) for each in usual.people),
        channels=(Channel("hook", "webhook+http://x", timeout=5_000),),
    )
    hook = Away()
    coast = Coast(tmp_path_factory.mktemp("away"), here, hook=hook)
    fold, newest = Fold(here, here.areas[0]), {}
    for n in range(190):
        outcomes = fold.step(fold.offset + 1, Batch(here.revision, minute(n)))
        newest |= {alert.id: alert for alert in outcomes.alerts}
        if outcomes.alerts or outcomes.pages or outcomes.commands:
            coast.book.append([Record(ALERTS, 0, pack(outcomes))])
        hook.now = START + (n + 1) * MINUTE
        coast.settle(hook.now)
    for _ in range(120):
        hook.now += 1_000
        coast.settle(hook.now)
    return hook, newest


def test_the_target_was_tried_all_the_while(told):
    assert told[0].tried > 100


def test_nobody_is_paged_for_what_is_over(told):
    hook, newest = told
    over = {alert.subject for alert in newest.values() if alert.condition == "over"}
    assert {f"box-0{RETURNED}", ENTERED} <= over
    assert not [each for each in hook.sent if newest[each[1]].condition == "over" and each[3] != "closed"]


def test_what_stands_is_paged_once_to_each_who_should_know_and_red_first(told):
    hook, newest = told
    standing = {alert.id for alert in newest.values() if alert.condition == "active" and alert.audience}
    assert {newest[id_].subject for id_ in standing} >= {f"box-0{SILENT}", f"box-0{PRESSED}"}
    for id_ in standing:
        heard = [person for person, alert, _subject, _reason in hook.sent if alert == id_]
        assert sorted(heard) == sorted(set(heard)) == sorted(newest[id_].audience)
    for person in {each[0] for each in hook.sent}:
        levels = [newest[alert].level for who, alert, _subject, _reason in hook.sent if who == person]
        assert levels == sorted(levels, key=("red", "orange", "yellow", "blue").index)
