"""What every store must do, whatever it is made of. A store's own test file inherits `StoreContract` and gives a fixture `store`."""

import math
from collections.abc import Callable

import pytest

from alerts.store.points import points_of
from alerts.store.shapes import alert_point
from alerts.store.store import Point, Refusal, Store
from ingest.events import Heartbeat, Sos

T = 1_780_000_000_000  # ms; some day


def beat(device: str = "box-1", at: int = T, seq: int = 1, battery: float = 0.9, area: str = "north") -> Point:
    return next(points_of(Heartbeat(device=device, received=at + 40, ts=at, seq=seq, boot=7, battery=battery, supply="solar"), area))


def shape(
    identity: str = "a1",
    revision: int = 1,
    *,
    raised: int = T,
    updated: int | None = None,
    response: str = "new",
    area: str = "north",
    **more: object,
) -> dict:
    """An alert as in the wire document."""
    from alerts.alert import rfc3339

    text = rfc3339(raised if updated is None else updated)
    return {
        "id": identity, "key": f"M01/{identity}", "model": "M01", "area": area, "segment": "s-1", "subject": "box-1", "place": "QZ-0001",
        "position": [118.7, 24.8], "level": "red", "condition": "active", "response": response, "suppressed": None, "state": response,
        "reason": {"code": "pressed", "values": {}}, "text": {"zh": '一键报警 "北岸"\n=,\\', "en": "SOS, box=1"}, "occurred": rfc3339(raised),
        "raised": rfc3339(raised), "updated": text, "count": 1, "audience": ["wang"], "revision": revision, "change": {"what": "raised", "at": text}, **more,
    }  # fmt: skip


