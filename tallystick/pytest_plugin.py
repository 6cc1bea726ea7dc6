"""The suite as a pytest plugin: options, one run per session, verdict and exit status.

It tells the suite what pytest does: what was selected, how each test ended, and how the session
did. Whatever happens, the exit status is one of those that `suite` names, and no plugin or signal
makes a verdict better than what was shown.
"""

from __future__ import annotations

import gc
import os
import random
import sys
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import pytest

from tallystick import embedded
from tallystick.choosing import Choice, add_options, choice_of, choose
from tallystick.claiming import not_claimed, reason_to_skip
from tallystick.connect import EarlyTarget, connected
from tallystick.documents.files import DocumentError
from tallystick.documents.rules import load_rules, use_own_rules
from tallystick.interruption import CutOff, OutOfTime
from tallystick.listening import Listener
from tallystick.own_contracts import (
    broken_claim,
    claims_of,
    is_own,
    rules_file,
    unknown_claims,
)
from tallystick.parallel.number import number_of_workers, processors
from tallystick.parallel.plugin import take_part, worker_input
from tallystick.regressions import Regression, Regressions, read_regressions
from tallystick.reporting.live_line import LiveLine, own_terminal
from tallystick.reporting.masking import mask_report, masked
from tallystick.reporting.reports import ReportsError
from tallystick.reporting.result import is_must
from tallystick.reporting.terminal import brief_text
from tallystick.reporting.visible import brief
from tallystick.run import Finding, Run, Violated
from tallystick.selection import asks_for_target, selected
from tallystick.settings import (
    OPTIONS,
    Clients,
    Settings,
    SettingsError,
    load_settings,
    variable,
)
from tallystick.suite import BROKE, Suite
from tallystick.target import Address, Meter, NotSupported, TargetError

pytest_plugins = ["tallystick.fixtures", "tallystick.output_hooks"]

Report = Generator[None, pytest.TestReport, pytest.TestReport]

SUITE = pytest.StashKey["Suite"]()
ENDED = pytest.StashKey[bool]()
"""Whether a test came to its end, perhaps with a violation after which it went on."""
EARLY = pytest.StashKey["EarlyTarget | TargetError"]()
NOTHING = (
    "nothing is selected (a path, --rule, --chapter, -k, -m or another option leaves no test): "
    "no verdict, and the reports of the last run stay as they are"
)
FILTERS = (
    # What other plugins and libraries warn of says nothing about the target.
    "default",
    r"error:::(tallystick|strategies|contracts)(\..*)?$",
    # A socket that the target closed at the wrong moment is no fault of anybody's here.
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)
"""The warnings of a run against a target, the last one that fits first."""

COLLECTED_AFTER = 50_000, 20, 20
"""New objects after which Python looks for cycles: a run makes many objects and few cycles."""

WORDED = (Violated, NotSupported, CutOff, TargetError)  # shown in words of ours
MARKERS = (
    "deep: goes on until the budget is spent; not in a gate",
    "api(*names): speaks these APIs directly, and no other",
    "rule(*ids): the rules of spec/rules.yaml that it claims",
    "smoke: one of the few that --smoke runs",
    "drawn: draws other inputs with each seed, so that a hunt runs it again and again",
    "early: with workers (-n): what it learns has to be known to the tests after it",
    "prepares: sets up what has to wait, and runs early",
    "broad: shows much with few requests, and runs before the rest of all chapters",
    "waits: uses what was set up early, and runs late",
    "alone: with workers (-n): runs while no other test does",
    "requests(number): how many it sends, about; with workers (-n), the longest go first",
)


class Hooks:
    """What a conftest may offer to the plugin."""

    @pytest.hookspec(firstresult=True)
    def pytest_tallystick_embedded(self) -> tuple[Address, Clients, Callable[[], None]] | None:
        """Start a server for when no target is named: its address, clients, and how to stop it."""


