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
from tallystick.drivers.concurrent.lost_money import KNOWN_PAYMENTS, looks_at_no_list
from tallystick.ledger.ordinary import is_ordinary_ref
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    Outcome,
    ReadHold,
    RefId,
    Transact,
)

Op = Operation[Any, Outcome]


def unnamed_in(
    part: Sequence[Op], ledgers: Sequence[Ledger], reused_refs: Collection[str]
) -> frozenset[RefId]:
    """The ref_ids of the accepted payments whose records nobody looks at again.

    `part` are the operations of one card, `ledgers` those that were possible before.
    """
    commands = [op.command.command for op in part]
    if not all(map(looks_at_no_list, commands)):
        return frozenset()
    made = [
        (command, id_)
        for command, op in zip(commands, part, strict=True)
        if isinstance(op.outcome, Accepted)
        and isinstance(command, KNOWN_PAYMENTS)
        and (id_ := getattr(op.outcome.record, "id", None))
    ]
    # An id that is shown twice contradicts TX-8, and only a ledger that remembers it says so.
    times = Counter([id_ for _, id_ in made])
    kept: set[str | None] = {known for ledger in ledgers for known in ledger.entries}
    kept.update([getattr(command, "parent", None) for command in commands])
    refs = {known for ledger in ledgers for known in ledger.refs} | set(reused_refs)
    # The figures of a hold may depend on the records of its captures and voids.
    are_holds_read = any(isinstance(command, ReadHold) for command in commands)
    return frozenset(
        command.ref
        for command, id_ in made
        if times[id_] == 1
        and id_ not in kept
        and command.ref not in refs
        and is_ordinary_ref(command.ref)
        and (isinstance(command, Transact) or not are_holds_read)
    )
