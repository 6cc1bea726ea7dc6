"""Walks along the links of the document: what an answer names is asked for next.

Schemathesis finds the ways (its link-driven state machine), the fuzz session sends and judges.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any
from urllib.parse import unquote

import hypothesis
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.stateful import run_state_machine_as_test
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput

from tallystick.drivers.exploring import Exploration, settings
from tallystick.drivers.fuzz import cases
from tallystick.drivers.fuzz.driver import Fuzz
from tallystick.drivers.fuzz.interpretation import Sent
from tallystick.drivers.fuzz.live_ids import Feeder, Odds
from tallystick.run import Run
from tallystick.target import Answer

TAME = Odds(raw=0.0, drop=0.03, foreign=0.05, generated=0.1, unknown=0.1)
"""A walk leads on only as long as its requests are accepted."""


class Walker:
    """Takes the steps of all walks, and keeps what was found."""

    def __init__(self, run: Run, fuzz: Fuzz, fresh: Callable[[Run], Fuzz]) -> None:
        self.run = run
        self.fuzz = fuzz
        self.exploration = Exploration(run)
        self._fresh = fresh
        self._dice = Random(f"{run.seed}/walk")

    def take(self, step: StepInput) -> StepOutput | None:
        """Send the request of a step with the names that its link gives."""
        if self.exploration.end is not None:
            return None
        with self.exploration.trying():
            return self._taken(step)
        return None

    def _taken(self, step: StepInput) -> StepOutput | None:
        if not (self.fuzz.stands("A") and self.fuzz.stands("B")):
            self.fuzz = self._fresh(self.run)
        case = step.case
        operation = case.operation.definition.raw["operationId"]
        sent = self._linked(operation, step)
        answer = self.fuzz.ask(sent)
        if not isinstance(answer, Answer):
            return None
        odd = cases.judge(case, answer)
        if odd is not None:
            self.fuzz.violate(odd.rule, odd.expected, odd.actual)
        account = self.fuzz.target.address.account
        given = {name: account for name in case.path_parameters if name in ("aid", "oid")}
        case.path_parameters = {**given, **sent.path}
        return StepOutput(cases.response_of(case, answer), case)

    def _linked(self, operation: str, step: StepInput) -> Sent:
        """The generated request with live names, those of the link before all others."""
        case = step.case
        body = cases.body_of(case)
        sent = Feeder(self.fuzz, self._dice, TAME).feed(operation, cases.query_of(case), body)
        path, fed = dict(sent.path), sent.body
        for place, name in step.applied_parameters:
            if place is ParameterLocation.PATH and name in path:
                path[name] = unquote(str(case.path_parameters[name]))
            elif place is ParameterLocation.BODY and isinstance(fed, dict) and name in (body or ()):
                fed = {**fed, name: body[name]}
        if isinstance(fed, dict) and "card_id" in fed and "token" in fed:
            fed = {name: value for name, value in fed.items() if name != "token"}
        return Sent(operation, path, sent.query, fed)

    def rest(self) -> None:
        """Read what was refused something on the way."""
        if self.exploration.end is None:
            with self.exploration.trying():
                self.fuzz.settle()


def walk(run: Run, fresh: Callable[[Run], Fuzz], walks: int, steps: int) -> None:
    """Take so many walks of so many steps; Violated if the target breaks a rule on one."""
    walker = Walker(run, fresh(run), fresh)
    machine: type[Any] = cases.load_schema().as_state_machine()

    class Machine(machine):  # type: ignore[misc]
        def step(self, input: StepInput) -> StepOutput | None:
            return walker.take(input)

        def teardown(self) -> None:
            walker.rest()

    for number in range(walks):
        seeded = hypothesis.seed(run.seed + number)(Machine)
        # What a step may lead to depends on the server's answer, and Hypothesis gives up a run in
        # which the same draws lead elsewhere. So each walk is a run of its own; the first example
        # of a run is always the simplest one.
        with suppress(FlakyStrategyDefinition):
            run_state_machine_as_test(seeded, settings=settings(2, steps))
        walker.exploration.conclude()
