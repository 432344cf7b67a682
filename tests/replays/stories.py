"""Writes the recordings of the golden replays: small stories on the small coast. `python -m tests.replays.stories` from the project's folder.

The recordings are kept in the repository; this file says how they came about. What `replay` makes of them stands beside each as `.expected`, and a
difference there is what a reviewer judges.
"""

import json
from collections.abc import Iterator
from math import cos, pi
from pathlib import Path

from ingest.recording_file import rfc3339
from tests.small_coast import START, at, box

FOLDER = Path(__file__).parent
MINUTE = 60_000
NIGHT = 15 * 60 * MINUTE  # 23:00 local, from START
Said = tuple[int, str, str, dict]  # received, device, kind, payload


def beats(boxes: range, until: int, gone: dict[int, tuple[int, int]] | None = None, **more: object) -> Iterator[Said]:
    for second in range(0, until // 1_000, 30):
        for i in boxes:
            at = START + second * 1_000 + i * 100
            a, b = (gone or {}).get(i, (0, 0))
            if not a <= second * 1_000 < b:
                yield at + 40, box(i), "heartbeat", {"ts": at, "sent": at, "seq": second // 30, "boot": 7, "battery": 0.9, "uptime": second, **more}


def press(i: int, at: int, seq: int, **more: object) -> Said:
    return at + 40, box(i), "sos", {"ts": at, "sent": at, "seq": seq, "boot": 7, "state": "pressed", **more}


def act(at: int, name: str, alert: str, do: str, **more: object) -> Said:
    return at, "console", "action", {"ts": at, "id": name, "alert": alert, "do": do, "by": "wang", **more}


def fleet(until: int, gone: dict[str, tuple[int, int]]) -> Iterator[Said]:
    for second in range(0, until // 1_000, 120):
        for n in range(7):
            vessel, at = f"41200000{n}", START + second * 1_000 + n * 1_000
            a, b = gone.get(vessel, (0, 0))
            if not a <= second * 1_000 < b:
                place = [round(118.85 + n * 0.003, 6), 24.802]
                yield (
                    at + 40,
                    "ais-1",
                    "position",
                    {"ts": at, "vessel": vessel, "position": place, "sog": 0.2, "cog": 90, "name": f"MIN SHI YU 0000{n}"},
                )


def sailing(vessel: str, begin: float, until: float, south: tuple[float, float], east: float, **more: object) -> Iterator[Said]:
    """Straight from so many metres south of the shore to so many, minutes `begin` to `until`, a fix every 20 s."""
    for second in range(int(begin * 60), int(until * 60), 20):
        part = (second - begin * 60) / (until * 60 - begin * 60)
        here = at(east / 200, -(south[0] + (south[1] - south[0]) * part))
        sog = round(abs(south[1] - south[0]) / ((until - begin) * 60) / 0.5144, 1)
        now = START + second * 1_000
        said = {"ts": now, "vessel": vessel, "position": list(here), "sog": sog, "cog": 180 if south[1] > south[0] else 0, **more}
        yield now + 40, "ais-1", "position", said


def trip(at_: int, report: str, name: str, vessel: str, **more: object) -> Said:
    said = {"ts": START + at_, "sent": START + at_, "id": name, "vessel": vessel, "report": report, **more}
    return START + at_ + 40, "console", "trip", said


def lying(vessel: str, begin: int, until: int, place: tuple[float, float], **more: object) -> Iterator[Said]:
    for now in range(START + begin, START + until, 5 * MINUTE):
        yield now + 40, "ais-1", "position", {"ts": now, "vessel": vessel, "position": list(place), "sog": 0.3, "cog": 90, **more}


def looks(begin: int, until: int, *things: tuple[int, str, tuple[float, float]], every: int = 1_000, **more: object) -> Iterator[Said]:
    """A look of the camera each second, or every so many ms: (track, class, where) of what it sees."""
    for now in range(START + begin, START + until, every):
        objects = [
            {"track": n, "class": kind, "score": 0.8, "box": [0.4, 0.4, 0.05, 0.1], "position": list(where), **more} for n, kind, where in things
        ]
        yield now + 40, "cam-1", "tracks", {"ts": now, "sent": now, "objects": objects}


def lamp(begin: int, until: int, current: float) -> Iterator[Said]:
    """The light, sent on, says each minute what it draws of 2 A."""
    for now in range(START + begin, START + until, MINUTE):
        yield now + 40, "light-1", "light", {"ts": now, "seq": now // MINUTE % 10_000, "boot": 7, "mode": "on", "current": current, "nominal": 2.0}


def eye(begin: int, until: int, **said: object) -> Iterator[Said]:
    """The camera says every ten seconds how well it sees."""
    for now in range(START + begin, START + until, 10_000):
        yield now + 40, "cam-1", "camera", {"ts": now, "seq": now // 10_000 % 10_000, "boot": 7, "fps": 12, "preset": "home", **said}


def blows(begin: int, until: int, speed: float) -> Iterator[Said]:
    """The sensor says the wind every five minutes of [begin, until)."""
    for minute in range(begin, until, 5):
        now = START + minute * MINUTE
        said = {"ts": now, "sent": now, "seq": minute, "boot": 7, "wind_speed": round(speed + minute % 2 / 10, 1), "wind_gust": round(speed * 1.2, 1)}
        yield now + 40, "met-1", "weather", said


def gauged(begin: int, until: int, stuck: tuple[int, int], gone: tuple[int, int]) -> Iterator[Said]:
    """The gauge says the water every five minutes of [begin, until), the same in `stuck`, nothing in `gone`."""
    for minute in range(begin, until, 5):
        now = START + minute * MINUTE
        level = round(3 + 2 * cos(2 * pi * (stuck[0] if stuck[0] <= minute < stuck[1] else minute) / 745), 2)
        if not gone[0] <= minute < gone[1]:
            yield now + 40, "met-1", "tide", {"ts": now, "sent": now, "seq": minute, "boot": 7, "level": level, "datum": "chart"}


STORIES: dict[str, list[Said]] = {
    "sos/pressed_twice": [
        press(1, START, 1),
        (
            START + 5_040,
            box(1),
            "sos",
            {"ts": START, "sent": START + 5_000, "seq": 1, "boot": 7, "state": "pressed"},
        ),  # not yet answered: a repetition
        press(1, START + 90_000, 2),
    ],
    "sos/late_and_unproven": [
        (START + 26 * MINUTE, box(2), "sos", {"ts": START, "sent": START + 26 * MINUTE, "seq": 1, "boot": 7, "state": "pressed"}),
        (START + 27 * MINUTE, box(3), "sos", {"ts": 5_000, "seq": 1, "boot": 9, "state": "pressed"}),
        (START + 28 * MINUTE, "box-new", "sos", {"ts": START + 28 * MINUTE, "seq": 1, "boot": 1, "state": "pressed"}),
    ],
    "sos/beacon": [
        (
            START + i * 10_000,
            "ais-1",
            "distress",
            {"ts": START + i * 10_000, "vessel": "972971214", "source": "mob", "position": [118.9, 24.8], "sog": 15.0},
        )
        for i in range(12)
    ],
    "box_health/one_silent": list(beats(range(6), 80 * MINUTE, {3: (5 * MINUTE, 75 * MINUTE)})),
    "box_health/segment_outage": list(beats(range(8), 20 * MINUTE, dict.fromkeys((2, 3, 4, 5), (5 * MINUTE, 12 * MINUTE)))),
    "box_health/a_gauge_sticks_and_goes_dumb": list(gauged(0, 500, (60, 300), (350, 400))),
    "box_health/opened": [
        *beats(range(2), 3 * MINUTE),
        (START + 65_000, box(1), "tamper", {"ts": START + 65_000, "sent": START + 65_000, "seq": 100, "boot": 7, "door": True, "tilt": 2}),
        (START + 125_000, box(1), "tamper", {"ts": START + 125_000, "sent": START + 125_000, "seq": 101, "boot": 7, "door": False, "tilt": 2}),
    ],
    "position_silence/among_others": list(fleet(260 * MINUTE, {"412000003": (60 * MINUTE, 230 * MINUTE)})),
    "closed_zone/stays_after_two_voices": [
        *looks(0, 2 * MINUTE, (1, "person", at(1, 20)), (2, "animal", at(1.1, 20))),
        *looks(2 * MINUTE, 4 * MINUTE, (2, "animal", at(1.1, 20))),
    ],
    "loitering/waits_by_night": [
        *looks(NIGHT, NIGHT + 7 * MINUTE, (1, "person", at(3, 20)), (9, "animal", at(2.8, 0)), every=5_000),
        *looks(NIGHT + 7 * MINUTE, NIGHT + 14 * MINUTE, *((n, "person", at(2.9 + n / 20, 20)) for n in (1, 2, 3)), every=5_000),
        *looks(NIGHT + 14 * MINUTE, NIGHT + 26 * MINUTE, every=5_000),
    ],
    "sea_state/a_gale_and_a_fog_warning": [
        *blows(0, 60, 9.0),
        *blows(60, 90, 18.5),
        *blows(90, 200, 9.0),
        (
            START + 100 * MINUTE,
            "console",
            "bulletin",
            {"ts": START + 100 * MINUTE, "id": "fog-1", "type": "fog", "colour": "yellow", "issuer": "泉州市气象台"},
        ),
        (START + 150 * MINUTE, "console", "bulletin", {"ts": START + 150 * MINUTE, "id": "fog-1", "type": "fog", "message": "cancel"}),
    ],
    "stranding/the_gauge_rises_over_the_way": [
        *(
            (START + n * 5 * MINUTE, "met-1", "tide", {"ts": START + n * 5 * MINUTE, "seq": n, "boot": 7, "level": round(2.0 + n / 20, 2)})
            for n in range(16)
        ),
        *looks(0, 70 * MINUTE, (1, "person", at(8, -300)), every=15_000),
        *looks(70 * MINUTE, 80 * MINUTE, every=15_000),
    ],
    "person_in_water/nobody_answers": [
        *looks(0, 12_000, (1, "person", at(2, -60))),
        *looks(12_000, 60_000),
        *looks(60_000, 70_000, (2, "person", at(9.5, -60))),
        press(9, START + 68_000, 1),
    ],
    "blind_spot/light_and_camera": [
        *lamp(NIGHT, NIGHT + 10 * MINUTE, 0.1),
        *lamp(NIGHT + 10 * MINUTE, NIGHT + 15 * MINUTE, 2.0),
        *eye(NIGHT, NIGHT + 4 * MINUTE),
        *eye(NIGHT + 4 * MINUTE, NIGHT + 12 * MINUTE, too_blurry=True),
        *eye(NIGHT + 12 * MINUTE, NIGHT + 15 * MINUTE),
    ],
    "unregistered/a_name_that_is_elsewhere": [
        *lying("412000001", 0, 40 * MINUTE, at(60, -4_000)),
        *(
            (
                START + n * 1_000 + 40,
                "cam-1",
                "hull",
                {"ts": START + n * 1_000, "seq": n, "boot": 7, "track": 1, "text": "闽狮渔00001", "score": 0.9, "position": list(at(5, -150))},
            )
            for n in range(10, 20)
        ),
        *looks(5 * MINUTE, 9 * MINUTE, (4, "boat", at(8, -150)), every=2_000, length=9.0),
        *looks(9 * MINUTE, 45 * MINUTE, every=30_000),
    ],
    "landing/two_go_ashore": [
        *(
            said
            for second in range(0, 120, 2)
            for said in looks(NIGHT + second * 1_000, NIGHT + second * 1_000 + 1, (1, "boat", at(3, 20 - 3 * (120 - second))))
        ),
        *looks(NIGHT + 2 * MINUTE, NIGHT + 4 * MINUTE, (1, "boat", at(3, 14)), every=2_000),
        *looks(NIGHT + 4 * MINUTE, NIGHT + 6 * MINUTE, (1, "boat", at(3, 14)), (2, "person", at(3, 22)), (3, "person", at(3.02, 24)), every=2_000),
        *looks(NIGHT + 6 * MINUTE, NIGHT + 13 * MINUTE, every=2_000),
    ],
    "vehicles/a_truck_among_cars": [
        *looks(NIGHT, NIGHT + 12 * MINUTE, (1, "car", at(5, 40)), every=5_000),
        *looks(NIGHT + 12 * MINUTE, NIGHT + 16 * MINUTE, (1, "car", at(5, 40)), (2, "truck", at(5.1, 40)), every=5_000),
        *looks(NIGHT + 16 * MINUTE, NIGHT + 28 * MINUTE, every=5_000),
    ],
    "crowd/a_full_beach": [
        *looks(0, 3 * MINUTE, *((n, "person", at(4.1 + n / 60, 5)) for n in range(85)), every=10_000),
        *looks(3 * MINUTE, 6 * MINUTE, *((n, "person", at(4.1 + n / 80, 5)) for n in range(120)), every=10_000),
        *looks(6 * MINUTE, 19 * MINUTE, *((n, "person", at(4.1 + n / 60, 5)) for n in range(20)), every=10_000),
    ],
    "boundary/held_course_and_left": [
        *sailing("412000001", 0, 12, (3_600, 6_900), -1_400),
        *sailing("412000001", 12, 30, (6_900, 4_500), -1_400),
        *sailing("413000009", 0, 30, (8_000, 8_100), -900, name="NET 61%"),
        *sailing("413000003", 0, 30, (3_000, 9_000), -500),
    ],
    "rendezvous/came_together_and_parted": [
        *sailing("412000001", 0, 10, (10_000, 12_000), 0),
        *sailing("413000009", 0, 10, (14_000, 12_040), 0),
        *sailing("412000001", 10, 40, (12_000, 12_010), 0),
        *sailing("413000009", 10, 25, (12_040, 12_050), 0),
        *sailing("413000009", 40, 60, (12_050, 16_000), 0),
        *sailing("412000001", 40, 60, (12_010, 10_000), 0),
    ],
    "boundary/strict_water": list(sailing("412000001", 0, 20, (3_000, 8_500), 0)),
    "trips/overdue_and_home": [
        *lying("412000001", 0, 60 * MINUTE, (118.91, 24.71)),
        trip(50 * MINUTE, "departure", "out", "412000001", persons=5, eta=START + 120 * MINUTE),
        *lying("200001", 60 * MINUTE, 300 * MINUTE, (118.93, 24.69), system="beidou"),
        *lying("412000001", 700 * MINUTE, 760 * MINUTE, (118.91, 24.71)),
        trip(755 * MINUTE, "return", "back", "412000001", persons=4),
    ],
    "trips/unreported": [*lying("412000001", 0, 30 * MINUTE, (118.91, 24.71)), *lying("412000001", 30 * MINUTE, 200 * MINUTE, (118.93, 24.69))],
    "sailing_ban/recalled": [
        *lying("412000001", 0, 150 * MINUTE, (118.93, 24.69)),
        *lying("412000001", 150 * MINUTE, 200 * MINUTE, (118.91, 24.71)),
        (
            START + 10 * MINUTE,
            "console",
            "bulletin",
            {"ts": START + 10 * MINUTE, "id": "recall-1", "type": "recall", "colour": "orange", "deadline": START + 60 * MINUTE},
        ),
    ],
    "position_silence/receiver_died": list(fleet(60 * MINUTE, {})),
}


def main() -> None:
    for name, said in STORIES.items():
        lines = (
            json.dumps({"received": rfc3339(received), "topic": f"coast/bay/{device}/{kind}", "payload": payload}, ensure_ascii=False)
            for received, device, kind, payload in sorted(said, key=lambda each: each[0])
        )
        (FOLDER / f"{name}.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
