"""A small coast for tests: twelve boxes 200 m apart in two feeders, a receiver, a camera, a sensor, a room, a station, people. Nothing random."""

from msgspec import structs

from ingest.events import Heartbeat, Level, Position, Sos, Tick, TrackedObject, Tracks
from ingest.site import Area, Channel, Device, Person, Post, Segment, Site, Step, Unit, Vessel, Zone, ZoneKind

START = 1_767_225_600_000  # 2026-01-01T00:00:00Z in ms
LONGITUDE, LATITUDE = 118.80, 24.85
STEP = 0.00198  # degrees of longitude: about 200 m here


def box(i: int) -> str:
    return f"box-{i:02d}"


def at(segments: float, metres: float) -> tuple[float, float]:
    """A position: so many segments (200 m) along the shore from the west, so many metres north of it, which is inland."""
    return round(LONGITUDE + segments * STEP, 6), round(LATITUDE + metres / 110_770, 6)


def zone(name: str, kind: ZoneKind, west: float, south: float, east: float, north: float, **properties: str | float | bool) -> Zone:
    """A rectangle between two corners as `at` takes them."""
    ring = at(west, south), at(east, south), at(east, north), at(west, north), at(west, south)
    return Zone(name, kind, ("bay",), name, name, ring, properties=properties)


def site(boxes: int = 12, revision: str = "r1", thresholds: dict | None = None, risk: tuple[int, ...] = ()) -> Site:
    ring = ((118.5, 24.6), (119.1, 24.6), (119.1, 25.1), (118.5, 25.1), (118.5, 24.6))
    segments = tuple(
        Segment(
            f"seg-{i:02d}", "bay", i, "shore", (LONGITUDE + i * STEP, LATITUDE), (LONGITUDE + (i + 1) * STEP, LATITUDE),
            (LONGITUDE + (i + 0.5) * STEP, LATITUDE), "station-a" if i < boxes // 2 else "station-b", police="police-a" if i < 3 else "",
        )
        for i in range(boxes)
    )  # fmt: skip
    devices = tuple(
        Device(
            box(i), "box", "bay", (LONGITUDE + (i + 0.5) * STEP, LATITUDE), f"seg-{i:02d}", f"QZ-{i:04d}",
            neighbours=tuple(box(j) for j in (i - 1, i + 1) if 0 <= j < boxes), feeder=f"feeder-{i // 6}", risk_point=i in risk,
        )
        for i in range(boxes)
    )  # fmt: skip
    middle = (LONGITUDE + 0.01, LATITUDE)
    devices += (
        Device("ais-1", "receiver", "bay", middle, "seg-05"),
        Device("cam-1", "camera", "bay", middle, "seg-05"),
        Device("light-1", "light", "bay", middle, "seg-05"),
        Device("met-1", "sensor", "bay", middle, "seg-05"),
        Device("console", "console", "bay", middle),
    )
    everybody: dict[Level, tuple[Step, ...]] = {
        "red": (Step(0, ("room", "station", "police")), Step(60_000, ("shift_leader", "next_station"))),
        "orange": (Step(0, ("room", "station", "police")), Step(180_000, ("shift_leader",))),
        "yellow": (Step(0, ("room", "station")), Step(600_000, ("shift_leader",))),
        "blue": (Step(0, ("installer",)),),
    }
    return Site(
        revision=revision, id="test-bay", name_zh="测试湾", name_en="Test Bay", time_zone="Asia/Shanghai",
        areas=(Area("bay", 0, "测试湾", "Test Bay", ring, middle),),
        posts=(
            Post("room", "room", "bay", "岸海监控室", "Monitoring room"),
            Post("station-a", "station", "bay", "甲船管站", "Station A", tuple(s.id for s in segments if s.station == "station-a"), middle),
            Post("station-b", "station", "bay", "乙船管站", "Station B", tuple(s.id for s in segments if s.station == "station-b"), middle),
            Post("police-a", "police", "bay", "甲景区警务室", "Scenic police A", tuple(s.id for s in segments if s.police), middle),
        ),
        people=(
            Person("wang", "王值班", "operator", "room", seat="room-1"),
            Person("li", "李值班", "operator", "room", seat="room-2"),
            Person("chen", "陈班长", "shift_leader", "room"),
            Person("lin", "林船管", "clerk", "station-a"),
            Person("huang", "黄船管", "clerk", "station-b"),
            Person("zhang", "张警官", "police", "police-a"),
            Person("wu", "吴安装", "installer", "room"),
            Person("zheng", "郑局长", "chief", "room"),
        ),
        segments=segments,
        devices=devices,
        units=(Unit("patrol-1", "bay", "patrol", "station-a", position=middle), Unit("boat-1", "bay", "boat", "station-b", position=middle)),
        zones=(
            zone("closed-1", "closed", 0.5, -20, 1.5, 60), zone("risk-1", "risk_point", 2.5, -40, 3.5, 100), zone("road-1", "road", 2, 20, 9, 60),
            zone("bathing-1", "bathing", 4, -200, 6, 0, hours="06:00-18:00", capacity=100), zone("sand-1", "bathing", 4, 0, 6, 15, capacity=100),
            zone("gleaning-1", "gleaning", 7, -800, 9, 0, height=2.0, path_height=2.5, walk=15), zone("berth-1", "berth", 10, -60, 11, 10),
            zone("forbidden-1", "forbidden", -10, -9_000, -4, -6_000), zone("forbidden-2", "forbidden", -2, -9_000, 2, -7_000, strict=True, warning=15),
            zone("fairway-1", "fairway", -40, -5_000, 40, -3_500), zone("farm-1", "aquaculture", 12, -900, 16, -300),
            Zone("harbour-1", "harbour", ("bay",), "港", "Harbour", ((118.9, 24.7), (118.92, 24.7), (118.92, 24.72), (118.9, 24.72), (118.9, 24.7))),
            Zone("border-1", "border", ("bay",), "界", "Border", ((118.95, 24.65), (119.05, 24.65), (119.05, 24.68), (118.95, 24.68), (118.95, 24.65))),
        ),
        shoreline=(((118.5, LATITUDE), (119.1, LATITUDE), (119.1, 25.1), (118.5, 25.1), (118.5, LATITUDE)),),
        vessels=(Vessel("fj-1", "闽狮渔00001", "412000001", "200001", "station-a", length=18.0),),
        channels=(Channel("console", "console:"),),
        thresholds=thresholds or {},
        escalation=everybody,
    )  # fmt: skip


