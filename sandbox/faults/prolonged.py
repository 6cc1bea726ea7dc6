"""Faults that give a token or a card more time when it is used.

Overrides the tokens and the bank; knows nothing of how the suite looks for these.
"""

from dataclasses import replace
from typing import Any

from sandbox.access import Caller
from sandbox.bank import Bank
from sandbox.clock import SECOND
from sandbox.faults.registry import fault
from sandbox.orders import Order
from sandbox.records import Card, Token, Transaction
from sandbox.store import Store
from sandbox.tokens import Tokens


def _prolong(store: Store, token: Token, now: int) -> None:
    ends = now + token.expires_in * SECOND
    store.execute("UPDATE tokens SET expires_at = ? WHERE seq = ?", (ends, token.seq))


@fault(
    "look_up_prolongs_token",
    breaks="TOKEN-5",
    summary="looking a card up starts the life of the token again",
)
class LookUpProlongsToken(Tokens):
    def look_up(self, caller: Caller, body: dict[str, Any]) -> Card:
        card = super().look_up(caller, body)
        with self.store.transaction():
            token = self.store.token(caller.account, body["token"])
            if token is not None:
                _prolong(self.store, token, self.clock.now())
        return card


@fault(
    "payment_prolongs_token",
    breaks="TOKEN-5",
    summary="a drawdown starts the life of its token again",
)
class PaymentProlongsToken(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        if token is not None and order.operation == "drawdown":
            _prolong(self.store, token, self.clock.now())
        return super().post(card, token, order)


@fault(
    "check_prolongs_token",
    breaks="TOKEN-5",
    summary="a token that is found valid lives on, also if the payment is refused",
)
class CheckProlongsToken(Bank):
    def check_token(self, token: Token, order: Order) -> None:
        super().check_token(token, order)
        _prolong(self.store, token, self.clock.now())


@fault(
    "fund_prolongs_card",
    breaks="TIME-2",
    summary="a card that was funded after it was made has no end any more",
)
class FundProlongsCard(Bank):
    def check_card(self, card: Card, order: Order) -> None:
        was_funded = card.funds > card.opening
        super().check_card(replace(card, expires_at=None) if was_funded else card, order)
