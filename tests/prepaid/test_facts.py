"""The honest server does what its documentation states (`spec/prepaid/FACTS.md`), over HTTP."""

import pytest

from tests.prepaid.client import Answer, Checked, Request
from tests.prepaid.shop import Shop, figures
from tests.prepaid.tenants import FIRST, FIRST_READER, SECOND, SECOND_READER

NOTHING = "hld_00000000000000000000"


def walked(shop: Shop, account: str, limit: int) -> list[str]:
    """The ids of all transactions, by pages of this size."""
    ids: list[str] = []
    page = shop.page(account, limit=limit)
    while True:
        assert len(page["items"]) <= limit
        ids += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            return ids
        page = shop.page(account, limit=limit, cursor=page["next_cursor"])


# --- requests, answers, access (F) ------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"NOK"', b"\xff", b"[" * 50_000, b'{"currency": NaN}'],
    ids=range(8),
)
def test_a_body_that_is_no_object_with_what_is_needed_is_malformed(
    http: Checked, body: bytes
) -> None:
    answer = http.send(Request("POST", "/accounts", body))
    assert answer.error == (400, "malformed_request")


@pytest.mark.parametrize(
    "members",
    [
        {"currency": None},
        {"currency": 1},
        {"currency": "NOK", "opening_amount": 10},
        {"currency": "NOK", "opening_amount": True},
        {"currency": "NOK", "amount": "10"},
        {"currency": "NOK", "metadata": {"a": 1}},
        {"currency": "NOK", "metadata": "a"},
        {"currency": "NOK", "metadata": {"a": "x" * 201}},
        {"currency": "NOK", "metadata": {str(number): "" for number in range(21)}},
    ],
    ids=range(9),
)
def test_members_of_a_wrong_type_or_name_are_malformed(
    http: Checked, members: dict[str, object]
) -> None:
    answer = http.send(Request("POST", "/accounts", members))
    assert answer.error == (400, "malformed_request")


def test_another_media_type_is_malformed(http: Checked) -> None:
    request = Request("POST", "/accounts", b"currency=NOK", media_type="text/plain")
    assert http.send(request).error == (400, "malformed_request")


def test_text_of_any_kind_is_kept(shop: Shop) -> None:
    account = shop.account()
    metadata = {"emoji": "\U0001f980", "nul": "\x00", "half": "\ud800", "quote": "'; --"}
    made = shop.pay(account, "1", metadata=metadata)
    assert shop.read_transaction(made["id"])["metadata"] == metadata


@pytest.mark.parametrize("secret", [None, "", "pk", FIRST.value[:-1], FIRST.value + "x"])
def test_a_request_without_a_valid_key_is_refused(http: Checked, secret: str | None) -> None:
    request = Request("POST", "/accounts", {"currency": "NOK"}, api_key=secret)
    assert http.send(request).error == (401, "invalid_api_key")


def test_a_reader_key_reads_all_of_its_tenant_and_writes_nothing(shop: Shop) -> None:
    reader, stranger = Shop(shop.sender, FIRST_READER), Shop(shop.sender, SECOND_READER)
    account = shop.account()
    hold = shop.hold(account, "10")
    refused = (403, "read_only_key")
    assert reader.open().error == refused
    assert reader.deposit(account, "1").error == refused
    assert reader.pay(account, "1").error == refused
    assert reader.hold(account, "1").error == refused
    assert reader.capture(hold["id"]).error == refused
    assert reader.release(hold["id"]).error == refused
    assert reader.read(account).body == shop.read(account).body
    assert reader.read_hold(hold["id"]).body == hold.body
    assert len(reader.page(account)["items"]) == 2
    assert stranger.read(account).error == (404, "not_found")


def test_a_tenant_neither_sees_nor_moves_what_is_of_the_other(shop: Shop, other: Shop) -> None:
    account = shop.account()
    hold = shop.hold(account, "10")
    before = shop.read(account).body
    refused = (404, "not_found")
    assert other.read(account).error == refused
    assert other.page(account).error == refused
    assert other.read_hold(hold["id"]).error == refused
    assert other.read_transaction(hold["transaction_id"]).error == refused
    assert other.deposit(account, "1").error == refused
    assert other.pay(account, "1").error == refused
    assert other.hold(account, "1").error == refused
    assert other.capture(hold["id"]).error == refused
    assert other.release(hold["id"]).error == refused
    assert shop.read(account).body == before
    assert shop.read_hold(hold["id"]).body == hold.body


