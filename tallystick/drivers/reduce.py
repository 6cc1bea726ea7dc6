"""The reducer: the shortest program that still shows a violation, within a budget.

Hypothesis' own shrinking is off for HTTP: its limit of 300 seconds is fixed, and against a server
it was measured to use most of it. Here a failing program is shortened by running shorter ones on
fresh cards: first fewer steps (delta debugging), then simpler ones. The best program so far is kept
at any moment, so running out of budget loses nothing. It does not know how a program is run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

from tallystick.program import MAKERS, Amount, Program, Step, Verb

Attempt = Callable[[Program], bool]
"""Runs a program once on fresh cards; True if the same rule is broken again."""

CONFIRMATIONS = 3
UNSTEADY_REPLAYS = 10
MOST_TRIES = 6

PLAIN: dict[Verb, tuple[Amount, ...]] = {
    verb: tuple(map(Amount.parse, texts.split()))
    for verb, texts in {
        Verb.CARD: "1000",
        Verb.ACTIVATE: "1000",
        Verb.HOLD: "100 available available+1 1",
        Verb.DRAW: "100 available available+1 1",
        Verb.FUND: "100 1",
        Verb.CAPTURE: "remaining remaining+1 50 1",
    }.items()
}
"""The amounts that a person would write, the plainest first."""
NOTHING = Amount.parse("0")


@dataclass(slots=True)
class Budget:
    """How long and how often the reducer may try."""

    deadline: float
    attempts: int = 400

    @classmethod
    def of(cls, seconds: float, attempts: int = 400) -> Budget:
        """A budget that starts now."""
        return cls(time.monotonic() + seconds, attempts)

    def spend(self) -> bool:
        """Take one attempt; False when nothing is left."""
        self.attempts -= 1
        return self.attempts >= 0 and time.monotonic() < self.deadline


@dataclass(frozen=True, slots=True)
class Reduced:
    """The shortest program found, and how often the violation came back: (seen, replayed)."""

    program: Program
    replays: tuple[int, int]


def reduce_program(program: Program, attempt: Attempt, budget: Budget) -> Reduced:
    """The shortest program found that still shows the violation; the given one at worst."""
    seen, replayed = _replay(program, attempt, budget, CONFIRMATIONS)
    if seen < replayed:
        more_seen, more = _replay(program, attempt, budget, UNSTEADY_REPLAYS - replayed)
        seen, replayed = seen + more_seen, replayed + more
    if seen == 0:
        return Reduced(program, (seen, replayed))
    # A violation that comes now and then gets several chances per candidate.
    tries = 1 if seen == replayed else min(MOST_TRIES, 2 * replayed // seen)
    search = _Search(program, attempt, budget, tries)
    search.run()
    if search.best == program:
        return Reduced(program, (seen, replayed))
    seen, replayed = _replay(search.best, attempt, budget, CONFIRMATIONS)
    return Reduced(search.best, (seen + 1, replayed + 1))


def _replay(program: Program, attempt: Attempt, budget: Budget, times: int) -> tuple[int, int]:
    seen = replayed = 0
    for _ in range(times):
        if not budget.spend():
            break
        replayed += 1
        seen += attempt(program)
    return seen, replayed


class _Search:
    """Greedy search over smaller programs; `best` always shows the violation."""

    def __init__(self, program: Program, attempt: Attempt, budget: Budget, tries: int) -> None:
        self.best = program
        self._attempt = attempt
        self._budget = budget
        self._tries = tries
        self._failed: set[Program] = set()

    def run(self) -> None:
        """Shorten and simplify until nothing helps or the budget is spent."""
        while self._fewer_steps() or self._first_that_works(_simpler(self.best)):
            pass

    def _fewer_steps(self) -> bool:
        before = self.best
        size = max(1, len(self.best.steps) // 2)
        while size:
            if not self._first_that_works(_without_chunks(self.best, size)):
                size //= 2
        return self.best != before

    def _first_that_works(self, candidates: Iterator[Program]) -> bool:
        return any(self._works(candidate) for candidate in candidates)

    def _works(self, candidate: Program) -> bool:
        if candidate == self.best or candidate in self._failed or not candidate.steps:
            return False
        for _ in range(self._tries):
            if not self._budget.spend():
                return False
            if self._attempt(candidate):
                self.best = candidate
                return True
        self._failed.add(candidate)
        return False


def _without_chunks(program: Program, size: int) -> Iterator[Program]:
    """The program without `size` neighbouring steps, from the end: what failed last stays last."""
    total = len(program.steps)
    for start in range(total - size, -1, -1):
        dropped = dict.fromkeys(range(start, start + size))
        shorter = _with(program, dropped).without_orphans()
        if len(shorter.steps) < total:
            yield shorter


def _simpler(program: Program) -> Iterator[Program]:
    """The program with one step made simpler; in every branch, if several clients make it."""
    for step in dict.fromkeys(program.steps):
        same = [number for number, each in enumerate(program.steps) if each == step]
        if not program.branches:
            same = same[-1:]
        for simple in _simpler_steps(program, step):
            yield _with(program, dict.fromkeys(same, simple)).without_orphans()


def _simpler_steps(program: Program, step: Step) -> Iterator[Step]:
    for pair in step.extras:
        yield replace(step, extras=tuple(kept for kept in step.extras if kept != pair))
    if step.ref:
        yield replace(step, ref="")
    if step.currency and step.verb not in MAKERS:
        yield replace(step, currency="")
    if step.verb in MAKERS and step.currency not in ("", "NOK"):
        yield replace(step, currency="NOK")
    makers = {made.name: made for made in program.steps}
    token = makers.get(step.on)
    if token is not None and token.verb is Verb.TOKEN:
        yield replace(step, on=token.on)
    cards = [made.name for made in program.steps if made.verb in MAKERS]
    if step.on in cards[1:]:
        yield replace(step, on=cards[0])
    for amount in _simpler_amounts(step):
        # A race for nothing is a race too, but it shows nobody what there is to lose.
        if not (program.branches and amount == NOTHING):
            yield replace(step, amount=amount)


def _simpler_amounts(step: Step) -> Iterator[Amount | None]:
    """The amounts that are plainer than the step's own; no amount is the plainest of a capture."""
    if step.amount is None:
        return
    if step.verb is Verb.CAPTURE:
        yield None
    for amount in PLAIN.get(step.verb, ()):
        if amount == step.amount:
            return
        yield amount


def _with(program: Program, changes: Mapping[int, Step | None]) -> Program:
    """The program with some steps replaced, by their number; None drops the step."""
    numbers = count()

    def changed(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        new = [changes.get(number, step) for step in steps for number in [next(numbers)]]
        return tuple(step for step in new if step is not None)

    return Program(changed(program.prefix), tuple(changed(branch) for branch in program.branches))
