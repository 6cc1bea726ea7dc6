"""SHAPE: every operation, fuzzed from the document with live ids, and the walks along its links.

Schemathesis makes the requests and judges the form of the answers; the ledger judges the money. A
request that is refused has to change nothing, one that is accepted has to move exactly what it
says, and one that the documentation forbids has to be refused.
"""

from __future__ import annotations

from random import Random

import pytest

from tallystick.drivers.fuzz import cases
from tallystick.drivers.fuzz.live_ids import Feeder
from tallystick.drivers.fuzz.setting import Stage, new_fuzz
from tallystick.drivers.fuzz.walk import walk
from tallystick.run import Intensity, Run
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


@pytest.fixture(scope="module")
def stage(run: Run) -> Stage:
    return Stage(run)


@rule("SHAPE-1", "SHAPE-2", "SHAPE-3", "SHAPE-4", "SHAPE-5", "SHAPE-6", "BAL-6")
@pytest.mark.parametrize("operation", CASES)
def test_the_operation_keeps_its_form_and_the_money(run: Run, stage: Stage, operation: str) -> None:
    boundary, random = (number * DEEPER[run.intensity] for number in CASES[operation])
    dice = Random(f"{run.seed}/{operation}/names")
    for case in cases.cases(operation, run.seed, boundary, random):
        query, body = cases.query_of(case), cases.body_of(case)
        with stage.acting(operation) as fuzz:
            answer = fuzz.ask(Feeder(fuzz, dice).feed(operation, query, body))
            odd = cases.judge(case, answer) if isinstance(answer, Answer) else None
            if odd is not None:
                fuzz.violate(odd.rule, odd.expected, odd.actual)
    with stage.acting(operation) as fuzz:
        fuzz.settle()


@rule("SHAPE-1", "SHAPE-2", "SHAPE-3", "BAL-1", "BAL-2", "BAL-6")
def test_walks_along_the_links_of_the_document_keep_the_ledger(run: Run) -> None:
    examples, steps = WALKS[run.intensity]
    walk(run, new_fuzz, examples, steps)
