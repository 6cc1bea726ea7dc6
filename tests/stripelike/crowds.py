"""Requests at the same moment, and what is left after them: they show the faults of races.

Knows requests and what a legal outcome is for each crowd, by counting what was accepted.
"""

from collections.abc import Callable

from tests.stripelike.client import Answer, Sender
from tests.stripelike.shop import CHARGES, INTENTS, REFUNDS, Shop

Crowd = Callable[[Sender], None]


def accepted(answers: list[Answer]) -> int:
    return sum(answer.status == 200 for answer in answers)


def captures_of_a_charge(sender: Sender) -> None:
    """Two captures of one hold: one is accepted, and it is what the hold shows."""
    shop = Shop(sender)
    hold = shop.charge(1000)["id"]
    path = f"{CHARGES}/{hold}/capture"
    answers = sender.together([shop.request(path, amount=amount) for amount in (300, 400)])
    assert accepted(answers) == 1, answers
    winner = next(answer for answer in answers if answer.status == 200)
    assert shop.read_charge(hold).body == winner.body


def captures_of_an_intent(sender: Sender) -> None:
    """The same for a payment intent."""
    shop = Shop(sender)
    hold = shop.intent(1000)["id"]
    path = f"{INTENTS}/{hold}/capture"
    answers = sender.together(
        [shop.request(path, amount_to_capture=amount) for amount in (300, 400)]
    )
    assert accepted(answers) == 1, answers
    winner = next(answer for answer in answers if answer.status == 200)
    assert shop.read_intent(hold).body == winner.body


def capture_and_release(sender: Sender) -> None:
    """A capture and a void of one hold in each mapping: one of them is accepted."""
    shop = Shop(sender)
    charge, intent = shop.charge(1000)["id"], shop.intent(1000)["id"]
    for requests in (
        [
            shop.request(f"{CHARGES}/{charge}/capture", amount=300),
            # More than can be refunded after the capture, so that only a void is accepted.
            shop.request(REFUNDS, charge=charge, amount=1000),
        ],
        [
            shop.request(f"{INTENTS}/{intent}/capture", amount_to_capture=300),
            shop.request(f"{INTENTS}/{intent}/cancel"),
        ],
    ):
        answers = sender.together(requests)
        assert accepted(answers) == 1, answers


def releases(sender: Sender) -> None:
    """Two voids of one charge: one is accepted."""
    shop = Shop(sender)
    hold = shop.charge(1000)["id"]
    answers = sender.together([shop.request(REFUNDS, charge=hold) for _ in range(2)])
    assert accepted(answers) == 1, answers


def refunds(sender: Sender) -> None:
    """Two refunds of 600 of a captured 1000: one is accepted."""
    shop = Shop(sender)
    hold = shop.charge(1000, capture="true")["id"]
    answers = sender.together([shop.request(REFUNDS, charge=hold, amount=600) for _ in range(2)])
    assert accepted(answers) == 1, answers
    assert shop.read_charge(hold)["amount_refunded"] == 600


def repeated_holds(sender: Sender) -> None:
    """One hold twice under one key: there is one, or the second request is refused as in use."""
    shop = Shop(sender)
    before = len(shop.get(CHARGES, limit=100)["data"])
    request = shop.request(
        *(CHARGES, f"crowd {before}"),
        **{"amount": 1000, "currency": "usd", "source": "tok_visa", "capture": "false"},
    )
    answers = sender.together([request, request])
    assert len(shop.get(CHARGES, limit=100)["data"]) == before + 1
    assert len({a["id"] for a in answers if a.status == 200}) == 1
    assert {a.status for a in answers} <= {200, 409}


CROWDS: tuple[Crowd, ...] = (
    *(captures_of_a_charge, captures_of_an_intent, capture_and_release),
    *(releases, refunds, repeated_holds),
)
