"""The live line inside pytest: it stands in place of the dots while the contracts run.

It watches and counts, and knows nothing of rules.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import replace
from typing import TextIO, cast

import pytest
from rich.console import Console
from rich.text import Text

from tallystick.reporting.progress import PLAIN_AFTER_S, Progress, Status, short_name
from tallystick.reporting.unbreakable import Unbreakable
from tallystick.reporting.visible import visible

MOST_FAILED = 8
"""Failed tests that leave a line; the others are counted."""
StatusReport = tuple[str, str, str]
MEETS_THE_SAME = "more meet the same"
"""The category of failed tests that met a violation that another test has met before."""


def meets_the_same(report: pytest.TestReport) -> bool:
    """Whether the test met a violation that another test has met before."""
    return getattr(report, "meets_the_same", False)


class LiveLine:
    """A pytest plugin. `status` says where the run stands; None while there is no run."""

    def __init__(
        self,
        terminal: TextIO,
        status: Callable[[], Status | None],
        *,
        plain_after_s: float = PLAIN_AFTER_S,
    ) -> None:
        self._console = Console(file=terminal, highlight=False, soft_wrap=True)
        self._ask = status
        self._after_s = plain_after_s
        self._done = 0
        self._failed = 0
        self._of = 0
        self._is_on = False
        self._session: pytest.Session | None = None
        self._line = ExitStack()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Show the line as long as tests run."""
        self._session = session
        self._begin()
        try:
            return (yield)
        finally:
            self._is_on = False
            self._line.close()

    def pytest_runtest_logstart(self) -> None:
        """With workers, the run has begun only now."""
        self._begin()

    def _begin(self) -> None:
        """Show the line from now on, if there is a run."""
        session = self._session
        if session is None or self._is_on or self._ask() is None:
            return
        if session.config.option.collectonly:
            return
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.showfspath = False
            reporter._show_progress_info = False
        self._of = session.testscollected
        self._is_on = True
        self._line.enter_context(Progress(self._console, self._status, plain_after_s=self._after_s))

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> StatusReport | None:
        """Count a test without a letter for it: the line would run into the letters."""
        if self._is_on and (report.when == "call" or report.outcome != "passed"):
            # pytest lists an expected failure (here: a SHOULD) apart from a test that was skipped.
            category = "xfailed" if hasattr(report, "wasxfail") else report.outcome
            return MEETS_THE_SAME if meets_the_same(report) else category, "", ""
        return None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count the tests that are over, and leave a line for each that failed."""
        self._done += report.when == "teardown"
        if report.failed and self._is_on and not meets_the_same(report):
            self._failed += 1
            said = visible(str(report.longrepr).strip().partition("\n")[0])
            text = f"{short_name(report.nodeid)}  {said}"
            if self._failed > MOST_FAILED:
                text = "more tests, which are only counted from now on"
            if self._failed <= MOST_FAILED + 1:
                self._console.print(Text.assemble(("failed  ", "bold red"), text))

    def _status(self) -> Status:
        status = self._ask() or Status("", 0, 0, 0)
        return replace(status, done=self._done, of=self._of)


def own_terminal() -> TextIO | None:
    """The terminal (or log) of the session, out of reach of pytest's capturing; None without one.

    To be asked for while nothing is captured, such as in pytest_configure.
    """
    try:
        number = os.dup(sys.stdout.fileno())
        file = os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace", buffering=1)
        return cast(TextIO, Unbreakable(file))
    except (OSError, ValueError, AttributeError):
        return None
