"""What a request may say: the members of a body, their types, and the query of a list.

Knows the form of requests, not what becomes of them.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.prepaid.calls import Call
from tests.prepaid.money import Money
from tests.prepaid.policy import DIGITS, Policy
from tests.prepaid.records import Order
from tests.prepaid.refusals import Refusal, malformed

MOST_METADATA = 20
LONGEST_NAME = 40
LONGEST_VALUE = 200
LEAST_PAGE, MOST_PAGE, USUAL_PAGE = 1, 100, 20
KEY_FORM = re.compile(r"[!-~]{1,64}", re.ASCII)
"""1 to 64 visible characters of ASCII."""


class Inputs:
    """Reads requests."""

    def __init__(self, money: Money, policy: Policy) -> None:
        self.money = money
        self.policy = policy

    # --- bodies -------------------------------------------------------------------------------

    def new_account(self, call: Call) -> tuple[str, Order]:
        """The currency of an account to be made, and its first deposit, which may be 0."""
        self.judge_members(call, {"currency", "opening_amount", "metadata"})
        if "currency" not in call.body:
            raise malformed("currency is missing", "currency")
        currency = self.currency(call)
        text = self.amount_text(call, "opening_amount")
        amount = self.money.read(text or "0", currency, "opening_amount", zero=True)
        return currency, Order(amount=amount, key=call.key, metadata=self.metadata(call))

    def order(self, call: Call, currency: str, *, default: bool = False) -> Order:
        """What a movement of money in this currency asks for; with `default` the amount may lack.

        Raises:
            Refusal: 400, a member is missing, unknown or of a wrong type; 422, its value is.
        """
        self.judge_members(call, {"amount", "currency", "metadata"})
        text = self.amount_text(call, "amount")
        if text is None and not default:
            raise malformed("amount is missing", "amount")
        metadata = self.metadata(call)
        if "currency" in call.body:
            self.judge_currency(self.currency(call), currency)
        amount = None if text is None else self.money.read(text, currency, "amount")
        return Order(amount=amount, key=call.key, metadata=metadata)

    def judge_members(self, call: Call, known: set[str]) -> None:
        unknown = sorted(set(call.body) - known)
        if unknown and not self.policy.takes_unknown_members:
            raise malformed("There is an unknown member", unknown[0][:LONGEST_NAME])

    def judge_currency(self, asked: str, currency: str) -> None:
        if asked != currency:
            message = f"The account is in {currency}"
            raise Refusal(422, "currency_mismatch", message, field="currency")

    def amount_text(self, call: Call, field: str) -> str | None:
        """The amount as it is written, or None if there is none."""
        if field not in call.body:
            return None
        value = call.body[field]
        number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        if number and self.policy.takes_numbers:
            return format(Decimal(value), "f")
        if not isinstance(value, str):
            raise malformed(f"{field} is not a string", field)
        return value

    def currency(self, call: Call) -> str:
        value = call.body["currency"]
        if not isinstance(value, str):
            raise malformed("currency is not a string", "currency")
        known = value.upper() if self.policy.takes_lower_case_currency else value
        if known not in DIGITS:
            raise Refusal(422, "unknown_currency", "There is no such currency", field="currency")
        return known

    def metadata(self, call: Call) -> Mapping[str, str]:
        value = call.body.get("metadata", {})
        if not isinstance(value, dict) or len(value) > MOST_METADATA:
            raise malformed("metadata is not an object of some names", "metadata")
        for name, text in value.items():
            if not (0 < len(name) <= LONGEST_NAME and isinstance(text, str)):
                raise malformed("metadata has a wrong member", "metadata")
            if len(text) > LONGEST_VALUE:
                raise malformed("metadata has a value that is too long", "metadata")
        return value

    def key(self, value: Any, field: str) -> str | None:
        """The idempotency key of a request, or None if it has none."""
        if value is None:
            return None
        if not isinstance(value, str) or not KEY_FORM.fullmatch(value):
            raise malformed("The idempotency key is not 1 to 64 visible characters", field)
        return value

    # --- queries ------------------------------------------------------------------------------

    def page(self, call: Call) -> tuple[int, int | None]:
        """How many items are asked for, and the place after which they begin."""
        unknown = sorted(set(call.query) - {"limit", "cursor"})
        if unknown:
            raise malformed("There is an unknown parameter", unknown[0][:LONGEST_NAME])
        return self.limit(call.query.get("limit")), self.place(call.query.get("cursor"))

    def limit(self, text: str | None) -> int:
        if text is None:
            return USUAL_PAGE
        if not re.fullmatch("[0-9]{1,4}", text, re.ASCII):
            raise malformed("limit is not a number", "limit")
        self.judge_limit(int(text))
        return int(text)

    def judge_limit(self, limit: int) -> None:
        if not LEAST_PAGE <= limit <= MOST_PAGE:
            raise malformed(f"limit is {LEAST_PAGE} to {MOST_PAGE}", "limit")

    def place(self, cursor: str | None) -> int | None:
        if cursor is None:
            return None
        try:
            text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            text = ""
        if not re.fullmatch("after:[0-9]{1,18}", text, re.ASCII):
            raise malformed("The cursor is not one of ours", "cursor")
        return int(text.partition(":")[2])

    def cursor(self, place: int) -> str:
        """What a client sends to have the items after a place."""
        return base64.urlsafe_b64encode(f"after:{place}".encode()).decode()
