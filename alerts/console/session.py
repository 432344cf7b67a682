"""Who is at the console: one-time sign-in links, signed session cookies, and the token that every request which changes something must carry.

A link names a person of the site and works once, for ten minutes. Links and sessions are signed with a key that stays in the site's home.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
import time
from pathlib import Path
from typing import NamedTuple

from itsdangerous import BadData, URLSafeTimedSerializer

from ingest.settings import Settings

LINK_AGE = 10 * 60  # s; ours
SESSION_AGE = 12 * 3600  # s, a long shift; ours


class Session(NamedTuple):
    person: str
    nonce: str


def read_key(settings: Settings) -> bytes:
    """The console's key, made on first use, readable by its owner only."""
    path = Path(settings.home) / "console.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
        with contextlib.suppress(FileExistsError):  # another process was first: its key counts
            os.link(fresh, path)
        fresh.unlink()
    return path.read_bytes()


def sign_in_link(settings: Settings, person_id: str) -> str:
    """An address that signs `person_id` in, once, within ten minutes."""
    token = _links(read_key(settings)).dumps([person_id, secrets.token_urlsafe(12)])
    return f"http://{settings.console_host}:{settings.console_port}/sign-in?token={token}"


class Sessions:
    """Opens links and reads cookies. Which links were used stands in a folder, so that a restart does not make one work twice."""

    def __init__(self, settings: Settings) -> None:
        self._key = read_key(settings)
        self._used = Path(settings.home) / "used-links"
        self.cookie = f"coast_{settings.console_port}"  # cookies do not know ports

    def peek(self, token: str) -> str | None:
        """The person that the link is for, while it still works."""
        try:
            person, nonce = _links(self._key).loads(token, max_age=LINK_AGE)
        except (BadData, ValueError, TypeError):
            return None
        return None if (self._used / _digest(str(nonce))).exists() else str(person)

    def redeem(self, token: str) -> str | None:
        """As `peek`, and the link does not work again."""
        person = self.peek(token)
        if person is None:
            return None
        _, nonce = _links(self._key).loads(token, max_age=LINK_AGE)
        self._used.mkdir(parents=True, exist_ok=True)
        self._sweep()
        try:
            (self._used / _digest(str(nonce))).touch(exist_ok=False)
        except FileExistsError:
            return None
        return person

    def seal(self, person: str) -> str:
        """The value of a new session's cookie."""
        return _cookies(self._key).dumps([person, secrets.token_urlsafe(12)])

    def read(self, cookie: str | None) -> Session | None:
        try:
            person, nonce = _cookies(self._key).loads(cookie or "", max_age=SESSION_AGE)
        except (BadData, ValueError, TypeError):
            return None
        return Session(str(person), str(nonce))

    def csrf(self, session: Session) -> str:
        return hmac.new(self._key, f"csrf/{session.person}/{session.nonce}".encode(), hashlib.sha256).hexdigest()

    def csrf_fits(self, session: Session, token: str) -> bool:
        return hmac.compare_digest(self.csrf(session).encode(), token.encode())

    def _sweep(self) -> None:
        for file in self._used.iterdir():
            if time.time() - file.stat().st_mtime > 2 * LINK_AGE:
                file.unlink(missing_ok=True)


def _digest(nonce: str) -> str:
    return hashlib.sha256(nonce.encode()).hexdigest()


def _links(key: bytes) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt="sign-in")


def _cookies(key: bytes) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt="session")
