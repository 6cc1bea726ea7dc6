"""SHAPE, for any API with a document: what it excludes of amounts and currencies is refused.

The requests are those of ordinary steps, made by the profile, with another amount or currency
written into their bodies. What readers of numbers often allow (white space, a plus sign, digits as
text) is not tried: a document that excludes it may not mean it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from contracts.support.unspelled import (
    expect_refusal,
    meant,
    note,
    outcome_of,
    prepared,
    remember,
    request_of,
)
from tallystick.conditions import Place, at, leaves, with_value
from tallystick.documents import shape
from tallystick.documents.request_members import excludes
from tallystick.ledger.vocabulary import Accepted, Capture, OpenCard, Transact, Void
from tallystick.program import Program, Verb, missing, parse_step
from tallystick.request import Request
from tallystick.run import Run
from tallystick.target import NotSupported

STEPS = (
    *("B = card 200", "g = hold A 200", "d = draw A 200", "f = fund A 200"),
    *("c = capture h 200", "v = void h 200"),
)
AT_ONCE = 4
"""How many requests are sent between two reads: what a violation then shows is short."""
NO_CURRENCY = "XXX"
"""The code that ISO 4217 gives to no currency."""

JSON = Any
Paid = OpenCard | Transact | Capture | Void


@pytest.mark.rule("SHAPE-2", "SHAPE-4", "SHAPE-5", "BAL-6")
@pytest.mark.parametrize("line", STEPS)
def test_what_the_document_excludes_is_refused(run: Run, line: str) -> None:
    if run.profile.fuzzing is None:
        pytest.skip("the amounts of this API are tried in test_input")
    step, traits = parse_step(line), run.profile.traits
    named = step.verb is Verb.CARD and not traits.account
    lacking = "cards" if named else missing(Program((step,)), traits)
    if lacking is not None:
        raise NotSupported(lacking)
    number, found = 0, 1
    while found > number:
        session = prepared(run)
        command = meant(session, line)
        assert isinstance(command, Paid), "every line says an amount"
        wrong = list(_excluded(run, command))
        found = len(wrong)
        for request, words in wrong[number : number + AT_ONCE]:
            exchange = run.target.send(request)
            said = f"{line}, with {words}"
            remember(session, said, exchange)
            ill_formed = run.judge_shape(exchange)
            if ill_formed is not None:
                # A member that is missing in every answer must not hide what is accepted.
                note(session, ill_formed)
            outcome = outcome_of(run, command, exchange)
            if ill_formed is None or isinstance(outcome, Accepted):
                expect_refusal(session, "SHAPE-4", said, outcome)
        number += AT_ONCE
        session.finish()


def _excluded(run: Run, command: Paid) -> Iterator[tuple[Request, str]]:
    """The request of the command with each value that the document excludes, in words."""
    document = shape.load(run.profile.documents.openapi)
    usual = request_of(run, command)
    other = request_of(run, replace(command, amount=10 * (command.amount or 1)))
    for places, values in _replaceable(usual.body, other.body):
        words = " and ".join(".".join(map(str, place)) for place in places)
        for each in values:
            if all(excludes(document, usual.operation, place, each) for place in places):
                body = usual.body
                for place in places:
                    body = with_value(body, place, each)
                yield replace(usual, body=body), f"{words}: {each}"


def _replaceable(usual: JSON, other: JSON) -> Iterator[tuple[list[Place], list[JSON]]]:
    """The places of amounts and currencies in a body, each with what may be written there.

    An amount is what another one changes. Places that have the same one, such as the two sides of a
    transfer, are written alike, since a server compares them.
    """
    amounts: dict[tuple[JSON, JSON], list[Place]] = {}
    currencies: list[tuple[list[Place], list[JSON]]] = []
    for place, value in leaves(usual):
        if not place or not isinstance(value, int | str) or isinstance(value, bool):
            continue
        then = at(other, place)
        if then != value:
            amounts.setdefault((value, then), []).append(place)
        elif place[-1] == "currency" and isinstance(value, str):
            currencies.append(([place], [NO_CURRENCY.lower() if value.islower() else NO_CURRENCY]))
    for (value, _), places in amounts.items():
        yield places, list(_amounts(value))
    yield from currencies


def _amounts(value: int | str) -> Iterator[int | float | str]:
    """Amounts that many documents exclude, spelled as the usual one is."""
    if isinstance(value, str):
        whole = value.partition(".")[0]
        yield from (f"-{value}", "0", "1", f"{whole}e1", f"1,{value}", "many", "9" * 9, "9" * 60)
        yield f"{whole}.00005" if whole != value else f"{value}.5"
    else:
        yield from (-value, 0, 1, value + 0.5, 10**9 - 1, 10**20 - 1)
