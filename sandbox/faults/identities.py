"""Faults that take two ids for one: by case, accents, wildcards, numbers, separators or a prefix.

Overrides the look-ups of every part; knows nothing of how the suite looks for these.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from sandbox.access import Caller
from sandbox.bank import Bank
from sandbox.cards import Cards
from sandbox.faults.registry import fault, part_of
from sandbox.lists import Lists
from sandbox.orders import Order, Settlement
from sandbox.records import Card, Token, Transaction
from sandbox.refusals import Cause, Refusal
from sandbox.routing import Router
from sandbox.service import Service
from sandbox.store import Store
from sandbox.tokens import Tokens

_MOST = 10_000


def _as_glob(text: str) -> str:
    """The text as LIKE would read it, in the notation of GLOB, which minds the case."""
    return text.replace("%", "*").replace("_", "?")


def _bare(text: str) -> str:
    """The text without accents, and with compatible characters for special ones."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def _nearest(store: Store, account: str, card_id: str, form: Callable[[str], str]) -> str:
    """The id if it is one of a card, else that of the first card that has the same form."""
    if store.card(account, card_id) is None:
        for card in store.cards(account, "deleted = 0", (), _MOST):
            if form(card.card_id) == form(card_id):
                return card.card_id
    return card_id


def _without_separators(text: str) -> str:
    return re.sub("[-_.]", "", text)


def _with_single_spaces(text: str) -> str:
    return re.sub(" +", " ", text)


@fault(
    "list_of_longer_ids",
    breaks="BAL-5",
    summary="the transactions of a card show those of cards whose id begins with its id",
)
class ListOfLongerIds(Lists):
    def transactions(self, card: Card) -> list[Transaction]:
        found = list(super().transactions(card))
        for other in self.store.cards(card.account, "card_id GLOB ?", (f"{card.card_id}?*",), 5):
            found += super().transactions(other)
        return found


@fault(
    "cards_of_longer_customers",
    breaks="CARD-10",
    summary="a customer's list shows the cards of customers whose id begins with that id",
)
class CardsOfLongerCustomers(Lists):
    def where(self, conditions: list[str]) -> str:
        return super().where(
            [one.replace("customer_id = ?", "customer_id GLOB ? || '*'") for one in conditions]
        )


@fault(
    "customer_id_is_a_pattern",
    breaks="CARD-10",
    summary="a percent sign or an underscore in a customer_id of a list is a wildcard",
)
class CustomerIdIsAPattern(Lists):
    def of_customer(
        self, account: str, customer_id: str, limit: int, cursor: str | None
    ) -> list[Card]:
        return super().of_customer(account, _as_glob(customer_id), limit, cursor)

    def where(self, conditions: list[str]) -> str:
        return super().where(
            [one.replace("customer_id = ?", "customer_id GLOB ?") for one in conditions]
        )


@fault(
    "customers_without_separators",
    breaks="CARD-10",
    summary="a customer's list does not see the hyphens and underscores of a customer_id",
)
class CustomersWithoutSeparators(Lists):
    def of_customer(
        self, account: str, customer_id: str, limit: int, cursor: str | None
    ) -> list[Card]:
        return super().of_customer(account, re.sub("[-_]", "", customer_id), limit, cursor)

    def where(self, conditions: list[str]) -> str:
        bare = "replace(replace(customer_id, '-', ''), '_', '') = ?"
        return super().where([one.replace("customer_id = ?", bare) for one in conditions])


@fault(
    "card_ids_without_accents",
    breaks="READ-2",
    summary="a card_id finds the first card whose id differs in accents or forms of letters only",
)
class CardIdsWithoutAccents(Store):
    def card(self, account: str, card_id: str) -> Card | None:
        if card_id.isascii():
            return super().card(account, card_id)
        for other in self.cards(account, "deleted = 0", (), _MOST):
            if _bare(other.card_id) == _bare(card_id):
                return other
        return None


@part_of("card_ids_without_accents")
class AccentsMakeACard(Cards):
    def repeated(self, taken: Card, fingerprint: str) -> Any:
        return None  # a new card was asked for, and its own id is free


@fault(
    "accented_ids_are_taken",
    breaks="READ-2",
    summary="a card_id with accents is taken, and found, if it is one of a card without them",
)
class AccentedIdsAreTaken(CardIdsWithoutAccents):
    """A collation that is blind to accents, such as MySQL's default: create is refused as well."""


