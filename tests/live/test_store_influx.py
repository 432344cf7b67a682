"""The InfluxDB store on a real server: the contract of all stores, what the server does not take, and a server that stands still."""

import contextlib
import os
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.recorder import BackOff, Patience
from alerts.store.influx import InfluxStore
from alerts.store.store import Point, StoreAway
from tests.alerts.store_contract import StoreContract, T, beat

pytestmark = pytest.mark.live
NAMES = ("COAST_TEST_INFLUX_URL", "COAST_TEST_INFLUX_TOKEN", "COAST_TEST_INFLUX_ORG")


@pytest.fixture(scope="module")
def server() -> tuple[str, str, str]:
    values = tuple(os.environ.get(name, "") for name in NAMES)
    if not all(values):
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI without {', '.join(NAMES)}")
        pytest.skip("no InfluxDB: COAST_TEST_INFLUX_URL is not set")
    return values  # type: ignore[return-value]


@pytest.fixture
def bucket(server) -> Iterator[str]:
    from influxdb_client import InfluxDBClient

    url, token, org = server
    name = f"test-{uuid.uuid4().hex[:8]}"
    with InfluxDBClient(url=url, token=token, org=org) as client:
        made = client.buckets_api().create_bucket(bucket_name=name, org=org)
        yield name
        client.buckets_api().delete_bucket(made)


@pytest.fixture
def open_it(server, bucket, tmp_path: Path) -> Callable[[], InfluxStore]:
    url, token, org = server
    return lambda: InfluxStore(url, token, org, bucket, tmp_path / "positions.json")


@pytest.fixture
def store(open_it) -> Iterator[InfluxStore]:
    store = open_it()
    yield store
    store.close()


class TestInflux(StoreContract):
    @pytest.fixture
    def again(self, open_it, store) -> Callable[[], InfluxStore]:
        return open_it


def test_a_point_that_the_server_does_not_take_is_found_and_the_rest_is_written(store):
    """A field that another program once wrote as a text."""
    store._texts([f'heartbeat,area=north,device=box-1 rssi="loud" {T * 1_000_000}'])
    points = [beat(at=T + n, seq=n) for n in range(100)]
    points[41] = points[41]._replace(fields={"rssi": -70.0, "battery": 0.5})
    rejected = store.write(points, [], [], [("events", 0, 1)])
    assert [one.point for one in rejected] == [points[41]]
    assert "rssi" in rejected[0].reason
    assert len(store.series("heartbeat", "box-1", "delay", T, T + 1_000)) >= 99
    assert store.position("events", 0) == 1


def test_a_server_that_is_not_there_is_away_and_the_position_stays(server, tmp_path):
    store = InfluxStore("http://127.0.0.1:9", "token", "coast", "coast", tmp_path / "positions.json")
    with pytest.raises(StoreAway):
        store.write([beat()], [], [], [("events", 0, 1)])
    with pytest.raises(StoreAway):
        store.latest("heartbeat")
    assert store.position("events", 0) is None
    store.close()


def test_a_wrong_token_is_the_servers_state_not_the_points_fault(server, bucket, tmp_path):
    store = InfluxStore(server[0], "wrong", server[2], bucket, tmp_path / "positions.json")
    with pytest.raises(StoreAway, match="401"):
        store.write([beat()], [], [], [("events", 0, 1)])
    store.close()


def _server_process() -> int:
    """The server that one of the processes above this one started; 0 where there is none."""
    parents, names = {}, {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = status.read_text().rpartition(")")
            parents[int(status.parent.name)], names[int(status.parent.name)] = int(rest.split()[1]), name
    above, pid = set(), os.getpid()
    while pid := parents.get(pid, 0):
        above.add(pid)
    return next((pid for pid, parent in sorted(parents.items()) if parent in above and "(influxd" in names[pid]), 0)


def test_a_server_that_stands_still_and_goes_on_gets_everything_in_order(server, bucket, tmp_path):
    pid = _server_process()
    if not pid:
        pytest.skip("the InfluxDB server is not a process beside ours, so it cannot be stopped")
    store = InfluxStore(*server, bucket, tmp_path / "positions.json", timeout=500)
    stop = threading.Event()
    patience = Patience(stop.wait, BackOff(lambda: 0.5))
    os.kill(pid, signal.SIGSTOP)
    going_on = threading.Timer(3.0, os.kill, (pid, signal.SIGCONT))
    going_on.start()
    try:
        for n in range(5):
            assert patience.do(lambda n=n: store.write([beat(at=T + n * 1000, seq=n, battery=n / 10)], [], [], [("events", 0, n + 1)]))
    finally:
        going_on.join()
    assert store.series("heartbeat", "box-1", "battery", T, T + 9_000) == [(T + n * 1000, n / 10) for n in range(5)]
    assert store.position("events", 0) == 5
    store.close()


PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="\\"), min_size=1, max_size=30)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    device=PLAIN,
    area=PLAIN,
    text=st.text(st.characters(codec="utf-8", exclude_categories=("Cs",), exclude_characters="\x00"), max_size=60),
    number=st.floats(allow_nan=False, allow_infinity=False),
)
def test_whatever_is_written_comes_back_as_it_was(store, device, area, text, number):
    point = Point("selftest", {"area": area, "device": device}, {"value": number, "loop": text, "ok": True}, T)
    assert store.write([point], [], [], []) == []
    assert store.latest("selftest", area)[device] == point
