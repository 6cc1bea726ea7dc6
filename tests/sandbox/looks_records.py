"""Looks at the dialects that repeat, delete, list and end otherwise (looks.py)."""

import asyncio
import json
from dataclasses import replace
from typing import Any

from sandbox.app import Message
from sandbox.credentials import ACCOUNT, ADMIN
from tests.sandbox.harness import UNKNOWN, Local
from tests.sandbox.looks import batch, look, repeated, status

# --- retries ------------------------------------------------------------------------------------


@look
def repeat_under_way_refused(wallet: Local) -> Any:
    card = wallet.card(100)
    bearer = f"Bearer {wallet.access_token(ADMIN)}"
    body = {"ref_id": "r", "card_id": card, "amount": 1, "currency": "NOK"}
    path = f"/v1/accounts/{ACCOUNT}/wallets/transactions".encode()
    raw = json.dumps(body).encode()
    message = Message("POST", path, b"", bearer, "application/json", raw)
    app = wallet.server.app

    async def together() -> list[int]:
        odd = [replace(message, body=one) for one in (b"{", b"[]", b'{"ref_id": 1}')]
        replies = await asyncio.gather(*(app.reply(one) for one in (message, message, *odd)))
        return [reply.status for reply in replies]

    found = wallet._loop.run_until_complete(together())
    assert wallet.transact(card, 1, ref_id="r").status == 200
    return found


@look
def replays_verbatim(wallet: Local) -> Any:
    card = wallet.card(100)
    held = wallet.hold(card, 10, ref_id="h")
    done = wallet.capture(held, ref_id="c"), wallet.hold(card, 5, ref_id="v")
    wallet.void(done[1])
    assert wallet.capture(held, ref_id="c").body == done[0].body
    listed = {record["ref_id"]: record["type"] for record in wallet.records(card).body}
    return listed["h"], wallet.hold(card, 10, ref_id="h")["type"]


@look
def card_replays_verbatim(wallet: Local) -> Any:
    body = {"card_id": "a", "amount": 10, "currency": "NOK"}
    wallet.send("POST", "/cards", body)
    wallet.transact("a", 4)
    activation = {"amount": 7, "currency": "NOK"}
    made = batch(wallet, "b")
    assert wallet.send("POST", "/cards/batch", {"cards": []}).status == 400
    again = wallet.send("POST", "/cards/batch", {"cards": [{"card_id": "b", "type": "gift_card"}]})
    wallet.send("POST", "/cards/b/activate", activation)
    wallet.transact("b", 7)
    active = wallet.send("POST", "/cards/b/activate", activation)
    answers = wallet.send("POST", "/cards", body), again, active
    return made and [answer.body.get("amount_balance", answer.status) for answer in answers]


@look
def refs_with_tokens(wallet: Local) -> Any:
    card = wallet.card(100)
    wallet.token(card, ref_id="t")
    wallet.transact(card, 1, ref_id="d")
    return wallet.transact(card, 1, ref_id="t").status, wallet.token(card, ref_id="d").status


@look
def ref_spent_when_short(wallet: Local) -> Any:
    card = wallet.card(10)
    wallet.transact(card, 11, ref_id="short")
    wallet.transact(card, 5, ref_id="other", currency="SEK")
    assert wallet.transact(card, 5, ref_id="other").status == 200
    return wallet.transact(card, 5, ref_id="short").status


# --- deletion and batches -----------------------------------------------------------------------


def deleted(wallet: Local, *holds: int) -> tuple[str, Any]:
    card = wallet.card(100)
    for amount in holds:
        wallet.hold(card, amount)
    return card, wallet.send("DELETE", f"/cards/{card}")


@look
def deleted_books_kept(wallet: Local) -> Any:
    card, answer = deleted(wallet)
    assert (answer.status, wallet.read(card).status, wallet.records("none").status) == (
        200,
        404,
        404,
    )
    return wallet.records(card).status


