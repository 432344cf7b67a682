"""The chance of the pretend coast: one source for each device, vessel or scene, so that what another one does never changes it."""

import random


def rng(seed: int, name: str) -> random.Random:
    return random.Random(f"{seed}/{name}")  # noqa: S311  # it plays, it does not guard
