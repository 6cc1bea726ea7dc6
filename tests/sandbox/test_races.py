"""Requests that meet: the honest server keeps every account straight, each race fault does not.

The honest server is asked many times, the faulty ones until they show; nothing is timed.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import pytest

from sandbox.faults import FAULTS
from sandbox.process import Sandbox
from tests.sandbox.test_process import client_of

CLIENTS = 4
HONEST_ROUNDS = 6
# A faulty server that gets away with it this often would be one that cannot be found.
FAULTY_ROUNDS = 20

Request = Callable[[httpx.Client], httpx.Response]
_numbers = count()


class Crowd:
    """Several clients of one server, each with a connection of its own."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.clients = [client_of(sandbox) for _ in range(CLIENTS)]
        self.threads = ThreadPoolExecutor(CLIENTS)

    def close(self) -> None:
        self.threads.shutdown()
        for client in self.clients:
            client.close()

    def at_once(self, *requests: Request) -> list[httpx.Response]:
        sent = [
            self.threads.submit(request, client)
            for request, client in zip(requests, self.clients, strict=False)
        ]
        return [future.result() for future in sent]

    def accepted(self, *requests: Request) -> int:
        return sum(answer.status_code == 200 for answer in self.at_once(*requests))

    # --- one client's words -----------------------------------------------------------------

    def card(self, amount: int = 100) -> str:
        card_id = f"card-{next(_numbers)}"
        self.now(post("/cards", card_id=card_id, amount=amount, currency="NOK"))
        return card_id

    def now(self, request: Request) -> Any:
        answer = request(self.clients[0])
        assert answer.status_code == 200, answer.text
        return answer.json()

    def hold(self, card: str, amount: int) -> str:
        return str(self.now(draw(card, amount, pending=True))["id"])

    def figures(self, card: str) -> tuple[int, int, int]:
        shown = self.now(lambda client: client.get(f"/cards/{card}"))
        names = ("amount_balance", "amount_reserved", "amount_available")
        return tuple(shown[name] for name in names)


def post(path: str, **body: Any) -> Request:
    """A request that a thread sends later."""
    return lambda client: client.post(path, json=body)


def draw(card: str | None, amount: int, **members: Any) -> Request:
    """A transaction with a ref_id of its own, unless it is given one."""
    named = {"card_id": card} if card is not None else {}
    ref = {"ref_id": f"ref-{next(_numbers)}"}
    return post("/transactions", **{"amount": amount, "currency": "NOK", **ref, **named, **members})


def settle(hold: str, operation: str, **members: Any) -> Request:
    """A capture or a void with a ref_id of its own, unless it is given one."""
    return post(
        f"/transactions/{hold}/{operation}", **({"ref_id": f"ref-{next(_numbers)}"} | members)
    )


# --- what must hold however requests meet: each says whether it did -------------------------


def drawdowns_share_the_money(crowd: Crowd) -> bool:
    card = crowd.card(100)
    accepted = crowd.accepted(*(draw(card, 60) for _ in range(CLIENTS)))
    return accepted == 1 and crowd.figures(card) == (40, 0, 40)


def holds_share_the_money(crowd: Crowd) -> bool:
    card = crowd.card(100)
    accepted = crowd.accepted(*(draw(card, 60, pending=True) for _ in range(CLIENTS)))
    return accepted == 1 and crowd.figures(card) == (100, 60, 40)


def a_token_and_its_card_share_the_money(crowd: Crowd) -> bool:
    card = crowd.card(100)
    lasting = {"expires_in": 60, "expires_after_transaction": False}
    made = crowd.now(post(f"/cards/{card}/tokens", ref_id="of-both", **lasting))
    by_token = draw(None, 60, token=made["token"]["value"])
    return crowd.accepted(by_token, draw(card, 60), draw(card, 60)) == 1


def small_changes_add_up(crowd: Crowd) -> bool:
    card = crowd.card(1000)
    crowd.at_once(
        draw(card, 100), draw(card, 10, pending=True), draw(card, 1, type="fund"), draw(card, 200)
    )
    return crowd.figures(card) == (701, 10, 691)


def captures_share_the_hold(crowd: Crowd) -> bool:
    card = crowd.card(100)
    hold = crowd.hold(card, 50)
    accepted = crowd.accepted(*(settle(hold, "capture", amount=30) for _ in range(CLIENTS)))
    return accepted == 1 and crowd.figures(card) == (70, 20, 50)


