"""Credentials outside of headers, and signatures: honest servers conform, each fault is found."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from tallystick.cli import cli
from tallystick.reporting.result import Result
from tests.declared.servers.http import Serving
from tests.declared.servers.signed import (
    CLIENT,
    SECRET,
    TOKEN,
    ByMember,
    ByQuery,
    Gateway,
    Signed,
    SignedOnce,
)
from tests.proof.gate import Outcome, run_gate
from tests.sampling import LONG, some

FOLDER = Path(__file__).parent / "servers"
BOTH = {"TALLYSTICK_CLIENT_ID": CLIENT, "TALLYSTICK_CLIENT_SECRET": SECRET}
APIS: dict[str, tuple[type[Gateway], dict[str, str]]] = {
    "signed": (Signed, BOTH),
    "by_query": (ByQuery, {"TALLYSTICK_TOKEN": TOKEN}),
    "by_member": (ByMember, BOTH),
}
FAULTS = [(name, fault) for name, (api, _) in APIS.items() for fault in api.faults]
OF_CLIENTS = "contracts/test_clients.py"


def gate(name: str, folder: Path, *tests: str, fault: str = "") -> tuple[Outcome, Result]:
    """What a run said, and its result; its files are in the folder."""
    api, environment = APIS[name]
    with Serving(api(fault)) as server:
        outcome = run_gate(
            {"TALLYSTICK_TARGET": f"{server.url}/api", **environment},
            f"--profile={FOLDER / f'{name}.yaml'}",
            f"--report-dir={folder}",
            tests=tests,
        )
    result: Result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return outcome, result


def rules(result: Result) -> list[str]:
    return [entry["rule"] for entry in result["violations"]]


def written(folder: Path) -> str:
    """All that a run has written, but for the journal."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.suffix != ".gz"]
    return "".join(file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize("name", APIS)
def test_an_honest_server_conforms(name: str, tmp_path: Path) -> None:
    outcome, result = gate(name, tmp_path, OF_CLIENTS)
    assert (outcome.status, rules(result)) == (0, []), outcome.output


@pytest.mark.parametrize("name", [pytest.param(name, marks=LONG) for name in APIS])
def test_an_honest_server_conforms_to_all_contracts(name: str, tmp_path: Path) -> None:
    outcome, result = gate(name, tmp_path, "contracts")
    assert (outcome.status, rules(result)) == (0, []), outcome.output


@pytest.mark.parametrize(("name", "fault"), some(FAULTS, 3))
def test_a_fault_is_found_and_no_report_has_a_secret(name: str, fault: str, tmp_path: Path) -> None:
    outcome, result = gate(name, tmp_path, OF_CLIENTS, fault=fault)
    rule, _ = APIS[name][0].faults[fault]
    assert rules(result) == [rule], outcome.output
    text = written(tmp_path) + outcome.output
    for secret in (SECRET, TOKEN, "s3cr3t", "odd"):
        assert secret not in text
    assert not list(tmp_path.rglob("*.py")), "a script could not authenticate"


def test_a_body_that_is_not_signed_is_found_by_a_signature_for_another_body(
    tmp_path: Path,
) -> None:
    outcome, result = gate("signed", tmp_path, OF_CLIENTS, fault="body_is_not_signed")
    assert "with the signature for another body" in result["violations"][0]["expected"]
    assert result["credentials"] == [
        "Authorization: HMAC $CLIENT_ID:$SIGNATURE",
        *("X-Timestamp: $TIMESTAMP", "X-Nonce: $NONCE", "X-Digest: $DIGEST"),
    ]
    assert outcome.status == 1


@pytest.mark.parametrize("api", [Signed, SignedOnce])
@pytest.mark.parametrize(
    ("rule", "last"),
    [
        ("DELIV-2", "c = capture h 100 !twice"),
        pytest.param("DELIV-3", "v = void h !late", marks=LONG),
    ],
)
def test_a_copy_of_a_signed_request_may_be_refused_for_its_nonce(
    api: type[Signed], rule: str, last: str, tmp_path: Path
) -> None:
    scenario = tmp_path / "program.yaml"
    steps = "".join(f"- {line!r}\n" for line in ("A = card 1000", "h = hold A 600", last))
    head = f"rule: {rule}\nprofile: {FOLDER / 'signed.yaml'}\n"
    scenario.write_text(f"{head}steps:\n{steps}", encoding="utf-8")
    environ: dict[str, str] = {word: "" for word in os.environ if word.startswith("TALLYSTICK_")}
    with Serving(api()) as server:
        given = ["replay", str(scenario), "--times=1", "--target", f"{server.url}/api"]
        result = CliRunner().invoke(cli, given, env=environ | BOTH, standalone_mode=False)
    assert "CONFORMS" in result.output, result.output
