"""The operations of the Wallet / Cards API: operationId, method and path of each. Data only.

`wire` writes requests by this table, and the fuzz driver writes and reads them by it. It does not
know what an operation means, nor what its body holds.
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
