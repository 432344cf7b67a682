"""docs/score-card.md: what the models find of what the simulator stages, with perfect and realistic cameras, and what the page was made from."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from alerts.score import Card
from alerts.score_text import beside, table
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


def page(scenarios: Mapping[str, tuple[Card, Card]], day: tuple[Card, Card], seeds: str, made: str) -> str:
    """`scenarios`, `day`: with perfect and with realistic cameras."""
    parts = [HEAD, DAY, f"Seeds {seeds}.\n", *_loads(day), *beside(*day)]
    for name, card in zip(("perfect", "realistic"), day, strict=True):
        parts += [
            f"\n### {name} cameras, by light and sea",
            *_by(card),
            _listed("Missed", card.missed),
            _listed("Explained by nothing staged", card.unexplained),
        ]
    parts.append(EACH)
    for name, cards in scenarios.items():
        parts += [f"### {name}", *beside(*cards), ""]
    return "\n".join([*parts, f"{MADE}{made}", ""])


def _loads(day: tuple[Card, Card]) -> Iterable[str]:
    for name, card in zip(("perfect", "realistic"), day, strict=True):
        found, staged = sum(line.found for line in card.lines), sum(line.staged for line in card.lines)
        reds = sum(line.red_found for line in card.lines), sum(line.red_staged for line in card.lines)
        unseen = sum(line.unseen for line in card.lines)
        false = sum(line.above_blue_unexplained for line in card.lines)
        yield (
            f"- {name}: {found} of {staged} found ({found / max(1, staged):.1%}; {unseen} of {staged - found} missed where the room was told partly or blind), red {reds[0]} of {reds[1]}; {card.per_ten_minutes:.2f} alerts a seat in 10 min on average, "
            f"{card.busiest} in the worst; {false} false above blue."
        )
    yield ""


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
