"""Faults of cards: what is kept of a new one, batches, activation, deletion, customers.

Overrides methods of cards and lists; knows nothing of how the suite looks for these.
"""

from dataclasses import replace
from typing import Any

from sandbox.access import Caller
from sandbox.answers import Answers
from sandbox.bank import Bank
from sandbox.cards import Cards, Issued
from sandbox.faults.registry import fault
from sandbox.lists import Lists
from sandbox.orders import Order
from sandbox.records import Card
from sandbox.refusals import Cause, Refusal
from sandbox.store import Store

# --- what is kept of a new card -------------------------------------------------------------


class NewCard(Cards):
    """Changes what is stored of a card when it is created."""

    changes: tuple[tuple[str, Any], ...] = ()

    def new_card(self, caller: Caller, body: dict[str, Any], fingerprint: str) -> Card:
        return replace(super().new_card(caller, body, fingerprint), **dict(self.changes))


@fault("card_loses_name", breaks="CARD-2", summary="the name of a card is not kept")
class CardLosesName(NewCard):
    changes = (("name", None),)


@fault("card_loses_metadata", breaks="CARD-2", summary="the metadata of a card is not kept")
class CardLosesMetadata(NewCard):
    changes = (("metadata", None),)


@fault("card_loses_customer", breaks="CARD-2", summary="the customer of a card is not kept")
class CardLosesCustomer(NewCard):
    changes = (("customer_id", None),)


@fault("card_loses_origin", breaks="CARD-2", summary="originated_by of a card is not kept")
class CardLosesOrigin(NewCard):
    changes = (("originated_by", None),)


@fault("card_loses_period", breaks="CARD-2", summary="active_from and expires_at are not kept")
class CardLosesPeriod(NewCard):
    changes = (("active_from", None), ("expires_at", None))


@fault("credit_note_is_gift_card", breaks="CARD-2", summary="every card is a gift card")
class CreditNoteIsGiftCard(NewCard):
    changes = (("type", "gift_card"),)


@fault("card_currency_is_nok", breaks="CARD-1", summary="every card is in NOK")
class CardCurrencyIsNok(NewCard):
    changes = (("currency", "NOK"),)


@fault("opening_amount_lost", breaks="CARD-1", summary="a card starts with nothing on it")
class OpeningAmountLost(NewCard):
    changes = (("funds", 0),)


@fault("card_recreated", breaks="CARD-3", summary="create with a taken card_id replaces the card")
class CardRecreated(Cards):
    def repeated(self, taken: Card, fingerprint: str) -> Issued | None:
        return None


@fault("card_ids_ignore_case", breaks="CARD-1", summary="card ids that differ in case are one card")
class CardIdsIgnoreCase(Store):
    def card(self, account: str, card_id: str) -> Card | None:
        row = self.execute(
            "SELECT * FROM cards WHERE account = ? AND card_id = ? COLLATE NOCASE"
            " ORDER BY seq DESC LIMIT 1",
            (account, card_id),
        ).fetchone()
        return Card(*row) if row else None


@fault(
    "card_id_cut_at_100", breaks="CARD-1", summary="card ids are one card if 100 characters agree"
)
class CardIdCutAt100(Store):
    def card(self, account: str, card_id: str) -> Card | None:
        row = self.execute(
            "SELECT * FROM cards WHERE account = ? AND substr(card_id, 1, 100) = substr(?, 1, 100)"
            " ORDER BY seq DESC LIMIT 1",
            (account, card_id),
        ).fetchone()
        return Card(*row) if row else None


# --- batch and activation -------------------------------------------------------------------


@fault("batch_forgets_last", breaks="CARD-4", summary="the last card of a batch is never made")
class BatchForgetsLast(Cards):
    def batch(self, caller: Caller, body: dict[str, Any]) -> list[Issued]:
        made = super().batch(caller, body)
        if len(made) > 1:
            self.store.mark_deleted(made[-1].card)
        return made


