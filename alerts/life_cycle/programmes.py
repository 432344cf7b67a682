"""What boxes say, lamps show and cameras do by themselves while an alert stands. Source: "auto" of each model in warning-models; texts of the glossary.

An operator overrides it by whatever keeps the alert quiet: shelve, silence, work order, resolve. Then everything that it lit goes dark. A drill moves only
the devices of its exercise, says that it is one, and keeps no voice or lamp from a real alert.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct

from alerts.alert import Alert, Command
from alerts.colours import places
from alerts.life_cycle.case import RESTRICTED
from alerts.life_cycle.responses import Shore
from ingest.events import Level
from ingest.site import Device
from ingest.sun import in_window
from models.model import RANK
from models.places import places_of

MINUTE = 60_000  # ms
PAUSE = 30_000  # ms between two broadcasts of one box; warning-models M04
PROMPT = 2 * MINUTE  # ms within which a light or a voice still helps; ours
LIT = 30 * MINUTE  # ms that lamps stay on unless told again; ours
QUIET = (22 * 60, 6 * 60)  # minutes of the local day in which voices are lowered; ours
VOLUME, LOWERED = 0.9, 0.4  # 0..1; red is never lowered; ours
FAIRWAY = 500.0  # m from a fairway within which no lamp searches or strobes: it would dazzle who steers by marks; ours
DAZZLES = ("search", "strobe")


class Programme(NamedTuple):
    """`speak`: (zh, en), {name} a value of the reason. `most` broadcasts, `every` ms. `light`: mode of the lamps of the places concerned.
    `also`: further commands to the nearest camera or the subject's own box."""

    speak: tuple[str, str] = ("", "")
    light: str = ""
    every: int = MINUTE
    most: int = 3
    also: tuple[str, ...] = ()


class Running(Struct):
    """What an alert has begun. `spoken`: broadcasts so far, `last`: ms of the last; `again`: ms of the next, 0: none; `lit`: lamps that it turned on."""

    level: Level
    spoken: int = 0
    again: int = 0
    lit: tuple[str, ...] = ()
    drill: bool = False
    last: int = 0


class Memory(Struct):
    """Of one area: programmes by alert, and when each box spoke last (ms)."""

    running: dict[str, Running] = {}
    spoke: dict[str, int] = {}


NOTHING = Programme()
_DRILL = {"zh": "演练,演练。", "en": "This is a drill. "}
_TIDE = ("潮水上涨,约 {minutes} 分钟后道路淹没,请立即上岸", "The tide is rising. The way out floods in about {minutes} minutes. Come ashore now")
_CUT = ("道路已被淹没,请登高等候,救援人员会来", "The way out is flooded. Climb to the highest place and wait: help will come")
_CLOSED = ("此处为封闭区域,请立即离开", "This area is closed. Please leave now")
_CROWD = ("此处人员较多,请按指引有序疏散", "It is crowded here. Please follow the signs and spread out")
_FLOAT = ("我们已看到您,请抓住救生圈,保持漂浮", "We see you. Hold the lifebuoy and keep floating")
_TAMPER = ("您已进入监控范围,请勿损坏设备", "You are being watched. Do not damage this device")
_SEA = ("恶劣海况,请勿下海,请远离岸边", "Dangerous sea. Stay out of the water and away from the edge")

