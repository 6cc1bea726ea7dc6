"""APIs that differ in every property can be said: their requests, and what is read of answers.

The files in `table/` are small profiles in the shape of public APIs.
"""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardId,
    CardRecord,
    Command,
    EntryId,
    HoldRecord,
    Kind,
    OpenCard,
    ReadCard,
    ReadHold,
    RefId,
    Refused,
    Transact,
    TransactionRecord,
    Unknown,
    Void,
)
from tallystick.profiles.declared.profile import DeclaredProfile, load
from tallystick.request import Request
from tallystick.target.answers import NOT_JSON, Answer
from tallystick.target.api import Unnamed

TABLE = Path(__file__).parent / "table"
A, H = CardId("ts1-A"), EntryId("h/1")
HOLD = Transact(Kind.HOLD, A, 1050, "USD", RefId("r1"))


def profile(name: str) -> DeclaredProfile:
    return load(TABLE / f"{name}.yaml")


def answer(body: Any, status: int = 200) -> Answer:
    return Answer(status, "application/json", body)


def encoded(of: DeclaredProfile, command: Command) -> tuple[str, str, Any, dict[str, str]]:
    request = of.encode(command, "", {})
    return request.method, request.path, request.body, dict(request.headers)


def requests_of(of: DeclaredProfile, command: Command, *bodies: Any) -> list[Request]:
    """Every request of a command; the bodies answer those that come before the last one."""
    known: dict[str, str] = {}
    sent = []
    for body in bodies:
        step = of.prepare(command, "", known)
        assert step is not None
        sent.append(step.request)
        given = step.read(answer(body, 201))
        assert given is not None
        known.update(given)
    assert of.prepare(command, "", known) is None
    return [*sent, of.encode(command, "", known)]


def held(of: DeclaredProfile, command: Command, body: Any) -> HoldRecord:
    outcome = of.outcome(command, answer(body))
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.record, HoldRecord)
    return outcome.record


