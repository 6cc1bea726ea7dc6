"""Real money: which accounts, hosts and credentials are never used unless the user says so.

The one place that decides it, by what the profile declares. It looks at every account and client
that a run would use, and at the address, however they are written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from tallystick.target.address import Client

NOTHING = "(?!)"


@dataclass(frozen=True, slots=True)
class Production:
    """What of an API is real: regular expressions match the whole, and ignore case."""

    accounts: str = NOTHING
    """The ids of production accounts; a part of a URL may be one too."""
    hosts: tuple[str, ...] = ()
    """Hosts, with all below them, that serve real customers whatever the account is."""
    tokens: str = NOTHING
    """Tokens, client ids and secrets of production, such as `sk_live_.*`."""

    def reason_to_refuse(
        self, url: str, accounts: Iterable[str], clients: Iterable[Client] = ()
    ) -> str:
        """Why a run with these may move real money; empty if it may not."""
        for account in accounts:
            if self.is_account(account):
                return f"account {plain(account)} is a production account: this suite moves money"
        host = self.host_of(url)
        if host:
            return f"{host} serves real customers: this suite moves money"
        for part in re.split(r"[/\\]", plain(url)):
            if self.is_account(part):
                return f"--target names the production account {part}: this suite moves money"
        for client in clients:
            parts = (client.token, client.client_id, client.secret)
            if any(re.fullmatch(self.tokens, part, re.IGNORECASE) for part in parts):
                return "the credentials are those of production: this suite moves money"
        return ""

    def is_account(self, account: str) -> bool:
        """Whether an id is one of a production account, however it is written."""
        return re.fullmatch(self.accounts, plain(account), re.IGNORECASE) is not None

    def host_of(self, url: str) -> str:
        """The host of these to which a URL leads; empty if to none."""
        host = re.split(r"[/\\?#]", plain(url).partition("://")[2])[0].rpartition("@")[2]
        name = host.partition(":")[0].rstrip(".").lower()
        served = (each for each in self.hosts if name == each or name.endswith(f".{each}"))
        return next(served, "")


def plain(text: str) -> str:
    """Text without URL encoding, look-alike forms of letters, and what cannot be seen."""
    for _ in range(5):
        decoded = unquote(text)
        if decoded == text:
            break
        text = decoded
    text = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in text if sign.isprintable() and not sign.isspace())
