"""Faults of a card with a long history: what is folded from a snapshot of it lacks a part.

Overrides the money and the tokens; knows nothing of how the suite looks for these.
"""

from dataclasses import replace

from sandbox.bank import Bank
from sandbox.faults.registry import fault
from sandbox.orders import Order
from sandbox.records import Card, Token
from sandbox.refusals import Cause, Refusal
from sandbox.store import Store

_EVERY = 12
"""How many records there are between two snapshots of a card."""


def _records(store: Store, card: int) -> int:
    row = store.execute("SELECT count(*) FROM transactions WHERE card = ?", (card,)).fetchone()
    return int(row[0])


@fault(
    "snapshot_renews_one_time_tokens",
    breaks="TOKEN-2",
    summary="a one-time token that has paid pays again after 12 transactions of its card",
)
class SnapshotRenewsOneTimeTokens(Bank):
    def check_token(self, token: Token, order: Order) -> None:
        is_old = _records(self.store, token.card) > _EVERY
        super().check_token(replace(token, used=0) if is_old else token, order)


@fault(
    "snapshot_forgets_refs_of_tokens",
    breaks="TOKEN-11",
    summary="after 12 transactions of a card the ref_ids of its tokens are unused again",
)
class SnapshotForgetsRefsOfTokens(Store):
    def token_by_ref(self, card: Card, ref_id: str) -> Token | None:
        if _records(self, card.seq) > _EVERY:
            return None
        return super().token_by_ref(card, ref_id)


@fault(
    "snapshot_counts_a_fund_twice",
    breaks="TX-2",
    summary="the first change after a snapshot is available twice, if it is a fund",
)
class SnapshotCountsAFundTwice(Bank):
    def check_available(self, card: Card, amount: int) -> None:
        if _records(self.store, card.seq) % _EVERY == 1:
            last = self.store.records(card, "DESC")[0]
            twice = last.amount if last.operation == "fund" else 0
            if card.available < amount <= card.available + twice:
                return
        if amount > card.available:
            raise Refusal(Cause.INSUFFICIENT)
