"""What the promises of every model are tried on: one stream a model, in which it speaks, from a seed. Ticks every 5 s, everything in the log's order.

A new model adds its function here, or in its own test module where it is long, and one line in STREAMS.
"""

import math
import random
from collections.abc import Callable, Iterable

from ingest.events import (
    Bulletin,
    Camera,
    Checks,
    Crowd,
    Distress,
    Event,
    Heartbeat,
    Hull,
    Light,
    Permit,
    Plate,
    Position,
    Rescue,
    Selftest,
    Sos,
    Status,
    Tamper,
    Tick,
    Tide,
    Trip,
    Unit,
    Water,
    Wave,
    Weather,
)
from tests.small_coast import START, at, box, seen, thing, tick


def ticked(events: Iterable[Event], until: int, every: int = 5_000, begin: int = START) -> list[Event]:
    """`events` in order of `received`, with ticks between them from `begin` up to `until` ms."""
    found: list[Event] = []
    now = begin
    for event in sorted(events, key=lambda event: event.received):
        while now + every <= event.received:
            now += every
            found.append(tick(now))
        found.append(event)
    while now < until:
        now += every
        found.append(tick(now))
    return found


def devices(seed: int, minutes: int = 240) -> list[Event]:
    """Hours of everything, with silences, presses, tampering, repetitions and disorder, from a seed."""
    chance = random.Random(seed)
    gone = {chance.randrange(12): chance.randrange(minutes) for _ in range(4)}
    events, seq = [], dict.fromkeys(range(12), 0)
    for minute in range(minutes):
        now = START + minute * 60_000
        batch = []
        for i in range(12):
            for half in (0, 30_000):
                if gone.get(i, 9e9) > minute or minute > gone[i] + 30:
                    at = now + half + i * 10
                    batch.append(
                        Heartbeat(
                            device=box(i),
                            received=at + 40,
                            ts=at,
                            seq=seq[i],
                            boot=1,
                            battery=chance.choice((0.9, 0.28, 0.1)),
                            uptime=(at - START) / 1000,
                        )
                    )
                    seq[i] += 1
        for n in range(8):
            if not (n == 3 and minute > 90):
                at = now + n * 5_000
                batch.append(
                    Position(device="ais-1", received=at, ts=at, vessel=f"41200000{n}", position=(118.85 + n * 0.002, 24.8), sog=0.3, cog=10.0)
                )
        if chance.random() < 0.3:
            i, at = chance.randrange(12), now + 31_000
            kind = chance.choice((Sos, Tamper, Status, Selftest, Weather, Distress))
            more = {
                Sos: {}, Tamper: {"door": chance.random() < 0.5}, Status: {"state": "offline"}, Selftest: {"loop": "siren", "ok": chance.random() < 0.5},
                Weather: {"wind_speed": chance.uniform(0, 20)}, Distress: {"vessel": "972000001", "position": (118.9, 24.8)},
            }[kind]  # fmt: skip
            batch.append(kind(device=box(i), received=at, ts=at, seq=seq[i], boot=1, **more))
            seq[i] += 1
        batch.sort(key=lambda event: event.received)
        for second in range(0, 60, 5):
            end = now + second * 1_000 + 5_000
            events += [event for event in batch if end - 5_000 <= event.received < end]
            events.append(tick(end))
    return events


def sailing(seed: int) -> list[Event]:
    """Half an hour of boats about forbidden water and a border: some enter, some pass or lie near, some stray, one is a net buoy, one has a permit."""
    chance = random.Random(seed)
    events: list[Event] = [
        Permit(device="console", received=START + 1, ts=START, zone="forbidden-1", vessel="413000003", from_=START, until=START + 20 * 60_000)
    ]
    for n in range(14):
        east, north = chance.uniform(-2_500, 500), chance.uniform(-9_500, -4_500)
        course, knots = chance.choice((0.0, 90.0, 180.0, 270.0, 135.0)), chance.choice((0.2, 3.0, 9.0, 14.0))
        for now in range(START + n * 700, START + 30 * 60_000, chance.choice((10_000, 30_000, 120_000))):
            way = knots * 0.514 * (now - START) / 1000
            x, y = east + way * math.sin(math.radians(course)), north + way * math.cos(math.radians(course))
            stray = 400 if chance.random() < 0.02 else 8
            place = at((x + chance.gauss(0, stray)) / 200, y + chance.gauss(0, stray))
            name = "NET 61%" if n == 5 else ""
            events.append(
                Position(
                    device="ais-1", received=now + chance.choice((50, 50, 4_000)), ts=now, vessel=f"41300{n:04d}", position=place, name=name,
                    sog=None if n == 7 else knots, cog=course + chance.gauss(0, 6), owner=not (n == 9 and now > START + 15 * 60_000),
                )
            )  # fmt: skip
            course = (course + 180) % 360 if chance.random() < 0.01 else course
    return ticked(events, START + 40 * 60_000)


