"""A small coast with a console on a real log, for the console's tests. Time stands where the test puts it."""

import itertools
import warnings
from pathlib import Path

from msgspec import structs

from alerts.alert import Alert, Bilingual, Change, Outcomes, Reason
from alerts.outcomes import pack
from ingest.log import ALERTS, Log, Record
from ingest.settings import Settings
from ingest.site import Area, Device, Person, Post, Segment, Site, Unit

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette prefers httpx2, which is not among the locked packages
    from starlette.testclient import TestClient

__all__ = ["NOW", "SITE", "TestClient", "alert", "settings", "tell"]

NOW = 1_795_000_000_000
RING = ((118.6, 24.7), (118.9, 24.7), (118.9, 24.9), (118.6, 24.7))
SITE = Site(
    revision="r1",
    id="bay",
    name_zh="海湾",
    name_en="Bay",
    time_zone="Asia/Shanghai",
    areas=(Area("east", 0, "东", "East", RING, (118.7, 24.8)), Area("west", 1, "西", "West", RING, (118.7, 24.8))),
    posts=(Post("room", "room", "east", "岸海监控室", "Room"), Post("quay", "station", "west", "船管站", "Station", position=(118.7, 24.8))),
    people=(
        Person("lin", "林", "operator", "room", seat="room-1"),
        Person("chen", "陈", "clerk", "quay", language="en"),
        Person("wu", "吴", "installer", "quay"),
    ),
    segments=(Segment("s1", "west", 1, "shore", (118.7, 24.8), (118.702, 24.8), (118.701, 24.8), "quay"),),
    devices=(Device("box-1", "box", "west", (118.7, 24.8), segment="s1", place="QZ-0001"),),
    units=(Unit("patrol-1", "west", "patrol", "quay"),),
    shoreline=(RING,),
)
_offsets = itertools.count(100)


def settings(home: Path, port: int = 8600) -> Settings:
    return Settings(home=home, console_port=port, _env_file=None)


def alert(name: str = "a1", **more: object) -> Alert:
    change = Change("raised", NOW)
    plain = Alert(
        id=name, key=f"M01/{name}", model="M01", area="west", segment="s1", subject="box-1", place="QZ-0001", position=(118.7, 24.8), level="red",
        reason=Reason("pressed"), text=Bilingual("一键报警", "SOS call"), occurred=NOW, raised=NOW, updated=NOW, change=change,
    )  # fmt: skip
    return structs.replace(plain, **more)


def tell(log: Log, *alerts: Alert, offset: int | None = None, standing: tuple[tuple[str, int], ...] | None = None) -> None:
    """What the processor would have written."""
    outcomes = Outcomes(area="west", offset=next(_offsets) if offset is None else offset, now=NOW, alerts=alerts, open=standing)
    log.append([Record(ALERTS, 1, pack(outcomes))])
