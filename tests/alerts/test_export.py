"""What `log export` writes, `replay` judges to the same alerts: with a site revision on the way, presses that nobody can read, people's actions."""

import msgspec
import pytest
from msgspec import structs

from alerts.alert import to_wire
from alerts.fold import Fold
from alerts.replay import lines, replay
from ingest.events import Incident, Permit, Sos, Work
from ingest.log import EVENTS, Record
from ingest.log_sqlite import SqliteLog
from ingest.recording import export
from ingest.recording_file import open_recording
from ingest.recording_sites import with_sites
from ingest.records import Batch, Codec
from ingest.revisions import apply_site, site_at
from ingest.site import with_revision
from tests.alerts.test_fold import batches, with_people
from tests.small_coast import START, box, press, site, tick

OLD = with_revision(site())
NEW = with_revision(site(boxes=14, thresholds={"M02": {"low": 0.2}}))


def before() -> list[Batch]:
    """An hour of everything, and what is awkward to write down."""
    later = START + 3_700_000
    awkward = [
        Sos(device=box(1), received=later, raw=b"\xff\x00 not a press", flags=("odd",)),
        Work(device="console", received=later, id="w1", subject=box(2), by="wu", until=later + 600_000),
        Permit(device="console", received=later, zone="harbour-1", from_=later, until=later + 60_000, device_=box(3)),
        Incident(device="console", received=later, level="orange", by="wang", segment="seg-01", note="来电:有人呼救"),
    ]
    return [*(structs.replace(record, site=OLD.revision) for record in batches(with_people(31), None)), Batch(OLD.revision, awkward)]


def after() -> list[Batch]:
    """A press at a box that only the new revision knows."""
    later = START + 3_700_000
    return [Batch(NEW.revision, [press(13, later + 2_000, 1), tick(later + 3_000)])]


@pytest.fixture
def log(tmp_path):
    """A log in which a site was begun, used, and replaced."""
    log, codec = SqliteLog(tmp_path / "log.db", clock=lambda: START), Codec()
    apply_site(log, OLD, START)
    log.append([Record(EVENTS, 0, codec.pack(record)) for record in before()])
    apply_site(log, NEW, START + 3_701_000)
    log.append([Record(EVENTS, 0, codec.pack(record)) for record in after()])
    yield log
    log.close()


def judged(log) -> list[bytes]:
    """What the fold makes of the log, record by record, as the processor does."""
    fold, found = Fold(OLD, OLD.areas[0]), []
    for start in range(0, log.bounds(EVENTS, 0)[1], 100):
        for entry in log.read(EVENTS, 0, start, 100):
            found += fold.step(entry.offset, Codec().unpack(entry.value), {OLD.revision: OLD, NEW.revision: NEW}).alerts
    encode = msgspec.json.Encoder(order="deterministic").encode
    return [encode(to_wire(alert)) + b"\n" for alert in found]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst", ".jsonl.gz"])
def test_the_alerts_of_a_live_run_are_those_of_its_exports_replay(tmp_path, log, suffix):
    out = tmp_path / f"export{suffix}"
    with open_recording(out) as file:
        for line in with_sites(log, export(log, {0: "bay"})):
            file.write(line.encode())
    unrelated = with_revision(site(boxes=3))  # the recording brings its own sites
    live = judged(log)
    assert list(lines(replay(unrelated, out))) == live
    assert b"QZ-0013" in b"".join(live)


def test_a_site_that_the_log_keeps_comes_back_the_same(log):
    assert site_at(log, NEW.revision) == NEW


def test_a_record_that_was_skipped_is_not_in_the_export(log):
    lines_of = lambda skips: list(with_sites(log, export(log, {0: "bay"}), skips))  # noqa: E731
    all_of_it, less = lines_of(None), lines_of({"bay": {5}})
    assert {msgspec.json.decode(line)["offset"] for line in all_of_it} - {msgspec.json.decode(line)["offset"] for line in less} == {5}
