"""The records that the server keeps: payment methods, charges, payment intents, refunds.

Knows what a record holds, not what may happen to it. Amounts are in minor units, times in seconds
since 1970.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What all records have."""

    id: str
    account: str
    created: int
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Method(Record):
    """A payment method of type card."""

    last4: str
    exp_month: int
    exp_year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(Record):
    """One hold on a card. Its amount is the sum of what is captured, released and still held."""

    amount: int
    currency: str
    description: str | None = None
    method: str | None = None
    intent: str | None = None
    open: bool = True
    captured: bool = False
    amount_captured: int = 0
    released: int = 0
    """What was held and is free again: the rest after a capture, or all of it after a void."""
    given_back: int = 0
    """What was captured and is refunded."""

    @property
    def remaining(self) -> int:
        """What is still held, so may be captured."""
        return self.amount - self.amount_captured - self.released if self.open else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent(Record):
    """A payment intent. Its money is that of its charge."""

    amount: int
    currency: str
    capture_method: str
    status: str
    description: str | None = None
    method: str | None = None
    charge: str | None = None
    canceled_at: int | None = None
    cancellation_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund(Record):
    """Money that was given back, or a hold that was released by way of a refund."""

    amount: int
    currency: str
    charge: str
    intent: str | None = None
    reason: str | None = None
