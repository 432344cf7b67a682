"""M03: a stretch of shore that nobody sees: its light failed, its camera is blind, or both, and at night several such stretches in a row.

A light is faulty when it is commanded on and draws less than half its current. A camera is blind when it is too dark, blurred, turned away or frozen, or sends
no frames though it lives. Devices that are silent altogether are told by M02 and count here as blind. In fog a blurred camera is only foggy, when most
cameras blur at once it rains, what crosses a lens at night again and again is a spider, a low sun only dazzles, and a camera that was sent to another preset has
not been turned away. What hangs on one feeder is one alert.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ingest.events import Camera, Light
from ingest.site import Area, Device, Site
from ingest.sun import elevation_of, is_night
from models.batch import Batch
from models.model import Finding, FoundLevel
from models.parameters import parameter
from models.subjects import Devices

NEVER = -1
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000  # ms
SCAN = 5 * SECOND  # of log time between two judgements
LEVELS: tuple[FoundLevel, ...] = ("over", "blue", "yellow", "orange")
SENT_ON = frozenset({"on", "warn", "strobe", "search"})
EXPLAINS = ("dark_shore", "feeder")  # of many segments, each of which may have its own
SMEARED = ("too_blurry", "too_bright")  # as by a spider or a drop before the lens
LOW_SUN = (-6.0, 12.0)  # degrees between which it dazzles; ours


@dataclass
class Fault:
    """Since when a device is bad and since when it is good again: event times in ms, NEVER: it is not."""

    bad: int = NEVER
    good: int = NEVER
    told: bool = False


@dataclass
class Eye:
    """One camera. Times: event times in ms, `heard` in ms of hearing."""

    at: int = NEVER
    heard: int = NEVER
    interval: int = 10 * SECOND  # between its reports
    preset: str = ""
    reasons: dict[str, int] = field(default_factory=dict)  # why it is blind -> since
    good: int = NEVER
    told: str = ""
    began: int = NEVER  # since when it is blind as told
    passing: bool = False  # this night something crossed the lens and was gone soon


@dataclass
class Memory:
    lights: dict[str, Fault] = field(default_factory=dict)  # those that were faulty
    eyes: dict[str, Eye] = field(default_factory=dict)
    told: dict[str, list[Any]] = field(default_factory=dict)  # subject -> level, code, members
    night: bool = False
    sun: float = 90.0  # degrees
    minute: int = NEVER
    scanned: int = NEVER


@dataclass(frozen=True)
class BlindSpot:
    code: ClassVar[str] = "M03"
    name: ClassVar[str] = "blind_spot"
    memory_version: ClassVar[int] = 1
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ()
    rare: ClassVar[tuple[str, ...]] = ("light", "camera")
    hears: ClassVar[tuple[str, ...]] = ("M02", "M17")
    in_place: ClassVar[bool] = False  # decided at ticks

    half: float = parameter(0.5, "1", "warning-models M03", 0.05, 1, "of its nominal current, under which a lamp that is sent on is faulty")
    faulty: int = parameter(MINUTE, "ms", "warning-models M03", 0, HOUR, "so long")
    blind: int = parameter(10 * SECOND, "ms", "warning-models M03", 0, HOUR, "too dark, blurred, turned away or frozen")
    lens: int = parameter(
        2 * MINUTE, "ms", "ours", 0, 12 * HOUR, "blurred or too bright by night: a spider or a drop before the lens is gone by then"
    )
    weather: float = parameter(0.5, "1", "ours", 0.05, 1, "share of an area's cameras that are blurred at once, of which it is the weather ...")
    several: int = parameter(4, "cameras", "ours", 2, 1_000, "... where they are so many")
    frames: int = parameter(30 * SECOND, "ms", "warning-models M03", 5 * SECOND, HOUR, "of hearing without frames")
    least: float = parameter(0.1, "Hz", "ours", 0, 30, "frames a second under which there are none")
    good: int = parameter(MINUTE, "ms", "warning-models M03", 0, HOUR, "good again, for it to be over")
    adjacent: int = parameter(2, "segments", "warning-models M03: 400 m", 2, 100, "blind in a row at night, for orange")
    feeder: int = parameter(3, "devices", "ours, as M02", 2, 1_000, "of one feeder that fail together, for one alert")

    def start(self, _site: Site, _area: Area, _devices: Devices) -> Memory:
        return Memory()

    def migrate(self, memory: Memory, _old: Devices, _new: Devices) -> Memory:
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        for rare in batch.rare:
            event = rare.event
            if event.device not in batch.devices.row:
                continue
            if isinstance(event, Light):
                self._light(memory, event, rare.at)
            elif isinstance(event, Camera):
                self._camera(memory, event, rare.at, batch.heard)
        if batch.tick and batch.now // SCAN != memory.scanned:
            memory.scanned = batch.now // SCAN
            if memory.lights or memory.eyes or memory.told:
                yield from self._judge(memory, batch, site)

    # What devices said

    def _light(self, memory: Memory, event: Light, at: int) -> None:
        if event.mode not in SENT_ON:
            return  # switched off it proves nothing
        weak = event.current is not None and event.nominal is not None and event.nominal > 0 and event.current < self.half * event.nominal
        bad = weak or (event.current is None and event.actual == "off")
        known = memory.lights.get(event.device)
        if known is None and not bad:
            return
        fault = memory.lights.setdefault(event.device, Fault())
        if bad:
            fault.bad, fault.good = at if fault.bad == NEVER else min(fault.bad, at), NEVER
        elif fault.good == NEVER:
            fault.good = at

    def _camera(self, memory: Memory, event: Camera, at: int, heard: int) -> None:
        eye = memory.eyes.setdefault(event.device, Eye())
        if at <= eye.at:
            return
        if eye.at != NEVER:
            eye.interval = max(SECOND, min(at - eye.at, 10 * MINUTE))
        moved = (event.preset or "") != eye.preset and eye.at != NEVER
        eye.at, eye.heard, eye.preset = at, heard, event.preset or ""
        said = {
            "too_dark": event.too_dark, "too_blurry": event.too_blurry, "too_bright": event.too_bright, "frozen": event.frozen,
            "turned_away": event.scene_changed and not moved, "no_frames": event.fps is not None and event.fps < self.least,
        }  # fmt: skip
        now = {reason: eye.reasons.get(reason, at) for reason, true in said.items() if true}
        if "turned_away" in eye.reasons and not moved and event.scene_changed is None:
            now["turned_away"] = eye.reasons["turned_away"]
        eye.reasons = now
        eye.good = NEVER if now else at if eye.good == NEVER else eye.good

    # What it comes to

    def _judge(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        if batch.now // MINUTE != memory.minute:
            memory.minute = batch.now // MINUTE
            memory.night, memory.sun = is_night(batch.devices.area.origin, batch.now), elevation_of(batch.devices.area.origin, batch.now)
        silent = {
            name
            for finding in batch.standing.of("M02")
            if finding.code in ("silent", "segment_outage")
            for name in (finding.subject, *finding.inhibits)
        }
        fog = any(finding.code == "fog" for finding in batch.standing.of("M17"))
        lights = self._dark(memory, batch)
        rain = not fog and self._rains(memory, batch)
        eyes = self._blind(memory, batch, silent, fog=fog or rain)
        now: dict[str, list[Any]] = {f"{batch.devices.area.id}/cameras": [1, "environment", []]} if rain else {}
        blind = self._segments(lights, eyes, silent, batch, site, now, night=memory.night)
        self._in_a_row(blind, site, now)
        self._by_feeder({**lights, **eyes}, batch, now)
        for subject in sorted(dict.fromkeys([*memory.told, *now]), key=lambda each: _turn(each, memory.told, now)):
            level, code, members = now.get(subject, [0, "", []])
            before = memory.told.get(subject, [0, "", []])
            if [level, code, members] == before:
                continue
            memory.told.pop(subject, None)
            if level:
                memory.told[subject] = [level, code, members]
            yield self._finding(subject, level, code or before[1], members, batch, site)

    def _dark(self, memory: Memory, batch: Batch) -> dict[str, str]:
        """Faulty lights -> why. What was found by night stands by day too, until it shines again."""
        found = {}
        for name, fault in list(memory.lights.items()):
            if name not in batch.devices.row or (fault.good != NEVER and batch.now - fault.good >= self.good):
                del memory.lights[name]
                continue
            fault.told = fault.told or (memory.night and fault.good == NEVER and batch.now - fault.bad >= self.faulty)
            if fault.told:
                found[name] = "light"
        return found

    def _blind(self, memory: Memory, batch: Batch, silent: set[str], *, fog: bool) -> dict[str, str]:
        """Blind cameras that are not silent altogether -> why."""
        found = {}
        for name, eye in list(memory.eyes.items()):
            if name not in batch.devices.row:
                del memory.eyes[name]
                continue
            stopped = eye.heard >= 0 and batch.heard - eye.heard > max(self.frames, 3 * eye.interval)
            why = [
                reason
                for reason, since in eye.reasons.items()
                if eye.at - since >= self._patience(reason, eye, memory) and not self._environmental(reason, memory, fog=fog)
            ]
            if stopped and name not in silent:
                why = ["no_frames"]
            if why:
                eye.told = eye.told if eye.told in why else why[0]
                eye.began = min(eye.reasons.get(eye.told, eye.at), eye.began if eye.began != NEVER else eye.at)
            elif (not eye.reasons and not stopped and eye.good != NEVER and eye.at - eye.good >= self.good) or (
                eye.told and any(self._environmental(reason, memory, fog=fog) for reason in eye.reasons)
            ):
                eye.passing = memory.night and (eye.passing or (eye.told in SMEARED and eye.good - eye.began < self.lens))
                eye.told, eye.began = "", NEVER
            if eye.told and name not in silent:
                found[name] = eye.told
        return found

    def _patience(self, reason: str, eye: Eye, memory: Memory) -> int:
        return self.lens if memory.night and eye.passing and reason in SMEARED else self.blind

    def _rains(self, memory: Memory, batch: Batch) -> bool:
        """Most of the cameras that speak are blurred at once: rain, or spray."""
        speaking = [eye for eye in memory.eyes.values() if eye.heard >= 0 and batch.heard - eye.heard <= max(self.frames, 3 * eye.interval)]
        blurred = sum("too_blurry" in eye.reasons for eye in speaking)
        return blurred >= self.several and blurred >= self.weather * len(speaking)

    def _environmental(self, reason: str, memory: Memory, *, fog: bool) -> bool:
        return (reason == "too_blurry" and fog) or (reason == "too_bright" and LOW_SUN[0] < memory.sun < LOW_SUN[1])

    def _segments(
        self, lights: dict[str, str], eyes: dict[str, str], silent: set[str], batch: Batch, site: Site, now: dict[str, list[Any]], *, night: bool
    ) -> list[str]:
        """Each segment with a fault of its own, into `now`; returns those that are blind at night."""
        told = {batch.devices.all[batch.devices.row[name]].segment for name in (*lights, *eyes)}
        gone = {site.device[name].segment for name in silent if name in site.device and site.device[name].type in ("light", "camera")}
        blind = []
        for segment in sorted((told | gone) - {""}):
            here = _at(site, batch, segment)
            lamps, cameras = ([each.id for each in here if each.type == kind] for kind in ("light", "camera"))
            dark = [name for name in lamps if name in lights or name in silent]
            unseen = [name for name in cameras if name in eyes or name in silent]
            if night and lamps and len(dark) == len(lamps) and len(unseen) == len(cameras):
                blind.append(segment)
            if segment not in told:
                continue  # M02 tells it
            both = bool(dark and unseen)
            risk = site.segment[segment].risk_point if segment in site.segment else False
            reason = (
                "both" if both else next((lights.get(name) or eyes[name] for name in (*dark, *unseen) if name in lights or name in eyes), "light")
            )
            now[segment] = [min(3, 1 + both + risk), reason, [*dark, *unseen]]
        return blind

    def _in_a_row(self, blind: list[str], site: Site, now: dict[str, list[Any]]) -> None:
        """Runs of blind segments: the first tells for all."""
        known = sorted((site.segment[name].line, site.segment[name].index, name) for name in blind if name in site.segment)
        run: list[tuple[str, int, str]] = []
        for each in [*known, ("", NEVER, "")]:
            if run and (each[0] != run[-1][0] or each[1] != run[-1][1] + 1):
                if len(run) >= self.adjacent:
                    now[run[0][2]] = [3, "dark_shore", [name for _, _, name in run]]
                run = []
            run.append(each)

    def _by_feeder(self, faulty: dict[str, str], batch: Batch, now: dict[str, list[Any]]) -> None:
        """What failed together on one feeder is one alert, which explains those of the segments."""
        of: dict[str, list[Device]] = {}
        for name in sorted(faulty):
            device = batch.devices.all[batch.devices.row[name]]
            if device.feeder:
                of.setdefault(device.feeder, []).append(device)
        for feeder, devices in of.items():
            segments = sorted({device.segment for device in devices if device.segment})
            if len(devices) >= self.feeder:
                level = max((now[segment][0] for segment in segments if segment in now), default=1)
                now[f"feeder/{feeder}"] = [level, "feeder", segments]

    def _finding(self, subject: str, level: int, code: str, members: list[str], batch: Batch, site: Site) -> Finding:
        segment = site.segment.get(subject) or site.segment.get(members[0] if members else "")
        places = [site.device[name].place or name for name in members if name in site.device]
        values = {
            "devices": places,
            "segments": len(members) if code in EXPLAINS else None,
            "metres": 200 * len(members) if code == "dark_shore" else None,
        }
        explains = tuple(name for name in members if name != subject) if code in EXPLAINS else ()
        return Finding(
            model=self.code, subject=subject, level=LEVELS[level], code=code, index=batch.nth, cause=f"{subject}/{batch.now}", occurred=batch.now,
            segment=segment.id if segment else "", position=segment.middle if segment else None, inhibits=explains,
            values={key: value for key, value in {**values, "feeder": subject.removeprefix("feeder/") if code == "feeder" else None}.items() if value},
        )  # fmt: skip


def _turn(subject: str, before: dict[str, list[Any]], now: dict[str, list[Any]]) -> int:
    """What explains others begins before them and ends after them: else each of these is told for a moment."""
    if subject in now and now[subject][1] in EXPLAINS:
        return 0
    return 2 if subject in before and before[subject][1] in EXPLAINS else 1


def _at(site: Site, batch: Batch, segment: str) -> list[Device]:
    """The lights and cameras of a segment. Kept with the site."""
    kept: dict[str, dict[str, list[Device]]] = site.__dict__.setdefault("sights", {})
    area = batch.devices.area.id
    if area not in kept:
        of: dict[str, list[Device]] = {}
        for device in batch.devices.all:
            if device.type in ("light", "camera") and device.segment:
                of.setdefault(device.segment, []).append(device)
        kept[area] = of
    return kept[area].get(segment, [])
