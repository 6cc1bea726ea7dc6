"""The most frequent payments: is it sure that there is no reason to refuse one?

To know that is much cheaper than to look for every reason, as `preconditions` does, and in a long
history nearly all payments are of this kind. A test compares the two with random ledgers.
"""

from __future__ import annotations

from tallystick.ledger.lifecycle import State
from tallystick.ledger.ordinary import ORDINARY_AMOUNT, is_ordinary_ref
from tallystick.ledger.state import CardStatus, Ledger
from tallystick.ledger.vocabulary import Capture, Kind, Money, Phase, RefId, Transact, Void, Write


def is_surely_without_reason(ledger: Ledger, command: Write) -> bool:
    """Whether it is such a payment, and has no reason to be refused; False says nothing."""
    if isinstance(command, Transact):
        amount: Money | None = command.amount
        most = ORDINARY_AMOUNT - ledger.total if command.kind is Kind.FUND else ledger.available
        if command.token is not None or command.currency != ledger.currency:
            return False
    elif isinstance(command, Capture | Void):
        hold = ledger.entries.get(command.parent)
        if hold is None or hold.state is not State.OPEN or hold.touched:
            return False
        most = hold.remaining
        amount = command.amount
        if amount is None and isinstance(command, Void):
            amount = most
    else:
        return False
    return (
        type(amount) is int
        and 0 < amount <= most
        and ledger.traits.least <= amount <= ORDINARY_AMOUNT
        and not command.extras
        and command.phase is Phase.WITHIN
        and ledger.card_status is CardStatus.ACTIVE
        and command.ref not in ledger.spent_refs
        and command.ref != RefId(ledger.card)
        and is_ordinary_ref(command.ref)
    )
