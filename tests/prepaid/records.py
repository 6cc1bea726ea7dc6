"""The records that the server keeps: accounts, holds, and a movement for each change of money.

Knows what a record holds, not what may happen to it. Amounts are in minor units of the currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["deposit", "payment", "hold", "capture", "release"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of a tenant. What it has is what is available and what is held."""

    id: str
    tenant: str
    currency: str
    created_at: str
    available: int = 0
    held: int = 0

    @property
    def total(self) -> int:
        return self.available + self.held


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Money of an account that is set aside. Its amount is captured, released, or remains."""

    id: str
    account: str
    tenant: str
    currency: str
    transaction: str
    created_at: str
    amount: int
    captured: int = 0
    released: int = 0
    open: bool = True
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def remaining(self) -> int:
        return self.amount - self.captured - self.released


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One change of money, as the list of transactions shows it."""

    id: str
    kind: Kind
    account: str
    tenant: str
    currency: str
    amount: int
    created_at: str
    hold: str | None = None
    key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    place: int = 0
    """Where it is in the order of all movements; the database says so when it is saved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a request asks to be moved. No amount: all that remains."""

    amount: int | None
    key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
