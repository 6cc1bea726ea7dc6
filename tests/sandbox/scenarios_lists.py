"""Scenarios of lists whose cards wait, end, pay and go while they are read, with every filter.

Each only sends requests; the reference walk compares the answers (reference_walk.py).
"""

from collections.abc import Callable
from typing import Any

from tests.sandbox.harness import Local

_ENDED = "2020-01-01T00:00:00Z"


def cards_of_every_state(wallet: Local) -> None:
    start = _id(wallet, wallet.card(400))
    batch = [wallet.new_id("waiting") for _ in range(3)]
    entries = [{"card_id": name, "type": "gift_card"} for name in batch]
    wallet.send("POST", "/cards/batch", {"cards": entries})
    row = [wallet.card(amount) for amount in (400, 100, 100, 400, 0, 0, 400, 400)]
    for card in row[4:6]:
        wallet.send("DELETE", f"/cards/{card}")
    wallet.fund(row[1], 300)
    hold = wallet.hold(row[3], 200)["id"]
    wallet.capture(hold, 100)
    wallet.fund(row[3], 200)

    def pay(last: str) -> None:
        wallet.transact(last, 1)

    def activate(last: str) -> None:
        wallet.send("POST", f"/cards/{last}/activate", {"amount": 400, "currency": "NOK"})

    for deleted in ("false", "true"):
        for amount in (400, 401):
            query = {"amount_available": amount, "include_deleted": deleted}
            _follow(wallet, {"starting_after": start, "limit": 2, **query})
    _follow(wallet, {"starting_after": start, "limit": 2, "include_deleted": "true"})
    _follow(wallet, {"starting_after": start, "limit": 1})
    _follow(wallet, {"starting_after": start, "limit": 1}, activate)
    _follow(wallet, {"starting_after": start, "limit": 2, "amount_available": 400}, pay)
    _follow(wallet, {"starting_after": start, "limit": 2})
    wallet.send("GET", "/cards", query={"starting_after": _id(wallet, row[-1]), "limit": 3})
    last = _id(wallet, row[-1])
    wallet.send("DELETE", f"/cards/{row[-1]}")
    wallet.send("GET", "/cards", query={"starting_after": last, "limit": 3})
    wallet.send("GET", "/cards", query={"limit": 100})


def cards_of_a_customer(wallet: Local) -> None:
    for members in ({}, {"expires_at": _ENDED}, {"expires_at": _ENDED}, {}, {}):
        wallet.card(100, customer_id="of-lists", **members)
    waiting = wallet.new_id("waiting")
    wallet.send("POST", "/cards/batch", {"cards": [{"card_id": waiting, "type": "gift_card"}]})
    body = {"amount": 5, "currency": "NOK", "customer_id": "of-lists"}
    wallet.send("POST", f"/cards/{waiting}/activate", body)
    query: dict[str, Any] = {"limit": 1}
    for _ in range(5):
        page = wallet.send("GET", "/customers/of-lists/cards", query=query).body
        if not page:
            break
        query["starting_after"] = page[-1]["id"]
        wallet.transact(page[-1]["card_id"], 1)


def _follow(
    wallet: Local, query: dict[str, Any], change: Callable[[str], None] = lambda last: None
) -> None:
    for _ in range(16):
        page = wallet.send("GET", "/cards", query=query).body
        if "starting_after" not in page:
            break
        query["starting_after"] = page["starting_after"]
        change(page["cards"][-1]["card_id"])


def _id(wallet: Local, card: str) -> str:
    return str(wallet.read(card)["id"])
