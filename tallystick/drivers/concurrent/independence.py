"""Which operations of a history can trade places: the oracle as the checker wants to ask it.

The checker would be right without any of this, only slower, as long as all of it is true; a test
holds it to the ledger. It knows the ledger's commands, not how a search goes about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tallystick.checker import Hints, Operation
from tallystick.ledger.dialect import REFUSE
from tallystick.ledger.figures import FORMULAS
from tallystick.ledger.oracle import step
from tallystick.ledger.ordinary import is_ordinary_ref
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    CardRecord,
    Command,
    IssueToken,
    Kind,
    Outcome,
    Payment,
    ReadCard,
    ReadTransactions,
    Refused,
    Transact,
    Unknown,
    Violation,
)
from tallystick.program import Step

DUPLICATE_MAY_BE_REFUSED = ("ref.", "create.", "batch.", "activate.", "delete.again")
"""Of two equal requests at the same moment one has its effect; what the other one is answered is
open (question 7), so a refusal is no contradiction to what the target answers otherwise."""

TAKES = (Kind.DRAWDOWN, Kind.HOLD)
FREES = (Kind.FUND, Kind.VOID)
NEVER_RESTARTS = (Payment, ReadCard, ReadTransactions, IssueToken)


@dataclass(frozen=True, slots=True)
class TaggedCommand:
    """A command, with the step that asked for it as a report shows it."""

    step: Step | str
    command: Command


Op = Operation[TaggedCommand, Outcome]


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
    entangled: frozenset[str] = frozenset()
    """Ids that a request named before the answer that made them was there."""
    never_restarts: bool = True
    """Whether nothing can begin the card anew, so that what was funded or drawn stays so."""

    @classmethod
    def of(cls, part: Sequence[Op]) -> Independence:
        """What is known of these operations."""
        refs = Counter(ref_of(op) for op in part)
        lost = {ref_of(op) for op in part if isinstance(op.outcome, Unknown)}
        return cls(
            frozenset(ref for ref in refs if refs[ref] > 1),
            frozenset(lost - {""}),
            frozenset(_entangled(part)),
            all(isinstance(op.command.command, NEVER_RESTARTS) for op in part),
        )

    def before(self, ledger: Ledger) -> Ledger:
        """The ledger from which orders start."""
        spent_refs = ledger.spent_refs
        for ref in sorted(self.lost):
            spent_refs = spent_refs.set(ref, True)
        dialect = ledger.dialect.also(REFUSE, DUPLICATE_MAY_BE_REFUSED)
        return ledger.changed(dialect=dialect, spent_refs=spent_refs)

    def step(self, ledger: Ledger, tagged: TaggedCommand, outcome: Outcome) -> tuple[Ledger, ...]:
        """The oracle's successors. What an order teaches of the dialect is dropped again.

        Otherwise two orders that lead to the same money would be two states, for the sake of
        answers that all chapters before this one have asked for already.
        """
        result = step(ledger, tagged.command, outcome)
        if isinstance(result, Violation):
            return ()
        if isinstance(outcome, Refused) and self._leaves_no_trace(tagged.command):
            return (ledger,)
        dialect = ledger.dialect
        return tuple(
            after if after.dialect is dialect else after.changed(dialect=dialect)
            for after in result
        )

    @property
    def hints(self) -> Hints:
        """What the checker may know."""
        return Hints(self.changes, interferes, self.hinders, self.enablers)

    def changes(self, operation: Op) -> bool:
        """Whether the operation may leave another ledger behind."""
        command = operation.command.command
        if isinstance(operation.outcome, Refused):
            return not self._leaves_no_trace(command)
        return not isinstance(command, ReadCard)

    def hinders(self, earlier: Op, later: Op) -> bool:
        """Whether the later one, possible at once, may make the earlier one impossible after it.

        Payments that have nothing in common but money do not: all that free money can be placed
        before all that take it, and in the end it is the same. A refusal for want of money is
        another matter, it may need the little that there was.
        """
        if not (_is_plain(earlier) and _is_plain(later)) or _lacked(earlier):
            return True
        return _meet(earlier, later) or bool(_named(earlier) & self.entangled)

    def enablers(self, ledger: Ledger, later: Op, others: Sequence[Op]) -> Sequence[Op]:
        """The others that may have to come before the later one, to make it possible.

        A read shows all that was funded and all that was drawn, and both only grow: what comes
        before it adds up to what is missing.
        """
        shown = getattr(later.outcome, "record", None)
        if not isinstance(shown, CardRecord) or not self.never_restarts:
            return others
        for kinds, missing in _missing(ledger, shown):
            summands = [op for op in others if _kind(op) in kinds and _may_add(op)]
            chosen = summands_of(missing, tuple(_amount(op) for op in summands))
            if chosen is None:
                return ()
            left_out = {
                id(op)
                for n, op in enumerate(summands)
                if not chosen >> n & 1 and self._is_no_repetition(ledger, op)
            }
            others = [op for op in others if id(op) not in left_out]
        return others

    def _is_no_repetition(self, ledger: Ledger, op: Op) -> bool:
        """Whether it adds its amount wherever it is placed: a repetition adds nothing."""
        return ref_of(op) not in self.reused and ref_of(op) not in ledger.refs

    def _leaves_no_trace(self, command: Command) -> bool:
        """Whether nothing can depend on a refusal of the command."""
        return _is_payment_without_token(command) and command.ref not in self.reused  # type: ignore


def interferes(earlier: Op, later: Op) -> bool:
    """Payments meet in a ref_id, in a hold, or in the money that is available."""
    if not (_is_plain(earlier) and _is_plain(later)):
        return True
    if _meet(earlier, later):
        return True
    if _frees(earlier):
        return _takes(later)
    if _takes(earlier):
        return _lacked(later)
    return _lacked(earlier) and _frees(later)


def _meet(one: Op, other: Op) -> bool:
    """Whether two payments have a ref_id or a hold in common, or disagree about the currency.

    A card that is not active yet takes on the currency of a fund.
    """
    if ref_of(one) == ref_of(other) or _named(one) & _named(other):
        return True
    return len(_currencies(one) | _currencies(other)) > 1


def ref_of(operation: Op) -> str:
    """The ref_id that a payment carries; empty for everything else."""
    command = operation.command.command
    return command.ref if isinstance(command, Payment) else ""


def _is_plain(operation: Op) -> bool:
    """A payment that depends on its hold and on the money only.

    A token may have been used up, a fund is refused for what is on the card already, and of unusual
    ref_ids some have to be taken because others were.
    """
    if _kind(operation) is Kind.FUND and isinstance(operation.outcome, Refused):
        return False
    return _is_payment_without_token(operation.command.command) and is_ordinary_ref(
        ref_of(operation)
    )


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


def _may_add(operation: Op) -> bool:
    return not isinstance(operation.outcome, Refused)


def _kind(operation: Op) -> Kind | None:
    command = operation.command.command
    return command.kind if isinstance(command, Payment) else None


def _currencies(operation: Op) -> set[str]:
    command = operation.command.command
    return {command.currency} if isinstance(command, Transact) else set()


def _missing(ledger: Ledger, shown: CardRecord) -> Iterator[tuple[tuple[Kind, ...], int]]:
    """By which kinds of payments a figure grows, and how much of it is missing in the ledger."""
    answer = ledger.dialect.answer
    if shown.funds is not None and answer("figure.amount_funds") is not None:
        formula = FORMULAS["figure.amount_funds"][str(answer("figure.amount_funds"))]
        yield (Kind.FUND,), shown.funds - formula(ledger)
    if shown.drawdown is not None and answer("figure.amount_drawdown") == "drawn":
        yield (Kind.DRAWDOWN, Kind.CAPTURE), shown.drawdown - ledger.drawn - ledger.captured


@lru_cache(maxsize=4096)
def summands_of(total: int, amounts: tuple[int | None, ...]) -> int | None:
    """The bits of the amounts that are in some selection with this total; None if there is none.

    An amount that is not known, or a total that is reached in too many ways, may be anything.
    """
    everything = (1 << len(amounts)) - 1
    if None in amounts:
        return everything
    sums = {0: 0}
    for number, amount in enumerate(amounts):
        assert amount is not None
        for reached, members in list(sums.items()):
            if reached + amount <= total:
                sums[reached + amount] = sums.get(reached + amount, 0) | members | 1 << number
        if len(sums) > MOST_SUMS:
            return everything
    return sums.get(total)


MOST_SUMS = 4096


def _amount(op: Op) -> int | None:
    return getattr(op.command.command, "amount", None)


def _entangled(part: Sequence[Op]) -> Iterator[str]:
    known_at: dict[str, int | None] = {}
    for op in part:
        record = getattr(op.outcome, "record", None)
        made = getattr(record, "id", None)
        if made and made not in known_at:
            known_at[made] = op.returned_ns
    for op in part:
        parent = getattr(op.command.command, "parent", None)
        known = known_at.get(parent or "")
        if parent and known is not None and op.called_ns <= known:
            yield parent


def _named(operation: Op) -> set[str]:
    """The transactions that an operation is about: the parent, and what it made."""
    parent = getattr(operation.command.command, "parent", None)
    outcome = operation.outcome
    made = getattr(outcome.record, "id", None) if isinstance(outcome, Accepted) else None
    return {name for name in (parent, made) if name}
