"""The whole pretend coast as one stream: what each device says, in the order of time, as payloads of the wire."""

import heapq
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from device_sim.boxes import BEAT, Say, box
from device_sim.cameras import camera
from device_sim.chance import rng
from device_sim.lights import light
from device_sim.scenario import Cast, Scenario, Staged, What, cast, staged
from device_sim.sea import sea
from device_sim.staging import Changed, Plan, plan
from device_sim.vessels import fixes, reports, vessel
from device_sim.vision import LENSES, PERFECT, looks, near
from device_sim.voyages import Voyage, fleet
from ingest.geo import metres
from ingest.site import Device, Site
from ingest.tide import tide_of

DAY = 86_400_000  # ms
KNOWN = 1_800_000  # ms for which a vessel is heard at sea before it falls silent; M12 wants 14 fixes


class Said(NamedTuple):
    """One payload and when it leaves (ms)."""

    at: int
    device: Device
    kind: str
    payload: dict[str, Any]
    waits: int = 0  # ms longer on its way


class Coast:
    """`said` is endless unless the scenario has an end; `staged` is the plan of its first day, which is the truth."""

    def __init__(self, site: Site, scenario: Scenario, seed: int, start: int) -> None:
        self.site, self.scenario, self.seed, self.start = site, scenario, seed, start
        self.end = start + (scenario.length or DAY)
        self.cast: Cast = cast(site, scenario)
        self.plan: Plan = plan(site, scenario.scenes, self.cast.vessels, seed, start)
        self.lens = LENSES[scenario.lens]
        cameras = tuple(device for device in site.devices if device.type == "camera" and device.in_service)
        self.near = near(cameras, self.plan.actors, self.lens)
        wanted = {
            *self.plan.changes,
            *(device.id for device in self.cast.cameras),
            *near(cameras, self.plan.actors, PERFECT),
        }  # the same ones, however they see
        self.cast = self.cast._replace(cameras=tuple(each for each in cameras if each.id in wanted))
        self.voyages = fleet(site, self.cast.vessels, seed, start, self.end) if self.cast.receivers else {}
        self.staged = tuple(staged(scenario, self.cast, seed, start, self.end, self._can))
        self.outages = tuple(one for one in self.staged if one.what == "broker_outage")

    def _can(self, what: What, subject: str, at: int, until: int) -> bool:
        """Whether `subject` is where that can be staged in [at, until): a vessel falls silent at sea, having been heard there for a while."""
        return what != "vessel_silent" or (subject in self.voyages and self.voyages[subject].at_sea(max(self.start, at - KNOWN), until))

    def said(self) -> Iterator[Said]:
        """In the order of (at, device's place in the cast). A restart of a device begins a new boot with `seq` 0."""
        boots: dict[str, int] = {}
        counts: dict[str, int] = {}
        for at, _, device, kind, fields in heapq.merge(*self._streams(), key=lambda one: one[:2]):
            if at >= self.end:
                return
            if kind == "status":
                if fields["state"] == "online":
                    boots[device.id], counts[device.id] = self.boot(device.id, at), 0
                yield Said(at, device, kind, {"ts": at, **fields})
                continue
            change = self._change(device.id, kind, at) if self.plan.changes else None
            if change is not None:
                if change.silent:
                    continue
                fields = {**fields, **change.fields}  # noqa: PLW2901  # what is said is what was changed
            boot = boots.setdefault(device.id, self.boot(device.id, self.start))
            seq = counts.get(device.id, 0)
            counts[device.id] = seq + 1
            waits = change.waits if change is not None else 0
            sent = {} if waits else {"sent": at}
            yield Said(at, device, kind, {"ts": at, **sent, "seq": seq, "boot": boot, **fields}, waits)

    def _change(self, device: str, kind: str, at: int) -> Changed | None:
        changes = self.plan.changes.get(device, ())
        return next((each for each in changes if each.kind in ("*", kind) and each.since <= at < each.until), None)

    @property
    def truth(self) -> list[dict[str, Any]]:
        """In the order of time."""
        return sorted(
            [*truth(self.staged), *self.plan.truth, *_tides(self.site, self.start, self.end)], key=lambda one: (int(one["at"]), str(one["subject"]))
        )

    def boot(self, device: str, since: int) -> int:
        """Of a device that started at `since` (ms)."""
        return zlib.crc32(f"{self.seed}/{device}/{since}".encode())

    def _streams(self) -> list[Iterator[tuple[int, int, Device, str, dict[str, Any]]]]:
        people, seed, start = self.cast, self.seed, self.start
        at_subject: dict[str, list[Staged]] = {}
        for one in self.staged:
            at_subject.setdefault(one.subject, []).append(one)
        streams: list[tuple[Device, Iterator[Say]]] = []
        for turn, device in enumerate((*people.boxes, *people.lights)):
            offset = turn * BEAT // (len(people.boxes) + len(people.lights))
            chance = rng(seed, device.id)
            said = box(chance, start, offset, at_subject.get(device.id, ())) if device.type == "box" else light(chance, start, offset)
            streams.append((device, said))
        for turn, device in enumerate(people.cameras):
            health = camera(rng(seed, device.id), start, turn * BEAT // len(people.cameras), walkers=not self.scenario.scenes)
            streams.append((device, health))
            if self.scenario.scenes:
                streams.append((device, looks(rng(seed, f"looks {device.id}"), start, self.end, device, self.near.get(device.id, ()), self.lens)))
        streams += [(device, sea(rng(seed, device.id), start, tide_of(self.site, device.area))) for device in people.sensors[:2]]
        streams += [
            (device, _alive(start + turn)) for turn, device in enumerate((*people.receivers, *people.sensors, *people.gateways, *people.consoles))
        ]
        streams += self._vessels(at_subject)
        streams += [(device, iter([(at, kind, fields)])) for at, device, kind, fields in self.plan.said]
        return [_tagged(turn, device, said) for turn, (device, said) in enumerate(streams)]

    def _vessels(self, at_subject: dict[str, list[Staged]]) -> Iterator[tuple[Device, Iterator[Say]]]:
        receivers = self.cast.receivers
        for turn, (name, voyage) in enumerate(self.voyages.items()):
            known = self.site.vessel[name].name if name in self.site.vessel else ""
            yield receivers[turn % len(receivers)], vessel(name, known, rng(self.seed, name), voyage, self.start, at_subject.get(name, ()))
        ashore = [device for device in receivers if device.id.startswith("ais")] or receivers
        for turn, actor in enumerate(actor for actor in self.plan.actors if actor.vessel):
            known = self.site.vessel[actor.vessel].name if actor.vessel in self.site.vessel else ""
            yield ashore[turn % len(ashore)], fixes(actor, known, rng(self.seed, actor.id), self.plan.silences.get(actor.vessel))
        for turn, (name, voyage) in enumerate(self.plan.voyages.items()):
            known = self.site.vessel[name].name if name in self.site.vessel else ""
            silent = [Staged(self.plan.silences[name], self.end, "vessel_silent", name)] if name in self.plan.silences else ()
            yield receivers[turn % len(receivers)], vessel(name, known, rng(self.seed, name), voyage, self.start, silent)
        homes: dict[str, dict[str, Voyage]] = {}
        for name, voyage in self.voyages.items():
            if (console := self._console_of(name)) is not None:
                homes.setdefault(console.id, {})[name] = voyage
        for console in self.cast.consoles:
            yield console, reports(self.site, homes.get(console.id, {}), console, self.start, rng(self.seed, f"reports {console.id}"))

    def _console_of(self, vessel: str) -> Device | None:
        """The console nearest to the vessel's station; the first for a vessel that no station knows."""
        known = self.site.vessel.get(vessel)
        post = self.site.post.get(known.home) if known else None
        if post is None or post.position is None:
            return next(iter(self.cast.consoles), None)
        here = post.position
        return min(self.cast.consoles, key=lambda console: metres(console.position, here), default=None)


def _alive(start: int) -> Iterator[Say]:
    at = start
    while True:
        yield at, "heartbeat", {"supply": "mains", "uptime": (at - start) // 1000, "firmware": "sim-1"}
        at += BEAT


def _tagged(turn: int, device: Device, said: Iterator[Say]) -> Iterator[tuple[int, int, Device, str, dict[str, Any]]]:
    for at, kind, fields in said:
        yield at, turn, device, kind, fields


def _tides(site: Site, start: int, end: int) -> Iterator[dict[str, Any]]:
    """The tide closes flats on any day: an early call for those where nobody is seen is no alarm too many."""
    for zone in site.zones:
        if "path_height" in zone.properties:
            early = [{"model": "M10", "subject": [zone.id]}]
            yield {"at": start, "until": end, "staged": "the tide", "subject": zone.id, "must": None, "also": early, "must_not": []}


def truth(plan: Sequence[Staged]) -> Iterator[dict[str, Any]]:
    """What was staged and what must come of it, with the site's default thresholds: one object a happening.

    `must`: model, subject, level, by (ms); `must_not`: what the models must not make of it. `must` null: nothing may be raised.
    """
    outages = [one for one in plan if one.what == "broker_outage"]
    for one in plan:
        staged_ = {"at": one.at, "until": one.until, "staged": one.what, "subject": one.subject}
        length = one.until - one.at
        must: dict[str, Any] | None = None
        if one.what == "press":
            heard = max([one.at, *(out.until + 15_000 for out in outages if out.at <= one.at < out.until)])  # what waited comes after the outage
            must = {"model": "M01", "level": "red", "by": heard + 5_000}
        elif one.what == "silent" and length > 150_000:  # three heartbeats, one more and the tick
            must = {"model": "M02", "level": "blue", "by": one.at + 125_000}
        elif one.what == "low_battery" and length > 30_000:
            must = {"model": "M02", "level": "yellow", "by": one.at + 35_000}
        elif one.what == "tamper":
            must = {"model": "M02", "level": "orange", "by": one.at + 5_000}
        elif one.what == "vessel_silent" and length > 35 * 60_000:  # 30 min, and five of its own intervals
            must = {"model": "M12", "level": "blue", "by": one.at + 33 * 60_000}
        if one.what == "broker_outage":
            must_not = [
                {"model": "M02", "from": one.at, "until": one.until + 120_000},
                {"model": "M12", "from": one.at, "until": one.until + 120_000},
            ]
        else:
            must_not = []
        yield {**staged_, "must": must and {**must, "subject": one.subject}, "must_not": must_not}
