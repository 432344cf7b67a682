"""The door: a message of the wire becomes events of areas, or a refusal with its reason. Stateless; the bridge and `replay` call the same.

It adds nothing but `received` and what it noticed (`flags`). Everything on …/sos and …/distress passes, whatever its payload: a press is never refused.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from ingest import wire_life
from ingest.cap import Unfit, bulletin_of
from ingest.events import OURS, Event
from ingest.refusals import Refused, detail_of, reason_of
from ingest.routing import Router
from ingest.site import Device, Site
from ingest.wire_checks import Fault, check, find_flags
from ingest.wire_forms import BROKEN, ROWS, Form, form_of, settle_times
from ingest.wire_permissions import allowed

SINGLE = 64 * 1024  # bytes of one object
BATCH = 512 * 1024  # bytes of a gateway's array
OBJECTS = 1_000  # in a gateway's array
LIFE = frozenset({"sos", "distress"})
_NAME = re.compile(r"[a-z0-9-]{1,40}")
_NOT_A_NUMBER = re.compile(rb"\xcb[\x7f\xff][\xf0-\xff]|\xca[\x7f\xff][\x80-\xff]")  # MessagePack's NaN and infinity
_ROUTES = 100_000  # topics remembered

Read = tuple[list[tuple[int, Event]], list[Refused]]


class Route(Struct, frozen=True):
    """What a topic says, found out once."""

    topic: str
    kind: str
    device: str
    area: int
    life: bool
    form: Form | None
    fault: Fault | None
    flags: tuple[str, ...] = ()
    local: bool = True  # its events go to `area` and nowhere else


_ELSEWHERE = frozenset({"position", "distress", "bulletin", "silence", "exercise", "work", "permit", "trip", "unit"})


class Door:
    """Reads for one site revision. `recorded`: also takes ticks, system events and site changes, and the console unnamed in the site."""

    def __init__(self, site: Site, *, recorded: bool = False) -> None:
        self.site = site
        self._recorded = recorded
        self._router = Router(site)
        self._routes: dict[str, Route] = {}
        self._allowed = {device.id: allowed(device) for device in site.devices}
        self._area = {device.id: site.area_of[device.area].number for device in site.devices if device.area in site.area_of}
        self._nmea: dict[str, Any] = {}

    def read(self, topic: str, payload: bytes, received: int, *, retained: bool = False) -> Read:
        """([(area number, event)], refused). Raises nothing for whatever bytes."""
        route = self._routes.get(topic) or self._find(topic)
        if route.life:
            return wire_life.read(self, route, payload, received)
        form = route.form
        first = payload[:1]
        if form is not None and first == b"{" and len(payload) <= SINGLE and not retained:  # nearly always
            try:
                named = form.json(payload)
                if form.has_source and named.device is not None and named.device != route.device:
                    return self._refuse(route, payload, received, ("mismatch", f"device {named.device}"))
                event = self._event(form, named, route.device, received, route.flags)
            except BROKEN as fault:
                return self._refuse(route, payload, received, (reason_of(fault), detail_of(fault)))
            if type(event) is tuple:
                return self._refuse(route, payload, received, event)
            return ([(route.area, event)], []) if route.local else (self._router.route(event, route.area), [])  # type: ignore[list-item, arg-type]
        return self._seldom(route, payload, received, retained=retained)

    def _event(self, form: Form, named: Any, device: str, received: int, flags: tuple[str, ...]) -> Event | Fault:
        """The row, or why not. Raises what decoders raise."""
        settle_times(form, named)
        fault = check(form.kind, named)
        if fault is not None:
            return fault
        ts = named.ts
        if ts is not None and not received - 86_400_000 <= ts <= received + 86_400_000:
            flags = find_flags(form.kind, named, received, flags)
        return form.build(named, device, received, flags)

    def _seldom(self, route: Route, payload: bytes, received: int, *, retained: bool) -> Read:
        if route.fault is not None:
            return self._refuse(route, payload, received, route.fault)
        if retained and route.kind != "status":
            return self._refuse(route, payload, received, ("retained", "only status may be retained"))
        if not payload and route.kind == "status":
            return [], []  # how MQTT withdraws a retained message: it says nothing about the device
        if len(payload) > BATCH:
            return self._refuse(route, payload, received, ("large", f"{len(payload)} bytes"))
        text = payload.lstrip(b" \t\r\n")
        first = text[:1]
        if route.kind == "nmea" and first in (b"!", b"\\", b"$"):
            return self._sentences(route, payload, received, None) if len(payload) <= SINGLE else self._too_large(route, payload, received)
        if route.kind == "bulletin" and first == b"<":
            return self._bulletin(route, payload, received)
        batch = is_batch(first)
        if len(payload) > SINGLE and not batch:
            return self._too_large(route, payload, received)
        if batch:
            return self._batch(route, text, received)
        return self._one(route, text, payload, received, retained=retained)

    def _one(self, route: Route, text: bytes, raw: bytes, received: int, *, retained: bool) -> Read:
        if route.kind == "nmea":
            return self._sentences(route, text, received, nmea_object)
        form = route.form
        assert form is not None
        try:
            named = decode_one(form, text)
            if form.has_source and named.device is not None and named.device != route.device:
                return self._refuse(route, raw, received, ("mismatch", f"device {named.device}"))
            event = self._event(form, named, route.device, received, route.flags)
        except BROKEN as fault:
            return self._refuse(route, raw, received, (reason_of(fault), detail_of(fault)))
        if isinstance(event, tuple):
            return self._refuse(route, raw, received, event)
        if retained:
            event = msgspec.structs.replace(event, retained=True)
        return self._router.route(event, route.area), []

    def _batch(self, route: Route, payload: bytes, received: int) -> Read:
        """A gateway's array: read as a whole, and only if that fails object by object, so that one bad object costs itself."""
        form = route.form
        if form is None:
            return self._refuse(route, payload, received, ("batch", "nmea takes `lines`, not an array"))
        json = payload[:1] == b"["
        try:
            if not json and _NOT_A_NUMBER.search(payload):
                raise ValueError  # to be looked at one by one
            objects = (form.json_list if json else form.packed_list)(payload)
            pieces: list[bytes] | None = None
        except BROKEN:
            try:
                pieces = [bytes(raw) for raw in (msgspec.json if json else msgspec.msgpack).decode(payload, type=list[msgspec.Raw])]
            except BROKEN as fault:
                return self._refuse(route, payload, received, ("parse", detail_of(fault)))
            objects = pieces
        if len(objects) > OBJECTS:
            return self._refuse(route, payload, received, ("batch", f"{len(objects)} objects"))
        found: list[tuple[int, Event]] = []
        refused: list[Refused] = []
        for one in objects:
            self._of_batch(route, form, one, received, found, refused)
        return found, refused

    def _of_batch(self, route: Route, form: Form, one: Any, received: int, found: list[tuple[int, Event]], refused: list[Refused]) -> None:
        device, area = route.device, route.area
        try:
            named = decode_one(form, one) if type(one) is bytes else one
            source = named.device if form.has_source else None
            if source is not None and source != device:
                fault = self.speaks_for(device, source, form.kind)
                if fault is not None:
                    refused.append(refusal(route, source, one, received, fault))
                    return
                device, area = source, self._area[source]
            event = self._event(form, named, device, received, route.flags)
        except BROKEN as fault:
            refused.append(refusal(route, device, one, received, (reason_of(fault), detail_of(fault))))
            return
        if type(event) is tuple:
            refused.append(refusal(route, device, one, received, event))
        elif route.local:
            found.append((area, event))  # type: ignore[arg-type]  # told by type() above, for speed
        else:
            found.extend(self._router.route(event, area))  # type: ignore[arg-type]

    def speaks_for(self, gateway: str, device: str, kind: str) -> Fault | None:
        """Why `gateway` may not say `kind` for `device`; None if it may."""
        known = self.site.device.get(device)
        if known is None or device not in self._area:
            return "device", f"unknown device {device[:60]}"
        if known.gateway != gateway:
            return "gateway", f"{gateway} does not speak for {device}"
        if kind not in self._allowed[device]:
            return "permission", f"{known.type} may not say {kind}"
        return None

    def _sentences(self, route: Route, payload: bytes, received: int, lines_of: Callable[[bytes], tuple[list[str], int | None]] | None) -> Read:
        """AIVDM: decoded with the fragments that this receiver said before."""
        try:
            lines, ts = lines_of(payload) if lines_of else (payload.decode().splitlines(), None)
        except BROKEN as fault:
            return self._refuse(route, payload, received, (reason_of(fault), detail_of(fault)))
        decoder = self._nmea.get(route.device)
        if decoder is None:
            from ingest.formats.nmea import Decoder  # noqa: PLC0415  # pyais, only where sentences come

            decoder = self._nmea[route.device] = Decoder()
        events, errors = decoder.decode(lines, received, route.device)
        found = []
        for event in events:
            timed = event if ts is None or event.ts not in (None, received) else msgspec.structs.replace(event, ts=ts)
            found.extend(self._router.route(timed, route.area))
        return found, [refusal(route, route.device, payload, received, ("nmea", error[:300])) for error in errors]

    def _bulletin(self, route: Route, payload: bytes, received: int) -> Read:
        try:
            event = bulletin_of(payload, route.device, received)
        except Unfit as fault:
            return self._refuse(route, payload, received, ("cap", str(fault)[:300]))
        return self._router.route(event, route.area), []

    def _refuse(self, route: Route, payload: bytes, received: int, fault: Fault) -> Read:
        return [], [refusal(route, route.device, payload, received, fault)]

    def _too_large(self, route: Route, payload: bytes, received: int) -> Read:
        return self._refuse(route, payload, received, ("large", f"{len(payload)} bytes"))

    def send(self, event: Event, area: int) -> list[tuple[int, Event]]:
        """The areas that an event of a device in `area` goes to."""
        return self._router.route(event, area)

    def area_of(self, topic: str) -> int:
        """The area's number under which a refusal of this topic is kept."""
        return (self._routes.get(topic) or self._find(topic)).area

    def _find(self, topic: str) -> Route:
        if len(self._routes) >= _ROUTES:
            self._routes.clear()
        route = self._routes[topic] = self._look_up(topic)
        return route

    def _look_up(self, topic: str) -> Route:
        levels = topic.split("/")
        fits = len(levels) == 4 and levels[0] == "coast" and _NAME.fullmatch(levels[1]) and _NAME.fullmatch(levels[2])
        area, device, kind = (levels[1], levels[2], levels[3]) if len(levels) == 4 else ("", levels[-2] if len(levels) > 1 else "", levels[-1])
        known = self.site.device.get(device) if device in self._area else None
        named_area = self.site.area_of.get(area)
        number = self._area[device] if known else (named_area.number if named_area else self.site.lowest_area.number)
        if kind in LIFE:
            flags = () if known and fits else ("unplaced",)
            odd = known is not None and kind not in self._allowed[device]
            return Route(topic, kind, device[:128], number, True, form_of(ROWS[kind]), None, (*flags, "odd") if odd else flags, False)
        fault: Fault | None = None
        if not fits:
            fault = "topic", "coast/{area}/{device}/{kind} is expected"
        elif (kind in OURS and not self._recorded) or (kind not in ROWS and kind != "nmea"):
            fault = ("ours", kind) if kind in OURS else ("kind", f"unknown kind {kind[:60]}")
        if fault is None:
            fault = self._not_allowed(known, device, area, kind, known_area=named_area is not None)
        form = form_of(ROWS[kind], ours=kind in OURS) if fault is None and kind in ROWS else None
        return Route(topic, kind, device[:128], number, False, form, fault, (), kind not in _ELSEWHERE)

    def _not_allowed(self, known: Device | None, device: str, area: str, kind: str, *, known_area: bool) -> Fault | None:
        if not known_area:
            return "area", f"unknown area {area}"
        if self._recorded and (kind in OURS or device == "console"):
            return None
        if known is None:
            return "device", f"unknown device {device}"
        if kind not in self._allowed[device]:
            return "permission", f"{known.type} may not say {kind}"
        return None