@pytest.mark.parametrize(
    "identifier", [NOTHING, "0", "a" * 41, "%00", "%ED%A0%80", "HLD_1", "x'y", "%F0%9F%A6%80"]
)
def test_what_does_not_exist_is_not_found(shop: Shop, identifier: str) -> None:
    answers = (
        *(shop.read(identifier), shop.read_hold(identifier), shop.read_transaction(identifier)),
        *(shop.page(identifier), shop.pay(identifier, "1"), shop.capture(identifier)),
    )
    assert {answer.error for answer in answers} == {(404, "not_found")}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/accounts"), ("DELETE", "/holds/x"), ("POST", "/holds"), ("PUT", "/a")],
)
def test_an_unknown_method_or_route_is_not_found(http: Checked, method: str, path: str) -> None:
    assert http.send(Request(method, path)).error == (404, "not_found")


# --- amounts (A) ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "finest", "finer"),
    [
        ("JPY", "1", "1.0"),
        ("NOK", "0.01", "0.001"),
        ("EUR", "10.55", "10.550"),
        ("KWD", "0.001", "0.0001"),
        ("TND", "1.255", "1.2550"),
        ("CLF", "0.0001", "0.00001"),
    ],
)
def test_the_digits_of_a_currency_are_exact(
    shop: Shop, currency: str, finest: str, finer: str
) -> None:
    account = shop.account("0", currency)
    assert shop.deposit(account, finest)["amount"] == finest
    for refused in (shop.deposit(account, finer), shop.pay(account, finer)):
        assert refused.error == (422, "invalid_amount")
    assert shop.read(account)["total"] == finest
    assert shop.open(finer, currency).error == (422, "invalid_amount")


@pytest.mark.parametrize(
    "amount",
    [
        *("", "0", "0.00", "-1", "-0.01", "+1", " 1", "1 ", "1e3", "1,50", "1_000", "01", ".5"),
        *("5.", "1.2.3", "NaN", "Infinity", "0x10", "1000000000", "9" * 400, "١"),
    ],
)
def test_an_amount_of_another_form_or_size_is_refused(shop: Shop, amount: str) -> None:
    account = shop.account("10.00")
    hold = shop.hold(account, "5.00")
    answers = (
        *(shop.deposit(account, amount), shop.pay(account, amount), shop.hold(account, amount)),
        *(shop.capture(hold["id"], amount), shop.release(hold["id"], amount)),
    )
    assert {answer.error for answer in answers} == {(422, "invalid_amount")}
    assert figures(shop.read(account)) == ("5.00", "5.00", "10.00")


def test_sums_are_exact(shop: Shop) -> None:
    account = shop.account("0.30")
    for _ in range(2):
        assert shop.pay(account, "0.10").accepted
    assert figures(shop.read(account)) == ("0.10", "0.00", "0.10")
    large = shop.account("999999999.9999", "CLF")
    assert shop.pay(large, "999999999.9998").accepted
    assert shop.read(large)["available"] == "0.0001"


def test_fewer_digits_are_filled_up(shop: Shop) -> None:
    account = shop.account("10.5")
    assert figures(shop.read(account)) == ("10.50", "0.00", "10.50")


def test_an_account_has_a_bound(shop: Shop) -> None:
    account = shop.account("999999999")
    for _ in range(999):
        assert shop.deposit(account, "999999999").accepted
    assert shop.read(account)["total"] == "999999999000.00"
    assert shop.deposit(account, "1000.00").error == (422, "balance_limit")
    assert shop.deposit(account, "999.99").accepted


# --- accounts, deposits, payments (L) ---------------------------------------------------------


def test_an_account_begins_with_what_it_is_opened_with(shop: Shop) -> None:
    assert figures(shop.open()) == ("0.00", "0.00", "0.00")
    assert figures(shop.open("0")) == ("0.00", "0.00", "0.00")
    opened = shop.open("12.5", metadata={"a": "b"})
    assert opened.body == shop.read(opened["id"]).body
    assert figures(opened) == ("12.50", "0.00", "12.50")
    (first,) = shop.page(opened["id"])["items"]
    assert (first["type"], first["amount"], first["metadata"]) == ("deposit", "12.50", {"a": "b"})


@pytest.mark.parametrize("currency", ["", "nok", "XYZ", "NO", "NOKK"])
def test_an_unknown_currency_is_refused(shop: Shop, currency: str) -> None:
    assert shop.open("1", currency).error == (422, "unknown_currency")


def test_payments_spend_up_to_what_is_available(shop: Shop) -> None:
    account = shop.account("10.00")
    shop.hold(account, "4.00")
    assert shop.pay(account, "6.01").error == (422, "insufficient_funds")
    assert shop.pay(account, "6.00").accepted
    assert figures(shop.read(account)) == ("0.00", "4.00", "4.00")
    assert shop.pay(account, "0.01").error == (422, "insufficient_funds")
    assert shop.deposit(account, "0.01").accepted
    assert shop.pay(account, "0.01").accepted


