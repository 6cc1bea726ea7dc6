"""One draw where several would do. Knows nothing of what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import lcm
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


def evenly(*groups: Sequence[T]) -> st.SearchStrategy[T]:
    """A value of any group, each group as likely as the others.

    `st.one_of` says the same in two draws, and a machine is to spend its time on requests.
    """
    share = lcm(*map(len, groups))
    return st.sampled_from(
        [value for group in groups for value in group for _ in range(share // len(group))]
    )


def pick(draw: st.DrawFn, *groups: Sequence[T]) -> T:
    """Draw what `evenly` draws, for groups that are other ones at every step.

    Hypothesis validates every strategy that is made, which costs more than the request that the
    step becomes; of places in a list there are few, so their strategies are made once.
    """
    share = lcm(*map(len, groups))
    place, chosen = divmod(draw(_places(len(groups) * share)), len(groups))
    return groups[chosen][place % len(groups[chosen])]


@cache
def _places(length: int) -> st.SearchStrategy[int]:
    return st.sampled_from(range(length))
