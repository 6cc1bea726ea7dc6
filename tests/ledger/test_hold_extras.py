"""An answer that never shows what a hold carried is not accused of dropping it."""

from __future__ import annotations

import pytest

from tallystick.documents.questions import open_dialect
from tallystick.ledger.oracle import step
from tallystick.ledger.state import Ledger
from tallystick.ledger.traits import Traits
from tallystick.ledger.vocabulary import (
    Accepted,
    CardId,
    CardRecord,
    EntryId,
    Extras,
    HoldRecord,
    Kind,
    OpenCard,
    ReadHold,
    RefId,
    Transact,
    Violation,
)

HOLDS_ALONE = Traits(("EUR",), account=False, own_records=False, reads_hold=True, least=50)
CARD, HOLD = CardId("ts1-A"), EntryId("h")
SENT: Extras = (("metadata", '{"order": "1"}'),)


def held() -> Ledger:
    ledger = Ledger(open_dialect(), CARD, traits=HOLDS_ALONE)
    opened = step(ledger, OpenCard(CARD, 0, "EUR"), Accepted(CardRecord(CARD)))
    # An amount of 0 is no reason to refuse what is never sent.
    assert not isinstance(opened, Violation)
    hold = Transact(Kind.HOLD, CARD, 100, "EUR", RefId("r"), extras=SENT)
    made = step(next(iter(opened)), hold, Accepted(HoldRecord(HOLD, "EUR", 100, extras=SENT)))
    assert not isinstance(made, Violation)
    return next(iter(made))


@pytest.mark.parametrize(("shown", "rule"), [(None, None), (SENT, None), ((), "TX-4")])
def test_only_what_is_shown_is_compared(shown: Extras | None, rule: str | None) -> None:
    record = HoldRecord(HOLD, "EUR", 100, extras=shown)
    judged = step(held(), ReadHold(CARD, HOLD), Accepted(record))
    assert (judged.rule if isinstance(judged, Violation) else None) == rule
