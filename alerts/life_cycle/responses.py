"""What devices are told when an alert is raised, and how the person at a box hears that help is on its way."""

from alerts.alert import Alert, Command
from alerts.life_cycle.case import RESTRICTED, Case
from ingest.site import Area, Device, Segment, Site

PROMPT = 120_000  # ms within which a light or a voice still helps; ours
REPORT = 600_000  # ms within which a report is still news; ours
LIT = 1_800_000  # ms that lamps stay on unless told otherwise; ours
TAMPER_VOICE = "您已进入监控范围,请勿损坏设备"  # glossary
STATES = {
    "new": "received", "acknowledged": "acknowledged", "dispatched": "dispatched", "en_route": "dispatched", "arrived": "arrived",
    "resolved": "closed", "verified": "closed",
}  # fmt: skip


class Shore:
    """An area's lights and cameras by segment, and which segments are neighbours."""

    def __init__(self, site: Site, area: Area) -> None:
        self.area = area.id
        self.site = site
        self._by_index = {(segment.line, segment.index): segment for segment in site.segments}
        self._here: dict[str, list[Device]] = {}
        for device in site.devices:
            if device.area == area.id and device.in_service and device.type in {"light", "camera"}:
                self._here.setdefault(device.segment, []).append(device)

    def around(self, segment: str, kind: str) -> list[Device]:
        """Of the own segment, then of both neighbours."""
        own = self.site.segment.get(segment)
        if own is None:
            return []
        near: list[Segment | None] = [own, *(self._by_index.get((own.line, own.index + step)) for step in (-1, 1))]
        return [device for each in near if each is not None for device in self._here.get(each.id, ()) if device.type == kind]


def report(case: Case, now: int) -> Command:
    """How the alert stands, for the box that was pressed."""
    alert = case.alert
    state = "waiting" if alert.response == "new" and case.waiting else STATES[alert.response]
    args = {"alert": alert.id, "state": state}
    return Command(
        id=f"{alert.id}/{alert.revision}/report",
        area=alert.area,
        device=case.answers,
        command="report",
        args=args,
        expires=now + REPORT,
        alert=alert.id,
    )


def first_aid(shore: Shore, case: Case, now: int) -> list[Command]:
    """Commands that need no operator. Source: warning-models M01, M02 "auto"; restricted models: none (§0.1)."""
    alert = case.alert
    if alert.sensitivity == "restricted" or alert.model in RESTRICTED or alert.suppressed is not None:
        return []
    wanted: list[tuple[str, str, dict[str, object]]] = []
    if alert.model == "M01" and alert.reason.code == "pressed":
        wanted = [(case.answers, "call", {})] if case.answers else []
        wanted += [(light.id, "light", {"lamp": "search", "mode": "search", "until": now + LIT}) for light in shore.around(alert.segment, "light")]
        if case.answers:
            wanted.append((case.answers, "light", {"lamp": "strobe", "mode": "strobe", "until": now + LIT}))
        wanted += _watch(shore, alert)
    elif alert.model == "M02" and alert.reason.code in {"tamper", "tilt"}:
        wanted = [
            *_watch(shore, alert, ptz=False),
            (alert.subject, "speak", {"text": TAMPER_VOICE, "language": "zh", "repeat": 2}),
            (alert.subject, "light", {"lamp": "warning", "mode": "on", "until": now + LIT}),
        ]
    return [
        Command(id=f"{alert.id}/{alert.revision}/{n}", area=alert.area, device=device, command=name, args=args, expires=now + PROMPT, alert=alert.id)
        for n, (device, name, args) in enumerate(wanted)
    ]


def _watch(shore: Shore, alert: Alert, *, ptz: bool = True) -> list[tuple[str, str, dict[str, object]]]:
    cameras = shore.around(alert.segment, "camera")
    if not cameras:
        return []
    near = cameras[0].id
    turned: list[tuple[str, str, dict[str, object]]] = [(near, "ptz", {"position": list(alert.position)})] if ptz and alert.position else []
    return [*turned, (near, "record", {"before": 30, "after": 30})]
