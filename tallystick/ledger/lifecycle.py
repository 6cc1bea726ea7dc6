"""The lifecycle of a transaction, as a table.

This module alone decides when a hold may be captured or voided. It does not know which server is
judged, nor the card around the transaction (see `preconditions`).

A pending drawdown (a hold) locks its amount. A capture collects a part or the rest of it; a void
releases what is left. Everything else that a card's list shows is finished from the start.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """What has become of a transaction."""

    OPEN = "open"
    PARTLY_CAPTURED = "partly captured"
    CAPTURED = "fully captured"
    VOIDED = "voided"
    RELEASED = "voided after a partial capture"
    DRAWDOWN = "a plain drawdown"
    FUND = "a fund"
    CAPTURE = "a capture's own record"
    VOID = "a void's own record"
    OPENING = "the record of the opening amount"
    MISSING = "no transaction of this card"


class Move(StrEnum):
    """What a capture or a void asks of a hold, by what the hold still locks."""

    CAPTURE_PART = "capture a part"
    CAPTURE_REST = "capture what remains"
    CAPTURE_MORE = "capture more than remains"
    VOID = "void"


TRANSITIONS: dict[State, dict[Move, State]] = {
    State.OPEN: {
        Move.CAPTURE_PART: State.PARTLY_CAPTURED,
        Move.CAPTURE_REST: State.CAPTURED,
        Move.VOID: State.VOIDED,
    },
    State.PARTLY_CAPTURED: {
        Move.CAPTURE_PART: State.PARTLY_CAPTURED,
        Move.CAPTURE_REST: State.CAPTURED,
        Move.VOID: State.RELEASED,
    },
    State.CAPTURED: {},
    State.VOIDED: {},
    State.RELEASED: {},
    State.DRAWDOWN: {},
    State.FUND: {},
    State.CAPTURE: {},
    State.VOID: {},
    State.OPENING: {},
    State.MISSING: {},
}
"""The next state for every legal move; any other move is refused and changes nothing."""

ILLEGAL_MOVE_RULES: dict[State, tuple[str, str]] = {
    State.OPEN: ("CAP-2", "CAP-2"),
    State.PARTLY_CAPTURED: ("CAP-2", "CAP-2"),
    State.CAPTURED: ("CAP-5", "VOID-3"),
    State.VOIDED: ("CAP-6", "VOID-2"),
    State.RELEASED: ("CAP-6", "VOID-2"),
    State.DRAWDOWN: ("CAP-7", "VOID-4"),
    State.FUND: ("CAP-7", "VOID-4"),
    State.CAPTURE: ("CAP-7", "VOID-4"),
    State.VOID: ("CAP-7", "VOID-4"),
    State.OPENING: ("CAP-7", "VOID-4"),
    State.MISSING: ("CAP-7", "VOID-4"),
}
"""The rules that an accepted capture and an accepted void break, by the state that forbids them."""


def move_of_capture(amount: int | None, remaining: int) -> Move:
    """Return the move of a capture; without an amount (None) it takes what remains."""
    if amount is None or amount == remaining:
        return Move.CAPTURE_REST
    return Move.CAPTURE_PART if amount < remaining else Move.CAPTURE_MORE


def diagram() -> str:
    """Return the table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", "    [*] --> open"]
    for state, row in TRANSITIONS.items():
        lines += [f"    {_id(state)} --> {_id(then)}: {move}" for move, then in row.items()]
    lines += [
        f"    {_id(state)} --> [*]"
        for state in (State.CAPTURED, State.VOIDED, State.RELEASED)
        if not TRANSITIONS[state]
    ]
    return "\n".join(lines)


def _id(state: State) -> str:
    return state.value.replace(" ", "_")
