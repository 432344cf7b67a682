"""All warning models, in the order in which they are judged. A new one is a file, and a line here."""

from collections.abc import Mapping
from typing import Any

from ingest.site import Site
from models.blind_spot import BlindSpot
from models.boundary import Boundary
from models.box_health import BoxHealth
from models.closed_zone import ClosedZone
from models.crowd import Crowd
from models.landing import Landing
from models.loitering import Loitering
from models.model import Model
from models.parameters import checked
from models.person_in_water import PersonInWater
from models.position_silence import PositionSilence
from models.rendezvous import Rendezvous
from models.sailing_ban import SailingBan
from models.sea_state import SeaState
from models.sos import SosCall
from models.stranding import Stranding
from models.trips import Trips
from models.unregistered import Unregistered
from models.vehicles import Vehicles

CATALOGUE: tuple[type[Any], ...] = (
    SosCall,
    BoxHealth,
    BlindSpot,
    ClosedZone,
    Loitering,
    Landing,
    Vehicles,
    Crowd,
    PersonInWater,
    Stranding,
    Unregistered,
    PositionSilence,
    Rendezvous,
    Boundary,
    Trips,
    SailingBan,
    SeaState,
)


def models_for(site: Site, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> tuple[Model, ...]:
    """Every model with the site's thresholds, `overrides` (model code -> parameter -> value, as `--set` gives them) above these.

    Raises ValueError with each parameter that is unknown or out of its range.
    """
    faults: list[str] = []
    made: list[Model] = []
    for kind in CATALOGUE:
        given = {**site.thresholds.get(kind.code, {}), **(overrides or {}).get(kind.code, {})}
        values = {}
        for name, value in given.items():
            try:
                values[name] = checked(kind, name, value)
            except ValueError as fault:
                faults.append(str(fault))
        made.append(kind(**values))
    known = {kind.code for kind in CATALOGUE}
    faults += [f"{code}: no such model here" for code in (overrides or {}) if code not in known]
    if faults:
        raise ValueError("; ".join(faults))
    return tuple(made)


def check_thresholds(thresholds: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is wrong with thresholds (model code -> parameter -> value) of a site or of one of its zones, for `site check`."""
    kinds = {kind.code: kind for kind in CATALOGUE}
    faults = []
    for code, values in thresholds.items():
        for name, value in values.items():
            try:
                if code in kinds:
                    checked(kinds[code], name, value)
            except ValueError as fault:
                faults.append(str(fault))
    return faults