@look
def deleted_repeats_replayed(wallet: Local) -> Any:
    def delete(card: str) -> None:
        wallet.send("DELETE", f"/cards/{card}")

    card = wallet.card(100)
    value = wallet.token(card, expires_after_transaction=False)["token"]["value"]
    wallet.transact(None, 1, token=value, ref_id="t")
    held = wallet.hold(card, 5)
    wallet.void(held, ref_id="v")
    delete(card)
    unknown = (
        wallet.transact("none", 1),
        wallet.transact(None, 1, token="none"),
        wallet.void(UNKNOWN),
    )
    assert [answer.status for answer in unknown] == [404, 404, 404]
    assert wallet.transact(card, 1).status == 404
    by_token = wallet.transact(None, 1, token=value, ref_id="t").status
    return repeated(wallet, delete), by_token, wallet.void(held, ref_id="v").status


def forgotten(wallet: Local) -> Any:
    card = wallet.card(0, name="Kari", customer_id="kari", metadata={"order": "1"})
    gone = wallet.send("DELETE", f"/cards/{card}")
    return [gone.body.get(name) for name in ("name", "customer_id", "metadata", "type")]


@look
def deleted_owner_forgotten(wallet: Local) -> Any:
    return forgotten(wallet)


@look
def few_cards_a_customer(wallet: Local) -> Any:
    batch(wallet, "b")
    body = {"amount": 1, "currency": "NOK", "customer_id": "collector"}
    for _ in range(15):
        wallet.card(**body)
    more = {"/cards": {"card_id": "c", **body}, "/cards/b/activate": body}
    return [status(wallet, path, sent) for path, sent in more.items()]


@look
def deleted_name_forgotten(wallet: Local) -> Any:
    return forgotten(wallet)


@look
def deleted_status_stays(wallet: Local) -> Any:
    return deleted(wallet)[1]["status"]


@look
def delete_forfeits(wallet: Local) -> Any:
    return deleted(wallet)[1]["amount_balance"]


@look
def delete_books_voids(wallet: Local) -> Any:
    card, answer = deleted(wallet, 30, 10)
    assert answer.status in (200, 400)
    return [record["type"] for record in wallet.records(card).body]


@look
def batch_in_part(wallet: Local) -> Any:
    entries = [{"card_id": name, "type": "gift_card"} for name in ("a", "a", "b")]
    answer = wallet.send("POST", "/cards/batch", {"cards": entries})
    again = wallet.send("POST", "/cards/batch", {"cards": entries})
    assert again.status == (400 if answer.status == 200 else again.status)
    return [card["card_id"] for card in answer.body.get("cards", ())]


@look
def batch_without_tokens(wallet: Local) -> Any:
    asked = batch(wallet, "b", card_token={"format": {"length": 12}})[0]
    return "card_token" in asked, "card_token" in batch(wallet, "a")[0]


# --- lists --------------------------------------------------------------------------------------


def pages(wallet: Local, limit: int, **query: Any) -> list[list[str]]:
    found, cursor = [], {}
    while True:
        page = wallet.send("GET", "/cards", query={"limit": limit} | cursor | query)
        found.append([card["card_id"] for card in page["cards"]])
        if "starting_after" not in page.body:
            return found
        cursor = {"starting_after": page["starting_after"]}


@look
def lists_by_id(wallet: Local) -> Any:
    made = {wallet.card(): None for _ in range(12)}
    found = [name for page in pages(wallet, 5) for name in page]
    assert sorted(found) == sorted(made)
    paid = next(iter(made))
    listed = [wallet.transact(paid, 1)["id"] for _ in range(12)]
    seen = [record["id"] for record in wallet.records(paid).body]
    return found == list(made), seen == listed


@look
def cursor_is_card_id(wallet: Local) -> Any:
    cards = [wallet.card() for _ in range(3)]
    assert pages(wallet, 2) == [cards[:2], cards[2:]]
    return wallet.send("GET", "/cards", query={"limit": 1})["starting_after"] in cards


@look
def pages_short(wallet: Local) -> Any:
    gone = [deleted(wallet)[0] for _ in range(2)]
    wallet.card()
    assert gone[0] in pages(wallet, 1, include_deleted="true")[0]
    return pages(wallet, 1)


@look
def customer_sees_listed(wallet: Local) -> Any:
    card = wallet.card(1, customer_id="c", expires_at="2020-01-01T00:00:00Z")
    alive = wallet.card(1, customer_id="c")
    assert wallet.send("GET", f"/customers/c/cards/{alive}").status == 200
    return wallet.send("GET", f"/customers/c/cards/{card}").status


# --- tokens -------------------------------------------------------------------------------------


