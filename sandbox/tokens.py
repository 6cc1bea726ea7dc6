"""Card tokens: made for a card, looked up, ended by time.

What a token pays for is decided by bank.py. Knows tokens and PINs; moves no money.
"""

import hmac
import json
import uuid
from typing import Any

from sandbox.access import Caller
from sandbox.clock import SECOND, Clock
from sandbox.codes import TOKEN_PREFIX, Codes
from sandbox.orders import packed
from sandbox.policy import Policy
from sandbox.records import Card, Token
from sandbox.refusals import Cause, Refusal
from sandbox.store import Store

# A printed card waits for years; its token is given a lifetime of its own on activation.
BATCH_LIFETIME_S = 10 * 365 * 86_400
# Longer than any card is used, and short enough for every date to print with four digits of year.
LONGEST_LIFETIME_S = 1_000 * 365 * 86_400
BOUNDED_LIFETIME_S = 20 * 365 * 86_400
_TRIES = 50


class Tokens:
    """Makes card tokens and finds cards by them."""

    def __init__(self, store: Store, clock: Clock, policy: Policy, codes: Codes) -> None:
        self.store = store
        self.clock = clock
        self.policy = policy
        self.codes = codes

    # --- make -------------------------------------------------------------------------------

    def create(self, caller: Caller, card_id: str, body: dict[str, Any]) -> Token:
        fingerprint = self.fingerprint(body)
        with self.store.transaction():
            card = self.store.card(caller.account, card_id)
            if card is None or card.deleted:
                raise Refusal(Cause.NO_CARD)
            first = self.store.token_by_ref(card, body["ref_id"])
            if first is not None:
                return self.repeated(first, fingerprint)
            if not self.policy.token_expired_card and self.clock.has_ended(card.expires_at):
                raise Refusal(Cause.EXPIRED)
            if card.inactive and not self.policy.token_inactive:
                raise Refusal(Cause.INACTIVE)
            return self.add(caller, card, body, body["ref_id"], fingerprint, with_card=False)

    def fingerprint(self, body: dict[str, Any]) -> str:
        names = ("ref_id", "expires_in", "metadata", "format", "expires_after_transaction")
        return json.dumps({name: body.get(name) for name in names}, sort_keys=True)

    def repeated(self, first: Token, fingerprint: str) -> Token:
        if first.fingerprint != fingerprint:
            raise Refusal(Cause.REF_ID_SPENT)
        if self.policy.repeat_token == "refuse":
            raise Refusal(Cause.REF_ID_REPEATED)
        return first

    def with_card(self, caller: Caller, card: Card, generator: dict[str, Any]) -> Token:
        """The token that is made with a card: its ref_id is the id of the card."""
        return self.add(caller, card, generator, card.card_id, "", with_card=True)

    def with_batch(self, caller: Caller, card: Card, wanted: dict[str, Any] | None) -> Token:
        generator: dict[str, Any] = {
            "expires_in": BATCH_LIFETIME_S,
            "expires_after_transaction": False,
        }
        if wanted is not None:
            generator["format"] = wanted
        return self.with_card(caller, card, generator)

    def add(
        self,
        caller: Caller,
        card: Card,
        generator: dict[str, Any],
        ref_id: str,
        fingerprint: str,
        *,
        with_card: bool,
    ) -> Token:
        lifetime_s = self.lifetime(generator["expires_in"])
        return self.store.add_token(
            Token(
                seq=0,
                card=card.seq,
                account=card.account,
                id=str(uuid.uuid4()),
                ref_id=ref_id,
                value=self.value(card, generator.get("format")),
                format=packed(generator.get("format")),
                one_time=int(self.one_time(generator)),
                expires_in=lifetime_s,
                expires_at=self.end(lifetime_s),
                used=0,
                with_card=int(with_card),
                metadata=packed(generator.get("metadata")),
                created_at=self.clock.now(),
                created_by=caller.client_id,
                fingerprint=fingerprint,
            )
        )

    def one_time(self, generator: dict[str, Any]) -> bool:
        return bool(generator.get("expires_after_transaction", True))

    def lifetime(self, wanted_s: int | float) -> int:
        """A lifetime that can be counted: longer ones are refused, for they cannot be kept."""
        longest_s = LONGEST_LIFETIME_S if self.policy.lives_any else BOUNDED_LIFETIME_S
        if wanted_s > longest_s:
            raise Refusal(Cause.INVALID, "expires_in is longer than this server counts")
        return int(wanted_s)

    def end(self, lifetime_s: int) -> int:
        return self.clock.now() + lifetime_s * SECOND

    def value(self, card: Card, wanted: dict[str, Any] | None) -> str:
        """A value that no token of the account has. Short formats can run out of them."""
        for _ in range(_TRIES):
            value = self.codes.token(wanted)
            if self.is_free(card, value):
                return value
        raise Refusal(Cause.FORMAT, "All codes of this format are taken")

    def is_free(self, card: Card, value: str) -> bool:
        return self.store.token(card.account, value) is None

    # --- look up ----------------------------------------------------------------------------

    def look_up(self, caller: Caller, body: dict[str, Any]) -> Card:
        with self.store.transaction():
            token = self.store.token(caller.account, body["token"])
            if token is None:
                raise Refusal(Cause.NO_TOKEN)
            card = self.store.card_by_seq(token.card)
            if card.deleted and not self.policy.deleted_info:
                raise Refusal(Cause.NO_TOKEN)
            if self.has_ended(token):
                raise Refusal(Cause.TOKEN_EXPIRED)
            if not self.policy.info_expired_card and self.clock.has_ended(card.expires_at):
                raise Refusal(Cause.EXPIRED)
            self.check_pin(card, body.get("pin"))
            return card

    def has_ended(self, token: Token) -> bool:
        return token.expires_at < self.clock.now()

    def check_pin(self, card: Card, given: str | None) -> None:
        if card.pin is None:
            return
        if given is None:
            if not self.policy.pin_optional:
                raise Refusal(Cause.PIN_MISSING)
        elif not hmac.compare_digest(card.pin.encode(), given.encode()):
            raise Refusal(Cause.WRONG_PIN)


def shown_prefix(token: Token, wanted: dict[str, Any] | None) -> str:
    """The part of a token's value that is not masked."""
    if not wanted:
        return TOKEN_PREFIX
    return str(wanted.get("prefix", ""))
