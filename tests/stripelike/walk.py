"""The reference walk: requests whose answers show every fault to one client alone.

It plays the life of a hold in both mappings (lives.py), and then what belongs to one of them or
crosses them. Knows requests, not which answers are right: the answers of two servers are compared.
"""

import json
import re
from collections.abc import Callable, Sequence

from tests.stripelike import lives
from tests.stripelike.accounts import FIRST, SECOND
from tests.stripelike.client import Answer, Request, Sender
from tests.stripelike.lives import Stage
from tests.stripelike.shop import CARD, CHARGES, INTENTS, METHODS, REFUNDS, Shop

_ID = re.compile(r"\b(?:pi|ch|re|pm)_[A-Za-z0-9]{24}\b")
_TIME = re.compile(r'"(created|canceled_at)": (\d{10})\b')


Scenario = Callable[[Sender], None]


class Diverged(Exception):
    """An answer is not the expected one; what follows says no more."""


class Walk:
    """Sends requests and keeps the answers, with ids numbered in the order of their appearance."""

    def __init__(self, inner: Sender, expected: Sequence[str] | None = None) -> None:
        self.inner = inner
        self.expected = expected
        self.seen: list[str] = []
        self._ids: dict[str, str] = {}

    def send(self, request: Request) -> Answer:
        answer = self.inner.send(request)
        self.seen.append(self._normal(answer))
        place = len(self.seen) - 1
        if self.expected is not None and self.seen[place] != self.expected[place]:
            raise Diverged
        return answer

    def together(self, requests: Sequence[Request]) -> list[Answer]:
        raise NotImplementedError("the walk is for one client alone")

    def _normal(self, answer: Answer) -> str:
        body = json.dumps(answer.body, sort_keys=True)
        timeless = _TIME.sub(r'"\1": time', body)
        return _ID.sub(self._numbered, f"{answer.status} {answer.replayed} {timeless}")

    def _numbered(self, match: re.Match[str]) -> str:
        return self._ids.setdefault(match.group(), f"<{len(self._ids)}>")


def run(
    sender: Sender,
    expected: Sequence[str] | None = None,
    scenarios: Sequence[Scenario] | None = None,
) -> list[str]:
    """The normalised answers of a server, up to the first that is not the expected one."""
    walk = Walk(sender, expected)
    for scenario in SCENARIOS if scenarios is None else scenarios:
        try:
            scenario(walk)
        except Diverged:
            break
        except (KeyError, TypeError, IndexError) as error:
            # A faulty answer may lack what the next step needs. That is a difference too.
            walk.seen.append(type(error).__name__)
    return walk.seen


# --- beside the life of a hold --------------------------------------------------------------


def unconfirmed(walk: Sender) -> None:
    """Payment intents without a hold."""
    shop = Shop(walk)
    for more in (
        {"confirm": "false"},
        {"confirm": "false", "payment_method": None},
        {"capture_method": "automatic"},
    ):
        for end in (shop.capture_intent, shop.cancel):
            made = shop.intent(700, **more)["id"]
            end(made)
            shop.read_intent(made)
    shop.intent(700, payment_method=None)
    shop.intent(700, payment_method="pm_nothing")
    shop.intent(700, payment_method="pm_card_chargeDeclined")
    shop.get(INTENTS, limit=1)


def intents(walk: Sender) -> None:
    """What only payment intents have."""
    shop = Shop(walk)
    hold = shop.intent(1000)["id"]
    shop.capture_intent(hold, amonut_to_capture=10)
    shop.capture_intent(hold, 400, final_capture="false")
    shop.read_intent(hold)
    shop.cancel(hold, cancellation_reason="duplicate")
    shop.post(REFUNDS, payment_intent=hold)
    paid = shop.intent(1000)["id"]
    shop.capture_intent(paid, 600)
    for amount in (601, -1, 250, 351):
        shop.post(REFUNDS, payment_intent=paid, amount=amount)
        shop.read_intent(paid)
    method = shop.post(METHODS, **CARD)["id"]
    shop.intent(1000, payment_method=method)
    for name, value in (("number", "4242424242424241"), ("exp_month", "13"), ("cvc", "")):
        shop.post(METHODS, **(CARD | {f"card[{name}]": value}))


