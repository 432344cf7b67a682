"""Makes sites/quanzhou-bay: an invented watch on the real shore of Quanzhou Bay. `python -m sites.make_quanzhou SHORE.geojson TIDE.json`.

Shoreline: GSHHG (LGPL-3), tide: TICON-4 (CC BY 4.0); both are kept in the folder with their licences. People, vessels and devices are invented.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import structs

from ingest.geo import from_local
from ingest.site import Area, Channel, Device, Lonlat, Person, Post, Role, Segment, Site, Unit, Vessel, Zone, ZoneKind
from ingest.site_make import ESCALATION, cut, on_segment
from ingest.site_write import write_site
from ingest.village import Covenant, Group, Moratorium, Plate, Season

FOLDER = Path(__file__).resolve().parent / "quanzhou-bay"
NOTE = """The example site: an invented watch on the real shore of Quanzhou Bay, made by sites/make_quanzhou.py.
People, vessels, numbers and devices are invented; so is every judgement of what is a risk point."""
NORTH, SOUTH = "huian", "shishi"


class Stretch(NamedTuple):
    """A piece of shore that one station looks after, from the vertex of the mainland's ring nearest to `begins`."""

    line: str
    area: str
    name_zh: str
    name_en: str
    begins: Lonlat
    segments: int
    station: str
    police: str


STRETCHES = (
    Stretch("chongwu", NORTH, "崇武", "Chongwu", (118.957, 24.887), 60, "station-chongwu", "police-chongwu"),
    Stretch("zhangban", NORTH, "张坂", "Zhangban", (118.828, 24.900), 60, "station-chongwu", ""),
    Stretch("xiutu", NORTH, "秀涂", "Xiutu", (118.767, 24.855), 50, "station-xiutu", ""),
    Stretch("baiqi", NORTH, "百崎", "Baiqi", (118.704, 24.889), 30, "station-xiutu", ""),
    Stretch("hanjiang", SOUTH, "蚶江", "Hanjiang", (118.634, 24.775), 50, "station-shihu", "police-shihu"),
    Stretch("xiangzhi", SOUTH, "祥芝", "Xiangzhi", (118.725, 24.808), 50, "station-xiangzhi", ""),
)
BORDER = ((118.64, 24.83), (118.72, 24.825), (118.85, 24.80), (119.10, 24.70))  # between the two areas, through the bay
AREAS = (
    Area(
        NORTH, 1, "惠安—台商投资区", "Hui'an and Taiwanese Investment Zone", (*BORDER, (119.10, 25.05), (118.64, 25.05), BORDER[0]), (118.85, 24.88)
    ),
    Area(SOUTH, 2, "石狮", "Shishi", (*BORDER, (119.10, 24.60), (118.60, 24.60), (118.60, 24.83), BORDER[0]), (118.74, 24.79)),
)
POSTS = (
    Post("room", "room", NORTH, "岸海监控室", "Coast monitoring room", position=(118.760, 24.880)),
    Post("station-xiutu", "station", NORTH, "秀涂船管站", "Xiutu station", position=(118.700, 24.860)),
    Post("station-chongwu", "station", NORTH, "崇武船管站", "Chongwu station", position=(118.930, 24.880)),
    Post("station-shihu", "station", SOUTH, "石湖船管站", "Shihu station", position=(118.708, 24.797)),
    Post("station-xiangzhi", "station", SOUTH, "祥芝船管站", "Xiangzhi station", position=(118.764, 24.776)),
    Post("police-chongwu", "police", NORTH, "崇武古城景区警务室", "Chongwu old town police room", position=(118.940, 24.877)),
    Post("police-shihu", "police", SOUTH, "石湖景区警务室", "Shihu police room", position=(118.712, 24.799)),
)
SURNAMES, GIVEN = "林陈黄张吴李王郑蔡庄许曾", ("志强", "丽华", "建国", "美玲", "文彬", "秀珍", "伟明", "雅婷", "海生", "晓燕", "国栋", "诗涵")
CHANNELS = (Channel("console", "console:"),)
COVENANTS = (
    Covenant(
        "ten-ships", "十船联保公约", "Ten-ship covenant",
        ("出海先报告,回港即销报", "同出同归,互相照应", "证件、保险、检验齐全", "定位、电台、救生衣齐备", "听召回,不抢风头,不违禁渔"),
        ("Report before you sail and when you are back", "Sail together, look after each other", "Papers, insurance and inspection in order",
         "Locator, radio and life jackets aboard", "Come back when called; no sailing into a gale or in the moratorium"),
    ),
    Covenant(
        "small-boats", "小船公约", "Small-boat covenant", ("12米以下小船不单独出海", "六级风不出海"),
        ("No boat under 12 m sails alone", "No sailing at force 6"), kit=("locator", "lifejackets"), near=4.0, apart=6.0,
    ),
)  # fmt: skip
# The dates of 2025 as published; those of later years are to be entered from each year's notice.
MORATORIA = tuple(
    Moratorium(f"south-{year}", f"{year}-05-01T12:00", f"{year}-08-16T12:00", north=26.5, exempt=("angling", "longline", "support"), source=source)
    for year, source in (
        (2025, "MARA 2025; south of 26.5 N, all gear but hook and line"), (2026, "as 2025, to be checked"), (2027, "as 2025, to be checked")
    )
)  # fmt: skip
PROPERTIES: dict[str, dict[str, str | float | bool]] = {
    "forbidden-bridge": {"strict": True, "warning": 6}, "border-outer": {"warning": 15}, "bathing-chongwu": {"capacity": 6_000, "hours": "06:00-18:30"},
    "gleaning-zhangban": {"height": 2.2, "path_height": 2.8, "walk": 20}, "gleaning-hanjiang": {"height": 2.0, "path_height": 2.5, "walk": 25},
    "gleaning-qingshan": {"height": 1.5, "path_height": 3.0, "walk": 12}, "bathing-half-moon": {"capacity": 30, "hours": "06:00-18:30"},
}  # fmt: skip
SEASONS = (
    Season("national-day-2026", "holiday", "2026-10-01", "2026-10-07", name_zh="国庆假期", name_en="National Day"),
    Season("spring-festival-2027", "holiday", "2027-02-05", "2027-02-12", name_zh="春节假期", name_en="Spring Festival"),
    Season("oysters-2026", "farm", "2026-09-01", "2027-03-31", "04:00-18:00", ("aquaculture-1",), "海蛎采收", "Oyster harvest"),
)