def fishing(seed: int) -> list[Event]:
    """Seven hours, a fix every two minutes: boats that report or forget it, amend, withdraw, come home, stay out, lose their group."""
    chance = random.Random(seed)
    events: list[Event] = [Weather(device="met-1", received=START + 5 * 3_600_000, ts=START + 5 * 3_600_000, wind_speed=12.0)]
    port, far, hour = (118.91, 24.71), (118.96, 24.63), 3_600_000
    for n, boat in enumerate(("412000001", "200001", "412000002", "412000001")):
        begin = START + n * 700
        out, back = begin + chance.randrange(10, 50) * 60_000, begin + chance.randrange(2, 7) * hour
        for now in range(begin, START + 7 * hour, 120_000):
            away = now >= out and now < back
            if n == 3 or (n == 1 and now > START + 3 * hour):
                continue  # the boat is heard by the other of its names alone, or not any more
            place = (far[0] + chance.gauss(0, 2e-4), far[1]) if away else (port[0] + chance.gauss(0, 2e-4), port[1])
            events.append(Position(device="ais-1", received=now + chance.choice((50, 9_000)), ts=now, vessel=boat, position=place, sog=0.4, cog=5.0))
        if chance.random() < 0.8:
            said = {"id": f"{n}", "vessel": boat, "report": "departure", "eta": begin + chance.randrange(1, 4) * hour, "persons": 4}
            events.append(Trip(device="console", received=out - 60_000, ts=out - 60_000, seq=n * 10, boot=1, **said))
            late = {
                "id": f"{n}-a",
                "amends": f"{n}",
                "vessel": boat,
                "report": "departure",
                "cancel": chance.random() < 0.3,
                "eta": back,
                "persons": 5,
            }
            events.append(Trip(device="console", received=out + 90 * 60_000, ts=out, sent=out + 90 * 60_000, seq=n * 10 + 1, boot=1, **late))
            done = {"id": f"{n}-r", "vessel": boat, "report": "return", "persons": chance.choice((4, 5, None))}
            events.append(Trip(device="console", received=back + hour // 2, ts=back, sent=back + hour // 2, seq=n * 10 + 2, boot=1, **done))
    return ticked(events, START + 8 * hour, every=30_000)


def banned(seed: int) -> list[Event]:
    """The fishing day, with a gale warning that is changed and withdrawn, a recall, wind that rises, and boats let out with kit not in order."""
    chance, hour = random.Random(seed), 3_600_000
    events = [event for event in fishing(seed) if not isinstance(event, Tick)]
    for n, (kind, more) in enumerate((
        ("wind", {"wind_force": 7, "onset": START + 2 * hour, "expires": START + 3 * hour}), ("wind", {"message": "update", "wind_force": 9}),
        ("wind", {"message": "cancel"}), ("recall", {"id": "r", "deadline": START + chance.randrange(2, 6) * hour, "colour": chance.choice(("red", None))}),
        ("fog", {"id": "f"}),
    )):  # fmt: skip
        at_ = START + n * 40 * 60_000 + chance.randrange(60_000)
        events.append(Bulletin(**{"device": "console", "received": at_, "ts": at_, "seq": 900 + n, "boot": 2, "id": "w", "type": kind, **more}))
    for n in range(20):
        at_ = START + n * 20 * 60_000
        events.append(Weather(device="met-1", received=at_, ts=at_, seq=500 + n, boot=1, wind_speed=chance.uniform(5, 18)))
    wrong = Checks(radio=chance.choice(("fail", "unchecked")), insurance="fail")
    events.append(
        Trip(device="console", received=START + hour, ts=START + hour, seq=950, boot=2, id="k", vessel="412000001", report="departure", checks=wrong)
    )
    return ticked(events, START + 8 * hour, every=30_000)


def strolling(seed: int) -> list[Event]:
    """Twelve minutes of a camera's looks: people who walk through or stay in the closed zone and at its edge, a dog, a van, flicker, a silence, disorder."""
    chance = random.Random(seed)
    people = [
        (n, chance.choice(("person", "person", "van", "animal")), chance.uniform(0.4, 1.6), chance.uniform(-25, 60), chance.uniform(0, 500))
        for n in range(6)
    ]
    events: list[Event] = [Permit(device="console", received=START + 9 * 60_000, ts=START, zone="closed-1", from_=START, until=START + 10 * 60_000)]
    for second in range(0, 720, 2):
        now, looked = START + second * 1_000, []
        for n, kind, along, north, begin in people:
            if begin <= second < begin + 40 * (n + 1) and chance.random() < 0.85:
                moved = along + 0.001 * (second - begin) * (n % 3)
                looked.append(
                    thing(n if second % 100 < 90 else n + 50, kind, at(moved, north + chance.gauss(0, 0.3)), score=chance.uniform(0.45, 0.95))
                )
        if not 300 < second < 330:
            events.append(seen("cam-1", now, *looked, received=now + chance.choice((50, 50, 6_000))))
    return ticked(events, START + 15 * 60_000)


def meeting(seed: int) -> list[Event]:
    """Forty minutes at sea: two come together, one of them falls silent for a while, others pass, tow, lie in a crowd, or never moved; one has company
    that says nothing, as a camera sees."""
    chance = random.Random(seed)
    events: list[Event] = []
    for second in range(4 * 60, 40 * 60, 30):
        boats = [thing(n, "boat", at((9_600 + metres + chance.gauss(0, 4)) / 200, -90_000), score=0.7, lit=False) for n, metres in enumerate((0, 60))]
        events.append(seen("cam-1", START + second * 1_000, *boats[: chance.choice((1, 2, 2))]))
    for n in range(17):
        moored, towing = n in (4, 5), n in (6, 7)
        for minute in range(40):
            now = START + minute * 60_000 + n * 900
            if n == 1 and 20 < minute < 26:
                continue
            east, north = 0.0 + n * 40, -15_000 - (n // 2) * 2_000
            knots = 4.0 if towing or (minute < 5 and not moored) or n == 3 else 0.4
            east += 120.0 * minute if towing or n == 3 else 120.0 * min(minute, 5) if not moored else 0
            if n == 16:
                east, north = 9_000 + 120.0 * min(minute, 5), -90_000
            elif n >= 8:
                north = -40_000 - n * 30
            place = at((east + chance.gauss(0, 6)) / 200, north + chance.gauss(0, 6))
            late = chance.choice((50, 50, 5_000))
            events.append(Position(device="ais-1", received=now + late, ts=now, vessel=f"41400{n:04d}", position=place, sog=knots, cog=90.0))
    return ticked(events, START + 42 * 60_000)


def lingering(seed: int) -> list[Event]:
    """Twenty-five minutes of the night at the risk point: people who stay, pass, come as three, flicker and are lost; a patrol; a gap of the camera."""
    chance = random.Random(seed)
    begin = START + 15 * 3_600_000  # 23:00 local
    people = [(n, chance.uniform(2.4, 3.6), chance.uniform(-45, 100), chance.uniform(0, 400), chance.choice((90, 400, 800, 1_200))) for n in range(7)]
    events: list[Event] = [
        Unit(device="console", received=begin + 22 * 60_000, ts=begin + 22 * 60_000, unit="patrol-1", position=at(3, 0), state="on_scene")
    ]
    for second in range(0, 1_500, 5):
        now, looked = begin + second * 1_000, []
        for n, along, north, first, long in people:
            if first <= second < first + long and chance.random() < 0.6:
                looked.append(
                    thing(n + (50 if second % 400 > 380 else 0), "person", at(along, north + chance.gauss(0, 0.5)), score=chance.uniform(0.4, 0.9))
                )
        if not 700 < second < 760:
            events.append(seen("cam-1", now, *looked, received=now + chance.choice((50, 50, 6_000))))
    return ticked(events, begin + 40 * 60_000, begin=begin)


def thronging(seed: int) -> list[Event]:
    """Twenty minutes at the beach: it fills, two cameras see some of the same people, one falls silent, a gate counts for itself, a fog rises, it empties."""
    chance = random.Random(seed)
    people = [(n, chance.uniform(4.1, 5.9), chance.uniform(1, 14), chance.uniform(0, 500), chance.uniform(200, 700)) for n in range(130)]
    events: list[Event] = [
        Crowd(
            device="met-1",
            received=START + n * 60_000 + 7_000,
            ts=START + n * 60_000,
            seq=n,
            boot=1,
            zone="bathing-1",
            count=chance.randrange(60, 130),
        )
        for n in range(9)
    ]
    for second in range(0, 1_200, 10):
        now, looked = START + second * 1_000, []
        for n, along, north, first, long in people:
            if first <= second < first + long and chance.random() < 0.9:
                looked.append(thing(n, "person", at(along, north + chance.gauss(0, 0.3)), score=chance.uniform(0.35, 0.9)))
        if not 500 < second < 620:
            events.append(seen("cam-1", now, *looked, received=now + chance.choice((50, 50, 6_000))))
    return ticked(events, START + 35 * 60_000)


def parking(seed: int) -> list[Event]:
    """Half an hour of the coast road at night: vehicles pass, stop, wait and go on; one is known by its plate; the camera is blind for a while."""
    chance = random.Random(seed)
    begin = START + 15 * 3_600_000  # 23:00 local
    cars = [
        (
            n,
            chance.choice(("car", "van", "truck", "crane", "motorcycle")),
            chance.uniform(2.2, 8.8),
            chance.uniform(0, 500),
            chance.uniform(60, 1_200),
            n % 3,
        )
        for n in range(8)
    ]
    events: list[Event] = [Plate(device="cam-1", received=begin + 400_000, ts=begin + 400_000, seq=1, boot=1, keyed="known", track=1)]
    for second in range(0, 1_800, 5):
        now, looked = begin + second * 1_000, []
        for n, kind, along, first, long, drives in cars:
            if first <= second < first + long and chance.random() < 0.8:
                east = along + (0.02 * (second - first) if not drives else 0)
                looked.append(
                    thing(n, kind, at(east, 40 + chance.gauss(0, 1)), score=chance.uniform(0.4, 0.9), lit=chance.choice((True, False, None)))
                )
        if not 900 < second < 960:
            events.append(seen("cam-1", now, *looked, received=now + chance.choice((50, 50, 6_000))))
    return ticked(events, begin + 45 * 60_000, begin=begin)


def landing(seed: int) -> list[Event]:
    """Twenty-five minutes of the night: boats come in, pass, swing at anchor, reach the berth; people leave one; one is known by AIS, one lies by its fixes."""
    chance = random.Random(seed)
    begin = START + 15 * 3_600_000  # 23:00 local
    boats = [(n, chance.uniform(0.5, 11), chance.uniform(150, 700), chance.uniform(1, 12), chance.uniform(0, 400), n % 4) for n in range(7)]
    events: list[Event] = []
    for second in range(0, 1_500, 4):
        now, looked = begin + second * 1_000, []
        for n, along, south, way, first, stays in boats:
            if second < first or chance.random() < 0.25:
                continue
            off = max(8.0 + n * 9, south - way * (second - first)) if stays else south
            if second > first + 900:
                off += 3 * (second - first - 900)
            if off < 900:
                here = at(along, -off + chance.gauss(0, 1))
                looked.append(thing(n, "boat", here, score=chance.uniform(0.45, 0.9), lit=n % 2 == 0))
                if n == 1 and second % 40 == 0:
                    events.append(Position(device="ais-1", received=now + 60, ts=now, vessel="413000001", position=here, sog=1.0, cog=0.0))
                if n in (2, 3) and off < 40:
                    looked += [thing(100 + n * 10 + k, "person", at(along + 0.01 * k, -off + 12)) for k in range(n)]
        if second % 120 == 0:
            slow = second > 300
            events.append(
                Position(
                    device="ais-1",
                    received=now + 70,
                    ts=now,
                    vessel="413000002",
                    position=at(8.5, -30 if slow else -400),
                    sog=0.1 if slow else 4.0,
                    cog=0.0,
                )
            )
        if not 700 < second < 780:
            events.append(seen("cam-1", now, *looked, received=now + chance.choice((50, 50, 6_000))))
    return ticked(events, begin + 45 * 60_000, begin=begin)


def weathering(seed: int) -> list[Event]:
    """Six hours of a sensor and three cameras: wind that rises and falls, fog with spray, waves, a stuck anemometer, bulletins changed, withdrawn, too early."""
    chance, hour = random.Random(seed), 3_600_000
    events: list[Event] = []
    for n in range(72):
        at_ = START + n * 300_000 + chance.randrange(60_000)
        wind = 6 + 14 * math.sin(n / 12) + chance.gauss(0, 1) if not 40 < n < 52 else 14.2
        more = {
            "wind_speed": round(max(0.0, wind), 1),
            "wind_gust": round(max(0.0, wind) * 1.3, 1),
            "visibility": 30.0 if chance.random() < 0.1 else 400.0 + 40 * n,
        }
        events.append(Weather(device="met-1", received=at_ + chance.choice((50, 9_000)), ts=at_, seq=2 * n, boot=1, **more))
        events.append(
            Wave(device="met-1", received=at_ + 60, ts=at_ + 5, seq=2 * n + 1, boot=1, height=round(max(0.0, 1.2 + 2.5 * math.sin(n / 20)), 2))
        )
        for i in range(3):  # three pairs of eyes along the shore, one of which sees worse
            sight = 700.0 - 9 * n - 150 * (i == n % 3)
            events.append(Camera(device=box(i), received=at_ + 70 + i, ts=at_ + 6, seq=n, boot=1, visibility=sight, too_dark=n % 9 == 4))
    for n, (name, kind, more) in enumerate((
        ("w", "wind", {"colour": "orange", "expires": START + 5 * hour}), ("f", "fog", {"message": "cancel"}), ("f", "fog", {"colour": "red"}),
        ("w", "wind", {"message": "update", "colour": "yellow"}), ("t", "typhoon", {"wind_force": 11, "onset": START + 4 * hour}), ("w", "wind", {"message": "cancel"}),
    )):  # fmt: skip
        at_ = START + n * 40 * 60_000 + chance.randrange(60_000)
        events.append(Bulletin(device="console", received=at_, ts=at_, seq=900 + n, boot=2, id=name, type=kind, **more))
    return ticked(events, START + 8 * hour, every=30_000)


def gleaning(seed: int) -> list[Event]:
    """Three hours of a rising tide by the gauge alone: people who come and go on the flats, one who stays, a counter, leave for some, a weather warning."""
    chance, hour = random.Random(seed), 3_600_000
    people = [(n, chance.uniform(7.1, 8.9), chance.uniform(-700, -20), chance.uniform(0, 5_000), chance.uniform(300, 9_000)) for n in range(5)]
    events: list[Event] = [
        Permit(
            device="console", received=START + hour, ts=START + hour, zone="gleaning-1", person="gleaners", from_=START + hour, until=START + 2 * hour
        ),
        Crowd(device="met-1", received=START + 1_000_000, ts=START + 1_000_000, seq=9_000, boot=1, zone="gleaning-1", count=2),
        Bulletin(device="console", received=START + 2 * hour, ts=START + 2 * hour, id="b", type="wind", colour="yellow"),
    ]
    for n in range(36):
        at_ = START + n * 300_000
        events.append(
            Tide(
                device="met-1",
                received=at_ + chance.choice((50, 9_000)),
                ts=at_,
                seq=n,
                boot=1,
                level=round(1.6 + n * 0.04 + chance.gauss(0, 0.01), 3),
            )
        )
    for second in range(0, 3 * 3_600, 15):
        looked = [
            thing(n, "person", at(along, south), score=chance.uniform(0.35, 0.9))
            for n, along, south, first, long in people
            if first <= second < first + long and chance.random() < 0.6
        ]
        now = START + second * 1_000
        events.append(seen("cam-1", now, *looked, received=now + chance.choice((50, 50, 6_000))))
    return ticked(events, START + 4 * hour, every=15_000)


def bathing(seed: int) -> list[Event]:
    """Eight minutes of people in and at the water: bathers, one who drifts off, flicker, who is aboard a boat, presses, a lifebuoy, a warning, cold water."""
    chance = random.Random(seed)
    people = [
        (n, chance.uniform(1, 11), chance.uniform(-150, 8), chance.uniform(0, 240), chance.uniform(5, 200), chance.random() < 0.3) for n in range(8)
    ]
    events: list[Event] = [
        Sos(device=box(5), received=START + 200_000, ts=START + 200_000, seq=1, boot=1),
        Rescue(device=box(9), received=START + 300_000, ts=START + 300_000, seq=1, boot=1, item="lifebuoy", state="taken"),
        Bulletin(device="console", received=START + 240_000, ts=START + 240_000, id="b", type="wave", colour="yellow"),
        Water(device="met-1", received=START + 10_000, ts=START + 10_000, seq=1, boot=1, temperature=14.0, current_speed=0.4, current_direction=90.0),
    ]
    for second in range(480):
        now, looked = START + second * 1_000, []
        for n, along, north, first, long, says in people:
            if first <= second < first + long and chance.random() < 0.7:
                here = at(along + 0.001 * (second - first), north + chance.gauss(0, 0.5))
                looked.append(thing(n, "person", here, score=chance.uniform(0.2, 0.8), in_water=says or None))
                if n == 6:
                    looked.append(thing(60, "boat", here))
        if not 330 < second < 345:
            events.append(seen("cam-1", now, *looked, received=now + chance.choice((50, 50, 6_000))))
    return ticked(events, START + 10 * 60_000, every=1_000)


def dimming(seed: int) -> list[Event]:
    """An evening and a night of one light and one camera, with heartbeats: faults that come and go, a patrol of the camera, fog, silences."""
    chance = random.Random(seed)
    begin = START + 10 * 3_600_000  # 18:00 local
    events: list[Event] = [
        Bulletin(device="console", received=begin + 3_600_000, ts=begin, id="f", type="fog", colour="yellow", expires=begin + 5_400_000)
    ]
    bad = False
    for n in range(1, 360):
        at_, bad = begin + n * 20_000, chance.random() < (0.9 if bad else 0.05)
        said = {
            "fps": chance.choice((12.0, 12.0, 0.0)) if bad else 12.0,
            "too_dark": bad and chance.random() < 0.7,
            "too_blurry": bad,
            "preset": chance.choice("aab"),
        }
        if not 200 < n < 215:
            events.append(Camera(device="cam-1", received=at_ + chance.choice((50, 6_000)), ts=at_, seq=n, boot=1, scene_changed=n % 40 > 36, **said))
        if n % 3 == 0:
            current = 0.2 if 60 < n < 200 and chance.random() < 0.9 else 2.0
            events.append(
                Light(
                    device="light-1", received=at_ + 60, ts=at_, seq=n, boot=1, mode=chance.choice(("on", "on", "off")), current=current, nominal=2.0
                )
            )
        if n % 2 and not 120 < n < 140:
            events += [Heartbeat(device=name, received=at_ + 70, ts=at_, seq=1_000 + n, boot=1, battery=0.9) for name in ("cam-1", "light-1")]
    return ticked(events, begin + 2 * 3_600_000 + 600_000, begin=begin)


def impostors(seed: int) -> list[Event]:
    """Half an hour: hulls read well and badly, a name that is elsewhere, a number used by two boats, one that changes its name, boats without a name."""
    chance = random.Random(seed)
    events: list[Event] = []
    names = ("闽狮渔00001", "闽狮渔00099", "闽狮渔00002", "粤饶渔12345", "LUCKY 8", "海警2401")
    for second in range(0, 1_800, 5):
        now = START + second * 1_000
        if chance.random() < 0.2:
            n = chance.randrange(6)
            text = names[n] if chance.random() < 0.8 else names[n][:-1] + "7"
            place = at(2 + n, -200) if chance.random() < 0.7 else None
            events.append(
                Hull(device="cam-1", received=now + 60, ts=now, seq=second, boot=1, text=text, track=n, score=chance.uniform(0.3, 1), position=place)
            )
        boats = [
            thing(n, "boat", at(1 + 1.5 * n, -150 - 0.1 * (second % 300)), score=chance.uniform(0.4, 0.9), length=3.0 + n)
            for n in range(6)
            if chance.random() < 0.8 and 60 * n < second < 900 + 120 * n
        ]
        if second % 10 == 0:
            events.append(seen("cam-1", now, *boats, received=now + chance.choice((50, 50, 6_000))))
        if second % 30 == 0:
            events.append(Position(device="ais-1", received=now + 70, ts=now, vessel="412000001", position=at(60, -4_000), sog=1.0, cog=0.0))
            twice = at(10, -8_000) if second % 60 else at(300, -9_000)
            events.append(Position(device="ais-1", received=now + 80, ts=now, vessel="413000005", position=twice, sog=1.0, cog=0.0))
            name = "ALPHA ONE" if second < 900 else "BRAVO TWO"
            events.append(
                Position(device="ais-1", received=now + 90, ts=now, vessel="413000006", position=at(20, -3_000), sog=1.0, cog=0.0, name=name)
            )
    return ticked(events, START + 70 * 60_000)


STREAMS: dict[str, Callable[[int], list[Event]]] = {
    "M01": devices,
    "M02": devices,
    "M03": dimming,
    "M04": strolling,
    "M05": lingering,
    "M06": landing,
    "M07": parking,
    "M08": thronging,
    "M09": bathing,
    "M10": gleaning,
    "M11": impostors,
    "M12": devices,
    "M13": meeting,
    "M14": sailing,
    "M15": fishing,
    "M16": banned,
    "M17": weathering,
}
