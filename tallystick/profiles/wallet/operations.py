"""The operations of the Wallet / Cards API: operationId, method and path of each. Data only.

`wire` writes requests by this table, and the fuzz driver writes and reads them by it. A target
may lack all but those of HEART (`target.support`); what a verb of a program asks for is here too.
It does not know what an operation means, nor what its body holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

LIST_CARDS = "aid_cards_get"
CREATE_CARD = "aid_cards_post"
PREPARE_CARDS = "aid_cards_batch_post"
READ_CARD = "aid_cards_cardid_get"
DELETE_CARD = "aid_cards_cardid_delete"
ACTIVATE_CARD = "aid_cards_cardid_activate_post"
ROTATE_PIN = "aid_cards_cardid_rotate_pin_post"
ISSUE_TOKEN = "aid_cards_cardid_token_post"
LIST_TRANSACTIONS = "aid_cards_cardid_transactions_tid_get"
LIST_CUSTOMER_CARDS = "aid_customers_cid_cards_get"
READ_CUSTOMER_CARD = "aid_customers_cid_card_cid_get"
READ_BY_TOKEN = "aid_cards_token_post"
TRANSACT = "aid_cards_transactions_post"
CAPTURE = "aid_cards_cardid_transactions_capture_post"
VOID = "aid_cards_cardid_transactions_void_post"
GET_ACCESS_TOKEN = "aid_auths_oauth_token_post"


@dataclass(frozen=True)
class Route:
    """Method and path below the base URL; the path names its parameters as `{card_id}`."""

    method: str
    path: str

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The path parameters other than the account, in the order of the path."""
        return tuple(name for name in re.findall(r"{(\w+)}", self.path) if name != "account")


_WALLETS = "/accounts/{account}/wallets"
_CARD = f"{_WALLETS}/cards/{{card_id}}"
_TRANSACTION = f"{_WALLETS}/transactions/{{transaction_id}}"
_CUSTOMER_CARDS = f"{_WALLETS}/customers/{{customer_id}}/cards"

ROUTES: dict[str, Route] = {
    LIST_CARDS: Route("GET", f"{_WALLETS}/cards"),
    CREATE_CARD: Route("POST", f"{_WALLETS}/cards"),
    PREPARE_CARDS: Route("POST", f"{_WALLETS}/cards/batch"),
    READ_CARD: Route("GET", _CARD),
    DELETE_CARD: Route("DELETE", _CARD),
    ACTIVATE_CARD: Route("POST", f"{_CARD}/activate"),
    ROTATE_PIN: Route("POST", f"{_CARD}/rotate-pin"),
    ISSUE_TOKEN: Route("POST", f"{_CARD}/tokens"),
    LIST_TRANSACTIONS: Route("GET", f"{_CARD}/transactions"),
    LIST_CUSTOMER_CARDS: Route("GET", _CUSTOMER_CARDS),
    READ_CUSTOMER_CARD: Route("GET", f"{_CUSTOMER_CARDS}/{{card_id}}"),
    READ_BY_TOKEN: Route("POST", f"{_WALLETS}/info"),
    TRANSACT: Route("POST", f"{_WALLETS}/transactions"),
    CAPTURE: Route("POST", f"{_TRANSACTION}/capture"),
    VOID: Route("POST", f"{_TRANSACTION}/void"),
    GET_ACCESS_TOKEN: Route("POST", "/accounts/{account}/auth/token"),
}
"""By operationId. `tests/wire/test_operations.py` compares it with the document."""


HEART = frozenset({CREATE_CARD, READ_CARD, TRANSACT, CAPTURE, VOID})
"""What every contract stands on: a target without one of these cannot be judged."""

OF_VERBS: dict[str, str] = {
    "card": CREATE_CARD,
    "batch": PREPARE_CARDS,
    "activate": ACTIVATE_CARD,
    "delete": DELETE_CARD,
    "token": ISSUE_TOKEN,
    "draw": TRANSACT,
    "hold": TRANSACT,
    "fund": TRANSACT,
    "capture": CAPTURE,
    "void": VOID,
    "read": READ_CARD,
    "list": LIST_TRANSACTIONS,
    "info": READ_BY_TOKEN,
    "customer": READ_CUSTOMER_CARD,
}
"""By the verb of a step, what it asks for; `again` asks for what the step before it did."""

CAPABILITIES: dict[str, tuple[str, ...]] = {
    "batch": (PREPARE_CARDS,),
    "activate": (ACTIVATE_CARD,),
    "delete": (DELETE_CARD,),
    "pins": (ROTATE_PIN,),
    "tokens": (ISSUE_TOKEN, READ_BY_TOKEN),
    "info": (READ_BY_TOKEN,),
    "customers": (LIST_CUSTOMER_CARDS, READ_CUSTOMER_CARD),
    "card-list": (LIST_CARDS,),
    "transaction-list": (LIST_TRANSACTIONS,),
    "get-token": (GET_ACCESS_TOKEN,),
}
"""Short names by which a team declares what its target lacks."""


def label(operation: str) -> str:
    """Return an operation as people write it, such as `POST /cards/batch`; other text as it is."""
    route = ROUTES.get(operation)
    if route is None:
        return operation
    return f"{route.method} {route.path.removeprefix(_WALLETS).removeprefix('/accounts/{account}')}"


def named(text: str) -> tuple[str, ...]:
    """Return the operations that a text names: a capability, an operationId, or method and path.

    Empty if it names none.
    """
    plain = " ".join(text.split())
    for operation, route in ROUTES.items():
        if plain in (operation, label(operation), f"{route.method} {route.path}"):
            return (operation,)
    return CAPABILITIES.get(plain.lower().replace("_", "-").replace(" ", "-"), ())
