"""Tokens and PINs of cards are masked in what pytest prints when the suite itself breaks."""

from __future__ import annotations

import re
from pathlib import Path
from signal import SIGINT

import pytest

from tests.misbehaviour.running import LIMIT_S, ROOT, Signal, run_forked
from tests.proof.servers import Environment

OWN = ("-c", str(ROOT / "pyproject.toml"), "-p", "tallystick.pytest_plugin")
SHOW_ALL = ("-l", "-vv", "--tb=long", "--full-trace")
CONTRACT = """
import pathlib, time
from tallystick.drivers.sequential import run_program
from tallystick.program import Program

def test_breaks(run):
    made = run_program(run, Program.parse("A = card 1000 NOK", "t = token A"))
    answers = [event.exchange.answer.body for event in made.story.events]
    value = [str(body["token"]) for body in answers if "token" in body][-1]
    seen = [body["card_token"] for body in answers if "card_token" in body]
    pathlib.Path({seen!r}).write_text(value)
    print("printed", value)
    hidden = "\\x1b[2J" + value
    {ending}
"""
ENDINGS = {
    "assertion": "assert value == hidden",
    "error": "raise ValueError(hidden)",
    "chain": (
        "try:\n        int(value)\n    except ValueError as error:\n"
        "        raise KeyError(value) from error"
    ),
}


def _contract(tmp_path: Path, ending: str) -> tuple[Path, Path]:
    own, seen = tmp_path / "test_own.py", tmp_path / "seen"
    own.write_text(CONTRACT.format(seen=str(seen), ending=ending), encoding="utf-8")
    return own, seen


@pytest.mark.parametrize("name", ENDINGS)
def test_a_card_token_is_masked_in_terminal_and_junit(
    name: str, honest: Environment, tmp_path: Path
) -> None:
    own, seen = _contract(tmp_path, ENDINGS[name])
    reports, junit = tmp_path / "reports", tmp_path / "junit.xml"
    options = [*OWN, *SHOW_ALL, str(own), f"--report-dir={reports}", f"--junitxml={junit}"]
    options += ["-o", "junit_logging=all"]
    ran = run_forked("pytest", honest, options, reports, LIMIT_S)
    assert ran.status == 1, ran.output
    text = ran.output + junit.read_text(encoding="utf-8")
    assert "answers" in ran.output
    assert re.search(r"\[token [0-9a-f]{8}\]", ran.output)
    assert _codes(seen.read_text()) & set(_words(text)) == set()
    assert "\x1b[2J" not in text
    assert seen.read_text() not in (reports / "result.json").read_text(encoding="utf-8")


def test_a_card_token_is_masked_where_a_run_was_interrupted(
    honest: Environment, tmp_path: Path
) -> None:
    own, seen = _contract(tmp_path, "(lambda shown: time.sleep(60))(value)")
    reports = tmp_path / "reports"
    options = [*OWN, *SHOW_ALL, str(own), f"--report-dir={reports}"]
    signals = (Signal(SIGINT, after_s=0.3),)
    ran = run_forked(
        "pytest", honest, options, reports, LIMIT_S, is_ready=seen.exists, signals=signals
    )
    assert ran.status == 2, ran.output
    assert "shown = " in ran.output
    assert _codes(seen.read_text()) & set(_words(ran.output)) == set()


def test_a_card_token_is_masked_where_pytest_breaks(honest: Environment, tmp_path: Path) -> None:
    own, seen = _contract(tmp_path, "pass")
    (tmp_path / "conftest.py").write_text(
        "import pathlib\n"
        "def pytest_runtest_logfinish(nodeid, location):\n"
        f"    value = pathlib.Path({str(seen)!r}).read_text()\n"
        "    raise ValueError(value)\n",
        encoding="utf-8",
    )
    reports = tmp_path / "reports"
    options = [*OWN, *SHOW_ALL, str(own), f"--report-dir={reports}"]
    ran = run_forked("pytest", honest, options, reports, LIMIT_S)
    assert ran.status == 3, ran.output
    assert "INTERNALERROR" in ran.output
    assert _codes(seen.read_text()) & set(_words(ran.output)) == set()


def _words(text: str) -> list[str]:
    return re.findall(r"[\w:-]+", text)


def _codes(value: str) -> set[str]:
    """The value of a token, and its parts that are as good as it."""
    words = [word for word in _words(value) if len(word) >= 12]
    return {part for word in words for part in (word, *word.split(":")) if len(part) >= 12}