PLATES = (Plate("fish-buyer-1", "d1f0a47c52e8b3694fa2", "03:00-06:00", "2026-12-31", "收鱼车一号", "Fish buyer 1"),)


def quanzhou(land: tuple[tuple[Lonlat, ...], ...], tide: dict[str, Any], seed: int = 1) -> Site:
    """The example. `land`: outlines, the mainland first."""
    dice = random.Random(seed)  # noqa: S311 — an invented coast
    segments = _segments(land[0])
    return Site(
        revision="", id="quanzhou-bay", name_zh="泉州湾", name_en="Quanzhou Bay", time_zone="Asia/Shanghai", areas=AREAS, posts=POSTS,
        people=_people(dice), segments=segments, devices=_devices(segments), units=_units(), zones=_zones(segments), vessels=_vessels(dice),
        shoreline=land, channels=CHANNELS, escalation=ESCALATION, tide=tide,
        thresholds={"M02": {"missed": 90_000}, "M12": {"blue_after": 1_800_000}}, groups=_groups(seed), covenants=COVENANTS, moratoria=MORATORIA,
        seasons=SEASONS, plates=PLATES,
    )  # fmt: skip


def _segments(mainland: tuple[Lonlat, ...]) -> tuple[Segment, ...]:
    found = []
    for stretch in STRETCHES:
        first = min(range(len(mainland)), key=lambda at: (mainland[at][0] - stretch.begins[0]) ** 2 + (mainland[at][1] - stretch.begins[1]) ** 2)
        for index, (start, middle, end) in enumerate(cut(mainland[first:], stretch.segments)):
            found.append(
                Segment(
                    id=f"{stretch.line}-{index + 1:03d}", area=stretch.area, index=index, line=stretch.line, start=start, end=end, middle=middle,
                    station=stretch.station, police=stretch.police if 10 <= index < 40 else "", risk_point=index % 17 == 5,
                    name_zh=f"{stretch.name_zh}{index + 1:03d}段", name_en=f"{stretch.name_en} {index + 1:03d}",
                )
            )  # fmt: skip
    return tuple(found)


