"""Faults in card tokens and PINs: how often a token pays, when it expires, who sees a PIN.

Overrides methods of tokens, codes and the bank; knows nothing of how the suite looks for these.
"""

from dataclasses import replace
from typing import Any

from sandbox.access import Caller
from sandbox.answers import Answers
from sandbox.bank import Bank
from sandbox.cards import Cards, Issued
from sandbox.clock import SECOND
from sandbox.codes import Codes
from sandbox.faults.registry import fault, part_of
from sandbox.orders import Order
from sandbox.records import Card, Token
from sandbox.refusals import Cause, Refusal
from sandbox.tokens import Tokens

# --- what a token pays for ------------------------------------------------------------------


@fault(
    "one_time_token_pays_twice", breaks="TOKEN-2", summary="a one-time token pays again and again"
)
class OneTimeTokenPaysTwice(Bank):
    def check_token(self, token: Token, order: Order) -> None:
        super().check_token(replace(token, used=0), order)


@fault(
    "lasting_token_pays_once", breaks="TOKEN-6", summary="a lasting token pays for one transaction"
)
class LastingTokenPaysOnce(Bank):
    def check_token(self, token: Token, order: Order) -> None:
        super().check_token(replace(token, one_time=1), order)


@fault(
    "one_time_is_not_default",
    breaks="TOKEN-2",
    summary="without expires_after_transaction a token lasts",
)
class OneTimeIsNotDefault(Tokens):
    def one_time(self, generator: dict[str, Any]) -> bool:
        return bool(generator.get("expires_after_transaction", False))


@fault("expired_token_pays", breaks="TOKEN-5", summary="an expired token still pays")
class ExpiredTokenPays(Bank):
    def token_has_ended(self, token: Token) -> bool:
        return False


@fault("token_pays_any_currency", breaks="TX-3", summary="by token the currency is not compared")
class TokenPaysAnyCurrency(Bank):
    def check_currency(self, card: Card, order: Order) -> None:
        if order.token is None:
            super().check_currency(card, order)


@fault("token_pays_above_available", breaks="TX-2", summary="by token holds are not counted")
class TokenPaysAboveAvailable(Bank):
    def judge(self, card: Card, token: Token | None, order: Order) -> None:
        super().judge(replace(card, held=0) if token else card, token, order)


# --- look-up --------------------------------------------------------------------------------


@fault("expired_token_looks_up", breaks="TOKEN-5", summary="info answers for an expired token")
class ExpiredTokenLooksUp(Tokens):
    def has_ended(self, token: Token) -> bool:
        return False


@fault(
    "used_token_looks_up_nothing", breaks="TOKEN-3", summary="info ends with a token's transaction"
)
class UsedTokenLooksUpNothing(Tokens):
    def has_ended(self, token: Token) -> bool:
        return bool(token.one_time and token.used) or super().has_ended(token)


@fault(
    "token_lives_too_long", breaks="TOKEN-5", summary="a token lives a minute longer than it says"
)
class TokenLivesTooLong(Tokens):
    def end(self, lifetime_s: int) -> int:
        return super().end(lifetime_s) + 60 * SECOND


@fault("token_lives_milliseconds", breaks="TOKEN-6", summary="expires_in is read as milliseconds")
class TokenLivesMilliseconds(Tokens):
    def end(self, lifetime_s: int) -> int:
        return self.clock.now() + lifetime_s * SECOND // 1000


@fault("token_of_deleted_card_pays", breaks="CARD-9", summary="a deleted card's token still pays")
class TokenOfDeletedCardPays(Bank):
    def payer(self, order: Order) -> tuple[Card, Token | None]:
        token = self.store.token(order.account, order.token) if order.token is not None else None
        return (self.store.card_by_seq(token.card), token) if token else super().payer(order)


# --- how codes look -------------------------------------------------------------------------


@fault(
    "token_length_counts_prefix", breaks="TOKEN-7", summary="the length of a token has its prefix"
)
class TokenLengthCountsPrefix(Codes):
    def token(self, wanted: dict[str, Any] | None) -> str:
        code = super().token(wanted)
        length = int(wanted.get("length", 36)) if wanted else len(code)
        return code[: max(length, 1)]


@fault("token_format_classes_ignored", breaks="TOKEN-7", summary="numeric tokens have letters")
class TokenFormatClassesIgnored(Codes):
    def alphabet(self, wanted: dict[str, Any]) -> str:
        return super().alphabet({}) if super().alphabet(wanted) else ""


@fault("token_prefix_ignored", breaks="TOKEN-7", summary="the prefix of a format is not used")
class TokenPrefixIgnored(Codes):
    def token(self, wanted: dict[str, Any] | None) -> str:
        return super().token({n: v for n, v in (wanted or {}).items() if n != "prefix"})


@fault("token_default_has_no_prefix", breaks="TOKEN-9", summary="a default token is a bare UUID")
class TokenDefaultHasNoPrefix(Codes):
    def token(self, wanted: dict[str, Any] | None) -> str:
        code = super().token(wanted)
        return code if wanted else code.rpartition(":")[2]


@fault("token_shown_unmasked", breaks="TOKEN-8", summary="the card details show whole tokens")
class TokenShownUnmasked(Answers):
    def masked_token(self, token: Token) -> dict[str, Any]:
        return super().masked_token(token) | {"masked_code": token.value}


@fault(
    "token_hides_four",
    breaks="TOKEN-8",
    summary="a masked code hides the last four signs of a token only",
)
class TokenHidesFour(Answers):
    def masked_token(self, token: Token) -> dict[str, Any]:
        return super().masked_token(token) | {"masked_code": token.value[:-4] + "****"}


