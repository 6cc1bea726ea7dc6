"""The lifecycle of a hold as one run has driven it: each state, each move, how often.

The table is the oracle's own; the run says how often each move was accepted and refused, and which
answer the target gives to `capture.rest`. It does not know how anything looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypedDict

from tallystick.driven import ACCEPTED, HOLD, NEW, REFUSED
from tallystick.ledger.dialect import ACCEPT
from tallystick.ledger.lifecycle import KEPT, REFUNDABLE, TABLES, Move, State, Table
from tallystick.ledger.traits import Traits
from tallystick.run import Run


class MoveEntry(TypedDict):
    """A move of a hold. `to` null: the ledger refuses it; `state` empty: the hold is made."""

    state: str
    move: str
    to: str | None
    accepted: int
    refused: int


def lifecycle_of(run: Run) -> list[MoveEntry]:
    """Every legal move in the order in which states are reached, then what had to be refused."""
    table = TABLES[run.dialect.answer("capture.rest") or KEPT]
    refunds = run.dialect.answer("void.captured") == ACCEPT
    legal = list(_legal(run.profile.traits, table, refunds=refunds))
    known = {(state, move) for state, move, _ in legal}
    counts = run.driven.counts
    tried = dict.fromkeys((key.split(": ")[0], key.split(": ")[1]) for key in counts)
    illegal = [(state, move, None) for state, move in tried if (state, move) not in known]
    return [
        MoveEntry(
            state=state,
            move=move,
            to=to,
            accepted=counts.get(f"{state}: {move}: {ACCEPTED}", 0),
            refused=counts.get(f"{state}: {move}: {REFUSED}", 0),
        )
        for state, move, to in (*legal, *illegal)
    ]


def merged_lifecycle(runs: Iterable[Sequence[MoveEntry]]) -> list[MoveEntry]:
    """The moves of several runs together, what is legal first."""
    found: dict[tuple[str, str, str | None], MoveEntry] = {}
    for entry in (entry for entries in runs for entry in entries):
        key = entry["state"], entry["move"], entry["to"]
        before = found.get(key)
        found[key] = MoveEntry(
            state=entry["state"],
            move=entry["move"],
            to=entry["to"],
            accepted=entry["accepted"] + (before["accepted"] if before is not None else 0),
            refused=entry["refused"] + (before["refused"] if before is not None else 0),
        )
    return sorted(found.values(), key=lambda entry: entry["to"] is None)


def _legal(traits: Traits, table: Table, *, refunds: bool) -> Iterator[tuple[str, str, str | None]]:
    """Every move that is legal. `refunds`: a void of a captured hold gives its money back."""
    if HOLD not in traits.verbs:
        return
    yield NEW, HOLD, State.OPEN.value
    reached = [State.OPEN]
    for state in reached:
        moves = dict(table[state])
        if refunds and state in REFUNDABLE:
            moves[Move.VOID] = State.REFUNDED
        for move, then in moves.items():
            if _is_offered(traits, move):
                yield state.value, move.value, then.value
                reached += [then] if then not in reached else []


def _is_offered(traits: Traits, move: Move) -> bool:
    if move is Move.VOID_PART:
        return traits.part_of_void
    verb = "void" if move is Move.VOID else "capture"
    return verb in traits.verbs