def _devices(segments: tuple[Segment, ...]) -> tuple[Device, ...]:
    boxes, lights, cameras, gateways = list[Device](), list[Device](), list[Device](), list[Device]()
    for number, segment in enumerate(segments, 1):
        gateway = f"gateway-{(number - 1) // 50 + 1}"
        feeder = f"feeder-{(number - 1) // 25 + 1:02d}"
        boxes.append(on_segment("box", number, segment, "QZ", feeder=feeder))
        lights.append(on_segment("light", number, segment, "QZ", 0.25, feeder=feeder, gateway=gateway))
        if number * 2 // 5 > (number - 1) * 2 // 5:
            cameras.append(on_segment("camera", len(cameras) + 1, segment, "QZ", 0.75, feeder=feeder))
        if number % 50 == 25:
            gateways.append(Device(gateway, "gateway", segment.area, segment.middle, segment.id, name_zh=f"网关{len(gateways) + 1}", name_en=gateway))
    return (*boxes, *lights, *cameras, *gateways, *_others())


def _others() -> tuple[Device, ...]:
    at = {post.id: post.position or (0.0, 0.0) for post in POSTS}
    return (
        Device("ais-chongwu", "receiver", NORTH, at["station-chongwu"], name_zh="崇武 AIS 基站", name_en="AIS receiver, Chongwu"),
        Device("ais-xiangzhi", "receiver", SOUTH, at["station-xiangzhi"], name_zh="祥芝 AIS 基站", name_en="AIS receiver, Xiangzhi"),
        Device("beidou-room", "receiver", NORTH, at["room"], name_zh="北斗指挥机", name_en="Beidou terminal of the room"),
        Device("sensor-chongwu", "sensor", NORTH, at["station-chongwu"], name_zh="崇武气象潮位站", name_en="Weather and tide, Chongwu"),
        Device("sensor-shihu", "sensor", SOUTH, at["station-shihu"], name_zh="石湖气象潮位站", name_en="Weather and tide, Shihu"),
        *(
            Device(
                post.id.replace("station", "console"),
                "console",
                post.area,
                at[post.id],
                name_zh=f"{post.name_zh}终端",
                name_en=f"Console, {post.name_en}",
            )
            for post in POSTS
            if post.kind == "station"
        ),
    )


def _people(dice: random.Random) -> tuple[Person, ...]:
    names = dice.sample([surname + given for surname in SURNAMES for given in GIVEN], 40)
    rows: list[tuple[str, Role, str, str]] = [
        ("chief", "chief", "room", ""),
        ("admin", "administrator", "room", ""),
        ("leader-1", "shift_leader", "room", "room-1"),
        ("leader-2", "shift_leader", "room", "room-1"),
        *((f"operator-{number}", "operator", "room", f"room-{2 + (number - 1) % 2}") for number in range(1, 7)),
        ("installer-1", "installer", "station-xiutu", ""),
        ("installer-2", "installer", "station-shihu", ""),
    ]
    for post in POSTS:
        if post.kind == "station":
            rows += [(f"clerk-{post.id.removeprefix('station-')}-{number}", "clerk", post.id, "") for number in (1, 2)]
            rows.append((f"patrol-{post.id.removeprefix('station-')}", "unit", post.id, ""))
        elif post.kind == "police":
            rows += [(f"{post.id}-{number}", "police", post.id, "") for number in (1, 2)]
    return tuple(
        Person(id=name, name=person, role=role, post=post, seat=seat, language="en" if name == "operator-6" else "zh")
        for (name, role, post, seat), person in zip(rows, names, strict=False)
    )


