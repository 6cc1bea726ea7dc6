"""Card tokens, PINs and access tokens: when they end, how they are shown, how often one may try.

Overrides of tokens, the bank, the answers and access.
"""

import time
from collections.abc import Iterable
from typing import Any

from sandbox.access import Access
from sandbox.answers import Answers
from sandbox.app import App, Message, Reply
from sandbox.bank import Bank
from sandbox.cards import Cards, Issued
from sandbox.clock import SECOND
from sandbox.codes import Codes
from sandbox.dialects.registry import dialect
from sandbox.records import Card, Token, Transaction
from sandbox.refusals import Cause, Refusal
from sandbox.routing import Route
from sandbox.service import Call, Service
from sandbox.tokens import Tokens, shown_prefix

_TRIES, _LOCKED_S = 3, 5.0
_GRANTS, _WINDOW_S = 4, 1.0


@dialect(
    "token_back_after_void",
    permitted="question 47: does a voided transaction use up a one-time token?",
    summary="a one-time token pays again after its hold was voided",
)
class TokenBackAfterVoid(Bank):
    def post_void(self, card: Card, hold: Transaction, released: int) -> None:
        super().post_void(card, hold, released)
        if hold.token is not None and not hold.captured:
            self.store.execute("UPDATE tokens SET used = 0 WHERE seq = ?", (hold.token,))


@dialect(
    "token_list_live",
    permitted="TokenList (T24) does not say that tokens stay in it that can pay no more",
    summary="the details of a card list the tokens that can still pay",
)
class TokenListLive(Answers):
    def token_list(self, tokens: Iterable[Token]) -> dict[str, Any]:
        now = self.clock.now()
        live = [t for t in tokens if t.expires_at >= now and not (t.one_time and t.used)]
        return super().token_list(live) if live else {}


@dialect(
    "masks_short",
    permitted="masked_code has one printed example (T24) and no rule",
    summary="a masked code has a fixed length, whatever the code is",
)
class MasksShort(Answers):
    def masked_token(self, token: Token) -> dict[str, Any]:
        shown = super().masked_token(token)
        code = token.value.removeprefix(shown_prefix(token, shown["format"]))
        return shown | {"masked_code": "****" + code[len(code) - min(4, len(code) // 4) :]}


@dialect(
    "token_ends_rounded",
    permitted="question 29: no clock is exact; expires_in counts seconds (P)",
    summary="a token ends with the second that it ends in",
)
class TokenEndsRounded(Tokens):
    def end(self, lifetime_s: int) -> int:
        return -(-super().end(lifetime_s) // SECOND) * SECOND


@dialect(
    "token_ends_cut",
    permitted="question 29: no clock is exact; expires_in counts seconds (P)",
    summary="a token ends with the second before it ends",
)
class TokenEndsCut(Tokens):
    def end(self, lifetime_s: int) -> int:
        return super().end(lifetime_s) // SECOND * SECOND


@dialect(
    "classes_named_only",
    permitted="question 48: does naming one class of characters switch the others off?",
    summary="a format that names a class of characters uses the named ones only",
)
class ClassesNamedOnly(Codes):
    def alphabet(self, wanted: dict[str, Any]) -> str:
        names = ("symbols", "numbers", "characters")
        unnamed = not any(wanted.get(name) for name in names)
        return super().alphabet({name: wanted.get(name, unnamed) for name in names})


@dialect(
    "pin_tries_counted",
    permitted="question 50: lock-out after tries",
    summary="three wrong PINs in a row lock the look-up of the card for a while",
)
class PinTriesCounted(Tokens):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.tries: dict[int, list[float]] = {}

    def check_pin(self, card: Card, given: str | None) -> None:
        tries = self.tries.setdefault(card.seq, [])
        if len(tries) >= _TRIES and time.monotonic() - tries[-1] < _LOCKED_S:
            raise Refusal(Cause.WRONG_PIN, "Too many tries")
        try:
            super().check_pin(card, given)
        except Refusal:
            tries.append(time.monotonic())
            raise
        tries.clear()


@dialect(
    "rotation_ends_tokens",
    permitted="question 51: do tokens survive a new PIN?",
    summary="a new PIN ends the tokens of its card",
)
class RotationEndsTokens(Cards):
    def rotate_pin(self, account: str, card_id: str, wanted: dict[str, Any] | None) -> Issued:
        issued = super().rotate_pin(account, card_id, wanted)
        with self.store.transaction():
            self.store.retime_tokens(issued.card, "expires_at", self.clock.now() - 1)
        return issued


@dialect(
    "pin_of_usable_cards",
    permitted="question 51: PIN on an inactive or expired card",
    summary="a card gets a new PIN only while it can pay",
)
class PinOfUsableCards(Cards):
    def rotate_pin(self, account: str, card_id: str, wanted: dict[str, Any] | None) -> Issued:
        card = self.live(account, card_id)
        if card.inactive or self.clock.has_ended(card.expires_at):
            raise Refusal(Cause.INACTIVE if card.inactive else Cause.EXPIRED)
        return super().rotate_pin(account, card_id, wanted)


@dialect(
    "token_value_once",
    permitted="question 4; a secret that is shown once (G:wallet-batch-create-gift-card has it so)",
    summary="a repeated token creation shows the token without its value, and the seconds left",
)
class TokenValueOnce(Service):
    def create_token(self, call: Call) -> Any:
        with self.store.transaction():
            card = self.store.card(call.caller.account, call.path["card_id"])
            first = card and self.store.token_by_ref(card, call.body["ref_id"])
        answer = super().create_token(call)
        if not first:
            return answer
        left_s = max((first.expires_at - self.tokens.clock.now()) // SECOND, 1)
        return {n: v for n, v in answer.items() if n != "token"} | {"expires_in": left_s}


# --- access tokens ------------------------------------------------------------------------------


@dialect(
    "grants_limited",
    permitted="Get Token answers 429 with Retry-After (N26)",
    summary="Get Token gives four access tokens in a second, then 429",
)
class GrantsLimited(App):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.given: list[float] = []

    def get_token(self, message: Message, route: Route) -> Any:
        now = time.monotonic()
        self.given[:] = [moment for moment in self.given if now - moment < _WINDOW_S]
        if len(self.given) >= _GRANTS:
            raise Refusal(Cause.TOO_MANY_REQUESTS)
        self.given.append(now)
        return super().get_token(message, route)

    def refuse(self, refusal: Refusal) -> Reply:
        reply = super().refuse(refusal)
        if refusal.cause is not Cause.TOO_MANY_REQUESTS:
            return reply
        return Reply(reply.status, reply.content, (*reply.headers, ("Retry-After", "1")))


@dialect(
    "grants_kept",
    permitted="`expires_in` (P:authenticate/get-token) is what is left; no page says that each"
    " grant makes a new token",
    summary="Get Token gives the same access token until half of its life is over",
)
class GrantsKept(Access):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._given: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}

    def issue(self, authorization: str | None, owner: str, grant: dict[str, Any]) -> dict[str, Any]:
        fresh = super().issue(authorization, owner, grant)
        now_s = self.clock.now() // SECOND
        key = (authorization or "", grant["audience"])
        made_s, kept = self._given.setdefault(key, (now_s, fresh))
        if (now_s - made_s) * 2 > self.lifetime_s:
            self._given[key] = made_s, kept = now_s, fresh
        left_s = made_s + self.lifetime_s - now_s
        return kept | {"expires_in": left_s, "refresh_token": "none", "scope": "wallets"}
