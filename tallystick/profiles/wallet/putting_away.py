"""Put away what a run made on the target: open holds are voided, then cards are deleted.

It works within a bound of seconds, over a few connections, and never raises for what the target
does. A refusal here is no finding: this module judges nothing. What stays is listed in `LeftOpen`.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from tallystick.cleanup import Bound, LeftOpen, left_open
from tallystick.ledger.vocabulary import (
    CardId,
    CardRecord,
    DeleteCard,
    EntryId,
    Kind,
    ReadCard,
    ReadTransactions,
    RefId,
    Transact,
    Void,
)
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet import wire
from tallystick.profiles.wallet.traces import PENDING, Card, Hold, Traces, items, members
from tallystick.request import Request
from tallystick.target import Answer, Target, TargetError

MOST_REFUSALS = 20
"""Refused deletions, while none has worked, until the target counts as one that deletes nothing."""
NO_SUCH_OPERATION = (404, 405, 501)
"""What a target without deletions answers to them; a card that holds money is refused otherwise."""
DELETED = "deleted"
"""The status of a card that some servers still show after its deletion (question 33)."""
DELETES_NONE = "the target deletes no cards"
LARGEST_PAGE = 100
MOST_PAGES = 100


class CleanUp:
    """Voids the open holds of a run and deletes its cards, on the accounts that it has targets for.

    `targets` maps account ids to connections that may write there; a holder of other credentials
    is needed for a card on another account, so such cards are listed instead.
    """

    def __init__(self, traces: Traces, targets: Mapping[str, Target], bound: Bound) -> None:
        self.traces = traces
        self._targets = targets
        self._bound = bound
        self._lock = threading.Lock()
        self._deletions = 0
        self._refusals = 0
        self._has_no_deletion = False
        self._reason = ""

    def run(self) -> LeftOpen:
        """Put away what can be, and say what stays. Never raises for what the target does."""
        try:
            self._find_lost_holds()
            self._for_each(self._void, self.traces.open_holds())
            self._delete_all()
        except KeyboardInterrupt:
            self._stop("interrupted")
        return self.left()

    def _delete_all(self) -> None:
        cards = self.traces.live_cards()
        if cards and not any(
            target.support.has(op.DELETE_CARD) for target in self._targets.values()
        ):
            self._stop(DELETES_NONE)
        self._for_each(self._delete, cards)

    def left(self, reason: str = "") -> LeftOpen:
        """What stays as far as is known now; `reason` says why, if nothing was tried."""
        self._stop(reason)
        cards = [card.id for card in self.traces.live_cards() if card.is_sure]
        holds = [hold.id for hold in self.traces.open_holds()]
        return left_open(cards, holds, self._reason)

    def _for_each(self, put_away: Callable[[Target, Any], None], items: list[Any]) -> None:
        """Do it to every item, over a few connections."""
        for account, main in self._targets.items():
            mine = iter([item for item in items if item.account == account])
            number = self._bound.connections
            with ThreadPoolExecutor(number) as pool:
                workers = [pool.submit(self._work, main, put_away, mine) for _ in range(number)]
            for worker in workers:
                worker.result()
        if any(item.account not in self._targets for item in items):
            self._stop("no credentials for the other account")

    def _work(
        self, main: Target, put_away: Callable[[Target, Any], None], items: Iterator[Any]
    ) -> None:
        target = main.another()
        try:
            while (item := self._next(items)) is not None:
                put_away(target, item)
        except TargetError as error:
            self._stop(str(error))
        finally:
            target.close()

    def _next(self, items: Iterator[Any]) -> Any:
        with self._lock:
            if self._bound.is_over:
                self._reason = self._reason or "the time for the clean-up was up"
            return None if self._reason else next(items, None)

    def _stop(self, reason: str) -> None:
        self._reason = self._reason or reason

    def _find_lost_holds(self) -> None:
        """Read the lists of the cards on which an answer to a hold was lost."""
        unsure = [card for card in self.traces.live_cards() if card.may_have_more_holds]
        self._for_each(self._read_list, unsure)

    def _read_list(self, target: Target, card: Card) -> None:
        answer = _ask(target, wire.encode(ReadTransactions(CardId(card.id)), card.account))
        if answer is None or answer.status != 200:
            return
        for item in items(answer.body):
            id_ = members(item).get("id")
            if members(item).get("type") == PENDING and isinstance(id_, str):
                hold = Hold(card.account, id_, card.id, None)
                self.traces.holds.setdefault((card.account, id_), hold)

    def _void(self, target: Target, hold: Hold) -> None:
        void = Void(CardId(hold.card or ""), EntryId(hold.id), _fresh_ref())
        answer = _ask(target, wire.encode(void, hold.account))
        if answer is not None and 200 <= answer.status < 300:
            hold.is_closed = True
        elif _is_refusal(answer) and hold.card is not None:
            # Refused: it was closed before, by an answer that was lost. The card's figures tell.
            shown = _ask(target, wire.encode(ReadCard(CardId(hold.card)), hold.account))
            if shown is not None and shown.status == 200:
                record = wire.card_record(shown.body)
                hold.is_closed = record.balance == record.available is not None
            else:
                hold.is_closed = _is_refusal(shown)

    def _delete(self, target: Target, card: Card) -> None:
        is_gone = self._try_to_delete(target, card)
        if is_gone is False and self._empty(target, card):
            is_gone = self._try_to_delete(target, card)
        with self._lock:
            self._refusals += is_gone is False and not card.is_deleted
            if not self._deletions and self._refusals >= MOST_REFUSALS:
                self._stop(DELETES_NONE)

    def _try_to_delete(self, target: Target, card: Card) -> bool | None:
        """Whether the card is gone now; None if no answer says so."""
        answer = _ask(target, wire.encode(DeleteCard(CardId(card.id)), card.account))
        if answer is not None and answer.status in NO_SUCH_OPERATION:
            self._has_no_deletion = not self._deletions
        if _is_refusal(answer):
            return False
        if answer is None or answer.status >= 500:
            return None
        with self._lock:
            self._deletions += 1
            card.is_deleted = True
        return True

    def _empty(self, target: Target, card: Card) -> bool:
        """Draw what is left on a card, since a target may refuse to delete money (question 33).

        Returns whether there was money to draw. A card that cannot be read, or that says that it is
        deleted, counts as gone.
        """
        shown = _ask(target, wire.encode(ReadCard(CardId(card.id)), card.account))
        if shown is None or shown.status != 200:
            card.is_deleted = _is_refusal(shown)
            return False
        card.is_sure = True
        record = wire.card_record(shown.body)
        card.is_deleted = record.status == DELETED
        if not card.is_deleted and record.balance != record.available:
            self._release(target, card)
            record = self._shown(target, card) or record
        if card.is_deleted or self._has_no_deletion or not record.available or not record.currency:
            return False
        draw = Transact(
            Kind.DRAWDOWN, CardId(card.id), record.available, record.currency, _fresh_ref()
        )
        answer = _ask(target, wire.encode(draw, card.account))
        return answer is not None and 200 <= answer.status < 300

    def _release(self, target: Target, card: Card) -> None:
        """Void what the card's own list shows as open, whatever is known of it."""
        self._read_list(target, card)
        for hold in self.traces.open_holds():
            if (hold.account, hold.card) == (card.account, card.id):
                self._void(target, hold)

    @staticmethod
    def _shown(target: Target, card: Card) -> CardRecord | None:
        answer = _ask(target, wire.encode(ReadCard(CardId(card.id)), card.account))
        if answer is None or answer.status != 200:
            return None
        return wire.card_record(answer.body)


def _fresh_ref() -> RefId:
    return RefId(f"cleanup.{uuid.uuid4().hex[:20]}")


def _is_refusal(answer: Answer | None) -> bool:
    return answer is not None and 400 <= answer.status < 500


def _ask(target: Target, request: Request) -> Answer | None:
    answer = target.ask(request)  # at the end of a run nothing new is to be found out
    return answer if isinstance(answer, Answer) else None


def cards_with_prefix(target: Target, prefix: str) -> Iterator[str]:
    """The ids in the account's card list that begin with a run's prefix."""
    after: str | None = None
    for _ in range(MOST_PAGES):
        account = quote(target.address.account, safe="")
        cursor = f"&starting_after={quote(after, safe='')}" if after else ""
        path = f"/accounts/{account}/wallets/cards?limit={LARGEST_PAGE}{cursor}"
        answer = _ask(target, Request(op.LIST_CARDS, "GET", path))
        if answer is None or answer.status != 200:
            return
        for item in items(members(answer.body).get("cards")):
            card_id = members(item).get("card_id")
            if isinstance(card_id, str) and card_id.startswith(prefix):
                yield card_id
        after = members(answer.body).get("starting_after")
        if not isinstance(after, str) or not after:
            return
