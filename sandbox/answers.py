"""What the server says: records as the JSON objects of the API document.

A member without a value is left out, never null. Knows the shapes; decides nothing.
"""

from collections.abc import Iterable
from typing import Any

from sandbox.cards import Issued, pin_format
from sandbox.clock import Clock, stamp
from sandbox.codes import DEFAULT_LENGTH, TOKEN_PREFIX, Codes, masked
from sandbox.lists import Page
from sandbox.orders import unpacked
from sandbox.policy import Policy
from sandbox.records import Card, Token, Transaction
from sandbox.refusals import Refusal
from sandbox.tokens import shown_prefix

Json = dict[str, Any]


class Answers:
    """One method for each schema that an answer has."""

    def __init__(self, clock: Clock, policy: Policy, codes: Codes) -> None:
        self.clock = clock
        self.policy = policy
        self.codes = codes

    # --- cards ------------------------------------------------------------------------------

    def card(self, card: Card) -> Json:
        """Card: everything but PIN and tokens."""
        return present(
            **self.properties(card), amount=self.amount(card), currency=card.currency
        ) | self.balance(card)

    def properties(self, card: Card) -> Json:
        """What a card shows to everyone, its owner included."""
        return {
            "card_id": card.card_id,
            "customer_id": card.customer_id,
            "name": card.name,
            "type": card.type,
            "status": self.status(card),
            "id": card.id,
            "created_at": stamp(card.created_at),
            "created_by": self.creator(card.created_by),
            "metadata": unpacked(card.metadata),
            "originated_by": card.originated_by,
            "active_from": card.active_from,
            "expires_at": card.expires_at,
        }

    def creator(self, client_id: str) -> str | None:
        return client_id if self.policy.shows_creator else None

    def amount(self, card: Card) -> int:
        match self.policy.amount_shows:
            case "balance":
                return card.balance
            case "available":
                return card.available
            case "total":
                return card.funds
        return card.opening

    def balance(self, card: Card) -> Json:
        """The six figures, or the two old ones."""
        figures = {"amount_balance": card.balance, "amount_available": card.available}
        if self.policy.shows_figures:
            locked = {"now": card.held, "gross": card.gross_held}
            uncounted = 0 if self.policy.funds_count_opening else card.opening
            drawn = {"drawn": card.drawn, "held": card.drawn + card.held, "captured": card.captured}
            figures |= {
                "amount_funds": card.funds - uncounted,
                "amount_drawdown": drawn[self.policy.drawdown_shows],
                "amount_pending": locked[self.policy.pending_shows],
                "amount_reserved": locked[self.policy.reserved_shows],
            }
        return figures

    def status(self, card: Card) -> str:
        if card.deleted:
            return "deleted"
        if card.inactive:
            return "inactive"
        if self.policy.status_expired and self.clock.has_ended(card.expires_at):
            return "expired"
        return "used" if card.used and self.policy.status_used else "unused"

    def card_read(self, card: Card) -> Json:
        """CardRead: a card and the format of its PIN."""
        return self.card(card) | self.pin_part(card)

    def pin_part(self, card: Card) -> Json:
        wanted = pin_format(card)
        return {} if wanted is None else {"pin": {"format": wanted}}

    def card_details(self, card: Card, tokens: Iterable[Token]) -> Json:
        return self.card_read(card) | self.token_list(tokens)

    def issued(self, issued: Issued) -> Json:
        """CardWithSecrets: the only answer that shows the PIN and the token."""
        answer = self.card(issued.card)
        if issued.pin is not None:
            answer["pin"] = self.pin(issued)
        if issued.token is not None:
            answer["card_token"] = self.token(issued.token)
        return answer

    def pin(self, issued: Issued) -> Json:
        assert issued.pin is not None
        wanted = pin_format(issued.card)
        return {"format": wanted, "pin": self.codes.shown(issued.pin, wanted)}

    def page(self, page: Page) -> Json:
        return present(
            cards=[self.card_read(card) for card in page.cards],
            starting_after=page.starting_after,
        )

    def batch(self, issued: Iterable[Issued]) -> Json:
        return {"cards": [self.issued(one) for one in issued]}

    def customer_card(self, card: Card) -> Json:
        return present(**self.properties(card)) | self.pin_part(card)

    def customer_card_state(self, card: Card, tokens: Iterable[Token]) -> Json:
        return (
            self.customer_card(card)
            | {"currency": card.currency}
            | self.balance(card)
            | self.token_list(tokens)
        )

    # --- card tokens ------------------------------------------------------------------------

    def token(self, token: Token) -> Json:
        wanted = unpacked(token.format)
        return present(
            id=token.id,
            created_at=stamp(token.created_at),
            created_by=self.creator(token.created_by),
            ref_id=token.ref_id,
            metadata=unpacked(token.metadata),
            format=self.format(wanted),
            expires_after_transaction=bool(token.one_time),
            expires_in=token.expires_in,
            token=self.codes.shown(token.value, wanted),
        )

    def token_list(self, tokens: Iterable[Token]) -> Json:
        return {"tokens": [self.masked_token(token) for token in tokens]}

    def masked_token(self, token: Token) -> Json:
        wanted = unpacked(token.format)
        return {
            "expires_at": stamp(token.expires_at),
            "masked_code": masked(token.value, shown_prefix(token, wanted)),
            "format": self.format(wanted),
        }

    def format(self, wanted: Json | None) -> Json:
        return wanted or {"length": DEFAULT_LENGTH, "prefix": TOKEN_PREFIX}

    # --- transactions -----------------------------------------------------------------------

    def transaction(self, record: Transaction) -> Json:
        return present(
            id=record.id,
            ref_id=record.ref_id,
            type=record.type,
            amount=record.amount,
            currency=record.currency,
            parent_id=record.parent_id,
            metadata=unpacked(record.metadata),
            originated_by=record.originated_by,
            created_at=stamp(record.created_at),
            created_by=self.creator(record.created_by),
        )

    def transactions(self, records: Iterable[Transaction]) -> list[Json]:
        return [self.transaction(record) for record in records]

    # --- refusals ---------------------------------------------------------------------------

    def refusal_status(self, refusal: Refusal) -> int:
        return dict(self.policy.statuses).get(refusal.cause.name, refusal.cause.value.status)

    def refusal(self, refusal: Refusal) -> Json:
        message = refusal.cause.value.message
        error: Json = {"code": refusal.cause.name, "message": message}
        if refusal.detail:
            error["errors"] = [{"message": refusal.detail}]
        return {"error": error}


def present(**members: Any) -> Json:
    """The members that have a value."""
    return {name: value for name, value in members.items() if value is not None}
