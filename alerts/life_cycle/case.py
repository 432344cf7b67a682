"""A case: one alert with what must be remembered beside its public shape, and the words and times that follow from it alone."""

from msgspec import Struct

from alerts.alert import Alert, Response
from ingest.events import Level

STAGES: tuple[Response, ...] = ("new", "acknowledged", "dispatched", "en_route", "arrived", "resolved", "verified")
STAGE = {response: rank for rank, response in enumerate(STAGES)}
ENDLESS = ("M01", "M09", "INC")  # only a person ends them; warning-models §0.6
RESTRICTED = ("M05", "M06", "M07", "M11", "M13")  # warning-models §0.1


class Case(Struct):
    """`since`: when its deadlines began (raised, level up, reopened, no longer suppressed). Times in ms of log time."""

    alert: Alert
    since: int
    peak: Level  # the highest level that it had: who may close it
    step: int = 0  # the next step of escalation
    reminded: int = 0  # stages whose passing was told to the owner
    told: int = 0  # reminders sent
    owed: tuple[str, ...] = ()  # people who were told and must hear the end
    answers: str = ""  # the box that was pressed
    waiting: bool = False  # that box was told `waiting`
    confirm: int = 0  # ms unanswered after which it is red; 0: never
    inhibits: tuple[str, ...] = ()
    unanswering: tuple[str, ...] = ()  # units that let their 60 s pass
    resolver: str = ""
    chief_told: bool = False
    exercise: tuple[str, ...] = ()  # a drill's people
    not_drill: bool = False  # real, though its device is in an exercise
    names: tuple[tuple[str, str], ...] = ()  # (model, subject) of what belongs to the same event
    asked: int = 0  # since when a question waits that came after the acknowledgement; 0: none does
    joined: bool = False  # made a part of its incident by what its model found, not by a person

    @property
    def is_open(self) -> bool:
        return STAGE[self.alert.response] < STAGE["resolved"]

    @property
    def acknowledged(self) -> bool:
        return self.alert.response != "new"

    @property
    def under_way(self) -> bool:
        """A unit accepted and has not left."""
        return any(each.accepted is not None and each.left is None for each in self.alert.responses)


def state_of(alert: Alert) -> str:
    """One word for the screen. A patrol under way is never hidden behind `over` or a suppression."""
    if STAGE[alert.response] >= STAGE["dispatched"]:
        return alert.response
    if alert.suppressed is not None:
        return alert.suppressed.how
    return "over" if alert.condition == "over" else alert.response


def ends_itself(case: Case) -> bool:
    """Over: blue closes itself, yellow once acknowledged; orange, red and what a unit is on its way to by a person.
    A yellow that another alert explained and nobody was told of goes with it. Source: warning-models §0.6, the last sentence ours."""
    if case.alert.condition != "over" or not case.is_open or case.under_way:
        return False
    if case.peak == "yellow":
        explained = case.alert.suppressed is not None and case.alert.suppressed.how == "inhibited" and not case.alert.audience
        return explained or case.alert.response == "acknowledged"
    return case.peak == "blue"
