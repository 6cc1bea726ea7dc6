"""Sequences of requests along the links of the document: an answer's ids go into the next request.

Schemathesis' state machine chooses the links, the fuzz session sends and judges the requests.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any, TypeVar
from urllib.parse import unquote

import hypothesis
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.stateful import run_state_machine_as_test
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput

from tallystick.drivers.direct import Unanswered
from tallystick.drivers.exploring import Exploration, settings
from tallystick.drivers.fuzz import cases
from tallystick.drivers.fuzz.request import FuzzRequest
from tallystick.profiles.wallet.fuzz.driver import Fuzz
from tallystick.profiles.wallet.fuzz.live_ids import LiveIds, Rates
from tallystick.run import Run
from tallystick.target import Answer

T = TypeVar("T")

CAREFUL = Rates(raw=0.0, drop=0.03, missing=0.05, generated=0.1, unknown=0.1)
"""Most requests have to be accepted: a refusal has no ids to go on with."""


class LinkFollower:
    """Runs sequences, and sends the requests that Schemathesis' state machine chooses.

    `fresh` makes a session with cards A and B.
    """

    def __init__(self, run: Run, fresh: Callable[[Run], Fuzz]) -> None:
        self._run = run
        self._fresh = fresh
        self._fuzz: Fuzz | None = None
        self._random = Random(f"{run.seed}/walk")
        self._exploration = Exploration(run)
        self._missing: Unanswered | None = None
        self._examples = 0
        """How many examples of the sequence were begun."""
        self._has_simplest = False
        """Whether the simplest example was played: it is the same for each sequence."""
        self._machine = machine_of(self, run)

    def follow(self, number: int, steps: int) -> None:
        """Run the sequence with this number, of at most `steps` requests.

        Raises Violated if the target breaks a rule, and Unanswered if an answer is missing.
        """
        self._missing, self._examples = None, 0
        if self._fuzz is None:
            self._fuzz = self._fresh(self._run)
        seeded = hypothesis.seed(self._run.seed + number)(self._machine)
        # Where a step can lead depends on the server's answer, and Hypothesis ends a run in which
        # the same draws lead elsewhere. So each sequence is a run of its own. Its first example is
        # always the simplest one, which the first sequence plays for all.
        examples = 1 if self._has_simplest else 2
        with suppress(FlakyStrategyDefinition):
            run_state_machine_as_test(seeded, settings=settings(examples, steps))
        self._exploration.conclude()
        if self._missing is not None:
            raise self._missing
        self._has_simplest = True

    # Called by the machine ------------------------------------------------------------------------

    def begin(self) -> None:
        """An example of the sequence begins."""
        self._examples += 1

    def take(self, step: StepInput) -> StepOutput | None:
        """Send the request of a step; None once a violation was found or an answer is missing."""
        if self._has_simplest and self._examples == 1:
            hypothesis.reject()
        return self._unless_ended(lambda: self._send(step))

    def settle(self) -> None:
        """Read the cards that had answers to writes in this sequence."""
        self._unless_ended(lambda: self._fuzz.settle() if self._fuzz is not None else None)

    def _unless_ended(self, act: Callable[[], T]) -> T | None:
        if self._exploration.end is not None or self._missing is not None:
            return None
        with self._exploration.trying():
            try:
                return act()
            except Unanswered as missing:
                self._missing = missing
                self._drop()
        return None

    def _drop(self) -> None:
        """Read the cards once more, for what earlier refusals have changed, and leave them."""
        fuzz, self._fuzz = self._fuzz, None
        if fuzz is not None:
            with suppress(Unanswered):
                fuzz.settle()

    def _send(self, step: StepInput) -> StepOutput | None:
        fuzz = self._fuzz
        if fuzz is None or not (fuzz.cards.is_usable("A") and fuzz.cards.is_usable("B")):
            fuzz = self._fuzz = self._fresh(self._run)
        case = step.case
        operation = case.operation.definition.raw["operationId"]
        request = self._linked(fuzz, operation, step)
        answer = fuzz.ask(request)
        if not isinstance(answer, Answer):
            return None
        violation = None if self._run.shape.is_own else cases.judge(case, answer)
        if violation is not None:
            fuzz.cards.violate(violation.rule, violation.expected, violation.actual)
        account = fuzz.target.address.account
        given = {name: account for name in case.path_parameters if name in ("aid", "oid")}
        case.path_parameters = {**given, **request.path}
        return StepOutput(cases.response_of(case, answer), case)

    def _linked(self, fuzz: Fuzz, operation: str, step: StepInput) -> FuzzRequest:
        """The generated request with live ids; those that the link gives come first."""
        case = step.case
        body = cases.body_of(case)
        request = LiveIds(fuzz, self._random, CAREFUL).fill(operation, cases.query_of(case), body)
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


def machine_of(follower: LinkFollower, run: Run) -> type[Any]:
    """Schemathesis' state machine of the document, which leaves the sending to the follower.

    It does without the operations that the target lacks.
    """
    missing = list(run.target.support.missing)
    schema = cases.load_schema()
    if missing:
        schema = schema.exclude(operation_id=missing)
    machine: type[Any] = schema.as_state_machine()

    class Machine(machine):  # type: ignore[misc]
        def setup(self) -> None:
            follower.begin()

        def step(self, input: StepInput) -> StepOutput | None:
            return follower.take(input)

        def teardown(self) -> None:
            follower.settle()

    return Machine
