"""Scenarios of what bug reports tell of: equal requests, ends of numbers, names, pages and years.

Each only sends requests; the reference walk compares the answers (reference_walk.py).
"""

from tests.sandbox.harness import Local
from tests.sandbox.scenarios_money import watch


def money_of_any_size(wallet: Local) -> None:
    card = wallet.card(1_000_000)
    held = wallet.hold(card, 100)
    wallet.capture(held, 29)
    dear = wallet.hold(card, 200_000)
    wallet.capture(dear, 200_001)
    watch(wallet, card)
    body = '{"ref_id": "bare", "card_id": "%s", "amount": NaN, "currency": "NOK"}'
    wallet.send("POST", "/transactions", raw=(body % card).encode())


def nearly_the_same_again(wallet: Local) -> None:
    card = wallet.card(1000)
    held = wallet.hold(card, 100, ref_id="ended")
    for ref in ("part-a", "part-A"):
        wallet.capture(held, 10, ref_id=ref)
    wallet.void(held)
    wallet.hold(card, 100, ref_id="ended")
    for _ in range(2):
        wallet.fund(card, 20)
        wallet.transact(card, 30, ref_id="untyped")
    for metadata in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"}):
        wallet.transact(card, 40, ref_id="in-order", metadata=metadata, type="drawdown")
    watch(wallet, card)


def tokens_of_two_cards(wallet: Local) -> None:
    cards = [wallet.card(1000, customer_id="with-two") for _ in range(2)]
    once = [wallet.token(card)["token"]["value"] for card in cards]
    wallet.send("GET", f"/customers/with-two/cards/{cards[0]}")
    wallet.read(cards[0])
    wallet.token(cards[0])
    wallet.read(cards[0])
    held = wallet.hold(None, 100, token=once[0])
    wallet.send("GET", f"/customers/with-two/cards/{cards[0]}")
    wallet.capture(held)
    wallet.send("GET", f"/customers/with-two/cards/{cards[0]}")
    wallet.transact(None, 10, token=once[0])


def many_and_none(wallet: Local) -> None:
    entries = [{"card_id": wallet.new_id("many"), "type": "gift_card"} for _ in range(26)]
    wallet.send("POST", "/cards/batch", {"cards": entries})
    wallet.send("GET", "/customers/of-none/cards")
    first = wallet.card(10, customer_id="of-none")
    wallet.send("GET", "/customers/of-none/cards")
    start = wallet.read(first)["id"]
    for _ in range(2):
        wallet.card(0)
    gone = wallet.card(0)
    wallet.send("DELETE", f"/cards/{gone}")
    for deleted in ("false", "true"):
        query = {"starting_after": start, "limit": 2, "include_deleted": deleted}
        wallet.send("GET", "/cards", query=query)


def names_and_years(wallet: Local) -> None:
    metadata = {"type": "fund", "amount": "5", "toString": "1", "part": 0.12345678}
    card = wallet.card(1000, metadata=metadata, expires_at="2090-07-01T00:00:00Z")
    wallet.read(card)
    wallet.transact(card, 10, metadata=metadata)
    early = wallet.card(1000, active_from="2027-03-01T00:00:00Z")
    wallet.transact(early, 10)
