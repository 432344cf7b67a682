"""Makes sites: the pieces from which a coast is laid out, and a plain site around any point of the world (`site init`).

Everything is a function of its arguments; the same arguments give the same files.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ingest.events import Level
from ingest.geo import from_local, metres
from ingest.site import Area, Channel, Device, DeviceType, Lonlat, Person, Post, Segment, Site, Step, Unit

SEGMENT = 200.0  # m of shore; warning-models §0.4
MINUTE = 60_000  # ms
# Whom to tell and when. Source of the first steps and of red's minute: warning-models §0.1, §0.6; the later times are ours.
ESCALATION: dict[Level, tuple[Step, ...]] = {
    "red": (
        Step(0, ("room", "station", "police")),
        Step(MINUTE, ("shift_leader", "room", "next_station", "police")),
        Step(3 * MINUTE, ("shift_leader", "chief")),
        Step(10 * MINUTE, ("chief",)),
    ),
    "orange": (
        Step(0, ("room", "station", "police")),
        Step(3 * MINUTE, ("shift_leader", "next_station")),
        Step(10 * MINUTE, ("chief",)),
    ),
    "yellow": (Step(0, ("room", "station")), Step(10 * MINUTE, ("shift_leader",))),
    "blue": (Step(0, ("station", "installer")),),
}


def cut(shore: Sequence[Lonlat], count: int, length: float = SEGMENT) -> list[tuple[Lonlat, Lonlat, Lonlat]]:
    """(start, middle, end) of `count` pieces of a shoreline from its first point on, each `length` metres along it.

    Raises ValueError where the shoreline is too short.
    """
    along = [0.0]
    for one, other in pairwise(shore):
        along.append(along[-1] + metres(one, other))
    if along[-1] < count * length:
        raise ValueError(f"the shoreline is {along[-1]:.0f} m long; {count} segments need {count * length:.0f} m")
    points, at = [], 0
    for half in range(2 * count + 1):
        want = half * length / 2
        while along[at + 1] < want:
            at += 1
        part = (want - along[at]) / (along[at + 1] - along[at])
        points.append(_between(shore[at], shore[at + 1], part))
    return [(points[2 * index], points[2 * index + 1], points[2 * index + 2]) for index in range(count)]


def _between(one: Lonlat, other: Lonlat, part: float) -> Lonlat:
    """Rounded as it is written, so that reading back gives the same."""
    return (round(one[0] + (other[0] - one[0]) * part, 6), round(one[1] + (other[1] - one[1]) * part, 6))


def on_segment(kind: DeviceType, number: int, segment: Segment, prefix: str, part: float = 0.5, **more: Any) -> Device:
    """A device on a segment, `part` of the way along it; the place number of a box is its prefix and number."""
    two = part * 2
    position = _between(segment.start, segment.middle, two) if two <= 1 else _between(segment.middle, segment.end, two - 1)
    words = {"box": ("报警箱", "Call box"), "light": ("警示灯", "Light"), "camera": ("摄像机", "Camera")}[kind]
    return Device(
        id=f"{kind}-{number:04d}",
        type=kind,
        area=segment.area,
        position=position,
        segment=segment.id,
        place=f"{prefix}-{number:04d}" if kind == "box" else "",
        name_zh=f"{segment.name_zh}{words[0]}",
        name_en=f"{words[1]}, {segment.name_en}",
        risk_point=segment.risk_point,
        **more,
    )


def circle(middle: Lonlat, radius: float, points: int = 48) -> tuple[Lonlat, ...]:
    """A closed ring of `radius` metres; cut off at the date line and short of the poles."""
    ring = []
    for at in range(points):
        angle = 2 * math.pi * at / points
        east, north = radius * math.cos(angle), radius * math.sin(angle)
        longitude, latitude = middle[0] + (from_local(middle, min(east, 2e7), 0)[0] - middle[0]), middle[1] + north / 111_195
        if abs(east) > 1e6 or abs(longitude - middle[0]) > 90:  # far out a local metre means little: degrees of a sphere do
            longitude = middle[0] + east / 111_195
        ring.append((round(max(-180.0, min(180.0, longitude)), 6), round(max(-89.0, min(89.0, latitude)), 6)))
    unique = list(dict.fromkeys(ring))
    return (*unique, unique[0])


def plain_site(name: str, middle: Lonlat, km: float, boxes: int = 12) -> Site:
    """One area of `km` around a point, with a room, a station, a receiver, a sensor and `boxes` along a small circle: a beginning to be edited.

    Raises ValueError for a point or a radius that is none.
    """
    longitude, latitude = middle
    if not (-180 <= longitude <= 180 and -85 <= latitude <= 85 and 1 <= km <= 5_000):
        raise ValueError("expected longitude -180 to 180, latitude -85 to 85 and 1 to 5000 km")
    if abs(latitude) + km / 111 > 85:
        raise ValueError("reaches over a pole: expected a smaller radius")
    area = Area(id="area-1", number=1, name_zh="第一辖区", name_en="Area 1", outline=circle(middle, km * 1000), origin=middle)
    posts = (
        Post(id="room", kind="room", area=area.id, name_zh="岸海监控室", name_en="Monitoring room", position=middle),
        Post(id="station-1", kind="station", area=area.id, name_zh="第一船管站", name_en="Station 1", position=middle),
    )
    segments = _round_segments(area, middle, boxes)
    devices = (
        *(on_segment("box", number, segment, "CG") for number, segment in enumerate(segments, 1)),
        Device(id="ais-1", type="receiver", area=area.id, position=middle, name_zh="AIS 接收机", name_en="AIS receiver"),
        Device(id="gateway-1", type="gateway", area=area.id, position=middle, name_zh="网关", name_en="Gateway"),
        Device(id="sensor-1", type="sensor", area=area.id, position=middle, name_zh="气象潮位站", name_en="Weather and tide"),
    )
    people = (
        Person(id="leader", name="值班长 Leader", role="shift_leader", post="room", seat="room-1"),
        Person(id="operator", name="值班员 Operator", role="operator", post="room", seat="room-2"),
        Person(id="clerk", name="船管员 Clerk", role="clerk", post="station-1"),
        Person(id="installer", name="安装员 Installer", role="installer", post="station-1"),
        Person(id="admin", name="管理员 Administrator", role="administrator", post="room"),
    )
    return Site(
        revision="", id=name, name_zh=name, name_en=name, time_zone="UTC", areas=(area,), posts=posts, people=people, segments=segments, devices=devices,
        units=(Unit(id="patrol-1", area=area.id, type="patrol", post="station-1", name_zh="第一巡逻组", name_en="Patrol 1", position=middle),),
        channels=(Channel(id="console", url="console:"),), escalation=ESCALATION,
    )  # fmt: skip


def _round_segments(area: Area, middle: Lonlat, count: int) -> tuple[Segment, ...]:
    """A shoreline that is not there: `count` segments around a small island at the middle."""
    if count < 3:
        return ()
    radius = 1.02 * count * SEGMENT / (2 * math.pi)
    shore = circle(middle, radius, 96)
    return tuple(
        Segment(
            id=f"shore-{index:03d}", area=area.id, index=index, line="shore", start=start, middle=half, end=end, station="station-1",
            name_zh=f"岸段{index}", name_en=f"segment {index}",
        )
        for index, (start, half, end) in enumerate(cut(shore, count))
    )  # fmt: skip
