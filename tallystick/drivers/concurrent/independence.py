"""Which operations of a card's history can trade places: the ledger as the checker asks for it.

`Independence` gives the checker a transition (the oracle, without what does not matter for an
order) and hints. The hints only make the checker faster, but a wrong hint can make it wrong, and
an honest server would be accused. `tests/drivers/test_order.py` checks each of them against the
ledger with random states and operations. It knows the ledger's commands, not how the checker works.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeGuard

from tallystick.checker import Hints, Operation, Totals, Vector
from tallystick.drivers.concurrent.last_on_hold import last_on_their_holds
from tallystick.drivers.concurrent.lost_money import (
    KNOWN_PAYMENTS,
    currency_of,
    is_payment_without_token,
    needs,
    shifted,
    shows_no_more_than_money,
    without_trace,
)
from tallystick.drivers.concurrent.moved_money import Moved
from tallystick.drivers.concurrent.unnamed import unnamed_in
from tallystick.ledger.dialect import REFUSE
from tallystick.ledger.figures import FORMULAS
from tallystick.ledger.lifecycle import RELEASED
from tallystick.ledger.oracle import step
from tallystick.ledger.ordinary import ORDINARY_AMOUNT, is_ordinary_ref
from tallystick.ledger.state import Ledger
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardRecord,
    Command,
    IssueToken,
    Kind,
    Money,
    Outcome,
    Payment,
    ReadCard,
    ReadHold,
    ReadTransactions,
    RefId,
    Refund,
    Refused,
    Transact,
    Unknown,
    Violation,
)
from tallystick.program import Step

DUPLICATE_MAY_BE_REFUSED = ("ref.", "create.", "batch.", "activate.", "delete.again")
"""Questions of the dialect about repeated requests. Of two equal requests at the same moment one
has its effect. The documentation leaves open what the other is answered (question 7), so a refusal
is permitted even if this server answers a later repetition in another way."""

TAKES = (Kind.DRAWDOWN, Kind.HOLD)
"""Payments that need available money."""
FREES = (Kind.FUND, Kind.VOID, Kind.REFUND)
"""Payments that make money available."""
FREES_TOO = (*FREES, Kind.CAPTURE)
"""The same, where a partial capture releases the rest of its hold."""
NEVER_RESTARTS = (*KNOWN_PAYMENTS, ReadCard, ReadHold, ReadTransactions, IssueToken)
"""Commands after which a card is the same card, and no sum is less than before. To create, activate
or delete one may reset it."""
MOST_SUMS = 4096
"""How many different sums `summands_of` looks at before it gives up: it takes milliseconds."""


@dataclass(frozen=True, slots=True)
class TaggedCommand:
    """A command, with the step that it comes from. Reports show the step."""

    step: Step | str
    """A step of a program; for reads that belong to no program, a text."""
    command: Command


Op = Operation[TaggedCommand, Outcome]


@dataclass(frozen=True, slots=True)
class Independence:
    """What the whole history of a card says about the order of its operations.

    Most of it is about ref_ids: a refused request may have spent its ref_id or not, so each refusal
    would double the possible ledgers. Two facts avoid that. A refused ref_id matters only if
    another request uses it too. And a request whose answer was lost may have been refused at any
    moment; its ref_id counts as spent from the start, which permits whatever comes of it.
    """

    reused_refs: frozenset[str]
    """ref_ids that several requests carry."""
    lost_refs: frozenset[RefId]
    """ref_ids of requests without an answer."""
    named_early: frozenset[str] = frozenset()
    """Ids of holds that a request named before the answer that made the hold had come."""
    never_restarts: bool = True
    """Whether all commands are `NEVER_RESTARTS`, so that what was funded or drawn can only grow."""
    frees: tuple[Kind, ...] = FREES
    """Payments that may make money available on this server."""
    lost_in: str | None = None
    """The currency of the card, if a lost payment leaves no trace but its money: nobody can name
    what it made, no list shows it, and no read shows the sum of all funds or of all drawdowns."""
    last_on_hold: Mapping[RefId, Vector] = field(default_factory=dict)
    """What lost captures and voids add that nothing looks at any more, by their ref_ids."""
    unnamed: frozenset[RefId] = frozenset()
    """ref_ids of accepted payments whose records nobody looks at again."""

    moved: Moved | None = None
    """What payments add to the balance and to the held money; None if nothing is known of it."""
    captured: Mapping[str, str] = field(default_factory=dict)
    """The holds by the ids of their captures, if a refund may name one."""

    @classmethod
    def of(cls, part: Sequence[Op], ledgers: Sequence[Ledger] = ()) -> Independence:
        """What these operations, the whole history of one card, say about their order.

        `ledgers` are those that were possible before.
        """
        ends = any(
            ledger.dialect.allows("capture.rest", RELEASED) or ledger.traits.says_rest
            for ledger in ledgers
        )
        lost = {ref_of(op) for op in part if isinstance(op.outcome, Unknown)}
        refs = Counter([ref_of(op) for op in part])
        reused = frozenset(ref for ref, times in refs.items() if times > 1)
        # What a figure or a payment shows of money that was given back is said by its payment.
        commands = {type(op.command.command) for op in part}
        gives_back = Refund in commands
        active = None if gives_back else currency_of(ledgers)
        currency = active if all(map(shows_no_more_than_money, part)) else None
        return cls(
            reused,
            frozenset(lost - {RefId("")}),
            frozenset(_named_early(part)),
            not gives_back and commands.issubset(NEVER_RESTARTS),
            FREES_TOO if ends else FREES,
            currency,
            {} if currency is None or ends else last_on_their_holds(part, ledgers, reused),
            frozenset() if active is None else unnamed_in(part, ledgers, reused),
            None if currency is None else Moved(part, ledgers, reused),
            dict(_captures_in(part, ledgers)) if gives_back else {},
        )

    def start(self, ledger: Ledger) -> Ledger:
        """The ledger from which orders start, if `ledger` was possible before the history."""
        spent_refs = ledger.spent_refs
        for ref in sorted(self.lost_refs):
            spent_refs = spent_refs.set(ref, True)
        dialect = ledger.dialect.also(REFUSE, DUPLICATE_MAY_BE_REFUSED)
        return ledger.changed(dialect=dialect, spent_refs=spent_refs, unrecorded=self.unnamed)

    def transition(
        self, ledger: Ledger, tagged: TaggedCommand, outcome: Outcome
    ) -> tuple[Ledger, ...]:
        """The ledgers that may follow, as the oracle says; none if the outcome is impossible.

        What an outcome teaches about the dialect is dropped. Else two orders that lead to the same
        money would be two states, and the search wider; and little is lost by it, because the
        chapters before this one have asked these questions already.
        """
        result = step(ledger, tagged.command, outcome)
        if isinstance(result, Violation):
            return ()
        if isinstance(outcome, Refused) and self._leaves_no_trace(tagged.command):
            return (ledger,)  # and not also the ledger in which the ref_id is spent
        if isinstance(outcome, Unknown) and self._is_money_alone(tagged.command):
            payment = tagged.command
            vector = self.last_on_hold.get(payment.ref)
            result = tuple([without_trace(ledger, payment, after, vector) for after in result])
        dialect = ledger.dialect
        if len(result) == 1 and result[0].dialect is dialect:  # nearly always
            return result
        return tuple([after.with_dialect(dialect) for after in result])

    @property
    def hints(self) -> Hints:
        """These functions as the checker takes them. See `tallystick.checker.hints`."""
        totals = None if self.lost_in is None else Totals(self.adds, shifted, needs, self.moves)
        return Hints(self.changes, self.interferes, self.hinders, self.enablers, totals)

    def adds(self, operation: Op) -> Vector | None:
        """What a lost payment adds to the balance, and to the money that holds lock."""
        command = operation.command.command
        if not isinstance(operation.outcome, Unknown) or not self._is_money_alone(command):
            return None
        if not isinstance(command, Transact):
            return self.last_on_hold.get(command.ref)  # else what became of its hold matters
        amount = int(command.amount)
        if amount != command.amount:
            return None
        vectors = {Kind.FUND: (amount, 0), Kind.DRAWDOWN: (-amount, 0), Kind.HOLD: (0, amount)}
        return vectors[command.kind]

    def moves(self, operation: Op) -> Vector | None:
        """What an operation adds to the balance, and to the money that holds lock, if it is sure.

        See `Totals.moves`.
        """
        if not self.changes(operation):
            return (0, 0)
        return None if self.moved is None else self.moved.by(operation)

    def _is_money_alone(self, command: Command) -> TypeGuard[Payment]:
        """Whether such a payment, if its answer is lost, leaves no trace but its money."""
        return (
            self.lost_in is not None
            and is_payment_without_token(command)
            and command.ref not in self.reused_refs
            and is_ordinary_ref(command.ref)
            and (command.amount or 0) <= ORDINARY_AMOUNT
            and getattr(command, "currency", self.lost_in) == self.lost_in
        )

    def interferes(self, earlier: Op, later: Op) -> bool:
        """Whether `earlier` before `later` may be possible or lead somewhere that the reverse does
        not.

        Payments depend on each other by what they share (a ref_id, a hold) and by the available
        money: who takes money may need what another frees, and a refusal may be due to what another
        took.
        """
        if _is_hold_read(earlier) or _is_hold_read(later):
            # The figures of a hold depend on what is done to it, and on nothing else.
            known = all(_is_hold_read(op) or _is_pure_payment(op) for op in (earlier, later))
            return not known or self._is_about_one_entry(earlier, later)
        if not (_is_pure_payment(earlier) and _is_pure_payment(later)):
            return True
        if _share_something(earlier, later) or self._is_about_one_entry(earlier, later):
            return True
        if _frees(earlier, self.frees):
            return _takes(later)
        if _takes(earlier):
            return _may_lack_money(later)
        return _may_lack_money(earlier) and _frees(later, self.frees)

    def _is_about_one_entry(self, one: Op, other: Op) -> bool:
        return bool(_entries_of(one, self.captured) & _entries_of(other, self.captured))

    def changes(self, operation: Op) -> bool:
        """Whether the operation may change the ledger."""
        command = operation.command.command
        if isinstance(operation.outcome, Refused):
            return not self._leaves_no_trace(command)
        return not isinstance(command, ReadCard | ReadHold)

    def hinders(self, earlier: Op, later: Op) -> bool:
        """Whether `later`, which is possible now, may have to wait until after `earlier`.

        Payments that share only the money need not wait for each other: put all that free money
        before all that take it, and the money is the same in the end. A refusal for lack of money
        is different: it may be right only before some money was freed.
        """
        if not (_is_pure_payment(earlier) and _is_pure_payment(later)) or _may_lack_money(earlier):
            return True
        if _share_something(earlier, later) or self._is_about_one_entry(earlier, later):
            return True
        return bool(_entries_of(earlier, self.captured) & self.named_early)

    def enablers(self, ledger: Ledger, later: Op, others: Sequence[Op]) -> Sequence[Op]:
        """Those of the others that may have to come before `later`, to make it possible.

        For a read this is a subset sum. It shows the totals of all that was funded and all that was
        drawn, and both can only grow; so the payments before it must add up to the difference
        between what it shows and what the ledger has. Without this hint, a read among n lost
        payments would be tried after each of their 2^n subsets.
        """
        shown = getattr(later.outcome, "record", None)
        if not isinstance(shown, CardRecord) or not self.never_restarts:
            return others
        for kinds, missing in _unexplained(ledger, shown):
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
        """Whether it adds its amount wherever it is placed. A repeated ref_id may add nothing."""
        return ref_of(op) not in self.reused_refs and ref_of(op) not in ledger.refs

    def _leaves_no_trace(self, command: Command) -> bool:
        """Whether a refusal of the command changes nothing that another request could notice."""
        return is_payment_without_token(command) and command.ref not in self.reused_refs


def _is_hold_read(operation: Op) -> bool:
    return isinstance(operation.command.command, ReadHold)


def _share_something(one: Op, other: Op) -> bool:
    """Whether two payments have a ref_id in common, or differ in their currency.

    The currency, because a card that is not active yet takes the currency of its first fund.
    """
    return ref_of(one) == ref_of(other) or len(_currencies(one) | _currencies(other)) > 1


def ref_of(operation: Op) -> RefId:
    """The ref_id of a payment; empty for all other commands."""
    command = operation.command.command
    return command.ref if isinstance(command, Payment) else RefId("")


def sent_ref_of(operation: Op) -> RefId:
    """The ref_id of a payment or of a request for a token; empty for all other commands."""
    command = operation.command.command
    return command.ref if isinstance(command, IssueToken) else ref_of(operation)


def _is_pure_payment(operation: Op) -> bool:
    """Whether its outcome depends on its ref_id, its hold and the money only.

    Not so: a payment by token, because a one-time token may be used up; a refused fund, because a
    limit of the card may be the reason; a payment with an unusual ref_id, because whether it has to
    be accepted depends on which others were.
    """
    if _kind(operation) is Kind.FUND and isinstance(operation.outcome, Refused):
        return False
    return is_payment_without_token(operation.command.command) and is_ordinary_ref(
        ref_of(operation)
    )


def _frees(operation: Op, frees: tuple[Kind, ...]) -> bool:
    """Whether it may have made more money available. A capture takes held money; it frees some only
    where it releases the rest.
    """
    return _kind(operation) in frees and not isinstance(operation.outcome, Refused)


def _takes(operation: Op) -> bool:
    """Whether it may have taken money that was available."""
    return _kind(operation) in TAKES and not isinstance(operation.outcome, Refused)


def _may_lack_money(operation: Op) -> bool:
    """Whether it was refused, perhaps for lack of money. Then there must be little where it stands
    in the order.
    """
    return _kind(operation) in TAKES and isinstance(operation.outcome, Refused)


def _may_add(operation: Op) -> bool:
    return not isinstance(operation.outcome, Refused)


def _kind(operation: Op) -> Kind | None:
    command = operation.command.command
    return command.kind if isinstance(command, Payment) else None


def _currencies(operation: Op) -> set[str]:
    command = operation.command.command
    return {command.currency} if isinstance(command, Transact) else set()


def _unexplained(ledger: Ledger, shown: CardRecord) -> Iterator[tuple[tuple[Kind, ...], Money]]:
    """For each total that the read shows: the kinds of payments by which it grows, and how much it
    shows above the ledger. Totals whose meaning this server has not shown yet are left out.
    """
    if ledger.refunded:
        return  # whether a sum counts what was given back is not known
    answer = ledger.dialect.answer
    if shown.funds is not None and answer("figure.amount_funds") is not None:
        formula = FORMULAS["figure.amount_funds"][str(answer("figure.amount_funds"))]
        yield (Kind.FUND,), shown.funds - formula(ledger)
    if shown.drawdown is not None and answer("figure.amount_drawdown") == "drawn":
        yield (Kind.DRAWDOWN, Kind.CAPTURE), shown.drawdown - ledger.drawn - ledger.captured


@lru_cache(maxsize=4096)
def summands_of(total: Money, amounts: tuple[Money | None, ...]) -> int | None:
    """The amounts that are in at least one subset with this total, as bits; None if there is none.

    All bits are set, which is always safe, if an amount is unknown (a capture of all that remains)
    or if there are more than `MOST_SUMS` different sums.
    """
    everything = (1 << len(amounts)) - 1
    if None in amounts:
        return everything
    sums: dict[Money, int] = {0: 0}
    for number, amount in enumerate(amounts):
        assert amount is not None
        for reached, members in list(sums.items()):
            if reached + amount <= total:
                sums[reached + amount] = sums.get(reached + amount, 0) | members | 1 << number
        if len(sums) > MOST_SUMS:
            return everything
    return sums.get(total)


def _amount(op: Op) -> Money | None:
    return getattr(op.command.command, "amount", None)


def _captures_in(part: Sequence[Op], ledgers: Sequence[Ledger]) -> Iterator[tuple[str, str]]:
    """The ids of the captures before these operations and among them, each with its hold's."""
    for ledger in ledgers:
        for entry_id, entry in ledger.entries.items():
            if entry.kind is Kind.CAPTURE and entry.parent is not None:
                yield entry_id, entry.parent
    for op in part:
        made = getattr(getattr(op.outcome, "record", None), "id", None)
        if isinstance(op.command.command, Capture) and made is not None:
            yield made, op.command.command.parent


def _named_early(part: Sequence[Op]) -> Iterator[str]:
    """Ids that a request named although the answer that made them had not come yet: the client has
    them from another request, which may have been the same one (an equal ref_id) sent again.
    """
    known_at: dict[str, int | None] = {}
    for op in part:
        if isinstance(op.command.command, Transact) and isinstance(op.outcome, Accepted):
            known_at.setdefault(getattr(op.outcome.record, "id", None) or "", op.returned_ns)
    for op in part:
        parent = getattr(op.command.command, "parent", None)
        known = known_at.get(parent) if parent else None
        if parent and known is not None and op.called_ns <= known:
            yield parent


def _entries_of(operation: Op, captured: Mapping[str, str]) -> set[str]:
    """The ids of the transactions that it touches: its parent, the hold of which that is a capture,
    and the one that it made."""
    parent = getattr(operation.command.command, "parent", None)
    outcome = operation.outcome
    made = getattr(outcome.record, "id", None) if isinstance(outcome, Accepted) else None
    return {name for name in (parent, captured.get(parent or ""), made) if name}
