"""What is sent, and how it went: the one interface of all channels. Outcomes are values, a channel never raises for a target that is away."""

from typing import Literal, Protocol

from msgspec import Struct

from alerts.alert import Alert, Command
from ingest.events import Level
from ingest.site import Channel, Person

_LEVELS = {"red": ("红色", "RED"), "orange": ("橙色", "ORANGE"), "yellow": ("黄色", "YELLOW"), "blue": ("蓝色", "BLUE")}
_REASONS = {
    "raised": ("新预警", "new alert"), "level": ("已提级", "level raised"), "again": ("再次报警", "pressed again"), "back": ("再次出现", "is back"),
    "deadline": ("超时未处置", "deadline passed"), "escalated": ("升级上报", "escalated"), "reopened": ("重新开启", "reopened"), "closed": ("已处结", "closed"),
    "transferred": ("已移交给您", "transferred to you"), "offered": ("请接令", "please accept"), "press": ("一键报警未处理", "press without an alert"),
    "system": ("系统故障", "system fault"),
}  # fmt: skip


class Message(Struct, frozen=True, kw_only=True):
    """One delivery. `id` is the same for every attempt of it, so that a receiver can tell repetitions."""

    id: str
    at: int  # ms
    reason: str = ""
    level: Level = "red"
    subject: str = ""  # the alert's id, or what was seen
    place: str = ""
    zh: str = ""
    en: str = ""
    revision: int = 0
    alert: Alert | None = None
    command: Command | None = None


class Sent(Struct, frozen=True):
    """`seen` False: laid down, but whether the person looks is told later; until then the next channel's clock runs."""

    seen: bool = True


class Retry(Struct, frozen=True):
    reason: str
    after: int = 0  # ms at least


class Failed(Struct, frozen=True):
    """Trying again cannot help."""

    reason: str


Result = Sent | Retry | Failed


class Sender(Protocol):
    def send(self, message: Message, person: Person | None, channel: Channel, timeout: int) -> Result:
        """`timeout` in ms."""
        ...


def title(message: Message, language: Literal["zh", "en"]) -> str:
    """`红色 新预警 QZ-0123`: level, why and place number, nothing else."""
    column = 0 if language == "zh" else 1
    drill = ("【演练】", "DRILL ")[column] if message.alert is not None and message.alert.drill else ""
    words = (_LEVELS[message.level][column], _REASONS.get(message.reason, (message.reason, message.reason))[column], message.place)
    return drill + " ".join(word for word in words if word)


def text(message: Message, language: Literal["zh", "en"], inside: bool) -> str:
    """What leaves the site carries id, level and place number only."""
    if not inside:
        return f"{title(message, language)} #{message.subject}"
    return f"{title(message, language)} {message.zh if language == 'zh' else message.en}".strip()


def place_outside(message: Message) -> str:
    """A restricted alert's place stays inside: a message that leaks would warn accomplices."""
    return "" if message.alert is not None and message.alert.sensitivity == "restricted" else message.place
