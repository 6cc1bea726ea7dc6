"""Hypothesis as a source of inputs, without its own judgement of failures.

Hypothesis runs a failing example again, which here means on fresh cards, and calls it flaky if the
server fails only now and then. So the first failure is kept, the other examples do nothing, and the
failure is raised afterwards. Shrinking is done by replaying programs (`reduce`, `fuzz.reduce`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import hypothesis
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from tallystick.run import Run, Violated
from tallystick.target import TargetError

T = TypeVar("T")


class Enough(Exception):
    """An exploration is over: its time is, or something has ended it."""


class Exploration:
    """What all examples of an exploration share: whether it goes on, and what ended it."""

    def __init__(self, run: Run, least: int = 0) -> None:
        """The first `least` examples belong to every run; later ones to one that goes deeper."""
        self.run = run
        self.examples = 0
        """How many examples were begun."""
        self._least = least
        self.end: Violated | TargetError | None = None

    @property
    def goes_on(self) -> bool:
        """Whether there is time, and nothing has ended it."""
        is_due = self.examples <= self._least
        return self.end is None and (self.run.has_time() if is_due else self.run.goes_deeper())

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """Let Hypothesis run the block, and leave it where `check` raises Enough."""
        try:
            yield
        except Enough:
            pass
        except Flaky:
            if self.goes_on:
                raise

    def check(self) -> None:
        """Raise Enough once it does not go on; else Hypothesis would draw inputs for nothing."""
        if not self.goes_on:
            raise Enough

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Keep what the block raises, if it is a violation or a target that is gone.

        An example that has found out that the target lacks an operation is over.
        """
        try:
            with self.run.left_out.noting():
                yield
        except (Violated, TargetError) as end:
            self.end = end

    def conclude(self) -> None:
        """Raise what ended it: Violated, or TargetError."""
        if self.end is not None:
            raise self.end


def explore(
    run: Run,
    inputs: SearchStrategy[T],
    examples: int,
    play: Callable[[T], object],
    *,
    least: int = 0,
) -> None:
    """Draw so many inputs with the run's seed and call `play` with each of them.

    The first `least` of them are played even if there is no time to go deeper. Raises Violated when
    one breaks a rule, and TargetError when the target is gone.
    """
    exploration = Exploration(run, least)

    @hypothesis.seed(run.seed)
    @settings(examples)
    @hypothesis.given(inputs)
    def plays(value: T) -> None:
        exploration.examples += 1
        exploration.check()
        with exploration.trying():
            play(value)
        exploration.check()

    with exploration.stopping():
        plays()
    exploration.conclude()


def settings(examples: int, steps: int | None = None) -> hypothesis.settings:
    """Settings that do not depend on a profile: that of a CI would derandomize every run.

    `steps` is the length of a state machine.
    """
    more: dict[str, Any] = {} if steps is None else {"stateful_step_count": steps}
    return hypothesis.settings(
        max_examples=examples,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        suppress_health_check=list(hypothesis.HealthCheck),
        **more,
    )
