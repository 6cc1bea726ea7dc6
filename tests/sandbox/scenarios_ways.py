"""Scenarios of one card that is reached on several ways, of refusals, and of views read twice.

Each only sends requests; the reference walk compares the answers (reference_walk.py).
"""

from typing import Any

from sandbox.credentials import OTHER, TILL
from tests.sandbox.harness import Local
from tests.sandbox.scenarios_corners import DIGITS
from tests.sandbox.scenarios_money import watch

_LASTING = {"expires_after_transaction": False}
_KINDS: tuple[dict[str, Any], ...] = ({}, {"pending": True}, {"type": "fund"})


def every_way(wallet: Local) -> None:
    deleted, foreign = wallet.card(100), wallet.card(100, "EUR")
    activated, waiting = (wallet.new_id("way") for _ in "12")
    entries = [{"card_id": name, "type": "gift_card"} for name in (activated, waiting)]
    wallet.send("POST", "/cards/batch", {"cards": entries})
    body = {"amount": 100, "currency": "EUR"}
    wallet.send("POST", f"/cards/{activated}/activate", body)
    early = wallet.card(100, active_from="2090-01-01T00:00:00Z")
    late = wallet.card(100, expires_at="2020-01-01T00:00:00Z")
    for card in (deleted, foreign, activated, waiting, early, late):
        token = wallet.token(card, **_LASTING)["token"]["value"]
        if card == deleted:
            wallet.send("DELETE", f"/cards/{card}")
        for kind in (*_KINDS[::-1], *_KINDS):
            wallet.transact(card, 10, **kind)
            wallet.transact(None, 10, token=token, **kind)
        watch(wallet, card)


def one_ref_by_many(wallet: Local) -> None:
    card = wallet.card(1000)
    one, other = (wallet.token(card, **_LASTING)["token"]["value"] for _ in "12")
    wallet.transact(None, 10, token=one, ref_id="by-many", originated_by="till 1")
    wallet.transact(None, 10, token=other, ref_id="by-many", originated_by="till 1")
    wallet.transact(None, 10, token=one, ref_id="by-many", originated_by="till 2")
    wallet.transact(None, 10, token=one, ref_id="by-many", metadata={"order": "9"})
    till = {"ref_id": "by-many", "amount": 10, "currency": "NOK", "token": one}
    wallet.send("POST", "/transactions", till, client=TILL)
    for ref in ("by-man", " by-many", "by-many "):
        wallet.transact(card, 11, ref_id=ref)
    hold = wallet.transact(card, 50, ref_id="shrinking", pending=True)["id"]
    wallet.capture(hold, 20)
    wallet.transact(card, 50, ref_id="shrinking", pending=True)
    watch(wallet, card)
    there = {"card_id": card, "amount": 70, "currency": "NOK", "customer_id": "of-both"}
    wallet.send("POST", "/cards", there, client=OTHER)
    again = {"ref_id": "by-man", "amount": 11, "currency": "NOK", "card_id": card}
    wallet.send("POST", "/transactions", again, client=OTHER)
    wallet.send("GET", f"/cards/{card}/transactions", client=OTHER)
    wallet.send("GET", "/customers/of-both/cards")


def refused_in_part(wallet: Local) -> None:
    taken, new = wallet.card(100), wallet.new_id("part")
    entries = [{"card_id": name, "type": "gift_card"} for name in (new, taken)]
    wallet.send("POST", "/cards/batch", {"cards": entries})
    wallet.read(new)
    none = {"format": {"length": 8, "numbers": False, "symbols": False, "characters": False}}
    body = {"card_id": new, "amount": 5, "currency": "NOK", "pin": none}
    wallet.send("POST", "/cards", body)
    wallet.read(new)
    token = wallet.token(taken, **_LASTING)["token"]["value"]
    pin = {"format": {**DIGITS, "length": 4}}
    made = wallet.send("POST", f"/cards/{taken}/rotate-pin", {"pin": pin})["pin"]["pin"]["value"]
    wallet.send("POST", f"/cards/{taken}/rotate-pin", {"pin": none})
    wallet.send("POST", "/info", {"token": token, "pin": made})
    hold = wallet.hold(taken, 50)["id"]
    wallet.send("DELETE", f"/cards/{taken}")
    wallet.capture(hold, 51)
    watch(wallet, taken)


def views_read_twice(wallet: Local) -> None:
    card = wallet.card(1000, customer_id="of-views")
    token = wallet.token(card, **_LASTING)["token"]["value"]
    hold = wallet.hold(card, 300)["id"]
    for amount in (100, 50):
        wallet.send("GET", f"/cards/{card}/transactions")
        wallet.send("POST", "/info", {"token": token})
        wallet.send("GET", f"/customers/of-views/cards/{card}")
        wallet.send("GET", "/cards", query={"limit": 100})
        wallet.capture(hold, amount)


