"""An alert as CAP 1.2 XML (OASIS, 2010), for those who pass warnings on. Rules: warning-models §0.1.

A message is due where level, area or text change, and at the end; an acknowledgement is none. Each has a name of its own and refers to those before it, so
it is made from the alert's revisions: the same revisions always give the same messages.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from alerts.alert import Alert, Outcome
from alerts.wording import MODELS
from ingest.events import Level
from ingest.site import Site

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
End = Literal["", "all_clear", "false"]
FALSE: frozenset[Outcome] = frozenset({"nuisance", "false_environment", "false_object", "sensor_fault", "duplicate"})  # nobody was ever in danger
REAL: frozenset[Outcome] = frozenset({"real", "rescued", "assisted"})  # a person confirmed it
SEVERITY: dict[Level, str] = {"blue": "Minor", "yellow": "Moderate", "orange": "Severe", "red": "Extreme"}
URGENCY: dict[Level, str] = {"blue": "Future", "yellow": "Expected", "orange": "Immediate", "red": "Immediate"}  # ours
CATEGORY = {  # of <info>; ours
    "M01": "Rescue", "M02": "Infra", "M03": "Infra", "M04": "Safety", "M05": "Security", "M06": "Security", "M07": "Security", "M08": "Safety", "M09": "Rescue",
    "M10": "Rescue", "M11": "Security", "M12": "Transport", "M13": "Security", "M14": "Security", "M15": "Transport", "M16": "Transport", "M17": "Met",
    "SYS": "Infra", "INC": "Safety",
}  # fmt: skip
RESPONSE = {"M08": "Evacuate", "M10": "Evacuate", "M17": "Avoid"}  # ours; of others by level
BY_LEVEL: dict[Level, str] = {"blue": "Monitor", "yellow": "Assess", "orange": "Execute", "red": "Execute"}  # ours
OBSERVED = frozenset({"M01", "M02", "INC", "SYS"})  # a contact closed, a device spoke, a person said so
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # a vessel may call itself anything
NEAR = 0.1  # km about a position: half a segment; ours


def message(site: Site, revisions: Sequence[Alert]) -> bytes:
    """The last message due, as XML. `revisions`: all of one alert, the oldest first, at least one."""
    due = _due(revisions)
    alert, before = due[-1], due[:-1]
    end = _end(alert)
    kind = "Cancel" if end == "false" and before else "Update" if before else "Alert"
    root = ET.Element("alert", xmlns=NAMESPACE)
    restricted = alert.sensitivity == "restricted"
    _add(root, "identifier", _name(alert))
    _add(root, "sender", site.id)
    _add(root, "sent", _time(site, alert.updated))
    _add(root, "status", "Exercise" if alert.drill else "Actual")
    _add(root, "msgType", kind)
    _add(root, "scope", "Restricted" if restricted else "Public")
    _add(root, "restriction", "monitoring room, police, named station officers" if restricted else "")
    _add(root, "note", alert.outcome or "" if kind == "Cancel" else "")
    _add(root, "references", " ".join(f"{site.id},{_name(each)},{_time(site, each.updated)}" for each in before))
    _add(root, "incidents", alert.incident or "")
    for language in ("zh-CN", "en"):
        root.append(_info(site, alert, end, language))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _due(revisions: Sequence[Alert]) -> list[Alert]:
    """The revisions that are messages: the first, and each in which something that CAP tells changed. After a cancellation there is none."""
    due: list[Alert] = []
    for alert in revisions:
        if not due or (_face(alert) != _face(due[-1]) and _end(due[-1]) != "false"):
            due.append(alert)
    return due


def _face(alert: Alert) -> tuple[object, ...]:
    """What CAP tells of it."""
    return alert.level, alert.segment, alert.place, alert.position, alert.text, _end(alert), alert.sensitivity


def _end(alert: Alert) -> End:
    if alert.resolved is not None and alert.outcome in FALSE:
        return "false"
    return "all_clear" if alert.condition == "over" or alert.resolved is not None else ""


def _info(site: Site, alert: Alert, end: End, language: str) -> ET.Element:
    chinese = language == "zh-CN"
    name = MODELS.get(alert.model, (alert.model, alert.model))[0 if chinese else 1]
    text = alert.text.zh if chinese else alert.text.en
    info = ET.Element("info")
    _add(info, "language", language)
    _add(info, "category", CATEGORY.get(alert.model, "Other"))
    _add(info, "event", name)
    _add(info, "responseType", "AllClear" if end else RESPONSE.get(alert.model, BY_LEVEL[alert.level]))
    _add(info, "urgency", "Past" if end else URGENCY[alert.level])
    _add(info, "severity", SEVERITY[alert.level])
    _add(info, "certainty", certainty(alert))
    _pair(info, "eventCode", "model", alert.model)
    _add(info, "effective", _time(site, alert.raised))
    _add(info, "onset", _time(site, alert.occurred))
    _add(info, "senderName", site.name_zh if chinese else site.name_en)
    _add(info, "headline", ("解除：" if chinese else "Over: ") + text if end else text)
    _add(info, "description", text)
    _pair(info, "parameter", "alert", alert.id)
    _pair(info, "parameter", "level", alert.level)
    _pair(info, "parameter", "state", alert.state)
    info.append(_area(site, alert, chinese=chinese))
    return info


def certainty(alert: Alert) -> str:
    """By whom or what it was seen; severity is not derived from it."""
    if alert.model in OBSERVED or alert.arrived is not None or alert.outcome in REAL:
        return "Observed"
    if alert.confidence is None:
        return "Likely"  # a rule on what was measured
    return "Likely" if alert.confidence >= 0.5 else "Possible"


def _area(site: Site, alert: Alert, *, chinese: bool) -> ET.Element:
    segment, area = site.segment.get(alert.segment), site.area_of.get(alert.area)
    names = [each for each in (segment, area) if each is not None]
    told = [name for each in names if (name := each.name_zh if chinese else each.name_en)]
    found = ET.Element("area")
    _add(found, "areaDesc", " · ".join(dict.fromkeys([*told, alert.place])).strip(" ·") or alert.area)
    if alert.position is not None:
        _add(found, "circle", f"{alert.position[1]:.6f},{alert.position[0]:.6f} {NEAR}")
    for name, value in (("area", alert.area), ("segment", alert.segment), ("place", alert.place)):
        if value:
            _pair(found, "geocode", name, value)
    return found


def _name(alert: Alert) -> str:
    return f"{alert.id}.{alert.revision}"


def _time(site: Site, ms: int) -> str:
    """With an offset in numbers, and no fractions, as CAP wants it."""
    return datetime.fromtimestamp(ms // 1000, ZoneInfo(site.time_zone)).isoformat()


def _add(node: ET.Element, name: str, text: str) -> None:
    if text:
        ET.SubElement(node, name).text = _NO_XML.sub("�", text)


def _pair(node: ET.Element, name: str, key: str, value: str) -> None:
    pair = ET.SubElement(node, name)
    _add(pair, "valueName", key)
    _add(pair, "value", value)
