"""Starts pytest on the contracts that come with the suite, from whatever folder it is called.

Nothing of the caller's own pytest has a say in the verdict: neither a pytest.ini, a conftest.py or
PYTEST_ADDOPTS, nor the plugins that happen to be installed beside the suite. What the options mean
is known to `pytest_plugin`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tallystick.location import SUITE_ROOT

CONFIGURATION = Path(__file__).with_name("pytest.ini")
CONTRACTS = "contracts"
IGNORED = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
"""Environment variables that are meant for the caller's own tests."""
PLUGINS = ("tallystick.pytest_plugin", "hypothesispytest", "xdist")
"""The plugins of a run; another one has to be named with -p."""


class Contracts:
    """The plugin that finds the contracts: `contracts/...` is meant from the root of the suite."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> None:
        """Load the conftest files of the contracts."""
        given = early_config.known_args_namespace
        given.file_or_dir = contract_paths(given.file_or_dir)

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Collect the contracts."""
        config.args[:] = contract_paths(config.option.file_or_dir)


def contract_paths(given: Sequence[str]) -> list[str]:
    """The files and tests that were named, or all contracts."""
    return [
        str(SUITE_ROOT / name) if name.split("/")[0] == CONTRACTS else name
        for name in given or [CONTRACTS]
    ]


def judge(intensity: str, options: Sequence[str]) -> int:
    """Run the contracts with options of the suite and of pytest; the exit status."""
    for name in IGNORED:
        os.environ.pop(name, None)
    return int(pytest.main([*_fixed(), f"--intensity={intensity}", *options], [Contracts()]))


def _fixed() -> list[str]:
    """The options that make a run the same in every folder and environment."""
    plugins = [word for name in PLUGINS for word in ("-p", name)]
    root = str(SUITE_ROOT)
    places = [f"--rootdir={root}", f"--confcutdir={root}", "-o", f"pythonpath={root}"]
    return ["-c", str(CONFIGURATION), *places, "--disable-plugin-autoload", *plugins]