def _units() -> tuple[Unit, ...]:
    found = []
    for post in POSTS:
        short = post.id.partition("-")[2]
        if post.kind == "station":
            found += [
                Unit(f"patrol-{short}", post.area, "patrol", post.id, f"{post.name_zh}巡逻组", f"Patrol, {post.name_en}", post.position),
                Unit(f"boat-{short}", post.area, "boat", post.id, f"{post.name_zh}巡逻艇", f"Boat, {post.name_en}", post.position),
            ]
        elif post.kind == "police":
            found.append(
                Unit(f"police-patrol-{short}", post.area, "patrol", post.id, f"{post.name_zh}巡逻组", f"Patrol, {post.name_en}", post.position)
            )
    found += [
        Unit("drone-north", NORTH, "drone", "station-chongwu", "崇武无人机", "Drone, Chongwu", (118.93, 24.88)),
        Unit("drone-south", SOUTH, "drone", "station-xiangzhi", "祥芝无人机", "Drone, Xiangzhi", (118.764, 24.776)),
    ]
    return tuple(found)


def _zones(segments: tuple[Segment, ...]) -> tuple[Zone, ...]:
    rows: list[tuple[str, ZoneKind, str, str, str, Lonlat, float, float]] = [
        ("harbour-xiutu", "harbour", NORTH, "秀涂港区", "Xiutu harbour", (118.690, 24.848), 1200, 700),
        ("harbour-chongwu", "harbour", NORTH, "崇武渔港", "Chongwu fishing harbour", (118.925, 24.873), 1100, 700),
        ("harbour-shihu", "harbour", SOUTH, "石湖港区", "Shihu harbour", (118.716, 24.812), 1300, 600),
        ("harbour-xiangzhi", "harbour", SOUTH, "祥芝中心渔港", "Xiangzhi fishing harbour", (118.764, 24.783), 1200, 700),
        ("anchorage-outer", "anchorage", NORTH, "湾口锚地", "Outer anchorage", (118.850, 24.835), 2500, 2000),
        ("aquaculture-1", "aquaculture", NORTH, "百崎养殖区", "Baiqi oyster beds", (118.720, 24.900), 900, 700),
        ("forbidden-bridge", "forbidden", NORTH, "大桥禁航区", "Bridge, no passage", (118.700, 24.835), 500, 1000),
        ("fairway-1", "fairway", NORTH, "主航道", "Main fairway", (118.780, 24.835), 4000, 500),
        ("bathing-chongwu", "bathing", NORTH, "西沙湾浴场", "Xisha Bay bathing beach", (118.912, 24.881), 900, 250),
        ("bathing-half-moon", "bathing", NORTH, "半月湾浴场", "Half-moon Bay bathing beach", (118.9813, 24.8800), 240, 110),
        ("gleaning-qingshan", "gleaning", NORTH, "青山湾赶海区", "Qingshan Bay gleaning flats", (118.8151, 24.8989), 160, 120),
        ("gleaning-zhangban", "gleaning", NORTH, "张坂赶海区", "Zhangban gleaning flats", (118.800, 24.880), 1200, 700),
        ("gleaning-hanjiang", "gleaning", SOUTH, "蚶江赶海区", "Hanjiang gleaning flats", (118.665, 24.798), 1500, 600),
        ("road-xiangzhi", "road", SOUTH, "祥芝沿海路", "Xiangzhi coast road", (118.745, 24.779), 1500, 40),
        ("parking-xiangzhi", "parking", SOUTH, "祥芝停车场", "Xiangzhi car park", (118.741, 24.779), 120, 40),
        ("border-outer", "border", NORTH, "外侧警戒线", "Outer line", (119.09, 24.83), 60, 47000),
    ]
    zones = [_box(*row) for row in rows]
    zones = [structs.replace(zone, properties=PROPERTIES.get(zone.id, {})) for zone in zones]
    zones += [
        _box(f"closed-{segment.id}", "closed", segment.area, f"{segment.name_zh}封闭区", f"Closed shore, {segment.name_en}", segment.middle, 180, 120)
        for segment in segments
        if segment.index == 30
    ]
    zones += [
        _box(
            f"risk-{segment.id}",
            "risk_point",
            segment.area,
            f"{segment.name_zh}涉私风险点",
            f"Risk point, {segment.name_en}",
            segment.middle,
            300,
            300,
        )
        for segment in segments
        if segment.risk_point
    ]
    zones += [
        _box(f"berth-{name}", "berth", area, f"{zh}泊位", f"Berth, {en}", at, 300, 120)
        for name, area, zh, en, at in (("xiutu-1", NORTH, "秀涂", "Xiutu", (118.688, 24.852)), ("shihu-1", SOUTH, "石湖", "Shihu", (118.712, 24.809)))
    ]
    return tuple(zones)


