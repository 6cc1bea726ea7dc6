"""The accounts and API clients that every sandbox is seeded with.

The secrets are fixed and public on purpose: they open nothing but a sandbox. Knows nothing of how
a client proves itself (access.py).
"""

from dataclasses import dataclass

ACCOUNT = "T12345678"
OTHER_ACCOUNT = "T87654321"


@dataclass(frozen=True, slots=True)
class Client:
    """An API client: what it calls itself, how it proves it, and what it may do."""

    account: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]


ADMIN = Client(
    account=ACCOUNT,
    client_id="admin",
    client_secret="sandbox-admin-secret",
    scopes=("admin:wallets", "read:wallets", "write:wallets"),
)
READER = Client(
    account=ACCOUNT,
    client_id="reader",
    client_secret="sandbox-reader-secret",
    scopes=("read:wallets",),
)
TILL = Client(
    account=ACCOUNT,
    client_id="till",
    client_secret="sandbox-till-secret",
    scopes=("write:wallets:/transactions",),
)
OTHER = Client(
    account=OTHER_ACCOUNT,
    client_id="other",
    client_secret="sandbox-other-secret",
    scopes=("admin:wallets", "read:wallets", "write:wallets"),
)

CLIENTS = (ADMIN, READER, TILL, OTHER)