def capture_or_void_but_not_both(crowd: Crowd) -> bool:
    card = crowd.card(100)
    hold = crowd.hold(card, 50)
    accepted = crowd.accepted(settle(hold, "capture"), settle(hold, "void"))
    return accepted == 1 and crowd.figures(card) in ((50, 0, 50), (100, 0, 100))


def a_void_beside_a_part_releases_the_rest(crowd: Crowd) -> bool:
    card = crowd.card(100)
    hold = crowd.hold(card, 50)
    crowd.at_once(settle(hold, "void"), settle(hold, "capture", amount=20))
    return crowd.figures(card) in ((80, 0, 80), (100, 0, 100))


def one_void_is_enough(crowd: Crowd) -> bool:
    card = crowd.card(100)
    hold = crowd.hold(card, 50)
    accepted = crowd.accepted(*(settle(hold, "void") for _ in range(CLIENTS)))
    return accepted == 1 and crowd.figures(card) == (100, 0, 100)


def one_ref_one_effect(**members: Any) -> Callable[[Crowd], bool]:
    def holds(crowd: Crowd) -> bool:
        card = crowd.card(100)
        answers = crowd.at_once(*(draw(card, 10, ref_id="same", **members),) * CLIENTS)
        listed = crowd.now(lambda client: client.get(f"/cards/{card}/transactions"))
        return len(listed) == 1 and len({answer.json()["id"] for answer in answers}) == 1

    return holds


def one_ref_one_capture(crowd: Crowd) -> bool:
    card = crowd.card(100)
    hold = crowd.hold(card, 50)
    crowd.at_once(*(settle(hold, "capture", amount=10, ref_id="same"),) * CLIENTS)
    return crowd.figures(card) == (90, 40, 50)


def one_ref_one_token(crowd: Crowd) -> bool:
    card = crowd.card(100)
    make = post(f"/cards/{card}/tokens", ref_id="t", expires_in=3600)
    answers = crowd.at_once(*(make,) * CLIENTS)
    return len({answer.json()["token"]["value"] for answer in answers}) == 1


def a_token_pays_once(crowd: Crowd) -> bool:
    card = crowd.card(1000)
    made = crowd.now(post(f"/cards/{card}/tokens", ref_id="t", expires_in=600))
    value = made["token"]["value"]
    return crowd.accepted(*(draw(None, 1, token=value) for _ in range(CLIENTS))) == 1


def a_look_up_changes_nothing(crowd: Crowd) -> bool:
    card = crowd.card(1000)
    made = crowd.now(post(f"/cards/{card}/tokens", ref_id="t", expires_in=600))
    look = post("/info", token=made["token"]["value"])
    crowd.at_once(look, draw(card, 10), look, draw(card, 20, pending=True))
    return crowd.figures(card) == (990, 20, 970)


def a_new_token_changes_no_money(crowd: Crowd) -> bool:
    card = crowd.card(1000)
    make = post(f"/cards/{card}/tokens", ref_id=f"ref-{next(_numbers)}", expires_in=600)
    crowd.at_once(make, draw(card, 10), draw(card, 20, pending=True))
    return crowd.figures(card) == (990, 20, 970)


def a_card_id_makes_one_card(crowd: Crowd) -> bool:
    body = {"card_id": f"card-{next(_numbers)}", "amount": 1, "currency": "NOK"}
    return crowd.accepted(*(post("/cards", **body),) * CLIENTS) == 1


def a_card_is_activated_once(crowd: Crowd) -> bool:
    card = f"card-{next(_numbers)}"
    crowd.now(post("/cards/batch", cards=[{"card_id": card, "type": "gift_card"}]))
    activate = post(f"/cards/{card}/activate", amount=50, currency="NOK")
    return crowd.accepted(*(activate,) * CLIENTS) == 1 and crowd.figures(card) == (50, 0, 50)


def a_card_with_a_hold_stays(crowd: Crowd) -> bool:
    card = crowd.card(100)
    accepted = crowd.accepted(
        lambda client: client.delete(f"/cards/{card}"), draw(card, 10, pending=True)
    )
    return accepted == 1


