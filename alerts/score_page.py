"""docs/score-card.md: what the models find of what the simulator stages, with perfect and realistic cameras, and what the page was made from."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from msgspec import Struct, structs

from alerts.score import Card
from alerts.score_text import beside, percent, table
from ingest.site import Site
from models.catalogue import CATALOGUE

MADE = "Made from "
HEAD = """# Score card
<!-- Made by `make score-card`; not to be edited. -->
What the simulator stages against what the models raise. Its truths are told from the rule book, scene by scene (`device_sim/scenarios/*.toml`), not from what a model makes of them.
Nothing here is a field trial: ways, weather and cameras are invented. *Perfect* cameras see everything within 400 m (boats 800 m) in every look. *Realistic* ones find a person
of 12 to 24 px 3 times in 10, of 24 to 48 px 4 in 10, larger 85 in 100, place him 3 % of the distance wrong, and see one thing in three looks that is not there.
Of what is missed the card says how well that place was watched by that model, as the room was told when it began: `watching`, `partly` or `blind`, and why; nothing out at sea.
Where one figure stands, both kinds gave the same. An alert that comes back counts again. A false alarm is an alert that nothing staged explains, also where it is right by the rule.
"""
DAY = """
## A day on the coast
The example site for 24 h: fleet, holiday crowd, rush hour, net buoys, late data, a box whose radio comes and goes, about 60 incidents, and 40 scenes that look like one.
60 boxes, 30 lights and those cameras take part that can see something: the others would say the same. An empty shore is looked at every ten seconds, as one that is looked at every second.
"""
EACH = """
## Each model's own scenes
Seed 1: every level, near misses, causes of false alarms.
"""


class Both(Struct, frozen=True):
    """The same scenes with perfect and with realistic cameras."""

    perfect: Card
    realistic: Card


class Sheet(Struct, frozen=True):
    """All that the page is written from, as docs/score-card.json keeps it. `made`: what it was made from."""

    made: str
    seeds: str
    day: Both
    by_seed: Mapping[str, Both]
    scenes: Mapping[str, Both]  # each model's own scenario, seed 1


def page(sheet: Sheet) -> str:
    day = sheet.day
    parts = [HEAD, DAY, f"Seeds {sheet.seeds}.\n", *_loads(day), *beside(day.perfect, day.realistic), *_seeds(sheet.by_seed)]
    for name, card in (("perfect", day.perfect), ("realistic", day.realistic)):
        parts += [
            f"\n### {name} cameras, by light and sea",
            *_by(card),
            _listed("Missed", card.missed),
            _listed("Explained by nothing staged", card.unexplained),
        ]
    parts.append(EACH)
    for name, both in sheet.scenes.items():
        parts += [f"### {name}", *beside(both.perfect, both.realistic), ""]
    return "\n".join([*parts, f"{MADE}{sheet.made}", ""])


class _Sum:
    """A card's lines together."""

    def __init__(self, card: Card) -> None:
        lines = card.lines
        self.found, self.staged = sum(line.found for line in lines), sum(line.staged for line in lines)
        self.red_found, self.red_staged = sum(line.red_found for line in lines), sum(line.red_staged for line in lines)
        self.unseen, self.false = sum(line.unseen for line in lines), sum(line.above_blue_unexplained for line in lines)


def _loads(day: Both) -> Iterable[str]:
    for name, card in (("perfect", day.perfect), ("realistic", day.realistic)):
        of = _Sum(card)
        yield (
            f"- {name}: {of.found} of {of.staged} found ({of.found / max(1, of.staged):.1%}; {of.unseen} of {of.staged - of.found} missed where the room was"
            f" told partly or blind), red {of.red_found} of {of.red_staged}; {card.per_ten_minutes:.2f} alerts a seat in 10 min on average, "
            f"{card.busiest} in the worst; {of.false} false above blue."
        )
    yield ""


def _seeds(by_seed: Mapping[str, Both]) -> Iterable[str]:
    """Each seed's day for itself, `perfect / realistic`: how far chance carries."""
    if len(by_seed) < 2:
        return
    yield "\n### Each seed for itself\n"
    yield "| seed | found | recall | red | alerts a seat in 10 min | in the worst | false above blue |"
    yield "|" + "---|" * 7
    for seed, both in by_seed.items():
        cards, sums = (both.perfect, both.realistic), (_Sum(both.perfect), _Sum(both.realistic))
        cells = (
            [f"{of.found}/{of.staged}" for of in sums], [percent(of.found / max(1, of.staged), 1) for of in sums], [f"{of.red_found}/{of.red_staged}" for of in sums],
            [f"{card.per_ten_minutes:.2f}" for card in cards], [f"{card.busiest}" for card in cards], [f"{of.false}" for of in sums],
        )  # fmt: skip
        yield "| " + " | ".join((seed, *(" / ".join(each) for each in cells))) + " |"
    yield ""


def of_model(sheet: Sheet, code: str) -> Iterable[tuple[str, Card, Card]]:
    """(where, perfect, realistic) of the scenes in which something was staged for one model: the day first."""
    days = f"a day on the coast, seeds {sheet.seeds}"
    for name, both in ((days, sheet.day), *((f"`{name}`", each) for name, each in sheet.scenes.items())):
        perfect, realistic = _only(both.perfect, code), _only(both.realistic, code)
        if any(line.staged for line in (*perfect.lines, *realistic.lines)):
            yield name, perfect, realistic


def _only(card: Card, code: str) -> Card:
    return structs.replace(card, lines=tuple(line for line in card.lines if line.model == code))


def _by(card: Card) -> Iterable[str]:
    for name, lines in card.by.items():
        if told := [line for line in lines if line.staged or line.alerts]:
            yield f"\n{name}:\n"
            yield from table(told)


def _listed(head: str, items: Sequence[str]) -> str:
    counts: dict[str, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    told = "; ".join(f"{item} (×{count})" if count > 1 else item for item, count in sorted(counts.items())[:40])
    return f"\n{head}: {told or 'nothing'}{f'; and {len(counts) - 40} more' if len(counts) > 40 else ''}.\n"


def made_from(site: Site, simulator: Path, codes: Iterable[str]) -> str:
    """A digest of the site, the simulator with its scenarios, and the parameters of the models that were scored: when it changes, so may the figures."""
    digest = hashlib.sha256(site.revision.encode())
    for path in sorted([*simulator.rglob("*.py"), *simulator.rglob("*.toml")]):
        digest.update(path.relative_to(simulator).as_posix().encode() + path.read_bytes())
    wanted = sorted(codes)
    for kind in CATALOGUE:
        if kind.code in wanted:
            digest.update(f"{kind.code} {kind.memory_version} {[(each.name, each.default) for each in fields(kind)]}".encode())
    return f"{' '.join(wanted)}: {digest.hexdigest()[:16]}"
