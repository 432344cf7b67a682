"""Whose water each vessel is in, as one area sees it: the owner changes only half a mile past the border, so that a vessel on it is not handed to and fro.

The bridge tells of each fix which areas may own it; the last owner is remembered here. Every area near a vessel hears the same fixes and so says the same.
"""

from typing import NamedTuple


class Gone(NamedTuple):
    """A vessel is another area's from this event on. `beacon`: a call for help told so, not only a fix."""

    nth: int
    vessel: str
    to: int  # the area's number
    beacon: bool


class Waters:
    """`owners`: vessel -> (number of the area, ms when told). Only vessels that were heard where two areas are near."""

    def __init__(self, owners: dict[str, tuple[int, int]] | None = None) -> None:
        self.owners = owners or {}

    def owner(self, vessel: str, waters: tuple[int, ...], at: int) -> int:
        """Of these areas, the first of which holds the place, the one that had the vessel before, else the first. Older than the last: as it is now."""
        before, told = self.owners.get(vessel, (-1, at))
        if at < told:
            return before
        now = before if before in waters else waters[0]
        self.owners[vessel] = now, at
        return now
