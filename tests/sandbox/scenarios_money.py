"""Scenarios that move money: drawdowns, holds, captures, voids, funds, ref_ids.

Each only sends requests; the reference walk compares the answers (reference_walk.py).
"""

from typing import Any

from tests.sandbox.harness import UNKNOWN, Local


def watch(wallet: Local, card: str) -> None:
    wallet.read(card)
    wallet.records(card)


def drawdowns_and_holds(wallet: Local) -> None:
    card = wallet.card(100)
    held = wallet.hold(card, 60)
    for amount in (41, 40, 1, 0):
        wallet.transact(card, amount)
        wallet.hold(card, amount)
        watch(wallet, card)
    wallet.capture(held, 70)
    wallet.capture(held, 60)
    watch(wallet, card)
    for amount in (2**31 + 5, 2**53 + 1, 2**40):
        rich = wallet.card(amount)
        wallet.transact(rich, amount + 1)
        wallet.hold(rich, amount - 7)
        wallet.fund(rich, 5)
        wallet.transact(rich, amount)
        watch(wallet, rich)
    for currency in ("NOK", "SEK", "DKK", "EUR", "USD"):
        _one_currency(wallet, currency)


def _one_currency(wallet: Local, currency: str) -> None:
    money: dict[str, Any] = {"currency": currency}
    card = wallet.card(1000, currency)
    held = wallet.hold(card, 333, **money)
    wallet.capture(held, 111, metadata={"order_id": "child"})
    watch(wallet, card)
    wallet.void(held)
    wallet.fund(card, 77, **money)
    wallet.transact(card, 10, currency="SEK" if currency == "NOK" else "NOK")
    wallet.hold(card, 10, currency="SEK" if currency == "NOK" else "NOK")
    everything = wallet.hold(card, wallet.read(card)["amount_available"], **money)
    watch(wallet, card)
    wallet.void(everything)
    watch(wallet, card)


def captures(wallet: Local) -> None:
    card = wallet.card(1000)
    for parts in ([100], [30, 70], [10, 20, 30], [30, 30, 41], [99, 0, 1, 1], [50, 51], [101]):
        held = wallet.hold(card, 100)
        for part in parts:
            wallet.capture(held, part)
            watch(wallet, card)
        wallet.capture(held)
        wallet.void(held)
        wallet.capture(held, 1)
        wallet.void(held)
        watch(wallet, card)
    for parts in ([], [10], [10, 20], [10, 20, 30]):
        held = wallet.hold(card, 100)
        for part in parts:
            wallet.capture(held, part)
        wallet.void(held)
        wallet.capture(held, 10)
        wallet.capture(held)
        wallet.void(held)
        watch(wallet, card)
    other = wallet.card(500)
    for record in (wallet.transact(other, 50), wallet.fund(other, 50)):
        wallet.capture(record, 20)
        wallet.void(record)
        watch(wallet, other)
    held = wallet.hold(other, 100)
    for child in (wallet.capture(held, 30), wallet.void(held)):
        wallet.capture(child, 10)
        wallet.void(child)
        watch(wallet, other)
    wallet.capture(UNKNOWN)
    wallet.void(UNKNOWN)


def several_holds(wallet: Local) -> None:
    card = wallet.card(1000)
    holds = [wallet.hold(card, amount) for amount in (100, 200, 300, 150)]
    watch(wallet, card)
    wallet.transact(card, 251)
    wallet.hold(card, 251)
    wallet.capture(holds[0], 150)
    wallet.fund(card, 40)
    wallet.transact(card, 200)
    watch(wallet, card)
    wallet.capture(holds[1], 50)
    wallet.fund(card, 40)
    wallet.void(holds[2])
    watch(wallet, card)
    wallet.capture(holds[0])
    wallet.capture(holds[1])
    wallet.void(holds[3])
    watch(wallet, card)
    wallet.send("GET", "/cards", query={"limit": 100})


