"""One fixture: an honest server inside the test's own process."""

from collections.abc import Iterator

import pytest

from tests.sandbox.harness import Local


@pytest.fixture
def wallet() -> Iterator[Local]:
    """An honest server whose answers are all checked against the document."""
    local = Local()
    yield local
    local.close()
