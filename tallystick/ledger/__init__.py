"""The oracle: what a server may answer, told from everything that it answered before.

Imports only the standard library. To understand it, read in this order:

1. `vocabulary`: commands, outcomes and records, the values that go in;
2. `lifecycle`: the table that says when a hold may be captured or voided;
3. `state`: the ledger of one card, the value that is carried on;
4. `oracle`: the oracle itself, `step(ledger, command, outcome) -> successors | Violation`;
5. what the oracle asks: `preconditions` (with `reasons`) and `references` before an answer is seen,
   `effects` when a command was accepted or refused, `records`, `figures`, `members` and `reading`
   for what an answer shows, `ordinary` for what any server has to take, `frequent` to be quick
   about most payments;
6. `dialect`: the answers to open questions that are still possible.

`invariants` says a second time what is true of every ledger, for the tests. `coding` turns commands
and outcomes into JSON and back. `persistent` is the map that ledgers are made of.
"""

from tallystick.ledger.dialect import Dialect
from tallystick.ledger.lifecycle import Move, State
from tallystick.ledger.oracle import Judgement, judge, step
from tallystick.ledger.state import CardStatus, Entry, LastWrite, Ledger, Successors
from tallystick.ledger.vocabulary import (
    Accepted,
    CardId,
    CardLabel,
    Command,
    EntryId,
    Kind,
    Outcome,
    Record,
    RefId,
    Refused,
    Unknown,
    Violation,
)

__all__ = [
    "Accepted",
    "CardId",
    "CardLabel",
    "CardStatus",
    "Command",
    "Dialect",
    "Entry",
    "EntryId",
    "Judgement",
    "Kind",
    "LastWrite",
    "Ledger",
    "Move",
    "Outcome",
    "Record",
    "RefId",
    "Refused",
    "State",
    "Successors",
    "Unknown",
    "Violation",
    "judge",
    "step",
]
