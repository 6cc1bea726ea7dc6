"""Starts pytest on the contracts that come with the suite, from whatever folder it is called.

Nothing of the caller's own pytest has a say in the verdict: neither a pytest.ini, a conftest.py or
PYTEST_ADDOPTS, nor the plugins that happen to be installed beside the suite. What the options mean
is known to `pytest_plugin`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

import click
import pytest

from tallystick.location import SUITE_ROOT
from tallystick.options import OPTIONS
from tallystick.parallel.forking import workers_forked

CONFIGURATION = Path(__file__).with_name("pytest.ini")
IGNORED = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
"""Environment variables that are meant for the caller's own tests."""
PLUGINS = ("tallystick.pytest_plugin", "tallystick.contract_paths", "hypothesispytest", "xdist")
"""The plugins of a run; another one has to be named with -p."""


def judge(intensity: str, options: Sequence[str]) -> int:
    """Run the contracts with options of the suite and of pytest; the exit status."""
    for name in IGNORED:
        os.environ.pop(name, None)
    with workers_forked(options, [SUITE_ROOT]) as plugins:
        fixed = [*_fixed(), f"--intensity={intensity}"]
        status = int(pytest.main([*fixed, *options], plugins))
    if status == pytest.ExitCode.USAGE_ERROR:
        for option, meant in misspelt(options):
            click.echo(f"there is no option {option}: did you mean {meant}?", err=True)
    return status


def misspelt(options: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Options that are nearly one of the suite's, each with that one."""
    known = [f"--{name}" for name in OPTIONS]
    for word in options:
        option = word.partition("=")[0]
        if option.startswith("--") and option not in known:
            yield from ((option, meant) for meant in get_close_matches(option, known, 1, 0.8))


def _fixed() -> list[str]:
    """The options that make a run the same in every folder and environment."""
    plugins = [word for name in PLUGINS for word in ("-p", name)]
    root = str(SUITE_ROOT)
    places = [f"--rootdir={root}", f"--confcutdir={root}", "-o", f"pythonpath={root}"]
    return ["-c", str(CONFIGURATION), *places, "--disable-plugin-autoload", *plugins]
