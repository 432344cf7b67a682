"""Over a hundred push services by their Apprise URLs: `apprise:tgram://…`, or `apprise:` with the URL in the environment variable that `secret` names."""

import os

from msgspec import structs

from alerts.channels.message import Failed, Message, Result, Retry, Sent, place_outside, text, title
from ingest.site import Channel, Person


class Apprise:
    """Sender. The library is loaded with the first message: it is heavy and few sites use it."""

    def send(self, message: Message, person: Person | None, channel: Channel, timeout: int) -> Result:
        import apprise  # noqa: PLC0415 — 100 services: loaded where one of them is used

        url = os.environ.get(channel.secret, "") if channel.secret else channel.url.removeprefix("apprise:")
        service = apprise.Apprise()
        if not url or not service.add(url):
            return Failed("not an address that Apprise knows")
        for each in service:
            each.socket_connect_timeout = each.socket_read_timeout = timeout / 1000
        if not channel.inside:
            message = _small(message)
        language = person.language if person else "zh"
        with apprise.LogCapture(level=apprise.logging.WARNING) as told:
            taken = service.notify(body=text(message, language, channel.inside), title=title(message, language))
            why = told.getvalue().strip()[-300:]
        return Sent() if taken else Retry(why or "the service did not take it")


def _small(message: Message) -> Message:
    return structs.replace(message, place=place_outside(message))
