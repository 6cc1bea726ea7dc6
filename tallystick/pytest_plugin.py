"""The suite as a pytest plugin: options, one run per session, verdict and exit status.

The target is connected only if a selected test asks for it. A violation is written down the moment
it is seen, then its program is shortened under a budget. The plugin does not know the sandbox: the
root conftest offers one through the hook `pytest_tallystick_embedded`.
"""

from __future__ import annotations

import gc
import os
import random
import signal
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest

from tallystick.connect import connect
from tallystick.documents.files import DocumentError
from tallystick.documents.questions import open_dialect, pinned_dialect
from tallystick.documents.rules import load_rules
from tallystick.documents.shape import load
from tallystick.drivers.reduce import Budget, reduce_program
from tallystick.reporting.live_line import LiveLine, own_terminal
from tallystick.reporting.progress import Status
from tallystick.reporting.reports import Reports
from tallystick.reporting.result import is_must
from tallystick.reporting.terminal import brief_text
from tallystick.run import Finding, Intensity, Run, Violated
from tallystick.settings import OPTIONS, Clients, Settings, SettingsError, load_settings, variable
from tallystick.target import Address, Meter, TargetError

REDUCE_S = {Intensity.GATE: 8.0, Intensity.RELEASE: 20.0, Intensity.HUNT: 60.0}
"""Seconds for the shortening of one violation."""
REDUCE_ALL_S = {Intensity.GATE: 30.0, Intensity.RELEASE: 120.0, Intensity.HUNT: 600.0}
"""Seconds for all of them: a server with many faults is not to take for ever."""

Report = Generator[None, pytest.TestReport, pytest.TestReport]

SUITE = pytest.StashKey["Suite"]()


class Hooks:
    """What a conftest may offer to the plugin."""

    @pytest.hookspec(firstresult=True)
    def pytest_tallystick_embedded(self) -> tuple[Address, Clients, Callable[[], None]] | None:
        """Start a server for when no target is named: its address, clients, and how to stop it."""


