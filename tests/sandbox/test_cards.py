"""The honest server keeps cards as they were created, and lists them without gap or repeat."""

import re
from urllib.parse import quote

import pytest

from tests.sandbox.harness import Local

FULL = {
    "customer_id": "customer-1",
    "name": "Grüße 🎁",
    "type": "credit_note",
    "metadata": {"order_id": "1", "nested": {"a": [1, None, 1.5]}, "dintero_x": "kept"},
    "originated_by": "shop",
    "active_from": "2020-01-01T00:00:00.123456+02:00",
    "expires_at": "2040-01-01T00:00:00Z",
}


def test_a_card_reads_back_as_it_was_sent(wallet: Local) -> None:
    card = wallet.card(5, "USD", **FULL)
    body = wallet.read(card).body
    assert {name: body[name] for name in FULL} == FULL
    assert (body["amount"], body["currency"], body["status"]) == (5, "USD", "unused")
    assert body["tokens"] == []


@pytest.mark.parametrize(
    "card_id", ["batch", "a/b", "..", "%2F", "æøå 🎁", "a\x00b", "+", "x" * 255]
)
def test_any_text_can_be_a_card_id(wallet: Local, card_id: str) -> None:
    wallet.card(9, card_id=card_id)
    assert wallet.read(card_id)["card_id"] == card_id
    assert wallet.transact(card_id, 9).status == 200
    assert len(wallet.records(card_id).body) == 1
    assert wallet.send("DELETE", f"/cards/{quote(card_id, safe='')}").status == 200


def test_a_card_id_is_taken_for_ever(wallet: Local) -> None:
    card = wallet.card()
    again = {"card_id": card, "amount": 1000, "currency": "NOK"}
    assert wallet.send("POST", "/cards", again).status == 400
    wallet.send("DELETE", f"/cards/{card}")
    assert wallet.send("POST", "/cards", again).status == 400


def test_unknown_and_read_only_members_are_ignored(wallet: Local) -> None:
    unset = {"unknown": 1, "status": "vip", "amount_balance": 7, "created_by": "me"}
    card = wallet.card(5, **unset)
    body = wallet.read(card).body
    assert (body["status"], body["amount_balance"], body["created_by"]) == ("unused", 5, "admin")
    assert "unknown" not in body


# --- batch and activation -------------------------------------------------------------------


def test_a_batch_is_inactive_until_activated(wallet: Local) -> None:
    cards = [{"card_id": f"b{i}", "type": "gift_card"} for i in range(3)]
    made = wallet.send("POST", "/cards/batch", {"cards": cards, "options": {"pin": {}}})
    assert [(c["status"], c["amount"]) for c in made["cards"]] == [("inactive", 0)] * 3
    for send in (wallet.transact, wallet.hold, wallet.fund):
        assert send("b0", 0).status == 400
    activated = wallet.send("POST", "/cards/b0/activate", {"amount": 50, "currency": "SEK"})
    assert (activated["status"], activated["amount"]) == ("unused", 50)
    assert wallet.figures("b0") == (50, 0, 0, 50)
    again = wallet.send("POST", "/cards/b0/activate", {"amount": 50, "currency": "SEK"})
    assert again.status == 400
    value = made["cards"][0]["card_token"]["token"]["value"]
    assert wallet.transact(None, 50, token=value, currency="SEK").status == 200


def test_a_batch_is_made_whole_or_not_at_all(wallet: Local) -> None:
    card = wallet.card()
    cards = [{"card_id": name, "type": "gift_card"} for name in ("b0", card)]
    assert wallet.send("POST", "/cards/batch", {"cards": cards}).status == 400
    assert wallet.read("b0").status == 404


# --- delete ---------------------------------------------------------------------------------


def test_a_deleted_card_is_gone_but_for_the_list(wallet: Local) -> None:
    card = wallet.card(10, customer_id="c")
    value = wallet.token(card)["token"]["value"]
    assert wallet.send("DELETE", f"/cards/{card}")["amount_balance"] == 10
    gone = [
        wallet.read(card),
        wallet.records(card),
        wallet.transact(card, 1),
        wallet.fund(card, 1),
        wallet.info(value),
        wallet.transact(None, 1, token=value),
        wallet.token(card),
        wallet.send("GET", f"/customers/c/cards/{card}"),
        wallet.send("DELETE", f"/cards/{card}"),
    ]
    assert [answer.status for answer in gone] == [404] * len(gone)
    assert wallet.send("GET", "/customers/c/cards").body == []
    assert wallet.send("GET", "/cards")["cards"] == []
    listed = wallet.send("GET", "/cards", query={"include_deleted": "true"})
    assert [c["card_id"] for c in listed["cards"]] == [card]


def test_a_card_with_open_holds_is_not_deleted(wallet: Local) -> None:
    card = wallet.card(10)
    held = wallet.hold(card, 0)
    assert wallet.send("DELETE", f"/cards/{card}").status == 400
    wallet.void(held)
    assert wallet.send("DELETE", f"/cards/{card}").status == 200


# --- lists ----------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_join_without_gap_or_overlap(wallet: Local, limit: int) -> None:
    cards = [wallet.card(i) for i in range(7)]
    found, query = [], {"limit": limit}
    while True:
        page = wallet.send("GET", "/cards", query=query).body
        assert len(page["cards"]) <= limit
        found += [card["card_id"] for card in page["cards"]]
        if "starting_after" not in page:
            break
        query = {"limit": limit, "starting_after": page["starting_after"]}
    assert found == cards