@fault(
    "card_ids_are_numbers",
    breaks="READ-2",
    summary="a card_id of digits finds the card whose id is the same number",
)
class CardIdsAreNumbers(Cards):
    def read(self, account: str, card_id: str) -> Card:
        if not (card_id.isascii() and card_id.isdigit()):
            return super().read(account, card_id)
        same = "CAST(card_id AS INTEGER) = ? AND card_id NOT GLOB '*[^0-9]*' ORDER BY seq"
        found = self.store.cards(account, same, (int(card_id) % 2**63,), 1)
        return found[0] if found else super().read(account, card_id)


@fault(
    "separators_do_not_count",
    breaks="BAL-7",
    summary="a payment takes a card_id without its spaces, dots and dashes",
)
class SeparatorsDoNotCount(Bank):
    def card(self, account: str, card_id: str) -> Card:
        column = "replace(replace(replace(card_id, ' ', ''), '.', ''), '-', '')"
        bare = card_id.replace(" ", "").replace(".", "").replace("-", "")
        found = self.store.cards(account, f"{column} = ? AND deleted = 0", (bare,), 1)
        return found[0] if found else super().card(account, card_id)


@fault(
    "path_decoded_twice",
    breaks="READ-2",
    summary="the ids of a path are percent-decoded once more than they were encoded",
)
class PathDecodedTwice(Router):
    def decode(self, segments: tuple[str, ...], sent: list[bytes]) -> dict[str, str]:
        return {name: unquote(value) for name, value in super().decode(segments, sent).items()}


@fault(
    "delete_by_pattern",
    breaks="BAL-7",
    summary="deleting a card deletes those that its id fits as a pattern",
)
class DeleteByPattern(Cards):
    def delete(self, account: str, card_id: str) -> Card:
        deleted = super().delete(account, card_id)
        for card in self.store.cards(account, "card_id GLOB ?", (_as_glob(card_id),), _MOST):
            self.store.mark_deleted(card)
        return deleted


