"""Faults in the list of transactions: lost, repeated, of others, or too many.

Overrides the reading of movements; knows nothing of how the suite looks for them.
"""

from dataclasses import replace
from typing import Any

from tests.prepaid.calls import Call
from tests.prepaid.database import Session
from tests.prepaid.faults.registry import fault
from tests.prepaid.inputs import MOST_PAGE, USUAL_PAGE, Inputs
from tests.prepaid.operations import Operations
from tests.prepaid.records import Movement
from tests.prepaid.store import Store


@fault(
    "list_loses_at_edge",
    breaks="BAL-5",
    summary="the first transaction of every further page is lost",
)
class ListLosesAtEdge(Store):
    def movements(
        self, session: Session, account: str, after: int | None, limit: int
    ) -> list[Movement]:
        if after is None:
            return super().movements(session, account, after, limit)
        return super().movements(session, account, after, limit + 1)[1:]


@fault(
    "list_repeats_at_edge",
    breaks="READ-3",
    summary="the last transaction of a page is the first one of the next page",
)
class ListRepeatsAtEdge(Inputs):
    def place(self, cursor: str | None) -> int | None:
        place = super().place(cursor)
        return None if place is None else place + 1


@fault(
    "list_ends_at_second_page",
    breaks="BAL-5",
    summary="the list ends after the second page, however many there are",
)
class ListEndsAtSecondPage(Operations):
    def list_movements(self, session: Session, call: Call) -> dict[str, Any]:
        page = super().list_movements(session, call)
        return {**page, "next_cursor": None} if "cursor" in call.query else page


@fault(
    "list_loses_oldest",
    breaks="BAL-5",
    summary="the oldest transaction is lost where the last page would have it alone",
)
class ListLosesOldest(Operations):
    def list_movements(self, session: Session, call: Call) -> dict[str, Any]:
        page = super().list_movements(session, call)
        if page["next_cursor"] is None:
            return page
        query = {"limit": "2", "cursor": page["next_cursor"]}
        following = super().list_movements(session, replace(call, query=query))
        return {**page, "next_cursor": None} if len(following["items"]) < 2 else page


@fault(
    "list_limit_one_more",
    breaks="READ-7",
    summary="a page has one item more than its limit",
    beyond="a limit of another size",
)
class ListLimitOneMore(Inputs):
    def limit(self, text: str | None) -> int:
        return super().limit(text) + 1


@fault(
    "list_limit_ignored",
    breaks="READ-7",
    summary="the limit of a page is not looked at",
    beyond="a limit of another size",
)
class ListLimitIgnored(Inputs):
    def limit(self, text: str | None) -> int:
        super().limit(text)
        return USUAL_PAGE


@fault(
    "list_limit_cut",
    breaks="READ-7",
    summary="a limit outside 1 to 100 is taken, and cut to it",
    beyond="a limit of another size",
)
class ListLimitCut(Inputs):
    def judge_limit(self, limit: int) -> None:
        return

    def limit(self, text: str | None) -> int:
        return min(max(super().limit(text), 1), MOST_PAGE)


@fault("list_without_releases", breaks="BAL-5", summary="the list has no releases")
class ListWithoutReleases(Store):
    hidden = "release"

    def movements(
        self, session: Session, account: str, after: int | None, limit: int
    ) -> list[Movement]:
        found = super().movements(session, account, after, 10**6)
        return [one for one in found if one.kind != self.hidden][:limit]


@fault("list_without_captures", breaks="BAL-5", summary="the list has no captures")
class ListWithoutCaptures(ListWithoutReleases):
    hidden = "capture"


@fault("list_without_opening", breaks="BAL-5", summary="the list has no deposits")
class ListWithoutOpening(ListWithoutReleases):
    hidden = "deposit"


@fault(
    "list_of_all_accounts",
    breaks="BAL-5",
    summary="the list has the newest transaction of the tenant too, whatever its account",
)
class ListOfAllAccounts(Store):
    def movements(
        self, session: Session, account: str, after: int | None, limit: int
    ) -> list[Movement]:
        found = super().movements(session, account, after, limit)
        owner = self.find_account(session, account)
        newest = session.rows(
            "SELECT m.id FROM movements m JOIN accounts a ON a.id = m.account"
            " WHERE a.tenant = ? ORDER BY m.place DESC LIMIT 1",
            owner.tenant if owner else "",
        )
        stranger = self.find_movement(session, newest[0][0]) if newest and after is None else None
        if stranger is None or stranger.account == account:
            return found
        return [stranger, *found][:limit]


@fault(
    "list_of_all_tenants",
    breaks="AUTH-4",
    summary="the list has transactions of the other tenant of the same currency after its own",
    beyond="transactions of another tenant",
)
class ListOfAllTenants(Store):
    def movements(
        self, session: Session, account: str, after: int | None, limit: int
    ) -> list[Movement]:
        found = super().movements(session, account, after, limit)
        owner = self.find_account(session, account)
        newest = session.rows(
            "SELECT m.id FROM movements m JOIN accounts a ON a.id = m.account"
            " WHERE a.tenant <> ? AND a.currency = ? ORDER BY m.place DESC LIMIT 1",
            *((owner.tenant, owner.currency) if owner else ("", "")),
        )
        strangers = [self.find_movement(session, row[0]) for row in newest]
        return (found + [one for one in strangers if one is not None])[:limit]


@fault(
    "list_lags",
    breaks="READ-1",
    summary="the newest transaction of an account is listed only once there is another one",
)
class ListLags(Store):
    def movements(
        self, session: Session, account: str, after: int | None, limit: int
    ) -> list[Movement]:
        newest = session.rows("SELECT max(place) FROM movements WHERE account = ?", account)[0][0]
        found = super().movements(session, account, after, limit + 1)
        return [one for one in found if one.place != newest or one.kind == "deposit"][:limit]
