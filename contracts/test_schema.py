"""SHAPE: every operation, fuzzed from the document with live ids, and the walks along its links.

Schemathesis makes the requests and judges the form of the answers; the ledger judges the money. A
request that is refused has to change nothing, one that is accepted has to move exactly what it
says, and one that the documentation forbids has to be refused.
"""

from __future__ import annotations

from random import Random

import pytest

from tallystick.drivers import fuzz_cases
from tallystick.drivers.fuzz import Fuzz
from tallystick.drivers.fuzz_feed import Feeder
from tallystick.drivers.fuzz_reduce import reduce_request
from tallystick.drivers.fuzz_walk import walk
from tallystick.ledger.ledger import Standing
from tallystick.run import Intensity, Run, Violated
from tallystick.target import Answer

rule = pytest.mark.rule

CASES = {
    "aid_cards_transactions_post": (56, 24),
    "aid_cards_cardid_transactions_capture_post": (30, 20),
    "aid_cards_cardid_transactions_void_post": (16, 10),
    "aid_cards_post": (40, 12),
    "aid_cards_cardid_activate_post": (22, 8),
    "aid_cards_cardid_token_post": (22, 8),
    "aid_cards_batch_post": (16, 6),
    "aid_cards_cardid_rotate_pin_post": (14, 6),
    "aid_cards_token_post": (12, 8),
    "aid_cards_get": (14, 6),
    "aid_cards_cardid_get": (6, 4),
    "aid_cards_cardid_transactions_tid_get": (4, 4),
    "aid_customers_cid_cards_get": (8, 6),
    "aid_customers_cid_card_cid_get": (4, 4),
    "aid_cards_cardid_delete": (4, 4),
    "aid_auths_oauth_token_post": (10, 4),
}
"""For each operation so many boundary cases and so many random ones; money weighs most."""
DEEPER = {Intensity.GATE: 1, Intensity.RELEASE: 6, Intensity.HUNT: 30}
WALKS = {Intensity.GATE: (10, 6), Intensity.RELEASE: (60, 10), Intensity.HUNT: (300, 15)}
REDUCE_S = {Intensity.GATE: 4.0, Intensity.RELEASE: 15.0, Intensity.HUNT: 30.0}

LINES = (
    "B = card 50000 EUR",
    "h1 = hold A 600",
    "h2 = hold A 500",
    "c1 = capture h2 200",
    "d1 = draw A 100",
    "h3 = hold A 20",
    "v1 = void h3",
    "t1 = token A",
    't2 = token A with {"one_time": "true"}',
)


class Stage:
    """The cards that requests are about; set up anew when one of them can be followed no more."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._fuzz: Fuzz | None = None
        self._spares = 0

    def fuzz(self, operation: str) -> Fuzz:
        """The session, with what a request to the operation needs."""
        fuzz = self._fuzz
        if fuzz is None or not (fuzz.stands("A") and fuzz.stands("B")):
            fuzz = self._fuzz = new_fuzz(self.run)
        self._replenish(fuzz, operation)
        return fuzz

    def _replenish(self, fuzz: Fuzz, operation: str) -> None:
        ledger = fuzz.ledger("A")
        self._spares += 1
        if ledger.available < 2000:
            fuzz.prepare(f"f{self._spares} = fund A 20000")
        finishes = "void" in operation or "capture" in operation
        if finishes and sum(entry.is_open for entry in ledger.entries.values()) < 2:
            fuzz.prepare(f"h{self._spares}x = hold A 600")
        tail = f'with {{"id_tail": "{self._spares}"}}'
        if "delete" in operation and not fuzz.stands("S"):
            fuzz.prepare(f"S = card 10 NOK {tail}")
        if "activate" in operation and not fuzz.stands("P", Standing.INACTIVE):
            fuzz.prepare(f"P = batch {tail}")

    def drop(self) -> None:
        """Leave the cards: what is known of them is no longer true."""
        self._fuzz = None


def new_fuzz(run: Run) -> Fuzz:
    """A session with cards, holds in several states, tokens and a customer."""
    fuzz = Fuzz(run)
    fuzz.prepare(f'A = card 100000 NOK with {{"customer_id": "{fuzz.prefix}-customer"}}')
    for line in LINES:
        fuzz.prepare(line)
    return fuzz


@pytest.fixture(scope="module")
def stage(run: Run) -> Stage:
    return Stage(run)


@rule("SHAPE-1", "SHAPE-2", "SHAPE-3", "SHAPE-4", "SHAPE-5", "SHAPE-6", "BAL-6")
@pytest.mark.parametrize("operation", CASES)
def test_the_operation_keeps_its_form_and_the_money(run: Run, stage: Stage, operation: str) -> None:
    boundary, random = (number * DEEPER[run.intensity] for number in CASES[operation])
    dice = Random(f"{run.seed}/{operation}/names")
    for case in fuzz_cases.cases(operation, run.seed, boundary, random):
        fuzz = stage.fuzz(operation)
        sent = Feeder(fuzz, dice).feed(
            operation, fuzz_cases.query_of(case), fuzz_cases.body_of(case)
        )
        try:
            answer = fuzz.ask(sent)
            odd = fuzz_cases.judge(case, answer) if isinstance(answer, Answer) else None
            if odd is not None:
                fuzz.violate(odd.rule, odd.expected, odd.actual)
        except Violated as violated:
            stage.drop()
            reduce_request(violated.finding, fuzz, new_fuzz, REDUCE_S[run.intensity])
            raise
    try:
        stage.fuzz(operation).settle()
    except Violated:
        stage.drop()
        raise


@rule("SHAPE-1", "SHAPE-2", "SHAPE-3", "BAL-1", "BAL-2", "BAL-6")
def test_walks_along_the_links_of_the_document_keep_the_ledger(run: Run) -> None:
    examples, steps = WALKS[run.intensity]
    walk(run, new_fuzz, examples, steps)
