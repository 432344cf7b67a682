"""What the browser asks and what it is told: what stands, one alert's past, what a device said, what was refused.

The store is asked aside: one that is slow or away never holds up an alert on its way to the page.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from alerts.alert import from_wire
from alerts.cap import message
from alerts.console.boards import boats_out, faulty, recalls
from alerts.console.coast import coast
from alerts.console.deeds import PRESENT
from alerts.console.door import Door
from alerts.console.duties import DESKS
from alerts.console.heard import plain, playing, spoken
from alerts.console.live import Live
from alerts.console.recall import Library
from alerts.console.view import CHANGES_KEPT, may_see
from alerts.console.words import words
from alerts.store.store import Refusal, Store, StoreAway
from ingest.refusals import Refused
from ingest.settings import Settings
from ingest.site import Person

SERIES_BACK = 24 * 3_600_000  # ms of a device's curves; ours
SERIES_POINTS = 240  # of a curve, about one a pixel of the small chart; ours
DEAF = 10_000  # ms without a tick after which nothing of an area is heard, as the page's header says it
CURVES = ("battery", "rssi", "temperature")

log = structlog.get_logger()


class Answers:
    def __init__(self, settings: Settings, live: Live, door: Door, library: Library) -> None:
        self.settings, self.live, self.door, self.library = settings, live, door, library

    async def start(self, request: Request, person: Person) -> Response:
        """All that the page needs to begin: who, words, what stands, and the number from which to listen."""
        language = request.query_params.get("language") or request.cookies.get("coast_language") or person.language
        live, site = self.live, self.live.site
        view = live.view
        body = {
            "me": {"id": person.id, "name": person.name, "role": person.role, "seat": person.seat, "post": person.post},
            "csrf": self.door.csrf(request),
            "present": PRESENT,
            "language": language,
            "words": words(language),
            "time_zone": site.time_zone,
            "tiles": self.settings.console_tiles,
            "people": {who.id: who.name for who in site.people},
            "desks": {who.id: (who.name, who.role) for who in site.people if who.role in DESKS},
            "live": f"{live.epoch}-{live.number}",
            "chain": live.chain(),
            "alerts": [view.alert_row(name) for name, alert in view.alerts.items() if may_see(person, alert)],
            "devices": {name: device.row() for name, device in view.devices.items()},
            "vessels": {name: vessel.row() for name, vessel in view.vessels.items()},
            "duty": {key: plain(event) for key, event in view.duty.items()},
        }
        return JSONResponse(body)

    async def coast(self, _: Request, __: Person) -> Response:
        return JSONResponse(coast(self.live.site))

    async def boards(self, _: Request, person: Person) -> Response:
        """Boats out and overdue, recalls, and devices that fail: by the log's time `now`, ms. Telephones are for the desks."""
        view, site = self.live.view, self.live.site
        seen = [alert for alert in view.alerts.values() if may_see(person, alert)]
        boats = boats_out(site, view.trips, seen, view.now)
        if person.role not in DESKS:
            boats = [{**row, "skipper": "", "phone": ""} for row in boats]
        return JSONResponse({"now": view.now, "boats": boats, "recalls": recalls(seen), "faulty": faulty(site, seen, view.duty, view.now)})

    async def places(self, _: Request, person: Person) -> Response:
        """Colours of places and what is not seen, of the alerts that this person may see; from the same moment as `chain`."""
        from alerts.console.places import places_now  # noqa: PLC0415  # needs the models' numpy: a page starts without

        view, chain = self.live.view, self.live.chain()
        deaf = [area for area, row in chain["areas"].items() if row["tick"] is None or row["tick"] > DEAF]
        alerts = [alert for alert in view.alerts.values() if may_see(person, alert) or alert.model in ("M02", "M03", "M17", "SYS")]
        return JSONResponse(await asyncio.to_thread(places_now, self.live.site, alerts, deaf))

    async def listen(self, request: Request, person: Person) -> Response:
        after = request.headers.get("last-event-id") or request.query_params.get("after", "")
        return StreamingResponse(self.live.stream(person.id, after), media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def timeline(self, request: Request, person: Person) -> Response:
        """Every revision of one alert: the store's, and what this process has seen since."""
        name = request.path_params["alert"]
        alert = self.live.view.alerts.get(name)
        if alert is None or not may_see(person, alert):
            return JSONResponse({"why": "this alert is not known here"}, 404)
        stored: list[dict[str, Any]] = await self._ask(lambda store: store.history(name), [])
        rows = {row["revision"]: row for row in map(_stored_row, stored)}
        rows.update({row["revision"]: row for row in self.live.view.changes.get(name, ())})
        return JSONResponse([rows[revision] for revision in sorted(rows)][-CHANGES_KEPT:])

    async def cap(self, request: Request, person: Person) -> Response:
        """One alert as CAP 1.2 XML. It needs the store: a message refers to those before it."""
        name = request.path_params["alert"]
        alert = self.live.view.alerts.get(name)
        if alert is None or not may_see(person, alert):
            return JSONResponse({"why": "this alert is not known here"}, 404)
        try:
            stored = [from_wire(shape) for shape in await self.library.ask(lambda store: store.history(name))]
        except StoreAway as away:
            return JSONResponse({"why": f"the store does not answer: {away}"}, 503)
        revisions = [*(each for each in stored if each.revision < alert.revision), alert]
        return Response(message(self.live.site, revisions), media_type="application/cap+xml")

    async def device(self, request: Request, person: Person) -> Response:
        name = request.path_params["device"]
        refused = await self._refusals(name, 30)
        curves = await self._ask(lambda store: self._curves(store, name), {})
        body: dict[str, Any] = {"said": {}, "curves": curves, "commands": [], "playing": [], "refused": refused}
        seen = self.live.view.devices.get(name)
        if seen is not None:
            body["said"] = {kind: spoken(said) for kind, said in sorted(seen.said.items())}
            body["curves"] = {curve: _joined(curves.get(curve, ()), seen.curve(curve)) for curve in CURVES}
            visible = {alert: known for alert, known in self.live.view.alerts.items() if may_see(person, known)}
            body["playing"] = playing(seen.commands, visible, self.live.view.now)
            body["commands"] = [
                {**plain(command), "done": plain(seen.answers[command.id]) if command.id in seen.answers else None}
                for command in reversed(seen.commands)
            ]
        return JSONResponse(body)

    def _curves(self, store: Store, device: str) -> dict[str, list[tuple[int, float]]]:
        now = self.live.now()
        return {curve: store.series("heartbeat", device, curve, now - SERIES_BACK, now + 1) for curve in CURVES}

    async def refused(self, _: Request, __: Person) -> Response:
        return JSONResponse(await self._refusals("", 200))

    async def _refusals(self, device: str, limit: int) -> list[dict[str, Any]]:
        """Newest first: what this process has seen, then the store's older ones."""
        stored: list[Refusal] = await self._ask(lambda store: store.refused(device, limit), [])
        seen = sorted((row for row in self.live.view.refused if device in ("", row.device)), key=lambda row: -row.received)
        oldest = seen[-1].received if seen else 1 << 62
        return [*map(_turned_away, seen), *(_refusal(row) for row in stored if row.at < oldest)][:limit]

    async def _ask(self, question: Callable[[Store], Any], otherwise: Any) -> Any:
        """The store's answer; `otherwise` while it is away: the page then shows what the log told."""
        try:
            return await self.library.ask(question)
        except StoreAway as away:
            log.warning("the store does not answer", why=str(away))
            return otherwise


def _joined(stored: Sequence[tuple[int, float]], fresh: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """(at, value), oldest first: the store's, then what came after; thinned to what a small chart can show, the last always kept."""
    last = stored[-1][0] if stored else 0
    all_ = [*stored, *(point for point in fresh if point[0] > last)]
    step = -(-len(all_) // SERIES_POINTS)
    return all_[::-1][:: step or 1][::-1]


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
