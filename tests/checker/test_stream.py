"""Histories that are judged while they grow: the verdict is that of the definition, and what is
settled is forgotten."""

from __future__ import annotations

import random
from collections import Counter
from types import SimpleNamespace

import pytest

from tallystick.checker import Budget, Hints, History, HistoryError, Operation, Stream, Verdict
from tallystick.checker import stream as module
from tests.checker.cards import Card, Model
from tests.checker.models import MODELS, QUEUE, REGISTER, UNKNOWN, is_legal_by_definition
from tests.checker.simulation import Conditions, Fault, operations, simulated
from tests.checker.test_linearizability import impossible, small_history
from tests.checker.test_simulation import small

CARDS = Model(())
SPLIT = Budget(transitions=0)


def streamed(history, step, initial, hints=None, block=3, budget=None):
    stream = Stream(
        step,
        lambda key: initial,
        hints=hints or Hints(),
        budget=budget or module.BLOCK_BUDGET,
        block=block,
    )
    for operation in history:
        stream.add(operation)
    return stream.end()


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_small_histories_are_judged_as_by_definition_in_blocks_of_any_size(model):
    seen = Counter()
    for seed in range(150):
        history = small_history(model, seed)
        legal = is_legal_by_definition(model, history)
        block = random.Random(seed).randint(1, 4)
        hints = model.hints if seed % 2 else None
        result = streamed(history, model.step, model.initial, hints, block)
        assert result.verdict is (Verdict.CONFORMS if legal else Verdict.VIOLATES), seed
        assert bool(result.illegalities) is not legal
        seen[legal] += 1
    assert min(seen.values()) > 25


def test_the_two_sides_never_decide_wrongly_where_the_exact_frontier_is_too_large(monkeypatch):
    monkeypatch.setattr(module._Partition, "_judge_exactly", too_large)
    seen = Counter()
    for seed in range(250):
        conditions = small(seed)
        history = simulated(conditions, seed)
        model = SimpleNamespace(step=CARDS.step, initial=Card(conditions.opening))
        legal = is_legal_by_definition(model, history)
        monkeypatch.setattr(module, "MOST_LOST", seed % 4)
        block = random.Random(seed).randint(1, 4)
        result = streamed(history, CARDS.step, model.initial, CARDS.hints, block)
        wrong = Verdict.VIOLATES if legal else Verdict.CONFORMS
        assert result.verdict is not wrong, seed
        seen[legal, result.verdict] += 1
    assert seen[True, Verdict.CONFORMS] > 4 * seen[True, Verdict.UNDECIDED]
    assert seen[False, Verdict.VIOLATES] > 4 * seen[False, Verdict.UNDECIDED]


def too_large(part, operations, until_ns):
    part._is_exact = False
    part._possible = part._found


@pytest.mark.parametrize("fault", list(Fault), ids=lambda f: f.value)
def test_a_long_history_is_decided_and_the_violation_named(fault):
    conditions = Conditions(4000, cards=3, lost=0.0, fault=fault, fault_at=0.9)
    history = simulated(conditions)
    result = streamed(history, CARDS.step, Card(5000), CARDS.hints, block=128)
    legal = fault is Fault.NONE
    assert result.verdict is (Verdict.CONFORMS if legal else Verdict.VIOLATES)
    assert [i.stuck.key for i in result.illegalities] == [i.key for i in result.illegalities]
    assert len(result.illegalities) == (0 if legal else 1)


@pytest.mark.parametrize(
    ("size", "lost"), [(6_000, 0.001), pytest.param(200_000, 0.0, marks=pytest.mark.long)]
)
def test_memory_stays_bounded_however_long_the_stream_is(size, lost):
    stream = Stream(CARDS.step, lambda key: Card(5000), hints=CARDS.hints, block=64)
    most = 0
    for operation in operations(Conditions(size, lost=lost)):
        stream.add(operation)
        most = max(most, stream.kept)
    assert stream.verdict is Verdict.CONFORMS
    assert most <= 10 * (64 + module.MOST_LOST + 8)
    assert stream.end().verdict is Verdict.CONFORMS
    assert stream.kept <= 10 * module.MOST_LOST


