"""What the tests of a run had to go without, because the target lacks operations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tallystick.target import NotSupported


class LeftOut:
    """The operations that were missing, by test."""

    def __init__(self) -> None:
        self.test = ""
        """The test that runs now."""
        self.by_test: dict[str, set[str]] = {}
        """By test, the operations that it could not use."""

    def note(self, operation: str) -> None:
        """Note that the test that runs now is shorter by what needs an operation."""
        self.by_test.setdefault(self.test, set()).add(operation)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Leave the block, and note that, at a request that needs an operation that is missing."""
        try:
            yield
        except NotSupported as missing:
            self.note(missing.operation)
