"""What pytest tells the suite of a session: how each test ended, and what broke it off.

A plugin object of its own, because a hook of a module hears nothing of the session it belongs to.
It judges nothing.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tallystick.reporting.live_line import MEETS_THE_SAME, StatusReport, meets_the_same
from tallystick.reporting.masking import masked
from tallystick.suite import Suite

NEW_LINE = "\n"


class Listener:
    """The hooks that hear nothing of the session they belong to."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._met: dict[str, str] = {}
        """By the key of a violation, the test that met it first."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that has come to its end; one line is enough if another one met the same."""
        self._suite.selection.end(report)
        self._suite.explained += getattr(report, "explained", False)
        met = getattr(report, "met", None)
        if met is not None and report.failed:
            first = self._met.setdefault(met, report.nodeid)
            if first != report.nodeid:
                said = str(report.longrepr)
                report.longrepr = f"{said.partition(NEW_LINE)[0]}, as in {first}"
                report.meets_the_same = True  # type: ignore[attr-defined]

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> StatusReport | None:
        """Keep tests that met the same violation as an earlier one out of pytest's own lists."""
        return (MEETS_THE_SAME, "F", "FAILED") if meets_the_same(report) else None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> Generator[None, None, None]:
        """Leave violations out of what pytest lists: the end of the run has each of them in full.

        Its last line counts them all the same.
        """
        stats = terminalreporter.stats
        failed = stats.pop("failed", [])
        others = [report for report in failed if getattr(report, "met", None) is None]
        stats.update({"failed": others} if others else {})
        try:
            return (yield)
        finally:
            stats.update({"failed": failed} if failed else {})

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note that the session was broken off, by a signal or by pytest.exit.

        A signal may come between two lines; pytest cannot show a frame without a line, and breaks.
        """
        self._suite.is_interrupted = True
        excinfo.traceback = excinfo.traceback.filter(
            lambda entry: entry._rawentry.tb_lineno is not None
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(
        self, excrepr: object, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> None:
        """Note that pytest, or a plugin, broke outside of a test."""
        self._suite.broke(excinfo.value)
        if self._suite.reports is not None:
            masked(excrepr, self._suite.reports.mask)