# model -> the lowest level at which each holds; a higher one replaces a lower one
PROGRAMMES: Mapping[str, Mapping[Level, Programme]] = {
    "M01": {"red": Programme(light="search", also=("call", "strobe", "ptz", "record"))},
    "M02": {"orange": Programme(_TAMPER, "on", PAUSE, 2, ("record",))},
    "M03": {"yellow": Programme(light="on")},
    "M04": {"yellow": Programme(_CLOSED, "on", MINUTE, 3, ("record",))},
    "M05": {"yellow": Programme(also=("record",))},
    "M06": {"yellow": Programme(also=("record",))},
    "M07": {"blue": Programme(also=("record",))},
    "M08": {"yellow": Programme(_CROWD, "", 5 * MINUTE, 12)},
    "M09": {"orange": Programme(light="search", also=("ptz", "record")), "red": Programme(_FLOAT, "search", MINUTE, 30, ("strobe", "unlock", "ptz", "record"))},
    "M10": {"blue": Programme(_TIDE, "", 10 * MINUTE, 6), "yellow": Programme(_TIDE, "on", 3 * MINUTE, 20), "red": Programme(_CUT, "on", MINUTE, 60, ("record",))},
    "M11": {"yellow": Programme(also=("record",))},
    "M13": {"yellow": Programme(also=("record",))},
    "M17": {"yellow": Programme(_SEA, "warn", 10 * MINUTE, 6)},
}  # fmt: skip


def programme_of(alert: Alert) -> Programme:
    """What holds for it now; nothing where it is quiet, over or closed."""
    if alert.condition == "over" or alert.resolved is not None or alert.suppressed is not None:
        return NOTHING
    if alert.model == "M01" and alert.reason.code != "pressed":
        return NOTHING
    if alert.model == "M02" and alert.reason.code not in ("tamper", "tilt"):
        return NOTHING
    found = NOTHING
    for level, programme in PROGRAMMES.get(alert.model, {}).items():
        if RANK[alert.level] >= RANK[level]:
            found = programme
    if alert.sensitivity == "restricted" or alert.model in RESTRICTED:  # no light and no voice: they would warn accomplices
        return Programme(also=tuple(each for each in found.also if each == "record"))
    return found


def follow(memory: Memory, shore: Shore, alert: Alert, answers: str, now: int) -> Iterable[Command]:
    """The alert has changed: begin, raise or end its programme. `answers`: the box that was pressed."""
    programme, running = programme_of(alert), memory.running.get(alert.id)
    if programme == NOTHING:
        if running is not None:
            del memory.running[alert.id]
            yield from _ended(memory, shore, alert, running, now)
    elif running is None or RANK[alert.level] > RANK[running.level]:
        begun = memory.running[alert.id] = Running(alert.level, lit=running.lit if running else (), drill=alert.drill)
        yield from _once(shore, alert, programme, answers, now)
        yield from _go_on(memory, shore, alert, programme, begun, now)


def again(memory: Memory, shore: Shore, alert: Alert, now: int) -> Iterable[Command]:
    """The time of its next broadcast, or of lighting the lamps again, has come."""
    running = memory.running.get(alert.id)
    if running is not None:
        yield from _go_on(memory, shore, alert, programme_of(alert), running, now)


def _go_on(memory: Memory, shore: Shore, alert: Alert, programme: Programme, running: Running, now: int) -> Iterable[Command]:
    """Speak and light, and say in `running` when to go on."""
    next_times = []
    if programme.speak[0] and running.spoken < programme.most:
        boxes = _at(shore, alert, "box")
        free = [box for box in boxes if now - memory.spoke.get(box.id, -PAUSE) >= PAUSE]
        for box in free:
            if not alert.drill:
                memory.spoke[box.id] = now
            yield from _speak(shore, alert, programme, box, now)
        if free:
            running.spoken, running.last = running.spoken + 1, now
        if boxes and running.spoken < programme.most:
            next_times.append(now + (programme.every if len(free) == len(boxes) else PAUSE))
    if programme.light:
        taken = _lit_in_earnest(memory) if alert.drill else set()
        lamps = [
            lamp.id
            for lamp in _at(shore, alert, "light")
            if lamp.id not in taken and (programme.light not in DAZZLES or not _by_fairway(shore, lamp))
        ]
        running.lit = tuple(dict.fromkeys((*running.lit, *lamps)))
        args = {"lamp": "search" if programme.light == "search" else "warning", "mode": programme.light, "until": now + LIT}
        yield from (_command(alert, lamp, "light", args, now) for lamp in lamps)
        next_times.append(now + LIT - PROMPT)
    running.again = min(next_times, default=0)


