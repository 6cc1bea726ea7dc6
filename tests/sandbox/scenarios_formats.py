"""Scenarios with ill-formed optional members, in the body and nested in it.

Each only sends requests; the reference walk compares the answers (reference_walk.py).
"""

from typing import Any

from tests.sandbox.harness import Local
from tests.sandbox.scenarios_cards import moment

DATES = ("tomorrow", "2090-13-01T00:00:00Z")
GENERATORS: tuple[dict[str, Any], ...] = (
    {"expires_in": 1.5},
    {"expires_in": 60, "format": {"length": "16"}},
    {"expires_in": 60, "format": {"numbers": "yes"}},
)


def ill_formed_members(wallet: Local) -> None:
    names = [wallet.new_id("dated") for _ in DATES]
    batch = {"cards": [{"card_id": name, "type": "gift_card"} for name in names]}
    wallet.send("POST", "/cards/batch", batch)
    for name, date in zip(names, DATES, strict=True):
        wallet.card(10, expires_at=date)
        body = {"amount": 10, "currency": "NOK", "active_from": date}
        wallet.send("POST", f"/cards/{name}/activate", body)
    for generator in GENERATORS:
        wallet.card(10, card_token=generator)
    wallet.card(10, originated_by="x" * 256)


def ill_formed_entries(wallet: Local) -> None:
    long_id = wallet.new_id("long").ljust(256, "x")
    for entry in ({"type": "debit"}, {"card_id": long_id}):
        card = {"card_id": wallet.new_id("entry"), "type": "gift_card"} | entry
        wallet.send("POST", "/cards/batch", {"cards": [card]})


METADATA = {
    **{"no": False, "zero": 0, "large": 2**53 + 1, "many": [2, 1], "a.b": "1", "n": "007"},
    **{"one": [1], "deep": {"a": {"b": {"c": "d"}}}, " a": "1", "at": "2020-01-01T01:00:00+02:00"},
}
REFS = ("", "0", "\u00e9")
PERIODS = ({"expires_at": "2039-01-01T00:00:00Z"}, {"active_from": "1969-01-01T00:00:00Z"})


def unusual_values(wallet: Local) -> None:
    card = wallet.card(100, metadata=METADATA)
    wallet.read(card)
    wallet.capture(wallet.hold(card, 5, metadata=METADATA), 2, metadata=METADATA)
    for ref in (*REFS, *REFS):
        wallet.transact(card, 3, ref_id=ref)
    made = wallet.token(card, expires_in=2**31)
    if made.status == 200:
        wallet.info(made["token"]["value"])
    for period in PERIODS:
        wallet.transact(wallet.card(10, **period), 1)
    again = wallet.card(10, card_id=wallet.new_id("it's"))
    wallet.card(20, card_id=again)
    wallet.read(again)


def changing_pages(wallet: Local) -> None:
    customer = wallet.new_id("reader")
    cards = [wallet.card(10, customer_id=customer) for _ in range(5)]
    query = {"limit": 2}
    first = wallet.send("GET", "/cards", query=query)
    wallet.send("DELETE", f"/cards/{cards[0]}")
    wallet.transact(cards[1], 1)
    wallet.send("GET", f"/customers/{customer}/cards", query=query)
    after = first["starting_after"]
    wallet.send("GET", "/cards", query={**query, "starting_after": after})


def requests_once_more(wallet: Local) -> None:
    card = wallet.card(100)
    kept = {"ref_id": "same", "expires_after_transaction": False}
    wallet.token(card, **kept)
    wallet.token(card, **kept)
    once = wallet.token(card, ref_id="once")
    wallet.transact(None, 1, token=once["token"]["value"])
    wallet.token(card, ref_id="once")
    wallet.token(card)
    wallet.token(card, **kept)
    made = {"card_id": wallet.new_id("again"), "pin": {}, "card_token": {"expires_in": 60}}
    wallet.card(10, **made)
    wallet.card(10, **made)
    batch = {"cards": [{"card_id": wallet.new_id("again"), "type": "gift_card"}]}
    wallet.send("POST", "/cards/batch", batch)
    wallet.send("POST", "/cards/batch", batch)


def used_until_the_end(wallet: Local) -> None:
    card = wallet.card(100)
    ending = wallet.card(100, expires_at=moment(wallet.clock.now_us // 1_000_000 + 10))
    lasting = {"expires_in": 10, "expires_after_transaction": False}
    tokens = [wallet.token(card, **lasting)["token"]["value"] for _ in range(3)]
    wallet.advance(6)
    wallet.info(tokens[0])
    wallet.transact(None, 1, token=tokens[1])
    wallet.transact(None, 1000, token=tokens[2])
    wallet.fund(ending, 1)
    wallet.read(card)
    wallet.advance(6)
    wallet.transact(ending, 1)
    for token in tokens:
        wallet.info(token)
