"""What is well with this installation and what is not, each with what to do: connections, clock, disk, versions, site, roles.

Looks only: it appends nothing, and works while the system runs and while it does not.
"""

import importlib.metadata
import json
import platform
import shutil
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from alerts.lag import behind
from ingest.broker_answer import silence_of
from ingest.events import Tick
from ingest.log import ALERTS, EVENTS, LogBroken, open_log, written
from ingest.records import Codec
from ingest.settings import Settings

DISK_LOW = 2_000_000_000  # bytes; ours
TICK_OLD = 10.0  # s; the watchdog's own bound
LOOK_BACK = 300  # records in which a tick of the bridge is looked for
BEHIND = {"processor": 10, "deliverer": 10, "recorder": 120}  # s; as the page's header turns red
CLOCK_FIRST = 1_767_225_600  # s, 2026-01-01: a clock before that is wrong


class Look(NamedTuple):
    """`well` is None where there is nothing to judge."""

    what: str
    well: bool | None
    found: str
    do: str = ""

    def __str__(self) -> str:
        mark = {True: "ok  ", False: "BAD ", None: "-   "}[self.well]
        return f"{mark} {self.what:<12} {self.found}" + (f"\n       -> {self.do}" if self.do and not self.well else "")


def report(settings: Settings) -> tuple[list[str], bool]:
    """Lines for a person, and whether all is well."""
    looks = [look for each in (_versions, _clock, _disk, _site, _roles, _broker, _log, _store, _console) for look in _safely(each, settings)]
    return [str(look) for look in looks], all(look.well is not False for look in looks)


def _safely(look: Callable[[Settings], Iterator[Look]], settings: Settings) -> Iterator[Look]:
    try:
        yield from look(settings)
    except (OSError, ValueError, sqlite3.Error) as fault:
        yield Look(look.__name__.strip("_"), well=False, found=f"{type(fault).__name__}: {fault}", do="see the message")


def _versions(_settings: Settings) -> Iterator[Look]:
    names = ("faust-streaming", "paho-mqtt", "msgspec", "numpy", "influxdb-client")
    found = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    yield Look(
        "versions",
        sys.version_info >= (3, 11),
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {found}",
        "Python 3.11 or newer",
    )


def _clock(_settings: Settings) -> Iterator[Look]:
    now = time.time()
    yield Look("clock", now > CLOCK_FIRST, time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(now)), "set the clock, and let it follow NTP")


def _disk(settings: Settings) -> Iterator[Look]:
    if not Path(settings.home).exists():
        yield Look("disk", well=False, found=f"{settings.home} does not exist", do="coast-guardian run makes it; or set COAST_HOME to where it ran")
        return
    free = shutil.disk_usage(settings.home).free
    yield Look(
        "disk",
        free > DISK_LOW,
        f"{free / 1e9:.1f} GB free at {settings.home}",
        "make room: at the end only presses are still written, from the reserve",
    )


def _site(settings: Settings) -> Iterator[Look]:
    from ingest.site_files import check_site  # noqa: PLC0415 — shapely is slow to import
    from models.catalogue import check_thresholds  # noqa: PLC0415 — with all models

    faults = check_site(settings.site, check_thresholds)
    yield Look(
        "site", not faults, f"{settings.site}: {len(faults)} faults" if faults else str(settings.site), f"coast-guardian site check {settings.site}"
    )


def _roles(settings: Settings) -> Iterator[Look]:
    path = Path(settings.home) / "run.json"
    if not path.exists():
        yield Look("roles", None, "not started by `run` here")
        return
    for name, role in json.loads(path.read_text())["roles"].items():
        state = _state(role["pid"])
        fell = f", fell {role['falls']} times, last with {role['last_exit']}" if role["falls"] else ""
        if state == "T":
            yield Look(
                name, well=False, found=f"process {role['pid']} was stopped{fell}", do=f"kill -CONT {role['pid']}, or kill it: it is started again"
            )
        else:
            found = f"process {role['pid']}{fell}" if state else f"not running{fell}"
            yield Look(name, bool(state), found, "coast-guardian run; the reason is in its output")


def _state(pid: int | None) -> str:
    """The kernel's letter for it; empty where it is gone or only waits to be buried."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
    return "" if state in "ZX" else state


def _broker(settings: Settings) -> Iterator[Look]:
    host, port = settings.broker
    reason = silence_of(settings)
    yield Look("broker", not reason, f"{host}:{port} {reason or 'answers'}", "start the broker, or set COAST_MQTT=host:port and what it wants to see")


def _log(settings: Settings) -> Iterator[Look]:
    if not written(settings.log_url):
        yield Look("log", None, "not written yet")
        return
    try:
        log = open_log(settings.log_url)
    except (LogBroken, sqlite3.DatabaseError) as broken:
        yield Look("log", well=False, found=str(broken), do="restore it from the archive, or start with an empty home folder")
        return
    codec, now = Codec(), time.time()
    for area in log.partitions(EVENTS):
        first, end = log.bounds(EVENTS, area)
        last = log.read(EVENTS, area, max(first, end - LOOK_BACK), LOOK_BACK)
        heard = max(
            (event.received for entry in last for event in codec.unpack(entry.value).events if isinstance(event, Tick) and not event.stands_in),
            default=0,
        )
        judged = log.position("processor", EVENTS, area) or 0
        told = log.bounds(ALERTS, area)[1] - (log.position("deliverer", ALERTS, area) or 0)
        age = f"last tick of the bridge {now - heard / 1000:.0f} s ago" if heard else f"no tick of the bridge in the last {len(last)}"
        found = f"{end - first} records, {age}, {end - judged} since the last snapshot, {told} alerts' records not yet delivered"
        yield Look(f"log {area}", now - heard / 1000 < TICK_OLD, found, "is the bridge running, and does the broker answer?")
        late = {role: (behind(log, role, area, round(now * 1000), round(now * 1000)) or 0) / 1000 for role in BEHIND}
        if slow := [f"{role} {wait:.0f} s" for role, wait in late.items() if wait > BEHIND[role]]:
            yield Look(
                f"behind {area}", well=False, found=", ".join(slow), do="if it stands still, kill it: it is started again; else look at load and disk"
            )
    log.close()


def _store(settings: Settings) -> Iterator[Look]:
    if settings.store_url.startswith("sqlite"):
        path = Path(settings.store_url.removeprefix("sqlite:///"))
        yield Look("store", path.exists() or None, f"{path}, {path.stat().st_size / 1e6:.1f} MB" if path.exists() else "not written yet")
        return
    from alerts.store.opening import open_store  # noqa: PLC0415 — loaded by who needs it: every start is quicker
    from alerts.store.store import StoreAway  # noqa: PLC0415 — loaded by who needs it: every start is quicker

    try:
        store = open_store(settings)
        store.alerts(limit=1)
        store.close()
    except (StoreAway, ValueError) as away:
        yield Look(
            "store",
            well=False,
            found=f"{settings.store_url}: {away}",
            do="start it; check COAST_STORE and COAST_INFLUX_TOKEN. Nothing is lost meanwhile",
        )
        return
    yield Look("store", well=True, found=settings.store_url)


def _console(settings: Settings) -> Iterator[Look]:
    with socket.socket() as probe:
        probe.settimeout(2)
        answers = probe.connect_ex((settings.console_host, settings.console_port)) == 0
    yield Look("console", answers or None, f"http://{settings.console_host}:{settings.console_port} {'answers' if answers else 'does not answer'}")
