"""Blanks: places in a text for what every run of a script, or a person, fills in anew.

A blank is a name between two NULs.
"""

from __future__ import annotations

from collections.abc import Iterator

NUL = "\x00"


def blank(name: str) -> str:
    """The blank of this name, to be put into a text."""
    return f"{NUL}{name}{NUL}"


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text, with whether each is the name of a blank."""
    for number, part in enumerate(text.split(NUL)):
        if part:
            yield part, number % 2 == 1
