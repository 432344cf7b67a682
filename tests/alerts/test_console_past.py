"""What the page knows of the time before it began: open alerts however old, the last word of every device, vessels heard lately; and how true its lags are."""

import asyncio
import time
from pathlib import Path

import pytest
from msgspec import structs

from alerts.alert import Outcomes
from alerts.console import live as console_live
from alerts.console.app import build
from alerts.console.live import Live
from alerts.console.recall import LATELY, Library, standing
from alerts.console.view import Message
from alerts.outcomes import pack
from alerts.store.points import points_of
from alerts.store.sqlite import SqliteStore
from alerts.store.store import StoreAway
from ingest.events import Heartbeat, Light, Position, Sos, Status, Tick
from ingest.log import ALERTS, EVENTS, Record, open_log
from ingest.log_sqlite import SqliteLog
from ingest.records import Batch, Codec
from ingest.revisions import apply_site
from ingest.site import Device
from tests.alerts.console_coast import NOW, SITE, TestClient, alert, settings, tell
from tests.alerts.console_room import ADDRESS, COAST, Room, sign_in
from tests.small_coast import box

HOUR = 3_600_000
MINUTE = 60_000
PRESSED = Sos(device=box(1), received=NOW, ts=NOW, sent=NOW, boot="1", seq=1, state="pressed")


@pytest.fixture
def log(tmp_path):
    log = open_log(f"sqlite:///{tmp_path / 'log.db'}")
    yield log
    log.close()


def begun(log, site=SITE, now: int = NOW) -> Live:
    live = Live(site, log, lambda: now)
    live.start()
    return live


def quiet_hours(log, number: int, records: int) -> None:
    """Records of `alerts` in which nothing happens, as a snapshot leaves one every ten seconds."""
    nothing = pack(Outcomes(area=COAST.areas[0].id, offset=10**6, now=NOW))
    log.append([Record(ALERTS, number, nothing)] * records)


# Alerts, from the snapshot in the log


def test_an_open_alert_is_on_the_page_after_a_restart_however_old_it_is(tmp_path, log):
    with Room(tmp_path, log) as room:
        room.hear(PRESSED)
        before = room.alerts()[box(1)]
        room.log.append(room.judge.snapshot())
    quiet_hours(log, 0, console_live.ALERTS_BACK + 600)
    found = begun(log, COAST).view.alerts[before["id"]]
    assert (found.subject, found.revision, found.response, found.text.zh) == (box(1), before["revision"], "new", before["text"]["zh"])


def test_what_happened_to_an_alert_after_the_snapshot_is_not_lost(tmp_path, log):
    with Room(tmp_path, log) as room:
        room.hear(PRESSED)
        alert_id = room.alerts()[box(1)]["id"]
        room.log.append(room.judge.snapshot())
        room.send("act", {"alert": alert_id, "do": "acknowledge"})
    assert begun(log, COAST).view.alerts[alert_id].response == "acknowledged"


def test_an_alert_that_the_snapshot_still_has_open_and_that_was_closed_since_stays_closed(tmp_path, log):
    with Room(tmp_path, log) as room:
        room.hear(PRESSED)
        alert_id = room.alerts()[box(1)]["id"]
        room.log.append(room.judge.snapshot())
        room.send("act", {"alert": alert_id, "do": "acknowledge"})
        room.send("act", {"alert": alert_id, "do": "resolve", "outcome": "rescued"})
    found = begun(log, COAST).view.alerts[alert_id]
    assert (found.response, found.outcome) == ("resolved", "rescued")


def test_before_the_first_snapshot_the_alerts_of_the_log_stand(log):
    assert standing(log, 1) == (-1, [], {}, {})
    tell(log, alert("a1"))
    assert list(begun(log).view.alerts) == ["a1"]


# Devices and vessels, from the store


def stored(home: Path, *events) -> SqliteStore:
    store = SqliteStore(home / "store.db")
    store.write([point for event in events for point in points_of(event, "west")], (), (), ())
    return store


def at(age: int, **more: object) -> dict:
    return {"received": NOW - age, "ts": NOW - age, "boot": "1", "seq": 1, **more}


SAID = (
    Heartbeat(device="box-1", battery=0.41, rssi=-71.0, temperature=9.5, **at(7 * HOUR)),
    Light(device="box-1", lamp="main", mode="warn", actual="warn", **at(8 * HOUR)),
    Status(device="box-1", state="online", **at(9 * HOUR)),
    Position(device="ais", vessel="412000001", position=(118.8, 24.8), sog=7.0, cog=90.0, name="MIN SHI YU 1", length=18.0, **at(2 * HOUR)),
    Position(device="ais", vessel="412000002", position=(118.9, 24.8), sog=0.0, **at(LATELY + HOUR)),
)


@pytest.fixture
def page(tmp_path, log):
    """A console that begins now, on a log in which no device ever spoke; the recorder has read it."""
    store = stored(tmp_path, *SAID)
    log.save_positions("recorder", [(EVENTS, number, 0) for number in (0, 1)])
    with TestClient(build(settings(tmp_path), SITE, log, lambda: store, lambda: NOW), base_url=ADDRESS) as client:
        yield client
    store.close()


