"""What localstripe is known to answer: `OBSERVED.md`, asked again. A test for each of its bugs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.targets.asking import CARD, CHARGES, INTENTS, Intents
from tests.targets.process import ThirdParty
from tests.targets.requirement import servers_with

SERVERS = servers_with("localstripe", by="targets")


@pytest.fixture(scope="module")
def api() -> Iterator[Intents]:
    with ThirdParty("localstripe", SERVERS) as server:
        asking = Intents(server.url)
        yield asking
        asking.close()


def test_a_partial_capture_releases_the_rest(api: Intents) -> None:
    hold = api.held()
    assert api.money(hold) == ("requires_capture", False, 0)
    assert api.capture(hold, 1001).status_code == 400
    assert api.capture(hold, 400).status_code == 200
    assert api.money(hold) == ("succeeded", True, 600)
    assert api.capture(hold, 100).status_code == 400
    assert api.void(hold).status_code == 400
    assert api.money(hold) == ("succeeded", True, 600)


def test_a_void_leaves_the_charge_as_it_was(api: Intents) -> None:
    hold = api.held()
    assert api.void(hold).status_code == 200
    assert api.money(hold) == ("canceled", False, 0)
    assert api.void(hold).status_code == 400


def test_a_refusal_says_no_more_than_bad_request(api: Intents) -> None:
    refused = api.capture(api.held(), 1001).json()
    assert refused == {"error": {"type": "invalid_request_error", "message": "Bad request"}}


def test_all_keys_see_one_account(api: Intents) -> None:
    other = Intents(api.url, "sk_test_another")
    assert other.get(f"{INTENTS}/{api.held()}").status_code == 200
    other.close()


def test_ls_1_a_voided_hold_is_captured(api: Intents) -> None:
    hold = api.held()
    api.void(hold)
    assert api.capture(hold).status_code == 200
    assert api.money(hold) == ("canceled", True, 0)


def test_ls_2_a_retry_makes_a_second_hold(api: Intents) -> None:
    first, second = api.hold(key="k").json(), api.hold(key="k").json()
    assert first["id"] != second["id"]
    assert api.capture(first["id"], 400, key="c").status_code == 200
    assert api.capture(first["id"], 400, key="c").status_code == 400


def test_ls_3_a_capture_of_0_releases_all(api: Intents) -> None:
    hold = api.held()
    assert api.capture(hold, 0).status_code == 200
    assert api.money(hold) == ("succeeded", True, 1000)


def test_ls_4_required_members_are_missing(api: Intents) -> None:
    shown = api.read(api.held())
    assert not {"amount_capturable", "amount_received"} & set(shown)
    assert isinstance(shown["latest_charge"], dict)


@pytest.mark.parametrize("amount", [1, 49, 100_000_000, 10**20])
def test_ls_5_amounts_have_no_bounds(api: Intents, amount: int) -> None:
    assert api.hold(amount=amount).json()["amount"] == amount


@pytest.mark.parametrize("currency", ["us", "xxx", "USD"])
def test_ls_6_any_text_is_a_currency(api: Intents, currency: str) -> None:
    assert api.hold(currency=currency).json()["currency"] == currency


def test_ls_7_a_hold_without_a_method_is_a_500(api: Intents) -> None:
    assert api.hold(payment_method=None).status_code == 500


def test_ls_8_a_capture_before_the_confirmation_is_a_500(api: Intents) -> None:
    assert api.capture(api.hold(confirm=None).json()["id"]).status_code == 500


def test_ls_9_a_body_that_is_not_utf_8_is_a_500(api: Intents) -> None:
    assert api.raw(INTENTS, b"\xff\xfe=1").status_code == 500


def test_ls_10_an_unknown_route_is_answered_with_text(api: Intents) -> None:
    answer = api.get("/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_ls_11_a_list_takes_any_limit(api: Intents) -> None:
    assert api.get(INTENTS, limit=101).status_code == 200
    assert api.get(INTENTS, limit=0).status_code == 400


def test_ls_12_lists_begin_with_the_oldest(api: Intents) -> None:
    holds = [api.held(), api.held()]
    listed = [item["id"] for item in api.get(INTENTS, limit=100).json()["data"]]
    assert listed[-2:] == holds


def test_ls_13_an_unknown_cursor_is_ignored(api: Intents) -> None:
    first = api.get(INTENTS).json()["data"]
    assert api.get(INTENTS, starting_after="pi_nothing").json()["data"] == first


@pytest.mark.parametrize("amount", [" 5", "５"])
def test_ls_14_numbers_are_read_generously(api: Intents, amount: str) -> None:
    hold = api.held()
    assert api.capture(hold, amount).status_code == 200
    assert api.money(hold) == ("succeeded", True, 995)


def test_ls_15_documented_parameters_are_refused(api: Intents) -> None:
    answers = [
        api.hold(description="text"),
        api.void(api.held(), cancellation_reason="duplicate"),
        api.get(INTENTS, ending_before=api.held()),
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 400]


def test_ls_16_refunds_have_no_bound(api: Intents) -> None:
    hold = api.held()
    api.capture(hold, 400)
    charge: dict[str, Any] = api.read(hold)["latest_charge"]
    for amount in (401, 100, 1000, 1000):
        refund = api.post("/v1/refunds", {"charge": charge["id"], "amount": amount})
        assert refund.status_code == 200
    assert api.money(hold) == ("succeeded", True, 3101)
    assert api.get(f"{CHARGES}/{charge['id']}").json()["refunded"] is True


def test_ls_17_declines_are_of_another_type_or_do_not_happen(api: Intents) -> None:
    declined = api.hold(payment_method=api.method("4000000000000341"))
    assert declined.status_code == 402
    assert declined.json()["error"]["type"] == "invalid_request_error"
    assert api.hold(payment_method=api.method("4000000000000002")).status_code == 200


def test_ls_18_metadata_has_no_bound(api: Intents) -> None:
    made = api.hold(**{"metadata[name]": "x" * 501}).json()
    assert made["metadata"] == {"name": "x" * 501}


def test_ls_19_a_list_and_a_mapping_in_one_place_are_a_500(api: Intents) -> None:
    both = {"metadata[a]": "x", "metadata[]": "y"}
    assert api.hold(**both).status_code == 500
    assert api.hold(**{"metadata[a]": "x"}).status_code == 200
    charge = {"amount": 1000, "currency": "usd", "source": "tok_visa"}
    refund = {"charge": api.read(api.held())["latest_charge"]["id"]}
    others = {CHARGES: charge, "/v1/payment_methods": CARD, "/v1/refunds": refund}
    for path, form in others.items():
        assert api.post(path, form | both).status_code == 500
        assert api.post(path, form).status_code < 500


def test_ls_20_a_list_of_charges_before_a_charge_is_a_500(api: Intents) -> None:
    assert api.get(CHARGES, ending_before="ch_12345678901234").status_code == 500
    assert api.get(CHARGES).status_code == 200
    assert api.get(INTENTS, ending_before="pi_12345678901234").status_code == 400
