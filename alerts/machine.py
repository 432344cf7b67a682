"""One machine with all roles and the embedded defaults: what `coast-guardian run` starts, and what it prints."""

import contextlib
import fcntl
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from alerts.supervisor import ROLES, Role, Supervisor, role_of
from ingest.settings import Settings
from ingest.site import Person, Site


def run_machine(settings: Settings, play: Callable[[Settings], int] | None = None) -> int:
    """Blocks until it is stopped; `play` is the main of a simulated coast.

    The folder's site is put into the log first, so that all roles start with the same revision; 1 where it has faults.
    """
    began = time.monotonic()
    with contextlib.ExitStack() as held:
        if (why := cannot_run(settings, held)) is not None:
            print(why, file=sys.stderr)
            return 1
        return _run(settings, play, began)


def cannot_run(settings: Settings, held: contextlib.ExitStack) -> str | None:
    """What stands in the way, said before anything is started: each would otherwise be a role that falls again and again. `held` keeps the folder ours."""
    home = Path(settings.home)
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = held.enter_context((home / "run.lock").open("a"))
    except OSError as refused:
        return f"{home} cannot be written: {refused.strerror or refused}. Choose another folder with COAST_HOME, or give this user the right to write there."
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return f"Coast Guardian already runs with {home}. Stop it first, or choose another folder with COAST_HOME."
    ports = [("the console", "COAST_CONSOLE_PORT", settings.console_host, settings.console_port)]
    if settings.mqtt == "embedded":
        ports.append(("the MQTT broker", "COAST_EMBEDDED_PORT", *settings.broker))
    for what, setting, host, port in ports:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as refused:
                return f"{what} cannot listen on {host}:{port}: {refused.strerror}. Stop what uses it, or set {setting} to a free port."
    return None


def _run(settings: Settings, play: Callable[[Settings], int] | None, began: float) -> int:
    from ingest.log import open_log  # noqa: PLC0415 — opened and closed before anything is forked
    from ingest.revisions import current_site  # noqa: PLC0415 — loaded by who needs it: every start is quicker
    from ingest.site_view import apply  # noqa: PLC0415 — loaded by who needs it: every start is quicker
    from models.catalogue import check_thresholds  # noqa: PLC0415 — loaded by who needs it: every start is quicker

    log = open_log(settings.log_url)
    answer = apply(log, settings.site, int(time.time() * 1000), check_thresholds)
    if not answer.well:
        print(answer.text, file=sys.stderr)
        return 1
    if not answer.text.startswith("unchanged"):
        print(f"  the site has changed since the last run:\n{answer.text}")
    site = current_site(log, settings.site)
    log.close()
    roles = [role_of(name) for name in ROLES if name != "broker" or settings.mqtt == "embedded"]
    if play is not None:
        roles.append(Role("simulator", play))
    person = _first_operator(site)
    return Supervisor(settings, roles).run(lambda: _announce(settings, site, person, time.monotonic() - began))


def _first_operator(site: Site) -> Person:
    """Who the printed link signs in: the shift leader of the room, else anybody."""
    ranked = sorted(site.people, key=lambda person: (person.role != "shift_leader", person.role != "operator", person.id))
    return ranked[0]


def _announce(settings: Settings, site: Site, person: Person, seconds: float) -> None:
    from alerts.console.session import sign_in_link  # noqa: PLC0415 — loaded by who needs it: every start is quicker

    link = sign_in_link(settings, person.id)
    print(f"\n  海岸卫士 Coast Guardian · {site.name_zh} {site.name_en}")
    print(f"  {link}")
    print(
        f"  signs in {person.name} ({person.role}) once; up after {seconds:.1f} s; MQTT on {':'.join(map(str, settings.broker))}; Ctrl-C stops\n",
        flush=True,
    )
