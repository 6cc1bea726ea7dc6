"""Scenarios that a team keeps: each is a test, and all of them come before the contracts.

They are files of a folder (`--regressions`, default `regressions/`). One whose rule is kept passes;
one of another API is skipped. How a program is run is up to the drivers.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tallystick.drivers.again import run_again
from tallystick.options import SettingsError
from tallystick.profiles.registry import DEFAULT
from tallystick.repeating import until_answered
from tallystick.reporting.claims import CONTRACTS
from tallystick.reporting.scenario import Scenario, ScenarioError, read_scenario
from tallystick.run import Run

FOLDER = Path("regressions")
"""Where they are looked for if no folder is named."""
PATTERNS = ("*.yaml", "*.yml")


@dataclass(frozen=True, slots=True)
class Regression:
    """A scenario, and the path that names its test."""

    name: str
    scenario: Scenario


def read_regressions(folder: Path | None) -> tuple[Regression, ...]:
    """The scenarios of a folder, by name; None: of `regressions/`, if it is there.

    SettingsError if the folder, or a file in it, cannot be read.
    """
    if folder is None and not FOLDER.is_dir():
        return ()
    folder = folder or FOLDER
    if not folder.is_dir():
        raise SettingsError(f"--regressions {folder}: no such folder")
    paths = sorted({path for pattern in PATTERNS for path in folder.rglob(pattern)})
    home = folder.resolve().parent
    return tuple(
        Regression(path.resolve().relative_to(home).as_posix(), _read(path)) for path in paths
    )


def _read(path: Path) -> Scenario:
    try:
        return read_scenario(path)
    except ScenarioError as error:
        raise SettingsError(str(error)) from None


class Regressions:
    """A pytest plugin that puts the tests of scenarios before all others.

    They belong to a run of all contracts. `run` returns the run, once the target is connected.
    """

    def __init__(self, regressions: Sequence[Regression], run: Callable[[], Run | None]) -> None:
        self._regressions = regressions
        self._run = run

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> Generator[None, object, object]:
        """Add them before options select, and bring them to the front after tests were sorted."""
        roots = [Path(argument.partition("::")[0]).resolve() for argument in session.config.args]
        if CONTRACTS.resolve() in roots:
            items[:0] = [
                RegressionItem.from_parent(
                    session, name=each.name, nodeid=each.name, regression=each, run=self._run
                )
                for each in self._regressions
            ]
        result = yield
        items.sort(key=lambda item: not isinstance(item, RegressionItem))
        return result


class RegressionItem(pytest.Item):
    """The test of one scenario."""

    fixturenames = ("suite",)
    """It asks for the target, as contracts do by a fixture."""

    def __init__(
        self, *, regression: Regression, run: Callable[[], Run | None], **more: Any
    ) -> None:
        super().__init__(**more)
        self._scenario = regression.scenario
        self._run = run
        self.add_marker(pytest.mark.early)

    def runtest(self) -> None:
        """Run the program; Violated if a rule is broken. It is repeated if an answer is missing."""
        run = self._run()
        assert run is not None, "the target is connected before a test runs"
        scenario = self._scenario
        if scenario.profile != run.profile_option:
            pytest.skip(f"it is for the profile {scenario.profile or DEFAULT}")
        again = partial(run_again, run, scenario.program, scenario.rule, needs_answers=True)
        left_out = until_answered(run, again)
        if left_out:
            pytest.skip(f"the step `{left_out[0]}` could not be run on this target")

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where pytest says that the test is: in its file."""
        return Path(self.name), None, ""
