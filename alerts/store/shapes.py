"""What both stores read out of an alert's wire shape."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

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