def test_a_violation_is_known_before_the_end_and_its_partition_forgotten():
    stream = Stream(REGISTER.step, lambda key: 0, block=2)
    for n in range(6):
        stream.add(Operation("a", "wrong", ("read",), 1, 10 * n, 10 * n + 1))
    assert stream.verdict is Verdict.VIOLATES
    assert stream.kept == 0
    assert stream.end().illegalities[0].stuck.called_ns == 0


def test_a_partition_that_costs_too_much_is_undecided_and_given_up():
    result = streamed(impossible(7), QUEUE.step, (), block=99, budget=SPLIT)
    assert (result.verdict, result.undecided) == (Verdict.UNDECIDED, (1,))
    assert result.illegalities == ()


def test_lost_operations_that_are_too_many_leave_and_are_still_in_the_sums(monkeypatch):
    monkeypatch.setattr(module, "MOST_LOST", 2)
    lost = [Operation(n, 0, ("fund", n, 2), UNKNOWN, n) for n in range(20)]
    stream = Stream(CARDS.step, lambda key: Card(0), hints=CARDS.hints, block=1)
    for operation in lost:
        stream.add(operation)
    assert stream.kept <= 4
    stream.add(Operation("r", 0, ("read",), (40, 40), 30, 31))
    # All of them together explain the read: that there is an order is not known any more, but
    # neither that there is none.
    assert stream.end().verdict is Verdict.UNDECIDED


def test_after_the_orders_are_lost_a_violation_is_found_all_the_same(monkeypatch):
    monkeypatch.setattr(module, "MOST_LOST", 2)
    stream = Stream(CARDS.step, lambda key: Card(0), hints=CARDS.hints, block=1)
    for n in range(20):
        stream.add(Operation(n, 0, ("fund", n, 2), UNKNOWN, n))
    stream.add(Operation("r", 0, ("read",), (40, 40), 30, 31))
    stream.add(Operation("r", 0, ("read",), (39, 39), 40, 41))
    assert stream.end().verdict is Verdict.VIOLATES


def test_a_sum_that_is_still_open_is_known_in_the_next_block(monkeypatch):
    monkeypatch.setattr(module._Partition, "_judge_exactly", too_large)
    lost = Operation("l", 0, ("draw", 1, 8), UNKNOWN, 0)
    refused = Operation("r", 0, ("draw", 2, 4), "refused", 1, 2)
    for shown, expected in ((2, Verdict.CONFORMS), (6, Verdict.VIOLATES)):
        read = Operation("r", 0, ("read",), (shown, shown), 3, 4)
        result = streamed([lost, refused, read], CARDS.step, Card(10), CARDS.hints, block=1)
        assert result.verdict is expected


def test_without_a_lost_operation_that_does_more_than_add_nothing_proves_a_violation(monkeypatch):
    monkeypatch.setattr(module, "MOST_LOST", 0)
    void = Operation("v", 0, ("void", 1, 9), UNKNOWN, 0)
    reads = [Operation("r", 0, ("read",), (8, 8), n, n) for n in range(1, 5)]
    wrong = Operation("r", 0, ("read",), (7, 7), 9, 9)
    assert streamed([void, *reads], CARDS.step, Card(8), block=1).verdict is Verdict.CONFORMS
    result = streamed([void, *reads, wrong], CARDS.step, Card(8), block=1)
    assert result.verdict is Verdict.UNDECIDED


def test_what_clients_cannot_have_made_is_refused():
    def added(*rows):
        stream = Stream(REGISTER.step, lambda key: 0)
        for client, called, returned in rows:
            stream.add(Operation(client, 1, ("read",), 0, called, returned))

    added(("a", 0, 5), ("a", 5, 6), ("b", 5, None), ("b", 5, 6))
    for rows in ([("a", 5, 6), ("b", 4, 5)], [("a", 5, 4)], [("a", 0, 5), ("a", 4, 6)]):
        with pytest.raises(HistoryError):
            added(*rows)
        with pytest.raises(HistoryError):
            History(tuple(Operation(c, 1, ("read",), 0, b, e) for c, b, e in rows)).validate()