def test_a_currency_that_is_not_of_the_account_is_refused(shop: Shop) -> None:
    account = shop.account("10.00")
    hold = shop.hold(account, "5.00", currency="NOK")["id"]
    answers = (
        *(shop.deposit(account, "1", currency="EUR"), shop.pay(account, "1", currency="EUR")),
        *(shop.hold(account, "1", currency="JPY"), shop.capture(hold, "1", currency="USD")),
        shop.release(hold, currency="CLF"),
    )
    assert {answer.error for answer in answers} == {(422, "currency_mismatch")}
    assert shop.capture(hold, "1", currency="NOK").accepted


# --- holds (L) --------------------------------------------------------------------------------


def test_a_hold_moves_available_to_held(shop: Shop) -> None:
    account = shop.account("10.00")
    assert shop.hold(account, "10.01").error == (422, "insufficient_funds")
    made = shop.hold(account, "10.00", metadata={"order": "17"})
    assert figures(made) == ("0.00", "0.00", "10.00", "open")
    assert made.body == shop.read_hold(made["id"]).body
    assert figures(shop.read(account)) == ("0.00", "10.00", "10.00")
    assert shop.hold(account, "0.01").error == (422, "insufficient_funds")


def test_captures_and_releases_come_in_any_order_and_the_rest_stays_held(shop: Shop) -> None:
    account = shop.account("100.00")
    hold = shop.hold(account, "30.00")["id"]
    steps = (
        (shop.capture, "5.00", ("5.00", "0.00", "25.00", "open"), ("70.00", "25.00", "95.00")),
        (shop.release, "10.00", ("5.00", "10.00", "15.00", "open"), ("80.00", "15.00", "95.00")),
        (shop.capture, "0.01", ("5.01", "10.00", "14.99", "open"), ("80.00", "14.99", "94.99")),
        (shop.release, None, ("5.01", "24.99", "0.00", "settled"), ("94.99", "0.00", "94.99")),
    )
    for step, amount, of_hold, of_account in steps:
        assert step(hold, amount).accepted
        assert figures(shop.read_hold(hold)) == of_hold
        assert figures(shop.read(account)) == of_account
    for again in (shop.capture, shop.release):
        for amount in (None, "0.01"):
            assert again(hold, amount).error == (409, "hold_closed")


@pytest.mark.parametrize("step", ["capture", "release"])
def test_all_of_a_hold_at_once(shop: Shop, step: str) -> None:
    account = shop.account("10.00")
    hold = shop.hold(account, "4.00")["id"]
    done = getattr(shop, step)(hold)
    assert (done["type"], done["amount"], done["hold_id"]) == (step, "4.00", hold)
    assert shop.read_hold(hold)["status"] == f"{step}d".replace("ee", "e")
    left = {"capture": ("6.00", "0.00", "6.00"), "release": ("10.00", "0.00", "10.00")}
    assert figures(shop.read(account)) == left[step]


@pytest.mark.parametrize("step", ["capture", "release"])
def test_more_than_remains_is_refused_whole(shop: Shop, step: str) -> None:
    account = shop.account("10.00")
    hold = shop.hold(account, "4.00")["id"]
    shop.capture(hold, "1.00")
    for amount in ("3.01", "4.00", "100"):
        assert getattr(shop, step)(hold, amount).error == (422, "amount_exceeds_remaining")
    assert figures(shop.read_hold(hold)) == ("1.00", "0.00", "3.00", "open")
    assert figures(shop.read(account)) == ("6.00", "3.00", "9.00")


# --- transactions (P) -------------------------------------------------------------------------


def test_each_movement_has_a_record_and_a_refused_one_has_none(shop: Shop) -> None:
    account = shop.account("50.00")
    made: list[Answer] = [
        shop.deposit(account, "5", "records-1", metadata={"a": "1"}),
        shop.pay(account, "1.50", "records-2", metadata={"a": "2"}),
    ]
    hold = shop.hold(account, "20", "records-3", metadata={"a": "3"})
    made.append(shop.read_transaction(hold["transaction_id"]))
    shop.pay(account, "1000")
    made.append(shop.capture(hold["id"], "5", "records-4", metadata={"a": "4"}))
    made.append(shop.release(hold["id"], None, "records-5", metadata={"a": "5"}))
    shop.release(hold["id"])
    items = shop.page(account)["items"]
    assert items[:-1] == [answer.body for answer in reversed(made)]
    assert [item["type"] for item in items[:-1]] == [
        *("release", "capture", "hold", "payment", "deposit")
    ]
    assert [item["amount"] for item in items] == ["15.00", "5.00", "20.00", "1.50", "5.00", "50.00"]
    assert [item["hold_id"] for item in items] == [hold["id"]] * 3 + [None] * 3
    for number, item in enumerate(reversed(items[:-1]), start=1):
        assert item["idempotency_key"] == f"records-{number}"
        assert item["metadata"] == {"a": str(number)}
        assert shop.read_transaction(item["id"]).body == item


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 100])
def test_pages_join_without_gap_or_overlap(shop: Shop, limit: int) -> None:
    account = shop.account("50.00")
    made = [shop.pay(account, "1")["id"] for _ in range(5)]
    ids = walked(shop, account, limit)
    assert ids[:-1] == made[::-1]
    assert len(set(ids)) == 6


