"""Sequences of requests along the links of the document: an answer's ids go into the next request.

Schemathesis' state machine chooses the links, the fuzz session sends and judges the requests.
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
from tallystick.drivers.fuzz.interpretation import FuzzRequest
from tallystick.drivers.fuzz.live_ids import LiveIds, Rates
from tallystick.run import Run
from tallystick.target import Answer

CAREFUL = Rates(raw=0.0, drop=0.03, missing=0.05, generated=0.1, unknown=0.1)
"""Most requests have to be accepted: a refusal has no ids to go on with."""


class LinkFollower:
    """Sends the requests of all sequences, and remembers a violation until `conclude`."""

    def __init__(self, run: Run, fuzz: Fuzz, fresh: Callable[[Run], Fuzz]) -> None:
        self.run = run
        self.fuzz = fuzz
        self.exploration = Exploration(run)
        self._fresh = fresh
        self._random = Random(f"{run.seed}/walk")

    def take(self, step: StepInput) -> StepOutput | None:
        """Send the request of a step; None once a violation was found or without an answer."""
        if self.exploration.end is not None:
            return None
        with self.exploration.trying():
            return self._send(step)
        return None

    def _send(self, step: StepInput) -> StepOutput | None:
        if not (self.fuzz.is_usable("A") and self.fuzz.is_usable("B")):
            self.fuzz = self._fresh(self.run)
        case = step.case
        operation = case.operation.definition.raw["operationId"]
        request = self._linked(operation, step)
        answer = self.fuzz.ask(request)
        if not isinstance(answer, Answer):
            return None
        violation = cases.judge(case, answer)
        if violation is not None:
            self.fuzz.violate(violation.rule, violation.expected, violation.actual)
        account = self.fuzz.target.address.account
        given = {name: account for name in case.path_parameters if name in ("aid", "oid")}
        case.path_parameters = {**given, **request.path}
        return StepOutput(cases.response_of(case, answer), case)

    def _linked(self, operation: str, step: StepInput) -> FuzzRequest:
        """The generated request with live ids; those that the link gives come first."""
        case = step.case
        body = cases.body_of(case)
        request = LiveIds(self.fuzz, self._random, CAREFUL).fill(
            operation, cases.query_of(case), body
        )
        path, filled = dict(request.path), request.body
        for place, name in step.applied_parameters:
            if place is ParameterLocation.PATH and name in path:
                path[name] = unquote(str(case.path_parameters[name]))
            elif place is ParameterLocation.BODY and isinstance(filled, dict) and name in body:
                filled = {**filled, name: body[name]}
        # A payment names its card once (TX-6).
        if isinstance(filled, dict) and "card_id" in filled and "token" in filled:
            filled = {name: value for name, value in filled.items() if name != "token"}
        return FuzzRequest(operation, path, request.query, filled)

    def settle(self) -> None:
        """Read the cards that had answers to writes in this sequence."""
        if self.exploration.end is None:
            with self.exploration.trying():
                self.fuzz.settle()


def follow_links(run: Run, fresh: Callable[[Run], Fuzz], sequences: int, steps: int) -> None:
    """Run sequences of at most `steps` requests; Violated if the target breaks a rule.

    `fresh` makes a session with cards A and B.
    """
    follower = LinkFollower(run, fresh(run), fresh)
    machine: type[Any] = cases.load_schema().as_state_machine()

    class Machine(machine):  # type: ignore[misc]
        def step(self, input: StepInput) -> StepOutput | None:
            return follower.take(input)

        def teardown(self) -> None:
            follower.settle()

    for number in range(sequences):
        seeded = hypothesis.seed(run.seed + number)(Machine)
        # Where a step can lead depends on the server's answer, and Hypothesis ends a run in which
        # the same draws lead elsewhere. So each sequence is a run of its own, with two examples:
        # the first of a run is always the simplest one.
        with suppress(FlakyStrategyDefinition):
            run_state_machine_as_test(seeded, settings=settings(2, steps))
        follower.exploration.conclude()
