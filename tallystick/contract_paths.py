"""A pytest plugin that finds the contracts that come with the suite, wherever pytest is started.

A module of its own, so that the workers of a parallel run load it as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tallystick.location import SUITE_ROOT
from tallystick.pytest_plugin import SUITE

CONTRACTS = "contracts"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Load the conftest files of the contracts."""
    given = early_config.known_args_namespace
    given.file_or_dir = contract_paths(given.file_or_dir)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Collect the contracts: `contracts/...` is meant from the root of the suite."""
    config.args[:] = contract_paths(config.option.file_or_dir)


def pytest_collection(session: pytest.Session) -> None:
    """Contracts need a server, and the embedded one starts while they are collected."""
    session.config.stash[SUITE].begin_embedded()


def contract_paths(given: Sequence[str]) -> list[str]:
    """The files and tests that were named, or all contracts."""
    return [
        str(SUITE_ROOT / name) if name.split("/")[0] == CONTRACTS else name
        for name in given or [CONTRACTS]
    ]