@pytest.mark.parametrize("path", sorted(TABLE.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_file_is_sound_and_short(path: Path) -> None:
    load(path)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60


def test_a_hold_of_three_requests() -> None:
    of = profile("paypal")
    order, approval, last = requests_of(of, HOLD, {"id": "o1"}, {"status": "APPROVED"})
    assert order.body["purchase_units"] == [{"amount": {"currency_code": "USD", "value": "10.50"}}]
    assert order.headers == (("PayPal-Request-Id", "r1-1"),)
    assert approval.path == "/test/approve/o1"
    assert (last.path, last.body) == ("/v2/checkout/orders/o1/authorize", {})
    assert last.headers == (("PayPal-Request-Id", "r1"),)
    payments = {
        "id": "a1",
        "status": "CREATED",
        "amount": {"value": "10.50", "currency_code": "USD"},
    }
    shown = {"purchase_units": [{"payments": {"authorizations": [payments]}}]}
    assert held(of, HOLD, shown) == HoldRecord(EntryId("a1"), "USD", 1050, is_open=True)


def test_a_preparation_without_what_it_has_to_give_gives_nothing() -> None:
    step = profile("paypal").prepare(HOLD, "", {})
    assert step is not None
    assert step.read(answer({"status": "CREATED"})) is None
    assert step.read(answer({"id": "o1"}, 422)) is None


def test_another_body_under_a_used_key_has_preparations_of_its_own() -> None:
    of = profile("paypal")
    again, other = HOLD, replace(HOLD, amount=2000)
    requests_of(of, HOLD, {"id": "o1"}, {"status": "APPROVED"})
    assert of.prepare(again, "", {}) is None
    order = of.prepare(other, "", {})
    assert order is not None
    assert order.request.path == "/v2/checkout/orders"


def test_a_preparation_that_gives_nothing_is_sent(tmp_path: Path) -> None:
    text = (TABLE / "paypal.yaml").read_text(encoding="utf-8")
    file = tmp_path / "mine.yaml"
    file.write_text(text.replace("        gives: {approved: status}\n", ""), encoding="utf-8")
    of = load(file)
    _, approval, _ = requests_of(of, HOLD, {"id": "o1"}, {"status": "APPROVED"})
    assert approval.path == "/test/approve/o1"


def test_a_void_that_shows_no_id_has_no_record(tmp_path: Path) -> None:
    text = (TABLE / "paypal.yaml").read_text(encoding="utf-8")
    said_open = "      open: {purchase_units.0.payments.authorizations.0.status: CREATED}\n"
    for old, new in (
        ("\nmoney:", "\nrecords: own\nmoney:"),
        ("    final: {", "    shows: {id: id}\n    final: {"),
        (said_open, ""),
    ):
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    of = load(file)
    assert of.outcome(Void(A, H, RefId("r2")), answer(NOT_JSON, 204)) == Accepted(HoldRecord(None))
    captured = of.outcome(Capture(A, H, 3, RefId("r3")), answer({"id": "c1"}, 201))
    assert isinstance(captured, Accepted)
    assert isinstance(captured.record, TransactionRecord)
    assert {"VOID-5"} <= of.documents.open_rules
    assert "CAP-8" not in of.documents.open_rules


def test_a_capture_knows_the_currency_of_its_hold() -> None:
    of = profile("paypal")
    yen = Transact(Kind.HOLD, A, 7, "JPY", RefId("r1"))
    requests_of(of, yen, {"id": "o1"}, {"status": "APPROVED"})
    shown = {"purchase_units": [{"payments": {"authorizations": [{"id": "h/1"}]}}]}
    held(of, yen, shown)
    body = encoded(of, Capture(A, H, 3, RefId("r2")))[2]
    assert body == {"amount": {"currency_code": "JPY", "value": "3"}}


@pytest.mark.parametrize(("said", "sent"), [("true", True), ("false", False)])
def test_a_capture_says_whether_it_is_the_last_one(said: str, sent: bool) -> None:
    of = profile("paypal")
    assert of.traits.says_rest == {"true", "false"}
    body = encoded(of, Capture(A, H, 300, RefId("r2"), extras=(("final", said),)))[2]
    assert body["final_capture"] is sent
    assert profile("adyen").traits.says_rest == set()
    with pytest.raises(Unnamed, match="takes no final"):
        encoded(profile("adyen"), Capture(A, H, 300, RefId("r2"), extras=(("final", said),)))


def test_an_answer_without_a_body_is_an_acceptance() -> None:
    outcome = profile("paypal").outcome(Void(A, H, RefId("r2")), answer(NOT_JSON, 204))
    assert outcome == Accepted(HoldRecord(None))


def test_numbers_in_major_units_are_exact() -> None:
    of = profile("medusa")
    assert encoded(of, HOLD) == (
        "POST",
        "/admin/holds",
        {"amount": 10.5, "currency_code": "USD"},
        {},
    )
    half = Capture(A, H, Decimal("0.5"), RefId("r2"))
    assert encoded(of, half)[2] == {"amount": 0.005}
    read = ReadHold(A, H)
    assert encoded(of, read)[1] == "/admin/payments/h%2F1?fields=captures.amount%2Ccanceled_at"
    captures = [{"amount": 0.1}, {"amount": 0.2}]
    body = {"payment": {"id": "h/1", "amount": 10.5, "captures": captures, "canceled_at": None}}
    assert held(of, read, body) == HoldRecord(H, None, 1050, captured=30, is_open=True)


def test_without_a_key_no_retries_are_claimed() -> None:
    assert profile("medusa").traits.retries is False
    assert profile("formance").traits.retries is True


def test_an_account_that_is_made_first_and_credited_then() -> None:
    of = profile("formance")
    made, credit = requests_of(of, OpenCard(A, 500, "USD"), {"data": {"id": "w1"}})
    assert made.body == {"name": "ts1-A", "metadata": {}}
    assert credit.path == "/wallets/w1/credit"
    assert credit.body == {"reference": "ts1-A", "amount": {"asset": "USD/2", "amount": 500}}
    outcome = of.outcome(OpenCard(A, 500, "USD"), answer({}))
    assert isinstance(outcome, Accepted)
    assert of.target_id(A) == "w1"
    assert encoded(of, ReadCard(A))[1] == "/wallets/w1/summary"
    funds = {"availableFunds": {"USD/2": 500, "EUR/2": 7}, "holdFunds": {}}
    assert of.outcome(ReadCard(A), answer({"data": funds})) == Accepted(
        CardRecord(A, "USD", available=500)
    )
    assert encoded(of, HOLD)[2]["reference"] == "r1"


@pytest.mark.parametrize(
    ("name", "given", "status", "expected"),
    [
        ("formance", {"errorCode": "NOT_FOUND"}, 404, Refused(404)),
        ("formance", "page not found", 404, None),
        ("braintree", {"success": False}, 200, Refused(200)),
        ("braintree", {"success": False}, 201, Refused(201)),
        ("braintree", {}, 200, None),
        ("braintree", {}, 422, Refused(422)),
        ("paypal", {}, 202, None),
        ("paypal", {}, 409, None),
    ],
)
def test_what_is_a_refusal_is_said_by_status_and_body(
    name: str, given: Any, status: int, expected: Refused | None
) -> None:
    outcome = profile(name).outcome(Void(A, H, RefId("r")), answer(given, status))
    assert outcome == expected or (expected is None and isinstance(outcome, Unknown))


def test_a_status_says_how_much_was_captured() -> None:
    of = profile("braintree")
    for status, captured in (("authorized", 0), ("settling", 1050)):
        body = {"success": True, "transaction": {"id": "h/1", "status": status, "amount": "10.50"}}
        record = held(of, ReadHold(A, H), body)
        assert (record.captured, record.is_open) == (captured, status == "authorized")


def test_a_key_of_one_card_is_not_used_for_another_unless_each_has_its_own(tmp_path: Path) -> None:
    other = replace(HOLD, card=CardId("ts1-B"))
    text = (TABLE / "paypal.yaml").read_text(encoding="utf-8")
    file = tmp_path / "own.yaml"
    file.write_text(text.replace("{header: PayPal", "{scope: card, header: PayPal"))
    for of in (profile("paypal"), load(file)):
        known = {"order": "o", "approved": "a"}
        sent = of.encode(HOLD, "", known)
        assert of.encode(HOLD, "", known) == sent
        if of.declaration.keys_are_of_cards:
            assert of.encode(other, "", known) == sent
        else:
            with pytest.raises(Unnamed, match="was used for card ts1-A"):
                of.encode(other, "", known)


def test_json_of_another_media_type_has_it_where_there_is_a_body() -> None:
    of = profile("unit")
    of.names.learn_card(A, "1", "USD")
    sent = of.encode(HOLD, "", {})
    assert sent.content_type == {}  # it has one of its own
    assert ("Content-Type", "application/vnd.api+json") in sent.headers
    read = of.encode(ReadCard(A), "", {})
    assert [name for name, _ in read.headers] == ["Accept"]


def test_a_key_may_be_deep_in_the_body_and_stays_without_an_amount() -> None:
    of = profile("unit")
    key = {"idempotencyKey": "r1"}
    assert encoded(of, Void(A, H, RefId("r1")))[2]["data"]["attributes"] == key
    part = encoded(of, Capture(A, H, 300, RefId("r1")))[2]["data"]
    assert part == {"type": "purchase", "attributes": {**key, "amount": 300}}


def test_the_whole_may_be_captured_by_another_request() -> None:
    of = load(TABLE.parent / "servers" / "entries.yaml")
    of.names.learn_card(A, "account-1", "EUR")
    whole = encoded(of, Capture(A, H, None, RefId("r1")))
    assert whole[:3] == ("PATCH", "/ledger_transactions/h%2F1", {"status": "posted"})
    assert whole[3]["Idempotency-Key"] == "r1"
    method, path, body, _ = encoded(of, Capture(A, H, 300, RefId("r1")))
    assert (method, path) == ("POST", "/ledger_transactions/h%2F1/partial_post")
    assert [each["amount"] for each in body["posted_ledger_entries"]] == [300, 300]
    with pytest.raises(Unnamed, match="takes no metadata here"):
        of.encode(Capture(A, H, None, RefId("r1"), extras=(("metadata", "{}"),)), "", {})


def test_a_card_may_show_the_metadata_that_it_was_made_with(tmp_path: Path) -> None:
    text = (TABLE / "unit.yaml").read_text(encoding="utf-8")
    file = tmp_path / "unit.yaml"
    file.write_text(
        text.replace("      available: ", "      metadata: data.meta\n      available: ")
    )
    body = {"data": {"id": "1", "meta": {"a": "b"}, "attributes": {"balance": 1, "available": 1}}}
    outcome = load(file).outcome(ReadCard(A), answer(body))
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.record, CardRecord)
    assert outcome.record.extras == (("metadata", '{"a": "b"}'),)