# Start --------------------------------------------------------------------------------------------


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hook that offers an embedded server."""
    pluginmanager.add_hookspecs(Hooks)


@pytest.hookimpl(trylast=True)
def pytest_tallystick_embedded() -> Any:
    """Start the sandbox, where no conftest offers a server."""
    return embedded.started()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the suite; each has an environment variable."""
    group = parser.getgroup("tallystick", "the wallet server under test")
    for name, option in OPTIONS.items():
        how: dict[str, Any] = {"action": "append"} if option.repeats else {}
        if option.is_flag:
            how = {"action": "store_const", "const": "yes"}
        group.addoption(f"--{name}", default=None, help=f"{option.text} ({variable(name)})", **how)
    group.addoption(
        "--allow-production", action="store_true", help="let the suite move money on a P account"
    )
    group.addoption(
        "--own-rules", metavar="FILE", help="rules of your own, for contracts of your own"
    )
    add_options(group)


def pytest_configure(config: pytest.Config) -> None:
    """Check the settings before anything is collected."""
    gc.set_threshold(*COLLECTED_AFTER)
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    settings, choice = _asked_for(config)
    given_seed = worker_input(config)
    if given_seed is not None:
        settings = replace(settings, seed=given_seed["seed"])
    suite = config.stash[SUITE] = Suite(config, settings)
    suite.choice = choice
    suite.is_worker = given_seed is not None
    suite.early = config.stash.get(EARLY, None)
    config.pluginmanager.register(
        Regressions(_regressions(settings), lambda: suite.run), "tallystick-regressions"
    )
    config.pluginmanager.register(Listener(suite), "tallystick-listener")
    take_part(config, suite)
    if given_seed is not None:
        return
    terminal = own_terminal() if config.getoption("verbose", 0) <= 0 else None
    if terminal is not None:
        config.pluginmanager.register(LiveLine(terminal, suite.status), "tallystick-live")


def _regressions(settings: Settings) -> tuple[Regression, ...]:
    """The scenarios that a team keeps; UsageError with one line if one cannot be read."""
    try:
        return read_regressions(settings.regressions)
    except SettingsError as error:
        raise pytest.UsageError(brief(str(error))) from None


