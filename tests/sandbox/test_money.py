"""The honest server moves money as its policy says, and a refusal moves none."""

import pytest

from tests.sandbox.harness import UNKNOWN, Local


def test_a_new_card_holds_its_opening_amount(wallet: Local) -> None:
    card = wallet.card(700)
    assert wallet.figures(card) == (700, 0, 0, 700)
    assert wallet.read(card)["amount"] == 700
    assert wallet.records(card).body == []


def test_a_drawdown_takes_up_to_what_is_available_and_no_more(wallet: Local) -> None:
    card = wallet.card(700)
    wallet.hold(card, 200)
    assert wallet.transact(card, 501).status == 400
    assert wallet.transact(card, 500).status == 200
    assert wallet.figures(card) == (700, 500, 200, 0)


def test_a_hold_locks_without_drawing(wallet: Local) -> None:
    card = wallet.card(700)
    held = wallet.hold(card, 300)
    assert held["type"] == "pending_capture"
    assert wallet.figures(card) == (700, 0, 300, 400)
    assert wallet.read(card)["amount_balance"] == 700
    assert wallet.hold(card, 401).status == 400


def test_captures_take_parts_until_nothing_remains(wallet: Local) -> None:
    card = wallet.card(700)
    held = wallet.hold(card, 300)
    part = wallet.capture(held, 100)
    assert (part["type"], part["amount"], part["parent_id"]) == ("drawdown", 100, held["id"])
    assert wallet.figures(card) == (700, 100, 200, 400)
    assert wallet.capture(held, 201).status == 400
    assert wallet.capture(held)["amount"] == 200
    assert wallet.figures(card) == (700, 300, 0, 400)
    assert wallet.capture(held, 1).status == 400
    assert wallet.void(held).status == 400
    assert [r["type"] for r in wallet.records(card).body] == [
        "pending_capture",
        "drawdown",
        "drawdown",
    ]


def test_a_void_releases_what_remains(wallet: Local) -> None:
    card = wallet.card(700)
    held = wallet.hold(card, 300)
    wallet.capture(held, 100)
    void = wallet.void(held)
    assert (void["type"], void["amount"], void["parent_id"]) == ("voided", 200, held["id"])
    assert wallet.figures(card) == (700, 100, 0, 600)
    assert wallet.void(held).status == 400
    assert wallet.capture(held, 1).status == 400


def test_only_holds_are_captured_and_voided(wallet: Local) -> None:
    card = wallet.card(700)
    drawdown, fund = wallet.transact(card, 10), wallet.fund(card, 10)
    held = wallet.hold(card, 10)
    capture = wallet.capture(held, 5)
    for record in (drawdown, fund, capture):
        assert wallet.capture(record, 1).status == 400
        assert wallet.void(record).status == 400
    assert wallet.capture(UNKNOWN).status == 404
    assert wallet.void(UNKNOWN).status == 404


def test_a_fund_adds_while_a_hold_is_open(wallet: Local) -> None:
    card = wallet.card(100)
    wallet.hold(card, 100)
    assert wallet.fund(card, 50)["type"] == "fund"
    assert wallet.figures(card) == (150, 0, 100, 50)
    assert wallet.fund(card, 1, pending=True).status == 400


def test_amount_zero_is_a_record_without_effect(wallet: Local) -> None:
    card = wallet.card(0)
    assert wallet.transact(card, 0).status == 200
    assert wallet.fund(card, 0).status == 200
    held = wallet.hold(card, 0)
    assert wallet.capture(held, 0)["amount"] == 0
    assert wallet.void(held)["amount"] == 0
    assert wallet.figures(card) == (0, 0, 0, 0)
    assert len(wallet.records(card).body) == 5


def test_a_capture_of_zero_leaves_the_hold_open(wallet: Local) -> None:
    card = wallet.card(100)
    held = wallet.hold(card, 100)
    assert wallet.capture(held, 0).status == 200
    assert wallet.capture(held)["amount"] == 100


def test_currencies_must_match(wallet: Local) -> None:
    card = wallet.card(100, "SEK")
    assert wallet.transact(card, 1).status == 400
    assert wallet.transact(card, 1, currency="SEK")["currency"] == "SEK"


