"""Places as series in the store: what colour each had and why, how well it was watched."""

from collections.abc import Mapping

import pytest
from msgspec import structs

from alerts.alert import Alert, Bilingual, Change, Outcomes, Reason, Suppressed, UnitResponse, from_wire, to_wire
from alerts.outcomes import pack
from alerts.place_series import PlaceSeries
from alerts.recording import Recording
from alerts.store.sqlite import SqliteStore
from alerts.store.tables import MODELS
from alerts.watching import NEEDS
from ingest.events import SiteChange
from ingest.log import ALERTS, EVENTS, Entry
from ingest.records import Batch, Codec
from tests.small_coast import box, site

T = 1_780_012_800_000 + 60_000  # ms; a minute after midnight UTC
SITE = site()
CODEC = Codec()
LONG = T + 10**8


@pytest.fixture
def store(tmp_path):
    store = SqliteStore(tmp_path / "store.db")
    yield store
    store.close()


def alert(model="M04", subject="closed-1", level="yellow", revision=1, code="inside", segment="seg-01", **more) -> Alert:
    return Alert(
        id=f"{model}-{subject}", key=f"{model}/{subject}", model=model, area="bay", segment=segment, subject=subject, level=level, occurred=T, raised=T,
        **{"reason": Reason(code), "text": Bilingual("", ""), "place": "", "position": None, "updated": T, "revision": revision, "change": Change("raised", T), **more},
    )  # fmt: skip


def recording(store, coast=SITE, sites: Mapping = {}) -> Recording:
    series = PlaceSeries(coast, coast.areas[0], sites)
    series.begin(store, T)
    return Recording(store, {0: "bay"}, {}, lambda: T, [series])


def say(recorder: Recording, n: int, now: int, *alerts: Alert, open_=None) -> None:
    outcomes = Outcomes(area="bay", offset=n, now=now, alerts=alerts, open=open_)
    recorder.write(recorder.take([Entry(ALERTS, 0, n, now, None, pack(outcomes, CODEC), ())]))


def colour(store, place: str, name: str = "level") -> list:
    return [(at - T, value) for at, value in store.series("place", place, name, 0, LONG)]


def test_a_place_is_written_calm_then_coloured_then_calm_again_and_nothing_between(store):
    recorder = recording(store)
    say(recorder, 0, T)
    say(recorder, 1, T + 1_000, alert())
    say(recorder, 2, T + 2_000, alert(revision=2))
    say(recorder, 3, T + 3_000, alert(revision=3, level="orange"))
    say(recorder, 4, T + 4_000, alert(revision=4, level="orange", condition="over"))
    for place in ("seg-01", "closed-1", "bay", "station-a"):
        assert colour(store, place) == [(0, 0), (1_000, 2), (3_000, 3), (4_000, 0)], place
    assert colour(store, "seg-07") == [(0, 0)]
    assert store.latest("place")["seg-01"].fields["why"] == ""


def test_the_row_says_which_alert_colours_a_place_and_what_the_public_may_see(store):
    recorder = recording(store)
    hidden = alert("M05", "closed-1", "red", code="loitering", sensitivity="restricted")
    say(recorder, 0, T, alert(), hidden)
    assert store.latest("place")["seg-01"].fields == {
        "level": 4, "public": 2, "alerts": 2, "model": "M05", "code": "loitering", "why": hidden.id
    }  # fmt: skip


def test_what_no_model_sees_is_written_for_each_segment_and_model_with_the_reason(store):
    recorder = recording(store)
    say(recorder, 0, T)
    say(recorder, 1, T + 1_000, alert("M02", box(3), "orange", code="silent", segment="seg-03"))
    say(recorder, 2, T + 2_000, alert("M02", box(3), "orange", revision=2, code="silent", segment="seg-03", condition="over"))
    assert [value for _, value in store.series("watch", "seg-03", "M01", 0, LONG)] == [2, 0, 2]
    assert len(store.series("watch", "seg-04", "M01", 0, LONG)) == 1
    assert store.latest("watch")["seg-03"].fields["M01_why"] == ""
    say(recorder, 3, T + 3_000, alert("M02", box(3), "orange", revision=3, code="silent", segment="seg-03"))
    assert store.latest("watch")["seg-03"].fields["M01_why"] == "down/box"
    assert store.latest("watch")["seg-03"].fields["worst"] == 0


def test_after_a_restart_only_changes_are_written_and_what_was_open_still_counts(store):
    say(recording(store), 0, T, alert())
    second = recording(store)
    say(second, 1, T + 1_000)
    say(second, 2, T + 2_000, alert("M10", "gleaning-1", "blue", code="tide_rises", segment="seg-08"))
    assert colour(store, "seg-01") == [(0, 2)]
    assert colour(store, "bay", "alerts") == [(0, 1), (2_000, 2)]
    say(second, 3, T + 3_000, open_=(("M10-gleaning-1", 1),))
    assert colour(store, "seg-01") == [(0, 2), (3_000, 0)]


def test_once_a_day_all_is_written_so_that_a_picture_of_a_day_has_a_beginning(store):
    recorder = recording(store)
    say(recorder, 0, T)
    say(recorder, 1, T + 3_600_000)
    say(recorder, 2, T + 86_400_000)
    assert colour(store, "seg-01") == [(0, 0), (86_400_000, 0)]


def test_a_site_revision_that_adds_a_zone_has_it_written(store):
    wider = site(14, "r2")
    recorder = recording(store, sites={"r2": wider})
    say(recorder, 0, T)
    change = CODEC.pack(Batch("r1", [SiteChange(device="bridge", received=T + 500, revision="r2")]))
    recorder.write(recorder.take([Entry(EVENTS, 0, 0, T + 500, None, change, ())]))
    say(recorder, 1, T + 1_000)
    assert colour(store, "seg-13") == [(1_000, 0)]
    assert colour(store, "seg-01") == [(0, 0)]


def test_the_wire_shape_of_an_alert_reads_back_as_the_alert():
    units = (UnitResponse("patrol-1", dispatched=T + 1, accepted=T + 2),)
    one = alert(responses=units, suppressed=Suppressed("shelved", "wang", T + 9), acknowledged=T + 5, position=(118.8, 24.8), evidence=("cam-1/1",))
    assert from_wire(to_wire(one)) == one
    assert from_wire(to_wire(alert())) == alert()
    assert structs.replace(one, revision=2) != one


def test_the_table_has_a_column_for_every_model():
    assert tuple(NEEDS) == MODELS
