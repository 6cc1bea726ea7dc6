"""Retries: what a repeat is answered while the first is under way, and long after it.

Overrides of the bank, the service and the replies.
"""

import asyncio
import json
from typing import Any

from sandbox.access import Caller
from sandbox.app import App, Message, Reply
from sandbox.bank import Bank
from sandbox.dialects.registry import dialect, part_of
from sandbox.orders import Order, Settlement
from sandbox.records import Card, Token
from sandbox.refusals import Cause, Refusal
from sandbox.service import Call, Service
from sandbox.tokens import Tokens

_UNDER_WAY_S = 0.002


@dialect(
    "repeat_under_way_refused",
    permitted="question 7: two equal requests at the same moment, which answer for the loser?",
    summary="a ref_id is refused while a request with it is under way; later repeats are replayed",
)
class RepeatUnderWayRefused(App):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.under_way: set[tuple[bytes, str, str]] = set()

    async def reply(self, message: Message) -> Reply:
        key = self.key_of(message)
        if key is None:
            return await super().reply(message)
        if key in self.under_way:
            return self.refuse(Refusal(Cause.REF_ID_SPENT, "a request with it is under way"))
        self.under_way.add(key)
        try:
            await asyncio.sleep(_UNDER_WAY_S)
            return await super().reply(message)
        finally:
            self.under_way.discard(key)

    def key_of(self, message: Message) -> tuple[bytes, str, str] | None:
        """What a lock on the ref_id is named by; nothing for a request without one."""
        if message.method != "POST" or b"/transactions" not in message.raw_path:
            return None
        try:
            body = json.loads(message.body)
        except (ValueError, RecursionError):
            return None
        if not isinstance(body, dict) or not isinstance(body.get("ref_id"), str):
            return None
        return message.raw_path, body["ref_id"], str(body.get("card_id", body.get("token")))


@dialect(
    "replays_verbatim",
    permitted="question 1: the replayed answer is the first one, as Stripe and others store it",
    summary="a repeat of a transaction gets the first answer, though the record shows more now",
    finished_type="follows",
)
class ReplaysVerbatim(Service):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._first: dict[str, dict[str, Any]] = {}

    def create_transaction(self, call: Call) -> Any:
        return self.first(super().create_transaction(call))

    def capture(self, call: Call) -> Any:
        return self.first(super().capture(call))

    def void(self, call: Call) -> Any:
        return self.first(super().void(call))

    def first(self, answer: dict[str, Any]) -> dict[str, Any]:
        return self._first.setdefault(answer["id"], answer)


@dialect(
    "card_replays_verbatim",
    permitted="questions 5, 32 and 39: a card retry may replay, and an answer that is replayed is"
    " the first one",
    summary="a repeated create, batch or activation gets the first answer, money and all",
    repeat_card="replay",
    repeat_batch="replay",
    repeat_activation="replay",
)
class CardReplaysVerbatim(Service):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._made: dict[str, Any] = {}

    def create_card(self, call: Call) -> Any:
        answer = super().create_card(call)
        return self._made.setdefault(f"created {answer['id']}", answer)

    def batch_cards(self, call: Call) -> Any:
        answer = super().batch_cards(call)
        ids = " ".join(card["id"] for card in answer["cards"])
        return self._made.setdefault(f"batch {ids}", answer)

    def activate_card(self, call: Call) -> Any:
        answer = super().activate_card(call)
        return self._made.setdefault(f"activated {answer['id']}", answer)


@dialect(
    "refs_with_tokens",
    permitted="question 4: do tokens and transactions share one space of ref_ids?",
    summary="a ref_id of a token is taken for transactions, and the reverse",
)
class RefsWithTokens(Bank):
    def check_ref(self, card: Card, order: Order | Settlement) -> None:
        super().check_ref(card, order)
        if any(token.ref_id == order.ref_id for token in self.store.tokens(card)):
            raise Refusal(Cause.REF_ID_SPENT)


@part_of("refs_with_tokens")
class TokensWithRefs(Tokens):
    def add(self, caller: Caller, card: Card, *rest: Any, **more: Any) -> Token:
        ref_id = rest[1]
        taken = self.store.execute(
            "SELECT 1 FROM transactions WHERE card = ? AND ref_id = ?", (card.seq, ref_id)
        ).fetchone()
        if taken:
            raise Refusal(Cause.REF_ID_SPENT)
        return super().add(caller, card, *rest, **more)


@dialect(
    "ref_spent_when_short",
    permitted="question 5: does a refused request use up its ref_id?",
    summary="only a refusal for lack of money uses a ref_id up",
)
class RefSpentWhenShort(Bank):
    def refusal_of(self, card: Card, token: Token | None, order: Order) -> Refusal | None:
        refusal = super().refusal_of(card, token, order)
        if refusal is not None and refusal.cause is Cause.INSUFFICIENT:
            self.store.spend_ref(card, order.operation, order.ref_id)
        return refusal

    def check_ref(self, card: Card, order: Order | Settlement) -> None:
        super().check_ref(card, order)
        if self.store.ref_is_spent(card, order.ref_id, self.ref_space(order.operation)):
            raise Refusal(Cause.REF_ID_SPENT)
