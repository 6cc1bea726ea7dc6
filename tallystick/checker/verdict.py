"""The verdict on a history, a rule or a run; it does not know what was judged."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Verdict(Enum):
    """What was shown. Only CONFORMS is green."""

    CONFORMS = "conforms"
    VIOLATES = "violates"
    UNDECIDED = "undecided"  # the budget was spent before anything was shown
    ERROR = "error"  # the suite itself broke


_FROM_BEST = (Verdict.CONFORMS, Verdict.UNDECIDED, Verdict.ERROR, Verdict.VIOLATES)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on the whole: a violation once seen outweighs all that was not seen."""
    return max(verdicts, key=_FROM_BEST.index, default=Verdict.CONFORMS)