class StoreContract:
    @pytest.fixture
    def again(self, store: Store) -> Callable[[], Store]:
        """The same store opened once more, as after a restart."""
        raise NotImplementedError

    def test_what_is_written_is_read_back_whole(self, store):
        store.write([beat()], [], [], [("events", 0, 5)])
        assert store.latest("heartbeat") == {"box-1": beat()}
        assert store.position("events", 0) == 5
        assert store.position("events", 1) is None

    def test_writing_the_same_again_changes_nothing(self, store):
        write = (
            [beat(seq=1), beat(seq=2, at=T + 30_000)],
            [shape(), shape(revision=2, updated=T + 5)],
            [Refusal(T, "coast/x", "box-1", "bad", "why", b"{")],
            [("events", 0, 9)],
        )
        for _ in range(3):
            assert store.write(*write) == []
        assert store.series("heartbeat", "box-1", "battery", T, T + 60_000) == [(T, 0.9), (T + 30_000, 0.9)]
        assert [one["revision"] for one in store.history("a1")] == [1, 2]
        assert len(store.alerts()) == 1
        assert store.refused() == [Refusal(T, "coast/x", "box-1", "bad", "why", b"{")]

    def test_two_presses_in_the_same_millisecond_stay_two(self, store):
        presses = [Sos(device="box-1", received=T + 10, ts=T, seq=seq, boot=7, hold=float(seq)) for seq in (4, 5)]
        store.write([point for press in presses for point in points_of(press, "north")], [], [], [])
        assert store.series("sos", "box-1", "hold", T, T + 1) == [(T, 4.0), (T, 5.0)]

    def test_a_series_is_in_order_though_it_came_late(self, store):
        store.write([beat(at=T + ms, seq=ms, battery=ms / 100_000) for ms in (30_000, 10_000, 20_000)], [], [], [])
        store.write([beat(at=T + 5_000, seq=5_000, battery=0.05)], [], [], [])
        assert store.series("heartbeat", "box-1", "battery", T, T + 30_000) == [(T + 5_000, 0.05), (T + 10_000, 0.1), (T + 20_000, 0.2)]
        assert store.series("heartbeat", "box-1", "battery", T, T + 60_000, limit=2) == [(T + 20_000, 0.2), (T + 30_000, 0.3)]
        assert store.latest("heartbeat")["box-1"].at == T + 30_000

    def test_a_late_point_does_not_replace_the_latest(self, store):
        store.write([beat(at=T + 60_000, seq=3, battery=0.3)], [], [], [])
        store.write([beat(at=T, seq=1, battery=0.9)], [], [], [])
        assert store.latest("heartbeat")["box-1"].fields["battery"] == 0.3

    def test_latest_knows_areas(self, store):
        store.write([beat("box-1", area="north"), beat("box-2", area="south")], [], [], [])
        assert set(store.latest("heartbeat", "south")) == {"box-2"}
        assert set(store.latest("heartbeat")) == {"box-1", "box-2"}
        assert store.latest("heartbeat", "west") == {}
        assert store.latest("heartbeat", since=max(point.at for point in store.latest("heartbeat").values()) + 1) == {}
        assert set(store.latest("heartbeat", "south", since=store.latest("heartbeat")["box-2"].at)) == {"box-2"}
        assert store.latest("no such kind") == {}

    def test_fields_of_one_moment_are_joined(self, store):
        tags = {"area": "north", "vessel": "412000001"}
        store.write([Point("vessel", tags, {"name": "MIN HUI 1"}, T)], [], [], [])
        store.write([Point("vessel", tags, {"callsign": "BXYZ"}, T)], [], [], [])
        assert store.latest("vessel")["412000001"].fields == {"name": "MIN HUI 1", "callsign": "BXYZ"}

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "0.9", True, None])
    def test_what_is_no_number_is_rejected_with_a_reason_and_the_rest_is_written(self, store, value):
        odd = beat(seq=2)._replace(fields={"battery": value})
        rejected = store.write([beat(seq=1), odd, beat(seq=3, at=T + 1)], [], [], [("events", 0, 1)])
        assert [(one.point, "battery" in one.reason) for one in rejected] == [(odd, True)]
        assert len(store.series("heartbeat", "box-1", "battery", T, T + 10)) == 2
        assert store.position("events", 0) == 1

    def test_unknown_measurements_and_fields_are_rejected(self, store):
        strange = [Point("no_such", {"device": "d"}, {"x": 1.0}, T), beat()._replace(fields={"surprise": 1.0}), beat()._replace(fields={})]
        assert [one.point for one in store.write(strange, [], [], [])] == strange

    def test_the_newest_revision_stands_and_all_are_history(self, store):
        store.write([], [shape(revision=1), shape(revision=3, updated=T + 20, response="acknowledged"), shape(revision=2, updated=T + 10)], [], [])
        store.write([], [shape(revision=2, updated=T + 10)], [], [])
        assert [one["revision"] for one in store.alerts()] == [3]
        assert [one["revision"] for one in store.history("a1")] == [1, 2, 3]
        assert store.history("a1")[0] == shape(revision=1)

    def test_an_older_revision_does_not_come_over_a_newer_after_a_restart(self, store, again):
        store.write([], [shape(revision=2, updated=T + 10, response="resolved")], [], [])
        second = again()
        second.write([], [shape(revision=1)], [], [])
        assert second.alerts() == []
        assert [one["revision"] for one in second.alerts(open_only=False)] == [2]
        second.close()

    def test_resolved_alerts_are_not_open(self, store):
        store.write([], [shape("a1", response="resolved"), shape("a2", updated=T + 5), shape("a3", area="south", updated=T + 9)], [], [])
        assert [one["id"] for one in store.alerts()] == ["a3", "a2"]
        assert [one["id"] for one in store.alerts(open_only=False)] == ["a3", "a2", "a1"]
        assert [one["id"] for one in store.alerts(area="north")] == ["a2"]
        assert [one["id"] for one in store.alerts(since=T + 6)] == ["a3"]
        assert [one["id"] for one in store.alerts(limit=1)] == ["a3"]

    def test_alerts_of_one_tick_do_not_overwrite_one_another(self, store):
        shapes = [shape(f"a{n}", raised=T) | {"subject": f"box-{n}"} for n in range(200)]
        store.write([alert_point(one) for one in shapes], shapes, [], [])
        assert len(store.alerts()) == 200
        assert sum(len(store.series("alert", f"box-{n}", "rank", T, T + 1)) for n in range(200)) == 200

    def test_text_comes_back_as_it_was(self, store):
        odd = "a,b=c d\"e\\f\n中文 'quoted' \\"
        store.write(
            [beat()._replace(fields={"firmware": odd})], [shape(place=odd)], [Refusal(T, odd, "box-1", "bad", odd, b"\x00\xff" + odd.encode())], []
        )
        assert store.latest("heartbeat")["box-1"].fields["firmware"] == odd
        assert store.alerts()[0]["place"] == odd
        assert store.refused("box-1")[0] == Refusal(T, odd, "box-1", "bad", odd, b"\x00\xff" + odd.encode())

    def test_refusals_newest_first_and_by_device(self, store):
        store.write([], [], [Refusal(T + n, "t", f"box-{n % 2}", "bad", "", b"%d" % n) for n in range(6)], [])
        assert [one.at - T for one in store.refused("box-1")] == [5, 3, 1]
        assert [one.at - T for one in store.refused(limit=2)] == [5, 4]
        assert store.refused("box-'; --") == []

    def test_a_series_of_a_word_or_of_nothing_known_is_empty(self, store):
        store.write([beat()], [], [], [])
        assert store.series("heartbeat", "box-1", "supply", 0, T + 1) == []
        assert store.series("heartbeat", "box-1", "no such", 0, T + 1) == []
        assert store.series("no such", "box-1", "battery", 0, T + 1) == []
        assert store.series("heartbeat", "box-9", "battery", 0, T + 1) == []

    def test_positions_survive_a_restart(self, store, again):
        store.write([], [], [], [("events", 0, 7), ("alerts", 1, 3)])
        second = again()
        assert (second.position("events", 0), second.position("alerts", 1)) == (7, 3)
        second.close()

    def test_what_is_past_its_retention_goes_and_the_rest_stays(self, store):
        day = 86_400_000
        store.write([beat(at=T, seq=1), beat(at=T + 200 * day, seq=2)], [shape("a1", response="resolved"), shape("a2")], [], [])
        store.keep(T + 201 * day)
        assert store.series("heartbeat", "box-1", "battery", T, T + 300 * day) == [(T + 200 * day, 0.9)]
        assert {one["id"] for one in store.alerts(open_only=False)} == {"a1", "a2"}
