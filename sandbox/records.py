"""What the server remembers: a card, a transaction, a card token, as the database stores them.

The order of the members is the order of the columns (store.py). Knows nothing of JSON or HTTP.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """A card with the totals that its balance figures are made of.

    `held` is what open holds still lock, `gross_held` the sum of their original amounts.
    """

    seq: int
    account: str
    card_id: str
    id: str
    created_at: int
    created_by: str
    customer_id: str | None
    name: str | None
    type: str | None
    metadata: str | None
    originated_by: str | None
    active_from: str | None
    expires_at: str | None
    currency: str
    opening: int
    funds: int
    drawn: int
    captured: int
    held: int
    gross_held: int
    used: int
    inactive: int
    deleted: int
    pin: str | None
    pin_format: str | None
    fingerprint: str

    @property
    def balance(self) -> int:
        return self.funds - self.drawn

    @property
    def available(self) -> int:
        return self.balance - self.held


@dataclass(frozen=True, slots=True)
class Transaction:
    """One entry of a card's list. `operation` is what the caller did, `type` what it is called."""

    seq: int
    card: int
    account: str
    id: str
    ref_id: str
    operation: str
    type: str
    amount: int
    currency: str
    parent_id: str | None
    metadata: str | None
    originated_by: str | None
    created_at: int
    created_by: str
    by_card_id: int
    token: int | None
    captured: int
    open: int
    fingerprint: str

    @property
    def remaining(self) -> int:
        return self.amount - self.captured if self.open else 0


@dataclass(frozen=True, slots=True)
class Token:
    """A card token: an alias of a card, for one transaction or for as long as it lasts."""

    seq: int
    card: int
    account: str
    id: str
    ref_id: str
    value: str
    format: str | None
    one_time: int
    expires_in: int
    expires_at: int
    used: int
    with_card: int
    metadata: str | None
    created_at: int
    created_by: str
    fingerprint: str
