"""The reference walk: requests whose answers show every fault to one client alone.

Knows requests, not which answers are right: the answers of two servers are compared.
"""

import json
import re
from collections.abc import Callable, Sequence

from tests.stripelike.accounts import FIRST, SECOND
from tests.stripelike.client import Answer, Request, Sender
from tests.stripelike.shop import CARD, CHARGES, INTENTS, METHODS, REFUNDS, Shop

_ID = re.compile(r"\b(?:pi|ch|re|pm)_[A-Za-z0-9]{24}\b")
_TIME = re.compile(r'"(created|canceled_at)": (\d{10})\b')
NOWHERE = "pi_000000000000000000000000"
MALFORMED = ("", "0", "-1", "100.5", "1e3", "+100", " 100", "abc", "49", "100000000", "9" * 30)


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


def run(sender: Sender, expected: Sequence[str] | None = None) -> list[str]:
    """The normalised answers of a server, up to the first that is not the expected one."""
    walk = Walk(sender, expected)
    for scenario in SCENARIOS:
        try:
            scenario(walk)
        except Diverged:
            break
        except (KeyError, TypeError, IndexError) as error:
            # A faulty answer may lack what the next step needs. That is a difference too.
            walk.seen.append(f"{scenario.__name__}: {type(error).__name__}")
    return walk.seen


# --- money ----------------------------------------------------------------------------------


def intents(walk: Walk) -> None:
    """Each end of a payment intent, and what is refused after it."""
    shop = Shop(walk)
    for amount in (None, 400, 1000, 1001, 2000):
        hold = shop.intent(1000)["id"]
        shop.read_intent(hold)
        shop.capture_intent(hold, amount)
        intent = shop.read_intent(hold)
        shop.read_charge(intent["latest_charge"])
        shop.capture_intent(hold, 100)
        shop.capture_intent(hold)
        shop.cancel(hold)
        shop.read_intent(hold)
        shop.read_charge(intent["latest_charge"])
    canceled = shop.intent(1000)
    shop.cancel(canceled["id"], cancellation_reason="duplicate")
    shop.capture_intent(canceled["id"])
    shop.cancel(canceled["id"])
    shop.refund(canceled["latest_charge"])
    shop.read_intent(canceled["id"])
    shop.capture_intent(shop.intent(1000)["id"], 400, final_capture="false")


def unconfirmed(walk: Walk) -> None:
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
    shop.intent(700, payment_method="pm_card_chargeDeclined")
    shop.get(INTENTS, limit=1)


def charges(walk: Walk) -> None:
    """Each end of a charge, and what is refused after it."""
    shop = Shop(walk)
    for amount in (None, 400, 999, 1000, 1001):
        hold = shop.charge(1000)["id"]
        shop.read_charge(hold)
        shop.capture_charge(hold, amount)
        shop.read_charge(hold)
        shop.capture_charge(hold, 100)
        shop.capture_charge(hold)
        shop.read_charge(hold)
    for amount in (None, 400, 1000, 1001):
        hold = shop.charge(1000)["id"]
        shop.refund(hold, amount)
        shop.read_charge(hold)
        shop.capture_charge(hold, 300)
        shop.read_charge(hold)
        shop.refund(hold)
        shop.read_charge(hold)
    sale = shop.charge(1000, capture="true")["id"]
    shop.capture_charge(sale)
    shop.read_charge(sale)
    shop.charge(1000, source="tok_chargeDeclined")


def refunds(walk: Walk) -> None:
    """Money given back after a capture, in parts."""
    shop = Shop(walk)
    hold, other = shop.charge(1000)["id"], shop.charge(1000)["id"]
    shop.capture_charge(hold, 600)
    shop.capture_charge(other)
    for amount in (601, 250, 351, None, 1, None):
        shop.refund(hold, amount)
        shop.read_charge(hold)
    shop.read_charge(other)
    held = shop.intent(1000)
    shop.post(REFUNDS, payment_intent=held["id"])
    shop.capture_charge(held["latest_charge"], 500)
    shop.read_intent(held["id"])
    shop.capture_intent(held["id"], 500)
    shop.post(REFUNDS, payment_intent=held["id"], amount=200, reason="duplicate")
    shop.post(REFUNDS, payment_intent=held["id"], charge=held["latest_charge"])
    shop.read_intent(held["id"])


