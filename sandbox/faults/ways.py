"""Faults of checks that one way to a card has and another has not, and of keys that say too much.

A card is reached by its id or a token, was made or activated, belongs to one account; a request
comes from one client or another. Overrides methods of the bank and the cards; knows nothing of how
the suite looks for these.
"""

from dataclasses import replace

from sandbox.bank import Bank
from sandbox.faults.registry import fault
from sandbox.lists import Lists
from sandbox.orders import Order, Settlement
from sandbox.records import Card, Token, Transaction
from sandbox.store import Store

# --- by id or by token ----------------------------------------------------------------------


@fault(
    "expired_card_pays_by_token",
    breaks="TIME-2",
    summary="whether a card has ended is not asked where a token pays",
)
class ExpiredCardPaysByToken(Bank):
    def check_card(self, card: Card, order: Order) -> None:
        by_token = order.token is not None
        super().check_card(replace(card, expires_at=None) if by_token else card, order)


@fault(
    "early_card_pays_by_token",
    breaks="TIME-1",
    summary="whether a card is active yet is not asked where a token pays",
)
class EarlyCardPaysByToken(Bank):
    def check_card(self, card: Card, order: Order) -> None:
        by_token = order.token is not None
        super().check_card(replace(card, active_from=None) if by_token else card, order)


@fault(
    "token_holds_beside_holds",
    breaks="TX-2",
    summary="a hold by token compares its amount with the balance, and not with what is available",
)
class TokenHoldsBesideHolds(Bank):
    def judge(self, card: Card, token: Token | None, order: Order) -> None:
        unasked = token is not None and order.operation == "hold"
        super().judge(replace(card, held=0) if unasked else card, token, order)


@fault(
    "empty_card_forgets_funds",
    breaks="REF-1",
    summary="a fund that is repeated once the card is empty fills it again",
)
class EmptyCardForgetsFunds(Bank):
    """As a key that is kept in the row of what is left, which is cleared with it."""

    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        forgotten = order.operation == "fund" and card.available == 0
        return None if forgotten else super().first(card, order)


@fault(
    "waiting_card_pays_by_token",
    breaks="CARD-5",
    summary="a card that waits for activation can be funded, and its token pays with that",
)
class WaitingCardPaysByToken(Bank):
    def check_card(self, card: Card, order: Order) -> None:
        unasked = order.token is not None or order.operation == "fund"
        super().check_card(replace(card, inactive=0) if unasked else card, order)


@fault(
    "deleted_card_is_funded",
    breaks="CARD-9",
    summary="a fund looks its card up without asking whether it was deleted",
)
class DeletedCardIsFunded(Bank):
    def payer(self, order: Order) -> tuple[Card, Token | None]:
        if order.operation == "fund" and order.card_id is not None:
            card = self.store.card(order.account, order.card_id)
            if card is not None:
                return card, None
        return super().payer(order)


@fault(
    "deleted_card_is_held_by_token",
    breaks="CARD-9",
    summary="a hold by token does not ask whether the card was deleted",
)
class DeletedCardIsHeldByToken(Bank):
    def payer(self, order: Order) -> tuple[Card, Token | None]:
        if order.operation == "hold" and order.token is not None:
            token = self.store.token(order.account, order.token)
            if token is not None:
                return self.store.card_by_seq(token.card), token
        return super().payer(order)


@fault(
    "fund_by_token_any_currency",
    breaks="TX-3",
    summary="a fund by token does not compare the currency",
)
class FundByTokenAnyCurrency(Bank):
    def check_currency(self, card: Card, order: Order) -> None:
        if order.token is None or order.operation != "fund":
            super().check_currency(card, order)


@fault(
    "old_currency_pays",
    breaks="TX-3",
    summary="a card that was activated in another currency still takes the one of its batch",
)
class OldCurrencyPays(Bank):
    def check_currency(self, card: Card, order: Order) -> None:
        if not card.fingerprint.startswith("activated") or order.currency != "NOK":
            super().check_currency(card, order)


# --- what a ref_id is looked for by ---------------------------------------------------------


@fault(
    "token_makes_another_request",
    breaks="REF-2",
    summary="a ref_id is looked for among the payments of the same token only",
)
class TokenMakesAnotherRequest(Bank):
    def create(self, order: Order) -> Transaction:
        with self.store.transaction():
            card, token = self.payer(order)
            first = self.first(card, order)
            if first is not None and first.token == (token.seq if token else None):
                self.replayed(card, order)
                return first
            refusal = self.refusal_of(card, token, order)
            if refusal is None:
                return self.post(card, token, order)
            self.after_refusal(card, token, order)
        raise refusal


