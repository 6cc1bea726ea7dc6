"""The sixteen operations: what each one asks of the other parts, and what it answers.

One method per operation, named in one table by the operation's id in the document. Knows the parts
of the server; knows no HTTP.
"""

from dataclasses import dataclass
from typing import Any

from sandbox.access import Access, Caller
from sandbox.answers import Answers
from sandbox.bank import Bank
from sandbox.cards import Cards
from sandbox.document import Operation
from sandbox.lists import CardQuery, Lists
from sandbox.orders import Orders
from sandbox.store import Store
from sandbox.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has been let in."""

    caller: Caller
    operation: Operation
    path: dict[str, str]
    query: dict[str, Any]
    body: dict[str, Any]


class Service:
    """Carries out calls. The caller's account is the account of the path (access.py)."""

    def __init__(
        self,
        store: Store,
        access: Access,
        orders: Orders,
        bank: Bank,
        cards: Cards,
        tokens: Tokens,
        lists: Lists,
        answers: Answers,
    ) -> None:
        self.store = store
        self.access = access
        self.orders = orders
        self.bank = bank
        self.cards = cards
        self.tokens = tokens
        self.lists = lists
        self.answers = answers
        self._methods = {
            "aid_cards_get": self.list_cards,
            "aid_cards_post": self.create_card,
            "aid_cards_batch_post": self.batch_cards,
            "aid_cards_cardid_get": self.read_card,
            "aid_cards_cardid_delete": self.delete_card,
            "aid_cards_cardid_activate_post": self.activate_card,
            "aid_cards_cardid_rotate_pin_post": self.rotate_pin,
            "aid_cards_cardid_token_post": self.create_token,
            "aid_cards_cardid_transactions_tid_get": self.list_transactions,
            "aid_customers_cid_cards_get": self.list_customer_cards,
            "aid_customers_cid_card_cid_get": self.read_customer_card,
            "aid_cards_token_post": self.look_up,
            "aid_cards_transactions_post": self.create_transaction,
            "aid_cards_cardid_transactions_capture_post": self.capture,
            "aid_cards_cardid_transactions_void_post": self.void,
        }

    def perform(self, call: Call) -> Any:
        return self._methods[call.operation.id](call)

    # --- transactions -----------------------------------------------------------------------

    def create_transaction(self, call: Call) -> Any:
        self.access.check_restricted(call.caller, call.operation, call.body)
        order = self.orders.order(call.caller, call.body)
        return self.answers.transaction(self.bank.create(order))

    def capture(self, call: Call) -> Any:
        return self.answers.transaction(self.bank.capture(self._settlement(call, "capture")))

    def void(self, call: Call) -> Any:
        return self.answers.transaction(self.bank.void(self._settlement(call, "void")))

    def _settlement(self, call: Call, operation: str) -> Any:
        names_cards = self.access.names_cards(call.caller)
        return self.orders.settlement(
            call.caller, operation, call.path["transaction_id"], names_cards, call.body
        )

    def list_transactions(self, call: Call) -> Any:
        with self.store.transaction():
            card = self.cards.read(call.caller.account, call.path["card_id"])
            return self.answers.transactions(self.lists.transactions(card))

    # --- cards ------------------------------------------------------------------------------

    def create_card(self, call: Call) -> Any:
        return self.answers.issued(self.cards.create(call.caller, call.body))

    def batch_cards(self, call: Call) -> Any:
        return self.answers.batch(self.cards.batch(call.caller, call.body))

    def read_card(self, call: Call) -> Any:
        with self.store.transaction():
            card = self.cards.read(call.caller.account, call.path["card_id"])
            return self.answers.card_details(card, self.store.tokens(card))

    def list_cards(self, call: Call) -> Any:
        asked = CardQuery(
            call.query["limit"],
            call.query["starting_after"],
            call.query["include_deleted"],
            call.query["amount_available"],
        )
        return self.answers.page(self.lists.page(call.caller.account, asked))

    def activate_card(self, call: Call) -> Any:
        card = self.cards.activate(call.caller, call.path["card_id"], call.body)
        return self.answers.card_details(card, self.store.tokens(card))

    def delete_card(self, call: Call) -> Any:
        return self.answers.card(self.cards.delete(call.caller.account, call.path["card_id"]))

    def rotate_pin(self, call: Call) -> Any:
        wanted = call.body["pin"].get("format")
        issued = self.cards.rotate_pin(call.caller.account, call.path["card_id"], wanted)
        return {"pin": self.answers.pin(issued)}

    # --- tokens -----------------------------------------------------------------------------

    def create_token(self, call: Call) -> Any:
        token = self.tokens.create(call.caller, call.path["card_id"], call.body)
        return self.answers.token(token)

    def look_up(self, call: Call) -> Any:
        return self.answers.card_read(self.tokens.look_up(call.caller, call.body))

    # --- customers --------------------------------------------------------------------------

    def list_customer_cards(self, call: Call) -> Any:
        cards = self.lists.of_customer(
            call.caller.account,
            call.path["customer_id"],
            call.query["limit"],
            call.query["starting_after"],
        )
        return [self.answers.customer_card(card) for card in cards]

    def read_customer_card(self, call: Call) -> Any:
        with self.store.transaction():
            card = self.lists.customer_card(
                call.caller.account, call.path["customer_id"], call.path["card_id"]
            )
            return self.answers.customer_card_state(card, self.store.tokens(card))
