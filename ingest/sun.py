"""Night and sunrise at a place, from the log's time. Source of the formulas: astral (NOAA's solar calculator), good to about a minute below 72 degrees."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from astral import Observer
from astral.sun import elevation, sunrise

from ingest.site import Lonlat, Site

NIGHT = -6.0  # degrees of the sun's centre: the end of civil twilight; warning-models §0.4
DAY = 86_400_000  # ms


def is_night(position: Lonlat, at: int) -> bool:
    """Whether the sun is below -6 degrees at `position` (longitude, latitude) at `at` ms."""
    return elevation_of(position, at) < NIGHT


def elevation_of(position: Lonlat, at: int) -> float:
    """Degrees of the sun's centre above the horizon, without refraction."""
    return float(elevation(_observer(position), datetime.fromtimestamp(at / 1000, UTC), with_refraction=False))


def minute_of_day(site: Site, at: int) -> int:
    """Minutes since local midnight, 0..1439, at `at` ms."""
    local = datetime.fromtimestamp(at / 1000, _zone(site.time_zone))
    return local.hour * 60 + local.minute


def in_window(site: Site, at: int, begin: int, end: int) -> bool:
    """Whether the local time lies in [begin, end), minutes since midnight; a window may pass midnight."""
    minute = minute_of_day(site, at)
    return begin <= minute < end if begin <= end else minute >= begin or minute < end


def latest_window(site: Site, at: int, begin: int, end: int) -> tuple[int, int]:
    """(from, until) in ms of the latest window of these local minutes that began by `at`; it may be past."""
    local = datetime.fromtimestamp(at / 1000, _zone(site.time_zone))
    opened = local.replace(hour=begin // 60, minute=begin % 60, second=0, microsecond=0)
    opened -= timedelta(days=opened > local)
    closed = opened.replace(hour=end // 60 % 24, minute=end % 60) + timedelta(days=end <= begin or end == 1440)
    return round(opened.timestamp() * 1000), round(closed.timestamp() * 1000)


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def next_sunrise(position: Lonlat, at: int) -> int:
    """The first sunrise after `at`, in ms. In a polar night or day that has none within two days: two days on."""
    place = (round(position[0], 1), round(position[1], 1))  # 0.1 degrees is at most 24 s of sunrise; keeps the table small
    return min((rise for day in range(at // DAY - 1, at // DAY + 3) if (rise := _sunrise(place, day)) > at), default=at + 2 * DAY)


@lru_cache(maxsize=512)
def _sunrise(place: Lonlat, day: int) -> int:
    date = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date()
    try:
        return int(sunrise(_observer(place), date, tzinfo=UTC).timestamp() * 1000)
    except ValueError:  # astral's word for a day without one
        return -1


def _observer(position: Lonlat) -> Observer:
    return Observer(latitude=position[1], longitude=position[0])
