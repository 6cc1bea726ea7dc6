"""The ledger of one card: all that the oracle knows about it, as a frozen value.

One card is the unit because all its holds share one balance, and no two cards share anything. This
module does not know how a ledger changes (see `effects`), what is legal (see `preconditions`) nor
how answers are judged (see `oracle`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from tallystick.ledger.dialect import Dialect
from tallystick.ledger.lifecycle import State
from tallystick.ledger.persistent import Map
from tallystick.ledger.traits import COMPLETE, Traits
from tallystick.ledger.vocabulary import (
    ActivateCard,
    CardId,
    Content,
    EntryId,
    Extras,
    Kind,
    Money,
    OpenCard,
    RefId,
    Violation,
)

UNANSWERED = "?"
"""The first character of the ids that the ledger makes up, see `unanswered_id`."""


def unanswered_id(kind: str, ref: RefId | None) -> EntryId:
    """Return the id that the ledger gives to a transaction, or a token, whose answer was lost.

    It is in use until the server shows the real id. There is one per kind and ref_id, because a
    server may keep a space of ref_ids for each kind.
    """
    return EntryId(f"{UNANSWERED}{kind} {ref}")


UNRECORDED = "#"
"""The first character of the ids of entries that have no record on the server."""


def unrecorded_id(kind: str, ref: RefId, number: int) -> EntryId:
    """Return the id of a capture or a void that only the figures of its hold show.

    `number` tells apart several with one ref_id.
    """
    return EntryId(f"{UNRECORDED}{kind} {ref} {number}")


def is_unrecorded(id_: str) -> bool:
    """Whether it is the id of an entry that has no record on the server."""
    return id_.startswith(UNRECORDED)


def is_made_up(id_: str) -> bool:
    """Whether no answer has shown the id: of a lost answer, or of what has no record."""
    return is_unanswered(id_) or is_unrecorded(id_)


def is_unanswered(id_: str) -> bool:
    """Whether the ledger made the id up: no answer has shown it, so no request can name it."""
    return id_.startswith(UNANSWERED)


class CardStatus(StrEnum):
    """What has become of the card itself."""

    ABSENT = "absent"
    INACTIVE = "inactive"
    ACTIVE = "active"
    DELETED = "deleted"


class LastWrite(StrEnum):
    """What the latest write did. It names the rule that a wrong figure breaks (see `figures`)."""

    NONE = "nothing"
    OPENED = "opening"
    DRAWN = "an accepted drawdown"
    HELD = "an accepted hold"
    FUNDED = "an accepted fund"
    CAPTURED_PART = "an accepted partial capture"
    CAPTURED_REST = "an accepted capture of the rest"
    CAPTURED_AND_ENDED = "an accepted partial capture, which releases the rest"
    CAPTURED_ZERO = "an accepted capture of 0"
    VOIDED = "an accepted void"
    RELEASED = "an accepted void after a partial capture"
    RELEASED_PART = "an accepted void of a part"
    REFUNDED = "an accepted void of what was captured"
    PAID_BACK = "an accepted refund"
    RELEASED_BY_REFUND = "an accepted refund before any capture"
    REPEATED = "the same request again"
    REPEATED_WITH_OTHER_BODY = "a used ref_id with another body"
    REPEATED_IN_OTHER_OPERATION = "a used ref_id in another operation"
    REFUSED = "a refusal"
    RECREATED = "a second creation"
    REACTIVATED = "a second activation"
    READ = "a read that showed it"
    """No write since a read that showed the right figures, so that the next read has to as well."""


OPEN_STATES = (State.OPEN, State.PARTLY_CAPTURED)


class Entry(NamedTuple):
    """One transaction of the card. Amounts are in the smallest unit of the card's currency.

    `captured` is what was captured of a hold; for what releases a hold, its original amount.
    `released` is what a hold locked and gave back; `over` by how much its captures exceed it;
    `touched` says of a hold that a capture of 0 is recorded of it; `refunded` is what refunds gave
    back of what was paid by it.
    `parent` is the id that a capture, a void or a refund names as what it acts on: that of a
    payment, or for a refund perhaps that of a capture's own record (see `Ledger.payment_behind`).
    A tuple, because every judgement makes some, and a frozen dataclass takes six times as long.
    """

    kind: Kind
    ref: RefId | None
    amount: Money
    state: State
    captured: Money = 0
    parent: EntryId | None = None
    extras: Extras = ()
    released: Money = 0
    over: Money = 0
    touched: bool = False
    refunded: Money = 0

    @property
    def remaining(self) -> Money:
        """What an open hold still locks; 0 for everything else."""
        return self.amount - self.captured - self.released if self.is_open else 0

    @property
    def paid(self) -> Money:
        """What was paid by it: the captures of a hold, the amount of a drawdown; 0 for all else."""
        return {Kind.HOLD: self.captured, Kind.DRAWDOWN: self.amount}.get(self.kind, 0)

    @property
    def refundable(self) -> Money:
        """What was paid by it, less what refunds gave back."""
        return self.paid - self.refunded

    @property
    def is_uncaptured(self) -> bool:
        """Whether it is an open hold that locks money, and of which nothing is captured."""
        return self.state is State.OPEN and self.captured == 0 < self.amount

    @property
    def is_open(self) -> bool:
        """Whether it can still be captured or voided."""
        return self.state in OPEN_STATES

    @property
    def is_refunded(self) -> bool:
        """Whether what was captured of it was given back."""
        return self.state is State.REFUNDED


class Use(NamedTuple):
    """What a ref_id was used for: the content of the request, and the id of the entry it made."""

    content: Content
    entry: EntryId


@dataclass(frozen=True, slots=True)
class Token:
    """A token of the card, the ref_id and the request that made it, and what it has been used for.

    A use is a kind of payment, or one of the constants below.
    """

    one_time: bool
    ref: RefId
    content: Content
    used: frozenset[str] = frozenset()


REFUSED_USE = "refused"
"""A payment by the token was refused."""
CAPTURED_USE = "captured"
"""Money of a hold that the token made was captured."""
VOIDED_USE = "voided"
"""A hold that the token made was voided."""
EMPTY_USE = "empty"
"""The token paid an amount of 0."""


# Without slots, because then `changed` is five times as fast as `dataclasses.replace`.
@dataclass(frozen=True, eq=False)
class Ledger:
    """The state of one card. Amounts are in the smallest unit of `currency`.

    `opening` is the amount that the card was created or activated with, `funded` the sum of its
    funds, `drawn` of its drawdowns, `captured` of its captures, `refunded` of its refunds;
    `largest` is the largest single amount that was ever put on it. `held` is what open holds lock
    now, `held_original` the sum of the original amounts of these holds, `held_ever` that of all
    holds so far.
    Balance = opening + funded - drawn - captured + refunded; available = balance - held (T24).
    `refs` says what each ref_id was used for. `spent_refs` are ref_ids that made no transaction and
    may be used up all the same: those of refusals, of tokens and of the opening amount.
    """

    dialect: Dialect
    card: CardId
    card_status: CardStatus = CardStatus.ABSENT
    currency: str | None = None
    opening: Money = 0
    funded: Money = 0
    drawn: Money = 0
    captured: Money = 0
    refunded: Money = 0
    held: Money = 0
    held_original: Money = 0
    held_ever: Money = 0
    largest: Money = 0
    entries: Map[EntryId, Entry] = field(default_factory=Map)
    refs: Map[RefId, tuple[Use, ...]] = field(default_factory=Map)
    spent_refs: Map[RefId, bool] = field(default_factory=Map)
    tokens: Map[str, Token] = field(default_factory=Map)
    opened_by: OpenCard | ActivateCard | None = None
    has_pin: bool = False
    """Whether an answer has shown that the card has a PIN; the server may give one unasked."""
    last_write: LastWrite = LastWrite.NONE
    last_hold: EntryId | None = None
    """The hold that the last write was about, if it was about one."""
    traits: Traits = COMPLETE
    unrecorded: Collection[RefId] = frozenset()
    """ref_ids of payments of which only the money is booked, because nothing that will be judged
    looks at their records, their ids or their ref_ids."""

    @property
    def total(self) -> Money:
        """All that was ever put on the card."""
        return self.opening + self.funded

    @property
    def balance(self) -> Money:
        """What is on the card, locked money included."""
        return self.opening + self.funded - self.drawn - self.captured + self.refunded

    @property
    def available(self) -> Money:
        """What a drawdown can take."""
        return self.balance - self.held

    def payment_behind(self, named: EntryId) -> EntryId:
        """Return the payment that an id stands for: its hold, if it is a capture's own record."""
        entry = self.entries.get(named)
        if entry is None or entry.kind is not Kind.CAPTURE or entry.parent is None:
            return named
        return entry.parent

    def changed(self, **members: Any) -> Ledger:
        """Return this ledger with other values for some members."""
        other = object.__new__(Ledger)
        object.__setattr__(other, "__dict__", self.__dict__ | members)
        return other

    def with_pin(self, shown: bool) -> Ledger:
        """Return this ledger after an answer that shows a PIN, or none: that takes no PIN away."""
        return self.changed(has_pin=True) if shown and not self.has_pin else self

    def with_dialect(self, dialect: Dialect) -> Ledger:
        """Return this ledger with another dialect; this very object if it is the same one."""
        return self if dialect is self.dialect else self.changed(dialect=dialect)

    def _value(self) -> tuple[object, ...]:
        # `last_write` and `last_hold` only explain: two ledgers that differ in them alone are the
        # same state. The
        # traits are the same for all ledgers of a run.
        return (
            self.card_status,
            self.opening,
            self.funded,
            self.drawn,
            self.captured,
            self.refunded,
            self.held,
            self.held_original,
            self.held_ever,
            self.largest,
            self.card,
            self.currency,
            self.entries,
            self.refs,
            self.spent_refs,
            self.tokens,
            self.opened_by,
            self.has_pin,
            self.dialect,
        )

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Ledger) and self._value() == other._value()

    def __hash__(self) -> int:
        # Maps know their hashes. If one of them were left out, ledgers that differ in it alone
        # would collide, and the checker would compare them entry by entry.
        return hash(
            (self.available, self.held, self.entries, self.refs, self.spent_refs, self.tokens)
        )


Successors = tuple[Ledger, ...]
"""The ledgers that explain an answer. Several while it is open which of them is the right one."""


def answered(
    ledger: Ledger, question: str, answers: Iterable[str], shown: str
) -> Successors | Violation:
    """Return the ledger after the server gave one of these answers to an open question.

    `shown` says what it did, in words. A violation of DIA-1 if it has answered otherwise before.
    """
    dialect = ledger.dialect.narrow(question, answers)
    if dialect is None:
        possible = " or ".join(sorted(ledger.dialect.possible(question)))
        return Violation("DIA-1", f"{question}: {possible}", shown, question)
    return (ledger.with_dialect(dialect),)
