"""The file of known issues: its mistakes, its dates, and what writes it."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from tallystick.cli import main
from tallystick.documents.rules import load_rules
from tallystick.known import KnownIssues, State, read_known
from tallystick.options import SettingsError
from tests.test_architecture import ROOT

RULES = list(load_rules())
GOOD = "- {rule: CAP-2, reason: W-1, until: 2027-01-31}\n"
EXAMPLE = ROOT / "reports" / "example"


def read(tmp_path: Path, text: str) -> KnownIssues:
    path = tmp_path / "known.yaml"
    path.write_text(text, encoding="utf-8")
    return read_known(path, RULES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rule: CAP-2", ":1: it has to be a list of issues"),
        ("- [", ":1 cannot be read"),
        ("- CAP-2", ":1: an issue has a rule or a fingerprint"),
        (
            f"{GOOD}- {{rule: CAP-4, resaon: x}}",
            ":2: 'resaon' is not known: did you mean 'reason'?",
        ),
        ("- {reason: x, until: 2027-01-31}", ":1: an issue needs a rule or a fingerprint"),
        ("- {rule: CAP-99, reason: x, until: 2027-01-31}", ":1: there is no rule 'CAP-99'"),
        ("- {rule: CAP-2, until: 2027-01-31}", ":1: an issue needs a reason"),
        ("- {rule: CAP-2, reason: x}", ":1: until has to be a date such as 2027-01-31"),
        ("- {rule: CAP-2, reason: x, until: soon}", ":1: until has to be a date"),
        (GOOD * 2, ":1: CAP-2 is there twice"),
        (
            "- {rule: CAP-2, fingerprint: f, kind: accepted, steps: [x y], reason: x,"
            " until: 2027-01-31}",
            ":1: 'x y'",
        ),
    ],
)
def test_a_mistake_is_one_line_that_says_where(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(tmp_path, text)
    assert f"known.yaml{said}" in str(raised.value)


def test_an_empty_file_knows_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "# none\n").issues == ()


def test_the_last_day_counts_and_the_day_after_does_not(tmp_path: Path) -> None:
    known = read(tmp_path, GOOD)
    known.today = datetime.date(2027, 1, 31)
    assert [state for _, state in known.states(())] == [State.GONE]
    known.today = datetime.date(2027, 2, 1)
    assert [state for _, state in known.states(())] == [State.EXPIRED]
    (said,) = known.complaints((), {}, is_whole=False)
    assert said.endswith("has expired on 2027-01-31: fix it, or give it another date")


def test_what_a_whole_run_does_not_meet_is_complained_about(tmp_path: Path) -> None:
    known = read(tmp_path, GOOD)
    known.today = datetime.date(2027, 1, 1)
    assert list(known.complaints((), {"CAP-2": 3}, is_whole=False)) == []
    assert list(known.complaints((), {}, is_whole=True)) == []
    (said,) = known.complaints((), {"CAP-2": 3}, is_whole=True)
    assert said.endswith("was not seen any more: take it off the list")
    assert list(known.complaints(("CAP-2",), {"CAP-2": 3}, is_whole=True)) == []


def test_known_add_writes_each_violation_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "known.yaml"
    arguments = ["known", "add", str(EXAMPLE), "--reason", "W-1", "--until", "2027-01-31"]
    for _ in range(2):
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--known", str(path)])
        assert ended.value.code == 0
    known = read_known(path, RULES)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == len(known.issues) == 3
    for issue in known.issues:
        assert issue.cause is not None
        assert issue.cause.fingerprint == issue.fingerprint
