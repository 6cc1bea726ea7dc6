"""Scenarios of access: other accounts, other scopes, broken tokens, broken input.

Each only sends requests; the reference walk compares the answers (reference_walk.py).
"""

from typing import Any

import jwt

from sandbox.credentials import ADMIN, OTHER, READER, TILL
from tests.sandbox.harness import UNKNOWN, Local
from tests.sandbox.scenarios_money import watch


def accounts(wallet: Local) -> None:
    wallet.get_token(ADMIN, secret="wrong")
    foreign_audience = f"https://api/accounts/{OTHER.account}"
    issued = wallet.get_token(ADMIN, audience=foreign_audience)
    card = wallet.card(100, card_id="same")
    held = wallet.hold(card, 20)
    value = wallet.token(card, expires_after_transaction=False)["token"]["value"]
    wallet.send("POST", "/cards", {"card_id": "own", "amount": 9, "currency": "NOK"}, client=OTHER)
    for client, account in ((OTHER, ADMIN.account), (OTHER, OTHER.account)):
        for method, path, body in _requests(card, held["id"], value):
            wallet.send(method, path, body, client=client, account=account)
            watch(wallet, card)
    body = {"card_id": "same", "amount": 55, "currency": "NOK"}
    wallet.send("POST", "/cards", body, client=OTHER)
    wallet.transact(card, 5)
    wallet.send("GET", "/cards/same", client=OTHER)
    if issued.status == 200:
        headers = {"authorization": f"Bearer {issued['access_token']}"}
        wallet.send("GET", "/cards", client=None, account=OTHER.account, headers=headers)
    watch(wallet, card)


def _requests(card: str, held: str, value: str) -> list[tuple[str, str, Any]]:
    money = {"amount": 1, "currency": "NOK"}
    return [
        ("GET", f"/cards/{card}", None),
        ("GET", f"/cards/{card}/transactions", None),
        ("GET", "/cards", None),
        ("POST", "/transactions", {"ref_id": "f1", "token": value} | money),
        ("POST", "/transactions", {"ref_id": "f2", "card_id": card} | money),
        ("POST", f"/transactions/{held}/capture", {"ref_id": "f3", "amount": 1}),
        ("POST", f"/transactions/{held}/void", {"ref_id": "f4"}),
        ("POST", "/info", {"token": value}),
        ("DELETE", f"/cards/{card}", None),
    ]


def scopes(wallet: Local) -> None:
    for client in (READER, TILL):
        card = wallet.card(100)
        held = wallet.hold(card, 20)
        value = wallet.token(card, expires_after_transaction=False)["token"]["value"]
        for method, path, body in _requests(card, held["id"], value):
            wallet.send(method, path, body, client=client)
        fund = {"ref_id": "f9", "token": value, "type": "fund", "amount": 1, "currency": "NOK"}
        wallet.send("POST", "/transactions", fund, client=client)
        watch(wallet, card)


def access_tokens(wallet: Local) -> None:
    sound = wallet.access_token(ADMIN)
    claims = jwt.decode(sound, options={"verify_signature": False})
    forged = jwt.encode(claims, "x" * 40, algorithm="HS256")
    unsigned = jwt.encode(claims, None, algorithm="none")
    for value in (None, "", "Bearer nonsense", f"Bearer {forged}", f"Bearer {unsigned}"):
        headers = {} if value is None else {"authorization": value}
        wallet.send("GET", "/cards", client=None, account=ADMIN.account, headers=headers)
    wallet.advance(20_000)
    wallet.send("GET", "/cards")
    wallet.tokens.clear()


def malformed(wallet: Local) -> None:
    card = wallet.card(100)
    held = wallet.hold(card, 10)
    body = {"ref_id": "r", "amount": 1, "currency": "NOK", "card_id": card}
    changes: list[dict[str, Any]] = [
        *({"amount": value} for value in (True, "5", 1.5, 5.0, None, -5, 2**63, 10**30)),
        *({"currency": value} for value in ("nok", "GBP", None)),
        *({"metadata": value} for value in ([1], "x", None)),
        *({"card_id": value} for value in (f"{card} ", "x" * 256, "a\x00b", "🎁", "unknown")),
        *({"type": "refund"}, {"pending": "false"}, {"token": "t"}, {"unknown": 1}),
        *({"id": UNKNOWN}, {"metadata": {"dintero_x": 1}}, {"ref_id": "🎁"}),
    ]
    for number, change in enumerate(changes):
        wallet.send("POST", "/transactions", {**body, "ref_id": f"m{number}"} | change)
        watch(wallet, card)
    for missing in body:
        wallet.send("POST", "/transactions", {n: v for n, v in body.items() if n != missing})
    for change in ({"amount": -5}, {"amount": 2**63}, {"card_id": "y" * 300}, {"amount": 1.5}):
        wallet.send("POST", "/cards", {"card_id": "m", "amount": 1, "currency": "NOK"} | change)
    for raw in (b"", b"{", b"[]", b"\xff", b"{}" + b" " * (1 << 20)):
        wallet.send("POST", "/transactions", raw=raw)
    for bad in ("x", "%20", UNKNOWN):
        wallet.capture(bad, 1)
    wallet.capture(held, 11)
    wallet.read("unknown")
    wallet.send("GET", "/cards", account="T1")
    wallet.send("PUT", "/cards")
    wallet.card(5, card_id="a_b")
    wallet.card(6, card_id="a1b")
    wallet.read("a_b")
    wallet.read("a1_")
    forged = {"card_id": "forged", "created_by": "me", "amount_balance": 77}
    wallet.card(5, **forged)
    wallet.send("DELETE", "/cards/unknown")
    wallet.records("unknown")
    wallet.fund("unknown-2", 5)
    wallet.send("GET", "/nothing")
    wallet.send("POST", "/cards", raw=b"{}", headers={"content-type": "text/plain"})
