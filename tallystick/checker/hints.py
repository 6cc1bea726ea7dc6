"""Hints: what a caller knows about its commands, to make the search narrower."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tallystick.checker.history import Operation
from tallystick.checker.totals import Totals

AnyOperation = Operation[Any, Any]
Pair = Callable[[AnyOperation, AnyOperation], bool]
Enablers = Callable[[Any, AnyOperation, Sequence[AnyOperation]], Sequence[AnyOperation]]


@dataclass(frozen=True, slots=True)
class Hints:
    """What the caller guarantees about all states. The defaults guarantee nothing.

    Hints only make the checker faster, but a wrong hint can make it wrong: it would overlook legal
    orders. So test them: each guarantee is a property that random states and operations can refute.
    """

    changes: Callable[[AnyOperation], bool] = lambda o: True
    """`changes(o)`: False guarantees that o leaves every state in which it is possible as it was.
    A read is the usual example."""

    interferes: Pair = lambda a, b: True
    """`interferes(a, b)`: False guarantees, for every state: if a and then b is possible, so is b
    and then a, and it leads to the same state, or to one that permits all that the former permits.
    Two deposits are the usual example."""

    hinders: Pair = lambda a, b: True
    """`hinders(a, b)`: False guarantees: if b is possible now and also after the operations S, none
    of which hinders b, then b followed by some order of S is possible, and allows at least the same
    continuations. It is weaker than `interferes`: a deposit can make a withdrawal possible, but
    where the withdrawal is possible already, the deposit can as well come after it."""

    enablers: Enablers = lambda state, b, others: others
    """`enablers(state, b, others)`: those of the others that may help to make b possible. Leaving
    one out guarantees that it is in no sequence of the others, each with its effect, that leads
    from `state` to a state in which b is possible."""

    totals: Totals | None = None
    """What is known of lost operations that only add to totals. They are what makes a long history
    expensive, and with this it is not."""
