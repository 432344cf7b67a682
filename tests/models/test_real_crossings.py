"""Ten real crossings in the Sound between Denmark and Sweden through the whole fold, all models: two ships that pass close are no affair of the room."""

import csv
from itertools import groupby
from statistics import mean

from alerts.fold import Fold
from ingest.events import Position, Tick
from ingest.records import Batch
from ingest.site_make import plain_site
from tests.models.hearing import runs
from tests.models.real_recordings import needs
from tests.small_coast import START

HOUR = 3_600_000


def crossings() -> list[list[Position]]:
    """Each from START on: nothing is said of the date."""
    with needs("ais/dk_crossing_encounters.csv").open() as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (int(row["encounter_id"]), float(row["timestamp"])))
    return [
        [
            Position(
                device="ais-1", received=at + 50, ts=at, vessel=row["mmsi"], position=(float(row["lon"]), float(row["lat"])),
                sog=float(row["sog"]), cog=float(row["cog"]), ship_type=int(row["shiptype"]),
            )
            for row in mine for at in (START + int(float(row["timestamp"]) * 1000),)
        ]
        for _, mine in groupby(rows, key=lambda row: row["encounter_id"])
    ]  # fmt: skip


def told(fixes: list[Position]) -> list[tuple[str, str, str]]:
    """(model, level, code) of every alert on a plain site about them, the recording and two hours after its end."""
    middle = mean(fix.position[0] for fix in fixes), mean(fix.position[1] for fix in fixes)
    coast = plain_site("sound", middle, 100)
    fold, begin, found = Fold(coast, coast.areas[0], {}), START - 10_000, {}
    ticks = [Tick(device="bridge", received=at, now=at, heard=at - begin, connects=1) for at in range(begin, fixes[-1].received + 2 * HOUR, 10_000)]
    for n, run in enumerate(runs(sorted([*ticks, *fixes], key=lambda event: event.received)), 1):
        for alert in fold.step(n, Batch(coast.revision, run), {coast.revision: coast}).alerts:
            found[alert.id] = alert.model, alert.level, alert.reason.code
    return sorted(found.values())


def test_ships_that_cross_are_told_by_no_model_and_the_receiver_that_ends_is():
    ten = crossings()
    assert [len(each) for each in ten] == [68, 68, 66, 66, 64, 66, 64, 66, 68, 68]
    for n, fixes in enumerate(ten):
        assert told(fixes) == [("M02", "blue", "unheard"), ("M02", "yellow", "receiver_down")], n
