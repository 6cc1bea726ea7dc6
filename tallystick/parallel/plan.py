"""Which worker runs which tests, and when.

Tests that share a fixture with a state are a unit: one worker runs them, in their order, so that a
parallel run does the same as one in a single process. The largest units go first. Some tests have
to end before the others begin (`Stage`). It knows what the tests are, and not what they do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tallystick.parallel.orders import Collected, Stage

LONG = 100
"""A test that sends so many requests keeps its worker busy for a while."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Tests that one worker runs, by their places in the collection."""

    tests: tuple[int, ...]
    stage: Stage
    requests: int
    is_deep: bool


def units(tests: Sequence[Collected]) -> list[Unit]:
    """The units, in the order in which they are given out."""
    members: dict[int, list[int]] = {}
    leader_of: dict[str, int] = {}
    for place, test in enumerate(tests):
        joined = sorted({leader_of[name] for name in test.shares if name in leader_of})
        leader = joined[0] if joined else place
        members.setdefault(leader, []).append(place)
        for other in joined[1:]:
            members[leader] += members.pop(other)
        for name, each in leader_of.items():
            leader_of[name] = leader if each in joined else each
        leader_of.update(dict.fromkeys(test.shares, leader))
    found = [_unit(sorted(places), tests) for places in members.values()]
    return sorted(found, key=lambda unit: (unit.stage, unit.is_deep, -unit.requests, unit.tests))


def _unit(places: Sequence[int], tests: Sequence[Collected]) -> Unit:
    its = [tests[place] for place in places]
    stages = {test.stage for test in its}
    return Unit(
        tuple(places),
        # A unit that must be alone is, even if only one of its tests says so.
        Stage.ALONE if Stage.ALONE in stages else max(stages),
        sum(test.requests for test in its),
        any(test.is_deep for test in its),
    )


class Plan:
    """What is still to run, and the stage that the tests have reached."""

    def __init__(self, tests: Sequence[Collected], reach: Callable[[int], None]) -> None:
        self._waiting = deque(units(tests))
        self._stages = [0] * (Stage.REST + 1)
        self._stage_of: dict[int, Stage] = {}
        self._requests = [test.requests for test in tests]
        for unit in self._waiting:
            self._stages[unit.stage] += len(unit.tests)
            self._stage_of.update(dict.fromkeys(unit.tests, unit.stage))
        self._reach = reach
        self._tell()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def next(self, before: int | None = None) -> deque[int]:
        """The tests of the next unit.

        `before` is a test that the worker runs first. If that is a long one, it gets a short unit
        for afterwards: a long one would wait, while other workers have nothing to do.
        """
        is_long = before is not None and self._requests[before] >= LONG
        last = self._waiting[-1]
        if is_long and self._waiting[0].stage is Stage.REST and not last.is_deep:
            return deque(self._waiting.pop().tests)
        return deque(self._waiting.popleft().tests)

    def end(self, tests: Iterable[int]) -> None:
        """Note tests that have ended, or will never run."""
        for test in tests:
            self._stages[self._stage_of[test]] -= 1
        self._tell()

    def give_back(self, tests: Sequence[int]) -> list[int]:
        """Take back what a worker that died had not begun; the tests that are lost with it.

        Those before the last stage are: workers that wait for them could not run them any more.
        """
        lost = [test for test in tests if self._stage_of[test] is not Stage.REST]
        kept = tuple(test for test in tests if test not in lost)
        if kept:
            self._waiting.append(Unit(kept, Stage.REST, 0, False))
        self.end(lost)
        return lost

    def _tell(self) -> None:
        open_stages = [stage for stage, left in enumerate(self._stages) if left]
        self._reach(min(open_stages, default=int(Stage.REST)))
