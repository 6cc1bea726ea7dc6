"""The reducer: looks for the shortest program that still shows a violation, within a budget.

Hypothesis' own shrinking is off for HTTP: its limit of 300 seconds is fixed, and against a server
it was measured to use most of it. Here a failing program is shortened by running shorter ones on
fresh cards: first fewer steps (delta debugging), then simpler ones. The best program so far is kept
at any moment, so running out of budget loses nothing. It does not know how a program is run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

from tallystick.ledger.traits import COMPLETE, Traits
from tallystick.program import MAKERS, OPTIONAL_AMOUNT, Amount, Program, Step, Verb
from tallystick.run import Attempt, Finding

CONFIRMATIONS = 3
"""How often a program is replayed before and after it is shortened."""
UNSTEADY_REPLAYS = 10
"""How often, if it does not show the violation every time."""
MOST_TRIES = 6
"""How often a shorter program is tried at most, if the violation comes only now and then."""

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
    """In seconds of the monotonic clock."""
    attempts: int = 400

    @classmethod
    def of(cls, seconds: float, attempts: int = 400) -> Budget:
        """A budget of so many seconds from now."""
        return cls(time.monotonic() + seconds, attempts)

    def spend(self) -> bool:
        """Take one attempt from the budget. Returns False when nothing is left."""
        self.attempts -= 1
        return self.attempts >= 0 and time.monotonic() < self.deadline


@dataclass(frozen=True, slots=True)
class Reduced:
    """The shortest program found, and what its replays showed."""

    program: Program
    replays: tuple[int, int]
    """How often the violation came back: (times seen, times replayed)."""
    shown: Finding | None
    """What the program showed when it was last seen; None if it never came back."""


def reduce_program(
    program: Program, attempt: Attempt, budget: Budget, traits: Traits = COMPLETE
) -> Reduced:
    """Shorten a program for as long as the budget lasts; `traits` are those of the API.

    Returns the shortest program found that still shows the violation, or the given one.
    """
    first = _replay(program, attempt, budget, CONFIRMATIONS)
    if not first.is_steady:
        first += _replay(program, attempt, budget, UNSTEADY_REPLAYS - first.replayed)
    if first.shown is None:
        return Reduced(program, (0, first.replayed), None)
    # A violation that comes now and then gets several chances per candidate.
    tries = 1 if first.is_steady else min(MOST_TRIES, 2 * first.replayed // first.seen)
    search = _Search(program, attempt, budget, tries, first.shown, traits)
    search.run()
    shown = first
    if search.best != program:
        shown = _Replays(1, 1, search.shown)
        shown += _replay(search.best, attempt, budget, CONFIRMATIONS)
    return Reduced(search.best, (shown.seen, shown.replayed), shown.shown)


@dataclass(frozen=True, slots=True)
class _Replays:
    """What replays of one program showed: how often it was seen, of how many, and the last time."""

    seen: int = 0
    replayed: int = 0
    shown: Finding | None = None

    @property
    def is_steady(self) -> bool:
        """Whether every replay showed it."""
        return self.seen == self.replayed

    def __add__(self, later: _Replays) -> _Replays:
        return _Replays(
            self.seen + later.seen, self.replayed + later.replayed, later.shown or self.shown
        )


def _replay(program: Program, attempt: Attempt, budget: Budget, times: int) -> _Replays:
    replays = _Replays()
    for _ in range(times):
        if not budget.spend():
            break
        shown = attempt(program)
        replays += _Replays(int(shown is not None), 1, shown)
    return replays


class _Search:
    """Greedy search over smaller programs. `best` showed the violation: `shown` is what it was."""

    def __init__(
        self,
        program: Program,
        attempt: Attempt,
        budget: Budget,
        tries: int,
        shown: Finding,
        traits: Traits,
    ) -> None:
        self.best = program
        self.shown = shown
        self._attempt = attempt
        self._budget = budget
        self._tries = tries
        self._traits = traits
        self._failed: set[Program] = set()

    def run(self) -> None:
        """Shorten and simplify until nothing helps or the budget is spent."""
        while self._fewer_steps() or self._first_that_works(_simpler(self.best, self._traits)):
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
            shown = self._attempt(candidate)
            if shown is not None:
                self.best, self.shown = candidate, shown
                return True
        self._failed.add(candidate)
        return False


def _without_chunks(program: Program, size: int) -> Iterator[Program]:
    """The program without `size` neighbouring steps; later ones are dropped first."""
    total = len(program.steps)
    for start in range(total - size, -1, -1):
        dropped = dict.fromkeys(range(start, start + size))
        shorter = _with(program, dropped).without_orphans()
        if len(shorter.steps) < total:
            yield shorter


def _simpler(program: Program, traits: Traits) -> Iterator[Program]:
    """The program with one step made simpler; in every branch, if several clients make it."""
    for step in dict.fromkeys(program.steps):
        same = [number for number, each in enumerate(program.steps) if each == step]
        if not program.branches:
            same = same[-1:]
        for simple in _simpler_steps(program, step, traits):
            yield _with(program, dict.fromkeys(same, simple)).without_orphans()


def _simpler_steps(program: Program, step: Step, traits: Traits) -> Iterator[Step]:
    if step.delivery is not None:
        yield replace(step, delivery=None)
    for pair in step.extras:
        yield replace(step, extras=tuple(kept for kept in step.extras if kept != pair))
    if step.ref:
        yield replace(step, ref="")
    if step.currency and step.verb not in MAKERS:
        yield replace(step, currency="")
    if step.verb in MAKERS and step.currency not in ("", traits.currency):
        yield replace(step, currency=traits.currency)
    makers = {made.name: made for made in program.steps}
    token = makers.get(step.on)
    if token is not None and token.verb is Verb.TOKEN:
        yield replace(step, on=token.on)
    cards = [made.name for made in program.steps if made.verb in MAKERS]
    if step.on in cards[1:]:
        yield replace(step, on=cards[0])
    for amount in _simpler_amounts(step, traits):
        # A race for an amount of 0 breaks the rule too, but does not show what can be lost.
        if not (program.branches and amount == NOTHING):
            yield replace(step, amount=amount)


def _simpler_amounts(step: Step, traits: Traits) -> Iterator[Amount | None]:
    """The amounts that are plainer than the step's own; no amount is the plainest of a capture."""
    if step.amount is None:
        return
    if step.verb in OPTIONAL_AMOUNT:
        yield None
    for plain in PLAIN.get(step.verb, ()):
        amount = plain.scaled(traits.scale)
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
