"""What is true of every ledger that the oracle can reach, as named predicates.

They say a second time, in the simplest way, what the bookkeeping of `effects` has to amount to. The
tests check them on every reachable ledger. This module does not know how a ledger came about, and
the oracle never looks at it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tallystick.ledger.lifecycle import REFUNDABLE, TABLES, State
from tallystick.ledger.state import CardStatus, Entry, Ledger
from tallystick.ledger.vocabulary import Kind, Money


def broken(ledger: Ledger) -> list[str]:
    """Return the names of the invariants that are not true of a ledger; empty for a sound one."""
    return [name for name, is_true in INVARIANTS.items() if not is_true(ledger)]


def broken_between(before: Ledger, after: Ledger) -> list[str]:
    """Return the names of the invariants that are not true from a ledger to its successor."""
    return [name for name, is_true in MONOTONE.items() if not is_true(before, after)]


def _sum(ledger: Ledger, kind: Kind) -> Money:
    return sum(entry.amount for entry in ledger.entries.values() if entry.kind is kind)


def _holds(ledger: Ledger) -> Iterator[tuple[str, Entry]]:
    return ((key, entry) for key, entry in ledger.entries.items() if entry.kind is Kind.HOLD)


def _children(ledger: Ledger, parent: str) -> Iterator[Entry]:
    return (entry for entry in ledger.entries.values() if _acts_on(ledger, entry) == parent)


def _acts_on(ledger: Ledger, entry: Entry) -> str | None:
    """The payment that an entry acts on: the hold of a capture, if a refund names the capture."""
    named = None if entry.parent is None else ledger.entries[entry.parent]
    is_indirect = named is not None and entry.kind is Kind.REFUND and named.kind is Kind.CAPTURE
    return named.parent if named is not None and is_indirect else entry.parent


def money_is_conserved(ledger: Ledger) -> bool:
    """Nothing is made and nothing is lost: every figure is the sum of its records."""
    return (
        ledger.funded == _sum(ledger, Kind.FUND)
        and ledger.drawn == _sum(ledger, Kind.DRAWDOWN)
        and ledger.captured == _sum(ledger, Kind.CAPTURE)
        and ledger.refunded == sum(entry.refunded for entry in ledger.entries.values())
        and ledger.balance
        == ledger.opening + ledger.funded - ledger.drawn - ledger.captured + ledger.refunded
    )


def nothing_is_negative(ledger: Ledger) -> bool:
    """No figure is below 0, and no record's amount is; a card that is none has no balance."""
    figures = [ledger.held, ledger.held_original, ledger.total]
    if ledger.traits.account:
        figures += [ledger.balance, ledger.available]
    return min(*figures, *(entry.amount for entry in ledger.entries.values())) >= 0


def available_is_the_balance_less_what_is_held(ledger: Ledger) -> bool:
    """A hold locks money that stays on the card."""
    return ledger.available == ledger.balance - ledger.held


def held_is_what_open_holds_lock(ledger: Ledger) -> bool:
    """Of an open hold, what was not captured yet is locked; of a finished one nothing."""
    return ledger.held == sum(
        entry.amount - entry.captured - entry.released
        for _, entry in _holds(ledger)
        if entry.is_open
    )


def held_original_is_what_open_holds_locked_at_first(ledger: Ledger) -> bool:
    """The original amounts of the holds that are open."""
    return ledger.held_original == sum(entry.amount for _, entry in _holds(ledger) if entry.is_open)


def a_hold_is_captured_by_its_captures(ledger: Ledger) -> bool:
    """What was captured of a hold is the sum of its captures, and no more than is permitted."""
    return all(
        entry.captured
        == sum(c.amount for c in _children(ledger, key) if c.kind is Kind.CAPTURE)
        <= entry.amount + entry.over
        and 100 * entry.over <= ledger.traits.over_capture * entry.amount
        for key, entry in _holds(ledger)
    )


def what_a_hold_locked_is_captured_or_released_at_its_end(ledger: Ledger) -> bool:
    """Nothing of a finished hold is locked any more, and nothing is counted twice."""
    return all(
        entry.captured + entry.released <= entry.amount + entry.over
        and (entry.is_open or entry.captured + entry.released == entry.amount + entry.over)
        for _, entry in _holds(ledger)
    )


def _releases(child: Entry) -> bool:
    """Whether it unlocked what its hold locked: a void, or a refund before any capture."""
    return child.kind is Kind.VOID or (child.kind is Kind.REFUND and child.captured > 0)


def _gives_back(child: Entry) -> bool:
    return child.kind is Kind.REFUND and not _releases(child)


