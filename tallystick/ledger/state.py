"""The ledger of one card: what must be true of it, as a frozen value.

One card is the unit because all its holds share one balance, and no two cards share anything. This
module books what happened; it does not decide what is legal (`preconditions`) and does not judge
answers (`step`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from tallystick.ledger.dialect import Dialect
from tallystick.ledger.lifecycle import State
from tallystick.ledger.persistent import Map
from tallystick.ledger.vocabulary import ActivateCard, Extras, Kind, OpenCard

UNANSWERED = "?"
"""Begins the id that stands for one whose answer was lost, until it is seen."""


def unanswered_id(kind: str, ref: str | None) -> str:
    """The id of a transaction (or the value of a token) whose answer was lost; one per kind and
    ref_id, because a server may keep a space of ref_ids for each kind."""
    return f"{UNANSWERED}{kind} {ref}"


class CardStatus(StrEnum):
    """Where the card itself stands."""

    ABSENT = "absent"
    INACTIVE = "inactive"
    ACTIVE = "active"
    DELETED = "deleted"


class LastWrite(StrEnum):
    """What the latest write did, so that a wrong figure names the rule that it breaks."""

    NONE = "nothing"
    OPENED = "opening"
    DRAWN = "an accepted drawdown"
    HELD = "an accepted hold"
    FUNDED = "an accepted fund"
    CAPTURED_PART = "an accepted partial capture"
    CAPTURED_REST = "an accepted capture of the rest"
    CAPTURED_ZERO = "an accepted capture of 0"
    VOIDED = "an accepted void"
    RELEASED = "an accepted void after a partial capture"
    REPEATED = "the same request again"
    REPEATED_ELSEWISE = "a used ref_id with another body"
    REPEATED_ELSEWHERE = "a used ref_id in another operation"
    REFUSED = "a refusal"
    RECREATED = "a second creation"
    REACTIVATED = "a second activation"
    READ = "a read that showed it"


OPEN_STATES = (State.OPEN, State.PARTLY_CAPTURED)


class Entry(NamedTuple):
    """One transaction of the card, as the ledger knows it.

    A tuple, because every judgement makes some, and a frozen dataclass takes six times as long.
    """

    kind: Kind
    ref: str | None
    amount: int
    state: State
    captured: int = 0
    parent: str | None = None
    extras: Extras = ()

    @property
    def remaining(self) -> int:
        """What an open hold still locks; 0 for everything else."""
        return self.amount - self.captured if self.is_open else 0

    @property
    def is_open(self) -> bool:
        """Whether it can still be captured or voided."""
        return self.state in OPEN_STATES


class Use(NamedTuple):
    """What a ref_id was used for: the request in full, and the entry that it made."""

    request: tuple[object, ...]
    entry: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token of the card, the ref_id that made it, and what it has been used for.

    A use is a kind of payment, or one of the constants below.
    """

    one_time: bool
    ref: str = ""
    used: frozenset[str] = frozenset()


REFUSED_USE = "refused"
CAPTURED_USE = "captured"
"""Money of a hold that it paid for was captured since."""
VOIDED_USE = "voided"
"""A hold that it paid for was voided since."""
EMPTY_USE = "empty"
"""It paid an amount of 0."""


# Without slots, because then `changed` is five times as fast as `dataclasses.replace`.
@dataclass(frozen=True, eq=False)
class Ledger:
    """The state of one card. Amounts are in the smallest unit of `currency`.

    `held` is what open holds lock now. `held_original` is the sum of the original amounts of these
    holds, `held_ever` that of all holds so far. `drawn` counts drawdowns, `captured` captures.
    Balance = opening + funded - drawn - captured; available = balance - held (T24).
    `spent_refs` are ref_ids that made no transaction and may be used up all the same: those of
    refusals, of tokens and of the opening amount.
    """

    dialect: Dialect
    card: str
    card_status: CardStatus = CardStatus.ABSENT
    currency: str | None = None
    opening: int = 0
    funded: int = 0
    drawn: int = 0
    captured: int = 0
    held: int = 0
    held_original: int = 0
    held_ever: int = 0
    largest: int = 0
    entries: Map[str, Entry] = field(default_factory=Map)
    refs: Map[str, tuple[Use, ...]] = field(default_factory=Map)
    spent_refs: Map[str, bool] = field(default_factory=Map)
    tokens: Map[str, Token] = field(default_factory=Map)
    opened_by: OpenCard | ActivateCard | None = None
    last_write: LastWrite = LastWrite.NONE

    @property
    def total(self) -> int:
        """All that was ever put on the card."""
        return self.opening + self.funded

    @property
    def balance(self) -> int:
        """What is on the card, locked money included."""
        return self.opening + self.funded - self.drawn - self.captured

    @property
    def available(self) -> int:
        """What a drawdown can take."""
        return self.balance - self.held

    def changed(self, **members: Any) -> Ledger:
        """This ledger with other values for some members."""
        other = object.__new__(Ledger)
        values = other.__dict__
        values.update(self.__dict__)
        values.update(members)
        return other

    def _value(self) -> tuple[object, ...]:
        # `last` only explains; two ledgers that differ in it alone are the same state.
        return (
            self.card_status,
            self.opening,
            self.funded,
            self.drawn,
            self.captured,
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
            self.dialect,
        )

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Ledger) and self._value() == other._value()

    def __hash__(self) -> int:
        # Maps know their hashes; one that were left out would make states collide that differ in
        # it alone, and the checker would compare them entry by entry.
        return hash(
            (self.available, self.held, self.entries, self.refs, self.spent_refs, self.tokens)
        )


