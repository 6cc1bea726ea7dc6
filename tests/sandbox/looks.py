"""Looks at the dialects: one for each, by its name. A look asks a server, and returns what it saw.

Knows how a look is registered; the looks are in looks_requests.py and looks_records.py.
"""

from collections.abc import Callable
from typing import Any

from tests.sandbox.harness import Local

Look = Callable[[Local], Any]

LOOKS: dict[str, Look] = {}


def look(function: Look) -> Look:
    """A look is named like its dialect."""
    LOOKS[function.__name__] = function
    return function


def status(wallet: Local, path: str, body: Any, **more: Any) -> int:
    return wallet.send("POST", path, body, **more).status


def repeated(wallet: Local, between: Callable[[str], Any], **members: Any) -> tuple[int, Any]:
    """The answer to a drawdown of 60 of 100 that comes again after something happened."""
    card = wallet.card(100, **members)
    wallet.transact(card, 60, ref_id="again")
    between(card)
    answer = wallet.transact(card, 60, ref_id="again")
    return answer.status, answer.body.get("amount")


def batch(wallet: Local, *names: str, **options: Any) -> Any:
    cards = [{"card_id": name, "type": "gift_card"} for name in names]
    more = {"options": options} if options else {}
    return wallet.send("POST", "/cards/batch", {"cards": cards} | more)["cards"]
