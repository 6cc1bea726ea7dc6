"""Real money: which accounts and hosts are never touched unless the user says so.

The one place that decides it. It looks at every account that a run would use, and at the address.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from tallystick.target import DOCUMENTED_URL

_PRODUCTION = re.compile(r"P[0-9]+")
_VENDOR = ".".join((urlsplit(DOCUMENTED_URL).hostname or "").split(".")[-2:])


def reason_to_refuse(url: str, accounts: Iterable[str]) -> str:
    """Why a run at this address with these accounts may move real money; empty if it may not."""
    for account in accounts:
        if is_production(account):
            return f"account {plain(account)} is a production account: this suite moves money"
    if is_of_the_vendor(url):
        return f"{_VENDOR} serves real customers: this suite moves money"
    for part in re.split(r"[/\\]", plain(url)):
        if is_production(part):
            return f"--target names the production account {part}: this suite moves money"
    return ""


def is_production(account: str) -> bool:
    """Whether an id is one of a production account, however it is written."""
    return _PRODUCTION.fullmatch(plain(account).upper()) is not None


def is_of_the_vendor(url: str) -> bool:
    """Whether a URL leads to the vendor of the API."""
    host = re.split(r"[/\\?#]", plain(url).partition("://")[2])[0].rpartition("@")[2]
    name = host.partition(":")[0].rstrip(".").lower()
    return name == _VENDOR or name.endswith(f".{_VENDOR}")


def plain(text: str) -> str:
    """Text without URL encoding, look-alike forms of letters, and what cannot be seen."""
    for _ in range(5):
        decoded = unquote(text)
        if decoded == text:
            break
        text = decoded
    text = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in text if sign.isprintable() and not sign.isspace())
