"""The alert: one shape, pushed, stored and served. And what goes with it: pages to people, commands to devices.

Inside, times are integer milliseconds UTC; `to_wire` writes them as RFC 3339. Words are in docs/wire.md and the glossary.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import Struct, convert, field, to_builtins

from ingest.events import Level

Response = Literal["new", "acknowledged", "dispatched", "en_route", "arrived", "resolved", "verified"]
Outcome = Literal[
    "real", "rescued", "assisted", "not_found", "authorised", "nuisance", "false_environment", "false_object", "sensor_fault", "duplicate", "transferred", "superseded"
]  # fmt: skip


class Suppressed(Struct, frozen=True, omit_defaults=True):
    how: Literal["shelved", "silenced", "work", "out_of_service", "inhibited"]
    by: str
    until: int | None = None
    reason: str = ""


class UnitResponse(Struct, frozen=True):
    """One unit's way to the place. Times in ms, None: not yet."""

    unit: str
    dispatched: int | None = None
    accepted: int | None = None
    declined: int | None = None
    enroute: int | None = None
    arrived: int | None = None
    left: int | None = None


class Reason(Struct, frozen=True):
    code: str
    values: dict[str, Any] = field(default_factory=dict)


class Bilingual(Struct, frozen=True):
    zh: str
    en: str


class Change(Struct, frozen=True, omit_defaults=True):
    """Why this revision is: `what` is raised, level, count, again, over, back, closed, an action's verb, seen, offered,
    no_unit, escalated, overdue, unverified, suppressed, unsuppressed, placed, due, ignored."""

    what: str
    at: int
    by: str = ""
    unit: str = ""
    note: str = ""


class Alert(Struct, frozen=True, kw_only=True):
    id: str
    key: str  # model/subject/drill
    model: str
    area: str
    segment: str
    subject: str
    place: str
    position: tuple[float, float] | None
    level: Level
    condition: Literal["active", "over"] = "active"
    response: Response = "new"
    suppressed: Suppressed | None = None
    state: str = "new"  # derived: one word for the screen
    reason: Reason
    text: Bilingual
    evidence: tuple[str, ...] = ()
    confidence: float | None = None
    flags: tuple[str, ...] = ()
    drill: bool = False
    sensitivity: Literal["open", "restricted"] = "open"
    owner: str = ""  # who acknowledged first, or took it over
    responses: tuple[UnitResponse, ...] = ()
    due: int | None = None  # the next deadline
    occurred: int
    raised: int
    updated: int
    acknowledged: int | None = None
    dispatched: int | None = None
    arrived: int | None = None
    over: int | None = None
    resolved: int | None = None
    verified: int | None = None
    outcome: Outcome | None = None
    count: int = 1
    incident: str | None = None
    parts: tuple[str, ...] = ()
    previous: str | None = None
    audience: tuple[str, ...] = ()  # everybody who was told
    revision: int = 1
    change: Change


class Page(Struct, frozen=True, kw_only=True):
    """Tell these people. `reason`: raised, level, again, back, deadline, escalated, reopened, closed; to one person or unit: transferred, offered. `step` of the escalation that it is."""

    alert: str
    revision: int
    reason: str
    step: int
    at: int  # ms, log time
    to: tuple[str, ...]  # persons' ids
    level: Level


class Command(Struct, frozen=True, kw_only=True):
    """What a device is to do, as in the wire's `do`. Dropped after `expires`."""

    id: str
    area: str
    device: str
    command: str
    args: dict[str, Any]
    expires: int
    alert: str = ""


class Outcomes(Struct, frozen=True, kw_only=True):
    """What one step of the fold of one area gave. One record of the topic `alerts`. `offset`: of the record judged; with a snapshot `open`
    lists what stands (id, revision): sinks close what is not in it, as `superseded`."""

    area: str
    offset: int
    now: int
    alerts: tuple[Alert, ...] = ()
    pages: tuple[Page, ...] = ()
    commands: tuple[Command, ...] = ()
    open: tuple[tuple[str, int], ...] | None = None


TIMES = ("due", "occurred", "raised", "updated", "acknowledged", "dispatched", "arrived", "over", "resolved", "verified")
_MAYBE = ("acknowledged", "dispatched", "arrived", "over", "resolved", "verified", "outcome", "incident", "parts", "previous")


def alert_id(area: str, key: str, cause: str) -> str:
    """16 hex digits that the same log always gives again."""
    return hashlib.sha256(f"{area}\n{key}\n{cause}".encode()).hexdigest()[:16]


def alert_key(model: str, subject: str, drill: bool) -> str:
    return f"{model}/{subject}/drill" if drill else f"{model}/{subject}"


def rfc3339(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _millis(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def from_wire(shape: Mapping[str, Any]) -> Alert:
    """The inverse of `to_wire`. Raises msgspec.ValidationError where it is no alert's shape."""
    plain = {**shape, "change": {**shape["change"], "at": _millis(shape["change"]["at"])}}
    plain |= {name: _millis(plain[name]) for name in TIMES if plain.get(name) is not None}
    plain["responses"] = [
        {name: value if name == "unit" or value is None else _millis(value) for name, value in each.items()} for each in shape.get("responses", ())
    ]
    if (shape.get("suppressed") or {}).get("until") is not None:
        plain["suppressed"] = {**shape["suppressed"], "until": _millis(shape["suppressed"]["until"])}
    return convert(plain, Alert)


def to_wire(alert: Alert) -> dict[str, Any]:
    """The public JSON shape: RFC 3339 UTC with milliseconds; fields marked `?` in the wire document are left out where there is nothing."""
    shape: dict[str, Any] = to_builtins(alert)
    for name in TIMES:
        if shape[name] is not None:
            shape[name] = rfc3339(shape[name])
    for name in _MAYBE:
        if not shape[name]:
            del shape[name]
    for response in shape["responses"]:
        for name, value in response.items():
            if name != "unit" and value is not None:
                response[name] = rfc3339(value)
    shape["change"]["at"] = rfc3339(alert.change.at)
    if alert.suppressed is not None and alert.suppressed.until is not None:
        shape["suppressed"]["until"] = rfc3339(alert.suppressed.until)
    return shape
