"""How records look in an answer.

Knows members and their form, not what happened to a record.
"""

from typing import Any

from tests.prepaid.money import Money
from tests.prepaid.policy import Policy
from tests.prepaid.records import Account, Hold, Movement

View = dict[str, Any]


class Views:
    """Shows records."""

    def __init__(self, money: Money, policy: Policy) -> None:
        self.money = money
        self.policy = policy

    def account(self, account: Account) -> View:
        return self.with_more(
            "account",
            {
                "id": self.identifier(account.id),
                "currency": account.currency,
                "available": self.amount(self.available(account), account.currency),
                "held": self.amount(account.held, account.currency),
                "total": self.amount(self.total(account), account.currency),
                "created_at": account.created_at,
            },
        )

    def available(self, account: Account) -> int:
        return account.available

    def total(self, account: Account) -> int:
        return account.total

    def hold(self, hold: Hold) -> View:
        return self.with_more(
            "hold",
            {
                "id": self.identifier(hold.id),
                "account_id": self.identifier(hold.account),
                "transaction_id": self.identifier(hold.transaction),
                "status": self.status(hold),
                "currency": hold.currency,
                "amount": self.amount(hold.amount, hold.currency),
                "captured": self.amount(hold.captured, hold.currency),
                "released": self.amount(hold.released, hold.currency),
                "remaining": self.amount(self.remaining(hold), hold.currency),
                "metadata": dict(hold.metadata),
                "created_at": hold.created_at,
            },
        )

    def remaining(self, hold: Hold) -> int:
        return hold.remaining

    def status(self, hold: Hold) -> str:
        if hold.open:
            return "open"
        if not hold.released:
            return "captured"
        return "settled" if hold.captured else "released"

    def movement(self, movement: Movement) -> View:
        return self.with_more(
            "transaction",
            {
                "id": self.identifier(movement.id),
                "type": movement.kind,
                "account_id": self.identifier(movement.account),
                "hold_id": movement.hold and self.identifier(movement.hold),
                "currency": movement.currency,
                "amount": self.amount(movement.amount, movement.currency),
                "idempotency_key": movement.key,
                "metadata": dict(movement.metadata),
                "created_at": movement.created_at,
            },
        )

    def amount(self, minor: int, currency: str) -> str:
        return self.money.show(minor, currency)

    def identifier(self, text: str) -> str | int:
        return int(text) if self.policy.numeric_ids else text

    def with_more(self, kind: str, view: View) -> View:
        if not self.policy.more_members:
            return view
        return {"object": kind, "livemode": False, **view, "links": {"self": None}}
