"""What is made of a violation after it was written down: the shortest program that shows it.

Shortening keeps to bounds: for one violation, for all of a run, and to what is left of the budget.
It does not know how findings are kept.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

from tallystick.causes import Steadiness, is_plain, steadiness
from tallystick.drivers.reduce import Budget, reduce_program
from tallystick.drivers.sequential import shown_one_by_one
from tallystick.fingerprint import LONGEST_HELD
from tallystick.program import Program
from tallystick.run import Finding, Intensity, Run

REDUCE_S = {Intensity.GATE: 8.0, Intensity.RELEASE: 20.0, Intensity.HUNT: 60.0}
"""Seconds for the shortening of one violation."""
LEAST_REDUCE_S = 2.0
"""The same for a violation that is seen when the budget is all but spent."""
REDUCE_ALL_S = {Intensity.GATE: 30.0, Intensity.RELEASE: 120.0, Intensity.HUNT: 600.0}
"""Seconds for all of them: a server with many faults does not make a run endless."""
MORE_S = {Intensity.GATE: 10.0, Intensity.RELEASE: 60.0, Intensity.HUNT: 300.0}
"""Seconds for all violations of rules that are broken already: is there another cause?"""
LONGEST_MORE_S = 3.0
"""The same for one of them."""
MOST_LOOKS = 5
"""How many of them are looked into, for each rule."""


class Shortening:
    """Shortens programs within bounds: for one, for all of a run, and by what is left of it."""

    def __init__(self, intensity: Intensity) -> None:
        self.left_s = REDUCE_ALL_S[intensity]
        self._longest_s = REDUCE_S[intensity]
        self._more_s = MORE_S[intensity]
        self._looks: Counter[str] = Counter()

    def shortened(self, run: Run, finding: Finding) -> Finding | None:
        """The finding with the shortest program that was found; None if there is no time for it.

        Raises TargetError if the target is gone.
        """
        seconds = min(self.left_s, self._longest_s, max(run.seconds_left(), LEAST_REDUCE_S))
        began = time.monotonic()
        try:
            return _shortened(run, finding, seconds)
        finally:
            self.left_s -= time.monotonic() - began

    def another(self, run: Run, finding: Finding) -> Finding | None:
        """The finding, shortened, if none of the same rule has its cause; None if one may have it.

        It has to come back, else nothing shows that its cause is another one. Raises TargetError
        if the target is gone.
        """
        rule = finding.violation.rule
        if rule.startswith("DIA-") or self._looks[rule] >= MOST_LOOKS:
            return None
        self._looks[rule] += 1
        if finding.notes:
            return finding
        began = time.monotonic()
        try:
            seconds = min(self._more_s, LONGEST_MORE_S, run.seconds_left())
            shorter = _shortened(run, _of_its_kind(finding), seconds)
        finally:
            self._more_s -= time.monotonic() - began
        if shorter is None or not (shorter.replays and shorter.replays[0]):
            return None
        return shorter if run.met_by(shorter) is None else None


def _of_its_kind(finding: Finding) -> Finding:
    """The finding, to be replayed by what shows the rule broken in the same way."""
    attempt, kind = finding.attempt, finding.cause.kind

    def alike(program: Program) -> Finding | None:
        shown = None if attempt is None else attempt(program)
        return shown if shown is not None and shown.cause.kind == kind else None

    return finding if attempt is None else replace(finding, attempt=alike)


def _shortened(run: Run, finding: Finding, seconds: float) -> Finding | None:
    """The finding with the shortest program that was found; None if there is no time for it."""
    if finding.attempt is None or seconds <= 0:
        return None
    reduced = reduce_program(
        finding.program, finding.attempt, Budget.of(seconds), run.profile.traits
    )
    shorter = finding.shortened(reduced.program, reduced.replays, reduced.shown)
    return replace(shorter, shows=_shown_alone(run, shorter))


def _shown_alone(run: Run, finding: Finding) -> tuple[tuple[str, str], ...]:
    """What the program shows without races and lost answers, if that is not known already."""
    program = finding.shortest
    if steadiness(finding) is Steadiness.STEADY and is_plain(program):
        return ()
    return shown_one_by_one(run, program) if len(program.steps) <= LONGEST_HELD else ()
