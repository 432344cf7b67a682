"""M17: fog, wind, waves and surge, as measured or as warned of: the higher of the two counts, and the alert says which it was.

One alert an area and hazard: its subject is `bay/wind`, `bay/fog`, `bay/wave`, `bay/surge`, or what only bulletins tell (`typhoon`, `thunderstorm`,
`tsunami`); the reason's code is the hazard. High waves also warn each bathing zone (`rip`, the zone is the subject). The colour rises at once and falls an hour
after the last measurement that reached it; what a bulletin raised falls with the bulletin. Nobody believes a value that M02 holds for
impossible, a sensor that it holds for stuck, or a buoy that is adrift, which is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ingest.events import Bulletin, Camera, Tide, Wave, Weather
from ingest.geo import inside, metres
from ingest.site import Area, Device, Site
from ingest.tide import above_chart, tide_of
from ingest.tide_file import warning_levels
from ingest.zones import in_force
from models.bans import BEAUFORT, Bans, force_of
from models.batch import Batch
from models.fog_by_cameras import worst_sight
from models.model import RANK, Finding, FoundLevel
from models.parameters import parameter
from models.samples import NEVER, Samples, noted
from models.sea_words import words
from models.sensors import believed, stuck_sensors
from models.subjects import Devices

MINUTE, HOUR = 60_000, 3_600_000  # ms
LEVELS: tuple[FoundLevel, ...] = ("over", "blue", "yellow", "orange", "red")
HAZARDS = ("wind", "fog", "wave", "surge", "typhoon", "thunderstorm", "tsunami")
MEASURED = {"wind": ("speed", "gust"), "fog": ("visibility",), "wave": ("height",), "surge": ("level",)}
JUDGED_AS = {"speed": "wind_speed", "gust": "wind_speed", "visibility": "visibility", "height": "height", "level": "level"}  # M02's names


@dataclass
class Hazard:
    """What is known of one hazard. `reached`: of each level, ms of hearing when a measurement reached it last."""

    reached: list[int] = field(default_factory=lambda: [NEVER] * 5)
    known: int = NEVER  # ms of hearing of the last minute with a fresh sensor
    dark: bool = False  # no sensor was fresh at the last look
    held: int = 0  # by measurement
    level: int = 0  # as told: this, or a bulletin's
    began: int = 0


@dataclass
class Memory:
    samples: dict[str, Samples] = field(default_factory=dict)  # sensor/quantity
    bulletins: Bans = field(default_factory=Bans)
    hazards: dict[str, Hazard] = field(default_factory=dict)
    adrift: list[str] = field(default_factory=list)  # sensors, as told
    scanned: int = NEVER


@dataclass(frozen=True)
class SeaState:
    code: ClassVar[str] = "M17"
    name: ClassVar[str] = "sea_state"
    memory_version: ClassVar[int] = 2
    memory: ClassVar[type] = Memory
    columns: ClassVar[tuple[str, ...]] = ()
    rare: ClassVar[tuple[str, ...]] = ("weather", "wave", "tide", "bulletin", "camera")
    hears: ClassVar[tuple[str, ...]] = ("M02",)
    in_place: ClassVar[bool] = False  # decided at ticks

    mean: int = parameter(
        10 * MINUTE, "ms", "warning-models M17: 10 min mean, 10 min median", MINUTE, HOUR, "over which wind and visibility are taken"
    )
    waves: int = parameter(30 * MINUTE, "ms", "warning-models M17: 20 to 30 min", MINUTE, 3 * HOUR, "over which the height of waves is taken")
    wind_blue: int = parameter(6, "Bft", "S-WIND", 1, 17, "mean wind; a gust counts from one force more")
    wind_yellow: int = parameter(8, "Bft", "S-WIND", 1, 17, "mean wind")
    wind_orange: int = parameter(10, "Bft", "S-WIND", 1, 17, "mean wind")
    wind_red: int = parameter(12, "Bft", "S-WIND", 1, 17, "mean wind")
    fog_yellow: float = parameter(500.0, "m", "S-FOG", 1, 10_000, "less visibility")
    fog_orange: float = parameter(200.0, "m", "S-FOG", 1, 10_000, "less visibility")
    fog_red: float = parameter(50.0, "m", "S-FOG", 1, 10_000, "less visibility")
    cameras: int = parameter(3, "cameras", "ours: one lens may be dirty", 2, 100, "whose estimates of the visibility must meet ...")
    around: float = parameter(3_000.0, "m", "ours", 100, 50_000, "... so near each other, whose median counts as fog")
    wave_blue: float = parameter(2.5, "m", "S-WAVE", 0.1, 20, "significant height near the shore")
    wave_yellow: float = parameter(3.5, "m", "S-WAVE", 0.1, 20, "significant height")
    wave_orange: float = parameter(4.5, "m", "S-WAVE", 0.1, 20, "significant height")
    wave_red: float = parameter(6.0, "m", "S-WAVE", 0.1, 20, "significant height")
    rip: float = parameter(1.5, "m", "S-RIP: 5 ft", 0.1, 20, "significant height, yellow for bathing zones")
    falls: int = parameter(HOUR, "ms", "warning-models M17", 0, 24 * HOUR, "below a level before it falls")
    fresh: int = parameter(90 * MINUTE, "ms", "ours: stations report hourly", MINUTE, 24 * HOUR, "of hearing that the last sample counts for")
    lost: int = parameter(6 * HOUR, "ms", "ours", HOUR, 72 * HOUR, "without any sensor, after which a measured level is given up")
    adrift: float = parameter(500.0, "m", "ours", 10, 50_000, "from its place, for a buoy to be adrift")

    def start(self, _site: Site, _area: Area, _devices: Devices) -> Memory:
        return Memory()

    def migrate(self, memory: Memory, _old: Devices, _new: Devices) -> Memory:
        return memory

    def step(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        for rare in batch.rare:
            event, at, sensor = rare.event, rare.at, rare.event.device
            if isinstance(event, Bulletin):
                memory.bulletins.hear(event, at, HAZARDS)
            elif isinstance(event, Weather):
                for name, value in (("speed", event.wind_speed), ("gust", event.wind_gust), ("visibility", event.visibility)):
                    noted(memory.samples, f"{sensor}/{name}", at, believed(site, JUDGED_AS[name], value), batch.heard)
            elif isinstance(event, Camera):
                if not (event.too_dark or event.frozen or event.mode in ("infrared", "thermal")):  # it judges by what it sees far off
                    noted(memory.samples, f"{sensor}/seen", at, event.visibility, batch.heard)
            elif isinstance(event, Wave):
                noted(memory.samples, f"{sensor}/height", at, believed(site, "height", event.height), batch.heard)
            elif isinstance(event, Tide):
                level = believed(site, "level", event.level)
                noted(memory.samples, f"{sensor}/level", at, level if level is None else above_chart(site.tide, level, event.datum), batch.heard)
        if batch.tick and batch.now // MINUTE != memory.scanned:
            memory.scanned = batch.now // MINUTE
            if memory.samples or memory.bulletins.notices or memory.hazards:
                yield from self._judge(memory, batch, site)

    # What was measured

    def _judge(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        memory.bulletins.forget(batch.now, 0)
        yield from self._drifts(memory, batch, site)
        area = batch.devices.area
        for hazard in HAZARDS:
            measured, values = self._measured(memory, hazard, batch, site)
            warned, notice = self._warned(memory, hazard, batch, site)
            if hazard not in memory.hazards and not measured and not warned:
                continue
            state = memory.hazards.setdefault(hazard, Hazard())
            held = self._held(state, measured, batch.heard)
            level = max(held, warned)
            if level != state.level:
                said = {**values, **notice} if warned >= held or not values else values
                yield self._told(state, f"{area.id}/{hazard}", hazard, level, said, batch)
            if not level and measured is not None and not warned:
                del memory.hazards[hazard]
        yield from self._rip(memory, batch, site)

    def _measured(self, memory: Memory, hazard: str, batch: Batch, site: Site) -> tuple[int | None, dict[str, Any]]:
        """(level, values) of the sensor that shows the worst; (None, nothing) where no sensor is fresh."""
        worst: tuple[int, dict[str, Any]] | None = None
        for sensor, samples in self._fresh(memory, MEASURED.get(hazard, ()), batch):
            level, values = self._of(hazard, samples, batch, site)
            if worst is None or level > worst[0]:
                worst = level, {**values, "source": "measured", "sensor": sensor}
        sight = self._sight(memory, batch, site) if hazard == "fog" else None
        if sight is not None and (worst is None or sight[0] > worst[0]):
            worst = sight
        return (None, {}) if worst is None else worst

    def _sight(self, memory: Memory, batch: Batch, site: Site) -> tuple[int, dict[str, Any]] | None:
        """Fog by cameras, as `_measured`."""
        seen = {}
        for sensor, samples in self._fresh(memory, ("seen",), batch):
            device, metres = site.device.get(sensor), samples["seen"].over(self.mean, np.median)
            if device is not None and metres is not None and batch.heard - samples["seen"].heard <= self.mean:
                seen[sensor] = device.position, metres
        found = worst_sight(seen, self.cameras, self.around, self.fog_yellow)
        if found is None:
            return None
        values = {"visibility": round(found.visibility), "cameras": found.cameras, "source": "cameras", "sensor": found.camera}
        return self._fog(found.visibility), values

    def _fog(self, visibility: float) -> int:
        bounds = (self.fog_yellow, self.fog_orange, self.fog_red)
        return 0 if visibility >= bounds[0] else 1 + sum(visibility < bound for bound in bounds)

    def _fresh(self, memory: Memory, quantities: tuple[str, ...], batch: Batch) -> Iterator[tuple[str, dict[str, Samples]]]:
        """(sensor, its quantities) of those that spoke lately and are believed, by name."""
        sensors = sorted({name.rpartition("/")[0] for name in memory.samples if name.rpartition("/")[2] in quantities})
        # a stuck anemometer says nothing of the fog, nor of the waves
        stuck = {sensor for quantity in quantities if quantity in JUDGED_AS for sensor in stuck_sensors(batch.standing, JUDGED_AS[quantity])}
        for sensor in sensors:
            known = {quantity: memory.samples[f"{sensor}/{quantity}"] for quantity in quantities if f"{sensor}/{quantity}" in memory.samples}
            known = {name: each for name, each in known.items() if batch.heard - each.heard <= self.fresh and each.rows}
            if known and sensor not in stuck and sensor not in memory.adrift:
                yield sensor, known

    def _of(self, hazard: str, samples: dict[str, Samples], batch: Batch, site: Site) -> tuple[int, dict[str, Any]]:
        if hazard == "wind":
            speed, gust = _over(samples.get("speed"), self.mean, np.mean), _over(samples.get("gust"), self.mean, np.max)
            forces = (self.wind_blue, self.wind_yellow, self.wind_orange, self.wind_red)
            level = max(sum(_at_least(speed, force) for force in forces), sum(_at_least(gust, force + 1) for force in forces))
            return level, {"force": None if speed is None else force_of(speed), "gust": None if gust is None else force_of(gust), "speed": speed}
        if hazard == "fog":
            seen = _over(samples.get("visibility"), self.mean, np.median)
            return (0 if seen is None else self._fog(seen)), {"visibility": seen and round(seen)}
        if hazard == "wave":
            height = _over(samples.get("height"), self.waves, np.median)
            heights = (self.wave_blue, self.wave_yellow, self.wave_orange, self.wave_red)
            return sum(height is not None and height >= bound for bound in heights), {"height": height}
        water = _over(samples.get("level"), self.mean, np.median)
        tide = tide_of(site, batch.devices.area.id)
        predicted = float(tide.level(batch.now)[0]) if tide is not None and water is not None else float("nan")
        surge = round(water - predicted, 2) if water is not None and np.isfinite(predicted) else None
        return sum(water is not None and water >= bound for bound in warning_levels(site.tide)), {"water": water, "surge": surge}

    def _held(self, state: Hazard, measured: int | None, heard: int) -> int:
        """The level that was reached within the hour. Where nothing is measured any more it stays for some hours: silence is not calm."""
        if measured is None:
            since, state.dark = heard - state.known if state.known != NEVER else 0, True
            return state.held if since <= self.lost else 0
        quiet = heard - state.known if state.known != NEVER else 0
        if state.dark:  # the time without a sensor is no time below a level
            state.reached = [at if at == NEVER else at + quiet for at in state.reached]
        state.known, state.dark = heard, False
        for level in range(1, 5):
            if measured >= level:
                state.reached[level] = heard
        within = (level for level in range(1, 5) if state.reached[level] != NEVER and heard - state.reached[level] < max(self.falls, 1))
        state.held = max(within, default=0)
        return state.held

    # What was warned of

    def _warned(self, memory: Memory, hazard: str, batch: Batch, site: Site) -> tuple[int, dict[str, Any]]:
        """(level, values) of the highest bulletin in force that reaches the area."""
        worst, values = 0, {}
        for name, notice in memory.bulletins.of(hazard):
            if not notice.begins <= batch.now < notice.ends or not _reaches(notice.polygon, batch.devices.area, site):
                continue
            bounds = (self.wind_blue, self.wind_yellow, self.wind_orange, self.wind_red)
            level = RANK[notice.colour] if notice.colour in RANK else sum(notice.force >= force for force in bounds)
            level = level or 1  # a warning that names neither colour nor force is one
            if level > worst:
                worst, values = level, {"source": "bulletin", "bulletin": name, "issuer": notice.issuer, "until": notice.ends}
        return worst, values

    # Beaches, and buoys that nobody believes

    def _rip(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        """Bathing zones, by the highest waves that a sensor measures now."""
        heights = [_over(samples.get("height"), self.waves, np.median) for _, samples in self._fresh(memory, ("height",), batch)]
        height = max((each for each in heights if each is not None), default=None)
        for zone in (zone for zone in site.zones if zone.kind == "bathing" and batch.devices.area.id in zone.areas):
            high = height is not None and height >= self.rip and in_force(site, zone, batch.now)
            if zone.id not in memory.hazards and not high:
                continue
            state = memory.hazards.setdefault(zone.id, Hazard())
            held = self._held(state, None if height is None else 2 * high, batch.heard)
            if held != state.level:
                yield self._told(state, zone.id, "rip", held, {"height": height, "zone_zh": zone.name_zh, "zone_en": zone.name_en}, batch)
            if not held:
                del memory.hazards[zone.id]

    def _drifts(self, memory: Memory, batch: Batch, site: Site) -> Iterator[Finding]:
        """Buoys that left their place: blue, for who keeps them."""
        sensors = sorted({name.rpartition("/")[0] for name in memory.samples})
        now = [sensor for sensor in sensors if (device := site.device.get(sensor)) is not None and self._is_adrift(device, batch)]
        for sensor in sorted({*memory.adrift} ^ {*now}):
            device = site.device.get(sensor)
            yield Finding(
                model=self.code, subject=sensor, level="blue" if sensor in now else "over", code="sensor_adrift", index=batch.nth,
                cause=f"{sensor}/{batch.now}", occurred=batch.now, segment=device.segment if device else "", place=device.place if device else "",
            )  # fmt: skip
        memory.adrift = now

    def _is_adrift(self, device: Device, batch: Batch) -> bool:
        """By positions that name the sensor itself as the vessel."""
        row = batch.vessels.row.get(device.id, NEVER)
        latest = batch.vessels.latest
        if not 0 <= row < len(latest.at) or latest.at[row] < 0:
            return False
        return metres((float(latest.longitude[row]), float(latest.latitude[row])), device.position) > self.adrift

    def _told(self, state: Hazard, subject: str, code: str, level: int, values: dict[str, Any], batch: Batch) -> Finding:
        state.began = state.began if state.level else batch.now
        state.level = level
        values = {key: value for key, value in values.items() if value not in (None, "")}
        zh, en = words(code, LEVELS[level], values)
        return Finding(
            model=self.code, subject=subject, level=LEVELS[level], code=code, index=batch.nth, cause=f"{subject}/{state.began}",
            occurred=batch.now, values={**values, "said_zh": zh, "said_en": en},
        )  # fmt: skip


def _over(samples: Samples | None, span: int, what: Any) -> float | None:
    return None if samples is None else samples.over(span, what)


def _at_least(wind: float | None, force: int) -> bool:
    return wind is not None and force < len(BEAUFORT) and wind >= BEAUFORT[force]


def _reaches(polygon: tuple[tuple[float, float], ...], area: Area, site: Site) -> bool:
    """Whether a bulletin's polygon holds the area's origin or a piece of its shore; without one it reaches all."""
    if len(polygon) < 3:
        return True
    return inside(polygon, area.origin) or any(inside(polygon, segment.middle) for segment in site.segments if segment.area == area.id)
