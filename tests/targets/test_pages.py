"""The pages of known bugs and the tests that ask for them are the same lists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tallystick.documents.rules import load_rules
from tests.targets.table import HEAD, PAGE

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("page", "tests", "prefix"),
    [
        ("OBSERVED.md", "test_localstripe.py", "LS"),
        ("OBSERVED.md", "test_stateful_mock.py", "SM"),
        ("medusa/README.md", "test_medusa.py", "ME"),
    ],
)
def test_every_bug_on_a_page_has_a_test(page: str, tests: str, prefix: str) -> None:
    listed = re.findall(rf"^\| {prefix}-(\d+) \|", (HERE / page).read_text("utf-8"), re.MULTILINE)
    tested = rf"^def test_{prefix.lower()}_(\d+)_"
    assert listed
    assert listed == re.findall(tested, (HERE / tests).read_text("utf-8"), re.MULTILINE)


def test_the_page_of_servers_is_the_one_that_the_script_writes() -> None:
    text = PAGE.read_text("utf-8")
    assert text.startswith(HEAD)
    rows = re.findall(r"^\| ([A-Z]+-\d+) \| ([^|]+) \|", text, re.MULTILINE)
    rules = load_rules()
    assert len(rows) > len(rules) // 2
    again = "write the page again: python -m tests.targets table"
    assert dict(rows) == {rule: rules[rule].text for rule, _ in rows}, again
