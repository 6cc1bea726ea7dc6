"""Races: several trials of one concurrent program, each judged as soon as it ends."""

from __future__ import annotations

import random
import time

from tallystick.drivers.concurrent.clients import ClientPool
from tallystick.drivers.concurrent.findings import (
    judge_trial,
    note_undecided,
    race_of,
    record_trial_shapes,
    trial_finding,
)
from tallystick.drivers.concurrent.trial import StartSchedule, Trial, run_trial
from tallystick.drivers.sequential import Session, run_program
from tallystick.program import Program
from tallystick.run import Run, Violated

LEAST_TRIALS = 2
"""A race is tried so often on any server, however slow."""


def race(
    run: Run, pool: ClientPool, program: Program, times: int, *, within_s: float = 60.0
) -> Session:
    """Run `times` trials of the program; raise Violated if the history of one has no legal order.

    After `within_s` seconds, or when the run's budget is spent, no further trial is started.
    Returns the session of the prefix of the last trial.
    """
    schedule = StartSchedule(random.Random(f"{run.seed} {program}"))
    deadline = time.monotonic() + within_s
    for number in range(times):
        if number >= LEAST_TRIALS and (time.monotonic() > deadline or not run.goes_deeper()):
            break
        session = race_once(run, pool, program, schedule).session
    return session


def race_once(
    run: Run, pool: ClientPool, program: Program, schedule: StartSchedule | None = None
) -> Trial:
    """Run one trial and judge what all its clients saw; raise Violated if that breaks a rule."""
    trial = run_trial(run, pool, program, schedule)
    verdict = judge_trial(run, trial)
    note_undecided(run, verdict)
    try:
        # First the order: what the checker says of the answers says more than their shape.
        if verdict.violation is not None:
            _blame_a_sequence(run, program)
            found = race_of(verdict, trial)
            finding = trial_finding(run, pool, verdict.violation, program, trial, found)
            raise Violated(run.record(finding))
    finally:
        misshapen = record_trial_shapes(run, pool, program, trial) or trial.session.noted
    if misshapen is not None:
        raise Violated(misshapen)
    return trial


def _blame_a_sequence(run: Run, program: Program) -> None:
    """Raise Violated if the branches break a rule one after the other too.

    Then the fault is none of concurrency, and the rule that the sequence breaks names it better.
    """
    for branches in (program.branches, program.branches[::-1]):
        steps = tuple(step for branch in branches for step in branch)
        run_program(run, Program(program.prefix + steps))
