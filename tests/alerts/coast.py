"""A small coast for the life cycle's tests, and a room that presses its buttons."""

from itertools import count

from alerts.life_cycle.board import Changes
from alerts.life_cycle.life import LifeCycle
from ingest.events import Action, Exercise, Incident, Shift, Silence, Unit, Work
from ingest.site import Area, Device, Person, Post, Segment, Site
from ingest.site import Unit as SiteUnit
from models.model import Finding

MIN, HOUR = 60_000, 3_600_000
T0 = 1_750_000_000_000


def coast(revision: str = "one", **changes) -> Site:
    area = Area("bay", 0, "湾", "Bay", ((0, 0), (1, 0), (1, 1), (0, 0)), (118.0, 24.0))
    posts = (
        Post("room", "room", "bay", "岸海监控室", "Room"),
        Post("station", "station", "bay", "崇武船管站", "Chongwu", segments=("s-1", "s-2", "s-3")),
        Post("station-2", "station", "bay", "洛阳船管站", "Luoyang", segments=("s-4",)),
        Post("police", "police", "bay", "景区警务室", "Police", segments=("s-1", "s-2", "s-3")),
    )
    people = (
        Person("li", "李", "operator", "room", seat="room-1"),
        Person("chen", "陈", "operator", "room", seat="room-2"),
        Person("zhao", "赵", "shift_leader", "room"),
        Person("sun", "孙", "clerk", "station"),
        Person("qian", "钱", "clerk", "station-2"),
        Person("wu", "吴", "police", "police"),
        Person("crew", "巡", "unit", "station"),
        Person("fix", "修", "installer", "room"),
        Person("boss", "长", "chief", "room"),
    )
    segments = tuple(
        Segment(
            f"s-{n}",
            "bay",
            n,
            "shore",
            (118 + n / 100, 24),
            (118 + (n + 1) / 100, 24),
            (118 + n / 100, 24),
            "station-2" if n == 4 else "station",
            "police",
            name_zh="崇武",
        )
        for n in range(1, 5)
    )
    devices = (
        Device("box-1", "box", "bay", (118.01, 24), "s-1", "QZ-0001"),
        Device("box-2", "box", "bay", (118.02, 24), "s-2", "QZ-0002"),
        Device("receiver", "receiver", "bay", (118.02, 24), "s-2"),
        *(Device(f"light-{n}", "light", "bay", (118 + n / 100, 24), f"s-{n}") for n in range(1, 5)),
        Device("camera-1", "camera", "bay", (118.01, 24), "s-1"),
    )
    units = (
        SiteUnit("patrol-1", "bay", "patrol", "station", position=(118.01, 24)),
        SiteUnit("patrol-2", "bay", "patrol", "station", position=(118.03, 24)),
    )
    made = {
        "revision": revision, "id": "bay", "name_zh": "湾", "name_en": "Bay", "time_zone": "Asia/Shanghai", "areas": (area,), "posts": posts, "people": people,
        "segments": segments, "devices": devices, "units": units, **changes,
    }  # fmt: skip
    return Site(**made)


class Room:
    """One area with a clock that the test sets; keeps all that came out, and the newest revision of every alert."""

    def __init__(self, site: Site | None = None) -> None:
        self.site = site or coast()
        self.life = LifeCycle(self.site, self.site.areas[0])
        self.now = T0
        self.alerts, self.pages, self.commands, self.newest = [], [], [], {}
        self.number = count()

    def took(self, changes: Changes) -> Changes:
        self.alerts += changes.alerts
        self.pages += changes.pages
        self.commands += changes.commands
        for alert in changes.alerts:
            self.newest[alert.id] = alert
        return changes

    def at(self, after: int) -> Changes:
        """`after` ms since the beginning."""
        self.now = T0 + after
        return self.took(self.life.tick_to(self.now))

    def find(self, model="M02", subject="box-1", level="blue", code="silent", **more) -> Changes:
        device = self.site.device.get(subject)
        placed = {"segment": device.segment, "place": device.place, "position": device.position} if device else {}
        given = {"index": 0, "cause": f"cause-{next(self.number)}", "occurred": self.now, **placed, **more}
        return self.took(self.life.finding(Finding(model=model, subject=subject, level=level, code=code, **given), self.now))

    def press(self, box="box-1", **more):
        changes = self.find("M01", box, "red", "pressed", again=True, answers=box, **more)
        return self.newest[changes.alerts[-1].id]

    def do(self, verb, alert, by="li", entered_late=None, id_=None, **more) -> Changes:
        action = Action(
            device="console", received=self.now, id=id_ or f"a-{next(self.number)}", alert=getattr(alert, "id", alert), do=verb, by=by, **more
        )
        return self.took(self.life.event(action, self.now, entered_late))

    def hear(self, kind, **more) -> Changes:
        return self.took(self.life.event(kind(device="console", received=self.now, seq=next(self.number), **more), self.now, None))

    def one(self, key: str):
        """The newest alert of a key."""
        return [alert for alert in self.newest.values() if alert.key == key][-1]

    def reports(self, box="box-1") -> list[str]:
        return [each.args["state"] for each in self.commands if each.command == "report" and each.device == box]


__all__ = ["HOUR", "MIN", "T0", "Exercise", "Incident", "Room", "Shift", "Silence", "Unit", "Work", "coast"]
