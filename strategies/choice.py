"""One draw where several would do. Knows nothing of what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
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
