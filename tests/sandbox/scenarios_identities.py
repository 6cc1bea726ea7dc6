"""Scenarios with ids that are nearly equal: one is the beginning or a pattern of another.

Each only sends requests; the reference walk compares the answers (reference_walk.py).
"""

from urllib.parse import quote

from sandbox.credentials import OTHER, OTHER_ACCOUNT
from tests.sandbox.harness import Local
from tests.sandbox.scenarios_money import watch

NEIGHBOURS = ("ab0", "ab", "a_", "a%62", "a.b", "a b", "\u00e9b", "eb", "007", "7")
REFS = ("r1", "r_", "r-1", "r,1", "r,2", "__proto__", "__proto__")


def nearly_equal_ids(wallet: Local) -> None:
    base = wallet.new_id("near")
    for tail in NEIGHBOURS:
        card = tail if tail.isdigit() else f"{base}{tail}"
        wallet.card(50, card_id=card, customer_id=card)
    for tail in NEIGHBOURS:
        card = tail if tail.isdigit() else f"{base}{tail}"
        path = quote(card, safe="")
        wallet.transact(card, 1)
        wallet.send("GET", f"/cards/{path}")
        wallet.send("GET", f"/cards/{path}/transactions")
        wallet.send("GET", f"/customers/{path}/cards")
        made = wallet.send("POST", f"/cards/{path}/tokens", {"ref_id": "1", "expires_in": 60})
        value = made["token"]["value"] if made.status == 200 else ""
        wallet.info(value)
        wallet.info(f"{value[:-1]}_")
    wallet.send("DELETE", f"/cards/{quote(base + 'a_', safe='')}")
    wallet.send("GET", f"/cards/{base}ab")


def ids_of_no_card(wallet: Local) -> None:
    card = wallet.card(50, card_id=f"{wallet.new_id('near')}_e a", customer_id="Owner")
    batch(wallet, f"{card}w")
    path = quote(card, safe="")
    alike = {
        "rotate-pin": (card.replace("e", "\u00e9"), {"pin": {}}),
        "activate": (f"00{card}w", {"amount": 5, "currency": "NOK"}),
        "tokens": (card.replace(" ", "  "), {"ref_id": "1", "expires_in": 60}),
    }
    for operation, (name, body) in alike.items():
        wallet.send("POST", f"/cards/{quote(name, safe='')}/{operation}", body)
    wallet.send("GET", f"/cards/{quote(card.replace('_', ''), safe='')}/transactions")
    wallet.send("GET", f"/customers/OWNER/cards/{path}")
    batch(wallet, card.upper())
    wallet.transact(card, 50)
    wallet.send("DELETE", f"/cards/{quote(card.title(), safe='')}")
    watch(wallet, card)


def batch(wallet: Local, card: str) -> None:
    wallet.send("POST", "/cards/batch", {"cards": [{"card_id": card, "type": "gift_card"}]})


def nearly_equal_refs(wallet: Local) -> None:
    card = wallet.card(100)
    for ref in REFS:
        wallet.transact(card, 3, ref_id=ref)
    for ref in ("t", "T"):
        wallet.send("POST", f"/cards/{card}/tokens", {"ref_id": ref, "expires_in": 60})
    made = wallet.hold(card, 10)["id"]
    wallet.capture(f"{made[:-1]}{'0' if made[-1] != '0' else '1'}", 1)
    watch(wallet, card)


def long_history(wallet: Local) -> None:
    card = wallet.card(100, metadata={f"k{n}": [n, n] for n in range(60)})
    asked = {"ref_id": "1", "expires_in": 60}
    token = wallet.send("POST", f"/cards/{card}/tokens", asked)["token"]["value"]
    wallet.transact(None, 1, token=token)
    for number in range(13):
        wallet.transact(card, 1, type="fund")
        wallet.transact(card, 101 + number)
    wallet.transact(None, 1, token=token)
    wallet.send("POST", f"/cards/{card}/tokens", asked)
    watch(wallet, card)


def letters_and_old_deletions(wallet: Local) -> None:
    letters = {"length": 20, "numbers": False, "symbols": False, "characters": True}
    card = wallet.card(10, pin={"format": letters})
    pin = wallet.send("POST", f"/cards/{card}/rotate-pin", {"pin": {"format": letters}})
    body = {"ref_id": "1", "expires_in": 60, "format": letters}
    token = wallet.send("POST", f"/cards/{card}/tokens", body)["token"]["value"]
    wallet.info(token.swapcase())
    wallet.info(token, pin=pin["pin"]["pin"]["value"].swapcase())
    gone = wallet.card(0)
    wallet.send("DELETE", f"/cards/{gone}")
    for _ in range(41):
        wallet.card(0)
    wallet.read(gone)


def batch_with_pins(wallet: Local) -> None:
    entries = [{"card_id": wallet.new_id("pin"), "type": "gift_card"} for _ in range(2)]
    made = wallet.send("POST", "/cards/batch", {"cards": entries, "options": {"pin": {}}})
    pins = [(one.get("pin") or {}).get("pin") for one in made["cards"]]
    wallet.card(7 if pins[0] == pins[1] else 8)  # codes differ from run to run
    wallet.send("GET", "/cards", account=OTHER_ACCOUNT, client=OTHER)
