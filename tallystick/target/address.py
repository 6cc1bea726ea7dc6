"""Where the target is, and as whom a run speaks to it. Values only; it opens no connection."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace


class Secret(str):
    """Text that is not shown by its repr, and so by no local variable of a printed traceback."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'" if self else "''"


def bearer_header(token: str) -> dict[str, Secret]:
    """The header that carries an access token."""
    return {"Authorization": Secret(f"Bearer {token}")}


def basic_header(client_id: str, secret: str) -> dict[str, Secret]:
    """The header with which a client asks for an access token."""
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"Authorization": Secret(f"Basic {pair}")}


@dataclass(frozen=True, slots=True)
class Client:
    """An API client of the target: client credentials, or a ready bearer token."""

    client_id: str = ""
    name: str = field(default="", kw_only=True, compare=False)
    """What its variables are named by: `OTHER`, `READER`, `TILL`. Empty: the client of the run."""
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "secret", Secret(self.secret))
        object.__setattr__(self, "token", Secret(self.token))


@dataclass(frozen=True, slots=True)
class Address:
    """Where the target is: the base URL, and the account (empty where the API names none)."""

    url: str
    account: str


def with_path(address: Address, account: str) -> Address:
    """The same server with another account in the path."""
    return replace(address, account=account)
