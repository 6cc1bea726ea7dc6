"""The rival's own behaviour over HTTP: its dialect, its safety under concurrency, its manners.

Every answer goes through a client that holds it to the API document. No time is measured here; for
its speed see `serving`.
"""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier

import httpx
import pytest

from tests.rival import money
from tests.rival.client import Answer, Wallet
from tests.rival.entries import Entry, Kind, Order, Refusal
from tests.rival.process import ADMIN, OTHER, READER, TILL, Client, Rival

_NUMBERS = count()
TX = "/transactions"
CAPTURE = "/transactions/{transaction_id}/capture"
VOID = "/transactions/{transaction_id}/void"
CARD = "/cards/{card_id}"


@pytest.fixture(scope="module")
def rival() -> Iterator[Rival]:
    with Rival() as running:
        yield running


def _wallet(rival: Rival, client: Client) -> Iterator[Wallet]:
    wallet = Wallet(rival.url, client)
    yield wallet
    wallet.close()


@pytest.fixture(scope="module")
def wallet(rival: Rival) -> Iterator[Wallet]:
    yield from _wallet(rival, ADMIN)


@pytest.fixture(scope="module")
def till(rival: Rival) -> Iterator[Wallet]:
    yield from _wallet(rival, TILL)


@pytest.fixture(scope="module")
def reader(rival: Rival) -> Iterator[Wallet]:
    yield from _wallet(rival, READER)


@pytest.fixture(scope="module")
def other(rival: Rival) -> Iterator[Wallet]:
    yield from _wallet(rival, OTHER)


@pytest.fixture
def card_id() -> str:
    return f"card-{next(_NUMBERS)}"


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


def _token(wallet: Wallet, card_id: str, ref_id: str = "t", **more) -> str:
    made = wallet.post(CARD + "/tokens", (card_id,), ref_id=ref_id, expires_in=600, **more)
    assert made.status == 200, made
    return made.body["token"]["value"]


def _pay(wallet: Wallet, token: str, ref_id: str, amount: int, **more) -> Answer:
    return wallet.post(TX, token=token, ref_id=ref_id, amount=amount, currency="NOK", **more)


def test_a_one_time_token_ends_with_an_accepted_drawdown(wallet, till, card_id):
    wallet.card(card_id, 100)
    token = _token(wallet, card_id)
    assert _pay(till, token, "too much", 101).status == 403
    hold = _pay(till, token, "h", 60, pending=True)
    assert hold.status == 200
    assert till.post(VOID, (hold.body["id"],), ref_id="v").status == 200
    assert _pay(till, token, "d", 1).status == 403
    assert wallet.post("/info", token=token).body["card_id"] == card_id


def test_a_lasting_token_pays_again_and_funds_never(wallet, card_id):
    wallet.card(card_id, 100)
    token = _token(wallet, card_id, expires_after_transaction=False)
    assert _pay(wallet, token, "a", 1).status == 200
    assert _pay(wallet, token, "b", 1).status == 200
    assert _pay(wallet, token, "f", 1, type="fund").status == 400
    assert wallet.post(CARD + "/tokens", (card_id,), ref_id="t", expires_in=9).status == 400


def test_codes_follow_their_format(wallet, card_id):
    digits = {"length": 16, "prefix": "VOUCH:", "symbols": False, "numbers": True}
    token = _token(wallet, wallet.card(card_id), format=digits)
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


# --- access -------------------------------------------------------------------------------------


def test_scopes_bound_the_clients(wallet, till, reader, card_id):
    wallet.card(card_id, 10)
    assert reader.get(CARD, (card_id,)).status == 200
    assert reader.transact(card_id, "d", 1).status == 403
    assert till.get(CARD, (card_id,)).status == 403
    assert till.transact(card_id, "d", 1).status == 403
    hold = wallet.hold(card_id, "h", 5)
    assert till.post(CAPTURE, (hold,), ref_id="c").status == 200


def test_accounts_are_strangers(rival, wallet, other, card_id):
    wallet.card(card_id, 10)
    hold = wallet.hold(card_id, "h", 5)
    token = _token(wallet, card_id)
    assert other.get(CARD, (card_id,)).status == 404
    assert other.transact(card_id, "d", 1).status == 404
    assert other.post(CAPTURE, (hold,), ref_id="c").status == 404
    assert other.post("/info", token=token).status == 404
    other.account, own = ADMIN.account, other.account
    try:
        assert other.get(CARD, (card_id,)).status == 404
    finally:
        other.account = own
    assert httpx.get(f"{rival.url}/accounts/{ADMIN.account}/wallets/cards").status_code == 401


