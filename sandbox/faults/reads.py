"""Faults in what is shown: lists with gaps and repeats, stale reads, lost members.

Overrides methods of the lists and the answers; knows nothing of how the suite looks for these.
"""

from dataclasses import replace
from typing import Any

from sandbox.answers import Answers
from sandbox.cards import Cards
from sandbox.document import Operation
from sandbox.faults.registry import fault, part_of
from sandbox.intake import Intake
from sandbox.lists import CardQuery, Lists, Page
from sandbox.records import Card, Transaction
from sandbox.service import Call, Service

# --- pages ----------------------------------------------------------------------------------


@fault("page_repeats_cursor", breaks="READ-3", summary="a page starts with the card of the cursor")
class PageRepeatsCursor(Lists):
    def start(
        self, account: str, cursor: str | None, conditions: list[str], values: list[Any]
    ) -> bool:
        started = super().start(account, cursor, conditions, values)
        if cursor is not None and started:
            values[-1] += -1 if self.policy.cards_order == "oldest" else 1
        return started


@fault(
    "page_skips_one", breaks="READ-5", summary="a page after the first leaves its first card out"
)
class PageSkipsOne(Lists):
    def start(
        self, account: str, cursor: str | None, conditions: list[str], values: list[Any]
    ) -> bool:
        started = super().start(account, cursor, conditions, values)
        if cursor is not None and started:
            values[-1] += 1 if self.policy.cards_order == "oldest" else -1
        return started


@fault(
    "last_card_has_no_page",
    breaks="READ-5",
    summary="a last page of one card is never announced",
)
class LastCardHasNoPage(Lists):
    def page(self, account: str, query: CardQuery) -> Page:
        page = super().page(account, query)
        if page.starting_after is None:
            return page
        rest = super().page(account, replace(query, limit=2, cursor=page.starting_after))
        return page if len(rest.cards) > 1 else replace(page, starting_after=None)


@fault("limit_ignored", breaks="READ-7", summary="every page has ten cards, whatever the limit is")
class LimitIgnored(Lists):
    def page(self, account: str, query: CardQuery) -> Page:
        return super().page(account, replace(query, limit=10))


@fault("limit_plus_one", breaks="READ-7", summary="a page has one card more than its limit")
class LimitPlusOne(Lists):
    def cut(self, found: list[Card], limit: int) -> Page:
        return super().cut(found, limit + 1)


@fault("deleted_cards_listed", breaks="CARD-8", summary="the list shows deleted cards unasked")
class DeletedCardsListed(Lists):
    def page(self, account: str, query: CardQuery) -> Page:
        return super().page(account, replace(query, include_deleted=True))


@fault("deleted_cards_never_listed", breaks="CARD-8", summary="include_deleted is ignored")
class DeletedCardsNeverListed(Lists):
    def page(self, account: str, query: CardQuery) -> Page:
        return super().page(account, replace(query, include_deleted=False))


# --- the transactions of a card -------------------------------------------------------------


@fault("list_omits_voids", breaks="BAL-5", summary="voids are missing in the transaction list")
class ListOmitsVoids(Lists):
    def transactions(self, card: Card) -> list[Transaction]:
        return [record for record in super().transactions(card) if record.operation != "void"]


@fault("list_omits_finished_holds", breaks="BAL-5", summary="a finished hold leaves the list")
class ListOmitsFinishedHolds(Lists):
    def transactions(self, card: Card) -> list[Transaction]:
        found = super().transactions(card)
        return [record for record in found if record.operation != "hold" or record.open]


@fault("list_ends_at_ten", breaks="BAL-5", summary="the transaction list ends after ten records")
class ListEndsAtTen(Lists):
    def transactions(self, card: Card) -> list[Transaction]:
        return super().transactions(card)[:10]


@fault(
    "list_shows_what_remains",
    breaks="BAL-5",
    summary="the list shows a hold with what remains of it instead of its amount",
)
class ListShowsWhatRemains(Lists):
    def transactions(self, card: Card) -> list[Transaction]:
        return [
            replace(record, amount=record.amount - record.captured)
            for record in super().transactions(card)
        ]


@fault("list_repeats_last", breaks="READ-3", summary="the latest transaction is listed twice")
class ListRepeatsLast(Lists):
    def transactions(self, card: Card) -> list[Transaction]:
        found = super().transactions(card)
        return found + found[-1:] if len(found) > 1 else found


@fault("list_loses_metadata", breaks="BAL-5", summary="the transaction list has no metadata")
class ListLosesMetadata(Lists):
    def transactions(self, card: Card) -> list[Transaction]:
        return [replace(record, metadata=None) for record in super().transactions(card)]


