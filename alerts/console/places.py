"""What colour each place has now and why, and what of the shore no model sees: for the map and the panel "What do we not see?".

Views of the alerts that a person may see. The numbers behind them need the models' arrays, so this is loaded when a page first asks.
"""

from collections.abc import Iterable
from typing import Any

from alerts.alert import Alert
from alerts.colours import colours
from alerts.watching import WELL, Watch, watching, words
from ingest.site import Site


def places_now(site: Site, alerts: Iterable[Alert], deaf: Iterable[str] = ()) -> dict[str, Any]:
    """`colours`: place -> level and ids of the alerts, highest first; what is calm is not in it. `unseen`: groups of segments that some models watch
    badly for one reason. `segments`: how many an area has. `deaf`: areas of which nothing is heard, so that nothing there can be called watched."""
    known = list(alerts)
    shades: dict[str, dict[str, Any]] = {}
    groups: dict[tuple[str, str, Watch], list[str]] = {}
    unheard = set(deaf)
    for area in site.areas:
        of_area = [alert for alert in known if alert.area == area.id]
        shades.update({name: {"level": colour.level, "why": colour.why} for name, colour in colours(site, area, of_area).items()})
        for segment, models in watching(site, area, of_area).items():
            for model, watch in models.items():
                seen = Watch("blind", "unheard") if area.id in unheard else watch
                if seen != WELL:
                    groups.setdefault((area.id, model, seen), []).append(segment)
    rows: dict[tuple[str, Watch, tuple[str, ...]], list[str]] = {}  # models that are hindered alike stand in one row
    for (where, model, watch), segments in groups.items():
        rows.setdefault((where, watch, tuple(segments)), []).append(model)
    unseen = [
        {"area": where, "models": models, "state": watch.state, "zh": words(watch)[0], "en": words(watch)[1], "segments": segments}
        for (where, watch, segments), models in rows.items()
    ]
    counted = {area.id: sum(segment.area == area.id for segment in site.segments) for area in site.areas}
    return {"colours": shades, "unseen": sorted(unseen, key=lambda row: (row["state"], -len(row["segments"]), row["models"])), "segments": counted}