# --- manners ------------------------------------------------------------------------------------


@pytest.mark.parametrize("card_id", ["a/b", "batch", "..", "å ä", "50%", "%2F", "?#", "."])
def test_ids_travel_encoded(wallet, card_id):
    wallet.card(card_id, 3)
    if card_id not in (".", ".."):  # A client resolves these by itself.
        assert wallet.get(CARD, (card_id,)).body["card_id"] == card_id
        assert len(wallet.get(CARD + TX, (card_id,)).body) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"ref_id": "\\u0000"}',
        b'{"ref_id": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"ref_id": "\xff"}',
        b'{"ref_id": NaN}',
        b'{"ref_id": 1e999}',
        b'{"ref_id": "a", "ref_id": "b"}',
        b'{"amount": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"metadata": ' + b'{"a":' * 500 + b"1" + b"}" * 501,
        b'{"a": "' + b"x" * (1 << 20) + b'"}',
    ],
    ids=lambda content: content[:30].decode("latin-1"),
)
def test_hostile_bodies_are_refused(wallet, content):
    headers = {"Content-Type": "application/json"}
    assert wallet.send("POST", TX, content=content, headers=headers).status == 400


def test_other_content_types_and_methods_are_refused(wallet):
    text = {"Content-Type": "text/plain"}
    assert wallet.send("POST", TX, content=b"{}", headers=text).status == 400
    assert wallet.send("PATCH", "/cards").status == 405
    assert wallet.post(CAPTURE, ("no-uuid",), ref_id="r").status == 400
    assert wallet.get(CARD, ("x" * 256,)).status == 400
    assert wallet.get("/cards", limit="101").status == 400
    assert wallet.get("/cards", limit="1.0").status == 400


def test_a_connection_survives_refusals_and_chunked_bodies(rival, wallet, card_id):
    wallet.card(card_id, 3)
    said = json.dumps({"card_id": card_id, "ref_id": "r", "amount": 1, "currency": "NOK"})
    chunks = iter([said[:9].encode(), said[9:].encode()])
    headers = {"Content-Type": "application/json"}
    assert wallet.send("POST", TX, content=chunks, headers=headers).status == 200
    assert wallet.send("POST", TX, content=b"x" * (3 << 20), headers=headers).status == 400
    assert wallet.get(CARD, (card_id,)).status == 200


# --- concurrency --------------------------------------------------------------------------------


def _at_once(rival: Rival, number: int, act) -> list[Answer]:
    """All answers of `act(wallet, n)` for n below `number`, from as many connections."""
    wallets = [Wallet(rival.url, ADMIN) for _ in range(number)]
    start = Barrier(number)

    def run(n: int) -> Answer:
        start.wait()
        return act(wallets[n], n)

    try:
        with ThreadPoolExecutor(number) as pool:
            return list(pool.map(run, range(number)))
    finally:
        for wallet in wallets:
            wallet.close()


def test_the_last_money_is_drawn_once(rival, wallet, card_id):
    wallet.card(card_id, 100)
    answers = _at_once(rival, 8, lambda one, n: one.transact(card_id, f"d{n}", 100))
    assert sorted(answer.status for answer in answers) == [200] + [403] * 7
    assert wallet.figures(card_id)["balance"] == 0


def test_captures_at_once_never_exceed_the_hold(rival, wallet, card_id):
    wallet.card(card_id, 500)
    hold = wallet.hold(card_id, "h", 100)
    answers = _at_once(
        rival, 8, lambda one, n: one.post(CAPTURE, (hold,), ref_id=f"c{n}", amount=30)
    )
    assert sorted(answer.status for answer in answers) == [200] * 3 + [400] * 5
    figures = wallet.figures(card_id)
    assert (figures["drawdown"], figures["reserved"]) == (90, 10)


def test_one_ref_id_at_once_has_one_effect(rival, wallet, card_id):
    wallet.card(card_id, 500)
    answers = _at_once(rival, 8, lambda one, n: one.transact(card_id, "same", 10))
    assert sorted(answer.status for answer in answers) == [200] + [400] * 7
    assert wallet.figures(card_id)["drawdown"] == 10
