"""TX-3: what settles a hold is in the currency of the hold, for any API whose requests say one.

The request is that of an ordinary capture, void or refund, with another currency of the API in its
body. A step of a program cannot say this. APIs that spell currencies as numbers are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from contracts.support.unspelled import (
    expect_refusal,
    meant,
    outcome_of,
    prepared,
    remember,
    request_of,
)
from tallystick.conditions import leaves, with_value
from tallystick.ledger.vocabulary import Capture, Refund, Void
from tallystick.program import Program, missing, parse_step
from tallystick.request import Request
from tallystick.run import Run
from tallystick.target import NotSupported

LINES: dict[str, tuple[str, ...]] = {
    "c = capture h 200": (),
    "v = void h": (),
    "r = refund h 200": ("c = capture h 400",),
}
"""What settles a hold, each with the steps before it."""


@pytest.mark.rule("TX-3")
@pytest.mark.parametrize("line", LINES)
def test_another_currency_than_the_holds_is_refused(run: Run, line: str) -> None:
    if run.profile.fuzzing is None:
        pytest.skip("no capture and no void of this API says a currency")
    lacking = missing(Program(tuple(map(parse_step, (*LINES[line], line)))), run.profile.traits)
    if lacking is not None:
        raise NotSupported(lacking)
    session = prepared(run, *LINES[line])
    command = meant(session, line)
    assert isinstance(command, Capture | Void | Refund)
    usual = request_of(run, command)
    changed = next(_in_another_currency(run, usual), None)
    if changed is None:
        pytest.skip("the request says no currency, or the API has no other one of as many digits")
    request, words = changed
    exchange = run.target.send(request)
    said = f"{line}, with {words}"
    remember(session, said, exchange)
    expect_refusal(session, "TX-3", said, outcome_of(run, command, exchange))
    session.finish()


def _in_another_currency(run: Run, usual: Request) -> Iterator[tuple[Request, str]]:
    """The request with each other currency that counts as many digits, in words."""
    traits = run.profile.traits
    own = traits.currency
    for other in traits.currencies:
        if other == own or traits.digits_of(other) != traits.digits_of(own):
            continue
        body, places = usual.body, []
        for place, value in leaves(usual.body):
            if place and isinstance(value, str) and value.upper() == own:
                body = with_value(body, place, other.lower() if value.islower() else other)
                places.append(".".join(map(str, place)))
        if places:
            yield replace(usual, body=body), f"{' and '.join(places)}: {other}"
