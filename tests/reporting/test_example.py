"""The committed example of a report is current: in its form, and in every name that it uses."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from sandbox.faults import FAULTS
from tallystick.documents.questions import pinned_dialect
from tallystick.documents.rules import load_rules
from tallystick.ledger.dialect import Dialect
from tallystick.reporting.journal import FORMAT, Header, read_journal
from tallystick.reporting.result import Result, read_result
from tallystick.reporting.scenario import read_scenario
from tests.proof import forking
from tests.proof.servers import forked_sandbox
from tests.reporting import example
from tests.reporting.example import COMMAND, EXAMPLE
from tests.suite.harness import tallystick

README = EXAMPLE.parent / "README.md"
MADE_FROM_THE_OTHERS = ("report.html", "report.sarif", "summary.md", "terminal.txt")
HOW = f"run: {COMMAND}"


@pytest.fixture(scope="module")
def result() -> Result:
    return read_result(EXAMPLE / "result.json")


def _names() -> set[str]:
    return {str(path.relative_to(EXAMPLE)) for path in EXAMPLE.rglob("*") if path.is_file()}


def test_the_reports_are_what_result_and_journal_give_today(tmp_path: Path) -> None:
    for name in ("result.json", "journal.jsonl"):
        shutil.copy(EXAMPLE / name, tmp_path / name)
    shutil.copytree(EXAMPLE / "scenarios", tmp_path / "scenarios")
    example.render(tmp_path)
    for name in MADE_FROM_THE_OTHERS:
        assert (tmp_path / name).read_text() == (EXAMPLE / name).read_text(), HOW


def test_every_rule_of_the_example_exists(result: Result) -> None:
    rules = load_rules()
    assert list(result["rules"]) == list(rules), HOW
    for violation in result["violations"]:
        rule = rules[violation["rule"]]
        assert (violation["title"], violation["level"]) == (rule.text, rule.level), HOW


def test_every_test_of_the_example_exists(result: Result, tmp_path: Path) -> None:
    named = {
        test
        for violation in result["violations"]
        for test in (violation["test"], *violation["also"])
    }
    output = tmp_path / "output.txt"
    options = ["--collect-only", "-q", *example.CONTRACTS]
    assert forking.run_in("pytest", {}, options, output, example.LIMIT_S) == 0
    assert named, "no test of the example found a violation"
    assert named <= set(output.read_text().splitlines()), HOW


def test_every_file_of_the_example_exists_and_is_named(result: Result) -> None:
    keys = [violation["key"].lower() for violation in result["violations"]]
    endings = ("yaml", "py", "sh")
    of_violations = {f"scenarios/{key}.{ending}" for key in keys for ending in endings}
    others = {"result.json", "journal.jsonl", "dialect.yaml", *MADE_FROM_THE_OTHERS}
    assert _names() == of_violations | others, HOW


def test_the_readme_names_every_file_of_the_example() -> None:
    cells = re.findall(r"^\| (`[^|]+`) \|", README.read_text(), re.MULTILINE)
    explained = {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    shown = {re.sub(r"\b[a-z]+-\d+\b", "RULE", name) for name in _names()}
    shown = {name.replace("journal.jsonl", "journal.jsonl.gz") for name in shown}
    assert shown - explained == {"terminal.txt"}
    assert explained - shown == {"junit.xml", "scenarios/RULE.har"}


def test_the_readme_says_what_was_run() -> None:
    text = README.read_text()
    assert COMMAND in text
    for fault in example.FAULTS:
        assert fault in FAULTS
        assert f"`{fault}`" in text


def test_the_failure_in_the_readme_is_one_of_the_example() -> None:
    page = (example.forking.ROOT / "README.md").read_text()
    shown = page.split("## Read a failure\n\n```\n")[1].split("```")[0]
    assert set(shown.splitlines()) <= set((EXAMPLE / "terminal.txt").read_text().splitlines())


def test_the_journal_has_the_form_of_today() -> None:
    journal = read_journal(EXAMPLE / "journal.jsonl")
    first, *lines = (EXAMPLE / "journal.jsonl").read_text().splitlines()
    header = json.loads(first)
    assert header.pop("journal") == FORMAT
    assert set(header) == set(Header.__dataclass_fields__), HOW
    assert set(journal.findings) == {
        violation["rule"] for violation in read_result(EXAMPLE / "result.json")["violations"]
    }
    assert len(journal.records) == len(lines) - len(journal.findings) - 1


def test_the_dialect_of_the_example_can_be_pinned() -> None:
    assert isinstance(pinned_dialect(EXAMPLE / "dialect.yaml"), Dialect)


def test_a_violation_of_the_example_is_a_race_that_the_page_draws() -> None:
    races = read_journal(EXAMPLE / "journal.jsonl").races()
    assert races, HOW
    page = (EXAMPLE / "report.html").read_text()
    assert page.count('<g class="operation') == sum(len(race.bars) for race in races.values())


def test_a_scenario_of_the_example_is_violated_by_its_faulty_server_only(tmp_path: Path) -> None:
    scenario = EXAMPLE / "scenarios" / "void-1.yaml"
    assert read_scenario(scenario).rule == "VOID-1"
    for faults, status in ((example.FAULTS, 1), ((), 0)):
        with forked_sandbox(faults=faults) as environment:
            ran = tallystick(environment, tmp_path / "replay", "replay", str(scenario))
        assert ran.status == status, ran.output


def test_what_two_runs_differ_in_is_normalised() -> None:
    uuid, other = "1b8a08b3-56a7-458d-9056-526146f93054", "08dfce22-7831-4b7c-a34a-c0ac2ec5925f"
    records = [
        {"number": 7, "answer": {"id": uuid}, "called_ns": 999, "returned_ns": 1001},
        {"number": 8, "answer": {"id": other}, "called_ns": 1002, "returned_ns": 1003},
    ]
    journal = [{"journal": 1}, *records, {"finding": "X-1", "exchanges": [[8, "step"]]}]
    found = example.normalised(
        {
            "journal.jsonl": "".join(
                json.dumps(line, separators=(",", ":")) + "\n"
                for line in (*journal, {"exchanges": 2})
            ),
            "result.json": json.dumps(
                {"target": "http://127.0.0.1:4711/v1", "seconds": 12.3, "latency": {}}
            ),
            "a.yaml": f"http://127.0.0.1:4711/v1 {other} ts5a9df47a-14.c1 2026-11-28T15:26:59.524Z",
        }
    )
    assert found["journal.jsonl"].splitlines()[1:] == [
        '{"number":8,"answer":{"id":"00000000-0000-4000-8000-000000000001"},'
        '"called_ns":1000000,"returned_ns":2000000}',
        '{"finding":"X-1","exchanges":[[8,"step"]]}',
        '{"exchanges":1}',
    ]
    assert json.loads(found["result.json"]) == {
        "target": example.URL,
        "seconds": example.SECONDS,
        "date": example.DATE,
        "latency": {},
    }
    assert found["a.yaml"] == (
        f"{example.URL} 00000000-0000-4000-8000-000000000001 ts00000001-14.c1 "
        "2026-11-20T17:00:00.001Z"
    )