@fault(
    "batch_makes_doubles",
    breaks="CARD-4",
    summary="an id that a batch names twice gets two cards: it is looked up before any is made",
)
class BatchMakesDoubles(Cards):
    def batch(self, caller: Caller, body: dict[str, Any]) -> list[Issued]:
        entries = {entry["card_id"]: entry for entry in body["cards"]}
        made = super().batch(caller, body | {"cards": list(entries.values())})
        with self.store.transaction():
            for entry in body["cards"]:
                if entry is not entries[entry["card_id"]]:
                    double = self.new_card(caller, entry | {"amount": 0, "currency": "NOK"}, "")
                    card = self.store.add_card(replace(double, inactive=1))
                    made.append(Issued(card, None, None))
        return made


@fault("batch_cards_are_active", breaks="CARD-4", summary="cards of a batch need no activation")
class BatchCardsAreActive(Cards):
    def issue_inactive(
        self, caller: Caller, entry: dict[str, Any], options: dict[str, Any]
    ) -> Issued:
        issued = super().issue_inactive(caller, entry, options)
        self.store.activate(issued.card, {"used": 0})
        return replace(issued, card=self.store.card_by_seq(issued.card.seq))


@fault("batch_ignores_type", breaks="CARD-4", summary="cards of a batch are gift cards")
class BatchIgnoresType(Cards):
    def issue_inactive(
        self, caller: Caller, entry: dict[str, Any], options: dict[str, Any]
    ) -> Issued:
        return super().issue_inactive(caller, entry | {"type": "gift_card"}, options)


@fault("inactive_card_pays", breaks="CARD-5", summary="an inactive card takes transactions")
class InactiveCardPays(Bank):
    def check_card(self, card: Card, order: Order) -> None:
        super().check_card(replace(card, inactive=0), order)


@fault("activate_twice", breaks="CARD-7", summary="a second activation loads the amount again")
class ActivateTwice(Cards):
    def check_inactive(self, card: Card) -> None:
        pass


@fault("activation_resets_card", breaks="CARD-7", summary="activation of a card in use resets it")
class ActivationResetsCard(Cards):
    def check_inactive(self, card: Card) -> None:
        pass

    def activation(self, card: Card, body: dict[str, Any]) -> dict[str, object]:
        fresh = {"funds": body["amount"], "drawn": 0, "held": 0, "gross_held": 0, "used": 0}
        return super().activation(card, body) | fresh


@fault(
    "activation_loads_nothing", breaks="CARD-6", summary="activation shows an amount, loads none"
)
class ActivationLoadsNothing(Cards):
    def activation(self, card: Card, body: dict[str, Any]) -> dict[str, object]:
        return super().activation(card, body) | {"funds": 0}


@fault("activation_keeps_currency", breaks="CARD-6", summary="an activated card stays in NOK")
class ActivationKeepsCurrency(Cards):
    def activation(self, card: Card, body: dict[str, Any]) -> dict[str, object]:
        return super().activation(card, body) | {"currency": card.currency}


@fault(
    "activation_forgets_type",
    breaks="CARD-2",
    summary="an activated card has no type, since the request that activates it names none",
)
class ActivationForgetsType(Cards):
    def activation(self, card: Card, body: dict[str, Any]) -> dict[str, object]:
        return super().activation(card, body) | {"type": body.get("type")}


@fault("activation_ignores_period", breaks="CARD-6", summary="activation does not set the period")
class ActivationIgnoresPeriod(Cards):
    def activation(self, card: Card, body: dict[str, Any]) -> dict[str, object]:
        kept = {"active_from": card.active_from, "expires_at": card.expires_at}
        return super().activation(card, body) | kept


@fault(
    "activated_card_is_inactive", breaks="CARD-13", summary="an activated card still says inactive"
)
class ActivatedCardIsInactive(Answers):
    def status(self, card: Card) -> str:
        activated = card.fingerprint.startswith("activated") and not card.used
        return "inactive" if activated else super().status(card)


