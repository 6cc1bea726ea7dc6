"""The honest server does what `spec/stripe/FACTS.md` says, over HTTP; a test names its fact."""

from typing import Any

import httpx
import pytest

from tests.stripelike.accounts import FIRST
from tests.stripelike.client import Checked, Request
from tests.stripelike.process import Stripelike
from tests.stripelike.shop import CARD, CHARGES, INTENTS, METHODS, REFUNDS, Shop, figures

STATE = (400, "invalid_request_error", "payment_intent_unexpected_state")
CAPTURED = (400, "invalid_request_error", "charge_already_captured")
REFUNDED = (400, "invalid_request_error", "charge_already_refunded")
ABOVE = (400, "invalid_request_error", "amount_too_large")
MISSING = (404, "invalid_request_error", "resource_missing")
MISMATCH = (400, "idempotency_error", None)

# --- 1. requests and answers ----------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer sk_test_nobody", f"Token {FIRST.key}"]
)
def test_f2_a_request_without_a_valid_key_is_refused(http: Checked, authorization: str) -> None:
    request = Request("GET", INTENTS, account=None, authorization=authorization or None)
    assert http.send(request).status == 401


def test_f2_a_key_is_also_the_user_name_of_basic_authentication(server: Stripelike) -> None:
    assert httpx.get(server.url + CHARGES, auth=(FIRST.key, "")).status_code == 200


def test_f3_another_account_sees_and_moves_nothing(shop: Shop, other: Shop) -> None:
    charge, intent = shop.charge()["id"], shop.intent()["id"]
    for answer in (
        other.read_charge(charge),
        other.read_intent(intent),
        other.capture_charge(charge),
        other.capture_intent(intent),
        other.refund(charge),
        other.cancel(intent),
    ):
        assert answer.error == MISSING
    assert other.get(CHARGES)["data"] == other.get(INTENTS)["data"] == []
    assert figures(shop.read_charge(charge)) == (0, 0, False, False)
    assert figures(shop.read_intent(intent)) == ("requires_capture", 1000, 0)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"amount": None}, "parameter_missing"),
        ({"currency": None}, "parameter_missing"),
        ({"source": None}, "parameter_missing"),
        ({"amuont": 1}, "parameter_unknown"),
        ({"description": ""}, "parameter_invalid_empty"),
        ({"capture": "perhaps"}, "parameter_invalid_string"),
        ({"currency": "USD"}, "parameter_invalid_string"),
        ({"currency": "xyz"}, "parameter_invalid_string"),
        ({"metadata[" + "n" * 41 + "]": "1"}, "parameter_invalid_string"),
        ({"metadata[a]": "v" * 501}, "parameter_invalid_string"),
    ],
)
def test_f8_malformed_parameters_are_refused(shop: Shop, params: dict[str, Any], code: str) -> None:
    assert shop.charge(1000, **params).error == (400, "invalid_request_error", code)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_an_unknown_method_is_refused(http: Checked, method: str) -> None:
    assert http.send(Request(method, CHARGES)).status == 404


def test_a_body_that_is_no_form_is_refused(server: Stripelike) -> None:
    headers = {"Authorization": f"Bearer {FIRST.key}"}
    for parts in (
        {"json": {"amount": 1000, "currency": "usd"}},
        {
            "content": b"amount=%ff",
            "headers": {"content-type": "application/x-www-form-urlencoded"} | headers,
        },
    ):
        sent = {"headers": headers} | parts
        answer = httpx.post(server.url + CHARGES, **sent)
        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "invalid_request_error"


# --- 2. amounts -----------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [50, 51, 99_999_998, 99_999_999])
def test_a2_a3_amounts_within_the_bounds_are_held_exactly(shop: Shop, amount: int) -> None:
    assert shop.charge(amount)["amount"] == amount
    intent = shop.intent(amount)
    assert (intent["amount"], intent["amount_capturable"]) == (amount, amount)


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (49, "amount_too_small"),
        (1, "amount_too_small"),
        (100_000_000, "amount_too_large"),
        (2**63, "amount_too_large"),
        *((text, "parameter_invalid_integer") for text in (0, -1, -1000, "100.0", "1e3")),
        *((text, "parameter_invalid_integer") for text in ("+100", " 100", "0x64", "abc", "١٠٠")),
        ("", "parameter_invalid_empty"),
    ],
)
def test_a1_to_a3_amounts_outside_are_refused(shop: Shop, amount: Any, code: str) -> None:
    for answer in (shop.charge(amount), shop.intent(amount)):
        assert answer.error == (400, "invalid_request_error", code)