def neighbours(walk: Walk) -> None:
    """What happens to one hold leaves the others alone."""
    shop = Shop(walk)
    first, second, third = (shop.charge(1000 + number)["id"] for number in range(3))
    shop.capture_charge(second, 300)
    shop.refund(first)
    for hold in (first, second, third):
        shop.read_charge(hold)


def attributes(walk: Walk) -> None:
    """What a hold was made with is shown by every answer."""
    shop = Shop(walk)
    more = {"currency": "eur", "description": "tea", "metadata[order]": "17", "metadata[a]": ""}
    charge, intent = shop.charge(1000, **more)["id"], shop.intent(1000, **more)["id"]
    shop.capture_charge(charge, 400)
    shop.capture_intent(intent, 400)
    shop.read_charge(charge)
    shop.read_intent(intent)
    method = shop.post(METHODS, **CARD)["id"]
    shop.intent(1000, payment_method=method, currency="jpy")


# --- input ----------------------------------------------------------------------------------


def malformed(walk: Walk) -> None:
    """Amounts and other members that have not the documented form."""
    shop = Shop(walk)
    charge, intent = shop.charge(1000)["id"], shop.intent(1000)["id"]
    captured = shop.charge(1000, capture="true")["id"]
    for amount in MALFORMED:
        shop.charge(amount)
        shop.intent(amount)
        if amount not in ("49", "100000000"):
            shop.capture_charge(charge, amount)
            shop.capture_intent(intent, amount)
            shop.refund(captured, amount)
            for hold in (charge, captured):
                shop.read_charge(hold)
            shop.read_intent(intent)
    for accepted in (50, 16_777_217, 99_999_999):
        shop.charge(accepted)
        shop.intent(accepted)
    for currency in ("", "us", "xyz", "USD", "dollar"):
        shop.charge(1000, currency=currency)
    for name in ("amount", "currency", "source"):
        shop.charge(1000, **{name: None})
    shop.capture_intent(intent, amonut_to_capture=10)
    shop.charge(1000, capture="perhaps")
    shop.post(METHODS, **(CARD | {"card[number]": "4242424242424241"}))
    shop.post(METHODS, **(CARD | {"card[exp_month]": "13"}))
    shop.post(CHARGES, **{"metadata[a][b]": "1"})


def small_captures(walk: Walk) -> None:
    shop = Shop(walk)
    shop.capture_charge(shop.charge(1000)["id"], 1)
    shop.capture_intent(shop.intent(1000)["id"], 49)


# --- access ---------------------------------------------------------------------------------


def foreigners(walk: Walk) -> None:
    """What is another account's is not there, and stays as it is."""
    shop, other = Shop(walk), Shop(walk, SECOND)
    charge, intent = shop.charge(1000)["id"], shop.intent(1000)["id"]
    other.read_charge(charge)
    other.read_intent(intent)
    other.capture_charge(charge, 10)
    other.capture_intent(intent, 10)
    other.refund(charge)
    other.cancel(intent)
    other.get(CHARGES)
    other.get(INTENTS)
    other.get(CHARGES, starting_after=charge)
    shop.read_charge(charge)
    shop.read_intent(intent)


def credentials(walk: Walk) -> None:
    """Requests without a valid API key."""
    for authorization in (
        *(None, "", "Bearer", "Bearer ", "Bearer sk_test_", "Bearer sk_test_nobody"),
        *(f"Bearer {FIRST.key}x", f"Bearer {FIRST.key[:-1]}", f"Token {FIRST.key}", "Basic !"),
        *("Basic c2tfdGVzdF9maXJzdDo=", f"Bearer {SECOND.key}"),
    ):
        walk.send(Request("GET", INTENTS, {"limit": 1}, None, None, authorization))
        walk.send(Request("GET", f"{INTENTS}/{NOWHERE}", {}, None, None, authorization))


