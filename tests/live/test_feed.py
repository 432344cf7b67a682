"""Real AIS input and the pretend coast through a real broker and bridge: what a receiver says reaches the log, and the commands stop cleanly."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.events import Heartbeat, Position, Sos, Status
from ingest.log import REFUSED, open_log
from tests.live.test_bridge import ROOT, Coast, _until

pytestmark = pytest.mark.live
DATA = Path(os.environ.get("COAST_DATA", ROOT.parent / "shared" / "data")) / "ais"
CLASS_A = "!AIVDM,1,1,,B,13aDp<PP000IwSlN?Wm@0?wN2<1T,0*29"
HEAD = "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,Width,Draft,Cargo,TransceiverClass,t"
ROWS = [f"41200{i:04d},2022-01-03T00:00:00,24.88,118.9{i:02d},4.0,90.0,511,MIN {i},,,30.0,0.0,28.0,11.0,3.3,52.0,A," for i in range(20)]


@pytest.fixture
def coast(tmp_path):
    coast = Coast(tmp_path)
    coast.mosquitto()
    coast.bridge()
    yield coast
    coast.close()


def command(coast, *words):
    """What it tells goes to the file that `told` reads."""
    with (coast.folder / "told").open("wb") as out:
        child = subprocess.Popen([sys.executable, "-m", "coast_guardian", *words], cwd=ROOT, env=coast.env, stdout=out, stderr=out)
    coast.children.append(child)
    return child


def told(coast):
    return (coast.folder / "told").read_text()


def vessels(coast):
    return {event.vessel for event in coast.events(Position)}


def test_a_file_of_sentences_reaches_the_log_and_tells_its_progress(coast):
    if not DATA.is_dir():
        pytest.skip("the real AIS files are not here (COAST_DATA)")
    lines = [line for line in (DATA / "gpsd_sample.aivdm").read_text(encoding="latin-1").splitlines() if line.startswith("!")][:200]
    file = coast.folder / "real.aivdm"
    file.write_text("\n".join(lines) + "\n")
    child = command(coast, "feed", "nmea", str(file), "--speed", "20")
    assert child.wait(40) == 0, told(coast)
    assert re.search(r"[1-9]\d* payloads published", told(coast))
    _until(lambda: len(vessels(coast)) >= 10)


def test_a_table_reaches_the_log(coast):
    file = coast.folder / "real.csv"
    file.write_text("\n".join([HEAD, *ROWS]) + "\n")
    child = command(coast, "feed", "csv", str(file))
    assert child.wait(30) == 0
    _until(lambda: len(vessels(coast)) == len(ROWS))


def test_a_file_that_is_not_there_is_said(coast):
    child = command(coast, "feed", "nmea", "/nowhere.aivdm")
    assert child.wait(20) == 1
    assert "no such file" in told(coast)


def test_a_receiver_on_tcp_is_waited_for_heard_again_after_it_hung_up_and_left_at_ctrl_c(coast):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    child = command(coast, "feed", "nmea", f"tcp://127.0.0.1:{port}")
    _until(lambda: "the receiver is not there" in told(coast))
    with socket.create_server(("127.0.0.1", port)) as server:
        for calls in (1, 2):
            server.settimeout(20)
            with server.accept()[0] as line:
                line.sendall(CLASS_A.encode() + b"\r\n")
                _until(lambda calls=calls: len(coast.events(Position)) >= calls)
    child.send_signal(signal.SIGINT)
    assert child.wait(10) == 0
    assert "Traceback" not in told(coast)


def test_datagrams_of_a_receiver_reach_the_log(coast):
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    child = command(coast, "feed", "nmea", f"udp://127.0.0.1:{port}")
    with socket.socket(type=socket.SOCK_DGRAM) as receiver:

        def heard():
            receiver.sendto(CLASS_A.encode() + b"\r\n", ("127.0.0.1", port))  # nobody may listen yet, and a datagram is not kept
            return vessels(coast)

        assert len(_until(heard, 20)) == 1
    child.send_signal(signal.SIGINT)
    assert child.wait(10) == 0
    assert "Traceback" not in told(coast)


def test_a_press_by_hand_reaches_the_log_with_and_without_a_running_simulator(coast):
    alone = command(coast, "sim", "press", "box-0042", "--seconds", "3")
    assert alone.wait(20) == 1  # nobody judges here, so nobody tells the box that it was received
    first = _until(lambda: [event for event in coast.events(Sos) if event.device == "box-0042"])
    scenario = coast.folder / "calm.toml"
    scenario.write_text('name = "calm"\nen = "calm"\nzh = "calm"\nboxes = 60\nlights = 0\ncameras = 0\nvessels = 0\nown_connections = 2\n')
    running = command(coast, "sim", "run", "--scenario", str(scenario))
    _until(lambda: len(coast.events(Heartbeat)) > 5, 30)
    assert command(coast, "sim", "press", "box-0042", "--seconds", "3").wait(20) == 1
    second = _until(lambda: [event for event in coast.events(Sos) if event.device == "box-0042" and event.boot != first[0].boot])
    assert len({(event.boot, event.seq, event.ts) for event in second}) == 1  # said by the simulator's box alone, repetitions under its own name
    running.send_signal(signal.SIGTERM)
    assert running.wait(15) == 0
    truth = [json.loads(line) for line in (coast.folder / "truth.jsonl").read_text().splitlines()]
    assert [(one["staged"], one["subject"]) for one in truth if one["must"]] == [("press", "box-0042")]


def test_a_simulator_that_stops_leaves_no_status_on_the_broker_and_nothing_is_refused(coast):
    scenario = coast.folder / "calm.toml"
    scenario.write_text('name = "calm"\nen = "calm"\nzh = "calm"\nboxes = 20\nlights = 0\ncameras = 0\nvessels = 0\nown_connections = 2\n')
    running = command(coast, "sim", "run", "--scenario", str(scenario))
    _until(lambda: len({event.device for event in coast.events(Status)}) >= 20, 30)
    assert retained(coast)
    running.send_signal(signal.SIGTERM)
    assert running.wait(15) == 0
    assert retained(coast) == []
    log = open_log(f"sqlite:///{coast.folder / 'log.db'}")
    try:
        assert not [entry for area in log.partitions(REFUSED) for entry in log.read(REFUSED, area, 0, 10)]
    finally:
        log.close()


def retained(coast):
    """Topics of boxes' status that a newcomer is told."""
    told = subprocess.run(
        ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(coast.port), "-t", "coast/+/+/status", "--retained-only", "-W", "1", "-F", "%t"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return told.stdout.split()
