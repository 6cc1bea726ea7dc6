"""The wallets of `simulation` as the checker sees them: a transition, and true hints.

A lost hold cannot be named by anyone, so what is left of it is its money alone: `locked`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tallystick.checker import Hints, Operation, Totals
from tests.checker.simulation import REFUSED, UNKNOWN

AnyOperation = Operation[Any, Any]


class Card(NamedTuple):
    """The state of one card."""

    available: int
    holds: frozenset[tuple[int, int]] = frozenset()
    """The open holds that somebody may name, each with what it locks."""
    locked: int = 0
    """What holds lock that nobody can name."""

    @property
    def shown(self) -> tuple[int, int]:
        """What a read shows: the balance, and what is available."""
        return (self.available + self.held, self.available)

    @property
    def held(self) -> int:
        """What all holds lock."""
        return self.locked + sum(left for _, left in self.holds)


def step(card: Card, command: tuple[Any, ...], outcome: Any) -> tuple[Card, ...]:
    """The cards that may follow."""
    if command[0] == "read":
        return (card,) if outcome in (UNKNOWN, card.shown) else ()
    moved, after = _performed(card, command, lost=outcome == UNKNOWN)
    if outcome == UNKNOWN:
        return (after,)
    return (after,) if moved == outcome else ()


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
        if lost:
            return rest[0], left._replace(locked=left.locked + rest[0])
        return rest[0], left._replace(holds=left.holds | {(ref, rest[0])})
    hold = rest[-1]
    locks = dict(card.holds).get(hold)
    if locks is None or (kind == "capture" and rest[0] > locks):
        return REFUSED, card
    others = card.holds - {(hold, locks)}
    if kind == "void":
        return locks, Card(card.available + locks, others, card.locked)
    remaining = locks - rest[0]
    return rest[0], card._replace(holds=others | ({(hold, remaining)} if remaining else set()))


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


def adds(operation: AnyOperation) -> tuple[int, int] | None:
    """What a lost fund, draw or hold adds to what is available and to what is locked."""
    kind, *rest = operation.command
    if operation.outcome != UNKNOWN or kind not in ("fund", "draw", "hold"):
        return None
    return {"fund": (rest[1], 0), "draw": (-rest[1], 0), "hold": (-rest[1], rest[1])}[kind]


def shifted(card: Card, vector: tuple[int, ...]) -> Card:
    """The card with so much more available and locked."""
    return card._replace(available=card.available + vector[0], locked=card.locked + vector[1])


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


HINTS = Hints(changes, interferes, hinders, totals=Totals(adds, shifted, needs))
