"""What is staged in an exercise is judged by models of its own, whose findings are drills; the models that watch the coast never hear it.

The two share no memory: nothing staged hides, ends or raises anything real, and a staged swimmer is no real one. What both hear is the world in which the
exercise takes place: ticks, weather, sea, bulletins, permits and patrols, except from devices that the exercise uses. The drill's models exist from the first staged
event until no exercise runs.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import msgpack, structs

from alerts.hearing import Heard, Hearing
from alerts.life_cycle.suppression import Span
from ingest.events import AnyEvent, Bulletin, Event, Permit, Tick, Tide, Unit, Water, Wave, Weather, kind_of
from ingest.exercises import is_staged
from ingest.site import Area, Site
from models.model import Finding

MEASURED = (Weather, Wave, Tide, Water)
WORLD = frozenset({*MEASURED, Bulletin, Permit, Unit})
WORLD_KINDS = ("weather", "wave", "tide", "water", "bulletin", "permit", "unit")
FRESH = 3_600_000  # ms; what was measured longer ago is not told to a drill that begins; ours
KEPT = 1_000  # of the world's last words; ours
NEVER_HEARD = ("M02", "unheard")  # to a drill nearly all devices are silent
_SEEN = {"looks": "tracks", "objects": "tracks", "visits": "tracks", "heartbeats": "heartbeat", "positions": "position"}


def is_world(event: Event, exercises: Mapping[str, Span], now: int) -> bool:
    """What a drill hears of the real world at `now`: not the sensors that an exercise uses, which say there what is staged."""
    return type(event) is Tick or (type(event) in WORLD and not any(event.device in span.devices and span.runs(now) for span in exercises.values()))


class World:
    """The last word of every source on weather, sea, bulletins, permits and patrols: what a drill that begins must know. Oldest first."""

    def __init__(self, known: Iterable[Event] = ()) -> None:
        self.last: dict[tuple[str, str, str], Event] = {}
        for event in known:
            self._note(event)

    def note(self, heard: Heard) -> None:
        for kind in WORLD_KINDS:
            for rare in heard.rare.get(kind, ()):
                self._note(rare.event)

    def _note(self, event: Event) -> None:
        what = ""
        if isinstance(event, Bulletin | Unit):
            what = event.id if isinstance(event, Bulletin) else event.unit
        elif isinstance(event, Permit):  # has no name
            what = f"{event.zone}/{event.vessel}/{event.person}/{event.device_}/{event.from_}/{event.until}"
        key = kind_of(event), event.device, what
        self.last.pop(key, None)
        self.last[key] = event
        if len(self.last) > KEPT:
            del self.last[next(iter(self.last))]

    def all(self) -> list[Event]:
        return list(self.last.values())

    def pack(self) -> bytes:
        return msgpack.encode(self.all())

    @classmethod
    def unpack(cls, packed: bytes) -> "World":
        return cls(msgpack.decode(packed, type=list[AnyEvent]))


class Drill:
    """The models of what is staged. `kinds`: those staged so far, since a model that heard none of its own has nothing to say of the exercise."""

    def __init__(self, site: Site, area: Area, overrides: Mapping[str, Mapping[str, Any]] | None, kinds: Iterable[str] = ()) -> None:
        self.hearing = Hearing(site, area, overrides, staged=True)
        self.kinds = set(kinds)

    def begin(self, real: Hearing, world: World, exercises: Mapping[str, Span]) -> None:
        """Hear what is known of the world at present."""
        mine = self.hearing
        mine.now, mine.heard, mine.connects = real.now, real.heard, real.connects
        known = [event for event in world.all() if not isinstance(event, MEASURED) or real.now - event.received <= FRESH]
        if of_the_world := [event for event in known if is_world(event, exercises, real.now)]:
            mine.take(of_the_world)

    def take(self, events: list[Event], now: int, exercises: Mapping[str, Span]) -> tuple[Heard, list[Finding]]:
        """One run of events, of which those that are staged count; `now`: the log's time before it."""
        self.kinds |= {kind_of(event) for event in events if is_staged(event, exercises.values())}
        self.hearing.now = max(self.hearing.now, now)
        heard, found = self.hearing.take(events)
        return heard, [structs.replace(finding, drill=True) for finding in found if self._concerns(finding, exercises)]

    def _concerns(self, finding: Finding, exercises: Mapping[str, Span]) -> bool:
        """Whether it is about what is staged, not about the world or about devices that an exercise does not use."""
        if (finding.model, finding.subject) == NEVER_HEARD:
            return False
        if finding.subject in self.hearing.devices.row and not any(finding.subject in span.devices for span in exercises.values()):
            return False
        model = next((each for each in self.hearing.models if each.code == finding.model), None)
        return model is None or not self.kinds.isdisjoint({*model.rare, *(_SEEN[name] for name in model.columns)})
