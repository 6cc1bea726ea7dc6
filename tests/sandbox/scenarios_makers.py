"""Scenarios of two clients on one card, of a card through its life, and of more than is usual.

Each only sends requests; the reference walk compares the answers (reference_walk.py).
"""

from sandbox.credentials import READER, TILL
from tests.sandbox.harness import Local
from tests.sandbox.scenarios_corners import DIGITS
from tests.sandbox.scenarios_money import watch


def made_by_two(wallet: Local) -> None:
    card = wallet.card(1000)
    value = wallet.token(card, expires_after_transaction=False)["token"]["value"]
    wallet.transact(card, 1)
    holds = wallet.hold(card, 300), wallet.hold(card, 200)
    body = {"ref_id": "of-a-till", "amount": 2, "currency": "NOK", "token": value}
    wallet.send("POST", "/transactions", body, client=TILL)
    for operation, hold in zip(("capture", "void"), holds, strict=True):
        wallet.settle(hold, operation, TILL)
    watch(wallet, card)
    wallet.send("GET", f"/cards/{card}/transactions", client=READER)


def a_whole_life(wallet: Local) -> None:
    card = wallet.new_id("life")
    entries = [{"card_id": card, "type": "gift_card"}]
    options = {"pin": {"format": {**DIGITS, "length": 4}}}
    wallet.send("POST", "/cards/batch", {"cards": entries, "options": options})
    wallet.read(card)
    body = {"amount": 400, "currency": "NOK", "name": "Life", "metadata": {"order": "1"}}
    wallet.send("POST", f"/cards/{card}/activate", body)
    watch(wallet, card)
    for amount in (0, 400):
        wallet.send("GET", "/cards", query={"amount_available": amount, "limit": 100})
    wallet.send("DELETE", f"/cards/{card}")
    wallet.send("GET", "/cards", query={"include_deleted": "true", "limit": 100})


def siblings(wallet: Local) -> None:
    empty, other = (wallet.card(0, customer_id="of-siblings") for _ in "12")
    wallet.send("DELETE", f"/cards/{empty}")
    wallet.fund(other, 5)
    watch(wallet, other)


def more_than_usual(wallet: Local) -> None:
    card = wallet.card(1000)
    hold = wallet.hold(card, 100, ref_id="held")
    for _ in range(21):
        wallet.capture(hold, 1)
    wallet.hold(card, 99, ref_id="held")
    wallet.hold(card, 100, ref_id="held")
    watch(wallet, card)
