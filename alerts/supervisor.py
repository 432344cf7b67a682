"""Runs the roles of one machine, each in a process of its own: starts them, sees them fall, starts them again with back-off, stops them in order.

Children are forked from this process after it has imported what they share, so that six roles cost little more memory than two. It holds no thread, no
connection and no event loop, which would not survive a fork. What it saw is in `<home>/run.json`, for the page and for `doctor`.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn

import structlog

from ingest.events import System
from ingest.log import EVENTS, Record
from ingest.records import Batch, Codec
from ingest.settings import Settings

say = structlog.get_logger()

SHARED = ("numpy", "msgspec", "zstandard", "structlog", "ingest.site_files", "ingest.wire", "ingest.log_sqlite", "alerts.outcomes")
ENGINE = ("models.catalogue", "alerts.fold", "faust", "ingest.transport")  # imported before the roles that need them, and after the others have begun
BACK_OFF = (0.2, 0.5, 1, 2, 5, 10, 30)  # s; ours
HEALTHY = 60.0  # s that a role must stand before its falls are forgotten; ours
STOPPING = 12.0  # s until a role that does not stop is killed; ours
_PR_SET_PDEATHSIG = 1


@dataclass
class Role:
    """One process: `start` blocks in the child until it is told to stop and returns its exit status."""

    name: str
    start: Callable[[Settings], int]
    preload: tuple[str, ...] = ()  # imported here before the fork, so that all share it
    pid: int = 0
    since: float = 0.0
    falls: int = 0
    next_start: float = 0.0
    last_exit: str = ""
    recent: int = field(default=0, repr=False)
    told: bool = field(default=False, repr=False)  # a fall is told and not yet cleared


def role_of(name: str) -> Role:
    """A role by its module's `main`, imported in the child."""
    module, preload = ROLES[name]

    def start(settings: Settings) -> int:
        status: int = importlib.import_module(module).main(settings)
        return status

    return Role(name, start, preload)


ROLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "broker": ("ingest.broker", ()),
    "console": ("alerts.console.app", ()),
    "bridge": ("ingest.bridge", ()),
    "deliverer": ("alerts.deliverer", ()),
    "processor": ("alerts.processor", ENGINE),
    "recorder": ("alerts.recorder", ENGINE),
}  # in the order in which they start: the page first, so that it can show the others coming


