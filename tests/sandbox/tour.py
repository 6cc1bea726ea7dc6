"""One long program that visits everything the server does, so that two servers can be compared.

What is random or given by the server (ids, codes) is replaced by what can be said about it; what
is left is equal for two servers that behave alike. Knows no rule: it only asks.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from tests.sandbox import (
    stations_access,
    stations_cards,
    stations_corners,
    stations_money,
    stations_neighbours,
)
from tests.sandbox.harness import Answer, Local

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Parted(Exception):
    """The answers are no longer those that were expected."""


class Tour:
    """Runs stations on a server, and keeps what came back."""

    def __init__(self, wallet: Local, expected: list[str] | None) -> None:
        self.wallet = wallet
        self.seen: list[str] = []
        self._ids: dict[str, str] = {}
        original = wallet.exchange

        def kept(*arguments: Any) -> Answer:
            answer = original(*arguments)
            self.seen.append(self._normal(answer))
            if expected is not None and self.seen[-1] != expected[len(self.seen) - 1]:
                raise Parted
            return answer

        wallet.exchange = kept  # type: ignore[method-assign]

    def _normal(self, answer: Answer) -> str:
        media_type = answer.headers.get("content-type")
        text = json.dumps([answer.status, media_type, _described(answer.body)], sort_keys=True)
        return _UUID.sub(self._numbered, text)

    def _numbered(self, match: re.Match[str]) -> str:
        return self._ids.setdefault(match.group(), f"<{len(self._ids)}>")


def run(wallet: Local, expected: list[str] | None = None) -> list[str]:
    """What a server answers on the tour, normalised: to its end, or as long as it is expected."""
    tour = Tour(wallet, expected)
    for station in STATIONS:
        try:
            station(wallet)
        except Parted:
            break
        except (KeyError, TypeError, IndexError, AssertionError) as error:
            # A faulty answer may lack what the next step needs. That is a difference too.
            tour.seen.append(f"{station.__name__}: {type(error).__name__}")
    return tour.seen


def _described(value: Any) -> Any:
    """A JSON value with secrets replaced by their description."""
    if isinstance(value, list):
        return [_described(item) for item in value]
    if not isinstance(value, dict):
        return value
    described = {}
    for name, member in value.items():
        if name == "access_token":
            described[name] = "jwt"
        elif name == "barcode_128":
            described[name] = bool(member)
        elif name in ("value", "masked_code") and isinstance(member, str):
            described[name] = _code(member)
        else:
            described[name] = _described(member)
    return described


def _code(code: str) -> str:
    prefix, colon, rest = code.rpartition(":")
    hidden = rest.count("*")
    # Of a masked code no more than how much of it is hidden, and letters only if none may be there.
    kind = "digits" if rest.isdigit() else "mixed"
    return f"{prefix}{colon}[{len(rest)} {kind} {hidden > 0 and hidden}]"


STATIONS: tuple[Callable[[Local], None], ...] = (
    stations_money.drawdowns_and_holds,
    stations_money.captures,
    stations_money.several_holds,
    stations_money.shared_references,
    stations_money.funds,
    stations_money.references,
    stations_money.attributes,
    stations_money.busy_card,
    stations_cards.cards,
    stations_cards.batches,
    stations_cards.deletions,
    stations_cards.pages,
    stations_cards.tokens,
    stations_cards.pins,
    stations_cards.times,
    stations_corners.activated_cards,
    stations_corners.crowds,
    stations_corners.texts_alike,
    stations_corners.printed_codes,
    stations_corners.dear_and_early,
    stations_corners.views_of_others,
    stations_corners.filtered_pages,
    stations_neighbours.refs_of_others,
    stations_neighbours.tokens_of_one_card,
    stations_neighbours.cards_beside_each_other,
    stations_neighbours.refused_and_rotated,
    stations_access.accounts,
    stations_access.scopes,
    stations_access.malformed,
    stations_access.access_tokens,
)