def nothing_is_refunded_that_was_not_paid(ledger: Ledger) -> bool:
    """What refunds gave back is their sum, and no more than was paid."""
    return all(
        entry.refunded
        == sum(c.amount for c in _children(ledger, key) if _gives_back(c))
        <= entry.paid
        for key, entry in ledger.entries.items()
    )


def a_state_says_what_was_captured(ledger: Ledger) -> bool:
    """The state of a hold follows from what was captured and whether it was voided."""
    return all(_state_fits(ledger, key, entry) for key, entry in _holds(ledger))


def _state_fits(ledger: Ledger, key: str, hold: Entry) -> bool:
    voids = [child.amount for child in _children(ledger, key) if _releases(child)]
    rest = hold.amount - sum(voids)  # what no void has released
    part = 0 < hold.captured < hold.amount
    return {
        State.OPEN: hold.captured == 0 and (rest > 0 or not voids),
        State.PARTLY_CAPTURED: part and hold.captured < rest,
        State.CAPTURED: hold.captured == rest + hold.over > 0,
        State.VOIDED: hold.captured == 0 == rest and len(voids) > 0,
        State.RELEASED: part and hold.captured == rest and len(voids) > 0,
        State.ENDED: part and hold.captured < rest,
        State.REFUNDED: hold.captured > 0 and len(voids) > 0,
    }.get(hold.state, False)


PARENTS: dict[Kind, tuple[Kind, ...]] = {
    Kind.CAPTURE: (Kind.HOLD,),
    Kind.VOID: (Kind.HOLD,),
    Kind.REFUND: (Kind.HOLD, Kind.DRAWDOWN, Kind.CAPTURE),
}


def a_child_points_to_what_it_acts_on(ledger: Ledger) -> bool:
    """A capture, a void and a refund name the payment that they act on; nothing else does."""
    return all(
        (entry.kind in PARENTS) == (entry.parent is not None)
        and (entry.parent is None or ledger.entries[entry.parent].kind in PARENTS[entry.kind])
        for entry in ledger.entries.values()
    )


def a_ref_points_to_its_records(ledger: Ledger) -> bool:
    """Every payment is remembered under its ref_id, and a ref_id remembers nothing else."""
    remembered = {
        (ref, use.entry, use.content[0]) for ref, uses in ledger.refs.items() for use in uses
    }
    made = {
        (entry.ref, key, entry.kind)
        for key, entry in ledger.entries.items()
        if entry.kind is not Kind.OPENING
    }
    return remembered == made


def a_card_that_was_never_loaded_pays_nothing(ledger: Ledger) -> bool:
    """Before it is opened or activated, a card has no holds and no captures."""
    waiting = ledger.card_status in (CardStatus.ABSENT, CardStatus.INACTIVE)
    return not waiting or (
        ledger.opening == ledger.drawn == ledger.captured == ledger.held_original == 0
    )


def what_is_finished_stays_finished(before: Ledger, after: Ledger) -> bool:
    """A finished transaction keeps its state; an open one changes as the lifecycle table says."""
    return all(
        now is None
        or now.state is entry.state
        or any(now.state in table[entry.state].values() for table in TABLES.values())
        or (now.state is State.REFUNDED and entry.state in REFUNDABLE)
        for key, entry in before.entries.items()
        for now in (after.entries.get(key),)
    )


def a_record_never_changes(before: Ledger, after: Ledger) -> bool:
    """Transactions are added; none changes, and none disappears.

    Only its id may change, from the one that stands for a lost answer to the real one.
    """

    def payments(ledger: Ledger) -> list[tuple[str, str, Money]]:
        return [(entry.kind, str(entry.ref), entry.amount) for entry in ledger.entries.values()]

    earlier, later = payments(before), payments(after)
    return all(later.count(payment) >= earlier.count(payment) for payment in earlier)


INVARIANTS: dict[str, Callable[[Ledger], bool]] = {
    predicate.__name__: predicate
    for predicate in (
        money_is_conserved,
        nothing_is_negative,
        available_is_the_balance_less_what_is_held,
        held_is_what_open_holds_lock,
        held_original_is_what_open_holds_locked_at_first,
        a_hold_is_captured_by_its_captures,
        what_a_hold_locked_is_captured_or_released_at_its_end,
        nothing_is_refunded_that_was_not_paid,
        a_state_says_what_was_captured,
        a_child_points_to_what_it_acts_on,
        a_ref_points_to_its_records,
        a_card_that_was_never_loaded_pays_nothing,
    )
}
MONOTONE: dict[str, Callable[[Ledger, Ledger], bool]] = {
    predicate.__name__: predicate
    for predicate in (what_is_finished_stays_finished, a_record_never_changes)
}
