"""What people do at the console, as events for the log: checked, signed with the session's person, and addressed to the areas they touch."""

import secrets
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct, ValidationError, convert, structs

from ingest.events import Action, Event, Exercise, Incident, Level, Matchers, Millis, Shift, Silence, Text, Unit, Word, Work
from ingest.quantities import Lonlat
from ingest.site import Person, Site

HOUR = 3_600_000  # ms
VERBS = get_args(Action.__annotations__["do"])
ROOM = frozenset({"operator", "shift_leader", "chief", "administrator"})
DESKS = ROOM | {"clerk", "police"}
ON_THE_WAY = frozenset({"accept", "decline", "enroute", "arrive", "leave", "note"})
FIXING = frozenset({"acknowledge", "take", "resolve", "note", "shelve", "unshelve"})


class Refusal(ValueError):
    """Why it may not be done: a word for the page's catalogue."""


class _Action(Struct, forbid_unknown_fields=True):
    alert: Word
    do: Word
    id: Word = ""
    if_revision: int | None = None
    unit: Word | None = None
    to: Word | None = None
    outcome: Word | None = None
    note: Text | None = None
    until: Millis | None = None


class _Incident(Struct, forbid_unknown_fields=True):
    level: Level
    segment: Word | None = None
    position: Lonlat | None = None
    caller: Word | None = None
    source: Literal["phone", "110", "12395", "patrol", "camera"] | None = None
    ref: Word | None = None
    note: Text | None = None


class _Silence(Struct, forbid_unknown_fields=True):
    """`id` with `ended`: one that runs, with the same matchers, ends now."""

    reason: Annotated[str, Meta(min_length=1, max_length=2_000)]
    until: Millis | None = None
    id: Word = ""
    ended: bool = False
    model: Word | None = None
    area: Word | None = None
    segment: Word | None = None
    device: Word | None = None
    level: Level | None = None


class _Work(Struct, forbid_unknown_fields=True):
    subject: Word
    id: Word = ""
    until: Millis | None = None
    closed: bool = False


class _Exercise(Struct, forbid_unknown_fields=True):
    devices: Annotated[tuple[Word, ...], Meta(min_length=1, max_length=200)]
    until: Millis


class _Shift(Struct, forbid_unknown_fields=True):
    do: Literal["on", "off", "offer", "accept"]
    to: Word | None = None
    seat: Word | None = None  # that is taken over, where it is not the person's own


class _Unit(Struct, forbid_unknown_fields=True):
    unit: Word
    state: Literal["free", "off"]


def make(kind: str, body: Any, person: Person, site: Site, now: int, area_of_alert: dict[str, str]) -> list[tuple[int, Event]]:
    """(area number, event) to be appended. Raises `Refusal`; `area_of_alert` knows the alerts that this person may see."""
    try:
        return _MAKERS[kind](body, person, site, now, area_of_alert)
    except KeyError as unknown:
        raise Refusal("no such thing here") from unknown
    except ValidationError as wrong:
        raise Refusal(str(wrong)) from wrong


def _common(now: int) -> dict[str, Any]:
    return {"device": "console", "received": now, "ts": now}


def _name() -> str:
    return secrets.token_hex(8)


def _need(person: Person, roles: frozenset[str]) -> None:
    if person.role not in roles:
        raise Refusal("your role may not do this")


def _all(site: Site, event: Event) -> list[tuple[int, Event]]:
    return [(area.number, event) for area in site.areas]


def _action(body: Any, person: Person, site: Site, now: int, area_of_alert: dict[str, str]) -> list[tuple[int, Event]]:
    asked = convert(body, _Action)
    if person.role not in DESKS and asked.do not in (ON_THE_WAY if person.role == "unit" else FIXING):
        raise Refusal("your role may not do this")
    if asked.alert not in area_of_alert:
        raise Refusal("this alert is not known here")
    fields = {**structs.asdict(asked), **_common(now), "by": person.id, "id": asked.id or _name()}
    return [(site.area_of[area_of_alert[asked.alert]].number, _as_action(fields))]


def _as_action(fields: dict[str, Any]) -> Action:
    if fields["do"] not in VERBS:
        raise Refusal("no such thing here")
    return Action(**fields)


