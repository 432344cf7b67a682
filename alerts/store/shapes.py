"""What both stores read out of an alert's wire shape."""

import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.alert import rfc3339
from alerts.store.store import Point

CLOSED = frozenset({"resolved", "verified"})  # of `response`


def millis(text: str) -> int:
    """RFC 3339 to ms since 1970."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def is_open(shape: Mapping[str, Any]) -> bool:
    """Whether somebody still has to do with it: not resolved. (`over` alone stays on the board until it is.)"""
    return shape.get("response") not in CLOSED


def columns_of(shape: Mapping[str, Any]) -> tuple[str, int, str, str, str, str, bool, str, str, int, int]:
    """(id, revision, area, model, level, state, open, subject, segment, raised, updated)"""
    return (
        shape["id"], shape["revision"], shape["area"], shape["model"], shape["level"], shape.get("state", ""), is_open(shape),
        shape.get("subject", ""), shape.get("segment", ""), millis(shape["raised"]), millis(shape["updated"]),
    )  # fmt: skip


def merged(one: Point, later: Point) -> Point:
    """Two points of one moment are one: the fields joined, the later winning."""
    return later._replace(fields={**one.fields, **later.fields})


RANKS = {"blue": 1, "yellow": 2, "orange": 3, "red": 4}
SUPERSEDED = "superseded"


def alert_point(shape: Mapping[str, Any]) -> Point:
    """One revision as a point: what dashboards count. Its place within the ms is that of (id, revision), so that revisions never meet."""
    raised = millis(shape["raised"])
    position, reason, suppressed = shape.get("position"), shape.get("reason") or {}, shape.get("suppressed") or {}
    fields: dict[str, float | int | str | bool | None] = {
        "id": shape["id"], "key": shape["key"], "change": shape["change"]["what"], "condition": shape["condition"], "response": shape["response"],
        "state": shape.get("state"), "suppressed": suppressed.get("how"), "code": reason.get("code"), "segment": shape.get("segment"),
        "outcome": shape.get("outcome"), "rank": RANKS[shape["level"]], "revision": shape["revision"], "count": shape.get("count", 1),
        "units": len(shape.get("responses", ())), "audience": len(shape.get("audience", ())), "open": is_open(shape), "drill": shape.get("drill", False),
        "restricted": shape.get("sensitivity") == "restricted", "confidence": shape.get("confidence"), "delivered": raised - millis(shape["occurred"]),
    }  # fmt: skip
    for name, moment in (("acknowledge", "acknowledged"), ("dispatch", "dispatched"), ("arrive", "arrived"), ("close", "resolved")):
        if shape.get(moment):
            fields[name] = millis(shape[moment]) - raised
    if position:
        fields["lon"], fields["lat"] = position
    kept = {name: value[:256] if isinstance(value, str) else value for name, value in fields.items() if value is not None}
    tags = {"area": shape["area"], "subject": shape["subject"], "model": shape["model"], "level": shape["level"]}
    sub = (zlib.crc32(shape["id"].encode()) + shape["revision"]) % 1_000_000
    return Point("alert", tags, kept, millis(shape["updated"]), sub)


def superseded(shape: Mapping[str, Any], now: int) -> dict[str, Any]:
    """The closing revision of an alert that no fold knows any more."""
    text = rfc3339(now)
    change = {"what": SUPERSEDED, "at": text}
    closing = {"response": "resolved", "state": "resolved", "outcome": SUPERSEDED, "resolved": text, "updated": text}
    return {**shape, **closing, "revision": shape["revision"] + 1, "change": change}
