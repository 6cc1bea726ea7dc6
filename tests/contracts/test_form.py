"""Requests of any form on an API whose requests nothing reads back: form and money are judged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from sandbox.credentials import ADMIN
from tallystick.drivers.fuzz import cases
from tallystick.drivers.fuzz.form import FormFuzz
from tallystick.profiles.documents import dialect_of, shape_of
from tallystick.profiles.profile import Fuzzing
from tallystick.profiles.wallet import operations as op
from tallystick.profiles.wallet.profile import Wallet
from tallystick.run import Run, Violated
from tallystick.target import Client, HttpTarget
from tests.proof.servers import forked_address

CARD = {"aid": "account", "card_id": "card", "cid": "card"}
HOLD = {"aid": "account", "transaction_id": "hold"}


class Unread(Wallet):
    """The Wallet API as one whose requests nothing reads back."""

    fuzzing = Fuzzing(
        places={
            op.CAPTURE: HOLD,
            op.VOID: HOLD,
            op.READ_CARD: CARD,
            op.DELETE_CARD: CARD,
            op.TRANSACT: CARD,
            op.CREATE_CARD: {"aid": "account"},
            op.LIST_CARDS: {"aid": "account"},
        }
    )


@contextmanager
def run_against(*faults: str) -> Iterator[Run]:
    with forked_address(*faults) as address:
        profile = Unread()
        client = Client(ADMIN.client_id, ADMIN.client_secret)
        target = HttpTarget(address, client, profile=profile)
        yield Run(target, profile, shape_of(profile), dialect_of(profile))
        target.close()


def fuzz(run: Run, operation: str, number: int = 24) -> FormFuzz:
    document = run.profile.documents.openapi
    assert document is not None
    driver = FormFuzz(run, operation)
    for case in cases.cases(operation, 1, number, number, document):
        driver.try_case(case)
    driver.finish()
    return driver


def test_path_parameters_are_named_as_in_the_document() -> None:
    found = cases.operations(Wallet.documents.openapi or cases.DOCUMENT)
    for operation in (op.CAPTURE, op.READ_CARD, op.LIST_CARDS):
        names = {each.name for each in found[operation].path_parameters}
        assert names <= set(Unread.fuzzing.places[operation]), names


@pytest.fixture(scope="module")
def honest() -> Iterator[Run]:
    with run_against() as run:
        yield run


@pytest.mark.parametrize("operation", Unread.fuzzing.places)
def test_an_honest_server_is_not_accused(honest: Run, operation: str) -> None:
    driver = fuzz(honest, operation)
    assert honest.findings == {}
    assert len(driver.lives) == 4
    statuses = {event.exchange.answer.status for event in driver._session.story.events}
    assert 200 in statuses, "live ids lead past the door"


def test_a_hold_that_an_accepted_request_has_named_is_left_out(honest: Run) -> None:
    driver = fuzz(honest, op.VOID)
    touched = {live.card for live in driver.lives if live.is_touched}
    assert touched
    assert set(driver._session.ledgers) == {"A", "B", "C", "D"} - touched
    assert "D" not in touched, "no request names the last one"


@pytest.mark.parametrize(
    ("fault", "operation", "rule"),
    [
        ("void_done_answered_404", op.VOID, "BAL-6"),
        ("refusals_are_plain_text", op.CAPTURE, "SHAPE-6"),
    ],
)
def test_a_fault_of_form_or_of_money_is_found(fault: str, operation: str, rule: str) -> None:
    with run_against(fault) as run, pytest.raises(Violated) as caught:
        fuzz(run, operation)
    finding = caught.value.finding
    assert finding.violation.rule == rule
    assert finding.steps[0].endswith(" = card 1000")
    assert "/transactions/" in finding.steps[-1]


def test_a_finding_of_form_shows_only_the_hold_that_its_request_names() -> None:
    with run_against("refusals_are_plain_text") as run, pytest.raises(Violated) as caught:
        fuzz(run, op.CAPTURE)
    assert sum(" = card " in step for step in caught.value.finding.steps) == 1


def test_the_cases_go_on_behind_a_fault_of_form() -> None:
    with run_against("refusals_are_plain_text", "void_done_answered_404") as run:
        with pytest.raises(Violated):
            fuzz(run, op.VOID)
        assert {"SHAPE-6", "BAL-6"} <= set(run.findings)


def test_a_request_that_any_server_may_find_too_long_is_not_sent(honest: Run) -> None:
    document = honest.profile.documents.openapi
    assert document is not None
    driver = FormFuzz(honest, op.READ_CARD)
    before = honest.target.meter.requests
    for case in cases.cases(op.READ_CARD, 1, 1, 1, document):
        case.path_parameters = {"aid": "x" * 9000, "card_id": "y" * 9000}
        case.query = {"any": "x" * 9000}
        driver.try_case(case)
    assert honest.target.meter.requests == before


def test_two_requests_of_one_operation_with_one_answer_show_one_cause() -> None:
    with run_against("refusals_are_plain_text") as run, pytest.raises(Violated) as caught:
        fuzz(run, op.CAPTURE)
    finding = caught.value.finding
    other = replace(finding, notes=("POST /elsewhere {} -> 400",))
    assert other.cause == finding.cause
    assert replace(other, generated="void -> 400").cause.fingerprint != finding.cause.fingerprint
