"""Which persons the words of an escalation step mean at one place: room, shift_leader, station, next_station, police, installer, chief."""

from collections.abc import Callable, Collection, Mapping

from ingest.site import Person, Post, Role, Site

WORDS = ("room", "shift_leader", "station", "next_station", "police", "installer", "chief")
OnDuty = Mapping[str, str] | Collection[str] | None  # seat or post -> person, or just the persons


def people_for(site: Site, words: Collection[str], area: str, segment: str, on_duty: OnDuty = None) -> tuple[str, ...]:
    """Ids of persons, each once, in the order of the words and then of the site.

    Who signed on stands for his post; where nobody of a post did, all of its people are meant. The police are those of the segment's police
    room, and nobody where it has none. If all the words lead to nobody, the room is meant: a page that reaches nobody is the worst of all.
    """
    duty = frozenset(on_duty.values() if isinstance(on_duty, Mapping) else on_duty or ())
    found = [person for word in words for person in _MEANINGS.get(word, _nobody)(site, area, segment, duty)]
    return tuple(dict.fromkeys(found)) or _room(site, area, segment, duty)


def next_station(site: Site, segment: str) -> str:
    """The other station whose stretch is nearest to this segment along the shore, else as the crow flies; empty where there is no other."""
    here = site.segment.get(segment)
    if here is None:
        return ""
    others = [other for other in site.segments if other.station and other.station != here.station and other.area == here.area]
    along = [other for other in others if other.line == here.line]
    if along:
        return min(along, key=lambda other: (abs(other.index - here.index), other.id)).station
    if not others:
        return ""
    squeeze = 0.9  # about the cosine of the latitude; only an order is wanted
    x, y = here.middle
    return min(others, key=lambda other: (((other.middle[0] - x) * squeeze) ** 2 + (other.middle[1] - y) ** 2, other.id)).station


def _members(site: Site, posts: Collection[str], roles: tuple[Role, ...], duty: frozenset[str]) -> tuple[str, ...]:
    people = [person for person in site.people if person.post in posts and person.role in roles]
    return tuple(person.id for person in people if person.id in duty) or tuple(person.id for person in people)


def _rooms(site: Site, area: str) -> list[str]:
    """The area's own room, else every room: one room may look after several areas."""
    rooms: list[Post] = [post for post in site.posts if post.kind == "room"]
    return [post.id for post in rooms if post.area == area] or [post.id for post in rooms]


def _room(site: Site, area: str, _segment: str, duty: frozenset[str]) -> tuple[str, ...]:
    rooms = _rooms(site, area)
    return _members(site, rooms, ("operator",), duty) or _members(site, rooms, ("operator", "shift_leader", "chief", "administrator"), duty)


def _shift_leader(site: Site, area: str, _segment: str, duty: frozenset[str]) -> tuple[str, ...]:
    return _members(site, _rooms(site, area), ("shift_leader",), duty)


def _station(site: Site, area: str, segment: str, duty: frozenset[str]) -> tuple[str, ...]:
    """Where the segment is not known, all stations of the area."""
    here = site.segment.get(segment)
    posts = [here.station] if here else [post.id for post in site.posts if post.kind == "station" and post.area == area]
    return _members(site, posts, ("clerk", "police"), duty)


def _next_station(site: Site, _area: str, segment: str, duty: frozenset[str]) -> tuple[str, ...]:
    station = next_station(site, segment)
    return _members(site, [station], ("clerk", "police"), duty) if station else ()


def _police(site: Site, _area: str, segment: str, duty: frozenset[str]) -> tuple[str, ...]:
    here = site.segment.get(segment)
    return _members(site, [here.police], ("police",), duty) if here and here.police else ()


def _of_area(role: Role) -> "Meaning":
    def found(site: Site, area: str, _segment: str, duty: frozenset[str]) -> tuple[str, ...]:
        """Those whose post is in the area, else all with the role."""
        people = [person for person in site.people if person.role == role]
        near = [person for person in people if _area_of(site, person) == area] or people
        return tuple(person.id for person in near if person.id in duty) or tuple(person.id for person in near)

    return found


def _area_of(site: Site, person: Person) -> str:
    post = site.post.get(person.post)
    return post.area if post else ""


def _nobody(_site: Site, _area: str, _segment: str, _duty: frozenset[str]) -> tuple[str, ...]:
    return ()


Meaning = Callable[[Site, str, str, frozenset[str]], tuple[str, ...]]
_MEANINGS: dict[str, Meaning] = {
    "room": _room,
    "shift_leader": _shift_leader,
    "station": _station,
    "next_station": _next_station,
    "police": _police,
    "installer": _of_area("installer"),
    "chief": _of_area("chief"),
}
