"""The rival's own behaviour: its money, its cards, tokens and lists, in its own dialect.

Every answer goes through a client that holds it to the API document. No time is measured here; for
its speed see `serving`.
"""

import uuid

import pytest

from tests.rival import money
from tests.rival.client import CAPTURE, CARD, TX, VOID, Answer, Wallet
from tests.rival.entries import Entry, Kind, Order, Refusal


def _list(wallet: Wallet, card_id: str) -> list[tuple[str, str, int]]:
    records = wallet.get(CARD + TX, (card_id,)).body
    return [(record["ref_id"], record["type"], record["amount"]) for record in records]


# --- money --------------------------------------------------------------------------------------


def test_the_opening_amount_is_a_fund_named_after_the_card(wallet, card_id):
    wallet.card(card_id, 500)
    assert _list(wallet, card_id) == [(card_id, "fund", 500)]
    assert wallet.figures(card_id)["funds"] == 500


def test_a_card_may_open_with_nothing_and_then_lists_nothing(wallet, card_id):
    wallet.card(card_id, 0)
    assert _list(wallet, card_id) == []


def test_pending_is_the_original_and_reserved_what_is_left_of_an_open_hold(wallet, card_id):
    wallet.card(card_id, 1000)
    hold = wallet.hold(card_id, "h", 600)
    assert wallet.post(CAPTURE, (hold,), ref_id="c", amount=200).status == 200
    assert wallet.figures(card_id) == {
        "balance": 800,
        "available": 400,
        "funds": 1000,
        "drawdown": 200,
        "pending": 600,
        "reserved": 400,
    }


def test_a_capture_without_amount_takes_the_remainder_and_turns_the_hold(wallet, card_id):
    wallet.card(card_id, 1000)
    hold = wallet.hold(card_id, "h", 600)
    wallet.post(CAPTURE, (hold,), ref_id="c1", amount=200)
    last = wallet.post(CAPTURE, (hold,), ref_id="c2")
    assert (last.body["amount"], last.body["parent_id"]) == (400, hold)
    assert _list(wallet, card_id)[:3] == [
        ("c2", "drawdown", 400),
        ("c1", "drawdown", 200),
        ("h", "drawdown", 600),
    ]
    assert wallet.post(CAPTURE, (hold,), ref_id="c3").status == 404
    assert wallet.post(VOID, (hold,), ref_id="v").status == 404


def test_a_void_releases_what_remains_and_records_the_original_amount(wallet, card_id):
    wallet.card(card_id, 1000)
    hold = wallet.hold(card_id, "h", 600)
    wallet.post(CAPTURE, (hold,), ref_id="c", amount=100)
    void = wallet.post(VOID, (hold,), ref_id="v")
    assert (void.body["type"], void.body["amount"]) == ("voided", 600)
    assert ("h", "voided", 600) in _list(wallet, card_id)
    assert wallet.figures(card_id)["available"] == 900


@pytest.mark.parametrize(
    ("amount", "more", "status"),
    [
        (101, {}, 403),
        (101, {"pending": True}, 403),
        (0, {}, 400),
        (0, {"pending": True}, 400),
        (0, {"type": "fund"}, 400),
        (5, {"type": "fund", "pending": True}, 400),
        (5, {"currency": "SEK"}, 400),
        (10**12 - 99, {"type": "fund"}, 400),
        (10**400, {"type": "fund"}, 400),
        (10**400, {}, 403),
        (1.0, {}, 400),
        (True, {}, 400),
        ("5", {}, 400),
        (5, {"note": "unknown member"}, 400),
        (5, {"metadata": {"dintero_order": 1}}, 400),
        (5, {"token": "as well"}, 400),
    ],
)
def test_refused_transactions_change_nothing(wallet, card_id, amount, more, status):
    wallet.card(card_id, 100)
    before = wallet.get(CARD, (card_id,))
    assert wallet.transact(card_id, "r", amount, **more).status == status
    assert wallet.get(CARD, (card_id,)) == before
    assert wallet.transact(card_id, "r", 100).status == 200


def test_a_balance_reaches_its_limit_exactly(wallet, card_id):
    wallet.card(card_id, 100)
    assert wallet.transact(card_id, "f", 10**12 - 100, type="fund").status == 200
    assert wallet.figures(card_id)["balance"] == 10**12


