"""What villages and the fisheries office laid down: ten-ship groups, their covenants, moratoria, and days that are unlike others.

Days and times are the site's local ones, as people write them. They differ from year to year, so they are rows of a file, never of the code.
"""

import re
from datetime import datetime
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

REASONS = ("weather", "moratorium", "recall", "papers", "kit")
KIT = ("locator", "radio", "lifejackets", "liferaft", "flares", "lights", "beacon", "pump")
NotToSail = Literal["weather", "moratorium", "recall", "papers", "kit"]


class Covenant(Struct, frozen=True):
    """What the boats of a village promised each other. Its numbers go over the models' own for its groups."""

    id: str
    name_zh: str
    name_en: str
    rules_zh: tuple[str, ...] = ()  # as the village wrote them
    rules_en: tuple[str, ...] = ()
    reasons: tuple[NotToSail, ...] = REASONS  # type: ignore[assignment]  # the five reasons not to sail (五不出海) that it holds to
    kit: tuple[str, ...] = ("locator", "radio", "lifejackets")  # to be checked before each departure
    boats: int = 10  # in a group at most
    near: float | None = None  # nm within which another of the group must be (M15 near); empty: as the model says
    apart: float | None = None  # nm beyond which a boat left its group (M15 apart); empty: as the model says


class Group(Struct, frozen=True):
    """A ten-ship group (十船联保): boats that answer for each other."""

    id: str
    name_zh: str
    name_en: str
    station: str  # post that looks after it
    covenant: str = ""
    leader: str = ""  # vessel that speaks for it
    contact: str = ""  # person ashore, or several, who can reach its families
    phone: str = ""  # of that person
    members: tuple[str, ...] = ()  # vessels, where vessels.csv does not name the group


class Moratorium(Struct, frozen=True):
    """A time in which some gear must not be at sea between two latitudes. One row a year, as the office publishes it."""

    id: str
    begins: str  # local: 2026-05-01T12:00
    ends: str  # local, no longer in force then
    south: float = -90.0  # degrees of latitude
    north: float = 90.0
    gear: tuple[str, ...] = ()  # that must stay; empty: all but those exempt
    exempt: tuple[str, ...] = ()  # gear that may go
    source: str = ""  # the notice


class Season(Struct, frozen=True):
    """Days in which the shore is busy for a known reason, so that models take it for what it is."""

    id: str
    kind: Literal["holiday", "farm"]
    begins: str  # local day: 2026-10-01
    ends: str  # last day, included
    hours: str = ""  # local, 04:00-09:00; empty: all day
    zones: tuple[str, ...] = ()  # where it holds; empty: everywhere
    name_zh: str = ""
    name_en: str = ""


class Plate(Struct, frozen=True):
    """A vehicle that is known on the shore: the fish buyer, the waste collector. Never the plate, only its HMAC under the site's key."""

    id: str
    keyed: str  # as cameras say it (`plate`)
    hours: str = ""  # local, 04:00-07:00, in which it is expected; empty: always
    until: str = ""  # last local day; empty: for good
    name_zh: str = ""
    name_en: str = ""


class Span(NamedTuple):
    """[begin, end) in ms."""

    begin: int
    end: int


DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
_YEARLY = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2})\.\.(?:(\d{4})-)?(\d{2})-(\d{2})")


@lru_cache(maxsize=4096)
def local_millis(time_zone: str, text: str) -> int:
    """Ms of a local day or moment. Raises ValueError."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(time_zone)).timestamp() * 1000)


def span_of(time_zone: str, moratorium: Moratorium) -> Span:
    return Span(local_millis(time_zone, moratorium.begins), local_millis(time_zone, moratorium.ends))


def local_day(time_zone: str, at: int) -> str:
    """2026-05-01 at `at` ms: days written so are in order as text."""
    return datetime.fromtimestamp(at / 1000, _zone(time_zone)).date().isoformat()


def in_days(days: str, day: str) -> bool:
    """Whether a local day lies in `05-01..08-16` (every year, also over New Year) or in `2026-05-01..2026-08-16`, both ends included."""
    found = _YEARLY.fullmatch(days)
    if found is None:
        return True
    first, last = f"{found[2]}-{found[3]}", f"{found[5]}-{found[6]}"
    if found[1] and found[4]:
        return f"{found[1]}-{first}" <= day <= f"{found[4]}-{last}"
    month = day[5:]
    return first <= month <= last if first <= last else month >= first or month <= last


def fault_of_days(days: object) -> bool:
    """Whether these are no days as `in_days` reads them."""
    found = _YEARLY.fullmatch(days) if isinstance(days, str) else None
    if found is None or bool(found[1]) != bool(found[4]):
        return True
    return not (is_moment(f"{found[1] or 2024}-{found[2]}-{found[3]}", DAY) and is_moment(f"{found[4] or 2024}-{found[5]}-{found[6]}", DAY))


def is_moment(text: str, form: re.Pattern[str]) -> bool:
    """Whether a text has the form of a day or a moment and is one: the 31st of April is none."""
    if not form.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
