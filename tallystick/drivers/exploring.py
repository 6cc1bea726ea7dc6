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
from hypothesis.strategies import SearchStrategy

from tallystick.run import Run, Violated
from tallystick.target import TargetError

T = TypeVar("T")


class Exploration:
    """What all examples of an exploration share: whether it goes on, and what ended it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.end: Violated | TargetError | None = None

    @property
    def goes_on(self) -> bool:
        """Whether there is time, and nothing has ended it."""
        return self.end is None and self.run.has_time()

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Keep what the block raises, if it is a violation or a target that is gone."""
        try:
            yield
        except (Violated, TargetError) as end:
            self.end = end

    def conclude(self) -> None:
        """Raise what ended it: Violated, or TargetError."""
        if self.end is not None:
            raise self.end


def explore(
    run: Run, inputs: SearchStrategy[T], examples: int, play: Callable[[T], object]
) -> None:
    """Draw so many inputs with the run's seed and call `play` with each of them.

    Raises Violated when one breaks a rule, and TargetError when the target is gone.
    """
    exploration = Exploration(run)

    @hypothesis.seed(run.seed)
    @settings(examples)
    @hypothesis.given(inputs)
    def plays(value: T) -> None:
        if exploration.goes_on:
            with exploration.trying():
                play(value)

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