class Supervisor:
    def __init__(self, settings: Settings, roles: Sequence[Role]) -> None:
        self.settings, self.roles = settings, list(roles)
        self._stop = False

    def run(self, ready: Callable[[], None]) -> int:
        """Blocks until SIGINT or SIGTERM; calls `ready` once the console answers."""
        _preload(SHARED)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._asked_to_stop)
        announced = False
        while not self._stop:
            self._start_due()
            self._reap()
            self._recovered()
            if not announced and _answers(self.settings.console_host, self.settings.console_port):
                announced = True
                ready()
            time.sleep(0.05)
        return self._stop_all()

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stop = True

    def _start_due(self) -> None:
        now = time.monotonic()
        for role in self.roles:
            if role.pid or now < role.next_start:
                continue
            if role.name not in {"broker", "console"} and not self._broker_ready():
                continue
            _preload(role.preload)
            role.pid, role.since = self._fork(role), time.monotonic()
            self._write_state()

    def _broker_ready(self) -> bool:
        """The embedded broker must listen before the others look for it; an external one is theirs to wait for."""
        return self.settings.mqtt != "embedded" or _answers(*self.settings.broker)

    def _fork(self, role: Role) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            _child(role, self.settings, parent)
        return pid

    def _reap(self) -> None:
        for role in self.roles:
            if not role.pid:
                continue
            pid, status = os.waitpid(role.pid, os.WNOHANG)
            if pid:
                self._fell(role, status)

    def _fell(self, role: Role, status: int) -> None:
        now = time.monotonic()
        role.recent = 0 if now - role.since > HEALTHY else role.recent + 1
        wait = BACK_OFF[min(role.recent, len(BACK_OFF) - 1)]
        role.pid, role.next_start, role.falls = 0, now + wait, role.falls + 1
        role.last_exit = f"signal {-code}" if (code := os.waitstatus_to_exitcode(status)) < 0 else f"status {code}"
        say.error("a role ended, starting it again", role=role.name, exit=role.last_exit, seconds=wait)
        self._write_state()
        role.told = True
        self._tell(role, clear=False)

    def _recovered(self) -> None:
        for role in self.roles:
            if role.told and role.pid and time.monotonic() - role.since > HEALTHY:
                role.told = False
                self._tell(role, clear=True)

    def _tell(self, role: Role, *, clear: bool) -> None:
        """A fall enters the log like everything else. The log is opened and closed here, so that nothing of it is forked."""
        from ingest.log import open_log  # noqa: PLC0415 — after the roles are forked
        from ingest.revisions import current_site  # noqa: PLC0415 — loaded by who needs it: every start is quicker

        try:
            log = open_log(self.settings.log_url)
            site = current_site(log, self.settings.site)
            now = int(time.time() * 1000)
            event = System(
                device="supervisor", received=now, part=role.name, code="crashed", values={"exit": role.last_exit, "falls": role.falls}, clear=clear
            )
            value = Codec().pack(Batch(site.revision, [event]))
            log.append([Record(EVENTS, site.lowest_area.number, value)], urgent=True)  # one process, one alert
            log.close()
        except OSError as away:
            say.warning("the fall could not be written to the log", role=role.name, why=str(away))

    def _write_state(self) -> None:
        state = {role.name: {"pid": role.pid, "falls": role.falls, "last_exit": role.last_exit} for role in self.roles}
        path = Path(self.settings.home) / "run.json"
        fresh = path.with_suffix(".new")
        try:
            fresh.write_text(json.dumps({"supervisor": os.getpid(), "roles": state}))
            fresh.replace(path)
        except OSError as full:  # a full disk: the roles are worth more than the file about them
            say.warning("the state of the roles could not be written", why=str(full))

    def _stop_all(self) -> int:
        """Producers first, the broker last; what does not stop in time is killed by its id."""
        for role in reversed(self.roles):
            if role.pid and role.name != "broker":
                _signal(role.pid, signal.SIGTERM)
        self._wait([role for role in self.roles if role.name != "broker"])
        for role in self.roles:
            if role.pid:
                _signal(role.pid, signal.SIGTERM)
        self._wait(self.roles)
        return 0

    def _wait(self, roles: Sequence[Role]) -> None:
        end = time.monotonic() + STOPPING
        while any(role.pid for role in roles):
            for role in roles:
                if role.pid and os.waitpid(role.pid, os.WNOHANG)[0]:
                    role.pid = 0
            if time.monotonic() > end:
                for role in roles:
                    if role.pid:
                        say.warning("a role did not stop in time and is killed", role=role.name)
                        _signal(role.pid, signal.SIGKILL)
                        os.waitpid(role.pid, 0)
                        role.pid = 0
                return
            time.sleep(0.02)


def _child(role: Role, settings: Settings, parent: int) -> NoReturn:
    """Runs the role and never returns. It dies with its parent, so that no half of the system is left behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.setpgid(0, 0)  # Ctrl-C is for the supervisor, which stops the roles in order
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    status = 1
    try:
        if os.getppid() == parent:
            status = role.start(settings)
    except SystemExit as asked:
        status = asked.code if isinstance(asked.code, int) else 1
    except BaseException:  # noqa: BLE001 — the outermost loop of a process
        say.exception("a role fell", role=role.name)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _preload(modules: Sequence[str]) -> None:
    fresh = [module for module in modules if module not in sys.modules]
    for module in fresh:
        importlib.import_module(module)
    if fresh:
        gc.collect()
        gc.freeze()  # the collector of a child would touch, and so copy, what it shares


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _answers(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((host, port)) == 0
