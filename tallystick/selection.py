"""Which contracts belong to a run: all or a part of them, and which of them have ended.

A verdict is *conforms* only after the last selected contract, and *partial* where a contract was
left out that the intensity would run. The contracts are read from their files, because pytest does
not collect what a path leaves out. It does not judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tallystick.reporting.claims import CONTRACTS, find_contracts
from tallystick.run import Intensity


@dataclass(frozen=True, slots=True)
class Selected:
    """A test that was selected. `name`: of its function and its class, without parameters."""

    nodeid: str
    path: Path
    name: str
    claims: tuple[str, ...] = ()
    """The rules that it claims."""

    @property
    def address(self) -> tuple[Path, str]:
        """The same as that of a `Contract`."""
        return self.path, self.name


class Selection:
    """The contracts of one run, by their node ids."""

    def __init__(self, intensity: Intensity) -> None:
        self.claims: dict[str, frozenset[str]] = {}
        """The rules that each selected test claims, by its node id."""
        self._intensity = intensity
        self._selected: frozenset[str] = frozenset()
        self._ended: set[str] = set()
        self._here: frozenset[tuple[Path, str]] | None = None
        self._is_part = False
        self.is_deselected = False
        """Whether an option left out a contract that the intensity would run."""

    def deselect(self, items: Iterable[pytest.Item]) -> None:
        """Note what an option leaves out; deep contracts are no part of a gate."""
        self.is_deselected |= any(asks_for_target(item) and self._is_due(item) for item in items)

    def select(self, tests: Sequence[Selected], arguments: Iterable[str]) -> None:
        """Note what was selected, and whether that is all there is."""
        self._selected = frozenset(test.nodeid for test in tests)
        self.claims = {test.nodeid: frozenset(test.claims) for test in tests}
        self._here = frozenset(test.address for test in tests)
        self._is_part = any("::" in text and text.endswith("]") for text in arguments)

    @property
    def is_partial(self) -> bool:
        """Whether the run leaves out a contract, or a part of one."""
        if not self._is_part and self._here is not None:
            self._is_part, self._here = self.is_deselected or self._leaves_out(self._here), None
        return self._is_part

    def be_partial(self) -> None:
        """Note that a test was left out for a reason that is not the suite's."""
        self._is_part = True

    def _leaves_out(self, here: frozenset[tuple[Path, str]]) -> bool:
        """Whether a contract is not among these. The files are read when somebody asks, not before
        the first test: that takes as long as fifty requests.
        """
        return any(
            contract.address not in here
            for contract in find_contracts(CONTRACTS)
            if self._intensity is not Intensity.GATE or not contract.is_deep
        )

    def __len__(self) -> int:
        return len(self._selected)

    def end(self, report: pytest.TestReport) -> None:
        """Note a test that was run, or left out for a reason of its own."""
        if report.when == "call" or (report.when == "setup" and report.outcome != "passed"):
            self._ended.add(report.nodeid)

    def unfinished(self) -> str | None:
        """Why the run is not over yet; None if every selected test has ended."""
        left = len(self._selected - self._ended)
        if not left and self._selected:
            return None
        return f"not finished: {left:,} of {len(self._selected):,} tests were not run to their end"

    def _is_due(self, item: pytest.Item) -> bool:
        return self._intensity is not Intensity.GATE or not item.get_closest_marker("deep")


def asks_for_target(item: pytest.Item) -> bool:
    """Whether a test needs the target: the fixture `run` brings the suite with it."""
    return "suite" in getattr(item, "fixturenames", ())


def selected(item: pytest.Item) -> Selected:
    """A test as it was collected."""
    groups = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    name = "::".join([*groups, getattr(item, "originalname", item.name)])
    claims = dict.fromkeys(rule for mark in item.iter_markers("rule") for rule in mark.args)
    return Selected(item.nodeid, item.path, name, tuple(claims))