def _speak(shore: Shore, alert: Alert, programme: Programme, box: Device, now: int) -> Iterable[Command]:
    volume = LOWERED if alert.level != "red" and in_window(shore.site, now, *QUIET) else VOLUME
    for language, text in zip(("zh", "en"), programme.speak, strict=True):
        said = text.format_map(_Values(_as_of(alert.reason.values, now)))
        args = {"text": _DRILL[language] + said if alert.drill else said, "language": language, "volume": volume, "repeat": 2}
        yield _command(alert, box.id, "speak", args, now, language)


def _as_of(values: Mapping[str, Any], now: int) -> dict[str, Any]:
    """What is counted down is said as it is now: the minutes until the water cuts the way (`cut`, ms)."""
    return {**values, "minutes": max(0, int(values["cut"]) - now) // MINUTE} if "cut" in values else dict(values)


class _Values(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def _once(shore: Shore, alert: Alert, programme: Programme, answers: str, now: int) -> Iterable[Command]:
    """What is done at the beginning only: the box that was pressed, and the nearest camera."""
    box = answers or (alert.subject if alert.subject in shore.site.device else "")
    boxes = [device.id for device in _at(shore, alert, "box")]
    cameras = shore.around(alert.segment, "camera")
    for each in programme.also:
        if each == "call" and answers:
            yield _command(alert, answers, "call", {}, now)
        elif each == "strobe" and (box or boxes):
            yield _command(alert, box or boxes[0], "light", {"lamp": "strobe", "mode": "strobe", "until": now + LIT}, now)
        elif each == "unlock":
            yield from (_command(alert, name, "unlock", {"item": "lifebuoy"}, now) for name in boxes[:3])
        elif each == "ptz" and cameras and alert.position is not None:
            yield _command(alert, cameras[0].id, "ptz", {"position": list(alert.position)}, now)
        elif each == "record" and cameras:
            yield _command(alert, cameras[0].id, "record", {"before": 30, "after": 30}, now)


def _ended(memory: Memory, shore: Shore, alert: Alert, running: Running, now: int) -> Iterable[Command]:
    """Lamps go dark that no other alert keeps lit; a voice that may still speak stops, where no other alert has spoken since."""
    if running.spoken and now - running.last < PAUSE:
        mine = (box.id for box in _at(shore, alert, "box") if memory.spoke.get(box.id, 0) <= running.last)
        yield from (_command(alert, box, "stop", {}, now) for box in mine)
    kept = _lit_in_earnest(memory)
    yield from (_command(alert, lamp, "light", {"mode": "off"}, now) for lamp in running.lit if lamp not in kept)


def _lit_in_earnest(memory: Memory) -> set[str]:
    return {lamp for other in memory.running.values() if not other.drill for lamp in other.lit}


def _at(shore: Shore, alert: Alert, kind: str) -> list[Device]:
    """Of a person in need: the own segment and both neighbours. Of a place: all along it."""
    if alert.model in ("M01", "M02", "M03", "M09"):
        return [device for device in shore.around(alert.segment, kind) if alert.model != "M02" or device.id == alert.subject or kind != "box"]
    area = shore.site.area_of[alert.area]
    return [device for place in places(shore.site, area, alert) for device in shore.at(place) if device.type == kind]


def _by_fairway(shore: Shore, lamp: Device) -> bool:
    """Kept with the site."""
    kept: dict[str, bool] = shore.site.__dict__.setdefault("by_fairway", {})
    if lamp.id not in kept:
        near, at = places_of(shore.site, shore.site.area_of[lamp.area]), (np.array([lamp.position[0]]), np.array([lamp.position[1]]))
        kept[lamp.id] = any(near.to_zone(row, *at)[0] <= FAIRWAY for row in near.rows("fairway"))
    return kept[lamp.id]


def _command(alert: Alert, device: str, name: str, args: dict[str, Any], now: int, more: str = "") -> Command:
    return Command(
        id=f"{alert.id}/{name}{more}/{device}/{now}", area=alert.area, device=device, command=name, args=args, expires=now + PROMPT, alert=alert.id
    )