def ends_and_codes(wallet: Local) -> None:
    for ends in (
        *("2027-01-15T07:00:00.5Z", "2027-01-15t07:00:00z", "2027-01-15T13:00:00+05:45"),
        *("2027-01-15T06:00:00-03:00", "2027-01-15T04:45:00-03:45"),
    ):
        wallet.transact(wallet.card(100, expires_at=ends), 1)
    names = [wallet.new_id("end") for _ in range(3)]
    entries = [{"card_id": name, "type": "gift_card"} for name in names]
    wanted = {**DIGITS, "length": 8}
    options = {"pin": {"format": wanted}, "card_token": {"format": wanted}}
    made = wallet.send("POST", "/cards/batch", {"cards": entries, "options": options})["cards"]
    body = {"amount": 100, "currency": "NOK", "expires_at": "2027-01-15T13:00:00+05:45"}
    wallet.send("POST", f"/cards/{names[0]}/activate", body)
    wallet.transact(names[0], 1)
    wallet.send("POST", "/info", {"token": made[2]["card_token"]["token"]["value"]})
    one, other = wallet.card(1), wallet.card(2)
    for number in range(11):
        short = {**DIGITS, "length": 1}
        value = wallet.token((one, other)[number % 2], format=short, **_LASTING).body
        if "token" in value:
            wallet.send("POST", "/info", {"token": value["token"]["value"]})


def habits(wallet: Local) -> None:
    named = wallet.card(100, name="Fish & Chips <e\u0301>", customer_id="of-habits")
    other = wallet.card(2**53 - 1, customer_id="of-habits")
    wallet.fund(other, 2**53 - 1)
    wallet.fund(other, 1)
    wallet.read(other)
    till = {"originated_by": "till \U0001f39f 1", "metadata": {"path": "a\\b"}}
    wallet.transact(named, 1, **till)
    token = wallet.token(other, **_LASTING)["token"]["value"]
    wallet.transact(None, 30, token=token, type="fund")
    wallet.send("POST", "/cards/batch", {"cards": [{"card_id": named, "type": "gift_card"}]})
    watch(wallet, named)
    waiting, gone = wallet.new_id("habit"), wallet.new_id("habit")
    entries = [{"card_id": name, "type": "gift_card"} for name in (waiting, gone)]
    wallet.send("POST", "/cards/batch", {"cards": entries})
    wallet.send("DELETE", f"/cards/{gone}")
    for card, amount in ((waiting, 0), (waiting, 5), (gone, 5)):
        body = {"amount": amount, "currency": "NOK"}
        wallet.send("POST", f"/cards/{card}/activate", body)
    rotation = {"pin": {"format": {**DIGITS, "length": 4}}}
    wallet.send("POST", f"/cards/{named}/rotate-pin", rotation, client=TILL)
    for query in ({"starting_after": "it's"}, {"amount_available": 2**63}):
        wallet.send("GET", "/cards", query=query)
    twice = (("limit", "2"), ("limit", "3"))
    wallet.send("GET", "/cards", query=twice)  # type: ignore[arg-type]
    for number in range(101):
        wallet.transact(named, number % 2)
    wallet.send("GET", f"/cards/{named}/transactions")


def one_kind_only(wallet: Local) -> None:
    wallet.get_token(TILL, secret=f"{TILL.client_secret}~")
    early = wallet.card(100, active_from="2090-01-01T00:00:00Z")
    by_token = wallet.token(early, **_LASTING)["token"]["value"]
    wallet.hold(None, 10, token=by_token)
    wallet.transact(wallet.card(100, expires_at="2020-01-01T00:00:00Z"), 0)
    before, activated = wallet.card(1), wallet.new_id("offset")
    entries = [{"card_id": activated, "type": "gift_card"}]
    wallet.send("POST", "/cards/batch", {"cards": entries})
    period = {"active_from": "2020-01-01T12:00:00+05:45", "expires_at": "2090-01-01T00:00:00Z"}
    body = {"amount": 100, "currency": "NOK", **period}
    wallet.send("POST", f"/cards/{activated}/activate", body)
    wallet.send("GET", "/cards", query={"starting_after": before})
    full = wallet.card(100)
    by_token = wallet.token(full, **_LASTING)["token"]["value"]
    for _ in range(2):
        wallet.hold(None, 60, token=by_token)
    for card, amount, kind in ((full, 5, "fund"), (full, 45, "drawdown"), (full, 5, "fund")):
        wallet.transact(card, amount, type=kind, ref_id=f"emptied-{kind}")
    watch(wallet, full)
    wallet.token(before, format={**DIGITS, "length": 4})
    wallet.read(before)
    made_with = {"card_token": {"expires_in": 60, **_LASTING}}
    body = {"card_id": wallet.new_id("ends"), "amount": 9, "currency": "NOK", **made_with}
    token = wallet.send("POST", "/cards", body)["card_token"]["token"]["value"]
    wallet.advance(61)
    wallet.info(token)
    wallet.transact(None, 1, token=token)
