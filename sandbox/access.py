"""Who is asking, and may they: client credentials, signed access tokens, scopes, accounts.

Knows the fixed clients and the scopes of the document; knows nothing of cards, except that the
account of the token must be the one in the path.
"""

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from typing import Any

import jwt

from sandbox.clock import SECOND, Clock
from sandbox.credentials import CLIENTS, Client
from sandbox.document import Operation
from sandbox.refusals import Cause, Refusal

_ISSUER = "https://sandbox.invalid"
_AUDIENCE = re.compile(r"https?://\S+/accounts/([PT][0-9]{8})")
_REMEMBERED_TOKENS = 1_000


@dataclass(frozen=True, slots=True)
class Caller:
    """What an access token says about the one who sent it."""

    client_id: str
    account: str
    scopes: frozenset[str]
    expires_at: int


class Access:
    """Issues access tokens and judges them."""

    algorithms = ("HS256",)

    def __init__(self, clock: Clock, key: str, lifetime_s: int) -> None:
        self.clock = clock
        self.key = key
        self.lifetime_s = lifetime_s
        self._seen: dict[str, Caller] = {}

    # --- Get Token --------------------------------------------------------------------------

    def issue(self, authorization: str | None, owner: str, grant: dict[str, Any]) -> dict[str, Any]:
        client = self.client(authorization, owner)
        audience = _AUDIENCE.fullmatch(grant["audience"])
        if audience is None or audience.group(1) != client.account:
            raise Refusal(Cause.BAD_AUDIENCE)
        now_s = self.clock.now() // SECOND
        claims = {
            "iss": _ISSUER,
            "sub": client.client_id,
            "aud": grant["audience"],
            "account": client.account,
            "scope": " ".join(client.scopes),
            "iat": now_s,
            "exp": now_s + self.lifetime_s,
        }
        return {
            "access_token": jwt.encode(claims, self.key, algorithm="HS256"),
            "token_type": "Bearer",
            "expires_in": self.lifetime_s,
        }

    def client(self, authorization: str | None, owner: str) -> Client:
        name, secret = _basic(authorization)
        for client in CLIENTS:
            if client.client_id == name and client.account == owner:
                if hmac.compare_digest(client.client_secret.encode(), secret.encode()):
                    return client
                break
        raise Refusal(Cause.BAD_CLIENT)

    # --- every other operation --------------------------------------------------------------

    def authenticate(self, authorization: str | None) -> Caller:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refusal(Cause.UNAUTHENTICATED)
        caller = self._seen.get(token) or self._remember(token)
        if self.is_expired(caller):
            raise Refusal(Cause.UNAUTHENTICATED)
        return caller

    def is_expired(self, caller: Caller) -> bool:
        return caller.expires_at * SECOND <= self.clock.now()

    def authorize(self, caller: Caller, operation: Operation, account: str) -> Caller:
        """The caller as the rest of the server knows it: one that acts on its own account."""
        self.check_account(caller, operation, account)
        self.check_scopes(caller, operation)
        return caller

    def check_account(self, caller: Caller, operation: Operation, account: str) -> None:
        if caller.account != account:
            raise Refusal(Cause.FOREIGN_ACCOUNT)

    def check_scopes(self, caller: Caller, operation: Operation) -> None:
        if not caller.scopes & operation.scopes:
            raise Refusal(Cause.SCOPE_MISSING)

    def check_restricted(self, caller: Caller, operation: Operation, body: dict[str, Any]) -> None:
        """Naming a card by its id, or funding it, takes more than a till may do."""
        if self.is_restricted(body) and not caller.scopes & operation.restricted_scopes:
            raise Refusal(Cause.SCOPE_MISSING)

    def is_restricted(self, body: dict[str, Any]) -> bool:
        return "card_id" in body or body.get("type") == "fund"

    def names_cards(self, caller: Caller) -> bool:
        """May the caller name a card by its id?"""
        return bool(caller.scopes & {"admin:wallets", "write:wallets"})

    def decode(self, token: str) -> dict[str, Any]:
        """The claims of a token that carries our signature. The expiry is judged by our clock."""
        return jwt.decode(
            token,
            self.key,
            algorithms=list(self.algorithms),
            options={
                "require": ["exp", "sub"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_aud": False,
            },
        )

    def _remember(self, token: str) -> Caller:
        try:
            claims = self.decode(token)
            caller = Caller(
                client_id=str(claims["sub"]),
                account=str(claims.get("account", "")),
                scopes=frozenset(str(claims.get("scope", "")).split()),
                expires_at=int(claims["exp"]),
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise Refusal(Cause.UNAUTHENTICATED) from None
        if len(self._seen) >= _REMEMBERED_TOKENS:
            self._seen.clear()
        self._seen[token] = caller
        return caller


def _basic(authorization: str | None) -> tuple[str, str]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        raise Refusal(Cause.BAD_CLIENT)
    try:
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise Refusal(Cause.BAD_CLIENT) from None
    if not colon:
        raise Refusal(Cause.BAD_CLIENT)
    return name, secret
