"""`tallystick check` judges a run's own journal again, and archives of other tools."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tallystick.cli import main
from tallystick.profiles.wallet.profile import Wallet
from tallystick.recorded import recorded
from tallystick.reporting.compressed import read_text
from tallystick.reporting.har import har_text
from tallystick.reporting.journal import Header, Journal, read_journal
from tallystick.request import Request
from tallystick.target import Answer, Exchange, NoAnswer
from tests.proof.servers import forked_sandbox
from tests.suite.harness import tallystick

ACCOUNT = "/accounts/T12345678/wallets"
URL = "http://127.0.0.1:8000/v1"


def transaction(id_: str, ref: str, amount: int, kind: str, parent: str = "") -> dict[str, Any]:
    made = {"id": id_, "ref_id": ref, "amount": amount, "currency": "NOK", "type": kind}
    return made | ({"parent_id": parent} if parent else {})


def card(balance: int, available: int) -> dict[str, Any]:
    return {
        "card_id": "A",
        "currency": "NOK",
        "amount_balance": balance,
        "amount_available": available,
    }


OPENED = ("POST", "/cards", {"card_id": "A", "amount": 1000, "currency": "NOK"}, 200, {})
HELD = (
    "POST",
    "/transactions",
    {"ref_id": "r1", "card_id": "A", "amount": 600, "currency": "NOK", "type": "drawdown"}
    | {"pending": True},
    200,
    transaction("h1", "r1", 600, "pending_capture"),
)
CAPTURED = (
    "POST",
    "/transactions/h1/capture",
    {"ref_id": "r2", "amount": 100},
    200,
    transaction("c1", "r2", 100, "drawdown", "h1"),
)
READ = ("GET", "/cards/A", None, 200, card(900, 400))
Made = tuple[str, str, Any, int | None, Any]


def journal_of(folder: Path, *made: Made, apart_s: float = 0.001) -> Path:
    """A journal with these exchanges, one after another."""
    apart_ns = round(apart_s * 1e9)
    path = folder / "journal.jsonl"
    with Journal(path, Header(URL, "T12345678", "gate", 0)) as journal:
        for number, (method, where, body, status, answer) in enumerate(made, start=1):
            request = Request("", method, ACCOUNT + where, body)
            came = NoAnswer("reset") if status is None else answer_of(status, answer)
            journal(Exchange(number, request, came, number * apart_ns, number * apart_ns + 500_000))
    return path


def answer_of(status: int, body: Any) -> Answer:
    return Answer(status, "application/json", body)


def checked(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["check", str(path), *options])
    assert isinstance(ended.value.code, int)
    said = capsys.readouterr()
    return ended.value.code, said.out + said.err


def test_a_journal_in_which_every_answer_is_legal_conforms(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = checked(journal_of(tmp_path, OPENED, HELD, CAPTURED, READ), capsys)
    assert status == 0, said
    assert "CONFORMS: 4 operations on 1 cards" in said


def test_a_wrong_figure_in_a_journal_is_a_violation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ("GET", "/cards/A", None, 200, card(1000, 400))
    status, said = checked(journal_of(tmp_path, OPENED, HELD, CAPTURED, wrong), capsys)
    assert status == 1, said
    assert "VIOLATES" in said


def test_an_archive_is_judged_as_the_journal_of_the_same_exchanges(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ("GET", "/cards/A", None, 200, card(1000, 400))
    for last, expected in ((READ, 0), (wrong, 1)):
        records = read_journal(journal_of(tmp_path, OPENED, HELD, CAPTURED, last)).records
        archive = tmp_path / "it.har"
        archive.write_text(har_text(records, URL, datetime(2026, 1, 2, tzinfo=UTC)))
        status, said = checked(archive, capsys)
        assert status == expected, said
        assert "4 operations on 1 cards" in said


@pytest.mark.parametrize(
    ("made", "why"),
    {
        "a card from before": ((HELD, READ), "it was there before the record begins"),
        "a request nobody can read": (
            (OPENED, ("POST", "/cards/A/freeze", {}, 200, {}), READ),
            "a request that cannot be read may have changed it",
        ),
        "a period": (
            (
                ("POST", "/cards", {**OPENED[2], "expires_at": "2030-01-01T00:00:00Z"}, 200, {}),
                READ,
            ),
            "its period is judged by the clock of a run",
        ),
        "a hold of a lost answer": (
            (OPENED, (*HELD[:3], None, None), CAPTURED, READ),
            "a request acted on what a lost answer may have made",
        ),
    }.values(),
    ids=str,
)
def test_what_cannot_be_judged_is_counted_and_never_guessed(
    made: tuple[Made, ...], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = checked(journal_of(tmp_path, *made), capsys)
    assert status == 1, said
    assert f"not judged: 1 cards: {why}" in said
    assert "UNDECIDED: nothing in it can be judged" in said


@pytest.mark.parametrize(("life_s", "judged"), [(3601, 5), (3599, 0)])
def test_a_token_is_judged_while_it_lives_for_certain(
    life_s: int, judged: int, tmp_path: Path
) -> None:
    asked = {"ref_id": "t", "expires_in": life_s, "expires_after_transaction": False}
    token = ("POST", "/cards/A/tokens", asked, 200, {"ref_id": "t", "token": {"value": "v"}})
    body = {"ref_id": "d", "token": "v", "amount": 5, "currency": "NOK", "type": "drawdown"}
    paid = ("POST", "/transactions", body, 200, transaction("d", "d", 5, "drawdown"))
    late = ("POST", "/transactions", {**body, "ref_id": "e"}, 403, {"error": {}})
    path = journal_of(tmp_path, OPENED, token, paid, late, late, apart_s=900)
    assert len(recorded(path, Wallet()).history) == judged


def test_a_card_of_another_account_is_another_card(tmp_path: Path) -> None:
    foreign = ("GET", "/cards/A", None, 404, {"error": {}})
    path = journal_of(tmp_path, OPENED, READ)
    found = recorded(path, Wallet())
    lines = read_text(path).splitlines()
    assert len(found.history) == 2
    other = journal_of(tmp_path, OPENED, foreign)
    text = read_text(other).splitlines()
    text[2] = text[2].replace("T12345678", "T87654321")
    other.write_text("\n".join([lines[0], *text[1:], ""]))
    assert len(recorded(other, Wallet()).history) == 1


def test_ill_formed_input_is_no_command_of_the_ledger(tmp_path: Path) -> None:
    for changed in ({"amount": -1}, {"amount": "5"}, {"currency": "XXX"}, {"metadata": "no"}):
        odd = ("POST", "/cards", {**OPENED[2], **changed}, 400, {"error": {}})
        assert len(recorded(journal_of(tmp_path, odd), Wallet()).history) == 0


def test_requests_of_another_api_than_that_of_the_profile_are_not_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = checked(
        journal_of(tmp_path, OPENED, HELD), capsys, "--profile", "stripe-charges"
    )
    assert status == 1
    assert "judged: 0 of 2 exchanges" in said
    assert "not judged: 2 exchanges: it is no command of the profile" in said


def test_what_is_no_archive_ends_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "it.har"
    path.write_text(json.dumps({"log": {"entries": [{}]}}))
    status, said = checked(path, capsys)
    assert status == 4
    assert "is no HTTP archive that can be judged: 'request' is missing" in said


@pytest.mark.parametrize(("fault", "expected"), [("", 0), ("capture_checks_original", 1)])
def test_the_journal_of_a_real_run_is_judged_as_the_run_was(
    fault: str, expected: int, tmp_path: Path
) -> None:
    reports = tmp_path / "reports"
    with forked_sandbox(faults=[fault] if fault else []) as environment:
        ran = tallystick(
            *(environment, reports, "gate", "contracts/test_capture.py"),
            *(f"--report-dir={reports}", "-q"),
        )
    assert ran.status == expected, ran.output
    again = tallystick({}, tmp_path / "again", "check", str(reports / "journal.jsonl.gz"))
    assert again.status == expected, again.output
