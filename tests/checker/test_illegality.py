"""What is said about a violation: the prefix is legal, the core illegal, minimal, readable."""

from __future__ import annotations

import random

import pytest

from tallystick.checker import Budget, Hints, History, Operation, Verdict, check
from tests.checker.models import (
    MODELS,
    REGISTER,
    UNKNOWN,
    WALLET,
    is_legal_by_definition,
    mutated,
    ran,
)


def explained(model, operations, hints=None, budget=None):
    result = check(
        History.of(operations),
        model.step,
        lambda key: model.initial,
        hints=hints or model.hints,
        budget=budget or Budget(),
    )
    assert result.verdict is Verdict.VIOLATES
    return result.illegalities[0]


def illegal_histories(model, how_many, size=8):
    seed = 0
    while how_many:
        seed += 1
        rng = random.Random(f"{model.name} illegal {seed}")
        history = mutated(model, rng, ran(model, rng, size, lost=0.15))
        if not is_legal_by_definition(model, history):
            how_many -= 1
            yield history


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_the_prefix_is_a_legal_order(model):
    for history in illegal_histories(model, 25):
        shown = explained(model, history)
        states = {model.initial}
        for n, operation in enumerate(shown.prefix):
            for later in shown.prefix[n + 1 :]:
                assert not later.answered or later.returned_ns >= operation.called_ns
            step = model.step
            states = {
                after
                for s in states
                for result in [step(s, operation.command, operation.outcome)]
                if isinstance(result, tuple)
                for after in result
            }
        assert states
        assert shown.stuck not in shown.prefix
        assert not set(shown.waiting) & {shown.stuck, *shown.prefix}


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
@pytest.mark.parametrize("hinted", [True, False])
def test_the_core_of_a_short_history_is_illegal_and_nothing_more_can_be_left_out(model, hinted):
    for history in illegal_histories(model, 15):
        shown = explained(model, history, model.hints if hinted else Hints())
        assert shown.minimal
        assert shown.stuck in shown.core
        if shown.culprit is None:
            continue
        assert shown.core_from == model.initial
        assert contradicts(model, shown, shown.core)
        for operation in without(shown.core, shown.stuck, shown.culprit):
            assert not contradicts(model, shown, without(shown.core, operation))


def contradicts(model, shown, operations):
    return (
        not is_legal_by_definition(model, operations)
        and is_legal_by_definition(model, without(operations, shown.stuck))
        and is_legal_by_definition(model, without(operations, shown.culprit))
    )


def without(operations, *gone):
    return tuple(o for o in operations if not any(o is g for g in gone))


CARD = [
    Operation("a", "card", ("fund", 9), "ok", 0, 10),
    Operation("a", "card", ("hold", "b", 1), "ok", 11, 12),
    Operation("a", "card", ("read",), (8, 9), 13, 14),
    Operation("b", "card", ("draw", 1), UNKNOWN, 15),
    Operation("a", "card", ("hold", "a", 2), "ok", 20, 30),
    Operation("a", "card", ("capture", "a", 2), "ok", 40, 60),
    Operation("c", "card", ("capture", "a", 2), "ok", 45, 70),
    Operation("d", "card", ("read",), (5, 6), 46, 90),
    Operation("a", "card", ("draw", 3), "ok", 80, 95),
]


@pytest.mark.parametrize("hints", [WALLET.hints, Hints()], ids=["hinted", "bare"])
def test_a_double_capture_is_told_as_fund_hold_and_two_captures(hints):
    shown = explained(WALLET, CARD, hints)
    assert [o.command[:2] for o in shown.core] == [
        ("fund", 9),
        ("hold", "a"),
        ("capture", "a"),
        ("capture", "a"),
    ]
    assert (shown.key, shown.stuck, shown.core_from) == ("card", CARD[6], WALLET.initial)


def many(size):
    """Other holds that come and go, each followed by a read."""
    for n in range(size):
        at = 1000 + 100 * n
        yield Operation("x", "card", ("fund", 1), "ok", at, at + 5)
        yield Operation("x", "card", ("hold", "b", 1), "ok", at + 10, at + 15)
        yield Operation("x", "card", ("void", "b"), "ok", at + 20, at + 25)
        yield Operation("x", "card", ("read",), (10 + n, 10 + n), at + 30, at + 35)


def test_a_culprit_far_back_is_found_in_a_long_history():
    first = [
        Operation("a", "card", ("fund", 11), "ok", 0, 10),
        Operation("a", "card", ("hold", "a", 2), "ok", 20, 30),
        Operation("a", "card", ("capture", "a", 2), "ok", 40, 60),
    ]
    last = Operation("a", "card", ("capture", "a", 1), "ok", 900_000, 900_001)
    shown = explained(WALLET, [*first, *many(40), last], budget=Budget(explain_transitions=10**6))
    assert shown.core == (*first, last)
    assert shown.culprit == first[2]
    assert shown.minimal


def test_a_long_history_that_nothing_explains_is_cut_down_to_a_late_state():
    first = Operation("a", "card", ("fund", 9), "ok", 0, 10)
    last = Operation("a", "card", ("read",), (77, 78), 900_000, 900_001)
    shown = explained(WALLET, [first, *many(30), last], budget=Budget(explain_transitions=3000))
    assert shown.core == (last,)
    assert shown.core_from == (39, ())
    assert shown.culprit is None


def test_a_budget_too_small_to_explain_still_gives_a_core_and_says_so():
    shown = explained(WALLET, CARD, budget=Budget(explain_transitions=0))
    assert not shown.minimal
    assert shown.stuck in shown.core


def test_what_waited_beside_the_stuck_operation_is_named():
    write = Operation("a", 1, ("write", 1), "ok", 0, 50)
    lost = Operation("b", 1, ("write", 2), UNKNOWN, 5)
    read = Operation("c", 1, ("read",), 7, 10, 20)
    shown = explained(REGISTER, [write, lost, read])
    assert (shown.stuck, shown.waiting, shown.prefix) == (read, (write, lost), ())
