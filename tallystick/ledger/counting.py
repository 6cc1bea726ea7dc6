"""What the past of a hold or of a token counts as, where an open question decides it.

Knows ledgers and the answers that are still possible; judges no command.
"""

from __future__ import annotations

from tallystick.ledger.dialect import ACCEPT, REFUSE
from tallystick.ledger.state import CAPTURED_USE, VOIDED_USE, Entry, Ledger


def has_paid_by_capture(ledger: Ledger, used: frozenset[str]) -> bool:
    """Whether money that the token locked is drawn, where the lock itself counts as its payment.

    A void may give a token back; where a lock does not count, a capture has no token (question 47).
    """
    locks_count = not ledger.dialect.allows("token.used_by.hold", ACCEPT)
    return locks_count and CAPTURED_USE in used and VOIDED_USE not in used


def zero_may_be_a_part(ledger: Ledger, hold: Entry | None, question: str) -> bool:
    """Whether what a server refuses after a part may be refused after a capture of 0 too.

    Questions 9 and 17: one server asks how much is captured, another whether there is a capture.
    """
    return hold is not None and hold.touched and ledger.dialect.allows(question, REFUSE)


def may_refund(ledger: Ledger) -> bool:
    """Whether a void of captured money is a refund of it on some servers of this API.

    On a card it would be money of the card: then a void may not do it.
    """
    return not ledger.traits.account and ledger.dialect.is_permitted("void.captured", ACCEPT)
