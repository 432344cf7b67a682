"""A power cut takes boxes, lights and cameras of many segments at once: who is told of it, and how often."""

from msgspec import structs

from alerts.alert import Outcomes
from alerts.fold import Fold
from ingest.records import Batch
from ingest.site import Site
from tests.small_coast import START, beat, site, tick

SECOND, MINUTE = 1_000, 60_000
BOXES = 12


def lit(boxes: int = BOXES, **more):
    """The small coast with a light beside every box, on the box's feeder; its neighbours are the lights beside it."""
    coast = site(boxes, **more)
    lights = tuple(
        structs.replace(
            coast.device[f"box-{i:02d}"], id=f"lamp-{i:02d}", type="light", place="",
            neighbours=tuple(f"lamp-{j:02d}" for j in (i - 1, i + 1) if 0 <= j < boxes),
        )
        for i in range(boxes)
    )  # fmt: skip
    return structs.replace(coast, devices=(*coast.devices, *lights))


COAST = lit()


def life(gone: dict[str, list[tuple[int, int]]], until: int, coast: Site = COAST) -> list[Outcomes]:
    """Every box and lamp and the receiver beats every 30 s, each at its own second; `gone` leaves one out between times (ms after START)."""
    fold, out = Fold(coast, coast.areas[0]), []
    turns = {**{f"box-{i:02d}": i for i in range(BOXES)}, **{f"lamp-{i:02d}": i + BOXES for i in range(BOXES)}, "ais-1": 29}
    for now in range(0, until, SECOND):
        due = [name for name, turn in turns.items() if now // SECOND % 30 == turn and not any(a <= now < b for a, b in gone.get(name, ()))]
        beats: list = [structs.replace(beat(1, START + now, now // (30 * SECOND)), device=name) for name in due]
        out.append(fold.step(fold.offset + 1, Batch("r1", [*beats, tick(START + now + 900)])))
    return out


def told(out: list[Outcomes]) -> list[str]:
    """Whom somebody was paged for, in order; but for what this coast never lets speak."""
    name = {alert.id: alert.subject for each in out for alert in each.alerts if alert.reason.code != "unheard"}
    return [name[page.alert] for each in out for page in each.pages if page.reason == "raised" and page.alert in name]


def how(out: list[Outcomes]) -> dict[str, str]:
    """How the alert of each subject that is still true is kept quiet."""
    newest = {alert.subject: alert for each in out for alert in each.alerts}
    return {name: alert.suppressed.how if alert.suppressed else "" for name, alert in newest.items() if alert.condition == "active"}


def outages(out: list[Outcomes]) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    for alert in (alert for each in out for alert in each.alerts if alert.reason.code == "segment_outage"):
        now = (alert.condition, alert.reason.values["devices"])
        if found.setdefault(alert.subject, [])[-1:] != [now]:
            found[alert.subject].append(now)
    return found


def both(numbers, *spans) -> dict[str, list[tuple[int, int]]]:
    return {f"{kind}-{i:02d}": list(spans) for kind in ("box", "lamp") for i in numbers}


def test_boxes_and_lights_that_one_cut_takes_are_one_outage():
    gone = both(range(2, 8), (5 * MINUTE, 99 * MINUTE))
    out = life(gone, 12 * MINUTE)
    [grown] = outages(out).values()
    assert grown[-1] == ("active", 12)
    assert {name: how(out)[name] for name in gone} == dict.fromkeys(gone, "inhibited")
    assert told(out) == ["box-02", "box-03", "seg-02"], "two that fell before the third made it an outage, and the outage"


def test_one_that_comes_back_in_the_middle_leaves_two_outages_and_nobody_is_told_of_the_boxes_in_them():
    gone = both((*range(1, 5), *range(6, 10)), (5 * MINUTE, 99 * MINUTE)) | both([5], (5 * MINUTE, 8 * MINUTE))
    out = life(gone, 14 * MINUTE)
    assert {subject: parts[-1] for subject, parts in outages(out).items()} == {"seg-01": ("active", 8), "seg-06": ("active", 8)}
    assert {how(out)[name] for name in gone if not name.endswith("05")} == {"inhibited"}
    assert told(out) == ["box-01", "box-02", "seg-01", "seg-06"]


def test_where_the_box_that_named_an_outage_falls_again_apart_from_the_rest_each_has_its_own_name():
    gone = {f"box-{i:02d}": [(5 * MINUTE, 99 * MINUTE)] for i in range(1, 8)}
    gone |= {f"box-{i:02d}": [(5 * MINUTE, 8 * MINUTE), (12 * MINUTE, 99 * MINUTE)] for i in (1, 2, 3)} | {"box-04": [(5 * MINUTE, 8 * MINUTE)]}
    out = life(gone, 16 * MINUTE)
    assert {subject: parts[-1] for subject, parts in outages(out).items()} == {"seg-01": ("active", 3), "seg-02": ("active", 3)}
    assert {name for name, quiet in how(out).items() if quiet == "inhibited"} == {f"box-{i:02d}" for i in (1, 2, 3, 5, 6, 7)}


def test_a_receiver_in_the_dark_segment_is_told_for_itself():
    out = life({**both(range(3, 8), (5 * MINUTE, 99 * MINUTE)), "ais-1": [(5 * MINUTE, 99 * MINUTE)]}, 10 * MINUTE)
    assert how(out)["ais-1"] == ""
    assert "ais-1" in told(out)


def test_an_outage_elsewhere_gives_its_name_back_to_the_segment_and_nobody_is_told_of_the_boxes():
    """Three boxes of one segment fall again, in which an outage began that went on farther along the shore."""
    crowded = structs.replace(
        COAST, devices=tuple(structs.replace(each, segment="seg-01") if each.id in ("box-02", "box-03") else each for each in COAST.devices)
    )
    gone = {f"box-{i:02d}": [(5 * MINUTE, 99 * MINUTE)] for i in (5, 6, 7)}
    gone |= {f"box-{i:02d}": [(5 * MINUTE, 8 * MINUTE), (12 * MINUTE, 99 * MINUTE)] for i in (1, 2, 3)} | {"box-04": [(5 * MINUTE, 8 * MINUTE)]}
    before, out = life(gone, 12 * MINUTE, crowded), life(gone, 16 * MINUTE, crowded)
    assert {subject: parts[-1] for subject, parts in outages(before).items()} == {"seg-01": ("active", 3)}
    assert {subject: parts[-1] for subject, parts in outages(out).items()} == {"seg-01": ("active", 3), "seg-05": ("active", 3)}
    assert {how(out)[name] for name in gone if name != "box-04"} == {"inhibited"}
    assert told(out)[len(told(before)) :] == ["seg-05"], "the outage that has a new name; the boxes were told minutes ago"