def start(client: TestClient, home: Path, *, until_whole: bool = True) -> dict:
    body = sign_in(client, home, "lin")
    end = time.monotonic() + 10
    while until_whole and not body["chain"]["whole"]:
        assert time.monotonic() < end, "the store was not asked"
        body = client.get("/api/start").json()
    return body


def test_the_last_known_value_of_a_device_is_on_the_page_with_its_age(page, tmp_path):
    heard, status, battery, lamp = start(page, tmp_path)["devices"]["box-1"]
    assert (NOW - heard, status, battery, lamp) == (7 * HOUR, "online", 0.41, "warn")
    device = page.get("/api/devices/box-1").json()
    assert device["said"]["heartbeat"] == {"received": NOW - 7 * HOUR, "battery": 0.41, "rssi": -71.0, "temperature": 9.5}
    assert device["curves"]["battery"] == [[NOW - 7 * HOUR, 0.41]]


def test_a_vessel_heard_lately_is_on_the_map_with_its_age_and_name_and_one_of_yesterday_is_not(page, tmp_path):
    vessels = start(page, tmp_path)["vessels"]
    assert vessels == {"412000001": [NOW - 2 * HOUR, 118.8, 24.8, 7.0, 90.0, "MIN SHI YU 1", 18.0, "ais"]}


def test_what_the_log_says_is_newer_than_what_the_store_says(tmp_path, log):
    fresh = Heartbeat(device="box-1", battery=0.9, **at(MINUTE))
    gone = Status(device="box-1", state="offline", **at(0))
    log.append([Record(EVENTS, 1, Codec().pack(Batch("r1", [fresh, gone])))])
    log.save_positions("recorder", [(EVENTS, 1, 1)])
    store = stored(tmp_path, *SAID)
    live = begun(log)
    asyncio.run(live.recall(Library(lambda: store)))
    store.close()
    assert live.whole
    heard, status, battery, lamp = live.view.devices["box-1"].row()
    assert (NOW - heard, status, battery, lamp) == (MINUTE, "offline", 0.9, "warn")  # a last will is no sign of life


def test_devices_that_the_site_does_not_know_are_not_taken_from_the_store(tmp_path, log):
    store = stored(tmp_path, Heartbeat(device="box-of-long-ago", battery=0.5, **at(HOUR)))
    live = begun(log)
    asyncio.run(live.recall(Library(lambda: store)))
    store.close()
    assert live.view.devices == {}


def test_while_the_store_is_away_the_page_stands_says_so_and_asks_again(tmp_path, log, monkeypatch):
    monkeypatch.setattr(console_live, "AGAIN", 0.01)
    tries = []

    def opened() -> SqliteStore:
        tries.append(1)
        if len(tries) < 4:
            raise StoreAway("not yet")
        return stored(tmp_path, *SAID)

    tell(log, alert("a1"))
    log.save_positions("recorder", [(EVENTS, number, 0) for number in (0, 1)])
    with TestClient(build(settings(tmp_path), SITE, log, opened, lambda: NOW), base_url=ADDRESS) as client:
        body = start(client, tmp_path, until_whole=False)
        assert [each["id"] for each in body["alerts"]] == ["a1"]
        assert "box-1" in start(client, tmp_path)["devices"]
    assert len(tries) == 4


def test_a_store_that_has_not_read_as_far_as_the_log_s_tail_is_asked_again(tmp_path, log, monkeypatch):
    """Else what was said between the recorder's position and the tail would be missing for ever."""
    monkeypatch.setattr(console_live, "AGAIN", 0.01)
    monkeypatch.setattr(console_live, "EVENTS_BACK", 1)
    log.append([Record(EVENTS, 1, Codec().pack(Batch("r1", [])))] * 3)
    log.save_positions("recorder", [(EVENTS, 0, 0), (EVENTS, 1, 1)])
    store = stored(tmp_path)
    live = begun(log)

    async def recorder_catches_up() -> None:
        asking = asyncio.create_task(live.recall(Library(lambda: store)))
        await asyncio.sleep(0.1)
        assert not asking.done()
        store.write([point for event in SAID for point in points_of(event, "west")], (), (), ())
        log.save_positions("recorder", [(EVENTS, 1, 2)])
        await asyncio.wait_for(asking, 5)

    asyncio.run(recorder_catches_up())
    store.close()
    assert "box-1" in live.view.devices


def test_a_store_that_does_not_answer_holds_up_neither_an_alert_nor_the_end(tmp_path, log):
    def hangs() -> SqliteStore:
        time.sleep(600)
        raise StoreAway("too late")

    began = time.monotonic()
    with TestClient(build(settings(tmp_path), SITE, log, hangs, lambda: NOW), base_url=ADDRESS) as client:
        sign_in(client, tmp_path, "lin")
        tell(log, alert("a1"))
        end = time.monotonic() + 10
        while not client.get("/api/start").json()["alerts"]:
            assert time.monotonic() < end
    assert time.monotonic() - began < 20


# Lags