@fault("token_list_forgets", breaks="TOKEN-8", summary="the card details show the first token only")
class TokenListForgets(Answers):
    def token_list(self, tokens: Any) -> dict[str, Any]:
        return super().token_list(list(tokens)[:1])


# --- PIN ------------------------------------------------------------------------------------


@fault("wrong_pin_accepted", breaks="CARD-11", summary="info does not compare the PIN")
class WrongPinAccepted(Tokens):
    def check_pin(self, card: Card, given: str | None) -> None:
        pass


@fault(
    "right_pin_refused", breaks="TOKEN-3", summary="a PIN that starts with 0 is compared as number"
)
class RightPinRefused(Tokens):
    def check_pin(self, card: Card, given: str | None) -> None:
        if given is not None and card.pin is not None and card.pin.startswith("0"):
            raise Refusal(Cause.WRONG_PIN)
        super().check_pin(card, given)


@fault("old_pin_still_works", breaks="CARD-11", summary="rotate-pin leaves the old PIN in force")
class OldPinStillWorks(Cards):
    def rotate_pin(self, account: str, card_id: str, wanted: dict[str, Any] | None) -> Issued:
        before = self.live(account, card_id)
        issued = super().rotate_pin(account, card_id, wanted)
        if before.pin is not None:
            self.store.set_pin(before, before.pin, before.pin_format)
        return issued


@fault("pin_shown_in_details", breaks="CARD-14", summary="the card details tell the PIN")
class PinShownInDetails(Answers):
    def pin_part(self, card: Card) -> dict[str, Any]:
        part = super().pin_part(card)
        return {"pin": part["pin"] | {"pin": {"value": card.pin}}} if part else part


@fault(
    "pin_length_is_three", breaks="CARD-15", summary="a PIN has three characters, whatever is asked"
)
class PinLengthIsThree(Codes):
    def pin(self, wanted: dict[str, Any] | None) -> str:
        return super().pin(wanted)[:3]


@fault("rotate_empties_card", breaks="BAL-1", summary="rotate-pin takes the balance off the card")
class RotateEmptiesCard(Cards):
    def rotate_pin(self, account: str, card_id: str, wanted: dict[str, Any] | None) -> Issued:
        issued = super().rotate_pin(account, card_id, wanted)
        self.store.move(issued.card, funds=-issued.card.available)
        return issued


# --- codes that are not unique, or not as asked ---------------------------------------------


@fault(
    "short_tokens_collide",
    breaks="TOKEN-3",
    summary="whether a token's value is taken is not asked: it leads to the first card that has it",
)
class ShortTokensCollide(Tokens):
    """As in SkautDevs/kissj #368: nothing keeps two short codes apart."""

    def is_free(self, card: Card, value: str) -> bool:
        return True


@fault(
    "batch_shares_a_token",
    breaks="TOKEN-3",
    summary="the token of a batch is made once, and printed on each of its cards",
)
class BatchSharesAToken(Tokens):
    def value(self, card: Card, wanted: dict[str, Any] | None) -> str:
        if card.fingerprint != "batch":
            return super().value(card, wanted)
        moment = "created_at > ? AND fingerprint = 'batch' AND seq < ?"
        values = (card.created_at - SECOND // 100, card.seq)
        before = self.store.cards(card.account, f"{moment} ORDER BY seq DESC", values, 1)
        tokens = self.store.tokens(before[0]) if before else []
        return tokens[0].value if tokens else super().value(card, wanted)


@fault(
    "batch_token_format_ignored",
    breaks="TOKEN-7",
    summary="the format of the tokens of a batch is not used",
)
class BatchTokenFormatIgnored(Tokens):
    def value(self, card: Card, wanted: dict[str, Any] | None) -> str:
        return super().value(card, None if card.fingerprint == "batch" else wanted)


@fault(
    "batch_pin_format_ignored",
    breaks="TOKEN-7",
    summary="the format of the PINs of a batch is not used",
)
class BatchPinFormatIgnored(Cards):
    def batch(self, caller: Caller, body: dict[str, Any]) -> list[Issued]:
        options = body.get("options") or {}
        if "pin" not in options:
            return super().batch(caller, body)
        issued = super().batch(caller, body | {"options": options | {"pin": {}}})
        return [replace(one, card=replace(one.card, pin_format=None)) for one in issued]


@fault(
    "short_code_not_masked",
    breaks="TOKEN-8",
    summary="the last five characters of a masked code are shown, however short it is",
)
class ShortCodeNotMasked(Answers):
    def masked_token(self, token: Token) -> dict[str, Any]:
        shown = super().masked_token(token)
        code: str = shown["masked_code"]
        return shown | {"masked_code": code[: max(0, len(code) - 5)] + token.value[-5:]}


@fault(
    "card_token_never_ends",
    breaks="TOKEN-5",
    summary="a token that is made with its card lives on after its expires_in",
)
class CardTokenNeverEnds(Tokens):
    def has_ended(self, token: Token) -> bool:
        return not token.with_card and super().has_ended(token)


@part_of("card_token_never_ends")
class CardTokenPaysForever(Bank):
    def token_has_ended(self, token: Token) -> bool:
        return not token.with_card and super().token_has_ended(token)


@fault(
    "chosen_pin_not_kept",
    breaks="CARD-11",
    summary="a rotation without a format shows a new PIN, and the old one goes on",
)
class ChosenPinNotKept(Cards):
    def rotate_pin(self, account: str, card_id: str, wanted: dict[str, Any] | None) -> Issued:
        before = self.read(account, card_id)
        issued = super().rotate_pin(account, card_id, wanted)
        if wanted is None and before.pin is not None:
            self.store.set_pin(before, before.pin, before.pin_format)
        return issued
