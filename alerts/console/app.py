"""The console: the page of the person on duty. Reads the log, shows what stands, and appends what people do.

On loopback only, for now: whoever reaches the machine's own address is asked to sign in, and nobody else can reach it.
"""

import asyncio
import contextlib
import ipaddress
import json
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

import structlog
import uvicorn
from jinja2 import Environment, FileSystemLoader
from msgspec import convert, to_builtins
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from alerts.channels.console import mark_seen, unseen
from alerts.console import duties
from alerts.console.coast import coast
from alerts.console.guard import Guard, TooLarge
from alerts.console.live import PEOPLES, Live
from alerts.console.session import SESSION_AGE, Sessions, sign_in_link
from alerts.console.view import CHANGES_KEPT, Message, may_see, plain
from alerts.console.words import words
from alerts.store.store import Refusal, Store, StoreAway
from ingest.events import AnyEvent
from ingest.log import EVENTS, Log, LogFull, Record
from ingest.records import Batch, Codec
from ingest.refusals import Refused
from ingest.settings import Settings
from ingest.site import Person, Site

__all__ = ["build", "main", "sign_in_link"]

HERE = Path(__file__).parent
PAGES = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
Answer = Callable[[Request], Any]

log = structlog.get_logger()


def wall() -> int:
    return time.time_ns() // 1_000_000


def sees(person: Person, message: Message) -> bool:
    return message.alert is None or may_see(person, message.alert)


