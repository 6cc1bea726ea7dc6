"""However a run ends, it conforms only if the last selected test ended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import SIG_DFL, SIGHUP, SIGINT, SIGKILL, SIGTERM, signal

import pytest

from tests.misbehaviour.proxy import Turn, misbehaving
from tests.misbehaviour.running import LIMIT_S, ROOT, Signal, Watched, run_forked, run_started
from tests.proof.servers import Environment, forked_sandbox
from tests.sampling import some

forked = partial(run_forked, "pytest")
OWN = ("-c", str(ROOT / "pyproject.toml"), "-p", "tallystick.pytest_plugin")
ESSENTIALS = "contracts/test_essentials.py"
MEGABYTES = 400.0

CONTRACT = """
import pathlib, time
from tallystick.drivers.sequential import run_program
from tallystick.program import Program

def test_first(run):
    run_program(run, Program.parse("A = card 1000 NOK", "h = hold A 600", "c = capture h 250"))

def test_second(run):
    run_program(run, Program.parse("A = card 1000 NOK"))
    pathlib.Path({ready!r}).touch()
    {body}

def test_third(run):
    run_program(run, Program.parse("A = card 1000 NOK"))
"""

WAIT = (
    "[run_program(run, Program.parse('A = card 1000 NOK', 'd = draw A 1')) for _ in range(10**5)]"
)


@dataclass(frozen=True, slots=True)
class Ending:
    """A run that does not come to its end, and what it says then."""

    status: int
    verdict: str
    line: str
    body: str = WAIT
    """What the second of three contracts does, after it has said that it runs."""
    signals: tuple[Signal, ...] = ()
    options: tuple[str, ...] = ()
    plugin: str = ""
    """A plugin of somebody else's."""


INTERRUPTED = "not finished: 2 of 3 tests were not run to their end"