def test_a_ref_id_counts_once_per_card_over_all_kinds(wallet, card_id):
    wallet.card(card_id, 1000)
    hold = wallet.hold(card_id, "h", 100)
    assert wallet.post(CAPTURE, (hold,), ref_id="c", amount=1).status == 200
    for used in (card_id, "h", "c"):
        assert wallet.transact(card_id, used, 100, pending=True).status == 400
        assert wallet.post(CAPTURE, (hold,), ref_id=used, amount=1).status == 400
        assert wallet.post(VOID, (hold,), ref_id=used).status == 400
    assert wallet.post(VOID, (hold,), ref_id="v").status == 200
    assert wallet.transact(card_id, "v", 1).status == 400
    assert wallet.transact(wallet.card(card_id + "'", 5), "h", 5).status == 200


# --- life of a card -----------------------------------------------------------------------------


def test_the_status_follows_the_card(wallet, card_id):
    def status() -> str:
        return wallet.get(CARD, (card_id,)).body["status"]

    wallet.card(card_id, 10)
    assert status() == "unused"
    wallet.transact(card_id, "a", 4)
    assert status() == "active"
    wallet.transact(card_id, "b", 6)
    assert status() == "empty"
    assert wallet.delete(CARD, (card_id,)).body["status"] == "deleted"
    assert status() == "deleted"


def test_a_card_with_money_or_a_hold_is_not_deleted(wallet, card_id):
    wallet.card(card_id, 10)
    assert wallet.delete(CARD, (card_id,)).status == 403
    hold = wallet.hold(card_id, "h", 10)
    assert wallet.delete(CARD, (card_id,)).status == 403
    wallet.post(CAPTURE, (hold,), ref_id="c")
    assert wallet.delete(CARD, (card_id,)).status == 200
    assert wallet.delete(CARD, (card_id,)).status == 403
    assert wallet.transact(card_id, "f", 1, type="fund").status == 403
    assert wallet.post("/cards", card_id=card_id, amount=1, currency="NOK").status == 400


def test_a_hold_outlives_the_expiry_of_its_card():
    opened = Entry(Kind.OPENED, "card", at=1, currency="NOK", expires_at=10)
    funded = Entry(Kind.FUNDED, "fund", at=1, amount=100, ref_id="f")
    held = Entry(Kind.HELD, "hold", at=9, amount=60, ref_id="h")
    card = money.fold([opened, funded, held])
    assert money.capture(card, "hold", "c", None, "new", 10).amount == 60
    assert money.void(card, "hold", "v", "new", 10).amount == 60
    assert money.draw(card, Order("d", 1, "NOK"), False, "new", 9).amount == 1
    with pytest.raises(Refusal, match="expired"):
        money.draw(card, Order("d", 1, "NOK"), False, "new", 10)


def test_an_expired_card_takes_no_new_transaction(wallet, card_id):
    wallet.card(card_id, 10, expires_at="2020-01-01T00:00:00Z")
    assert wallet.get(CARD, (card_id,)).body["status"] == "expired"
    assert wallet.transact(card_id, "d", 1).status == 403
    assert wallet.transact(card_id, "f", 1, type="fund").status == 403
    assert wallet.post(CARD + "/tokens", (card_id,), ref_id="t", expires_in=9).status == 403


def test_before_active_from_a_card_is_funded_and_not_drawn(wallet, card_id):
    wallet.card(card_id, 10, active_from="2999-01-01T02:00:00+02:00")
    shown = wallet.get(CARD, (card_id,)).body["active_from"]
    assert shown == "2999-01-01T00:00:00.000000Z"
    assert wallet.transact(card_id, "f", 5, type="fund").status == 200
    assert wallet.transact(card_id, "d", 1).status == 403


def test_a_printed_card_is_activated_once(wallet, card_id):
    made = wallet.post("/cards/batch", cards=[{"card_id": card_id, "type": "credit_note"}])
    card = made.body["cards"][0]
    assert (card["status"], card["amount"]) == ("inactive", 0)
    assert len(card["pin"]["pin"]["value"]) == 4
    assert wallet.transact(card_id, "f", 5, type="fund").status == 403
    activation = {"amount": 70, "currency": "SEK", "customer_id": "who"}
    active = wallet.post(CARD + "/activate", (card_id,), **activation)
    assert (active.body["status"], active.body["currency"]) == ("unused", "SEK")
    assert "active_from" in active.body
    assert wallet.post(CARD + "/activate", (card_id,), **activation).status == 400
    assert wallet.figures(card_id)["funds"] == 70
    token = card["card_token"]["token"]["value"]
    paid = wallet.post(TX, token=token, ref_id="d", amount=70, currency="SEK")
    assert paid.status == 200


def test_a_batch_is_all_or_nothing(wallet, card_id):
    twice = [{"card_id": card_id, "type": "gift_card"}] * 2
    assert wallet.post("/cards/batch", cards=twice).status == 400
    assert wallet.get(CARD, (card_id,)).status == 404
    assert wallet.post("/cards/batch", cards=twice[:1]).status == 200


