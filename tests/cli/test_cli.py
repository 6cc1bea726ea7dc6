"""The command line: what it prints, and that bad input ends in one line and status 4."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tallystick import cli, command_options
from tallystick.checker import History, Operation, history
from tallystick.documents.rules import load_rules
from tallystick.judging import misspelt
from tallystick.ledger.coding import encode
from tallystick.ledger.vocabulary import (
    Accepted,
    Capture,
    CardRecord,
    Command,
    Kind,
    OpenCard,
    Outcome,
    ReadCard,
    Refused,
    Transact,
    TransactionRecord,
    Unknown,
)
from tallystick.reporting.journal import read_journal
from tallystick.settings import OPTIONS, Settings, variable
from tests.reporting.example import EXAMPLE


def _run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return int(str(ended.value.code)), out, err


def test_help_comes_without_a_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = _run(capsys)
    assert status == 0
    assert all(name in out for name in ("rules", "render", "check"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "No such command 'nope'"),
        (["rules", "--chapter", "ZAP"], "no chapter 'ZAP'; there are SHAPE, AUTH"),
        (["rules", "--format", "xml"], "'xml' is not one of"),
        (["render", "nowhere"], "nowhere/result.json cannot be read: No such file"),
        (["check", "nowhere"], "nowhere: No such file or directory"),
        (["check", str(EXAMPLE / "dialect.yaml")], "dialect.yaml: line 1: Expecting value"),
        (["check", str(EXAMPLE / "dialect.yaml"), "--dialect", "nowhere"], "line 1"),
        (["check"], "Missing argument 'HISTORY'"),
    ],
)
def test_bad_input_ends_in_one_line_and_status_4(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    status, out, err = _run(capsys, *arguments)
    assert (status, out) == (4, "")
    assert said in err
    assert err.startswith("tallystick: ")
    assert len(err.splitlines()) == 1


def test_an_option_that_is_nearly_one_of_ours_is_named() -> None:
    options = ["--reports-dir=x", "--targett", "--target=y", "--maxfail=1", "-k", "contracts"]
    meant = {"--reports-dir": "--report-dir", "--targett": "--target"}
    assert dict(misspelt(options)) == meant


def test_a_fault_of_our_own_is_no_bad_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "find_claims", lambda: 1 / 0)
    status, _, err = _run(capsys, "rules")
    assert status == 3
    assert "ZeroDivisionError" in err


# rules --------------------------------------------------------------------------------------------


def test_all_rules_are_listed_with_sentence_source_and_contracts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, out, _ = _run(capsys, "rules", "--format", "json")
    listed = json.loads(out)
    assert status == 0
    assert [rule["id"] for rule in listed] == list(load_rules())
    capture = next(rule for rule in listed if rule["id"] == "CAP-2")
    assert capture["text"] == load_rules()["CAP-2"].text
    assert any(claim.startswith("contracts/test_capture.py::test_") for claim in capture["claims"])


def test_one_chapter_is_listed_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = _run(capsys, "rules", "--chapter", "cap")
    heads = [line.split()[0] for line in out.splitlines() if not line.startswith(" ")]
    assert heads == [id for id in load_rules() if id.startswith("CAP-")]
    assert load_rules()["CAP-2"].text in out
    assert all(len(line) <= 80 or "::" in line for line in out.splitlines())


def test_a_reader_who_leaves_early_is_no_fault() -> None:
    script = f"{sys.executable} -m tallystick rules | head -n 1"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("SHAPE-1")
    assert done.stderr == ""


# render -------------------------------------------------------------------------------------------


def test_pages_are_made_again_from_result_and_journal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("result.json", "journal.jsonl"):
        shutil.copy(EXAMPLE / name, tmp_path / name)
    status, out, _ = _run(capsys, "render", tmp_path)
    assert (status, out) == (0, f"{tmp_path / 'report.html'}\n")
    page = (tmp_path / "report.html").read_text()
    journal = read_journal(EXAMPLE / "journal.jsonl")
    assert "v1 = void h1" in page
    assert page.count('<details class="exchange">') == len(journal.records)
    assert (tmp_path / "summary.md").read_text() == (EXAMPLE / "summary.md").read_text()


def test_a_page_is_made_without_a_journal_and_from_a_killed_runs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shutil.copy(EXAMPLE / "result.json", tmp_path / "result.json")
    assert _run(capsys, "render", tmp_path)[0] == 0
    lines = (EXAMPLE / "journal.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "journal.jsonl").write_text("".join(lines[:-1]))
    assert _run(capsys, "render", tmp_path)[0] == 0
    first = len(next(iter(read_journal(EXAMPLE / "journal.jsonl").findings.values())).exchanges)
    assert f"{first} exchanges" in (tmp_path / "report.html").read_text()


# check --------------------------------------------------------------------------------------------

HELD = Accepted(TransactionRecord("t1", "r1", 600, "NOK", "pending_capture"))


def _captured(id: str, ref: str, amount: int) -> Accepted:
    return Accepted(TransactionRecord(id, ref, amount, "NOK", "drawdown", "t1"))


def _card(balance: int, available: int) -> Accepted:
    return Accepted(CardRecord("A", "NOK", 1000, balance, available))


def _history(tmp_path: Path, second: Outcome, *more: tuple[Command, Outcome]) -> Path:
    """A hold of 600, then two captures of it at once, of 600 and of 400."""
    done: list[tuple[int, Command, Outcome, int, int | None]] = [
        (0, OpenCard("A", 1000, "NOK"), _card(1000, 1000), 0, 1),
        (0, Transact(Kind.HOLD, "A", 600, "NOK", "r1"), HELD, 2, 3),
        (1, Capture("A", "t1", 600, "r2"), _captured("t2", "r2", 600), 4, 9),
        (2, Capture("A", "t1", 400, "r3"), second, 5, None if isinstance(second, Unknown) else 8),
    ]
    done += [
        (0, command, outcome, 10 + 2 * n, 11 + 2 * n) for n, (command, outcome) in enumerate(more)
    ]
    operations = [Operation(c, "A", command, o, at, to) for c, command, o, at, to in done]
    path = tmp_path / "history.jsonl"
    path.write_text("".join(history.dump(History.of(operations), encode, encode)))
    return path


@pytest.mark.parametrize("second", [Refused(400), Unknown("timed out")])
def test_a_history_with_a_legal_order_conforms(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, second: Outcome
) -> None:
    path = _history(tmp_path, second, (ReadCard("A"), _card(400, 400)))
    status, out, _ = _run(capsys, "check", path)
    assert status == 0
    assert out.startswith("CONFORMS: 5 operations on 1 cards")


def test_a_history_without_one_violates_and_says_where(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = tmp_path / "line.html"
    path = _history(tmp_path, _captured("t3", "r3", 400))
    status, out, _ = _run(capsys, "check", path, "--page", page)
    assert status == 1
    assert "A: no legal order after 3 operations" in out
    assert "no place for   client " in out
    assert "VIOLATES: 4 operations on 1 cards" in out
    assert page.read_text().count("<g class=") == 4


@pytest.mark.parametrize("second", [Refused(400), _captured("t3", "r3", 400)])
def test_a_stream_has_the_verdict_of_the_whole_history(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, second: Outcome
) -> None:
    path = _history(tmp_path, second)
    whole, streamed = (_run(capsys, "check", path, *option) for option in ((), ("--stream",)))
    assert streamed[0] == whole[0] == isinstance(second, Accepted)
    assert [one.split(" in ")[0] for one in streamed[1].splitlines()] == [
        one.split(" in ")[0] for one in whole[1].splitlines()
    ]


def test_an_output_that_cannot_be_written_leaves_the_exit_status_as_it_is(tmp_path: Path) -> None:
    path = _history(tmp_path, _captured("t3", "r3", 400))
    command = [sys.executable, "-m", "tallystick", "check", str(path)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_history_that_was_cut_off_is_no_shorter_history(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = _history(tmp_path, Refused(400))
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    for option in ((), ("--stream",)):
        status, _, err = _run(capsys, "check", path, *option)
        assert status == 4
        assert "the footer is missing after 4 operations" in err


# Shared options -----------------------------------------------------------------------------------


def _probe(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[Settings]:
    """Run a subcommand that takes the shared options; the settings that it was given."""
    seen: list[Settings] = []

    @click.command()
    @click.option("--own", default="")
    @command_options.settings_options
    def command(settings: Settings, own: str) -> None:
        seen.append(settings)

    monkeypatch.setattr(cli, "cli", command)
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    assert ended.value.code in (0, 4)
    return seen


def test_a_subcommand_takes_every_option_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLYSTICK_TOKEN", "ready")
    monkeypatch.setenv(variable("account"), "T12345678")
    monkeypatch.setenv(variable("rate"), "20")
    (settings,) = _probe(monkeypatch, "--target", "http://h/v1", "--rate", "5", "--own", "x")
    assert settings.address is not None
    assert (settings.address.url, settings.address.account) == ("http://h/v1", "T12345678")
    assert settings.rate == 5


def test_a_bad_option_of_a_run_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _probe(monkeypatch, "--target", "ftp://h") == []
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_help_names_every_environment_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _probe(monkeypatch, "--help")
    out = " ".join(capsys.readouterr().out.split())
    for option in OPTIONS:
        assert f"--{option}" in out
        assert variable(option) in out