def _asked_for(config: pytest.Config) -> tuple[Settings, Choice]:
    """What the user has asked for; UsageError with one line if it makes no sense."""
    given = {name: config.getoption(f"--{name}") for name in OPTIONS}
    try:
        settings = load_settings(
            given,
            os.environ,
            allow_production=bool(config.getoption("--allow-production")),
            fresh_seed=random.SystemRandom().randrange(2**31),
        )
        use_own_rules(rules_file(config))
        return settings, choice_of(config, load_rules())
    except (SettingsError, DocumentError) as error:
        raise pytest.UsageError(brief(str(error))) from None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """How many workers `-n auto` stands for: asked before pytest collects anything."""
    settings, _ = _asked_for(config)
    if config.option.collectonly or settings.address is None:
        return number_of_workers(0.0, processors())
    address, clients = settings.address, settings.clients
    assert clients is not None, "a named target comes with clients"
    try:
        early = config.stash[EARLY] = EarlyTarget(
            lambda observer: connected(
                settings, address, clients.main, Meter(settings.rate), observer
            )
        )
    except TargetError as error:
        config.stash[EARLY] = error
        return 0
    return number_of_workers(early.latency_s, processors())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the user has not chosen."""
    choice = config.stash[SUITE].choice
    if choice:
        choose(items, choice, load_rules())


def pytest_itemcollected(item: pytest.Item) -> None:
    """Begin to start the embedded server, which a collected test is going to need."""
    if asks_for_target(item):
        item.config.stash[SUITE].begin_embedded()


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Note what an option leaves out."""
    if items:
        items[0].config.stash[SUITE].selection.deselect(items)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Connect, if a selected test needs a target."""
    config = session.config
    if config.option.collectonly or not any(map(asks_for_target, session.items)):
        return
    if session.testsfailed and not config.option.continue_on_collection_errors:
        return
    if sys.exc_info()[0] is not None:
        return  # pytest calls this hook even while a collection that broke is being left
    for line in FILTERS:
        config.addinivalue_line("filterwarnings", line)
    gc.freeze()  # what was imported stays to the end: the collector need not walk over it again
    suite = config.stash[SUITE]
    if worker_input(config) is not None:
        return  # its controller connects
    for problem in unknown_claims(session.items):
        raise pytest.UsageError(problem)
    suite.not_claimed |= not_claimed(session.items, suite.settings.profile)
    suite.selection.select([selected(item) for item in session.items], config.args)
    suite.interruption.watch()
    suite.start()


# Tests --------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """From the end of the tests on, signals wait for the reports."""
    try:
        return (yield)
    finally:
        session.config.stash[SUITE].interruption.end()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Say what is being tested, and skip what the budget no longer reaches."""
    suite = item.config.stash[SUITE]
    if suite.run is None or not asks_for_target(item):
        return
    item.user_properties += [("rule", rule) for rule in claims_of(item)]
    is_deep = item.get_closest_marker("deep") is not None
    suite.begin(item.nodeid, is_deep=is_deep)
    if suite.gone is not None:
        pytest.skip(suite.gone)
    if suite.interruption.came:  # and something has swallowed it
        item.session.shouldstop = "interrupted"
        pytest.skip("interrupted")
    if reason := reason_to_skip(item, suite.run.profile):
        pytest.skip(reason)
    if not suite.run.has_time() and not is_deep:
        suite.run.leave_undecided("the budget was spent before all contracts: raise --budget")
        pytest.skip("the budget is spent")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """End a test by the violation after which it went on, unless it ends by another one.

    What else goes wrong in it may be due to that very answer.
    """
    run = item.config.stash[SUITE].run
    try:
        result = yield
    except Exception as error:
        noted = None if run is None else run.noted
        if noted is None or isinstance(error, Violated | TargetError | ReportsError):
            raise
        raise Violated(noted) from error
    item.stash[ENDED] = True
    if run is not None and run.noted is not None:
        raise Violated(run.noted)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Report:
    """Show a violation as one, and tell it from a target that is gone and a suite that broke."""
    suite = item.config.stash[SUITE]
    if suite.run is None or suite.reports is None:
        return (yield)
    if call.excinfo is not None and isinstance(call.excinfo.value, WORDED):
        # Nobody will see the frames, and pytest would read the source of each of them.
        call.excinfo.traceback = call.excinfo.traceback[-1:]
    report = yield
    with suite.interruption:  # the latest exchange is written down for it
        mask_report(report, suite.reports.mask)
    if report.failed:
        _explain(suite, item, report, call.excinfo.value if call.excinfo is not None else None)
    elif report.skipped and any(map(item.get_closest_marker, ("skip", "skipif"))):
        suite.selection.be_partial()  # somebody else's mark: no contract has one
    has_ended = report.when == "call" and item.stash.get(ENDED, False) and not report.skipped
    if has_ended and _counts_itself(suite, item):
        # Of a team's own contract only its author knows what it looks at. Those of the suite, and
        # the oracle, count each rule when they look at it.
        suite.run.count_checked(*set(claims_of(item)) - suite.not_claimed.keys())
    return report


def _counts_itself(suite: Suite, item: pytest.Item) -> bool:
    """Whether a passed test has checked what it claims: a team's own one, which lacked nothing."""
    return is_own(item) and suite.run is not None and item.nodeid not in suite.run.left_out.by_test


