"""DELIV: however the network treats a request, it takes effect once.

A mark says what happens to a request or to its answer: `!lost`, `!twice`, `!late`, `!cut` and
`!timeout` (see `tallystick.program`). What is not known then is asked again, as a careful client
does, with the same ref_id and body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from strategies.plans import broken_deliveries
from tallystick.drivers.delivery import (
    LATE_S,
    DeliverySession,
    LossyConnection,
    deliver,
    lossy_connection,
)
from tallystick.drivers.exploring import explore
from tallystick.drivers.offered import as_far_as_offered, offered
from tallystick.drivers.probe import probe
from tallystick.program import Delivery, Program, Verb
from tallystick.run import Intensity, Run, Violated

rule = pytest.mark.rule

EXAMPLES = {Intensity.GATE: 4, Intensity.RELEASE: 150, Intensity.HUNT: 600}
LATE_FOR_S = {Intensity.GATE: LATE_S, Intensity.RELEASE: 6.0, Intensity.HUNT: 31.0}

Deliver = Callable[..., None]
Waiting = list[DeliverySession]


@pytest.fixture(scope="session")
def connection(run: Run) -> Iterator[LossyConnection]:
    with run.alone():
        if not run.dialect.learned():  # this chapter runs alone
            probe(run)
    with lossy_connection(run) as connection:
        yield connection


@pytest.fixture(scope="session")
def waiting() -> Waiting:
    """Programs with late copies that have not arrived yet."""
    return []


@pytest.fixture
def deliver_(run: Run, connection: LossyConnection) -> Deliver:
    """Run the program that the lines spell, the first `unread` steps without reading back."""

    def deliver_(*lines: str, unread: int = 0) -> None:
        deliver(run, connection, offered(run, *lines), unread=unread)

    return deliver_


START = ("A = card 1000 NOK", "h = hold A 500")
PAYMENTS = {
    "drawdown": "x = draw A 100",
    "hold": "x = hold A 100",
    "fund": "x = fund A 100",
    "capture": "x = capture h 100",
    "capture of all": "x = capture h",
    "void": "x = void h",
    "refund": "x = refund h 100",
}
BEFORE = {"refund": ["c = capture h"]}
"""By payment: what has to be done before it."""
RULES = {
    Delivery.LOST: "DELIV-1",
    Delivery.CUT: "DELIV-1",
    Delivery.TIMEOUT: "DELIV-1",
    Delivery.TWICE: "DELIV-2",
    Delivery.LATE: "DELIV-3",
}
MARKS = [pytest.param(mark, marks=rule(RULES[mark]), id=mark) for mark in Delivery]


@pytest.mark.prepares
@rule("DELIV-3")
def test_copies_are_sent_that_will_be_late(
    run: Run, connection: LossyConnection, waiting: Waiting
) -> None:
    for kind, line in PAYMENTS.items():
        before = [*START, *BEFORE.get(kind, [])]
        program = as_far_as_offered(run, [*before, f"{line} !late", "d = draw A 10"])
        session = DeliverySession(run, connection, LATE_FOR_S[run.intensity])
        for step in program.prefix:
            session.perform(step, unread=True)
        waiting.append(session)


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("kind", PAYMENTS)
def test_a_payment_takes_effect_once(deliver_: Deliver, kind: str, mark: Delivery) -> None:
    before = (*START, *BEFORE.get(kind, []))
    deliver_(*before, f"{PAYMENTS[kind]} !{mark}", "d = draw A 10", unread=len(before) + 1)


@pytest.mark.parametrize("mark", MARKS)
def test_a_lifecycle_of_broken_deliveries_adds_up(deliver_: Deliver, mark: Delivery) -> None:
    deliver_(
        "A = card 1000 NOK",
        "h = hold A 600",
        f"c1 = capture h 200 !{mark}",
        "f = fund A 50",
        f"c2 = capture h 150 !{mark}",
        f"d = draw A available !{mark}",
        f"c3 = capture h remaining !{mark}",
        f"v = void h !{mark}",
        unread=7,
    )


@pytest.mark.parametrize("mark", MARKS)
def test_a_refused_payment_has_no_effect(deliver_: Deliver, mark: Delivery) -> None:
    deliver_(
        *START,
        f"x = draw A available+1 !{mark}",
        f"y = capture h remaining+1 !{mark}",
        "d = draw A available",
        unread=3,
    )


@pytest.mark.parametrize("mark", MARKS)
def test_a_card_is_made_and_deleted_once(deliver_: Deliver, mark: Delivery) -> None:
    deliver_(f"A = card 100 NOK !{mark}", "d = draw A 100", f"delete A !{mark}", unread=2)


@pytest.mark.parametrize("mark", MARKS)
def test_a_card_is_activated_once(deliver_: Deliver, mark: Delivery) -> None:
    deliver_(f"A = batch !{mark}", f"activate A 500 NOK !{mark}", "d = draw A available", unread=1)


@pytest.mark.parametrize("mark", MARKS)
def test_a_one_time_token_pays_once(deliver_: Deliver, mark: Delivery) -> None:
    deliver_(
        "A = card 1000 NOK",
        f't = token A !{mark} with {{"one_time": "true"}}',
        f"d = draw t 100 !{mark}",
        "d2 = draw t 100",
        unread=2,
    )


@rule("DELIV-1", "DELIV-2", "DELIV-3", "DELIV-4")
def test_every_program_keeps_its_ledger(run: Run, connection: LossyConnection) -> None:
    def delivers(program: Program) -> None:
        deliver(run, connection, program)

    offered(run, "A = card 1000", "h = hold A 100 !lost")
    tokens = not run.target.support.lacking(Verb.TOKEN)
    examples, least = EXAMPLES[run.intensity], EXAMPLES[Intensity.GATE]
    explore(run, broken_deliveries(tokens, run.profile.traits), examples, delivers, least=least)


@pytest.mark.waits
@rule("DELIV-3")
def test_a_late_copy_has_no_further_effect(waiting: Waiting) -> None:
    found: list[Violated] = []
    for session in waiting:
        try:
            session.finish()
        except Violated as violated:
            found.append(violated)
    if found:
        raise found[0]
