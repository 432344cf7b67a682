"""What the pipeline itself may be too sick to say: judged here from the log's ends, apart from the fold. The clock is always an argument.

Pure: what was seen goes in (`Seen`), verdicts come out; the deliverer pages them directly and appends them as `system` events.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from ingest.events import AnyEvent, Sos, Tick, name_of
from ingest.records import Batch, Codec

SILENT = 5_000  # ms without a tick: the deliverer's own ticks begin; architecture
DEAD = 10_000  # ms without a tick of the bridge: paged; architecture
UNANSWERED = 5_000  # ms from a press in the log to its alert; architecture
LAG = 30_000  # ms without outcomes while the area's events go on (snapshots come every 10 s): ours
DISK = 2_000_000_000  # bytes free; below it the disk is nearly full: ours, twice the reserve
FAILED = 3  # failed attempts of a channel in a row: ours
LATE = 10_000  # ms that a due page waits to be tried; architecture, Delivery
US = "deliverer"


class Seen(Struct):
    """Of one area, in ms of the wall clock."""

    area: str
    tick: Tick | None = None  # the last, whoever made it
    bridge: int = 0  # `received` of the bridge's last tick
    standing_in: int = 0  # when our own last tick was appended; 0: the bridge ticks
    outcomes: int = 0  # when the last outcomes were seen


class Verdict(Struct, frozen=True):
    """A finding about ourselves."""

    part: str
    code: str
    values: dict[str, Any] = {}
    paged: bool = True  # False: it enters the log only, so far


class _Raw(Struct, frozen=True, array_like=True):
    site: str
    events: list[msgspec.Raw]


_raw = msgspec.msgpack.Decoder(_Raw).decode
_event = msgspec.msgpack.Decoder(AnyEvent).decode


def look(seen: Seen, value: bytes, presses: bool, codec: Codec) -> Iterator[Sos]:
    """One record of `events`: its tick is noted, its presses are given. Only what is needed is decoded."""
    plain = codec.unpack_bytes(value)
    raw = _raw(plain)
    if raw.events:
        last = _event(raw.events[-1])
        if isinstance(last, Tick):
            seen.tick = last
            if not last.stands_in:
                seen.bridge, seen.standing_in = last.received, 0
    if presses:
        batch = msgspec.msgpack.decode(plain, type=Batch)
        yield from (event for event in batch.events if isinstance(event, Sos) and event.state == "pressed")


def press_name(press: Sos) -> str:
    """Equal for a redelivered or repeated press; one without a name, or unreadable, is always its own, as in the fold."""
    if (press.seq is None and press.ts is None) or press.raw is not None:
        return f"{press.device}//{press.received}"
    return name_of(press)


def judge(seen: Seen, now: int) -> list[Verdict]:
    """What stands against an area now."""
    found = []
    if now - seen.bridge > SILENT:
        found.append(Verdict("bridge", "no_tick", {"subject": seen.area}, paged=now - seen.bridge > DEAD))
    if now - seen.outcomes > LAG:
        found.append(Verdict("processor", "behind", {"subject": seen.area}))
    return found


def judge_machine(free: int) -> list[Verdict]:
    """`free` bytes on the disk of the log."""
    return [Verdict("machine", "disk_full", {"free": free})] if free < DISK else []


def judge_delivery(in_a_row: Mapping[str, int], waited: int) -> list[Verdict]:
    """`in_a_row`: channel -> failed attempts since it last delivered; `waited`: ms since the oldest due page was to be tried."""
    found = [Verdict(US, "channel_failed", {"subject": channel, "tries": tries}) for channel, tries in sorted(in_a_row.items()) if tries >= FAILED]
    return [*found, Verdict(US, "behind", {"waited": waited})] if waited > LATE else found


def stand_in(seen: Seen, now: int) -> Tick | None:
    """The tick that the bridge owes: `heard` does not move, for nobody listens. One a second after `SILENT`."""
    if now - seen.bridge <= SILENT or now - seen.standing_in < 1_000:
        return None
    last = seen.tick
    return Tick(
        device=US, received=now, now=max(now, last.now) if last else now, heard=last.heard if last else 0, connects=last.connects if last else 0
    )


def unanswered(open_presses: list[tuple[str, str, int]], now: int) -> list[tuple[str, str, int]]:
    return [each for each in open_presses if now - each[2] > UNANSWERED]