def _box(name: str, kind: ZoneKind, area: str, zh: str, en: str, middle: Lonlat, width: float, height: float) -> Zone:
    corners = ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5))
    ring = tuple((round(x, 6), round(y, 6)) for x, y in (from_local(middle, east * width, north * height) for east, north in corners))
    areas = (NORTH, SOUTH) if kind in ("border", "fairway", "anchorage") else (area,)
    return Zone(name, kind, areas, zh, en, ring)


def _vessels(dice: random.Random) -> tuple[Vessel, ...]:
    """400, in groups of ten that answer for each other, a hundred a station."""
    numbers = dice.sample(range(10_000, 100_000), 400)
    calls = dice.sample(range(100_000, 1_000_000), 400)
    stations = [post for post in POSTS if post.kind == "station"]
    found = []
    for at, number in enumerate(numbers):
        post = stations[at // 100]
        prefix, short = ("闽晋渔运", "mjyy") if at % 25 == 24 else ("闽惠渔", "mhy") if post.area == NORTH else ("闽狮渔", "msy")
        length = round(dice.triangular(8, 42, 14), 1)
        skipper = dice.choice(SURNAMES) + dice.choice(GIVEN)
        found.append(
            Vessel(
                id=f"{short}-{number}", name=f"{prefix}{number}", mmsi=f"{412 + at % 2}{calls[at]}", terminal=f"{4_000_000 + at * 7}", home=post.id,
                group=f"{post.id.removeprefix('station-')}-{at % 100 // 10 + 1:02d}", length=length, skipper=skipper,
                gear=dice.choice(("gillnet", "trawl", "stow", "longline", "angling")), wind_rating=6 if length < 12 else 7 if length < 24 else 8,
            )
        )  # fmt: skip
    more = random.Random(len(found))  # noqa: S311 — an invented coast; of its own, so that what was drawn before stays
    return tuple(_registered(vessel, at, more) for at, vessel in enumerate(found))


def _groups(seed: int) -> tuple[Group, ...]:
    """Forty groups of ten; its members are named in the registry."""
    dice = random.Random(seed + 1)  # noqa: S311 — an invented coast
    found = []
    for post in POSTS:
        if post.kind != "station":
            continue
        short = post.id.removeprefix("station-")
        for number in range(1, 11):
            contact = dice.choice(SURNAMES) + dice.choice(GIVEN)
            found.append(
                Group(
                    f"{short}-{number:02d}", f"{post.name_zh.removesuffix('船管站')}第{number}联保组", f"{post.name_en.removesuffix(' station')} group {number}",
                    post.id, "small-boats" if number == 10 else "ten-ships", contact=contact, phone=f"0595-555{dice.randrange(10_000):04d}",
                )
            )  # fmt: skip
    return tuple(found)


def _registered(vessel: Vessel, at: int, dice: random.Random) -> Vessel:
    """The rest of the registry's row: papers, crew, kit. One boat's insurance has run out."""
    until = [f"20{dice.randrange(30, 36)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 28):02d}" for _ in range(3)]
    return structs.replace(
        vessel, plate=f"闽泉台{at:04d}" if at % 25 == 12 else "", kind="carrier" if at % 25 == 24 else "township" if at % 25 == 12 else "fishing",
        certificate_until=until[0], insurance_until="2026-06-30" if at == 399 else until[1], inspection_until=until[2],
        crew=max(8, round((vessel.length or 10) / 3)), kit=("locator", "radio", "lifejackets") if (vessel.length or 0) >= 12 else ("locator", "lifejackets"),
    )  # fmt: skip


def main(shore: Path, tides: Path) -> None:
    features = json.loads(shore.read_text(encoding="utf-8"))["features"]
    rings = [tuple((round(x, 5), round(y, 5)) for x, y in feature["geometry"]["coordinates"][0]) for feature in features]
    stations = json.loads(tides.read_text(encoding="utf-8"))
    write_site(quanzhou(tuple(rings), min(stations, key=lambda station: station["dist_km"])), FOLDER, NOTE)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
