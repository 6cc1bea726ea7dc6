"""READ-12 and READ-8: `created_by` names who made a thing, whoever looks at it, and goes on to.

A server may leave `created_by` out, and may show one user for all of its clients; but what a client
made shows the same everywhere. It does not know what these ids look like.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from contracts.support import request_builders
from contracts.support.clients import connect_as
from contracts.support.identity import Identity, agree, identity_of
from contracts.support.staging import FIRST, Stage, body_of, is_refused, spelled
from tallystick.ledger.vocabulary import Capture, Kind, Payment, RefId, Transact, Void
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet import wire
from tallystick.run import Run
from tallystick.suite import Suite
from tallystick.target import Target

rule = pytest.mark.rule
broad = pytest.mark.broad
pytestmark = pytest.mark.api("wallet")


@pytest.fixture
def till(run: Run, suite: Suite) -> Iterator[Target]:
    """A second client of the account, which may pay by token."""
    with closing(connect_as(suite, run, "till", "READ-12")) as target:
        yield target


@pytest.fixture
def reader(run: Run, suite: Suite) -> Iterator[Target]:
    """A client of the account that makes nothing."""
    with closing(connect_as(suite, run, "reader")) as target:
        yield target


@dataclass(frozen=True, slots=True)
class Made:
    """What two clients made on the card A: who, and the answer, by the server's id."""

    stage: Stage
    answers: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)

    def pay(self, who: str, target: Target, name: str, command: Payment) -> None:
        """Pay as a client; it may be refused what another one began (question 59)."""
        request = wire.encode(command, self.stage.run.target.address.account)
        answer = self.stage.send(request, target=target)
        if is_refused(answer):
            return
        self.stage.take("A", command, answer, name=name)
        body = body_of(answer) or {}
        self.answers[str(body.get("id"))] = (who, body)


@rule("READ-12", "READ-8")
def test_a_transaction_names_the_client_that_made_it(run: Run, till: Target) -> None:
    stage = Stage(run, "A = card 1000 NOK", "t = token A")
    card, token = stage.card_id("A"), stage.token("t")
    made, first = Made(stage), run.target

    def ref() -> RefId:
        return stage.fresh_ref()

    made.pay("first", first, "d", Transact(Kind.DRAWDOWN, card, 10, "NOK", ref()))
    made.pay("till", till, "e", Transact(Kind.DRAWDOWN, card, 20, "NOK", ref(), token))
    made.pay("first", first, "h", Transact(Kind.HOLD, card, 300, "NOK", ref()))
    made.pay("till", till, "i", Transact(Kind.HOLD, card, 200, "NOK", ref(), token))
    made.pay("till", till, "c", Capture(card, stage.entry_id("h"), 60, ref()))
    made.pay("first", first, "k", Capture(card, stage.entry_id("i"), 50, ref()))
    made.pay("till", till, "v", Void(card, stage.entry_id("h"), ref()))
    made.pay("first", first, "w", Void(card, stage.entry_id("i"), ref()))
    _each_names_its_maker(made)
    for request in stage.offered(request_builders.list_transactions(stage.base, card)):
        for item in body_of(stage.send(request)) or []:
            _is_as_it_was_made(made, item)
    stage.finish()


def _each_names_its_maker(made: Made) -> None:
    """The first transaction of each client says how the server names that client."""
    names: dict[str, Any] = {}
    for who, body in made.answers.values():
        shown = body.get("created_by")
        if shown is None:
            continue  # whether it has to be there is said by the document
        made.stage.run.count_checked("READ-12")
        wanted = names.setdefault(who, shown)
        made.stage.direct.expect(
            "READ-12",
            shown == wanted,
            f"created_by {wanted!r}, as on the other transactions of the {who} client",
            f"{shown!r} on {body.get('id')}",
        )


def _is_as_it_was_made(made: Made, item: dict[str, Any]) -> None:
    if item.get("id") in made.answers:
        was = identity_of(made.answers[item["id"]][1])
        same = agree(was, identity_of(item))
        made.stage.direct.expect("READ-8", same, f"{was}, as it was made", f"{item}")


@broad
@rule("READ-8")
def test_whoever_looks_at_a_thing_it_names_the_same_maker(run: Run, reader: Target) -> None:
    stage = Stage(run)
    customer = stage.fresh("customer")
    stage.perform(f"A = card 1000 NOK {spelled({'customer_id': customer})}", "d = draw A 100")
    stage.perform("h = hold A 300", "c = capture h 120")
    card = stage.card_id("A")
    for request in stage.offered(
        request_builders.read_card(stage.base, card),
        request_builders.customer_card(stage.base, customer, card),
        request_builders.customer_cards(stage.base, customer),
        request_builders.list_transactions(stage.base, card),
    ):
        by_maker = _identities(body_of(stage.send(request)))
        by_reader = _identities(body_of(stage.send(request, target=reader)))
        for id_, was in by_maker.items():
            now = by_reader.get(id_, was)
            stage.direct.expect("READ-8", agree(was, now), f"{was}, as its maker sees it", f"{now}")


def _identities(body: Any) -> dict[Any, Identity]:
    items = body if isinstance(body, list) else [body or {}]
    return {item.get("id"): identity_of(item) for item in items}


@rule("READ-8")
def test_what_happens_to_a_card_makes_no_other_card_of_it(run: Run) -> None:
    stage = Stage(run)
    stage.require(op.PREPARE_CARDS, op.ACTIVATE_CARD)
    stage.perform("A = batch")
    card = stage.card_id("A")
    read = request_builders.read_card(stage.base, card)
    was = identity_of(body_of(stage.send(read)) or {})
    for line in (f"activate A 700 NOK {spelled(FIRST)}", "f = fund A 50", "d = draw A 750"):
        stage.perform(line, unread=True)
        now = identity_of(body_of(stage.send(read)) or {})
        stage.direct.expect("READ-8", agree(was, now), f"{was}, as before {line}", f"{now}")
    for request in stage.offered(request_builders.delete_card(stage.base, card)):
        now = identity_of(body_of(stage.send(request)) or {})
        stage.direct.expect("READ-8", agree(was, now), f"{was}, as before it was deleted", f"{now}")
