"""Every kind of event, as the log keeps it: one frozen row a message, the kind first, then the fields in the order written here.

The wire (objects with names) and the log (arrays without) share these definitions: `ingest/wire.py` derives the named form from them.
A row may only be extended at its end; to insert or remove, raise `records.FORMAT`. Absent or null is "not available": None.
Times are integer milliseconds since 1970 UTC. Units are in `quantities.py`. Source of fields and meanings: the wire document (docs/wire.md).
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from ingest.quantities import (
    Amperes,
    Beaufort,
    Celsius,
    Count,
    Dbm,
    Degrees,
    FramesPerSecond,
    Hectopascals,
    Knots,
    Lonlat,
    Lux,
    Metres,
    MetresPerSecond,
    Number,
    PerMinute,
    Ratio,
    Seconds,
    TideLevel,
    Tilt,
    WaveHeight,
)

Text = Annotated[str, Meta(max_length=2_000)]
Word = Annotated[str, Meta(max_length=128)]
Level = Literal["blue", "yellow", "orange", "red"]
Millis = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]


class Event(Struct, frozen=True, array_like=True, gc=False, tag_field="kind"):
    """What all have. `received` and `flags` are the bridge's; (device, boot, seq, ts) names the event."""

    device: str
    received: int
    ts: int | None = None  # device clock when it happened
    sent: int | None = None  # device clock when the packet left
    seq: int | None = None
    boot: int | str | None = None
    drill: bool = False  # as claimed; it counts only inside an exercise
    flags: tuple[str, ...] = ()  # what the door noticed: clock, unplaced, odd, truncated


# Call boxes and lights


class Sos(Event, tag="sos", frozen=True, kw_only=True):
    state: Literal["pressed", "released"] = "pressed"
    hold: Seconds | None = None
    channel: str | None = None  # button, voice
    raw: bytes | None = None  # the payload, where it was not a valid `sos`: it raises all the same


class Talk(Event, tag="talk", frozen=True, kw_only=True):
    state: Literal["open", "closed"]
    seconds: Seconds | None = None


class Heartbeat(Event, tag="heartbeat", frozen=True, kw_only=True):
    battery: Ratio | None = None
    supply: Literal["mains", "battery", "solar"] | None = None
    rssi: Dbm | None = None
    temperature: Celsius | None = None
    uptime: Seconds | None = None
    firmware: Word | None = None


class Tamper(Event, tag="tamper", frozen=True, kw_only=True):
    door: bool | None = None
    tilt: Tilt | None = None


class Rescue(Event, tag="rescue", frozen=True, kw_only=True):
    item: Literal["lifebuoy", "line", "box"]
    state: Literal["taken", "returned"]


class Light(Event, tag="light", frozen=True, kw_only=True):
    lamp: Word | None = None
    mode: Literal["off", "on", "warn", "strobe", "search"] | None = None
    actual: Word | None = None
    current: Amperes | None = None
    nominal: Amperes | None = None
    lux: Lux | None = None


class Selftest(Event, tag="selftest", frozen=True, kw_only=True):
    loop: Literal["button", "speaker", "microphone", "siren", "lamp", "camera"]
    ok: bool
    value: Number | None = None
    unit: Word | None = None


class Status(Event, tag="status", frozen=True, kw_only=True):
    state: Literal["online", "offline"]
    retained: bool = False  # a retained copy sets the state and is no event


class Done(Event, tag="done", frozen=True, kw_only=True):
    id: Word
    ok: bool
    reason: Text | None = None


# Cameras


class Camera(Event, tag="camera", frozen=True, kw_only=True):
    fps: FramesPerSecond | None = None
    preset: Word | None = None
    mode: Literal["day", "infrared", "thermal"] | None = None
    too_dark: bool | None = None
    too_bright: bool | None = None
    too_blurry: bool | None = None
    scene_changed: bool | None = None
    frozen: bool | None = None
    sharpness: Number | None = None
    brightness: Number | None = None
    visibility: Metres | None = None
    looked: Ratio | None = None