# --- tokens and PIN -----------------------------------------------------------------------------


def _pay(wallet: Wallet, token: str, ref_id: str, amount: int, **more) -> Answer:
    return wallet.post(TX, token=token, ref_id=ref_id, amount=amount, currency="NOK", **more)


def test_a_one_time_token_ends_with_an_accepted_drawdown(wallet, till, card_id):
    wallet.card(card_id, 100)
    token = wallet.token(card_id)
    assert _pay(till, token, "too much", 101).status == 403
    hold = _pay(till, token, "h", 60, pending=True)
    assert hold.status == 200
    assert till.post(VOID, (hold.body["id"],), ref_id="v").status == 200
    assert _pay(till, token, "d", 1).status == 403
    assert wallet.post("/info", token=token).body["card_id"] == card_id


def test_a_lasting_token_pays_again_and_funds_never(wallet, card_id):
    wallet.card(card_id, 100)
    token = wallet.token(card_id, expires_after_transaction=False)
    assert _pay(wallet, token, "a", 1).status == 200
    assert _pay(wallet, token, "b", 1).status == 200
    assert _pay(wallet, token, "f", 1, type="fund").status == 400
    assert wallet.post(CARD + "/tokens", (card_id,), ref_id="t", expires_in=9).status == 400


def test_codes_follow_their_format(wallet, card_id):
    digits = {"length": 16, "prefix": "VOUCH:", "symbols": False, "numbers": True}
    token = wallet.token(wallet.card(card_id), format=digits)
    assert token.startswith("VOUCH:")
    assert token[6:].isdecimal()
    assert len(token) == 22
    none_left = {"symbols": False, "numbers": False}
    refused = wallet.post(CARD + "/tokens", (card_id,), ref_id="u", expires_in=9, format=none_left)
    assert refused.status == 400


def test_a_wrong_pin_shows_nothing_and_rotation_ends_the_old_one(wallet, card_id):
    made = wallet.post(
        "/cards",
        card_id=card_id,
        amount=5,
        currency="NOK",
        pin={"format": {"length": 9, "symbols": False}},
        card_token={"expires_in": 60},
    ).body
    old, token = made["pin"]["pin"]["value"], made["card_token"]["token"]["value"]
    assert wallet.post("/info", token=token, pin=old).status == 200
    new = wallet.post(CARD + "/rotate-pin", (card_id,), pin={}).body["pin"]["pin"]["value"]
    assert wallet.post("/info", token=token, pin=old).status == 403
    assert wallet.post("/info", token=token, pin=new).status == 200
    assert wallet.post("/info", token=token + "?").status == 404


# --- lists --------------------------------------------------------------------------------------


def test_pages_of_cards_join_newest_first(other):
    made = [other.card(f"page-{number}") for number in range(7)]
    other.delete(CARD, ("page-3",))
    seen, cursor = [], {}
    while True:
        page = other.get("/cards", limit=2, **cursor).body
        seen += [card["card_id"] for card in page["cards"]]
        if "starting_after" not in page:
            break
        cursor = {"starting_after": page["starting_after"]}
    wanted = [card for card in reversed(made) if card != "page-3"]
    assert [card for card in seen if card.startswith("page-")] == wanted
    assert other.get("/cards", include_deleted="true", limit=100).body["cards"][3]["status"] == (
        "deleted"
    )
    assert other.get("/cards", starting_after=str(uuid.uuid4())).status == 400


def test_the_list_of_cards_can_ask_for_available_money(other):
    other.card("rich", 10**6)
    other.hold("rich", "h", 1)
    found = other.get("/cards", amount_available=10**6 - 1).body["cards"]
    assert [card["card_id"] for card in found] == ["rich"]
    assert other.get("/cards", amount_available=10**6).body["cards"] == []


def test_a_customer_sees_the_cards_that_can_still_pay(wallet, card_id):
    customer = f"customer of {card_id}"
    path = "/customers/{customer_id}/cards"
    assert wallet.get(path, (customer,)).body == []
    wallet.card(card_id, 5, customer_id=customer)
    wallet.card(card_id + "x", 5, customer_id=customer, expires_at="2020-01-01T00:00:00Z")
    wallet.card(card_id + "d", 0, customer_id=customer)
    wallet.delete(CARD, (card_id + "d",))
    assert [card["card_id"] for card in wallet.get(path, (customer,)).body] == [card_id]
    one = path + "/{card_id}"
    assert wallet.get(one, (customer, card_id + "x")).body["amount_balance"] == 5
    assert wallet.get(one, ("another", card_id)).status == 404