def test_a_page_has_twenty_transactions_unless_the_limit_says_otherwise(shop: Shop) -> None:
    account = shop.account("50.00")
    for _ in range(20):
        shop.pay(account, "1")
    assert len(shop.page(account)["items"]) == 20
    for query in ({"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"limit": ""}, {"limti": "1"}):
        assert shop.page(account, **query).error == (400, "malformed_request")
    for cursor in ("", "x", "YWZ0ZXI6", "YWZ0ZXI6LTE="):
        assert shop.page(account, cursor=cursor).error == (400, "malformed_request")


# --- keys (K) ---------------------------------------------------------------------------------


def test_the_same_request_with_the_same_key_is_carried_out_once(shop: Shop) -> None:
    account = shop.account("50.00")
    hold = shop.hold(account, "20")["id"]
    for repeated in (
        lambda: shop.open("5", "NOK", "once-0"),
        lambda: shop.deposit(account, "5", "once-1"),
        lambda: shop.pay(account, "5", "once-2"),
        lambda: shop.hold(account, "5", "once-3"),
        lambda: shop.capture(hold, "5", "once-4"),
        lambda: shop.release(hold, None, "once-5"),
    ):
        first, second = repeated(), repeated()
        assert (first.replayed, second.replayed) == (False, True)
        assert (second.status, second.body) == (first.status, first.body)
    assert figures(shop.read(account)) == ("40.00", "5.00", "45.00")


def test_a_used_key_refuses_any_other_request(shop: Shop) -> None:
    account, second = shop.account("50.00"), shop.account("50.00")
    hold = shop.hold(account, "20")["id"]
    shop.pay(account, "5", "used")
    answers = (
        *(shop.pay(account, "6", "used"), shop.pay(second, "5", "used")),
        *(shop.deposit(account, "5", "used"), shop.hold(account, "5", "used")),
        *(shop.capture(hold, "5", "used"), shop.release(hold, None, "used")),
        *(shop.open("5", "NOK", "used"), shop.pay(account, "5", "used", metadata={"a": "b"})),
    )
    assert {answer.error for answer in answers} == {(422, "idempotency_key_reused")}
    assert figures(shop.read(account)) == ("25.00", "20.00", "45.00")
    assert shop.pay(account, "5", "used").replayed


def test_a_key_is_its_tenants_own(shop: Shop, other: Shop) -> None:
    assert shop.open("5", "NOK", "own")["id"] != other.open("5", "NOK", "own")["id"]
    assert not other.open("5", "NOK", "own-2").replayed
    assert not shop.open("6", "NOK", "own-2").replayed


def test_a_refused_request_leaves_its_key_free(shop: Shop) -> None:
    account = shop.account("50.00")
    assert shop.pay(account, "60", "free").error == (422, "insufficient_funds")
    assert shop.pay(account, "40", "free").accepted
    assert shop.pay(account, "40", "free").replayed


def test_case_counts_in_keys_and_their_form_is_judged(shop: Shop) -> None:
    account = shop.account("50.00")
    shop.pay(account, "1", "Case")
    assert not shop.pay(account, "1", "case").replayed
    assert shop.pay(account, "1", "k" * 64).accepted
    for key in ("", "k" * 65, "a b"):
        assert shop.pay(account, "1", key).error == (400, "malformed_request")


def test_a_key_is_remembered_after_many_others(shop: Shop) -> None:
    account = shop.account("50.00")
    first = shop.pay(account, "1", "many")
    for number in range(200):
        shop.pay(account, "0.01", f"many-{number}")
    assert shop.pay(account, "1", "many").body == first.body


def test_the_second_tenant_has_all_of_it_too(other: Shop) -> None:
    assert other.api_key == SECOND
    account = other.account("5.000", "KWD")
    hold = other.hold(account, "2.5")["id"]
    assert other.capture(hold, "0.001").accepted
    assert figures(other.read(account)) == ("2.500", "2.499", "4.999")
