"""The honest server lets a caller do what its token says, on its own account, and nothing else."""

import base64
import json

import jwt
import pytest

from sandbox.credentials import ADMIN, OTHER, READER, TILL
from tests.sandbox.harness import UNKNOWN, Local

CREATE = {"card_id": "x", "amount": 1, "currency": "NOK"}
DRAW = {"card_id": "x", "ref_id": "r", "amount": 1, "currency": "NOK"}

# method, path, body: one request for each operation of the wallet.
OPERATIONS = [
    ("GET", "/cards", None),
    ("POST", "/cards", CREATE),
    ("POST", "/cards/batch", {"cards": [{"card_id": "y", "type": "gift_card"}]}),
    ("GET", "/cards/x", None),
    ("DELETE", "/cards/x", None),
    ("POST", "/cards/x/activate", {"amount": 1, "currency": "NOK"}),
    ("POST", "/cards/x/rotate-pin", {"pin": {}}),
    ("POST", "/cards/x/tokens", {"ref_id": "r", "expires_in": 1}),
    ("GET", "/cards/x/transactions", None),
    ("GET", "/customers/c/cards", None),
    ("GET", "/customers/c/cards/x", None),
    ("POST", "/info", {"token": "t"}),
    ("POST", "/transactions", DRAW),
    ("POST", f"/transactions/{UNKNOWN}/capture", {"ref_id": "r"}),
    ("POST", f"/transactions/{UNKNOWN}/void", {"ref_id": "r"}),
]
IDS = [f"{method} {path}" for method, path, _ in OPERATIONS]


def _unsigned(claims: dict[str, object]) -> str:
    return jwt.encode(claims, None, algorithm="none")


@pytest.mark.parametrize(("method", "path", "body"), OPERATIONS, ids=IDS)
def test_every_operation_needs_a_sound_token(
    wallet: Local, method: str, path: str, body: object
) -> None:
    sound = wallet.access_token(ADMIN)
    claims = jwt.decode(sound, options={"verify_signature": False})
    wrong = [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {sound}",
        "Bearer not.a.token",
        f"Bearer {sound[:-2]}",
        f"Bearer {_unsigned(claims)}",
        f"Bearer {jwt.encode(claims, 'another key of the right length.', algorithm='HS256')}",
        f"Bearer {jwt.encode({'exp': 2**40}, 'k' * 32, algorithm='HS256')}",
    ]
    for value in wrong:
        headers = {} if value is None else {"authorization": value}
        answer = wallet.send(
            method, path, body, client=None, account=ADMIN.account, headers=headers
        )
        assert answer.status == 401, value


@pytest.mark.parametrize(("method", "path", "body"), OPERATIONS, ids=IDS)
def test_no_operation_is_open_to_another_account(
    wallet: Local, method: str, path: str, body: object
) -> None:
    assert wallet.send(method, path, body, client=OTHER, account=ADMIN.account).status == 403


@pytest.mark.parametrize(("method", "path", "body"), OPERATIONS, ids=IDS)
def test_scopes_are_those_of_the_document(
    wallet: Local, method: str, path: str, body: object
) -> None:
    reads = method == "GET"
    assert (wallet.send(method, path, body, client=READER).status == 403) == (not reads)
    settles = path.endswith(("/capture", "/void"))
    assert (wallet.send(method, path, body, client=TILL).status == 403) == (not settles)


def test_a_till_pays_by_token_and_finishes_holds(wallet: Local) -> None:
    card = wallet.card(100)
    lasting = wallet.token(card, expires_after_transaction=False)["token"]["value"]
    assert wallet.transact(None, 1, token=lasting, client=TILL).status == 200
    assert wallet.transact(None, 1, token=lasting, type="fund", client=TILL).status == 403
    assert wallet.transact(card, 1, client=TILL).status == 403
    held = wallet.hold(None, 5, token=lasting, client=TILL)
    assert held["created_by"] == "till"
    assert wallet.capture(held, 2, client=TILL).status == 200
    assert wallet.void(held, client=TILL).status == 200


def test_holds_and_tokens_of_another_account_are_unknown(wallet: Local) -> None:
    card = wallet.card(100)
    held = wallet.hold(card, 10)
    value = wallet.token(card)["token"]["value"]
    assert wallet.capture(held, client=OTHER).status == 404
    assert wallet.void(held, client=OTHER).status == 404
    assert wallet.transact(None, 1, token=value, client=OTHER).status == 404
    assert wallet.transact(card, 1, client=OTHER).status == 404
    assert wallet.send("POST", "/cards", CREATE | {"card_id": card}, client=OTHER).status == 200
    assert wallet.figures(card) == (100, 0, 10, 90)


def test_an_access_token_ends(wallet: Local) -> None:
    wallet.access_token(ADMIN)
    assert wallet.get_token(ADMIN)["expires_in"] == 14_400
    wallet.advance(14_399)
    assert wallet.send("GET", "/cards").status == 200
    wallet.advance(1)
    assert wallet.send("GET", "/cards").status == 401


def test_get_token_wants_the_secret_and_a_granted_audience(wallet: Local) -> None:
    assert wallet.get_token(ADMIN, secret="wrong").status == 401
    assert wallet.get_token(ADMIN, secret="").status == 401
    foreign = f"https://api.dintero.com/v1/accounts/{OTHER.account}"
    assert wallet.get_token(ADMIN, audience=foreign).status == 403
    assert wallet.get_token(ADMIN, audience="nonsense").status == 403


@pytest.mark.parametrize("authorization", ["", "Basic", "Basic !", "Basic YQ==", "Bearer x"])
def test_a_broken_basic_header_is_refused(wallet: Local, authorization: str) -> None:
    body = {"grant_type": "client_credentials", "audience": "https://a/accounts/T12345678"}
    headers = {"authorization": authorization, "content-type": "application/json"}
    path = f"/v1/accounts/{ADMIN.account}/auth/token"
    assert wallet.exchange("POST", path, json.dumps(body).encode(), headers, {}).status == 401


def test_basic_secrets_may_hold_any_bytes(wallet: Local) -> None:
    for pair in (b"\xff\xfe:x", b"admin:\xf0\x9f\x8e\x81", b"admin"):
        headers = {
            "authorization": f"Basic {base64.b64encode(pair).decode()}",
            "content-type": "application/json",
        }
        body = b'{"grant_type":"client_credentials","audience":"https://a/accounts/T12345678"}'
        path = f"/v1/accounts/{ADMIN.account}/auth/token"
        assert wallet.exchange("POST", path, body, headers, {}).status == 401
