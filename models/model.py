"""What a warning model is: parameters, memory, one step; and what it finds.

A model is a frozen dataclass. Its fields are the parameters (unit, default, source in `metadata`, see `parameter`), memory is an argument, time
comes from the events. `step` is given batches that are cut so that a model that reads rare kinds sees them alone, in the log's order
(see `alerts/fold.py`), and yields findings in the order of what caused them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Protocol

from msgspec import Struct

from ingest.events import Level
from ingest.site import Area, Site
from models.batch import Batch
from models.subjects import Devices

FoundLevel = Literal["over", "blue", "yellow", "orange", "red"]


class Finding(Struct, frozen=True, kw_only=True):
    """A judgement, not yet an alert: the life cycle keeps one open alert a key, raises its level, counts repeats and ends it on `over`.

    `index` is the row, in the batch, of the event that caused it; `cause` names that event (`events.name_of`) or the deadline, for the alert's id.
    """

    model: str  # M12
    subject: str  # device, vessel or place
    level: FoundLevel
    code: str  # reason code: silent, battery, pressed
    index: int
    cause: str
    occurred: int  # ms, event time corrected
    raised: int = 0  # ms, `now` of the log; the fold fills it
    values: Mapping[str, Any] = {}
    segment: str = ""
    place: str = ""  # place number as printed
    position: tuple[float, float] | None = None
    evidence: tuple[str, ...] = ()
    confidence: float | None = None  # 0..1; certainty is derived from it, severity never
    flags: tuple[str, ...] = ()
    drill: bool = False
    sensitivity: Literal["open", "restricted"] = "open"
    still: bool = False  # nothing new: raises anew what a person closed though it still stands, and changes nothing otherwise
    again: bool = False  # the subject said it again (a second press): counts and rings
    inhibits: tuple[str, ...] = ()  # subjects of the same model whose alerts this one explains
    answers: str = ""  # device to be told how the alert stands (`report`), the box that was pressed
    unanswered: int = 0  # ms after which it is red, if nobody acknowledged it; 0: it stays as it is
    parts: tuple[tuple[str, str], ...] = ()  # (model, subject) of what belongs to the same event: their alerts become parts of this one's incident


class Model(Protocol):
    @property
    def code(self) -> str: ...  # M12

    @property
    def name(self) -> str: ...  # position_silence, the file's name

    @property
    def memory_version(self) -> int: ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Heavy kinds wanted as columns: heartbeats, positions, looks, objects, visits."""
        ...

    @property
    def rare(self) -> tuple[str, ...]:
        """Kinds wanted event by event."""
        ...

    @property
    def hears(self) -> tuple[str, ...]:
        """Codes of the models whose standing findings it asks for at ticks."""
        ...

    @property
    def in_place(self) -> bool | tuple[str, ...]:
        """Whether its rare events, or those of these kinds, must be seen alone, in their place among the columns; False where they matter only at the next tick."""
        ...

    @property
    def memory(self) -> type:
        """The dataclass of its memory."""
        ...

    def start(self, site: Site, area: Area, devices: Devices) -> Any:
        """Empty memory."""
        ...

    def step(self, memory: Any, batch: Batch, site: Site) -> Iterator[Finding]: ...

    def migrate(self, memory: Any, old: Devices, new: Devices) -> Any:
        """Memory kept by rows of the old revision's devices, as it stands by those of the new one."""
        ...


RANK: dict[FoundLevel, int] = {"over": 0, "blue": 1, "yellow": 2, "orange": 3, "red": 4}


def higher(one: Level, other: Level) -> bool:
    return RANK[one] > RANK[other]
