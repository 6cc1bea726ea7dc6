"""The honest server never fails: whatever is sent is answered with a documented status."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.credentials import ADMIN
from tests.sandbox.harness import Local
from tests.sandbox.test_access import OPERATIONS

# What is no JSON object at all, or not one that a server can keep.
BROKEN_BODIES = [
    b"",
    b"null",
    b"[]",
    b"{",
    b'"x"',
    b"\xff\xfe{}",
    b'\xef\xbb\xbf{"a":1}',
    b"{'a': 1}",
    b"{}{}",
    b"[" * 100_000,
    b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
    b'{"metadata":' + b'{"a":' * 100 + b"1" + b"}" * 101,
    b'{"ref_id": "\\ud800"}',
    b'{"metadata": {"\\udfff": 1}}',
    b'{"amount": NaN}',
    b'{"amount": -Infinity}',
    b'{"amount": 1e999}',
    b'{"amount": ' + b"9" * 5_000 + b"}",
    b" " * (1 << 20) + b"{}",
]
WITH_BODY = [(path, body) for method, path, body in OPERATIONS if body is not None]


@pytest.mark.parametrize("raw", BROKEN_BODIES, ids=lambda raw: repr(raw[:20]))
@pytest.mark.parametrize(("path", "body"), WITH_BODY, ids=[path for path, _ in WITH_BODY])
def test_broken_bodies_are_bad_requests(wallet: Local, path: str, body: Any, raw: bytes) -> None:
    assert wallet.send("POST", path, raw=raw).status == 400


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/xml", "", "multipart/form-data", "application/jsonp"]
)
def test_other_media_types_are_bad_requests(wallet: Local, media_type: str) -> None:
    raw = b'{"card_id": "x", "amount": 1, "currency": "NOK"}'
    headers = {"content-type": media_type}
    assert wallet.send("POST", "/cards", raw=raw, headers=headers).status == 400


@pytest.mark.parametrize(
    "amount", [True, "5", 1.5, -1, None, [], {}, 2**63, -(2**63), 10**400, 1e300, -0.5]
)
@pytest.mark.parametrize("path", ["/cards", "/transactions"])
def test_an_invalid_amount_is_refused_and_moves_nothing(
    wallet: Local, path: str, amount: Any
) -> None:
    card = wallet.card(100)
    body = {"card_id": card, "ref_id": "r", "currency": "NOK"}
    assert wallet.send("POST", path, body | {"amount": amount}).status == 400
    assert wallet.figures(card) == (100, 0, 0, 100)


@pytest.mark.parametrize("written", ["5.0", "5e0", "0.5e1", "5"])
def test_an_integral_number_is_an_integer_however_it_is_written(
    wallet: Local, written: str
) -> None:
    card = wallet.card(100)
    raw = f'{{"card_id":"{card}","ref_id":"r","currency":"NOK","amount":{written}}}'.encode()
    answer = wallet.send("POST", "/transactions", raw=raw)
    assert (answer["amount"], type(answer["amount"])) == (5, int)


def test_of_a_repeated_member_the_last_counts(wallet: Local) -> None:
    raw = b'{"card_id": "x", "amount": 1, "amount": 2, "currency": "NOK"}'
    assert wallet.send("POST", "/cards", raw=raw)["amount"] == 2


@pytest.mark.parametrize("member", ["ref_id", "amount", "currency", "card_id"])
@pytest.mark.parametrize("value", [..., None, True, {}, []])
def test_missing_and_mistyped_members_are_refused(
    wallet: Local, member: str, value: object
) -> None:
    card = wallet.card()
    body = {"ref_id": "r", "amount": 1, "currency": "NOK", "card_id": card}
    del body[member]
    if value is not ...:
        body[member] = value
    assert wallet.send("POST", "/transactions", body).status == 400


def test_exactly_one_of_card_id_and_token_names_the_card(wallet: Local) -> None:
    card = wallet.card()
    value = wallet.token(card)["token"]["value"]
    assert wallet.transact(card, 1, token=value).status == 400
    assert wallet.transact(None, 1).status == 400


@pytest.mark.parametrize("card_id", ["%20a", "a%20", "%0A", "%C2%A0", "%ff", "x" * 256, ""])
def test_a_malformed_card_id_in_the_path_is_refused(wallet: Local, card_id: str) -> None:
    assert wallet.send("GET", f"/cards/{card_id}/transactions").status in (400, 404)


@pytest.mark.parametrize("id_", ["1", "%20", "x" * 300, "6ccfec5d3a5347de910a97d6dda22e5f", "%ff"])
def test_a_malformed_transaction_id_is_refused(wallet: Local, id_: str) -> None:
    assert wallet.capture(id_).status == 400


def test_a_transaction_id_is_the_same_in_capitals(wallet: Local) -> None:
    held = wallet.hold(wallet.card(), 5)
    assert wallet.capture(held["id"].upper()).status == 200


@pytest.mark.parametrize("account", ["T1234567", "X12345678", "T１２３４５６７８", "T12345678%0A"])
def test_a_malformed_account_is_refused(wallet: Local, account: str) -> None:
    path = f"/v1/accounts/{quote(account, safe='%')}/wallets/cards"
    headers = {"authorization": f"Bearer {wallet.access_token(ADMIN)}"}
    assert wallet.exchange("GET", path, b"", headers, {}).status == 400


@pytest.mark.parametrize("path", ["/", "/nothing", "/cards/x/y", "/cards/x/tokens/y"])
def test_an_unknown_route_is_not_found(wallet: Local, path: str) -> None:
    assert wallet.send("GET", path).status == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/cards", "GET, POST"),
        ("PATCH", "/cards/x", "DELETE, GET"),
        ("PUT", "/cards/batch", "DELETE, GET, POST"),
        ("GET", "/transactions", "POST"),
        ("OPTIONS", "/info", "POST"),
    ],
)
def test_a_wrong_method_is_named_as_such(
    wallet: Local, method: str, path: str, allowed: str
) -> None:
    answer = wallet.send(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allowed)


# --- anything at all ------------------------------------------------------------------------

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
_MEMBERS = [
    *("card_id", "token", "ref_id", "amount", "currency", "metadata", "originated_by", "type"),
    *("pending", "pin", "card_token", "expires_in", "format", "cards", "options", "customer_id"),
    *("active_from", "expires_at", "name", "id", "status"),
]


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    operation=st.sampled_from(WITH_BODY),
    changes=st.dictionaries(st.sampled_from(_MEMBERS), _JSON, max_size=4),
)
def test_no_body_makes_the_server_fail(
    wallet: Local, operation: tuple[str, Any], changes: dict[str, Any]
) -> None:
    path, body = operation
    raw = json.dumps(body | changes).encode()
    assert wallet.send("POST", path, raw=raw).status in (200, 400, 403, 404)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(path=st.text(), query=st.dictionaries(st.text(), st.text(), max_size=2))
def test_no_path_or_query_makes_the_server_fail(
    wallet: Local, path: str, query: dict[str, str]
) -> None:
    sent = quote(path, safe="/%", errors="replace")
    known = {name: value.encode(errors="replace") for name, value in query.items()}
    query = {name.encode(errors="replace"): value for name, value in known.items()}
    assert wallet.send("GET", f"/cards/{sent}", query=query).status in (200, 400, 404, 405)
