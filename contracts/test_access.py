"""AUTH: only the right credentials can read or change what belongs to an account.

Every request here is well-formed and names existing things; only the credentials are wrong. A
refusal may have any documented status. What needs a client that was not given is not claimed.
"""

from __future__ import annotations

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
    token_request,
)
from contracts.support.credentials import (
    ABSENT,
    forgeries,
    grant_in,
    granted,
    token_of,
)
from contracts.support.staging import Stage, body_of, is_refused
from contracts.support.wallets import FEW, every_request, every_use, prepared_wallet, wallet_of
from tallystick.conditions import nowhere, shows
from tallystick.ledger.vocabulary import Capture, Kind, Payment, Transact, Void
from tallystick.profiles.wallet import wire
from tallystick.repeating import until_answered
from tallystick.request import Request
from tallystick.run import Intensity, Run
from tallystick.suite import Suite
from tallystick.target import Answer, Target, basic_header, bearer_header

rule = pytest.mark.rule
broad = pytest.mark.broad
pytestmark = pytest.mark.api("wallet")

EVERYWHERE = ("no_authorization", "another_signature", "no_signature_alg_none")
"""Credentials that are tried on every operation; the gate tries FEW with KIN."""
KIN = (
    *("a_malformed_token", "basic_in_place_of_bearer", "a_guessed_key"),
    *("an_empty_authorization", "a_scheme_without_a_token", "a_word_as_a_token"),
    *("a_token_that_goes_on", "no_signature_alg_None", "alg_none_and_a_signature"),
    *("a_signature_cut_off", "other_claims", "an_empty_key"),
)


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
        shared.stage, shared.failures = until_answered(run, lambda: prepared_wallet(run)), failures
    return shared.stage.another()


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
    for request in every_request(stage):
        if everywhere or request.operation in FEW:
            answer = stage.send(request, headers=headers, authorized=False)
            stage.direct.expect_refusal(breaks, answer, kind.replace("_", " "))
    stage.read_back(breaks, only="A", lists=False)


@rule("AUTH-9")
@pytest.mark.parametrize("kind", ["no_authorization", "a_malformed_token", "another_signature"])
def test_a_request_without_a_valid_token_gets_401(run: Run, stage: Stage, kind: str) -> None:
    headers = {**ABSENT, **forgeries(token_of(run.target))}[kind]
    stage.direct.note(f"with {kind.replace('_', ' ')}:")
    for request in every_request(stage):
        if request.operation in FEW:
            answer = stage.send(request, headers=headers, authorized=False)
            status = answer.status
            stage.direct.expect("AUTH-9", status == 401, "status 401", f"status {status}")


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


@broad
@rule("AUTH-4", "AUTH-5")
@reads_and_writes
def test_another_account_can_do_nothing_in_this_one(
    stage: Stage, other: Target, breaks: str
) -> None:
    stage.direct.note("as a client of another account:")
    _refuses_all(stage, breaks, every_use(stage, stage.base), other)


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
    found = [r for r in every_use(stage, base_of(other)) if r.operation not in OF_ITS_OWN]
    _refuses_all(stage, breaks, found, other)


@rule("AUTH-4")
def test_no_list_of_another_account_shows_a_card_of_this_one(stage: Stage, other: Target) -> None:
    wallet, base = wallet_of(stage), base_of(other)
    own = body_of(stage.send(request_builders.read_card(stage.base, wallet.card))) or {}
    stage.direct.note("in this account, and as a client of another one in that account:")
    lists: tuple[Callable[[str], Request], ...] = (
        partial(request_builders.list_cards, limit=100),
        partial(request_builders.list_cards, limit=100, include_deleted="true"),
        partial(request_builders.list_cards, limit=5, starting_after=own.get("id")),
        partial(request_builders.customer_cards, customer_id=wallet.customer, limit=100),
    )
    for ask in lists:
        for request in stage.offered(ask(base)):
            ours = _ids_of(_listed(stage.send(ask(stage.base))))
            theirs = _listed(stage.send(request, target=other))
            # A page of ours need not reach to the card, and a card may show no id.
            shown = [
                card.get("id") or card.get("card_id")
                for card in theirs
                if card.get("card_id") == wallet.card or card.get("id") in ours
            ]
            stage.direct.expect(
                "AUTH-4",
                not shown,
                "no card of another account",
                f"{shown}"[:200],
                right=nowhere(*shown[:1]),
            )


