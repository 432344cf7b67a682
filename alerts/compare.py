"""The same log judged twice, by the site's thresholds and by others, side by side: how a site tunes."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from alerts.alert import rfc3339
from alerts.replay import replay
from alerts.score import Raised, raised_of
from ingest.events import Level
from ingest.site import Site

MOST = 50  # differences that are written out; ours
SOON = 2 * 3_600_000  # ms by which the same alert may be earlier or later and still be the same; ours


def compare(site: Site, recording: Path, overrides: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown. Raises ValueError where the recording cannot be read or a parameter is unknown or out of range."""
    return told(raised_of(replay(site, recording)), raised_of(replay(site, recording, overrides)))


def told(before: Sequence[Raised], after: Sequence[Raised]) -> str:
    """What the second judging raised other than the first."""
    return "\n".join((*_table(before, after), "", *_differences(before, after)))


def _table(before: Sequence[Raised], after: Sequence[Raised]) -> Iterable[str]:
    levels: tuple[Level, ...] = get_args(Level)
    yield "| model | " + " | ".join(levels) + " | all |"
    yield "|---|" + "---|" * (len(levels) + 1)
    for model in sorted({each.model for each in (*before, *after)}):
        cells = [_pair(before, after, model, (level,)) for level in levels]
        yield f"| {model} | " + " | ".join(cells) + f" | {_pair(before, after, model, levels)} |"


def _pair(before: Sequence[Raised], after: Sequence[Raised], model: str, levels: tuple[Level, ...]) -> str:
    one, other = (sum(each.model == model and each.level in levels for each in side) for side in (before, after))
    return str(one) if one == other else f"{one} → {other}"


def _differences(before: Sequence[Raised], after: Sequence[Raised]) -> Iterable[str]:
    pairs, gone, new = _paired(before, after)
    lines = [(each.raised, f"only as it is: {_named(each)}") for each in gone]
    lines += [(each.raised, f"only as tried: {_named(each)}") for each in new]
    for one, other in pairs:
        if one.level != other.level:
            lines.append((one.raised, f"{_named(one)} becomes {other.level}"))
        elif one.raised != other.raised:
            lines.append((one.raised, f"{_named(one)} is raised {_minutes(other.raised - one.raised)}"))
    if not lines:
        yield "No alert differs."
    for _, line in sorted(lines)[:MOST]:
        yield f"- {line}"
    if len(lines) > MOST:
        yield f"- … and {len(lines) - MOST} more"


def _paired(before: Sequence[Raised], after: Sequence[Raised]) -> tuple[list[tuple[Raised, Raised]], list[Raised], list[Raised]]:
    """(alerts of the same model and subject about the same time, those only before, those only after): each is used once, in the order of time."""
    rest: dict[tuple[str, str], list[Raised]] = {}
    for each in after:
        rest.setdefault((each.model, each.subject), []).append(each)
    pairs, gone = [], []
    for each in before:
        same = rest.get((each.model, each.subject), [])
        near = min(same, key=lambda other: (abs(other.occurred - each.occurred), other.raised), default=None)
        if near is not None and (abs(near.occurred - each.occurred) <= SOON or abs(near.raised - each.raised) <= SOON):
            same.remove(near)
            pairs.append((each, near))
        else:
            gone.append(each)
    return pairs, gone, [each for some in rest.values() for each in some]


def _named(alert: Raised) -> str:
    return f"{alert.model} {alert.level} {alert.subject}, {rfc3339(alert.raised)}"


def _minutes(ms: int) -> str:
    return f"{abs(ms) / 60_000:.1f} min {'later' if ms > 0 else 'earlier'}"
