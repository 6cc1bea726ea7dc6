"""An output that never ends what writes to it: a run without a reader still has its exit status.

It knows nothing of what is written.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

RULES = str.maketrans({"\N{BOX DRAWINGS LIGHT HORIZONTAL}": "-"})
"""What lines are made of where the encoding has no better."""


class Unbreakable:
    """A text file that goes on when nothing can be written to it any more.

    Its reader may have left (`| head`), its terminal may be closed, its disk may be full. What the
    encoding does not have is written with escapes, each character by itself.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write, or forget what cannot be written."""
        with self._surviving():
            return self._written(text)
        return len(text)

    def flush(self) -> None:
        """Flush, or forget what cannot be written."""
        with self._surviving():
            self._file.flush()

    def _written(self, text: str) -> int:
        encoding = self._file.encoding or "ascii"
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            text = text.translate(RULES).encode(encoding, "backslashreplace").decode(encoding)
        return self._file.write(text)

    @contextmanager
    def _surviving(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            # Python writes what is left over at its exit, and would fail once more. So it goes to
            # nowhere now: pytest may connect the old output again before that.
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._file.fileno())
                self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def open_closed_streams() -> None:
    """Connect to nowhere what the caller has closed of standard input, output and error (`>&-`).

    Without this, the next file or socket that is opened has the number of the closed one, and
    whatever is printed goes into it; and what pytest flushes at its end is None.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # it has the lowest number
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
