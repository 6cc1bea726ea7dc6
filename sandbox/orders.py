"""What a caller asks for, as frozen values: the words between the HTTP side and the bank.

Made from validated bodies; knows neither HTTP nor the database. Each order carries a fingerprint:
two requests are the same request when their fingerprints are equal.
"""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.access import Caller
from sandbox.policy import Policy


@dataclass(frozen=True, slots=True)
class Order:
    """A transaction to be made on a card: `operation` is drawdown, hold or fund."""

    account: str
    client_id: str
    operation: str
    ref_id: str
    card_id: str | None
    token: str | None
    amount: int
    currency: str
    metadata: str | None
    originated_by: str | None
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """A capture or a void of a hold. Without amount, a capture takes the default."""

    account: str
    client_id: str
    names_cards: bool
    operation: str
    ref_id: str
    transaction_id: str
    amount: int | None
    metadata: str | None
    fingerprint: str


class Orders:
    """Turns bodies into orders."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def order(self, caller: Caller, body: dict[str, Any]) -> Order:
        operation = self.operation(body)
        return Order(
            account=caller.account,
            client_id=caller.client_id,
            operation=operation,
            ref_id=self.ref_id(body),
            card_id=body.get("card_id"),
            token=body.get("token"),
            amount=body["amount"],
            currency=body["currency"],
            metadata=packed(body.get("metadata")),
            originated_by=body.get("originated_by"),
            fingerprint=self.fingerprint(
                operation,
                money={name: body.get(name) for name in ("amount", "currency")},
                rest={
                    name: body.get(name)
                    for name in ("card_id", "token", "metadata", "originated_by")
                },
            ),
        )

    def operation(self, body: dict[str, Any]) -> str:
        if body.get("type") == "fund":
            return "fund"
        return "hold" if body.get("pending") else "drawdown"

    def settlement(
        self, caller: Caller, operation: str, transaction_id: str, names: bool, body: dict[str, Any]
    ) -> Settlement:
        amount = body.get("amount") if operation == "capture" else None
        return Settlement(
            account=caller.account,
            client_id=caller.client_id,
            names_cards=names,
            operation=operation,
            ref_id=self.ref_id(body),
            transaction_id=transaction_id,
            amount=amount,
            metadata=packed(body.get("metadata")),
            fingerprint=self.fingerprint(
                operation,
                money={"transaction_id": transaction_id, "amount": amount},
                rest={"metadata": body.get("metadata")},
            ),
        )

    def ref_id(self, body: dict[str, Any]) -> str:
        return str(body["ref_id"])

    def fingerprint(self, operation: str, money: dict[str, Any], rest: dict[str, Any]) -> str:
        compared = money if self.policy.repeat_compares == "money" else money | rest
        return operation + json.dumps(compared, sort_keys=True)


def packed(value: Any) -> str | None:
    """A JSON value as it is stored."""
    return None if value is None else json.dumps(value)


def unpacked(text: str | None) -> Any:
    """A JSON value as it was sent."""
    return None if text is None else json.loads(text)