class Console:
    """The answers to the browser's questions."""

    def __init__(self, settings: Settings, site: Site, events: Log, store: Store | None, now: Callable[[], int]) -> None:
        self.settings, self.log, self.store, self.now = settings, events, store, now
        self.live = Live(site, events, now)
        self.sessions = Sessions(settings)
        self.codec = Codec()

    @property
    def site(self) -> Site:
        """As the log has it now."""
        return self.live.site

    # Who is it

    def person(self, request: Request) -> Person | None:
        session = self.sessions.read(request.cookies.get(self.sessions.cookie))
        return self.site.person.get(session.person) if session else None

    def signed_in(self, answer: Callable[[Request, Person], Response]) -> Answer:
        async def guarded(request: Request) -> Response:
            person = self.person(request)
            return JSONResponse({"why": "not signed in"}, 401) if person is None else answer(request, person)

        return guarded

    def page(self, name: str, language: str, status: int = 200, **values: object) -> HTMLResponse:
        catalogue = words(language)
        text = PAGES.get_template(name).render(_=lambda msgid: catalogue.get(msgid, msgid), language=language, site=self.site, **values)
        return HTMLResponse(text, status)

    async def home(self, request: Request) -> Response:
        person = self.person(request)
        language = request.cookies.get("coast_language") or (person.language if person else "zh")
        if person is None:
            return self.page("sign_in.html", language, token="", person=None, failed=False)
        return self.page("console.html", language, person=person)

    async def sign_in(self, request: Request) -> Response:
        """Asking shows whom the link is for and uses nothing up; the page itself then posts it, which a mere preview of the link does not."""
        language = request.cookies.get("coast_language", "zh")
        if request.method == "GET":
            token = request.query_params.get("token", "")
            person = self.site.person.get(self.sessions.peek(token) or "")
            return self.page("sign_in.html", language, token=token if person else "", person=person, failed=person is None)
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        name = self.sessions.redeem(form.get("token", [""])[0])
        if name is None or name not in self.site.person:
            return self.page("sign_in.html", language, 403, token="", person=None, failed=True)
        log.info("signed in", person=name)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self.sessions.cookie, self.sessions.seal(name), max_age=SESSION_AGE, httponly=True, samesite="lax", path="/")
        return answer

    async def sign_out(self, _: Request) -> Response:
        answer = JSONResponse({})
        answer.delete_cookie(self.sessions.cookie, path="/")
        return answer

    # What stands

    def start(self, request: Request, person: Person) -> Response:
        """All that the page needs to begin: who, words, what stands, and the number from which to listen."""
        language = request.query_params.get("language") or request.cookies.get("coast_language") or person.language
        view, session = self.live.view, self.sessions.read(request.cookies.get(self.sessions.cookie))
        assert session is not None
        body = {
            "me": {"id": person.id, "name": person.name, "role": person.role, "seat": person.seat, "post": person.post},
            "csrf": self.sessions.csrf(session),
            "language": language,
            "words": words(language),
            "time_zone": self.site.time_zone,
            "tiles": self.settings.console_tiles,
            "people": {who.id: who.name for who in self.site.people},
            "live": f"{self.live.epoch}-{self.live.number}",
            "chain": self.live.chain(),
            "alerts": [view.alert_row(name) for name, alert in view.alerts.items() if may_see(person, alert)],
            "devices": {name: device.row() for name, device in view.devices.items()},
            "vessels": {name: vessel.row() for name, vessel in view.vessels.items()},
            "duty": {key: plain(event) for key, event in view.duty.items()},
        }
        return JSONResponse(body)

    def coast(self, _: Request, __: Person) -> Response:
        return JSONResponse(coast(self.site))

    def listen(self, request: Request, person: Person) -> Response:
        after = request.headers.get("last-event-id") or request.query_params.get("after", "")
        return StreamingResponse(self.live.stream(person, after, sees), media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    def timeline(self, request: Request, person: Person) -> Response:
        """Every revision of one alert: the store's, and what this process has seen since."""
        name = request.path_params["alert"]
        alert = self.live.view.alerts.get(name)
        if alert is None or not may_see(person, alert):
            return JSONResponse({"why": "this alert is not known here"}, 404)
        rows = {row["revision"]: row for row in map(_stored_row, self._ask(lambda store: store.history(name), []))}
        rows.update({row["revision"]: row for row in self.live.view.changes.get(name, ())})
        return JSONResponse([rows[revision] for revision in sorted(rows)][-CHANGES_KEPT:])

    def device(self, request: Request, _: Person) -> Response:
        name = request.path_params["device"]
        seen = self.live.view.devices.get(name)
        body: dict[str, Any] = {"said": {}, "series": [], "commands": [], "refused": self._refusals(name, 30)}
        if seen is not None:
            body["said"] = {kind: _plain(event) for kind, event in sorted(seen.said.items())}
            body["series"] = list(seen.series)
            body["commands"] = [{**_plain(command), "done": _plain(seen.answers.get(command.id))} for command in reversed(seen.commands)]
        return JSONResponse(body)

    def refused(self, _: Request, __: Person) -> Response:
        return JSONResponse(self._refusals("", 200))

    def _refusals(self, device: str, limit: int) -> list[dict[str, Any]]:
        """Newest first: what this process has seen, then the store's older ones."""
        seen = [_turned_away(row) for row in self.live.view.refused if device in ("", row.device)]
        oldest = min((row["at"] for row in seen), default=1 << 62)
        stored = [_refusal(row) for row in self._ask(lambda store: store.refused(device, limit), []) if row.at < oldest]
        return [*sorted(seen, key=lambda row: -row["at"]), *stored][:limit]

    async def seen(self, request: Request) -> Response:
        """The page is open before this person and shows these alerts: the deliverer need not try the next channel."""
        person, session = self.person(request), self.sessions.read(request.cookies.get(self.sessions.cookie))
        if person is None or session is None or not self.sessions.csrf_fits(session, request.headers.get("x-coast-csrf", "")):
            return JSONResponse({"why": "not signed in"}, 401)
        try:
            shown = set(convert(json.loads(await request.body()), list[str]))
        except (ValueError, TooLarge):
            return JSONResponse({"why": "no such thing here"}, 422)
        outbox = Path(self.settings.home) / "outbox.db"
        try:
            pages = [page.id for page in unseen(person.id, outbox) if page.alert in shown]
            if pages:
                mark_seen(person.id, pages, outbox)
        except sqlite3.OperationalError as busy:  # asked again in two seconds
            log.warning("the outbox does not answer", why=str(busy))
            return JSONResponse({"seen": 0})
        return JSONResponse({"seen": len(pages)})

    def _ask(self, question: Callable[[Store], Any], otherwise: Any) -> Any:
        """The store's answer; `otherwise` while it is away: the page then shows what the log told."""
        try:
            return question(self.store) if self.store is not None else otherwise
        except StoreAway as away:
            log.warning("the store does not answer", why=str(away))
            return otherwise

    # What people do

    async def do(self, request: Request) -> Response:
        person, session = self.person(request), self.sessions.read(request.cookies.get(self.sessions.cookie))
        if person is None or session is None:
            return JSONResponse({"why": "not signed in"}, 401)
        if not self.sessions.csrf_fits(session, request.headers.get("x-coast-csrf", "")):
            return JSONResponse({"why": "the page is out of date: load it again"}, 403)
        try:
            body = json.loads(await request.body())
            visible = {name: alert.area for name, alert in self.live.view.alerts.items() if may_see(person, alert)}
            events = duties.make(request.path_params["kind"], body, person, self.site, self.now(), visible)
            records = [
                Record(EVENTS, number, self.codec.pack(Batch(self.site.revision, [cast(AnyEvent, event)])), headers=PEOPLES)
                for number, event in events
            ]
            offsets = self.log.append(records)
        except TooLarge:
            return JSONResponse({"why": "too large"}, 413)
        except LogFull:
            return JSONResponse({"why": "the log is full"}, 507)
        except (duties.Refusal, ValueError) as wrong:
            return JSONResponse({"why": str(wrong)}, 422)
        return JSONResponse({"sent": [[number, offset] for (number, _), offset in zip(events, offsets, strict=True)]}, 202)


def _plain(struct: Any) -> Any:
    """Rows stand in the log without names; people read them with."""
    if struct is None:
        return None
    given = {name: getattr(struct, name) for name in struct.__struct_fields__}
    return {name: to_builtins(value, enc_hook=str) for name, value in given.items() if value is not None and value != ()}


def _refusal(row: Refusal) -> dict[str, Any]:
    return {**row._asdict(), "payload": row.payload[:4_000].decode("utf-8", "backslashreplace")}


def _turned_away(row: Refused) -> dict[str, Any]:
    payload = row.payload[:4_000].decode("utf-8", "backslashreplace")
    return {"at": row.received, "topic": row.topic, "device": row.device, "reason": row.reason, "detail": row.detail, "payload": payload}


def _stored_row(shape: dict[str, Any]) -> dict[str, Any]:
    change = dict(shape.get("change", {}))
    if isinstance(change.get("at"), str):
        change["at"] = round(datetime.fromisoformat(change["at"]).timestamp() * 1000)
    return {**change, **{name: shape[name] for name in ("revision", "level", "response", "condition")}}


async def alive(_: Request) -> Response:
    return PlainTextResponse("ok")


def build(settings: Settings, site: Site, events: Log, store: Store | None = None, now: Callable[[], int] = wall) -> Starlette:
    """The application; it follows `events` while it lives. `store` may be away or missing: open alerts come from the log."""
    console = Console(settings, site, events, store, now)

    @contextlib.asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        console.live.start()
        following = asyncio.create_task(console.live.follow())
        following.add_done_callback(_fail_loudly)
        yield
        console.live.stopping = True
        await following

    routes = [
        Route("/", console.home),
        Route("/sign-in", console.sign_in, methods=["GET", "POST"]),
        Route("/sign-out", console.sign_out, methods=["POST"]),
        Route("/live", console.signed_in(console.listen)),
        Route("/alive", alive),
        Route("/api/start", console.signed_in(console.start)),
        Route("/api/coast", console.signed_in(console.coast)),
        Route("/api/alerts/{alert}", console.signed_in(console.timeline)),
        Route("/api/devices/{device}", console.signed_in(console.device)),
        Route("/api/refused", console.signed_in(console.refused)),
        Route("/api/seen", console.seen, methods=["POST"]),
        Route("/api/{kind}", console.do, methods=["POST"]),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Guard, tiles=settings.console_tiles)], lifespan=life)
    app.state.console = console
    return app


def _fail_loudly(following: "asyncio.Task[None]") -> None:
    """A page that no longer follows the log would show calm where there is none: end, and be started again."""
    if not following.cancelled() and following.exception() is not None:
        log.error("the console cannot follow the log", why=str(following.exception()))
        signal.raise_signal(signal.SIGTERM)


def main(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT. 2 where the address is not loopback."""
    from alerts.store.opening import open_store  # noqa: PLC0415  # the influx client is heavy: only where it is used
    from ingest.log import open_log  # noqa: PLC0415
    from ingest.revisions import current_site  # noqa: PLC0415

    host = "127.0.0.1" if settings.console_host == "localhost" else settings.console_host
    if not ipaddress.ip_address(host).is_loopback:
        log.error("the console serves this machine only; use 127.0.0.1 and a tunnel", console_host=settings.console_host)
        return 2
    events = open_log(settings.log_url)
    app = build(settings, current_site(events, Path(settings.site)), events, open_store(settings))
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
        self.config.app.state.console.live.stopping = True  # type: ignore[union-attr]  # it is our Starlette
        self.force_exit = self.should_exit
        self.should_exit = True
