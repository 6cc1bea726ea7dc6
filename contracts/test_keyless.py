"""REF, for an API whose idempotency key is optional: a request without one repeats no other.

No step of a program can leave its key out, since a lost answer could then not be asked for again.
So these requests are sent once, beside a program, and the program is not read back at its end: its
ledger knows nothing of what they did.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.support.unspelled import expect_refusal, meant, perform, prepared, violate
from tallystick.drivers.sequential import Session
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    HoldRecord,
    RefId,
    Refused,
    Transact,
    TransactionRecord,
)
from tallystick.program import Verb
from tallystick.run import Run
from tallystick.target import NotSupported

rule = pytest.mark.rule

NO_KEY = RefId("")

FIRST = {"with a key": True, "without a key": False}
"""How the first of two equal requests is sent; the second has no key."""


@pytest.fixture(autouse=True)
def only_where_it_is_optional(run: Run) -> None:
    if not run.profile.traits.key_is_optional:
        pytest.skip("no request of this API may leave its key out, or its profile does not say so")


@rule("TX-8", "TX-5")
@pytest.mark.parametrize("first", FIRST)
def test_a_hold_without_a_key_is_a_hold_of_its_own(run: Run, first: str) -> None:
    session = prepared(run)
    hold = meant(session, "i = hold A 100")
    assert isinstance(hold, Transact), "this is what the step means"
    given = hold if FIRST[first] else replace(hold, ref=NO_KEY)
    ids = [
        _made(session, given, f"i = hold A 100, {first}"),
        _made(session, replace(hold, ref=NO_KEY), "the same hold, without a key"),
    ]
    if None not in ids:
        run.count_checked("TX-8")
        if ids[0] == ids[1]:
            expected = "another hold: nothing says that it is a repeat"
            violate(session, "TX-8", expected, f"hold {ids[0]}")


@rule("CAP-5")
@pytest.mark.parametrize("first", FIRST)
def test_a_capture_without_a_key_is_judged_by_what_is_left(run: Run, first: str) -> None:
    traits = run.profile.traits
    if Verb.CAPTURE not in traits.verbs:
        raise NotSupported("a capture")
    if traits.over_capture:
        pytest.skip("a capture of this API may exceed its hold")
    session = prepared(run)
    line = "c = capture h 600" if traits.part_of_capture else "c = capture h"
    capture = meant(session, line)
    assert isinstance(capture, Capture), "this is what the step means"
    given = capture if FIRST[first] else replace(capture, ref=NO_KEY)
    outcome = perform(session, run.target, given, f"{line}, {first}")
    if isinstance(outcome, Accepted):
        again = perform(session, run.target, replace(capture, ref=NO_KEY), f"{line}, without a key")
        expect_refusal(session, "CAP-5", "a second capture of all, without a key", again)


def _made(session: Session, hold: Transact, words: str) -> str | None:
    """The id of the hold that a request made; None if its record shows none."""
    outcome = perform(session, session.run.target, hold, words)
    session.run.count_checked("TX-5")
    if isinstance(outcome, Refused):
        violate(session, "TX-5", f"accepted: {words}", f"refused with {outcome.status}")
    assert isinstance(outcome, Accepted), "what proves nothing was raised"
    assert isinstance(outcome.record, TransactionRecord | HoldRecord), "a hold has a record"
    return outcome.record.id
