"""The console's door: who is it, the sign-in page, and the page itself."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs

import structlog
from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from alerts.console.session import SESSION_AGE, Session, Sessions
from alerts.console.words import words
from ingest.settings import Settings
from ingest.site import Person, Site

PAGES = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)
Answer = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger()


class Door:
    """`site` is asked at each request: whom a new revision does not name any more is out at once."""

    def __init__(self, settings: Settings, site: Callable[[], Site]) -> None:
        self.site = site
        self.sessions = Sessions(settings)

    def who(self, request: Request) -> tuple[Person, Session] | None:
        session = self.sessions.read(request.cookies.get(self.sessions.cookie))
        person = self.site().person.get(session.person) if session else None
        return (person, session) if person is not None and session is not None else None

    def signed_in(self, answer: Callable[[Request, Person], Awaitable[Response]]) -> Answer:
        async def guarded(request: Request) -> Response:
            known = self.who(request)
            return JSONResponse({"why": "not signed in"}, 401) if known is None else await answer(request, known[0])

        return guarded

    def of_our_page(self, answer: Callable[[Request, Person], Awaitable[Response]]) -> Answer:
        """Of what changes something: the request must carry the token that the page was given."""

        async def guarded(request: Request) -> Response:
            known = self.who(request)
            if known is None:
                return JSONResponse({"why": "not signed in"}, 401)
            if not self.sessions.csrf_fits(known[1], request.headers.get("x-coast-csrf", "")):
                return JSONResponse({"why": "the page is out of date: load it again"}, 403)
            return await answer(request, known[0])

        return guarded

    def csrf(self, request: Request) -> str:
        known = self.who(request)
        return self.sessions.csrf(known[1]) if known else ""

    def page(self, name: str, language: str, status: int = 200, **values: object) -> HTMLResponse:
        catalogue = words(language)
        text = PAGES.get_template(name).render(_=lambda msgid: catalogue.get(msgid, msgid), language=language, site=self.site(), **values)
        return HTMLResponse(text, status)

    async def home(self, request: Request) -> Response:
        known = self.who(request)
        language = request.cookies.get("coast_language") or (known[0].language if known else "zh")
        if known is None:
            return self.page("sign_in.html", language, token="", person=None, failed=False)
        return self.page("console.html", language, person=known[0])

    async def sign_in(self, request: Request) -> Response:
        """Asking shows whom the link is for and uses nothing up; the page itself then posts it, which a mere preview of the link does not."""
        language = request.cookies.get("coast_language", "zh")
        if request.method == "GET":
            token = request.query_params.get("token", "")
            person = self.site().person.get(self.sessions.peek(token) or "")
            return self.page("sign_in.html", language, token=token if person else "", person=person, failed=person is None)
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        name = self.sessions.redeem(form.get("token", [""])[0])
        if name is None or name not in self.site().person:
            return self.page("sign_in.html", language, 403, token="", person=None, failed=True)
        log.info("signed in", person=name)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self.sessions.cookie, self.sessions.seal(name), max_age=SESSION_AGE, httponly=True, samesite="lax", path="/")
        return answer

    async def sign_out(self, _: Request) -> Response:
        answer = JSONResponse({})
        answer.delete_cookie(self.sessions.cookie, path="/")
        return answer