@pytest.mark.parametrize("amount", [2**31, 2**53 + 1, 2**63 - 1])
def test_large_amounts_are_exact(wallet: Local, amount: int) -> None:
    card = wallet.card(amount)
    assert wallet.read(card)["amount_available"] == amount
    assert wallet.transact(card, amount)["amount"] == amount
    assert wallet.figures(card) == (amount, amount, 0, 0)


@pytest.mark.parametrize("amount", [2**63, 10**400])
def test_amounts_beyond_counting_are_refused(wallet: Local, amount: int) -> None:
    card = wallet.card(2**63 - 1)
    assert wallet.fund(card, amount).status == 400
    assert wallet.fund(card, 1).status == 400
    assert wallet.figures(card) == (2**63 - 1, 0, 0, 2**63 - 1)


# --- ref_id ---------------------------------------------------------------------------------


def test_the_same_request_again_answers_with_the_first_record(wallet: Local) -> None:
    card = wallet.card(100)
    for send in (wallet.transact, wallet.hold, wallet.fund):
        first = send(card, 10, ref_id=send.__name__, metadata={"order_id": "1"})
        assert send(card, 10, ref_id=send.__name__, metadata={"order_id": "1"}).body == first.body
    held = wallet.hold(card, 10)
    first = wallet.capture(held, 3, ref_id="part")
    assert wallet.capture(held, 3, ref_id="part").body == first.body
    first = wallet.void(held, ref_id="void")
    assert wallet.void(held, ref_id="void").body == first.body
    assert wallet.figures(card) == (110, 13, 10, 87)


def test_a_ref_id_with_anything_else_is_refused(wallet: Local) -> None:
    card = wallet.card(100)
    held = wallet.hold(card, 50, ref_id="one")
    assert wallet.hold(card, 51, ref_id="one").status == 400
    assert wallet.transact(card, 50, ref_id="one").status == 400
    assert wallet.capture(held, 1, ref_id="one").status == 400
    assert wallet.void(held, ref_id="one").status == 400
    assert wallet.figures(card) == (100, 0, 50, 50)


def test_a_ref_id_is_free_on_another_card_and_after_a_refusal(wallet: Local) -> None:
    first, second = wallet.card(10), wallet.card(10)
    assert wallet.transact(first, 5, ref_id="one").status == 200
    assert wallet.transact(second, 11, ref_id="one").status == 400
    assert wallet.transact(second, 5, ref_id="one").status == 200
    assert wallet.figures(second) == (10, 5, 0, 5)


def test_a_repeat_of_a_one_time_token_is_replayed(wallet: Local) -> None:
    card = wallet.card(100)
    value = wallet.token(card)["token"]["value"]
    first = wallet.transact(None, 10, token=value, ref_id="one")
    assert wallet.transact(None, 10, token=value, ref_id="one").body == first.body
    assert wallet.transact(None, 10, token=value).status == 400


# --- time -----------------------------------------------------------------------------------


def test_before_active_from_a_card_is_only_funded(wallet: Local) -> None:
    card = wallet.card(100, active_from="2027-01-15T09:00:01+01:00")
    assert wallet.transact(card, 1).status == 400
    assert wallet.hold(card, 1).status == 400
    assert wallet.fund(card, 1).status == 200
    wallet.advance(1)
    assert wallet.transact(card, 1).status == 200


def test_after_expires_at_nothing_but_a_void_is_allowed(wallet: Local) -> None:
    card = wallet.card(100, expires_at="2027-01-15T08:00:05Z")
    held = wallet.hold(card, 10)
    wallet.advance(6)
    assert wallet.transact(card, 1).status == 400
    assert wallet.hold(card, 1).status == 400
    assert wallet.fund(card, 1).status == 400
    assert wallet.capture(held, 1).status == 400
    assert wallet.void(held).status == 200
    assert wallet.figures(card) == (100, 0, 0, 100)


@pytest.mark.parametrize(
    "moment",
    ["0000-01-01T00:00:00Z", "2016-12-31T23:59:60Z", "9999-12-31T23:59:59.999999999-23:59"],
)
def test_every_documented_date_is_understood(wallet: Local, moment: str) -> None:
    card = wallet.card(100, active_from=moment)
    assert wallet.read(card)["active_from"] == moment
    assert wallet.transact(card, 1).status == (400 if moment.startswith("9") else 200)
