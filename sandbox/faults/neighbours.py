"""Faults that one card, token or client brings upon another, or that a refusal leaves behind.

Overrides methods of every part; knows nothing of how the suite looks for these.
"""

from dataclasses import replace
from typing import Any

from sandbox.access import Caller
from sandbox.bank import Bank
from sandbox.cards import Cards, Issued
from sandbox.clock import SECOND
from sandbox.faults.registry import fault, part_of
from sandbox.orders import Order, Settlement
from sandbox.records import Card, Token, Transaction
from sandbox.refusals import Cause, Refusal
from sandbox.tokens import Tokens

_BATCH = 10
_REMEMBERED = 5 * SECOND
_MOST = 1000

# --- ref_ids --------------------------------------------------------------------------------


@fault(
    "customer_shares_refs",
    breaks="REF-4",
    summary="a ref_id that one card of a customer has used is used for all of them",
)
class CustomerSharesRefs(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        found = super().first(card, order)
        if found is not None or card.customer_id is None:
            return found
        cards = self.store.cards(card.account, "customer_id = ?", (card.customer_id,), _MOST)
        space = self.ref_space(order.operation)
        others = (self.store.record_by_ref(other, order.ref_id, space) for other in cards)
        return next(filter(None, others), None)


@fault(
    "metadata_makes_another_request",
    breaks="REF-2",
    summary="the same ref_id with other metadata pays once more",
)
class MetadataMakesAnotherRequest(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        found = super().first(card, order)
        return found if found is None or found.metadata == order.metadata else None


@fault(
    "token_refs_of_all_cards",
    breaks="TOKEN-1",
    summary="a token asked for with the ref_id of a token of another card is that token",
)
class TokenRefsOfAllCards(Tokens):
    def create(self, caller: Caller, card_id: str, body: dict[str, Any]) -> Token:
        for card in self.store.cards(caller.account, "deleted = ?", (0,), _MOST):
            first = self.store.token_by_ref(card, body["ref_id"])
            if first is not None:
                return first
        return super().create(caller, card_id, body)


# --- tokens ---------------------------------------------------------------------------------


@fault(
    "hold_ends_with_its_token",
    breaks="CAP-1",
    summary="what an expired token has locked can be neither captured nor voided",
)
class HoldEndsWithItsToken(Bank):
    def check_open(self, hold: Transaction) -> None:
        super().check_open(hold)
        tokens = self.store.tokens(self.store.card_by_seq(hold.card))
        if any(token.seq == hold.token and self.token_has_ended(token) for token in tokens):
            raise Refusal(Cause.TOKEN_EXPIRED)


@fault(
    "one_time_tokens_end_together",
    breaks="TOKEN-6",
    summary="a payment by one one-time token uses up all of the card's",
)
class OneTimeTokensEndTogether(Bank):
    def post(self, card: Card, token: Token | None, order: Order) -> Transaction:
        record = super().post(card, token, order)
        if token is not None and token.one_time and order.operation != "fund":
            for other in self.store.tokens(card):
                self.store.spend_token(other.seq)
        return record


@fault(
    "credit_note_by_token_overdrawn",
    breaks="TX-2",
    summary="what is on a credit note is not checked if a token pays",
)
class CreditNoteByTokenOverdrawn(Bank):
    def check_available(self, card: Card, amount: int) -> None:
        if not (card.type == "credit_note" and self.store.tokens(card)):
            super().check_available(card, amount)


# --- cards ----------------------------------------------------------------------------------


@fault(
    "delete_takes_longer_ids",
    breaks="BAL-7",
    summary="deleting a card deletes every card whose id begins with its id",
)
class DeleteTakesLongerIds(Cards):
    def delete(self, account: str, card_id: str) -> Card:
        deleted = super().delete(account, card_id)
        for card in self.store.cards(account, "card_id GLOB ?", (f"{card_id}*",), _MOST):
            self.store.mark_deleted(card)
        return deleted


@fault(
    "batch_ends_after_ten",
    breaks="CARD-4",
    summary="of a batch only the first ten cards can be found afterwards",
)
class BatchEndsAfterTen(Cards):
    def batch(self, caller: Caller, body: dict[str, Any]) -> list[Issued]:
        made = super().batch(caller, body)
        for issued in made[_BATCH:]:
            self.store.mark_deleted(issued.card)
        return made


@fault(
    "absence_is_remembered",
    breaks="READ-1",
    summary="a card that was asked for in vain is not found for five seconds more",
)
class AbsenceIsRemembered(Cards):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._absent: dict[tuple[str, str], int] = {}

    def read(self, account: str, card_id: str) -> Card:
        since = self._absent.get((account, card_id))
        if since is not None and self.clock.now() - since < _REMEMBERED:
            raise Refusal(Cause.NO_CARD)
        try:
            return super().read(account, card_id)
        except Refusal:
            self._absent[account, card_id] = self.clock.now()
            raise


@fault(
    "refused_activation_moves",
    breaks="CARD-7",
    summary="an activation that is refused gives the card to the customer that it names",
)
class RefusedActivationMoves(Cards):
    def activate(self, caller: Caller, card_id: str, body: dict[str, Any]) -> Card:
        try:
            return super().activate(caller, card_id, body)
        except Refusal:
            if "customer_id" in body:
                self.store.execute(
                    "UPDATE cards SET customer_id = ? WHERE account = ? AND card_id = ?",
                    (body["customer_id"], caller.account, card_id),
                )
            raise


@fault(
    "rotation_ends_the_period",
    breaks="CARD-11",
    summary="a new PIN takes the expires_at of its card away",
)
class RotationEndsThePeriod(Cards):
    def rotate_pin(self, account: str, card_id: str, wanted: dict[str, Any] | None) -> Issued:
        issued = super().rotate_pin(account, card_id, wanted)
        self.store.execute("UPDATE cards SET expires_at = NULL WHERE seq = ?", (issued.card.seq,))
        return issued


# --- arithmetic -----------------------------------------------------------------------------


@fault(
    "capture_in_fractions",
    breaks="CAP-1",
    summary="a capture reckons in fractions of 100, and loses 1 of some amounts",
)
class CaptureInFractions(Bank):
    def capture_amount(self, hold: Transaction, order: Settlement) -> int:
        return int(super().capture_amount(hold, order) / 100 * 100)


# --- the id of a deleted card ----------------------------------------------------------------


class _FreesIds(Cards):
    """The id of a deleted card can be given to a new one, which is permitted."""

    def __init__(self, *parts: Any, **named: Any) -> None:
        super().__init__(*parts, **named)
        self.policy = replace(self.policy, reuse_deleted_id=True)


@fault(
    "token_finds_card_of_same_id",
    breaks="CARD-9",
    summary="a token names its card by the card_id, which a new card may have by now",
)
class TokenFindsCardOfSameId(Bank):
    def payer(self, order: Order) -> tuple[Card, Token | None]:
        token = self.store.token(order.account, order.token) if order.token is not None else None
        if token is None:
            return super().payer(order)
        return self.card(order.account, self.store.card_by_seq(token.card).card_id), token


@part_of("token_finds_card_of_same_id")
class TokenFindsCardFreesIds(_FreesIds):
    """The same; the ids of deleted cards are free."""


# --- what cards of one customer share -------------------------------------------------------


@fault(
    "new_card_renames_customer",
    breaks="CARD-2",
    summary="the name of a new card becomes that of all cards of its customer",
)
class NewCardRenamesCustomer(Cards):
    def issue(self, caller: Caller, body: dict[str, Any], fingerprint: str) -> Issued:
        issued = super().issue(caller, body, fingerprint)
        card = issued.card
        if card.name is not None and card.customer_id is not None:
            self.store.execute(
                "UPDATE cards SET name = ? WHERE account = ? AND customer_id = ?",
                (card.name, card.account, card.customer_id),
            )
        return issued


@fault(
    "pin_of_customer",
    breaks="CARD-11",
    summary="a new PIN of a card becomes that of all cards of its customer that have one",
)
class PinOfCustomer(Cards):
    def rotate_pin(self, account: str, card_id: str, wanted: dict[str, Any] | None) -> Issued:
        issued = super().rotate_pin(account, card_id, wanted)
        self.store.execute(
            "UPDATE cards SET pin = ? WHERE account = ? AND customer_id = ? AND pin IS NOT NULL",
            (issued.card.pin, account, issued.card.customer_id),
        )
        return issued
