"""Who may call what: clients, access tokens, scopes. It knows nothing of cards."""

import base64
import binascii
import hmac
import re
import secrets
import time
from dataclasses import dataclass

import jwt

from tests.rival.entries import Refusal

ISSUER = "https://rival.invalid"
LIFETIME_S = 4 * 3600
_AUDIENCE = re.compile(r"https?://[^/\s]+/v1/accounts/([PT][0-9]{8})")


@dataclass(frozen=True, slots=True)
class Client:
    id: str
    secret: str
    account: str
    scopes: tuple[str, ...]


ADMIN = Client("rival-admin", "rival-admin-secret", "T00000042", ("admin:wallets",))
READER = Client("rival-reader", "rival-reader-secret", "T00000042", ("read:wallets",))
TILL = Client("rival-till", "rival-till-secret", "T00000042", ("write:wallets:/transactions",))
OTHER = Client("rival-other", "rival-other-secret", "T00000043", ("admin:wallets",))
CLIENTS = {client.id: client for client in (ADMIN, READER, TILL, OTHER)}


@dataclass(frozen=True, slots=True)
class Caller:
    client: str
    account: str
    scopes: frozenset[str]

    def need(self, *alternatives: str) -> None:
        if self.scopes.isdisjoint(alternatives):
            raise Refusal(403, "SCOPE", "this takes one of: " + ", ".join(alternatives))


class Authority:
    """Issues access tokens and reads them back; the key is made for this process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def grant(self, oid: str, authorization: str | None, audience: str) -> str:
        client = _client_of(authorization)
        if client.account != oid:
            raise Refusal(401, "CLIENT", "unknown client or wrong secret")
        asked = _AUDIENCE.fullmatch(audience)
        if asked is None or asked[1] != client.account:
            raise Refusal(403, "AUDIENCE", "the client holds no grant for this audience")
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": client.id,
            "aud": client.account,
            "scope": " ".join(client.scopes),
            "iat": now,
            "exp": now + LIFETIME_S,
        }
        return jwt.encode(claims, self._key, algorithm="HS256")

    def caller(self, authorization: str | None) -> Caller:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refusal(401, "TOKEN", "a bearer token is needed")
        try:
            claims = jwt.decode(
                token.strip(),
                self._key,
                algorithms=["HS256"],
                issuer=ISSUER,
                options={"require": ["exp", "aud", "sub", "scope"], "verify_aud": False},
            )
        # PyJWT lets a few other errors through for bytes that are no token at all.
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise Refusal(401, "TOKEN", "the access token is not valid") from None
        return Caller(claims["sub"], claims["aud"], frozenset(claims["scope"].split()))


def _client_of(authorization: str | None) -> Client:
    refusal = Refusal(401, "CLIENT", "unknown client or wrong secret")
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        raise refusal
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise refusal from None
    name, _, secret = decoded.partition(":")
    client = CLIENTS.get(name)
    if client is None or not hmac.compare_digest(secret.encode(), client.secret.encode()):
        raise refusal
    return client