def _incident(body: Any, person: Person, site: Site, now: int, _: dict[str, str]) -> list[tuple[int, Event]]:
    _need(person, DESKS)
    asked = convert(body, _Incident)
    segment = site.segment.get(asked.segment or "")
    if segment is None and asked.position is None:
        raise Refusal("say where: a segment or a position")
    area = segment.area if segment else site.post[person.post].area if person.post in site.post else site.lowest_area.id
    return [(site.area_of[area].number, Incident(**structs.asdict(asked), **_common(now), by=person.id, boot="console", seq=secrets.randbits(31)))]


def _silence(body: Any, person: Person, site: Site, now: int, _: dict[str, str]) -> list[tuple[int, Event]]:
    _need(person, ROOM)
    asked = convert(body, _Silence)
    if not any((asked.model, asked.area, asked.segment, asked.device)):
        raise Refusal("name a model, area, segment or device")
    if asked.model == "M01":
        raise Refusal("a press is never silenced")
    until = now if asked.ended and asked.id else asked.until
    if until is None or not now <= until <= now + 8 * HOUR or (until == now) != asked.ended:
        raise Refusal("at most 8 hours")
    matchers = Matchers(model=asked.model, area=asked.area, segment=asked.segment, device=asked.device, level=asked.level)
    event = Silence(**_common(now), id=asked.id or _name(), matchers=matchers, from_=now, until=until, by=person.id, reason=asked.reason)
    device, segment = site.device.get(asked.device or ""), site.segment.get(asked.segment or "")
    area = asked.area or (device.area if device else segment.area if segment else "")
    return [(site.area_of[area].number, event)] if area in site.area_of else _all(site, event)


def _work(body: Any, person: Person, site: Site, now: int, _: dict[str, str]) -> list[tuple[int, Event]]:
    _need(person, DESKS | {"installer"})
    asked = convert(body, _Work)
    if asked.subject not in site.device:
        raise Refusal("no such device")
    event = Work(
        **_common(now),
        id=asked.id or _name(),
        subject=asked.subject,
        by=person.id,
        from_=now,
        until=asked.until or now + 4 * HOUR,
        closed=asked.closed,
    )
    return [(site.area_of[site.device[asked.subject].area].number, event)]


def _exercise(body: Any, person: Person, site: Site, now: int, _: dict[str, str]) -> list[tuple[int, Event]]:
    _need(person, frozenset({"shift_leader", "chief", "administrator", "installer"}))
    asked = convert(body, _Exercise)
    if any(name not in site.device for name in asked.devices):
        raise Refusal("no such device")
    if not now < asked.until <= now + 4 * HOUR:
        raise Refusal("at most 4 hours")
    event = Exercise(**_common(now), id=_name(), devices=asked.devices, from_=now, until=asked.until, by=person.id)
    return [(site.area_of[area].number, event) for area in sorted({site.device[name].area for name in asked.devices})]


def _shift(body: Any, person: Person, site: Site, now: int, _: dict[str, str]) -> list[tuple[int, Event]]:
    asked = convert(body, _Shift)
    if asked.seat is not None and (asked.do != "accept" or asked.seat not in {each.seat or each.post for each in site.people}):
        raise Refusal("no such seat")
    if asked.do == "offer" and (asked.to == person.id or asked.to not in site.person or site.person[asked.to].role not in DESKS):
        raise Refusal("name a colleague who takes over")
    if asked.do == "accept":
        _need(person, DESKS)
    return _all(site, Shift(**_common(now), seat=asked.seat or person.seat or person.post, do=asked.do, by=person.id, to=asked.to))


def _unit(body: Any, person: Person, site: Site, now: int, _: dict[str, str]) -> list[tuple[int, Event]]:
    _need(person, DESKS | {"unit"})
    asked = convert(body, _Unit)
    if asked.unit not in site.unit:
        raise Refusal("no such unit")
    return _all(site, Unit(**_common(now), unit=asked.unit, type=site.unit[asked.unit].type, state=asked.state))


_MAKERS = {"act": _action, "incident": _incident, "silence": _silence, "work": _work, "exercise": _exercise, "shift": _shift, "unit": _unit}
