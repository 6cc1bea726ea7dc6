"""Connects a parallel run to pytest-xdist: the hooks of its controller and of its workers."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tallystick.parallel.controller import Controller
from tallystick.parallel.worker import Worker
from tallystick.reporting.visible import brief
from tallystick.settings import SettingsError
from tallystick.suite import Suite

INPUT = "tallystick"
"""The member of `workerinput` that is ours."""


def is_controller(config: pytest.Config) -> bool:
    """Whether tests are run by workers of this process."""
    is_distributed = config.getoption("dist", "no") != "no" and bool(config.getoption("tx", None))
    return is_distributed and not config.option.collectonly


def worker_input(config: pytest.Config) -> Mapping[str, Any] | None:
    """What the controller has given to this process, if it is a worker."""
    given: Mapping[str, Any] | None = getattr(config, "workerinput", {}).get(INPUT)
    return given


def take_part(config: pytest.Config, suite: Suite) -> None:
    """Make this process a worker or a controller, if it is one."""
    given = worker_input(config)
    if given is not None:
        worker = Worker(suite, Path(given["directory"]), given["name"])
        config.pluginmanager.register(WorkerHooks(worker), "tallystick-worker")
    elif is_controller(config):
        hooks = ControllerHooks(config, suite, Controller(suite))
        config.pluginmanager.register(hooks, "tallystick-controller")


class WorkerHooks:
    """What pytest tells a worker."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell the controller what there is, before pytest-xdist does."""
        self._worker.collected(session.items)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note what came of each test, before the controller hears that it has ended."""
        try:
            return (yield)
        finally:
            if item.session.shouldstop:
                self._worker.stop()
            self._worker.end()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Wait for the turn of the test."""
        self._worker.begin(item.nodeid)
        if self._worker.is_stopped:
            pytest.skip("the run was broken off")

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Run a test again that contradicts what tests beside it have learned of the target."""
        yield
        contradictions = self._worker.contradictions()
        if contradictions:
            item.runtest()
            self._worker.contradict(contradictions[0], item.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Leave the run."""
        self._worker.leave()


class ControllerHooks:
    """What pytest and pytest-xdist tell the controller."""

    def __init__(self, config: pytest.Config, suite: Suite, controller: Controller) -> None:
        self._config = config
        self._suite = suite
        self._controller = controller
        self._session: pytest.Session | None = None
        self._scheduling: Any = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember the session."""
        self._session = session

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a new worker where the run is."""
        self._suite.processes = len(self._config.option.tx)
        node.workerinput[INPUT] = {
            "directory": str(self._controller.directory),
            "name": node.gateway.id,
            "seed": self._suite.settings.seed,
        }

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Distribute contracts in a way of our own."""
        if config.getvalue("dist") != "load":
            return None
        from tallystick.parallel.schedule import UnitScheduling  # pytest-xdist is there

        self._scheduling = UnitScheduling(config, log)
        return self._scheduling

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """Connect, when the first worker says that a selected test needs a target."""
        session, suite = self._session, self._suite
        assert session is not None
        has_begun = suite.run is not None  # then this worker stands in for one that died
        is_broken = session.testsfailed and not self._config.option.continue_on_collection_errors
        if is_broken and not has_begun:
            raise session.Interrupted("errors during collection")
        try:
            tests = self._controller.collected(node.gateway.id)
        except SettingsError as error:
            raise pytest.UsageError(brief(str(error))) from None
        if not tests or has_begun:
            return
        if self._scheduling is None:
            raise pytest.UsageError("--dist: leave it out, the suite distributes its contracts")
        suite.selection.select([each.test for each in tests], self._config.args)
        suite.interruption.watch()
        suite.start()
        self._controller.begin(tests)
        self._scheduling.plan = self._controller.plan

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show what is being tested."""
        if self._suite.run is not None:
            self._suite.run.begin_test(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take over what was found."""
        self._controller.hear()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Note a worker that died."""
        if error:
            self._controller.died(node.gateway.id)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        """Note the test in which a worker died; it is explained, and no error of the suite."""
        report.explained = True  # type: ignore[attr-defined]
        node = getattr(report, "node", None)
        self._controller.died(node.gateway.id if node is not None else "", crashitem)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Remove what the workers shared."""
        self._controller.close()