def refusal(route: Route, device: str, one: Any, received: int, fault: Fault) -> Refused:
    payload = one if isinstance(one, bytes) else msgspec.json.encode(one)
    return Refused(received, route.topic[:300], device[:128], fault[0], fault[1], payload[:SINGLE])


def is_batch(first: bytes) -> bool:
    return first == b"[" or b"\x90" <= first <= b"\x9f" or first in (b"\xdc", b"\xdd")


def decode_one(form: Form, text: bytes) -> Any:
    """Raises what decoders raise."""
    first = text[:1]
    if first == b"{":
        return form.json(text)
    if b"\x80" <= first <= b"\x8f" or first in (b"\xde", b"\xdf"):
        if _NOT_A_NUMBER.search(text):
            refuse_not_a_number(msgspec.msgpack.decode(text))
        return form.packed(text)
    raise msgspec.DecodeError("neither a JSON object nor a MessagePack map")


def refuse_not_a_number(value: Any) -> None:
    """NaN compares false with every bound, so it is looked for. Raises `ValidationError`."""
    if isinstance(value, float) and not -1e300 < value < 1e300:
        raise msgspec.ValidationError("Invalid number: not finite")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        refuse_not_a_number(part)


class _Lines(Struct):
    lines: list[str]
    ts: Any = None


def nmea_object(text: bytes) -> tuple[list[str], int | None]:
    """(`lines`, `ts` in ms) of the object form. Raises what decoders raise."""
    json = text[:1] == b"{"
    found = msgspec.json.decode(text, type=_Lines) if json else msgspec.msgpack.decode(text, type=_Lines)
    if found.ts is None:
        return found.lines, None
    stamp = msgspec.convert({"ts": found.ts}, form_of(ROWS["receiver"]).named)
    settle_times(form_of(ROWS["receiver"]), stamp)
    return found.lines, stamp.ts  # type: ignore[attr-defined]  # a derived form
