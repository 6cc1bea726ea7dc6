"""When the suite itself breaks, what pytest prints of its frames holds no credentials."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox import credentials
from tests.proof.servers import Environment
from tests.suite.harness import Ran, run_contracts
from tests.suite.test_verdicts import OWN, contract

SHOW_ALL = ("-l", "-vv", "--tb=long", "--full-trace")
BREAKS = {
    "before it sends": "run.target._sender._headers = None",
    "before it connects": "run.target.close(); "
    "run.target._sender.transport._connection._ready = None",
    "in the connection": "run.target._sender.transport._connection.lend = None",
    "in the answer": "run.target._sender.transport._pieces = None",
    "in the stream": "run.target._sender.transport._allowance.take = None",
    "after it has sent": "run.target._sender._depths = None",
    "in a token": "run.target.authentication._token_in = None; run.target.authentication.forget()",
    "in the observer": "run.target.observer = lambda exchange: 1 / 0",
}


def secrets_in(ran: Ran, junit: Path) -> list[str]:
    """The parts of secrets that a run has printed or written."""
    text = ran.output + junit.read_text(encoding="utf-8")
    secrets = [client.client_secret for client in (credentials.ADMIN, credentials.OTHER)]
    return [secret for secret in (*secrets, "eyJ") if secret in text]


@pytest.mark.parametrize("where", BREAKS)
def test_no_credentials_are_printed_when_the_suite_breaks(
    where: str, honest: Environment, tmp_path: Path
) -> None:
    broken = contract(
        tmp_path / "test_own.py",
        "token = run.target.credentials()['Authorization']",
        "client = run.target.client",
        BREAKS[where],
        "run_program(run, Program.parse('A = card 1000 NOK'))",
    )
    junit = tmp_path / "junit.xml"
    options = (*OWN, *SHOW_ALL, f"--junitxml={junit}", "-o", "junit_logging=all")
    ran = run_contracts(
        {**honest, "TALLYSTICK_HEADERS": "X-Gateway-Key: eyJ-of-the-gateway"},
        tmp_path / "reports",
        *options,
        tests=(broken,),
    )
    assert ran.status in (1, 3), ran.output
    assert "token = " in ran.output or "client" in ran.output
    assert "Error" in ran.output
    assert secrets_in(ran, junit) == []