@pytest.mark.parametrize("amount", [0, -1, "10.5", "1e1", "", "abc"])
def test_malformed_amounts_of_captures_and_refunds_move_nothing(shop: Shop, amount: Any) -> None:
    charge, intent = shop.charge()["id"], shop.intent()["id"]
    for answer in (
        shop.capture_charge(charge, amount),
        shop.capture_intent(intent, amount),
        shop.refund(charge, amount),
    ):
        assert answer.status == 400
    assert figures(shop.read_charge(charge)) == (0, 0, False, False)
    assert figures(shop.read_intent(intent)) == ("requires_capture", 1000, 0)


def test_a4_a5_every_answer_shows_what_a_hold_was_made_with(shop: Shop) -> None:
    more = {"currency": "jpy", "description": "tea", "metadata[order]": "17"}
    charge, intent = shop.charge(1000, **more), shop.intent(1000, **more)
    for shown in (
        *(charge, shop.capture_charge(charge["id"], 400), shop.read_charge(charge["id"])),
        *(intent, shop.capture_intent(intent["id"], 400), shop.read_intent(intent["id"])),
    ):
        assert (shown["amount"], shown["currency"]) == (1000, "jpy")
        assert (shown["description"], shown["metadata"]) == ("tea", {"order": "17"})


# --- 3. the life of a hold ------------------------------------------------------------------


def test_l1_l2_a_hold_takes_nothing_yet(shop: Shop) -> None:
    assert figures(shop.intent(1000)) == ("requires_capture", 1000, 0)
    assert figures(shop.charge(1000)) == (0, 0, False, False)
    assert figures(shop.charge(1000, capture="true")) == (1000, 0, True, False)
    assert figures(shop.intent(1000, capture_method="automatic")) == ("succeeded", 0, 1000)


def test_l3_l7_a_capture_without_an_amount_takes_all(shop: Shop) -> None:
    intent, charge = shop.intent(1000)["id"], shop.charge(1000)["id"]
    assert figures(shop.capture_intent(intent)) == ("succeeded", 0, 1000)
    assert figures(shop.capture_charge(charge)) == (1000, 0, True, False)


def test_l4_a_capture_of_more_is_refused_whole(shop: Shop) -> None:
    intent, charge = shop.intent(1000)["id"], shop.charge(1000)["id"]
    assert shop.capture_intent(intent, 1001).error == ABOVE
    assert shop.capture_charge(charge, 1001).error == ABOVE
    assert figures(shop.read_intent(intent)) == ("requires_capture", 1000, 0)
    assert figures(shop.read_charge(charge)) == (0, 0, False, False)


@pytest.mark.parametrize("amount", [1, 400, 999])
def test_l5_a_partial_capture_releases_the_rest(shop: Shop, amount: int) -> None:
    intent, charge = shop.intent(1000), shop.charge(1000)["id"]
    assert figures(shop.capture_intent(intent["id"], amount)) == ("succeeded", 0, amount)
    assert figures(shop.capture_charge(charge, amount)) == (amount, 1000 - amount, True, False)
    for identifier in (charge, intent["latest_charge"]):
        assert figures(shop.read_charge(identifier)) == (amount, 1000 - amount, True, False)


@pytest.mark.parametrize("amount", [None, 400])
def test_l6_l8_l9_a_captured_hold_is_over(shop: Shop, amount: int | None) -> None:
    intent, charge = shop.intent(1000)["id"], shop.charge(1000)["id"]
    shop.capture_intent(intent, amount)
    shop.capture_charge(charge, amount)
    before = shop.read_intent(intent), shop.read_charge(charge)
    assert shop.capture_intent(intent).error == STATE
    assert shop.capture_intent(intent, 100).error == STATE
    assert shop.cancel(intent).error == STATE
    assert shop.capture_charge(charge).error == CAPTURED
    assert shop.capture_charge(charge, 100).error == CAPTURED
    assert (shop.read_intent(intent), shop.read_charge(charge)) == before