@fault(
    "list_loses_origin",
    breaks="BAL-5",
    summary="the transaction list has no originated_by",
)
class ListLosesOrigin(Lists):
    def transactions(self, card: Card) -> list[Transaction]:
        return [replace(record, originated_by=None) for record in super().transactions(card)]


# --- stale and partial views ----------------------------------------------------------------


@fault(
    "read_after_write_is_stale",
    breaks="READ-1",
    summary="the first read of a card after a change shows it as it was before",
)
class ReadAfterWriteIsStale(Cards):
    """A cache that is refreshed by the read that finds it old, for the next one."""

    def read(self, account: str, card_id: str) -> Card:
        card = super().read(account, card_id)
        cache: dict[int, Card] = self.__dict__.setdefault("cache", {})
        shown = cache.get(card.seq, card)
        cache[card.seq] = card
        return shown


@fault("list_ignores_holds", breaks="BAL-2", summary="the card list shows figures without holds")
class ListIgnoresHolds(Answers):
    def page(self, page: Page) -> dict[str, Any]:
        return super().page(replace(page, cards=[replace(c, held=0) for c in page.cards]))


@fault(
    "list_holds_in_full",
    breaks="CAP-4",
    summary="the card list takes the whole of a hold off, also what was captured of it",
)
class ListHoldsInFull(Answers):
    def page(self, page: Page) -> dict[str, Any]:
        cards = [replace(card, held=card.gross_held) for card in page.cards]
        return super().page(replace(page, cards=cards))


@fault(
    "customer_view_ignores_holds",
    breaks="CARD-10",
    summary="the customer's view of a card shows what is held as available",
)
class CustomerViewIgnoresHolds(Answers):
    def customer_card_state(self, card: Card, tokens: Any) -> dict[str, Any]:
        return super().customer_card_state(replace(card, held=0), tokens)


@fault(
    "customer_view_shows_opening",
    breaks="CARD-10",
    summary="the customer's view of a card shows the opening amount as balance",
)
class CustomerViewShowsOpening(Answers):
    def customer_card_state(self, card: Card, tokens: Any) -> dict[str, Any]:
        return super().customer_card_state(card, tokens) | {"amount_balance": card.opening}


@fault("info_ignores_holds", breaks="TOKEN-3", summary="info shows what is held as available")
class InfoIgnoresHolds(Service):
    def look_up(self, call: Call) -> Any:
        card = self.tokens.look_up(call.caller, call.body)
        return self.answers.card_read(replace(card, held=0))


@fault("metadata_flattened", breaks="CARD-2", summary="nested metadata comes back as text")
class MetadataFlattened(Answers):
    def properties(self, card: Card) -> dict[str, Any]:
        properties = super().properties(card)
        metadata = properties["metadata"]
        if metadata is not None:
            properties["metadata"] = {
                key: str(value) if isinstance(value, dict | list) else value
                for key, value in metadata.items()
            }
        return properties


@fault(
    "filter_by_balance",
    breaks="READ-10",
    summary="the filter by amount takes the balance",
)
class FilterByBalance(Lists):
    def page(self, account: str, query: CardQuery) -> Page:
        page = super().page(account, replace(query, available=None))
        least = query.available
        kept = [card for card in page.cards if least is None or card.balance >= least]
        return Page(kept, page.starting_after)


@fault("text_is_latin", breaks="CARD-2", summary="a name outside of Latin-1 comes back as ???")
class TextIsLatin(Answers):
    def properties(self, card: Card) -> dict[str, Any]:
        properties = super().properties(card)
        if card.name is not None:
            properties["name"] = card.name.encode("latin-1", "replace").decode("latin-1")
        return properties


@fault(
    "card_list_lacks_end",
    breaks="CARD-2",
    summary="the card list leaves out the end of a card that was activated",
)
class CardListLacksEnd(Answers):
    def page(self, page: Page) -> dict[str, Any]:
        answer = super().page(page)
        for shown, card in zip(answer["cards"], page.cards, strict=True):
            if card.fingerprint.startswith("activated "):
                shown.pop("expires_at", None)
        return answer


@fault(
    "includes_shows_pin",
    breaks="CARD-14",
    summary="the details of a card show the value of its PIN if they are asked to include `pin`",
)
class IncludesShowsPin(Service):
    def read_card(self, call: Call) -> Any:
        shown = super().read_card(call)
        card = self.cards.read(call.caller.account, call.path["card_id"])
        if call.query.get("includes") and card.pin is not None:
            shown["pin"] = {**shown.get("pin", {}), "pin": {"value": card.pin}}
        return shown


@part_of("includes_shows_pin")
class IncludesIsRead(Intake):
    def query(self, operation: Operation, raw: bytes) -> dict[str, Any]:
        return super().query(operation, raw) | {"includes": b"includes=pin" in raw}
