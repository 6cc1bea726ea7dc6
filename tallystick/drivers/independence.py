"""Which operations of a history can trade places: the oracle as the checker wants to ask it.

The checker would be right without any of this, only slower, as long as all of it is true; a test
holds it to the ledger. It knows the ledger's commands, not how a search goes about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tallystick.history import Operation
from tallystick.ledger.ledger import Ledger
from tallystick.ledger.rulings import REFUSE
from tallystick.ledger.step import step
from tallystick.ledger.vocabulary import (
    Accepted,
    Command,
    Kind,
    Outcome,
    Payment,
    ReadCard,
    Refused,
    Transact,
    Unknown,
    Violation,
)
from tallystick.linearizability import Hints
from tallystick.program import Step

LOSER_MAY_BE_REFUSED = ("ref.", "create.", "batch.", "activate.", "delete.again")
"""Of two equal requests at the same moment one has its effect; what the other one is answered is
open (question 7), so a refusal is no contradiction to what the target answers otherwise."""

TAKES = (Kind.DRAWDOWN, Kind.HOLD)
FREES = (Kind.FUND, Kind.VOID)


@dataclass(frozen=True, slots=True)
class Asked:
    """A command, with the step that asked for it as a report shows it."""

    step: Step | str
    command: Command


Op = Operation[Asked, Outcome]


@dataclass(frozen=True, slots=True)
class Independence:
    """What a whole history of a card says of its ref_ids, and so of the order of its operations.

    A refusal may use up its ref_id. Nobody can tell whether one has that no other request carries,
    so `reused` are the others; and a request whose answer was `lost` may have been refused at any
    moment, so its ref_id counts as used up from the start. Both keep orders that lead to the same
    money from being many states.
    """

    reused: frozenset[str]
    lost: frozenset[str]

    @classmethod
    def of(cls, part: Sequence[Op]) -> Independence:
        """What is known of these operations."""
        refs = Counter(ref_of(op) for op in part)
        lost = {ref_of(op) for op in part if isinstance(op.outcome, Unknown)}
        return cls(frozenset(ref for ref in refs if refs[ref] > 1), frozenset(lost - {""}))

    def before(self, ledger: Ledger) -> Ledger:
        """The ledger from which orders start."""
        burnt = ledger.burnt
        for ref in sorted(self.lost):
            burnt = burnt.set(ref, True)
        dialect = ledger.dialect.also(REFUSE, LOSER_MAY_BE_REFUSED)
        return ledger.changed(dialect=dialect, burnt=burnt)

    def step(self, ledger: Ledger, asked: Asked, outcome: Outcome) -> tuple[Ledger, ...]:
        """The oracle's successors. What an order teaches of the dialect is dropped again.

        Otherwise two orders that lead to the same money would be two states, for the sake of
        answers that all chapters before this one have asked for already.
        """
        result = step(ledger, asked.command, outcome)
        if isinstance(result, Violation):
            return ()
        if isinstance(outcome, Refused) and self._leaves_no_trace(asked.command):
            return (ledger,)
        dialect = ledger.dialect
        return tuple(
            after if after.dialect is dialect else after.changed(dialect=dialect)
            for after in result
        )

    @property
    def hints(self) -> Hints:
        """What the checker may know."""
        return Hints(self.changes, interferes)

    def changes(self, operation: Op) -> bool:
        """Whether the operation may leave another ledger behind."""
        command = operation.command.command
        if isinstance(operation.outcome, Refused):
            return not self._leaves_no_trace(command)
        return not isinstance(command, ReadCard)

    def _leaves_no_trace(self, command: Command) -> bool:
        """Whether nothing can depend on a refusal of the command."""
        return _is_payment_without_token(command) and command.ref not in self.reused  # type: ignore


def interferes(earlier: Op, later: Op) -> bool:
    """Payments meet in a ref_id, in a hold, or in the money that is available."""
    if not (_is_plain(earlier) and _is_plain(later)):
        return True
    if ref_of(earlier) == ref_of(later) or _named(earlier) & _named(later):
        return True
    if len(_currencies(earlier) | _currencies(later)) > 1:
        return True  # a card that is not active yet takes on the currency of a fund
    if _frees(earlier):
        return _takes(later)
    if _takes(earlier):
        return _lacked(later)
    return _lacked(earlier) and _frees(later)


def ref_of(operation: Op) -> str:
    """The ref_id that a payment carries; empty for everything else."""
    command = operation.command.command
    return command.ref if isinstance(command, Payment) else ""


def _is_plain(operation: Op) -> bool:
    """A payment that depends on its hold and on the money only.

    A token may have been used up, and a fund is refused for what is on the card already.
    """
    command, outcome = operation.command.command, operation.outcome
    if isinstance(command, Transact) and command.kind is Kind.FUND:
        return command.token is None and not isinstance(outcome, Refused)
    return _is_payment_without_token(command)


def _is_payment_without_token(command: Command) -> bool:
    return isinstance(command, Payment) and getattr(command, "token", None) is None


def _frees(operation: Op) -> bool:
    """Whether it may make more money available; a capture takes what was locked already."""
    return _kind(operation) in FREES and not isinstance(operation.outcome, Refused)


def _takes(operation: Op) -> bool:
    """Whether it may have taken money that was available."""
    return _kind(operation) in TAKES and not isinstance(operation.outcome, Refused)


def _lacked(operation: Op) -> bool:
    """Whether it was refused, perhaps because there was too little money, which has to stay so."""
    return _kind(operation) in TAKES and isinstance(operation.outcome, Refused)


def _kind(operation: Op) -> Kind | None:
    command = operation.command.command
    return command.kind if isinstance(command, Payment) else None


def _currencies(operation: Op) -> set[str]:
    command = operation.command.command
    return {command.currency} if isinstance(command, Transact) else set()


def _named(operation: Op) -> set[str]:
    """The transactions that an operation is about: the parent, and what it made."""
    parent = getattr(operation.command.command, "parent", None)
    outcome = operation.outcome
    made = getattr(outcome.record, "id", None) if isinstance(outcome, Accepted) else None
    return {name for name in (parent, made) if name}
