"""SHAPE: every operation, with requests generated from the document, on cards that exist.

Schemathesis generates the requests and judges the form of the answers; the ledger judges the money.
A refused request changes nothing, an accepted one moves exactly what it says, and one that the
documentation forbids is refused. Then sequences of requests along the links of the document.

Schemathesis is imported by the tests that use it: no test that comes before has to wait for that.
"""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tallystick.documents.shape import DOCUMENT
from tallystick.drivers.fuzz.request import FuzzRequest
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet.fuzz.card_set import CardSet, new_fuzz
from tallystick.profiles.wallet.fuzz.driver import Fuzz
from tallystick.profiles.wallet.fuzz.live_ids import LiveIds
from tallystick.profiles.wallet.fuzz.valid import VALID, changed
from tallystick.repeating import repeating, until_answered
from tallystick.run import Intensity, Run
from tallystick.target import Answer

if TYPE_CHECKING:
    from schemathesis.generation.case import Case

rule = pytest.mark.rule
pytestmark = pytest.mark.api("wallet")

CASES = {
    op.TRANSACT: (56, 24),
    op.CAPTURE: (30, 20),
    op.VOID: (16, 10),
    op.CREATE_CARD: (40, 12),
    op.ACTIVATE_CARD: (22, 8),
    op.ISSUE_TOKEN: (22, 8),
    op.PREPARE_CARDS: (16, 6),
    op.ROTATE_PIN: (14, 6),
    op.READ_BY_TOKEN: (12, 8),
    op.LIST_CARDS: (14, 6),
    op.READ_CARD: (6, 4),
    op.LIST_TRANSACTIONS: (4, 4),
    op.LIST_CUSTOMER_CARDS: (8, 6),
    op.READ_CUSTOMER_CARD: (4, 4),
    op.DELETE_CARD: (4, 4),
    op.GET_ACCESS_TOKEN: (10, 4),
}
"""Boundary cases and random cases of each operation; most for those that move money."""
DEPTH = {Intensity.GATE: 1, Intensity.RELEASE: 6, Intensity.HUNT: 30}
"""Factors to the numbers of CASES."""
SEQUENCES = {Intensity.GATE: (6, 6), Intensity.RELEASE: (60, 10), Intensity.HUNT: (300, 15)}
"""How many sequences along the links, and the most requests in each."""

DATES = {"active_from": "2020-02-29T12:00:00Z", "expires_at": "2090-12-31T23:59:59+01:00"}


@pytest.fixture(scope="module")
def cards(run: Run) -> CardSet:
    return CardSet(run, repeat=repeating(run))


@rule("SHAPE-1", "SHAPE-2", "SHAPE-3", "SHAPE-4", "SHAPE-5", "SHAPE-6", "BAL-6")
@pytest.mark.requests(30)
@pytest.mark.parametrize("operation", CASES)
def test_the_operation_keeps_its_form_and_the_money(
    run: Run, cards: CardSet, operation: str
) -> None:
    from tallystick.drivers.fuzz import cases

    boundary, generated = (number * DEPTH[run.intensity] for number in CASES[operation])
    random = Random(f"{run.seed}/{operation}/names")
    document = run.shape.generated_from or DOCUMENT
    keep = run.intensity is Intensity.GATE  # others have another seed each time
    made = cases.cases(operation, run.seed, boundary, generated, document, keep=keep)
    for number, case in enumerate(made):
        if number >= sum(CASES[operation]) and not run.goes_deeper():
            break
        cards.use(operation, partial(_try_case, operation, case, random))
    cards.settle(operation)


def _try_case(operation: str, case: Case[Any], random: Random, fuzz: Fuzz) -> None:
    from tallystick.drivers.fuzz import cases

    query, body = cases.query_of(case), cases.body_of(case)
    answer = fuzz.ask(LiveIds(fuzz, random).fill(operation, query, body))
    if not isinstance(answer, Answer) or fuzz.run.shape.is_own:
        return  # Schemathesis knows our document only
    violation = cases.judge(case, answer)
    if violation is not None:
        fuzz.cards.violate(violation.rule, violation.expected, violation.actual)


@rule("SHAPE-1", "SHAPE-2", "SHAPE-3", "BAL-1", "BAL-2", "BAL-6")
@pytest.mark.requests(50)
def test_requests_along_the_links_of_the_document_keep_the_ledger(run: Run) -> None:
    from tallystick.profiles.wallet.fuzz.links import LinkFollower

    sequences, steps = SEQUENCES[run.intensity]
    follower = LinkFollower(run, new_fuzz)
    for number in range(sequences):
        if number >= SEQUENCES[Intensity.GATE][0] and not run.goes_deeper():
            break
        until_answered(run, partial(follower.follow, number, steps))


@rule("SHAPE-9", "SHAPE-1")
def test_ids_dates_and_amounts_have_their_documented_format(cards: CardSet) -> None:
    for operation in filter(cards.has, VALID):
        cards.ask(operation, changed)
    cards.ask(op.CREATE_CARD, changed, **DATES)
    cards.use(op.READ_CARD, _read_everything)


def _read_everything(fuzz: Fuzz) -> None:
    card, customer = {"card_id": fuzz.cards.ledger("A").card}, {"customer_id": fuzz.cards.customer}
    for request in (
        FuzzRequest(op.READ_CARD, card),
        FuzzRequest(op.LIST_TRANSACTIONS, card),
        FuzzRequest(op.LIST_CUSTOMER_CARDS, customer),
        FuzzRequest(op.READ_CUSTOMER_CARD, customer | card),
        FuzzRequest(op.LIST_CARDS),
    ):
        if fuzz.target.support.has(request.operation):
            fuzz.ask(request)
    fuzz.settle()
