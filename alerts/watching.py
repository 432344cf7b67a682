"""How well each segment is watched by each model: watching, partly or blind, and why. Silence must not look like calm.

A view of the site and the open alerts about our own devices (M02, M03, the system): which means a model needs, and whether these stand and are well.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from alerts.alert import Alert
from ingest.geo import metres
from ingest.site import Area, Device, Segment, Site
from models.model import RANK

State = Literal["watching", "partly", "blind"]
Means = Literal["box", "camera", "light", "receiver", "sensor", "station"]
REACH = 300.0  # m from a camera at which it sees a person well enough to judge; ours
WELL_SEEN = (
    150.0  # m beyond which a person is under 24 of 1080 lines tall (50 degrees wide) and found 3 times in 10 looks; ours, as device_sim/vision.py
)
ESTIMATED = 0.1  # of its `finds` beyond which a camera's counts are estimates, scaled by what it misses; ours
PEOPLE = ("M04", "M05", "M08", "M09", "M10")  # look for people
DOWN = frozenset({"silent", "segment_outage", "receiver_down", "unheard"})  # M02's reasons by which a device sees nothing
FAILED = frozenset({"light", "both", "too_dark", "too_blurry", "too_bright", "frozen", "turned_away", "no_frames"})  # M03's, about what it names
NEEDS: Mapping[str, tuple[Means, ...]] = {
    "M01": ("box",), "M02": (), "M03": ("light", "camera"), "M04": ("camera",), "M05": ("camera",), "M06": ("camera", "receiver"),
    "M07": ("camera",), "M08": ("camera",), "M09": ("camera",), "M10": ("camera",), "M11": ("camera", "receiver"), "M12": ("receiver",),
    "M13": ("receiver",), "M14": ("receiver",), "M15": ("receiver", "station"), "M16": ("receiver",), "M17": ("sensor",),
}  # fmt: skip
WORDS: Mapping[str, tuple[str, str]] = {
    "none": ("无{means}", "no {means}"), "down": ("{means}离线", "{means} down"), "some_down": ("部分{means}离线", "some {means} down"),
    "fog": ("雨雾", "fog or rain"), "far": ("{means}较远,人像过小", "{means} far: people are small"), "estimated": ("人数按识别率估算", "counts are estimates"), "disabled": ("模型停用", "model disabled"), "unheard": ("未收到数据", "nothing is heard"),
}  # fmt: skip


class Watch(NamedTuple):
    """How well, and why not better: a reason of WORDS and the means that it is about."""

    state: State
    reason: str = ""
    means: str = ""


WELL = Watch("watching")
_WORSE: Mapping[State, int] = {"watching": 0, "partly": 1, "blind": 2}


def watching(site: Site, area: Area, alerts: Iterable[Alert]) -> dict[str, dict[str, Watch]]:
    """Segment -> model -> how well; what is watched well is in it too."""
    open_ones = [alert for alert in alerts if alert.condition == "active" and alert.resolved is None and not alert.drill]
    down = _down(site, open_ones)
    fog = any(
        (alert.model == "M17" and alert.reason.code == "fog" and RANK[alert.level] >= RANK["yellow"])
        or (alert.model == "M03" and alert.reason.code == "environment")
        for alert in open_ones
    )
    disabled = {str(alert.reason.values.get("model")) for alert in open_ones if alert.reason.code == "model_disabled"}
    deaf = any(alert.model == "SYS" and alert.reason.code in ("no_tick", "broker_lost") for alert in open_ones)
    area_wide = {means: _of(_standing(site, area.id, means), down, means) for means in ("receiver", "sensor", "station")}
    found: dict[str, dict[str, Watch]] = {}
    for segment in site.segments:
        if segment.area == area.id:
            near = {means: _of(_near(site, segment, means), down, means) for means in ("box", "camera", "light")}
            cameras = [each for each in _near(site, segment, "camera") if each.id not in down]
            seen = _Seen(fog, _far(segment, cameras), any(each.finds is not None and abs(each.finds - 1) > ESTIMATED for each in cameras))
            found[segment.id] = {model: _judged(model, near | area_wide, seen, disabled=model in disabled, deaf=deaf) for model in NEEDS}
    return found


class _Seen(NamedTuple):
    """What is wrong with what cameras see of a segment."""

    fog: bool
    far: bool
    estimated: bool


def _far(segment: Segment, cameras: Sequence[Device]) -> bool:
    """Whether some part of it is near to no camera."""
    return not all(any(metres(each.position, part) <= WELL_SEEN for each in cameras) for part in (segment.start, segment.middle, segment.end))


def _judged(model: str, means: Mapping[str, Watch], seen: _Seen, *, disabled: bool, deaf: bool) -> Watch:
    if disabled:
        return Watch("blind", "disabled")
    if deaf:
        return Watch("blind", "unheard")
    needs = NEEDS[model]
    watches = [means[each] for each in needs]
    if seen.fog and "camera" in needs:
        watches.append(Watch("partly", "fog"))
    if seen.far and model in PEOPLE:
        watches.append(Watch("partly", "far", "camera"))
    if seen.estimated and model == "M08":
        watches.append(Watch("partly", "estimated"))
    worst = max(watches, key=lambda watch: _WORSE[watch.state], default=WELL)
    others = len([watch for watch in watches if watch.state != "blind"])
    return worst._replace(state="partly") if worst.state == "blind" and len(needs) > 1 and others else worst  # the other means still sees some


def _of(devices: tuple[Device, ...], down: set[str], means: Means) -> Watch:
    gone = sum(device.id in down for device in devices)
    if not devices:
        return Watch("blind", "none", means)
    if gone == len(devices):
        return Watch("blind", "down", means)
    return Watch("partly", "some_down", means) if gone else WELL


def _down(site: Site, alerts: list[Alert]) -> set[str]:
    """Ids of the devices that see and hear nothing: by an alert about them, or one of an outage of their segments."""
    found: set[str] = set()
    for alert in alerts:
        if alert.model == "M03":
            found.update(_failed(site, alert))
        if alert.model != "M02" or alert.reason.code not in DOWN:
            continue
        if alert.subject in site.device:
            found.add(alert.subject)
        found.update(
            name for name in (*alert.evidence, *alert.reason.values.get("first", ())) if name in site.device
        )  # an outage and devices never heard name theirs
    return found


def _failed(site: Site, alert: Alert) -> set[str]:
    """Ids of the lights and cameras that M03 tells of: those it names in its segment, or all of a shore that is dark and unseen."""
    values, first = alert.reason.values, site.segment.get(alert.subject)
    if alert.reason.code in FAILED:
        named = values.get("devices", ())
        return {each.id for each in site.devices if each.segment == alert.subject and (each.place or each.id) in named}
    if alert.reason.code != "dark_shore" or first is None:
        return set()
    row = range(first.index, first.index + int(values.get("segments", 1)))
    dark = {each.id for each in site.segments if each.line == first.line and each.index in row}
    return {each.id for each in site.devices if each.type in ("light", "camera") and each.segment in dark}


def _standing(site: Site, area: str, means: Means) -> tuple[Device, ...]:
    kind = "console" if means == "station" else means
    return tuple(device for device in site.devices if device.type == kind and device.area == area and device.in_service)


def _near(site: Site, segment: Segment, means: Means) -> tuple[Device, ...]:
    """The segment's own, and cameras in reach of its middle. Kept with the site."""
    kept: dict[tuple[str, str], tuple[Device, ...]] = site.__dict__.setdefault("watched_by", {})
    if (segment.id, means) not in kept:
        reach = REACH if means == "camera" else 0.0
        kept[segment.id, means] = tuple(
            device for device in _standing(site, segment.area, means)
            if device.segment == segment.id or (reach and metres(device.position, segment.middle) <= reach)
        )  # fmt: skip
    return kept[segment.id, means]


def words(watch: Watch) -> tuple[str, str]:
    """(zh, en) of the reason; empty where all is well."""
    if not watch.reason:
        return "", ""
    zh, en = WORDS[watch.reason]
    means_zh, means_en = MEANS.get(watch.means, ("", ""))
    return zh.format(means=means_zh), en.format(means=means_en)


MEANS: Mapping[str, tuple[str, str]] = {
    "box": ("报警箱", "call box"), "camera": ("摄像机", "camera"), "light": ("灯", "light"), "receiver": ("接收站", "receiver"),
    "sensor": ("传感器", "sensor"), "station": ("船管站", "station"),
}  # fmt: skip
