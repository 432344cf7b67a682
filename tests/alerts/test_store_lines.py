"""Line protocol of our own making says the same as the client's."""

from hypothesis import given
from hypothesis import strategies as st
from influxdb_client import Point as ClientPoint
from influxdb_client import WritePrecision

from alerts.store.lines import line
from alerts.store.store import Point
from alerts.store.tables import fault

PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=("C",), exclude_characters="\\"), min_size=1, max_size=30)


@given(
    device=PLAIN,
    area=PLAIN,
    text=st.text(max_size=60),
    number=st.floats(allow_nan=False, allow_infinity=False),
    whole=st.integers(-(2**63), 2**63 - 1),
)
def test_a_line_is_what_the_client_would_write(device, area, text, number, whole):
    point = Point("selftest", {"device": device, "area": area}, {"value": number, "loop": text, "ok": False, "delay": whole}, 1_780_000_000_000, 42)
    if fault(point):
        return
    theirs = ClientPoint("selftest").tag("device", device).tag("area", area).time(1_780_000_000_000_000_042, WritePrecision.NS)
    theirs.field("value", number).field("loop", text).field("ok", False).field("delay", whole)
    assert _read(line(point)) == _read(theirs.to_line_protocol())


@given(tag=st.text(max_size=200))
def test_a_tag_is_plain_or_the_point_is_refused(tag):
    point = Point("selftest", {"device": tag, "area": "north"}, {"ok": True}, 1)
    assert bool(fault(point)) == (not tag.isprintable() or "\\" in tag or len(tag) > 128)


def _read(text: str) -> tuple[str, frozenset[tuple[str, object]], str]:
    """(measurement and tags, fields, time) of a line: a reader after the format's description, for the comparison only."""
    head, rest = _cut(text, " ")
    time = rest[rest.rindex(" ") + 1 :]
    fields, rest = [], rest[: rest.rindex(" ")]
    while rest:
        name, rest = _cut(rest, "=")
        value, rest = _string(rest) if rest.startswith('"') else _cut(rest, ",")
        fields.append((name, _number(value)))
    return head, frozenset(fields), time


def _cut(text: str, at: str) -> tuple[str, str]:
    i = 0
    while i < len(text) and text[i] != at:
        i += 2 if text[i] == "\\" else 1
    return text[:i], text[i + 1 :]


def _string(text: str) -> tuple[str, str]:
    i = 1
    while text[i] != '"':
        i += 2 if text[i] == "\\" else 1
    return text[: i + 1], text[i + 2 :]


def _number(value: str) -> object:
    if value.startswith('"'):
        return value
    if value in {"t", "f", "True", "False", "true", "false"}:
        return value[0].lower() == "t"
    return (int(value[:-1]), "i") if value.endswith("i") else float(value)
