"""Tables whose rows take long: a few run with every change, all of them by `tox -e long`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

LONG = pytest.mark.long


def some(rows: Iterable[Any], most: int) -> list[Any]:
    """The rows as parameters; all but `most` of them, evenly spread, are marked `long`."""
    every = list(rows)
    chosen = {number * len(every) // most for number in range(most)}
    found = []
    for number, row in enumerate(every):
        values = row if isinstance(row, tuple) else (row,)
        found.append(pytest.param(*values, marks=() if number in chosen else LONG))
    return found
