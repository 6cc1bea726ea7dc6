"""Scenarios of cards: creation to deletion, lists, tokens and PINs, time.

Each only sends requests; the reference walk compares the answers (reference_walk.py).
"""

import time
from typing import Any
from urllib.parse import quote

from tests.sandbox.harness import Local
from tests.sandbox.scenarios_money import watch

NUMERIC = {"symbols": False, "characters": False}


def cards(wallet: Local) -> None:
    full = {
        "customer_id": "c-1",
        "name": "Grüße 世界",
        "type": "credit_note",
        "metadata": {"nested": {"a": [1]}},
        "originated_by": "shop",
        "active_from": "2020-01-01T00:00:00Z",
        "expires_at": "2040-01-01T00:00:00Z",
    }
    card = wallet.card(500, "EUR", card_id="full+1", **full)
    wallet.card(500, "EUR", card_id="full 1")
    wallet.card(500, "EUR", card_id="full+1", **full)
    wallet.card(7, card_id="full+1")
    wallet.hold(card, 60, currency="EUR")
    wallet.transact(card, 30, currency="EUR")
    watch(wallet, card)
    wallet.card(5, card_id="a/b")
    wallet.read("a/b")
    wallet.card(5, card_id="🎁")
    wallet.card(5, card_id="nul\x00")
    for customer in ("c-1", "c", "nobody"):
        wallet.send("GET", f"/customers/{customer}/cards")
        wallet.send("GET", f"/customers/{customer}/cards/{quote(card)}")
    more = [wallet.card(i, customer_id="c-1") for i in range(12)]
    wallet.send("DELETE", f"/cards/{more[0]}")
    wallet.send("GET", "/customers/c-1/cards")
    wallet.send("GET", "/customers/c-1/cards", query={"limit": 2})
    wallet.send("GET", "/customers/c-1/cards", query={"limit": 2, "starting_after": more[3]})


def batches(wallet: Local) -> None:
    entries = [{"card_id": f"batch-{i}", "type": "credit_note"} for i in range(4)]
    options = {"pin": {"format": {"length": 4} | NUMERIC}, "card_token": {"format": NUMERIC}}
    made = wallet.send("POST", "/cards/batch", {"cards": entries, "options": options})
    for send in (wallet.fund, wallet.transact, wallet.hold):
        send("batch-0", 0)
    watch(wallet, "batch-0")
    watch(wallet, "batch-3")
    body = {
        "amount": 70,
        "currency": "DKK",
        "customer_id": "c-9",
        "expires_at": "2027-01-15T08:00:00Z",
    }
    wallet.send("GET", "/customers/c-9/cards")
    wallet.send("POST", "/cards/batch", {"cards": [entries[0] | {"card_id": "batch-9"}] * 2})
    wallet.send("POST", "/cards/batch-1/activate", body)
    for _ in range(2):
        wallet.send("POST", "/cards/batch-0/activate", {"amount": 70, "currency": "DKK"})
        watch(wallet, "batch-0")
        wallet.transact("batch-0", 20, currency="DKK")
        wallet.fund("batch-0", 5, currency="DKK")
    wallet.info(made["cards"][0]["card_token"]["token"]["value"])
    wallet.send("POST", "/cards/batch-2/activate", {"amount": 0, "currency": "NOK"})
    wallet.read("batch-2")
    wallet.send("POST", "/cards/batch", {"cards": entries[:1]})
    wallet.send("DELETE", "/cards/batch-3")
    wallet.send("POST", "/cards/batch", {"cards": [{"card_id": "batch-c", "type": "gift_card"}]})
    wallet.send("POST", "/cards/batch-c/tokens", {"ref_id": "t", "expires_in": 5})
    listed = {"customer_id": "c-8", "amount": 0, "currency": "NOK"}
    wallet.send("POST", "/cards/batch-c/activate", listed)
    wallet.send("GET", "/customers/c-8/cards")


def deletions(wallet: Local) -> None:
    card = wallet.card(50, customer_id="c-5")
    value = wallet.token(card, expires_after_transaction=False)["token"]["value"]
    held = wallet.hold(card, 20)
    wallet.send("DELETE", f"/cards/{card}")
    wallet.capture(held, 5)
    wallet.void(held)
    for _ in range(2):
        wallet.send("DELETE", f"/cards/{card}")
    watch(wallet, card)
    wallet.transact(card, 1)
    wallet.transact(None, 1, token=value)
    wallet.info(value)
    wallet.send("GET", "/customers/c-5/cards")
    wallet.send("GET", f"/customers/c-5/cards/{card}")
    wallet.card(60, card_id=card)
    empty = wallet.card(0)
    wallet.send("DELETE", f"/cards/{empty}")
    for deleted in ("true", "false"):
        wallet.send("GET", "/cards", query={"limit": 100, "include_deleted": deleted})