@fault(
    "ref_ids_are_patterns",
    breaks="TX-1",
    summary="a ref_id with an underscore or a percent sign finds others that it fits",
)
class RefIdsArePatterns(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        exact = super().first(card, order)
        rows = self.store.execute(
            "SELECT id FROM transactions WHERE card = ? AND ref_id GLOB ? LIMIT 1",
            (card.seq, _as_glob(order.ref_id)),
        ).fetchone()
        return exact or (self.store.record(card.account, rows[0]) if rows else None)


@fault(
    "ref_ids_without_separators",
    breaks="TX-1",
    summary="ref_ids that differ in dots, colons and dashes only are the same",
)
class RefIdsWithoutSeparators(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        found = super().first(card, order)
        if found is not None:
            return found
        bare = order.ref_id.translate({ord(sign): None for sign in ".:-"})
        column = "replace(replace(replace(ref_id, '.', ''), ':', ''), '-', '')"
        rows = self.store.execute(
            f"SELECT id FROM transactions WHERE card = ? AND {column} = ? LIMIT 1", (card.seq, bare)
        ).fetchone()
        return self.store.record(card.account, rows[0]) if rows else None


@fault(
    "token_is_a_pattern",
    breaks="TOKEN-4",
    summary="an underscore in a token stands for any character",
)
class TokenIsAPattern(Store):
    def token(self, account: str, value: str) -> Token | None:
        return super().token(account, value) or self._one(
            Token,
            "SELECT * FROM tokens WHERE account = ? AND value GLOB ?",
            (account, value.replace("_", "?")),
        )


@fault(
    "token_made_for_longer_id",
    breaks="TOKEN-1",
    summary="a token is made for the first card whose id begins with the card_id in the path",
)
class TokenMadeForLongerId(Store):
    def add_token(self, token: Token) -> Token:
        card = self.card_by_seq(token.card)
        first = self.cards(card.account, "card_id GLOB ? ORDER BY seq", (f"{card.card_id}*",), 1)
        added = super().add_token(token)
        self.execute("UPDATE tokens SET card = ? WHERE seq = ?", (first[0].seq, added.seq))
        return added


# Ids of no card: one operation looks them up by itself, and finds more than the others.


@fault(
    "rotation_without_accents",
    breaks="CARD-12",
    summary="a new PIN for a card_id of no card goes to one that differs in accents only",
)
class RotationWithoutAccents(Cards):
    def rotate_pin(self, account: str, card_id: str, wanted: dict[str, Any] | None) -> Any:
        return super().rotate_pin(account, _nearest(self.store, account, card_id, _bare), wanted)


@fault(
    "deletion_in_any_case",
    breaks="CARD-12",
    summary="deleting a card_id of no card deletes one that differs in case only",
)
class DeletionInAnyCase(Cards):
    def delete(self, account: str, card_id: str) -> Card:
        return super().delete(account, _nearest(self.store, account, card_id, str.casefold))


@fault(
    "activation_without_zeros",
    breaks="CARD-12",
    summary="activating a card_id of no card activates one without the zeros before it",
)
class ActivationWithoutZeros(Cards):
    def activate(self, caller: Caller, card_id: str, body: dict[str, Any]) -> Card:
        found = _nearest(self.store, caller.account, card_id, lambda text: text.lstrip("0"))
        return super().activate(caller, found, body)


@fault(
    "token_for_single_spaces",
    breaks="CARD-12",
    summary="a token for a card_id of no card is made for one with fewer spaces in a row",
)
class TokenForSingleSpaces(Tokens):
    def create(self, caller: Caller, card_id: str, body: dict[str, Any]) -> Token:
        found = _nearest(self.store, caller.account, card_id, _with_single_spaces)
        return super().create(caller, found, body)


@fault(
    "transactions_without_separators",
    breaks="READ-4",
    summary="the transactions of a card_id of no card are those of one with other separators",
)
class TransactionsWithoutSeparators(Service):
    def list_transactions(self, call: Any) -> Any:
        account, card_id = call.caller.account, call.path["card_id"]
        call.path["card_id"] = _nearest(self.cards.store, account, card_id, _without_separators)
        return super().list_transactions(call)


@fault(
    "customer_card_in_any_case",
    breaks="READ-4",
    summary="a card is read as one of a customer whose id differs in case only",
)
class CustomerCardInAnyCase(Lists):
    def customer_card(self, account: str, customer_id: str, card_id: str) -> Card:
        card = self.store.card(account, card_id)
        owner = card.customer_id if card is not None else None
        alike = owner is not None and owner.casefold() == customer_id.casefold()
        return super().customer_card(account, str(owner) if alike else customer_id, card_id)


@fault(
    "batch_in_any_case",
    breaks="CARD-4",
    summary="a batch is refused if a card_id of it differs in case only from that of a card",
)
class BatchInAnyCase(Cards):
    def issue_inactive(self, caller: Caller, entry: dict[str, Any], options: dict[str, Any]) -> Any:
        taken = _nearest(self.store, caller.account, entry["card_id"], str.casefold)
        if taken != entry["card_id"]:
            raise Refusal(Cause.CARD_EXISTS)
        return super().issue_inactive(caller, entry, options)


@fault(
    "transaction_id_by_its_beginning",
    breaks="TX-7",
    summary="a transaction_id of no transaction finds one that has its first half",
)
class TransactionIdByItsBeginning(Store):
    def record(self, account: str, transaction_id: str) -> Transaction | None:
        return super().record(account, transaction_id) or self._one(
            Transaction,
            "SELECT * FROM transactions WHERE account = ? AND id GLOB ? || '*'",
            (account, transaction_id[:18]),
        )


@fault(
    "ref_ids_end_at_a_comma",
    breaks="TX-1",
    summary="of a ref_id with a comma the part before it is looked for",
)
class RefIdsEndAtAComma(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        part, comma, _ = order.ref_id.partition(",")
        rows = self.store.execute(
            "SELECT id FROM transactions WHERE card = ? AND ref_id GLOB ? || '*' LIMIT 1",
            (card.seq, part + comma),
        ).fetchone()
        found = super().first(card, order)
        return found or (self.store.record(card.account, rows[0]) if rows and comma else None)


@fault(
    "ref_ids_of_tokens_in_any_case",
    breaks="TOKEN-1",
    summary="a ref_id of a token finds those that differ in case only",
)
class RefIdsOfTokensInAnyCase(Store):
    def token_by_ref(self, card: Card, ref_id: str) -> Token | None:
        return super().token_by_ref(card, ref_id) or self._one(
            Token,
            "SELECT * FROM tokens WHERE card = ? AND lower(ref_id) = ? AND with_card = 0",
            (card.seq, ref_id.lower()),
        )


@fault(
    "tokens_of_letters_in_any_case",
    breaks="TOKEN-4",
    summary="a token is taken in capital and in small letters, whatever it was made of",
)
class TokensOfLettersInAnyCase(Store):
    def token(self, account: str, value: str) -> Token | None:
        return super().token(account, value) or self._one(
            Token,
            "SELECT * FROM tokens WHERE account = ? AND lower(value) = ?",
            (account, value.lower()),
        )


@fault(
    "pins_of_letters_in_any_case",
    breaks="CARD-11",
    summary="a PIN of letters is taken in the other case too",
)
class PinsOfLettersInAnyCase(Tokens):
    def check_pin(self, card: Card, given: str | None) -> None:
        alike = card.pin is not None and given is not None and given.lower() == card.pin.lower()
        super().check_pin(card, card.pin if alike else given)
