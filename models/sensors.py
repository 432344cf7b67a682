"""M02's rules for what sensors measure: nothing comes any more, the same value stands too long, values that cannot be, values that jump.

The tests are those of IOOS QARTOD (gap, gross range, rate of change, flat line); their bounds depend on the place, so they are parameters. A calm sea, a
calm night, clear air and a sensor that measures in coarse steps are not told as stuck: a calm needs `calm_for`, clear air never is, coarse steps need as
much longer as they are coarser. What a sensor says of one kind (its weather, its waves) is one alert: `met-1/weather`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np

from ingest.events import Event, Tide, Water, Wave, Weather, kind_of
from ingest.site import Site
from models.batch import Batch, Rare, Standing
from models.model import Finding
from models.parameters import checked, parameter
from models.subjects import Devices

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000  # ms
JUDGED: tuple[str, ...] = ("tide", "wave", "weather", "water")  # kinds
INTERVALS = 15  # between samples, whose median is the usual one; ours
RHYTHM = 5  # intervals without which nothing is called usual; ours
WINDOW = (1 << 20) - 1  # the last 20 samples, a bit each
FAULTS = ("sensor_missing", "sensor_stuck", "sensor_range", "sensor_jumps")  # the first that is true leads


class Quantity(NamedTuple):
    """`step`: in which stations usually measure it, in its unit. Under `calm` it may rest for long, from `clear` on for ever."""

    name: str
    rule: str  # under which its parameters are named
    step: float
    zh: str
    en: str
    calm: float = -np.inf
    clear: float = np.inf


QUANTITIES: dict[type[Event], tuple[Quantity, ...]] = {
    Tide: (Quantity("level", "tide", 0.01, "潮位", "water level"),),
    Wave: (Quantity("height", "wave", 0.1, "波高", "wave height", calm=0.1),),
    Weather: (
        Quantity("wind_speed", "wind", 0.1, "风速", "wind", calm=0.5),  # cup anemometers start at about 0.5 m/s
        Quantity("visibility", "visibility", 10.0, "能见度", "visibility", clear=5_000.0),  # instruments end between 2 and 20 km, and say so for days
        Quantity("air_temperature", "air", 0.1, "气温", "air temperature"),
        Quantity("pressure", "pressure", 0.1, "气压", "pressure"),
    ),
    Water: (Quantity("temperature", "water", 0.1, "水温", "water temperature"),),
}
_NAMED = {quantity.name: quantity for some in QUANTITIES.values() for quantity in some}


@dataclass
class Series:
    """One quantity of one sensor. Times in ms; `value` is the last that could be."""

    at: int  # event time of the newest sample
    heard: int  # hearing when it came
    value: float
    since: int  # event time since when it is the same
    count: int = 0  # samples since then
    step: float = 0.0  # the smallest change seen; 0: none yet
    intervals: list[int] = field(default_factory=list)
    out: int = 0  # of the last 20 samples, a bit each: out of range
    jumped: int = 0  # the same: changed faster than can be
    fault: str = ""

    def interval(self) -> float | None:
        """The usual one, ms."""
        return float(np.median(self.intervals)) if len(self.intervals) >= RHYTHM else None


@dataclass
class Sensor:
    """What one device says of one kind."""

    series: dict[str, Series] = field(default_factory=dict)  # by quantity
    told: str = ""  # fault, its quantities, those that are stuck, as last told
    began: int = 0


@dataclass
class Readings:
    sensors: dict[str, Sensor] = field(default_factory=dict)  # device/kind
    scanned: int = -1

    def kept(self, devices: Devices) -> "Readings":
        """For another revision of the site."""
        return Readings({name: each for name, each in self.sensors.items() if name.rpartition("/")[0] in devices.row}, self.scanned)


@dataclass(frozen=True)
class SensorRules:
    """Parameters and rules; M02 adds those for the devices themselves."""

    gap: float = parameter(
        3.0, "1", "QARTOD gap test; ours: as three heartbeats", 1.1, 100, "usual intervals without a sample, for a sensor that went dumb"
    )
    gap_least: int = parameter(5 * MINUTE, "ms", "ours", 1_000, DAY, "but not sooner")
    given_up: int = parameter(14 * DAY, "ms", "ours", DAY, 365 * DAY, "without a sample, after which a quantity is not expected any more")
    repeats: int = parameter(8, "samples", "QARTOD flat line: 5; ours: a real buoy gave one mean 5 times", 2, 1_000, "alike at least, for stuck")
    calm_for: int = parameter(12 * HOUR, "ms", "ours: a real buoy gave 0.0 m/s for 3.5 h", HOUR, 30 * DAY, "of calm, for stuck")
    coarse: float = parameter(10.0, "1", "ours", 1, 1_000, "times longer at most for a coarse step, or one that is not known yet")
    tide_stuck: int = parameter(3 * HOUR, "ms", "ours: high water of a 0.2 m tide stays within 1 cm for 76 min", MINUTE, 30 * DAY, "of one level")
    wave_stuck: int = parameter(12 * HOUR, "ms", "QARTOD flat line; ours", MINUTE, 30 * DAY, "of one height")
    wind_stuck: int = parameter(30 * MINUTE, "ms", "warning-models M17", MINUTE, 30 * DAY, "of one speed")
    visibility_stuck: int = parameter(6 * HOUR, "ms", "ours", MINUTE, 30 * DAY, "of one visibility under 5 km")
    air_stuck: int = parameter(6 * HOUR, "ms", "QARTOD flat line; ours", MINUTE, 30 * DAY, "of one temperature")
    pressure_stuck: int = parameter(6 * HOUR, "ms", "ours: the air's own tide moves it", MINUTE, 30 * DAY, "of one pressure")
    water_stuck: int = parameter(24 * HOUR, "ms", "QARTOD flat line; ours: mixed water in winter", MINUTE, 30 * DAY, "of one temperature")
    tide_low: float = parameter(-5.0, "m", "QARTOD gross range; ours", -30, 0, "lowest level that can be")
    tide_high: float = parameter(15.0, "m", "QARTOD gross range; ours", 0, 30, "highest")
    wave_high: float = parameter(25.0, "m", "QARTOD gross range; ours", 1, 40, "highest significant height that can be")
    wind_high: float = parameter(85.0, "m/s", "QARTOD gross range; ours: the strongest typhoons", 10, 150, "strongest mean that can be")
    air_low: float = parameter(-30.0, "Cel", "QARTOD gross range; ours", -80, 20, "lowest that can be")
    air_high: float = parameter(55.0, "Cel", "QARTOD gross range; ours", 20, 120, "highest")
    pressure_low: float = parameter(860.0, "hPa", "ours: typhoon Tip had 870", 800, 1_000, "lowest that can be")
    pressure_high: float = parameter(1_085.0, "hPa", "ours: the highest ever measured", 1_000, 1_100, "highest")
    water_low: float = parameter(-2.5, "Cel", "QARTOD gross range: sea water freezes at -1.9", -80, 20, "lowest that can be")
    water_high: float = parameter(40.0, "Cel", "QARTOD gross range; ours", 20, 120, "highest")
    tide_jump: float = parameter(5.0, "m", "QARTOD rate of change; ours: a tsunami must pass", 0.01, 60, "of change in ten minutes that cannot be")
    wave_jump: float = parameter(5.0, "m", "QARTOD rate of change; ours", 0.01, 40, "the same")
    wind_jump: float = parameter(30.0, "m/s", "QARTOD rate of change; ours: a typhoon's eye wall must pass", 0.1, 150, "the same")
    air_jump: float = parameter(8.0, "K", "QARTOD rate of change; ours: a squall must pass", 0.1, 100, "the same")
    pressure_jump: float = parameter(15.0, "hPa", "QARTOD rate of change; ours", 0.1, 300, "the same")
    water_jump: float = parameter(4.0, "K", "QARTOD rate of change; ours: a river's mouth", 0.1, 100, "the same")
    odd: int = parameter(3, "samples", "ours", 1, 20, "of the last 20 out of range, or jumping, that are told")

    def note(self, readings: Readings, rare: Rare, heard: int) -> None:
        """What a sensor measured. What is older than its last is not judged."""
        event = rare.event
        if rare.drill:
            return
        sensor = readings.sensors.setdefault(f"{event.device}/{kind_of(event)}", Sensor())
        for quantity in QUANTITIES[type(event)]:
            value = getattr(event, quantity.name)
            if value is not None and np.isfinite(value):
                self._sample(sensor.series, quantity, rare.at, value, heard)

    def can_be(self, quantity: Quantity, value: float) -> bool:
        low, high = getattr(self, f"{quantity.rule}_low", -np.inf), getattr(self, f"{quantity.rule}_high", np.inf)
        return bool(low <= value <= high)

    def _sample(self, known: dict[str, Series], quantity: Quantity, at: int, value: float, heard: int) -> None:
        out = not self.can_be(quantity, value)
        series = known.get(quantity.name)
        if series is None:
            known[quantity.name] = Series(at, heard, np.nan if out else value, at, 1, out=int(out))
            return
        since_last = at - series.at
        if since_last <= 0:
            return
        series.intervals = [*series.intervals, since_last][-INTERVALS:]
        series.at, series.heard, series.out, jumped = at, heard, (series.out << 1 | out) & WINDOW, False
        if out:
            series.count = 0  # what it says meanwhile is not the same value
        else:
            change = abs(value - series.value)
            jumped = change > getattr(self, f"{quantity.rule}_jump", np.inf) * max(1.0, since_last / (10 * MINUTE))
            if change > 1e-6:  # NaN, after a first one out of range, is no change
                series.step = min(series.step or np.inf, round(change, 6))
            if value != series.value:
                series.value, series.since, series.count = value, at, 0
            series.count += 1
        series.jumped = (series.jumped << 1 | jumped) & WINDOW

    def readings(self, readings: Readings, batch: Batch, silent: Callable[[str], bool]) -> Iterator[Finding]:
        """Once a minute. `silent`: whether a device by that id is itself known to be silent, which says why nothing comes."""
        if batch.now // MINUTE == readings.scanned or not readings.sensors:
            return
        readings.scanned = batch.now // MINUTE
        for name, sensor in readings.sensors.items():
            device = name.rpartition("/")[0]
            away = silent(device)
            sensor.series = {quantity: each for quantity, each in sensor.series.items() if batch.heard - each.heard <= self.given_up}
            for quantity, series in sensor.series.items():
                series.fault = self._fault(series, _NAMED[quantity], batch.heard, away=away)
            yield from self._change(name, sensor, batch)

    def _fault(self, series: Series, quantity: Quantity, heard: int, *, away: bool) -> str:
        usual = series.interval()
        if usual is not None and not away and heard - series.heard > max(self.gap * usual, self.gap_least):
            return "sensor_missing"
        if series.count >= self.repeats and series.at - series.since >= self._stuck_after(series, quantity):
            return "sensor_stuck"
        if series.out.bit_count() >= (1 if series.fault == "sensor_range" else self.odd):
            return "sensor_range"
        return "sensor_jumps" if series.jumped.bit_count() >= (1 if series.fault == "sensor_jumps" else self.odd) else ""

    def _stuck_after(self, series: Series, quantity: Quantity) -> float:
        """ms: longer for a coarse sensor, much longer in a calm."""
        if series.value >= quantity.clear:
            return np.inf
        if series.value < quantity.calm:
            return self.calm_for
        longer = series.step / quantity.step if series.step else self.coarse
        usual: float = getattr(self, f"{quantity.rule}_stuck")
        return usual * min(max(1.0, longer), self.coarse)

    def _change(self, name: str, sensor: Sensor, batch: Batch) -> Iterator[Finding]:
        fault = next((fault for fault in FAULTS if any(each.fault == fault for each in sensor.series.values())), "")
        of = [quantity for quantity, each in sensor.series.items() if each.fault == fault] if fault else []
        stuck = [quantity for quantity, each in sensor.series.items() if each.fault == "sensor_stuck"]
        now = f"{fault}:{','.join(sorted(of))}:{','.join(sorted(stuck))}" if fault else ""
        if now == sensor.told:
            return
        sensor.began = sensor.began if sensor.told else batch.now
        code, what, _ = (now or sensor.told).split(":")
        sensor.told, named = now, [_NAMED[quantity] for quantity in what.split(",")]
        device = batch.devices.all[batch.devices.row[name.rpartition("/")[0]]]
        values: dict[str, Any] = {"sensor": device.id, "quantities": [each.name for each in named], "stuck": sorted(stuck)}
        values |= {"what_zh": "、".join(each.zh for each in named), "what_en": ", ".join(each.en for each in named)}
        if fault:
            first = sensor.series[named[0].name]
            began = first.since if code == "sensor_stuck" else first.at if code == "sensor_missing" else batch.now
            values |= {"minutes": max(0, batch.now - began) // MINUTE, "value": round(first.value, 3) if np.isfinite(first.value) else None}
        yield Finding(
            model="M02", subject=name, level="blue" if fault else "over", code=code, index=batch.nth, cause=f"{name}/{sensor.began}",
            occurred=batch.now, values=values, segment=device.segment, place=device.place, position=device.position,
        )  # fmt: skip


def stuck_sensors(standing: Standing, quantity: str) -> set[str]:
    """Devices whose `quantity` M02 holds for stuck: nobody judges by it. Only at ticks, as all that stands."""
    return {finding.values["sensor"] for finding in standing.of("M02") if quantity in finding.values.get("stuck", ())}


def believed(site: Site, quantity: str, value: float | None) -> float | None:
    """`value`, or None where M02 holds it for impossible, by the bounds that the site gives: 99.9 m/s, which says "no value", must not ring once."""
    if value is None:
        return None
    rules: SensorRules | None = site.__dict__.get("sensor_rules")
    if rules is None:
        names, given = {each.name for each in fields(SensorRules)}, site.thresholds.get("M02", {})
        rules = site.__dict__["sensor_rules"] = SensorRules(
            **{name: checked(SensorRules, name, said) for name, said in given.items() if name in names}
        )
    return value if rules.can_be(_NAMED[quantity], value) else None