@fault(
    "ref_belongs_to_its_client",
    breaks="REF-2",
    summary="a ref_id is looked for among the requests of the same client only",
)
class RefBelongsToItsClient(Bank):
    """A store of keys by client, as in jobs that key retries by (user, key) though cards do not."""

    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        found = super().first(card, order)
        return found if found is None or found.created_by == order.client_id else None


@fault(
    "origin_makes_another_request",
    breaks="REF-2",
    summary="the same ref_id with another originated_by pays once more",
)
class OriginMakesAnotherRequest(Bank):
    """As in Adyen/adyen-commercetools #1305: members that vary go into the key of a retry."""

    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        found = super().first(card, order)
        if found is None or not isinstance(order, Order):
            return found
        return found if found.originated_by == order.originated_by else None


@fault(
    "refs_of_all_accounts",
    breaks="AUTH-5",
    summary="a ref_id is looked for on the cards of that id in all accounts",
)
class RefsOfAllAccounts(Bank):
    """A look-up that is not scoped by merchant, as in own-pay/OwnPay #455."""

    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        found = super().first(card, order)
        if found is not None:
            return found
        rows = self.store.execute(
            "SELECT seq FROM cards WHERE card_id = ? AND account != ?", (card.card_id, card.account)
        )
        others = [self.store.card_by_seq(seq) for (seq,) in rows.fetchall()]
        space = self.ref_space(order.operation)
        records = (self.store.record_by_ref(other, order.ref_id, space) for other in others)
        return next(filter(None, records), None)


@fault(
    "ref_begins_with_ref",
    breaks="TX-1",
    summary="a ref_id finds a transaction whose ref_id begins with it",
)
class RefBeginsWithRef(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        space = self.ref_space(order.operation)
        records = [one for one in self.store.records(card) if one.operation in space]
        return next((one for one in records if one.ref_id.startswith(order.ref_id)), None)


@fault(
    "ref_ids_are_trimmed",
    breaks="TX-1",
    summary="ref_ids that differ in spaces around them are the same",
)
class RefIdsAreTrimmed(Bank):
    def first(self, card: Card, order: Order | Settlement) -> Transaction | None:
        return super().first(card, replace(order, ref_id=order.ref_id.strip()))

    def new_record(self, card: Card, token: Token | None, order: Order) -> Transaction:
        return super().new_record(card, token, replace(order, ref_id=order.ref_id.strip()))


@fault(
    "repeat_shows_what_remains",
    breaks="REF-6",
    summary="the answer to a repeated hold shows what remains of it as its amount",
)
class RepeatShowsWhatRemains(Bank):
    def replayed(self, card: Card, order: Order | Settlement) -> Transaction | None:
        first = super().replayed(card, order)
        if first is None or first.operation != "hold":
            return first
        return replace(first, amount=first.amount - first.captured)


# --- accounts -------------------------------------------------------------------------------


@fault(
    "transactions_by_card_id",
    breaks="AUTH-4",
    summary="the list of transactions is that of all cards with the id, in whatever account",
)
class TransactionsByCardId(Store):
    """As in open-mercato/open-mercato #5125: a list without the filter by tenant."""

    def records(self, card: Card, order: str = "ASC") -> list[Transaction]:
        rows = self.execute(
            "SELECT transactions.* FROM transactions JOIN cards ON cards.seq = transactions.card"
            f" WHERE cards.card_id = ? ORDER BY transactions.seq {order}",
            (card.card_id,),
        )
        return [Transaction(*row) for row in rows]


@fault(
    "customers_of_all_accounts",
    breaks="AUTH-4",
    summary="the list of a customer shows the cards that other accounts gave to that customer_id",
)
class CustomersOfAllAccounts(Lists):
    def of_customer(
        self, account: str, customer_id: str, limit: int, cursor: str | None
    ) -> list[Card]:
        own = super().of_customer(account, customer_id, limit, cursor)
        rows = self.store.execute(
            "SELECT seq FROM cards WHERE customer_id = ? AND account != ? LIMIT ?",
            (customer_id, account, limit),
        )
        others = [self.store.card_by_seq(seq) for (seq,) in rows.fetchall()]
        return [*own, *others][:limit]
