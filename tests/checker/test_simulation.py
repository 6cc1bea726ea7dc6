"""Histories of clients that lose answers: the checker agrees with the definition on small ones."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from types import SimpleNamespace

import pytest

from tallystick.checker import Budget, Verdict, check, search
from tests.checker.cards import Card, Model
from tests.checker.models import is_legal_by_definition
from tests.checker.simulation import UNKNOWN, Conditions, Fault, operations, simulated


def judged(history, opening, budget=Budget()):  # noqa: B008 - it is frozen
    model = Model(history)
    return check(history, model.step, lambda key: Card(opening), hints=model.hints, budget=budget)


def small(seed):
    """A short history on one card, in which much is lost and little is on the card."""
    rng = random.Random(seed)
    return Conditions(
        size=rng.randint(3, 11),
        clients=rng.randint(2, 4),
        cards=1,
        opening=rng.choice([4, 8, 20]),
        lost=rng.choice([0.0, 0.2, 0.5]),
        late_ns=rng.choice([1_000, 10_000]),
        reads=rng.choice([0.17, 0.4]),
        amounts=rng.choice([(2,), (2, 4), (2, 4, 6)]),
        fault=rng.choice(list(Fault)),
        fault_at=rng.choice([0.2, 0.5, 0.8]),
    )


@pytest.mark.parametrize("escalation", [search.ESCALATION, ()], ids=["searched", "owed at once"])
def test_small_histories_with_lost_answers_are_judged_as_by_definition(escalation, monkeypatch):
    monkeypatch.setattr(search, "ESCALATION", escalation)
    seen = Counter()
    for seed in range(250):
        conditions = small(seed)
        history = simulated(conditions, seed)
        model = SimpleNamespace(step=Model(()).step, initial=Card(conditions.opening))
        legal = is_legal_by_definition(model, history)
        result = judged(history, conditions.opening)
        assert result.verdict is (Verdict.CONFORMS if legal else Verdict.VIOLATES), seed
        assert legal or conditions.fault is not Fault.NONE, seed
        seen[legal] += 1
    assert min(seen.values()) > 25


@pytest.mark.parametrize("fault", list(Fault), ids=lambda f: f.value)
@pytest.mark.parametrize("lost", [0.0, 0.005])
def test_long_histories_are_legal_unless_a_fault_was_planted(fault, lost):
    conditions = Conditions(3000, lost=lost, fault=fault, fault_at=0.9)
    result = judged(simulated(conditions), conditions.opening)
    legal = fault is Fault.NONE
    assert result.verdict is (Verdict.CONFORMS if legal else Verdict.VIOLATES)
    assert len(result.illegalities) == (0 if legal else 1)


def test_the_operations_come_in_the_order_of_their_calls_and_some_are_lost():
    made = list(operations(Conditions(3000, lost=0.1)))
    assert len(made) == 3000
    assert all(a.called_ns <= b.called_ns for a, b in itertools.pairwise(made))
    assert 200 < sum(o.outcome == UNKNOWN for o in made) < 400


def test_a_fault_leaves_what_came_before_it_as_it_was():
    legal = list(operations(Conditions(1000)))
    for fault in set(Fault) - {Fault.NONE}:
        spoiled = list(operations(Conditions(1000, fault=fault, fault_at=0.5)))
        same = [one == other for one, other in zip(legal, spoiled, strict=True)]
        assert same.index(False) > 450
