"""Many clients on one card: which open operations explain a read, and which may as well wait."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tallystick.checker import Budget, Hints, History, Operation, Totals, Verdict, check, search
from tallystick.checker import detours as module
from tallystick.checker.frontier import REFUTING, THOROUGH
from tallystick.checker.groups import DIGITS, MOST_GROUPS, MOST_MEMBERS, Groups, code_of
from tests.checker.cards import Card, Model
from tests.checker.models import UNKNOWN, is_legal_by_definition
from tests.checker.simulation import REFUSED, Conditions, Fault, Wallet, simulated


def crowded(seed):
    """A card and a short history on it, in which nearly everything overlaps.

    In more than half of the histories one read shows a little else than it should.
    """
    rng = random.Random(seed)
    opening = rng.choice([0, 2, 4, 40])
    wallet, known, made = Wallet(opening), {}, []
    lost, longest = rng.choice([0, 0, 0.2]), rng.choice([15, 30, 50])
    amounts = rng.choice([(2,), (2, 4), (2, 4, 6)])
    for n in range(rng.randint(6, 10)):
        called, returned = 10 * n - rng.randint(0, longest), 10 * n + rng.randint(0, longest)
        holds = [hold for hold, since in known.items() if since < called]
        command = some_command(rng, n, rng.choice(amounts), holds)
        if rng.random() < lost:
            if rng.random() < 0.5:
                wallet.perform(command)
            made.append(Operation(n, 0, command, UNKNOWN, called))
            continue
        made.append(Operation(n, 0, command, wallet.perform(command), called, returned))
        if command[0] == "hold" and made[-1].outcome != REFUSED:
            known[n] = returned
    reads = [n for n, o in enumerate(made) if o.command == ("read",) and o.answered]
    if reads and rng.random() < 0.6:
        at = rng.choice(reads)
        seen = list(made[at].outcome)
        seen[rng.randrange(2)] += rng.choice([-4, -2, 2, 4])
        made[at] = replace(made[at], outcome=tuple(seen))
    return Card(opening), History.of(made)


def some_command(rng, ref, amount, holds):
    kind = rng.choice(["read"] * 4 + ["fund", "draw", "hold", "capture"] * 2 + ["void"])
    if kind == "read":
        return ("read",)
    if kind not in ("capture", "void") or not holds:
        return (kind if kind in ("fund", "draw") else "hold", ref, amount)
    hold = rng.choice(holds)
    return ("void", ref, hold) if kind == "void" else ("capture", ref, amount, hold)


def by_every_way(self):
    return bool(self._ends_of(THOROUGH))


def by_refuting(self):
    return bool(self._ends_of(REFUTING))


LIMITS = {
    "few members": ("groups.MOST_MEMBERS", 2),
    "never few open": ("detours.FEW_OPEN", 0),
    "a short way back": ("domination.MOST_BACK", 1),
}


@pytest.mark.parametrize(
    ("how", "histories"), [("searched", 500), ("every way", 5000), *((how, 500) for how in LIMITS)]
)
def test_small_crowded_histories_are_judged_as_by_definition(how, histories, monkeypatch):
    if how in LIMITS:
        place, least = LIMITS[how]
        monkeypatch.setattr(f"tallystick.checker.{place}", least)
    if how in ("every way", "few members"):
        monkeypatch.setattr(search.Search, "_finds_an_order", by_every_way)
    seen = Counter()
    for seed in range(histories):
        start, history = crowded(seed)
        model = Model(history)
        by_definition = SimpleNamespace(step=model.step, initial=start)
        legal = is_legal_by_definition(by_definition, history)
        result = check(history, model.step, lambda key, start=start: start, hints=model.hints)
        assert result.verdict is (Verdict.CONFORMS if legal else Verdict.VIOLATES), seed
        seen[legal, any(not o.answered for o in history)] += 1
    assert len(seen) == 4
    assert min(seen.values()) > 40


@pytest.mark.parametrize("fault", list(Fault), ids=lambda f: f.value)
def test_a_long_history_of_many_clients_on_one_card_costs_little(fault):
    conditions = Conditions(2_000, cards=1, lost=0.0, fault=fault, fault_at=0.9)
    history = simulated(conditions)
    model = Model(history)
    budget = Budget(transitions=20 * len(history))
    result = check(history, model.step, lambda key: Card(5000), hints=model.hints, budget=budget)
    assert result.verdict is (Verdict.CONFORMS if fault is Fault.NONE else Verdict.VIOLATES)


def test_of_a_sum_all_groups_are_found_that_contain_no_other():
    rng = random.Random(1)
    sizes = Counter()
    for _ in range(300):
        vectors = [(rng.randint(-3, 3), rng.randint(-2, 2)) for _ in range(rng.randint(0, 8))]
        lacking = (rng.randint(-3, 3), rng.randint(-3, 3))
        some = [
            set(group)
            for size in range(1, len(vectors) + 1)
            for group in itertools.combinations(range(len(vectors)), size)
            if tuple(sum(vectors[n][at] for n in group) for at in (0, 1)) == lacking
        ]
        smallest = {
            tuple(sorted(group))
            for group in some
            if not any(other < group for other in some)
            # What adds nothing is in no group.
            and all(any(vectors[n]) for n in group)
        }
        found = groups_of(vectors).of([code_of(lacking)], range(len(vectors)))
        assert set(map(tuple, map(sorted, found))) == smallest
        sizes.update(map(len, found))
    assert min(sizes[size] for size in (1, 2, 3, 4)) > 10


def groups_of(vectors):
    operations = [Operation(n, 1, n, "ok", 0, 1) for n in range(len(vectors))]
    totals = Totals(lambda o: None, lambda s, v: s, lambda s, o: None, lambda o: vectors[o.command])
    return Groups(operations, totals)


def test_too_many_members_and_too_many_groups_are_not_known():
    many = groups_of([(1, 0)] * (MOST_MEMBERS + 1))
    assert many.of([1], range(MOST_MEMBERS + 1)) is None
    assert many.of([code_of((1, 0))], range(MOST_MEMBERS)) is not None
    assert MOST_GROUPS < 20 * 19 / 2
    assert many.of([code_of((2, 0))], range(MOST_MEMBERS)) is None


def counted(state, command, outcome):
    """A counter whose reads show its value, and also whether the last step was a `mark`."""
    value = state[0]
    name, *amount = command
    if name == "read":
        return (state,) if outcome == state else ()
    return ((value + amount[0], name == "mark"),)


COUNTED = Totals(
    lambda o: None,
    lambda state, vector: (state[0] + vector[0], state[1]),
    lambda state, o: (o.outcome[0] - state[0],) if o.command[0] == "read" else None,
    lambda o: (0,) if o.command[0] == "read" else (o.command[1],),
)


@pytest.mark.parametrize(("shown", "verdict"), [((2, True), "conforms"), ((4, True), "violates")])
@pytest.mark.parametrize("escalation", [search.ESCALATION, ()], ids=["searched", "thorough"])
def test_where_more_than_the_sum_decides_all_orders_are_tried(
    shown, verdict, escalation, monkeypatch
):
    """With the sum alone the read would be impossible: 2, then a mark that adds nothing."""
    monkeypatch.setattr(search, "ESCALATION", escalation)
    rows = [("add", 2), ("mark", 1), ("mark", -1), ("read",)]
    history = History.of(
        Operation(n, 1, row, shown if row == ("read",) else "ok", n, 20 - n)
        for n, row in enumerate(rows)
    )
    hints = Hints(changes=lambda o: o.command[0] != "read", totals=COUNTED)
    result = check(history, counted, lambda key: (0, False), hints=hints)
    assert result.verdict.value == verdict


def test_a_group_that_is_enough_hides_no_order_that_more_than_the_sum_decides(monkeypatch):
    """The read may come directly after `add 2`. But then the later one, with the other three done
    and `add 2` still open, has no place; so these come first, and the mark among them not last."""
    monkeypatch.setattr(search.Search, "_finds_an_order", by_every_way)
    rows = [
        (("add", 2), "ok", 0, 50),
        (("mark", 2), "ok", 1, 15),
        (("add", 1), "ok", 2, 15),
        (("add", -1), "ok", 3, 15),
        (("read",), (2, False), 4, 10),
        (("read",), (2, False), 16, 20),
    ]
    history = History.of(Operation(n, 1, *row) for n, row in enumerate(rows))
    hints = Hints(
        changes=lambda o: o.command[0] != "read",
        hinders=lambda earlier, later: later.command[0] != "read",
        totals=COUNTED,
    )
    result = check(history, counted, lambda key: (0, False), hints=hints)
    assert result.verdict is Verdict.CONFORMS


@pytest.mark.parametrize(
    ("shown", "verdict"),
    [((2, True), "conforms"), ((0, True), "conforms"), ((4, True), "violates")],
)
def test_what_adds_nothing_may_be_what_a_read_waits_for(shown, verdict, monkeypatch):
    """The flag adds nothing, and trades places with all but reads."""
    monkeypatch.setattr(search.Search, "_finds_an_order", by_every_way)

    def flagged(state, command, outcome):
        name, *amount = command
        if name == "read":
            return (state,) if outcome == state else ()
        return ((state[0] + amount[0], state[1] or name == "flag"),)

    def is_read(*operations):
        return any(o.command[0] == "read" for o in operations)

    rows = [("add", 2), ("flag", 0), ("read",)]
    history = History.of(
        Operation(n, 1, row, shown if row == ("read",) else "ok", n, 20 - n)
        for n, row in enumerate(rows)
    )
    hints = Hints(lambda o: not is_read(o), is_read, lambda one, other: False, totals=COUNTED)
    result = check(history, flagged, lambda key: (0, False), hints=hints)
    assert result.verdict.value == verdict


NEEDING = {
    "a drawdown needs a fund": [("draw", 1, 2), ("fund", 2, 4)],
    "a hold needs a fund": [("hold", 1, 2), ("fund", 2, 4)],
    "both need the fund": [("draw", 1, 2), ("hold", 2, 2), ("fund", 3, 6)],
    "one needs the other's rest": [("draw", 1, 6), ("fund", 2, 4), ("draw", 3, 2), ("fund", 4, 6)],
}


@pytest.mark.parametrize("name", NEEDING)
@pytest.mark.parametrize("off", [0, 1])
def test_a_member_of_a_group_may_need_another_one(name, off, monkeypatch):
    """However the calls follow each other."""
    monkeypatch.setattr(search.Search, "_finds_an_order", by_every_way)
    payments = NEEDING[name]
    signs = {"fund": 1, "draw": -1, "hold": 0}
    balance = sum(signs[kind] * amount for kind, _, amount in payments)
    held = sum(amount for kind, _, amount in payments if kind == "hold")
    for order in itertools.permutations(payments):
        open_ = [Operation(n, 0, row, row[2], n, 50) for n, row in enumerate(order)]
        read = Operation("r", 0, ("read",), (balance + off, balance - held), 10, 20)
        history = History.of([*open_, read])
        model = Model(history)
        result = check(history, model.step, lambda key: Card(0), hints=model.hints)
        assert result.verdict is (Verdict.VIOLATES if off else Verdict.CONFORMS), order


@pytest.mark.parametrize("first", range(module.FEW_GROUPS + 2))
def test_where_every_way_is_tried_no_group_is_left_out(first, monkeypatch):
    """Of equal funds one has to come first: the others are open when the later read still shows
    one."""
    monkeypatch.setattr(search.Search, "_finds_an_order", by_every_way)
    funds = [Operation(n, 0, ("fund", n, 2), 2, n, 60) for n in range(module.FEW_GROUPS + 2)]
    funds[first] = replace(funds[first], returned_ns=30)
    reads = [Operation("r", 0, ("read",), (2, 2), at, at + 5) for at in (20, 40)]
    history = History.of([*funds, *reads])
    model = Model(history)
    result = check(history, model.step, lambda key: Card(0), hints=model.hints)
    assert result.verdict is Verdict.CONFORMS


@pytest.mark.parametrize("seen", [1, 2])
def test_a_lost_operation_may_be_the_rest_of_a_group_when_an_order_is_refuted(seen, monkeypatch):
    monkeypatch.setattr(search.Search, "_finds_an_order", by_refuting)
    lost = [Operation(f"l{n}", 0, ("fund", 90 + n, 6), UNKNOWN, 0) for n in range(2)]
    open_ = Operation("o", 0, ("fund", 1, 4), 4, 1, 50)
    shown = 4 + 6 * seen
    read = Operation("r", 0, ("read",), (shown, shown), 10, 20)
    history = History.of([*lost, open_, read])
    model = Model(history)
    result = check(history, model.step, lambda key: Card(0), hints=model.hints)
    assert result.verdict is Verdict.CONFORMS


def test_no_legal_history_is_refuted(monkeypatch):
    monkeypatch.setattr(search.Search, "_finds_an_order", by_refuting)
    seen = Counter()
    for seed in range(1_500):
        start, history = crowded(seed)
        model = Model(history)
        by_definition = SimpleNamespace(step=model.step, initial=start)
        if not any(o.answered for o in history) or all(o.answered for o in history):
            continue
        result = check(history, model.step, lambda key, start=start: start, hints=model.hints)
        legal = is_legal_by_definition(by_definition, history)
        seen[legal, result.verdict] += 1
    assert seen[True, Verdict.VIOLATES] == 0, seen
    assert seen[True, Verdict.CONFORMS] > 100
    assert seen[False, Verdict.VIOLATES] > 100


def test_large_numbers_are_in_no_group():
    """Their sums could look like others."""
    vectors = [(1, -(1 << DIGITS)), (0, 1 << DIGITS), (1, 0)]
    groups = groups_of(vectors)
    assert [groups.is_known(number) for number in range(3)] == [False, False, True]
    assert groups.of([code_of((1, 0))], range(3)) == [(2,)]
    needs = {"large": (0, -(1 << DIGITS)), "small": (0, -1), "none": None}
    totals = Totals(lambda o: None, lambda s, v: s, lambda s, o: needs[s])
    lacking = Groups([Operation(0, 1, ("read",), "ok", 0, 1)], totals)
    assert [lacking.lacks(state, 0) for state in needs] == [None, code_of((0, -1)), None]


def test_what_a_lost_operation_adds_may_be_the_rest_of_a_group(monkeypatch):
    """An effort that does not try every way is still looking for orders with one lost operation."""
    monkeypatch.setattr(module, "FEW_OPEN", 0)
    lost = Operation("l", 0, ("fund", 9, 6), UNKNOWN, 0)
    # It is not known what this one would release; it is tried, and nothing makes it possible.
    void = Operation("v", 0, ("void", 8, 99), UNKNOWN, 0)
    open_ = [Operation(n, 0, ("fund", n, 4), 4, 1, 50) for n in range(2)]
    read = Operation("r", 0, ("read",), (10, 10), 10, 20)
    history = History.of([lost, void, *open_, read])
    model = Model(history)
    result = check(history, model.step, lambda key: Card(0), hints=model.hints)
    assert result.verdict is Verdict.CONFORMS
    assert result.transitions < 30
