"""Captures of more than their hold, where the API permits it up to a percentage (`over_capture`).

A tip, or a card network that allows for shipping costs. The bound is for all captures of a hold
together. A server may refuse what exceeds the hold even so. This module never sees an answer.
"""

from __future__ import annotations

from decimal import Decimal

from tallystick.ledger.lifecycle import KEPT, State
from tallystick.ledger.state import Entry, Ledger
from tallystick.ledger.vocabulary import Money, exact


def may_exceed(ledger: Ledger, hold: Entry) -> Money:
    """Return how much more than what remains of a hold one more capture may take.

    Of a hold that is captured whole only where several captures of one are possible.
    """
    percent = ledger.traits.over_capture
    again = hold.state is State.CAPTURED and ledger.dialect.allows("capture.rest", KEPT)
    if not percent or not (hold.is_open or again):
        return 0
    return exact(Decimal(hold.amount) * percent / 100 - hold.over)


def surcharge(ledger: Ledger, hold: Entry, amount: Money | None) -> Money:
    """Return by how much a capture exceeds what remains, if the API permits it; 0 if it does not.

    0 also for a capture that takes what remains or less.
    """
    if amount is None or amount <= hold.remaining:
        return 0
    beyond = amount - hold.remaining
    return beyond if beyond <= may_exceed(ledger, hold) else 0
