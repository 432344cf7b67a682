"""What of the alerts' outcomes is still to be said, and to whom: wanted minus sent. Outcomes in, rows of the outbox out; the time is an argument."""

import hashlib
from collections.abc import Sequence

from alerts.alert import Alert, Command, Outcomes, Page
from alerts.channels.message import Message
from alerts.outbox import Outbox
from ingest.site import Channel, Person, Site

BEHIND = 10_000  # ms; above it only what is still open is paged, each person once; architecture
LIFE = 24 * 3_600_000  # ms that a page of what still stands is worth sending: a target may be away for hours; ours
CONSOLE = Channel("console", "console:")
DEVICE = "device"


def reconcile(outbox: Outbox, site: Site, records: Sequence[Outcomes], now: int) -> None:
    """All records up to the end of one partition, inside the caller's transaction."""
    behind = bool(records) and now - records[0].now > BEHIND
    pages: list[Page] = []
    for outcomes in records:
        for alert in outcomes.alerts:
            _hear(outbox, alert)
        pages += outcomes.pages
        for command in outcomes.commands:
            _order(outbox, command, now)
        if outcomes.open is not None:
            _close_missing(outbox, site, outcomes, now)
    if behind:
        pages = _once_each(pages, outbox)
    for page in pages:
        _page(outbox, site, page, now)


def is_closed(alert: Alert) -> bool:
    return alert.response in {"resolved", "verified"}


def _hear(outbox: Outbox, alert: Alert) -> None:
    """Keep the newest revision; (id, revision) already seen is skipped. An acknowledgement or an end silences what still waits."""
    known = outbox.known(alert.id)
    if known is not None and known.alert.revision >= alert.revision:
        return
    closed, quiet = is_closed(alert), known.quiet if known else 0
    if alert.response != "new" and (known is None or known.alert.response == "new"):
        quiet = alert.revision
    if closed:
        quiet = alert.revision
    outbox.remember(alert, closed, quiet)
    if known is None or quiet > known.quiet:
        outbox.supersede(alert.id, quiet)


def _once_each(pages: Sequence[Page], outbox: Outbox) -> list[Page]:
    """After an absence: the last page of each person for each alert that still stands, and the end for whoever was told of it."""
    last: dict[tuple[str, str], Page] = {}
    for page in pages:
        known = outbox.known(page.alert)
        if page.reason == "closed" or known is None or known.alert.condition == "active":
            for person in page.to:
                last[page.alert, person] = page
    return [_to(page, person) for (_, person), page in last.items()]


def _to(page: Page, person: str) -> Page:
    return Page(alert=page.alert, revision=page.revision, reason=page.reason, step=page.step, at=page.at, to=(person,), level=page.level)


def _page(outbox: Outbox, site: Site, page: Page, now: int) -> None:
    known = outbox.known(page.alert)
    if known is not None and page.revision < known.quiet and page.reason != "closed":
        return
    told = outbox.told(page.alert) if page.reason == "closed" else None
    message = message_of_page(page, known.alert if known else None)
    for person in page.to:
        if told is None or person in told:
            want(outbox, site, message, person, page.step, now)


def want(outbox: Outbox, site: Site, message: Message, person: str, step: int, now: int) -> None:
    """The first of the person's channels; the others follow where it fails (`next_channel`)."""
    one = site.person.get(person)
    if one is None:
        outbox.refuse(message, person, step, now, "not a person of this site")
        return
    outbox.replace(message.subject, person, message.revision)
    outbox.want(message, person, channels_of(site, one)[0].id, 0, step, now, now + LIFE)


def channels_of(site: Site, person: Person) -> list[Channel]:
    """In the order to be tried. Nobody is without a channel: the console is the last resort."""
    known = {channel.id: channel for channel in (CONSOLE, *site.channels)}
    return [known[name] for name in person.channels if name in known] or [CONSOLE]


def message_of_page(page: Page, alert: Alert | None) -> Message:
    return Message(
        id=delivery_id(page.alert, page.reason, page.step, page.revision), at=page.at, reason=page.reason, level=page.level, subject=page.alert,
        place=(alert.place or alert.segment) if alert else "", zh=alert.text.zh if alert else "", en=alert.text.en if alert else "",
        revision=page.revision, alert=alert,
    )  # fmt: skip


def delivery_id(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:24]


def _order(outbox: Outbox, command: Command, now: int) -> None:
    """A command is a delivery to a device; past `expires` it is not wanted any more."""
    if command.expires > now:
        message = Message(id=command.id, at=now, reason=command.id, subject=command.alert or command.id, command=command)
        outbox.want(message, f"{command.area}/{command.device}", DEVICE, 0, 0, now, command.expires)


def _close_missing(outbox: Outbox, site: Site, outcomes: Outcomes, now: int) -> None:
    """What does not stand any more by the snapshot's list is over for everybody: nobody is paged, whoever was told hears the end."""
    standing = {alert for alert, _ in outcomes.open or ()}
    for id_ in outbox.open_alerts(outcomes.area):
        known = outbox.known(id_)
        if id_ in standing or known is None:
            continue
        alert = known.alert
        outbox.remember(alert, closed=True, quiet=alert.revision + 1)
        outbox.supersede(id_, alert.revision + 1)
        page = Page(alert=id_, revision=alert.revision, reason="closed", step=0, at=outcomes.now, to=(), level=alert.level)
        message = message_of_page(page, alert)
        for person in sorted(outbox.told(id_)):
            want(outbox, site, message, person, 0, now)