ENDINGS = {
    "one Ctrl-C": Ending(2, "undecided", INTERRUPTED, signals=(Signal(SIGINT),)),
    **{
        f"two Ctrl-C, {pause} ms apart": Ending(
            2, "undecided", INTERRUPTED, signals=(Signal(SIGINT), Signal(SIGINT, pause / 1000))
        )
        for pause in (50, 200, 400, 800)
    },
    "many Ctrl-C": Ending(
        2, "undecided", INTERRUPTED, signals=tuple(Signal(SIGINT, 0.03) for _ in range(30))
    ),
    "SIGTERM": Ending(2, "undecided", INTERRUPTED, signals=(Signal(SIGTERM),)),
    "two SIGTERM": Ending(
        2, "undecided", INTERRUPTED, signals=(Signal(SIGTERM), Signal(SIGTERM, 0.2))
    ),
    "Ctrl-C, then SIGTERM": Ending(
        2, "undecided", INTERRUPTED, signals=(Signal(SIGINT), Signal(SIGTERM, 0.3))
    ),
    "SIGHUP, as from a closed terminal": Ending(
        2, "undecided", INTERRUPTED, signals=(Signal(SIGHUP),)
    ),
    "an interrupt between two lines": Ending(  # where Python knows no number of a line
        2,
        "undecided",
        INTERRUPTED,
        "def interrupted():\n        raise KeyboardInterrupt\n"
        "    def between():\n        interrupted()\n"
        "    between.__code__ = between.__code__.replace(co_linetable=b'')\n"
        "    between()",
    ),
    "SIGKILL": Ending(-9, "undecided", "", signals=(Signal(SIGKILL),)),
    "Ctrl-C that is swallowed": Ending(
        2,
        "undecided",
        "not finished: interrupted",
        "while True:\n        try:\n            time.sleep(60)\n"
        "        except KeyboardInterrupt:\n            break",
        signals=(Signal(SIGINT),),
    ),
    "pytest.exit with status 0": Ending(
        2, "undecided", INTERRUPTED, "import pytest; pytest.exit('enough', returncode=0)"
    ),
    "os._exit": Ending(0, "undecided", "", "import os; os._exit(0)"),
    "sys.exit": Ending(1, "undecided", "SystemExit: 0", "raise SystemExit(0)"),
    "-x at a test that fails": Ending(
        1,
        "undecided",
        "test_second: AssertionError: mine",
        "assert False, 'mine'",
        options=("-x",),
    ),
    "--maxfail at a test that fails": Ending(
        1, "undecided", "AssertionError: mine", "assert False, 'mine'", options=("--maxfail=1",)
    ),
    "a test that fails without a violation": Ending(
        1, "undecided", "AssertionError: mine", "assert False, 'mine'"
    ),
    "a test that passes though it is expected to fail": Ending(
        1,
        "undecided",
        "XPASS(strict)",
        "import pytest",
        plugin="""
        import pytest
        def pytest_itemcollected(item):
            if item.name == "test_second":
                item.add_marker(pytest.mark.xfail(strict=True))
        """,
    ),
    "a test in which nothing runs but its fixtures": Ending(
        1, "undecided", "not finished: 3 of 3", "pass", options=("--setup-only",)
    ),
    "another plugin breaks between two tests": Ending(
        3,
        "error",
        "pytest or one of its plugins broke: ValueError: theirs",
        "pass",
        plugin="""
        def pytest_runtest_logfinish(nodeid, location):
            if "test_second" in nodeid:
                raise ValueError("theirs")
        """,
    ),
    "another plugin breaks at the end": Ending(
        3,
        "error",
        "pytest or one of its plugins broke: ValueError: theirs",
        "pass",
        plugin="""
        def pytest_sessionfinish(session):
            raise ValueError("theirs")
        """,
    ),
    "another plugin breaks in the summary": Ending(
        3,
        "error",
        "pytest or one of its plugins broke: ValueError: theirs",
        "pass",
        plugin="""
        def pytest_terminal_summary(terminalreporter):
            raise ValueError("theirs")
        """,
    ),
    "another plugin warns, and warnings are errors": Ending(
        0,
        "conforms",
        "CONFORMS (PARTIAL)",
        "pass",
        plugin="""
        import warnings
        def pytest_runtest_setup(item):
            warnings.warn("old", DeprecationWarning)
        def pytest_collection_modifyitems(items):
            warnings.warn("old", UserWarning)
        """,
    ),
    "another plugin warns, and -W error was asked for": Ending(
        1,
        "undecided",
        "was ended by a warning that is an error: old",
        "pass",
        options=("-W", "error::DeprecationWarning"),
        plugin="""
        import warnings
        def pytest_runtest_call(item):
            warnings.warn("old", DeprecationWarning)
        """,
    ),
    "another plugin makes a failure a pass": Ending(
        1,
        "undecided",
        "AssertionError: mine",
        "assert False, 'mine'",
        plugin="""
        import pytest
        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_makereport(item, call):
            report = yield
            report.outcome = "passed"
            return report
        """,
    ),
    "the reporter breaks at a finding": Ending(
        3,
        "error",
        "the reports cannot be made: RuntimeError: ours",
        "pass",
        plugin="""
        from tallystick.reporting import reports
        def page(*arguments, **more):
            raise RuntimeError("ours")
        reports.report_page = page
        """,
    ),
    "the terminal's report breaks": Ending(
        3,
        "error",
        "the reports cannot be made: RuntimeError: ours",
        "pass",
        plugin="""
        from tallystick.reporting import reports
        def text(*arguments, **more):
            raise RuntimeError("ours")
        reports.report_text = text
        """,
    ),
    "the journal breaks": Ending(
        3,
        "error",
        "the reports cannot be made: RuntimeError: ours",
        "pass",
        plugin="""
        from tallystick.reporting import journal
        def record(exchange, *more):
            if exchange.number > 5:
                raise RuntimeError("ours")
            return before(exchange, *more)
        before, journal.record_of = journal.record_of, record
        """,
    ),
    "the report directory is removed": Ending(
        3,
        "error",
        "journal.jsonl.gz was removed during the run",
        "import shutil; shutil.rmtree(run_reports())",
    ),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_a_run_that_does_not_come_to_its_end_does_not_conform(
    name: str, honest: Environment, tmp_path: Path
) -> None:
    check(ENDINGS[name], forked, honest, tmp_path)


@pytest.mark.parametrize("name", some([name for name in ENDINGS if ENDINGS[name].signals], 4))
def test_nor_does_one_that_a_user_started_and_a_signal_ends(
    name: str, honest: Environment, tmp_path: Path
) -> None:
    check(ENDINGS[name], run_started, honest, tmp_path)


def check(
    ending: Ending, running: Callable[..., Watched], honest: Environment, tmp_path: Path
) -> None:
    ran = run_to(ending, running, honest, tmp_path)
    assert ran.status == ending.status, ran.output
    assert ran.verdict == ending.verdict, ran.output
    words = " ".join(ran.output.split())
    assert ending.line in words, ran.output
    assert "\nTraceback" not in ran.output
    for page in ("summary.md", "report.html"):
        path = ran.reports / page
        assert not path.exists() or ending.verdict in path.read_text(), page
    assert "\nMore in " not in ran.output or (ran.reports / "report.html").exists()
    assert ran.megabytes < MEGABYTES


def run_to(
    ending: Ending, running: Callable[..., Watched], environment: Environment, tmp_path: Path
) -> Watched:
    ready, reports, own = tmp_path / "ready", tmp_path / "reports", tmp_path / "test_own.py"
    body = ending.body.replace("run_reports()", repr(str(reports)))
    own.write_text(CONTRACT.format(ready=str(ready), body=body), encoding="utf-8")
    options = [*OWN, str(own), f"--report-dir={reports}", *ending.options]
    if ending.plugin:
        lines = ending.plugin.strip("\n").split("\n")
        text = "\n".join(line[8:] for line in lines)
        (tmp_path / "conftest.py").write_text(text, encoding="utf-8")
    # Under nohup it is ignored, and a process inherits that: then it would end nothing.
    signal(SIGHUP, SIG_DFL)
    signals = ending.signals
    return running(environment, options, reports, LIMIT_S, is_ready=ready.exists, signals=signals)


def test_a_full_disk_stops_the_run_at_once(tmp_path: Path) -> None:
    with forked_sandbox(faults=["capture_checks_original"]) as faulty:
        reports = tmp_path / "reports"
        options = ["contracts", f"--report-dir={reports}"]
        ran = run_started(faulty, options, reports, LIMIT_S, largest_file=60_000)
    assert ran.status == 3, ran.output
    words = " ".join(ran.output.split())
    assert f"the reports cannot be written to {reports}: File too large" in words
    assert "CAP-2" in ran.output  # what was found is shown
    assert ran.verdict in ("violates", "error")
    assert "Traceback" not in ran.output
    assert ran.megabytes < MEGABYTES


@pytest.mark.parametrize("pause_s", [0.05, 0.4])
def test_a_run_that_is_interrupted_while_it_connects_has_no_verdict(
    pause_s: float, honest: Environment, tmp_path: Path
) -> None:
    ready, reports = tmp_path / "ready", tmp_path / "reports"

    def silent(turn: Turn) -> None:
        ready.touch()
        turn.wait(LIMIT_S)

    options = [ESSENTIALS, f"--report-dir={reports}"]
    signals = (Signal(SIGINT, 0.1), Signal(SIGINT, pause_s))
    with misbehaving(honest, silent) as environment:
        ran = run_started(
            environment, options, reports, LIMIT_S, is_ready=ready.exists, signals=signals
        )
    assert ran.status == 2, ran.output
    assert ran.verdict == "none"
    assert "\nTraceback" not in ran.output


AT_THE_VERY_END = """
import os, signal, sys
from tallystick.interruption import Interruption

class Late:
    def __del__(self, kill=os.kill, me=os.getpid(), number=signal.SIGINT):
        kill(me, number)

interruption = Interruption()
interruption.watch()
interruption.end()
interruption.over(0)
sys.late = Late()
"""


def test_a_signal_while_python_ends_leaves_the_exit_status() -> None:
    done = subprocess.run([sys.executable, "-c", AT_THE_VERY_END], cwd=ROOT, check=False)
    assert done.returncode == 0