def test_l9_l10_a_canceled_payment_intent_is_over(shop: Shop) -> None:
    intent = shop.intent(1000)
    canceled = shop.cancel(intent["id"], cancellation_reason="abandoned")
    assert figures(canceled) == ("canceled", 0, 0)
    assert canceled["cancellation_reason"] == "abandoned"
    assert shop.capture_intent(intent["id"]).error == STATE
    assert shop.cancel(intent["id"]).error == STATE
    assert figures(shop.read_charge(intent["latest_charge"])) == (0, 1000, False, True)


@pytest.mark.parametrize("method", [None, "pm_card_visa"])
def test_l8_l9_an_unconfirmed_payment_intent_can_only_be_canceled(
    shop: Shop, method: str | None
) -> None:
    intent = shop.intent(1000, confirm="false", payment_method=method)
    assert figures(intent)[1:] == (0, 0)
    assert shop.capture_intent(intent["id"]).error == STATE
    assert figures(shop.cancel(intent["id"])) == ("canceled", 0, 0)


def test_l11_a_refund_releases_an_uncaptured_charge(shop: Shop) -> None:
    charge = shop.charge(1000)["id"]
    assert shop.refund(charge)["amount"] == 1000
    assert figures(shop.read_charge(charge)) == (0, 1000, False, True)
    assert shop.capture_charge(charge).error == REFUNDED
    assert shop.refund(charge).error == REFUNDED


def test_o2_a_part_of_an_uncaptured_charge_is_not_released(shop: Shop) -> None:
    charge = shop.charge(1000)["id"]
    for amount in (1, 999, 1001):
        assert shop.refund(charge, amount).status == 400
    assert figures(shop.read_charge(charge)) == (0, 0, False, False)
    assert shop.refund(charge, 1000)["amount"] == 1000


def test_l12_l13_captured_money_is_refunded_in_parts_up_to_all_of_it(shop: Shop) -> None:
    charge = shop.charge(1000)["id"]
    shop.capture_charge(charge, 600)
    assert shop.refund(charge, 601).error == ABOVE
    assert shop.refund(charge, 250)["amount"] == 250
    assert figures(shop.read_charge(charge)) == (600, 650, True, False)
    assert shop.refund(charge, 351).error == ABOVE
    assert shop.refund(charge)["amount"] == 350
    assert figures(shop.read_charge(charge)) == (600, 1000, True, True)
    assert shop.refund(charge, 1).error == REFUNDED


def test_l12_a_refund_names_a_captured_payment_intent(shop: Shop) -> None:
    intent = shop.intent(1000)
    assert shop.post(REFUNDS, payment_intent=intent["id"]).status == 400
    shop.capture_intent(intent["id"], 600)
    refund = shop.post(REFUNDS, payment_intent=intent["id"], amount=600)
    assert (refund["charge"], refund["payment_intent"]) == (intent["latest_charge"], intent["id"])
    assert figures(shop.read_intent(intent["id"])) == ("succeeded", 0, 600)
    both = {"payment_intent": intent["id"], "charge": intent["latest_charge"]}
    assert shop.post(REFUNDS, **both).status == shop.post(REFUNDS).status == 400


def test_l14_the_charge_of_a_payment_intent_is_not_captured_by_itself(shop: Shop) -> None:
    intent = shop.intent(1000)
    assert shop.capture_charge(intent["latest_charge"]).status == 400
    assert shop.refund(intent["latest_charge"]).status == 400
    assert shop.read_intent(intent["id"]) == intent


def test_l15_a_declined_card_holds_nothing(shop: Shop) -> None:
    declined = (402, "card_error", "card_declined")
    card = shop.post(METHODS, **(CARD | {"card[number]": "4000000000000002"}))["id"]
    assert shop.intent(1000, payment_method=card).error == declined
    assert shop.charge(1000, source="tok_chargeDeclined").error == declined
    newest = shop.get(INTENTS, limit=1)["data"][0]
    assert (newest["status"], newest["amount_capturable"]) == ("requires_payment_method", 0)


def test_a_new_payment_method_pays(shop: Shop, other: Shop) -> None:
    card = shop.post(METHODS, **CARD)["id"]
    assert shop.intent(1000, payment_method=card)["status"] == "requires_capture"
    assert other.intent(1000, payment_method=card).error == MISSING


# --- 4. idempotency keys --------------------------------------------------------------------


