"""Faults in lists, and in reads that do not agree with them.

Overrides lists and views; knows nothing of how the suite looks for them.
"""

from typing import Any

from tests.stripelike.app import App, Message
from tests.stripelike.calls import Call, Reply
from tests.stripelike.faults.registry import fault
from tests.stripelike.forms import Forms, Params
from tests.stripelike.lists import Lists
from tests.stripelike.records import Charge, Intent, Record
from tests.stripelike.views import Views


@fault(
    "list_shows_first_state",
    breaks="BAL-5",
    summary="a list shows a hold as it was made, a read as it is",
    beyond="a list of holds",
)
class ListShowsFirstState(Views):
    def listed(self, record: Record) -> dict[str, Any]:
        shown = super().listed(record)
        if isinstance(record, Charge):
            figures = {"amount_captured": 0, "amount_refunded": 0}
            return shown | figures | {"captured": False, "refunded": False}
        if isinstance(record, Intent) and record.charge:
            figures = {"amount_capturable": record.amount, "amount_received": 0}
            return shown | figures | {"status": "requires_capture"}
        return shown


@fault(
    "list_sums_captures",
    breaks="BAL-5",
    summary="the figures of a partly captured hold differ between list and read",
    beyond="a list of holds",
)
class ListSumsCaptures(Views):
    def listed(self, record: Record) -> dict[str, Any]:
        shown = super().listed(record)
        for name in ("amount_captured", "amount_received"):
            if shown.get(name):
                shown[name] = shown["amount"]
        return shown


@fault(
    "list_hides_ended",
    breaks="READ-5",
    summary="a list leaves out holds that were canceled or refunded",
    beyond="a list of holds",
)
class ListHidesEnded(Lists):
    def page(self, call: Call, records: list[Record]) -> dict[str, Any]:
        return super().page(call, [record for record in records if not self.is_ended(record)])

    def is_ended(self, record: Record) -> bool:
        if isinstance(record, Intent):
            return record.status == "canceled"
        return isinstance(record, Charge) and not record.open and not record.captured


@fault(
    "list_repeats_cursor",
    breaks="READ-3",
    summary="a page begins with its own cursor",
    beyond="a list of holds",
)
class ListRepeatsCursor(Lists):
    def after(self, records: list[Record], cursor: str) -> list[Record]:
        return records[self.place(records, cursor, "starting_after") :]


@fault(
    "list_skips_one",
    breaks="READ-5",
    summary="one hold is lost between two pages",
    beyond="a list of holds",
)
class ListSkipsOne(Lists):
    def after(self, records: list[Record], cursor: str) -> list[Record]:
        return super().after(records, cursor)[1:]


@fault(
    "list_ends_early",
    breaks="READ-5",
    summary="has_more is false on every page",
    beyond="a list of holds",
)
class ListEndsEarly(Lists):
    def has_more(self, records: list[Record], limit: int) -> bool:
        return False


@fault(
    "limit_ignored",
    breaks="READ-7",
    summary="the limit of a list is ignored",
    beyond="a list of holds",
)
class LimitIgnored(Forms):
    def limit(self, params: Params) -> int:
        super().limit(params)
        return 100


@fault(
    "limit_unchecked",
    breaks="READ-7",
    summary="a limit of 0 or above 100 is accepted",
    beyond="a list of holds",
)
class LimitUnchecked(Forms):
    def limit(self, params: Params) -> int:
        text = self.text(params, "limit") or "10"
        return self.integer("limit", text)


@fault(
    "reads_lag",
    breaks="READ-1",
    summary="the first read of a hold after a change shows the state before it",
)
class ReadsLag(App):
    """Remembers what an object showed last, and shows it once more after a change."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.shown: dict[str, Reply] = {}

    def answer(self, message: Message) -> Reply:
        reply = super().answer(message)
        if message.method == "GET" and reply.status == 200 and "id" in reply.body:
            shown = self.shown.get(message.path, reply)
            self.shown[message.path] = reply
            return shown
        return reply


@fault(
    "lists_lag",
    breaks="READ-1",
    summary="the newest hold is missing from the lists until another one is made",
    beyond="a list of holds",
)
class ListsLag(Lists):
    def page(self, call: Call, records: list[Record]) -> dict[str, Any]:
        return super().page(call, records[1:])
