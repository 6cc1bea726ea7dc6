"""Scenarios where one card or token may affect another, or a refusal leaves traces.

Each only sends requests; the reference walk compares the answers (reference_walk.py).
"""

from tests.sandbox.harness import Local
from tests.sandbox.scenarios_corners import DIGITS, ONCE
from tests.sandbox.scenarios_money import watch


def refs_of_others(wallet: Local) -> None:
    customer = wallet.new_id("customer")
    cards = [wallet.card(1000, customer_id=customer) for _ in "AB"]
    for card in cards:
        wallet.transact(card, 10, ref_id="shared")
        wallet.transact(card, 10, ref_id="shared", metadata={"order": "2"})
        wallet.token(card, ref_id="shared-token")
        watch(wallet, card)


def tokens_of_one_card(wallet: Local) -> None:
    card = wallet.card(1000, type="credit_note")
    one, other = (wallet.token(card, **ONCE)["token"]["value"] for _ in "12")
    wallet.transact(None, 10, token=one)
    wallet.transact(None, 10, token=other)
    wallet.transact(None, 2000, token=wallet.token(card)["token"]["value"])
    brief = wallet.token(card, expires_in=1, expires_after_transaction=False)
    hold = wallet.transact(None, 845, token=brief["token"]["value"], pending=True)["id"]
    wallet.advance(2)
    wallet.capture(hold, 29)
    watch(wallet, card)


def cards_beside_each_other(wallet: Local) -> None:
    card = wallet.card(0)
    wallet.card(10, card_id=f"{card}0")
    wallet.send("DELETE", f"/cards/{card}")
    wallet.read(f"{card}0")
    late = wallet.new_id("late")
    wallet.read(late)
    wallet.card(10, card_id=late)
    wallet.read(late)
    names = [wallet.new_id("printed") for _ in range(12)]
    batch = {"cards": [{"card_id": name, "type": "gift_card"} for name in names]}
    wallet.send("POST", "/cards/batch", batch)
    wallet.read(names[-1])


def refused_and_rotated(wallet: Local) -> None:
    card = wallet.card(100, customer_id="first", expires_at="2090-01-01T00:00:00Z")
    again = {"amount": 7, "currency": "NOK", "customer_id": "second"}
    wallet.send("POST", f"/cards/{card}/activate", again)
    wallet.read(card)
    wallet.send("POST", f"/cards/{card}/rotate-pin", {"pin": {"format": {**DIGITS, "length": 4}}})
    wallet.read(card)


def after_a_deletion(wallet: Local) -> None:
    before, card = wallet.card(1), wallet.card(100)
    token = wallet.token(card, expires_after_transaction=False)["token"]["value"]
    wallet.transact(card, 100)
    wallet.send("DELETE", f"/cards/{card}")
    wallet.send("POST", "/cards", {"card_id": card, "amount": 500, "currency": "NOK"})
    wallet.transact(None, 5, token=token)
    asked = {"include_deleted": "true", "amount_available": 0, "starting_after": before}
    wallet.send("GET", "/cards", query=asked)


def refs_and_customers_alike(wallet: Local) -> None:
    card = wallet.card(100)
    for tail in "12":
        wallet.transact(card, 3, ref_id="k" * 200 + tail)
    for customer in ("of-a", "ofa"):
        wallet.card(1, customer_id=customer)
    wallet.send("GET", "/customers/ofa/cards")
    of_one = {"customer_id": "of-one", "metadata": {"spaces": " a "}}
    first, second = (wallet.card(9, name=name, **of_one) for name in ("First", "Second"))
    token = wallet.token(first, expires_after_transaction=False)["token"]["value"]
    wallet.read(first)
    pin = ""
    for card in (first, second):
        rotated = wallet.send("POST", f"/cards/{card}/rotate-pin", {"pin": {}})
        pin = pin or rotated["pin"]["pin"]["value"]
    wallet.info(token, pin=pin)
    wallet.send("GET", f"/cards/{first}", query={"includes": "pin"})
