"""The reference walk: one long program that uses everything the server does, to compare servers.

Ids and codes, which the server chooses, are replaced by a number or a description; what is left is
equal for two servers that behave alike. Knows no rule: it only sends requests.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from tests.sandbox import (
    scenarios_access,
    scenarios_cards,
    scenarios_corners,
    scenarios_formats,
    scenarios_identities,
    scenarios_lists,
    scenarios_makers,
    scenarios_money,
    scenarios_neighbours,
    scenarios_reported,
    scenarios_ways,
)
from tests.sandbox.harness import Answer, Local

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Diverged(Exception):
    """An answer is not the expected one."""


class Walk:
    """Runs scenarios on a server, and keeps the answers."""

    def __init__(self, wallet: Local, expected: list[str] | None) -> None:
        self.wallet = wallet
        self.seen: list[str] = []
        self._ids: dict[str, str] = {}
        original = wallet.exchange

        def kept(*arguments: Any) -> Answer:
            answer = original(*arguments)
            self.seen.append(self._normal(answer))
            if expected is not None and self.seen[-1] != expected[len(self.seen) - 1]:
                raise Diverged
            return answer

        wallet.exchange = kept  # type: ignore[method-assign]

    def _normal(self, answer: Answer) -> str:
        media_type = answer.headers.get("content-type")
        text = json.dumps([answer.status, media_type, _described(answer.body)], sort_keys=True)
        return _UUID.sub(self._numbered, text)

    def _numbered(self, match: re.Match[str]) -> str:
        return self._ids.setdefault(match.group(), f"<{len(self._ids)}>")


def run(wallet: Local, expected: list[str] | None = None) -> list[str]:
    """The normalised answers of a server, up to the first that is not the expected one."""
    walk = Walk(wallet, expected)
    for scenario in SCENARIOS:
        try:
            scenario(wallet)
        except Diverged:
            break
        except (KeyError, TypeError, IndexError, AssertionError) as error:
            # A faulty answer may lack what the next step needs. That is a difference too.
            walk.seen.append(f"{scenario.__name__}: {type(error).__name__}")
    return walk.seen


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


SCENARIOS: tuple[Callable[[Local], None], ...] = (
    scenarios_money.drawdowns_and_holds,
    scenarios_money.captures,
    scenarios_money.several_holds,
    scenarios_money.shared_references,
    scenarios_money.funds,
    scenarios_money.references,
    scenarios_money.attributes,
    scenarios_money.busy_card,
    scenarios_cards.cards,
    scenarios_cards.batches,
    scenarios_cards.deletions,
    scenarios_cards.pages,
    scenarios_cards.tokens,
    scenarios_cards.pins,
    scenarios_cards.times,
    scenarios_corners.activated_cards,
    scenarios_corners.crowds,
    scenarios_corners.texts_alike,
    scenarios_corners.printed_codes,
    scenarios_corners.dear_and_early,
    scenarios_corners.views_of_others,
    scenarios_corners.filtered_pages,
    scenarios_neighbours.refs_of_others,
    scenarios_neighbours.tokens_of_one_card,
    scenarios_neighbours.cards_beside_each_other,
    scenarios_neighbours.refused_and_rotated,
    scenarios_neighbours.after_a_deletion,
    scenarios_neighbours.refs_and_customers_alike,
    scenarios_identities.nearly_equal_ids,
    scenarios_identities.ids_of_no_card,
    scenarios_identities.nearly_equal_refs,
    scenarios_identities.long_history,
    scenarios_identities.letters_and_old_deletions,
    scenarios_identities.batch_with_pins,
    scenarios_formats.ill_formed_members,
    scenarios_formats.ill_formed_entries,
    scenarios_formats.unusual_values,
    scenarios_formats.changing_pages,
    scenarios_formats.requests_once_more,
    scenarios_formats.used_until_the_end,
    scenarios_lists.cards_of_every_state,
    scenarios_lists.cards_of_a_customer,
    scenarios_ways.every_way,
    scenarios_ways.one_ref_by_many,
    scenarios_ways.refused_in_part,
    scenarios_ways.views_read_twice,
    scenarios_ways.ends_and_codes,
    scenarios_ways.habits,
    scenarios_ways.one_kind_only,
    scenarios_makers.made_by_two,
    scenarios_makers.a_whole_life,
    scenarios_makers.siblings,
    scenarios_makers.more_than_usual,
    scenarios_reported.money_of_any_size,
    scenarios_reported.nearly_the_same_again,
    scenarios_reported.tokens_of_two_cards,
    scenarios_reported.many_and_none,
    scenarios_reported.names_and_years,
    scenarios_access.accounts,
    scenarios_access.scopes,
    scenarios_access.malformed,
    scenarios_access.access_tokens,
)