def shared_references(wallet: Local) -> None:
    card = wallet.card(1000)
    holds = [wallet.hold(card, 100) for _ in range(2)]
    for hold in holds:
        wallet.capture(hold, 30, ref_id="shared")
    wallet.void(holds[0])
    wallet.capture(holds[1])
    for amount in (100, None, 1):
        wallet.capture(holds[1], amount)
    whole = wallet.hold(card, 70)
    wallet.capture(whole)
    wallet.capture(whole)
    for _ in range(4):
        wallet.fund(card, 5, ref_id="again", metadata={"a": 1})
    watch(wallet, card)


def funds(wallet: Local) -> None:
    card = wallet.card(50)
    held = wallet.hold(card, 30)
    wallet.fund(card, 20)
    wallet.capture(held)
    wallet.transact(card, 40)
    wallet.fund(card, 10)
    wallet.fund(card, 10, pending=True)
    wallet.fund(card, 2**63 - 1)
    watch(wallet, card)
    wallet.hold(card, 0)
    watch(wallet, card)


def references(wallet: Local) -> None:
    card, other = wallet.card(1000), wallet.card(1000)
    names = ["ref", "REF", "ref ", "x" * 64 + "a", "x" * 64 + "b", "é", "e\u0301", ""]
    for name in names:
        for pending in (False, True):
            ref = f"{name}{'p' * pending}" if name != "ref " else f"ref{'p' * pending} "
            first = wallet.transact(card, 10, ref_id=ref, pending=pending)
            wallet.transact(card, 10, ref_id=ref, pending=pending)
            wallet.transact(card, 11, ref_id=ref, pending=pending)
            wallet.transact(other, 10, ref_id=ref, pending=pending)
            wallet.capture(first, 3, ref_id=ref)
    watch(wallet, card)
    watch(wallet, other)
    held = wallet.hold(card, 100, ref_id="held")
    for amount in (20, 20, 21):
        wallet.capture(held, amount, ref_id="part")
    for _ in range(2):
        wallet.void(held, ref_id="void")
        wallet.hold(card, 100, ref_id="held")
        watch(wallet, card)
    for _ in range(2):
        wallet.fund(card, 5, ref_id="fund")
    wallet.transact(card, 5_000, ref_id="late")
    wallet.fund(card, 5_000)
    wallet.transact(card, 5_000, ref_id="late")
    for order in ("a", "a", "b"):
        wallet.transact(card, 1, metadata={"order_id": order, "zero": 0})
        wallet.fund(card, 0, ref_id="noted", metadata={"note": order})
    wallet.advance(3)
    wallet.fund(card, 5, ref_id="fund")
    watch(wallet, card)


def attributes(wallet: Local) -> None:
    card = wallet.card(100, type="credit_note")
    wallet.transact(card, 101)
    wallet.transact(card, 200, metadata={"a": {"b": [0, "", None]}, "zero": 0})
    held = wallet.hold(card, 10, originated_by="o" * 200, metadata={"order_id": "æ 🎁"})
    wallet.capture(held, 1)
    wallet.void(held)
    wallet.transact(card, 5, originated_by="till 1", metadata={})
    watch(wallet, card)
    long = wallet.card(10, card_id="x" * 200)
    wallet.fund(long, 5)
    wallet.card(11, card_id="x" * 199 + "y")
    wallet.card(1, card_id="7")
    wallet.read("007")
    wallet.card(1, card_id="Case")
    wallet.read("case")
    first, second = (wallet.card(100, customer_id="shared") for _ in range(2))
    wallet.hold(first, 60)
    watch(wallet, second)
    watch(wallet, long)


def busy_card(wallet: Local) -> None:
    card = wallet.card(1000)
    wallet.transact(card, 1, ref_id="first")
    for _ in range(24):
        wallet.transact(card, 1)
    wallet.fund(card, 3)
    wallet.transact(card, 5_000)
    wallet.transact(card, 1, ref_id="first")
    watch(wallet, card)
