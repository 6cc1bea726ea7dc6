"""SHAPE, for any API with a document: an amount that it excludes is refused, and moves nothing.

The requests are those of ordinary steps, made by the profile, with another amount in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from contracts.support.unspelled import expect_refusal, perform, prepared
from tallystick.documents import shape
from tallystick.documents.request_members import excludes
from tallystick.drivers.direct import Unanswered
from tallystick.ledger.vocabulary import Capture, OpenCard, Transact, Void
from tallystick.program import Program, Verb, missing, parse_step
from tallystick.request import Request
from tallystick.run import Run
from tallystick.target import Answer, NotSupported

STEPS = (
    *("B = card 200", "g = hold A 200", "d = draw A 200", "f = fund A 200"),
    *("c = capture h 200", "v = void h 200"),
)
AMOUNTS = (-200, 0, 1, 10**8, 10**12)
"""In minor units. What the document excludes of them is tried."""

Paid = OpenCard | Transact | Capture | Void


@pytest.mark.rule("SHAPE-4", "BAL-6")
@pytest.mark.parametrize("line", STEPS)
def test_an_amount_that_the_document_excludes_is_refused(run: Run, line: str) -> None:
    if run.profile.fuzzing is None:
        pytest.skip("the amounts of this API are tried in test_input")
    step, traits = parse_step(line), run.profile.traits
    named = step.verb is Verb.CARD and not traits.account
    lacking = "cards" if named else missing(Program((step,)), traits)
    if lacking is not None:
        raise NotSupported(lacking)
    session = prepared(run)
    command = session.resolver.resolve(step)[0]
    assert isinstance(command, Paid), "every line says an amount"
    for wrong, words in _excluded(run, command):
        # The amount stands in for the one of the line: a command that is wrong in nothing else.
        said = f"{line}, with {words}"
        expect_refusal(session, "SHAPE-4", said, perform(session, run.target, wrong, said))
    session.finish()


def _excluded(run: Run, command: Paid) -> Iterator[tuple[Paid, str]]:
    """The command with each amount that the document excludes, and the member in words."""
    document = shape.load(run.profile.documents.openapi)
    usual = _request(run, command)
    for amount in AMOUNTS:
        wrong = replace(command, amount=amount)
        for member, value in (_request(run, wrong).body or {}).items():
            changed = (usual.body or {}).get(member) != value
            if changed and excludes(document, usual.operation, member, value):
                yield wrong, f"{member}: {value}"
                break


def _request(run: Run, command: Paid) -> Request:
    """The request of a command, after those that have to come before it."""
    account, known = run.target.address.account, dict[str, str]()
    while (preparation := run.profile.prepare(command, account, known)) is not None:
        exchange = run.target.send(preparation.request)
        given = preparation.read(exchange.answer) if isinstance(exchange.answer, Answer) else None
        if given is None:
            raise Unanswered(exchange)
        known |= given
    return run.profile.encode(command, account, known)
