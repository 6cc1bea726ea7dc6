"""Which configurations can be dropped, because another one can become them: by all orders."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from types import SimpleNamespace

import pytest

from tallystick.checker import History, Operation, Verdict, check, domination, search
from tallystick.checker.budget import Budget, Meter
from tallystick.checker.domination import Waiting
from tests.checker.models import REGISTER
from tests.checker.test_detours import by_every_way

COMMANDS = [("write", 0), ("write", 1), ("add", 1), ("add", 2), ("read", 0), ("read", 1)]
OTHER_BIT, LOST_BIT = 1 << 20, 1 << 21


def successors(state, command):
    """A register that counts to 2 and begins again."""
    name, value = command
    if name == "read":
        return (state,) if state == value else ()
    return (value,) if name == "write" else ((state + value) % 3,)


def placing_of(commands):
    return SimpleNamespace(
        changes=[name != "read" for name, _ in commands],
        successors=lambda state, number: successors(state, commands[number]),
    )


def some_config(rng, commands):
    """The state, the bits and the order after some of the operations and one that returned."""
    state, done, trail = 0, 0, None
    for number in rng.sample(range(len(commands)), rng.randint(0, len(commands))):
        after = successors(state, commands[number])
        if after:
            state, done, trail = after[0], done | 1 << number, (number, trail, 0)
    state = (state + 1) % 3
    done |= rng.choice([0, 0, 0, OTHER_BIT]) | rng.choice([0, 0, 0, LOST_BIT])
    return state, done, (len(commands), trail, 0)


def can_become(one, other, commands, quiet):
    """Whether some operations that are still open lead from one to all that the other has."""
    left = [n for n in range(len(commands)) if not one[1] >> n & 1]
    for size in range(len(left) + 1):
        for order in itertools.permutations(left, size):
            states, done = [one[0]], one[1]
            for number in order:
                states = [end for s in states for end in successors(s, commands[number])]
                done |= 1 << number
            same = done & ~quiet == other[1] & ~quiet and not other[1] & quiet & ~done
            if same and other[0] in states:
                return True
    return False


@pytest.mark.parametrize("back", [domination.MOST_BACK, 2])
def test_what_is_dropped_is_what_another_one_can_become(back, monkeypatch):
    monkeypatch.setattr(domination, "MOST_BACK", back)
    rng = random.Random(1)
    sizes = Counter()
    for _ in range(3_000):
        commands = [rng.choice(COMMANDS) for _ in range(rng.randint(1, 4))]
        quiet = sum(1 << n for n, (name, _) in enumerate(commands) if name == "read")
        bits = [1 << n for n in range(len(commands))]
        waiting = Waiting(placing_of(commands), bits, LOST_BIT, range(len(commands)))
        configs = [some_config(rng, commands) for _ in range(rng.randint(2, 5))]
        kept = waiting.best(configs, Meter(Budget()))
        for config in configs:
            if not any(config is one for one in kept):
                assert any(can_become(one, config, commands, quiet) for one in kept), commands
                sizes[(config[1] & ~quiet).bit_count()] += 1
        sizes["kept"] += len(kept)
    assert min(sizes[size] for size in (0, 1)) > 50, sizes
    assert back == 2 or sizes[2] > 50, sizes
    assert sizes["kept"] > 5_000


def test_of_equal_configurations_those_with_more_lost_operations_are_dropped():
    rng = random.Random(1)
    lost_bits, dropped = 0b111000, 0
    for _ in range(500):
        configs = [(rng.randrange(2), rng.randrange(64), None) for _ in range(rng.randint(2, 8))]
        kept = domination.undominated(configs, lost_bits, Meter(Budget()))
        for state, done, _ in configs:
            better = [
                (state, other)
                for same, other, _ in kept
                if same == state and other & ~lost_bits == done & ~lost_bits and not other & ~done
            ]
            assert better
            dropped += better[0] != (state, done)
    assert dropped > 100


WRITES = {
    "the open write came first": [
        (("write", 1), "ok", 0, 30),
        (("write", 2), "ok", 1, 10),
        (("read",), 2, 40, 50),
    ],
    "an equal write is still to come": [
        (("write", 1), "ok", 0, 60),
        (("write", 1), "ok", 1, 15),
        (("read",), 1, 2, 10),
        (("write", 2), "ok", 20, 25),
        (("read",), 2, 30, 35),
        (("read",), 1, 40, 45),
    ],
}


@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_leads_to_another_state_cannot_wait(name, monkeypatch):
    monkeypatch.setattr(search.Search, "_finds_an_order", by_every_way)
    for order in itertools.permutations(WRITES[name]):
        history = History.of(Operation(n, 0, *row) for n, row in enumerate(order))
        result = check(history, REGISTER.step, lambda key: 0, hints=REGISTER.hints)
        assert result.verdict is Verdict.CONFORMS
