"""The recorder's memory is flat once its store's page cache is full: what the whole machine's test must allow for, held tightly here."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import gc, random, re, sys
from pathlib import Path
from alerts.recording import Recording
from alerts.store.sqlite import SqliteStore
from ingest.events import Sos, Tick
from ingest.log import EVENTS, REFUSED, Entry
from ingest.records import Batch, Codec
from ingest.refusals import Refused, pack

store, now, codec, chance, offsets = SqliteStore(Path(sys.argv[1])), 1_795_410_000_000, Codec(), random.Random(1), {EVENTS: 0, REFUSED: 0}
recording = Recording(store, {1: "huian"}, {}, lambda: now)

def entry(topic, value):
    offsets[topic] += 1
    return Entry(topic, 1, offsets[topic] - 1, now, None, value, ())

for second in range(1, 501):
    now += 1000
    odd = [Refused(now, "coast/huian/box-0001/odd", "box-0001", "parse", "x" * chance.randrange(80), chance.randbytes(chance.randrange(400))) for _ in range(60)]
    events = [Sos(device=f"box-{i % 3}", received=now + i, raw=chance.randbytes(100), flags=("odd",)) for i in range(40)]
    batch = Batch("r", [*events, Tick(device="bridge", received=now, now=now, heard=now)])
    recording.write(recording.take([*(entry(REFUSED, value) for value in pack(codec, odd)), entry(EVENTS, codec.pack(batch))]))
    if second in (250, 500):
        gc.collect()
        print(int(re.search(r"^Pss_Anon:\\s+(\\d+)", Path("/proc/self/smaps_rollup").read_text(), re.M)[1]))
"""


@pytest.mark.live
def test_twenty_five_thousand_messages_after_the_cache_is_full_add_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path / "store.db"], cwd=Path(__file__).parents[2], check=True, capture_output=True, text=True
    )
    full, after = (int(line) for line in done.stdout.split())
    assert after - full < 1_000, "kB; a tenth of a kilobyte kept of each message would be 2,500"