def _listed(answer: Answer) -> list[dict[str, Any]]:
    """The cards of a list; none if it is refused."""
    body = body_of(answer) or []
    cards: list[dict[str, Any]] = body.get("cards", []) if isinstance(body, dict) else body
    return cards


def _ids_of(cards: list[dict[str, Any]]) -> set[str]:
    """The server's own ids of cards, which name them in any account."""
    return {card["id"] for card in cards if card.get("id")}


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
        right=(shows(("amount_balance",), 55),),
    )
    for request in stage.offered(request_builders.delete_card(base, card_id)):
        stage.send(request, target=other)
    stage.read_back("AUTH-5", only="A")


@broad
@rule("AUTH-4", "AUTH-5")
@reads_and_writes
def test_this_account_can_do_nothing_in_another(stage: Stage, other: Target, breaks: str) -> None:
    stage.direct.note("in the account of others:")
    _refuses_all(stage, breaks, every_use(stage, base_of(other)), stage.run.target)


# Scopes -------------------------------------------------------------------------------------------


@rule("AUTH-6", "AUTH-10")
def test_a_reader_reads_and_writes_nothing(stage: Stage, reader: Target) -> None:
    stage.direct.note("as a client with read:wallets:")
    for request in every_use(stage, stage.base):
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
    token = wallet_of(stage).token
    fund = partial(request_builders.transact, stage.base, stage.fresh_ref(), 7, type="fund")
    by_token = [] if token is None else [fund(token=token)]
    for request in [*every_use(stage, stage.base), *by_token]:
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


@rule("AUTH-8")
def test_get_token_gives_a_token_that_works(run: Run, suite: Suite, stage: Stage) -> None:
    grant = granted(run, suite, stage, "AUTH-8")
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
    granted(run, suite, stage, "AUTH-8")
    client = run.target.client
    secrets = {
        "a wrong secret": client.secret[:-1] + "~",
        "a secret that goes on": client.secret + "~",
        "a secret that lacks its end": client.secret[:-1],
        "a secret in the other case": client.secret.swapcase(),
        "no secret": "",
    }
    wrong = {
        what: basic_header(client.client_id, secret)
        for what, secret in secrets.items()
        if secret != client.secret  # one of digits has no case
    }
    wrong["an unknown client"] = basic_header(f"{client.client_id}-nobody", client.secret)
    right = basic_header(client.client_id, client.secret)
    for what, headers in {**wrong, "no credentials": {}}.items():
        answer = stage.send(token_request(run), headers=headers, authorized=False)
        stage.direct.expect_refusal("AUTH-8", answer, what)
        # A server may lock a client out after some wrong secrets in a row.
        stage.send(token_request(run), headers=right, authorized=False)


@rule("AUTH-8", "AUTH-4", "AUTH-5")
@pytest.mark.parametrize("there", [False, True], ids=["asked_for_here", "asked_for_there"])
def test_a_token_for_the_audience_of_another_account_opens_nothing(
    run: Run, suite: Suite, stage: Stage, other: Target, there: bool
) -> None:
    granted(run, suite, stage, "AUTH-8")
    client, account = run.target.client, other.address.account
    answer = stage.send(
        token_request(run, account, at=account if there else None),
        headers=basic_header(client.client_id, client.secret),
        authorized=False,
    )
    grant = grant_in(answer)
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
