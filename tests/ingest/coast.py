"""A small site for tests of the door: two areas side by side, a box, a gateway, a camera, a receiver, a sensor, a console."""

from ingest.site import Area, Device, Post, Site, Vessel

NOW = 1_795_395_723_123  # 2026-11-23T01:02:03.123Z


def _ring(west, east):
    return ((west, 24.0), (east, 24.0), (east, 25.0), (west, 25.0), (west, 24.0))


def site():
    areas = (Area("west", 1, "西", "West", _ring(118.0, 119.0), (118.5, 24.5)), Area("east", 2, "东", "East", _ring(119.0, 120.0), (119.5, 24.5)))
    devices = (
        Device("box-1", "box", "west", (118.5, 24.5), gateway="gw-1"),
        Device("box-2", "box", "east", (119.5, 24.5), gateway="gw-1"),
        Device("box-3", "box", "west", (118.6, 24.5)),
        Device("gw-1", "gateway", "west", (118.5, 24.5)),
        Device("cam-1", "camera", "west", (118.5, 24.5), kinds=("light",)),
        Device("ais-1", "receiver", "west", (118.5, 24.5)),
        Device("sea-1", "sensor", "west", (118.5, 24.5)),
        Device("desk-1", "console", "west", (118.5, 24.5)),
        Device("light-1", "light", "west", (118.5, 24.5)),
    )
    posts = (Post("station-e", "station", "east", "东站", "East station"),)
    vessels = (Vessel("boat-1", "闽东渔00001", "412000001", "200001", home="station-e"),)
    return Site("rev", "test", "测", "Test", "Asia/Shanghai", areas, posts=posts, vessels=vessels, devices=devices)
