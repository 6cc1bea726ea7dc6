"""The wallets of `simulation` as the checker sees them: a transition, and true hints.

A lost hold cannot be named by anyone, so what is left of it is its money alone. And a
lost capture or void after all others of its hold changes money alone: nothing looks at the hold any
more. `Model` knows these from the whole history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tallystick.checker import Hints, Operation, Totals
from tests.checker.simulation import REFUSED, UNKNOWN

AnyOperation = Operation[Any, Any]


class Card(NamedTuple):
    """The state of one card."""

    available: int
    holds: frozenset[tuple[int, int]] = frozenset()
    """The open holds that somebody may name, each with what it locks."""
    held: int = 0
    """What all holds lock, those that nobody can name included."""

    @property
    def shown(self) -> tuple[int, int]:
        """What a read shows: the balance, and what is available."""
        return (self.available + self.held, self.available)


def _performed(card: Card, command: tuple[Any, ...], *, lost: bool) -> tuple[Any, Card]:
    kind, ref, *rest = command
    if kind == "fund":
        return rest[0], card._replace(available=card.available + rest[0])
    if kind in ("draw", "hold"):
        if rest[0] > card.available:
            return REFUSED, card
        left = card._replace(available=card.available - rest[0])
        if kind == "draw":
            return rest[0], left
        named = card.holds if lost else card.holds | {(ref, rest[0])}
        return rest[0], left._replace(holds=named, held=card.held + rest[0])
    hold = rest[-1]
    locks = next((locks for one, locks in card.holds if one == hold), None)
    if locks is None or (kind == "capture" and rest[0] > locks):
        return REFUSED, card
    others = card.holds - {(hold, locks)}
    if kind == "void":
        return locks, Card(card.available + locks, others, card.held - locks)
    if locks > rest[0]:
        others |= {(hold, locks - rest[0])}
    return rest[0], card._replace(holds=others, held=card.held - rest[0])


def changes(operation: AnyOperation) -> bool:
    """Reads and refusals change nothing."""
    return operation.command[0] != "read" and operation.outcome != REFUSED


def hold_of(operation: AnyOperation) -> int | None:
    """The hold that it makes or names."""
    kind, *rest = operation.command
    if kind in ("capture", "void"):
        return rest[-1]
    return rest[0] if kind == "hold" else None


def interferes(earlier: AnyOperation, later: AnyOperation) -> bool:
    """Payments meet in one hold, or where one frees the money that another lacks."""
    if "read" in (earlier.command[0], later.command[0]) or _share_a_hold(earlier, later):
        return True
    if _frees(earlier):
        return _takes(later)
    if _takes(earlier):
        return _lacks(later)
    return _lacks(earlier) and _frees(later)


def hinders(earlier: AnyOperation, later: AnyOperation) -> bool:
    """Payments that are possible need not wait for others, unless they share a hold."""
    if "read" in (earlier.command[0], later.command[0]) or _lacks(earlier):
        return True
    return _share_a_hold(earlier, later)


def _share_a_hold(one: AnyOperation, other: AnyOperation) -> bool:
    return hold_of(one) is not None and hold_of(one) == hold_of(other)


def _frees(operation: AnyOperation) -> bool:
    return operation.command[0] in ("fund", "void") and operation.outcome != REFUSED


def _takes(operation: AnyOperation) -> bool:
    return operation.command[0] in ("draw", "hold") and operation.outcome != REFUSED


def _lacks(operation: AnyOperation) -> bool:
    return operation.command[0] in ("draw", "hold") and operation.outcome == REFUSED


def shifted(card: Card, vector: tuple[int, ...]) -> Card:
    """The card with so much more available and locked."""
    return card._replace(available=card.available + vector[0], held=card.held + vector[1])


def needs(card: Card, operation: AnyOperation) -> Any:
    """What the card lacks of the money that makes the operation possible."""
    kind, *rest = operation.command
    if kind == "read":
        balance, available = operation.outcome
        return (available - card.available, balance - available - card.held)
    if kind not in ("draw", "hold"):
        return None
    if operation.outcome == REFUSED:
        return lambda vector: card.available + vector[0] < rest[1]
    return lambda vector: card.available + vector[0] >= rest[1]


def moves(operation: AnyOperation) -> tuple[int, int] | None:
    """What it adds to what is available and to what is locked, where it is booked."""
    kind, *rest = operation.command
    if not changes(operation):
        return (0, 0)
    if kind == "void":
        moved = operation.outcome
        return None if moved == UNKNOWN else (moved, -moved)
    moved = rest[1]
    both = {"fund": (1, 0), "draw": (-1, 0), "hold": (-1, 1), "capture": (0, -1)}[kind]
    return (both[0] * moved, both[1] * moved)


class Model:
    """The transition and the hints for one history."""

    def __init__(self, history: Iterable[AnyOperation]) -> None:
        self._last = dict(_last_on_their_holds(list(history)))
        totals = Totals(self.adds, shifted, needs, moves)
        self.hints = Hints(changes, interferes, hinders, totals=totals)

    def step(self, card: Card, command: tuple[Any, ...], outcome: Any) -> tuple[Card, ...]:
        """The cards that may follow."""
        if command[0] == "read":
            return (card,) if outcome in (UNKNOWN, card.shown) else ()
        if outcome == UNKNOWN and command[1] in self._last:
            return (shifted(card, self._last[command[1]]),)
        moved, after = _performed(card, command, lost=outcome == UNKNOWN)
        if outcome == UNKNOWN:
            return (after,)
        return (after,) if moved == outcome else ()

    def adds(self, operation: AnyOperation) -> tuple[int, int] | None:
        """What a lost operation adds to what is available and to what is locked."""
        kind, *rest = operation.command
        if operation.outcome != UNKNOWN:
            return None
        if kind in ("fund", "draw", "hold"):
            return {"fund": (rest[1], 0), "draw": (-rest[1], 0), "hold": (-rest[1], rest[1])}[kind]
        return self._last.get(rest[0]) if rest else None


def _last_on_their_holds(
    history: list[AnyOperation],
) -> Iterator[tuple[int, tuple[int, int]]]:
    """The lost captures and voids after all others of their holds, and what they add."""
    by_hold: dict[int, list[AnyOperation]] = {}
    for operation in history:
        hold = hold_of(operation)
        if hold is not None:
            by_hold.setdefault(hold, []).append(operation)
    for first, *others in by_hold.values():
        last = max(others, key=lambda o: o.called_ns, default=first)
        before = [first, *(o for o in others if o is not last)]
        if last is first or last.outcome != UNKNOWN:
            continue
        if any(o.returned_ns is None or o.returned_ns >= last.called_ns for o in before):
            continue
        remaining = first.command[2] - sum(o.outcome for o in before[1:] if o.outcome != REFUSED)
        kind, ref, *rest = last.command
        if kind == "void":
            yield ref, (remaining, -remaining)
        elif rest[0] <= remaining:
            yield ref, (0, -rest[0])
