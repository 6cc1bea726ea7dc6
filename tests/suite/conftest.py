"""Servers for the tests of this folder, each started once for a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.proof.servers import Environment, forked_sandbox


@pytest.fixture(scope="module")
def honest() -> Iterator[Environment]:
    """An honest sandbox."""
    with forked_sandbox() as environment:
        yield environment


@pytest.fixture(scope="module")
def faulty() -> Iterator[Environment]:
    """A sandbox that compares captures with the original amount (CAP-2)."""
    with forked_sandbox(faults=["capture_checks_original"]) as environment:
        yield environment
