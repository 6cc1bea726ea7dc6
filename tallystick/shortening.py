"""What is made of a violation after it was written down: the shortest program that shows it.

Shortening keeps to bounds: for one violation, for all of a run, and to what is left of the budget.
It does not know how findings are kept.
"""

from __future__ import annotations

import time
from dataclasses import replace

from tallystick.causes import MOST_STEPS, Steadiness, is_plain, steadiness
from tallystick.drivers.reduce import Budget, reduce_program
from tallystick.drivers.sequential import shown_one_by_one
from tallystick.run import Finding, Intensity, Run

REDUCE_S = {Intensity.GATE: 8.0, Intensity.RELEASE: 20.0, Intensity.HUNT: 60.0}
"""Seconds for the shortening of one violation."""
LEAST_REDUCE_S = 2.0
"""The same for a violation that is seen when the budget is all but spent."""
REDUCE_ALL_S = {Intensity.GATE: 30.0, Intensity.RELEASE: 120.0, Intensity.HUNT: 600.0}
"""Seconds for all of them: a server with many faults does not make a run endless."""


class Shortening:
    """Shortens programs within bounds: for one, for all of a run, and by what is left of it."""

    def __init__(self, intensity: Intensity) -> None:
        self.left_s = REDUCE_ALL_S[intensity]
        self._longest_s = REDUCE_S[intensity]

    def shortened(self, run: Run, finding: Finding) -> Finding | None:
        """The finding with the shortest program that was found; None if there is no time for it.

        Raises TargetError if the target is gone.
        """
        seconds = min(self.left_s, self._longest_s, max(run.seconds_left(), LEAST_REDUCE_S))
        if finding.attempt is None or seconds <= 0:
            return None
        began = time.monotonic()
        reduced = reduce_program(
            finding.program, finding.attempt, Budget.of(seconds), run.profile.traits
        )
        shorter = finding.shortened(reduced.program, reduced.replays, reduced.shown)
        shorter = replace(shorter, shows=_shown_alone(run, shorter))
        self.left_s -= time.monotonic() - began
        return shorter


def _shown_alone(run: Run, finding: Finding) -> tuple[tuple[str, str], ...]:
    """What the program shows without races and lost answers, if that is not known already."""
    program = finding.shortest
    if steadiness(finding) is Steadiness.STEADY and is_plain(program):
        return ()
    return shown_one_by_one(run, program) if len(program.steps) <= MOST_STEPS else ()
