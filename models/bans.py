"""What is forbidden at sea just now: bulletins in force with their amendments and withdrawals, the wind that was measured, the moratoria of the site."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ingest.events import Bulletin
from ingest.geo import inside
from ingest.site import Lonlat, Site, Vessel
from ingest.village import span_of

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000  # ms
# Least mean wind of each force in m/s. Source: the standard Beaufort table, and its Chinese extension to 17
BEAUFORT = (0.0, 0.3, 1.6, 3.4, 5.5, 8.0, 10.8, 13.9, 17.2, 20.8, 24.5, 28.5, 32.7, 37.0, 41.5, 46.2, 51.0, 56.1)
KINDS = ("wind", "typhoon", "moratorium", "recall")
# ms, where a bulletin names no end; ours
LASTS = {"wind": DAY, "typhoon": 2 * DAY, "moratorium": 120 * DAY, "recall": 7 * DAY, "fog": 12 * HOUR, "wave": DAY, "surge": DAY, "thunderstorm": 6 * HOUR, "tsunami": 12 * HOUR}  # fmt: skip
KEPT = 200  # bulletins at most; ours


class Notice(NamedTuple):
    """A bulletin as it now stands. Times in ms."""

    type: str
    cancelled: bool
    begins: int
    ends: int
    deadline: int
    colour: str
    force: int  # Beaufort, 0: not said
    gear: tuple[str, ...]
    length_max: float  # m, infinite: all
    polygon: tuple[Lonlat, ...]
    issuer: str

    def concerns(self, boat: Vessel, position: Lonlat | None) -> bool:
        if self.gear and boat.gear not in self.gear:
            return False
        if boat.length is not None and boat.length > self.length_max:
            return False
        return len(self.polygon) < 3 or (position is not None and inside(self.polygon, position))


@dataclass
class Bans:
    """`notices`: id -> the fields of a Notice; `blown`: by force, when the wind last had it, ms."""

    notices: dict[str, list[Any]] = field(default_factory=dict)
    blown: dict[int, int] = field(default_factory=dict)

    def hear(self, event: Bulletin, at: int, kinds: tuple[str, ...] = KINDS) -> None:
        """A withdrawal stands, whether it comes after its bulletin or before. What another bulletin replaces is withdrawn."""
        for name in event.replaces:
            if name != event.id:
                self._withdraw(name, at)
        known = self.notices.get(event.id)
        if event.type not in kinds or (known is not None and known[1]):
            return
        begins = event.onset if event.onset is not None else at
        ends = event.expires if event.expires is not None else max(begins, event.deadline or 0) + LASTS[event.type]
        self.notices[event.id] = list(Notice(
            event.type, event.message == "cancel", begins, ends, event.deadline if event.deadline is not None else begins, event.colour or "",
            int(event.wind_force or 0), event.gear, float("inf") if event.length_max is None else event.length_max, event.polygon,
            event.issuer or "",
        ))  # fmt: skip
        self._forget_first()

    def _withdraw(self, name: str, at: int) -> None:
        known = self.notices.get(name)
        self.notices[name] = [*known[:1], True, *known[2:]] if known is not None else list(Notice("", True, at, at, at, "", 0, (), 0.0, (), ""))
        self._forget_first()

    def _forget_first(self) -> None:
        while len(self.notices) > KEPT:
            del self.notices[min(self.notices, key=lambda name: (self.notices[name][3], name))]

    def feel(self, wind: float, at: int) -> None:
        """Mean wind, m/s."""
        force = force_of(wind)
        if force > 0:
            self.blown[force] = max(at, self.blown.get(force, at))

    def forget(self, now: int, hold: int) -> None:
        self.blown = {force: at for force, at in self.blown.items() if now - at < hold}
        self.notices = {name: row for name, row in self.notices.items() if row[3] + 7 * DAY > now}

    def of(self, *types: str) -> list[tuple[str, Notice]]:
        """(id, notice) of those not withdrawn."""
        return [(name, _notice(row)) for name, row in self.notices.items() if row[0] in types and not row[1]]

    def force(self, boat: Vessel, position: Lonlat | None, now: int, hold: int) -> int:
        """The wind in force for a boat: measured within `hold` ms, or warned of."""
        measured = max((force for force, at in self.blown.items() if now - at < hold), default=0)
        warned = (each.force for _, each in self.of("wind", "typhoon") if each.begins <= now < each.ends and each.concerns(boat, position))
        return max(measured, *warned, 0)


def _notice(row: list[Any]) -> Notice:
    return Notice._make([*row[:7], tuple(row[7]), row[8], tuple((x, y) for x, y in row[9]), row[10]])  # lists come back from a snapshot


def force_of(wind: float) -> int:
    """Beaufort of a mean wind in m/s; 0 of what is no number."""
    return sum(wind >= least for least in BEAUFORT[1:])


def moratorium_of(site: Site, bans: Bans, boat: Vessel, position: Lonlat | None, now: int) -> str:
    """The id of the moratorium that a boat breaks by being at sea there; empty where none. Of unknown gear nothing is known."""
    if not boat.gear or position is None or boat.kind == "tender":
        return ""
    for each in site.moratoria:
        begin, end = span_of(site.time_zone, each)
        concerned = boat.gear in each.gear if each.gear else boat.gear not in each.exempt
        if begin <= now < end and each.south <= position[1] < each.north and concerned:
            return each.id
    for name, notice in bans.of("moratorium"):
        if notice.begins <= now < notice.ends and notice.gear and notice.concerns(boat, position):
            return name
    return ""
