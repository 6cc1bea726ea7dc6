"""Runs a program that has shown a violation once more, in the way that its steps ask for."""

from __future__ import annotations

import random

from tallystick.drivers.concurrent.clients import client_pool
from tallystick.drivers.concurrent.race import race_once
from tallystick.drivers.concurrent.trial import StartSchedule
from tallystick.drivers.delivery import LATE_S, deliver, lossy_connection
from tallystick.drivers.direct import require_answers
from tallystick.drivers.sequential import Reading, run_program
from tallystick.program import Program, Verb
from tallystick.run import Run

RACES = 20
"""How often a race is run: it needs luck."""


def run_again(
    run: Run, program: Program, rule: str, *, needs_answers: bool = False
) -> tuple[str, ...]:
    """Run a program that broke the rule; returns the steps that could not be run.

    Raises Violated if a rule is broken. `needs_answers`: Unanswered if an answer is missing that
    the program itself does not lose.
    """
    if program.branches:
        performed: set[str] = set()
        schedule = StartSchedule(random.Random(f"{run.seed} {program}"))
        with client_pool(run) as pool:
            for _ in range(RACES):
                trial = race_once(run, pool, program, schedule)
                performed |= {event.step for event in trial.events}
        if not run.profile.traits.account:  # a card is only a name there, and nothing is sent
            performed |= {str(step) for step in program.prefix if step.verb is Verb.CARD}
        return tuple(line for line in program.lines() if line not in performed)
    if rule.startswith("DELIV-") or any(step.delivery for step in program.steps):
        with lossy_connection(run) as connection:
            story = deliver(run, connection, program, late_s=LATE_S).story
    else:
        story = run_program(run, program, reading=Reading.EAGER).story
        if needs_answers:
            require_answers(story)
    return tuple(str(step) for step in program.prefix if step not in story.steps)