def a_capture_is_seen_whole(crowd: Crowd) -> bool:
    card = crowd.card(100)
    hold = crowd.hold(card, 50)

    def look(client: httpx.Client) -> httpx.Response:
        return client.get(f"/cards/{card}")

    answers = crowd.at_once(settle(hold, "capture"), look, look, look)[1:]
    return all(answer.json()["amount_available"] == 50 for answer in answers)


def a_refused_drawdown_is_never_seen(crowd: Crowd) -> bool:
    card = crowd.card(100)

    def look(client: httpx.Client) -> httpx.Response:
        return client.get(f"/cards/{card}")

    answers = crowd.at_once(draw(card, 101), look, look, look)[1:]
    return all(answer.json()["amount_balance"] == 100 for answer in answers)


@dataclass(frozen=True, slots=True)
class Case:
    """A promise, and the fault that breaks it."""

    promise: Callable[[Crowd], bool]
    fault: str


CASES = (
    Case(drawdowns_share_the_money, "race_drawdown"),
    Case(holds_share_the_money, "race_hold"),
    Case(a_token_and_its_card_share_the_money, "race_by_token"),
    Case(small_changes_add_up, "race_lost_update"),
    Case(captures_share_the_hold, "race_capture"),
    Case(capture_or_void_but_not_both, "race_capture_void"),
    Case(a_void_beside_a_part_releases_the_rest, "race_void_releases_stale"),
    Case(one_void_is_enough, "race_void_twice"),
    Case(one_ref_one_effect(), "race_ref_drawdown"),
    Case(one_ref_one_effect(pending=True), "race_ref_hold"),
    Case(one_ref_one_effect(type="fund"), "race_ref_fund"),
    Case(one_ref_one_capture, "race_ref_capture"),
    Case(one_ref_one_token, "race_ref_token"),
    Case(a_token_pays_once, "race_token_twice"),
    Case(a_look_up_changes_nothing, "race_look_up_writes_back"),
    Case(a_new_token_changes_no_money, "race_token_writes_back"),
    Case(a_card_id_makes_one_card, "race_create_card"),
    Case(a_card_is_activated_once, "race_activate"),
    Case(a_card_with_a_hold_stays, "race_delete"),
    Case(a_capture_is_seen_whole, "race_torn_capture"),
    Case(a_refused_drawdown_is_never_seen, "race_dirty_read"),
)
NAMES = [case.fault for case in CASES]


@pytest.fixture(scope="module")
def honest() -> Iterator[Crowd]:
    """Several clients of an honest server."""
    with Sandbox() as sandbox:
        crowd = Crowd(sandbox)
        yield crowd
        crowd.close()


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_honest_server_keeps_its_promise(case: Case, honest: Crowd) -> None:
    assert all(case.promise(honest) for _ in range(HONEST_ROUNDS))


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_race_breaks_the_promise(case: Case) -> None:
    with Sandbox(faults=[case.fault]) as sandbox:
        crowd = Crowd(sandbox)
        kept = all(case.promise(crowd) for _ in range(FAULTY_ROUNDS))
        crowd.close()
    assert not kept


def test_every_race_has_a_case() -> None:
    assert {case.fault for case in CASES} == {name for name in FAULTS if name.startswith("race_")}


def executes_again_after_hanging_up(crowd: Crowd, sandbox: Sandbox) -> bool:
    """Did a fund whose client left, and its retries, add more than once?"""
    card = crowd.card(100)
    fund = draw(card, 10, ref_id="same", type="fund")
    impatient = client_of(sandbox)
    impatient.timeout = httpx.Timeout(5, read=0.001)
    with impatient, suppress(httpx.ReadTimeout):
        fund(impatient)
    # The reference is dropped a moment after the client has gone; retries go on until then.
    for _ in range(50):
        crowd.now(fund)
    return crowd.figures(card)[0] > 110


@pytest.mark.parametrize("faults", [[], ["client_gone_forgets_ref"]])
def test_only_the_faulty_server_serves_a_client_that_hangs_up_twice(faults: list[str]) -> None:
    with Sandbox(faults=faults) as sandbox:
        crowd = Crowd(sandbox)
        seen = any(executes_again_after_hanging_up(crowd, sandbox) for _ in range(FAULTY_ROUNDS))
        crowd.close()
    assert seen == bool(faults)
