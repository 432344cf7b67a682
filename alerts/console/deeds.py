"""What people do at the page goes into the log; what they were shown is marked in the outbox."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Annotated, cast

import structlog
from msgspec import Meta, Struct, ValidationError, convert
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from alerts.channels.console import mark_seen, unseen
from alerts.console import duties
from alerts.console.guard import TooLarge
from alerts.console.live import PEOPLES, Live
from alerts.console.view import may_see
from ingest.events import AnyEvent
from ingest.log import EVENTS, LogFull, Record
from ingest.records import Batch, Codec
from ingest.settings import Settings
from ingest.site import Person

PRESENT = 60_000  # ms since the last key, touch or movement of the pointer, up to which somebody is taken to be at the desk; ours

log = structlog.get_logger()


class _Shown(Struct, forbid_unknown_fields=True):
    """`idle`: ms since the page last noticed a person."""

    alerts: list[str]
    idle: Annotated[int, Meta(ge=0)]


class Deeds:
    def __init__(self, settings: Settings, live: Live) -> None:
        self.live = live
        self.outbox = Path(settings.home) / "outbox.db"
        self.codec = Codec()

    async def do(self, request: Request, person: Person) -> Response:
        live = self.live
        try:
            body = json.loads(await request.body())
            visible = {name: alert.area for name, alert in live.view.alerts.items() if may_see(person, alert)}
            events = duties.make(request.path_params["kind"], body, person, live.site, live.now(), visible)
            records = [
                Record(EVENTS, number, self.codec.pack(Batch(live.site.revision, [cast(AnyEvent, event)])), headers=PEOPLES)
                for number, event in events
            ]
            offsets = live.log.append(records)
        except TooLarge:
            return JSONResponse({"why": "too large"}, 413)
        except LogFull:
            return JSONResponse({"why": "the log is full"}, 507)
        except (duties.Refusal, ValueError) as wrong:
            return JSONResponse({"why": str(wrong)}, 422)
        return JSONResponse({"sent": [[number, offset] for (number, _), offset in zip(events, offsets, strict=True)]}, 202)

    async def seen(self, request: Request, person: Person) -> Response:
        """The page is open before this person and shows these alerts: the deliverer need not try the next channel.

        An open page at an empty desk is nobody: only with a recent sign of a person does it count.
        """
        try:
            shown = convert(json.loads(await request.body()), _Shown)
        except (ValueError, ValidationError, TooLarge):
            return JSONResponse({"why": "no such thing here"}, 422)
        if shown.idle > PRESENT:
            return JSONResponse({"seen": 0, "why": "nobody is at this page"})
        try:
            return JSONResponse({"seen": await asyncio.to_thread(self._mark, person.id, frozenset(shown.alerts))})
        except sqlite3.OperationalError as busy:  # asked again in two seconds
            log.warning("the outbox does not answer", why=str(busy))
            return JSONResponse({"seen": 0})

    def _mark(self, person: str, alerts: frozenset[str]) -> int:
        pages = [page.id for page in unseen(person, self.outbox) if page.alert in alerts]
        if pages:
            mark_seen(person, pages, self.outbox)
        return len(pages)
