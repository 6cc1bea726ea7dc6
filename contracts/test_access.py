"""AUTH: only the right credentials can read or change what belongs to an account.

Every request here is well-formed and names existing things; only the credentials are wrong. A
refusal may have any documented status. What needs a client that was not given is not claimed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from contracts.support import request_builders
from contracts.support.clients import (
    base_of,
    connect_as,
    not_claimed,
    token_request,
)
from contracts.support.credentials import (
    ABSENT,
    Wallet,
    every_operation,
    forgeries,
    further_transactions,
    token_of,
)
from contracts.support.staging import Stage, body_of, is_refused, spelled
from contracts.support.visits import APPOINTMENTS, Appointment, Visit
from tallystick.ledger.vocabulary import Capture, Kind, Payment, Transact, Void
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet import wire
from tallystick.repeating import until_answered
from tallystick.request import Request
from tallystick.run import Intensity, Run
from tallystick.suite import Suite
from tallystick.target import Answer, Target, basic_header, bearer_header

rule = pytest.mark.rule
pytestmark = pytest.mark.api("wallet")

PATIENCE_S = 10
"""At the end of a gate the suite waits so many seconds for an access token to expire."""

EVERYWHERE = ("no_authorization", "another_signature", "no_signature_alg_none")
"""Credentials that are tried on every operation; the gate tries FEW with KIN."""
KIN = (
    *("a_malformed_token", "basic_in_place_of_bearer", "a_guessed_key"),
    *("an_empty_authorization", "a_scheme_without_a_token", "a_word_as_a_token"),
    *("a_token_that_goes_on", "no_signature_alg_None", "alg_none_and_a_signature"),
    *("a_signature_cut_off", "other_claims", "an_empty_key"),
)
FEW = ("aid_cards_cardid_get", "aid_cards_transactions_post")


@dataclass(slots=True)
class SharedCards:
    """The cards that the tests of this module share, and how many tests had failed before."""

    stage: Stage | None = None
    failures: int = 0


@pytest.fixture(scope="module")
def shared() -> SharedCards:
    """The cards that the tests of this module share; made by the first test that needs them."""
    return SharedCards()


@pytest.fixture
def stage(run: Run, shared: SharedCards) -> Stage:
    """A stage with the shared cards; new ones after a failure, because they may have changed."""
    failures = sum(1 + len(finding.also) for finding in run.findings.values())
    if shared.stage is None or failures != shared.failures:
        shared.stage, shared.failures = until_answered(run, lambda: _prepared(run)), failures
    return shared.stage.another()


def _prepared(run: Run) -> Stage:
    """An active card A with a hold h and a token t, an inactive card B, an empty card C."""
    stage = Stage(run)
    whose = spelled({"customer_id": stage.fresh("customer")})
    stage.perform(f"A = card 1000 NOK {whose}", "h = hold A 100", "t = token A", unread=True)
    # B can be activated and C can be deleted: only the credentials are a reason to refuse it.
    stage.perform("B = batch", "C = card 10 NOK", "d = draw C available", unread=True)
    return stage


def _wallet(stage: Stage) -> Wallet:
    opened = stage.session.ledger("A").opened_by
    assert opened is not None, "card A was made"
    return Wallet(
        card=stage.card_id("A"),
        customer=dict(opened.extras)["customer_id"],
        inactive=stage.card_id("B") if stage.has(op.PREPARE_CARDS) else None,
        empty=stage.card_id("C"),
        hold=stage.entry_id("h"),
        token=stage.token("t") if stage.has(op.ISSUE_TOKEN) else None,
    )


def _fresh(stage: Stage) -> Callable[[], str]:
    return lambda: stage.fresh("a")


def _every(stage: Stage) -> list[Request]:
    """A request of each operation that the target has."""
    return list(stage.offered(*every_operation(stage.base, _wallet(stage), _fresh(stage))))


def _all(stage: Stage, base: str) -> list[Request]:
    """The same with the other uses of the operation that moves money; the deletion comes last."""
    wallet, fresh = _wallet(stage), _fresh(stage)
    found = every_operation(base, wallet, fresh)
    return list(stage.offered(*found[:-1], *further_transactions(base, wallet, fresh), found[-1]))


def _is_read(request: Request) -> bool:
    return request.method == "GET" or request.operation == "aid_cards_token_post"


# Invalid tokens -------------------------------------------------------------------------------


@rule("AUTH-1", "AUTH-2")
@pytest.mark.parametrize("kind", [*EVERYWHERE, *KIN])
def test_a_request_without_a_valid_token_is_refused(run: Run, stage: Stage, kind: str) -> None:
    headers = {**ABSENT, **forgeries(token_of(run.target))}.get(kind)
    if headers is None:
        pytest.skip("the target's access tokens are no JWTs")
    everywhere = kind in EVERYWHERE or run.intensity is not Intensity.GATE
    breaks = "AUTH-1" if kind in ABSENT else "AUTH-2"
    stage.direct.note(f"with {kind.replace('_', ' ')}:")
    for request in _every(stage):
        if everywhere or request.operation in FEW:
            answer = stage.send(request, headers=headers, authorized=False)
            stage.direct.expect_refusal(breaks, answer, kind.replace("_", " "))
    stage.read_back(breaks, only="A", lists=False)


@rule("AUTH-9")
@pytest.mark.parametrize("kind", ["no_authorization", "a_malformed_token", "another_signature"])
def test_a_request_without_a_valid_token_gets_401(run: Run, stage: Stage, kind: str) -> None:
    headers = {**ABSENT, **forgeries(token_of(run.target))}[kind]
    stage.direct.note(f"with {kind.replace('_', ' ')}:")
    for request in _every(stage):
        if request.operation in FEW:
            answer = stage.send(request, headers=headers, authorized=False)
            status = answer.status
            stage.direct.expect("AUTH-9", status == 401, "status 401", f"status {status}")


# Access tokens that end ---------------------------------------------------------------------------

USES_S = (0.5, 0.9)
"""The part of its life in which an access token is used, while other tests run."""


class Grants:
    """Two access tokens; one of them is used before its end, and both are tried after it."""

    def __init__(self, run: Run, suite: Suite) -> None:
        self.stage = _prepared(run)
        granted = [_granted(run, suite, self.stage, "AUTH-3") for _ in range(2)]
        self.life_s = max(_life_s(suite, grant) for grant in granted)
        self.ends = time.monotonic() + self.life_s + 1.5
        self.unused, self.used = (bearer_header(str(grant["access_token"])) for grant in granted)
        self.answers: list[Answer] = []
        """Those to the token that was used, after its end."""
        began = self.ends - self.life_s
        opens, closes = (began + part * self.life_s for part in USES_S)
        self.appointment = Appointment(run, Visit(opens, closes, self._use))

    def _use(self) -> Visit:
        began = time.monotonic()
        read = request_builders.read_card(self.stage.base, self.stage.card_id("A"))
        self.stage.send(read, headers=self.used, authorized=False)
        # A life that began again would end so much later.
        return Visit(self.ends, began + self.life_s, self._try)

    def _try(self) -> None:
        self.answers = [
            self.stage.send(request, headers=self.used, authorized=False)
            for request in _every(self.stage)
            if request.operation in FEW
        ]


@pytest.fixture(scope="session")
def grants(run: Run, suite: Suite, pytestconfig: pytest.Config) -> Grants:
    """Access tokens that end while other tests run."""
    found = until_answered(run, lambda: Grants(run, suite))
    pytestconfig.stash[APPOINTMENTS].add(found.appointment)
    return found


def _life_s(suite: Suite, grant: dict[str, Any]) -> float:
    life_s = grant.get("expires_in")
    if not isinstance(life_s, int | float) or not grant.get("access_token"):
        not_claimed(suite, "the target does not say how long its access tokens live", "AUTH-3")
    return float(life_s)


def _patience_s(run: Run) -> float:
    """For how long a test waits for an access token to end; a run with a budget has more time."""
    if run.intensity is Intensity.GATE or run.seconds_left() == math.inf:
        return PATIENCE_S
    return max(PATIENCE_S, run.seconds_left() / 4)


@pytest.mark.prepares
def test_access_tokens_that_end_are_granted(grants: Grants) -> None:
    assert grants.life_s > 0


@pytest.mark.waits
@rule("AUTH-3")
def test_an_access_token_ends(run: Run, suite: Suite, grants: Grants) -> None:
    stage, wait_s = grants.stage, grants.ends - time.monotonic()
    if wait_s > _patience_s(run):
        not_claimed(suite, f"access tokens of the target live {grants.life_s:.0f} s", "AUTH-3")
    is_kept = grants.appointment.is_kept()
    time.sleep(max(0.0, grants.ends - time.monotonic()))
    stage.direct.note("with an access token that has expired:")
    for request in _every(stage):
        answer = stage.send(request, headers=grants.unused, authorized=False)
        stage.direct.expect_refusal("AUTH-3", answer, "the access token has expired")
    if is_kept:
        for answer in grants.answers:
            why = "the access token has expired, though it was used before"
            stage.direct.expect_refusal("AUTH-3", answer, why)
    stage.read_back("AUTH-3", only="A", lists=False)


# Other accounts -----------------------------------------------------------------------------------


@pytest.fixture
def other(run: Run, suite: Suite) -> Iterator[Target]:
    """A client of another account."""
    target = connect_as(suite, run, "other", "AUTH-4", "AUTH-5")
    yield target
    target.close()


@pytest.fixture
def reader(run: Run, suite: Suite) -> Iterator[Target]:
    """A client that may read."""
    target = connect_as(suite, run, "reader", "AUTH-6", "AUTH-10")
    yield target
    target.close()


@pytest.fixture
def till(run: Run, suite: Suite) -> Iterator[Target]:
    """A client that may pay by token."""
    target = connect_as(suite, run, "till", "AUTH-7", "AUTH-10")
    yield target
    target.close()


def _refuses_all(stage: Stage, breaks: str, found: list[Request], target: Target) -> None:
    """Send the reads (AUTH-4) or the writes (AUTH-5) among the requests: all are refused."""
    for request in found:
        if _is_read(request) is (breaks == "AUTH-4"):
            answer = stage.send(request, target=target)
            stage.direct.expect_refusal(breaks, answer, "it belongs to another account")
    if breaks == "AUTH-5":
        stage.read_back(breaks, lists=False)


reads_and_writes = pytest.mark.parametrize("breaks", ["AUTH-4", "AUTH-5"], ids=["reads", "writes"])


@rule("AUTH-4", "AUTH-5")
@reads_and_writes
def test_another_account_can_do_nothing_in_this_one(
    stage: Stage, other: Target, breaks: str
) -> None:
    stage.direct.note("as a client of another account:")
    _refuses_all(stage, breaks, _all(stage, stage.base), other)


OF_ITS_OWN = (
    "aid_cards_get",
    "aid_cards_post",
    "aid_cards_batch_post",
    "aid_customers_cid_cards_get",
)
"""Operations that name nothing of another account, so a client may use them in its own."""


@rule("AUTH-4", "AUTH-5")
@reads_and_writes
def test_another_account_finds_nothing_of_this_one_in_its_own(
    stage: Stage, other: Target, breaks: str
) -> None:
    stage.direct.note("as a client of another account, in that account:")
    found = [r for r in _all(stage, base_of(other)) if r.operation not in OF_ITS_OWN]
    _refuses_all(stage, breaks, found, other)


@rule("AUTH-4")
def test_no_list_of_another_account_shows_a_card_of_this_one(stage: Stage, other: Target) -> None:
    wallet, base = _wallet(stage), base_of(other)
    own = body_of(stage.send(request_builders.read_card(stage.base, wallet.card))) or {}
    stage.direct.note("as a client of another account, in that account:")
    for request in stage.offered(
        request_builders.list_cards(base, limit=100),
        request_builders.list_cards(base, limit=100, include_deleted="true"),
        request_builders.list_cards(base, limit=5, starting_after=own.get("id")),
        request_builders.customer_cards(base, wallet.customer, limit=100),
    ):
        body = body_of(stage.send(request, target=other)) or []
        cards = body.get("cards", []) if isinstance(body, dict) else body
        shown = [card for card in cards if card.get("card_id") == wallet.card]
        stage.direct.expect("AUTH-4", not shown, "no card of another account", f"{shown}"[:200])


@rule("AUTH-4", "AUTH-5", "BAL-7")
def test_the_same_card_id_in_another_account_is_another_card(stage: Stage, other: Target) -> None:
    base, card_id = base_of(other), stage.card_id("A")
    stage.direct.note("as a client of another account, in that account:")
    made = stage.send(request_builders.open_card(base, card_id, 70), target=other)
    if is_refused(made):
        return  # the documentation does not say whether two accounts may use one card_id
    stage.read_back("AUTH-5", only="A")
    # "Not required to be globally unique": a ref_id of this account is unused in another one.
    ref = next(iter(stage.session.ledger("A").refs))
    stage.send(request_builders.transact(base, ref, 20, card_id=card_id), target=other)
    stage.send(
        request_builders.transact(base, stage.fresh_ref(), 5, card_id=card_id, type="fund"),
        target=other,
    )
    stage.read_back("AUTH-5", only="A")
    theirs = body_of(stage.send(request_builders.read_card(base, card_id), target=other)) or {}
    stage.direct.expect(
        "AUTH-4",
        theirs.get("amount_balance") in (55, None),
        "amount_balance 55 on their card",
        f"{theirs.get('amount_balance')}",
    )
    for request in stage.offered(request_builders.delete_card(base, card_id)):
        stage.send(request, target=other)
    stage.read_back("AUTH-5", only="A")


@rule("AUTH-4", "AUTH-5")
@reads_and_writes
def test_this_account_can_do_nothing_in_another(stage: Stage, other: Target, breaks: str) -> None:
    stage.direct.note("in the account of others:")
    _refuses_all(stage, breaks, _all(stage, base_of(other)), stage.run.target)


# Scopes -------------------------------------------------------------------------------------------


@rule("AUTH-6", "AUTH-10")
def test_a_reader_reads_and_writes_nothing(stage: Stage, reader: Target) -> None:
    stage.direct.note("as a client with read:wallets:")
    for request in _all(stage, stage.base):
        answer = stage.send(request, target=reader)
        if request.method == "GET":
            stage.direct.expect(
                "AUTH-10", not is_refused(answer), "read:wallets reads", "a refusal"
            )
        else:
            stage.direct.expect_refusal("AUTH-6", answer, "read:wallets is not in its list")
    stage.read_back("AUTH-6", lists=False)


@rule("AUTH-6", "AUTH-5", "REF-1")
def test_a_repeated_request_is_answered_only_to_clients_that_may_make_it(
    run: Run, suite: Suite
) -> None:
    stage = Stage(run, "A = card 1000 NOK", "h = hold A 300")
    card = stage.card_id("A")
    ref = stage.fresh_ref()
    paid = request_builders.transact(stage.base, ref, 50, card_id=card)
    stage.pays("d", "A", Transact(Kind.DRAWDOWN, card, 50, "NOK", ref), run.target, ("TX-1",))
    for name, breaks in (("reader", "AUTH-6"), ("other", "AUTH-5")):
        if getattr(suite.clients, name) is None:
            continue
        stage.direct.note(f"the same again as {name}:")
        with closing(connect_as(suite, run, name, breaks)) as stranger:
            answer = stage.send(paid, target=stranger)
        stage.direct.expect_refusal(breaks, answer, "it may not make the first one either")
    stage.read_back("BAL-6")


TILL = ("aid_cards_cardid_transactions_capture_post", "aid_cards_cardid_transactions_void_post")


@rule("AUTH-7")
def test_a_till_does_nothing_but_pay_by_token(stage: Stage, till: Target) -> None:
    stage.direct.note("as a client with write:wallets:/transactions:")
    token = _wallet(stage).token
    fund = partial(request_builders.transact, stage.base, stage.fresh_ref(), 7, type="fund")
    by_token = [] if token is None else [fund(token=token)]
    for request in [*_all(stage, stage.base), *by_token]:
        body = request.body if isinstance(request.body, dict) else {}
        pays = request.operation == "aid_cards_transactions_post" and "token" in body
        if request.operation in TILL or (pays and body.get("type") != "fund"):
            continue
        answer = stage.send(request, target=till)
        stage.direct.expect_refusal("AUTH-7", answer, "write:wallets:/transactions is not enough")
    stage.read_back("AUTH-7", lists=False)


@rule("AUTH-7", "AUTH-10")
def test_a_till_draws_holds_captures_and_voids(run: Run, till: Target) -> None:
    stage = Stage(run, "A = card 1000 NOK", "t = token A")
    stage.direct.note("as a client with write:wallets:/transactions:")
    card, token = stage.card_id("A"), stage.token("t")

    def pay(name: str, command: Payment) -> None:
        stage.pays(name, "A", command, till, ("AUTH-7", "AUTH-10"))

    pay("d", Transact(Kind.DRAWDOWN, card, 50, "NOK", stage.fresh_ref(), token))
    pay("h", Transact(Kind.HOLD, card, 300, "NOK", stage.fresh_ref(), token))
    pay("c", Capture(card, stage.entry_id("h"), 100, stage.fresh_ref()))
    pay("i", Transact(Kind.HOLD, card, 200, "NOK", stage.fresh_ref(), token))
    pay("v", Void(card, stage.entry_id("i"), stage.fresh_ref()))
    stage.read_back("AUTH-7")


@rule("AUTH-10", "AUTH-7", "REF-1")
def test_a_ref_id_has_one_effect_whoever_sends_it(run: Run, till: Target) -> None:
    stage = Stage(run, "A = card 1000 NOK", "t = token A")
    stage.direct.note("first as a client with write:wallets:/transactions, then as the other:")
    card, token = stage.card_id("A"), stage.token("t")
    for name, kind in (("d", Kind.DRAWDOWN), ("h", Kind.HOLD)):
        command = Transact(kind, card, 50, "NOK", stage.fresh_ref(), token)
        stage.pays(name, "A", command, till, ("AUTH-7", "AUTH-10"))
        stage.do("A", command)
    paid = Transact(Kind.DRAWDOWN, card, 5, "NOK", stage.fresh_ref())
    stage.do("A", paid)
    stage.direct.note("the last one again, as the first client:")
    answer = stage.send(wire.encode(paid, run.target.address.account), target=till)
    stage.direct.expect_refusal("AUTH-7", answer, "it names a card by its card_id")
    stage.read_back()


# Get Token ----------------------------------------------------------------------------------------


def _granted(run: Run, suite: Suite, stage: Stage, *rules: str) -> dict[str, Any]:
    """What Get Token answers to the client of the run."""
    client = run.target.client
    if not client.client_id:
        not_claimed(suite, "TALLYSTICK_CLIENT_ID and _SECRET not given, only a token", *rules)
    answer = stage.send(
        token_request(run),
        headers=basic_header(client.client_id, client.secret),
        authorized=False,
    )
    body: dict[str, Any] | None = body_of(answer)
    if body is None:
        stage.direct.violate("AUTH-8", "an access token", "a refusal of the right credentials")
    return body


@rule("AUTH-8")
def test_get_token_gives_a_token_that_works(run: Run, suite: Suite, stage: Stage) -> None:
    grant = _granted(run, suite, stage, "AUTH-8")
    expect = stage.direct.expect
    kind, life_s = grant.get("token_type"), grant.get("expires_in")
    expect("AUTH-8", kind == "Bearer", "token_type Bearer", f"{kind!r}")
    expect("AUTH-8", isinstance(life_s, int) and life_s > 0, "a positive expires_in", f"{life_s}")
    headers = bearer_header(str(grant["access_token"]))
    read = request_builders.read_card(stage.base, stage.card_id("A"))
    answer = stage.send(read, headers=headers, authorized=False)
    expect("AUTH-8", not is_refused(answer), "a read with the new token", "a refusal")


@rule("AUTH-8")
def test_get_token_refuses_wrong_credentials(run: Run, suite: Suite, stage: Stage) -> None:
    _granted(run, suite, stage, "AUTH-8")
    client = run.target.client
    for what, headers in {
        "a wrong secret": basic_header(client.client_id, client.secret[:-1] + "~"),
        "no secret": basic_header(client.client_id, ""),
        "an unknown client": basic_header(f"{client.client_id}-nobody", client.secret),
        "no credentials": {},
    }.items():
        answer = stage.send(token_request(run), headers=headers, authorized=False)
        stage.direct.expect_refusal("AUTH-8", answer, what)


@rule("AUTH-8", "AUTH-4", "AUTH-5")
@pytest.mark.parametrize("there", [False, True], ids=["asked_for_here", "asked_for_there"])
def test_a_token_for_the_audience_of_another_account_opens_nothing(
    run: Run, suite: Suite, stage: Stage, other: Target, there: bool
) -> None:
    _granted(run, suite, stage, "AUTH-8")
    client, account = run.target.client, other.address.account
    answer = stage.send(
        token_request(run, account, at=account if there else None),
        headers=basic_header(client.client_id, client.secret),
        authorized=False,
    )
    grant = body_of(answer)
    if grant is None:
        return
    headers = bearer_header(str(grant["access_token"]))
    base = base_of(other)
    for request in stage.offered(
        request_builders.list_cards(base, limit=1),
        request_builders.open_card(base, stage.fresh_card("x")),
    ):
        breaks = "AUTH-4" if _is_read(request) else "AUTH-5"
        answer = stage.send(request, headers=headers, authorized=False)
        stage.direct.expect_refusal(breaks, answer, "the client is of another account")
