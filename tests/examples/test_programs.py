"""The language of programs: `docs/programs.md` explains all of it, and no more."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tallystick.program import BASES, Delivery, Program, Verb, parse_step
from tests.test_architecture import ROOT

PAGE = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
PROGRAMS = [block.splitlines() for block in re.findall(r"```program\n(.*?)```", PAGE, re.DOTALL)]
CALLS = [re.findall(r'^ +"(.+)",$', block, re.MULTILINE) for block in PAGE.split("```python")[1:]]


def _table(heading: str) -> list[str]:
    """The first column of the table below a heading."""
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", part, re.MULTILINE)


def test_the_page_has_programs() -> None:
    assert len(PROGRAMS) >= 6
    assert [len(lines) for lines in CALLS] == [4]


@pytest.mark.parametrize("lines", [*PROGRAMS, *CALLS], ids=lambda lines: lines[-1])
def test_every_program_is_one(lines: list[str]) -> None:
    program = Program.from_lines(lines)
    assert len(program.steps) == len(lines)
    assert program.without_orphans() == program


def test_the_table_of_steps_has_every_step_and_no_other() -> None:
    assert [parse_step(line).verb for line in _table("Steps")] == list(Verb)


def test_the_table_of_figures_has_every_figure_and_no_other() -> None:
    assert set(_table("Amounts")) == set(BASES)


def test_the_table_of_marks_has_every_mark_and_no_other() -> None:
    assert set(_table("Lost and doubled requests")) == {f"!{mark}" for mark in Delivery}


@pytest.mark.parametrize("text", re.findall(r"`([a-z]+ = [^`]+|again [^`]+)`", PAGE))
def test_every_line_within_a_sentence_is_a_step(text: str) -> None:
    assert str(parse_step(text)) == text


def test_an_honest_server_keeps_to_every_program(tmp_path: Path) -> None:
    tests = [
        f"def test_{number}(check):\n    check(*{lines!r})\n"
        for number, lines in enumerate([*PROGRAMS, *CALLS])
    ]
    (tmp_path / "test_page.py").write_text("\n".join(tests), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tallystick.pytest_plugin", "test_page.py"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
