"""AUTH, for any API: what belongs to one client, nobody else reads or moves.

The requests are those of ordinary steps, made by the profile; only the credentials are wrong. An
API may have more operations and more kinds of credentials than steps have words for: contracts of
its own try those (for the Wallet API `test_access`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial

import pytest

from contracts.support.altered import KEY, OTHER, SIGNED, WAYS, altered
from contracts.support.clients import connect_as
from contracts.support.unspelled import (
    expect_refusal,
    meant,
    outcome_of,
    perform,
    prepared,
    remember,
    violate,
)
from tallystick.drivers.sequential import Session
from tallystick.ledger.traits import Traits
from tallystick.ledger.vocabulary import (
    Accepted,
    CardLabel,
    Command,
    HoldRecord,
    Read,
    Refused,
    TransactionRecord,
)
from tallystick.program import Verb, parse_step
from tallystick.request import Request
from tallystick.run import Run
from tallystick.suite import Suite
from tallystick.target import Target
from tallystick.target.proof import Proof

rule = pytest.mark.rule
broad = pytest.mark.broad
A = CardLabel("A")

STEPS_ON_CARDS = ("read A", "list A", "d = draw A 100", "g = hold A 100", "f = fund A 100")
STEPS_ON_HOLDS = ("read h", "c = capture h 100", "v = void h")
"""What is tried with wrong credentials. Each would be accepted with the right ones."""
MAKING = ("B = card 100", "i = hold A 100")
"""What makes something of one's own, so that another client may do it; one that only reads not."""

WRONG = {"no credentials": "AUTH-1", **dict.fromkeys(WAYS, "AUTH-2")}
"""How credentials are wrong, in words, and the rule that then demands a refusal."""


@rule("AUTH-1", "AUTH-2")
@pytest.mark.parametrize("how", WRONG)
def test_wrong_credentials_open_nothing(run: Run, how: str) -> None:
    session = prepared(run)
    said = f"with {'' if how not in WAYS else 'credentials with '}{how}"
    for line, command, request in _requests(session):
        proof = run.target.proof(request, partial(altered, way=how)) if how in WAYS else Proof()
        _expect_refusal(session, WRONG[how], f"{line}, {said}", command, request, proof)
    session.finish()


@rule("AUTH-2")
@pytest.mark.parametrize("way", SIGNED)
def test_a_signature_opens_nothing_but_the_request_it_was_made_for(run: Run, way: str) -> None:
    covers = run.target.authentication.covers
    if not covers:
        pytest.skip("the API asks for no signatures")
    if way in OTHER and way not in covers:
        pytest.skip(f"the signature does not cover the {way} of a request")
    session = prepared(run)
    for line, command, request in _requests(session):
        if way == KEY:
            proof = run.target.proof(request, partial(altered, way=next(iter(WAYS))), part="key")
            _expect_refusal(session, "AUTH-2", f"{line}, {SIGNED[way]}", command, request, proof)
        elif (other := OTHER[way](request)) is not None:
            proof = run.target.proof(other)
            _expect_refusal(session, "AUTH-2", f"{line}, {SIGNED[way]}", command, request, proof)
    session.finish()


def _requests(session: Session) -> Iterator[tuple[str, Command, Request]]:
    """The steps that take one request, with it."""
    profile, account = session.run.profile, session.run.target.address.account
    for line, command in _commands(session, *MAKING):
        if profile.prepare(command, account, {}) is None:
            yield line, command, profile.encode(command, account, {})


def _expect_refusal(
    session: Session, breaks: str, words: str, command: Command, request: Request, proof: Proof
) -> None:
    exchange = session.run.target.send(request, authorized=False, proof=proof)
    remember(session, words, exchange)
    expect_refusal(session, breaks, words, outcome_of(session.run, command, exchange))


@pytest.fixture
def other(run: Run, suite: Suite) -> Iterator[Target]:
    """A connection as a client of another account."""
    with closing(connect_as(suite, run, "other", "AUTH-4", "AUTH-5")) as target:
        yield target


@pytest.fixture
def reader(run: Run, suite: Suite) -> Iterator[Target]:
    """A connection as a client that may only read."""
    with closing(connect_as(suite, run, "reader", "AUTH-6", "AUTH-10")) as target:
        yield target


@broad
@rule("AUTH-6", "AUTH-10")
def test_a_client_that_only_reads_reads_all_and_moves_nothing(run: Run, reader: Target) -> None:
    session = prepared(run)
    for line, command in _commands(session, *MAKING):
        words = f"{line}, as a client that only reads"
        outcome = perform(session, reader, command, words)
        if not isinstance(command, Read):
            expect_refusal(session, "AUTH-6", words, outcome)
            continue
        run.count_checked("AUTH-10")
        if isinstance(outcome, Refused):
            violate(session, "AUTH-10", f"accepted: {words}", f"refused with {outcome.status}")
    session.finish()


@rule("AUTH-4", "AUTH-5")
def test_another_client_reads_and_moves_nothing_of_this_one(run: Run, other: Target) -> None:
    session = prepared(run)
    for line, command in _commands(session):
        reads = isinstance(command, Read)
        outcome = perform(session, other, command, f"{line}, as another client")
        if isinstance(outcome, Accepted) and outcome.record == ():
            continue  # where a list is a search, it finds nothing that this client may not see
        expect_refusal(session, "AUTH-4" if reads else "AUTH-5", line, outcome)
    session.finish()


@rule("AUTH-4")
def test_a_ref_of_another_client_shows_it_nothing_of_this_one(run: Run, other: Target) -> None:
    session = prepared(run)
    # The same words at the same moment by two clients: each may get its own, or a refusal, but
    # never the record of the other.
    bound = session.resolver.bindings["h"]
    run.count_checked("AUTH-4")
    outcome = perform(session, other, bound.command, "h = hold A 600, as another client")
    if isinstance(outcome, Accepted):
        assert isinstance(outcome.record, TransactionRecord | HoldRecord), "a hold has a record"
        if outcome.record.id == bound.id:
            violate(session, "AUTH-4", "a hold of its own, or a refusal", "the hold of this one")
    session.finish()


def _commands(session: Session, *more: str) -> Iterator[tuple[str, Command]]:
    """The steps that this API has, with the commands that they mean now."""
    for line in _steps(session.run.profile.traits, more):
        yield line, meant(session, line)


def _steps(traits: Traits, more: Sequence[str]) -> Iterator[str]:
    for line in more:
        if traits.account or parse_step(line).verb is not Verb.CARD:
            yield line
    for line in STEPS_ON_CARDS if traits.account else ():
        verb = parse_step(line).verb
        if verb in traits.verbs and (traits.lists or verb is not Verb.LIST):
            yield line
    for line in STEPS_ON_HOLDS:
        verb = parse_step(line).verb
        if verb in traits.verbs and (traits.reads_hold or verb is not Verb.READ):
            yield line