# --- delete ---------------------------------------------------------------------------------


@fault("deleted_card_pays", breaks="CARD-9", summary="a deleted card can be drawn from by card_id")
class DeletedCardPays(Bank):
    def card(self, account: str, card_id: str) -> Card:
        card = self.store.card(account, card_id)
        if card is None:
            raise Refusal(Cause.NO_CARD)
        return card


@fault("delete_does_nothing", breaks="CARD-8", summary="a deleted card is as before")
class DeleteDoesNothing(Cards):
    def delete(self, account: str, card_id: str) -> Card:
        return replace(self.live(account, card_id), deleted=1)


# --- customers ------------------------------------------------------------------------------


@fault(
    "customer_sees_all_cards", breaks="CARD-10", summary="a customer can read any card by its id"
)
class CustomerSeesAllCards(Lists):
    def customer_card(self, account: str, customer_id: str, card_id: str) -> Card:
        card = self.store.card(account, card_id)
        if card is None or card.deleted:
            raise Refusal(Cause.NO_CARD)
        return card


@fault("customer_prefix_matches", breaks="CARD-10", summary="customer 1 is shown the cards of 12")
class CustomerPrefixMatches(Lists):
    def of_customer(
        self, account: str, customer_id: str, limit: int, cursor: str | None
    ) -> list[Card]:
        with self.store.transaction():
            found = self.store.cards(account, "deleted = 0 ORDER BY seq", (), -1)
        matching = [c for c in found if (c.customer_id or "").startswith(customer_id)]
        own = super().of_customer(account, customer_id, limit, cursor)
        return (own + [c for c in matching if c not in own and self.is_listed(c)])[:limit]


@fault(
    "customer_list_has_deleted", breaks="CARD-10", summary="deleted cards are listed for a customer"
)
class CustomerListHasDeleted(Lists):
    def is_listed(self, card: Card) -> bool:
        return super().is_listed(replace(card, deleted=0))


@fault("customer_list_ignores_limit", breaks="READ-7", summary="the customer list has no pages")
class CustomerListIgnoresLimit(Lists):
    def of_customer(
        self, account: str, customer_id: str, limit: int, cursor: str | None
    ) -> list[Card]:
        return super().of_customer(account, customer_id, 10_000, cursor)


@fault("customer_list_ignores_cursor", breaks="READ-9", summary="the customer list starts over")
class CustomerListIgnoresCursor(Lists):
    def of_customer(
        self, account: str, customer_id: str, limit: int, cursor: str | None
    ) -> list[Card]:
        return super().of_customer(account, customer_id, limit, None)


@fault("customer_view_other_currency", breaks="CARD-10", summary="the customer's view is in NOK")
class CustomerViewOtherCurrency(Answers):
    def customer_card_state(self, card: Card, tokens: Any) -> dict[str, Any]:
        return super().customer_card_state(card, tokens) | {"currency": "NOK"}


@fault(
    "batch_of_one_pin",
    breaks="CARD-14",
    summary="all cards of a batch have the PIN of the first one",
)
class BatchOfOnePin(Cards):
    def batch(self, caller: Caller, body: dict[str, Any]) -> list[Issued]:
        made = super().batch(caller, body)
        with self.store.transaction():
            for one in made:
                self.store.execute(
                    "UPDATE cards SET pin = ? WHERE seq = ?", (made[0].pin, one.card.seq)
                )
        return [replace(one, pin=made[0].pin) for one in made]


@fault(
    "batch_pin_for_the_first_only",
    breaks="CARD-14",
    summary="only the first card of a batch has a PIN",
)
class BatchPinForTheFirstOnly(Cards):
    def batch(self, caller: Caller, body: dict[str, Any]) -> list[Issued]:
        first, *others = super().batch(caller, body)
        return [first, *(replace(one, pin=None) for one in others)]