def beat(i: int, at: int, seq: int, boot: int = 7, **more: object) -> Heartbeat:
    """A box's heartbeat, received 50 ms after it was sent."""
    return Heartbeat(
        **{"device": box(i), "received": at + 50, "ts": at, "sent": at, "seq": seq, "boot": boot, "battery": 0.9, "uptime": seq * 30.0, **more}
    )


def with_camera_amid(of: Site, segment: str = "seg-05", **more: object) -> Site:
    """The camera stands in the middle of a segment, which it so sees whole."""
    moved = (
        structs.replace(each, position=of.segment[segment].middle, segment=segment, **more) if each.id == "cam-1" else each for each in of.devices
    )
    return structs.replace(of, devices=tuple(moved))


def seen(camera: str, at: int, *objects: TrackedObject, **more: object) -> Tracks:
    """One look of a camera."""
    return Tracks(**{"device": camera, "received": at + 50, "ts": at, "sent": at, "objects": objects, **more})


def thing(track: int | str, class_: str, where: tuple[float, float] | None, score: float = 0.8, **more: object) -> TrackedObject:
    return TrackedObject(**{"track": track, "class_": class_, "score": score, "box": (0.4, 0.4, 0.05, 0.1), "position": where, **more})


def press(i: int, at: int, seq: int, boot: int = 7, **more: object) -> Sos:
    return Sos(**{"device": box(i), "received": at + 50, "ts": at, "sent": at, "seq": seq, "boot": boot, **more})


def fix(vessel: str, at: int, longitude: float, latitude: float, **more: object) -> Position:
    return Position(
        **{"device": "ais-1", "received": at + 50, "ts": at, "vessel": vessel, "position": (longitude, latitude), "sog": 3.0, "cog": 90.0, **more}
    )


def tick(at: int, heard: int | None = None, connects: int = 1) -> Tick:
    return Tick(device="bridge", received=at, now=at, heard=at if heard is None else heard, connects=connects)