def pages(wallet: Local) -> None:
    for limit in (3, 10, 11):
        query: dict[str, Any] = {"limit": limit}
        for _ in range(60):
            page = wallet.send("GET", "/cards", query=query).body
            if "starting_after" not in page:
                break
            query["starting_after"] = page["starting_after"]
    for query in (
        *({"amount_available": 500}, {"amount_available": 50, "limit": 100}),
        *({"starting_after": "nobody"}, {"limit": 0}, {"limit": 101}, {"limit": "x"}),
    ):
        wallet.send("GET", "/cards", query=query)
    wallet.send("GET", "/cards")


def tokens(wallet: Local) -> None:
    card = wallet.card(100)
    wallet.hold(card, 20)
    once = wallet.token(card, 60)["token"]["value"]
    wallet.transact(None, 90, token=once)
    wallet.transact(None, 1, token=once, currency="SEK")
    wallet.fund(None, 1, token=once)
    wallet.hold(None, 5, token=once)
    watch(wallet, card)
    wallet.hold(None, 6, token=once)
    wallet.info(once)
    again = wallet.token(card, 60, ref_id="again", expires_after_transaction=True)
    wallet.token(card, 60, ref_id="again", expires_after_transaction=True)
    wallet.transact(None, 5, token=again["token"]["value"])
    wallet.transact(None, 6, token=again["token"]["value"])
    lasting = wallet.token(card, 60, expires_after_transaction=False)["token"]["value"]
    for _ in range(2):
        wallet.transact(None, 5, token=lasting)
    wallet.transact(card, 1, token=lasting)
    watch(wallet, card)
    for seconds in (30, 31):
        wallet.advance(seconds)
        wallet.info(lasting)
        wallet.transact(None, 5, token=lasting)
    for wanted in ({"length": 20, "prefix": "V:"} | NUMERIC, {"length": 8}, {"barcode": True}):
        wallet.token(card, format=wanted)
    wallet.token(card, format={"symbols": False, "numbers": False, "characters": False})
    wallet.read(card)
    wallet.info("nothing")
    wallet.token(card, metadata={"a": 1})
    query: dict[str, Any] = {"limit": 10}
    for _ in range(3):
        query["starting_after"] = wallet.send("GET", "/cards", query=query)["starting_after"]
        wallet.card(1)


def pins(wallet: Local) -> None:
    # Codes are drawn from a fixed seed in these tests: some of these PINs start with 0.
    for number in range(8):
        body = {
            "card_id": f"pin-{number}",
            "amount": 5,
            "currency": "NOK",
            "pin": {"format": {"length": 4} | NUMERIC},
            "card_token": {"expires_in": 60},
        }
        made = wallet.send("POST", "/cards", body)
        pin, value = made["pin"]["pin"]["value"], made["card_token"]["token"]["value"]
        wallet.info(value, pin=pin)
        if number > 2:
            continue
        wallet.info(value)
        wallet.info(value, pin="no")
        rotated = wallet.send("POST", f"/cards/pin-{number}/rotate-pin", {"pin": {}}).body
        wallet.info(value, pin=pin)
        wallet.info(value, pin=rotated["pin"]["pin"]["value"])
        watch(wallet, f"pin-{number}")


def times(wallet: Local) -> None:
    now = wallet.clock.now_us // 1_000_000
    early = wallet.card(100, active_from=moment(now + 60))
    early_by_offset = wallet.card(100, active_from=moment(now + 60 + 7200, "+02:00"))
    late = wallet.card(100, expires_at=moment(now + 30), customer_id="c-7")
    late_by_offset = wallet.card(100, expires_at=moment(now + 30 - 7200, "-02:00"))
    late_eastern = wallet.card(100, expires_at=moment(now + 30 + 7200, "+02:00"))
    all_of_them = (early, early_by_offset, late, late_by_offset, late_eastern)
    value = wallet.token(late)["token"]["value"]
    held = wallet.hold(late, 10)
    kept = wallet.hold(late, 10)
    for _ in range(3):
        for card in all_of_them:
            wallet.transact(card, 1)
            wallet.hold(card, 1)
            wallet.fund(card, 7)
            watch(wallet, card)
        wallet.advance(31)
        wallet.send("GET", "/customers/c-7/cards")
    wallet.capture(held, 5)
    wallet.void(kept)
    wallet.token(late)
    wallet.info(value)
    watch(wallet, late)
    wallet.card(5, expires_at=moment(now - 60))
    wallet.card(5, active_from=moment(now + 60), expires_at=moment(now + 30))


def moment(seconds: int, offset: str = "Z") -> str:
    """A local time, with any offset written behind it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + offset