def _explain(
    suite: Suite, item: pytest.Item, report: pytest.TestReport, error: BaseException | None
) -> None:
    """Say why a test failed; nothing but a violation is blamed on the target."""
    assert suite.run is not None
    assert suite.reports is not None
    if is_own(item) and asks_for_target(item) and type(error) is AssertionError:
        finding = broken_claim(suite.run, item, error)
        error = error if finding is None else Violated(finding)
    if suite.reports.broken is not None or isinstance(error, ReportsError):
        suite.error = report.longrepr = suite.reports.broken or str(error)
        item.session.shouldstop = suite.error
    elif isinstance(error, Violated):
        item.user_properties.append(("broken", error.finding.violation.rule))
        newest = suite.run.newest(error.finding)
        report.met = newest.key  # type: ignore[attr-defined]
        report.longrepr = brief_text(suite.run, newest)
        why = _harmless(suite.run, newest, brief(str(error)))
        if why:
            report.outcome, report.wasxfail = "skipped", why
            return
    elif isinstance(error, NotSupported | CutOff):
        _leave_out(suite.run, item, error)
        report.outcome, report.longrepr = "skipped", (str(item.path), 0, str(error))
        return
    elif isinstance(error, TargetError):
        suite.gone = report.longrepr = brief(str(error))
        item.session.shouldstop = suite.gone
    elif isinstance(error, Warning):
        why = suite.reports.mask(str(error))
        suite.run.leave_undecided(f"{item.nodeid} was ended by a warning that is an error: {why}")
    else:
        why = str(report.longrepr).strip().rpartition("\n")[2]
        why = f"{item.nodeid}: " + (why if error is None else f"{type(error).__name__}: {error}")
        if is_own(item):
            suite.run.leave_undecided(suite.reports.mask(f"it failed, {why}"))
        else:
            suite.fail(why)
    report.explained = True  # type: ignore[attr-defined]


def _harmless(run: Run, finding: Finding, said: str) -> str:
    """Why a violation fails nothing, although it is reported; empty if it does."""
    if finding.known:
        return f"known issue {finding.known}: {said}"
    rule = finding.violation.rule
    # A SHOULD that is not kept fails nothing; a rule that this API does not promise is no rule.
    is_open = rule in run.profile.documents.open_rules
    return said if is_open or not is_must(rule, load_rules()) else ""


def _leave_out(run: Run, item: pytest.Item, error: NotSupported | CutOff) -> None:
    """Note why a test was not run to its end, which is no fault of anybody."""
    if isinstance(error, NotSupported):
        run.left_out.note(error.operation)
    elif isinstance(error, OutOfTime):
        run.leave_undecided(f"the budget was spent within {item.nodeid}: raise --budget")
    else:
        run.leave_undecided(f"{item.nodeid} was broken off")


# End ----------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """Write the reports and settle the exit status, whatever other plugins do at the end."""
    suite = session.config.stash[SUITE]
    suite.interruption.end()
    if worker_input(session.config) is not None:
        return (yield)
    if suite.run is None:
        ended = yield
        _settle_without_run(session, suite)
        return ended
    session.exitstatus = suite.finish(session.testsfailed)
    try:
        ended = yield
    except Exception as error:
        ended = None
        suite.broke(error)
        session.exitstatus = suite.finish(session.testsfailed)
    suite.publish()
    _print(session.config, suite)
    suite.interruption.over(int(session.exitstatus))
    gc.freeze()  # the process is about to end: pytest need not look through all objects once more
    return ended


def _settle_without_run(session: pytest.Session, suite: Suite) -> None:
    """The exit status of a session without a target, such as of the tests of the suite itself."""
    suite.embedded.stop()
    if isinstance(suite.early, EarlyTarget):
        suite.early.close()
    if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise pytest.UsageError(NOTHING)
    if session.exitstatus == pytest.ExitCode.INTERRUPTED and session.testsfailed:
        session.exitstatus = BROKE  # a test could not be collected


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of rules, the violations, and the verdict."""
    _print(terminalreporter.config, terminalreporter.config.stash[SUITE])


def _print(config: pytest.Config, suite: Suite) -> None:
    """Show the end of the run once; pytest itself shows no summary after an internal error."""
    text, suite.text = suite.text, ""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    interrupted = getattr(reporter, "_keyboardinterrupt_memo", None)
    if interrupted is not None and suite.reports is not None:
        masked(interrupted, suite.reports.mask)  # with --full-trace it shows arguments
    if text and reporter is not None:
        reporter.write_line("")
        reporter.write_line(text)