def ticking(home: Path, seconds: int) -> SqliteLog:
    """A quiet coast: a tick a second, nothing else; stamped by its own clock."""
    clock = iter(range(NOW, NOW + 10_000_000, 1_000))
    log = SqliteLog(home / "ticks.db", clock=lambda: next(clock))
    for second in range(seconds):
        now = NOW + second * 1_000
        log.append([Record(EVENTS, 1, Codec().pack(Batch("r1", [Tick(device="bridge", received=now, now=now, heard=now - NOW)])))])
    return log


@pytest.mark.parametrize(("role", "reader"), [("deliverer", "deliverer"), ("processor", "judged"), ("recorder", "recorder")])
def test_a_role_that_stands_still_in_a_quiet_hour_is_seen_by_its_age(tmp_path, role, reader):
    log = ticking(tmp_path, 20)
    log.save_positions(reader, [(EVENTS, 1, 5), (ALERTS, 1, 0)])
    behind = begun(log, now=NOW + 20_000).chain()["areas"]["west"]["behind"]
    assert behind[role] == 15_000
    log.save_positions(reader, [(EVENTS, 1, 20)])
    assert begun(log, now=NOW + 20_000).chain()["areas"]["west"]["behind"][role] == 0
    log.close()


def test_a_role_that_never_said_where_it_is_is_behind_since_the_page_began_to_look(tmp_path):
    log = ticking(tmp_path, 3)
    now = [NOW]
    live = Live(SITE, log, lambda: now[0])
    live.start()
    now[0] += 12_000
    assert set(live.chain()["areas"]["west"]["behind"].values()) == {12_000}
    log.close()


def test_ticks_that_stand_in_for_the_bridge_do_not_count_as_hearing(tmp_path):
    log = ticking(tmp_path, 3)
    last = begun(log, now=NOW + 3_000).chain()["areas"]["west"]["tick"]
    for second in range(3, 20):
        log.append(
            [
                Record(
                    EVENTS,
                    1,
                    Codec().pack(Batch("r1", [Tick(device="deliverer", received=NOW + second * 1_000, now=NOW + second * 1_000, heard=2_000)])),
                )
            ]
        )
    row = begun(log, now=NOW + 20_000).chain()["areas"]["west"]
    assert (last, row["tick"], row["broker"]) == (1_000, 18_000, 18_000)
    log.close()


def test_a_press_that_the_processor_does_not_get_to_is_named_by_its_place(tmp_path):
    log = ticking(tmp_path, 3)
    now = [NOW + 3_000]
    live = Live(SITE, log, lambda: now[0])
    live.start()

    def named() -> list[str]:
        return live.chain()["areas"]["west"]["unjudged"]

    presses = [
        Sos(device=name, received=now[0], ts=now[0], state=state)
        for name, state in (("box-1", "pressed"), ("box-77", "pressed"), ("box-1", "released"))
    ]
    log.append([Record(EVENTS, 1, Codec().pack(Batch("r1", presses)))])
    live.look()
    assert named() == []
    now[0] += 5_001
    assert named() == ["QZ-0001", "box-77"]
    log.save_positions("judged", [(EVENTS, 1, 4)])
    assert named() == []
    log.close()


# A new revision of the site


def test_a_site_revision_is_taken_at_once_and_the_page_is_told_to_read_the_coast_again(tmp_path, log):
    more = structs.replace(SITE, revision="r2", devices=(*SITE.devices, Device("box-9", "box", "west", (118.7, 24.8), segment="s1", place="QZ-0009")))
    with TestClient(build(settings(tmp_path), SITE, log, None, lambda: NOW), base_url=ADDRESS) as client:
        before = sign_in(client, tmp_path, "lin")
        assert "box-9" not in str(client.get("/api/coast").json())
        apply_site(log, more, NOW)
        live = client.app.state.live
        end = time.monotonic() + 10
        while live.site.revision != "r2":
            assert time.monotonic() < end
            time.sleep(0.01)
        assert "box-9" in str(client.get("/api/coast").json())
        told = [message.kind for number, message in live.ring if number > int(before["live"].split("-")[1])]
    assert "site" in told


WITHOUT_LIN = structs.replace(SITE, revision="r3", people=tuple(person for person in SITE.people if person.id != "lin"))


def test_whom_a_new_revision_does_not_name_any_more_is_signed_out_at_once(tmp_path, log):
    with TestClient(build(settings(tmp_path), SITE, log, None, lambda: NOW), base_url=ADDRESS) as client:
        sign_in(client, tmp_path, "lin")
        apply_site(log, WITHOUT_LIN, NOW)
        end = time.monotonic() + 10
        while client.get("/api/start").status_code != 401:
            assert time.monotonic() < end


def test_whom_a_new_revision_does_not_name_any_more_hears_nothing_more(log):
    live = begun(log)

    async def listen() -> list[str]:
        pieces = []
        async for piece in live.stream("lin", f"{live.epoch}-{live.number}"):
            pieces.append(piece)
            apply_site(log, WITHOUT_LIN, NOW)
            live.look()
            live.tell([Message("duty", {"n": 1})])
        return pieces

    assert "duty" not in "".join(asyncio.run(asyncio.wait_for(listen(), 5)))
