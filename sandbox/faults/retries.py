"""Faults with requests that are no payments and come a second time.

Overrides the tokens and the cards; knows nothing of how the suite looks for these.
"""

from dataclasses import replace
from typing import Any

from sandbox.access import Caller
from sandbox.cards import Cards, Issued
from sandbox.faults.registry import fault
from sandbox.records import Card, Token
from sandbox.store import Store

_SEARCHED = 2


@fault(
    "token_again_is_another",
    breaks="TOKEN-11",
    summary="a token that is asked for again with its ref_id is a further token",
)
class TokenAgainIsAnother(Store):
    def token_by_ref(self, card: Card, ref_id: str) -> Token | None:
        return None


@fault(
    "used_token_again_is_another",
    breaks="TOKEN-11",
    summary="the ref_id of a token that has paid makes a further token",
)
class UsedTokenAgainIsAnother(Store):
    def token_by_ref(self, card: Card, ref_id: str) -> Token | None:
        found = super().token_by_ref(card, ref_id)
        return found if found is None or not found.used else None


@fault(
    "token_refs_forgotten",
    breaks="TOKEN-11",
    summary="only the two latest tokens of a card are searched for a ref_id",
)
class TokenRefsForgotten(Store):
    def token_by_ref(self, card: Card, ref_id: str) -> Token | None:
        latest = self.tokens(card)[-_SEARCHED:]
        return next((token for token in latest if token.ref_id == ref_id), None)


@fault(
    "create_again_renews_pin",
    breaks="CARD-3",
    summary="the same create once more gives the card a new PIN",
)
class CreateAgainRenewsPin(Cards):
    def repeated(self, taken: Card, fingerprint: str) -> Issued | None:
        if taken.fingerprint != fingerprint or taken.pin is None:
            return super().repeated(taken, fingerprint)
        pin = self.codes.pin(None)
        self.store.set_pin(taken, pin, taken.pin_format)
        made = [token for token in self.store.tokens(taken) if token.with_card]
        return Issued(replace(taken, pin=pin), pin, made[0] if made else None)


@fault(
    "batch_again_renews_tokens",
    breaks="CARD-3",
    summary="a batch once more ends the tokens that it made at first",
)
class BatchAgainRenewsTokens(Cards):
    def issue_inactive(
        self, caller: Caller, entry: dict[str, Any], options: dict[str, Any]
    ) -> Issued:
        taken = self.store.card(caller.account, entry["card_id"])
        if taken is None or not taken.inactive or taken.deleted:
            return super().issue_inactive(caller, entry, options)
        self.store.retime_tokens(taken, "expires_at", 0)
        wanted = (options.get("card_token") or {}).get("format")
        return Issued(taken, taken.pin, self.tokens.with_batch(caller, taken, wanted))
