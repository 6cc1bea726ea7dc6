"""Payments whose records nobody looks at again: what is left of them is their money.

If no later request names what a payment made, repeats its ref_id or reads a list, then the ledger
need not remember its record (`Ledger.unrecorded`). So a ledger stays small however long a history
is, and ledgers that permit the same are equal. It says nothing where it is not sure.
`tests/drivers/test_unnamed.py` checks it against the whole ledger, with random histories.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from tallystick.checker import Operation
from tallystick.drivers.concurrent.lost_money import is_payment_without_token
from tallystick.ledger.ordinary import is_ordinary_ref
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    Outcome,
    Payment,
    Phase,
    ReadCard,
    ReadHold,
    RefId,
    Transact,
    View,
)

Op = Operation[Any, Outcome]


def unnamed_in(
    part: Sequence[Op], ledgers: Sequence[Ledger], reused_refs: Collection[str]
) -> frozenset[RefId]:
    """The ref_ids of the accepted payments whose records nobody looks at again.

    `part` are the operations of one card, `ledgers` those that were possible before.
    """
    if not all(map(_looks_at_no_list, part)):
        return frozenset()
    made = [(op.command.command, id_) for op in part if (id_ := _made_by(op))]
    # An id that is shown twice contradicts TX-8, and only a ledger that remembers it says so.
    times = Counter(id_ for _, id_ in made)
    kept: set[str | None] = {known for ledger in ledgers for known in ledger.entries}
    kept |= {getattr(op.command.command, "parent", None) for op in part}
    refs = {known for ledger in ledgers for known in ledger.refs} | set(reused_refs)
    # The figures of a hold may depend on the records of its captures and voids.
    are_holds_read = any(isinstance(op.command.command, ReadHold) for op in part)
    return frozenset(
        command.ref
        for command, id_ in made
        if times[id_] == 1
        and id_ not in kept
        and command.ref not in refs
        and is_ordinary_ref(command.ref)
        and (isinstance(command, Transact) or not are_holds_read)
    )


def _looks_at_no_list(op: Op) -> bool:
    command = op.command.command
    if getattr(command, "phase", Phase.WITHIN) is not Phase.WITHIN:
        return False
    if isinstance(command, ReadCard):
        return command.view is View.DETAILS
    return isinstance(command, ReadHold) or is_payment_without_token(command)


def _made_by(op: Op) -> str | None:
    """The id of the transaction that a payment made, if its answer shows one."""
    if isinstance(op.command.command, Payment) and isinstance(op.outcome, Accepted):
        return getattr(op.outcome.record, "id", None)
    return None
