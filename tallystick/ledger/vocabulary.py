"""The words of the ledger: commands, outcomes, records and violations, as frozen values.

Amounts are integers in the smallest unit of the currency; ids and references are opaque strings.
This module does not know how a command travels (see `profiles`), nor what is legal (see
`preconditions`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, StrEnum
from typing import NewType

# Names and ids are four types, so that mypy tells them apart; at run time they are all text.
CardLabel = NewType("CardLabel", str)
"""The name of a card in a program, such as `A`."""
CardId = NewType("CardId", str)
"""The `card_id` under which the server knows a card."""
EntryId = NewType("EntryId", str)
"""The `id` of a transaction, chosen by the server."""
RefId = NewType("RefId", str)
"""The `ref_id` of a request, chosen by the client."""


Money = int | Decimal
"""An amount in the smallest unit of its currency. A Decimal only where it is no whole number of
units: some APIs take amounts that are finer (see `Traits.decimal`)."""


def exact(amount: Money) -> Money:
    """Return the amount as an int where it is a whole number; equal amounts then look equal."""
    return int(amount) if amount == int(amount) else amount


class Kind(StrEnum):
    """What a transaction does to its card."""

    DRAWDOWN = "drawdown"
    HOLD = "hold"
    FUND = "fund"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    OPENING = "opening"


class Phase(Enum):
    """Whether a command is sent before, within or after the card's active period.

    By the target's own clock, which is known to the second; close to an edge nothing is demanded.
    """

    BEFORE = "before active_from"
    WITHIN = "within the active period"
    AFTER = "after expires_at"
    EDGE = "too close to an edge to tell"


class View(StrEnum):
    """The operations that show a card's money; all of them must agree."""

    DETAILS = "card details"
    INFO = "info by token"
    CUSTOMER = "customer card"


Extras = tuple[tuple[str, str], ...]
"""What else a request carries or an answer shows, as (member, text) pairs. A text stands as it is,
so that it can be compared and read; anything else as canonical JSON (see `members.as_text`)."""
JSON_MEMBERS = frozenset({"metadata", "pin", "card_token"})
"""The members of a request that are JSON objects, and so are sent as what their text spells."""


Content = tuple[object, ...]
"""A payment's kind, what it acts on, what moves, and the extras, in this order and without its
ref_id: two payments are the same request if these are equal."""


# Commands -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenCard:
    """Create a card that is usable at once."""

    card: CardId
    amount: Money
    currency: str
    extras: Extras = ()
    phase: Phase = field(default=Phase.WITHIN, compare=False)


@dataclass(frozen=True, slots=True)
class PrepareCard:
    """Create an inactive card by batch; no money is on it until it is activated."""

    card: CardId


@dataclass(frozen=True, slots=True)
class ActivateCard:
    """Load a prepared card with its opening amount."""

    card: CardId
    amount: Money
    currency: str
    extras: Extras = ()
    phase: Phase = field(default=Phase.WITHIN, compare=False)


@dataclass(frozen=True, slots=True)
class DeleteCard:
    """Delete a card."""

    card: CardId
    phase: Phase = Phase.WITHIN


@dataclass(frozen=True, slots=True)
class IssueToken:
    """Make a token, an alias of the card; a one-time token pays once. It lives `expires_in` s."""

    card: CardId
    ref: RefId
    one_time: bool = False
    expires_in: int = 3600
    phase: Phase = Phase.WITHIN
    extras: Extras = ()

    @property
    def content(self) -> Content:
        """All of the request but its ref_id."""
        return (self.one_time, self.expires_in, self.extras)


@dataclass(frozen=True, slots=True)
class Transact:
    """Draw from, hold on (a pending drawdown) or fund a card, named by id or by token."""

    kind: Kind
    card: CardId
    amount: Money
    currency: str
    ref: RefId
    token: str | None = None
    phase: Phase = Phase.WITHIN
    extras: Extras = ()

    @property
    def content(self) -> Content:
        """All of the request but its ref_id."""
        return (self.kind, self.token or self.card, self.amount, self.currency, self.extras)


@dataclass(frozen=True, slots=True)
class Capture:
    """Collect money of a hold; without an amount, all that the hold still locks."""

    card: CardId
    parent: EntryId
    amount: Money | None
    ref: RefId
    phase: Phase = Phase.WITHIN
    extras: Extras = ()

    @property
    def kind(self) -> Kind:
        """The kind of record that it makes."""
        return Kind.CAPTURE

    @property
    def content(self) -> Content:
        """All of the request but its ref_id."""
        return (Kind.CAPTURE, self.parent, self.amount, self.extras)


