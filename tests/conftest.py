"""Time limits of the tests, and the table of rules at the end: which faults break each MUST rule.

The tests of `test_faults` note what they saw as properties of their reports, because reports reach
the process that prints, whichever worker ran the test.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from sandbox.faults import FAULTS
from tallystick.documents.rules import load_rules
from tallystick.interruption import SIGNALS
from tests.proof.servers import Environment, forked_sandbox
from tests.proof.table import aligned

LIMIT_S = 300
"""Seconds for one test. A test that hangs fails with the stacks of all threads."""
WHOLE_RUNS = (
    "tests/examples/",
    "tests/hunting/",
    "tests/misbehaviour/",
    "tests/installed/",
    "tests/parallel/",
    "tests/regressions/",
    "tests/rival/",
    "tests/suite/",
    "tests/targets/",
    "tests/test_faults.py",
)
WHOLE_RUN_LIMIT_S = 900
"""Seconds for a test that runs contracts against a server; those runs have limits of their own."""

settings.register_profile("tests", deadline=None)  # a busy machine takes long for an example
settings.load_profile("tests")

SEEN = pytest.StashKey[dict[str, list[str]]]()
PINNED = {"DIA-2"}
"""Broken by a server that was another one when its dialect was pinned: see tests/suite."""
SHOWN = 3
"""Faults named in a line; the others are counted."""


@pytest.fixture(autouse=True)
def signals_stay() -> Iterator[None]:
    """What a test makes of signals ends with it: processes that later tests start inherit it."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.fixture(scope="module")
def honest() -> Iterator[Environment]:
    """An honest sandbox, started once for a module."""
    with forked_sandbox() as environment:
        yield environment


@pytest.fixture(scope="module")
def faulty() -> Iterator[Environment]:
    """A sandbox that compares captures with the original amount (CAP-2)."""
    with forked_sandbox(faults=["capture_checks_original"]) as environment:
        yield environment


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: runs by `tox -e long`, not with every change")
    config.stash[SEEN] = {}
    config.pluginmanager.register(_Listener(config), "faults that were caught")


def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    """Give each test its time limit, unless it states one."""
    if not config.pluginmanager.hasplugin("timeout"):
        return
    for item in items:
        if item.nodeid.startswith("tests/") and item.get_closest_marker("timeout") is None:
            whole = item.nodeid.startswith(WHOLE_RUNS)
            item.add_marker(pytest.mark.timeout(WHOLE_RUN_LIMIT_S if whole else LIMIT_S))


class _Listener:
    def __init__(self, config: pytest.Config) -> None:
        self._seen = config.stash[SEEN]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a test of a fault has noted."""
        noted = report.user_properties if report.when == "call" and report.passed else []
        for name in (value for key, value in noted if key == "fault"):
            self._seen[str(name)] = [str(value) for key, value in noted if key == "broken"]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run that met all faults if one of the MUST rules was broken by none of them."""
        if set(FAULTS) <= set(self._seen) and _unbroken(self._seen) and not session.exitstatus:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, if any fault was met."""
    seen = terminalreporter.config.stash[SEEN]
    if not seen:
        return
    rows = []
    for rule in load_rules().values():
        faults = [name for name, broken in seen.items() if rule.id in broken]
        more = [f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
        if faults or rule.level == "MUST":
            rows.append((rule.id, rule.level, ", ".join([*faults[:SHOWN], *more]) or "-"))
    terminalreporter.section(f"{len(seen)} faults are caught")
    terminalreporter.write_line(aligned(("rule", "level", "broken by, and caught"), rows))
    if set(FAULTS) <= set(seen) and _unbroken(seen):
        terminalreporter.write_line(f"no fault is caught by {', '.join(_unbroken(seen))}", red=True)


def _unbroken(seen: dict[str, list[str]]) -> list[str]:
    """The MUST rules that no fault was caught by."""
    broken = {rule for rules in seen.values() for rule in rules} | PINNED
    must = [rule.id for rule in load_rules().values() if rule.level == "MUST"]
    return [rule for rule in must if rule not in broken]