def test_the_customer_list_goes_on_after_the_last_card_id(wallet: Local) -> None:
    cards = [wallet.card(customer_id="c") for _ in range(5)]
    wallet.card(customer_id="c2")
    wallet.card(customer_id="c", expires_at="2020-01-01T00:00:00Z")
    first = wallet.send("GET", "/customers/c/cards", query={"limit": 2}).body
    rest = wallet.send("GET", "/customers/c/cards", query={"starting_after": cards[1]}).body
    assert [card["card_id"] for card in first + rest] == cards
    assert "amount_balance" not in first[0]
    assert wallet.send("GET", "/customers/nobody/cards").body == []


def test_a_customer_sees_only_cards_of_its_own(wallet: Local) -> None:
    card = wallet.card(10, "EUR", customer_id="c")
    wallet.hold(card, 4, currency="EUR")
    state = wallet.send("GET", f"/customers/c/cards/{card}").body
    assert (state["amount_available"], state["currency"]) == (6, "EUR")
    assert wallet.send("GET", f"/customers/d/cards/{card}").status == 404


def test_the_available_filter_is_a_lower_bound(wallet: Local) -> None:
    for amount in (4, 5, 6):
        wallet.card(amount)
    listed = wallet.send("GET", "/cards", query={"amount_available": 5})
    assert [card["amount_available"] for card in listed["cards"]] == [5, 6]


@pytest.mark.parametrize(
    "query",
    [{"limit": v} for v in ("0", "101", "-1", "x", "1.5", "", "1e1", "٣", "9" * 500)]
    + [{"starting_after": "nothing"}, {"include_deleted": "maybe"}, {"amount_available": "-1"}],
)
def test_a_malformed_query_is_refused(wallet: Local, query: dict[str, str]) -> None:
    assert wallet.send("GET", "/cards", query=query).status == 400


# --- tokens and PIN -------------------------------------------------------------------------

NUMERIC = {"length": 12, "symbols": False, "characters": False, "prefix": "V:", "barcode": True}


def test_a_one_time_token_pays_once_and_looks_up_until_it_expires(wallet: Local) -> None:
    card = wallet.card(100)
    value = wallet.token(card, 60)["token"]["value"]
    assert wallet.transact(None, 101, token=value).status == 400
    assert wallet.fund(None, 1, token=value).status == 200
    assert wallet.hold(None, 10, token=value).status == 200
    assert wallet.transact(None, 10, token=value).status == 400
    assert wallet.info(value)["amount_available"] == 91
    wallet.advance(61)
    assert wallet.info(value).status == 404


def test_a_lasting_token_pays_until_it_expires(wallet: Local) -> None:
    card = wallet.card(100)
    value = wallet.token(card, 60, expires_after_transaction=False)["token"]["value"]
    for _ in range(3):
        assert wallet.transact(None, 10, token=value).status == 200
    wallet.advance(61)
    assert wallet.transact(None, 10, token=value).status == 404
    assert wallet.transact(None, 10, token="unknown").status == 404


def test_codes_have_the_format_that_was_asked_for(wallet: Local) -> None:
    card = wallet.card()
    token = wallet.token(card, format=NUMERIC)["token"]
    assert re.fullmatch(r"V:\d{12}", token["value"])
    assert token["barcode_128"].startswith("data:image/png;base64,")
    plain = wallet.token(card)["token"]["value"]
    assert re.fullmatch(r"DINCARD:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", plain)
    shown = [entry["masked_code"] for entry in wallet.read(card)["tokens"]]
    assert shown == [f"V:{'*' * 9}{token['value'][-3:]}", shown[1]]
    assert re.fullmatch(r"DINCARD:\*{8}(-\*{4}){3}-\*{7}[0-9a-f]{5}", shown[1])


def test_a_repeated_token_creation_answers_with_the_first(wallet: Local) -> None:
    card = wallet.card()
    first = wallet.token(card, ref_id="one")
    assert wallet.token(card, ref_id="one").body == first.body
    assert wallet.token(card, 61, ref_id="one").status == 400


def test_a_format_that_gives_no_code_is_refused(wallet: Local) -> None:
    none = {"symbols": False, "numbers": False, "characters": False}
    assert wallet.token(wallet.card(), format=none).status == 400
    assert wallet.token(wallet.card(), format={"length": 10**9}).status == 400
    assert wallet.token(wallet.card(), expires_in=10**300).status == 400
    assert wallet.token(wallet.card(), format={"length": 1, "prefix": "x" * 300}).status == 400


def test_short_formats_run_out_of_codes_in_a_refusal(wallet: Local) -> None:
    card = wallet.card()
    narrow = {"length": 1, "symbols": False, "characters": False}
    statuses = [wallet.token(card, format=narrow).status for _ in range(12)]
    assert set(statuses) == {200, 400}
    assert statuses.count(200) <= 10


def test_a_pin_is_told_once_and_rotated_at_once(wallet: Local) -> None:
    body = {
        "card_id": "p",
        "amount": 5,
        "currency": "NOK",
        "pin": {"format": {"length": 4, "symbols": False, "characters": False}},
        "card_token": {"expires_in": 60},
    }
    made = wallet.send("POST", "/cards", body)
    pin, value = made["pin"]["pin"]["value"], made["card_token"]["token"]["value"]
    assert re.fullmatch(r"\d{4}", pin)
    assert made["card_token"]["ref_id"] == "p"
    assert wallet.read("p")["pin"] == {"format": body["pin"]["format"]}
    assert wallet.info(value, pin=pin).status == 200
    assert wallet.info(value).status == 200
    assert wallet.info(value, pin="æ").status == 403
    wanted = {"format": {"length": 30}}
    rotated = wallet.send("POST", "/cards/p/rotate-pin", {"pin": wanted})["pin"]["pin"]["value"]
    assert len(rotated) == 30
    assert wallet.info(value, pin=pin).status == 403
    assert wallet.info(value, pin=rotated).status == 200
