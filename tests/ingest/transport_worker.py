"""A Faust worker for test_transport.py: `URL START(json) AREAS(json or null)`. Says on standard output, a JSON line each, what it reads.

Values command it: `forward …` is sent on to `alerts` before the next event is read, `break` takes the disk away.
"""

import json
import resource
import sys
import tempfile

import faust

from ingest import transport
from ingest.log import ALERTS, Record

url, start, areas = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
transport.register()
app = faust.App(
    "processor",
    broker=transport.address(url),
    web_enabled=False,
    topic_disable_leader=True,
    topic_allow_declare=False,
    stream_wait_empty=False,
    datadir=tempfile.mkdtemp(),
)
if areas is not None:
    transport.only_partitions(app, areas)
if start is not None:
    transport.start_at(app, lambda _topic, partition: start.get(str(partition)))


def say(**line):
    print(json.dumps(line), flush=True)


@app.agent(app.topic("events", key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"))
async def judge(stream):
    async for event in stream.events():
        message = event.message
        if event.value == b"break":
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        say(at=[message.partition, message.offset], value=event.value.decode(), headers={name: text.decode() for name, text in event.headers.items()})
        if event.value.startswith((b"forward", b"break")):
            say(sent=await transport.send(app, [Record(ALERTS, message.partition, event.value, b"key")]))
            transport.log_of(app).save_positions(app.conf.id, [("events", message.partition, message.offset + 1)])


@app.on_partitions_assigned.connect
async def assigned(_app, partitions, **_):
    say(assigned=sorted(tp.partition for tp in partitions))


if __name__ == "__main__":
    try:
        faust.Worker(app, loglevel="error", quiet=True, redirect_stdouts=False).execute_from_commandline()
    finally:
        if failure := transport.failure_of(app):
            print(f"stopped: {failure}", file=sys.stderr, flush=True)