# Bookkeeping: each function books one accepted command and nothing else -----------------------


def book_opening(ledger: Ledger, command: OpenCard | ActivateCard) -> Ledger:
    """Load a new or a prepared card with its opening amount."""
    return ledger.changed(
        card_status=CardStatus.ACTIVE,
        currency=command.currency,
        opening=command.amount,
        largest=command.amount,
        opened_by=command,
        last_write=LastWrite.OPENED,
    )


def book_draw(ledger: Ledger, entry_id: str, entry: Entry) -> Ledger:
    """Book a plain drawdown."""
    return ledger.changed(
        drawn=ledger.drawn + entry.amount,
        entries=ledger.entries.set(entry_id, entry),
        last_write=LastWrite.DRAWN,
    )


def book_hold(ledger: Ledger, entry_id: str, entry: Entry) -> Ledger:
    """Lock the amount of a new hold."""
    return ledger.changed(
        held=ledger.held + entry.amount,
        held_original=ledger.held_original + entry.amount,
        held_ever=ledger.held_ever + entry.amount,
        entries=ledger.entries.set(entry_id, entry),
        last_write=LastWrite.HELD,
    )


def book_fund(ledger: Ledger, entry_id: str, entry: Entry) -> Ledger:
    """Add money to the card."""
    return ledger.changed(
        funded=ledger.funded + entry.amount,
        largest=max(ledger.largest, entry.amount),
        entries=ledger.entries.set(entry_id, entry),
        last_write=LastWrite.FUNDED,
    )


def book_capture(ledger: Ledger, entry_id: str, entry: Entry, then: State) -> Ledger:
    """Turn locked money of the parent into drawn money; `then` is the parent's next state."""
    parent_id = entry.parent or ""
    parent = ledger.entries[parent_id]
    after = parent._replace(captured=parent.captured + entry.amount, state=then)
    entries = ledger.entries.set(parent_id, after).set(entry_id, entry)
    last = LastWrite.CAPTURED_REST if then is State.CAPTURED else LastWrite.CAPTURED_PART
    return ledger.changed(
        captured=ledger.captured + entry.amount,
        held=ledger.held - (parent.remaining - after.remaining),
        held_original=ledger.held_original
        - (0 if after.is_open or not parent.is_open else parent.amount),
        entries=entries,
        last_write=last if entry.amount else LastWrite.CAPTURED_ZERO,
    )


def book_void(ledger: Ledger, entry_id: str, entry: Entry, then: State) -> Ledger:
    """Release what the parent still locks; `then` is the parent's next state."""
    parent_id = entry.parent or ""
    parent = ledger.entries[parent_id]
    entries = ledger.entries.set(parent_id, parent._replace(state=then)).set(entry_id, entry)
    return ledger.changed(
        held=ledger.held - parent.remaining,
        held_original=ledger.held_original - parent.amount,
        entries=entries,
        last_write=LastWrite.RELEASED if then is State.RELEASED else LastWrite.VOIDED,
    )


def adopt(ledger: Ledger, lost: str, seen: str) -> Ledger:
    """Give an entry whose answer was lost the id under which it was seen now."""
    entry = ledger.entries[lost]
    entries = ledger.entries.without(lost).set(seen, entry)
    # Children of an unseen parent cannot exist: nobody could name it.
    ref = entry.ref or ""
    uses = (use._replace(entry=seen) if use.entry == lost else use for use in ledger.refs[ref])
    return ledger.changed(entries=entries, refs=ledger.refs.set(ref, tuple(uses)))


def afresh(ledger: Ledger) -> Ledger:
    """A new card under the id of a deleted one; its ref_ids may be remembered."""
    spent_refs = ledger.spent_refs
    for ref in ledger.refs:
        spent_refs = spent_refs.set(ref, True)
    return Ledger(ledger.dialect, ledger.card, spent_refs=spent_refs)
