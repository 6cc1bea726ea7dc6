"""Lost captures and voids that nothing looks at any more: they change the money, and nothing else.

If all other requests on a hold were answered before a capture of it was called, and the answer to
this one is lost, then it can only come after all of these, and what it takes is known: no later
request depends on what became of the hold. So it is like a lost drawdown (see `lost_money`).
Without this, the possible ledgers would double with each such request. It says nothing where it is
not sure. `tests/drivers/test_order.py` checks it against the ledger, with random states.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from tallystick.checker import Operation, Vector
from tallystick.drivers.concurrent.lost_money import is_payment_without_token
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Capture,
    EntryId,
    Kind,
    Money,
    Outcome,
    ReadCard,
    ReadHold,
    RefId,
    Refused,
    Transact,
    Void,
)

Op = Operation[Any, Outcome]
NAMING = (Capture, Void, ReadHold)
"""Requests that name a hold."""


def last_on_their_holds(
    part: Sequence[Op], ledgers: Sequence[Ledger], reused_refs: Collection[str]
) -> dict[RefId, Vector]:
    """The ref_ids of such requests, each with what it adds to the balance and to the held money.

    `part` are the operations of one card, `ledgers` those that were possible before. A partial
    capture must not release the rest of its hold on this server.
    """
    by_hold: dict[EntryId, list[Op]] = {}
    for op in part:
        if op.returned_ns is None and isinstance(op.command.command, NAMING):
            by_hold[op.command.command.parent] = []
    if not by_hold or any(ledger.tokens for ledger in ledgers) or not all(map(_is_known, part)):
        return {}
    repeated = {
        ref for ledger in ledgers for known in (ledger.refs, ledger.spent_refs) for ref in known
    }
    makers: dict[EntryId, list[Op]] = {hold: [] for hold in by_hold}
    for op in part:
        command, record = op.command.command, getattr(op.outcome, "record", None)
        if isinstance(command, NAMING):
            if command.parent in by_hold:
                by_hold[command.parent].append(op)
        elif isinstance(command, Transact) and command.kind is Kind.HOLD and record is not None:
            makers.get(record.id, []).append(op)
    found: dict[RefId, Vector] = {}
    for hold, named in by_hold.items():
        made = makers[hold]
        refs = {getattr(op.command.command, "ref", "") for op in (*made, *named)}
        if refs.isdisjoint(repeated) and refs.isdisjoint(reused_refs):
            found.update(_last_on(named, made, _remaining_before(hold, made, ledgers)))
    return found


def _is_known(op: Op) -> bool:
    command = op.command.command
    return isinstance(command, ReadCard | ReadHold) or is_payment_without_token(command)


def _remaining_before(hold: EntryId, made: list[Op], ledgers: Sequence[Ledger]) -> Money | None:
    """What the hold locks before all these captures of it; None if that is not sure."""
    entries = [ledger.entries.get(hold) for ledger in ledgers]
    if len(made) == 1 and not any(entries):
        amount: Money = made[0].command.command.amount
        return amount
    locked = {0 if entry is None else entry.remaining for entry in entries}
    return locked.pop() if not made and len(locked) == 1 else None


def _last_on(
    named: list[Op], made: list[Op], remaining: Money | None
) -> Iterator[tuple[RefId, Vector]]:
    last = max(named, key=lambda op: op.called_ns)
    before = [*made, *(op for op in named if op is not last)]
    if remaining is None or last.returned_ns is not None:
        return
    if any(op.returned_ns is None or op.returned_ns >= last.called_ns for op in before):
        return
    for op in before[len(made) :]:
        command = op.command.command
        if isinstance(op.outcome, Refused) or isinstance(command, ReadHold):
            continue
        if isinstance(command, Void) or command.amount is None:
            return
        remaining -= command.amount
    command = last.command.command
    if isinstance(command, ReadHold) or remaining <= 0 or remaining != int(remaining):
        return
    if isinstance(command, Void):
        if command.amount is None:
            yield command.ref, (0, -int(remaining))
    elif command.amount is not None and 0 < command.amount <= remaining:
        amount = int(command.amount)
        if amount == command.amount:  # what only adds is whole
            yield command.ref, (-amount, -amount)
