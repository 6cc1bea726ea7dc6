"""What pytest says of tests that meet a violation: the first is listed, the rest are counted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tallystick.listening import Listener
from tallystick.reporting.live_line import MEETS_THE_SAME
from tallystick.suite import Suite

SAID = "CAP-2 is broken\n  permitted  a refusal\n  received   accepted"


def listener() -> Listener:
    suite = SimpleNamespace(selection=SimpleNamespace(end=lambda report: None), explained=0)
    return Listener(cast(Suite, suite))


def failed(nodeid: str, met: str | None, said: str = SAID) -> Any:
    location = ("contracts/test_capture.py", 1, nodeid)
    report: Any = pytest.TestReport(nodeid, location, {}, "failed", said, "call")
    if met is not None:
        report.met = met
    return report


def heard(*reports: Any) -> list[object]:
    one = listener()
    statuses: list[object] = []
    for report in reports:
        one.pytest_runtest_logreport(report)
        statuses.append(one.pytest_report_teststatus(report))
    return statuses


def listed(stats: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """What pytest has while it lists what failed; `stats` are what it has afterwards."""
    reporter = cast(pytest.TerminalReporter, SimpleNamespace(stats=stats))
    summary = listener().pytest_terminal_summary(reporter)
    next(summary)
    during = {name: list(reports) for name, reports in stats.items()}
    with pytest.raises(StopIteration):
        next(summary)
    return during


def test_only_the_first_test_that_meets_a_violation_is_listed_as_failed() -> None:
    statuses = heard(failed("a", "CAP-2"), failed("b", "CAP-2"), failed("c", "CAP-2 9f"))
    assert statuses == [None, (MEETS_THE_SAME, "F", "FAILED"), None]


def test_the_first_has_all_in_files_and_pytest_lists_only_what_is_no_violation() -> None:
    report, other = failed("a", "CAP-2"), failed("b", None, "assert 1 == 2")
    heard(report, other)
    assert str(report.longrepr) == SAID
    stats = {"failed": [report, other], "passed": [1]}
    assert listed(stats) == {"failed": [other], "passed": [1]}
    assert stats == {"failed": [report, other], "passed": [1]}


def test_violations_alone_leave_pytest_nothing_to_list_and_are_counted_in_its_last_line() -> None:
    report = failed("a", "CAP-2")
    stats = {"failed": [report]}
    assert listed(stats) == {}
    assert stats == {"failed": [report]}


def test_where_nothing_failed_pytest_hears_of_no_failure() -> None:
    stats: dict[str, list[Any]] = {"passed": [1]}
    assert listed(stats) == stats == {"passed": [1]}


def test_the_others_name_the_first_in_one_line() -> None:
    report = failed("b", "CAP-2")
    heard(failed("a", "CAP-2"), report)
    assert report.longrepr == "CAP-2 is broken, as in a"
    assert report.outcome == "failed"


def test_a_test_that_fails_without_a_violation_keeps_what_pytest_says() -> None:
    one, two = failed("a", None, "assert 1 == 2"), failed("b", None, "assert 1 == 2")
    assert heard(one, two) == [None, None]
    assert one.longrepr == two.longrepr == "assert 1 == 2"