def test_k2_a_repeated_request_gets_the_first_answer_and_has_one_effect(shop: Shop) -> None:
    charge, intent = shop.charge(900, "k2 c"), shop.intent(900, "k2 i")
    for made, repeated in (
        (charge, shop.charge(900, "k2 c")),
        (intent, shop.intent(900, "k2 i")),
    ):
        assert repeated.replayed
        assert repeated.body == made.body
    capture = shop.capture_charge(charge["id"], 300, "k2 capture")
    shop.refund(charge["id"], 100, "k2 refund")
    assert shop.capture_charge(charge["id"], 300, "k2 capture").body == capture.body
    assert shop.refund(charge["id"], 100, "k2 refund").replayed
    assert figures(shop.read_charge(charge["id"])) == (300, 700, True, False)
    canceled = shop.cancel(intent["id"], "k2 cancel")
    assert shop.cancel(intent["id"], "k2 cancel").body == canceled.body


def test_k2_k5_a_refusal_keeps_its_key(shop: Shop) -> None:
    charge = shop.charge(900)["id"]
    assert shop.capture_charge(charge, 901, "k5").error == ABOVE
    again = shop.capture_charge(charge, 901, "k5")
    assert (again.error, again.replayed) == (ABOVE, True)
    assert shop.capture_charge(charge, 900, "k5").error == MISMATCH
    assert figures(shop.read_charge(charge)) == (0, 0, False, False)
    shop.charge(900, "k5 declined", source="tok_chargeDeclined")
    assert shop.charge(900, "k5 declined", source="tok_chargeDeclined").replayed


def test_k3_a_key_with_another_request_is_an_error_and_moves_nothing(shop: Shop) -> None:
    first, second = shop.charge(900, "k3")["id"], shop.charge(900)["id"]
    assert shop.charge(901, "k3").error == MISMATCH
    assert shop.intent(900, "k3").error == MISMATCH
    assert shop.refund(second, None, "k3").error == MISMATCH
    shop.capture_charge(first, 300, "k3 capture")
    assert shop.capture_charge(second, 300, "k3 capture").error == MISMATCH
    assert figures(shop.read_charge(second)) == (0, 0, False, False)
    assert shop.charge(900, "k3")["id"] == first


def test_k4_malformed_input_leaves_its_key_free(shop: Shop) -> None:
    assert shop.charge(10, "k4").status == 400
    assert shop.charge(900, "k4").status == 200


def test_k1_a_key_has_up_to_255_characters(shop: Shop) -> None:
    assert shop.charge(900, "k" * 255).status == 200
    assert shop.charge(900, "k" * 256).status == 400


def test_k8_the_other_account_has_keys_of_its_own(shop: Shop, other: Shop) -> None:
    mine, theirs = shop.charge(900, "k8"), other.charge(900, "k8")
    assert not theirs.replayed
    assert mine["id"] != theirs["id"]


# --- 5. lists -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [CHARGES, INTENTS])
def test_p1_p2_pages_of_every_size_join_and_the_newest_is_first(shop: Shop, path: str) -> None:
    make = shop.charge if path == CHARGES else shop.intent
    made = [make(100 + number)["id"] for number in range(12)]
    assert len(shop.get(path)["data"]) == 10
    for limit in (1, 5, 100):
        seen: list[str] = []
        page = shop.get(path, limit=limit)
        while len(seen) < len(made):
            seen += [item["id"] for item in page["data"]]
            assert len(page["data"]) <= limit
            page = (
                shop.get(path, limit=limit, starting_after=seen[-1]) if page["has_more"] else page
            )
        assert seen[: len(made)] == made[::-1]
    before = shop.get(path, limit=2, ending_before=made[-4])
    assert [item["id"] for item in before["data"]] == made[-2:-4:-1]
    assert before["has_more"]


@pytest.mark.parametrize("limit", [0, 101, -1, "x", ""])
def test_p1_a_limit_outside_1_to_100_is_refused(shop: Shop, limit: Any) -> None:
    assert shop.get(CHARGES, limit=limit).status == 400


def test_p3_a_list_shows_what_a_read_shows(shop: Shop) -> None:
    charge, intent = shop.charge()["id"], shop.intent()["id"]
    shop.capture_charge(charge, 400)
    shop.cancel(intent)
    for listed in shop.get(CHARGES, limit=4)["data"]:
        assert listed == shop.read_charge(listed["id"]).body
    for listed in shop.get(INTENTS, limit=4)["data"]:
        assert listed == shop.read_intent(listed["id"]).body
