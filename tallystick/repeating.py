"""No answer proves nothing: a contract that misses an answer is repeated, on fresh cards.

One lost answer says nothing about the target, so it must neither break a rule nor pass for a check
of one. A contract that misses an answer again and again is left undecided. It does not know what a
contract does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeVar

import pytest

from tallystick.drivers.direct import Repeat, Unanswered
from tallystick.run import Run, Violated
from tallystick.target import Answer, Exchange, NotSupported
from tallystick.target.control import ask_control

T = TypeVar("T")
Gaps = dict[str, Exchange]

ATTEMPTS = 5
"""Attempts for one contract that misses its answer at the same place each time."""
MOST = 10
"""Attempts for one that misses answers by chance: with 2 % of all answers lost, 20 requests miss
one in each of them once in 60,000 times."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Where an attempt missed an answer: the operation, its place in the attempt, the status."""

    operation: str
    place: int
    status: int | None
    """None if nothing came back at all."""


def until_answered(run: Run, attempt: Callable[[], T]) -> T:
    """What the first attempt returns that misses no answer.

    An attempt has to use fresh cards. It may go on where an answer is missing, and note the gap in
    `Run.gaps`: it is good enough if each of its gaps was answered in another attempt. If all
    attempts miss an answer, the contract is undecided and is skipped. If all of them get the same
    gateway error at the same place, while the target answers the control request, the error is a
    fault: Violated is raised (SHAPE-2). The place in the first attempt may be another one: it may
    have begun with cards that were made before. NotSupported if the contract needs an operation
    that the target lacks.
    """
    missed: list[Missed] = []
    never_answered: Gaps | None = None
    while len(missed) < ATTEMPTS or _by_chance(missed):
        before = run.target.meter.requests
        try:
            result, gaps = _tolerantly(run, attempt)
        except NotSupported as lacking:
            if not lacking.is_news:
                raise
            continue  # the attempt could not know yet; it goes without that operation now
        except Unanswered as unanswered:
            missing = unanswered
        else:
            never_answered = gaps if never_answered is None else _both(gaps, never_answered)
            if not never_answered:
                return result
            missing = Unanswered(next(iter(never_answered.values())))
        missed.append(_missed(missing.exchange, before))
        if not run.has_time():
            break
        ask_control(run.target)  # waits until an outage is over
    if len(missed) == ATTEMPTS and len(set(missed[1:])) == 1 and missed[1].status is not None:
        return _strictly(run, attempt)
    _leave_undecided(run, len(missed), missing)


def repeating(run: Run) -> Repeat:
    """`until_answered` for this run, as a driver takes it."""

    def repeat(attempt: Callable[[], T], /) -> T:
        return until_answered(run, attempt)

    return repeat


def _by_chance(missed: Sequence[Missed]) -> bool:
    """Whether the attempts missed answers here and there, so that one more may get them all."""
    return len(missed) < MOST and len({(each.operation, each.place) for each in missed[1:]}) > 1


def _missed(exchange: Exchange, before: int) -> Missed:
    status = exchange.answer.status if isinstance(exchange.answer, Answer) else None
    return Missed(exchange.request.operation, exchange.number - before, status)


def _both(gaps: Gaps, others: Gaps) -> Gaps:
    return {place: gaps[place] for place in gaps if place in others}


def _tolerantly(run: Run, attempt: Callable[[], T]) -> tuple[T, Gaps]:
    """The result of an attempt, and its gaps; a gateway error counts as a missing answer."""
    gaps_before, run.gaps = run.gaps, {}
    try:
        with run.tolerating_gateway_errors() as errors:
            result = attempt()
        gaps = run.gaps
    finally:
        run.gaps = gaps_before
    if errors:
        # The drivers that know about lost answers went on, but the contract met a 5xx.
        raise Unanswered(errors[0])
    return result, gaps


def _strictly(run: Run, attempt: Callable[[], T]) -> T:
    """The result of an attempt in which a gateway error breaks SHAPE-2."""
    try:
        with run.judging_gateway_errors():
            return attempt()
    except Unanswered as missing:
        finding = run.finding_of("SHAPE-2")
        if finding is None:
            _leave_undecided(run, ATTEMPTS + 1, missing)
        raise Violated(finding) from None


def _leave_undecided(run: Run, attempts: int, missing: Unanswered) -> NoReturn:
    reason = f"not decided, no answer in {attempts} attempts (the last one: {missing})"
    run.leave_undecided(f"{run.current_test}: {reason}")
    pytest.skip(reason)