@look
def token_back_after_void(wallet: Local) -> Any:
    value = wallet.token(wallet.card(100))["token"]["value"]
    wallet.void(wallet.hold(None, 5, token=value))
    return wallet.transact(None, 5, token=value).status


@look
def token_list_live(wallet: Local) -> Any:
    card = wallet.card(100)
    value = wallet.token(card)["token"]["value"]
    assert len(wallet.read(card)["tokens"]) == 1
    wallet.transact(None, 5, token=value)
    return wallet.read(card).body.get("tokens")


@look
def masks_short(wallet: Local) -> Any:
    card = wallet.card(100)
    for format_ in ({"length": 12}, {"length": 2}):
        wallet.token(card, format=format_)
    return [len(token["masked_code"]) for token in wallet.read(card)["tokens"]]


@look
def token_ends_rounded(wallet: Local) -> Any:
    wallet.advance(0.25)
    value = wallet.token(wallet.card(100), 10)["token"]["value"]
    wallet.advance(10.5)
    return wallet.info(value).status


@look
def pin_tries_counted(wallet: Local) -> Any:
    made = wallet.send(
        "POST", "/cards", {"card_id": "p", "amount": 1, "currency": "NOK", "pin": {}}
    )
    pin = made["pin"]["pin"]["value"]
    value = wallet.token("p", expires_after_transaction=False)["token"]["value"]
    assert wallet.info(value, pin=pin).status == 200
    for _ in range(3):
        assert wallet.info(value, pin="wrong").status == 403
    return wallet.info(value, pin=pin).status


@look
def grants_limited(wallet: Local) -> Any:
    answers = [wallet.get_token(ADMIN) for _ in range(6)]
    assert wallet.get_token(ADMIN, secret="wrong").status in (401, 429)
    return answers[-1].status, answers[-1].headers.get("retry-after")


@look
def grants_kept(wallet: Local) -> Any:
    first = wallet.get_token(ADMIN)
    wallet.advance(60)
    later = wallet.get_token(ADMIN)
    wallet.advance(8000)
    assert wallet.get_token(ADMIN)["access_token"] != first["access_token"]
    return first["access_token"] == later["access_token"], first["expires_in"] - later["expires_in"]


@look
def unknown_cursor_first_page(wallet: Local) -> Any:
    wallet.card()
    return wallet.send("GET", "/cards", query={"starting_after": "none"}).status


@look
def deleted_cursor_refused(wallet: Local) -> Any:
    wallet.card()
    card, _ = deleted(wallet)
    asked = {"starting_after": card}
    assert wallet.send("GET", "/cards", query=asked | {"include_deleted": "true"}).status == 200
    return wallet.send("GET", "/cards", query=asked).status


@look
def batch_reversed(wallet: Local) -> Any:
    return [card["card_id"] for card in batch(wallet, "a", "b")]


@look
def rotation_ends_tokens(wallet: Local) -> Any:
    card = wallet.card()
    value = wallet.token(card)["token"]["value"]
    wallet.send("POST", f"/cards/{card}/rotate-pin", {"pin": {}})
    return wallet.info(value).status


@look
def pin_of_usable_cards(wallet: Local) -> Any:
    batch(wallet, "a")
    cards = wallet.card(), "a", wallet.card(1, expires_at="2020-01-01T00:00:00Z")
    return [status(wallet, f"/cards/{card}/rotate-pin", {"pin": {}}) for card in cards]


@look
def token_value_once(wallet: Local) -> Any:
    card = wallet.card()
    assert "token" in wallet.token(card, ref_id="t").body
    wallet.advance(60)
    again = wallet.token(card, ref_id="t")
    return again["expires_in"], "token" in again.body


@look
def token_ends_cut(wallet: Local) -> Any:
    wallet.advance(0.75)
    value = wallet.token(wallet.card(), 10)["token"]["value"]
    wallet.advance(9.5)
    return wallet.info(value).status


@look
def classes_named_only(wallet: Local) -> Any:
    wanted = {"length": 30, "numbers": True}
    value = wallet.token(wallet.card(), format=wanted)["token"]["value"]
    assert len(wallet.token(wallet.card(), format={"length": 30})["token"]["value"]) == 30
    return value.isdigit()


@look
def clients_are_one_user(wallet: Local) -> Any:
    shown = wallet.read(wallet.card(1))
    assert isinstance(shown["created_by"], str)
    return shown["created_by"]
