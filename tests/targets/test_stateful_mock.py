"""What stripe-stateful-mock is known to answer: `OBSERVED.md`, asked again. A test for each bug."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.targets.asking import CHARGES, Charges
from tests.targets.process import ThirdParty
from tests.targets.requirement import servers_with

SERVERS = servers_with("stripe-stateful-mock", by="targets")


@pytest.fixture(scope="module")
def api() -> Iterator[Charges]:
    with ThirdParty("stripe-stateful-mock", SERVERS) as server:
        asking = Charges(server.url)
        yield asking
        asking.close()


def code(answer: Any) -> tuple[int, str, str | None]:
    """Status, type and code of a refusal."""
    error = answer.json()["error"]
    return answer.status_code, error["type"], error.get("code")


def test_a_partial_capture_releases_the_rest(api: Charges) -> None:
    hold = api.held()
    assert api.money(hold) == (False, 0, 0)
    assert api.capture(hold, 400).status_code == 200
    assert api.money(hold) == (True, 400, 600)
    refused = code(api.capture(hold, 100))
    assert refused == (400, "invalid_request_error", "charge_already_captured")
    assert api.money(hold) == (True, 400, 600)


def test_a_void_is_a_refund_of_the_whole(api: Charges) -> None:
    hold = api.held()
    assert code(api.void(hold, amount=300)) == (400, "invalid_request_error", None)
    assert api.void(hold).status_code == 200
    assert api.money(hold) == (False, 0, 1000)
    assert code(api.void(hold)) == (400, "invalid_request_error", "charge_already_refunded")


def test_a_small_capture_is_refused(api: Charges) -> None:
    hold = api.held()
    assert code(api.capture(hold, 49)) == (400, "invalid_request_error", "amount_too_small")
    assert api.money(hold) == (False, 0, 0)


def test_a_key_is_one_of_its_path(api: Charges) -> None:
    hold = api.hold(key="one").json()["id"]
    assert api.capture(hold, 400, key="one").status_code == 200
    assert api.money(hold) == (True, 400, 600)
    assert api.void(hold, key="one", amount=100).status_code == 200
    replayed = api.hold(key="one")
    assert replayed.json()["id"] == hold
    assert replayed.json()["captured"] is False
    assert replayed.headers["Idempotent-Replayed"] == "true"


def test_a_mismatch_is_refused_also_after_a_refusal(api: Charges) -> None:
    assert code(api.hold(key="two", amount=1))[2] == "amount_too_small"
    assert code(api.hold(key="two")) == (400, "idempotency_error", None)


def test_lists_are_ordered_by_the_second(api: Charges) -> None:
    seconds = []
    while len(set(seconds)) < 3:
        seconds.append(api.hold().json()["created"])
    listed = [item["created"] for item in api.get(CHARGES).json()["data"]]
    assert listed == sorted(listed, reverse=True)


def test_all_keys_see_one_account(api: Charges) -> None:
    other = Charges(api.url, "sk_test_another")
    assert other.get(f"{CHARGES}/{api.held()}").status_code == 200
    other.close()


def test_sm_1_more_than_the_hold_is_captured(api: Charges) -> None:
    hold = api.held()
    assert api.capture(hold, 1001).status_code == 200
    assert api.money(hold) == (True, 1001, 0)


def test_sm_2_a_voided_hold_is_captured(api: Charges) -> None:
    hold = api.held()
    api.void(hold)
    assert api.capture(hold).status_code == 200
    assert api.money(hold) == (True, 1000, 1000)


def test_sm_3_a_refused_capture_marks_the_hold_as_captured(api: Charges) -> None:
    hold = api.held()
    api.void(hold)
    assert code(api.capture(hold, 400))[2] == "charge_already_refunded"
    assert api.money(hold) == (True, 0, 1000)
    assert code(api.capture(hold, 400))[2] == "charge_already_captured"


@pytest.mark.parametrize("amount", ["amount=abc", "amount[a]=1000", "amount=1000&amount=1000"])
def test_sm_4_the_amount_of_a_hold_is_null(api: Charges, amount: str) -> None:
    body = f"{amount}&currency=usd&source=tok_visa&capture=false"
    assert api.raw(CHARGES, body.encode()).json()["amount"] is None


def test_sm_5_the_captured_sum_is_null(api: Charges) -> None:
    hold = api.held()
    assert api.capture(hold, "abc").status_code == 200
    assert api.money(hold) == (True, None, 0)


@pytest.mark.parametrize(("amount", "held"), [("1e3", 1000), ("1000.0", 1000), (" 60", 60)])
def test_sm_6_numbers_are_read_generously(api: Charges, amount: str, held: int) -> None:
    assert api.hold(amount=amount).json()["amount"] == held


def test_sm_7_an_unknown_token_is_a_500(api: Charges) -> None:
    failed = api.hold(source="tok_nothing")
    assert failed.status_code == 500
    assert set(failed.json()) == {"message", "stack"}
    assert api.raw(CHARGES, b"amount=1000&currency[]=usd&source=tok_visa").status_code == 500


def test_sm_8_a_replay_is_of_the_type_text_html(api: Charges) -> None:
    first, again = api.hold(key="html"), api.hold(key="html")
    assert first.text == again.text
    assert again.headers["Content-Type"] == "text/html; charset=utf-8"


def test_sm_9_unknown_parameters_are_ignored(api: Charges) -> None:
    hold = api.hold(nothing="x").json()["id"]
    api.capture(hold)
    assert api.void(hold, reason="zzz").json()["reason"] == "zzz"


@pytest.mark.parametrize("capture", ["FALSE", "0", "zzz"])
def test_sm_10_what_is_no_boolean_captures_at_once(api: Charges, capture: str) -> None:
    assert api.hold(capture=capture).json()["captured"] is True


@pytest.mark.parametrize(
    "metadata",
    [
        {f"metadata[name{number}]": "x" for number in range(51)},
        {f"metadata[{'n' * 41}]": "x"},
        {"metadata[name]": "x" * 501},
    ],
)
def test_sm_11_metadata_has_no_bound(api: Charges, metadata: dict[str, str]) -> None:
    made = api.hold(**metadata).json()
    assert {f"metadata[{name}]": text for name, text in made["metadata"].items()} == metadata


def test_sm_12_a_key_may_be_too_long(api: Charges) -> None:
    first, again = api.hold(key="k" * 256), api.hold(key="k" * 256)
    assert first.json()["id"] == again.json()["id"]


def test_sm_13_a_list_takes_any_limit(api: Charges) -> None:
    for _ in range(11):
        api.held()
    assert len(api.get(CHARGES).json()["data"]) > 10
    assert [api.get(CHARGES, limit=v).status_code for v in (0, -1, 101, "abc")] == [200] * 4


def test_sm_14_a_list_takes_both_cursors(api: Charges) -> None:
    hold = api.held()
    both = api.get(CHARGES, starting_after=hold, ending_before=hold)
    assert both.status_code == 200


def test_sm_15_a_list_of_charges_names_the_url_of_refunds(api: Charges) -> None:
    assert api.get(CHARGES).json()["url"] == "/v1/refunds"


def test_sm_16_a_declined_charge_is_captured(api: Charges) -> None:
    declined = api.hold(source="tok_chargeDeclined")
    assert code(declined) == (402, "card_error", "card_declined")
    charge = declined.json()["error"]["charge"]
    assert api.capture(charge).json()["status"] == "failed"
    assert api.money(charge) == (True, 1000, 0)


def test_sm_17_what_was_captured_too_much_is_not_refunded(api: Charges) -> None:
    hold = api.held()
    api.capture(hold, 1001)
    assert api.void(hold, amount=1001).status_code == 400
    assert api.void(hold, amount=1000).status_code == 200


def test_sm_18_a_refund_of_what_is_no_number_is_accepted(api: Charges) -> None:
    hold = api.held()
    api.capture(hold, 600)
    refunded = api.void(hold, amount="six")
    assert (refunded.status_code, refunded.json()["amount"]) == (200, None)
