"""One row of the table."""

from typing import Any

from msgspec import Struct


class Figure(Struct):
    what: str
    value: float | None  # None: not measured here, `beside` says why
    unit: str
    at_least: float | None = None  # the budget; None: the figure is only stated
    at_most: float | None = None
    beside: str = ""  # the reference of the same run, or how it was measured

    @property
    def met(self) -> bool | None:
        if self.value is None:
            return None
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most

    def cells(self) -> tuple[str, str, str, str]:
        budget = "stated"
        if self.at_least is not None:
            budget = f"≥ {plain(self.at_least)}"
        elif self.at_most is not None:
            budget = f"≤ {plain(self.at_most)}"
        missed = " **missed**" if self.met is False else ""
        figure = "not measured" if self.value is None else f"{plain(self.value)} {self.unit}".strip()
        return self.what, figure, budget + missed, self.beside


def plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def least(values: Any) -> float:
    """The best of several: what is slower was somebody else's work on this machine."""
    return min(values)