# --- keys -----------------------------------------------------------------------------------


def repeats(walk: Walk) -> None:
    """Each operation twice under one key, in both mappings."""
    shop = Shop(walk)
    for _ in range(2):
        charge, intent = shop.charge(900, "hold c")["id"], shop.intent(900, "hold i")["id"]
    for _ in range(2):
        shop.capture_charge(charge, 300, "capture c")
        shop.capture_intent(intent, 300, "capture i")
    for _ in range(2):
        shop.refund(charge, 100, "refund c")
        shop.read_charge(charge)
    canceled = shop.intent(900)["id"]
    for _ in range(2):
        shop.cancel(canceled, "cancel i")
    shop.charge(900, "hold c")
    shop.charge(900)
    shop.get(CHARGES, limit=5)


def mismatches(walk: Walk) -> None:
    """A key with other parameters, on another hold, on another operation, of another account."""
    shop, other = Shop(walk), Shop(walk, SECOND)
    first, second = (
        shop.charge(900, "key of a hold 1")["id"],
        shop.charge(900, "key of a hold 2")["id"],
    )
    shop.charge(901, "key of a hold 1")
    shop.charge(900, "key of a hold 1")
    shop.intent(900, "key of a hold 1")
    other.charge(900, "key of a hold 1")
    shop.capture_charge(first, 300, "capture")
    shop.capture_charge(second, 300, "capture")
    shop.capture_charge(second, 200, "capture")
    shop.refund(second, None, "capture")
    for hold in (first, second):
        shop.read_charge(hold)
    shop.get(CHARGES, limit=3)
    other.get(CHARGES, limit=3)
    shop.charge(900, "k" * 255)
    shop.charge(900, "k" * 256)


def refused_repeats(walk: Walk) -> None:
    """Refusals under a key, before and after they would be refused."""
    shop = Shop(walk)
    hold = shop.charge(900)["id"]
    for _ in range(2):
        shop.capture_charge(hold, 901, "too much")
        shop.charge(10, "too little")
        shop.charge(900, "declined", source="tok_chargeDeclined")
        shop.read_charge(hold)
    shop.charge(900, "too little")
    shop.charge(900, "declined")
    shop.capture_charge(hold, 900, "too much")
    shop.read_charge(hold)


# --- lists ----------------------------------------------------------------------------------


def pages(walk: Walk) -> None:
    """Lists of both kinds of hold: pages of every size, cursors, limits."""
    shop = Shop(walk, SECOND)
    made = [shop.charge(100 + number)["id"] for number in range(4)]
    shop.capture_charge(made[0], 60)
    shop.refund(made[1])
    held = [shop.intent(200 + number)["id"] for number in range(3)]
    shop.capture_intent(held[0], 60)
    shop.cancel(held[1])
    for path, cursor in ((CHARGES, made[2]), (INTENTS, held[1])):
        shop.get(path)
        shop.get(path, limit=2)
        shop.get(path, limit=2, starting_after=cursor)
        shop.get(path, limit=1, ending_before=cursor)
        for limit in ("0", "101", "-1", "x"):
            shop.get(path, limit=limit)
        shop.get(path, starting_after=NOWHERE)


def nowhere(walk: Walk) -> None:
    """Ids, methods and routes that do not exist."""
    shop = Shop(walk)
    shop.read_intent(NOWHERE)
    shop.read_charge("ch_nothing")
    shop.capture_intent(NOWHERE)
    shop.capture_charge("ch_nothing")
    shop.cancel(NOWHERE)
    shop.refund("ch_nothing")
    shop.intent(1000, payment_method="pm_nothing")
    shop.get("/v1/charge")
    walk.send(Request("DELETE", CHARGES))


SCENARIOS: tuple[Callable[[Walk], None], ...] = (
    *(intents, unconfirmed, charges, refunds, neighbours, attributes, malformed),
    *(small_captures, foreigners, credentials, repeats, mismatches, refused_repeats),
    *(pages, nowhere),
)
