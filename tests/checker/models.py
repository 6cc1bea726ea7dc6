"""Small sequential models to check histories against, and histories made by running them.

A model gives `step`, true hints, and how to draw a command and to run it. In these models the
outcome UNKNOWN stands for a lost answer.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any

from tallystick.checker import Hints, History, Operation, Totals

UNKNOWN = "unknown"
OK = "ok"
REFUSED = "refused"


@dataclass(frozen=True)
class Model:
    """A sequential object: `run(state, command)` lists what it may do: (outcome, next state)."""

    name: str
    initial: Hashable
    draw: Callable[[random.Random], tuple[Any, ...]]
    run: Callable[[Any, tuple[Any, ...]], list[tuple[Any, Any]]]
    reads: frozenset[str]
    interferes: Callable[[Operation[Any, Any], Operation[Any, Any]], bool]
    hinders: Callable[[Operation[Any, Any], Operation[Any, Any]], bool] = lambda a, b: True
    totals: Totals | None = None

    def step(self, state: Any, command: tuple[Any, ...], outcome: Any) -> object:
        """The successors after this outcome; a list where there are none, to be treated as none."""
        if outcome == UNKNOWN:
            return (state, *(after for _, after in self.run(state, command)))
        return tuple(after for o, after in self.run(state, command) if o == outcome) or [
            "impossible"
        ]

    @property
    def hints(self) -> Hints:
        return Hints(
            lambda o: o.command[0] not in self.reads and o.outcome != REFUSED,
            self.interferes,
            self.hinders,
            totals=self.totals,
        )


def _register(state, command):
    name, *values = command
    if name == "write":
        return [(OK, values[0])]
    if name == "swap":
        return [(OK, values[1])] if state == values[0] else [(REFUSED, state)]
    if name == "scramble":
        return [(OK, 0), (OK, 1)]
    return [(state, state)]


def _draw_register(rng):
    return rng.choice(
        [("write", rng.randrange(3)), ("swap", rng.randrange(3), rng.randrange(3)), ("scramble",)]
        + [("read",)] * 2
    )


def _counter(state, command):
    name, *amount = command
    if name == "read":
        return [(state, state)]
    after = state + amount[0]
    return [(OK, after)] if 0 <= after <= 4 else [(REFUSED, state)]


def _draw_counter(rng):
    return rng.choice([("add", rng.choice([-2, -1, 1, 2])), ("add", 1), ("read",)])


def _counter_interferes(earlier, later):
    """Accepted steps of one direction can be swapped, a read or a refusal with nothing."""
    if "read" in (earlier.command[0], later.command[0]) or REFUSED in (
        earlier.outcome,
        later.outcome,
    ):
        return True
    return (earlier.command[1] > 0) != (later.command[1] > 0)


def _wallet(state, command):
    """State: (available, the open holds as (name, remaining))."""
    available, holds = state
    name, *rest = command
    if name == "read":
        return [((available, available + sum(r for _, r in holds)), state)]
    if name == "fund":
        return [(OK, (available + rest[0], holds))]
    if name == "draw":
        enough = available >= rest[0]
        return [(OK, (available - rest[0], holds))] if enough else [(REFUSED, state)]
    held = dict(holds)
    if name == "hold":
        if available < rest[1] or rest[0] in held:
            return [(REFUSED, state)]
        return [(OK, (available - rest[1], tuple(sorted({**held, rest[0]: rest[1]}.items()))))]
    remaining = held.pop(rest[0], None)
    if remaining is None or (name == "capture" and remaining < rest[1]):
        return [(REFUSED, state)]
    if name == "void":
        return [(OK, (available + remaining, tuple(held.items())))]
    if remaining > rest[1]:
        held[rest[0]] = remaining - rest[1]
    return [(OK, (available, tuple(sorted(held.items()))))]


def _draw_wallet(rng):
    hold = rng.choice("ab")
    return rng.choice(
        [
            ("read",),
            ("fund", rng.randrange(1, 4)),
            ("draw", rng.randrange(1, 4)),
            ("hold", hold, rng.randrange(1, 4)),
            ("capture", hold, rng.randrange(1, 3)),
            ("void", hold),
        ]
    )


def _wallet_interferes(earlier, later):
    first, second = earlier.command, later.command
    if "read" in (first[0], second[0]) or REFUSED in (earlier.outcome, later.outcome):
        return True
    by_hold = {"hold", "capture", "void"}
    if first[0] in by_hold and second[0] in by_hold and first[1] == second[1]:
        return True
    # What frees money may be what a drawdown waited for; nothing else reaches another's money.
    return first[0] in ("fund", "void") and second[0] in ("draw", "hold")


def _wallet_hinders(earlier, later):
    """Funds and drawdowns can come after one that is possible: the funds first, then the rest."""
    plain = {earlier.command[0], later.command[0]} <= {"fund", "draw"}
    return not plain or earlier.outcome == REFUSED


def _queue(state, command):
    if command[0] == "put":
        return [(OK, (*state, command[1]))]
    return [(state[0], state[1:])] if state else [("empty", state)]


def _draw_queue(rng):
    return rng.choice([("put", rng.randrange(3)), ("take",)])


def _purse(state, command):
    """State: (available, locked for good, what the one open hold locks)."""
    available, locked, held = state
    name, *rest = command
    if name == "read":
        return [((available, locked + held), state)]
    if name == "fund":
        return [(OK, (available + rest[0], locked, held))]
    if name in ("draw", "lock"):
        if available < rest[0]:
            return [(REFUSED, state)]
        more = rest[0] if name == "lock" else 0
        return [(OK, (available - rest[0], locked + more, held))]
    if name == "hold":
        if held or available < rest[0]:
            return [(REFUSED, state)]
        return [(OK, (available - rest[0], locked, rest[0]))]
    if not held:
        return [(REFUSED, state)]
    return [(OK, (available + held * (name == "void"), locked, 0))]


def _draw_purse(rng):
    name = rng.choice(["fund", "draw", "lock", "hold", "void", "capture", "read", "read"])
    return (name, rng.choice([1, 2, 2, 3])) if name in PURSE_AMOUNTS else (name,)


PURSE_AMOUNTS = ("fund", "draw", "lock", "hold")


def _purse_interferes(earlier, later):
    one, other = earlier.command[0], later.command[0]
    if "read" in (one, other) or REFUSED in (earlier.outcome, later.outcome):
        return True
    if {one, other} <= {"hold", "void", "capture"}:
        return True
    return one in ("fund", "void") and other in ("draw", "lock", "hold")


def _purse_adds(operation):
    name, *amount = operation.command
    if operation.answered or name not in ("fund", "draw", "lock"):
        return None
    vectors = {"fund": (1, 0), "draw": (-1, 0), "lock": (-1, 1)}
    return tuple(amount[0] * one for one in vectors[name])


def _purse_shifted(state, vector):
    available, locked, held = state
    return (available + vector[0], locked + vector[1], held)


def _purse_needs(state, operation):
    available, locked, held = state
    name, *amount = operation.command
    if name == "read":
        seen = operation.outcome
        return (seen[0] - available, seen[1] - locked - held)
    if name not in PURSE_AMOUNTS:
        return None
    if operation.outcome == REFUSED:
        return lambda vector: available + vector[0] < amount[0]
    return lambda vector: available + vector[0] >= amount[0]


def _purse_moves(operation):
    name, *amount = operation.command
    if name == "read" or operation.outcome == REFUSED:
        return (0, 0)
    vectors = {"fund": (1, 0), "draw": (-1, 0), "lock": (-1, 1), "hold": (-1, 1)}
    return tuple(amount[0] * one for one in vectors[name]) if name in vectors else None


def _always(earlier, later):
    return True


REGISTER = Model("register", 0, _draw_register, _register, frozenset(["read"]), _always)
COUNTER = Model("counter", 0, _draw_counter, _counter, frozenset(["read"]), _counter_interferes)
WALLET = Model(
    "wallet",
    (0, ()),
    _draw_wallet,
    _wallet,
    frozenset(["read"]),
    _wallet_interferes,
    _wallet_hinders,
)
QUEUE = Model("queue", (), _draw_queue, _queue, frozenset(), _always)
PURSE = Model(
    "purse",
    (4, 0, 0),
    _draw_purse,
    _purse,
    frozenset(["read"]),
    _purse_interferes,
    totals=Totals(_purse_adds, _purse_shifted, _purse_needs, _purse_moves),
)
MODELS = (REGISTER, COUNTER, WALLET, QUEUE, PURSE)


def ran(model, rng, size, clients=3, lost=0.25, keys=1, jitter=30):
    """A history of the model run one command after the other, with intervals jittered around.

    Every command took effect at a moment inside its interval, so the history is legal; some of the
    answers are lost, some of these before the command took effect.
    """
    states = dict.fromkeys(range(keys), model.initial)
    free_at = dict.fromkeys(range(clients), 0)
    operations = []
    for n in range(size):
        moment = 10 * (n + 1)
        client = rng.choice([c for c in free_at if free_at[c] <= moment] or [None])
        if client is None:
            continue
        key = rng.randrange(keys)
        command = model.draw(rng)
        called = rng.randint(max(free_at[client], moment - jitter), moment)
        returned = rng.randint(moment, moment + jitter)
        if rng.random() < lost:
            if rng.random() < 0.5:
                states[key] = rng.choice(model.run(states[key], command))[1]
            operations.append(Operation(client, key, command, UNKNOWN, called))
        else:
            outcome, states[key] = rng.choice(model.run(states[key], command))
            operations.append(Operation(client, key, command, outcome, called, returned))
        free_at[client] = returned
    return History.of(operations)


def mutated(model, rng, history):
    """The history with the outcome of one answered operation swapped for another possible one."""
    operations = list(history)
    answered = [n for n, o in enumerate(operations) if o.answered]
    if not answered:
        return history
    n = rng.choice(answered)
    chosen = operations[n]
    outcomes = {chosen.outcome, OK, REFUSED}
    for o in operations:
        if o.command[0] == chosen.command[0] and o.answered:
            outcomes.add(o.outcome)
    if chosen.command[0] in model.reads:
        outcomes -= {OK, REFUSED}
    others = sorted(outcomes - {chosen.outcome}, key=repr)
    if others:
        operations[n] = replace(chosen, outcome=rng.choice(others))
    return History.of(operations)


def is_legal_by_definition(model, operations):
    """Linearizability as it is defined: some order of all answered and any lost operations."""

    refuted = set()

    def continues(state, left):
        if not any(o.answered for o in left):
            return True
        here = (state, tuple(map(id, left)))
        if here in refuted:
            return False
        refuted.add(here)  # it is left only with True or for good
        for o in left:
            rest = [p for p in left if p is not o]
            if any(p.answered and p.returned_ns < o.called_ns for p in rest):
                continue  # p was over before o began, so o cannot come first
            after = model.step(state, o.command, o.outcome)
            if isinstance(after, tuple) and any(continues(s, rest) for s in after):
                return True
        return False

    return continues(model.initial, list(operations))
