"""Boats out, overdue and recalled, and devices that fail: what a shift looks after, and hands over, beside its alerts.

Views of what the console knows, without memory. Counted by the log's time (`now`: of the newest tick, in ms), never by this machine's clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alerts.alert import Alert
from ingest.events import Event, Trip, Work
from ingest.site import Site, Vessel

Reports = dict[str, dict[str, Sequence[Any]]]  # boat -> report's id -> kind, at, eta, persons, cancelled: as M15 keeps them
USUAL = 86_400_000  # ms of a trip without a time of return, as M15 takes it
KEPT = 30  # reports of a boat, as M15 keeps them
ABOUT_DEVICES = ("M02", "M03")


def report(reports: Reports, event: Trip, site: Site) -> None:
    """Take what a station entered, as M15 does: an amendment or a withdrawal stands, whether it comes after its report or before."""
    of_boat = reports.setdefault(site.identity.get(event.vessel, event.vessel), {})
    name = event.amends or event.id
    if name in of_boat and not (event.amends or event.cancel):
        return
    of_boat[name] = (event.report, event.received if event.ts is None else event.ts, event.eta, event.persons, event.cancel)
    while len(of_boat) > KEPT:
        del of_boat[min(of_boat, key=lambda each: (of_boat[each][1], each))]


def boats_out(site: Site, reports: Reports, alerts: Iterable[Alert], now: int) -> list[dict[str, Any]]:
    """Boats whose newest report is a departure, and those told by M15; the latest first. `late`: ms past the time of return, negative: ahead of it."""
    told = {alert.subject: alert for alert in alerts if _stands(alert) and alert.model == "M15"}
    rows = [
        _boat(boat, site.vessel.get(boat) or site.registry.get(boat), _trip(reports.get(boat, {})), told.get(boat), now)
        for boat in dict.fromkeys((*reports, *told))
    ]
    return sorted((row for row in rows if row), key=lambda row: (-(row["late"] if row["late"] is not None else now), row["boat"]))


def recalls(alerts: Iterable[Alert]) -> list[dict[str, Any]]:
    """One row a station whose boats are called back and still out; the gravest first."""
    rows = [
        {"alert": alert.id, "level": alert.level, "text": {"zh": alert.text.zh, "en": alert.text.en}, **{
            name: alert.reason.values.get(name) for name in ("station_zh", "station_en", "bulletin", "deadline", "out", "boats")
        }}
        for alert in alerts if _stands(alert) and alert.model == "M16" and alert.reason.code in ("recall_due", "recall_list")
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row["deadline"] or 0, row["alert"]))


def faulty(site: Site, alerts: Iterable[Alert], duty: Mapping[str, Event], now: int) -> list[dict[str, Any]]:
    """Devices with an open alert about them (kept quiet or not), a work order in force, or out of service; in the site's order."""
    about: dict[str, Alert] = {}
    for alert in sorted((each for each in alerts if _stands(each) and each.model in ABOUT_DEVICES), key=lambda each: each.raised):
        for name in (alert.subject, *alert.evidence, *map(str, alert.reason.values.get("first", ()))):
            about.setdefault(name, alert)
    works = {
        event.subject: event for event in duty.values() if isinstance(event, Work) and not event.closed and (event.until is None or event.until > now)
    }
    return [
        {
            "device": device.id, "type": device.type, "place": device.place, "zh": device.name_zh, "en": device.name_en, "in_service": device.in_service,
            "alert": about[device.id].id if device.id in about else None, "level": about[device.id].level if device.id in about else None,
            "text": {"zh": about[device.id].text.zh, "en": about[device.id].text.en} if device.id in about else None,
            "since": about[device.id].raised if device.id in about else None,
            "work": {"by": works[device.id].by, "until": works[device.id].until} if device.id in works else None,
        }
        for device in site.devices if device.id in about or device.id in works or not device.in_service
    ]  # fmt: skip


def _stands(alert: Alert) -> bool:
    return alert.response not in {"resolved", "verified"} and not alert.drill


def _trip(reports: Mapping[str, Sequence[Any]]) -> Sequence[Any] | None:
    """The newest report where it is a departure: the boat is out."""
    standing = [each for each in reports.values() if each[0] in ("departure", "return") and not each[4]]
    newest = max(standing, key=lambda each: (each[1], each[0]), default=None)
    return newest if newest is not None and newest[0] == "departure" else None


def _boat(boat: str, vessel: Vessel | None, trip: Sequence[Any] | None, told: Alert | None, now: int) -> dict[str, Any] | None:
    if trip is None and told is None:
        return None
    departed, eta, persons = (trip[1], trip[2], trip[3]) if trip is not None else (None, None, None)
    back = None if trip is None else trip[1] + USUAL if eta is None else eta
    return {
        "boat": boat, "name": vessel.name if vessel else boat, "home": vessel.home if vessel else "", "group": vessel.group if vessel else "",
        "skipper": vessel.skipper if vessel else "", "phone": vessel.phone if vessel else "", "departed": departed, "eta": eta, "persons": persons,
        "late": None if back is None else now - back, "alert": told.id if told else None, "level": told.level if told else None,
        "text": {"zh": told.text.zh, "en": told.text.en} if told else None,
    }  # fmt: skip
