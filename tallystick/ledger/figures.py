"""The figures of a card against the ledger.

Of the figures that a card shows, two are documented: the balance and what is available (BAL-1,
BAL-2). The others are named only, so each is a question: which formula does this server mean by it?
It has to be one of the permitted formulas, and the same one every time. This module does not know
how a card was read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tallystick.ledger.members import first_missing
from tallystick.ledger.state import CardStatus, LastWrite, Ledger
from tallystick.ledger.vocabulary import CardRecord, Money, Phase, Violation

DOCUMENTED_FIGURES = ("amount_balance", "amount_available")

Formula = Callable[[Ledger], Money]

FORMULAS: dict[str, dict[str, Formula]] = {
    "figure.amount": {
        "opening": lambda ledger: ledger.opening,
        "total": lambda ledger: ledger.total,
        "balance": lambda ledger: ledger.balance,
        "available": lambda ledger: ledger.available,
    },
    "figure.amount_funds": {
        "with_opening": lambda ledger: ledger.total,
        "without_opening": lambda ledger: ledger.funded,
    },
    "figure.amount_drawdown": {
        "drawn": lambda ledger: ledger.drawn + ledger.captured,
        "drawn_and_held": lambda ledger: ledger.drawn + ledger.captured + ledger.held,
        "captured": lambda ledger: ledger.captured,
    },
    "figure.amount_pending": {
        "held": lambda ledger: ledger.held,
        "gross_of_open_holds": lambda ledger: ledger.held_original,
        "gross_of_all_holds": lambda ledger: ledger.held_ever,
    },
    "figure.amount_reserved": {
        "held": lambda ledger: ledger.held,
        "gross_of_open_holds": lambda ledger: ledger.held_original,
    },
}

"""The permitted formulas of every other figure, by question and answer of the dialect."""

BLAME: dict[LastWrite, tuple[str, str]] = {
    LastWrite.NONE: ("BAL-1", "BAL-2"),
    LastWrite.OPENED: ("CARD-1", "CARD-1"),
    LastWrite.DRAWN: ("TX-1", "TX-1"),
    LastWrite.HELD: ("TX-5", "TX-5"),
    LastWrite.FUNDED: ("FUND-1", "FUND-2"),
    LastWrite.CAPTURED_PART: ("CAP-1", "CAP-4"),
    LastWrite.CAPTURED_REST: ("CAP-1", "CAP-3"),
    LastWrite.CAPTURED_AND_ENDED: ("CAP-1", "CAP-4"),
    LastWrite.CAPTURED_ZERO: ("CAP-9", "CAP-9"),
    LastWrite.VOIDED: ("VOID-1", "VOID-1"),
    LastWrite.RELEASED: ("VOID-6", "VOID-6"),
    LastWrite.RELEASED_PART: ("VOID-1", "VOID-1"),
    LastWrite.REFUNDED: ("VOID-3", "VOID-3"),
    LastWrite.PAID_BACK: ("REFUND-1", "REFUND-1"),
    LastWrite.RELEASED_BY_REFUND: ("REFUND-3", "REFUND-3"),
    LastWrite.REPEATED: ("REF-1", "REF-1"),
    LastWrite.REPEATED_WITH_OTHER_BODY: ("REF-2", "REF-2"),
    LastWrite.REPEATED_IN_OTHER_OPERATION: ("REF-3", "REF-3"),
    LastWrite.REFUSED: ("BAL-6", "BAL-6"),
    LastWrite.RECREATED: ("CARD-3", "CARD-3"),
    LastWrite.REACTIVATED: ("CARD-6", "CARD-6"),
    LastWrite.READ: ("READ-1", "READ-1"),
}
"""The rules that a wrong balance and a wrong available amount break, by the last write."""

FIGURE_RULES = {
    last_write: tuple(dict.fromkeys(("BAL-1", "BAL-2", "BAL-3", *blamed)))
    for last_write, blamed in BLAME.items()
}
"""The rules that the documented figures of a card check, by the last write."""


def judge_card(
    ledger: Ledger, record: CardRecord, checked: list[str], phase: Phase = Phase.WITHIN
) -> Ledger | Violation:
    """Compare the figures that a card shows with the ledger.

    Returns the ledger, its dialect narrowed by the figures, or the violation; the ids of the rules
    that were checked go into `checked`.
    """
    if phase is not Phase.WITHIN and record.available == 0:
        # "Available for drawdown": 0 is right too while the card takes no drawdowns.
        record = replace(record, available=ledger.available)
    checked += [*FIGURE_RULES[ledger.last_write], *(["READ-2"] if record.card is not None else [])]
    violation = _documented_violation(ledger, record)
    if violation is not None:
        return violation
    dialect = ledger.dialect
    for question, shown in _open_figures(record):
        if ledger.refunded:
            continue  # whether a sum counts what was given back is not documented
        checked.append("BAL-4")
        formulas = FORMULAS[question]
        known = dialect.answer(question)
        if known is not None and formulas[known](ledger) == shown:
            continue
        fitting = [name for name, formula in formulas.items() if formula(ledger) == shown]
        narrowed = dialect.narrow(question, fitting)
        if narrowed is None:
            return _wrong_figure(ledger, question, shown)
        dialect = narrowed
    return ledger.with_dialect(dialect)


def judge_members(ledger: Ledger, record: CardRecord, checked: list[str]) -> Violation | None:
    """Return the violation of CARD-2 if a card does not show all that it was created with.

    Or activated with; the id of the rule goes into `checked`.
    """
    checked.append("CARD-2")
    sent = () if ledger.opened_by is None else ledger.opened_by.extras
    missing = first_missing(sent, record.extras, ledger.traits.reserved_metadata)
    return None if missing is None else Violation("CARD-2", *missing)


def _documented_violation(ledger: Ledger, record: CardRecord) -> Violation | None:
    balance_rule, available_rule = BLAME[ledger.last_write]
    if record.card is not None and record.card != ledger.card:
        return Violation("READ-2", f"card {ledger.card!r}", f"card {record.card!r}")
    if ledger.card_status is CardStatus.ACTIVE and record.currency not in (None, ledger.currency):
        return Violation("CARD-2", f"currency {ledger.currency}", f"currency {record.currency}")
    lacks_balance = record.balance is None and ledger.traits.has("balance")
    if lacks_balance or (record.available is None and ledger.traits.has("available")):
        return Violation("BAL-1", "amount_balance and amount_available", "one of them is absent")
    if record.balance not in (None, ledger.balance):
        expected = f"amount_balance {ledger.balance} after {ledger.last_write}"
        return Violation(balance_rule, expected, f"amount_balance {record.balance}")
    if record.available not in (None, ledger.available):
        expected = f"amount_available {ledger.available} after {ledger.last_write}"
        return Violation(available_rule, expected, f"amount_available {record.available}")
    # At the end: a figure below 0 mostly follows from a wrong one, whose rule says more.
    if _is_negative(record):
        return Violation("BAL-3", "no figure below 0", f"{record}")
    return None


def _open_figures(record: CardRecord) -> list[tuple[str, Money]]:
    """Return the figures that are questions and are shown, as (question, what is shown)."""
    figures = (
        ("figure.amount", record.amount),
        ("figure.amount_funds", record.funds),
        ("figure.amount_drawdown", record.drawdown),
        ("figure.amount_pending", record.pending),
        ("figure.amount_reserved", record.reserved),
    )
    return [(question, shown) for question, shown in figures if shown is not None]


def _is_negative(record: CardRecord) -> bool:
    documented = [figure for figure in (record.balance, record.available) if figure is not None]
    return min([*documented, *[shown for _, shown in _open_figures(record)]], default=0) < 0


def _wrong_figure(ledger: Ledger, question: str, shown: Money) -> Violation:
    member = question.removeprefix("figure.")
    formulas = FORMULAS[question]
    possible = sorted(ledger.dialect.possible(question))
    readings = " or ".join(f"{formulas[name](ledger)} ({name})" for name in possible)
    return Violation(
        "BAL-4", f"{member} {readings} after {ledger.last_write}", f"{member} {shown}", question
    )
