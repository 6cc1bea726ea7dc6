"""Scenarios where two features meet: an attribute and an operation, a way to pay and an amount.

Each only sends requests; the reference walk compares the answers (reference_walk.py).
"""

from tests.sandbox.harness import Local
from tests.sandbox.scenarios_money import watch

ONCE = {"expires_in": 3600, "expires_after_transaction": True}
DIGITS = {"length": 16, "numbers": True, "symbols": False, "characters": False}


def activated_cards(wallet: Local) -> None:
    card = wallet.new_id("printed")
    wallet.send("POST", "/cards/batch", {"cards": [{"card_id": card, "type": "gift_card"}]})
    wallet.send("POST", f"/cards/{card}/activate", {"amount": 1000, "currency": "NOK"})
    wallet.hold(card, 600)
    wallet.transact(card, 500)
    for _ in range(2):
        wallet.transact(card, 10, ref_id="same-again")
    watch(wallet, card)


def crowds(wallet: Local) -> None:
    card = wallet.card(10_000)
    for _ in range(12):
        wallet.hold(card, 10)
    watch(wallet, card)
    for number in range(60):
        wallet.transact(card, 1, ref_id=f"crowd-{number}")
    for number in (1, 58):
        wallet.transact(card, 1, ref_id=f"crowd-{number}")
    watch(wallet, card)


def texts_alike(wallet: Local) -> None:
    card = wallet.card(1000)
    for ref in ("k" * 64 + "1", "k" * 64 + "2", "7007", "007007"):
        wallet.transact(card, 1, ref_id=ref)
    watch(wallet, card)
    wallet.read(wallet.card(10, customer_id="c" * 150))


def printed_codes(wallet: Local) -> None:
    pinned = {"pin": {"format": {**DIGITS, "length": 4}}, "card_token": ONCE}
    body = {"card_id": wallet.new_id("card"), "amount": 100, "currency": "NOK", **pinned}
    made = wallet.send("POST", "/cards", body)
    pin, token = made["pin"]["pin"]["value"], made["card_token"]["token"]["value"]
    for given in (pin, f"{pin}0", pin[:-1]):
        wallet.info(token, pin=given)
    wallet.transact(made["card_id"], 101)
    for _ in range(2):
        wallet.transact(None, 10, token=token)
    formed = wallet.token(made["card_id"], format=DIGITS)["token"]["value"]
    for _ in range(2):
        wallet.transact(None, 10, token=formed)


def dear_and_early(wallet: Local) -> None:
    card = wallet.card(1000, "EUR")
    wallet.fund(card, 1237, currency="EUR")
    watch(wallet, card)
    early = wallet.card(100, active_from="2090-01-01T00:00:00Z")
    wallet.fund(early, 50)
    wallet.transact(early, 10)


def views_of_others(wallet: Local) -> None:
    customer = wallet.new_id("customer")
    card = wallet.card(100, customer_id=customer, name="First")
    wallet.card(100, customer_id=customer, type="credit_note")
    again = {"card_id": card, "amount": 7, "currency": "NOK", "name": "Another"}
    wallet.send("POST", "/cards", again)
    wallet.read(card)
    wallet.capture(wallet.hold(card, 60), 20)
    wallet.send("GET", f"/customers/{customer}/cards")


def filtered_pages(wallet: Local) -> None:
    for amount in (7_000_000, 5, 7_000_000, 5):
        wallet.card(amount)
    asked = {"limit": 1, "amount_available": 7_000_000}
    first = wallet.send("GET", "/cards", query=asked)
    wallet.send("GET", "/cards", query={**asked, "starting_after": first["cards"][0]["id"]})
