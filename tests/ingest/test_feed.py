"""Real input at life's speed, moved to now, or as a recording; and sockets that come and go."""

import socket
import threading

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import feed
from ingest.formats.nmea import Decoder
from ingest.recording_file import write_recording
from ingest.settings import Settings

LINE = "!AIVDM,1,1,,B,13aDp<PP000IwSlN?Wm@0?wN2<1T,0*29"


def tagged(seconds):
    return feed.move_tag("\\s:st1,c:1*00\\" + LINE, seconds * 1000)


def played(lines, start=1_700_000_000_000, speed=1.0):
    return list(feed.moved(feed.nmea_lines(lines), start, speed, 1))


def test_tag_times_are_moved_to_now_and_still_have_a_right_checksum():
    payloads = played([tagged(1_000), tagged(1_060)])
    assert [p.at for p in payloads] == [1_700_000_000_000, 1_700_000_060_000]
    events, reasons = Decoder().decode([line for p in payloads for line in p.content.split("\n")], 1, "ais-1")
    assert ([e.ts for e in events], reasons) == ([1_700_000_000_000, 1_700_000_060_000], [])


def test_twice_the_speed_takes_half_the_time():
    assert played([tagged(1_000), tagged(1_060)], speed=2.0)[-1].at == 1_700_000_030_000


def test_lines_without_times_go_twenty_a_second_in_payloads_of_at_most_twenty():
    payloads = played([LINE] * 45)
    assert [len(p.content.split("\n")) for p in payloads] == [20, 20, 5]
    assert payloads[-1].at == 1_700_000_000_000 + 44 * 50


@given(st.lists(st.integers(0, 5_000), max_size=60), st.sampled_from([0.5, 1.0, 10.0]))
def test_payloads_never_go_back_in_time_and_lose_nothing(seconds, speed):
    payloads = played([tagged(10_000 + s) for s in seconds], speed=speed)
    assert [p.at for p in payloads] == sorted(p.at for p in payloads)
    assert sum(len(p.content.split("\n")) for p in payloads) == len(seconds)


def test_positions_are_arrays_and_a_distress_leaves_at_once():
    rows = [feed.Said(0, "position", {"vessel": "1"}), feed.Said(100, "distress", {"vessel": "2"}), feed.Said(200, "position", {"vessel": "3"})]
    payloads = list(feed.moved(rows, 1_000, 1.0, 9))
    assert [(p.at, p.kind) for p in payloads] == [(1_000, "position"), (1_100, "distress"), (1_200, "position")]
    assert payloads[0].content == [{"vessel": "1", "ts": 1_000, "sent": 1_000, "seq": 0, "boot": 9}]
    assert payloads[1].content == {"vessel": "2", "ts": 1_100, "sent": 1_100, "seq": 1, "boot": 9}


def test_playing_waits_for_each_payload_and_stops_when_told():
    stop, now, said = threading.Event(), [0.0], []

    class Stop:
        is_set = stop.is_set

        def wait(self, seconds):
            now[0] += seconds
            return False

    def publish(kind, content):
        said.append((now[0], content))
        if len(said) == 2:
            stop.set()

    count = feed.play([feed.Payload(i * 1000, "nmea", str(i)) for i in range(1, 5)], publish, Stop(), lambda: now[0], lambda _text: None)
    assert (count, said) == (2, [(1.0, "1"), (2.0, "2")])


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst"])
def test_the_same_file_gives_the_same_recording(tmp_path, name):
    source = tmp_path / "lines.nmea"
    source.write_text("\n".join([LINE, tagged(5), tagged(9)]))
    contents = []
    for turn in ("a", "b"):
        out = tmp_path / turn / name
        assert feed.feed(Settings(), "nmea", str(source), "bay", "ais-1", record=out, start=1_700_000_000_000) == 0
        contents.append(out.read_bytes())
    assert contents[0] == contents[1] != b""


def test_a_recording_line_is_as_the_wire_document_says(tmp_path):
    with write_recording(tmp_path / "a.jsonl") as out:
        out.write(1_700_000_000_123, "coast/bay/ais-1/nmea", LINE)
        out.write(1_700_000_000_124, "coast/bay/ais-1/position", [{"vessel": "1"}])
    first, second = map(msgspec.json.decode, (tmp_path / "a.jsonl").read_bytes().splitlines())
    assert first == {"received": "2023-11-14T22:13:20.123Z", "topic": "coast/bay/ais-1/nmea", "text": LINE}
    assert second["payload"] == [{"vessel": "1"}]


def test_a_file_that_is_not_there_is_said_and_not_raised():
    assert feed.feed(Settings(), "nmea", "/nowhere/at/all", "bay", "ais-1") == 1


def test_a_receiver_that_hangs_up_is_called_again():
    stop, got = threading.Event(), []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            for text in (b"!one\n!tw", b"!three\r\n"):
                with server.accept()[0] as line:
                    line.sendall(text)

        thread = threading.Thread(target=serve)
        thread.start()
        for text in feed.socket_lines(f"tcp://127.0.0.1:{server.getsockname()[1]}", stop):
            if text:
                got.append(text)
            if len(got) == 2:
                stop.set()
        thread.join(5)
    assert got == ["!one", "!three"]


def test_datagrams_are_lines():
    stop, got = threading.Event(), []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for text in feed.socket_lines(f"udp://127.0.0.1:{port}", stop):
            if text:
                got.append(text)
                stop.set()
            sender.sendto(LINE.encode(), ("127.0.0.1", port))
    assert got[0] == LINE


def test_lines_wait_for_no_full_batch_when_the_line_is_quiet():
    assert list(feed.batched(["a", "b", "", "", "c"])) == ["a\nb", "c"]
