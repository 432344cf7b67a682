"""The console: the page of the person on duty. Reads the log, shows what stands, and appends what people do.

On loopback only, for now: whoever reaches the machine's own address is asked to sign in, and nobody else can reach it.
"""

import asyncio
import contextlib
import ipaddress
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from alerts.console.answers import Answers
from alerts.console.deeds import Deeds
from alerts.console.door import Door
from alerts.console.guard import Guard
from alerts.console.live import Live
from alerts.console.recall import Library
from alerts.store.store import Store
from ingest.log import Log
from ingest.settings import Settings
from ingest.site import Site

log = structlog.get_logger()


def wall() -> int:
    return time.time_ns() // 1_000_000


async def alive(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


def build(settings: Settings, site: Site, events: Log, open_store: Callable[[], Store] | None = None, now: Callable[[], int] = wall) -> Starlette:
    """The application; it follows `events` while it lives. The store may be away or missing: open alerts come from the log."""
    live, library = Live(site, events, now), Library(open_store)
    door = Door(settings, lambda: live.site)
    answers, deeds = Answers(settings, live, door, library), Deeds(settings, live)

    @contextlib.asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        live.start()
        following = asyncio.create_task(live.follow())
        following.add_done_callback(_fail_loudly)
        recalling = asyncio.create_task(live.recall(library))
        yield
        live.stopping = True
        recalling.cancel()
        await asyncio.gather(following, recalling, return_exceptions=True)

    routes = [
        Route("/", door.home),
        Route("/sign-in", door.sign_in, methods=["GET", "POST"]),
        Route("/sign-out", door.sign_out, methods=["POST"]),
        Route("/live", door.signed_in(answers.listen)),
        Route("/alive", alive),
        Route("/api/start", door.signed_in(answers.start)),
        Route("/api/coast", door.signed_in(answers.coast)),
        Route("/api/alerts/{alert}", door.signed_in(answers.timeline)),
        Route("/api/alerts/{alert}/cap", door.signed_in(answers.cap)),
        Route("/api/devices/{device}", door.signed_in(answers.device)),
        Route("/api/places", door.signed_in(answers.places)),
        Route("/api/boards", door.signed_in(answers.boards)),
        Route("/api/refused", door.signed_in(answers.refused)),
        Route("/api/seen", door.of_our_page(deeds.seen), methods=["POST"]),
        Route("/api/{kind}", door.of_our_page(deeds.do), methods=["POST"]),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Guard, tiles=settings.console_tiles)], lifespan=life)
    app.state.live = live
    return app


def _fail_loudly(following: "asyncio.Task[None]") -> None:
    """A page that no longer follows the log would show calm where there is none: end, and be started again."""
    if not following.cancelled() and following.exception() is not None:
        log.error("the console cannot follow the log", why=str(following.exception()))
        signal.raise_signal(signal.SIGTERM)


def main(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT. 2 where the address is not loopback."""
    from alerts.store.opening import open_store  # noqa: PLC0415  # the influx client is heavy: only where it is used
    from ingest.log import open_log  # noqa: PLC0415 — in the child, after the fork
    from ingest.revisions import current_site  # noqa: PLC0415 — as above

    host = "127.0.0.1" if settings.console_host == "localhost" else settings.console_host
    if not ipaddress.ip_address(host).is_loopback:
        log.error("the console serves this machine only; use 127.0.0.1 and a tunnel", console_host=settings.console_host)
        return 2
    events = open_log(settings.log_url)
    app = build(settings, current_site(events, Path(settings.site)), events, lambda: open_store(settings))
    server = Server(
        uvicorn.Config(
            app, host=host, port=settings.console_port, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=2
        )
    )
    server.run()
    events.close()
    return 0 if server.started else 1


class Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: Any) -> None:  # noqa: ARG002  # uvicorn's own signature
        """Browsers listen without end: tell them first. Not uvicorn's way, which raises the signal again: a clean stop is exit 0."""
        self.config.app.state.live.stopping = True  # type: ignore[union-attr]  # it is our Starlette
        self.force_exit = self.should_exit
        self.should_exit = True
