"""Programs as the API of a run takes them: what it has not is left out, and said.

A contract is written for any API of this lifecycle. This module is the one place at which its
program becomes that of one API; it runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from tallystick.program import Program, missing
from tallystick.run import Run
from tallystick.target import NotSupported


def offered(run: Run, *lines: str) -> Program:
    """Return the program that the lines spell, adapted to the API (see `program`).

    NotSupported if it needs what the API does not have; ProgramError if the lines spell none.
    """
    program = Program.from_lines(lines)
    lacking = missing(program, run.profile.traits)
    if lacking is not None:
        raise NotSupported(lacking)
    return program.adapted(run.profile.traits)


def as_far_as_offered(run: Run, lines: Iterable[str]) -> Program:
    """Return the program without the steps that the API does not have, adapted to it."""
    program = Program.from_lines(lines)
    return program.kept(run.profile.traits).adapted(run.profile.traits)
