"""Concurrent programs (plans): a short prefix, then branches of clients that want the same money.

A plan is drawn before anything runs, so its amounts are relative to the ledger at the start of the
branches. All branches use one card: cards share nothing, so requests on two cards cannot race.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from itertools import chain

from hypothesis import strategies as st

from strategies import money, payloads
from tallystick.ledger.traits import COMPLETE, Traits
from tallystick.program import READS, Amount, Delivery, Program, Step, Verb

CARD = "A"
MOST_BRANCHES = 4
MOST_STEPS = 3
OPENINGS = ("1000", "100", "5000")
HOLDS = ("available/2", "available/3", "300", "available")


def plans(tokens: bool = True, traits: Traits = COMPLETE) -> st.SearchStrategy[Program]:
    """A plan of two to four branches, for an API with these traits.

    `tokens`: whether some payments are made by token.
    """
    # To make these strategies took most of the time of a drawing.
    branches = cache(partial(_branches, traits=traits))
    writes = cache(partial(_writes, traits=traits))
    return _plans(tokens, traits, branches, writes)


@st.composite
def _plans(
    draw: st.DrawFn,
    tokens: bool,
    traits: Traits,
    branches_of: Callable[..., st.SearchStrategy[tuple[Step, ...]]],
    writes_of: Callable[..., st.SearchStrategy[Step]],
) -> Program:
    opening = Amount.parse(draw(st.sampled_from(OPENINGS)))
    prefix = [Step(Verb.CARD, CARD, amount=opening, currency=traits.currency)]
    count = draw(st.integers(0 if traits.account else 1, 2))
    holds = tuple(f"h{number}" for number in range(count))
    for label in holds:
        amount = Amount.parse(draw(st.sampled_from(HOLDS)))
        prefix.append(Step(Verb.HOLD, label, CARD, amount))
    payers: tuple[str, ...] = (CARD,)
    if tokens and Verb.TOKEN in traits.verbs and draw(st.booleans()):
        once = draw(st.sampled_from([(("one_time", "true"),), ()]))
        prefix.append(Step(Verb.TOKEN, "t", CARD, extras=once))
        payers = (CARD, "t")
    numbers = range(1, draw(st.integers(2, MOST_BRANCHES)) + 1)
    branches = [draw(branches_of(number, holds, payers)) for number in numbers]
    if traits.retries and draw(st.booleans()):
        shared = replace(draw(writes_of("s", holds, payers)), name="s")
        branches[:2] = [(shared, *branch) for branch in branches[:2]]
    return Program(tuple(prefix), tuple(branches)).adapted(traits)


def _branches(
    number: int, holds: tuple[str, ...], payers: tuple[str, ...], traits: Traits
) -> st.SearchStrategy[tuple[Step, ...]]:
    steps = [
        st.one_of(*[_writes(f"{number}{place}", holds, payers, traits)] * 4, _reads(holds, traits))
        for place in "abc"[:MOST_STEPS]
    ]
    return st.one_of(*[st.tuples(*steps[:length]) for length in range(1, len(steps) + 1)])


def _reads(holds: tuple[str, ...], traits: Traits) -> st.SearchStrategy[Step]:
    if not traits.account:
        return st.sampled_from([Step(Verb.READ, on=hold) for hold in holds])
    return st.sampled_from([Step(Verb.READ, on=CARD), Step(Verb.READ, on=CARD)])


def _writes(
    tail: str, holds: tuple[str, ...], payers: tuple[str, ...], traits: Traits
) -> st.SearchStrategy[Step]:
    draw, hold, fund = _payments(tail, payers)
    offers = {Verb.DRAW: draw, Verb.HOLD: hold, Verb.FUND: fund}
    choices = [step for verb, step in offers.items() if verb in traits.verbs]
    if holds:
        parents = st.sampled_from(holds)
        collected = _collected(traits.part_of_capture)
        finals = [*chain(*payloads.finals(traits))]  # drawn only where the API takes them
        said = {"extras": st.sampled_from([(), (), *finals])} if finals else {}
        captures = st.builds(
            Step, st.just(Verb.CAPTURE), st.just(f"c{tail}"), parents, collected, **said
        )
        voids = st.builds(Step, st.just(Verb.VOID), st.just(f"v{tail}"), parents)
        choices += [captures, captures, voids]
        if Verb.REFUND in traits.verbs:
            given = _given_back(traits.part_of_refund)
            choices.append(
                st.builds(Step, st.just(Verb.REFUND), st.just(f"r{tail}"), parents, given)
            )
    return st.one_of(*choices)


@cache
def _payments(tail: str, payers: tuple[str, ...]) -> tuple[st.SearchStrategy[Step], ...]:
    who, spent = st.sampled_from(payers), _spent()
    return (
        st.builds(Step, st.just(Verb.DRAW), st.just(f"d{tail}"), who, spent),
        st.builds(Step, st.just(Verb.HOLD), st.just(f"i{tail}"), who, spent),
        st.builds(Step, st.just(Verb.FUND), st.just(f"f{tail}"), st.just(CARD), _plain()),
    )


@cache
def _spent() -> st.SearchStrategy[Amount]:
    return st.one_of(money.parts("available"), money.boundaries("available"), _plain())


@cache
def _collected(parts: bool) -> st.SearchStrategy[Amount | None]:
    of_hold = [money.parts("remaining"), money.boundaries("remaining"), _plain()]
    return st.one_of(st.none(), *(of_hold if parts else ()))


@cache
def _given_back(parts: bool) -> st.SearchStrategy[Amount | None]:
    return st.one_of(st.none(), *((_plain(),) if parts else ()))


@cache
def _plain() -> st.SearchStrategy[Amount]:
    return st.sampled_from([Amount("", 1, number) for number in (1, 10, 100, 250)])


def broken_deliveries(tokens: bool = True, traits: Traits = COMPLETE) -> st.SearchStrategy[Program]:
    """A sequential program; some of its requests are lost, sent twice or late."""
    return _broken_deliveries(plans(tokens, traits))


@st.composite
def _broken_deliveries(draw: st.DrawFn, sound: st.SearchStrategy[Program]) -> Program:
    plan = draw(sound)
    steps = [*plan.prefix, *dict.fromkeys(step for branch in plan.branches for step in branch)]
    marks = st.sampled_from([None, None, *Delivery])
    return Program(
        tuple(step if step.verb in READS else replace(step, delivery=draw(marks)) for step in steps)
    )
