"""The lifecycle of a transaction, as a table.

This module alone decides when a hold may be captured or voided. It does not know which server is
judged, nor the card around the transaction (see `preconditions`).

A pending drawdown (a hold) locks its amount. A capture collects a part or the rest of it; a void
releases what is left, or a part of it where the API can. Everything else that a card's list shows
is finished from the start.

What a partial capture does to the rest differs from API to API: the question `capture.rest`. Where
the rest is *kept* the hold stays open; where it is *released* the hold has ended. Which moves are
legal in a state is the same for both. Some captures say it themselves.
"""

from __future__ import annotations

from enum import StrEnum

from tallystick.ledger.vocabulary import Money


class State(StrEnum):
    """What has become of a transaction."""

    OPEN = "open"
    PARTLY_CAPTURED = "partly captured"
    CAPTURED = "fully captured"
    VOIDED = "voided"
    RELEASED = "voided after a partial capture"
    ENDED = "captured in part, the rest released"
    REFUNDED = "captured, then refunded"
    DRAWDOWN = "a plain drawdown"
    FUND = "a fund"
    CAPTURE = "a capture's own record"
    VOID = "a void's own record"
    REFUND = "a refund's own record"
    OPENING = "the record of the opening amount"
    MISSING = "no transaction of this card"


class Move(StrEnum):
    """What a capture or a void asks of a hold, by what the hold still locks."""

    CAPTURE_PART = "capture a part"
    CAPTURE_REST = "capture what remains"
    CAPTURE_MORE = "capture more than remains"
    VOID = "void"
    VOID_PART = "release a part"
    VOID_MORE = "release more than remains"


Table = dict[State, dict[Move, State]]

TRANSITIONS: Table = {
    State.OPEN: {
        Move.CAPTURE_PART: State.PARTLY_CAPTURED,
        Move.CAPTURE_REST: State.CAPTURED,
        Move.VOID: State.VOIDED,
        Move.VOID_PART: State.OPEN,
    },
    State.PARTLY_CAPTURED: {
        Move.CAPTURE_PART: State.PARTLY_CAPTURED,
        Move.CAPTURE_REST: State.CAPTURED,
        Move.VOID: State.RELEASED,
        Move.VOID_PART: State.PARTLY_CAPTURED,
    },
    State.CAPTURED: {},
    State.VOIDED: {},
    State.RELEASED: {},
    State.ENDED: {},
    State.REFUNDED: {},
    State.DRAWDOWN: {},
    State.FUND: {},
    State.CAPTURE: {},
    State.VOID: {},
    State.REFUND: {},
    State.OPENING: {},
    State.MISSING: {},
}
"""The next state for every legal move, where the rest after a partial capture is kept; any other
move is refused and changes nothing."""

KEPT, RELEASED = "kept", "released"
"""The answers to `capture.rest`."""
TABLES: dict[str, Table] = {
    KEPT: TRANSITIONS,
    RELEASED: {
        **TRANSITIONS,
        **{
            state: {**TRANSITIONS[state], Move.CAPTURE_PART: State.ENDED}
            for state in (State.OPEN, State.PARTLY_CAPTURED)
        },
    },
}
"""The table of each answer to `capture.rest`; a capture that says itself what becomes of the rest
follows the table that it names."""

REFUNDABLE = (State.CAPTURED, State.ENDED)
"""States in which the void of some APIs gives captured money back (`void.captured`)."""

ILLEGAL_MOVE_RULES: dict[State, tuple[str, str]] = {
    State.OPEN: ("CAP-2", "CAP-2"),
    State.PARTLY_CAPTURED: ("CAP-2", "CAP-2"),
    State.CAPTURED: ("CAP-5", "VOID-3"),
    State.VOIDED: ("CAP-6", "VOID-2"),
    State.RELEASED: ("CAP-6", "VOID-2"),
    State.ENDED: ("CAP-5", "VOID-3"),
    State.REFUNDED: ("CAP-5", "VOID-2"),
    State.DRAWDOWN: ("CAP-7", "VOID-4"),
    State.FUND: ("CAP-7", "VOID-4"),
    State.CAPTURE: ("CAP-7", "VOID-4"),
    State.VOID: ("CAP-7", "VOID-4"),
    State.REFUND: ("CAP-7", "VOID-4"),
    State.OPENING: ("CAP-7", "VOID-4"),
    State.MISSING: ("CAP-7", "VOID-4"),
}
"""The rules that an accepted capture and an accepted void break, by the state that forbids them."""


def move_of_capture(amount: Money | None, remaining: Money) -> Move:
    """Return the move of a capture; without an amount (None) it takes what remains."""
    if amount is None or amount == remaining:
        return Move.CAPTURE_REST
    return Move.CAPTURE_PART if amount < remaining else Move.CAPTURE_MORE


def move_of_void(amount: Money | None, remaining: Money) -> Move:
    """Return the move of a void; without an amount (None) it releases what remains."""
    if amount is None or amount == remaining:
        return Move.VOID
    return Move.VOID_PART if amount < remaining else Move.VOID_MORE


def diagram(rest: str = KEPT) -> str:
    """Return the table of an answer to `capture.rest` as a Mermaid state diagram."""
    table = TABLES[rest]
    reached = [State.OPEN]
    for state in reached:
        reached += [then for then in table[state].values() if then not in reached]
    lines = ["stateDiagram-v2", "    [*] --> open"]
    for state in reached:
        lines += [
            f"    {_id(state)} --> {_id(then)}: {move}" for move, then in table[state].items()
        ]
    lines += [f"    {_id(state)} --> [*]" for state in reached if not table[state]]
    return "\n".join(lines)


def _id(state: State) -> str:
    return state.value.replace(",", "").replace(" ", "_")
