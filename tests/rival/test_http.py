"""The rival as a server: who may do what, hostile requests, and requests at the same moment.

Every answer goes through a client that checks it against the API document.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from tests.rival.client import CAPTURE, CARD, TX, Answer, Wallet
from tests.rival.process import ADMIN, Rival

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
    token = wallet.token(card_id)
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


# --- hostile requests ---------------------------------------------------------------------------


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
