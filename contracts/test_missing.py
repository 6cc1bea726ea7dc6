"""READ, for any API: a hold that does not exist is not shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.support.unspelled import expect_refusal, meant, perform, prepared
from tallystick.ledger.vocabulary import EntryId, ReadHold
from tallystick.run import Run
from tallystick.target import NotSupported

FAR = 10**9
"""A server that counts its holds has not come so far."""


@pytest.mark.rule("READ-4")
def test_a_hold_that_does_not_exist_cannot_be_read(run: Run) -> None:
    if not run.profile.traits.reads_hold:
        raise NotSupported("read of a hold")
    session = prepared(run)
    command = meant(session, "read h")
    assert isinstance(command, ReadHold), "where a hold can be read, this is what the step means"
    nothing = replace(command, parent=_another(command.parent))
    words = "read of a hold that does not exist"
    expect_refusal(session, "READ-4", words, perform(session, run.target, nothing, words))
    session.finish()


def _another(known: EntryId) -> EntryId:
    """An id of the form of a known one, which the server has given to nothing."""
    return EntryId(str(int(known) + FAR) if known.isdecimal() else f"{known[:-6]}x0x0x0")
