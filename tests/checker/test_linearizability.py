"""The checker against the definition, against recorded histories, and on long ones."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tallystick.checker import (
    Budget,
    Hints,
    History,
    Operation,
    Verdict,
    check,
    load,
    search,
    worst,
)
from tests.checker.models import (
    COUNTER,
    MODELS,
    QUEUE,
    REGISTER,
    UNKNOWN,
    WALLET,
    is_legal_by_definition,
    mutated,
    ran,
)

RECORDED = Path(__file__).parents[1] / "histories"
BY_NAME = {model.name: model for model in MODELS}


def verdict(model, history, hints=None, budget=None):
    return check(
        history,
        model.step,
        lambda key: model.initial,
        hints=hints or Hints(),
        budget=budget or Budget(),
    ).verdict


def small_history(model, seed):
    rng = random.Random(f"{model.name} {seed}")
    history = ran(
        model,
        rng,
        size=rng.randint(1, 8),
        clients=rng.randint(1, 4),
        lost=rng.choice([0, 0.2, 0.5]),
        jitter=rng.choice([5, 30, 60]),
    )
    for _ in range(rng.choice([0, 1, 1, 2])):
        history = mutated(model, rng, history)
    return history


def is_judged_as_by_definition(model, seed):
    history = small_history(model, seed)
    legal = is_legal_by_definition(model, history)
    expected = Verdict.CONFORMS if legal else Verdict.VIOLATES
    assert verdict(model, history) is expected, seed
    assert verdict(model, history, model.hints) is expected, seed
    return legal


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_small_histories_are_judged_as_by_definition_with_hints_and_without(model):
    seen = Counter()
    for seed in range(500):
        seen[is_judged_as_by_definition(model, seed)] += 1
    assert min(seen[True], seen[False]) > 100


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_a_thorough_search_from_the_first_dead_end_judges_as_by_definition(model, monkeypatch):
    """The efforts between greedy and thorough find most orders, and so hide what it would miss."""
    monkeypatch.setattr(search, "ESCALATION", ())
    for seed in range(500):
        is_judged_as_by_definition(model, seed)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_the_hints_of_the_models_are_true(model):
    """Else the test above could agree with a search that a wrong hint made too narrow."""
    rng = random.Random(model.name)
    for _ in range(1500):
        state = model.initial
        for _ in range(rng.randrange(5)):
            state = rng.choice(model.run(state, model.draw(rng)))[1]
        one, two = (drawn_operation(model, rng, state) for _ in range(2))
        assert model.hints.changes(one) or set(after(model, state, one)) <= {state}
        if not model.hints.interferes(one, two):
            both = {s for t in after(model, state, one) for s in after(model, t, two)}
            swapped = {s for t in after(model, state, two) for s in after(model, t, one)}
            assert both <= swapped


def drawn_operation(model, rng, state):
    command = model.draw(rng)
    outcome = rng.choice([*(o for o, _ in model.run(state, command)), "ok", UNKNOWN])
    return Operation(1, 1, command, outcome, 0, 1)


def after(model, state, operation):
    result = model.step(state, operation.command, operation.outcome)
    return result if isinstance(result, tuple) else ()


def as_tuple(value):
    return tuple(as_tuple(v) for v in value) if isinstance(value, list) else value


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.jsonl")), ids=lambda p: p.stem)
def test_recorded_histories_have_the_verdict_in_their_name(path):
    name, _, expected = path.stem.split(".")
    history = load(path.read_text().splitlines(), as_tuple, as_tuple)
    assert verdict(BY_NAME[name], history) is Verdict(expected)
    assert verdict(BY_NAME[name], history, BY_NAME[name].hints) is Verdict(expected)


def test_the_recorded_histories_are_all_there():
    stems = [path.stem.split(".") for path in RECORDED.glob("*.jsonl")]
    assert {name for name, _, _ in stems} == set(BY_NAME) - {"purse"}
    assert {expected for _, _, expected in stems} == {"conforms", "violates"}


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
@pytest.mark.parametrize(("lost", "size"), [(0, 1500), (0.01, 300)])
def test_long_histories_of_a_running_model_are_legal(model, lost, size):
    if model is QUEUE:
        size //= 10  # the order of two puts may show a thousand operations later
    for seed in range(3):
        history = ran(model, random.Random(seed), size, clients=4, lost=lost, keys=3)
        assert verdict(model, history, model.hints) is Verdict.CONFORMS


def test_most_histories_with_one_answer_swapped_are_illegal():
    """Some are not: the answer may be right in another order, or a lost command explains it."""
    seen = Counter()
    for seed in range(40):
        rng = random.Random(seed)
        history = mutated(WALLET, rng, ran(WALLET, rng, 60, lost=0.02))
        seen[verdict(WALLET, history, WALLET.hints)] += 1
    assert seen[Verdict.UNDECIDED] == 0
    assert seen[Verdict.VIOLATES] > 25


def test_an_empty_history_conforms():
    assert verdict(REGISTER, History()) is Verdict.CONFORMS


def test_partitions_are_judged_apart_and_the_worst_verdict_counts():
    fine = Operation("a", "fine", ("read",), 0, 0, 1)
    wrong = Operation("a", "wrong", ("read",), 1, 2, 3)
    result = check(History.of([fine, wrong]), REGISTER.step, lambda key: 0)
    assert result.verdict is Verdict.VIOLATES
    assert [illegality.key for illegality in result.illegalities] == ["wrong"]
    assert check(History.of([fine]), REGISTER.step, lambda key: 0).verdict is Verdict.CONFORMS


def test_each_partition_starts_from_its_own_state():
    reads = [Operation("a", key, ("read",), key, key, key) for key in range(3)]
    assert check(History.of(reads), REGISTER.step, lambda key: key).verdict is Verdict.CONFORMS


def test_a_long_sequential_history_costs_one_step_for_each_operation():
    history = ran(COUNTER, random.Random(3), 500, clients=1, lost=0, jitter=4)
    result = check(history, COUNTER.step, lambda key: 0)
    assert (result.verdict, result.transitions) == (Verdict.CONFORMS, len(history))


def impossible(size):
    """Reads that nothing explains, beside many lost commands that might."""
    lost = [Operation(n, 1, ("put", n), UNKNOWN, n) for n in range(size)]
    return History.of([*lost, Operation("r", 1, ("take",), "never put", 100, 101)])


@pytest.mark.parametrize(
    "budget",
    [
        Budget(transitions=0),
        Budget(transitions=2000),
        Budget(seconds=-1),
        Budget(configurations=300),
    ],
    ids=["no transitions", "few transitions", "no time", "little memory"],
)
def test_a_spent_budget_is_undecided_and_never_green(budget):
    result = check(impossible(7), QUEUE.step, lambda key: (), budget=budget)
    assert result.verdict is Verdict.UNDECIDED
    assert result.undecided == (1,)
    assert result.illegalities == ()


def test_the_same_history_is_decided_with_the_whole_budget():
    assert verdict(QUEUE, impossible(5)) is Verdict.VIOLATES


def test_a_hard_partition_does_not_hide_a_violation_in_the_next():
    wrong = Operation("s", 2, ("take",), 7, 200, 201)
    history = History.of([*impossible(7), wrong])
    result = check(history, QUEUE.step, lambda key: (), budget=Budget(transitions=3000))
    assert result.verdict is Verdict.VIOLATES
    assert result.undecided == (1,)


def test_a_dead_end_far_behind_its_cause_is_found():
    """The lost write came before the first swap; only the last read can tell."""
    early = Operation("z", 1, ("note", 9), UNKNOWN, 0)
    ticks = [Operation("a", 1, ("tick",), "ok", 10 * n, 10 * n + 5) for n in range(1, 600)]
    last = Operation("a", 1, ("first",), 9, 9000, 9001)

    def step(state, command, outcome):
        first, ticked = state
        if command[0] == "note":
            return (state, state if ticked else (command[1], ticked))
        if command[0] == "tick":
            return ((first, True),)
        return (state,) if first == outcome else ()

    history = History.of([early, *ticks, last])
    assert check(history, step, lambda key: (0, False)).verdict is Verdict.CONFORMS
    late = History.of([*ticks, Operation("z", 1, ("note", 9), UNKNOWN, 16), last])
    assert check(late, step, lambda key: (0, False)).verdict is Verdict.VIOLATES


def test_two_explanations_are_followed_until_one_is_refuted():
    """Two lost writes explain the read as well; a later one tells which of them it was."""
    funds = [Operation(n, 1, ("fund", 2), UNKNOWN, n) for n in range(3)]
    read = Operation("r", 1, ("read",), (2, 2), 10, 11)
    again = Operation("r", 1, ("read",), (6, 6), 20, 21)
    more = Operation("r", 1, ("read",), (8, 8), 30, 31)
    assert verdict(WALLET, History.of([*funds, read, again])) is Verdict.CONFORMS
    assert verdict(WALLET, History.of([*funds, read, again, more])) is Verdict.VIOLATES


def test_the_worst_of_verdicts():
    assert worst([]) is Verdict.CONFORMS
    assert worst([Verdict.CONFORMS, Verdict.UNDECIDED]) is Verdict.UNDECIDED
    assert worst([Verdict.UNDECIDED, Verdict.ERROR]) is Verdict.ERROR
    assert worst([Verdict.VIOLATES, Verdict.ERROR, Verdict.UNDECIDED]) is Verdict.VIOLATES
