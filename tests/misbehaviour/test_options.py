"""Options, variables and files that make no sense: status 4, one line, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.misbehaviour.running import LIMIT_S, ROOT, run_forked, run_started
from tests.proof.servers import Environment
from tests.sampling import some

ESSENTIALS = "contracts/test_essentials.py"
MEGABYTES = 400.0


@dataclass(frozen=True, slots=True)
class Row:
    """What is given, and a part of the line that comes of it."""

    line: str
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[Path], None] = lambda folder: None
    """Makes files in the folder that HERE stands for in the options."""
    tests: tuple[str, ...] = (ESSENTIALS,)


def written(name: str, content: bytes) -> Callable[[Path], None]:
    """A file with this content."""

    def prepare(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return prepare


def variable(name: str, value: str, line: str) -> Row:
    """A variable that makes no sense."""
    return Row(line, environment={f"TALLYSTICK_{name}": value})


ROWS = {
    **{
        f"--{name}={value}": Row(line, (f"--{name}={value}",))
        for name, value, line in (
            ("target", "", "--target"),
            ("target", "ftp://127.0.0.1/v1", "http"),
            ("target", "http://", "http"),
            ("target", "http://[::1/v1", "--target"),
            ("target", "http://127.0.0.1:99999/v1", "--target"),
            ("target", "http://127.0.0.1:x/v1", "--target"),
            ("target", "http://me:secret@127.0.0.1/v1", "TALLYSTICK_CLIENT_ID"),
            ("target", "http://127.0.0.1/v1\x1b[2J", "--target"),
            ("target", "staging", "staging"),
            ("account", "", "--account"),
            ("account", "1234", "--account"),
            ("account", "T1234567\u0661", "--account"),
            ("account", "P12345678", "--allow-production"),
            ("rate", "1e-320", "--rate"),
            ("rate", "nan", "--rate"),
            ("rate", "inf", "--rate"),
            ("rate", "-1", "--rate"),
            ("rate", "", "--rate"),
            ("budget", "soon", "--budget"),
            ("budget", "0s", "--budget"),
            ("budget", "-5m", "--budget"),
            ("budget", "nan", "--budget"),
            ("budget", "9" * 400 + "h", "--budget"),
            ("seed", "x", "--seed"),
            ("seed", "1.5", "--seed"),
            ("intensity", "high", "--intensity"),
            ("require-rules", "120%", "--require-rules"),
            ("require-rules", "90", "--require-rules"),
            ("require-rules", "nan%", "--require-rules"),
            ("wait", "for me", "--wait"),
            ("request-timeout", "0", "--request-timeout"),
            ("dialect", "no/such.yaml", "no/such.yaml"),
            ("dialect", "tests", "tests"),
            ("ca", "no/such.pem", "no/such.pem"),
            ("cert", "no/such.pem", "no/such.pem"),
            ("header", "no colon", "--header"),
            ("header", "X: a\r\n: b", "--header"),
        )
    },
    "a target that is set to nothing": variable("TARGET", "", "TALLYSTICK_TARGET"),
    "another production account": variable("OTHER_ACCOUNT", "P00000002", "--allow-production"),
    "half a client": variable("CLIENT_SECRET", "", "TALLYSTICK_CLIENT_SECRET"),
    "a token that is no ASCII": variable("TOKEN", "æøå", "TALLYSTICK_TOKEN"),
    "a token with a line break": variable("TOKEN", "a\nb", "TALLYSTICK_TOKEN"),
    "a dialect that is no YAML": Row(
        "d.yaml", ("--dialect=HERE/d.yaml",), prepare=written("d.yaml", b"a: [")
    ),
    "a dialect that is no text": Row(
        "d.yaml", ("--dialect=HERE/d.yaml",), prepare=written("d.yaml", b"\xff\xfe\x00")
    ),
    "a dialect nested without end": Row(
        "d.yaml", ("--dialect=HERE/d.yaml",), prepare=written("d.yaml", b"[" * 5000)
    ),
    "a dialect with a question that does not exist": Row(
        "no question",
        ("--dialect=HERE/d.yaml",),
        prepare=written("d.yaml", b"answers:\n  no.such.question: accept\n"),
    ),
    "a certificate authority that is none": Row(
        "ca.pem",
        ("--target=https://127.0.0.1:1/v1", "--ca=HERE/ca.pem"),
        prepare=written("ca.pem", b"no certificate"),
    ),
    "a report directory that is a file": Row(
        "HERE/file", ("--report-dir=HERE/file",), prepare=written("file", b"")
    ),
    "a report directory that cannot be made": Row("/proc/reports", ("--report-dir=/proc/reports",)),
    "a report directory that only the system makes": Row(
        "name another folder with --report-dir", ("--report-dir=/sys/reports",)
    ),
    "a report directory with a name too long": Row("too long", (f"--report-dir=HERE/{'x' * 300}",)),
    "a report directory of somebody else": Row(
        "is no report directory", ("--report-dir=HERE",), prepare=written("summary.md", b"mine")
    ),
    "an option that does not exist": Row("unrecognized arguments", ("--tarket=x",)),
    "-k that selects nothing": Row("nothing is selected", ("-k", "nothing_at_all")),
    "-m that selects nothing": Row("nothing is selected", ("-m", "deep")),
    "-m with a marker that does not exist": Row("Unknown marker", ("-m", "nothing_at_all")),
    "--deselect of all": Row("nothing is selected", (f"--deselect={ESSENTIALS}",)),
    "--ignore of all": Row(
        "nothing is selected", ("--ignore-glob=*/test_*",), tests=("contracts",)
    ),
    "a path that does not exist": Row("no/such.py", tests=("no/such.py",)),
    "a test that does not exist": Row("no_such", tests=(f"{ESSENTIALS}::no_such",)),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_makes_no_sense_ends_in_one_line(
    name: str, honest: Environment, tmp_path: Path
) -> None:
    row = ROWS[name]
    row.prepare(tmp_path)
    before = '{"verdict": "of an earlier run"}'
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "result.json").write_text(before)
    options = [f"--report-dir={reports}", *row.options]
    options = [option.replace("HERE", str(tmp_path)) for option in options]
    environment = {**honest, **row.environment}
    if "TALLYSTICK_TOKEN" in row.environment:
        del environment["TALLYSTICK_CLIENT_ID"], environment["TALLYSTICK_CLIENT_SECRET"]
    ran = run_forked("pytest", environment, [*row.tests, *options], reports, LIMIT_S)
    assert ran.status == 4, ran.output
    assert row.line.replace("HERE", str(tmp_path)) in ran.output, ran.output
    said = [line for line in ran.output.splitlines() if line.startswith("ERROR: ")]
    assert len(said) == 1, ran.output
    assert "Traceback" not in ran.output
    assert "\x1b" not in ran.output
    assert ran.verdict == "of an earlier run"
    assert ran.megabytes < MEGABYTES


DISTRIBUTED = {
    "-n 2": ("-n", "2"),
    "--dist": ("--dist=load", "--tx=2*popen"),
    "PYTEST_ADDOPTS": (),
    "-p xdist": ("-p", "xdist", "-n", "1"),
}


@pytest.mark.parametrize("name", some(DISTRIBUTED, 2))
def test_workers_run_contracts(name: str, honest: Environment, tmp_path: Path) -> None:
    environment = {**honest, "PYTEST_ADDOPTS": "-n 2"} if name == "PYTEST_ADDOPTS" else honest
    reports = tmp_path / "reports"
    options = [ESSENTIALS, f"--report-dir={reports}", *DISTRIBUTED[name]]
    ran = run_started(environment, options, reports, LIMIT_S)
    assert ran.status == 0, ran.output
    assert ran.verdict == "conforms"


def test_contracts_are_not_distributed_in_another_way(honest: Environment, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    options = [ESSENTIALS, f"--report-dir={reports}", "-n", "2", "--dist=each"]
    ran = run_forked("pytest", honest, options, reports, LIMIT_S)
    assert ran.status == 4, ran.output
    said = [line for line in ran.output.splitlines() if line.startswith("ERROR: ")]
    assert said == ["ERROR: --dist: leave it out, the suite distributes its contracts"], ran.output
    assert ran.verdict == "none"


def test_python_without_its_checks_runs_nothing(honest: Environment, tmp_path: Path) -> None:
    environment = {**honest, "PYTHONOPTIMIZE": "1"}
    options = [ESSENTIALS, f"--report-dir={tmp_path / 'reports'}"]
    ran = run_started(environment, options, tmp_path / "reports", LIMIT_S)
    assert ran.status == 4, ran.output
    assert "ERROR: run without python -O and PYTHONOPTIMIZE" in ran.output
    assert ran.verdict == "none"


@pytest.mark.parametrize("more", [(), ("--continue-on-collection-errors", ESSENTIALS)])
def test_a_contract_that_cannot_be_imported_is_a_broken_suite(
    more: tuple[str, ...], honest: Environment, tmp_path: Path
) -> None:
    broken = tmp_path / "test_broken.py"
    broken.write_text("import no_such_module")
    reports = tmp_path / "reports"
    options = ["-c", str(ROOT / "pyproject.toml"), "-p", "tallystick.pytest_plugin"]
    options += [*more, str(broken), f"--report-dir={reports}"]
    ran = run_forked("pytest", honest, options, reports, LIMIT_S)
    assert ran.status == 3, ran.output
    assert "no_such_module" in ran.output
    assert ran.verdict == ("error" if more else "none")
