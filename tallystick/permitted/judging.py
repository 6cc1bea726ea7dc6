"""Judges an outcome once more, by the ledgers that were possible then."""

from __future__ import annotations

from tallystick.driven import Judged
from tallystick.ledger.oracle import judge
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import Outcome, Violation


def violation_of(judged: Judged, outcome: Outcome) -> Violation | None:
    """The first violation if no ledger that was possible permits the outcome."""
    results = [judge(ledger, judged.command, outcome).result for ledger in judged.ledgers]
    violations = [result for result in results if isinstance(result, Violation)]
    return violations[0] if violations and len(violations) == len(results) else None


def changes_nothing(judged: Judged) -> bool:
    """Whether the outcome, if it is permitted, leaves the money of every ledger as it was."""
    for ledger in judged.ledgers:
        result = judge(ledger, judged.command, judged.outcome).result
        if not isinstance(result, Violation) and any(
            _money(after) != _money(ledger) for after in result
        ):
            return False
    return True


def _money(ledger: Ledger) -> tuple[object, ...]:
    holds = tuple((entry.amount, entry.captured, entry.state) for entry in ledger.entries.values())
    return ledger.card_status, ledger.balance, ledger.held, holds