class Suite:
    """One session: settings, the run once it is connected, and the reports."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config = config
        self.settings = settings
        self.run: Run | None = None
        self.clients: Clients | None = settings.clients
        self.reports: Reports | None = None
        self.not_claimed: dict[str, str] = {}
        self.error: str | None = None
        self.gone: str | None = None
        self.has_begun = False
        self.interrupted = False
        self._stop: Callable[[], None] = lambda: None
        self._reduce_s = REDUCE_ALL_S[settings.intensity]

    def start(self) -> None:
        """Connect to the target, or start the embedded one; UsageError with one line if not."""
        settings = self.settings
        try:
            address = settings.address or self._embedded()
            assert self.clients is not None, "settings and the embedded server both bring clients"
            dialect = pinned_dialect(settings.dialect) if settings.dialect else open_dialect()
            reports = Reports(settings.report_dir)
            target = connect(
                address, self.clients.main, meter=Meter(settings.rate), observer=reports.observe
            )
        except (TargetError, DocumentError, OSError) as error:
            self._stop()
            raise pytest.UsageError(str(error)) from None
        self.run = Run(
            target,
            load(),
            dialect,
            intensity=settings.intensity,
            seed=settings.seed,
            budget_s=settings.budget_s,
            on_finding=self.on_finding,
        )
        if not self.run.pinned:
            self.not_claimed["DIA-2"] = "no dialect is pinned (--dialect)"
        self.reports = reports
        reports.open(self.run)
        for client in self.clients.everybody():
            reports.learn(client.secret, client.token)

    def _embedded(self) -> Address:
        offered = self.config.hook.pytest_tallystick_embedded()
        if offered is None:
            raise TargetError("no target: name one with --target URL or TALLYSTICK_TARGET")
        address: Address
        address, self.clients, self._stop = offered
        return address

    def on_finding(self, finding: Finding) -> None:
        """Write the violation down at once, then look for its shortest program."""
        assert self.run is not None
        assert self.reports is not None
        finding = self.reports.found(self.run, finding, self.not_claimed)
        seconds = min(self._reduce_s, REDUCE_S[self.settings.intensity])
        if finding.attempt is None or seconds <= 0:
            return
        began = time.monotonic()
        try:
            reduced = reduce_program(finding.program, finding.attempt, Budget.of(seconds))
        except TargetError as error:
            self.gone = str(error)
            return
        self._reduce_s -= time.monotonic() - began
        shortened = finding.shortened(reduced.program, reduced.replays, reduced.shown)
        self.reports.found(self.run, self.run.revise(finding, shortened), self.not_claimed)

    def status(self) -> Status | None:
        """Where the run stands, for the live line."""
        run = self.run
        if run is None:
            return None
        return Status(run.current_test, run.programs, run.target.meter.requests, len(run.findings))

    def finish(self, status: int) -> int:
        """Write all reports and return the exit status of the session."""
        if self.run is None or self.reports is None:
            return status
        stopped = status == pytest.ExitCode.INTERRUPTED
        self.interrupted = stopped and self.has_begun and self.gone is None
        if self.gone is not None:
            self.run.leave_undecided(self.gone)
        result = self.reports.close(
            self.run,
            not_claimed=self.not_claimed,
            error=self.error,
            interrupted=self.interrupted,
        )
        self.run.target.close()
        self._stop()
        if self.interrupted:
            return int(pytest.ExitCode.INTERRUPTED)
        return {"conforms": 0, "violates": 1, "undecided": 1, "error": 3}[result["verdict"]]


# Hooks --------------------------------------------------------------------------------------------


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hook that offers an embedded server."""
    pluginmanager.add_hookspecs(Hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the suite; each has an environment variable."""
    group = parser.getgroup("tallystick", "the wallet server under test")
    for name, text in OPTIONS.items():
        group.addoption(f"--{name}", default=None, help=f"{text} ({variable(name)})")
    group.addoption(
        "--allow-production", action="store_true", help="let the suite move money on a P account"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Check the settings before anything is collected."""
    config.addinivalue_line("markers", "deep: goes on until the budget is spent; not in a gate")
    config.addinivalue_line("markers", "rule(*ids): the rules of spec/rules.yaml that it claims")
    given = {name: config.getoption(f"--{name}") for name in OPTIONS}
    try:
        settings = load_settings(
            given,
            os.environ,
            allow_production=bool(config.getoption("--allow-production")),
            fresh_seed=random.SystemRandom().randrange(2**31),
        )
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    suite = config.stash[SUITE] = Suite(config, settings)
    terminal = own_terminal()
    if terminal is not None and config.option.verbose <= 0:
        config.pluginmanager.register(LiveLine(terminal, suite.status), "tallystick-live")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Connect, if a selected test needs a target."""
    asks = any(_asks(item) for item in session.items)
    if asks and not session.config.option.collectonly:
        # A job that is cancelled by its runner ends as one that is interrupted by a person.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        # A socket that the target closed at the wrong moment is no fault of anybody's here.
        session.config.addinivalue_line("filterwarnings", "ignore::ResourceWarning")
        unraisable = "ignore::pytest.PytestUnraisableExceptionWarning"
        session.config.addinivalue_line("filterwarnings", unraisable)
        gc.freeze()  # what was imported stays to the end: the collector need not walk over it again
        session.config.stash[SUITE].start()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Say what is being tested, and skip what the budget no longer reaches."""
    suite = item.config.stash[SUITE]
    if suite.run is None or not _asks(item):
        return
    suite.has_begun = True
    suite.run.begin_test(item.nodeid)
    if suite.gone is not None:
        pytest.skip(suite.gone)
    if not suite.run.has_time() and item.get_closest_marker("deep") is None:
        suite.run.leave_undecided("the budget was spent before all contracts: raise --budget")
        pytest.skip("the budget is spent")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Report:
    """Show a violation as one, and tell it from a target that is gone and a suite that broke."""
    report = yield
    suite = item.config.stash[SUITE]
    error = call.excinfo.value if call.excinfo is not None else None
    if suite.run is not None and error is not None and report.failed:
        if isinstance(error, Violated):
            report.longrepr = brief_text(suite.run, suite.run.newest(error.finding))
            if not is_must(error.finding.violation.rule, load_rules()):
                # A SHOULD that is not kept is reported, and fails nothing.
                report.outcome, report.wasxfail = "skipped", str(error)
        elif isinstance(error, TargetError):
            suite.gone = str(error)
            report.longrepr = suite.gone
            item.session.shouldstop = suite.gone
        elif _asks(item):
            suite.error = suite.error or f"{item.nodeid}: {type(error).__name__}: {error}"
    if suite.run is not None and report.when == "call" and report.passed:
        # What a contract claims, it has checked; the oracle counts what it met on other ways.
        claimed = {rule for mark in item.iter_markers("rule") for rule in mark.args}
        suite.run.count_checked(*claimed - suite.not_claimed.keys())
    return report


def _asks(item: pytest.Item) -> bool:
    """Whether a test needs the target: the fixture `run` brings the suite with it."""
    return "suite" in getattr(item, "fixturenames", ())


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the reports and settle the exit status."""
    suite = session.config.stash[SUITE]
    if session.testsfailed and not suite.has_begun:
        suite.error = "a contract could not be collected"  # a broken suite, not a verdict
    session.exitstatus = suite.finish(int(exitstatus))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of rules, the violations, and the verdict."""
    suite = terminalreporter.config.stash[SUITE]
    if suite.reports is not None and suite.reports.result is not None:
        terminalreporter.write_line("")
        width, colour = terminalreporter._tw.fullwidth, terminalreporter.hasmarkup
        terminalreporter.write_line(suite.reports.summary_text(width, colour=colour))


# Fixtures -----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def suite(request: pytest.FixtureRequest) -> Suite:
    """The session: settings, clients, and what is not claimed."""
    return request.config.stash[SUITE]


@pytest.fixture(scope="session")
def run(suite: Suite) -> Run:
    """The run against the target."""
    assert suite.run is not None, "the run starts as soon as a test asks for it"
    return suite.run
