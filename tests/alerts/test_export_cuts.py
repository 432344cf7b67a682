"""An export that begins anywhere brings what was open before it: its replay tells what the live run told from there on."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from alerts.alert import to_wire
from alerts.archive import READER, Archive, hours
from alerts.export import cut, export_lines
from alerts.judge import Judge
from alerts.outcomes import unpack
from alerts.replay import lines, replay
from ingest.log import ALERTS, EVENTS, Record
from ingest.log_sqlite import SqliteLog
from ingest.recording import batches, read_recording
from ingest.records import Codec
from ingest.revisions import apply_site
from ingest.site import with_revision
from ingest.wire import Door
from tests.small_coast import site

SITE = with_revision(site())
OTHER = with_revision(site(boxes=3))  # an export brings its own sites
GOLDEN = sorted((Path(__file__).parents[1] / "replays").glob("*/*.jsonl"))
LONG = 4_000_000  # ms: a story of more than that, a tick a second, takes too long to be lived through here
encode = msgspec.json.Encoder(order="deterministic").encode


def span(recording: Path) -> int:
    """Ms from the first message to the last."""
    lines = recording.read_bytes().splitlines()
    first, last = (datetime.fromisoformat(msgspec.json.decode(line)["received"]) for line in (lines[0], lines[-1]))
    return round((last - first).total_seconds() * 1000)


class Live(NamedTuple):
    """A log that a judge has judged, with its snapshots in it, and what it told at each offset."""

    log: SqliteLog
    told: dict[int, list[bytes]]
    times: list[int]  # ms, when each record was appended

    def from_(self, offset: int) -> list[bytes]:
        return [line for at in sorted(self.told) if at >= offset for line in self.told[at]]


def lived(path: Path, recording: Path) -> Live:
    now = [0]
    log, codec = SqliteLog(path, clock=lambda: now[0]), Codec()
    log.query("PRAGMA synchronous = OFF")  # thousands of records, and no power to fail
    records = [batch for _, _, batch in batches(read_recording(recording), Door(SITE))]
    now[0] = records[0].events[0].received - 1
    apply_site(log, SITE, now[0])
    judge, told, times = Judge(log, SITE, 0), {}, [now[0]]
    for batch in records:
        now[0] = batch.events[-1].received
        log.append([Record(EVENTS, 0, codec.pack(batch))])
        times.append(now[0])
        for entry in log.read(EVENTS, 0, judge.fold.offset + 1):
            found = [unpack(record.value) for record in judge.take([(entry.offset, entry.value)]) if record.topic == ALERTS]
            told[entry.offset] = [encode(to_wire(alert)) + b"\n" for each in found for alert in each.alerts]
        if judge.due():
            log.append(judge.snapshot())
            judge.kept(judge.fold.offset, judge.fold.now)
    log.save_positions("processor", [(EVENTS, 0, judge.saved + 1)])
    return Live(log, told, times)


@pytest.fixture(scope="module")
def coasts(tmp_path_factory):
    made = {each.stem: lived(tmp_path_factory.mktemp(each.stem) / "log.db", each) for each in GOLDEN if span(each) < LONG}
    assert len(made) > 3
    yield made
    for live in made.values():
        live.log.close()


def exported(live: Live, since: int, folder: Path, out: Path):
    begin = cut(live.log, 0, since, SITE, folder)
    out.write_text("".join(export_lines(live.log, {0: "bay"}, {0: begin})))
    return begin


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(choice=some.data())
def test_wherever_an_export_begins_its_replay_tells_what_the_live_run_told_from_there_on(coasts, tmp_path, choice):
    name = choice.draw(some.sampled_from(sorted(coasts)))
    live = coasts[name]
    since = choice.draw(some.sampled_from(live.times))
    out, complaints = tmp_path / "cut.jsonl", []
    begin = exported(live, since, tmp_path, out)
    assert live.times[begin.offset] == since
    assert list(lines(replay(OTHER, out, tell=complaints.append))) == live.from_(begin.offset)
    assert complaints == []


@pytest.fixture
def shortened(coasts, tmp_path):
    """The longest of them, after retention has taken its beginning. Its archive is in the folder."""
    longest = max((each for each in GOLDEN if each.stem in coasts), key=lambda each: len(coasts[each.stem].times))
    live = lived(tmp_path / "log.db", longest)
    archive = Archive(live.log, tmp_path / "archive", {0: "bay"})
    while archive.step([0], live.times[-1] + 10 * 3_600_000):
        pass
    assert live.log.position(READER, EVENTS, 0) == len(live.times)
    live.log.retain(1, live.times[-1], {(EVENTS, 0): len(live.times) // 2})
    assert 0 < live.log.bounds(EVENTS, 0)[0] < len(live.times)
    yield live
    live.log.close()


def test_what_retention_took_is_known_from_the_archives(shortened, tmp_path):
    out = tmp_path / "cut.jsonl"
    begin = exported(shortened, 0, tmp_path / "archive", out)
    assert begin.offset == shortened.log.bounds(EVENTS, 0)[0]
    assert list(lines(replay(OTHER, out))) == shortened.from_(begin.offset)


def test_without_archives_it_begins_at_the_oldest_snapshot_and_says_so(shortened, tmp_path):
    out = tmp_path / "cut.jsonl"
    begin = exported(shortened, 0, tmp_path / "nothing", out)
    assert begin.offset > shortened.log.bounds(EVENTS, 0)[0]
    assert "BEGINS LATER THAN ASKED" in begin.note
    assert list(lines(replay(OTHER, out))) == shortened.from_(begin.offset)


def test_an_archive_with_a_hole_is_not_taken_for_the_whole(shortened, tmp_path):
    hours(tmp_path / "archive", "bay")[0].unlink()
    begin = exported(shortened, 0, tmp_path / "archive", tmp_path / "cut.jsonl")
    assert "BEGINS LATER THAN ASKED" in begin.note


def test_where_nothing_is_known_export_and_replay_say_so(tmp_path, shortened):
    shortened.log.write(lambda db: db.execute("DELETE FROM records WHERE id >> 40 = (SELECT id FROM streams WHERE topic = 'changelog')"), urgent=True)
    out, complaints = tmp_path / "cut.jsonl", []
    begin = exported(shortened, 0, tmp_path / "nothing", out)
    assert "NOT KNOWN" in begin.note
    list(replay(SITE, out, tell=complaints.append))
    assert "not known" in complaints[0]


def test_a_snapshot_that_cannot_be_read_is_said_with_its_line(tmp_path):
    out = tmp_path / "odd.jsonl"
    out.write_text(
        '{"snapshot": {"areas": [{"number": 0, "memory": "bm8="}]}}\n'
        '{"received": "2026-01-01T00:00:00Z", "topic": "coast/bay/bridge/tick", "payload": {"now": 1, "heard": 1}, "area": "bay", "offset": 9}\n'
    )
    with pytest.raises(ValueError, match="line 1: a snapshot that this version cannot read"):
        list(replay(SITE, out))
