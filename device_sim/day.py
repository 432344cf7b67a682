"""A day on the coast: scenes drawn by the seed from the scenarios of the models, put at other times and places, among what a day has anyway."""

from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random

from msgspec import structs

from device_sim.actors import is_open, middle_of
from device_sim.chance import rng
from device_sim.scenario import FOLDER, Scenario, read_scenario
from device_sim.scenes import Scene
from ingest.durations import duration, written
from ingest.geo import metres
from ingest.site import Site
from ingest.sun import minute_of_day

MINUTE, DAY = 60_000, 86_400_000  # ms
APART = 45 * MINUTE  # between two scenes at one place; ours
SETTLED = 30 * MINUTE  # at the beginning, in which nothing is staged: models learn who is there; ours
MOVED = ("closed", "risk_point")  # zones of which one is as good as another
CLEAR = 400.0  # m between a camera on the open shore and such a zone; ours
TRIES = 200
DRAWN = 1_000


def with_day(site: Site, scenario: Scenario, seed: int, start: int, codes: Sequence[str]) -> Scenario:
    """`scenario` with the scenes that it wants drawn, of models in `codes` only, in turn, so that none is left out. As it is where it wants none."""
    if not scenario.incidents and not scenario.harmless:
        return scenario
    chance = rng(seed, "day")
    books = _book(codes)
    taken: dict[str, list[tuple[int, int]]] = {}
    length = scenario.length or DAY
    drawn: list[Scene] = []
    for models, wanted in (([model for model in books if model], scenario.incidents), ([""], scenario.harmless)):
        chosen = _in_turn([books[model] for model in models if model in books], chance)
        drawn += islice((placed for scene in chosen if (placed := _placed(site, scene, taken, start, length, chance)) is not None), wanted)
    return structs.replace(scenario, scenes=(*scenario.scenes, *sorted(drawn, key=lambda scene: (duration(scene.at), scene.name))))


def _book(codes: Sequence[str]) -> dict[str, list[Scene]]:
    """By model, those that may be staged on a day; by nothing, the harmless ones."""
    book: dict[str, list[Scene]] = {code: [] for code in (*codes, "")}
    for path in sorted(FOLDER.glob("*.toml")):
        scenario = read_scenario(path.stem)
        for scene in scenario.scenes if not scenario.incidents else ():
            model = scene.must.model if scene.must else ""
            if scene.day and model in book:
                book[model].append(scene)
    return {model: scenes for model, scenes in book.items() if scenes}


def _in_turn(books: Sequence[Sequence[Scene]], chance: Random) -> Iterator[Scene]:
    """More than are wanted: the day has no room for some, as for a second tide."""
    for nth in range(DRAWN if books else 0):
        book = books[nth % len(books)]
        yield book[chance.randrange(len(book))]


def _placed(site: Site, scene: Scene, taken: dict[str, list[tuple[int, int]]], start: int, length: int, chance: Random) -> Scene | None:
    """The scene at a time and place that are free; None where none was found."""
    places = _places(site, scene.place)
    if any(moving.class_ == "boat" and not moving.ais for moving in scene.moving):  # a boat comes from the water
        places = [place for place in places if place == scene.place or is_open(site, middle_of(site, place)[0])]
    lasts = duration(scene.lasts)
    for _ in range(TRIES):
        at = chance.randrange(SETTLED, max(SETTLED + 1, length - lasts - 5 * MINUTE)) // 1_000 * 1_000
        place = places[chance.randrange(len(places))]
        busy = taken.setdefault(place or f"nowhere {at}", [])
        free = all(at >= until + APART or at + lasts <= since - APART for since, until in busy)
        if free and _within(site, scene.hours, start + at, lasts):
            endless = scene.must is not None and scene.must.model == "M09"  # only a person ends it, and nobody does in a replay
            busy.append((0, length) if endless else (at, at + lasts))
            sailing = tuple(structs.replace(each, vessel="registered") for each in scene.sailing)  # another boat each time
            return structs.replace(scene, at=written(at), place=place, sailing=sailing)
    return None


def _places(site: Site, place: str) -> list[str]:
    """Those that are as good: zones of its kind; for a camera on the open shore every such camera."""
    zone = site.zone.get(place)
    if zone is not None:
        return [each.id for each in site.zones if each.kind == zone.kind] if zone.kind in MOVED else [place]
    if place in site.device and site.device[place].type == "camera":
        return _open_shore(site)
    return [place]


def _open_shore(site: Site) -> list[str]:
    """Cameras before open water, away from places with rules of their own."""
    kept: dict[str, list[str]] = site.__dict__.setdefault("open shore", {})
    if "cameras" not in kept:
        ruled = [middle_of(site, zone.id)[0] for zone in site.zones if zone.kind in (*MOVED, "bathing", "gleaning", "berth")]
        cameras = [each for each in site.devices if each.type == "camera" and each.in_service and is_open(site, each.position)]
        kept["cameras"] = [each.id for each in cameras if all(metres(each.position, middle) > CLEAR for middle in ruled)]
    return kept["cameras"]


def _within(site: Site, hours: str, at: int, lasts: int) -> bool:
    """Whether it begins and ends within local hours, 22:00-05:00."""
    if not hours:
        return True
    begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in hours.split("-"))
    span = (end - begin) % 1440 or 1440
    since = (minute_of_day(site, at) - begin) % 1440
    return since + lasts // MINUTE <= span