@dataclass(frozen=True, slots=True)
class Void:
    """Release what a hold still locks; with an amount, that part of it."""

    card: CardId
    parent: EntryId
    ref: RefId
    phase: Phase = Phase.WITHIN
    extras: Extras = ()
    amount: Money | None = None

    @property
    def kind(self) -> Kind:
        """The kind of record that it makes."""
        return Kind.VOID

    @property
    def content(self) -> Content:
        """All of the request but its ref_id."""
        return (Kind.VOID, self.parent, self.amount, self.extras)


@dataclass(frozen=True, slots=True)
class Refund:
    """Give back what was paid by a hold or a drawdown; without an amount, all that is left of it.

    What was paid by a hold is what was captured of it.
    """

    card: CardId
    parent: EntryId
    amount: Money | None
    ref: RefId
    phase: Phase = Phase.WITHIN
    extras: Extras = ()

    @property
    def kind(self) -> Kind:
        """The kind of record that it makes."""
        return Kind.REFUND

    @property
    def content(self) -> Content:
        """All of the request but its ref_id."""
        return (Kind.REFUND, self.parent, self.amount, self.extras)


@dataclass(frozen=True, slots=True)
class ReadCard:
    """Read the card's figures through one of its views."""

    card: CardId
    view: View = View.DETAILS
    handle: str | None = None
    """The token of an info look-up, or the customer of a customer view."""
    phase: Phase = Phase.WITHIN


@dataclass(frozen=True, slots=True)
class ReadTransactions:
    """List the card's transactions."""

    card: CardId
    phase: Phase = Phase.WITHIN


@dataclass(frozen=True, slots=True)
class ReadHold:
    """Read one hold by itself."""

    card: CardId
    parent: EntryId
    phase: Phase = Phase.WITHIN


Settlement = Capture | Void | Refund
"""What acts on an earlier payment, its `parent`."""
Payment = Transact | Settlement
Write = OpenCard | PrepareCard | ActivateCard | DeleteCard | IssueToken | Payment
Read = ReadCard | ReadTransactions | ReadHold
Command = Write | Read


# Records: what an accepting answer shows ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TransactionRecord:
    """A transaction as the server shows it; None stands for a member that is absent."""

    id: EntryId | None
    ref: RefId | None
    amount: Money | None
    currency: str | None
    type: str | None = None
    parent: EntryId | None = None
    extras: Extras = ()


@dataclass(frozen=True, slots=True)
class CardRecord:
    """A card as the server shows it; None stands for a member that is absent."""

    card: CardId | None
    currency: str | None = None
    amount: Money | None = None
    balance: Money | None = None
    available: Money | None = None
    funds: Money | None = None
    drawdown: Money | None = None
    pending: Money | None = None
    reserved: Money | None = None
    status: str | None = None
    extras: Extras = ()
    has_pin: bool = False
    """Whether the answer shows a PIN of the card, or its format."""


@dataclass(frozen=True, slots=True)
class HoldRecord:
    """A hold as the server shows it; None stands for what is not shown, and is never judged.

    It answers `ReadHold`, and the payments of an API without records of captures and voids.
    """

    id: EntryId | None
    currency: str | None = None
    amount: Money | None = None
    """What it locked at first."""
    captured: Money | None = None
    remaining: Money | None = None
    """What can still be captured."""
    released: Money | None = None
    """What was locked and is not any more, though it was not captured."""
    is_open: bool | None = None
    extras: Extras | None = None
    refunded: Money | None = None
    """What was captured and given back."""


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token as its creation shows it."""

    value: str | None
    ref: RefId | None = None


Record = TransactionRecord | CardRecord | HoldRecord | TokenRecord | tuple[TransactionRecord, ...]


# Outcomes -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server says that it did what was asked, and shows the record."""

    record: Record


@dataclass(frozen=True, slots=True)
class Refused:
    """The server says that it did not do what was asked; `status` is a documented 4xx."""

    status: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer that can be trusted (a time-out, a reset, a 5xx): the command may have taken effect
    or not."""

    reason: str


Outcome = Accepted | Refused | Unknown


# Violations ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule: its id, what the ledger permits, and what was received instead."""

    rule: str
    expected: str
    actual: str
    question: str | None = None
    """The open question of the dialect that the answer contradicts, if it is one."""
