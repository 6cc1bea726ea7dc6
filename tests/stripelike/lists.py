"""Lists: pages of records, the newest first, with a cursor that is the id of a record.

Knows nothing of what the records are.
"""

from typing import Any

from tests.stripelike.access import Access
from tests.stripelike.calls import Call
from tests.stripelike.forms import Forms
from tests.stripelike.records import Charge, Intent, Record
from tests.stripelike.refusals import absent, invalid
from tests.stripelike.views import Views


class Lists:
    """Makes pages."""

    def __init__(self, access: Access, forms: Forms, views: Views) -> None:
        self.access = access
        self.forms = forms
        self.views = views

    def charges(self, call: Call) -> dict[str, Any]:
        return self.page(call, list(self.access.listed(call.account, Charge)))

    def intents(self, call: Call) -> dict[str, Any]:
        return self.page(call, list(self.access.listed(call.account, Intent)))

    def page(self, call: Call, records: list[Record]) -> dict[str, Any]:
        """The page of a list that a request asks for."""
        self.forms.allow(call.params, ("limit", "starting_after", "ending_before"))
        limit = self.forms.limit(call.params)
        after = self.forms.text(call.params, "starting_after")
        before = self.forms.text(call.params, "ending_before")
        if after is not None and before is not None:
            message = "Use either starting_after or ending_before"
            raise invalid("ending_before", "parameter_unknown", message)
        if before is not None:
            newer = records[: self.place(records, before, "ending_before")]
            chosen, more = newer[-limit:], len(newer) > limit
        else:
            older = records if after is None else self.after(records, after)
            chosen, more = older[:limit], self.has_more(older, limit)
        return self.views.page(call.path, chosen, has_more=more)

    def has_more(self, records: list[Record], limit: int) -> bool:
        return len(records) > limit

    def after(self, records: list[Record], cursor: str) -> list[Record]:
        return records[self.place(records, cursor, "starting_after") + 1 :]

    def place(self, records: list[Record], cursor: str, param: str) -> int:
        for place, record in enumerate(records):
            if record.id == cursor:
                return place
        raise absent("object", cursor, param)
