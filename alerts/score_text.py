"""A score card as markdown, in the order in which a chief reads it: what was missed, then what was false, then how long it took."""

from collections.abc import Iterable, Mapping

from alerts.score import Card, Line
from alerts.wording import MODELS

HEAD = (
    "model",
    "staged",
    "found",
    "missed, of these told partly or blind",
    "recall",
    "red",
    "alerts",
    "precision",
    "p50",
    "p95",
    "false a camera-day",
    "false a seat-hour",
    "false above blue",
)


def markdown(cards: Mapping[str, Card]) -> str:
    """`cards`: title -> card; side by side under one another."""
    return "\n".join(part for title, card in cards.items() for part in _card(title, card))


def _card(title: str, card: Card) -> Iterable[str]:
    yield f"## {title}"
    yield f"{card.length / 3_600_000:.1f} h. Alerts a seat in 10 min: {card.per_ten_minutes:.2f} on average, {card.busiest} in the worst.\n"
    yield from table(card.lines)
    for name, lines in card.by.items() if len(card.by) > 2 else ():  # all by day in a calm sea: the same table again
        told = [line for line in lines if line.staged or line.alerts]
        if told:
            yield f"\n### {name}\n"
            yield from table(told)
    yield _listed("Missed", card.missed)
    yield _listed("Not explained by anything staged", card.unexplained)


def _listed(head: str, items: tuple[str, ...]) -> str:
    more = f" … and {len(items) - 30} more" if len(items) > 30 else ""
    return f"\n{head}: {'; '.join(items[:30]) + more if items else 'nothing'}.\n"


BESIDE = ("staged", "missed, of these told partly or blind", "recall", "of red", "precision", "p50", "p95", "false a camera-day", "false a seat-hour")


def beside(perfect: Card, realistic: Card) -> Iterable[str]:
    """A table by model: both cameras in one row, `perfect / realistic`."""
    yield "| " + " | ".join(("model", *BESIDE)) + " |"
    yield "|" + "---|" * (1 + len(BESIDE))
    for model, cells in pairs(perfect, realistic):
        yield "| " + " | ".join((_named(model), *cells)) + " |"


def pairs(perfect: Card, realistic: Card) -> Iterable[tuple[str, tuple[str, ...]]]:
    """By model the cells of `BESIDE`."""
    others = {line.model: line for line in realistic.lines}
    for line in perfect.lines:
        pair = (line, others.get(line.model, Line(line.model)))
        yield line.model, (
            str(line.staged), _two(_missed(each) for each in pair), _two(percent(each.recall) for each in pair), _two(_red(each) for each in pair),
            _two(percent(each.precision) for each in pair), _two(_time(each.p50) for each in pair), _two(_time(each.p95) for each in pair),
            _two("–" if each.per_camera_day is None else f"{each.per_camera_day:.3f}" for each in pair), _two(f"{each.per_seat_hour:.3f}" for each in pair),
        )  # fmt: skip


def _two(cells: Iterable[str]) -> str:
    one, other = cells
    return one if one == other else f"{one} / {other}"


def _red(line: Line) -> str:
    return f"{line.red_found}/{line.red_staged}" if line.red_staged else "–"


def _missed(line: Line) -> str:
    """A miss at a place that the room was told is not well watched is one that it could know of."""
    missed = line.staged - line.found
    return f"{missed}, {line.unseen}" if missed else "–"


def _named(model: str) -> str:
    zh, en = MODELS.get(model, ("", ""))
    return f"{model} {zh} {en}".strip()


def table(lines: Iterable[Line]) -> Iterable[str]:
    yield "| " + " | ".join(HEAD) + " |"
    yield "|" + "---|" * len(HEAD)
    for line in lines:
        cells = (
            _named(line.model), line.staged, line.found, _missed(line), percent(line.recall), _red(line),
            line.alerts, percent(line.precision), _time(line.p50), _time(line.p95),
            "–" if line.per_camera_day is None else f"{line.per_camera_day:.3f}", f"{line.per_seat_hour:.3f}", line.above_blue_unexplained,
        )  # fmt: skip
        yield "| " + " | ".join(map(str, cells)) + " |"


def percent(share: float | None, digits: int = 0) -> str:
    return "–" if share is None else f"{share:.{digits}%}"


def _time(ms: int | None) -> str:
    if ms is None:
        return "–"
    return f"{ms / 1000:.1f} s" if ms < 120_000 else f"{ms / 60_000:.0f} min"
