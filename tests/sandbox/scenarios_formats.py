"""Scenarios with ill-formed optional members, in the body and nested in it.

Each only sends requests; the reference walk compares the answers (reference_walk.py).
"""

from typing import Any

from tests.sandbox.harness import Local

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
