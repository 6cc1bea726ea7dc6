"""Invalid credentials, and a request of every operation to send with them. Sends nothing.

The requests are well-formed and name existing things, so the credential is the only reason for a
refusal. How a server checks tokens is unknown; a token that is not a JWT has fewer forgeries.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts.support import request_builders
from contracts.support.clients import not_claimed, token_request
from contracts.support.staging import Stage, body_of
from tallystick.request import Request
from tallystick.run import Run
from tallystick.suite import Suite
from tallystick.target import Answer, Secret, Target, basic_header

Headers = dict[str, str]
UNKNOWN_CLIENT = "nobody:wrong"


@dataclass(frozen=True, slots=True)
class Wallet:
    """The ids of one account that the requests name."""

    card: str
    customer: str
    inactive: str | None
    """None: the target prepares no cards."""
    empty: str
    hold: str
    token: str | None
    """None: the target makes no tokens."""


def every_operation(base: str, wallet: Wallet, fresh: Callable[[], str]) -> list[Request]:
    """A request of each of the fifteen operations: reads first, the deletion last.

    Those that name what the wallet lacks are left out.
    """
    by_token = [request_builders.info(base, wallet.token)] if wallet.token else []
    activation = [request_builders.activate(base, wallet.inactive)] if wallet.inactive else []
    return [
        request_builders.list_cards(base, limit=1),
        request_builders.read_card(base, wallet.card),
        request_builders.list_transactions(base, wallet.card),
        request_builders.customer_cards(base, wallet.customer),
        request_builders.customer_card(base, wallet.customer, wallet.card),
        *by_token,
        request_builders.open_card(base, fresh()),
        request_builders.batch(base, [{"card_id": fresh(), "type": "gift_card"}]),
        *activation,
        request_builders.rotate_pin(base, wallet.card, length=6, **request_builders.DIGITS),
        request_builders.issue_token(base, wallet.card, fresh()),
        request_builders.transact(base, fresh(), 7, card_id=wallet.card),
        request_builders.capture(base, wallet.hold, fresh(), amount=3),
        request_builders.void(base, wallet.hold, fresh()),
        request_builders.delete_card(base, wallet.empty),
    ]


def further_transactions(base: str, wallet: Wallet, fresh: Callable[[], str]) -> list[Request]:
    """The other uses of the operation that moves money."""
    by_card = [
        request_builders.transact(base, fresh(), 7, card_id=wallet.card, pending=True),
        request_builders.transact(base, fresh(), 7, card_id=wallet.card, type="fund"),
    ]
    if wallet.token is None:
        return by_card
    return [
        *by_card,
        request_builders.transact(base, fresh(), 7, token=wallet.token),
        request_builders.transact(base, fresh(), 7, token=wallet.token, pending=True),
    ]


ABSENT: dict[str, Headers] = {
    "no_authorization": {},
    "an_empty_authorization": {"Authorization": ""},
    "a_scheme_without_a_token": {"Authorization": "Bearer"},
}
"""Requests without a token."""


def token_of(target: Target) -> str:
    """The access token that requests are sent with; TargetError if the target gives none."""
    return target.credentials()["Authorization"].removeprefix("Bearer ")


def forgeries(token: str) -> dict[str, Headers]:
    """Invalid Authorization headers made from a valid token, by what is wrong with them."""
    basic = base64.b64encode(UNKNOWN_CLIENT.encode()).decode()
    middle = len(token) - len(token.rpartition(".")[2]) // 2
    found = {
        "a_malformed_token": "Bearer not.a.token",
        "a_word_as_a_token": "Bearer null",
        "basic_in_place_of_bearer": f"Basic {basic}",
        # The last character of base64 may have unused bits; one in the middle has none.
        "another_signature": f"Bearer {_with_another(token, middle)}",
        "a_token_that_goes_on": f"Bearer {token}x.y",
    }
    parts = token.split(".")
    if len(parts) == 3 and _claims(parts[1]) is not None:
        found |= {name: f"Bearer {forged}" for name, forged in _of_a_jwt(*parts).items()}
    return {name: {"Authorization": Secret(value)} for name, value in found.items()}


def _of_a_jwt(header: str, payload: str, signature: str) -> dict[str, str]:
    claims = _claims(payload) or {}
    scopes = {name: f"{claims.get(name, '')} admin:wallets".strip() for name in ("scope", "scp")}
    raised = _packed({**claims, **scopes})
    unsigned = _packed({"alg": "none", "typ": "JWT"})
    return {
        "no_signature_alg_none": f"{unsigned}.{payload}.",
        "no_signature_alg_None": f"{_packed({'alg': 'None', 'typ': 'JWT'})}.{payload}.",
        "alg_none_and_a_signature": f"{unsigned}.{payload}.{signature}",
        "a_signature_cut_off": f"{header}.{payload}.",
        "other_claims": f"{header}.{raised}.{signature}",
        "a_guessed_key": _signed(payload, b"secret"),
        "an_empty_key": _signed(payload, b""),
    }


def _signed(payload: str, key: bytes) -> str:
    signed = f"{_packed({'alg': 'HS256', 'typ': 'JWT'})}.{payload}"
    return f"{signed}.{_encoded(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def _with_another(token: str, position: int) -> str:
    other = "A" if token[position] != "A" else "B"
    return token[:position] + other + token[position + 1 :]


def _claims(payload: str) -> dict[str, Any] | None:
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def _packed(members: dict[str, Any]) -> str:
    return _encoded(json.dumps(members, separators=(",", ":")).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def granted(run: Run, suite: Suite, stage: Stage, *rules: str) -> dict[str, Any]:
    """What Get Token answers to the client of the run."""
    client = run.target.client
    if not client.client_id:
        not_claimed(suite, "TALLYSTICK_CLIENT_ID and _SECRET not given, only a token", *rules)
    answer = stage.send(
        token_request(run),
        headers=basic_header(client.client_id, client.secret),
        authorized=False,
    )
    grant = grant_in(answer)
    if grant is None:
        stage.direct.violate("AUTH-8", "an access token", "a refusal of the right credentials")
    return grant


def grant_in(answer: Answer) -> dict[str, Any] | None:
    """What an answer of Get Token gives, with a token that no traceback shows; None: a refusal."""
    body: dict[str, Any] | None = body_of(answer)
    if body is None or not isinstance(body.get("access_token"), str):
        return body
    return {**body, "access_token": Secret(body["access_token"])}
