"""Random mixes of honest variants: what no one has thought of together, and is honest still.

A mix is the names of its variants, joined by `+`. Knows which variants exclude each other; knows
nothing of what they do.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import combinations, islice

from sandbox.variants import VARIANTS, Variant

JOINT = "+"
SMALLEST, LARGEST = 3, 6


APART = (frozenset({"uuids_as_shown", "uuids_in_capitals"}),)
"""Pairs that are honest by themselves only: such a server would refuse the ids that it shows."""


def drawn(count: int, draw: int) -> list[str]:
    """So many different mixes of 3 to 6 variants; the same number draws the same ones."""
    return list(islice(_endless(random.Random(draw)), count))


def parts_of(name: str) -> tuple[str, ...]:
    """The variants of a mix, or the one variant that has this name."""
    return tuple(name.split(JOINT))


def is_known(name: str) -> bool:
    """Whether every variant of a mix exists."""
    return all(part in VARIANTS for part in parts_of(name))


def fit(first: Variant, second: Variant) -> bool:
    """Whether one server can be both: no choice of one is made otherwise by the other."""
    ours, theirs = _choices(first), _choices(second)
    alike = all(ours[name] == theirs[name] for name in ours.keys() & theirs.keys())
    return alike and frozenset({first.name, second.name}) not in APART


def _choices(variant: Variant) -> dict[str, object]:
    found = {name: value for name, value in variant.choices.items() if name != "statuses"}
    return found | dict(variant.choices.get("statuses", ()))


def _endless(rng: random.Random) -> Iterator[str]:
    names, seen = sorted(VARIANTS), set[str]()
    while True:
        mix = sorted(rng.sample(names, rng.randint(SMALLEST, LARGEST)))
        name = JOINT.join(mix)
        pairs = combinations((VARIANTS[part] for part in mix), 2)
        if name not in seen and all(fit(*pair) for pair in pairs):
            seen.add(name)
            yield name
