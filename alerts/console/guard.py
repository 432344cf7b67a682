"""Stands before every request: only loopback's own names, only our own page may change anything, nothing large, and the headers that keep a page honest."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAMES = frozenset({"127.0.0.1", "localhost", "::1"})  # a page elsewhere that makes its own name point here is refused (DNS rebinding)
LIMIT = 64 * 1024  # bytes of a request's body


class TooLarge(Exception):
    """The body goes on past the limit."""


def headers(tiles: str = "") -> dict[str, str]:
    """`tiles`: address of a tile server, where the site has one."""
    parts = urlsplit(tiles)
    elsewhere = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; "
        f"img-src 'self' data: blob:{elsewhere}; connect-src 'self'{elsewhere}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    return {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    }


class Guard:
    def __init__(self, app: ASGIApp, tiles: str = "") -> None:
        self.app = app
        self.headers = headers(tiles)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    given.setdefault(name, value)
                given.setdefault("cache-control", "no-store")
            await send(message)

        refusal = refused(scope["method"], Headers(scope=scope))
        if refusal is not None:
            await PlainTextResponse(refusal[1], refusal[0])(scope, receive, send_with_headers)
            return
        await self.app(scope, _limited(receive), send_with_headers)


def refused(method: str, given: Headers) -> tuple[int, str] | None:
    """Status and words, or None where the request may pass."""
    host = given.get("host", "")
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        name = None
    if name not in NAMES:
        return 421, "this console answers on this machine only"
    if method not in {"GET", "HEAD"}:
        if given.get("origin") != f"http://{host}":
            return 403, "the request does not come from this console's own page"
        if not given.get("content-length", "").isdigit() or int(given["content-length"]) > LIMIT:
            return 413, "the request is too large, or does not say how large it is"
    return None


def _limited(receive: Receive) -> Receive:
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LIMIT:
            raise TooLarge
        return message

    return limited