def charges(walk: Sender) -> None:
    """What only charges have."""
    shop = Shop(walk)
    sale = shop.charge(1000, capture="true")["id"]
    shop.capture_charge(sale)
    shop.read_charge(sale)
    shop.charge(1000, capture="perhaps")
    shop.charge(1000, source=None)
    for _ in range(2):
        shop.charge(1000, "declined", source="tok_chargeDeclined")
    for amount in (400, 1000, 1001, -1):
        hold = shop.charge(1000)["id"]
        shop.refund(hold, amount)
        shop.read_charge(hold)
        shop.capture_charge(hold)
        shop.read_charge(hold)


def refunds(walk: Sender) -> None:
    """Money given back after a capture, in parts."""
    shop = Shop(walk)
    hold, other = shop.charge(1000)["id"], shop.charge(1000)["id"]
    shop.capture_charge(hold, 600)
    shop.capture_charge(other)
    for amount in (601, -1, 0, 250, 351, None, 1, None):
        shop.refund(hold, amount)
        shop.read_charge(hold)
    shop.read_charge(other)
    for _ in range(2):
        shop.refund(other, 100, "refund")
    shop.read_charge(other)


def charges_of_intents(walk: Sender) -> None:
    """The charge of a payment intent, and refunds by the name of the intent."""
    shop = Shop(walk)
    held = shop.intent(1000)
    shop.post(REFUNDS, payment_intent=held["id"])
    shop.read_intent(held["id"])
    shop.capture_charge(held["latest_charge"], 500)
    shop.read_intent(held["id"])
    shop.capture_intent(held["id"], 500)
    shop.read_charge(held["latest_charge"])
    shop.cancel(held["id"])
    shop.read_charge(held["latest_charge"])
    shop.post(REFUNDS, payment_intent=held["id"], amount=200, reason="duplicate")
    shop.post(REFUNDS, payment_intent=held["id"], charge=held["latest_charge"])
    shop.read_intent(held["id"])
    canceled = shop.intent(1000)
    shop.cancel(canceled["id"])
    shop.refund(canceled["latest_charge"])
    shop.read_charge(canceled["latest_charge"])


def credentials(walk: Sender) -> None:
    """Requests without a valid API key."""
    for authorization in (
        *(None, "", "Bearer", "Bearer ", "Bearer sk_test_", "Bearer sk_test_nobody"),
        *(f"Bearer {FIRST.key}x", f"Bearer {FIRST.key[:-1]}", f"Token {FIRST.key}", "Basic !"),
        *("Basic c2tfdGVzdF9maXJzdDo=", f"Bearer {SECOND.key}"),
    ):
        walk.send(Request("GET", INTENTS, {"limit": 1}, None, None, authorization))


def nowhere(walk: Sender) -> None:
    """Routes and methods that do not exist."""
    Shop(walk).get("/v1/charge")
    walk.send(Request("DELETE", CHARGES))


def _in(mapping: str) -> tuple[Scenario, ...]:
    def played(scenario: Callable[[Stage], None]) -> Scenario:
        return lambda walk: scenario(Stage(walk, mapping))

    return tuple(played(scenario) for scenario in lives.SCENARIOS)


BY_MAPPING: dict[str, tuple[Scenario, ...]] = {
    "intents": (*_in("intents"), unconfirmed, intents),
    "charges": (*_in("charges"), charges, refunds),
}
"""What a client sees that uses one mapping alone."""
SCENARIOS: tuple[Scenario, ...] = (
    *(scenario for scenarios in BY_MAPPING.values() for scenario in scenarios),
    *(charges_of_intents, credentials, nowhere),
)