class TrackedObject(Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """One object in one look of a camera. `box` is x, y, width, height in 0..1 of the frame."""

    track: int | str
    class_: Literal["person", "boat", "car", "van", "truck", "crane", "motorcycle", "bicycle", "animal"]
    score: Ratio
    box: tuple[Ratio, Ratio, Ratio, Ratio]
    position: Lonlat | None = None
    position_error: Metres | None = None
    speed: MetresPerSecond | None = None
    zones: tuple[Word, ...] | None = None
    in_water: bool | None = None
    lit: bool | None = None
    length: Metres | None = None
    image: Word | None = None


class Tracks(Event, tag="tracks", frozen=True, kw_only=True):
    objects: tuple[TrackedObject, ...]
    preset: Word | None = None


class Crowd(Event, tag="crowd", frozen=True, kw_only=True):
    zone: Word
    count: Count
    count_error: Count | None = None
    inflow: Number | None = None
    score: Ratio | None = None


class Hull(Event, tag="hull", frozen=True, kw_only=True):
    text: Text
    track: int | str | None = None
    score: Ratio | None = None
    position: Lonlat | None = None
    image: Word | None = None


class Plate(Event, tag="plate", frozen=True, kw_only=True):
    keyed: Word
    track: int | str | None = None


# Vessels and the sea


class Position(Event, tag="position", frozen=True, kw_only=True):
    """A fix, or the static part of one (then `position` is None). `device` is the receiver that heard it."""

    vessel: Word
    system: Literal["ais", "beidou", "radar"] = "ais"
    position: Lonlat | None = None
    sog: Knots | None = None
    cog: Degrees | None = None
    heading: Degrees | None = None
    nav_status: int | None = None
    name: Word | None = None
    callsign: Word | None = None
    imo: int | None = None
    ship_type: int | None = None
    length: Metres | None = None
    destination: Word | None = None
    class_: Literal["A", "B"] | None = None
    owner: bool = True  # False: the fix is another area's, copied here because it is near
    waters: tuple[int, ...] = ()  # where areas meet: numbers of the area that holds the place, then of those whose border is within 0.5 nm


class Distress(Event, tag="distress", frozen=True, kw_only=True):
    vessel: Word | None = None
    source: str | None = None  # sart, mob, epirb, beidou, dsc
    position: Lonlat | None = None
    test: bool = False
    sog: Knots | None = None
    owner: bool = True
    raw: bytes | None = None
    waters: tuple[int, ...] = ()  # as of `position`


class Receiver(Event, tag="receiver", frozen=True, kw_only=True):
    messages: PerMinute | None = None
    vessels: PerMinute | None = None


Check = Literal["ok", "fail", "unchecked"]


class Checks(Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    papers: Check | None = None
    insurance: Check | None = None
    inspection: Check | None = None
    locator: Check | None = None
    radio: Check | None = None
    lifejackets: Check | None = None


class Trip(Event, tag="trip", frozen=True, kw_only=True):
    id: Word
    vessel: Word
    report: Literal["departure", "return", "check"]
    amends: Word | None = None
    cancel: bool = False
    harbour: Word | None = None
    persons: int | None = None
    eta: Millis | None = None
    checks: Checks | None = None
    by: Word | None = None


class Permit(Event, tag="permit", frozen=True, kw_only=True):
    zone: Word
    from_: Millis
    until: Millis
    vessel: Word | None = None
    device_: Word | None = None  # `device` on the wire's object
    person: Word | None = None
    activity: Word | None = None
    by: Word | None = None


class Tide(Event, tag="tide", frozen=True, kw_only=True):
    level: TideLevel
    datum: Literal["chart", "msl", "1985", "gauge"] = "chart"


class Wave(Event, tag="wave", frozen=True, kw_only=True):
    height: WaveHeight | None = None
    period: Seconds | None = None
    direction: Degrees | None = None


class Weather(Event, tag="weather", frozen=True, kw_only=True):
    wind_speed: MetresPerSecond | None = None
    averaging: Seconds | None = None
    wind_gust: MetresPerSecond | None = None
    wind_direction: Degrees | None = None
    visibility: Metres | None = None
    air_temperature: Celsius | None = None
    pressure: Hectopascals | None = None


class Water(Event, tag="water", frozen=True, kw_only=True):
    temperature: Celsius | None = None
    current_speed: MetresPerSecond | None = None
    current_direction: Degrees | None = None


class Bulletin(Event, tag="bulletin", frozen=True, kw_only=True):
    id: Word
    type: Literal["wind", "typhoon", "fog", "wave", "surge", "thunderstorm", "tsunami", "moratorium", "recall", "closure", "navigation"]
    message: Literal["alert", "update", "cancel"] = "alert"
    colour: Level | None = None
    issuer: Word | None = None
    areas: tuple[Word, ...] = ()
    polygon: tuple[Lonlat, ...] = ()
    onset: Millis | None = None
    expires: Millis | None = None
    deadline: Millis | None = None
    wind_force: Beaufort | None = None
    gear: tuple[Word, ...] = ()
    length_max: Metres | None = None
    replaces: tuple[Word, ...] = ()  # ids; CAP gives every message a name of its own, and `references`


# People


class Action(Event, tag="action", frozen=True, kw_only=True):
    id: Word
    alert: Word
    do: Literal[
        "acknowledge", "take", "transfer", "dispatch", "accept", "decline", "enroute", "arrive", "leave", "resolve", "verify", "reopen",
        "note", "escalate", "shelve", "unshelve", "merge", "split",
    ]  # fmt: skip
    by: Word
    if_revision: int | None = None
    unit: Word | None = None
    to: Word | None = None
    outcome: Word | None = None
    note: Text | None = None
    until: Millis | None = None
    attachments: tuple[Word, ...] = ()


class Incident(Event, tag="incident", frozen=True, kw_only=True):
    level: Level
    by: Word
    position: Lonlat | None = None
    segment: Word | None = None
    caller: Word | None = None
    source: Literal["phone", "110", "12395", "patrol", "camera"] | None = None
    ref: Word | None = None
    note: Text | None = None


class Matchers(Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """All that are given must match."""

    model: Word | None = None
    area: Word | None = None
    segment: Word | None = None
    device: Word | None = None
    level: Level | None = None


class Silence(Event, tag="silence", frozen=True, kw_only=True):
    id: Word
    matchers: Matchers
    until: Millis
    by: Word
    reason: Text
    from_: Millis | None = None


class Work(Event, tag="work", frozen=True, kw_only=True):
    id: Word
    subject: Word  # `device` on the wire's object: the device worked on
    by: Word
    from_: Millis | None = None
    until: Millis | None = None
    closed: bool = False


class Exercise(Event, tag="exercise", frozen=True, kw_only=True):
    id: Word
    devices: tuple[Word, ...]
    until: Millis
    by: Word
    from_: Millis | None = None


class Shift(Event, tag="shift", frozen=True, kw_only=True):
    seat: Word
    do: Literal["on", "off", "offer", "accept"]
    by: Word
    to: Word | None = None


class Unit(Event, tag="unit", frozen=True, kw_only=True):
    unit: Word
    type: Word | None = None
    position: Lonlat | None = None
    state: Literal["free", "assigned", "en_route", "on_scene", "off"] | None = None
    eta: Millis | None = None
    equipment: tuple[Word, ...] = ()
    battery: Ratio | None = None


class Patrol(Event, tag="patrol", frozen=True, kw_only=True):
    unit: Word
    point: Word
    result: Text | None = None


class Message(Event, tag="message", frozen=True, kw_only=True):
    from_: Word
    text: Text
    channel: Word | None = None


class Receipt(Event, tag="receipt", frozen=True, kw_only=True):
    delivery: Word
    state: Literal["sent", "delivered", "read", "failed"]
    channel: Word | None = None


# The system itself


class System(Event, tag="system", frozen=True, kw_only=True):
    """A finding about ourselves. `clear` ends what `code` of `part` began."""

    part: Word
    code: Word
    values: dict[str, Any] = {}
    clear: bool = False


class Tick(Event, tag="tick", frozen=True, kw_only=True):
    """The passing of a second in an area. `now` never falls; `heard` rises only while the bridge's own probe comes back. Both ms."""

    now: int
    heard: int
    connects: int = 0  # sessions that the broker has opened for this bridge

    @property
    def stands_in(self) -> bool:
        """The deliverer made it because the bridge does not tick: time goes on, and nobody listens."""
        return self.device != "bridge"


class SiteChange(Event, tag="site", frozen=True, kw_only=True):
    """From here on the area is judged by this revision of the site."""

    revision: str


KINDS: tuple[type[Event], ...] = (
    Sos, Talk, Heartbeat, Tamper, Rescue, Light, Selftest, Status, Done,
    Camera, Tracks, Crowd, Hull, Plate,
    Position, Distress, Receiver, Trip, Permit, Tide, Wave, Weather, Water, Bulletin,
    Action, Incident, Silence, Work, Exercise, Shift, Unit, Patrol, Message, Receipt,
    System, Tick, SiteChange,
)  # fmt: skip

AnyEvent = (
    Sos | Talk | Heartbeat | Tamper | Rescue | Light | Selftest | Status | Done
    | Camera | Tracks | Crowd | Hull | Plate
    | Position | Distress | Receiver | Trip | Permit | Tide | Wave | Weather | Water | Bulletin
    | Action | Incident | Silence | Work | Exercise | Shift | Unit | Patrol | Message | Receipt
    | System | Tick | SiteChange
)  # fmt: skip

URGENT = frozenset({"sos", "distress", "tamper", "status"})  # carried by the urgent session
PEOPLE = frozenset({"action", "incident", "silence", "work", "exercise", "shift", "unit", "patrol", "message", "receipt", "trip", "permit"})
OURS = frozenset({"system", "tick", "site"})  # written by our own processes, never accepted from MQTT


def kind_of(event: Event) -> str:
    """The kind as in the topic: `heartbeat`."""
    return str(event.__struct_config__.tag)


def name_of(event: Event) -> str:
    """(device, boot, seq, ts) as text: what names an event, and makes ids repeatable."""
    return f"{event.device}/{event.boot}/{event.seq}/{event.ts}"
