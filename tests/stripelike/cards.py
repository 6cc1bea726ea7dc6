"""Payment methods and test cards: which pay, which are declined.

Knows nothing of holds.
"""

from tests.stripelike.access import Access
from tests.stripelike.calls import Call
from tests.stripelike.forms import Forms, Params
from tests.stripelike.records import Method
from tests.stripelike.refusals import Refusal, absent, invalid
from tests.stripelike.store import Store

TEST_METHODS = ("pm_card_visa", "pm_card_mastercard")
TEST_TOKENS = ("tok_visa", "tok_mastercard")
DECLINED = ("pm_card_chargeDeclined", "tok_chargeDeclined")
_DECLINED_LAST4 = "0002"
"""4000000000000002 is documented as a card that is always declined."""


class Cards:
    """Makes payment methods, and tells whether one pays."""

    def __init__(self, store: Store, access: Access, forms: Forms) -> None:
        self.store = store
        self.access = access
        self.forms = forms

    def create(self, call: Call) -> Method:
        """A new payment method of type card."""
        self.forms.allow(call.params, ("type", "card", "metadata"))
        if self.forms.required(call.params, "type") != "card":
            raise invalid("type", "parameter_invalid_string", "Only cards are supported")
        card = call.params.get("card")
        if not isinstance(card, dict):
            raise invalid("card", "parameter_missing", "Missing required param: card.")
        number, month, year = self.numbers(card)
        return self.store.save(
            Method(
                id=self.store.new_id("pm"),
                account=call.account,
                created=self.store.now(),
                metadata=self.forms.metadata(call.params),
                last4=number[-4:],
                exp_month=month,
                exp_year=year,
            )
        )

    def numbers(self, card: Params) -> tuple[str, int, int]:
        """The number, month and year of a card that can be valid."""
        self.forms.allow(card, ("number", "exp_month", "exp_year", "cvc"))
        number = self.forms.required(card, "number")
        if not _is_card_number(number):
            message = "Your card number is incorrect."
            raise Refusal(402, message, code="incorrect_number", kind="card_error")
        month = self.forms.integer("exp_month", self.forms.required(card, "exp_month"))
        year = self.forms.integer("exp_year", self.forms.required(card, "exp_year"))
        if not 1 <= month <= 12 or not 2020 <= year <= 2099:
            message = "Your card's expiration is invalid."
            raise Refusal(402, message, code="invalid_expiry_month", kind="card_error")
        return number, month, year

    def pays(self, account: str, name: str, param: str) -> bool:
        """Whether a payment method or a token pays.

        Raises:
            Refusal: the account has none of this name.
        """
        if name in TEST_METHODS + TEST_TOKENS:
            return True
        if name in DECLINED:
            return False
        if not name.startswith("pm_"):
            raise absent("token", name, param)
        return self.access.read(account, Method, name, param).last4 != _DECLINED_LAST4

    def declined(self) -> Refusal:
        message = "Your card was declined."
        return Refusal(402, message, code="card_declined", kind="card_error")


def _is_card_number(number: str) -> bool:
    """Whether it has 13 to 19 digits and passes the Luhn check."""
    if not (number.isascii() and number.isdigit() and 13 <= len(number) <= 19):
        return False
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
