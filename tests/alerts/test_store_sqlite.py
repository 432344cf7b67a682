"""The SQLite store: the contract of all stores, and what a file may suffer."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alerts.store.opening import open_store
from alerts.store.sqlite import SqliteStore
from alerts.store.store import StoreAway
from alerts.store.tables import DAY
from ingest.settings import Settings
from tests.alerts.store_contract import StoreContract, T, beat, shape


class TestSqlite(StoreContract):
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "store.db"

    @pytest.fixture
    def store(self, path: Path) -> Iterator[SqliteStore]:
        store = SqliteStore(path)
        yield store
        store.close()

    @pytest.fixture
    def again(self, path: Path, store: SqliteStore) -> Callable[[], SqliteStore]:
        return lambda: SqliteStore(path)


def test_a_store_that_another_program_holds_is_away_and_nothing_of_the_write_stays(tmp_path):
    store = SqliteStore(tmp_path / "store.db")
    store._db.execute("PRAGMA busy_timeout=10")
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreAway):
        store.write([beat()], [], [], [("events", 0, 1)])
    other.execute("ROLLBACK")
    other.close()
    assert store.latest("heartbeat") == {}
    assert store.position("events", 0) is None
    store.write([beat()], [], [], [("events", 0, 1)])
    assert set(store.latest("heartbeat")) == {"box-1"}
    store.close()


def test_a_write_that_fails_half_way_leaves_nothing(tmp_path):
    store = SqliteStore(tmp_path / "store.db")
    store._db.execute("DROP TABLE positions")
    with pytest.raises(StoreAway):
        store.write([beat()], [shape()], [], [("events", 0, 1)])
    assert store.latest("heartbeat") == {}
    assert store.alerts() == []
    store.close()


def test_a_field_that_a_newer_version_knows_gets_its_column(tmp_path):
    store = SqliteStore(tmp_path / "store.db")
    store._db.execute("ALTER TABLE m_heartbeat DROP COLUMN rssi")
    store.close()
    store = SqliteStore(tmp_path / "store.db")
    store.write([beat()._replace(fields={"rssi": -70.0})], [], [], [])
    assert store.series("heartbeat", "box-1", "rssi", T, T + 1) == [(T, -70.0)]
    store.close()


def test_an_alert_that_is_still_open_is_kept_however_old(tmp_path):
    store = SqliteStore(tmp_path / "store.db")
    store.write([], [shape("old", response="resolved"), shape("open")], [], [])
    store.keep(T + 4 * 365 * DAY)
    assert [one["id"] for one in store.alerts(open_only=False)] == ["open"]
    assert store.history("old") == []
    assert store.history("open") == [shape("open")]
    store.close()


def test_the_setting_chooses_the_store(tmp_path):
    store = open_store(Settings(home=tmp_path, store=f"sqlite:///{tmp_path}/here.db"))
    assert isinstance(store, SqliteStore)
    assert (tmp_path / "here.db").exists()
    store.close()
    with pytest.raises(ValueError, match="expected sqlite"):
        open_store(Settings(home=tmp_path, store="oracle://x"))
